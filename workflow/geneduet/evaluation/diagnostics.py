"""Why co-training helped, or did not: how strong the views are, how independent their errors, how right the lessons.

Co-training pays where each view is right on genes on which the other is not, that is, where their errors are
independent given the label (Blum and Mitchell 1998), and where what they tell each other is true.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geneduet.evaluation.judgement import Judged
from geneduet.evaluation.ranking import micro_ap

Scores = NDArray[np.float32]

COLUMNS = ("organism", "aspect", "measure", "about", "value")
VIEWS = ("sequence", "expression")
BEFORE, AFTER = "weighted_fusion", "co_training"
ENOUGH = 5  # positive genes that a term needs for its gain or loss to be counted
CHANGED = 0.01  # of a term's average precision, from which on it has changed


def diagnose(models: Mapping[str, Scores], judged: Judged, both: NDArray[np.bool_], aspect: str) -> pd.DataFrame:
    """What is measured on genes whose labels the scores are blind to.

    - `strength`: micro-AP of naive, of each view, of weighted fusion and of co-training.
    - `error_correlation`: of the two views' scores, over genes with both, within each term, among the pairs that are
      `recorded` and among those that are `not_recorded`. 0: independent errors; 1: the views are one.
    - `lesson_precision`: share of true pairs when pairs are drawn as often as a view's score says, and as the scores
      themselves estimate it (`lesson_precision_estimated`).
    - `terms_gained`, `terms_lost`, `terms_counted`: terms with ENOUGH positive genes whose average precision
      co-training changes by more than CHANGED against weighted fusion.

    Parameters
    ----------
    models : model -> (genes, terms), out of fold.
    both : (genes,), those that have both views.
    aspect : P, F or C.

    Returns
    -------
    aspect, measure, about, value; rows only for models that are there.
    """
    rows = list(_measured(models, judged, both)) if len(judged.truth) else []
    return pd.DataFrame([(aspect, *row) for row in rows], columns=list(COLUMNS[1:]))


def _measured(
    models: Mapping[str, Scores], judged: Judged, both: NDArray[np.bool_]
) -> Iterator[tuple[str, str, float]]:
    told = {name: judged.scores(models[name]) for name in ("naive", *VIEWS, BEFORE, AFTER) if name in models}
    for name, own in told.items():
        yield "strength", name, micro_ap(judged.truth, own)
    for name in (view for view in VIEWS if view in told):
        own, weight = told[name], float(told[name].sum(dtype=np.float64))
        yield "lesson_precision_estimated", name, float((own * own).sum(dtype=np.float64)) / weight
        yield "lesson_precision", name, float(own[judged.truth].sum(dtype=np.float64)) / weight
    if set(VIEWS) <= told.keys():
        rows = both[judged.rows]
        one, other = (told[view][rows] for view in VIEWS)
        for name, pairs in (("recorded", judged.truth[rows]), ("not_recorded", ~judged.truth[rows])):
            yield "error_correlation", name, error_correlation(one, other, pairs)
    if {BEFORE, AFTER} <= told.keys():
        change = _by_term(judged.truth, told[AFTER]) - _by_term(judged.truth, told[BEFORE])
        counted = change[judged.truth.sum(axis=0) >= ENOUGH]
        yield "terms_gained", AFTER, float((counted > CHANGED).sum())
        yield "terms_lost", AFTER, float((counted < -CHANGED).sum())
        yield "terms_counted", AFTER, float(len(counted))


def error_correlation(one: Scores, other: Scores, pairs: NDArray[np.bool_]) -> float:
    """Correlation of two views' scores among some pairs, after the mean of each term is taken off.

    Parameters
    ----------
    one, other, pairs : (genes, terms).

    Returns
    -------
    NaN where a score does not vary.

    >>> scores = np.array([[0.1, 0.9], [0.3, 0.7]], np.float32)
    >>> round(error_correlation(scores, scores, np.ones((2, 2), bool)), 6)
    1.0
    """
    count = np.maximum(pairs.sum(axis=0), 1)
    off = [(own - np.where(pairs, own, 0).sum(axis=0) / count)[pairs].astype(np.float64) for own in (one, other)]
    scale = np.sqrt((off[0] ** 2).sum() * (off[1] ** 2).sum())
    return float((off[0] * off[1]).sum() / scale) if scale > 0 else float("nan")


def _by_term(truth: NDArray[np.bool_], scores: Scores) -> NDArray[np.float64]:
    return np.array([micro_ap(truth[:, term], scores[:, term]) for term in range(truth.shape[1])])


def sentences(table: pd.DataFrame, names: Mapping[str, str]) -> list[str]:
    """The same in plain words, an aspect a sentence or two.

    Parameters
    ----------
    table : as `diagnose` gives it, with `organism`.
    names : of the aspects.
    """
    said = []
    keys: Any
    for keys, rows in table.groupby(["organism", "aspect"], sort=False):
        value = {(row["measure"], row["about"]): row["value"] for row in rows.to_dict("records")}
        parts = [*_of_views(value), *_of_terms(value)]
        if parts:
            said.append(f"{keys[0]}, {names[keys[1]]}: {'; '.join(parts)}.")
    return said


def _of_views(value: Mapping[tuple[str, str], float]) -> Iterator[str]:
    if not np.isfinite(value.get(("error_correlation", "recorded"), np.nan)):
        return
    recorded, other = (value["error_correlation", name] for name in ("recorded", "not_recorded"))
    yield (
        f"the errors of the two views correlate {recorded:.2f} where a term is recorded and {other:.2f} where not "
        "(0: independent, the views can teach each other much; 1: they are one)"
    )
    for view in VIEWS:
        true, estimated = value["lesson_precision", view], value["lesson_precision_estimated", view]
        yield f"of what {view} tells, {true:.0%} is recorded, where it expects {estimated:.0%}"


def _of_terms(value: Mapping[tuple[str, str], float]) -> Iterator[str]:
    if ("terms_counted", AFTER) in value:
        gained, lost, counted = (int(value[f"terms_{name}", AFTER]) for name in ("gained", "lost", "counted"))
        yield f"against weighted fusion co-training gains in {gained} and loses in {lost} of {counted} terms"
