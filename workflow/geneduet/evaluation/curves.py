"""Tables that the figures draw: precision and recall, reliability, coverage, and ranking by information content."""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geneduet.evaluation.counting import equal_mass
from geneduet.evaluation.judgement import Judged
from geneduet.evaluation.protein_centric import THRESHOLDS, Predicted, ThresholdStatistics
from geneduet.evaluation.ranking import CONTENT_BINS, micro_ap
from geneduet.evaluation.reliability import RELIABILITY_BINS, calibrated_pairs

Scores = NDArray[np.float32]

PRECISION_RECALL_COLUMNS = ("aspect", "model", "threshold", "precision", "recall", "fmax")
RELIABILITY_COLUMNS = ("aspect", "model", "bin", "pairs", "mean_score", "observed")
COVERAGE_COLUMNS = ("aspect", "model", "threshold", "coverage", "mean_terms")
CONTENT_COLUMNS = ("aspect", "model", "bin", "n_terms", "n_positives", "micro_ap", "term_ap")
BIN_NAMES = {name: f"{low}-{high}" if np.isfinite(high) else f"{low}+" for name, (low, high) in CONTENT_BINS.items()}


def precision_recall_table(scores: Mapping[str, Scores], judged: Judged, aspect: str) -> pd.DataFrame:
    """Protein-centric precision and recall of each model at each threshold that leaves a prediction.

    Parameters
    ----------
    scores : model -> (genes, terms), of all genes.

    Returns
    -------
    aspect, model, threshold, precision, recall, and fmax: true at the threshold of the Fmax.
    """
    return _table(_precision_recall, scores, judged, aspect, PRECISION_RECALL_COLUMNS)


def _precision_recall(judged: Judged, scores: Scores) -> pd.DataFrame:
    statistics, weights = _statistics(judged, scores), np.ones((1, len(judged.truth)))
    curve = {
        "threshold": THRESHOLDS,
        "precision": statistics.precision(weights)[0],
        "recall": statistics.recall(weights)[0],
        "fmax": np.arange(len(THRESHOLDS)) == statistics.f_measure(weights)[0].argmax(),
    }
    return pd.DataFrame(curve).loc[statistics.covered(weights)[0] > 0]


def reliability_table(scores: Mapping[str, Scores], judged: Judged, aspect: str) -> pd.DataFrame:
    """Mean score and observed share of positives of each model, in 15 equal-mass bins of the pairs scored 0.05 or more.

    Parameters
    ----------
    scores : model -> (genes, terms), of all genes.

    Returns
    -------
    aspect, model, bin, pairs, mean_score, observed.
    """
    return _table(_reliability, scores, judged, aspect, RELIABILITY_COLUMNS)


def _reliability(judged: Judged, scores: Scores) -> pd.DataFrame:
    pair, _, label = calibrated_pairs(judged.truth, scores)
    score = scores.ravel()[pair].astype(np.float64)
    grouped = pd.DataFrame({"mean_score": score, "observed": label}).groupby(equal_mass(score, RELIABILITY_BINS))
    return grouped.mean().assign(pairs=grouped.size()).rename_axis("bin").reset_index()


def coverage_table(scores: Mapping[str, Scores], judged: Judged, aspect: str) -> pd.DataFrame:
    """Share of the judged genes with a prediction, and how many predictions a gene has, at each threshold.

    Parameters
    ----------
    scores : model -> (genes, terms), of all genes.

    Returns
    -------
    aspect, model, threshold, coverage, mean_terms: predicted terms a gene, genes without any included.
    """
    return _table(_coverage, scores, judged, aspect, COVERAGE_COLUMNS)


def _coverage(judged: Judged, scores: Scores) -> pd.DataFrame:
    statistics = _statistics(judged, scores)
    covered = statistics.covered(np.ones((1, len(judged.truth))))[0]
    return pd.DataFrame({"threshold": THRESHOLDS, "coverage": covered, "mean_terms": statistics.predicted.mean(axis=0)})


def by_information_content(scores: Mapping[str, Scores], judged: Judged, aspect: str) -> pd.DataFrame:
    """Average precision of each model over the terms of each range of information content.

    Micro-AP of a range ranks its pairs among themselves. A range has its own share of positives, which is what a model
    that knows nothing scores: compare models within a range, not ranges.

    Parameters
    ----------
    scores : model -> (genes, terms), of all genes.

    Returns
    -------
    aspect, model, bin (bits: 0-2, 2-4, 4-6, 6+; the lower end is part of it), n_terms, n_positives (pairs), micro_ap,
    and term_ap: mean over the terms that have both a positive and a negative gene. No row for a range without a
    positive.
    """
    return _table(_by_content, scores, judged, aspect, CONTENT_COLUMNS)


def _by_content(judged: Judged, scores: Scores) -> pd.DataFrame:
    rows = []
    for name, (low, high) in CONTENT_BINS.items():
        terms = (judged.information_content >= low) & (judged.information_content < high)
        truth, own = judged.truth[:, terms], scores[:, terms]
        if not truth.any():
            continue
        ranked = np.flatnonzero(truth.any(axis=0) & ~truth.all(axis=0))
        by_term = [micro_ap(truth[:, term], own[:, term]) for term in ranked]
        counts = {"n_terms": truth.shape[1], "n_positives": int(truth.sum())}
        term_ap = float(np.mean(by_term)) if by_term else np.nan
        rows.append({"bin": BIN_NAMES[name], **counts, "micro_ap": micro_ap(truth, own), "term_ap": term_ap})
    return pd.DataFrame(rows)


def _statistics(judged: Judged, scores: Scores) -> ThresholdStatistics:
    return ThresholdStatistics.count(judged.truth, Predicted.of(scores), np.ones(judged.truth.shape[1]))


def _table(
    of_model: Callable[[Judged, Scores], pd.DataFrame],
    scores: Mapping[str, Scores],
    judged: Judged,
    aspect: str,
    columns: tuple[str, ...],
) -> pd.DataFrame:
    """What `of_model` finds for each model, one below the other; empty without a gene to judge."""
    tables = [
        of_model(judged, judged.scores(matrix)).assign(aspect=aspect, model=model)
        for model, matrix in scores.items()
        if len(judged.truth)
    ]
    filled = [table for table in tables if len(table)]
    return pd.concat(filled, ignore_index=True)[list(columns)] if filled else pd.DataFrame(columns=list(columns))
