"""Reading an annotated reference: proteins of other species and their annotations."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from geneduet import annotations
from geneduet.errors import InputError
from geneduet.ontology import Ontology
from geneduet.progress import say
from geneduet.proteome import read_proteome, taxon


@dataclass(frozen=True)
class Source:
    """A reference as read.

    Parameters
    ----------
    proteins : gene_id (of the protein), sequence; those with a row in `annotations` alone.
    annotations : gene_id, term, evidence, negated; as `annotations.select` gives them.
    reports : what became of the rows.
    """

    proteins: pd.DataFrame
    annotations: pd.DataFrame
    reports: tuple[object, ...]


def read_source(
    proteome: Path,
    source: Path,
    ontology: Ontology,
    evidence_codes: Collection[str] | None,
    exclude_taxa: Collection[int],
    gpi: Path | None = None,
) -> Source:
    """Read the proteins of a reference and their annotations.

    Parameters
    ----------
    proteome : FASTA; ids as in the annotations. A species is known by `OX=` in the header, as UniProt writes it.
    source : GAF, GPAD or TSV of annotations.
    evidence_codes : those that count; None for all but ND.
    exclude_taxa : NCBI taxonomy ids of species that are left out.
    gpi : what the proteins of a GPAD are called besides their ids.

    Raises
    ------
    InputError: as the readers do; no annotation joins; or a species is to be left out that no header names.
    """
    proteins = read_proteome(proteome)[["gene_id", "sequence", "description"]]
    if exclude_taxa:
        proteins = _without(proteins, exclude_taxa, proteome)
    read = annotations.read_annotations(source, gpi)
    joined, join = annotations.join_genes(read, proteins["gene_id"].tolist(), None, source)
    chosen, selection = annotations.select(joined, ontology, evidence_codes)
    told = proteins[proteins["gene_id"].isin(chosen["gene_id"])]
    return Source(told[["gene_id", "sequence"]].reset_index(drop=True), chosen, (join, selection))


def _without(proteins: pd.DataFrame, taxa: Collection[int], source: Path) -> pd.DataFrame:
    """The proteins of other species; one that no header names is an error: the organism's own labels would vote."""
    species = proteins["description"].map(taxon)
    if absent := sorted(set(taxa) - set(species.dropna().astype(int))):
        advice = "give the id that the headers have (UniProt: 83333 for E. coli K-12), or remove it"
        raise InputError(source, f"no header has OX={absent[0]}, which reference.exclude_taxa names", advice)
    kept = proteins[~species.isin(list(taxa))]
    if kept.empty:
        raise InputError(source, "reference.exclude_taxa leaves no protein", "give proteins of other species too")
    say(f"{len(proteins) - len(kept)} of {len(proteins)} proteins are of species left out")
    return kept
