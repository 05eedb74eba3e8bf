"""How good the scores are: CAFA's metrics, ranking and calibration, with intervals over homology families.

Every metric is a function of sums over genes, so that a bootstrap is a matrix product: resamples x genes with genes x
statistics. Truth is closed-world here: a pair that is not positive counts as negative. Genes without a true selected
term are not judged, as in CAFA, where such a gene is not in the benchmark. A missing score (NaN) counts as 0.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import expit, logit

from geneduet.scores import SUPERVISED

Floats = NDArray[np.float64]
Scores = NDArray[np.float32]
_Row = Mapping[Any, Any]  # of a table, by column

THRESHOLDS: Floats = np.arange(0.01, 1, 0.01)  # CAFA's, as the cafaeval package makes them
CALIBRATED_FROM = 0.05  # calibration looks at the pairs scored this or more: over all pairs a constant 0 looks good
RELIABILITY_BINS = 15
RANKING_BINS = 1000  # of micro-AP in a resample, which is then within 1/1000 of that of the unbinned scores
SLOPE_BINS = 200
RESAMPLES = 1000
CONFIDENCE = 0.95

COMPARED_WITH_FUSION = ("co_training", "final")
COMPARED = ("micro_ap", "fmax", "weighted_fmax")
ASPECT_NAMES = {"P": "biological process", "F": "molecular function", "C": "cellular component"}

METRICS_COLUMNS = (
    "organism", "aspect", "split", "gene_set", "model", "metric", "value", "ci_low", "ci_high",
    "n_genes", "n_families", "n_terms", "seed", "label_fraction",
)  # fmt: skip
COMPARISONS_COLUMNS = (
    "organism", "aspect", "split", "gene_set", "model", "reference", "metric", "difference", "ci_low", "ci_high",
    "verdict", "seed", "label_fraction",
)  # fmt: skip
PRECISION_RECALL_COLUMNS = ("aspect", "model", "threshold", "precision", "recall", "fmax")
RELIABILITY_COLUMNS = ("aspect", "model", "bin", "pairs", "mean_score", "observed")


@dataclass(frozen=True)
class Setting:
    """What a judgement is of: columns of metrics.tsv and comparisons.tsv that are the same for all its rows.

    Parameters
    ----------
    seed : of the run; the bootstrap uses it too.
    label_fraction : share of the labelled genes that the models learned from.
    """

    organism: str
    aspect: str
    split: str
    gene_set: str = "all"
    seed: int = 1
    label_fraction: float = 1.0


# --- the whole: one organism, aspect and split


def evaluate(
    scores: Mapping[str, Scores],
    truth: sparse.csr_array,
    judged: NDArray[np.bool_],
    families: NDArray[np.int64],
    accretion: Floats,
    setting: Setting,
    resamples: int = RESAMPLES,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Metrics of each model, and paired differences between models, with percentile bootstrap intervals over families.

    Parameters
    ----------
    scores : model -> (genes, terms).
    truth : (genes, terms), propagated up.
    judged : (genes,), genes to judge; those without a true term are left out.
    families : (genes,), homology family of each gene.
    accretion : (terms,), bits; missing or infinite counts as 0, as in cafaeval.
    resamples : of the bootstrap.

    Returns
    -------
    Rows of evaluation/metrics.tsv and of evaluation/comparisons.tsv; both empty when no gene is left to judge.
    `n_terms` counts all scored terms, also those that no judged gene has.
    """
    judged = _with_truth(truth, judged)
    if not judged.any() or not scores:
        return pd.DataFrame(columns=list(METRICS_COLUMNS)), pd.DataFrame(columns=list(COMPARISONS_COLUMNS))
    known = truth[judged].toarray()
    weights = resample(families[judged], resamples, setting.seed)
    naive = _judged(scores["naive"], judged) if "naive" in scores else None
    values = {
        model: measure(known, _judged(matrix, judged), accretion, weights, naive) for model, matrix in scores.items()
    }
    size = {"n_genes": len(known), "n_families": len(np.unique(families[judged])), "n_terms": known.shape[1]}
    metrics = [
        {**asdict(setting), **size, "model": model, "metric": metric, "value": found[0], **_bounds(found)}
        for model, of_model in values.items()
        for metric, found in of_model.items()
    ]
    comparisons = [
        {**asdict(setting), **compared, **compare(values[compared["model"]], values[compared["reference"]], metric)}
        for compared in _pairs(values)
        for metric in COMPARED
    ]
    return (
        pd.DataFrame(metrics, columns=list(METRICS_COLUMNS)),
        pd.DataFrame(comparisons, columns=list(COMPARISONS_COLUMNS)),
    )


