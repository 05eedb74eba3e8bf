"""What is known of each gene and term of one aspect: positive, negative, or unknown.

A positive is a validated annotation or an ancestor of one; a negative is a NOT annotation or a descendant of one;
everything else is unknown, not negative (open world).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from geneduet import arrays
from geneduet.annotations import PROTEIN_BINDING
from geneduet.ontology import (
    Ontology,
    ancestors,
    information_accretion,
    information_content,
    propagate_down,
    propagate_up,
)

_TRANSFER = "transfer_"  # what the arrays of a transfer are called in a file
LIKELY = np.float32(0.5)  # share of the reference's vote from which a transferred term counts as positive


@dataclass(frozen=True)
class Transfer:
    """What a reference says of the genes of an organism with too few labels of its own.

    Parameters
    ----------
    share : (genes, terms) sparse float32, share of the vote that has the term; obeys the hierarchy.
    trust : (genes,) float32, how far the vote is to be trusted, from 0 (nobody votes) to 1.
    labelled : (genes,), those that are learned from by it: they have a likely term, and no label of their own.
    """

    share: sparse.csr_array
    trust: NDArray[np.float32]
    labelled: NDArray[np.bool_]


@dataclass(frozen=True)
class Labels:
    """Three-state labels of the genes for the selected terms of one aspect.

    Parameters
    ----------
    aspect : P, F or C.
    genes : the gene universe, rows.
    terms, names : the selected terms, columns; closed under ancestors, root and `GO:0005515` left out.
    positive, negative : (genes, terms) sparse bool; a pair in neither is unknown. A pair that is both (a positive
        whose ancestor or self is a NOT) stays positive here and is `excluded` from what is written.
    excluded : (genes, terms), NOT pairs and their descendants, in conflict with a positive or not.
    annotated : (genes,), genes with a positive in this aspect, on a selected term or not.
    ancestors : (terms, terms), row = term, columns = its ancestors and itself.
    information_content : (terms,), bits, of the annotated genes.
    information_accretion : (terms,), bits.
    transfer : what a reference says, where it stands in for labels; else None. Genes that are labelled by it count as
        annotated, and their likely terms as positive.
    """

    aspect: str
    genes: list[str]
    terms: list[str]
    names: list[str]
    positive: sparse.csr_array
    negative: sparse.csr_array
    excluded: sparse.csr_array
    annotated: NDArray[np.bool_]
    ancestors: sparse.csr_array
    information_content: NDArray[np.float64]
    information_accretion: NDArray[np.float64]
    transfer: Transfer | None = None

    @property
    def validated(self) -> NDArray[np.bool_]:
        """Genes with a label of their own, (genes,): the positives of others are what a reference says."""
        return self.annotated if self.transfer is None else self.annotated & ~self.transfer.labelled

    def published(self, scores: NDArray[np.float32]) -> NDArray[np.float32]:
        """Scores as they are told: the reference's vote as far as it is trusted, the learned score for the rest.

        A learned score is blind to the gene's own transferred labels, so the two tell of different things. Both obey
        the hierarchy, and so does the mixture.

        Parameters
        ----------
        scores : (genes, terms), out-of-fold.
        """
        if self.transfer is None:
            return scores
        trust = self.transfer.trust[:, None]
        return np.asarray(trust * self.transfer.share.toarray() + (1 - trust) * scores, np.float32)


def make(
    aspect: str,
    genes: Sequence[str],
    annotations: pd.DataFrame,
    ontology: Ontology,
    hidden: Collection[str],
    min_positives: int,
    reference: "Transferable | None" = None,
    forbidden: Collection[str] = (),
) -> tuple[Labels, Labels]:
    """Labels to learn from, and those of the hidden genes to be judged on.

    Terms are selected, and information measured, on the visible labels alone.

    Parameters
    ----------
    annotations : gene_id, term (live), negated; as `annotations.select` gives them.
    hidden : genes whose labels are held out.
    min_positives : visible annotated genes that a term needs.
    reference : whose vote stands in for the labels that genes lack.
    forbidden : terms that are not selected, with all descendants, as `taxon.forbidden` gives them.

    Returns
    -------
    Visible labels, and hidden labels over the same genes and terms.
    """
    columns, closure = _of_aspect(ontology, aspect)
    terms = [ontology.terms[column] for column in columns]
    positive, negated = _propagated(annotations, genes, terms, closure)
    is_hidden = np.isin(np.asarray(genes, dtype=object), list(hidden))
    seen, judged = _rows(positive, ~is_hidden), _rows(positive, is_hidden)
    transfer = None
    if reference is not None:
        transfer = _transfer(reference, terms, negated, ~is_hidden & (np.diff(seen.indptr) == 0))
        # the vote tells nothing of the root
        seen = propagate_up(sparse.csr_array(seen + _rows(_likely(transfer.share), transfer.labelled)), closure)
    chosen = _selection(terms, seen, {*ontology.roots(), *forbidden}, min_positives)
    shared: dict[str, Any] = {
        "aspect": aspect,
        "genes": list(genes),
        "terms": [terms[column] for column in chosen],
        "names": [ontology.names[columns[column]] for column in chosen],
        "ancestors": closure[chosen][:, chosen],
        "information_content": information_content(seen)[chosen],
        "information_accretion": information_accretion(seen, ontology.parents[columns][:, columns])[chosen],
    }
    if transfer is not None:
        shared["transfer"] = replace(transfer, share=transfer.share[:, chosen])
    return tuple(  # type: ignore[return-value]
        Labels(
            positive=have[:, chosen],
            negative=_without(_rows(negated, mask), have)[:, chosen],
            excluded=_rows(negated, mask)[:, chosen],
            annotated=np.diff(have.indptr) > 0,
            **shared,
        )
        for have, mask in ((seen, ~is_hidden), (judged, is_hidden))
    )


def relabel(known: Labels, annotations: pd.DataFrame, ontology: Ontology) -> Labels:
    """Other annotations, those of a later release say, on the genes and terms of labels that are known.

    Terms that were not selected then are left out; information is that of the known labels.

    Parameters
    ----------
    annotations : gene_id, term (live), negated; as `annotations.select` gives them.
    """
    columns, closure = _of_aspect(ontology, known.aspect)
    terms = [ontology.terms[column] for column in columns]
    positive, negated = _propagated(annotations, known.genes, terms, closure)
    chosen = pd.Index(terms).get_indexer(pd.Index(known.terms))
    return replace(
        known,
        positive=positive[:, chosen],
        negative=_without(negated, positive)[:, chosen],
        excluded=negated[:, chosen],
        annotated=np.diff(positive.indptr) > 0,
        transfer=None,
    )


def propagated(
    aspect: str, genes: Sequence[str], annotations: pd.DataFrame, ontology: Ontology
) -> tuple[list[str], sparse.csr_array]:
    """All terms of an aspect but the roots, and the positives on them with all ancestors: (genes, terms).

    Parameters
    ----------
    annotations : gene_id, term (live), negated; as `annotations.select` gives them. Those of other genes are passed
        over.
    """
    columns, closure = _of_aspect(ontology, aspect)
    terms = [ontology.terms[column] for column in columns]
    ours = annotations[annotations["gene_id"].isin(list(genes))]
    positive, _ = _propagated(ours, genes, terms, closure)
    chosen = _selection(terms, positive, set(ontology.roots()), 0)
    return [terms[column] for column in chosen], positive[:, chosen]


@dataclass(frozen=True)
class Transferable:
    """The vote of a reference on the genes, on its own terms.

    Parameters
    ----------
    terms : columns; of the aspect.
    share, trust : as in `Transfer`.
    """

    terms: list[str]
    share: sparse.csr_array
    trust: NDArray[np.float32]


def _transfer(
    reference: Transferable, terms: Sequence[str], negated: sparse.csr_array, unlabelled: NDArray[np.bool_]
) -> Transfer:
    """The vote on the terms of an aspect, without what the organism's own NOT excludes, and whom it labels."""
    place = pd.Index(terms).get_indexer(pd.Index(reference.terms))
    said = reference.share
    share = sparse.csr_array((said.data, place[said.indices], said.indptr), shape=(said.shape[0], len(terms)))
    # NOT goes down to all descendants: what is left obeys the hierarchy
    share = sparse.csr_array(share - share.multiply(negated))
    share.eliminate_zeros()
    share.sort_indices()
    return Transfer(share, reference.trust, unlabelled & (np.diff(_likely(share).indptr) > 0))


