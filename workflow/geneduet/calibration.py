"""Scores to probabilities that obey the hierarchy.

A calibrated score is the probability that the term is recorded for the gene, given that the gene is annotated in the
aspect. Its log odds are a rising bent line in the raw score's logit plus a multiple of the logit of the term's prior
(Platt 1999, with more than one slope: how far boosted trees draw probabilities to the middle changes along the way, see
Niculescu-Mizil and Caruana 2005, ICML), fitted on pairs of genes that the scoring model had not seen, pooled over terms
of like information content, so that rare terms borrow from each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import minimize
from scipy.special import expit

Matrix = NDArray[np.float32]

GROUPS = 4  # of terms, by quantile of their frequency, and so of information content
BINS = 128  # of the raw score's logit, in which pairs are counted before fitting
LOWEST, HIGHEST = -9.0, 9.0  # logits beyond which scores are taken as equal: squared error may leave the unit interval
# between them the map is a line; one set was tried, on E. coli, P, cross-validated, against a straight line
KNOTS = np.array([LOWEST, -4.0, -2.5, -1.5, -0.5, 0.5, HIGHEST])
ITERATIONS, RIDGE = 25, 1.0
PRECISION = {"maxiter": 1000, "ftol": 1e-12, "gtol": 1e-4}  # of the bent line's fit
BELIEVED = 2.0  # standard errors above 0 from which a score is taken to tell more than the prior
PRIOR_ALONE = np.append(np.zeros(len(KNOTS)), 1.0)  # the coefficients of a score that tells nothing


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
    """Bent lines from the logits of raw scores to log odds, one a group of terms.

    Parameters
    ----------
    coefficients : (GROUPS, KNOTS + 1): height of the line at each knot, never falling, and slope on the prior's logit.
    group : (terms,), of each term.
    prior : (terms,), logit of each term's share among the fitted genes.
    """

    coefficients: NDArray[np.float64]
    group: NDArray[np.int64]
    prior: NDArray[np.float32]

    def apply(self, scores: Matrix) -> Matrix:
        """Probabilities, shape as given: (genes, terms)."""
        odds = logit(scores)
        for number, row in enumerate(self.coefficients):
            columns = self.group == number
            odds[:, columns] = np.interp(odds[:, columns], KNOTS, row[:-1]) + row[-1] * self.prior[columns]
        return np.asarray(1 / (1 + np.exp(-odds)), np.float32)


def fit(scores: Matrix, positive: sparse.csr_array) -> Calibrator:
    """Fit a calibrator to genes that the scoring model had not seen.

    A group of terms in which the scores have not proved to tell more than the prior has the prior alone. They have
    where the slope of a straight line is more than BELIEVED standard errors above 0, a gene counting as one
    observation, because its terms are not independent (sandwich estimator: Huber 1967; Liang and Zeger 1986,
    Biometrika 73:13).

    Parameters
    ----------
    scores, positive : (genes, terms), raw scores and labels.
    """
    counts = count(scores, positive)
    # half a gene more on either side keeps the prior of a term without positives finite
    share = (counts.positives.sum(axis=1) + 0.5) / (counts.pairs.sum(axis=1) + 1.0)
    prior = logit(share)
    group = _groups(prior)
    odds, label = logit(scores), positive.toarray()
    rows = np.tile(PRIOR_ALONE, (GROUPS, 1))
    for number in range(GROUPS):
        own = group == number
        observed = _observed(Counts(counts.pairs[own], counts.positives[own]), prior[own])
        if not observed.hit.sum():
            continue  # nothing to learn from
        line = _logistic(np.column_stack([np.ones(len(observed.hit)), observed.odds, observed.prior]), observed)
        if line[1] > BELIEVED * _slope_error(line, odds[:, own], prior[own], label[:, own]):
            rows[number] = _bend(line, observed)
    return Calibrator(rows, group, prior)


@dataclass(frozen=True)
class _Observed:
    """Pairs of one term and score bin a row: logits of the bin and of the prior, how many pairs, how many positive."""

    odds: NDArray[np.float64]
    prior: NDArray[np.float32]
    total: NDArray[np.float64]
    hit: NDArray[np.float64]


def _observed(counts: Counts, prior: NDArray[np.float32]) -> _Observed:
    center = LOWEST + (np.arange(BINS) + 0.5) * (HIGHEST - LOWEST) / BINS
    term, bin_ = np.nonzero(counts.pairs)
    return _Observed(center[bin_], prior[term], counts.pairs[term, bin_], counts.positives[term, bin_])


def _bend(line: NDArray[np.float64], observed: _Observed) -> NDArray[np.float64]:
    """A line of a slope for each piece between knots, none below 0, drawn toward the straight one where pairs are few.

    Parameters
    ----------
    line : intercept, slope, slope on the prior, of the straight line.

    Returns
    -------
    Coefficients of `Calibrator`.
    """
    lengths = np.diff(KNOTS)
    pieces = np.clip(observed.odds[:, None] - KNOTS[:-1], 0, lengths)
    design = np.column_stack([np.ones(len(pieces)), pieces, observed.prior])
    # the straight line in these terms begins at the lowest knot
    straight = np.concatenate([[line[0] + line[1] * LOWEST], np.repeat(line[1], len(lengths)), [line[2]]])

    def loss(beta: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        odds, away = design @ beta, beta - straight
        error = observed.total @ np.logaddexp(0, odds) - observed.hit @ odds
        slope = design.T @ (observed.total * expit(odds) - observed.hit)
        return error + RIDGE / 2 * (away @ away), slope + RIDGE * away

    rising = [(None, None), *[(0.0, None)] * len(lengths), (None, None)]
    found = minimize(loss, straight, jac=True, method="L-BFGS-B", bounds=rising, options=PRECISION).x
    return np.append(found[0] + np.append(0.0, np.cumsum(found[1:-1] * lengths)), found[-1])


def _groups(prior: NDArray[np.float32]) -> NDArray[np.int64]:
    """Terms of like frequency together: GROUPS quantiles, the most frequent first."""
    if not len(prior):
        return np.zeros(0, np.int64)
    return np.searchsorted(np.quantile(-prior, np.arange(1, GROUPS) / GROUPS), -prior).astype(np.int64)


def _logistic(design: NDArray[np.float64], observed: _Observed) -> NDArray[np.float64]:
    """Logistic regression on counts by Newton's method, a weak ridge keeping it finite."""
    origin = np.eye(design.shape[1])[-1]  # the prior alone
    beta = origin.copy()
    for _ in range(ITERATIONS):
        p = expit(design @ beta)
        weight = observed.total * p * (1 - p)
        hessian = (design * weight[:, None]).T @ design + RIDGE * np.eye(len(beta))
        step = np.linalg.solve(hessian, design.T @ (observed.hit - observed.total * p) - RIDGE * (beta - origin))
        beta += np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-6:
            break
    return beta


