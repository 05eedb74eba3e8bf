"""Who is judged on what: the splits and gene sets of metrics.tsv.

A case is a set of genes, the truth, and the pairs of gene and term that count. All models are judged on the same cases.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from geneduet.evaluation.judgement import Judged, select
from geneduet.labels import Labels

Mask = NDArray[np.bool_]

MIN_NOT = 10  # pairs that are NOT, from which decided pairs are judged


@dataclass(frozen=True)
class Genes:
    """What is known of all genes beside their labels.

    Parameters
    ----------
    judged : (genes,), those that may be judged: the reserved families may be left out.
    family, fold : (genes,).
    with_homologue : (genes,), see `homology.with_homologue`; None where no homologues were searched.
    expressed : (genes,), those that have the expression view; None where nobody has.
    """

    judged: Mask
    family: NDArray[np.int64]
    fold: NDArray[np.int64]
    with_homologue: Mask | None = None
    expressed: Mask | None = None


@dataclass(frozen=True)
class Case:
    """One row set of metrics.tsv.

    Parameters
    ----------
    split, gene_set : names of the contract.
    truth : (genes, terms).
    genes : (genes,), those that are judged.
    counted : (genes, terms), the pairs that count; None for all.
    by_pair : judge the order of the pairs alone, those of genes without a true pair too; for decided pairs.
    """

    split: str
    gene_set: str
    truth: sparse.csr_array
    genes: Mask
    counted: Mask | None = None
    by_pair: bool = False

    def select(self, labels: Labels, genes: Genes, seed: int, resamples: int) -> Judged:
        """The judged genes and what all models are held against; see `judgement.select`."""
        return select(
            self.truth, self.genes, genes.family, genes.fold, labels, seed, resamples, self.counted, self.by_pair
        )


def cross_validation(labels: Labels, genes: Genes, split: str = "cross_validation") -> list[Case]:
    """Labelled genes, each by models that have not seen its fold."""
    return list(_with_parts(split, "all", labels.positive, labels.annotated, genes))


def holdout(held_out: Labels, genes: Genes, split: str = "holdout") -> list[Case]:
    """Genes whose labels were hidden from all models.

    Parameters
    ----------
    held_out : the labels of these genes.
    """
    return list(_with_parts(split, "all", held_out.positive, held_out.annotated, genes))


def temporal(seen: Labels, held_out: Labels, later: Labels, known_before: Mask, genes: Genes) -> list[Case]:
    """Annotations that a later release has gained, by what was known of a gene before (CAFA: Zhou et al. 2019).

    `no_knowledge`: genes without an annotation in the aspect before; of these `no_knowledge_strict` had none in any
    aspect, `limited` had some in another. `partial`: genes annotated in the aspect before that have gained terms; the
    pairs that were known before do not count.

    Parameters
    ----------
    seen, held_out, later : labels of both releases, on the same genes and terms; of the earlier one those that the
        models learned from, and those that were hidden from them.
    known_before : (genes,), annotated in any aspect in the earlier release, hidden labels included.
    """
    new = _new(seen, held_out, later)
    cases = list(_with_parts("temporal", "no_knowledge", later.positive, new, genes))
    for gene_set, chosen in (("no_knowledge_strict", new & ~known_before), ("limited", new & known_before)):
        cases.append(Case("temporal", gene_set, later.positive, chosen & genes.judged))
    unknown = ~seen.positive.toarray()
    cases.append(Case("temporal", "partial", later.positive, seen.validated & genes.judged, unknown))
    return cases


def open_world(seen: Labels, held_out: Labels, later: Labels | None, genes: Genes) -> list[Case]:
    """The pairs that somebody has decided: annotated, or NOT. All others may be true, and do not count.

    `all` are the labelled genes, out of fold. With a later release a pair is decided by either release, and there are
    `no_knowledge`, genes that only the later one has, and `partial`, pairs of labelled genes that only the later one
    has or a NOT decides.

    Parameters
    ----------
    seen, held_out, later : as for `temporal`.

    Returns
    -------
    The sets in which judged genes have MIN_NOT pairs that are NOT or more: one alone says nothing of a model.
    """
    known, refused = seen.positive.toarray(), seen.negative.toarray()
    truth, decided = seen.positive, known | refused
    sets: dict[str, tuple[Mask, Mask]] = {}
    if later is not None:
        truth, found = later.positive, later.positive.toarray()
        decided = found | refused | later.negative.toarray()
        sets = {
            "no_knowledge": (_new(seen, held_out, later), decided),
            "partial": (seen.validated, decided & ~known),
        }
    sets = {"all": (seen.validated, decided), **sets}
    wrong = ~truth.toarray()
    return [
        Case("open_world", name, truth, chosen & genes.judged, counted, by_pair=True)
        for name, (chosen, counted) in sets.items()
        if (counted & wrong)[chosen & genes.judged].sum() >= MIN_NOT
    ]


def _new(seen: Labels, held_out: Labels, later: Labels) -> Mask:
    """Genes that the later release has annotated for the first time in the aspect."""
    return later.annotated & ~seen.validated & ~held_out.validated


def _with_parts(split: str, name: str, truth: sparse.csr_array, chosen: Mask, genes: Genes) -> Iterator[Case]:
    """The genes, and those of them with and without a labelled homologue, and without expression."""
    yield Case(split, name, truth, chosen & genes.judged)
    if genes.with_homologue is not None:
        yield Case(split, "with_homologue", truth, chosen & genes.judged & genes.with_homologue)
        yield Case(split, "orphan", truth, chosen & genes.judged & ~genes.with_homologue)
    if genes.expressed is not None:
        yield Case(split, "no_expression", truth, chosen & genes.judged & ~genes.expressed)
