"""One score from several models: the prior plus the weighted sum of their departures, weights learned out-of-fold.

Stacked generalization with non-negative weights (Wolpert 1992, Neural Networks 5:241; Breiman 1996, Machine Learning
24:49). A chain's weights are fitted to the labelled genes of its other folds, each scored by the model that is blind to
the gene's own fold too. They are a few numbers for all terms of an aspect: a model that does not help gets a weight of
0, and little can be fitted by chance. A gene that lacks a view is scored by the models that do without it, with weights
of their own.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geneduet.crossfit import Matrix, Task, uncalibrated
from geneduet.lazy import Stored
from geneduet.views import vote

FEW = 10  # labelled genes that weights are fitted to, at least


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
    weights : for each chain, views that a gene has (`sequence+expression`) -> part -> weight.
    """

    raw: Sequence[Matrix]
    weights: list[dict[str, dict[str, float]]]


def stack(task: Task, parts: Mapping[str, Part]) -> Stack:
    """Stack models; genes without any of their views get the prior."""
    raw = Stored([np.ones(len(task.fold), bool)] * task.folds)
    weights = []
    for k in range(task.folds):
        scores, own = _chain(task, parts, k)
        raw.put(k, scores)
        weights.append(own)
    return Stack(raw, weights)


def _chain(task: Task, parts: Mapping[str, Part], k: int) -> tuple[Matrix, dict[str, dict[str, float]]]:
    training = task.training(k)
    prior = vote.naive(task.labels.positive, training)
    departures = {name: uncalibrated(task, part.by_pair, k) - prior for name, part in parts.items()}
    target = task.labels.positive.toarray() - prior
    scores, weights = np.repeat(prior[None], len(training), axis=0), {}
    for views, genes in _by_views(task, {view for part in parts.values() for view in part.views}):
        usable = {name: own for name, own in departures.items() if set(parts[name].views) <= set(views)}
        if not usable:
            continue
        rows = training & task.present(views)
        if rows.sum() < FEW:
            found = np.full(len(usable), 1 / len(usable), np.float32)  # too few to weigh by: the plain mean
        else:
            found = _weights([own[rows] for own in usable.values()], target[rows])
        scores[genes] += sum((weight * own[genes] for weight, own in zip(found, usable.values(), strict=True)), 0)
        weights["+".join(views)] = dict(zip(usable, found.astype(float).round(4).tolist(), strict=True))
    return scores, weights


def _by_views(task: Task, names: set[str]) -> Iterator[tuple[list[str], NDArray[np.bool_]]]:
    """The genes by which of these views they have; those without any are left out."""
    views = [name for name in task.views if name in names]
    present = np.stack([task.views[name].present for name in views], axis=1)
    for pattern in np.unique(present, axis=0):
        if pattern.any():
            yield [name for name, has in zip(views, pattern, strict=True) if has], (present == pattern).all(axis=1)


def _weights(departures: Sequence[Matrix], target: Matrix) -> NDArray[np.float32]:
    gram = np.array([[(a * b).sum(dtype=np.float64) for b in departures] for a in departures])
    right = np.array([(a * target).sum(dtype=np.float64) for a in departures])
    return vote.non_negative(gram, right).astype(np.float32)
