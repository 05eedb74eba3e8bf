"""Cross-fitting: every score by which a gene is judged, and everything that is chosen, is blind to the gene's own fold.

For each pair of folds one model is fitted that has seen the labels of neither. Chain k is made of the models that have
not seen fold k. In it, a labelled gene of another fold j is scored by the model that has seen neither j nor k: to these
scores chain k's calibrator is fitted, and by them it chooses. The genes of fold k, and those without labels, get the
mean of the chain's models. So nothing in chain k, not a coefficient, comes of the labels of fold k (nested
cross-validation: Varma and Simon 2006, BMC Bioinformatics 7:91; each model serves two chains, so that K folds take
K(K-1)/2 fits). For a labelled gene its own fold's chain counts; for any other the mean of all chains. A diagram is in
docs/evaluation.md.
"""

import itertools
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geneduet import arrays, calibration
from geneduet.labels import Labels
from geneduet.lazy import Computed, Stored
from geneduet.learners import Lesson, View, ViewLearner
from geneduet.progress import say
from geneduet.settings import Settings
from geneduet.views.vote import Voters

Matrix = NDArray[np.float32]
Pair = tuple[int, int]


@dataclass(frozen=True)
class Task:
    """What is to be learned, on what, and how.

    Parameters
    ----------
    labels : of one aspect.
    views : by name.
    homology : who votes in the homology models: `homologues` of the proteome, a `reference`.
    fold, family : (genes,).
    folds : how many.
    settings, unknown_weight : of the learner.
    seed : from which each model's own is derived.
    threads : models fitted at the same time; results do not depend on it.
    """

    labels: Labels
    views: Mapping[str, View]
    homology: Mapping[str, Voters]
    fold: NDArray[np.int64]
    family: NDArray[np.int64]
    folds: int
    settings: Settings
    unknown_weight: float
    seed: int
    threads: int = 1

    @property
    def pairs(self) -> list[Pair]:
        """The pairs of folds, for each of which a model is fitted that has seen neither."""
        return list(itertools.combinations(range(self.folds), 2))

    def training(self, *hidden: int) -> NDArray[np.bool_]:
        """Genes whose labels may be seen where the labels of these folds are hidden."""
        return self.labels.annotated & ~np.isin(self.fold, hidden)

    def unlearnable(self, minimum_labels: int) -> str:
        """Why this aspect cannot be learned; empty where it can.

        Parameters
        ----------
        minimum_labels : labelled genes that an aspect needs.
        """
        labelled = int(self.labels.annotated.sum())
        if labelled < minimum_labels:
            return f"{labelled} labelled genes where minimum_labels asks for {minimum_labels}"
        if not self.labels.terms:
            return "no term has enough positives (term_selection.min_positives)"
        return "" if self.restricted().views else "in no view do the labelled genes fill more than two folds"

    def can_learn(self, names: Sequence[str]) -> bool:
        """Whether each model has labelled genes with all these views to learn from."""
        present = self.present(names)
        return all((self.training(*pair) & present).any() for pair in self.pairs)

    def restricted(self) -> "Task":
        """The task with only the views that every model can learn from."""
        return replace(self, views={name: view for name, view in self.views.items() if self.can_learn([name])})

    def present(self, names: Sequence[str]) -> NDArray[np.bool_]:
        """Genes that have all these views."""
        return np.all([self.views[name].present for name in names], axis=0)

    def present_in_any(self) -> NDArray[np.bool_]:
        """Genes that have any view."""
        return np.any([view.present for view in self.views.values()], axis=0)

    def out_of_fold(self, by_fold: Sequence[Matrix]) -> Matrix:
        """One score a gene: out-of-fold for the labelled, the mean for the others."""
        return calibration.out_of_fold(by_fold, self.labels.annotated, self.fold)

    def finish(self, by_fold: Sequence[Matrix]) -> Matrix:
        """Out-of-fold scores that obey the hierarchy."""
        return calibration.consistent(self.out_of_fold(by_fold), self.labels.ancestors)


@dataclass(frozen=True)
class CrossFit:
    """What a model makes of all genes.

    Parameters
    ----------
    by_pair : for each pair of folds, raw scores (genes, terms) of the model that has seen neither; in the order of
        `Task.pairs`. Of genes whose labels the model has seen nobody asks for a score, and it is 0.
    by_fold : for each chain, calibrated scores (genes, terms).

    Genes x terms x folds would not fit into memory: both are made or read as they are asked for, one at a time.
    """

    by_pair: Sequence[Matrix]
    by_fold: Sequence[Matrix]


