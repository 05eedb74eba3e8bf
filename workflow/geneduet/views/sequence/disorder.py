"""Stretches without a fold."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geneduet.views.given import Given
from geneduet.views.sequence.residues import SCALE_MATRIX, SCALES, covered, describe_each, runs, window_means

WINDOW, LEVEL = 21, 0.542  # TOP-IDP's window and best cut-off, on its scale of 0 to 1: Campen et al. 2008
LONG = 30  # residues from which a disordered stretch is called long
END = 50  # residues of each end
COLUMNS = [f"disordered:{what}" for what in ("share", "longest", "long_stretches", "N_end", "C_end")]
_RAW = SCALE_MATRIX[list(SCALES).index("disorder")]
_SCALE = (_RAW - _RAW.min()) / (_RAW.max() - _RAW.min())


def disordered(code: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Residues in a window of 21 whose mean TOP-IDP, scaled from 0 to 1, is above .542; shape (n,)."""
    if not len(code):
        return np.zeros(0, bool)
    return covered(window_means(_SCALE[code], WINDOW) > LEVEL, WINDOW, len(code))


def describe(code: NDArray[np.int64]) -> NDArray[np.float64]:
    """Share of disordered residues, longest stretch, stretches of 30 or more, share in either end of 50."""
    inside = disordered(code)
    if not len(inside):
        return np.zeros(5)
    lengths = [end - start for start, end in runs(inside)]
    long = sum(length >= LONG for length in lengths)
    return np.array([inside.mean(), max(lengths, default=0), long, inside[:END].mean(), inside[-END:].mean()])


def features(given: Given) -> pd.DataFrame:
    """How much of a protein is disordered, in shares and residues; genes x 5."""
    return describe_each(given, COLUMNS, describe)
