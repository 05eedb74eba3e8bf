"""What proteins of other species say of the genes that resemble them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from scipy import sparse

from geneduet import arrays
from geneduet.labels import propagated
from geneduet.ontology import Ontology
from geneduet.views.vote import Reference


@dataclass(frozen=True)
class Voting:
    """The reference in one aspect.

    Parameters
    ----------
    proteins, terms : all that have a hit, all of the aspect.
    weights : (genes, proteins), bitscore of the hit.
    labels : (proteins, terms), propagated up.
    """

    proteins: list[str]
    terms: list[str]
    weights: sparse.csr_array
    labels: sparse.csr_array

    def of_labelled(self) -> sparse.csr_array:
        """Weights of the proteins that have any label of the aspect: the others do not vote."""
        labelled = self.labels.sum(axis=1) > 0
        weights = sparse.csr_array(self.weights @ sparse.diags_array(labelled.astype(float)))
        weights.eliminate_zeros()
        return weights


def make(aspect: str, genes: Sequence[str], hits: pd.DataFrame, rows: pd.DataFrame, ontology: Ontology) -> Voting:
    """Who votes, and on what.

    Parameters
    ----------
    genes : the gene universe.
    hits : of the genes in the reference, as `homology.search_others` gives them.
    rows : annotations of the reference, as `annotations.select` gives them.
    """
    proteins = sorted(set(hits["target"]))
    terms, positive = propagated(aspect, proteins, rows, ontology)
    place = (
        pd.Index(genes).get_indexer(pd.Index(hits["query"])),
        pd.Index(proteins).get_indexer(pd.Index(hits["target"])),
    )
    weights = sparse.csr_array((hits["bitscore"].to_numpy(float), place), shape=(len(genes), len(proteins)))
    return Voting(proteins, terms, weights, positive)


def write(path: Path, voting: Voting) -> None:
    """Write as NPZ."""
    arrays.write(path, vars(voting))


def read(path: Path) -> Voting:
    """Read what `write` wrote."""
    return Voting(**arrays.read(path))


def voters(voting: Voting, terms: Sequence[str]) -> Reference:
    """The vote on some terms; a protein votes where it has any label of the aspect, be it on none of these terms."""
    place = pd.Index(voting.terms).get_indexer(pd.Index(terms))
    return Reference(voting.of_labelled(), sparse.csr_array(voting.labels[:, place]))