def _slope_error(
    line: NDArray[np.float64], odds: Matrix, prior: NDArray[np.float32], label: NDArray[np.bool_]
) -> float:
    """Standard error of the slope of a logistic line, with genes as clusters.

    Parameters
    ----------
    line : intercept, slope, slope on the prior.
    odds, label : (genes, terms); prior : (terms,).
    """
    design = [np.ones_like(odds), odds, np.broadcast_to(prior, odds.shape)]
    probability = 1 / (1 + np.exp(-(line[0] + np.float32(line[1]) * odds + np.float32(line[2]) * prior)))
    residual, weight = label - probability, probability * (1 - probability)
    by_gene = np.column_stack([(residual * part).sum(axis=1, dtype=np.float64) for part in design])
    hessian = np.array([[(weight * a * b).sum(dtype=np.float64) for b in design] for a in design])
    inverse = np.linalg.inv(hessian + RIDGE * np.eye(len(design)))
    return float(np.sqrt((inverse @ by_gene.T @ by_gene @ inverse)[1, 1]))


def out_of_fold(by_fold: Sequence[Matrix], annotated: NDArray[np.bool_], fold: NDArray[np.int64]) -> Matrix:
    """One score for each gene: a labelled gene's from the model that had not seen it, any other's the mean of all."""
    scores: Matrix | None = None
    for k, own in enumerate(by_fold):
        scores = np.zeros_like(own) if scores is None else scores
        rows = annotated & (fold == k)
        scores[rows] = own[rows]
        scores[~annotated] += own[~annotated] / np.float32(len(by_fold))
    assert scores is not None
    return scores
