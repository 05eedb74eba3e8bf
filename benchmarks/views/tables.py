"""The tables of the ablation, in their page."""

import sys
from pathlib import Path

import pandas as pd

from geneduet.files import replace_between


def cell(row):
    """Micro-AP and weighted Fmax, and what the first is above that of the families that are shipped."""
    own = f"{row['micro-AP']:.3f} / {row['weighted Fmax']:.3f}"
    if row["choice"] == "as shipped":
        return own
    return f"{own} {row['minus shipped']:+.3f} [{row['minus shipped low']:+.3f}, {row['minus shipped high']:+.3f}]"


def of_view(table):
    """A row a choice, a column an organism and aspect."""
    table = table.assign(cell=table.apply(cell, axis=1), split=table["organism"] + " " + table["aspect"])
    found = pd.DataFrame({split: own.set_index("choice")["cell"] for split, own in table.groupby("split", sort=False)})
    found["mean difference"] = table.groupby("choice")["minus shipped"].mean().map("{:+.4f}".format)
    found["seconds"] = table.groupby("choice")["seconds"].mean().map("{:.1f}".format)
    return found.rename_axis("choice").to_markdown()


def main(page, *files):
    everything, page = pd.concat(pd.read_csv(file, sep="\t") for file in files), Path(page)
    for view, table in everything.groupby("view"):
        page.write_text(replace_between(page.read_text(), view, of_view(table)))


if __name__ == "__main__":
    main(*sys.argv[1:])
