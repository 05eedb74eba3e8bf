"""What labelled neighbours say: the vote of homologues, say, as features and as a starting score.

The label-aware part of a view. It takes a mask of the genes whose labels may be seen and never looks at others. A gene
inside the mask is described by its neighbours' labels, not by its own and not by those of near-identical copies
(leave-one-gene-out), so that the learner meets the vote in training as it will meet it on a new gene.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import nnls

from geneduet import arrays

COMPONENTS = 16  # of the label matrix; a vote of thousands of terms is given to the trees as its place on these
PLACE_DIGITS = 6  # decimals of a place on them
ROUNDING = 1e-9  # of the largest variance: less than that is none
STRENGTH_QUANTILES = (0.25, 0.5, 0.75)  # of the strongest labelled neighbour: how far a vote is to be trusted


@dataclass(frozen=True)
class Vote:
    """What labelled neighbours say of each gene.

    Parameters
    ----------
    share : (genes, terms), weighted share of the voters that have the term; zeros where nobody votes.
    strength : (genes,), weight of the closest voter; 0 where nobody votes.
    count : (genes,), how many vote.
    weight : (genes,), of all voters together.
    """

    share: NDArray[np.float32]
    strength: NDArray[np.float64]
    count: NDArray[np.int64]
    weight: NDArray[np.float64]


class Voters(Protocol):
    """Who votes on a gene's terms."""

    def vote(self, labels: sparse.csr_array, training: NDArray[np.bool_]) -> Vote:
        """The vote on all genes.

        Parameters
        ----------
        labels : (genes, terms), positives; rows outside `training` are not read.
        training : (genes,), the genes whose labels may be seen.
        """
        ...


@dataclass(frozen=True)
class Neighbours:
    """Weighted links between genes, along which those with labels vote.

    Parameters
    ----------
    weights : (genes, genes) sparse, zero diagonal, larger is closer; row = gene, columns = its neighbours.
    copies : (genes, genes) sparse bool, pairs of near-identical copies, linked or not; a gene in training does not see
        its own.
    """

    weights: sparse.csr_array
    copies: sparse.csr_array

    def seen(self, training: NDArray[np.bool_]) -> sparse.csr_array:
        """Links to labelled neighbours: to training genes only, and for training genes not to their copies."""
        own = sparse.diags_array(training.astype(np.float64))
        weights = self.weights @ own
        hidden = own @ weights.multiply(self.copies)
        links = sparse.csr_array(weights - hidden)
        links.eliminate_zeros()
        return links

    def vote(self, labels: sparse.csr_array, training: NDArray[np.bool_]) -> Vote:
        """The vote of a gene's neighbours in training."""
        return count_votes(self.seen(training), labels)

    def hear(self, labels: sparse.csr_array, training: NDArray[np.bool_], told: NDArray[np.float32]) -> Vote:
        """The vote of all neighbours: those in training by their labels, the others by what is told of them.

        Copies are not heard by anyone: what is told of a copy is told of the gene itself.

        Parameters
        ----------
        told : (genes, terms), probabilities.
        """
        known = np.where(training[:, None], labels.toarray(), told).astype(np.float32)
        links = sparse.csr_array(self.weights - self.weights.multiply(self.copies))
        links.eliminate_zeros()
        return count_votes(links, known)


@dataclass(frozen=True)
class Joining(Neighbours):
    """Links from genes that are not in the table to those that are: the labels of the former are nowhere.

    Parameters
    ----------
    weights, copies : as in `Neighbours`, but (new genes, genes).
    """

    def seen(self, training: NDArray[np.bool_]) -> sparse.csr_array:
        """Links to training genes, copies among them: no new gene is in training."""
        links = sparse.csr_array(self.weights @ sparse.diags_array(training.astype(np.float64)))
        links.eliminate_zeros()
        links.sort_indices()
        return links


@dataclass(frozen=True)
class Reference:
    """Annotated proteins of other species, which vote whatever the labels of the genes are.

    Parameters
    ----------
    weights : (genes, proteins) sparse, larger is closer.
    labels : (proteins, terms) sparse bool.
    """

    weights: sparse.csr_array
    labels: sparse.csr_array

    def vote(self, labels: sparse.csr_array, training: NDArray[np.bool_]) -> Vote:
        """The vote of a gene's homologues in the reference; the same for every mask."""
        return self._counted

    @cached_property
    def _counted(self) -> Vote:
        return count_votes(self.weights, self.labels)


def count_votes(links: sparse.csr_array, labels: sparse.csr_array | NDArray[np.float32]) -> Vote:
    """The vote along links: whoever has a weight above 0 votes, labelled or not.

    Parameters
    ----------
    links : (genes, voters), weights above 0 alone.
    labels : (voters, terms); sparse, or probabilities.
    """
    strength = np.asarray(links.max(axis=1).toarray()).ravel() if links.shape[1] else np.zeros(links.shape[0])
    share = _by_share(links) @ labels
    dense = share.toarray() if sparse.issparse(share) else share
    return Vote(dense.astype(np.float32), strength, np.diff(links.indptr), np.asarray(links.sum(axis=1)).ravel())


