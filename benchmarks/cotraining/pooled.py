"""Differences pooled over levels and seeds of label efficiency, as tables of a page.

The best fusion is the plain one (early, late, their mean) of the highest mean over levels and seeds, chosen with
hindsight. The mean of the paired differences has an interval of 1.96 standard errors: those of single comparisons, from
their bootstrap intervals, are averaged over the levels of a seed, as if its levels told the same (they share the test
genes), and divided by the root of the number of seeds, which is a little too narrow, as their test genes overlap; where
all seeds have the same test genes (the reserved ones) they are averaged over the seeds too, which is a little too wide.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from geneduet.files import replace_between

FUSIONS = ["early_fusion", "late_fusion", "fusion"]
METRICS = {"micro_ap": "micro-AP", "weighted_fmax": "weighted Fmax"}
SHORT = {"weighted_fusion": "weighted fusion", "co_training": "co-training", "self_training": "self-training"}
PAIRS = [("final", "weighted_fusion"), ("co_training", "weighted_fusion"), ("co_training", "self_training")]


def pooled(comparisons: pd.DataFrame, model: str, reference: str, metric: str, same_genes: bool) -> str:
    """Mean difference and interval."""
    own = comparisons[
        (comparisons["model"] == model) & (comparisons["reference"] == reference) & (comparisons["metric"] == metric)
    ]
    if own.empty:
        return ""
    error = (own["ci_high"] - own["ci_low"]) / (2 * 1.96)
    by_seed = error.groupby(own["seed"]).mean()
    independent = 1 if same_genes else len(by_seed)
    spread = 1.96 * np.sqrt((by_seed**2).mean() / independent)
    mean = own["difference"].mean()
    low, high = mean - spread, mean + spread
    text = f"{mean:+.3f} [{low:+.3f}, {high:+.3f}]"
    return f"**{text}**" if low > 0 or high < 0 else text


def rows(folder: Path, gene_set: str, levels: list[int], same_genes: bool) -> list[dict[str, object]]:
    """A row an aspect and metric."""
    metrics, comparisons = (
        pd.read_csv(folder / "label_efficiency" / f"{name}.tsv", sep="\t") for name in ("metrics", "comparisons")
    )
    metrics, comparisons = (
        table[(table["gene_set"] == gene_set) & (table["label_fraction"] * 100).round().isin(levels)]
        for table in (metrics, comparisons)
    )
    found = []
    for aspect in "PFC":
        ranked, compared = metrics[metrics["aspect"] == aspect], comparisons[comparisons["aspect"] == aspect]
        for metric, spoken in METRICS.items():
            value = ranked[ranked["metric"] == metric].groupby("model")["value"].mean()
            best = value[FUSIONS].idxmax()
            row: dict[str, object] = {
                "": f"{folder.name} {aspect}",
                "metric": spoken,
                "best fusion": best.replace("_", " "),
            }
            row |= {name.replace("_", " "): f"{value[name]:.3f}" for name in (best, "weighted_fusion")}
            row = {("its value" if key == best.replace("_", " ") else key): cell for key, cell in row.items()}
            row |= {"self-training": f"{value['self_training']:.3f}", "co-training": f"{value['co_training']:.3f}"}
            row["final"] = f"{value['final']:.3f}"
            row["final - best fusion"] = pooled(compared, "final", best, metric, same_genes)
            for model, reference in PAIRS:
                name = f"{SHORT.get(model, model)} - {SHORT.get(reference, reference)}"
                row[name] = pooled(compared, model, reference, metric, same_genes)
            found.append(row)
    return found


def main() -> None:
    """Write a table for all genes, and one for orphans, into the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("page", type=Path)
    parser.add_argument("results", type=Path, nargs="+", help="folders of organisms with label_efficiency/*.tsv")
    parser.add_argument("--name", default="pooled", help="of the tables' marks in the page")
    parser.add_argument("--levels", type=int, nargs="+", default=[5, 10, 20], help="percent of the labels")
    parser.add_argument("--same-genes", action="store_true", help="all seeds have the same test genes")
    given = parser.parse_args()
    for gene_set in ("all", "orphan"):
        made = [row for own in given.results for row in rows(own, gene_set, given.levels, given.same_genes)]
        table = pd.DataFrame(made).to_markdown(index=False)
        given.page.write_text(replace_between(given.page.read_text(), f"{given.name} {gene_set}", table))


if __name__ == "__main__":
    main()
