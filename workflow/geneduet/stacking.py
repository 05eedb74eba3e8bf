"""One score from several models: the prior plus the weighted sum of their departures, weights learned out-of-fold.

Stacked generalization with non-negative weights (Wolpert 1992, Neural Networks 5:241; Breiman 1996, Machine Learning
24:49). A chain's weights are fitted to the labelled genes of its other folds, each scored by the model that is blind to
the gene's own fold too. They are a few numbers for all terms of an aspect: a model that does not help gets a weight of
0, and little can be fitted by chance. A gene that lacks a view is scored by the models that do without it, with weights
of their own.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, combinations
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from geneduet.crossfit import Matrix, Task, calibrate, uncalibrated
from geneduet.files import open_output
from geneduet.lazy import Stored
from geneduet.views import vote

FEW = 10  # labelled genes that weights are fitted to, at least
DIGITS = 4  # of a weight: those that are told are those that are used

Weights: TypeAlias = dict[str, dict[str, float]]  # views that a gene has (`sequence+expression`) -> part -> weight


@dataclass(frozen=True)
class Part:
    """A model that has a part in a stack: the names of its views, and its raw scores by pair of folds."""

    views: Sequence[str]
    by_pair: Sequence[Matrix]


@dataclass(frozen=True)
class Stack:
    """What came of stacking.

    Parameters
    ----------
    raw : for each chain, (genes, terms), not calibrated.
    weights : for each chain, of each part by the views that a gene has.
    """

    raw: Sequence[Matrix]
    weights: list[Weights]


def stack(task: Task, parts: Mapping[str, Part]) -> Stack:
    """Stack models; genes without any of their views get the prior."""
    raw = Stored([np.ones(len(task.fold), bool)] * task.folds)
    weights = []
    for k in range(task.folds):
        scores, own = _chain(task, parts, k)
        raw.put(k, scores)
        weights.append(own)
    return Stack(raw, weights)


def _chain(task: Task, parts: Mapping[str, Part], k: int) -> tuple[Matrix, Weights]:
    training = task.training(k)
    prior = vote.naive(task.labels.positive, training)
    departures = {name: uncalibrated(task, part.by_pair, k) - prior for name, part in parts.items()}
    target = task.labels.positive.toarray() - prior
    heard = {view for part in parts.values() for view in part.views}
    weights: Weights = {}
    # for each set of views, be there such genes or not: a new one may have it
    for views in _subsets([name for name in task.views if name in heard]):
        usable = {name: own for name, own in departures.items() if set(parts[name].views) <= set(views)}
        if not usable:
            continue
        rows = training & task.present(views)
        if rows.sum() < FEW:
            found = np.full(len(usable), 1 / len(usable))  # too few to weigh by: the plain mean
        else:
            found = _weights([own[rows] for own in usable.values()], target[rows])
        weights["+".join(views)] = dict(zip(usable, found.round(DIGITS).tolist(), strict=True))
    return weigh(task, departures, prior, weights), weights


def weigh(task: Task, departures: Mapping[str, Matrix], prior: Matrix, weights: Weights) -> Matrix:
    """The prior plus the weighted sum of departures from it, by which views a gene has; (genes, terms).

    Parameters
    ----------
    departures : (genes, terms) of each part that has a weight above 0.
    prior : (terms,).
    weights : of a chain, as in `Stack`.
    """
    scores = np.repeat(prior[None], len(task.fold), axis=0)
    heard = {view for views in weights for view in views.split("+")}
    for views, own in weights.items():
        lacking = heard - set(views.split("+"))
        genes = task.present(views.split("+")) & ~np.any([task.views[name].present for name in lacking], axis=0)
        for name, weight in own.items():
            if weight:
                scores[genes] += np.float32(weight) * departures[name][genes]
    return scores


def calibrated(task: Task, name: str, made: Stack, present: NDArray[np.bool_], folder: Path | None) -> Sequence[Matrix]:
    """The scores of a stack for each chain, calibrated; calibrators and weights (weights.json) are saved.

    Parameters
    ----------
    name : of the stack.
    present : (genes,), those that it can score.
    folder : they go to `<folder>/<name>`; nothing is saved without one.
    """
    if folder is not None:
        with open_output(folder / name / "weights.json") as handle:
            json.dump(made.weights, handle, indent=1)
    return calibrate(task, name, made.raw, present, folder)


def saved_weights(name: str, folder: Path) -> list[Weights]:
    """The weights of each chain that `calibrated` saved."""
    return list(json.loads((folder / name / "weights.json").read_text()))


def _subsets(names: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """All that can be chosen of these, but nothing."""
    return chain.from_iterable(combinations(names, size) for size in range(1, len(names) + 1))


def _weights(departures: Sequence[Matrix], target: Matrix) -> NDArray[np.float64]:
    gram = np.array([[(a * b).sum(dtype=np.float64) for b in departures] for a in departures])
    right = np.array([(a * target).sum(dtype=np.float64) for a in departures])
    return vote.non_negative(gram, right)
