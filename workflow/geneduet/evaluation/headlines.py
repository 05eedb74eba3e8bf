"""What may be said of a comparison, in one sentence."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from geneduet.evaluation.judgement import METRICS_COLUMNS, Setting
from geneduet.scores import SUPERVISED

_Row = Mapping[Any, Any]  # of a table, by column

# the splits and gene sets of which a sentence is said; the others are in the tables
SPLITS = {
    "cross_validation": "cross-validation",
    "random_folds": "random folds (optimistic: close relatives of a judged gene are learned from)",
    "holdout": "held-out genes",
    "temporal": "later annotations",
}
GENE_SETS = {"all": "all", "no_knowledge": "not annotated before"}
ASPECT_NAMES = {"P": "biological process", "F": "molecular function", "C": "cellular component"}
MODEL = "co_training"  # that is held against the best supervised one


def headlines(metrics: pd.DataFrame, comparisons: pd.DataFrame) -> list[str]:
    """One honest sentence for each organism, aspect and split: does co-training beat the best supervised model?

    Parameters
    ----------
    metrics, comparisons : rows of `evaluate`, of any number of calls; micro-AP decides.
    """
    keys = [column for column in METRICS_COLUMNS if column in asdict(Setting("", "", ""))]
    ranked, compared = (table[table["metric"] == "micro_ap"].to_dict("records") for table in (metrics, comparisons))
    told = metrics[metrics["split"].isin(SPLITS) & metrics["gene_set"].isin(GENE_SETS)]
    return [
        _headline(
            {row["model"]: row for row in ranked if [row[key] for key in keys] == case},
            {(row["model"], row["reference"]): row for row in compared if [row[key] for key in keys] == case},
        )
        for case in told[keys].drop_duplicates().to_numpy().tolist()
    ]


def _headline(ranked: Mapping[str, _Row], compared: Mapping[tuple[str, str], _Row]) -> str:
    case = next(iter(ranked.values()))
    opening = (
        f"{case['organism']}, {ASPECT_NAMES.get(case['aspect'], case['aspect'])}, {SPLITS[case['split']]}, "
        f"gene set {GENE_SETS[case['gene_set']]} ({case['n_genes']} genes in {case['n_families']} families)"
    )
    supervised = [name for name in SUPERVISED if name in ranked]
    if not supervised:
        return f"{opening}: no supervised model to compare with."
    best = max(supervised, key=lambda name: float(ranked[name]["value"]))
    said = f"{opening}: best supervised model {spoken(best)}, micro-AP {_with_interval(ranked[best], 'value')}"
    guard = _guard(ranked)
    if (MODEL, best) not in compared:
        return f"{said}; {spoken(MODEL)} was not run.{guard}"
    found, alone = compared[MODEL, best], compared.get((MODEL, "self_training"))
    # what each model could have taught itself is no merit of the other view
    other = ""
    if alone is not None:
        change = _with_interval(alone, "difference", "+.3f")
        other = f" The other view adds {change} over self-training: {alone['verdict']}."
    final = f" Final scores: {_with_interval(ranked['final'], 'value')}." if "final" in ranked else ""
    return (
        f"{said}; {spoken(MODEL)} {_with_interval(ranked[MODEL], 'value')}; "
        f"difference {_with_interval(found, 'difference', '+.3f')}: {found['verdict']}.{other}{final}{guard}"
    )


def _guard(ranked: Mapping[str, _Row]) -> str:
    """What the pattern of missing values tells by itself: that a gene was measured may say that it was studied."""
    if not {"missingness", "naive"} <= ranked.keys():
        return ""
    alone, naive = (_with_interval(ranked[name], "value") for name in ("missingness", "naive"))
    return f" Which values are missing, and nothing else, gives {alone}; naive {naive}."


def homologue_sentences(table: pd.DataFrame) -> list[str]:
    """How near labelled homologues are, a sentence an aspect; votes hold only where the three kinds of genes are alike.

    Parameters
    ----------
    table : as `homology.closest_labelled` gives it, with `organism` and `aspect`.
    """
    sentences = []
    names: Any  # of pandas: organism and aspect
    for names, own in table.groupby(["organism", "aspect"], sort=False):
        organism, aspect = names
        shares = [
            f"{1 - row['none']:.0%} of the {row['genes']} genes ({row['50_to_97'] + row['copies']:.0%} at 50% identity)"
            for row in own.to_dict("records")
        ]
        told = f"{', '.join(shares[:-1])} and {shares[-1]}" if len(shares) > 1 else shares[0]
        sentences.append(f"{organism}, {ASPECT_NAMES[aspect]}: a labelled homologue is there for {told}.")
    return sentences


def spoken(name: str) -> str:
    """Name of a model in a sentence."""
    return {"co_training": "co-training", "self_training": "self-training"}.get(name, name.replace("_", " "))


def _with_interval(row: _Row, column: str, form: str = ".3f") -> str:
    low, high = row["ci_low"], row["ci_high"]
    return f"{row[column]:{form}}" + ("" if np.isnan(low) else f" [{low:{form}}, {high:{form}}]")
