"""One model for each fold that has not seen the fold: the machinery that keeps every judged score out-of-fold.

All that belongs to fold k forms a chain: models that have not seen its labels, a calibrator fitted to the genes of the
other folds, teachers of the same chain, and choices made by the genes of the other folds. For a gene of fold k its
chain's score counts; for a gene without labels the mean of all chains.

One path is left open: the scores of other folds' genes, to which chain k's calibrator is fitted and by which its gate
decides, come from models that did see fold k. What passes are a dozen coefficients and a few yes or no; on permuted
labels no gain comes of it (tests/integration/test_leaks.py). Closing it takes models with two folds hidden.
"""

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
from geneduet.learners import Lesson, View, ViewLearner
from geneduet.progress import say
from geneduet.settings import Settings

Matrix = NDArray[np.float32]


@dataclass(frozen=True)
class Task:
    """What is to be learned, on what, and how.

    Parameters
    ----------
    labels : of one aspect.
    views : by name.
    fold, family : (genes,).
    folds : how many.
    settings, unknown_weight : of the learner.
    seed : from which each model's own is derived.
    threads : folds fitted at the same time; results do not depend on it.
    """

    labels: Labels
    views: Mapping[str, View]
    fold: NDArray[np.int64]
    family: NDArray[np.int64]
    folds: int
    settings: Settings
    unknown_weight: float
    seed: int
    threads: int = 1

    def training(self, k: int) -> NDArray[np.bool_]:
        """Genes whose labels chain k may see."""
        return self.labels.annotated & (self.fold != k)

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
        return "" if self.restricted().views else "in no view do the labelled genes fill more than one fold"

    def can_learn(self, names: Sequence[str]) -> bool:
        """Whether each chain has labelled genes with all these views to learn from."""
        present = self.present(names)
        return all((self.training(k) & present).any() for k in range(self.folds))

    def restricted(self) -> "Task":
        """The task with only the views that every chain can learn from."""
        return replace(self, views={name: view for name, view in self.views.items() if self.can_learn([name])})

    def present(self, names: Sequence[str]) -> NDArray[np.bool_]:
        """Genes that have all these views."""
        return np.all([self.views[name].present for name in names], axis=0)

    def out_of_fold(self, by_fold: Sequence[Matrix]) -> Matrix:
        """One score a gene: out-of-fold for the labelled, the mean for the others."""
        return calibration.out_of_fold(by_fold, self.labels.annotated, self.fold)

    def finish(self, by_fold: Sequence[Matrix]) -> Matrix:
        """Out-of-fold scores that obey the hierarchy."""
        return calibration.consistent(self.out_of_fold(by_fold), self.labels.ancestors)


def cross_fit(
    task: Task, model: str, views: Sequence[str], folder: Path | None, lessons: Sequence[Lesson] | None = None
) -> list[Matrix]:
    """Fit a model a fold, and score all genes with it.

    Parameters
    ----------
    model : its name, for the seed, the log and the folder.
    views : names of the views that it learns from.
    folder : each fold's booster and calibrator go to `<folder>/<model>/<fold>`; none is saved without one.
    lessons : of each fold's chain.

    Returns
    -------
    For each fold, calibrated scores (genes, terms).
    """

    def one(k: int) -> Matrix:
        start = time.monotonic()
        learner = _learner(task, model, views, k)
        learner.fit(task.labels, task.training(k), None if lessons is None else lessons[k])
        if folder is not None:
            learner.save(folder / model / str(k))
        scores = learner.predict(task.labels, task.training(k))
        say(f"{model}: fold {k + 1} of {task.folds} fitted in {time.monotonic() - start:.0f} s")
        return scores

    return calibrate(task, model, _in_parallel(task, one), task.present(views), folder)


def calibrate(
    task: Task, model: str, raw: Sequence[Matrix], present: NDArray[np.bool_], folder: Path | None
) -> list[Matrix]:
    """Calibrate raw scores by fold and save the calibrators.

    Parameters
    ----------
    raw : for each fold, (genes, terms).
    present : (genes,), those that the model can score: others have a prior for a score, which tells nothing of it.
    folder : as in `cross_fit`.
    """
    labels = task.labels
    judged = labels.annotated & present
    calibrators = calibration.fit_by_fold(raw, labels.positive, judged, task.fold, labels.information_content)
    for k, calibrator in enumerate(calibrators):
        if folder is not None:
            arrays.write(folder / model / str(k) / "calibrator.npz", vars(calibrator))
    return [calibrator.apply(scores) for calibrator, scores in zip(calibrators, raw, strict=True)]


def saved_calibrator(model: str, k: int, folder: Path) -> calibration.Calibrator:
    """The calibrator of a fold that `calibrate` saved."""
    return calibration.Calibrator(**arrays.read(folder / model / str(k) / "calibrator.npz"))


def reload(task: Task, model: str, views: Sequence[str], folder: Path) -> list[Matrix]:
    """The scores of `cross_fit` again, from the saved boosters."""

    def one(k: int) -> Matrix:
        learner = _learner(task, model, views, k).load(folder / model / str(k))
        return saved_calibrator(model, k, folder).apply(learner.predict(task.labels, task.training(k)))

    return _in_parallel(task, one)


def _learner(task: Task, model: str, views: Sequence[str], k: int) -> ViewLearner:
    # a seed of its own for each model, aspect and fold, from names: Python's hash() differs from run to run
    name = zlib.crc32(f"{model}/{task.labels.aspect}/{k}".encode())
    seed = int(np.random.SeedSequence([task.seed, name]).generate_state(1)[0] >> 1)
    return ViewLearner([task.views[view] for view in views], task.settings, task.unknown_weight, seed)


def _in_parallel(task: Task, one: Callable[[int], Matrix]) -> list[Matrix]:
    with ThreadPoolExecutor(task.threads) as pool:
        return list(pool.map(one, range(task.folds)))
