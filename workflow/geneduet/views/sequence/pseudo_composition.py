"""How residues resemble those further on: order beyond neighbours."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geneduet.views.given import Given
from geneduet.views.sequence.residues import SCALES, describe_each

LAGS = range(1, 21)
USED = ("hydropathy", "volume", "charge")
COLUMNS = [f"autocorrelation:{scale}:{lag}" for scale in USED for lag in LAGS]
_MATRIX = np.array([SCALES[name] for name in USED])
_STANDARD = (_MATRIX - _MATRIX.mean(axis=1, keepdims=True)) / _MATRIX.std(axis=1, keepdims=True)


def autocorrelation(code: NDArray[np.int64]) -> NDArray[np.float64]:
    """Mean product of a scale and itself some residues on, shape (3 scales x 20 lags,); 0 where the protein is shorter.

    The scales are standardised over the 20 residues. These are the correlation factors of Chou's amphiphilic
    pseudo-composition (Chou 2005, Bioinformatics 21:10), unweighted.
    """
    value = _STANDARD[:, code]
    found = np.zeros((len(USED), len(LAGS)))
    for place, lag in enumerate(LAGS):
        if len(code) > lag:
            found[:, place] = (value[:, :-lag] * value[:, lag:]).mean(axis=1)
    return found.ravel()


def features(given: Given) -> pd.DataFrame:
    """Sequence-order correlation of hydropathy, volume and charge at lags 1 to 20; genes x 60."""
    return describe_each(given, COLUMNS, autocorrelation)