def _likely(share: sparse.csr_array) -> sparse.csr_array:
    """The pairs that count as positive where the reference stands in."""
    likely = sparse.csr_array(share >= LIKELY)
    likely.eliminate_zeros()
    return likely


def _of_aspect(ontology: Ontology, aspect: str) -> tuple[NDArray[np.intp], sparse.csr_array]:
    """Places of the aspect's terms in the ontology, and their ancestors within the aspect."""
    columns = ontology.of_aspect(aspect)
    return columns, ancestors(ontology)[columns][:, columns]


def _propagated(
    annotations: pd.DataFrame, genes: Sequence[str], terms: Sequence[str], closure: sparse.csr_array
) -> tuple[sparse.csr_array, sparse.csr_array]:
    """Positives with all ancestors, and NOT pairs with all descendants: (genes, terms) each."""
    return (
        propagate_up(_matrix(annotations[~annotations["negated"]], genes, terms), closure),
        propagate_down(_matrix(annotations[annotations["negated"]], genes, terms), closure),
    )


def _matrix(rows: pd.DataFrame, genes: Sequence[str], terms: Sequence[str]) -> sparse.csr_array:
    row, column = (
        pd.Index(genes).get_indexer(pd.Index(rows["gene_id"])),
        pd.Index(terms).get_indexer(pd.Index(rows["term"])),
    )
    inside = (row >= 0) & (column >= 0)  # the other aspects' terms are elsewhere
    row, column = row[inside], column[inside]
    return sparse.csr_array((np.ones(len(row), bool), (row, column)), shape=(len(genes), len(terms)))


