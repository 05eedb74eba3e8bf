"""Co-expression: correlation, mutual rank, and each gene's closest partners."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

MIN_COMMON = 10  # samples that two genes must share for their correlation to count
BLOCK = 256  # genes whose pairs with all others are worked on at a time


def correlation(expression: NDArray[np.float32], min_common: int = MIN_COMMON) -> NDArray[np.float32]:
    """Pearson correlation of all pairs of genes over the samples that both have.

    Parameters
    ----------
    expression : (genes, samples), NaN for missing.
    min_common : samples that a pair must share; other pairs, and those without variance, get NaN.

    Returns
    -------
    (genes, genes), symmetric, diagonal NaN.

    >>> correlation(np.array([[1, 2, 3], [2, 4, 6], [3, 2, np.nan]], np.float32), min_common=3).tolist()
    [[nan, 1.0, nan], [1.0, nan, nan], [nan, nan, nan]]
    """
    known = _Values.of(expression)
    found = np.empty((len(expression), len(expression)), np.float32)
    for block in _blocks(len(expression)):
        # pairs with genes of this block and later ones; the other half is the same
        own, later = block, slice(block.start, None)
        found[own, later] = _pearson(known.of_genes(own), known.of_genes(later), min_common)
        # the block's own pairs are in it twice: the halves could differ by rounding
        inner = found[own, own]
        lower = np.tril_indices(len(inner), -1)
        inner[lower] = inner.T[lower]
        found[later, own] = found[own, later].T
    np.fill_diagonal(found, np.nan)
    return found


@dataclass(frozen=True)
class _Values:
    """Values, 0 where missing, their squares, and 1 where they are not missing; each (genes, samples)."""

    value: NDArray[np.float64]
    square: NDArray[np.float64]
    mask: NDArray[np.float64]

    @classmethod
    def of(cls, expression: NDArray[np.float32]) -> Self:
        there = np.isfinite(expression)
        value = np.where(there, expression, 0).astype(np.float64)
        return cls(value, value * value, there.astype(np.float64))

    def of_genes(self, genes: slice) -> "_Values":
        return _Values(self.value[genes], self.square[genes], self.mask[genes])


def _pearson(one: _Values, other: _Values, min_common: int) -> NDArray[np.float64]:
    """Correlation of each of some genes with each of others; NaN as in `correlation`."""
    common = one.mask @ other.mask.T
    total, total_other = one.value @ other.mask.T, one.mask @ other.value.T
    product = one.value @ other.value.T
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = _spread(common, one.square @ other.mask.T, total)
        spread *= _spread(common, one.mask @ other.square.T, total_other)
        pearson = (common * product - total * total_other) / np.sqrt(spread)
    pearson[common < min_common] = np.nan
    return np.clip(pearson, -1, 1)


def _blocks(count: int) -> Iterator[slice]:
    """Genes in blocks, so that what is needed for the pairs of one block stays small."""
    return (slice(start, min(start + BLOCK, count)) for start in range(0, count, BLOCK))


def _spread(
    common: NDArray[np.float64], square: NDArray[np.float64], total: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The sum of squares around the mean, times the number of samples; NaN where it is 0 but for rounding."""
    spread = common * square - total * total
    spread[spread <= 1e-9 * common * square] = np.nan
    return spread


