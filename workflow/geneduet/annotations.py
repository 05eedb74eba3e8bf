"""GO annotations as found in files: reading them, joining them to genes, and choosing the rows that count."""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from geneduet.errors import InputError, few, nearest
from geneduet.evidence_codes import KNOWN, NO_ANNOTATION, of_eco
from geneduet.files import read_lines
from geneduet.ontology import Ontology
from geneduet.progress import say

# binding some protein says too little of a function to be learned or counted as known (CAFA does the same)
PROTEIN_BINDING = "GO:0005515"

# GO's relations of a gene product to a term, and their ids in GPAD 2.0 (specification of GPAD and GPI 2.0)
RELATION_IDS = {
    "enables": "RO:0002327",
    "contributes_to": "RO:0002326",
    "involved_in": "RO:0002331",
    "acts_upstream_of": "RO:0002263",
    "acts_upstream_of_positive_effect": "RO:0004034",
    "acts_upstream_of_negative_effect": "RO:0004035",
    "acts_upstream_of_or_within": "RO:0002264",
    "acts_upstream_of_or_within_positive_effect": "RO:0004032",
    "acts_upstream_of_or_within_negative_effect": "RO:0004033",
    "part_of": "BFO:0000050",
    "located_in": "RO:0001025",
    "is_active_in": "RO:0002432",
    "colocalizes_with": "RO:0002325",
}

_TAXON = re.compile(r"(NCBITaxon|taxon):\d+")
_TERM = re.compile(r"GO:\d{7}|(?!GO:)[^\s:|]+:[^\s|]+")


class Row(NamedTuple):
    """One annotation of a file.

    Parameters
    ----------
    line : its line number.
    ids : what may name the gene, most trusted first: the object's id, then (of an isoform) its parent, its synonyms.
    symbol : the gene's symbol, empty where the format has none.
    term : as written.
    evidence : evidence code; empty where the file gives none.
    negated : a NOT annotation.
    relation : qualifier without NOT (`contributes_to`), lower case.
    """

    line: int
    ids: tuple[str, ...]
    symbol: str
    term: str
    evidence: str
    negated: bool
    relation: str


# --- reading


def read_annotations(path: Path, gpi: Path | None = None) -> pd.DataFrame:
    """Read a GAF, GPAD or TSV file of annotations, told apart by its content; columns as in `Row`.

    Parameters
    ----------
    gpi : of a GPAD: what the genes are called besides their ids, which is all that it says of them.

    Raises
    ------
    InputError: a malformed row, an unknown evidence code, or a GPI of other genes.
    """
    head = list(islice((line for _, line in read_lines(path) if line), 1000))
    first = next((line.split("\t") for line in head if not line.startswith("!")), [])
    marked = {line[1:].partition(":")[0].strip().lower() for line in head if line.startswith("!")}
    if marked & {"gpa-version", "gpad-version"} or "".join(first[5:6]).startswith("ECO:"):
        return read_gpad(path) if gpi is None else _named(read_gpad(path), gpi)
    return read_gaf(path) if "gaf-version" in marked or len(first) > len(_TSV_COLUMNS) else read_tsv(path)


def read_gaf(path: Path) -> pd.DataFrame:
    """Read GAF 1.0 and 2.0 to 2.2 (15 to 17 columns), gzip or plain; columns as in `Row`.

    Raises
    ------
    InputError: fewer than 15 columns, no object id, a malformed term, or an unknown evidence code.
    """
    return _frame(_gaf_rows(path))


def _gaf_rows(path: Path) -> Iterator[Row]:
    for number, line in read_lines(path):
        if line.startswith("!") or not line.strip():
            continue
        cells = [cell.strip() for cell in line.split("\t")]
        if len(cells) < 15:
            raise InputError(path, f"{len(cells)} columns, GAF has 15 to 17", "complete or remove the row", line=number)
        if not cells[1]:
            raise InputError(path, "no object id in column 2", "complete or remove the row", line=number)
        negated, relation = _qualifier(cells[3])
        ids = tuple(dict.fromkeys(name.strip() for name in (cells[1], *cells[10].split("|")) if name.strip()))
        if not cells[6]:
            raise InputError(path, "no evidence code in column 7", "complete or remove the row", line=number)
        _check(path, number, term=cells[4], evidence=cells[6])
        yield Row(number, ids, cells[2], cells[4], cells[6], negated, relation)


