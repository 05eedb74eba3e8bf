"""Put what a run of benchmarks/evaluation/Snakefile found into its README, as tables."""

import argparse
from collections.abc import Iterable, Iterator
from itertools import product
from pathlib import Path

import pandas as pd

from geneduet.evaluation.headlines import ASPECT_NAMES, spoken
from geneduet.files import replace_between
from geneduet.scores import SUPERVISED

MODELS = (*SUPERVISED, "self_training", "co_training", "final")
METRICS = {"micro_ap": "micro-AP", "weighted_fmax": "weighted Fmax", "fmax": "Fmax", "smin": "Smin (bits)"}
CALIBRATION = ("ece", "calibration_slope", "brier_skill", "above_threshold_score", "above_threshold_precision")
TEMPORAL = ("no_knowledge", "no_knowledge_strict", "limited", "partial", "with_homologue", "orphan", "no_expression")
CROSS_VALIDATED = ("all", "with_homologue", "orphan", "no_expression")


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> list[str]:
    """A Markdown table."""
    names = list(head)
    return [
        f"| {' | '.join(names)} |",
        f"| {' | '.join(['---'] * len(names))} |",
        *(f"| {' | '.join(map(str, row))} |" for row in rows),
        "",
    ]


def cell(rows: pd.DataFrame, form: str = ".3f", value: str = "value") -> str:
    """A value with its interval; a dash where there is none."""
    if rows.empty:
        return "-"
    row = rows.iloc[0]
    interval = "" if pd.isna(row["ci_low"]) else f" [{row['ci_low']:{form}}, {row['ci_high']:{form}}]"
    return f"{row[value]:{form}}{interval}"


def pick(rows: pd.DataFrame, **values: str) -> pd.DataFrame:
    """The rows that have these values."""
    for column, value in values.items():
        rows = rows[rows[column] == value]
    return rows


def by_model(metrics: pd.DataFrame, split: str, gene_set: str) -> Iterator[str]:
    """Each metric: models by aspects."""
    own = pick(metrics, split=split, gene_set=gene_set)
    size = own.groupby("aspect")[["n_genes", "n_families", "n_terms"]].first()
    yield "; ".join(
        f"{aspect}: {row.n_genes} genes in {row.n_families} families, {row.n_terms} terms"
        for aspect, row in size.loc[[aspect for aspect in ASPECT_NAMES if aspect in size.index]].iterrows()
    )
    yield ""
    for metric, name in METRICS.items():
        found = pick(own, metric=metric)
        there = [m for m in MODELS if m in set(found["model"])]
        rows = [[spoken(m), *(cell(pick(found, aspect=a, model=m)) for a in ASPECT_NAMES)] for m in there]
        yield from table([name, *ASPECT_NAMES.values()], rows)


def by_gene_set(metrics: pd.DataFrame, split: str, gene_sets: Iterable[str]) -> Iterator[str]:
    """Micro-AP of all models on each set of genes."""
    own = pick(metrics, split=split, metric="micro_ap")
    there = [model for model in MODELS if model in set(own["model"])]
    rows = []
    for aspect, gene_set in product(ASPECT_NAMES, gene_sets):
        found = pick(own, aspect=aspect, gene_set=gene_set).set_index("model")
        if len(found):
            values = (f"{found['value'].get(model, float('nan')):.3f}" for model in there)
            rows.append([aspect, gene_set.replace("_", " "), found["n_genes"].iloc[0], *values])
    yield from table(["aspect", "genes", "n", *map(spoken, there)], rows)


def differences(comparisons: pd.DataFrame, metrics: pd.DataFrame, split: str, gene_set: str) -> Iterator[str]:
    """Paired differences in micro-AP and weighted Fmax of the taught models from the best supervised one."""
    own = pick(comparisons, split=split, gene_set=gene_set)
    values = pick(metrics, split=split, gene_set=gene_set, metric="micro_ap")
    rows = []
    for aspect in ASPECT_NAMES:
        ranked = pick(values, aspect=aspect).set_index("model")["value"].filter(SUPERVISED)
        if ranked.empty:
            continue
        best = str(ranked.idxmax())
        pairs = [(model, best) for model in ("co_training", "self_training", "final")]
        for model, reference in [*pairs, ("co_training", "self_training")]:
            pair = pick(own, aspect=aspect, model=model, reference=reference)
            found = [pick(pair, metric=metric) for metric in ("micro_ap", "weighted_fmax")]
            cells = [f"{cell(row, '+.4f', 'difference')}: {row['verdict'].iloc[0]}" for row in found if len(row)]
            rows += [[aspect, spoken(model), spoken(reference), *cells]] if cells else []
    yield from table(["aspect", "model", "against", "micro-AP", "weighted Fmax"], rows)


def calibration(metrics: pd.DataFrame, split: str, gene_set: str) -> Iterator[str]:
    """How far the final scores are probabilities."""
    own = pick(metrics, split=split, gene_set=gene_set, model="final")
    rows = [
        [metric.replace("_", " "), *(cell(pick(own, aspect=aspect, metric=metric)) for aspect in ASPECT_NAMES)]
        for metric in CALIBRATION
    ]
    yield from table(["final", *ASPECT_NAMES.values()], rows)


