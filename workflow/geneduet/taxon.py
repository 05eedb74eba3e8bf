"""Taxon constraints: which terms an organism of a given lineage cannot have, and what is told of it."""

from collections.abc import Collection, Iterable

import numpy as np
import pandas as pd

from geneduet.ontology import NEVER_IN, Ontology, ancestors

_SHOWN = 3  # terms named in a sentence


def lineage(ontology: Ontology, taxon_id: int, above: Iterable[int]) -> frozenset[str]:
    """The organism's taxon and all that it is in, unions of taxa among them; empty where no taxon above it is known.

    Parameters
    ----------
    taxon_id : NCBI taxonomy id of the organism.
    above : those of the taxa above it, as the user gives them. What the ontology has above any of them is added.

    >>> from types import SimpleNamespace
    >>> taxa = [("NCBITaxon:4932", "NCBITaxon:4751"), ("NCBITaxon:4751", "NCBITaxon_Union:0000001")]
    >>> sorted(lineage(SimpleNamespace(wider_taxa=taxa), 559292, [4932]))
    ['NCBITaxon:4751', 'NCBITaxon:4932', 'NCBITaxon:559292', 'NCBITaxon_Union:0000001']
    >>> lineage(SimpleNamespace(wider_taxa=taxa), 559292, [])
    frozenset()
    """
    wider: dict[str, list[str]] = {}
    for taxon, parent in ontology.wider_taxa:
        wider.setdefault(taxon, []).append(parent)
    waiting = [f"NCBITaxon:{number}" for number in (taxon_id, *above)]
    found: set[str] = set()
    while waiting:
        taxon = waiting.pop()
        if taxon not in found:
            found.add(taxon)
            waiting += wider.get(taxon, [])
    # of a taxon alone nobody can tell what it is not in
    return frozenset(found) if len(found) > 1 else frozenset()


def forbidden(ontology: Ontology, taxa: Collection[str]) -> frozenset[str]:
    """Terms that the constraints of the ontology forbid: those that break one, and their descendants.

    A constraint holds for a term's subtypes and parts as well (Deegan, Dimmer and Mungall 2010, BMC Bioinformatics
    11:530), here within the aspect. One to a union that the ontology does not define says nothing.

    Parameters
    ----------
    taxa : as `lineage` gives them; none forbids nothing.
    """
    if not taxa:
        return frozenset()
    undefined = _undefined_unions(ontology)
    broken = {
        term
        for term, relation, taxon in ontology.constraints
        if taxon not in undefined and (taxon in taxa) == (relation == NEVER_IN)
    }
    columns = [ontology.index[term] for term in sorted(broken)]
    below = np.unique(ancestors(ontology)[:, columns].nonzero()[0])
    return frozenset(ontology.terms[row] for row in below)


def _undefined_unions(ontology: Ontology) -> set[str]:
    """Unions that constraints name and that have no member: nobody can tell whether an organism is in one."""
    named = {taxon for _, _, taxon in ontology.constraints if taxon.startswith("NCBITaxon_Union:")}
    return named - {wider for _, wider in ontology.wider_taxa}


def findings(
    ontology: Ontology, taxa: Collection[str], forbidden: Collection[str], annotations: pd.DataFrame
) -> list[str]:
    """What the constraints do, in sentences for the log; none where the ontology has no constraints.

    Parameters
    ----------
    taxa, forbidden : as `lineage` and `forbidden` give them.
    annotations : gene_id, term, negated: the organism's own.
    """
    if not ontology.constraints:
        return []
    if not taxa:
        return ["taxon constraints are not applied: no lineage is given, nor has the ontology one"]
    sentences = [f"terms left out by the taxon constraints of the ontology: {len(forbidden)}"]
    undefined = _undefined_unions(ontology)
    if undefined:
        sentences.append(f"unions of taxa that the ontology does not define, and that forbid nothing: {len(undefined)}")
    at_odds = annotations.loc[~annotations["negated"].astype(bool) & annotations["term"].isin(forbidden), "term"]
    if len(at_odds):
        terms = sorted(set(at_odds))
        named = ", ".join(f"{term} {ontology.names[ontology.index[term]]}" for term in terms[:_SHOWN])
        more = f" and {len(terms) - _SHOWN} more" if len(terms) > _SHOWN else ""
        sentences.append(f"{len(at_odds)} of the organism's own annotations are at odds with them: {named}{more}")
    return sentences