def read_gpad(path: Path) -> pd.DataFrame:
    """Read GPAD 1.0 to 2.0 (12 columns, of which the last two may be cut off), gzip or plain; columns as in `Row`.

    Evidence is a term of ECO, and becomes the GO evidence code that it stands for. Rows of other terms are left out and
    told of, because ECO grows faster than any table of it; NOT rows are kept, whatever their evidence.

    Raises
    ------
    InputError: under 10 columns, no object id, a malformed term, ECO id or negation, or no row's ECO term is known.
    """
    return _frame(_gpad_rows(path))


def _gpad_rows(path: Path) -> Iterator[Row]:
    known, unknown = 0, Counter[str]()
    for number, line in read_lines(path):
        if line.startswith("!") or not line.strip():
            continue
        cells = [cell.strip() for cell in line.split("\t")]
        if len(cells) < 10:
            problem = f"{len(cells)} columns, GPAD has 12, the last two of them optional"
            raise InputError(path, problem, "complete or remove the row", line=number)
        if ":" in cells[0] and cells[1] not in ("", "NOT"):
            raise InputError(path, f"'{cells[1]}' in column 2 of GPAD 2", "write NOT or nothing", line=number)
        name, negated, relation = _gpad_claim(cells)
        if not name:
            raise InputError(path, "no object id", "complete or remove the row", line=number)
        if not re.fullmatch(r"ECO:\d{7}", cells[5]):
            raise InputError(path, f"'{cells[5]}' is not an ECO id", "write it as ECO:0000314", line=number)
        _check(path, number, term=cells[3], evidence="")
        evidence = _gpad_evidence(cells)
        if evidence or negated:
            known += 1
            yield Row(number, (name,), "", cells[3], evidence, negated, relation)
        else:
            unknown[cells[5]] += 1
    if unknown and not known:
        problem = f"none of its ECO terms stands for a GO evidence code: saw {few(set(unknown))}"
        raise InputError(path, problem, "give the terms that gaf-eco-mapping-derived.txt of ECO lists")
    if unknown:
        told = ", ".join(f"{term} ({count})" for term, count in sorted(unknown.items()))
        say(f"rows left out, for want of a GO evidence code that their ECO term stands for: {told}")


def _gpad_claim(cells: list[str]) -> tuple[str, bool, str]:
    """Object id, whether the row is a NOT, and the relation.

    GPAD 1 has database and id in a column each, then a qualifier; GPAD 2 both in one, then NOT, and a relation's id.
    """
    if ":" not in cells[0]:
        return cells[1], *_qualifier(cells[2])
    return cells[0].partition(":")[2], cells[1] == "NOT", _RELATIONS.get(cells[2], cells[2])


_RELATIONS = {identifier: relation for relation, identifier in RELATION_IDS.items()}


def _gpad_evidence(cells: list[str]) -> str:
    """GO evidence code of a row: the one that GOA writes among the properties, else what the ECO term stands for."""
    stated = re.search(r"\bgo_evidence[=:](\w+)", cells[11]) if len(cells) > 11 else None
    return stated[1] if stated and stated[1] in KNOWN else of_eco(cells[5]) or ""


def _named(rows: pd.DataFrame, gpi: Path) -> pd.DataFrame:
    """The rows with the symbols of a GPI where they have none, and with its parents and synonyms as further ids."""
    names = read_gpi(gpi)
    objects = rows["ids"].str[0]
    if len(rows) and not objects.isin(names).any():
        raise no_join(gpi, list(names), objects.tolist(), "give the GPI that belongs to the annotations")
    found = [names.get(name, Names("", ())) for name in objects]
    ids = [tuple(dict.fromkeys((*ids, *more.others))) for ids, more in zip(rows["ids"], found, strict=True)]
    symbols = [symbol or more.symbol for symbol, more in zip(rows["symbol"], found, strict=True)]
    return rows.assign(ids=pd.Series(ids, dtype=object), symbol=symbols)


class Names(NamedTuple):
    """What a GPI calls an object: its symbol, and what else may name its gene: parents, then synonyms."""

    symbol: str
    others: tuple[str, ...]


