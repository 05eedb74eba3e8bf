"""Links between genes as tables, and the bridges that unlabelled genes build between labelled ones."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from geneduet.views.vote import Joining, Neighbours

STEPS, DECAY = 4, 0.9  # of a walk: how far it goes, and what each further step counts
KEPT = 200  # closest genes of each gene that a walk goes on from
BLOCK = 512  # genes from which walks begin at a time


def bridges(neighbours: Neighbours, steps: int = STEPS, decay: float = DECAY, kept: int = KEPT) -> Neighbours:
    """Links to genes that can be reached through others, labelled or not.

    The weight of a pair is that of all walks of one to `steps` steps between the two, sum of `decay^k S^k`, where S is
    the symmetric matrix of weights with rows and columns divided by the roots of their sums: the local and global
    consistency of Zhou et al. 2004 (NIPS 16:321), cut off after a few steps. No label is read here. When the genes vote
    along them, this is label propagation; and because a vote is a sum over voters, a gene can be left out of its own
    vote exactly.

    Parameters
    ----------
    neighbours : direct links, of which the larger weight of the two directions counts, and all pairs of copies,
        linked or not: what is a copy is one also where it is reached through others.
    kept : closest genes from which each gene's walks go on: bounds memory to genes x kept x kept at worst.
    """
    weights = sparse.csr_array(neighbours.weights.maximum(neighbours.weights.T))
    total = np.asarray(weights.sum(axis=1)).ravel()
    scale = sparse.diags_array(_inverse_root(total))
    step = sparse.csr_array(scale @ weights @ scale) * decay
    blocks = [_walked(step, start, steps, kept) for start in range(0, step.shape[0], BLOCK)]
    return Neighbours(sparse.csr_array(sparse.vstack(blocks)), neighbours.copies)


def _walked(step: sparse.csr_array, start: int, steps: int, kept: int) -> sparse.csr_array:
    """All walks from a block of genes."""
    walk = reached = step[start : start + BLOCK]
    for _ in range(steps - 1):
        walk = closest(sparse.csr_array(walk @ step), kept)
        reached = reached + walk
    home = sparse.csr_array(sparse.eye_array(*reached.shape, k=start))  # back where a walk began is no link
    return closest(sparse.csr_array(reached - reached.multiply(home)), kept)


def joined_bridges(
    neighbours: Neighbours, joining: Joining, steps: int = STEPS, decay: float = DECAY, kept: int = KEPT
) -> Joining:
    """Bridges from new genes, each as if it alone had joined the others; see `bridges`.

    Parameters
    ----------
    neighbours : direct links between the genes.
    joining : direct links from the new genes to them, in whichever direction they are.
    """
    weights = sparse.csr_array(neighbours.weights.maximum(neighbours.weights.T))
    total = np.asarray(weights.sum(axis=1)).ravel()
    scale = sparse.diags_array(_inverse_root(total))
    step = sparse.csr_array(scale @ weights @ scale) * decay
    # a new gene is in the sums of its neighbours, whose other links count for less
    links = joining.weights.tocoo()
    grown = total[links.col] + links.data
    own = np.asarray(joining.weights.sum(axis=1)).ravel()
    place = (links.row, links.col)
    first = sparse.csr_array((decay * links.data * _inverse_root(own[links.row] * grown), place), links.shape)
    loss = sparse.csr_array((1 - np.sqrt(total[links.col] / grown), place), links.shape)

    def less(walk: sparse.csr_array) -> sparse.csr_array:
        return sparse.csr_array(walk - walk.multiply(loss))

    walk = reached = first
    home = sparse.csr_array((walk.shape[0], 1))
    for _ in range(steps - 1):
        onward = less(sparse.csr_array(less(walk) @ step)) + first.multiply(home.toarray())
        back = sparse.csr_array(walk.multiply(first).sum(axis=1)[:, None])
        both = closest(sparse.csr_array(sparse.hstack([onward, back])), kept)
        walk, home = both[:, :-1], both[:, [-1]]
        reached = reached + walk
    return Joining(closest(sparse.csr_array(reached), kept), joining.copies)


def _inverse_root(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 / sqrt; 0 of 0."""
    return np.divide(1.0, np.sqrt(values), out=np.zeros_like(values), where=values > 0)


def closest(weights: sparse.csr_array, kept: int) -> sparse.csr_array:
    """The largest weights of each row; of equal ones the first columns.

    >>> closest(sparse.csr_array(np.array([[3.0, 1, 2], [0, 1, 0]])), 2).toarray().tolist()
    [[3.0, 0.0, 2.0], [0.0, 1.0, 0.0]]
    """
    matrix = sparse.csr_array(weights)
    matrix.eliminate_zeros()
    matrix.sort_indices()
    row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    order = np.lexsort((matrix.indices, -matrix.data, row))
    rank = np.arange(len(row)) - matrix.indptr[row]  # rows stay where they are in this order
    chosen = order[rank < kept]
    return sparse.csr_array((matrix.data[chosen], (row[chosen], matrix.indices[chosen])), shape=matrix.shape)


def to_table(neighbours: Neighbours, genes: list[str]) -> pd.DataFrame:
    """Links as rows: gene_id, partner_id, weight, and copy, whether the two are near-identical copies.

    Copies that are not linked have a row of weight 0: a bridge may lead from one to the other.
    """
    links, marked, size = neighbours.weights.tocoo(), neighbours.copies.tocoo(), np.int64(len(genes))
    linked, same = links.row * size + links.col, marked.row * size + marked.col
    apart = np.setdiff1d(same, linked)
    row, column = np.divmod(np.concatenate([linked, apart]), size)
    names = np.array(genes, dtype=object)
    weight = np.concatenate([links.data, np.zeros(len(apart))])
    copy = np.concatenate([np.isin(linked, same), np.ones(len(apart), bool)])
    return pd.DataFrame({"gene_id": names[row], "partner_id": names[column], "weight": weight, "copy": copy})


def from_table(table: pd.DataFrame, genes: list[str]) -> Neighbours:
    """Links from what `to_table` made."""
    position = pd.Index(genes)
    place = tuple(position.get_indexer(pd.Index(table[side])) for side in ("gene_id", "partner_id"))
    shape = (len(genes), len(genes))
    copies = sparse.csr_array((table["copy"].to_numpy(bool), place), shape=shape)
    copies.eliminate_zeros()
    weights = sparse.csr_array((table["weight"].to_numpy(float), place), shape=shape)
    weights.eliminate_zeros()
    return Neighbours(weights, copies)