def cross_fit(
    task: Task, model: str, views: Sequence[str], folder: Path | None, lessons: Sequence[Lesson] | None = None
) -> CrossFit:
    """Fit a model for each pair of folds, and score all genes with it.

    Parameters
    ----------
    model : its name, for the seed, the log and the folder.
    views : names of the views that it learns from.
    folder : boosters go to `<folder>/<model>/<pair>`, calibrators beside them; none is saved without one.
    lessons : of each pair.
    """

    def one(number: int, pair: Pair) -> Matrix:
        start = time.monotonic()
        learner = _learner(task, model, views, pair)
        lesson = None if lessons is None else lessons[number]
        learner.fit(task.labels, task.training(*pair), lesson)
        if folder is not None:
            learner.save(folder / model / pair_name(pair))
        scores = learner.predict(task.labels, task.training(*pair))
        say(f"{model}: {number + 1} of {len(task.pairs)} fitted in {time.monotonic() - start:.0f} s")
        return scores

    raw = _each_pair(task, one)
    return CrossFit(raw, calibrate(task, model, _chains(task, raw), task.present(views), folder))


def reload(task: Task, model: str, views: Sequence[str], folder: Path) -> CrossFit:
    """The scores of `cross_fit` again, from the saved boosters."""

    def one(_: int, pair: Pair) -> Matrix:
        learner = _learner(task, model, views, pair).load(folder / model / pair_name(pair))
        return learner.predict(task.labels, task.training(*pair))

    raw = _each_pair(task, one)
    calibrators = [saved_calibrator(model, k, folder) for k in range(task.folds)]
    return CrossFit(raw, _applied(calibrators, _chains(task, raw)))


def pair_name(pair: Pair) -> str:
    """Name of a pair's folder: the folds that its model has not seen.

    >>> pair_name((0, 3))
    '0-3'
    """
    return f"{pair[0]}-{pair[1]}"


def uncalibrated(task: Task, by_pair: Sequence[Matrix], k: int) -> Matrix:
    """Raw scores of chain k: of each labelled gene of another fold j those that are blind to j too, else the mean."""
    scores = np.zeros(task.labels.positive.shape, np.float32)
    several = ~task.training(k)
    for number, pair in enumerate(task.pairs):
        if k in pair:
            own = by_pair[number]
            single = task.training(k) & (task.fold == sum(pair) - k)
            scores[single] = own[single]
            scores[several] += own[several] / np.float32(task.folds - 1)
    return scores


def calibrate(
    task: Task, model: str, raw: Sequence[Matrix], present: NDArray[np.bool_], folder: Path | None
) -> Sequence[Matrix]:
    """Calibrate the chains of a model, and save the calibrators.

    The score of several models is the calibrated mean of their raw scores. It is a little underconfident: a mean tells
    more than the single scores to which the calibrator is fitted.

    Parameters
    ----------
    raw : for each chain, (genes, terms), as `uncalibrated` gives them.
    present : (genes,), those that the model can score: others have a prior for a score, which tells nothing of it.
    folder : calibrators go to `<folder>/<model>`; none is saved without one.
    """
    calibrators = []
    for k, scores in enumerate(raw):
        rows = task.training(k) & present
        calibrators.append(calibration.fit(scores[rows], task.labels.positive[rows]))
        if folder is not None:
            arrays.write(_calibrator_file(model, k, folder), vars(calibrators[k]))
    return _applied(calibrators, raw)


def _applied(calibrators: Sequence[calibration.Calibrator], raw: Sequence[Matrix]) -> Sequence[Matrix]:
    return Computed(len(calibrators), lambda k: calibrators[k].apply(raw[k]))


def _chains(task: Task, by_pair: Sequence[Matrix]) -> Sequence[Matrix]:
    return Computed(task.folds, lambda k: uncalibrated(task, by_pair, k))


def saved_calibrator(model: str, k: int, folder: Path) -> calibration.Calibrator:
    """The calibrator of a chain that was saved."""
    return calibration.Calibrator(**arrays.read(_calibrator_file(model, k, folder)))


def _calibrator_file(model: str, k: int, folder: Path) -> Path:
    return folder / model / f"calibrator.{k}.npz"


def _learner(task: Task, model: str, views: Sequence[str], pair: Pair) -> ViewLearner:
    """The learner of a pair of folds, not yet fitted or loaded."""
    # a seed of its own for each model, aspect and pair, from names: Python's hash() differs from run to run
    name = zlib.crc32(f"{model}/{task.labels.aspect}/{pair_name(pair)}".encode())
    seed = int(np.random.SeedSequence([task.seed, name]).generate_state(1)[0] >> 1)
    return ViewLearner([task.views[view] for view in views], task.settings, task.unknown_weight, seed)


def _each_pair(task: Task, one: Callable[[int, Pair], Matrix]) -> Sequence[Matrix]:
    """The scores that each pair's model gives to the genes whose labels it has not seen."""
    scores = Stored([~task.training(*pair) for pair in task.pairs])
    with ThreadPoolExecutor(task.threads) as pool:
        # to be exhausted: so an error in a thread comes out here
        list(pool.map(lambda number, pair: scores.put(number, one(number, pair)), range(len(scores)), task.pairs))
    return scores