def shares(links: sparse.csr_array, labels: sparse.csr_array) -> sparse.csr_array:
    """The weighted share of the voters that have each term, (genes, terms) sparse float32.

    Parameters
    ----------
    links : (genes, voters), weights above 0 alone.
    labels : (voters, terms).
    """
    return sparse.csr_array((_by_share(links) @ labels).astype(np.float32))


def _by_share(links: sparse.csr_array) -> sparse.csr_array:
    """The weights of each gene's voters as shares of 1."""
    total = np.asarray(links.sum(axis=1)).ravel()
    scale = np.divide(1.0, total, out=np.zeros_like(total), where=total > 0)
    return sparse.csr_array(sparse.diags_array(scale) @ links)


def join(votes: Sequence[Vote]) -> Vote:
    """One vote of several electorates, each with the weight of its voters."""
    total = np.sum([own.weight for own in votes], axis=0)
    part = [np.divide(own.weight, total, out=np.zeros_like(total), where=total > 0) for own in votes]
    share = sum((one[:, None] * own.share for one, own in zip(part, votes, strict=True)), np.float32(0))
    strength = np.max([own.strength for own in votes], axis=0)
    count = np.sum([own.count for own in votes], axis=0)
    return Vote(np.asarray(share, np.float32), strength, count, total)


