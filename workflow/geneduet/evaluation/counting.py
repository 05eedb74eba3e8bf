"""Counting pairs by gene and score bin: what all metrics are made of."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Scores = NDArray[np.float32]


def digitise(scores: Scores, edges: NDArray[np.floating]) -> NDArray[np.uint16]:
    """How many ascending edges each score reaches, row by row to save memory: (genes, terms)."""
    bins = np.empty(scores.shape, np.uint16)
    for place, row in enumerate(scores):
        bins[place] = np.searchsorted(edges, row, side="right")
    return bins


def histogram(bins: NDArray[np.uint16], size: int, weights: Floats | None = None) -> Floats:
    """Number, or summed weight, of each gene's terms in each bin: (genes, size)."""
    found = np.empty((len(bins), size))
    for place, row in enumerate(bins):
        found[place] = np.bincount(row, weights, size)
    return found


def sums(rows: NDArray[np.intp], bins: NDArray[np.integer], values: Floats | None, shape: tuple[int, int]) -> Floats:
    """Number, or summed value, of pairs by gene and bin: `shape`."""
    found = np.bincount(rows * shape[1] + bins, values, shape[0] * shape[1]).reshape(shape)
    return found.astype(np.float64, copy=False)


def equal_mass(values: Floats, count: int) -> NDArray[np.intp]:
    """Bin of each value, at most `count` bins of about equal mass; equal values share a bin."""
    if not len(values):
        return np.zeros(0, np.intp)
    return np.searchsorted(np.unique(np.quantile(values, np.linspace(0, 1, count + 1)[1:-1])), values, side="right")


def from_right(values: NDArray[np.integer] | Floats) -> Floats:
    """Running sum along the last axis, from its end.

    >>> from_right(np.array([1.0, 2.0, 3.0])).tolist()
    [6.0, 5.0, 3.0]
    """
    return np.asarray(values[..., ::-1].cumsum(axis=-1, dtype=np.float64)[..., ::-1])


def divide(above: Floats, below: Floats, otherwise: float = 0.0) -> Floats:
    """Quotient, and `otherwise` where the divisor is 0."""
    return np.divide(above, below, out=np.full_like(above, otherwise, np.float64), where=below > 0)


def mean(per_gene: NDArray[np.bool_] | Floats, weights: Floats) -> Floats:
    """Weighted mean over genes of (genes, columns), for each row of weights: (rows, columns)."""
    result: Floats = weights @ per_gene.astype(np.float64, copy=False) / weights.sum(axis=1, keepdims=True)
    return result