def read_gpi(path: Path) -> dict[str, Names]:
    """Read GPI 1.2 or 2.0, gzip or plain: names by object id, all ids without their database.

    Raises
    ------
    InputError: a row without a taxon in its place, or without an object id.
    """
    found = {}
    for number, line in read_lines(path):
        if line.startswith("!") or not line.strip():
            continue
        cells = [cell.strip() for cell in line.split("\t")]
        # GPI 1 has the database in a column of its own, and all others stand one further to the right
        shift = next((place for place, cell in enumerate(cells[:7]) if _TAXON.match(cell)), 0) - 5
        if shift not in (0, 1):
            problem = "no taxon in column 6 (GPI 2.0) or 7 (GPI 1.2)"
            raise InputError(path, problem, "give a GPI file, with taxa as NCBITaxon:511145", line=number)
        name, symbol, _, synonyms, *_ = cells[shift:]
        name = name if shift else name.partition(":")[2]
        if not name:
            raise InputError(path, "no object id", "complete or remove the row", line=number)
        # GPI 2 has the gene that encodes a protein, then the canonical form of an isoform; GPI 1 its parent alone
        above = (one.partition(":")[2] for cell in cells[6 + shift : 8] for one in cell.split("|"))
        others = dict.fromkeys(other.strip() for other in (*above, *synonyms.split("|")))
        found[name] = Names(symbol, tuple(other for other in others if other and other != name))
    return found


_TSV_COLUMNS = ("gene_id", "term", "evidence", "qualifier")


def read_tsv(path: Path) -> pd.DataFrame:
    """Read gene_id, term[, evidence[, qualifier]], tab-separated, with or without a header; columns as in `Row`.

    Raises
    ------
    InputError: a row of other length, no gene id, a malformed term, or an unknown evidence code.
    """
    return _frame(_tsv_rows(path))


def _tsv_rows(path: Path) -> Iterator[Row]:
    columns = 0
    for number, line in read_lines(path):
        if line.startswith(("!", "#")) or not line.strip():
            continue
        cells = [cell.strip() for cell in line.split("\t")]
        if not columns:
            columns = len(cells)
            if not 2 <= columns <= len(_TSV_COLUMNS):
                problem = f"{columns} columns, expected {', '.join(_TSV_COLUMNS[:2])}[, evidence[, qualifier]]"
                raise InputError(path, problem, "separate them by tabs", line=number)
            if not re.search(r"[:\d]", cells[1]):
                continue  # a header: its second cell looks like no term
        if len(cells) != columns:
            raise InputError(
                path, f"{len(cells)} columns, the first row has {columns}", "complete the row", line=number
            )
        gene, term, evidence, qualifier = (*cells, "", "")[:4]
        if not gene:
            raise InputError(path, "no gene id in column 1", "complete or remove the row", line=number)
        _check(path, number, term, evidence)
        yield Row(number, (gene,), "", term, evidence, *_qualifier(qualifier))


def _qualifier(text: str) -> tuple[bool, str]:
    """Whether it says NOT, and the rest.

    >>> _qualifier("NOT|Contributes_to"), _qualifier("")
    ((True, 'contributes_to'), (False, ''))
    """
    parts = [part.strip().lower() for part in text.split("|")]
    return "not" in parts, "|".join(part for part in parts if part != "not")


def _check(path: Path, line: int, term: str, evidence: str) -> None:
    if not _TERM.fullmatch(term):
        raise InputError(path, f"'{term}' is not a term id", "write it as GO:0008150", line=line)
    if evidence and evidence not in KNOWN:
        hint = nearest(evidence.upper(), list(KNOWN))
        raise InputError(path, f"unknown evidence code '{evidence}'{hint}", "use a GO evidence code", line=line)


def _frame(rows: Iterator[Row]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(Row._fields)).astype({"line": int, "negated": bool})


def read_id_map(path: Path, genes: Collection[str]) -> tuple[dict[str, str], int]:
    """Aliases of genes: a TSV of gene_id, then columns of aliases, several in a cell joined by `|`.

    Rows of other genes, and so the header, are passed over.

    Returns
    -------
    The gene of each alias, and how many aliases were dropped because they point at two genes or more.

    Raises
    ------
    InputError: no row is of one of the genes.
    """
    universe = set(genes)
    owners: dict[str, set[str]] = {}
    seen: set[str] = set()
    for _, line in read_lines(path):
        gene, *cells = line.split("\t")
        seen.add(gene.strip())
        if gene.strip() in universe:
            for alias in chain.from_iterable(cell.split("|") for cell in cells):
                owners.setdefault(alias.strip(), set()).add(gene.strip())
    if not seen & universe:
        raise no_join(path, seen, universe, "put gene ids in the first column, aliases in the others")
    owners.pop("", None)
    aliases = {alias: next(iter(found)) for alias, found in owners.items() if len(found) == 1}
    return aliases, len(owners) - len(aliases)


