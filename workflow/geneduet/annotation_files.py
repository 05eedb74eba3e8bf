"""New predictions as annotation files: GAF 2.2, GPAD 2.0, and the GPI 2.0 that says what the genes are called.

Decisions that the formats leave open are explained in docs/annotation_files.md.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pandas as pd

from geneduet import __version__
from geneduet.annotations import RELATION_IDS
from geneduet.files import open_output
from geneduet.ontology import Ontology, ancestors

# in ontologies before 2018 the same id is the macromolecular complex, the wider class of the same thing
COMPLEX = "GO:0032991"
RELATIONS = {"F": "enables", "P": "involved_in", "C": "located_in"}

# The formats want a reference in every row. Each GO_REF of electronic annotation stands for one pipeline of others
# (0000002 InterPro2GO, 0000115 Rfam, 0000117 the machine learning of UniProt's ARBA, 0000120 several of these
# combined), and naming one would put their name to our predictions. So the rows cite the program and release that made
# them, in the prefix:id form that GAF and GPAD ask for; a registered GO_REF, once there is one, goes here.
REFERENCE = f"GeneDuet:{__version__}"

# Computational evidence used in automatic assertion: IEA in ECO's tables, and what gaf-eco-mapping.txt makes of IEA
# (other releases of it: ECO:0000501, evidence used in automatic assertion, which holds automated experiments too).
# ECO:0008004, machine learning method evidence used in automatic assertion, is the narrowest, but younger than the
# tables of some converters, which take no row with a term that they do not know.
EVIDENCE, ECO = "IEA", "ECO:0007669"

# Genes go by the ids of their proteins, one for each gene; GO allows a protein or a protein-coding gene, not a gene
PROTEIN = "PR:000000001"

_US = "GeneDuet"
_NOTE = "!!The scores of these predictions, and all others, are in predictions.tsv.gz\n"
_UNDATED = "1970-01-01"


@dataclass(frozen=True)
class Release:
    """What all rows share.

    Parameters
    ----------
    database : prefix of the gene ids.
    taxon_id : NCBI taxonomy id.
    date : ISO date of the newest input release.
    """

    database: str
    taxon_id: int
    date: str


def newest_release(*releases: str | None) -> str:
    """The newest of the dates (2022-07-01) among releases; the first day of 1970 where none has one.

    Today's date is no substitute: the same input has to give the same bytes tomorrow.

    >>> newest_release("2012-01-04", None, "2017-01-18", "1.1")
    '2017-01-18'
    """
    return max((text for text in releases if text and re.fullmatch(r"\d{4}-\d\d-\d\d", text)), default=_UNDATED)


def describe(genes: pd.DataFrame, annotations: pd.DataFrame | None = None) -> pd.DataFrame:
    """What each gene is called, as far as the inputs tell.

    The symbol is that of the annotations, else that of a UniProt header, else empty. The name is what the FASTA
    header says, of UniProt's the protein's name alone. Synonyms are the ids and synonyms under which the annotations
    know the gene.

    Parameters
    ----------
    genes : gene_id, and description where there is a proteome.
    annotations : gene_id, ids, symbol; as `annotations.join_genes` gives them.

    Returns
    -------
    symbol, name, synonyms (joined by `|`), by gene_id; each fit for a cell.
    """
    symbols: dict[str, str] = {}
    others: dict[str, list[str]] = {}
    if annotations is not None:
        known = annotations[["gene_id", "ids", "symbol"]].drop_duplicates()
        for gene, names, symbol in known.itertuples(index=False, name=None):
            others.setdefault(gene, []).extend(names)
            symbols[gene] = symbols.get(gene) or symbol
    headers = genes["description"] if "description" in genes else [""] * len(genes)
    rows = []
    for gene, header in zip(genes["gene_id"], headers, strict=True):
        stated = re.search(r"\bGN=(\S+)", header)
        symbol = symbols.get(gene) or (stated[1] if stated else "")
        name = re.split(r"\s(?:OS|OX|GN)=", header)[0]
        synonyms = [_text(other) for other in dict.fromkeys(others.get(gene, ())) if other not in (gene, symbol)]
        rows.append((_text(symbol).replace(" ", "_"), _text(name), "|".join(filter(None, synonyms))))
    return pd.DataFrame(rows, columns=["symbol", "name", "synonyms"], index=genes["gene_id"])


# --- writing


def write_gaf(path: Path, new: pd.DataFrame, ontology: Ontology, genes: pd.DataFrame, release: Release) -> None:
    """Write new predictions as GAF 2.2.

    Parameters
    ----------
    new : as `predictions.new_predictions` gives them.
    genes : as `describe` gives them.
    """
    ending = ("protein", f"taxon:{release.taxon_id}", release.date.replace("-", ""), _US, "", "")
    called = genes.loc[list(new["gene_id"])].itertuples(index=False, name=None)

    def rows() -> Iterator[tuple[str, ...]]:
        for claim, (symbol, *names) in zip(_claims(new, ontology), called, strict=True):
            gene, term, aspect, relation = claim
            thing = (release.database, _id(gene), symbol or _id(gene))
            yield *thing, relation, term, REFERENCE, EVIDENCE, "", aspect, *names, *ending

    _write(path, "gaf-version: 2.2", release, rows(), _NOTE)


def write_gpad(path: Path, new: pd.DataFrame, ontology: Ontology, release: Release) -> None:
    """Write new predictions as GPAD 2.0.

    Parameters
    ----------
    new : as `predictions.new_predictions` gives them.
    """
    ending = (REFERENCE, ECO, "", "", release.date, _US, "", "")
    rows = (
        (f"{release.database}:{_id(gene)}", "", RELATION_IDS[relation], term, *ending)
        for gene, term, _, relation in _claims(new, ontology)
    )
    _write(path, "gpad-version: 2.0", release, rows, _NOTE)


def write_gpi(path: Path, genes: pd.DataFrame, release: Release) -> None:
    """Write all genes as GPI 2.0, whether something new is predicted for them or not.

    Parameters
    ----------
    genes : as `describe` gives them.
    """
    taxon = f"NCBITaxon:{release.taxon_id}"

    def row(gene: str, symbol: str, name: str, synonyms: str) -> tuple[str, ...]:
        own = f"{release.database}:{_id(gene)}"
        # each is the canonical form of itself (column 8); no other database's ids are known for certain
        return own, symbol or _id(gene), name, synonyms, PROTEIN, taxon, "", own, "", "", ""

    _write(path, "gpi-version: 2.0", release, (row(*cells) for cells in genes.itertuples(name=None)))


def _write(path: Path, version: str, release: Release, rows: Iterable[tuple[str, ...]], note: str = "") -> None:
    with open_output(path) as handle:
        # readers want the version first
        handle.write(f"!{version}\n!generated-by: {_US}\n!date-generated: {release.date}\n{note}")
        handle.writelines("\t".join(row) + "\n" for row in rows)


def _claims(new: pd.DataFrame, ontology: Ontology) -> Iterator[tuple[str, str, str, str]]:
    """Gene, term, aspect, and the relation that goes with them.

    A gene product is part of a complex, and located in any other component.
    """
    complexes: set[int] = set()
    if COMPLEX in ontology.index:
        complexes = set(ancestors(ontology)[:, [ontology.index[COMPLEX]]].nonzero()[0].tolist())
    for gene, term, aspect in zip(new["gene_id"], new["go_id"], new["aspect"], strict=True):
        yield gene, term, aspect, "part_of" if ontology.index[term] in complexes else RELATIONS[aspect]


# --- cells: whatever a name holds, a line stays a line and a column a column


def _id(name: str) -> str:
    """An id without what would end it; as in a URL, so that it can be turned back.

    >>> _id("b0001"), _id("gene 1|x")
    ('b0001', 'gene%201%7Cx')
    """
    return re.sub(r"[\s|%]", lambda found: quote(found[0]), name)


def _text(words: str) -> str:
    r"""A text of one line, without the sign between several.

    >>> _text("kinase\t(A|B) ")
    'kinase (A B)'
    """
    return " ".join(re.sub(r"[\x00-\x1f\x7f|]", " ", words).split())