def naive(labels: sparse.csr_array, training: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Share of the training genes that have each term, shape (terms,): the prior; 0 where there are none."""
    if not training.any():
        return np.zeros(labels.shape[1], np.float32)
    return np.asarray(labels[training].mean(axis=0), np.float32).ravel()


@dataclass(frozen=True)
class Trust:
    """How far a vote has proved right, by the strength of the nearest labelled neighbour.

    Parameters
    ----------
    edges : (groups - 1,), strengths between the groups, rising.
    weight : (groups,), from 0 to 1: `label = weight * share + (1 - weight) * prior` fits best.
    count : (groups,), genes that tell it.
    """

    edges: NDArray[np.float64]
    weight: NDArray[np.float32]
    count: NDArray[np.int64]

    def of(self, strength: NDArray[np.float64]) -> NDArray[np.float32]:
        """The weight of each gene's vote, (genes,); 0 where nobody votes."""
        return np.where(strength > 0, self.weight[self.group(strength)], np.float32(0))

    def group(self, strength: NDArray[np.float64]) -> NDArray[np.intp]:
        """The group of each gene, (genes,)."""
        return np.searchsorted(self.edges, strength)

    def start(self, given: Vote, prior: NDArray[np.float32]) -> NDArray[np.float32]:
        """The mixture of vote and prior, (genes, terms) float32; the prior where nobody votes."""
        weight = self.of(given.strength)[:, None]
        return weight * given.share + (1 - weight) * prior


def trust(given: Vote, labels: sparse.csr_array, training: NDArray[np.bool_]) -> Trust:
    """Weigh vote against prior for each quartile of strength, by least squares over the training genes and all terms.

    Being conditional on strength, it holds also where strong neighbours are rarer than in training.
    """
    prior, voted = naive(labels, training), training & (given.strength > 0)
    if not voted.any():
        return Trust(np.zeros(0), np.zeros(1, np.float32), np.zeros(1, np.int64))
    edges = np.quantile(given.strength[voted], STRENGTH_QUANTILES)
    group = np.where(voted, np.searchsorted(edges, given.strength), -1)
    own = [group == number for number in range(len(edges) + 1)]
    weight = [_least_squares(given.share[rows], prior, labels[rows].toarray()) for rows in own]
    return Trust(edges, np.array(weight, np.float32), np.array([rows.sum() for rows in own]))


def _least_squares(share: NDArray[np.float32], prior: NDArray[np.float32], label: NDArray[np.bool_]) -> float:
    """Weight of the vote against the prior that best gives the labels, from 0 to 1; 0 where there is nothing to fit."""
    gap = (share - prior).astype(np.float64)
    target: NDArray[np.float64] = label - prior.astype(np.float64)
    norm = float((gap * gap).sum())
    return float(np.clip((gap * target).sum() / norm if norm else 0.0, 0.0, 1.0))


def mixture(
    starts: Sequence[NDArray[np.float32]],
    prior: NDArray[np.float32],
    labels: sparse.csr_array,
    training: NDArray[np.bool_],
) -> NDArray[np.float32]:
    """The weights with which the starting scores of several voters are mixed into one, see `mix`; (starts,).

    They are those of non-negative least squares over the training genes and all terms; one start alone counts in full.

    Parameters
    ----------
    starts : each (genes, terms).
    prior : (terms,).
    """
    if len(starts) < 2:
        return np.ones(len(starts), np.float32)
    departures = [(start - prior)[training].astype(np.float64) for start in starts]
    target = labels[training].toarray() - prior.astype(np.float64)
    gram = np.array([[(a * b).sum() for b in departures] for a in departures])
    right = np.array([(a * target).sum() for a in departures])
    # their sum is not bounded: homologues and co-expressed genes that agree are more evidence than either. A score may
    # leave 0..1 a little by it: trees can start from that, calibrators and lessons clip
    return non_negative(gram, right).astype(np.float32)


def mix(
    starts: Sequence[NDArray[np.float32]], prior: NDArray[np.float32], weights: NDArray[np.float32], genes: int
) -> NDArray[np.float32]:
    """One starting score from those of several voters: prior plus the weighted sum of their departures.

    Parameters
    ----------
    starts : each (genes, terms); none gives the prior.
    prior : (terms,).
    weights : as `mixture` gives them.
    genes : how many.
    """
    if not starts:
        return np.repeat(prior[None], genes, axis=0)
    if len(starts) == 1:
        return starts[0]
    return prior + sum((weight * (start - prior) for weight, start in zip(weights, starts, strict=True)), np.float32(0))


def non_negative(gram: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    """Non-negative least squares from its normal equations: the w >= 0 of the smallest `w gram w - 2 w right`.

    >>> non_negative(np.array([[5.0, 4], [4, 5]]), np.array([2.0, -2])).round(3).tolist()
    [0.4, 0.0]
    """
    values, vectors = np.linalg.eigh(gram)
    # where starts say the same, the directions in which they differ are rounding noise
    root = np.sqrt(np.where(values > ROUNDING * values.max(), values, 0.0))
    aim = np.divide(vectors.T @ right, root, out=np.zeros_like(root), where=root > 0)
    return np.asarray(nnls(root[:, None] * vectors.T, aim)[0])


def components(labels: sparse.csr_array, training: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Directions in which the training labels vary most, shape (terms, k), signs fixed; k is COMPONENTS or all terms.

    Where labels vary in fewer directions the last are zeros: what the algebra gives there is rounding noise, and
    differs from machine to machine.
    """
    matrix = labels[training].toarray().astype(np.float64)
    matrix -= matrix.mean(axis=0)
    values, vectors = np.linalg.eigh(matrix.T @ matrix)
    varies = values[::-1][:COMPONENTS] > ROUNDING * values.max(initial=0.0)
    chosen = vectors[:, ::-1][:, :COMPONENTS] * varies
    sign = np.sign(chosen[np.abs(chosen).argmax(axis=0), np.arange(chosen.shape[1])])
    return np.asarray(chosen * sign, np.float32)


@dataclass(frozen=True)
class Reading:
    """How the votes of some voters are put before the trees; all of it is fitted to the labels of training genes.

    Parameters
    ----------
    prior : (terms,), as `naive` gives it.
    directions : (terms, k), as `components` gives them.
    trust : of each vote.
    weights : (votes,), as `mixture` gives them.
    """

    prior: NDArray[np.float32]
    directions: NDArray[np.float32]
    trust: Sequence[Trust]
    weights: NDArray[np.float32]


def write_reading(path: Path, reading: Reading) -> None:
    """Write as NPZ."""
    trusts = {
        f"{part}_{number}": value for number, own in enumerate(reading.trust) for part, value in vars(own).items()
    }
    kept = {"prior": reading.prior, "directions": reading.directions, "weights": reading.weights}
    arrays.write(path, {**kept, **trusts})


def read_reading(path: Path) -> Reading:
    """Read what `write_reading` wrote."""
    stored = arrays.read(path)
    parts = [field.name for field in fields(Trust)]
    trusts = [Trust(*(stored[f"{part}_{number}"] for part in parts)) for number in range(len(stored["weights"]))]
    return Reading(stored["prior"], stored["directions"], trusts, stored["weights"])


def features(given: Vote, directions: NDArray[np.float32], prior: NDArray[np.float32]) -> NDArray[np.float32]:
    """The vote as columns for the trees: strength, number of labelled neighbours, and place on the components.

    Returns
    -------
    (genes, 2 + k) float32; NaN on the components where no neighbour is labelled.
    """
    # the same vote shall be the same number whatever genes are beside it: the last digits of a matrix product depend on
    # its shape, and trees cut at the very values of some genes
    place = np.round((given.share - prior).astype(np.float64) @ directions, PLACE_DIGITS)
    place[given.strength == 0] = np.nan
    return np.column_stack([given.strength, given.count, place]).astype(np.float32)
