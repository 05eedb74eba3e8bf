"""Differences pooled over levels and seeds of label efficiency: python pooled.py PAGE RESULTS...

RESULTS are folders of organisms, whose `label_efficiency/comparisons.tsv` and `metrics.tsv` are read. The best fusion
is the plain one (early, late, their mean) of the highest mean over levels and seeds, chosen with hindsight. The mean of
the paired differences has an interval of 1.96 standard errors: those of single comparisons, from their bootstrap
intervals, are averaged over the levels of a seed, as if its levels told the same (they share the test genes), and
divided by the root of the number of seeds, which is a little too narrow, as their test genes overlap.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from geneduet.files import replace_between

FUSIONS = ["early_fusion", "late_fusion", "fusion"]
LEVELS = [0.05, 0.1, 0.2]
METRICS = {"micro_ap": "micro-AP", "weighted_fmax": "weighted Fmax"}


def pooled(comparisons: pd.DataFrame, model: str, reference: str, metric: str) -> str:
    """Mean difference and interval."""
    own = comparisons[
        (comparisons["model"] == model) & (comparisons["reference"] == reference) & (comparisons["metric"] == metric)
    ]
    if own.empty:
        return ""
    error = (own["ci_high"] - own["ci_low"]) / (2 * 1.96)
    by_seed = error.groupby(own["seed"]).mean()
    spread = 1.96 * np.sqrt((by_seed**2).sum()) / len(by_seed)
    mean = own["difference"].mean()
    low, high = mean - spread, mean + spread
    text = f"{mean:+.3f} [{low:+.3f}, {high:+.3f}]"
    return f"**{text}**" if low > 0 or high < 0 else text


def rows(folder: Path, gene_set: str) -> list[dict[str, object]]:
    """A row an aspect and metric."""
    metrics, comparisons = (
        pd.read_csv(folder / "label_efficiency" / f"{name}.tsv", sep="\t") for name in ("metrics", "comparisons")
    )
    metrics, comparisons = (
        table[(table["gene_set"] == gene_set) & table["label_fraction"].isin(LEVELS)]
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
            row["final - best fusion"] = pooled(compared, "final", best, metric)
            row["co-training - weighted fusion"] = pooled(compared, "co_training", "weighted_fusion", metric)
            row["co-training - self-training"] = pooled(compared, "co_training", "self_training", metric)
            found.append(row)
    return found


def main(page: Path, folders: list[Path]) -> None:
    """Write a table for all genes, and one for orphans, into the page."""
    for gene_set in ("all", "orphan"):
        table = pd.DataFrame([row for folder in folders for row in rows(folder, gene_set)])
        page.write_text(replace_between(page.read_text(), f"pooled {gene_set}", table.to_markdown(index=False)))


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
