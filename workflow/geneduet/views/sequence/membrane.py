"""Stretches that may span a membrane."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geneduet.views.given import Given
from geneduet.views.sequence.residues import SCALE_MATRIX, covered, describe_each, runs, window_means

WINDOW, HYDROPATHY = 19, 1.6  # Kyte and Doolittle 1982: a mean of 1.6 over 19 spans a membrane
SIGNAL_END = 40  # residues within which a signal peptide's hydrophobic core lies
COLUMNS = ["membrane:count", "membrane:share", "membrane:peak", "membrane:N_end_peak"]


def membrane(code: NDArray[np.int64]) -> tuple[float, float, float, float]:
    """Membrane-like stretches: how many, share of residues in them, highest window hydropathy, highest near the N end.

    A stretch is a run of residues covered by windows of 19 whose mean hydropathy is 1.6 or more (Kyte and
    Doolittle 1982); a run counts once for each 30 residues begun, since two helices may touch.
    """
    if not len(code):
        return 0.0, 0.0, 0.0, 0.0
    hydropathy = SCALE_MATRIX[0, code]
    means = window_means(hydropathy, WINDOW)
    # a peptide shorter than a window cannot span a membrane
    spans = (means >= HYDROPATHY) & (len(code) >= WINDOW)
    inside = covered(spans, WINDOW, len(code))
    count = sum(-(-(end - start) // 30) for start, end in runs(inside))
    start = window_means(hydropathy[:SIGNAL_END], 8)  # the core of a signal peptide is 7 to 15 residues
    return float(count), float(inside.mean()), float(means.max()), float(start.max())


def features(given: Given) -> pd.DataFrame:
    """Number of stretches, share of residues in them, hydropathy of the best window, and of the best near the N end."""
    return describe_each(given, COLUMNS, lambda code: np.array(membrane(code)))
