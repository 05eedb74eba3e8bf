"""Stretches with one face that is hydrophobic."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geneduet.views.given import Given
from geneduet.views.sequence.residues import describe_each

# consensus scale: Eisenberg, Schwarz, Komaromy and Wall 1984, J Mol Biol 179:125; in the order of RESIDUES
CONSENSUS = np.array([
    0.62, 0.29, -0.90, -0.74, 1.19, 0.48, -0.40, 1.38, -1.50, 1.06,
    0.64, -0.78, 0.12, -0.85, -2.53, -0.18, -0.05, 1.08, 0.81, 0.26,
])  # fmt: skip
# degrees from residue to residue and residues of a window: Eisenberg, Weiss and Terwilliger 1984, PNAS 81:140
FORMS = {"helix": (100, 11), "strand": (170, 7)}
N_END = 30  # residues in which a targeting helix lies
COLUMNS = [f"amphipathic:{form}:{what}" for form in FORMS for what in ("highest", "mean", "N_end")]


def moments(code: NDArray[np.int64], degrees: float, width: int) -> NDArray[np.float64]:
    """Hydrophobic moment a residue of each window, shape (n - width + 1,); empty for a shorter protein.

    The length of the sum of hydrophobicities as vectors, each turned by `degrees` against the one before.

    >>> moments(np.zeros(4, np.int64), 180, 2).tolist()  # two alike on opposite faces
    [0.0, 0.0, 0.0]
    """
    turned = CONSENSUS[code] * np.exp(1j * np.deg2rad(degrees) * np.arange(len(code)))
    if len(code) < width:
        return np.zeros(0)
    sums = np.concatenate([[0], np.cumsum(turned)])
    return np.asarray(np.abs(sums[width:] - sums[:-width]) / width).round(12)


def amphipathy(code: NDArray[np.int64]) -> NDArray[np.float64]:
    """For helix and strand: highest moment, mean moment, highest in the first 30 residues; zeros without a window."""
    found = []
    for degrees, width in FORMS.values():
        all_, first = moments(code, degrees, width), moments(code[:N_END], degrees, width)
        found += [all_.max(initial=0.0), all_.mean() if len(all_) else 0.0, first.max(initial=0.0)]
    return np.array(found)


def features(given: Given) -> pd.DataFrame:
    """Hydrophobic moments of helices and strands, in units of the consensus scale a residue; genes x 6."""
    return describe_each(given, COLUMNS, amphipathy)
