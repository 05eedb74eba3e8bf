"""How long a protein is, and of what."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geneduet.views.given import Given
from geneduet.views.sequence.residues import RESIDUES, describe_each

COLUMNS = ["log_length", *(f"composition:{residue}" for residue in RESIDUES)]


def composition(code: NDArray[np.int64]) -> NDArray[np.float64]:
    """Share of each of the 20 residues, shape (20,); zeros for an empty sequence.

    >>> composition(np.array([0, 0, 1]))[:2].round(2).tolist()
    [0.67, 0.33]
    """
    return np.bincount(code, minlength=20) / max(len(code), 1)


def features(given: Given) -> pd.DataFrame:
    """Natural logarithm of the length in residues, and the share of each residue; genes x 21."""
    return describe_each(given, COLUMNS, lambda code: np.concatenate([np.log([max(len(code), 1)]), composition(code)]))
