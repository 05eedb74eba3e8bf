"""Residues as numbers, their published scales, and windows over them: what the sequence families share."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geneduet.views.given import Given

RESIDUES = "ACDEFGHIKLMNPQRSTVWY"

# Values in the order of RESIDUES.
SCALES: dict[str, tuple[float, ...]] = {
    # Kyte and Doolittle 1982, J Mol Biol 157:105
    "hydropathy": (
        1.8, 2.5, -3.5, -3.5, 2.8, -0.4, -3.2, 4.5, -3.9, 3.8,
        1.9, -3.5, -1.6, -3.5, -4.5, -0.8, -0.7, 4.2, -0.9, -1.3,
    ),
    # charge at pH 7; histidine is a tenth protonated (pKa 6)
    "charge": (0, 0, -1, -1, 0, 0, 0.1, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0),
    # side-chain volume in cubic angstrom: Krigbaum and Komoriya 1979, Biochim Biophys Acta 576:204
    "volume": (
        27.5, 44.6, 40.0, 62.0, 115.5, 0.0, 79.0, 93.5, 100.0, 93.5,
        94.1, 58.7, 41.9, 80.7, 105.0, 29.3, 51.3, 71.5, 145.5, 117.3,
    ),
    # Grantham 1974, Science 185:862
    "polarity": (
        8.1, 5.5, 13.0, 12.3, 5.2, 9.0, 10.4, 5.2, 11.3, 4.9,
        5.7, 11.6, 8.0, 10.5, 10.5, 9.2, 8.6, 5.9, 5.4, 6.2,
    ),
    # Chou and Fasman 1978, Adv Enzymol 47:45
    "helix": (
        1.42, 0.70, 1.01, 1.51, 1.13, 0.57, 1.00, 1.08, 1.16, 1.21,
        1.45, 0.67, 0.57, 1.11, 0.98, 0.77, 0.83, 1.06, 1.08, 0.69,
    ),
    # Chou and Fasman 1978
    "sheet": (
        0.83, 1.19, 0.54, 0.37, 1.38, 0.75, 0.87, 1.60, 0.74, 1.30,
        1.05, 0.89, 0.55, 1.10, 0.93, 0.75, 1.19, 1.70, 1.37, 1.47,
    ),
    # TOP-IDP, Campen et al. 2008, Protein Pept Lett 15:956
    "disorder": (
        0.060, 0.020, 0.192, 0.736, -0.697, 0.166, 0.303, -0.486, 0.586, -0.326,
        -0.397, 0.007, 0.987, 0.318, 0.180, 0.341, 0.059, -0.121, -0.884, -0.510,
    ),
    "aromatic": (0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1),
}  # fmt: skip

_CODE = np.full(256, -1, np.int64)
_CODE[np.frombuffer(RESIDUES.encode(), np.uint8)] = np.arange(20)
SCALE_MATRIX = np.array(list(SCALES.values()))  # scales x residues


def encode(sequence: str) -> NDArray[np.int64]:
    """Residues as positions in RESIDUES; letters other than the standard 20 are left out.

    >>> encode("ACXD").tolist()
    [0, 1, 2]
    """
    code = _CODE[np.frombuffer(sequence.encode(), np.uint8)]
    return code[code >= 0]


def window_means(values: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """Mean over each window of `width` values, shape (n - width + 1,); a shorter input is one window.

    >>> window_means(np.array([1., 2., 3.]), 2).tolist()
    [1.5, 2.5]
    """
    width = min(width, len(values))
    sums = np.cumsum(np.concatenate([[0.0], values]))
    return np.asarray((sums[width:] - sums[:-width]) / width)


def runs(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Half-open intervals in which the mask is true.

    >>> runs(np.array([True, True, False, True]))
    [(0, 2), (3, 4)]
    """
    steps = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(np.int8), [0]])))
    return list(zip(steps[::2].tolist(), steps[1::2].tolist(), strict=True))


def covered(windows: NDArray[np.bool_], width: int, length: int) -> NDArray[np.bool_]:
    """Residues that lie in at least one of the chosen windows."""
    starts = np.zeros(length + 1, np.int64)
    hits = np.flatnonzero(windows)
    np.add.at(starts, hits, 1)
    np.add.at(starts, np.minimum(hits + width, length), -1)
    return np.asarray(np.cumsum(starts[:-1]) > 0)


def describe_each(
    given: Given, columns: Sequence[str], describe: Callable[[NDArray[np.int64]], NDArray[np.float64]]
) -> pd.DataFrame:
    """A table of what a function makes of each protein.

    Parameters
    ----------
    columns : names of what it makes.
    describe : from encoded residues to values, in the order of `columns`.

    Returns
    -------
    float32, genes x columns, index gene_id.
    """
    rows = np.array([describe(encode(sequence)) for sequence in given.sequences], np.float32)
    table = rows.reshape(len(given.genes), len(columns))
    return pd.DataFrame(table, index=pd.Index(given.genes, name="gene_id"), columns=list(columns))
