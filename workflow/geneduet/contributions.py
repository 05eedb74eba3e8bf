"""What each feature and each vote adds to the final score of a gene and a term.

The final score is, but for calibration and hierarchy, a weighted sum of models (`stacking`), each of them a mean over
the pairs of folds of its chain (`crossfit`), and each of these a sum of contributions (`ViewLearner.explain`). So the
contributions of the models, by their weights, add up to the raw final score, but for what all genes have in common.
Those of a labelled gene come of the models that have not seen its fold, as its score does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from geneduet.baselines import EARLY, FUSION
from geneduet.crossfit import Pair, Task, pair_name
from geneduet.learners import ViewLearner, explained_names
from geneduet.scoring import Recipe
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


def contributions(task: Task, recipe: Recipe, gene: Places, term: Places) -> Contributions:
    """Contributions to the final scores of some pairs.

    Where late fusion is final, which is a mean of calibrated scores, they are those to the mean of the raw ones. Where
    a vote without trees is final there are none.

    Parameters
    ----------
    recipe : of which models the final scores are made.
    gene, term : (pairs,), rows and columns of the scores.
    """
    weights = chain_weights(task, recipe)
    models = sorted({model for chain in weights for own in chain.values() for model in own})
    names = explained_names(list(task.views.values()), student=True)
    values, rest = np.zeros((len(models), len(gene), len(names)), np.float32), _priors(task, weights, gene, term)
    for (number, model), pair in product(enumerate(models), task.pairs):
        share = shares(task, weights, model, pair)[gene]
        rows = np.flatnonzero(share)
        if not len(rows):
            continue
        views = [task.views[view] for view in recipe.models[model.partition(".")[0]]]
        learner = ViewLearner(views, task.settings, task.unknown_weight, task.seed)
        learner.load(recipe.folder(model) / pair_name(pair))
        found = learner.explain(task.labels, task.training(*pair), gene[rows], term[rows])
        columns = np.array([names.index(name) for name in found.names])
        values[number][np.ix_(rows, columns)] += share[rows, None] * found.contributions
        rest[rows] += share[rows] * found.rest
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


def chain_weights(task: Task, recipe: Recipe) -> list[Weights]:
    """The weights of the models in the final score of each chain."""
    found: list[Weights] = []
    for k, final in enumerate(recipe.final):
        if stack := recipe.stack(k):
            by_views = recipe.weights(stack, k).items()
            found.append(
                {
                    views: {recipe.booster(part, k): weight for part, weight in own.items() if weight}
                    for views, own in by_views
                }
            )
        else:
            names = list(task.views)
            found.append(
                {"+".join(views): plain_weights(final, views) for views in [[name] for name in names] + [names]}
            )
    return found


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
