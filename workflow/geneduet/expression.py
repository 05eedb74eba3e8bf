"""Expression matrices: reading them, bringing them to a log scale, and merging studies into one table."""

import csv
import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geneduet.annotations import no_join
from geneduet.errors import InputError, few
from geneduet.files import read_lines

KINDS = ("counts", "tpm", "log", "ratio")

MISSING = {"", "na", "nan", "n/a", "null", "none", "-"}

log = logging.getLogger(__name__)


# --- reading


def read_matrix(path: Path) -> pd.DataFrame:
    """Read genes x samples, tab- or comma-separated as the header says, gzip or plain.

    Empty cells, NA, NaN, null and `-` are missing. Rows of the same gene are averaged over what is not missing.

    Returns
    -------
    float32, index gene_id in file order, columns the samples, NaN for missing.

    Raises
    ------
    InputError: no header or no rows, a sample name that is empty or repeated, a row of other length, or a cell that
        is not a finite number.
    """
    lines = read_lines(path)
    number, header = next(lines, (1, ""))
    delimiter = "\t" if "\t" in header else ","
    samples = _samples(path, number, next(csv.reader([header], delimiter=delimiter), []))
    genes: list[str] = []
    rows: list[NDArray[np.float32]] = []
    for number, cells in _cells(path, lines, delimiter):
        if len(cells) != len(samples) + 1:
            problem = f"{len(cells)} cells, the header has {len(samples) + 1}"
            raise InputError(path, problem, "give each row a gene id and a cell for each sample", line=number)
        if not (gene := cells[0].strip()):
            raise InputError(path, "no gene id in the first column", "complete or remove the row", line=number)
        genes.append(gene)
        rows.append(_numbers(path, number, samples, cells[1:]))
    if not rows:
        raise InputError(path, "no genes in it", "give a row for each gene")
    matrix = pd.DataFrame(np.stack(rows), index=pd.Index(genes, name="gene_id"), columns=samples)
    if repeated := int(matrix.index.duplicated().sum()):
        log.info("%s: %d rows repeat a gene of an earlier row; averaged", path, repeated)
    return _average_repeats(matrix)


def _samples(path: Path, line: int, header: list[str]) -> list[str]:
    names = [name.strip() for name in header[1:]]
    if not names:
        advice = "give a header with a name for the gene column and each sample, separated by tabs or commas"
        raise InputError(path, "no samples in the header", advice, line=line)
    if "" in names:
        raise InputError(path, f"column {names.index('') + 2} has no name", "name each sample", line=line)
    if repeated := {name for name in names if names.count(name) > 1}:
        raise InputError(path, f"sample names repeat: {few(repeated)}", "give each sample its own name", line=line)
    return names


