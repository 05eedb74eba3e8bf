"""The score from which a prediction is worth reading, and what to expect above it."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geneduet.evaluation.counting import divide, from_right, sums
from geneduet.evaluation.judgement import Judged
from geneduet.evaluation.protein_centric import THRESHOLDS, Predicted, ThresholdStatistics
from geneduet.evaluation.ranking import CONTENT_BINS

Floats = NDArray[np.float64]
Scores = NDArray[np.float32]

THRESHOLD_COLUMNS = (
    "aspect", "bits_from", "bits_to", "terms", "threshold", "expected_precision", "expected_recall", "pairs",
)  # fmt: skip


def recommended_thresholds(metrics: pd.DataFrame) -> dict[str, float]:
    """The score from which a prediction is worth reading, by aspect: where the out-of-fold Fmax is reached.

    Parameters
    ----------
    metrics : rows of `judgement.evaluate`, cross-validation among them.
    """
    rows = metrics.query("model == 'final' and metric == 'fmax_threshold' and split == 'cross_validation'")
    found = rows[rows["gene_set"] == "all"].dropna(subset=["value"])
    return dict(zip(found["aspect"], found["value"].astype(float), strict=True))


def of_aspects(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of a table of thresholds that are of all terms of an aspect, by aspect."""
    return table[(table["bits_from"] == 0) & (table["bits_to"] == np.inf)].set_index("aspect")


def threshold_table(scores: Scores, judged: Judged, aspect: str, recommended: float) -> pd.DataFrame:
    """The recommended threshold of the aspect, and one for each range of information content, with what to expect.

    In a range the threshold is that of the best F1 over pairs, which rare terms need lower than frequent ones. Expected
    precision and recall, over pairs, are measured out of fold: pairs of each fold at the threshold that is best for the
    genes of the others, by the same measure as the recommended one.

    Parameters
    ----------
    scores : (genes, terms), out-of-fold.
    recommended : threshold of the aspect, as `recommended_thresholds` gives it.

    Returns
    -------
    THRESHOLD_COLUMNS; the first row is of all terms (bits from 0 to infinity); `pairs` are those at the threshold or
    above; no row for a range without a positive pair.
    """
    own = judged.scores(scores)
    rows = []
    for place, (low, high) in enumerate([(0.0, np.inf), *CONTENT_BINS.values()]):
        chosen = (judged.information_content >= low) & (judged.information_content < high)
        truth = judged.truth[:, chosen]
        if not truth.any():
            continue
        counts = _counts_by_fold(truth, own[:, chosen], judged.fold)
        if place == 0:
            best = int(np.searchsorted(THRESHOLDS, recommended - 1e-9))
            fixed = _fixed_by_fold(judged, own)
        else:
            best = _best(counts.sum(axis=1))
            fixed = [_best(counts.sum(axis=1) - counts[:, k]) for k in range(counts.shape[1])]
        predicted, correct, positive = counts[:, np.arange(len(fixed)), fixed].sum(axis=1)
        found = {"expected_precision": correct / predicted if predicted else np.nan}
        rows.append(
            {"aspect": aspect, "bits_from": low, "bits_to": high, "terms": int(chosen.sum())}
            | {"threshold": THRESHOLDS[best], **found, "expected_recall": correct / positive}
            | {"pairs": int(counts[0, :, best].sum())}
        )
    return pd.DataFrame(rows, columns=list(THRESHOLD_COLUMNS))


def _fixed_by_fold(judged: Judged, scores: Scores) -> list[int]:
    """Place of the threshold of the best protein-centric F of the other folds, for each fold."""
    statistics = ThresholdStatistics.count(judged.truth, Predicted.of(scores), np.ones(judged.truth.shape[1]))
    place, (_, first) = statistics.fixed(judged.fold), np.unique(judged.fold, return_index=True)
    return [int(place[gene]) for gene in first]


def _counts_by_fold(truth: NDArray[np.bool_], scores: Scores, fold: NDArray[np.int64]) -> Floats:
    """Predicted, correct and true pairs of each fold at each threshold: (3, folds, thresholds)."""
    distinct, own = np.unique(fold, return_inverse=True)
    predicted = Predicted.of(scores)
    hit = truth[predicted.gene, predicted.term]
    shape, of_pair = (len(distinct), len(THRESHOLDS) + 1), own[predicted.gene]
    given = from_right(sums(of_pair, predicted.reached, None, shape))[:, 1:]
    correct = from_right(sums(of_pair[hit], predicted.reached[hit], None, shape))[:, 1:]
    true = np.bincount(own, truth.sum(axis=1), len(distinct))
    return np.stack([given, correct, np.repeat(true[:, None], len(THRESHOLDS), axis=1)])


def _best(counts: Floats) -> int:
    """Place of the threshold of the best F1 over pairs.

    Parameters
    ----------
    counts : (3, thresholds): predicted, correct and true pairs.
    """
    predicted, correct, positive = counts
    return int(divide(2 * correct, predicted + positive).argmax())
