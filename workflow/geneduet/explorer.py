"""What the explorer of a report shows: the predictions that are worth a place on the page, packed small."""

import base64
import gzip
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geneduet.errors import InputError
from geneduet.ontology import Ontology, ancestors
from geneduet.predictions import BELOW, IMPLIED, KNOWN, SPECIFIC

# of a gene and aspect, so many of the new predictions have a place whatever their score
PER_GENE = 5
# scores travel as whole numbers of 1/100,000: exact from 0.01, where the table begins unless asked for more
SCALE = 100_000
EVIDENCE_COLUMNS = ("gene_id", "go_id", "kind", "source", "value", "detail")
_MISSING = -1

Places = NDArray[np.intp]


def worth_showing(predictions: pd.DataFrame, standing: NDArray[np.int8]) -> Places:
    """Rows worth a place on a page, the most worth first.

    First what is new, above the threshold and specific, then what that implies, then the best `PER_GENE` new ones of
    each gene and aspect whatever their score, then what is known; of each kind the highest scores first. What is new,
    below the threshold and not among the best of its gene has no place.

    Parameters
    ----------
    predictions : as `predictions.join` gives them.
    standing : (rows,), as `predictions.standing` gives it.
    """
    new = np.flatnonzero(standing != KNOWN)
    own = predictions.iloc[new].groupby(["gene_id", "aspect"], observed=True, sort=False)
    best = np.zeros(len(predictions), bool)
    best[new] = own.cumcount().to_numpy() < PER_GENE  # the rows of a gene stand in order of score
    kind = np.select([standing == SPECIFIC, standing == IMPLIED, best, standing == KNOWN], [0, 1, 2, 3], 4)
    order = np.lexsort((-predictions["score"].to_numpy(), kind))
    return np.asarray(order[: np.count_nonzero(kind < 4)], np.intp)


def first(count: int, specific: int, evidence: int) -> tuple[int, int]:
    """Of what is ranked, how many rows and how many pieces of evidence are among the first so many.

    First come the new specific predictions, then their evidence, then all other rows: where there is not room for all,
    a pair loses its evidence before it goes itself.

    Parameters
    ----------
    count : rows and pieces together.
    specific, evidence : how many new specific rows there are, and pieces.

    >>> first(5, specific=10, evidence=20), first(15, specific=10, evidence=20), first(40, specific=10, evidence=20)
    ((5, 0), (10, 5), (20, 20))
    """
    pieces = min(max(count - specific, 0), evidence)
    return count - pieces, pieces


def shown(standing: NDArray[np.int8], rows: Places) -> dict[str, tuple[int, int]]:
    """How many predictions of each standing are among the rows, and how many there are."""
    names = {SPECIFIC: "specific", IMPLIED: "implied", BELOW: "below", KNOWN: "known"}
    return {name: (int((standing[rows] == code).sum()), int((standing == code).sum())) for code, name in names.items()}


def read_evidence(path: Path) -> pd.DataFrame:
    """The evidence of predictions, all texts, columns as in `EVIDENCE_COLUMNS`.

    Raises
    ------
    InputError: a column is not there.
    """
    table = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)
    missing = [name for name in EVIDENCE_COLUMNS if name not in table]
    if missing:
        raise InputError(path, f"no column {', '.join(missing)}", f"give the columns {', '.join(EVIDENCE_COLUMNS)}")
    return table[list(EVIDENCE_COLUMNS)]


def of_rows(evidence: pd.DataFrame, predictions: pd.DataFrame, ranked: Places) -> pd.DataFrame:
    """The evidence of rows, in their order: row (place in the predictions), kind, source, value, detail.

    Parameters
    ----------
    evidence : as `read_evidence` gives it; that of other pairs is left out.
    ranked : rows, the most worth first.
    """
    own = [predictions[name].cat.codes.to_numpy()[ranked] for name in ("gene_id", "go_id")]
    named = [predictions[name].cat.categories.get_indexer(pd.Index(evidence[name])) for name in ("gene_id", "go_id")]
    place = pd.MultiIndex.from_arrays(own).get_indexer(pd.MultiIndex.from_arrays(named))
    order = np.argsort(place, kind="stable")[np.count_nonzero(place < 0) :]
    return evidence.iloc[order][list(_PIECE)].assign(row=ranked[place[order]])


_PIECE = ("kind", "source", "value", "detail")


