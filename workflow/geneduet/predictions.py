"""Predictions as people and programs read them: the table of scores, the CAFA file, and what is new."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import union_categoricals
from scipy import sparse

from geneduet.annotations import PROTEIN_BINDING
from geneduet.files import open_output
from geneduet.labels import Labels
from geneduet.ontology import Ontology, ancestors

COLUMNS = (
    *("gene_id", "go_id", "go_name", "aspect", "score", "sequence_score", "expression_score"),
    *("views", "known", "information_content"),
)
_TEXTS = ("gene_id", "go_id", "go_name", "aspect", "views", "known")
_SCORES = ("score", "sequence_score", "expression_score")
_VIEWS = ("", "sequence", "expression", "both")

# rows turned to text at once: bounds memory when all pairs of a genome are written
_CHUNK = 200_000


# --- the table


def table(
    labels: Labels,
    final: NDArray[np.float32],
    sequence: NDArray[np.float32] | None,
    expression: NDArray[np.float32] | None,
    present: Mapping[str, NDArray[np.bool_]],
    min_score: float,
) -> pd.DataFrame:
    """The predictions of one aspect, a row for each gene and term that is worth writing.

    Left out are scores below `min_score` and what a NOT annotation excludes. Scores are rounded here, to 4 significant
    digits, so that order, thresholds and files agree; rounding is monotone and leaves the hierarchy consistent.

    Parameters
    ----------
    labels : the visible labels; hidden genes count as unannotated.
    final, sequence, expression : (genes, terms), probabilities; None for a view that was not learned.
    present : which genes have the view `sequence`, and which `expression`: (genes,) each.
    min_score : lowest score kept.

    Returns
    -------
    Columns as in `COLUMNS`, texts as categories; the score of a missing view is NaN.
    """
    kept = final >= min_score
    kept[labels.excluded.nonzero()] = False
    rows, columns = np.nonzero(kept)
    views = present["sequence"] + 2 * present["expression"].astype(np.intp)
    # what a reference says is a prediction, not knowledge
    known = labels.positive.toarray()[rows, columns] & labels.validated[rows]
    # two terms may share a name, as categories may not
    name, names = pd.factorize(np.array(labels.names, dtype=object))
    return pd.DataFrame(
        {
            "gene_id": _category(rows, labels.genes),
            "go_id": _category(columns, labels.terms),
            "go_name": _category(name[columns], names.tolist()),
            "aspect": _category(np.zeros(len(rows), np.intp), [labels.aspect]),
            "score": round_score(final[rows, columns]),
            "sequence_score": _view_score(sequence, present["sequence"], rows, columns),
            "expression_score": _view_score(expression, present["expression"], rows, columns),
            "views": _category(views[rows], _VIEWS),
            "known": _category(known.astype(np.intp), ["no", "yes"]),
            "information_content": labels.information_content[columns],
        }
    )


def round_score(scores: NDArray[np.floating]) -> NDArray[np.float64]:
    """Probabilities rounded to 4 significant digits, none of them beyond the tenth decimal place; NaN stays.

    >>> round_score(np.array([0.123456, 0.0012345678, 0.99999, 1e-30], np.float32)).tolist()
    [0.1235, 0.001235, 1.0, 0.0]
    """
    exact = np.asarray(scores, np.float64)
    places = 3 - np.floor(np.log10(np.where(exact > 0, exact, 1)))
    # dividing by a power of ten, and not multiplying by its inverse, gives the float that the decimal is read as
    scale = 10.0 ** np.minimum(places, 10)
    return np.asarray(np.round(exact * scale) / scale, np.float64)


def _category(codes: NDArray[np.intp], texts: Sequence[str]) -> pd.Categorical:
    # of one type even where there are none: an aspect without terms joins the others
    return pd.Categorical.from_codes(codes, pd.Index(list(texts), dtype=object))


def _view_score(
    scores: NDArray[np.float32] | None,
    present: NDArray[np.bool_],
    rows: NDArray[np.intp],
    columns: NDArray[np.intp],
) -> NDArray[np.float64]:
    if scores is None:
        return np.full(len(rows), np.nan)
    return np.where(present[rows], round_score(scores[rows, columns]), np.nan)


def join(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """The tables of all aspects as one, in the order written: gene_id, score descending, go_id.

    Parameters
    ----------
    tables : as `table` gives them, one at least.
    """
    columns = {name: [part[name] for part in tables] for name in COLUMNS}
    together = pd.DataFrame(
        {
            # categories in alphabetical order, so that sorting by their codes is sorting by the text
            name: union_categoricals(parts, sort_categories=True) if name in _TEXTS else np.concatenate(parts)
            for name, parts in columns.items()
        }
    )
    order = np.lexsort((together["go_id"].cat.codes, -together["score"], together["gene_id"].cat.codes))
    return together.iloc[order].reset_index(drop=True)


# --- the files of all predictions


def write_tsv(path: Path, predictions: pd.DataFrame) -> None:
    """Write `predictions.tsv.gz`; the predictions as `join` gives them."""
    with open_output(path) as handle:
        handle.write("\t".join(COLUMNS) + "\n")
        handle.writelines(_lines(predictions, COLUMNS))


def read_tsv(path: Path) -> pd.DataFrame:
    """Read what `write_tsv` wrote, as `join` gives it."""
    texts = dict.fromkeys(_TEXTS, "category")
    # a gene may be called NA
    missing = dict.fromkeys((*_SCORES, "information_content"), "")
    return pd.read_csv(path, sep="\t", dtype=texts, keep_default_na=False, na_values=missing)


def write_cafa(path: Path, predictions: pd.DataFrame) -> None:
    """Write gene, term and score without a header, as CAFA and cafaeval have it."""
    with open_output(path) as handle:
        handle.writelines(_lines(predictions, ("gene_id", "go_id", "score")))


def _lines(predictions: pd.DataFrame, columns: Sequence[str]) -> Iterator[str]:
    """Tab-separated lines. A text is made once for each distinct value: a few thousand for millions of rows."""
    texts = [_texts(predictions[name]) for name in columns]
    for start in range(0, len(predictions), _CHUNK):
        cells = [values[codes[start : start + _CHUNK]].tolist() for values, codes in texts]
        yield from ("\t".join(row) + "\n" for row in zip(*cells, strict=True))


def _texts(column: pd.Series) -> tuple[NDArray[np.object_], NDArray[np.intp]]:
    """The distinct texts of a column, and which one each row has."""
    if column.name in _TEXTS:
        return np.asarray(column.cat.categories, object), np.asarray(column.cat.codes, np.intp)
    form = _score_text if column.name in _SCORES else "{:.2f}".format
    codes, distinct = pd.factorize(column.to_numpy(), use_na_sentinel=False)
    texts = ["" if np.isnan(value) else form(value) for value in distinct]
    return np.array(texts, dtype=object), codes.astype(np.intp)


def _score_text(score: float) -> str:
    """A score in plain decimals.

    >>> [_score_text(score) for score in (0.1234, 0.00001234, 1.0, 0.5)]
    ['0.1234', '0.00001234', '1', '0.5']
    """
    return np.format_float_positional(score, trim="-")


# --- what is new


# how new a prediction is, the least first
KNOWN, BELOW, IMPLIED, SPECIFIC = range(4)


def standing(predictions: pd.DataFrame, thresholds: Mapping[str, float], ontology: Ontology) -> NDArray[np.int8]:
    """How new each prediction is: `KNOWN`, or `BELOW` its aspect's threshold, or above it `IMPLIED` or `SPECIFIC`.

    A term is implied when one of its descendants is predicted for the same gene. So are `GO:0005515` and terms that are
    not live in the ontology or not for annotation, which say too little by themselves. They imply nothing: the most
    specific of the others stand in their stead.

    Parameters
    ----------
    predictions : as `join` gives them.
    thresholds : recommended threshold of each aspect; in an aspect without one all that is new is below.
    """
    # rounded as the scores are: the gene that sets a threshold has to reach it
    lowest = round_score(predictions["aspect"].astype(object).map(thresholds).to_numpy(float))
    new = (predictions["known"] == "no").to_numpy()
    above = new & (predictions["score"].to_numpy() >= lowest)
    term = _places(predictions["go_id"], ontology)
    telling = above & _telling(predictions, ontology)
    gene = np.asarray(predictions["gene_id"].cat.codes, np.intp)
    found = np.where(new, BELOW, KNOWN).astype(np.int8)
    found[above] = IMPLIED
    found[np.flatnonzero(telling)[_most_specific(gene[telling], term[telling], ontology)]] = SPECIFIC
    return found


def new_predictions(
    predictions: pd.DataFrame, thresholds: Mapping[str, float], ontology: Ontology, redundant: bool = False
) -> pd.DataFrame:
    """The predictions that are news and `SPECIFIC`, as `standing` tells them, in the same order.

    Parameters
    ----------
    redundant : keep the terms that a descendant implies.
    """
    found = standing(predictions, thresholds, ontology)
    wanted = found == SPECIFIC
    if redundant:
        wanted |= (found == IMPLIED) & _telling(predictions, ontology)
    return predictions[wanted].reset_index(drop=True)


def _telling(predictions: pd.DataFrame, ontology: Ontology) -> NDArray[np.bool_]:
    """Whether each term says enough by itself: neither `GO:0005515`, nor dead, nor unfit for annotation."""
    silent = predictions["go_id"].isin([PROTEIN_BINDING, *ontology.not_for_annotation]).to_numpy()
    return np.asarray((_places(predictions["go_id"], ontology) >= 0) & ~silent)


def _places(terms: pd.Series, ontology: Ontology) -> NDArray[np.intp]:
    """Place of each term, given as categories, in the ontology; -1 where it is not live."""
    places = np.array([ontology.index.get(term, -1) for term in terms.cat.categories], dtype=np.intp)
    return places[np.asarray(terms.cat.codes)]


def _most_specific(gene: NDArray[np.intp], term: NDArray[np.intp], ontology: Ontology) -> NDArray[np.bool_]:
    """Which pairs have no pair of the same gene with a descendant of their term."""
    if not len(gene):
        return np.zeros(0, bool)
    shape = (int(gene.max()) + 1, len(ontology.terms))
    # integers: a sum of how many of the gene's terms bring this one, itself included
    pairs = sparse.csr_array((np.ones(len(gene), np.int32), (gene, term)), shape=shape)
    brought = sparse.csr_array(pairs @ ancestors(ontology).astype(np.int32))
    return np.asarray(brought[gene, term] == 1).reshape(-1)
