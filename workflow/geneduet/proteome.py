"""The proteome: one protein sequence for each gene."""

import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from Bio.SeqIO.FastaIO import SimpleFastaParser

from geneduet.errors import InputError, few
from geneduet.files import read_lines

# IUPAC one-letter codes: 20 amino acids, U and O (selenocysteine, pyrrolysine), B, Z, J and X (ambiguous)
RESIDUES = "ACDEFGHIKLMNPQRSTVWYUOBZJX"

_ILLEGAL = re.compile(f"[^{RESIDUES}]")
# ids of UniProt, of which the accession counts
UNIPROT = re.compile(r"(?:sp|tr)\|([^|]+)\|")
_TAXON = re.compile(r"\bOX=(\d+)\b")


def read_proteome(path: Path, gene_map: Path | None = None) -> pd.DataFrame:
    """Read a FASTA file of proteins, gzip or plain.

    A protein's id is the first word of its header; of UniProt's `sp|P0A776|RPPH_ECOLI` it is the accession. A final
    `*` is taken off.

    Parameters
    ----------
    path : the FASTA file.
    gene_map : TSV of protein_id, gene_id, with or without a header; the longest protein stands for its gene, the
        first by id among equals. Without it, protein ids are gene ids.

    Returns
    -------
    gene_id, protein_id, sequence (upper case), description; sorted by gene_id.

    Raises
    ------
    InputError: no sequence, an id that is empty or repeated, an illegal residue, or a protein that gene_map lacks.
    """
    proteins = pd.DataFrame(_records(path), columns=["protein_id", "sequence", "description"])
    if proteins.empty:
        raise InputError(path, "no sequence in it", "give a FASTA file of proteins")
    genes = proteins["protein_id"] if gene_map is None else _genes(gene_map, proteins["protein_id"], path)
    proteins.insert(0, "gene_id", genes)
    proteins["length"] = proteins["sequence"].str.len()
    ranked = proteins.sort_values(["gene_id", "length", "protein_id"], ascending=[True, False, True])
    return ranked.drop_duplicates("gene_id").drop(columns="length").reset_index(drop=True)


def taxon(description: str) -> int | None:
    """NCBI taxonomy id of a UniProt header.

    >>> taxon("RNA pyrophosphohydrolase OS=Escherichia coli OX=83333 GN=rppH"), taxon("kinase")
    (83333, None)
    """
    found = _TAXON.search(description)
    return int(found[1]) if found else None


def _records(path: Path) -> Iterator[tuple[str, str, str]]:
    """Id, sequence and description of each protein."""
    headers: list[int] = []
    line_of: dict[str, int] = {}
    for position, (title, letters) in enumerate(SimpleFastaParser(numbered(path, headers, "proteins"))):
        line = headers[position]
        name, _, description = title.strip().partition(" ")
        name = found.group(1) if (found := UNIPROT.match(name)) else name
        if not name:
            raise InputError(path, "a header without an id", "write >id description", line=line)
        if name in line_of:
            problem = f"id '{name}' occurs twice, first on line {line_of[name]}"
            raise InputError(path, problem, "give each protein its own id", line=line)
        line_of[name] = line
        yield name, _checked(path, line, name, letters), description.strip()


def numbered(path: Path, headers: list[int], content: str) -> Iterator[str]:
    """Lines of a FASTA file for Biopython, which keeps no line numbers: those of the headers are noted on the way.

    Parameters
    ----------
    headers : to which the line numbers are added.
    content : what the file should hold, for messages.

    Raises
    ------
    InputError: text before the first header.
    """
    for number, line in read_lines(path):
        if line.startswith(">"):
            headers.append(number)
        elif line.strip() and not headers:
            raise InputError(path, "text before the first '>'", f"give a FASTA file of {content}", line=number)
        yield f"{line}\n"


def _checked(path: Path, line: int, name: str, letters: str) -> str:
    sequence = re.sub(r"\s", "", letters).upper().removesuffix("*")
    if not sequence:
        raise InputError(path, f"protein '{name}' has no residues", "complete or remove it", line=line)
    if illegal := _ILLEGAL.search(sequence):
        problem = f"protein '{name}' has the illegal letter '{illegal.group()}' at position {illegal.start() + 1}"
        raise InputError(path, problem, "use IUPAC amino acid letters, without gaps", line=line)
    return sequence


def _genes(path: Path, proteins: pd.Series, fasta: Path) -> list[str]:
    """Gene of each protein."""
    wanted = set(proteins)
    gene_of: dict[str, str] = {}
    for number, line in read_lines(path):
        protein, gene, *_ = (*(cell.strip() for cell in line.split("\t")), "", "")
        if protein not in wanted:
            continue  # a header, or a protein that the FASTA file leaves out
        if not gene:
            raise InputError(path, f"protein '{protein}' has no gene", "write protein_id, a tab, gene_id", line=number)
        if gene_of.setdefault(protein, gene) != gene:
            problem = f"protein '{protein}' has the genes '{gene_of[protein]}' and '{gene}'"
            raise InputError(path, problem, "keep one of them", line=number)
    if missing := wanted - gene_of.keys():
        problem = f"{len(missing)} of {len(wanted)} proteins of {fasta.name} are missing: {few(missing)}"
        raise InputError(path, problem, "give each protein a row protein_id, gene_id")
    return [gene_of[protein] for protein in proteins]
