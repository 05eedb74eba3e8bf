"""Heptads: hydrophobic residues at the first and fourth place of seven, again and again."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geneduet.views.given import Given
from geneduet.views.sequence.residues import RESIDUES, covered, describe_each, runs

WIDTH = 28  # residues, four heptads: Lupas, Van Dyke and Stock 1991, Science 252:1162
CORE = "AILMV"  # aliphatic residues, which fill the places a and d
# from here on a window counts. An ideal coil has 1, a window of yeast 0.09 in the mean; the best window of 38% of yeast
# proteins, and of 28% of the same proteins shuffled, reaches it
SCORE = 0.6
COLUMNS = ["coiled_coil:highest", "coiled_coil:share", "coiled_coil:longest"]
_HYDROPHOBIC = np.isin(list(RESIDUES), list(CORE)).astype(np.int64)
_PROLINE = RESIDUES.index("P")


def heptad_scores(code: NDArray[np.int64]) -> NDArray[np.float64]:
    """Of each window of 28, in the best of seven frames: share of hydrophobic a and d less that of the other places.

    A window with a proline, which breaks helices, has 0. The score is ours; a published matrix of residue preferences
    would tell more. Shape (n - 27,), empty for a shorter protein.
    """
    if len(code) < WIDTH:
        return np.zeros(0)
    value, place = _HYDROPHOBIC[code], np.arange(len(code))
    best = np.full(len(code) - WIDTH + 1, -40)
    for frame in range(7):
        inside = np.isin((place + frame) % 7, (0, 3))
        # 8 of 28 places are a or d: an eighth each, the others a twentieth. In fortieths, whose sums are exact
        sums = np.concatenate([[0], np.cumsum(value * np.where(inside, 5, -2))])
        best = np.maximum(best, sums[WIDTH:] - sums[:-WIDTH])
    breaks = np.concatenate([[0], np.cumsum(code == _PROLINE)])
    return np.where(breaks[WIDTH:] > breaks[:-WIDTH], 0, best) / 40


def coiled_coil(code: NDArray[np.int64]) -> NDArray[np.float64]:
    """Highest score, share of residues in windows that count, longest run of these."""
    scores = heptad_scores(code)
    if not len(scores):
        return np.zeros(3)
    inside = covered(scores >= SCORE, WIDTH, len(code))
    longest = max((end - start for start, end in runs(inside)), default=0)
    return np.array([scores.max(), inside.mean(), longest])


def features(given: Given) -> pd.DataFrame:
    """Best heptad score (-1 to 1), share of residues in coils, longest coil in residues; genes x 3."""
    return describe_each(given, COLUMNS, coiled_coil)
