"""Domains of proteins, as InterProScan or HMMER tables tell them or as profile HMMs find them: one table of all."""

import gzip
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, groupby, islice
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import pandas as pd

from geneduet.annotations import no_join
from geneduet.errors import InputError
from geneduet.files import read_lines
from geneduet.proteome import UNIPROT

COLUMNS = ["gene_id", "domain", "start", "end", "evalue"]
MAX_EVALUE = 1e-3  # of a domain, where its HMM has no gathering cutoff
SAME_PLACE = 0.5  # share of the shorter: places of one domain that overlap by more are one place

_FORMATS = "an InterProScan TSV, a --domtblout or --tblout table of HMMER with its header, or an HMMER3 library"
# these databases give a score of their own where the others give an e-value
_SCORE_IS_NO_EVALUE = {"hamap", "prositeprofiles"}
_VERSIONED = re.compile(r"^([A-Za-z]+_?\d+)\.\d+$")  # PF00069.28, but not G3DSA:1.10.510.10
_LONGEST = 100_000  # residues: HMMER searches no longer protein
_HMMS_AT_ONCE = 256  # bounds memory: Pfam has 20,000


class Place(NamedTuple):
    """A domain on a protein, as a file has it; start, end and e-value are NaN where the file does not tell them."""

    protein: str
    domain: str
    start: float
    end: float
    evalue: float


_Span: TypeAlias = tuple[float, float, float]  # start, end, evalue


