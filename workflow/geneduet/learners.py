"""A learner on one view of the genes, or on several at once: features and votes in, scores out."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geneduet.boosting import MultiLabelBooster
from geneduet.files import open_output
from geneduet.labels import Labels
from geneduet.settings import Settings
from geneduet.views import vote
from geneduet.views.vote import Voters

Matrix = NDArray[np.float32]


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


@dataclass(frozen=True)
class Lesson:
    """Soft targets for genes without labels: (genes, terms), and the weight of each gene, 0 for one not taught."""

    target: Matrix
    weight: NDArray[np.float32]


class ViewLearner:
    """A multi-label booster on the features of its views and on what labelled neighbours vote in each.

    The starting score of the booster is the vote, mixed with the prior as far as the vote has proved right; the trees
    learn what is left.

    Parameters
    ----------
    views : one or more; a gene is learned from, and scored, only where it has all of them.
    settings : how trees are grown.
    unknown_weight : weight of a pair that is neither positive nor negative, which is taken as 0.
    seed : of the trees.
    """

    def __init__(self, views: Sequence[View], settings: Settings, unknown_weight: float, seed: int) -> None:
        self.views, self.settings, self.unknown_weight, self.seed = views, settings, unknown_weight, seed
        self.booster: MultiLabelBooster | None = None

    @property
    def present(self) -> NDArray[np.bool_]:
        """Genes that have all the views."""
        return np.asarray(np.logical_and.reduce([view.present for view in self.views]))

    def fit(self, labels: Labels, training: NDArray[np.bool_], lesson: Lesson | None = None) -> Self:
        """Learn from the labels of the training genes, and from a lesson on others.

        Parameters
        ----------
        training : (genes,), the genes whose labels may be seen, here and in the votes.
        """
        X, base = self.describe(labels, training)
        taught = np.zeros_like(training) if lesson is None else (lesson.weight > 0) & ~training
        rows = np.flatnonzero((training | taught) & self.present)
        target = labels.positive[rows].toarray().astype(np.float32)
        weight = np.ones((len(rows), 1), np.float32)  # of a gene, unless unknown pairs have one of their own
        if self.unknown_weight != 1:
            known = (labels.positive[rows] + labels.negative[rows]).toarray()
            weight = np.where(known, np.float32(1), np.float32(self.unknown_weight))
        if labels.transfer is not None:
            # what a reference says is a share of a vote, and weighs as far as the vote is trusted
            told = labels.transfer.labelled[rows] & training[rows]
            target[told] = labels.transfer.share[rows[told]].toarray()
            weight[told] = labels.transfer.trust[rows[told], None]
        if lesson is not None:
            soft = taught[rows]
            # also where a NOT says otherwise: a taught gene may be of a fold whose labels must not be seen
            target[soft] = lesson.target[rows[soft]]
            weight[soft] = lesson.weight[rows[soft], None]
        self.booster = MultiLabelBooster(self.settings, self.seed)
        self.booster.fit(X[rows], target, weight, base[rows])
        return self

    def predict(self, labels: Labels, training: NDArray[np.bool_]) -> Matrix:
        """Raw scores (genes, terms); the prior for genes that lack a view."""
        if self.booster is None:
            raise ValueError("fit or load before predict")
        X, base = self.describe(labels, training)
        scores = self.booster.predict(X, base)
        scores[~self.present] = vote.naive(labels.positive, training)
        return scores

    def describe(self, labels: Labels, training: NDArray[np.bool_]) -> tuple[Matrix, Matrix]:
        """Features (genes, features) and starting score (genes, terms), from the labels of training genes alone."""
        prior = vote.naive(labels.positive, training)
        parts, starts = [view.features for view in self.views], []
        directions = vote.components(labels.positive, training)
        for voters in (own for view in self.views for own in view.voters.values()):
            given = voters.vote(labels.positive, training)
            parts.append(vote.features(given, directions, prior))
            starts.append(vote.starting_score(given, labels.positive, training))
        return np.hstack(parts), vote.mix(starts, prior, labels.positive, training)

    def columns(self, terms: int) -> list[str]:
        """Names of the features in the order of `describe`."""
        names = [name for view in self.views for name in view.columns]
        width = min(vote.COMPONENTS, terms)
        places = [f"vote_component_{number + 1}" for number in range(width)]
        for view in self.views:
            for voters in view.voters:
                names += [f"{view.name}:{voters}:{name}" for name in ("closest", "labelled", *places)]
        return names

    def save(self, folder: Path) -> None:
        """Write the booster, and the names of the features that it sees (features.json)."""
        if self.booster is None:
            raise ValueError("fit before save")
        self.booster.save(folder)
        with open_output(folder / "features.json") as handle:
            json.dump(self.columns(self.booster.outputs), handle)

    def load(self, folder: Path) -> Self:
        """Take the booster that `save` wrote."""
        self.booster = MultiLabelBooster.load(folder)
        return self
