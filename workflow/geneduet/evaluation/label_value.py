"""How many labels a model is worth: by what factor a supervised model would need more of them for the same score."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geneduet.evaluation.bootstrap import CONFIDENCE
from geneduet.scores import SUPERVISED

Floats = NDArray[np.float64]

VALUED = ("co_training", "self_training", "final")
BEST_SUPERVISED = "best_supervised"
LABEL_VALUE_COLUMNS = (
    "organism", "aspect", "model", "reference", "percent", "n_labels", "score", "reference_score",
    "factor", "ci_low", "ci_high", "note",
)  # fmt: skip


@dataclass(frozen=True)
class Level:
    """How all models do with a share of the labels, under one seed.

    Parameters
    ----------
    seed : of the choice of test genes and of labelled genes.
    percent : of the labels outside the test genes that are kept.
    n_labels : genes with a label in the aspect at this level.
    micro_ap : model -> (1 + resamples,), the value and then that of each resample, as `measure` gives it. At all levels
        of a seed the test genes are the same, and so are the families of each resample.
    """

    seed: int
    percent: int
    n_labels: int
    micro_ap: Mapping[str, Floats]


@dataclass(frozen=True)
class Curve:
    """A model's score against the number of labelled genes.

    Parameters
    ----------
    n_labels : (levels,), ascending, mean over seeds.
    score : (levels, 1 + resamples), mean over seeds; NaN at a level where a seed lacks the model.
    """

    n_labels: Floats
    score: Floats

    def known(self) -> "Curve":
        """The levels that have a score."""
        kept = ~np.isnan(self.score[:, 0])
        return Curve(self.n_labels[kept], self.score[kept])


def label_value(levels: Sequence[Level], organism: str, aspect: str) -> pd.DataFrame:
    """By what factor a supervised model needs more labels, at each level, to score as the co-trained models do.

    The references are `fusion` and `best_supervised`: at each level the supervised model that scores best there, so
    that nobody could have chosen better. The curve of a reference is its micro-AP over labelled genes, the mean over
    seeds, made monotone by its running maximum: what was reached with fewer labels counts as reached (the model's too).
    Between levels it is a line on log(labels). The interval is the percentile interval of the factor over resamples of
    families, which are the same at all levels of a seed; seeds are taken for independent, though their test genes
    overlap, so that with several it is a little narrow. Where a resample's score lies beyond an end of the curve, its
    factor is known on one side only, and counts as the outermost that it may be: above the curve as infinite for
    `ci_high` and as that of the last level for `ci_low`, below the curve as that of the first level for `ci_high` and
    as 0 for `ci_low`.

    Parameters
    ----------
    levels : of one organism and aspect, all seeds. A level where a seed has no label in the aspect is left out.

    Returns
    -------
    A row for each model of VALUED, reference and level that has both under every seed. A factor of 2 says that the
    reference needs twice the labels, one below 1 that it needs fewer. It is NaN where the score lies beyond the
    reference's curve, and `note` says so; an infinite `ci_high` says that the interval goes on there.

    Raises
    ------
    ValueError: the seeds differ in their levels, or the scores in their number of resamples (a test set of one family
        has none, and then there is no interval).
    """
    percents, curves = _curves(levels)
    supervised = {model: curves[model] for model in SUPERVISED if model in curves}
    references = {BEST_SUPERVISED: _best(list(supervised.values()))} if supervised else {}
    references |= {"fusion": curves["fusion"]} if "fusion" in curves else {}
    rows = [
        {"organism": organism, "aspect": aspect, "model": model, "reference": name, "percent": percents[place], **row}
        for model in VALUED
        if model in curves
        for name, reference in references.items()
        for place, row in _against(curves[model], reference)
    ]
    return pd.DataFrame(rows, columns=list(LABEL_VALUE_COLUMNS))


def labels_needed(n: Floats, curve: Floats, score: Floats) -> Floats:
    """Labels with which a curve first reaches a score, on lines over log(labels) through its running maximum.

    Parameters
    ----------
    n : (levels,), labels, above 0 and ascending.
    curve : (..., levels), score at each level.
    score : (...), to be reached.

    Returns
    -------
    (...), infinite where no level reaches the score, 0 where the first level exceeds it, NaN where a score is NaN.

    >>> n, curve = np.array([10.0, 40, 160]), np.array([0.1, 0.3, 0.2])
    >>> labels_needed(n, curve, np.array([0.1, 0.2, 0.3, 0.31, 0.09])).round(6).tolist()
    [10.0, 20.0, 40.0, inf, 0.0]
    """
    reached = np.broadcast_to(np.maximum.accumulate(curve, axis=-1), (*score.shape, len(n)))
    place = (reached < score[..., None]).sum(axis=-1)  # of the first level that reaches the score
    below, above = np.clip(place - 1, 0, None), np.clip(place, None, len(n) - 1)
    low, high = (np.take_along_axis(reached, at[..., None], axis=-1)[..., 0] for at in (below, above))
    share = np.divide(score - low, high - low, out=np.zeros(score.shape), where=high > low)
    needed = n[below] * (n[above] / n[below]) ** share
    needed = np.where(place == len(n), np.inf, np.where(score < reached[..., 0], 0, needed))
    result: Floats = np.where(np.isnan(score) | np.isnan(reached[..., -1]), np.nan, needed)
    return result


def _curves(levels: Sequence[Level]) -> tuple[list[int], dict[str, Curve]]:
    """Percents of the levels that have a label under every seed, and each model's curve over them."""
    seeds, percents = {level.seed for level in levels}, sorted({level.percent for level in levels})
    at = {(level.seed, level.percent): level for level in levels}
    if len(levels) != len(seeds) * len(percents) or len(at) != len(levels):
        raise ValueError("each seed must have each level once")
    lengths = {len(values) for level in levels for values in level.micro_ap.values()}
    if len(lengths - {1}) > 1:
        raise ValueError(f"scores with different numbers of resamples: {sorted(lengths)}")
    same = {percent: [at[seed, percent] for seed in sorted(seeds)] for percent in percents}
    kept = [percent for percent in percents if all(level.n_labels for level in same[percent])]
    if not kept:
        return [], {}
    n_labels = np.array([np.mean([level.n_labels for level in same[percent]]) for percent in kept])
    absent = np.full(max(lengths, default=1), np.nan)

    def curve(model: str) -> Curve:
        own = [[level.micro_ap.get(model, absent) for level in same[percent]] for percent in kept]
        filled = [[np.append(one, absent[len(one) :]) for one in of_level] for of_level in own]
        return Curve(n_labels, np.mean(filled, axis=1))

    return kept, {model: curve(model) for model in sorted({model for level in levels for model in level.micro_ap})}


def _best(curves: Sequence[Curve]) -> Curve:
    """At each level the curve with the best value there: chosen by the value, not anew in each resample."""
    scores = np.array([curve.score for curve in curves])
    best = np.nan_to_num(scores[:, :, 0], nan=-np.inf).argmax(axis=0)
    return Curve(curves[0].n_labels, scores[best, np.arange(len(best))])


def _against(model: Curve, reference: Curve) -> Iterator[tuple[int, dict[str, object]]]:
    """Place of each level that both have, and what is said of it."""
    known = reference.known()
    reached, level_with = (np.fmax.accumulate(curve.score, axis=0) for curve in (model, reference))
    for place, (n, score) in enumerate(zip(model.n_labels, reached, strict=True)):
        reference_score = reference.score[place, 0]
        if np.isnan(model.score[place, 0]) or np.isnan(reference_score):
            continue
        # where the reference's curve is level, as few labels as many would do: the model's own number among them
        same = score == level_with[place]
        factor = np.where(same, 1.0, labels_needed(known.n_labels, known.score.T, score) / n)
        first, last = known.n_labels[0] / n, known.n_labels[-1] / n
        yield (
            place,
            {
                "n_labels": n,
                "score": model.score[place, 0],
                "reference_score": reference_score,
                "factor": factor[0] if 0 < factor[0] < np.inf else np.nan,
                **_bounds(factor[1:], first, last),
                "note": _note(factor[0], first, last),
            },
        )


def _bounds(factors: Floats, first: float, last: float) -> dict[str, float]:
    """Percentile interval of factors of which those that are 0 or infinite are known on one side only.

    The quantiles are values that occur, the outer ones, as there is nothing halfway between a number and infinity.
    """
    found = factors[~np.isnan(factors)]
    if not len(found):
        return {"ci_low": float("nan"), "ci_high": float("nan")}
    least, most = np.where(np.isinf(found), last, found), np.where(found == 0, first, found)
    return {
        "ci_low": float(np.quantile(least, (1 - CONFIDENCE) / 2, method="lower")),
        "ci_high": float(np.quantile(most, (1 + CONFIDENCE) / 2, method="higher")),
    }


def _note(factor: float, first: float, last: float) -> str:
    if np.isinf(factor):
        return f"not reached: more than {last:.3g}-fold"
    return f"below the curve: less than {first:.3g}-fold" if factor == 0 else ""
