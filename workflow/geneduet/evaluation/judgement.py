"""One judgement: all models on the same genes and pairs, with intervals and paired differences.

Every metric is a function of sums over genes, so that a bootstrap is a matrix product: resamples x genes with genes x
statistics. A pair that counts and is not positive counts as negative. Genes without a true pair that counts are not
judged, as in CAFA, where such a gene is not in the benchmark. A missing score (NaN) counts as 0.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from geneduet.evaluation.bootstrap import RESAMPLES, bounds, resample
from geneduet.evaluation.protein_centric import THRESHOLDS, Predicted, ThresholdStatistics
from geneduet.evaluation.ranking import micro_ranking, term_centric
from geneduet.evaluation.reliability import above_threshold, calibration
from geneduet.labels import Labels
from geneduet.scores import SUPERVISED

Floats = NDArray[np.float64]
Scores = NDArray[np.float32]

COMPARED_WITH_FUSION = ("co_training", "final")
FUSIONS = ("early_fusion", "late_fusion", "fusion", "weighted_fusion")
# what a user has without us: a homology vote, or for expression nothing
COMPARED_WITH_VOTE = {
    "homology": ("sequence", "final"), "reference_homology": ("sequence", "final"), "naive": ("expression",)
}  # fmt: skip
COMPARED = ("micro_ap", "fmax", "weighted_fmax")
COMPARED_BY_PAIR = ("auroc", "micro_ap")

METRICS_COLUMNS = (
    "organism", "aspect", "split", "gene_set", "model", "metric", "value", "ci_low", "ci_high",
    "n_genes", "n_families", "n_terms", "seed", "label_fraction",
)  # fmt: skip
COMPARISONS_COLUMNS = (
    "organism", "aspect", "split", "gene_set", "model", "reference", "metric", "difference", "ci_low", "ci_high",
    "verdict", "seed", "label_fraction",
)  # fmt: skip


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


@dataclass(frozen=True)
class Judged:
    """The genes that are judged, and what all models are held against.

    Parameters
    ----------
    rows : (genes,), those of all genes that are judged; what follows is of these.
    truth : (judged, terms).
    counted : (judged, terms), the pairs that count; None for all.
    by_pair : judge the order of the pairs alone: precision and recall of a gene say nothing of a few decided pairs.
    weights : (1 + resamples, judged), how often each gene counts.
    families, fold : (judged,).
    accretion, information_content : (terms,), bits; a missing or infinite accretion counts as 0, as in cafaeval.
    """

    rows: NDArray[np.bool_]
    truth: NDArray[np.bool_]
    counted: NDArray[np.bool_] | None
    by_pair: bool
    weights: Floats
    families: NDArray[np.int64]
    fold: NDArray[np.int64]
    accretion: Floats
    information_content: Floats

    def scores(self, matrix: Scores) -> Scores:
        """A model's scores of the judged genes; below everything where a pair does not count."""
        own = np.nan_to_num(matrix[self.rows], nan=0.0)
        return own if self.counted is None else np.where(self.counted, own, np.float32(-1))


def select(
    truth: sparse.csr_array,
    judged: NDArray[np.bool_],
    families: NDArray[np.int64],
    fold: NDArray[np.int64],
    labels: Labels,
    seed: int,
    resamples: int = RESAMPLES,
    counted: NDArray[np.bool_] | None = None,
    by_pair: bool = False,
) -> Judged:
    """The genes to judge that have a true pair that counts; by pair, any pair that counts.

    Parameters
    ----------
    truth : (genes, terms), propagated up.
    judged : (genes,).
    families, fold : (genes,), homology family and fold.
    labels : from which the models learned: the terms' information is theirs.
    seed : of the bootstrap.
    counted : (genes, terms), the pairs that count; None for all.
    """
    dense = truth.toarray() if counted is None else truth.toarray() & counted
    rows = judged & (counted if by_pair and counted is not None else dense).any(axis=1)
    bits = np.nan_to_num(labels.information_accretion, nan=0, posinf=0, neginf=0)
    weights = resample(families[rows], resamples, seed) if rows.any() else np.ones((1, 0))
    return Judged(
        rows, dense[rows], None if counted is None else counted[rows], by_pair, weights, families[rows], fold[rows],
        bits, labels.information_content,
    )  # fmt: skip


Values = Mapping[str, Mapping[str, Floats]]