def _with_truth(truth: sparse.csr_array, judged: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return judged & (np.diff(truth.indptr) > 0)


def _judged(scores: Scores, judged: NDArray[np.bool_]) -> Scores:
    return np.nan_to_num(scores[judged], nan=0.0)


def _pairs(values: Mapping[str, Mapping[str, Floats]]) -> Iterator[dict[str, str]]:
    """Each model beside the best supervised one, co-trained ones beside fusion, co-training beside self-training."""
    supervised = {model: float(values[model]["micro_ap"][0]) for model in SUPERVISED if model in values}
    if not supervised:
        return
    best = max(supervised, key=supervised.__getitem__)
    yield from ({"model": model, "reference": best} for model in values if model != best)
    if "fusion" in values and best != "fusion":
        yield from ({"model": model, "reference": "fusion"} for model in COMPARED_WITH_FUSION if model in values)
    if {"co_training", "self_training"} <= values.keys():
        # what the second view adds to a model that teaches itself
        yield {"model": "co_training", "reference": "self_training"}


def compare(model: Mapping[str, Floats], reference: Mapping[str, Floats], metric: str) -> dict[str, str | float]:
    """Paired difference of two models on the same resamples, its interval, and what may be said of it.

    Parameters
    ----------
    model, reference : metric -> (1 + resamples,) as `measure` gives them, from the same weights.
    metric : one of which more is better.

    >>> def around(value): return {"micro_ap": value + np.array([0, -0.01, 0, 0.01])}
    >>> [compare(around(value), around(0.2), "micro_ap")["verdict"] for value in (0.3, 0.2)]
    ['better', 'no difference']
    """
    difference = model[metric] - reference[metric]
    bounds = _bounds(difference)
    verdict = "better" if bounds["ci_low"] > 0 else "worse" if bounds["ci_high"] < 0 else "no difference"
    return {"metric": metric, "difference": float(difference[0]), **bounds, "verdict": verdict}


def headlines(metrics: pd.DataFrame, comparisons: pd.DataFrame, model: str = "co_training") -> list[str]:
    """One honest sentence for each organism, aspect, split and gene set: does a model beat the best supervised one?

    Parameters
    ----------
    metrics, comparisons : rows of `evaluate`, of any number of calls.
    model : the model that is held against the best supervised one, by micro-AP.
    """
    keys = [column for column in METRICS_COLUMNS if column in asdict(Setting("", "", ""))]
    ranked, compared = (table[table["metric"] == "micro_ap"].to_dict("records") for table in (metrics, comparisons))
    return [
        _headline(
            {row["model"]: row for row in ranked if [row[key] for key in keys] == case},
            {(row["model"], row["reference"]): row for row in compared if [row[key] for key in keys] == case},
            model,
        )
        for case in metrics[keys].drop_duplicates().to_numpy().tolist()
    ]


def recommended_thresholds(metrics: pd.DataFrame, model: str = "final") -> dict[str, float]:
    """The score from which a prediction is worth reading, by aspect: where the out-of-fold Fmax is reached.

    Parameters
    ----------
    metrics : rows of `evaluate`, cross-validation among them.
    model : of which the threshold is wanted.
    """
    rows = metrics.query("model == @model and metric == 'fmax_threshold' and split == 'cross_validation'")
    found = rows[rows["gene_set"] == "all"].dropna(subset=["value"])
    return dict(zip(found["aspect"], found["value"].astype(float), strict=True))


def _headline(ranked: Mapping[str, _Row], compared: Mapping[tuple[str, str], _Row], model: str) -> str:
    case = next(iter(ranked.values()))
    opening = (
        f"{case['organism']}, {ASPECT_NAMES.get(case['aspect'], case['aspect'])}, {_spoken(case['split'])}, "
        f"gene set {_spoken(case['gene_set'])} ({case['n_genes']} genes in {case['n_families']} families)"
    )
    supervised = [name for name in SUPERVISED if name in ranked]
    if not supervised:
        return f"{opening}: no supervised model to compare with."
    best = max(supervised, key=lambda name: float(ranked[name]["value"]))
    said = f"{opening}: best supervised model {_spoken(best)}, micro-AP {_with_interval(ranked[best], 'value')}"
    if (model, best) not in compared:
        return f"{said}; {_spoken(model)} was not run."
    found = compared[model, best]
    final = f" Final scores: {_with_interval(ranked['final'], 'value')}." if "final" in ranked else ""
    return (
        f"{said}; {_spoken(model)} {_with_interval(ranked[model], 'value')}; "
        f"difference {_with_interval(found, 'difference', '+.3f')}: {found['verdict']}.{final}"
    )


def _spoken(name: str) -> str:
    return {"co_training": "co-training", "self_training": "self-training", "cross_validation": "cross-validation"}.get(
        name, name.replace("_", " ")
    )


def _with_interval(row: _Row, column: str, form: str = ".3f") -> str:
    low, high = row["ci_low"], row["ci_high"]
    return f"{row[column]:{form}}" + ("" if np.isnan(low) else f" [{low:{form}}, {high:{form}}]")


# --- bootstrap over families


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


def _bounds(values: Floats) -> dict[str, float]:
    low, high = interval(values[1:])
    return {"ci_low": low, "ci_high": high}


# --- the metrics: each under each row of gene weights


def measure(
    truth: NDArray[np.bool_],
    scores: Scores,
    accretion: Floats,
    weights: Floats | None = None,
    naive: Scores | None = None,
) -> dict[str, Floats]:
    """All metrics of one model.

    - `fmax`: the best harmonic mean of protein-centric precision and recall over thresholds; `fmax_threshold`, the
      lowest threshold that reaches it; `coverage`, share of genes with a term scored that high (Radivojac et al. 2013,
      Nature Methods 10:221).
    - `weighted_fmax`, `smin` (bits): the same with terms weighted by information accretion, and the least distance of
      remaining uncertainty and misinformation to 0 (Clark and Radivojac 2013, Bioinformatics 29:i53).
    - `micro_ap`: average precision over all gene-term pairs together.
    - `ece`, `calibration_slope`, `brier_skill`: see `calibration`.

    Parameters
    ----------
    truth, scores : (genes, terms); each gene has a true term, no score is NaN.
    accretion : (terms,), bits.
    weights : (rows, genes), the first row all ones; default: that row only.
    naive : (genes, terms), scores that the Brier skill is measured from; None leaves it out.

    Returns
    -------
    Metric -> (rows,); undefined values are NaN.
    """
    weights = np.ones((1, len(truth))) if weights is None else weights
    bits = np.nan_to_num(accretion, nan=0, posinf=0, neginf=0)
    bins = _digitise(scores, THRESHOLDS)
    plain = ThresholdStatistics.count(truth, bins, np.ones(len(bits)))
    weighted = ThresholdStatistics.count(truth, bins, bits)
    f = plain.f_measure(weights)
    best = f.argmax(axis=1)
    covered = plain.covered(weights)
    any_predicted = covered.max(axis=1) > 0
    ranking = micro_ap_resampled(truth, scores, weights)
    return {
        "fmax": f.max(axis=1),
        "fmax_threshold": np.where(any_predicted, THRESHOLDS[best], np.nan),
        "weighted_fmax": weighted.f_measure(weights).max(axis=1),
        "smin": weighted.least_distance(weights, covered > 0),
        "micro_ap": ranking + (micro_ap(truth, scores) - ranking[0]),  # the bins' small bias is taken off
        "coverage": covered[np.arange(len(best)), best],
        **calibration(truth, scores, weights, naive),
    }


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
    def count(cls, truth: NDArray[np.bool_], bins: NDArray[np.uint16], term_weights: Floats) -> "ThresholdStatistics":
        """Count from the scores' places among the thresholds.

        Parameters
        ----------
        truth : (genes, terms).
        bins : (genes, terms), how many thresholds the score reaches.
        term_weights : (terms,), ones or bits.

        >>> truth, bins = np.array([[True, True, False]]), np.array([[2, 1, 2]], np.uint16)
        >>> one = ThresholdStatistics.count(truth, bins, np.ones(3))
        >>> one.predicted[0, :3].tolist(), one.correct[0, :3].tolist(), one.truth.tolist()
        ([3.0, 2.0, 0.0], [2.0, 1.0, 0.0], [2.0])
        """
        size = len(THRESHOLDS) + 1
        rows, columns = np.nonzero(truth)
        true_bins = _sums(rows, bins[rows, columns], term_weights[columns], (len(truth), size))
        return cls(
            predicted=_from_right(_histogram(bins, size, term_weights))[:, 1:],
            correct=_from_right(true_bins)[:, 1:],
            truth=true_bins.sum(axis=1),
        )

    def covered(self, weights: Floats) -> Floats:
        """Share of the genes with a prediction: (rows, thresholds)."""
        return _mean(self.predicted > 0, weights)

    def precision(self, weights: Floats) -> Floats:
        """Mean over the genes with a prediction at the threshold, 0 where there are none: (rows, thresholds)."""
        return _divide(_mean(_divide(self.correct, self.predicted), weights), self.covered(weights))

    def recall(self, weights: Floats) -> Floats:
        """Mean over all genes: (rows, thresholds)."""
        return _mean(_divide(self.correct, np.broadcast_to(self.truth[:, None], self.correct.shape)), weights)

    def f_measure(self, weights: Floats) -> Floats:
        """Harmonic mean of precision and recall: (rows, thresholds).

        Rounded at the twelfth decimal, so that equal thresholds stay equal whatever the order of summation.
        """
        precision, recall = self.precision(weights), self.recall(weights)
        return _divide(2 * precision * recall, precision + recall).round(12)

    def least_distance(self, weights: Floats, allowed: NDArray[np.bool_]) -> Floats:
        """Least distance to 0 of mean remaining uncertainty and misinformation over the allowed thresholds: (rows,).

        A model that predicts nothing at any threshold leaves all uncertainty.
        """
        uncertainty = _mean(self.truth[:, None] - self.correct, weights)
        misinformation = _mean(self.predicted - self.correct, weights)
        least: Floats = np.where(allowed, np.hypot(uncertainty, misinformation), np.inf).min(axis=1)
        return np.where(allowed.any(axis=1), least, _mean(self.truth[:, None], weights)[:, 0])


def _mean(per_gene: NDArray[np.bool_] | Floats, weights: Floats) -> Floats:
    result: Floats = weights @ per_gene.astype(np.float64, copy=False) / weights.sum(axis=1, keepdims=True)
    return result


def micro_ap(truth: NDArray[np.bool_], scores: Scores) -> float:
    """Average precision over all pairs: the sum over distinct scores of recall gained times precision there.

    As scikit-learn's `average_precision_score`: tied pairs enter together. Only scores of positives gain recall, so
    one sort of the scores is enough.

    Returns
    -------
    NaN without a positive.

    >>> micro_ap(np.array([[True, False, True]]), np.array([[0.9, 0.8, 0.7]], np.float32))  # (1/1 + 2/3) / 2
    0.8333333333333333
    """
    value, gained = np.unique(scores[truth], return_counts=True)
    if not len(value):
        return float("nan")
    ordered = np.sort(scores, axis=None)
    reached = len(ordered) - np.searchsorted(ordered, value, side="left")
    return float(np.sum(gained * _from_right(gained) / reached) / gained.sum())


def micro_ap_resampled(truth: NDArray[np.bool_], scores: Scores, weights: Floats) -> Floats:
    """`micro_ap` under each row of gene weights, with scores rounded down to a quantile of the positives' scores.

    All positives that share a bin get the precision at its lower end, so the error is at most the share of one bin,
    1/1000, times how far precision falls and rises in all.

    Returns
    -------
    (rows,).
    """
    positives = scores[truth]
    if not len(positives):
        return np.full(len(weights), np.nan)
    edges = np.unique(np.quantile(positives, np.linspace(0, 1, RANKING_BINS), method="lower"))
    bins, size = _digitise(scores, edges), len(edges) + 1
    rows, columns = np.nonzero(truth)
    gained = weights @ _sums(rows, bins[rows, columns], None, (len(truth), size))
    reached = _from_right(weights @ _histogram(bins, size))
    return np.asarray((gained * _divide(_from_right(gained), reached)).sum(axis=1) / gained.sum(axis=1))


# --- calibration


def calibration(
    truth: NDArray[np.bool_], scores: Scores, weights: Floats, naive: Scores | None = None
) -> dict[str, Floats]:
    """Whether a score of 0.3 is right three times in ten, on the pairs scored 0.05 or more.

    - `ece`: mean distance of score and observed share in 15 bins of equal mass (Naeini et al. 2015, AAAI).
    - `calibration_slope`: slope of the logistic regression of label on logit of the score; 1 is right, less is
      overconfident (Cox 1958, Biometrika 45:562).
    - `brier_skill`: 1 - squared error / squared error of naive on the same pairs (given `naive` only).

    Parameters
    ----------
    truth, scores, naive : (genes, terms).
    weights : (rows, genes), the first row all ones; its slope is that of the unbinned pairs.

    Returns
    -------
    Metric -> (rows,), NaN without such a pair.
    """
    pair, row, label = _calibrated_pairs(truth, scores)
    score = scores.ravel()[pair].astype(np.float64)
    found = {"ece": _ece(row, label, score, weights), "calibration_slope": _slope(row, label, score, weights)}
    if naive is not None:
        own, reference = (
            weights @ np.bincount(row, (guess - label) ** 2, len(truth)) for guess in (score, naive.ravel()[pair])
        )
        found["brier_skill"] = 1 - _divide(own, reference, otherwise=np.nan)
    return found


def _calibrated_pairs(
    truth: NDArray[np.bool_], scores: Scores
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """Flat place, gene and label of the pairs that calibration looks at."""
    pair = np.flatnonzero(scores >= CALIBRATED_FROM)
    return pair, pair // max(truth.shape[1], 1), truth.ravel()[pair].astype(np.float64)


def _ece(row: NDArray[np.intp], label: Floats, score: Floats, weights: Floats) -> Floats:
    shape = (weights.shape[1], RELIABILITY_BINS)
    excess = np.abs(weights @ _sums(row, _equal_mass(score, RELIABILITY_BINS), label - score, shape)).sum(axis=1)
    return _divide(excess, weights @ np.bincount(row, minlength=shape[0]).astype(np.float64), otherwise=np.nan)


def _slope(row: NDArray[np.intp], label: Floats, score: Floats, weights: Floats) -> Floats:
    if not len(score):
        return np.full(len(weights), np.nan)
    x = logit(np.clip(score, None, 1 - 1e-6))
    bins = _equal_mass(x, SLOPE_BINS)
    shape = (weights.shape[1], SLOPE_BINS)
    centre = _divide(_sums(row, bins, x, shape).sum(axis=0), _sums(row, bins, None, shape).sum(axis=0))
    pairs, positives = (weights[1:] @ _sums(row, bins, values, shape) for values in (None, label))
    exact = logistic_slope(x, np.ones((1, len(x))), label[None, :])
    return np.append(exact, logistic_slope(centre, pairs, positives))


def logistic_slope(x: Floats, number: Floats, positives: Floats, steps: int = 30) -> Floats:
    """Slope of the logistic regression (with intercept) of grouped labels on x, by Newton's method from the diagonal.

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
    intercept, slope, moved = np.zeros(len(number)), np.ones(len(number)), np.full(len(number), np.inf)
    with np.errstate(all="ignore"):  # a row without a solution runs off to infinity, and is NaN in the end
        for _ in range(steps):
            expected = expit(intercept[:, None] + slope[:, None] * x)
            residual, spread = positives - number * expected, number * expected * (1 - expected)
            a, b, c = spread.sum(axis=1), spread @ x, spread @ x**2
            up, along = residual.sum(axis=1), residual @ x
            determinant = a * c - b * b
            determinant[determinant < 1e-12 * a * c] = np.nan  # one x only
            move = (c * up - b * along) / determinant, (a * along - b * up) / determinant
            intercept, slope, moved = intercept + move[0], slope + move[1], np.abs(move).max(axis=0)
            if np.all(moved < 1e-9):
                break
    return np.where(moved < 1e-6, slope, np.nan)


# --- tables for the figures


def precision_recall_table(
    scores: Mapping[str, Scores], truth: sparse.csr_array, judged: NDArray[np.bool_], aspect: str
) -> pd.DataFrame:
    """Protein-centric precision and recall of each model at each threshold that leaves a prediction.

    Returns
    -------
    aspect, model, threshold, precision, recall, and fmax: true at the threshold of the Fmax.
    """
    return _table(_precision_recall, scores, truth, judged, aspect, PRECISION_RECALL_COLUMNS)


def _precision_recall(truth: NDArray[np.bool_], scores: Scores) -> pd.DataFrame:
    statistics = ThresholdStatistics.count(truth, _digitise(scores, THRESHOLDS), np.ones(truth.shape[1]))
    weights = np.ones((1, len(truth)))
    curve = {
        "threshold": THRESHOLDS,
        "precision": statistics.precision(weights)[0],
        "recall": statistics.recall(weights)[0],
        "fmax": np.arange(len(THRESHOLDS)) == statistics.f_measure(weights)[0].argmax(),
    }
    return pd.DataFrame(curve).loc[statistics.covered(weights)[0] > 0]


def reliability_table(
    scores: Mapping[str, Scores], truth: sparse.csr_array, judged: NDArray[np.bool_], aspect: str
) -> pd.DataFrame:
    """Mean score and observed share of positives of each model, in 15 equal-mass bins of the pairs scored 0.05 or more.

    Returns
    -------
    aspect, model, bin, pairs, mean_score, observed.
    """
    return _table(_reliability, scores, truth, judged, aspect, RELIABILITY_COLUMNS)


def _reliability(truth: NDArray[np.bool_], scores: Scores) -> pd.DataFrame:
    pair, _, label = _calibrated_pairs(truth, scores)
    score = scores.ravel()[pair].astype(np.float64)
    grouped = pd.DataFrame({"mean_score": score, "observed": label}).groupby(_equal_mass(score, RELIABILITY_BINS))
    return grouped.mean().assign(pairs=grouped.size()).rename_axis("bin").reset_index()


def _table(
    of_model: Callable[[NDArray[np.bool_], Scores], pd.DataFrame],
    scores: Mapping[str, Scores],
    truth: sparse.csr_array,
    judged: NDArray[np.bool_],
    aspect: str,
    columns: tuple[str, ...],
) -> pd.DataFrame:
    """What `of_model` finds for each model, one below the other; empty without a gene to judge."""
    judged = _with_truth(truth, judged)
    known = truth[judged].toarray()
    tables = [
        of_model(known, _judged(matrix, judged)).assign(aspect=aspect, model=model)
        for model, matrix in scores.items()
        if len(known)
    ]
    filled = [table for table in tables if len(table)]
    return pd.concat(filled, ignore_index=True)[list(columns)] if filled else pd.DataFrame(columns=list(columns))


# --- counting


def _digitise(scores: Scores, edges: NDArray[np.floating]) -> NDArray[np.uint16]:
    """How many ascending edges each score reaches, row by row to save memory: (genes, terms)."""
    bins = np.empty(scores.shape, np.uint16)
    for place, row in enumerate(scores):
        bins[place] = np.searchsorted(edges, row, side="right")
    return bins


def _histogram(bins: NDArray[np.uint16], size: int, weights: Floats | None = None) -> Floats:
    """Number, or summed weight, of each gene's terms in each bin: (genes, size)."""
    found = np.empty((len(bins), size))
    for place, row in enumerate(bins):
        found[place] = np.bincount(row, weights, size)
    return found


def _sums(rows: NDArray[np.intp], bins: NDArray[np.integer], values: Floats | None, shape: tuple[int, int]) -> Floats:
    """Number, or summed value, of pairs by gene and bin: `shape`."""
    return np.bincount(rows * shape[1] + bins, values, shape[0] * shape[1]).astype(np.float64).reshape(shape)


def _equal_mass(values: Floats, count: int) -> NDArray[np.intp]:
    """Bin of each value, at most `count` bins of about equal mass; equal values share a bin."""
    if not len(values):
        return np.zeros(0, np.intp)
    return np.searchsorted(np.unique(np.quantile(values, np.linspace(0, 1, count + 1)[1:-1])), values, side="right")


def _from_right(values: NDArray[np.integer] | Floats) -> Floats:
    """Running sum along the last axis, from its end.

    >>> _from_right(np.array([1.0, 2.0, 3.0])).tolist()
    [6.0, 5.0, 3.0]
    """
    return np.asarray(values[..., ::-1].cumsum(axis=-1, dtype=np.float64)[..., ::-1])


def _divide(above: Floats, below: Floats, otherwise: float = 0.0) -> Floats:
    return np.divide(above, below, out=np.full(above.shape, otherwise), where=below > 0)
