"""What each feature and each vote adds to the final score of a gene and a term.

The final score is, but for calibration and hierarchy, a weighted sum of models (`stacking`), each of them a mean over
the pairs of folds of its chain (`crossfit`), and each of these a sum of contributions (`ViewLearner.explain`). So the
contributions of the models, by their weights, add up to the raw final score, but for what all genes have in common.
Those of a labelled gene come of the models that have not seen its fold, as its score does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geneduet import baselines, teaching
from geneduet.baselines import EARLY, FUSION, WEIGHTED
from geneduet.cotraining import Choice
from geneduet.crossfit import CrossFit, Matrix, Pair, Task, each_pair, make_learner, pair_name
from geneduet.learners import Lesson, ViewLearner, explained_names
from geneduet.stacking import Part, stack
from geneduet.views import vote

Places = NDArray[np.intp]
Weights = Mapping[str, Mapping[str, float]]  # views that a gene has (`sequence+expression`) -> model -> weight


@dataclass(frozen=True)
class Contributions:
    """What the raw final scores of some pairs of gene and term are made of.

    Parameters
    ----------
    names : of features and votes, as `learners.explained_names` gives them.
    models : in the final score of any pair; a student's name has the round in it, `sequence.1`.
    values : (models, pairs, names).
    rest : (pairs,), what the raw score is without them: prior, and mean of the trees.
    """

    names: list[str]
    models: list[str]
    values: NDArray[np.float32]
    rest: NDArray[np.float32]


def contributions(
    task: Task, choice: Choice, gene: Places, term: Places, references: Path, cotraining: Path
) -> Contributions:
    """Contributions to the final scores of some pairs.

    Where late fusion is final, which is a mean of calibrated scores, they are those to the mean of the raw ones. Where
    a vote without trees is final there are none.

    Parameters
    ----------
    choice : what is final in each chain.
    gene, term : (pairs,), rows and columns of the scores.
    references, cotraining : folders of the boosters.
    """
    task = replace(task, threads=1)  # sums in one order
    weights = chain_weights(task, choice, references)
    models = sorted({model for chain in weights for own in chain.values() for model in own})
    names = explained_names(list(task.views.values()), student=True)
    values, rest = np.zeros((len(models), len(gene), len(names)), np.float32), _priors(task, weights, gene, term)

    def add(model: str, learner: ViewLearner, pair: Pair, lesson: Lesson | None) -> None:
        share = shares(task, weights, model, pair)[gene]
        rows = np.flatnonzero(share)
        if len(rows):
            found = learner.explain(task.labels, task.training(*pair), gene[rows], term[rows], lesson)
            columns = np.array([names.index(name) for name in found.names])
            values[models.index(model)][np.ix_(rows, columns)] += share[rows, None] * found.contributions
            rest[rows] += share[rows] * found.rest

    def load(model: str, views: Sequence[str], lessons: Sequence[Lesson] | None = None) -> CrossFit:
        folder = references if lessons is None else cotraining

        def one(number: int, pair: Pair) -> Matrix:
            learner = make_learner(task, model, views, pair).load(folder / model / pair_name(pair))
            lesson = None if lessons is None else lessons[number]
            if model in models:
                add(model, learner, pair, lesson)
            return learner.predict(task.labels, task.training(*pair), lesson)

        return CrossFit(each_pair(task, one), ())

    # in the order in which they were fitted: a student has to be told again what its teachers said
    learned = {name: load(name, views) for name, views in baselines.learned_models(task).items()}
    whole = baselines.complete(task, baselines.by_pair(learned))
    supervised = {name: CrossFit(own, ()) for name, own in whole.items()}
    rounds = max((int(name.rpartition(".")[2]) for name in models if "." in name), default=0)
    for _ in teaching.students_by_round(task, supervised, teaching.CROSS, rounds, load):
        pass
    return Contributions(names, models, values, rest)


def shares(task: Task, weights: Sequence[Weights], model: str, pair: Pair) -> NDArray[np.float32]:
    """The weight of one model of one pair of folds in each gene's final score, (genes,).

    In a chain a gene's score is the mean of the chain's models, folds - 1 of them; a labelled gene has that of its own
    fold's chain, any other the mean of all chains.

    Parameters
    ----------
    weights : of the models in each chain.
    """
    total = np.zeros(len(task.fold), np.float32)
    for k in pair:
        total += _in_chain(task, k) * _of_views(task, weights[k], model) / np.float32(task.folds - 1)
    return total


def _in_chain(task: Task, k: int) -> NDArray[np.float32]:
    """The weight of a chain in each gene's score, (genes,)."""
    return np.where(task.labels.annotated, task.fold == k, 1 / task.folds).astype(np.float32)


