"""Which classes of residues follow each other."""

from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geneduet.views.given import Given
from geneduet.views.sequence.residues import RESIDUES, describe_each

# by dipole and volume of the side chain: Shen et al. 2007, PNAS 104:4337
CLASSES = ("AGV", "ILFP", "YMTS", "HNQW", "RK", "DE", "C")
COLUMNS = [f"triad:{'-'.join(triple)}" for triple in product(CLASSES, repeat=3)]
_CLASS = np.array([next(n for n, members in enumerate(CLASSES) if residue in members) for residue in RESIDUES])


def triads(code: NDArray[np.int64]) -> NDArray[np.float64]:
    """Share of each ordered triple of residue classes, shape (343,), first class slowest; zeros below three residues.

    The conjoint triads of Shen et al. 2007, as shares and not scaled by the most frequent one.
    """
    kind = _CLASS[code]
    number = kind[:-2] * 49 + kind[1:-1] * 7 + kind[2:]
    return np.bincount(number, minlength=343) / max(len(number), 1)


def features(given: Given) -> pd.DataFrame:
    """Share of each ordered triple of seven residue classes; genes x 343."""
    return describe_each(given, COLUMNS, triads)