def _rows(matrix: sparse.csr_array, mask: NDArray[np.bool_]) -> sparse.csr_array:
    """The matrix with the rows outside the mask emptied."""
    kept = sparse.csr_array(sparse.diags_array(mask, dtype=bool) @ matrix)
    kept.eliminate_zeros()
    kept.sort_indices()
    return kept


def _without(matrix: sparse.csr_array, other: sparse.csr_array) -> sparse.csr_array:
    left = sparse.csr_array(matrix > other)
    left.sort_indices()
    return left


def _selection(
    terms: list[str], positive: sparse.csr_array, left_out: set[str], min_positives: int
) -> NDArray[np.intp]:
    having = np.bincount(positive.indices, minlength=len(terms))
    told = np.array([term not in left_out and term != PROTEIN_BINDING for term in terms], dtype=bool)
    return np.flatnonzero((having >= min_positives) & told)


def write(path: Path, labels: Labels) -> None:
    """Write labels as NPZ."""
    content = {name: value for name, value in vars(labels).items() if name != "transfer"}
    if labels.transfer is not None:
        content |= {f"{_TRANSFER}{name}": value for name, value in vars(labels.transfer).items()}
    arrays.write(path, content)


def read(path: Path) -> Labels:
    """Read labels that `write` wrote."""
    content = arrays.read(path)
    names = [name for name in content if name.startswith(_TRANSFER)]
    transfer = {name.removeprefix(_TRANSFER): content.pop(name) for name in names}
    return Labels(**{**content, "aspect": content["aspect"][0]}, transfer=Transfer(**transfer) if transfer else None)
