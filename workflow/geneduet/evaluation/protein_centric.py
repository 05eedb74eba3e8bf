"""CAFA's protein-centric metrics: precision and recall of each gene at each threshold, by cafaeval's conventions."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geneduet.evaluation.counting import divide, mean, sums

Floats = NDArray[np.float64]
Scores = NDArray[np.float32]

THRESHOLDS: Floats = np.arange(0.01, 1, 0.01)  # CAFA's, as the cafaeval package makes them


@dataclass(frozen=True)
class Predicted:
    """The pairs that reach a threshold, one entry each: gene, term, and how many thresholds the score reaches.

    Most pairs reach none: to leave them out makes all that follows fast.
    """

    gene: NDArray[np.intp]
    term: NDArray[np.intp]
    reached: NDArray[np.intp]

    @classmethod
    def of(cls, scores: Scores) -> "Predicted":
        """Place scores among the thresholds.

        Parameters
        ----------
        scores : (genes, terms), up to 1.

        >>> Predicted.of(np.array([[0.009, 0.015, 0.295, 1.0]], np.float32)).reached.tolist()
        [1, 29, 99]
        """
        pair = np.flatnonzero(scores >= THRESHOLDS[0])
        score = scores.ravel()[pair].astype(np.float64)
        reached = np.clip((score * 100).astype(np.intp), 1, len(THRESHOLDS))
        # thresholds are sums of hundredths and not hundredths: a score on the edge is put right
        reached -= score < THRESHOLDS[reached - 1]
        reached += (reached < len(THRESHOLDS)) & (score >= THRESHOLDS[np.minimum(reached, len(THRESHOLDS) - 1)])
        gene, term = np.divmod(pair, max(scores.shape[1], 1))
        return cls(gene, term, reached)


@dataclass(frozen=True)
class ThresholdStatistics:
    """What each gene is given at each threshold, in number of terms or in bits; cafaeval's conventions.

    Parameters
    ----------
    predicted : (genes, thresholds), of the terms scored at the threshold or above.
    correct : (genes, thresholds), of those that are true.
    truth : (genes,), of all true terms.
    """

    predicted: Floats
    correct: Floats
    truth: Floats

    @classmethod
    def count(cls, truth: NDArray[np.bool_], predicted: Predicted, term_weights: Floats) -> "ThresholdStatistics":
        """Count the predicted pairs.

        Parameters
        ----------
        truth : (genes, terms).
        predicted : of the same genes and terms.
        term_weights : (terms,), ones or bits.

        >>> truth = np.array([[True, True, False]])
        >>> predicted = Predicted.of(np.array([[0.025, 0.015, 0.025]], np.float32))
        >>> one = ThresholdStatistics.count(truth, predicted, np.ones(3))
        >>> one.predicted[0, :3].tolist(), one.correct[0, :3].tolist(), one.truth.tolist()
        ([3.0, 2.0, 0.0], [2.0, 1.0, 0.0], [2.0])
        """
        bits, hit = term_weights[predicted.term], truth[predicted.gene, predicted.term]
        return cls(
            predicted=_at_or_above(predicted.gene, predicted.reached, bits, len(truth)),
            correct=_at_or_above(predicted.gene[hit], predicted.reached[hit], bits[hit], len(truth)),
            truth=truth @ term_weights,
        )

    def covered(self, weights: Floats) -> Floats:
        """Share of the genes with a prediction: (rows, thresholds)."""
        return mean(self.predicted > 0, weights)

    def precision(self, weights: Floats) -> Floats:
        """Mean over the genes with a prediction at the threshold, 0 where there are none: (rows, thresholds)."""
        return divide(mean(divide(self.correct, self.predicted), weights), self.covered(weights))

    def recall(self, weights: Floats) -> Floats:
        """Mean over all genes: (rows, thresholds)."""
        return mean(divide(self.correct, np.broadcast_to(self.truth[:, None], self.correct.shape)), weights)

    def f_measure(self, weights: Floats) -> Floats:
        """Harmonic mean of precision and recall: (rows, thresholds).

        Rounded at the twelfth decimal, so that equal thresholds stay equal whatever the order of summation.
        """
        precision, recall = self.precision(weights), self.recall(weights)
        return divide(2 * precision * recall, precision + recall).round(12)

    def least_distance(self, weights: Floats, allowed: NDArray[np.bool_]) -> Floats:
        """Least distance to 0 of mean remaining uncertainty and misinformation over the allowed thresholds: (rows,).

        A model that predicts nothing at any threshold leaves all uncertainty.
        """
        uncertainty = mean(self.truth[:, None] - self.correct, weights)
        misinformation = mean(self.predicted - self.correct, weights)
        least: Floats = np.where(allowed, np.hypot(uncertainty, misinformation), np.inf).min(axis=1)
        return np.where(allowed.any(axis=1), least, mean(self.truth[:, None], weights)[:, 0])

    def fixed(self, fold: NDArray[np.int64]) -> NDArray[np.intp]:
        """Place of the threshold that is best for the genes of the other folds: (genes,)."""
        distinct, own = np.unique(fold, return_inverse=True)
        others = (fold[None, :] != distinct[:, None]).astype(np.float64)
        if len(distinct) < 2:
            others[:] = 1.0  # one fold: nothing else to choose by
        return np.asarray(self.f_measure(others).argmax(axis=1)[own])

    def f_measure_at(self, place: NDArray[np.intp], weights: Floats) -> Floats:
        """F of genes that have a threshold each: (rows,).

        Parameters
        ----------
        place : (genes,), of each gene's threshold.
        """
        gene = np.arange(len(place))
        predicted, correct = self.predicted[gene, place], self.correct[gene, place]
        given = mean((predicted > 0)[:, None], weights)
        precision = divide(mean(divide(correct, predicted)[:, None], weights), given)
        recall = mean(divide(correct, self.truth)[:, None], weights)
        return divide(2 * precision * recall, precision + recall)[:, 0]


def _at_or_above(gene: NDArray[np.intp], reached: NDArray[np.intp], bits: Floats, genes: int) -> Floats:
    """What a gene is given at each threshold or above: (genes, thresholds).

    Stored by threshold, so that the running sum adds whole rows, which is ten times as fast as `cumsum`.
    """
    found = sums(reached, gene, bits, (len(THRESHOLDS) + 1, genes))
    for place in range(len(THRESHOLDS) - 1, -1, -1):
        found[place] += found[place + 1]
    return found[1:].T


def cafa_metrics(truth: NDArray[np.bool_], scores: Scores, accretion: Floats) -> dict[str, float]:
    """Fmax, weighted Fmax and Smin of the data as they are: what the cafaeval package gives.

    Parameters
    ----------
    truth, scores : (genes, terms).
    accretion : (terms,), bits.
    """
    predicted, once = Predicted.of(scores), np.ones((1, len(truth)))
    plain = ThresholdStatistics.count(truth, predicted, np.ones(len(accretion)))
    weighted = ThresholdStatistics.count(truth, predicted, accretion)
    return {
        "fmax": float(plain.f_measure(once).max()),
        "weighted_fmax": float(weighted.f_measure(once).max()),
        "smin": float(weighted.least_distance(once, plain.covered(once) > 0)[0]),
    }
