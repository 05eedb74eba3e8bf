"""The reference models that co-training is measured against: always fitted, always reported."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geneduet import stacking
from geneduet.crossfit import CrossFit, Matrix, Task, calibrate, cross_fit, reload, uncalibrated
from geneduet.lazy import Computed
from geneduet.learners import View
from geneduet.scores import SUPERVISED
from geneduet.stacking import Part, stack
from geneduet.views import vote

SEQUENCE, EXPRESSION, EARLY, FUSION = "sequence", "expression", "early_fusion", "fusion"
WEIGHTED = "weighted_fusion"
MISSINGNESS = "missingness"
HOMOLOGUES, REFERENCE = "homologues", "reference"  # voters of the homology models


def learned_models(task: Task) -> dict[str, list[str]]:
    """Views of each supervised model that has trees: one model a view, and early fusion where there are two."""
    models = {name: [name] for name in task.views}
    both = list(task.views)
    return models | {EARLY: both} if len(both) > 1 and task.can_learn(both) else models


def fit_supervised(task: Task, folder: Path) -> dict[str, CrossFit]:
    """Fit the supervised learners.

    Parameters
    ----------
    folder : where the boosters are saved.
    """
    return _complete_all(
        task, {name: cross_fit(task, name, views, folder) for name, views in learned_models(task).items()}
    )


def reload_supervised(task: Task, folder: Path) -> dict[str, CrossFit]:
    """The scores of `fit_supervised` again, from the saved boosters."""
    return _complete_all(
        task, {name: reload(task, name, views, folder) for name, views in learned_models(task).items()}
    )


def by_fold(models: Mapping[str, CrossFit]) -> dict[str, Sequence[Matrix]]:
    """The calibrated scores alone."""
    return {name: own.by_fold for name, own in models.items()}


def by_pair(models: Mapping[str, CrossFit]) -> dict[str, Sequence[Matrix]]:
    """The raw scores alone."""
    return {name: own.by_pair for name, own in models.items()}


def _complete_all(task: Task, learned: Mapping[str, CrossFit]) -> dict[str, CrossFit]:
    raw, calibrated_ = complete(task, by_pair(learned)), complete(task, by_fold(learned))
    return {name: CrossFit(raw[name], calibrated_[name]) for name in learned}


def complete(task: Task, learned: Mapping[str, Sequence[Matrix]]) -> dict[str, Sequence[Matrix]]:
    """Learned scores, by pair or by fold, with early fusion filled in from a gene's only view where it has one."""
    if EARLY not in learned:
        return dict(learned)
    both = task.present(list(task.views))[:, None]
    early, single = learned[EARLY], _either(task, learned)
    return {**learned, EARLY: Computed(len(early), lambda number: np.where(both, early[number], single[number]))}


def fuse(task: Task, learned: Mapping[str, Sequence[Matrix]]) -> dict[str, Sequence[Matrix]]:
    """Late fusion, the mean of the views that a gene has, and fusion, the mean of late and early fusion.

    A gene with one view gets that view's score in both. Empty where there is one view only; without fusion where too
    few genes have both views for early fusion.
    """
    if len(task.views) < 2:
        return {}
    late = _either(task, learned)
    if EARLY not in learned:
        return {"late_fusion": late}
    # early fusion is filled in anew: a single view may have learned since it was
    early = complete(task, learned)[EARLY]
    both = Computed(len(late), lambda number: np.float32(0.5) * (late[number] + early[number]))
    return {"late_fusion": late, FUSION: both}


def weigh(task: Task, learned: Mapping[str, CrossFit], folder: Path) -> dict[str, Sequence[Matrix]]:
    """Weighted fusion: the views and early fusion stacked, with weights learned out-of-fold; none with one view.

    Parameters
    ----------
    learned : the supervised learners.
    folder : where the calibrators are saved.
    """
    if len(task.views) < 2:
        return {}
    views = learned_models(task)
    parts = {name: Part(views[name], own.by_pair) for name, own in learned.items()}
    return {WEIGHTED: stacking.calibrated(task, WEIGHTED, stack(task, parts), task.present_in_any(), folder)}


