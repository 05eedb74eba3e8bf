"""Whether one model ranks better than another beyond noise: micro-AP under the same resamples of homology families."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from geneduet.evaluation.bootstrap import resample
from geneduet.evaluation.ranking import micro_ap_resampled

Matrix = NDArray[np.float32]

RESAMPLES = 200
ENOUGH = 1.0  # standard errors of a gain from which it is believed


@dataclass(frozen=True)
class Comparison:
    """Micro-AP before and after, and the standard error of the difference."""

    before: float
    after: float
    error: float

    @property
    def gain(self) -> float:
        """After minus before."""
        return self.after - self.before

    @property
    def beyond_noise(self) -> bool:
        """Whether the gain is to be believed."""
        return self.gain > ENOUGH * self.error


@dataclass(frozen=True)
class Resampled:
    """Micro-AP of each model: as it is (models,), and in each resample of the families (resamples, models)."""

    values: NDArray[np.float64]
    resamples: NDArray[np.float64]

    def against(self, first: int, second: int) -> Comparison:
        """The second model against the first, in the same resamples."""
        difference = self.resamples[:, second] - self.resamples[:, first]
        return Comparison(float(self.values[first]), float(self.values[second]), float(np.nanstd(difference)))


def compare(truth: sparse.csr_array, scores: Iterable[Matrix], family: NDArray[np.int64], seed: int) -> Resampled:
    """Micro-AP of several models on the same genes, with the same resamples for all.

    Parameters
    ----------
    truth : (genes, terms).
    scores : of each model, (genes, terms).
    family : (genes,).
    seed : of the resamples.
    """
    weights, dense = resample(family, RESAMPLES, seed), truth.toarray()
    values = np.stack([micro_ap_resampled(dense, model, weights) for model in scores], axis=1)
    return Resampled(values[0], values[1:])
