"""Folds by homology family: genes of one family share a fold, so that no gene is judged by its near relatives."""

import hashlib
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geneduet.settings import JudgedGenes

RESERVED_MODULUS = 5


def assign_folds(families: NDArray[np.int64], annotated: NDArray[np.bool_], count: int, seed: int) -> NDArray[np.int64]:
    """Fold of each gene, whole families together, annotated genes spread evenly.

    Families are taken from the one with most annotated genes down (ties in random order), each to the fold that has
    fewest annotated genes so far, then fewest genes.

    Parameters
    ----------
    families : (genes,), family number of each gene.
    annotated : (genes,), genes that count for the balance.
    count : number of folds.
    seed : of the order among families of one size.

    Returns
    -------
    (genes,), from 0 to count - 1.

    >>> assign_folds(np.array([0, 0, 1, 2]), np.array([True] * 4), 2, seed=1).tolist()
    [0, 0, 1, 1]
    """
    sizes = np.bincount(families)
    weights = np.bincount(families, weights=annotated, minlength=len(sizes)).astype(int)
    shuffled = np.random.default_rng(seed).permutation(len(sizes))
    order = shuffled[np.lexsort((-sizes[shuffled], -weights[shuffled]))]
    fold_of = np.zeros(len(sizes), np.int64)
    load = np.zeros((count, 2), np.int64)
    for family in order:
        fold = int(np.lexsort((load[:, 1], load[:, 0]))[0])
        fold_of[family] = fold
        load[fold] += weights[family], sizes[family]
    return fold_of[families]


def reserved(families: NDArray[np.int64], genes: Sequence[str]) -> NDArray[np.bool_]:
    """Genes kept for a final judgement: families whose smallest gene id has a sha256 divisible by five.

    Returns
    -------
    (genes,), true for about a fifth of the families.
    """
    smallest = pd.Series(list(genes)).groupby(families).min()
    digest = smallest.map(lambda gene: int(hashlib.sha256(gene.encode()).hexdigest(), 16) % RESERVED_MODULUS == 0)
    return digest.reindex(pd.Index(families)).to_numpy(bool)


def judged(split: pd.DataFrame, whose: JudgedGenes) -> NDArray[np.bool_]:
    """Genes that may be in a score.

    Parameters
    ----------
    split : as `split_table` makes it.
    whose : `all`; `development` leaves out the reserved families; `reserved` judges them alone.

    Returns
    -------
    (genes,).
    """
    kept_back = split["reserved"].to_numpy()
    return {"all": np.ones(len(kept_back), bool), "development": ~kept_back, "reserved": kept_back}[whose]


def split_table(
    genes: Sequence[str],
    families: NDArray[np.int64],
    annotated: NDArray[np.bool_],
    count: int,
    seed: int,
    at_random: bool = False,
) -> pd.DataFrame:
    """One row a gene: gene_id, family, fold, reserved; made once, the same for every model.

    Parameters
    ----------
    at_random : put each gene into a fold by itself. A gene is then judged by its close relatives, which flatters; the
        families are as ever.
    """
    together = np.arange(len(families)) if at_random else families
    fold = assign_folds(together, annotated, count, seed)
    return pd.DataFrame(
        {"gene_id": list(genes), "family": families, "fold": fold, "reserved": reserved(families, genes)}
    )
