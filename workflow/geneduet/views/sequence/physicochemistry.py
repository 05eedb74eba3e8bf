"""Means of published residue scales, of the whole protein and of its ends."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geneduet.views.given import Given
from geneduet.views.sequence.composition import composition
from geneduet.views.sequence.residues import SCALE_MATRIX, SCALES, describe_each

END_LENGTH = 50  # residues of each end that targeting signals mostly lie in
COLUMNS = [f"{scale}:{region}" for region in ("whole", "N_end", "C_end") for scale in SCALES]


def physicochemistry(code: NDArray[np.int64]) -> NDArray[np.float64]:
    """Mean of each scale of SCALES over the residues, shape (8,); zeros for an empty sequence."""
    return SCALE_MATRIX @ composition(code)


def features(given: Given) -> pd.DataFrame:
    """Mean of each scale over the protein, its first and its last 50 residues; genes x 24, units of the scales."""

    def describe(code: NDArray[np.int64]) -> NDArray[np.float64]:
        return np.concatenate([physicochemistry(part) for part in (code, code[:END_LENGTH], code[-END_LENGTH:])])

    return describe_each(given, COLUMNS, describe)
