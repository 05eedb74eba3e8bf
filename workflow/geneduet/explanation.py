"""One gene, or one prediction and why it was made, as text for a terminal of 80 columns."""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from geneduet import ontology as go
from geneduet import tables
from geneduet.errors import InputError, nearest
from geneduet.evaluation.headlines import ASPECT_NAMES
from geneduet.evaluation.thresholds import of_aspects
from geneduet.evidence import COEXPRESSED, FEATURE, HOMOLOGUE
from geneduet.files import read_lines
from geneduet.ontology import Ontology

WIDTH = 80
PREDICTIONS, EVIDENCE, GENES = "predictions.tsv.gz", "evidence.tsv.gz", "inputs/genes.parquet"
OUT_OF_FOLD = "The gene has labels in this aspect: its scores are of models that saw none."
TITLES = {
    HOMOLOGUE: "Homologues that have the term (% identity)",
    COEXPRESSED: "Co-expressed genes that have the term",
    FEATURE: "What adds most to the raw score, or takes from it",
}

_SYMBOL = re.compile(r"\bGN=(\S+)")  # in headers of UniProt
_LOUDEST = re.compile(r"(?<=, loudest )[^,]+")

Row = Mapping[str, str]


@dataclass(frozen=True)
class Results:
    """The folder of a finished run, and what it calls its genes.

    Parameters
    ----------
    folder : `results/<organism>`.
    genes : gene_id, protein_id and description of each gene; the latter two where there is a proteome.
    """

    folder: Path
    genes: pd.DataFrame
    _gene_of: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> "Results":
        """Read the genes of a run.

        Raises
        ------
        InputError: no run has finished in this folder.
        """
        for file in (folder / name for name in (PREDICTIONS, EVIDENCE, GENES)):
            if not file.is_file():
                raise InputError(file, "no such file", "give the folder of a finished run, results/<organism>")
        genes = tables.read(folder / GENES)
        return cls(folder, genes, _gene_of(genes))

    def gene(self, name: str) -> str:
        """The id of a gene that is named by id, protein or symbol; capitals do not matter where that is no ambiguity.

        Raises
        ------
        InputError: nobody has this name.
        """
        if name in self._gene_of:
            return self._gene_of[name]
        alike = {gene for own, gene in self._gene_of.items() if own.lower() == name.lower()}
        if len(alike) == 1:
            return alike.pop()
        problem = f"'{name}' is no gene of this run{nearest(name, set(self._gene_of))}"
        raise InputError(self.folder, problem, "give a gene by its id or symbol")

    def about(self, gene: str) -> str:
        """A gene's id, and what its header says of it."""
        own = self.genes[self.genes["gene_id"] == gene].iloc[0]
        return f"{gene} {own.get('description', '')}".strip()

    def called(self, name: str) -> str:
        """A gene's id with its symbol; a protein of a reference as it is."""
        own = self.genes[self.genes["gene_id"] == name]
        symbols = [] if own.empty else _symbols(str(own.iloc[0].get("description", "")))
        return " ".join([name, *[symbol for symbol in symbols if self._gene_of.get(symbol) == name][:1]])

    def rows(self, file: str, gene: str) -> list[Row]:
        """The rows of a table that are of a gene; the table is sorted by gene."""
        return list(_rows(self.folder / file, gene))

    def thresholds(self) -> dict[str, float]:
        """The recommended threshold of each aspect."""
        table = of_aspects(pd.read_csv(self.folder / "evaluation" / "thresholds.tsv", sep="\t"))
        return {str(aspect): float(value) for aspect, value in table["threshold"].items()}

    def ontology(self) -> Ontology:
        """The ontology of the run."""
        return go.read(self.folder / "inputs" / "ontology.npz")


def _gene_of(genes: pd.DataFrame) -> dict[str, str]:
    """The gene of each id and of each name that one gene alone has: protein id, UniProt's symbol, first word."""
    owners: dict[str, set[str]] = {}
    for row in genes.to_dict("records"):
        description = str(row.get("description", ""))
        names = [str(row.get("protein_id", "")), *_symbols(description)]
        for name in filter(None, names):
            owners.setdefault(name, set()).add(row["gene_id"])
    named = {name: next(iter(found)) for name, found in owners.items() if len(found) == 1}
    return named | {gene: gene for gene in genes["gene_id"]}