def _cells(path: Path, lines: Iterator[tuple[int, str]], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells of each row that is not blank."""
    # quotes may stand around any cell (R writes them); a quoted line end is no use here, so each line is a row
    for number, line in lines:
        if '"' in line:
            yield number, next(csv.reader([line], delimiter=delimiter))
        elif line.strip():
            yield number, line.split(delimiter)


def _numbers(path: Path, line: int, samples: Sequence[str], cells: Sequence[str]) -> NDArray[np.float32]:
    try:
        values = np.array(cells, dtype=np.float32)
    except ValueError:
        values = np.array([_number(path, line, *named) for named in zip(samples, cells, strict=True)], dtype=np.float32)
    if np.isinf(values).any():
        worst = int(np.flatnonzero(np.isinf(values))[0])
        problem = f"'{cells[worst]}' in column '{samples[worst]}' is not a finite number"
        raise InputError(path, problem, "write missing values as NA or leave them empty", line=line)
    return values


def _number(path: Path, line: int, sample: str, cell: str) -> float:
    if cell.strip().lower() in MISSING:
        return np.nan
    try:
        return float(cell)
    except ValueError:
        problem = f"'{cell}' in column '{sample}' is not a number"
        raise InputError(path, problem, "write missing values as NA or leave them empty", line=line) from None


def _average_repeats(matrix: pd.DataFrame) -> pd.DataFrame:
    """One row a gene, the mean of its values that are not missing."""
    if not matrix.index.has_duplicates:
        return matrix
    return matrix.groupby(level=0, sort=False).mean().astype(np.float32)


# --- scale


def normalise(matrix: pd.DataFrame, kind: str, source: str | Path = "expression") -> pd.DataFrame:
    """Bring a study to a log scale.

    Parameters
    ----------
    matrix : genes x samples, with all genes of the study: counts are divided by the sum of their sample.
    kind : `counts` become log2(counts per million + 1), `tpm` log2(x + 1); `log` and `ratio` stay as they are.
    source : the file, for messages.

    Raises
    ------
    InputError: a negative count or TPM.

    >>> normalise(pd.DataFrame({"s1": [3, 1], "s2": [0, 7]}, index=["a", "b"]), "tpm")["s1"].tolist()
    [2.0, 1.0]
    """
    if kind not in KINDS:
        raise ValueError(f"kind is {kind!r}, not one of {', '.join(KINDS)}")
    if kind in ("log", "ratio"):
        return matrix
    values = matrix.to_numpy(np.float64)
    if (values < 0).any():
        row, column = np.argwhere(values < 0)[0]
        place = f"gene '{matrix.index[row]}', sample '{matrix.columns[column]}'"
        raise InputError(source, f"negative {kind} ({place})", "set kind to log or ratio")
    if kind == "counts":
        library = np.nansum(values, axis=0)
        # a sample without a single read has no CPM
        values = values / np.where(library > 0, library, np.nan) * 1e6
    return pd.DataFrame(np.log2(values + 1).astype(np.float32), index=matrix.index, columns=matrix.columns)


# --- merging


class Study(NamedTuple):
    """One expression study, as read.

    Parameters
    ----------
    name : comes before its samples in the merged table.
    kind : what its values are, see `normalise`.
    matrix : genes x samples.
    source : its file, for messages.
    """

    name: str
    kind: str
    matrix: pd.DataFrame
    source: str | Path = "expression"


@dataclass(frozen=True)
class StudyReport:
    """What became of a study: rows and those that joined a gene, samples and those dropped as empty or constant."""

    name: str
    rows: int
    joined: int
    samples: int
    dropped_samples: tuple[str, ...]


def merge_studies(
    studies: Sequence[Study], genes: Sequence[str], aliases: Mapping[str, str] | None = None
) -> tuple[pd.DataFrame, list[StudyReport]]:
    """Put studies side by side on one scale.

    Each study is brought to a log scale, each gene centred on its mean in the study, and the study divided by the root
    mean square of what is left, so that none rules by its units.

    Parameters
    ----------
    studies : one or more.
    genes : the gene universe; other rows are left out.
    aliases : gene of each alias, for ids that are no gene ids; rows of one gene are averaged.

    Returns
    -------
    float32, genes with at least one value in id order x samples named `study:sample`, NaN where missing; and a
    report of each study.

    Raises
    ------
    InputError: two studies of one name, a negative count or TPM, or a study none of whose ids joins.
    """
    for position, study in enumerate(studies):
        if study.name in {earlier.name for earlier in studies[:position]}:
            raise InputError(study.source, f"two studies have the name '{study.name}'", "give each its own name")
    parts, reports = zip(*(_aligned(study, frozenset(genes), aliases or {}) for study in studies), strict=True)
    merged = pd.concat(parts, axis=1, join="outer").sort_index().dropna(how="all")
    return merged.rename_axis("gene_id"), list(reports)


def _aligned(study: Study, genes: frozenset[str], aliases: Mapping[str, str]) -> tuple[pd.DataFrame, StudyReport]:
    """A study's genes of the universe x its informative samples, centred and scaled."""
    ids = [name if name in genes else aliases.get(name) for name in study.matrix.index]
    joins = np.array([name is not None for name in ids], dtype=bool)
    if not joins.any():
        advice = "put gene ids in the first column, or give an id_map that leads from these ids to the genes"
        raise no_join(study.source, list(study.matrix.index), genes, advice)
    joined = normalise(study.matrix, study.kind, study.source).set_axis(pd.Index(ids), axis=0)[joins]
    joined = _average_repeats(joined)
    varied = _spread(joined) > 0
    values = _scaled(joined.loc[:, varied].to_numpy(np.float64))
    names = [f"{study.name}:{sample}" for sample in joined.columns[varied]]
    dropped = tuple(joined.columns[~varied])
    report = StudyReport(study.name, len(ids), int(joins.sum()), len(varied), dropped)
    return pd.DataFrame(values.astype(np.float32), index=joined.index, columns=names), report


def _spread(matrix: pd.DataFrame) -> NDArray[np.float64]:
    """Largest minus smallest value of each sample; NaN for an empty one."""
    return (matrix.max() - matrix.min()).to_numpy(np.float64)


def _scaled(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each row minus its mean, all divided by their root mean square; missing stays missing.

    >>> _scaled(np.array([[1.0, 3.0, np.nan], [10.0, 14.0, 12.0]])).round(3).tolist()
    [[-0.707, 0.707, nan], [-1.414, 1.414, 0.0]]
    """
    present = np.isfinite(values)
    number = present.sum(axis=1, keepdims=True)
    mean = np.where(present, values, 0).sum(axis=1, keepdims=True) / np.maximum(number, 1)
    centred: NDArray[np.float64] = values - mean
    total = float(np.square(centred[present]).sum())
    # no gene varies (a single sample, say): nothing to scale
    return centred if total == 0 else centred / math.sqrt(total / int(present.sum()))