def calibration_by_level(metrics: pd.DataFrame) -> Iterator[str]:
    """How far the final scores are probabilities, at each level of labels, mean over the seeds."""
    own = pick(metrics, gene_set="all", model="final")
    mean = own.groupby(["aspect", "label_fraction", "metric"], sort=False)["value"].mean()
    levels = list(own.groupby(["aspect", "label_fraction"], sort=False).groups)
    rows = [
        [aspect, f"{level:.0%}", *(f"{mean[aspect, level, metric]:.3f}" for metric in CALIBRATION)]
        for aspect, level in levels
    ]
    yield from table(["aspect", "labels", *(metric.replace("_", " ") for metric in CALIBRATION)], rows)


def random_folds(metrics: pd.DataFrame) -> Iterator[str]:
    """How much folds of single genes flatter."""
    value = pick(metrics, gene_set="all", metric="micro_ap").set_index(["split", "aspect", "model"])["value"]
    if "random_folds" not in value.index:
        return
    yield from ("Micro-AP with genes put into folds one by one, optimistic, and by family (in brackets):", "")
    rows = [
        [
            spoken(model),
            *(
                f"{value['random_folds', a, model]:.3f} ({value['cross_validation', a, model]:.3f})"
                for a in ASPECT_NAMES
            ),
        ]
        for model in MODELS
    ]
    yield from table(["model", *ASPECT_NAMES.values()], rows)


def open_world(found: pd.DataFrame) -> Iterator[str]:
    rows = [
        [
            row.aspect,
            row.gene_set.replace("_", " "),
            row.assumption.replace("_", " "),
            "" if pd.isna(row.n_positives) else f"{row.n_positives:.0f} / {row.n_negatives:.0f}",
            f"{row.kendall_tau:.2f} [{row.ci_low:.2f}, {row.ci_high:.2f}]",
            spoken(row.best_closed_world),
            spoken(row.best),
        ]
        for row in found.itertuples()
    ]
    head = ["aspect", "genes", "assumption", "positive / NOT pairs", "Kendall's tau", "best, closed world", "best"]
    yield from table(head, rows)


def label_efficiency(folder: Path) -> Iterator[str]:
    """Scores by level, and what labels are worth."""
    curve = pd.read_csv(folder / "curve.tsv", sep="\t")
    yield f"Micro-AP by level, mean over {curve['seed'].nunique()} seed(s):"
    yield ""
    rows = []
    for (aspect, fraction), own in curve.groupby(["aspect", "label_fraction"], sort=False):
        mean = own.groupby("model")["value"].mean()
        values = (f"{mean[model]:.3f}" if model in mean else "-" for model in MODELS)
        rows.append([aspect, f"{fraction:.0%}", f"{own['n_labels'].mean():.0f}", *values])
    yield from table(["aspect", "labels", "genes", *map(spoken, MODELS)], rows)
    yield from calibration_by_level(pd.read_csv(folder / "metrics.tsv", sep="\t"))
    worth = pd.read_csv(folder / "label_value.tsv", sep="\t").query("model != 'self_training'")
    rows = (
        [
            row.aspect,
            spoken(row.model),
            spoken(row.reference),
            f"{row.percent}%",
            row.note if isinstance(row.note, str) else f"{row.factor:.2f}",
            f"[{row.ci_low:.2f}, {row.ci_high:.2f}]",
        ]
        for row in worth.itertuples()
    )
    yield "By what factor the reference would need more labels for the same score:"
    yield ""
    yield from table(["aspect", "model", "reference", "labels", "factor", "interval"], rows)


def organism(results: Path) -> Iterator[str]:
    """All tables of one organism: of its whole run, and of what it was asked to learn from fewer labels."""
    if (results / "evaluation" / "metrics.tsv").is_file():
        yield from whole_run(results)
    if (results / "label_efficiency" / "curve.tsv").is_file():
        yield from (f"### {results.name}: fewer labels", "")
        yield from label_efficiency(results / "label_efficiency")


def whole_run(results: Path) -> Iterator[str]:
    """By cross-validation, or by later annotations where there are such."""
    read = {
        name: pd.read_csv(results / "evaluation" / f"{name}.tsv", sep="\t")
        for name in ("metrics", "comparisons", "open_world")
    }
    temporal = "temporal" in set(read["metrics"]["split"])
    split, gene_set = ("temporal", "no_knowledge") if temporal else ("cross_validation", "all")
    title = "genes annotated later for the first time" if temporal else "cross-validation by homology family"
    yield from (f"## {results.name}: {title}", "")
    yield from by_model(read["metrics"], split, gene_set)
    yield from differences(read["comparisons"], read["metrics"], split, gene_set)
    yield from by_gene_set(read["metrics"], split, TEMPORAL if temporal else CROSS_VALIDATED)
    yield from calibration(read["metrics"], split, gene_set)
    yield from random_folds(read["metrics"])
    yield from ("Order of the models where unannotated terms are not taken for wrong:", "")
    yield from open_world(read["open_world"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("readme", type=Path)
    parser.add_argument("results", type=Path, nargs="+", help="results/<organism>")
    given = parser.parse_args()
    text = "\n".join(line for results in given.results for line in organism(results)).rstrip()
    given.readme.write_text(replace_between(given.readme.read_text(), "figures", text))


if __name__ == "__main__":
    main()
