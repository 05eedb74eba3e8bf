"""Scores to probabilities that obey the hierarchy.

A calibrated score is the probability that the term is recorded for the gene, given that the gene is annotated in the
aspect. It is logistic in the raw score's logit (Platt 1999) and in that of the term's prior, fitted on pairs of genes
that the scoring model had not seen, pooled over terms of like information content, so that rare terms borrow from each
other.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Matrix = NDArray[np.float32]

GROUPS = 4  # of terms, by quantile of their frequency, and so of information content
BINS = 128  # of the raw score's logit, in which pairs are counted before fitting
LOWEST, HIGHEST = -9.0, 9.0  # logits beyond which scores are taken as equal: squared error may leave the unit interval
ITERATIONS, RIDGE = 25, 1.0
BELIEVED = 2.0  # standard errors above 0 from which a score is taken to tell more than the prior
PRIOR_ALONE = (0.0, 0.0, 1.0)  # the coefficients of a score that tells nothing


def logit(probability: NDArray[np.floating]) -> NDArray[np.float32]:
    """Log odds, limited to LOWEST and HIGHEST.

    >>> logit(np.array([0.5, 0.0])).tolist()
    [0.0, -9.0]
    """
    low, high = 1 / (1 + np.exp(-LOWEST)), 1 / (1 + np.exp(-HIGHEST))
    inside = np.clip(probability, low, high)
    return np.asarray(np.clip(np.log(inside) - np.log1p(-inside), LOWEST, HIGHEST), np.float32)


def consistent(scores: Matrix, ancestors: sparse.csr_array) -> Matrix:
    """Scores in which no term exceeds an ancestor of its.

    The mean of two consistent versions: each term raised to its best descendant, and lowered to its worst ancestor, so
    that neither the parents nor the children have the last word; the ways to reconcile are compared by Obozinski et al.
    2008, Genome Biol 9:S6.

    Parameters
    ----------
    scores : (genes, terms).
    ancestors : (terms, terms), row = term, columns = its ancestors and itself.

    >>> consistent(np.array([[0.2, 0.6]], np.float32), sparse.csr_array([[1, 0], [1, 1]])).round(2).tolist()
    [[0.4000000059604645, 0.4000000059604645]]
    """
    columns = np.ascontiguousarray(scores.T)  # one row a term: each step then runs over neighbouring cells
    raised, lowered = columns.copy(), columns.copy()
    child = np.repeat(np.arange(ancestors.shape[0]), np.diff(ancestors.indptr))
    for below, above in zip(child, ancestors.indices, strict=True):
        if below != above:
            np.maximum(raised[above], columns[below], out=raised[above])
            np.minimum(lowered[below], columns[above], out=lowered[below])
    return np.ascontiguousarray(((raised + lowered) / 2).T)


@dataclass(frozen=True)
class Counts:
    """Pairs by term and score bin: all of them, and the positive ones; each (terms, BINS)."""

    pairs: NDArray[np.float64]
    positives: NDArray[np.float64]


def count(scores: Matrix, positive: sparse.csr_array) -> Counts:
    """Count pairs for fitting.

    Parameters
    ----------
    scores : (genes, terms), raw and out-of-fold; every gene counts.
    positive : (genes, terms).
    """
    terms = scores.shape[1]
    step = (HIGHEST - LOWEST) / BINS
    bins = np.minimum(((logit(scores) - LOWEST) / step).astype(np.int64), BINS - 1)
    cell = np.arange(terms) * BINS + bins
    shape, size = (terms, BINS), terms * BINS
    pairs = np.bincount(cell.ravel(), minlength=size).reshape(shape)
    row, column = positive.nonzero()
    positives = np.bincount(cell[row, column], minlength=size).reshape(shape)
    return Counts(pairs.astype(np.float64), positives.astype(np.float64))


@dataclass(frozen=True)
class Calibrator:
    """Logistic maps from raw scores to probabilities, one a group of terms.

    Parameters
    ----------
    coefficients : (GROUPS, 3): intercept, slope on the score's logit (never negative), slope on the prior's logit.
    group : (terms,), of each term.
    prior : (terms,), logit of each term's share among the fitted genes.
    """

    coefficients: NDArray[np.float64]
    group: NDArray[np.int64]
    prior: NDArray[np.float32]

    def apply(self, scores: Matrix) -> Matrix:
        """Probabilities, shape as given: (genes, terms)."""
        intercept, slope, prior_slope = self.coefficients[self.group].T.astype(np.float32)
        odds = logit(scores) * slope + (intercept + prior_slope * self.prior)
        return np.asarray(1 / (1 + np.exp(-odds)), np.float32)


def fit(scores: Matrix, positive: sparse.csr_array) -> Calibrator:
    """Fit a calibrator to genes that the scoring model had not seen.

    Parameters
    ----------
    scores, positive : (genes, terms), raw scores and labels.
    """
    counts = count(scores, positive)
    pairs, positives = counts.pairs, counts.positives
    # half a gene more on either side keeps the prior of a term without positives finite
    share = (positives.sum(axis=1) + 0.5) / (pairs.sum(axis=1) + 1.0)
    prior = logit(share)
    group = _groups(prior)
    rows = [
        _fit_group(pairs[group == number], positives[group == number], prior[group == number])
        for number in range(GROUPS)
    ]
    return trust(Calibrator(np.array(rows), group, prior), scores, positive)


def _groups(prior: NDArray[np.float32]) -> NDArray[np.int64]:
    """Terms of like frequency together: GROUPS quantiles, the most frequent first."""
    if not len(prior):
        return np.zeros(0, np.int64)
    return np.searchsorted(np.quantile(-prior, np.arange(1, GROUPS) / GROUPS), -prior).astype(np.int64)


def _fit_group(
    pairs: NDArray[np.float64], positives: NDArray[np.float64], prior: NDArray[np.float32]
) -> tuple[float, float, float]:
    if not positives.sum():
        return PRIOR_ALONE  # nothing to learn from
    center = LOWEST + (np.arange(BINS) + 0.5) * (HIGHEST - LOWEST) / BINS
    term, bin_ = np.nonzero(pairs)
    design = np.column_stack([np.ones(len(term)), center[bin_], prior[term]])
    total, hit = pairs[term, bin_], positives[term, bin_]
    found = _logistic(design, total, hit)
    if found[1] >= 0:
        return float(found[0]), float(found[1]), float(found[2])
    return PRIOR_ALONE  # a score that ranks backwards tells nothing


def _logistic(design: NDArray[np.float64], total: NDArray[np.float64], hit: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logistic regression on counts by Newton's method, a weak ridge keeping it finite."""
    beta = np.zeros(design.shape[1])
    beta[-1] = 1.0  # begin at the prior
    for _ in range(ITERATIONS):
        p = 1 / (1 + np.exp(-np.clip(design @ beta, -30, 30)))
        weight = total * p * (1 - p)
        hessian = (design * weight[:, None]).T @ design + RIDGE * np.eye(len(beta))
        step = np.linalg.solve(hessian, design.T @ (hit - total * p) - RIDGE * (beta - np.eye(len(beta))[-1]))
        beta += np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-6:
            break
    return beta