def _of_views(task: Task, weights: Weights, model: str) -> NDArray[np.float32]:
    """The weight of a model in a chain, by the views that each gene has, (genes,)."""
    found = np.zeros(len(task.fold), np.float32)
    present = np.stack([view.present for view in task.views.values()], axis=1)
    for views, own in weights.items():
        has = np.array([name in views.split("+") for name in task.views])
        found[(present == has).all(axis=1)] = own.get(model, 0.0)
    return found


def _priors(task: Task, weights: Sequence[Weights], gene: Places, term: Places) -> NDArray[np.float32]:
    """What the priors of the chains add: a stack is the prior and the models' weighted departures from it; (pairs,)."""
    rest = np.zeros(len(gene), np.float32)
    for k, chain in enumerate(weights):
        models = {model for own in chain.values() for model in own}
        departing = sum((_of_views(task, chain, model) for model in models), np.zeros(len(task.fold), np.float32))
        prior = vote.naive(task.labels.positive, task.training(k))
        rest += (_in_chain(task, k) * (1 - departing))[gene] * prior[term]
    return rest


def chain_weights(task: Task, choice: Choice, references: Path) -> list[Weights]:
    """The weights of the models in the final score of each chain.

    Parameters
    ----------
    references : folder of the supervised boosters.
    """
    fused = _fused(task, references) if WEIGHTED in choice.final else []
    found: list[Weights] = []
    for k, final in enumerate(choice.final):
        if final == "co_training":
            found.append({views: _folders(own, choice.rounds[k]) for views, own in choice.weights[k].items()})
        elif final == WEIGHTED:
            found.append(fused[k])
        else:
            names = list(task.views)
            found.append(
                {"+".join(views): plain_weights(final, views) for views in [[name] for name in names] + [names]}
            )
    return found


def _fused(task: Task, references: Path) -> list[dict[str, dict[str, float]]]:
    """The weights of weighted fusion in each chain, found again."""
    views = baselines.learned_models(task)
    learned = baselines.reload_supervised(task, references)
    return stack(task, {name: Part(views[name], own.by_pair) for name, own in learned.items()}).weights


def _folders(weights: Mapping[str, float], number: int) -> dict[str, float]:
    """Weights above 0 by the names under which models are saved: `sequence_student` of round 1 is `sequence.1`."""
    return {
        f"{part.removesuffix('_student')}.{number}" if part.endswith("_student") else part: weight
        for part, weight in weights.items()
        if weight
    }


def plain_weights(final: str, views: Sequence[str]) -> dict[str, float]:
    """The weights of the models in one that was not weighed by labels; none in a vote alone.

    Parameters
    ----------
    views : that a gene has.

    >>> plain_weights("fusion", ["sequence", "expression"])
    {'sequence': 0.25, 'expression': 0.25, 'early_fusion': 0.5}
    >>> plain_weights("fusion", ["sequence"])
    {'sequence': 1.0}
    """
    if final not in (EARLY, "late_fusion", FUSION):
        return {final: 1.0} if final in views else {}
    early = {EARLY: 1.0, FUSION: 0.5}.get(final, 0.0) if len(views) > 1 else 0.0
    mean = {name: (1 - early) / len(views) for name in views if early < 1}
    return mean | ({EARLY: early} if early else {})
