"""Which residues follow each other."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geneduet.views.given import Given
from geneduet.views.sequence.residues import RESIDUES, describe_each

COLUMNS = [f"dipeptide:{first}{second}" for first in RESIDUES for second in RESIDUES]


def dipeptides(code: NDArray[np.int64]) -> NDArray[np.float64]:
    """Share of each of the 400 ordered pairs of neighbours, shape (400,), first residue slowest."""
    return np.bincount(code[:-1] * 20 + code[1:], minlength=400) / max(len(code) - 1, 1)


def features(given: Given) -> pd.DataFrame:
    """Share of each ordered pair of neighbours; genes x 400."""
    return describe_each(given, COLUMNS, dipeptides)