class Source(NamedTuple):
    """Where annotations come from: the database of most genes, and the ISO date of the release; None where not said."""

    database: str | None
    release: str | None


def read_source(path: Path) -> Source:
    """Database and release of a GAF or GPAD file; a TSV file says neither.

    The release is the newest date that the header gives as one, else the newest of the rows' dates.
    """
    databases: Counter[str] = Counter()
    stated, dated = "", ""
    for _, line in read_lines(path):
        cells = line.split("\t")
        if line.startswith("!"):
            stated = max(stated, _release(line))
        elif len(cells) >= 10:  # GPAD; GAF has 15 or more
            databases[cells[0].partition(":")[0].strip()] += 1
            dated = max(dated, _iso_date(cells[13 if len(cells) >= 15 else 8]))
    if not databases:
        return Source(None, None)
    return Source(databases.most_common(1)[0][0] or None, stated or dated or None)


def _release(line: str) -> str:
    """The date of a header line that gives the file's own.

    >>> _release("!GOC Validation Date: 05/24/2017 $"), _release("!date: $Date: 2003/10/16 17:23:35 $")
    ('2017-05-24', '2003-10-16')
    >>> _release("!date-generated: 2021-03-01T10:00"), _release("!generated-by: SGD 2021-03-01")
    ('2021-03-01', '')
    """
    key, _, value = line[1:].partition(":")
    return _iso_date(value) if re.search(r"(?i)\b(date|generated)\b(?!-by)", key) else ""


def _iso_date(text: str) -> str:
    """The first date in a text, as 2017-05-24; empty where there is none.

    The forms are 2017-05-24, 2017/05/24, 20170524 and the American 05/24/2017 of the GO Consortium.
    """
    if found := re.search(r"(?<!\d)(\d{4})([-/]?)(\d\d)\2(\d\d)(?!\d)", text):
        year, _, month, day = found.groups()
    elif found := re.search(r"(?<!\d)(\d{1,2})/(\d{1,2})/(\d{4})(?!\d)", text):
        month, day, year = found.groups()
    else:
        return ""
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return ""


# --- joining


@dataclass(frozen=True)
class JoinReport:
    """How annotations met the genes: counts of rows, by what they joined through, and of genes."""

    rows: int
    joined: int
    by_id: int
    by_id_alias: int
    by_synonym: int
    by_synonym_alias: int
    by_symbol: int
    genes: int


def no_join(source: str | Path, seen: Collection[str], wanted: Collection[str], advice: str) -> InputError:
    """The error of ids that never meet: which were seen, which were wanted."""
    problem = f"none of its ids joins a gene: saw {few(set(seen))} but want {few(set(wanted))}"
    return InputError(source, problem, advice)


def join_genes(
    rows: pd.DataFrame,
    genes: Sequence[str],
    aliases: Mapping[str, str] | None = None,
    source: str | Path = "annotations",
) -> tuple[pd.DataFrame, JoinReport]:
    """Give each row its gene, and leave out the rows without one.

    Tried in turn: the object id as a gene id, as an alias; its synonyms as gene ids, as aliases; the symbol, which
    counts only where it is a gene id itself, because two genes may share a symbol.

    Parameters
    ----------
    rows : as `read_annotations` gives them.
    genes : the gene universe.
    aliases : gene of each alias, as `read_id_map` gives them.
    source : the file, for messages.

    Returns
    -------
    The joined rows with a first column gene_id, and counts.

    Raises
    ------
    InputError: there are rows, and none joins.
    """
    find = _finder(frozenset(genes), aliases or {})
    found = [find(ids, symbol) for ids, symbol in zip(rows["ids"], rows["symbol"], strict=True)]
    routes = Counter(route for _, route in found)
    joined = rows.assign(gene_id=[gene for gene, _ in found])[np.array([route != "" for _, route in found], dtype=bool)]
    if len(rows) and not len(joined):
        raise no_join(
            source, rows["ids"].str[0].tolist(), genes, "give an id_map that leads from these ids to the genes"
        )
    report = JoinReport(
        rows=len(rows), joined=len(joined), genes=joined["gene_id"].nunique(), **{way: routes[way] for way in _ROUTES}
    )
    return joined[["gene_id", *rows.columns]].reset_index(drop=True), report


