"""Scores of genes that were not in the run, from its saved models: each chain's final score, and that of each view.

A chain of `crossfit` scores a gene without labels by the mean of its models, and the mean over the chains counts. So it
is here, from saved models: new genes are a `Task` of their own, on whom the run's genes vote. A gene of the run that
has labels does not profit by them here either: its own fold's chain counts.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from geneduet import baselines, stacking
from geneduet.baselines import EARLY, FUSION, WEIGHTED
from geneduet.cotraining import read_choice
from geneduet.crossfit import Matrix, Task, pair_name, saved_calibrator, uncalibrated
from geneduet.lazy import Computed
from geneduet.learners import ViewLearner
from geneduet.stacking import Weights
from geneduet.views import vote

ByFold = Sequence[Matrix]

CO_TRAINING = "co_training"
_STUDENT = "_student"


@dataclass(frozen=True)
class Recipe:
    """Of which saved models the scores of an aspect are made.

    Parameters
    ----------
    references, cotraining : folders of the two learning steps.
    final : name of the model that is final, for each chain.
    rounds : number of the round that co-training ended with, for each chain; empty without co-training.
    views : that were learned.
    """

    references: Path
    cotraining: Path
    final: list[str]
    rounds: list[int]
    views: list[str]

    @classmethod
    def read(cls, references: Path, cotraining: Path) -> "Recipe":
        """From the folders, in one of which `cotraining.write_choice` has left what was chosen."""
        chosen = read_choice(cotraining / "chosen.json")
        return cls(references, cotraining, chosen.final, chosen.rounds, chosen.views)

    @property
    def models(self) -> dict[str, list[str]]:
        """Views of each supervised model that was fitted."""
        models = {name: [name] for name in self.views}
        return models | {EARLY: self.views} if (self.references / EARLY).is_dir() else models

    def folder(self, model: str) -> Path:
        """Where the boosters of a model are: `sequence`, or a student of a round, `sequence.2`."""
        return (self.cotraining if "." in model else self.references) / model

    def stack(self, k: int) -> str:
        """Name of the stack that is final in a chain; empty where another model is."""
        if self.final[k] == CO_TRAINING:
            return f"{CO_TRAINING}.{self.rounds[k]}"
        return WEIGHTED if self.final[k] == WEIGHTED else ""

    def weights(self, stack: str, k: int) -> Weights:
        """Weights of a stack in a chain."""
        return stacking.saved_weights(stack, self.cotraining)[k]

    def booster(self, part: str, k: int) -> str:
        """Name of the model that is a part of a chain's stacks."""
        return f"{part.removesuffix(_STUDENT)}.{self.rounds[k]}" if part.endswith(_STUDENT) else part

    def heard(self, stack: str, k: int) -> dict[str, str]:
        """The parts that have a weight in a chain's stack, and the model that each is."""
        weights = self.weights(stack, k).values()
        return {part: self.booster(part, k) for own in weights for part, weight in own.items() if weight}

    def needed(self, k: int) -> set[str]:
        """Names of the models without which a chain's scores cannot be made."""
        names = set(self.models)
        if stack := self.stack(k):
            names = set(self.heard(stack, k).values())
        elif self.final[k] in self.views:
            names = {self.final[k]}
        elif self.final[k] not in (EARLY, "late_fusion", FUSION):
            names = set()  # naive and homology are nothing but labels and links
        for view in self.views:
            names |= set(self.heard(f"{view}_view", k).values()) if self.rounds else {view}
        return names

    def needed_for(self, pair: tuple[int, int]) -> list[str]:
        """Names of the models of which the booster of a pair of folds is needed."""
        return sorted(self.needed(pair[0]) | self.needed(pair[1]))


def score(recipe: Recipe, known: Task, new: Task) -> dict[str, Matrix]:
    """The scores of new genes: `final`, and for each learned view `<view>_view`; (new genes, terms) each.

    Parameters
    ----------
    known : the run's labels and folds; `homology` are the voters of the new genes. Its views are not looked at.
    new : the new genes; their views, whose voters are of the run's genes. Where they are the run's own, `annotated` and
        `fold` say which of its chains is to score them.
    """
    made = _Made(recipe, known, new, _raw(recipe, known, new))
    scores = {"final": new.finish(Computed(known.folds, made.final))}
    return scores | {f"{view}_view": new.finish(made.view(view)) for view in recipe.views}


def _raw(recipe: Recipe, known: Task, new: Task) -> dict[tuple[str, int], Matrix]:
    """Raw scores by the name of the model and the number of the pair of folds, of all that are needed."""

    def one(model: str, number: int) -> Matrix:
        pair = known.pairs[number]
        views = [new.views[view] for view in recipe.models[model.partition(".")[0]]]
        learner = ViewLearner(views, known.settings, known.unknown_weight, known.seed)
        return learner.load(recipe.folder(model) / pair_name(pair)).predict(known.labels, known.training(*pair))

    jobs = [(model, number) for number, pair in enumerate(known.pairs) for model in recipe.needed_for(pair)]
    with ThreadPoolExecutor(known.threads) as pool:
        return dict(zip(jobs, pool.map(one, *zip(*jobs, strict=True)), strict=True)) if jobs else {}


@dataclass(frozen=True)
class _Made:
    """The chains' scores, of raw ones."""

    recipe: Recipe
    known: Task
    new: Task
    raw: Mapping[tuple[str, int], Matrix]

    def final(self, k: int) -> Matrix:
        """The final score in a chain."""
        name, votes = self.recipe.final[k], baselines.homology_votes(self.known)
        if stack := self.recipe.stack(k):
            return self._stacked(stack, k)
        if name == "naive":
            prior = vote.naive(self.known.labels.positive, self.known.training(k))
            return np.repeat(prior[None], len(self.new.fold), axis=0)
        if name in votes:
            voted = votes[name](self.known, self.known.training(k))
            return saved_calibrator(name, k, self.recipe.cotraining).apply(voted)
        supervised = self._supervised()
        return {**supervised, **baselines.fuse(self.new, supervised)}[name][k]

    def view(self, name: str) -> ByFold:
        """The score of a single view in each chain, after co-training where there was such."""
        if not self.recipe.rounds:
            return self._supervised()[name]
        return Computed(self.known.folds, lambda k: self._stacked(f"{name}_view", k))

    def _supervised(self) -> dict[str, ByFold]:
        """The supervised models, calibrated."""
        folds = self.known.folds

        def of(model: str) -> ByFold:
            folder = self.recipe.references
            return Computed(folds, lambda k: saved_calibrator(model, k, folder).apply(self._chain(model, k)))

        return baselines.complete(self.new, {model: of(model) for model in self.recipe.models})

    def _stacked(self, stack: str, k: int) -> Matrix:
        """The score of a stack in a chain, calibrated."""
        prior = vote.naive(self.known.labels.positive, self.known.training(k))
        departures = {part: self._chain(model, k) - prior for part, model in self.recipe.heard(stack, k).items()}
        scores = stacking.weigh(self.new, departures, prior, self.recipe.weights(stack, k))
        return saved_calibrator(stack, k, self.recipe.cotraining).apply(scores)

    def _chain(self, model: str, k: int) -> Matrix:
        """The raw scores of a model in a chain."""
        by_pair = Computed(len(self.known.pairs), lambda number: self.raw[model, number])
        return uncalibrated(self.new, by_pair, k)