def _either(task: Task, learned: Mapping[str, Sequence[Matrix]]) -> Sequence[Matrix]:
    """The mean over the views that a gene has; the first view's score, a prior, where it has none."""
    present = np.stack([view.present for view in task.views.values()]).astype(np.float32)
    present[0, present.sum(axis=0) == 0] = 1
    share = present / present.sum(axis=0)
    by_view = [learned[name] for name in task.views]

    def mean(number: int) -> Matrix:
        parts = (weight[:, None] * own[number] for weight, own in zip(share, by_view, strict=True))
        return np.asarray(sum(parts), np.float32)

    return Computed(len(by_view[0]), mean)


def untrained(task: Task) -> dict[str, Sequence[Matrix]]:
    """Naive (term frequency) and, where there are homologues, homology (their vote; naive without one).

    With a reference its proteins vote beside the proteome's own genes, and alone as `reference_homology`. Where its
    vote stands in for labels, these are its models alone: nothing votes on what itself has said.

    Returns
    -------
    For each model and chain, scores (genes, terms); neither calibrated nor reconciled.
    """
    return {name: _voted(task, vote_) for name, vote_ in {"naive": _naive, **homology_votes(task)}.items()}


def homology_votes(task: Task) -> dict[str, Callable[[Task, NDArray[np.bool_]], Matrix]]:
    """How the homology models that there are score all genes, given the genes whose labels may be seen."""
    votes: dict[str, Callable[[Task, NDArray[np.bool_]], Matrix]] = {}
    own, reference = ([task.homology[name]] if name in task.homology else [] for name in (HOMOLOGUES, REFERENCE))
    if own or reference:
        votes["homology"] = partial(_homology, own + reference)
    if reference:
        votes["reference_homology"] = partial(_homology, reference)
    return votes


def _voted(task: Task, vote_: Callable[[Task, NDArray[np.bool_]], Matrix]) -> Sequence[Matrix]:
    of_pair = Computed(len(task.pairs), lambda number: vote_(task, task.training(*task.pairs[number])))

    def chain(k: int) -> Matrix:
        scores, whole = uncalibrated(task, of_pair, k), vote_(task, task.training(k))
        several = ~task.training(k)
        scores[several] = whole[several]
        return scores

    return Computed(task.folds, chain)


def _naive(task: Task, training: NDArray[np.bool_]) -> Matrix:
    return np.repeat(vote.naive(task.labels.positive, training)[None], len(training), axis=0)


def _homology(voters: Sequence[vote.Voters], task: Task, training: NDArray[np.bool_]) -> Matrix:
    given = vote.join([own.vote(task.labels.positive, training) for own in voters])
    prior = vote.naive(task.labels.positive, training)
    return np.where(given.strength[:, None] > 0, given.share, prior).astype(np.float32)


def calibrated(task: Task, models: Mapping[str, Sequence[Matrix]], folder: Path) -> dict[str, Sequence[Matrix]]:
    """The untrained models as probabilities: homology calibrated, naive as it is, which is calibrated already.

    Parameters
    ----------
    models : as `untrained` gives them.
    folder : where the calibrators are saved.
    """
    everyone = np.ones(len(task.fold), bool)
    return {
        name: own if name == "naive" else calibrate(task, name, own, everyone, folder) for name, own in models.items()
    }


def learn_missingness(task: Task) -> dict[str, Sequence[Matrix]]:
    """A model that sees only which values are missing, as `missingness`; none where all genes are alike in that.

    What it scores above naive is what "was measured" says of "was studied", and no biology. It has no part in anything.
    """
    missing = [np.isnan(view.features) & view.present[:, None] for view in task.views.values()]
    present = np.column_stack([view.present for view in task.views.values()])
    pattern = np.unique(np.hstack([present, *missing]), axis=1)
    pattern = pattern[:, pattern.any(axis=0) & ~pattern.all(axis=0)]
    if not pattern.shape[1]:
        return {}
    names = [f"pattern_{number}" for number in range(pattern.shape[1])]
    view = View(MISSINGNESS, pattern.astype(np.float32), names, np.ones(len(pattern), bool))
    alone = replace(task, views={MISSINGNESS: view})
    return {MISSINGNESS: cross_fit(alone, MISSINGNESS, [MISSINGNESS], None).by_fold}


def best(candidates: Mapping[str, float]) -> str:
    """The model of the highest value; the first of the contract's order among equals."""
    order: Sequence[str] = [name for name in SUPERVISED if name in candidates]
    return max(order, key=lambda name: candidates[name])
