"""All tables of one aspect: every model on every case, and what the figures draw."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from geneduet.evaluation import cases, curves
from geneduet.evaluation.cases import Case, Genes, Mask
from geneduet.evaluation.diagnostics import COLUMNS, diagnose
from geneduet.evaluation.judgement import Scores, Setting, Values, measure_all, tabulate
from geneduet.evaluation.open_world import LATER, ranking_table
from geneduet.evaluation.thresholds import THRESHOLD_COLUMNS, recommended_thresholds, threshold_table
from geneduet.labels import Labels

Tables = dict[str, pd.DataFrame]
UNSEEN = ("holdout", "temporal")  # splits whose genes or pairs have no part in cross-validation


def evaluate_aspect(
    models: Mapping[str, Scores],
    seen: Labels,
    held_out: Labels,
    later: Labels | None,
    known_before: Mask,
    genes: Genes,
    setting: Setting,
    resamples: int,
) -> Tables:
    """Judge the models of an aspect by cross-validation, on held-out genes, and by a later release where there is one.

    Parameters
    ----------
    models : model -> (genes, terms), out-of-fold for labelled genes.
    seen : the labels that the models learned from.
    held_out : the labels that were hidden from them.
    later : those of a later release, on the same terms.
    known_before : (genes,), annotated in any aspect, hidden or not.
    setting : organism, aspect and seed.
    resamples : of the bootstrap.

    Returns
    -------
    Tables by the name of their file: metrics, comparisons, open_world, thresholds, and those of the figures.
    """
    chosen = [
        *cases.cross_validation(seen, genes),
        *cases.holdout(held_out, genes),
        *cases.open_world(seen, held_out, later, genes),
    ]
    if later is not None:
        chosen += cases.temporal(seen, held_out, later, known_before, genes)
    metrics, comparisons, values = judge(models, chosen, seen, genes, setting, resamples)
    if later is not None:
        # not a case of the contract: the same genes as in cross-validation, the truth of another day
        case = Case(*LATER, later.positive, seen.annotated & genes.judged, by_pair=True)
        values[LATER] = measure_all(models, case.select(seen, genes, setting.seed, resamples))
    judged, everyone = chosen[0].select(seen, genes, setting.seed, 0), np.ones(len(seen.genes), bool)
    # what is naive for every gene is news of none
    threshold = recommended_thresholds(metrics).get(setting.aspect) if "co_training" in models else None
    return {
        "metrics": metrics,
        "comparisons": comparisons,
        "open_world": ranking_table(values, setting.organism, setting.aspect),
        "precision_recall": curves.precision_recall_table(models, judged, setting.aspect),
        "reliability": curves.reliability_table(models, judged, setting.aspect),
        "diagnostics": diagnose(
            models, judged, everyone if genes.expressed is None else genes.expressed, setting.aspect
        )
        .assign(organism=setting.organism)
        .reindex(columns=list(COLUMNS)),
        "coverage": curves.coverage_table(models, judged, setting.aspect),
        "information_content": curves.by_information_content(models, judged, setting.aspect),
        "thresholds": pd.DataFrame(columns=list(THRESHOLD_COLUMNS))
        if threshold is None
        else threshold_table(models["final"], judged, setting.aspect, threshold),
    }


def judge(
    models: Mapping[str, Scores],
    chosen: Sequence[Case],
    labels: Labels,
    genes: Genes,
    setting: Setting,
    resamples: int,
) -> tuple[pd.DataFrame, pd.DataFrame, dict[tuple[str, str], Values]]:
    """All models on some cases.

    Parameters
    ----------
    chosen : cross-validation first: genes that no model learned from are judged at the thresholds that it recommends.
    labels : from which the models learned.

    Returns
    -------
    Rows of metrics.tsv and of comparisons.tsv; and (split, gene set) -> what `judgement.measure_all` gives.
    """
    tables, values = [], {}
    recommended: dict[str, float] = {}
    for case in chosen:
        judged = case.select(labels, genes, setting.seed, resamples)
        unseen = case.split in UNSEEN
        told = _told(models, labels) if unseen or case.split == "open_world" else models
        found = measure_all(told, judged, recommended if unseen else None)
        if (case.split, case.gene_set) == ("cross_validation", "all"):
            recommended = {model: float(own["fmax_threshold"][0]) for model, own in found.items()}
        values[case.split, case.gene_set] = found
        tables.append(tabulate(found, judged, replace(setting, split=case.split, gene_set=case.gene_set)))
    metrics, comparisons = (_join(parts) for parts in zip(*tables, strict=True))
    return metrics, comparisons, values


def _told(models: Mapping[str, Scores], labels: Labels) -> Mapping[str, Scores]:
    """The models on genes whose labels nobody has seen.

    Where a reference's vote stands in for labels, cross-validation holds learned scores against it, and the vote itself
    has no part in that; here it is a model beside the others, and counts in the final scores as it does in use.
    """
    if labels.transfer is None:
        return models
    share = labels.transfer.share.toarray()
    vote = np.where(share.any(axis=1)[:, None], share, models["naive"])
    return {**models, "reference_homology": vote, "final": labels.published(models["final"])}


def join(parts: Sequence[Tables]) -> Tables:
    """The tables of several aspects, one below the other."""
    return {name: _join([part[name] for part in parts]) for name in parts[0]}


def extend(tables: Tables, more: Tables) -> Tables:
    """The tables, some of them with more rows."""
    return tables | join([{name: tables[name] for name in more}, more])


def _join(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """One below the other; the columns of the first where all are empty."""
    filled = [part for part in parts if len(part)]
    return pd.concat(filled, ignore_index=True) if filled else parts[0]