def mutual_rank(correlation: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mutual rank of gene pairs: the geometric mean of the two one-sided correlation ranks.

    A rank of 1 is the most correlated partner. Ranks compare across genes where correlations do not, because
    each gene's own background is divided out (Obayashi and Kinoshita 2009, DNA Research 16:249).

    Parameters
    ----------
    correlation : (n, n), symmetric, NaN on pairs that do not count; such pairs get NaN.

    Returns
    -------
    (n, n), symmetric, diagonal NaN.

    Raises
    ------
    ValueError: not square.

    >>> mutual_rank(np.array([[1, .9, .1], [.9, 1, .5], [.1, .5, 1]], np.float32)).astype(float).round(2).tolist()
    [[nan, 1.0, 2.0], [1.0, nan, 1.41], [2.0, 1.41, nan]]
    """
    if correlation.ndim != 2 or correlation.shape[0] != correlation.shape[1]:
        raise ValueError(f"a square matrix is needed, not {correlation.shape}")
    rank = _ranks(correlation)
    mutual = np.empty(correlation.shape, np.float32)
    for block in _blocks(len(correlation)):
        mutual[block] = _mutual(rank, block)
    return mutual


def _ranks(correlation: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rank of each gene (column) among the partners of each gene (row), of ties the earlier first; NaN for no pair."""
    rank = np.empty(correlation.shape, np.float32)
    for block in _blocks(len(correlation)):
        missing = np.isnan(correlation[block])
        missing[np.arange(len(missing)), np.arange(len(correlation))[block]] = True
        rank[block] = _ranks_of(correlation[block], missing)
    return rank


def _ranks_of(correlation: NDArray[np.float32], missing: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Rank of each gene (column) by its correlation with each of some genes (rows); NaN where it does not count."""
    rank = np.empty(correlation.shape, np.float32)
    order = np.argsort(np.where(missing, np.inf, -correlation), axis=1, kind="stable")
    np.put_along_axis(rank, order, np.arange(1, correlation.shape[1] + 1, dtype=np.float32)[None], axis=1)
    rank[missing] = np.nan
    return rank


def _mutual(rank: NDArray[np.float32], block: slice) -> NDArray[np.float32]:
    """Mutual ranks of a block of genes with all."""
    return np.sqrt(rank[block] * rank[:, block].T)


def partners(expression: pd.DataFrame, count: int) -> pd.DataFrame:
    """Each gene's closest partners by mutual rank.

    Returns
    -------
    gene_id, partner_id, mutual_rank, correlation; the closest first.
    """
    pearson = correlation(expression.to_numpy(np.float32))
    rank = _ranks(pearson)
    shape = (len(pearson), min(count, len(pearson)))
    partner, closeness = np.empty(shape, np.intp), np.empty(shape, np.float32)
    for block in _blocks(len(pearson)):
        mutual = _mutual(rank, block)
        partner[block] = np.argsort(mutual, axis=1, kind="stable")[:, :count]
        closeness[block] = np.take_along_axis(mutual, partner[block], axis=1)
    genes = expression.index.to_numpy()
    table = pd.DataFrame(
        {
            "gene_id": np.repeat(genes, shape[1]),
            "partner_id": genes[partner.ravel()],
            "mutual_rank": closeness.ravel(),
            "correlation": np.take_along_axis(pearson, partner, axis=1).ravel(),
        }
    )
    return table.dropna().reset_index(drop=True)


def mutual_ranks(
    new: NDArray[np.float32], expression: NDArray[np.float32], left_out: NDArray[np.intp], min_common: int = MIN_COMMON
) -> NDArray[np.float32]:
    """Mutual ranks of new genes with those of a compendium, each as if it alone had joined them.

    Parameters
    ----------
    new, expression : (new genes, samples), (genes, samples), NaN for missing.
    left_out : (new genes,), the gene of the compendium that a new one stands for, which is no partner of it and has no
        place in the others' ranks; -1 for none.

    Returns
    -------
    (new genes, genes), NaN on pairs that do not count. Of equal correlations that of the new gene is the last.
    """
    known, joining = _Values.of(expression), _Values.of(new)
    pearson = _pearson(joining, known, min_common).astype(np.float32)
    stands = np.flatnonzero(left_out >= 0)
    pearson[stands, left_out[stands]] = np.nan
    missing = np.isnan(pearson)
    rank = np.empty_like(pearson)
    for block in _blocks(len(expression)):
        others = -_pearson(known.of_genes(block), known, min_common).astype(np.float32)
        others[np.arange(len(others)), np.arange(len(expression))[block]] = np.nan
        own = -pearson[:, block].T
        twin = others[:, left_out[stands]] <= own[:, stands]
        others.sort(axis=1)  # NaN last
        for place, row in enumerate(others):
            rank[:, block.start + place] = np.searchsorted(row, own[place], side="right") + 1
        rank[stands, block] -= twin.T
    rank[missing] = np.nan
    return np.sqrt(_ranks_of(pearson, missing) * rank)


def weight_of(mutual_rank: NDArray[np.floating]) -> NDArray[np.float64]:
    """Weight of a link by the mutual rank of the two genes.

    Of 1/rank, 1/sqrt(rank), r^2 and exp(-rank/10) the vote that did best on E. coli, aspect P, by a hair.
    """
    return np.asarray(1 / np.sqrt(mutual_rank.astype(np.float64)))


def neighbours(table: pd.DataFrame, genes: Sequence[str]) -> sparse.csr_array:
    """Weights of the links along which co-expressed genes vote, (genes, genes): the closer the rank, the more.

    Parameters
    ----------
    table : as `partners` gives it.
    genes : the gene universe.
    """
    position = pd.Index(genes)
    row = position.get_indexer(pd.Index(table["gene_id"]))
    column = position.get_indexer(pd.Index(table["partner_id"]))
    weight = weight_of(table["mutual_rank"].to_numpy())
    return sparse.csr_array((weight, (row, column)), shape=(len(genes), len(genes)))


def joined(
    mutual: NDArray[np.float32], known: sparse.csr_array, count: int
) -> tuple[sparse.csr_array, sparse.csr_array]:
    """Links of new genes to their closest partners, and those with all that either counts among its own.

    Parameters
    ----------
    mutual : as `mutual_ranks` gives them.
    known : (genes, genes), links of the genes, as `neighbours` gives them.
    count : partners that a gene keeps.

    Returns
    -------
    (new genes, genes) each: along the first a new gene's partners vote, bridges begin with the second.
    """
    closest = np.argsort(mutual, axis=1, kind="stable")[:, :count]
    chosen = np.zeros(mutual.shape, bool)
    np.put_along_axis(chosen, closest, True, axis=1)
    full = np.diff(known.indptr) >= count
    least = np.where(full, np.asarray(known.min(axis=1, explicit=True).toarray()).ravel(), 0)
    weight = np.nan_to_num(weight_of(mutual))
    either = chosen | (weight > least)
    return sparse.csr_array(np.where(chosen, weight, 0)), sparse.csr_array(np.where(either, weight, 0))