_ROUTES = ("by_id", "by_id_alias", "by_synonym", "by_synonym_alias", "by_symbol")


def _finder(genes: frozenset[str], aliases: Mapping[str, str]) -> Callable[[tuple[str, ...], str], tuple[str, str]]:
    known: dict[tuple[tuple[str, ...], str], tuple[str, str]] = {}

    def search(ids: tuple[str, ...], symbol: str) -> Iterator[tuple[str, str]]:
        first, synonyms = ids[:1], ids[1:]
        for names, by_id, by_alias in ((first, *_ROUTES[:2]), (synonyms, *_ROUTES[2:4])):
            yield from ((name, by_id) for name in names if name in genes)
            yield from ((aliases[name], by_alias) for name in names if name in aliases)
        if symbol in genes:
            yield symbol, _ROUTES[4]

    def find(ids: tuple[str, ...], symbol: str) -> tuple[str, str]:
        # a gene has many rows: search once for all of them
        if (ids, symbol) not in known:
            known[ids, symbol] = next(search(ids, symbol), ("", ""))
        return known[ids, symbol]

    return find


# --- choosing


@dataclass(frozen=True)
class SelectReport:
    """What became of the joined rows: counts of rows, the first reason that applies."""

    rows: int
    no_data: int
    unknown_term: int
    obsolete_term: int
    root: int
    protein_binding: int
    other_evidence: int
    duplicate: int
    positive: int
    negated: int
    replaced_term: int


def none() -> pd.DataFrame:
    """No annotations, as `select` would give them."""
    return pd.DataFrame({"gene_id": [], "term": [], "evidence": [], "negated": []}).astype(
        {"gene_id": str, "term": str, "evidence": str, "negated": bool}
    )


def select(
    rows: pd.DataFrame, ontology: Ontology, evidence_codes: Collection[str] | None
) -> tuple[pd.DataFrame, SelectReport]:
    """Choose the rows that say something of a gene, under live term ids.

    A positive row counts when its evidence code is accepted or the file gives none. A NOT row counts whoever said it.
    ND, roots and `GO:0005515` alone say nothing.

    Parameters
    ----------
    rows : as `join_genes` gives them.
    evidence_codes : the accepted ones; None accepts all but ND.

    Returns
    -------
    gene_id, term, evidence, negated without repeats, in file order, and counts.
    """
    accepted = {"", *(KNOWN if evidence_codes is None else evidence_codes)}
    live = {term: ontology.resolve(term) for term in rows["term"].unique()}
    roots = set(ontology.roots())

    def verdict(term: str, evidence: str, negated: bool) -> str:
        now = live[term]
        if evidence in NO_ANNOTATION:
            return "no_data"
        if now is None:
            return "obsolete_term" if term in ontology.obsolete else "unknown_term"
        if now in roots:
            return "root"
        if now == PROTEIN_BINDING:
            return "protein_binding"
        if negated:
            return "negated"
        return "positive" if evidence in accepted else "other_evidence"

    verdicts = [verdict(*row) for row in rows[["term", "evidence", "negated"]].itertuples(index=False, name=None)]
    keep = np.isin(np.array(verdicts, dtype=str), ("positive", "negated"))
    kept = rows.assign(term=rows["term"].map(live))[keep][["gene_id", "term", "evidence", "negated"]]
    chosen = kept.drop_duplicates(ignore_index=True)
    counts = Counter(verdicts)
    counts["negated"] = int(chosen["negated"].sum())
    counts["positive"] = len(chosen) - counts["negated"]
    report = SelectReport(
        rows=len(rows),
        duplicate=len(kept) - len(chosen),
        replaced_term=int((rows["term"][keep] != rows["term"][keep].map(live)).sum()),
        **{name: counts[name] for name in _VERDICTS},
    )
    return chosen, report


_VERDICTS = (
    "no_data", "unknown_term", "obsolete_term", "root", "protein_binding", "other_evidence", "positive", "negated",
)  # fmt: skip