def content(
    predictions: pd.DataFrame,
    standing: NDArray[np.int8],
    rows: Places,
    genes: pd.DataFrame,
    ontology: Ontology,
    evidence: pd.DataFrame,
) -> dict[str, Any]:
    """Genes, terms, predictions and evidence as columns of numbers that point at each text once, ready for JSON.

    Parameters
    ----------
    predictions, standing : all of them.
    rows : those to be shown, in any order.
    genes : gene_id, symbol, description, aliases, all texts, of the gene universe.
    evidence : of these rows, as `of_rows` gives it.
    """
    genes = genes.sort_values("gene_id", kind="stable")
    gene = _codes(predictions["gene_id"], genes["gene_id"].tolist())[rows]
    order = np.lexsort((rows, gene))
    rows, gene = rows[order], gene[order]
    picked = predictions.iloc[rows]
    terms = _terms(picked, ontology)
    term = _codes(picked["go_id"], terms["id"])
    numbers = {name: _whole(picked[f"{name}score"], SCALE) for name in ("", "sequence_", "expression_")}
    return {
        "genes": {name: genes[own].tolist() for name, own in _GENE_COLUMNS.items()}
        | {"views": _views(predictions, genes["gene_id"].tolist())},
        "terms": terms,
        "rows": {
            "count": np.bincount(gene, minlength=len(genes)).tolist(),
            "term": term.tolist(),
            "standing": "".join(map(str, standing[rows].tolist())),
            "score": numbers[""],
            "sequence": numbers["sequence_"],
            "expression": numbers["expression_"],
        },
        "evidence": _evidence(evidence, rows),
    }


_GENE_COLUMNS = {"id": "gene_id", "symbol": "symbol", "about": "description", "aliases": "aliases"}


def packed(value: Mapping[str, Any]) -> str:
    """JSON, compressed, as letters and digits that no HTML can take for its own; the same value, the same text."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return base64.b64encode(gzip.compress(text.encode(), compresslevel=9, mtime=0)).decode()


def _codes(column: pd.Series, texts: Sequence[str]) -> Places:
    """Place of each text of a column of categories among others."""
    places = pd.Index(list(texts), dtype=object).get_indexer(pd.Index(column.cat.categories, dtype=object))
    return np.asarray(places[np.asarray(column.cat.codes)], np.intp)


def _whole(column: pd.Series, scale: int) -> list[int]:
    """Numbers as whole ones; a missing one is `_MISSING`."""
    whole = np.rint(column.to_numpy(float) * scale)
    return np.where(np.isnan(whole), _MISSING, whole).astype(int).tolist()


def _views(predictions: pd.DataFrame, genes: Sequence[str]) -> list[str]:
    """The views that each gene has, empty for a gene without predictions."""
    first = predictions.drop_duplicates("gene_id")
    known = dict(zip(first["gene_id"].astype(object), first["views"].astype(object), strict=True))
    return [str(known.get(gene, "")) for gene in genes]


def _terms(picked: pd.DataFrame, ontology: Ontology) -> dict[str, list[Any]]:
    """The terms of predictions and all their ancestors, in order of id, with their parents as places in the list."""
    first = picked.drop_duplicates("go_id").set_index("go_id")
    predicted = first.index.astype(object).tolist()
    places = [ontology.index[term] for term in predicted if term in ontology.index]
    reached = np.unique(ancestors(ontology)[places].indices)
    ids = sorted({*predicted, *(ontology.terms[place] for place in reached)})
    number = {term: place for place, term in enumerate(ids)}
    own = {term: ontology.index.get(term, -1) for term in ids}

    def parents(term: str) -> list[int]:
        start, stop = ontology.parents.indptr[own[term]], ontology.parents.indptr[own[term] + 1]
        return sorted(number[ontology.terms[place]] for place in ontology.parents.indices[start:stop])

    name = dict(zip(predicted, first["go_name"].astype(object), strict=True))
    aspect = dict(zip(predicted, first["aspect"].astype(object), strict=True))
    bits = dict(zip(predicted, _whole(first["information_content"], 100), strict=True))
    return {
        "id": ids,
        "name": [name[term] if term in name else ontology.names[own[term]] for term in ids],
        "aspect": [aspect[term] if term in aspect else ontology.aspects[own[term]] for term in ids],
        "bits": [bits.get(term, _MISSING) for term in ids],
        "parents": [parents(term) if own[term] >= 0 else [] for term in ids],
    }


def _evidence(evidence: pd.DataFrame, rows: Places) -> dict[str, Any]:
    """Pieces of evidence by row: steps from row to row, and texts as places in `texts`."""
    row = pd.Index(rows).get_indexer(pd.Index(evidence["row"]))
    order = np.argsort(row, kind="stable")
    codes, texts = pd.factorize(evidence[list(_PIECE)].to_numpy(object)[order].ravel())
    columns = codes.reshape(-1, len(_PIECE)).T.tolist()
    steps = np.diff(row[order], prepend=0).tolist()
    return {"step": steps, **dict(zip(_PIECE, columns, strict=True)), "texts": list(texts)}