def _symbols(description: str) -> list[str]:
    """What may be a gene's symbol in the header of its protein: what UniProt calls so, the first word."""
    return [*_SYMBOL.findall(description), *description.split()[:1]]


class _Plain(csv.excel_tab):
    quoting = csv.QUOTE_NONE


def _rows(path: Path, gene: str) -> Iterator[Row]:
    # predictions are written as they are; what holds a quote or a tab in evidence is quoted
    dialect = _Plain if path.name == PREDICTIONS else csv.excel_tab
    lines = read_lines(path)
    header = next(lines)[1].split("\t")
    met = False
    for _, line in lines:
        if line.startswith(f"{gene}\t"):
            met = True
            yield dict(zip(header, next(csv.reader([line], dialect)), strict=True))
        elif met:
            return


# --- a gene


def of_gene(results: Results, gene: str, everything: bool = False) -> list[str]:
    """Lines on a gene: its known terms and those that are predicted.

    Parameters
    ----------
    everything : whether terms below the threshold are shown too.
    """
    rows, least = results.rows(PREDICTIONS, gene), results.thresholds()
    lines = _cut([results.about(gene)])
    if not rows:
        return [*lines, "", "No score is written for this gene."]
    for aspect, name in ASPECT_NAMES.items():
        own = [row for row in rows if row["aspect"] == aspect]
        shown = [row for row in own if everything or row["known"] == "yes" or _is_predicted(row, least)]
        lines += ["", f"{name}: {_threshold_words(aspect, least)}"]
        if shown:
            lines.append(f"  {'term':10}  {'score':>6}  {'bits':>5}  {'':5}  name")
        lines += [
            f"  {row['go_id']:10}  {_score(row['score'])}  {row['information_content']:>5}  {_standing(row):5}  "
            f"{row['go_name']}"
            for row in shown
        ]
        if len(own) > len(shown):
            lines.append(f"  and {len(own) - len(shown)} that score below it")
    return _cut(lines)


def _threshold_words(aspect: str, least: Mapping[str, float]) -> str:
    return f"known terms, and those from a score of {least[aspect]:.2f} on" if aspect in least else "known terms"


def _is_predicted(row: Row, least: Mapping[str, float]) -> bool:
    return float(row["score"]) >= least.get(row["aspect"], np.inf)


def _standing(row: Row) -> str:
    return "known" if row["known"] == "yes" else "new"


def _score(text: str) -> str:
    return f"{float(text):6.4f}" if text else "     -"


# --- a gene and a term


def of_term(results: Results, gene: str, term: str) -> list[str]:
    """Lines on a gene and a term: scores, evidence, and the term's ancestors with their scores.

    Parameters
    ----------
    term : an id, or a name.

    Raises
    ------
    InputError: there is no such term.
    """
    graph = results.ontology()
    place = _term(results, graph, term)
    rows = {row["go_id"]: row for row in results.rows(PREDICTIONS, gene)}
    row, aspect = rows.get(graph.terms[place]), graph.aspects[place]
    lines = [results.about(gene), f"{graph.terms[place]} {graph.names[place]} ({ASPECT_NAMES[aspect]})", ""]
    if row is None:
        lines.append("No score is written: too few genes have the term for it to be learned, a NOT")
        lines.append("annotation excludes it, or it scores below output.min_score.")
    else:
        lines += _scores(row, results.thresholds())
    if any(own["aspect"] == aspect and own["known"] == "yes" for own in rows.values()):
        lines += ["", OUT_OF_FOLD]
    found = results.rows(EVIDENCE, gene)
    lines += _evidence(results, [one for one in found if one["go_id"] == graph.terms[place]])
    if row is not None and not any(one["go_id"] == graph.terms[place] for one in found):
        lines += ["", *_why_no_evidence(row, results.thresholds(), graph, place, {one["go_id"] for one in found})]
    return _cut([*lines, "", "Ancestors, the root first, with their scores", *_hierarchy(graph, place, rows)])


