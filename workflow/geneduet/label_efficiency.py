"""How the models do with fewer labels: whose labels are hidden at a level, and scores on the same terms at all levels.

Whole genes are hidden, in all aspects at once. The test genes are a fifth of the families, the same at every level of a
seed; of the other labelled genes a share keeps its labels, a smaller share being part of every larger one. Hidden and
test genes stay in the unlabelled pool.
"""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geneduet.labels import Labels
from geneduet.settings import JudgedGenes
from geneduet.splits import assign_folds, judged
from geneduet.views import vote

Matrix = NDArray[np.float32]

TEST_FOLDS = 5  # one of so many parts of the families is for the test


def test_genes(split: pd.DataFrame, annotated: NDArray[np.bool_], seed: int, whose: JudgedGenes) -> NDArray[np.bool_]:
    """Genes that are judged at every level: whole families, with about a fifth of the labelled genes.

    Parameters
    ----------
    split : table of folds.
    annotated : (genes,), labelled in any aspect.
    seed : that draws the families.
    whose : where the reserved families alone are judged, they are the test genes, whatever the seed.

    Returns
    -------
    (genes,), labelled or not.
    """
    if whose == "reserved":
        return judged(split, whose)
    # a seed of its own: with that of the folds the test would be one of them, and the others larger than usual
    own = int(np.random.SeedSequence([seed, TEST_FOLDS]).generate_state(1)[0])
    return assign_folds(split["family"].to_numpy(), annotated, TEST_FOLDS, own) == 0


def labelled_genes(annotated: NDArray[np.bool_], test: NDArray[np.bool_], percent: int, seed: int) -> NDArray[np.bool_]:
    """Genes that keep their labels at a level: of the labelled ones outside the test so many percent, one at least.

    >>> annotated, test = np.array([True] * 5 + [False]), np.array([True] + [False] * 5)
    >>> [int(labelled_genes(annotated, test, percent, seed=1).sum()) for percent in (5, 50, 100)]
    [1, 2, 4]
    """
    candidates = np.flatnonzero(annotated & ~test)
    order = np.random.default_rng(seed).permutation(candidates)
    chosen = np.zeros(len(annotated), bool)
    chosen[order[: max(1, round(len(order) * percent / 100))]] = True
    return chosen


def aligned(
    models: Mapping[str, Matrix],
    names: Collection[str],
    terms: Sequence[str],
    few: NDArray[np.bool_],
    full: Labels,
) -> dict[str, Matrix]:
    """Scores of a level on the terms of all labels: a term that was not trained has its prior, in every model alike.

    Parameters
    ----------
    models : (genes, terms), on the terms that the level's labels were enough for.
    names : of all models; one that the level's labels were not enough for has the prior of every term.
    terms : the level's terms.
    few : (genes,), annotated in the aspect at this level.
    full : the labels of the highest level, with all scored terms.

    Returns
    -------
    (genes, terms of `full`).
    """
    prior = vote.naive(full.positive, few)
    place = {term: column for column, term in enumerate(full.terms)}
    columns = [place[term] for term in terms]

    def one(scores: Matrix | None) -> Matrix:
        all_terms = np.repeat(prior[None], len(few), axis=0)
        if scores is not None:
            all_terms[:, columns] = scores
        return all_terms

    return {name: one(models.get(name)) for name in sorted(names)}
