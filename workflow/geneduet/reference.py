"""Reading an annotated reference: proteins of other species and their annotations."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from geneduet import annotations
from geneduet.errors import InputError
from geneduet.ontology import Ontology
from geneduet.proteome import read_proteome, taxon


@dataclass(frozen=True)
class Source:
    """A reference as read.

    Parameters
    ----------
    proteins : gene_id (of the protein), sequence; annotated ones alone.
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
) -> Source:
    """Read the proteins of a reference and their annotations.

    Parameters
    ----------
    proteome : FASTA; ids as in the annotations. A species is known by `OX=` in the header, as UniProt writes it.
    source : GAF or TSV of annotations.
    evidence_codes : those that count; None for all but ND.
    exclude_taxa : NCBI taxonomy ids of species that are left out.

    Raises
    ------
    InputError: as the readers do; no annotation joins; or species are to be left out and no header names one.
    """
    proteins = read_proteome(proteome)[["gene_id", "sequence", "description"]]
    if exclude_taxa:
        species = proteins["description"].map(taxon)
        if species.isna().all():
            problem = "no header names a species (OX=9606), and reference.exclude_taxa wants to leave some out"
            raise InputError(proteome, problem, "take them out of the file, and leave exclude_taxa empty")
        proteins = proteins[~species.isin(list(exclude_taxa))]
    read = annotations.read_annotations(source)
    joined, join = annotations.join_genes(read, proteins["gene_id"].tolist(), None, source)
    chosen, selection = annotations.select(joined, ontology, evidence_codes)
    told = proteins[proteins["gene_id"].isin(chosen["gene_id"])]
    return Source(told[["gene_id", "sequence"]].reset_index(drop=True), chosen, (join, selection))
