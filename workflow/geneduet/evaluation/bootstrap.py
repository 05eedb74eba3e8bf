"""Intervals by resampling homology families: relatives are not independent witnesses."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

RESAMPLES = 1000
CONFIDENCE = 0.95


def resample(families: NDArray[np.int64], resamples: int, seed: int) -> Floats:
    """How often each gene counts in each resample: whole families drawn with replacement, as many as there are.

    Relatives are not independent witnesses, so an interval over genes would be too narrow (Davison and Hinkley 1997,
    Bootstrap Methods and their Application, section 3.8).

    Parameters
    ----------
    families : (genes,).

    Returns
    -------
    (1 + resamples, genes), first row all ones: the data as they are. With one family nothing can be resampled, and
    that row is all there is.

    >>> resample(np.array([4, 4, 7]), resamples=2, seed=1).tolist()
    [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0], [2.0, 2.0, 0.0]]
    """
    distinct, family = np.unique(families, return_inverse=True)
    count = len(distinct)
    drawn = np.ones((1, count))
    if count > 1:
        random = np.random.default_rng(seed)
        drawn = np.vstack([drawn, random.multinomial(count, np.full(count, 1 / count), size=resamples)])
    return drawn[:, family]


def interval(resampled: Floats) -> tuple[float, float]:
    """Percentile interval of 95%; NaN where there is no resample with a value.

    >>> low, high = interval(np.arange(201.0))
    >>> round(low), round(high)
    (5, 195)
    """
    finite = resampled[np.isfinite(resampled)]
    if not len(finite):
        return float("nan"), float("nan")
    low, high = np.quantile(finite, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)


def bounds(values: Floats) -> dict[str, float]:
    """Interval of a metric as columns of a table.

    Parameters
    ----------
    values : (1 + resamples,), of the data and of each resample. Without a value there is no interval.
    """
    low, high = interval(values[1:] if np.isfinite(values[0]) else values[:0])
    return {"ci_low": low, "ci_high": high}
