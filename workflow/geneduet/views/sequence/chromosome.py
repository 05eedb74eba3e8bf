"""Where on its chromosome a gene lies, and how close to its neighbours."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geneduet import tables
from geneduet.genome import gaps, operon_runs, same_region
from geneduet.views.given import Given


def features(given: Given) -> pd.DataFrame:
    """Place on the region, strand, gaps to the genes before and after, genes in the operon-like run and on the region.

    Reads `given.files["gff"]`, tables that `genome.read_gff` made. Genes whose place is not known are left out. No
    tables, no features.

    * place: of the gene's middle, from 0 at the region's first gene to 1 at its last; 0.5 for a lone gene.
    * gaps: log10 of the base pairs to the nearest gene of the same strand, before the gene's start as it is read and
      after its end, whatever lies between; 0 where they touch or overlap, NaN where there is none.
    * run: genes on one strand in a row with gaps under 100 bp, itself included (`genome.operon_runs`).
    """
    if not given.files.get("gff"):
        return pd.DataFrame(index=pd.Index([], name="gene_id"), dtype=np.float32)
    table = pd.concat([describe(tables.read(path)) for path in given.files["gff"]])
    return table[table.index.isin(given.genes)]


def describe(table: pd.DataFrame) -> pd.DataFrame:
    """The features of a table as `genome.read_gff` gives it; float32, genes x features."""
    region = table.groupby("sequence_region", sort=False)
    first, last = region["start"].transform("min"), region["end"].transform("max")
    middle = (table["start"] + table["end"]) / 2
    before, after = _same_strand(table)
    run = pd.Series(operon_runs(table), index=table.index)
    found = {
        "chromosome:place": (middle - first) / (last - first).clip(lower=1),
        "chromosome:strand": table["strand"],
        "chromosome:gap_before": before,
        "chromosome:gap_after": after,
        "chromosome:run": run.map(run.value_counts()),
        "chromosome:genes": region["start"].transform("size"),
    }
    return pd.DataFrame(found).astype(np.float32).set_axis(pd.Index(table["gene_id"], name="gene_id"))


def _same_strand(table: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Gaps (log10 bp) to the same strand's genes before and after each gene, in its own direction."""
    before, after = np.full(len(table), np.nan), np.full(len(table), np.nan)
    strand = table["strand"].to_numpy()
    for direction in (1, -1):
        rows = np.flatnonzero(strand == direction)
        own = table.iloc[rows]
        gap = np.where(same_region(own), np.log10(np.maximum(gaps(own), 1)), np.nan)
        # read backward, the gene to the right comes before
        left, right = (before, after) if direction == 1 else (after, before)
        left[rows[1:]], right[rows[:-1]] = gap, gap
    return before, after
