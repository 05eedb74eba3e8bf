"""Calibration of the scores that matter: whether of those scored 0.3 three in ten are right."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from geneduet.evaluation.counting import divide, equal_mass, sums

Floats = NDArray[np.float64]
Scores = NDArray[np.float32]

CALIBRATED_FROM = 0.05  # calibration looks at the pairs scored this or more: over all pairs a constant 0 looks good
RELIABILITY_BINS = 15
SLOPE_BINS = 200


def calibration(
    truth: NDArray[np.bool_], scores: Scores, weights: Floats, naive: Scores | None = None
) -> dict[str, Floats]:
    """Whether a score of 0.3 is right three times in ten, on the pairs scored 0.05 or more.

    - `ece`: mean distance of score and observed share in 15 bins of equal mass (Naeini et al. 2015, AAAI).
    - `calibration_slope`: slope of the logistic regression of label on logit of the score; 1 is right, less is
      overconfident (Cox 1958, Biometrika 45:562).
    - `brier_skill`: 1 - squared error / squared error of naive on the same pairs (given `naive` only). These are the
      pairs that the model itself scores so high: each model has its own, so it tells of a model and ranks none.

    Parameters
    ----------
    truth, scores, naive : (genes, terms).
    weights : (rows, genes), the first row all ones; its slope is that of the unbinned pairs.

    Returns
    -------
    Metric -> (rows,), NaN without such a pair.
    """
    pair, row, label = calibrated_pairs(truth, scores)
    score = scores.ravel()[pair].astype(np.float64)
    found = {"ece": _ece(row, label, score, weights), "calibration_slope": _slope(row, label, score, weights)}
    if naive is not None:
        own, reference = (
            weights @ np.bincount(row, (guess - label) ** 2, len(truth)) for guess in (score, naive.ravel()[pair])
        )
        found["brier_skill"] = 1 - divide(own, reference, otherwise=np.nan)
    return found


def above_threshold(truth: NDArray[np.bool_], scores: Scores, weights: Floats, threshold: Floats) -> dict[str, Floats]:
    """Mean score, and observed share of positives, of the pairs scored at a threshold or more: equal if calibrated.

    Parameters
    ----------
    threshold : (genes,), of each gene.

    Returns
    -------
    Metric -> (rows,), NaN without such a pair.
    """
    pair = np.flatnonzero(scores >= threshold[:, None])
    gene = pair // max(truth.shape[1], 1)
    number = weights @ np.bincount(gene, minlength=len(truth)).astype(np.float64)
    by_gene = {
        "above_threshold_score": np.bincount(gene, scores.ravel()[pair], len(truth)),
        "above_threshold_precision": np.bincount(gene, truth.ravel()[pair], len(truth)),
    }
    return {name: divide(weights @ own, number, otherwise=np.nan) for name, own in by_gene.items()}


def calibrated_pairs(
    truth: NDArray[np.bool_], scores: Scores
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """Flat place, gene and label of the pairs that calibration looks at."""
    pair = np.flatnonzero(scores >= CALIBRATED_FROM)
    return pair, pair // max(truth.shape[1], 1), truth.ravel()[pair].astype(np.float64)


def _ece(row: NDArray[np.intp], label: Floats, score: Floats, weights: Floats) -> Floats:
    shape = (weights.shape[1], RELIABILITY_BINS)
    excess = np.abs(weights @ sums(row, equal_mass(score, RELIABILITY_BINS), label - score, shape)).sum(axis=1)
    return divide(excess, weights @ np.bincount(row, minlength=shape[0]).astype(np.float64), otherwise=np.nan)


def _slope(row: NDArray[np.intp], label: Floats, score: Floats, weights: Floats) -> Floats:
    if not len(score):
        return np.full(len(weights), np.nan)
    x = logit(np.clip(score, None, 1 - 1e-6))
    bins = equal_mass(x, SLOPE_BINS)
    shape = (weights.shape[1], SLOPE_BINS)
    centre = divide(sums(row, bins, x, shape).sum(axis=0), sums(row, bins, None, shape).sum(axis=0))
    pairs, positives = (weights[1:] @ sums(row, bins, values, shape) for values in (None, label))
    exact = logistic_slope(x, np.ones((1, len(x))), label[None, :])
    return np.append(exact, logistic_slope(centre, pairs, positives))


def logistic_slope(x: Floats, number: Floats, positives: Floats, steps: int = 100) -> Floats:
    """Slope of the logistic regression (with intercept) of grouped labels on x, by Newton's method from slope 0.

    Parameters
    ----------
    x : (groups,).
    number, positives : (rows, groups), labels and positive labels of each group; a regression a row.

    Returns
    -------
    (rows,), NaN where the regression has no solution: one label only, one x only, or labels that x parts exactly.

    >>> odds = np.array([0.2, 0.5, 0.8])
    >>> logistic_slope(logit(odds), np.full((1, 3), 10.0), 10 * odds[None, :]).round(6).tolist()
    [1.0]
    """
    intercept, slope, moved = np.zeros(len(number)), np.zeros(len(number)), np.full(len(number), np.inf)
    with np.errstate(all="ignore"):  # a row without a solution runs off to infinity, and is NaN in the end
        for _ in range(steps):
            expected = expit(intercept[:, None] + slope[:, None] * x)
            residual, spread = positives - number * expected, number * expected * (1 - expected)
            a, b, c = spread.sum(axis=1), spread @ x, spread @ x**2
            up, along = residual.sum(axis=1), residual @ x
            determinant = a * c - b * b
            determinant[determinant < 1e-12 * a * c] = np.nan  # one x only
            # a full step may overshoot and never come back
            move = [np.clip(step / determinant, -1, 1) for step in (c * up - b * along, a * along - b * up)]
            intercept, slope, moved = intercept + move[0], slope + move[1], np.abs(move).max(axis=0)
            if np.all(moved < 1e-9):
                break
    return np.where(moved < 1e-6, slope, np.nan)
