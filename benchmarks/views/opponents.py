"""The supervised views beside the votes of homologues, and expression beside naive: a table from finished runs.

PYTHONPATH=workflow python benchmarks/views/opponents.py benchmarks/views/README.md RESULTS...
"""

import sys
from pathlib import Path

import pandas as pd

from geneduet.files import replace_between

PAIRS = [("sequence", "homology"), ("sequence", "reference_homology"), ("expression", "naive")]
PAIRS += [("final", "homology"), ("final", "reference_homology")]
METRICS = {"micro_ap": "micro-AP", "weighted_fmax": "weighted Fmax"}
CASES = [("temporal", "no_knowledge"), ("cross_validation", "all"), ("cross_validation", "orphan")]


def rows(folder):
    """A row a pair of models, a column an aspect and metric."""
    table = pd.read_csv(folder / "evaluation" / "comparisons.tsv", sep="\t")
    values = pd.read_csv(folder / "evaluation" / "metrics.tsv", sep="\t")
    keys = ["aspect", "split", "gene_set", "metric"]
    value = values.drop_duplicates([*keys, "model"]).set_index([*keys, "model"])["value"]
    for split, genes in CASES:
        for model, other in PAIRS:
            own = table.query("split == @split and gene_set == @genes and model == @model and reference == @other")
            own = own.drop_duplicates(["aspect", "metric"]).set_index(["aspect", "metric"])
            found = {"run": folder.name, "split": split, "genes": genes, "model": model, "beside": other}
            for metric, name in METRICS.items():
                for aspect in "PFC":
                    if (aspect, metric) in own.index:
                        row, own_value = own.loc[aspect, metric], value[aspect, split, genes, metric, model]
                        interval = f"[{row['ci_low']:+.3f}, {row['ci_high']:+.3f}]"
                        found[f"{name} {aspect}"] = f"{own_value:.3f} {row['difference']:+.3f} {interval}"
            if len(found) > 5:
                yield found


def main(page, *folders):
    page, found = Path(page), pd.DataFrame([row for folder in map(Path, folders) for row in rows(folder)])
    page.write_text(replace_between(page.read_text(), "opponents", found.fillna("").to_markdown(index=False)))


if __name__ == "__main__":
    main(*sys.argv[1:])