def read_domains(
    paths: Sequence[Path],
    genes: Sequence[str],
    sequences: Sequence[str],
    threads: int,
    protein_of_gene: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Read or find the domains of all genes; the format of each file is told by its content.

    * InterProScan TSV: the signature and, where given, the InterPro entry that it belongs to are two domains.
      Matches whose status is not T are left out.
    * HMMER `--domtblout` and `--tblout` tables, of hmmscan or hmmsearch: e-values of 1e-3 or less (independent e-value
      of the domain, e-value of the protein), unless the table says that it was cut at the HMMs' own cutoffs. A
      `--tblout` table has no coordinates: start and end are NaN, and a domain counts once for a protein.
    * Libraries of HMMs: searched in the proteins (`search`).

    Places of one domain that overlap by more than half of the shorter become one; so do the signatures of one InterPro
    entry, and what two files say of one Pfam family. A place without coordinates counts where there is no other.

    Parameters
    ----------
    paths : the files, plain or gzip.
    genes : the gene universe.
    sequences : protein of each gene, for the libraries; empty without a proteome.
    threads : for the libraries.
    protein_of_gene : id of the protein that stands for each gene, where the ids of proteins are other ones.

    Returns
    -------
    gene_id, domain, start, end (residues, counted from 1), evalue (NaN where not given); sorted by gene_id, start, end,
    domain.

    Raises
    ------
    InputError: a file of another format, a malformed row, no id that joins a gene, or a library without proteins.
    """
    gene_of = {gene: gene for gene in genes} | {protein: gene for gene, protein in (protein_of_gene or {}).items()}
    found = chain.from_iterable(_places(path, genes, sequences, threads, gene_of) for path in paths)
    table = pd.DataFrame(_merged(found), columns=COLUMNS)
    table = table.astype({"start": float, "end": float, "evalue": float})
    return table.sort_values(["gene_id", "start", "end", "domain"], kind="stable", ignore_index=True)


def _places(
    path: Path, genes: Sequence[str], sequences: Sequence[str], threads: int, gene_of: Mapping[str, str]
) -> list[Place]:
    """The places of a file, with genes for proteins."""
    kind = _kind(path)
    if kind == "hmm":
        if not sequences:
            raise InputError(path, "a library of HMMs needs proteins to search", "give a proteome")
        return list(search(path, genes, sequences, threads))
    rows = list(_interproscan(path)) if kind == "interproscan" else list(_hmmer(path, kind, gene_of))
    joined = [row._replace(protein=gene) for row in rows if (gene := gene_of.get(_accession(row.protein)))]
    if rows and not joined:
        advice = "annotate the proteins of the proteome, or give a gene_map that leads from them to genes"
        raise no_join(path, [row.protein for row in rows], gene_of.keys(), advice)
    return joined


def _accession(protein: str) -> str:
    """Of UniProt's `sp|P0A776|RPPH_ECOLI` the accession, as the proteome has it; other ids as they are."""
    found = UNIPROT.match(protein)
    return found.group(1) if found else protein


def unversioned(accession: str) -> str:
    """An accession without the version that some databases, Pfam above all, put behind a dot.

    >>> [unversioned(name) for name in ("PF00069.28", "PF00069", "G3DSA:1.10.510.10", "NF033788.1")]
    ['PF00069', 'PF00069', 'G3DSA:1.10.510.10', 'NF033788']
    """
    return _VERSIONED.sub(r"\1", accession)


def _merged(places: Iterable[Place]) -> Iterator[tuple[str, str, float, float, float]]:
    """The places of each domain on each gene, those that overlap made one."""
    # NaN has no order: places without coordinates come last
    ordered = sorted(places, key=lambda place: (place[:2], math.isnan(place.start), place[2:4]))
    for (gene, domain), own in groupby(ordered, key=lambda place: place[:2]):
        spans: list[_Span] = []
        for _, _, *span in own:
            if spans and _is_same(spans[-1], span):
                start, end, evalue = spans[-1]
                last = end if math.isnan(span[1]) else max(end, span[1])
                told = [value for value in (evalue, span[2]) if not math.isnan(value)]
                spans[-1] = start, last, min(told, default=math.nan)
            else:
                spans.append((span[0], span[1], span[2]))
        yield from ((gene, domain, *span) for span in spans)


def _is_same(one: _Span, other: Sequence[float]) -> bool:
    if math.isnan(other[0]):
        return True
    overlap = min(one[1], other[1]) - other[0] + 1
    return overlap > SAME_PLACE * min(one[1] - one[0] + 1, other[1] - other[0] + 1)


# --- formats


def _kind(path: Path) -> str:
    """Format of a file by its first lines: hmm, domtblout, tblout or interproscan."""
    for number, line in read_lines(path):
        if line.startswith("HMMER3/"):
            return "hmm"
        if line.startswith("#"):
            # Infernal's tables of RNA have a like header, with a column mdl
            if "target name" in line and "query name" in line and " mdl " not in line:
                return "domtblout" if " tlen " in line else "tblout"
        elif line.count("\t") >= 10:
            return "interproscan"
        elif line.strip():
            raise InputError(path, "not a format of domains that is known", f"give {_FORMATS}", line=number)
    raise InputError(path, "no domains in it", f"give {_FORMATS}")


def _interproscan(path: Path) -> Iterator[Place]:
    """InterProScan TSV, https://interproscan-docs.readthedocs.io: 11 columns, then InterPro, GO and pathways."""
    for number, line in read_lines(path):
        if not line.strip() or line.startswith("#"):
            continue
        cells = [cell.strip() for cell in line.split("\t")]
        if not 11 <= len(cells) <= 15:
            problem = f"{len(cells)} columns, InterProScan's TSV has 11 to 15"
            raise InputError(path, problem, "complete or remove the row", line=number)
        protein, _, _, database, signature, _, start, end, score, status, _, entry = (*cells, "")[:12]
        if status != "T":
            continue
        first, last = _integer(path, number, start, "start"), _integer(path, number, end, "stop")
        if not 1 <= first <= last:
            problem = f"start {start} and stop {end} are no stretch of a protein"
            raise InputError(path, problem, "correct or remove the row", line=number)
        told = score not in ("", "-")
        value = _number(path, number, score, "score") if told else math.nan
        evalue = math.nan if database.lower() in _SCORE_IS_NO_EVALUE else value
        for name in (signature, entry):
            if name not in ("", "-"):
                yield Place(protein, unversioned(name), first, last, evalue)


class _Hit(NamedTuple):
    """A row of an HMMER table: names and accessions of both sides, and where."""

    target: tuple[str, str]
    query: tuple[str, str]
    start: float
    end: float
    evalue: float


# of each kind: columns before the description; places of target and query name, whose accession is the next column, of
# the e-value, and of the alignment's start and end on the protein. HMMER User's Guide 3.4, "Tabular output formats"
_LAYOUT: dict[str, tuple[int, int, int, int, tuple[int, int] | None]] = {
    "domtblout": (22, 0, 3, 12, (17, 18)),
    "tblout": (18, 0, 2, 4, None),
}


def _hmmer(path: Path, kind: str, gene_of: Mapping[str, str]) -> Iterator[Place]:
    """A table of hmmscan or hmmsearch: the proteins are queries in the one, targets in the other.

    Which, its last lines say; where they are cut off, the side that joins more genes has the proteins.
    """
    hits: list[_Hit] = []
    programs: set[str] = set()
    cut = False
    for number, line in read_lines(path):
        if line.startswith("#"):
            key, _, value = line[1:].partition(":")
            if key.strip() == "Program":
                programs.add(value.strip())
            cut = cut or (key.strip() == "Option settings" and "--cut_" in value)
        elif line.strip():
            hits.append(_hit(path, number, kind, line))
    if other := programs - {"hmmscan", "hmmsearch"}:
        raise InputError(path, f"a table of {min(other)}", "give one of hmmscan or hmmsearch")
    targets = programs == {"hmmsearch"}
    if len(programs) != 1:
        as_target = sum(_accession(hit.target[0]) in gene_of for hit in hits)
        targets = as_target > sum(_accession(hit.query[0]) in gene_of for hit in hits)
    for hit in hits:
        protein, (name, accession) = (hit.target[0], hit.query) if targets else (hit.query[0], hit.target)
        if cut or hit.evalue <= MAX_EVALUE:
            # a name is left as it is: cluster1.2 and cluster1.3 of a library made at home are two
            domain = name if accession == "-" else unversioned(accession)
            yield Place(protein, domain, hit.start, hit.end, hit.evalue)


def _hit(path: Path, number: int, kind: str, line: str) -> _Hit:
    count, target, query, evalue, place = _LAYOUT[kind]
    cells = line.split(maxsplit=count)
    if len(cells) < count:
        raise InputError(path, f"{len(cells)} columns, --{kind} has {count}", "complete or remove the row", line=number)
    start = end = math.nan
    if place:
        start, end = (_integer(path, number, cells[column], "ali coord") for column in place)
    value = _number(path, number, cells[evalue], "E-value")
    return _Hit((cells[target], cells[target + 1]), (cells[query], cells[query + 1]), start, end, value)


def _integer(path: Path, line: int, text: str, name: str) -> int:
    if not re.fullmatch(r"\d+", text):
        raise InputError(path, f"{name} '{text}' is not a whole number", "correct or remove the row", line=line)
    return int(text)


def _number(path: Path, line: int, text: str, name: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InputError(path, f"{name} '{text}' is not a number", "correct or remove the row", line=line) from None


# --- searching


def search(path: Path, genes: Sequence[str], sequences: Sequence[str], threads: int) -> Iterator[Place]:
    """Search the HMMs of a library in the proteins, as hmmsearch does; same input, same places, whatever the threads.

    An HMM with gathering cutoffs is held to them, any other to independent e-values of 1e-3 or less, of a search of
    this proteome; proteins of more than 100,000 residues are passed over. Coordinates are those of the alignment. The
    id is the accession, else the name.

    Raises
    ------
    InputError: a damaged library, or one of nucleotides.
    """
    from pyhmmer import easel

    alphabet = easel.Alphabet.amino()
    # names of our own on the way: a gene id may hold anything
    proteins = easel.DigitalSequenceBlock(
        alphabet,
        [
            easel.TextSequence(name=str(number).encode(), sequence=sequence).digitize(alphabet)
            for number, sequence in enumerate(sequences)
            if 0 < len(sequence) <= _LONGEST
        ],
    )
    library = _library(path)
    while batch := list(islice(library, _HMMS_AT_ONCE)):
        for row in _search(batch, proteins, threads):
            yield row._replace(protein=genes[int(row.protein)])


def _search(batch: list[Any], proteins: Any, threads: int) -> Iterator[Place]:
    from pyhmmer.hmmer import hmmsearch

    gathered = [hmm for hmm in batch if hmm.cutoffs.gathering_available()]
    others = [hmm for hmm in batch if not hmm.cutoffs.gathering_available()]
    # HMMER's own domE is of the conditional e-value
    for hmms, options, most in ((gathered, {"bit_cutoffs": "gathering"}, math.inf), (others, {}, MAX_EVALUE)):
        for hits in hmmsearch(hmms, proteins, cpus=threads, **options) if hmms else ():
            accession = hits.query.accession
            name = unversioned(_text(accession)) if accession else _text(hits.query.name)
            for hit in hits.reported:
                for domain in hit.domains.reported:
                    place = domain.alignment
                    if domain.i_evalue <= most:
                        yield Place(_text(hit.name), name, place.target_from, place.target_to, domain.i_evalue)


def _library(path: Path) -> Iterator[Any]:
    """HMMs of a library, one after another."""
    from pyhmmer.plan7 import HMMFile

    advice = "the library is damaged or not of HMMER3: fetch it again, or use hmmconvert"
    with path.open("rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
        raw.seek(max(0, path.stat().st_size - 16))
        # pyhmmer passes over a last HMM that is cut off at the end of a line; a cut gzip file is an error by itself
        if not packed and not raw.read().rstrip().endswith(b"//"):
            raise InputError(path, "its last HMM is cut off", advice)
    with gzip.open(path) if packed else path.open("rb") as handle:
        opened: Any = handle
        try:
            with HMMFile(opened) as library:
                for hmm in library:
                    if not hmm.alphabet.is_amino():
                        problem = f"the HMM '{_text(hmm.name)}' is not one of proteins"
                        raise InputError(path, problem, "give a library of protein domains")
                    yield hmm
        except (ValueError, EOFError, OSError) as fault:
            raise InputError(path, f"an HMM cannot be read ({fault})", advice) from None


def _text(name: str | bytes) -> str:
    """A name: pyhmmer gives bytes before version 0.12."""
    return name.decode() if isinstance(name, bytes) else name
