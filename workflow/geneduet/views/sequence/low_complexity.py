"""Repeats and stretches of few residues."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geneduet.views.given import Given
from geneduet.views.sequence.residues import covered, describe_each, runs

WINDOW, BITS = 12, 2.2  # SEG's window and trigger: Wootton and Federhen 1993, Comput Chem 17:149
COLUMNS = ["low_complexity:share", "low_complexity:longest", "homopolymer:longest"]


def low_complexity(code: NDArray[np.int64]) -> tuple[float, float, float]:
    """Share of residues in windows of 12 of 2.2 bits or less, longest run of such residues, longest homopolymer."""
    if not len(code):
        return 0.0, 0.0, 0.0
    changes = np.flatnonzero(np.diff(code)) + 1
    homopolymer = np.diff(np.concatenate([[0], changes, [len(code)]])).max()
    if len(code) < WINDOW:
        return 0.0, 0.0, float(homopolymer)
    onehot = np.zeros((len(code) + 1, 20))
    onehot[np.arange(1, len(code) + 1), code] = 1
    sums = onehot.cumsum(axis=0)
    share = (sums[WINDOW:] - sums[:-WINDOW]) / WINDOW
    entropy = -(share * np.log2(share, out=np.zeros_like(share), where=share > 0)).sum(axis=1)
    inside = covered(entropy <= BITS, WINDOW, len(code))
    longest = max((end - start for start, end in runs(inside)), default=0)
    return float(inside.mean()), float(longest), float(homopolymer)


def features(given: Given) -> pd.DataFrame:
    """Share of residues in windows of low complexity, longest run of them, longest homopolymer, in residues."""
    return describe_each(given, COLUMNS, lambda code: np.array(low_complexity(code)))
