"""The table of levers into its page: python tables.py PAGE TABLE..."""

import sys
from pathlib import Path

import pandas as pd

from geneduet.files import replace_between

FUSIONS = ["early_fusion", "late_fusion", "fusion"]
KEYS = ["organism", "aspect", "seed", "percent", "gene_set"]


def gains(table: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Mean over seeds and levels of each variant minus the best of the three plain fusions of that seed and level."""
    wide = table.pivot_table(index=KEYS, columns="variant", values=metric)
    gain = wide.sub(wide[FUSIONS].max(axis=1), axis=0)
    pair = gain.groupby(["organism", "aspect"]).mean().T
    pair.columns = [f"{organism} {aspect}" for organism, aspect in pair.columns]
    return pair.assign(mean=gain.mean(), worst=gain.min()).sort_values("mean")


def replace_in(page: Path, mark: str, table: str) -> None:
    """Put a table between its marks."""
    page.write_text(replace_between(page.read_text(), mark, table))


def main(page: Path, files: list[Path]) -> None:
    """Write both tables into the page."""
    table = pd.concat([pd.read_csv(file, sep="\t") for file in files])
    for gene_set in ("all", "orphan"):
        own = table[table["gene_set"] == gene_set]
        both = [gains(own, metric) for metric in ("micro_ap", "weighted_fmax")]
        cells = both[0].map("{:+.3f}".format) + " / " + both[1].reindex(both[0].index).map("{:+.3f}".format)
        settings = own[KEYS].drop_duplicates().groupby(["organism", "aspect"]).size()
        print(gene_set, settings.to_dict())
        replace_in(page, gene_set, cells.rename_axis("variant").reset_index().to_markdown(index=False))
    hidden = table[table["gene_set"] == "expression_hidden"]
    wide = hidden.pivot_table(index=KEYS, columns="variant", values=["micro_ap", "weighted_fmax"])
    rows = []
    for (organism, aspect), own in wide.groupby(["organism", "aspect"]):
        mean = own.mean()
        rows.append(
            {"": f"{organism} {aspect}"}
            | {
                name: f"{mean['micro_ap', name]:.3f} / {mean['weighted_fmax', name]:.3f}"
                for name in ("sequence", "co-training")
            }
        )
    replace_in(page, "hidden", pd.DataFrame(rows).to_markdown(index=False))


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