def trust(calibrator: Calibrator, scores: Matrix, positive: sparse.csr_array) -> Calibrator:
    """The calibrator with the prior alone in every group of terms in which the scores have not proved to tell more.

    They have where the slope is more than BELIEVED standard errors above 0, a gene counting as one observation,
    because its terms are not independent (sandwich estimator: Huber 1967; Liang and Zeger 1986, Biometrika 73:13).

    Parameters
    ----------
    scores, positive : (genes, terms), those that the calibrator was fitted to.
    """
    coefficients = calibrator.coefficients.copy()
    probability, odds, label = calibrator.apply(scores), logit(scores), positive.toarray()
    for number, (_, slope, _) in enumerate(calibrator.coefficients):
        columns = calibrator.group == number
        design = [
            np.ones_like(odds[:, columns]),
            odds[:, columns],
            np.broadcast_to(calibrator.prior[columns], odds[:, columns].shape),
        ]
        if slope <= BELIEVED * _slope_error(design, label[:, columns], probability[:, columns]):
            coefficients[number] = PRIOR_ALONE
    return Calibrator(coefficients, calibrator.group, calibrator.prior)


def _slope_error(design: Sequence[Matrix], label: NDArray[np.bool_], probability: Matrix) -> float:
    """Standard error of the second coefficient of a logistic fit, with genes as clusters; arrays are (genes, terms)."""
    residual, weight = label - probability, probability * (1 - probability)
    by_gene = np.column_stack([(residual * part).sum(axis=1, dtype=np.float64) for part in design])
    hessian = np.array([[(weight * a * b).sum(dtype=np.float64) for b in design] for a in design])
    inverse = np.linalg.inv(hessian + RIDGE * np.eye(len(design)))
    return float(np.sqrt((inverse @ by_gene.T @ by_gene @ inverse)[1, 1]))


def out_of_fold(by_fold: Sequence[Matrix], annotated: NDArray[np.bool_], fold: NDArray[np.int64]) -> Matrix:
    """One score for each gene: a labelled gene's from the model that had not seen it, any other's the mean of all."""
    scores: Matrix = np.asarray(np.mean(by_fold, axis=0, dtype=np.float32))
    for k, own in enumerate(by_fold):
        rows = annotated & (fold == k)
        scores[rows] = own[rows]
    return scores