def _term(results: Results, graph: Ontology, term: str) -> int:
    """Place of a term in the ontology, by id, alternative id or name."""
    identifier = graph.replaced.get(term, term)
    if identifier in graph.index:
        return graph.index[identifier]
    by_name = {name.lower(): place for place, name in enumerate(graph.names)}
    if term.lower() in by_name:
        return by_name[term.lower()]
    problem = f"'{term}' is no live term of the ontology{nearest(term, {*graph.terms, *graph.names})}"
    raise InputError(results.folder, problem, "give a term by its id or name")


def _scores(row: Row, least: Mapping[str, float]) -> list[str]:
    views = [(f"{view} view", _score(row[f"{view}_score"])) for view in ("sequence", "expression")]
    table = [("score", f"{_score(row['score'])}   {_verdict(row, least)}"), *views]
    table.append(("information", f"{float(row['information_content']):6.2f}   bits"))
    return [f"{name:15}  {text}" for name, text in table]


def _verdict(row: Row, least: Mapping[str, float]) -> str:
    if row["known"] == "yes":
        return "known: the gene is annotated with it"
    if row["aspect"] not in least:
        return "the aspect has no threshold: nothing is predicted in it"
    threshold = least[row["aspect"]]
    return f"new, {'at or above' if _is_predicted(row, least) else 'below'} the recommended threshold {threshold:.2f}"


def _evidence(results: Results, rows: Sequence[Row]) -> list[str]:
    lines = []
    for kind, title in TITLES.items():
        own = [row for row in rows if row["kind"] == kind]
        if own:
            named = [row["source"] if kind == FEATURE else results.called(row["source"]) for row in own]
            width = max(map(len, named))
            lines += ["", title]
            for name, row in zip(named, own, strict=True):
                detail = _LOUDEST.sub(lambda found: results.called(found[0]), row["detail"])
                lines += _wrapped(f"  {name:{width}}  {row['value']:>7}  ", detail)
    return lines


def _wrapped(start: str, text: str) -> list[str]:
    """A line that goes on below its text, between parts that are joined by commas, where it is too long."""
    lines = [start]
    for place, part in enumerate(text.split(", ")):
        piece = f", {part}" if place else part
        if place and len(lines[-1]) + len(piece) >= WIDTH:
            lines[-1] += ","
            lines.append(" " * min(len(start), WIDTH // 2) + part)
        else:
            lines[-1] += piece
    return lines


def _why_no_evidence(
    row: Row, least: Mapping[str, float], graph: Ontology, place: int, explained: set[str]
) -> list[str]:
    if row["known"] == "yes" or not _is_predicted(row, least):
        return ["Evidence is written for new predictions above the threshold alone."]
    above = go.ancestors(graph)
    implied = sorted(term for term in explained if above[graph.index[term], place])
    if implied:
        follows = "It follows from more specific predictions, for which there is evidence:"
        return [follows, *(f"  {term} {graph.names[graph.index[term]]}" for term in implied)]
    return ["No evidence was found for it."]


def _hierarchy(graph: Ontology, place: int, rows: Mapping[str, Row]) -> list[str]:
    """A term and its ancestors, by the longest way from the root, each further step set in."""
    depth = _depths(graph, place)
    lines = []
    for own in sorted(depth, key=lambda own: (depth[own], graph.terms[own])):
        row = rows.get(graph.terms[own])
        score = _score(row["score"]) if row else "     -"
        known = _standing(row) if row else ""
        lines.append(f"  {score}  {known:5}  {' ' * depth[own]}{graph.terms[own]} {graph.names[own]}")
    return lines


def _depths(graph: Ontology, place: int) -> dict[int, int]:
    """Steps of the longest way from a root, of a term and of its ancestors."""
    depth: dict[int, int] = {}

    def measure(own: int) -> int:
        if own not in depth:
            parents = graph.parents.indices[graph.parents.indptr[own] : graph.parents.indptr[own + 1]].tolist()
            depth[own] = max((measure(parent) + 1 for parent in parents), default=0)
        return depth[own]

    measure(place)
    return depth


def _cut(lines: Sequence[str]) -> list[str]:
    """Lines that fit into the terminal; what is cut off ends in dots."""
    return [line if len(line) <= WIDTH else f"{line[: WIDTH - 3]}..." for line in map(str.rstrip, lines)]