def evaluate(scores: Mapping[str, Scores], judged: Judged, setting: Setting) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Metrics of each model, and paired differences between models, with percentile bootstrap intervals over families.

    Parameters
    ----------
    scores : model -> (genes, terms), of all genes.

    Returns
    -------
    Rows of evaluation/metrics.tsv and of evaluation/comparisons.tsv; both empty when no gene is left to judge.
    `n_terms` counts all scored terms, also those that no judged gene has.
    """
    return tabulate(measure_all(scores, judged), judged, setting)


def measure_all(scores: Mapping[str, Scores], judged: Judged, recommended: Mapping[str, float] | None = None) -> Values:
    """All metrics of each model: model -> metric -> (1 + resamples,); nothing when no gene is left to judge.

    Parameters
    ----------
    scores : model -> (genes, terms), of all genes.
    recommended : model -> threshold that was found on other genes, see `measure`.
    """
    if not len(judged.truth):
        return {}
    naive = judged.scores(scores["naive"]) if "naive" in scores else None
    return {
        model: measure(judged, judged.scores(matrix), naive, (recommended or {}).get(model))
        for model, matrix in scores.items()
    }


def tabulate(values: Values, judged: Judged, setting: Setting) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The tables of `evaluate`.

    Parameters
    ----------
    values : as `measure_all` gives them.
    """
    genes, terms = judged.truth.shape
    size = {"n_genes": genes, "n_families": len(np.unique(judged.families)), "n_terms": terms}
    metrics = [
        {**asdict(setting), **size, "model": model, "metric": metric, "value": found[0], **bounds(found)}
        for model, of_model in values.items()
        for metric, found in of_model.items()
    ]
    comparisons = [
        {**asdict(setting), **compared, **compare(values[compared["model"]], values[compared["reference"]], metric)}
        for compared in _pairs(values)
        for metric in (COMPARED_BY_PAIR if judged.by_pair else COMPARED)
    ]
    return (
        pd.DataFrame(metrics, columns=list(METRICS_COLUMNS)),
        pd.DataFrame(comparisons, columns=list(COMPARISONS_COLUMNS)),
    )


def _pairs(values: Values) -> Iterator[dict[str, str]]:
    """Each model beside the best supervised one, co-trained ones beside all fusions, co-training beside self-training.

    And the sequence view and the final scores beside the votes of homologues, the expression view beside naive.
    """
    supervised = {model: float(values[model]["micro_ap"][0]) for model in SUPERVISED if model in values}
    if not supervised:
        return
    best = max(supervised, key=supervised.__getitem__)
    yield from ({"model": model, "reference": best} for model in values if model != best)
    for fusion in FUSIONS:
        if fusion in values and fusion != best:
            yield from ({"model": model, "reference": fusion} for model in COMPARED_WITH_FUSION if model in values)
    for vote, models in COMPARED_WITH_VOTE.items():
        if vote in values and vote != best:
            yield from ({"model": model, "reference": vote} for model in models if model in values)
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
    found = bounds(difference)
    verdict = "better" if found["ci_low"] > 0 else "worse" if found["ci_high"] < 0 else "no difference"
    if np.isnan(found["ci_low"]):
        verdict = "not known"  # one family, or a metric that is not defined
    return {"metric": metric, "difference": float(difference[0]), **found, "verdict": verdict}


def measure(
    judged: Judged, scores: Scores, naive: Scores | None = None, recommended: float | None = None
) -> dict[str, Floats]:
    """All metrics of one model.

    - `fmax`: the best harmonic mean of protein-centric precision and recall over thresholds; `fmax_threshold`, the
      lowest threshold that reaches it; `coverage`, share of genes with a term scored that high (Radivojac et al. 2013,
      Nature Methods 10:221). A maximum over thresholds flatters: `f_fixed` is F where the genes of each fold have the
      threshold that is best for the others.
    - `weighted_fmax`, `smin` (bits): the same with terms weighted by information accretion, and the least distance of
      remaining uncertainty and misinformation from 0 (Jiang et al. 2016, Genome Biology 17:184).
    - `above_threshold_score`, `above_threshold_precision`: mean score, and share that is true, of the pairs scored at
      the recommended threshold or more; without one genes of each fold have the threshold that is best for the others.
    - `micro_ap`, `auroc`; `term_auroc`, `term_ap`, which have no interval (see `ranking`); `ece`, `calibration_slope`,
      `brier_skill` (see `reliability`).
    - by pair, `micro_ap` and `auroc` alone, and of how many positive and negative pairs: `n_positives`, `n_negatives`.

    Parameters
    ----------
    scores, naive : (judged, terms), as `Judged.scores` gives them.
    recommended : a threshold that was found on other genes.

    Returns
    -------
    Metric -> (1 + resamples,), the first of the data as they are.
    """
    truth, weights = judged.truth, judged.weights
    if judged.by_pair:
        numbers = {"n_positives": truth, "n_negatives": ~truth if judged.counted is None else judged.counted & ~truth}
        return {
            **micro_ranking(truth, scores, weights),
            **{name: weights @ pairs.sum(axis=1).astype(np.float64) for name, pairs in numbers.items()},
        }
    predicted = Predicted.of(scores)
    plain = ThresholdStatistics.count(truth, predicted, np.ones(truth.shape[1]))
    weighted = ThresholdStatistics.count(truth, predicted, judged.accretion)
    f = plain.f_measure(weights)
    best = f.argmax(axis=1)
    covered, fixed = plain.covered(weights), plain.fixed(judged.fold)
    chosen = THRESHOLDS[fixed] if recommended is None else np.full(len(truth), recommended)
    terms = {} if judged.counted is not None else term_centric(truth, scores, judged.information_content)
    no_interval = np.full(len(weights) - 1, np.nan)
    return {
        "fmax": f.max(axis=1),
        "fmax_threshold": np.where(covered.max(axis=1) > 0, THRESHOLDS[best], np.nan),
        "f_fixed": plain.f_measure_at(fixed, weights),
        "weighted_fmax": weighted.f_measure(weights).max(axis=1),
        "smin": weighted.least_distance(weights, covered > 0),
        **micro_ranking(truth, scores, weights),
        "coverage": covered[np.arange(len(best)), best],
        **above_threshold(truth, scores, weights, chosen),
        **calibration(truth, scores, weights, naive),
        **{name: np.append(value, no_interval) for name, value in terms.items()},
    }
