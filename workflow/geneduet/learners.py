"""A learner on one view of the genes, or on several at once: features and votes in, scores out."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geneduet import arrays
from geneduet.boosting import MultiLabelBooster
from geneduet.files import open_output
from geneduet.labels import Labels
from geneduet.settings import Settings
from geneduet.views import vote
from geneduet.views.vote import Neighbours, Reading, Voters

Matrix = NDArray[np.float32]

LOUDEST = 255  # the code of a probability of 1


@dataclass(frozen=True)
class View:
    """One look at all genes.

    Parameters
    ----------
    name : sequence or expression.
    features : (genes, features), NaN for missing.
    columns : names of the features.
    present : (genes,), whether the gene has this view at all.
    voters : those whose labels vote on a gene's terms, by name.
    """

    name: str
    features: Matrix
    columns: list[str]
    present: NDArray[np.bool_]
    voters: Mapping[str, Voters] = field(default_factory=dict)


def make_view(name: str, table: pd.DataFrame, genes: Sequence[str], voters: Mapping[str, Voters] | None = None) -> View:
    """A view of all genes from a table of those that have it.

    Parameters
    ----------
    table : genes x features, index gene_id.
    genes : the gene universe.
    voters : as in `View`.
    """
    present = pd.Index(genes).isin(table.index)
    features = table.reindex(pd.Index(genes)).to_numpy(np.float32)
    return View(name, features, [f"{name}:{column}" for column in table.columns], present, voters or {})


def listening(views: Iterable[View]) -> list[tuple[str, str, Neighbours]]:
    """View, name and links of the neighbours of whom a student hears: those along whom labelled genes vote."""
    return [
        (view.name, name, own) for view in views for name, own in view.voters.items() if isinstance(own, Neighbours)
    ]


@dataclass(frozen=True)
class Lesson:
    """What a student is told of the genes: the teacher's probabilities.

    It does not learn them by heart. It hears them of a gene's neighbours, where a view has such (`Neighbours.hear`).
    They are told in 256 steps, even ones of the square root, which keeps the frequency of a rare term too: so a saved
    model remembers just what its student has heard.

    Parameters
    ----------
    code : (genes, terms) uint8; the probability is the square of code / 255.
    """

    code: NDArray[np.uint8]

    @classmethod
    def of(cls, scores: Matrix) -> Self:
        """From raw scores, (genes, terms), which squared error may lead beyond 0 and 1.

        >>> Lesson.of(np.array([[-0.1, 0.01, 0.36, 1.2]], np.float32)).told.round(3).tolist()
        [[0.0, 0.009999999776482582, 0.36000001430511475, 1.0]]
        """
        return cls(np.rint(np.sqrt(np.clip(scores, 0, 1)) * LOUDEST).astype(np.uint8))

    @property
    def told(self) -> Matrix:
        """The probabilities."""
        return np.square(self.code / np.float32(LOUDEST))


@dataclass(frozen=True)
class _Seen:
    """What a learner was fitted to, and how it described that."""

    labels: Labels
    training: NDArray[np.bool_]
    X: Matrix
    base: Matrix


@dataclass(frozen=True)
class Explained:
    """What some raw scores are made of; contributions and rest add up to them.

    Parameters
    ----------
    names : as `explained_names` gives them.
    contributions : (pairs, names).
    rest : (pairs,), what a score is without them: the prior, and the mean of the trees.
    """

    names: list[str]
    contributions: Matrix
    rest: Matrix


def explained_names(views: Sequence[View], student: bool) -> list[str]:
    """What a score is put down to: the features; each vote as one; and of a student what it hears of its teachers."""
    names = [name for view in views for name in view.columns]
    names += [f"vote of {name}" for view in views for name in view.voters]
    return names + [f"predicted labels of {name}" for _, name, _ in listening(views) if student]


class ViewLearner:
    """A multi-label booster on the features of its views and on what labelled neighbours vote in each.

    The starting score of the booster is the vote, mixed with the prior as far as the vote has proved right; the trees
    learn what is left. A student also hears what its teachers predict for a gene's neighbours.

    Parameters
    ----------
    views : one or more; a gene is learned from, and scored, only where it has all of them.
    settings : how trees are grown.
    unknown_weight : weight of a pair that is neither positive nor negative, which is taken as 0.
    seed : of the trees.

    Attributes
    ----------
    booster : the trees.
    reading : how the votes are put before them.
    lesson : what a student was told.
    """

    def __init__(self, views: Sequence[View], settings: Settings, unknown_weight: float, seed: int) -> None:
        self.views, self.settings, self.unknown_weight, self.seed = views, settings, unknown_weight, seed
        self.booster: MultiLabelBooster | None = None
        self.reading: Reading | None = None
        self.lesson: Lesson | None = None
        self._seen: _Seen | None = None

    @property
    def present(self) -> NDArray[np.bool_]:
        """Genes that have all the views."""
        return np.asarray(np.logical_and.reduce([view.present for view in self.views]))

    def fit(self, labels: Labels, training: NDArray[np.bool_], lesson: Lesson | None = None) -> Self:
        """Learn from the labels of the training genes.

        Parameters
        ----------
        training : (genes,), the genes whose labels may be seen, here and in the votes.
        lesson : what a student is told of the others.
        """
        self.reading, self.lesson = None, lesson
        X, starts, self.reading = self._describe(labels, training, lesson)
        base = _mixed(starts, self.reading, len(X))
        self._seen = _Seen(labels, training.copy(), X, base)
        rows = np.flatnonzero(training & self.present)
        target = labels.positive[rows].toarray().astype(np.float32)
        weight = np.ones((len(rows), 1), np.float32)  # of a gene, unless unknown pairs have one of their own
        if self.unknown_weight != 1:
            known = (labels.positive[rows] + labels.negative[rows]).toarray()
            weight = np.where(known, np.float32(1), np.float32(self.unknown_weight))
        if labels.transfer is not None:
            # what a reference says is a share of a vote, and weighs as far as the vote is trusted
            told = labels.transfer.labelled[rows]
            target[told] = labels.transfer.share[rows[told]].toarray()
            weight[told] = labels.transfer.trust[rows[told], None]
        self.booster = MultiLabelBooster(self.settings, self.seed)
        self.booster.fit(X[rows], target, weight, base[rows])
        return self

    def predict(self, labels: Labels, training: NDArray[np.bool_]) -> Matrix:
        """Raw scores (genes of the views, terms); the prior for genes that lack a view.

        Parameters
        ----------
        labels, training : those that it was fitted to, of whom the votes are taken.
        """
        if self.booster is None:
            raise ValueError("fit or load before predict")
        X, base, prior = self._again(labels, training)
        scores = self.booster.predict(X, base)
        scores[~self.present] = prior
        return scores

    def _again(self, labels: Labels, training: NDArray[np.bool_]) -> tuple[Matrix, Matrix, Matrix]:
        """Description and prior, not made anew for what the fit has just seen: it is much of a student's time."""
        seen = self._seen
        if seen and self.reading and labels is seen.labels and np.array_equal(training, seen.training):
            return seen.X, seen.base, self.reading.prior
        X, starts, reading = self._describe(labels, training, self.lesson)
        return X, _mixed(starts, reading, len(X)), reading.prior

    def describe(
        self, labels: Labels, training: NDArray[np.bool_], lesson: Lesson | None = None
    ) -> tuple[Matrix, Matrix]:
        """Features (genes, features) and starting score (genes, terms), from the labels of training genes alone."""
        X, starts, reading = self._describe(labels, training, lesson)
        return X, _mixed(starts, reading, len(X))

    def _describe(
        self, labels: Labels, training: NDArray[np.bool_], lesson: Lesson | None
    ) -> tuple[Matrix, list[Matrix], Reading]:
        """Features, each vote's starting score, and what is fitted to labels for it, if not known already."""
        known = self.reading
        prior = known.prior if known else vote.naive(labels.positive, training)
        directions = known.directions if known else vote.components(labels.positive, training)
        parts, starts, trusts = [view.features for view in self.views], [], []
        for number, given in enumerate(self._votes(labels, training, lesson)):
            trust = known.trust[number] if known else vote.trust(given, labels.positive, training)
            parts.append(vote.features(given, directions, prior))
            starts.append(trust.start(given, prior))
            trusts.append(trust)
        weights = known.weights if known else vote.mixture(starts, prior, labels.positive, training)
        return np.hstack(parts), starts, Reading(prior, directions, trusts, weights)

    def explain(
        self, labels: Labels, training: NDArray[np.bool_], gene: NDArray[np.intp], term: NDArray[np.intp]
    ) -> Explained:
        """What the raw scores of some pairs are made of.

        Parameters
        ----------
        labels, training : those that it was fitted to.
        gene, term : (pairs,), genes that have all the views.
        """
        if self.booster is None:
            raise ValueError("fit or load before explain")
        X, starts, reading = self._describe(labels, training, self.lesson)
        given = self.booster.contributions(X, gene, term)
        columns = sum(len(view.columns) for view in self.views)
        parts = [given[:, :columns]]
        # a vote speaks twice: in the starting score, and through its columns to the trees, of which none means anything
        # without the others
        by_vote = np.split(given[:, columns:-1], len(starts), axis=1) if starts else []
        for weight, start, own in zip(reading.weights, starts, by_vote, strict=True):
            departure = weight * (start[gene, term] - reading.prior[term])
            parts.append((departure + own.sum(axis=1))[:, None])
        names = explained_names(self.views, self.lesson is not None)
        return Explained(names, np.hstack(parts), reading.prior[term] + given[:, -1])

    def _votes(self, labels: Labels, training: NDArray[np.bool_], lesson: Lesson | None) -> Iterator[vote.Vote]:
        """The votes one by one, each of which is genes x terms: of the voters, then of what is told of neighbours."""
        for view in self.views:
            for own in view.voters.values():
                yield own.vote(labels.positive, training)
        if lesson is not None:
            told = lesson.told
            for _, _, links in listening(self.views):
                yield links.hear(labels.positive, training, told)

    def columns(self, terms: int, lesson: bool = False) -> list[str]:
        """Names of the features in the order of `describe`.

        Parameters
        ----------
        lesson : whether it was fitted with one.
        """
        names = [name for view in self.views for name in view.columns]
        voters = [(view.name, name) for view in self.views for name in view.voters]
        if lesson:
            voters += [(view, f"{name}_predicted") for view, name, _ in listening(self.views)]
        places = [f"vote_component_{number + 1}" for number in range(min(vote.COMPONENTS, terms))]
        return names + [f"{view}:{name}:{what}" for view, name in voters for what in ("closest", "labelled", *places)]

    def save(self, folder: Path) -> None:
        """Write the booster, the names of the features that it sees (features.json), how votes are read, the lesson.

        Of the lesson the genes in training are left out: these are heard by their labels.
        """
        if self.booster is None or self.reading is None or self._seen is None:
            raise ValueError("fit before save")
        self.booster.save(folder)
        vote.write_reading(folder / "reading.npz", self.reading)
        with open_output(folder / "features.json") as handle:
            json.dump(self.columns(self.booster.outputs, self.lesson is not None), handle)
        if self.lesson is not None:
            told = ~self._seen.training
            arrays.write(folder / "lesson.npz", {"told": told, "code": self.lesson.code[told]})

    def load(self, folder: Path) -> Self:
        """Take what `save` wrote."""
        self.booster, self.reading = MultiLabelBooster.load(folder), vote.read_reading(folder / "reading.npz")
        if (file := folder / "lesson.npz").exists():
            stored = arrays.read(file)
            code = np.zeros((len(stored["told"]), self.booster.outputs), np.uint8)
            code[stored["told"]] = stored["code"]
            self.lesson = Lesson(code)
        return self


def _mixed(starts: Sequence[Matrix], reading: Reading, genes: int) -> Matrix:
    """The starting score of the trees, (genes, terms)."""
    return vote.mix(starts, reading.prior, reading.weights, genes)
