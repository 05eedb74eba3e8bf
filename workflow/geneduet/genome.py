"""The genome: coding sequences, where genes lie, and which lie next to each other."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

import numpy as np
import pandas as pd
from Bio.SeqIO.FastaIO import SimpleFastaParser
from numpy.typing import NDArray
from scipy import sparse

from geneduet.annotations import no_join
from geneduet.errors import InputError, few
from geneduet.files import read_lines
from geneduet.progress import say
from geneduet.proteome import UNIPROT, numbered

# base pairs: neighbours on one strand that are closer are likely one operon. Genes of an operon lie mostly within
# 50 bp, borders of operons mostly over 100 (Salgado et al. 2000, PNAS 97:6652; Moreno-Hagelsieb and Collado-Vides
# 2002, Bioinformatics 18:S329)
OPERON_GAP = 100
NEXT_WEIGHT = 0.1  # of the next gene on either side that is not of the same run, where the next of a run has 1

_ILLEGAL = re.compile("[^ACGTRYSWKMBDHVN]")
_TRY_MAP = "give an id_map that leads from these ids to the genes"

Ids = Mapping[str, Sequence[str]]  # what a record is called, by the kind of name


def _join(records: Sequence[Ids], genes: Sequence[str], aliases: Mapping[str, str], source: Path) -> list[str | None]:
    """Gene of each record, by the one kind of name that joins most genes; the first kind to occur among equals.

    One kind for all: a name that is one gene's symbol may be another gene's id.

    Raises
    ------
    InputError: no name joins a gene.
    """
    gene_of = dict(aliases) | {gene: gene for gene in genes}
    joined: dict[str, set[str]] = {}
    for record in records:
        for kind, names in record.items():
            joined.setdefault(kind, set()).update(gene_of[name] for name in names if name in gene_of)
    best = max(joined, key=lambda kind: len(joined[kind]), default="")
    if not best or not joined[best]:
        seen = {name for record in records for names in record.values() for name in names}
        raise no_join(source, seen, genes, _TRY_MAP)
    return [next((gene_of[name] for name in record.get(best, ()) if name in gene_of), None) for record in records]


# --- coding sequences


def read_cds(path: Path, genes: Sequence[str], aliases: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Read a FASTA file of coding sequences, gzip or plain.

    Ids are the first word of the header (of `sp|P0A776|RPPH_ECOLI` the accession), the attributes of NCBI's headers
    (`[locus_tag=b0001]`) or those of Ensembl's (`gene:b0001`), whichever joins most genes. A sequence whose length is
    no multiple of three loses the rest at its end; how many, the log tells. The longest stands for its gene, the first
    by sequence among equals.

    Parameters
    ----------
    genes : the gene universe.
    aliases : gene of each alias, as `annotations.read_id_map` gives them.

    Returns
    -------
    gene_id, sequence (upper case, T for U, whole codons), sorted by gene_id; genes without are left out.

    Raises
    ------
    InputError: no sequence, an illegal letter, or no id that joins a gene.
    """
    records = list(_coding(path))
    if not records:
        raise InputError(path, "no sequence in it", "give a FASTA file of coding sequences")
    joined = _join([ids for ids, _ in records], genes, aliases or {}, path)
    rows = [(gene, sequence) for gene, (_, sequence) in zip(joined, records, strict=True) if gene is not None]
    broken = {gene for gene, sequence in rows if len(sequence) % 3}
    if broken:
        say(f"{path}: coding sequences of {len(broken)} genes are no whole codons and lose their ends: {few(broken)}")
    table = pd.DataFrame(
        [(gene, sequence[: len(sequence) // 3 * 3]) for gene, sequence in rows], columns=["gene_id", "sequence"]
    )
    table["length"] = table["sequence"].str.len()
    ranked = table.sort_values(["gene_id", "length", "sequence"], ascending=[True, False, True])
    return ranked.drop_duplicates("gene_id").drop(columns="length").reset_index(drop=True)


def _coding(path: Path) -> Iterator[tuple[Ids, str]]:
    """Names and letters of each coding sequence."""
    headers: list[int] = []
    for position, (title, letters) in enumerate(SimpleFastaParser(numbered(path, headers, "coding sequences"))):
        ids = _header_ids(title)
        name = next(iter(ids["id"]), "")
        sequence = re.sub(r"\s", "", letters).upper().replace("U", "T")
        if not name or not sequence:
            problem = f"coding sequence '{name}' has no letters" if name else "a header without an id"
            raise InputError(path, problem, "complete or remove it", line=headers[position])
        if illegal := _ILLEGAL.search(sequence):
            problem = f"'{name}' has the illegal letter '{illegal.group()}' at position {illegal.start() + 1}"
            raise InputError(path, problem, "give coding sequences, of nucleotides", line=headers[position])
        yield ids, sequence


def _header_ids(title: str) -> dict[str, list[str]]:
    """Names in a FASTA header, by kind.

    >>> _header_ids("lcl|NC_1_cds_1 [gene=thrL] [locus_tag=b0001] [db_xref=GeneID:1,UniProtKB/Swiss-Prot:P0AD86]")
    {'id': ['lcl|NC_1_cds_1'], 'gene': ['thrL'], 'locus_tag': ['b0001'], 'db_xref': ['1', 'P0AD86']}
    >>> _header_ids("AAC73112 cds chromosome:ASM584v2:Chromosome:190:255:1 gene:b0001 gene_symbol:thrL")["gene"]
    ['b0001']
    """
    word = next(iter(title.split()), "")
    ids = {"id": [found.group(1) if (found := UNIPROT.match(word)) else word] if word else []}
    for kind, value in re.findall(r"\[(gene|locus_tag|protein_id|db_xref)=([^\]]+)\]", title):
        ids[kind] = [name.rpartition(":")[2] for name in value.split(",")] if kind == "db_xref" else [value]
    for kind, value in re.findall(r"\s(gene|gene_symbol):(\S+)", title):
        ids.setdefault(kind, []).append(value)
    return ids


# --- places


class _Feature(NamedTuple):
    ids: Ids
    region: str
    start: int
    end: int
    strand: int


_STRAND = {"+": 1, "-": -1, ".": 0, "?": 0}
_ATTRIBUTES = ("ID", "locus_tag", "Name", "gene", "gene_id", "protein_id", "Dbxref", "Alias")


def read_gff(path: Path, genes: Sequence[str], aliases: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Read where genes lie from GFF3, gzip or plain.

    Features `gene` or `CDS` and one of the attributes ID, locus_tag, Name, gene, gene_id, protein_id, Dbxref and Alias:
    the pair that joins most genes. The parts of a gene, exons of its CDS say, are one stretch; of a gene that has
    several regions or strands, what is named first counts.

    Parameters
    ----------
    genes : the gene universe.
    aliases : gene of each alias, as `annotations.read_id_map` gives them.

    Returns
    -------
    gene_id, sequence_region, start, end (counted from 1, inclusive), strand (1, -1, 0 where not told); sorted by
    region, start, end, gene_id.

    Raises
    ------
    InputError: a malformed row, no gene or CDS, or no id that joins a gene.
    """
    features = list(_features(path))
    if not features:
        raise InputError(path, "no feature 'gene' or 'CDS' in it", "give GFF3 with the genes")
    joined = _join([feature.ids for feature in features], genes, aliases or {}, path)
    spans: dict[str, tuple[str, int, int, int]] = {}
    for gene, (_, region, start, end, strand) in zip(joined, features, strict=True):
        if gene is None:
            continue
        place = spans.setdefault(gene, (region, start, end, strand))
        if (region, strand) == (place[0], place[3]):
            spans[gene] = region, min(start, place[1]), max(end, place[2]), strand
    rows = [(gene, *span) for gene, span in spans.items()]
    table = pd.DataFrame(rows, columns=["gene_id", "sequence_region", "start", "end", "strand"])
    return table.sort_values(["sequence_region", "start", "end", "gene_id"], ignore_index=True)


def _features(path: Path) -> Iterator[_Feature]:
    for number, line in read_lines(path):
        if line.startswith(("##FASTA", ">")):
            return
        if line.startswith("#") or not line.strip():
            continue
        cells = line.split("\t")
        if len(cells) != 9:
            raise InputError(path, f"{len(cells)} columns, GFF3 has 9", "separate them by tabs", line=number)
        region, _, kind, start, end, _, strand, _, attributes = (cell.strip() for cell in cells)
        if kind not in ("gene", "CDS"):
            continue
        if not (start.isdecimal() and end.isdecimal() and 1 <= int(start) <= int(end)):
            problem = f"start '{start}' and end '{end}' are no stretch of a sequence"
            raise InputError(path, problem, "write whole numbers, the smaller one first", line=number)
        if strand not in _STRAND:
            raise InputError(path, f"'{strand}' is not a strand", "write +, -, . or ?", line=number)
        if attributes not in ("", ".") and "=" not in attributes:
            problem = f"attributes '{attributes[:40]}' are not those of GFF3"
            raise InputError(path, problem, "write ID=b0001;Name=thrL (GTF is not read)", line=number)
        yield _Feature(_feature_ids(kind, attributes), unquote(region), int(start), int(end), _STRAND[strand])


def _feature_ids(kind: str, attributes: str) -> dict[str, list[str]]:
    """Names of a feature by its kind and the attribute; what NCBI, Ensembl and Dbxref put before an id is taken off.

    >>> _feature_ids("gene", "ID=gene-b0001;Name=thrL;Dbxref=ASAP:ABE-6,GeneID:944742")
    {'gene ID': ['b0001'], 'gene Name': ['thrL'], 'gene Dbxref': ['ABE-6', '944742']}
    """
    cells = dict(cell.strip().partition("=")[::2] for cell in attributes.split(";"))
    ids = {}
    for attribute in _ATTRIBUTES:
        names = [unquote(name.strip()) for name in cells.get(attribute, "").split(",") if name.strip()]
        if attribute == "ID":
            names = [re.sub(r"^(gene|cds|CDS)[:-]", "", name) for name in names]
        if attribute == "Dbxref":
            names = [name.rpartition(":")[2] for name in names]
        if names:
            ids[f"{kind} {attribute}"] = names
    return ids


# --- neighbourhood


def operon_runs(table: pd.DataFrame) -> NDArray[np.intp]:
    """Number of the run that each gene stands in, operon-like: neighbours on one strand, gaps under 100 bp.

    A gene of the other strand, or of no known one, ends a run. On a circular chromosome a run ends where the sequence
    does.

    Parameters
    ----------
    table : as `read_gff` gives it, so in order.

    Returns
    -------
    (genes,), counted from 0 along the table.
    """
    strand = table["strand"].to_numpy()
    same = same_region(table) & (strand[1:] == strand[:-1]) & (strand[1:] != 0)
    ends = ~(same & (gaps(table) < OPERON_GAP))
    return np.cumsum(np.concatenate([np.zeros(min(len(table), 1), np.intp), ends]))


def gaps(table: pd.DataFrame) -> NDArray[np.int64]:
    """Base pairs from each gene, or one before it that reaches further, to the next in the table, shape (genes - 1,).

    Negative where they overlap. It means nothing where the next is on another region or strand.
    """
    reach = table.groupby(["sequence_region", "strand"], sort=False)["end"].cummax().to_numpy(np.int64)
    return np.asarray(table["start"].to_numpy(np.int64)[1:] - reach[:-1] - 1)


def same_region(table: pd.DataFrame) -> NDArray[np.bool_]:
    """Whether the next gene in the table is on the same region, shape (genes - 1,)."""
    region = table["sequence_region"].to_numpy()
    return np.asarray(region[1:] == region[:-1], dtype=bool)


def neighbours(table: pd.DataFrame, genes: Sequence[str]) -> sparse.csr_array:
    """Weights of the links along which genes that lie next to each other vote, (genes, genes).

    Genes of one operon-like run are linked by 1 over the steps between them: 1 to the next, 1/2 to the one after.
    The next genes on either side that are not of the run, whichever their strand, are linked by 0.1.

    Parameters
    ----------
    table : as `read_gff` gives it.
    genes : the gene universe.
    """
    run = operon_runs(table)
    links = {(gene, gene + 1): NEXT_WEIGHT for gene in np.flatnonzero(same_region(table)).tolist()}
    for number in range(int(run.max(initial=-1)) + 1):
        first, last = np.searchsorted(run, [number, number + 1]).tolist()
        links |= {(one, other): 1 / (other - one) for one in range(first, last) for other in range(one + 1, last)}
    pairs = np.array(list(links), dtype=np.intp).reshape(-1, 2)
    place = pd.Index(genes).get_indexer(pd.Index(table["gene_id"]))
    row, column = place[pairs[:, 0]], place[pairs[:, 1]]
    weight = np.array(list(links.values()), dtype=np.float64)
    known = (row >= 0) & (column >= 0)
    half = sparse.csr_array((weight[known], (row[known], column[known])), shape=(len(genes), len(genes)))
    return sparse.csr_array(half + half.T)
