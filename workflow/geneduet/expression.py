"""Expression matrices: reading them, bringing them to a log scale, and merging studies into one table."""

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geneduet.annotations import no_join
from geneduet.errors import InputError, few
from geneduet.files import read_lines
from geneduet.progress import say

KINDS = ("counts", "tpm", "log", "ratio")

MISSING = {"", "na", "nan", "n/a", "null", "none", "-"}

MIN_VALUES = 10  # genes that a sample must tell of

# the same for a share of what is usual in the study: a sample with less failed
FEW_VALUES = 0.2
LITTLE_VARIATION = 0.01

REFERENCE = 0.01  # share of the genes that must be positive in all samples for their ratios to tell the depths

# samples at which a study has half of the weight that the largest can have. How alike in GO (P, terms of 10 to 200
# genes, weighted cosine) the ten closest partners of a gene are, at 10, 30, 100 and without a limit: studies of 77 and
# 12 samples (yeast) 0.079, 0.077, 0.076, 0.075; of 12 and 36 (yeast) 0.066, 0.067, 0.069, 0.069; of 226 and four of 8
# to 20 (E. coli) 0.172, 0.181, 0.190, 0.192. More samples are better, so that a low limit costs more than it gains
HALF_WEIGHT = 100


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
        say(f"{path}: {repeated} rows repeat a gene of an earlier row; averaged")
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
    """Bring a study to a log scale, on which a gene varies as much whether it has many transcripts or few.

    `counts` become log2(count / size factor + 1), see `size_factors`. The pseudo-count y stabilises the variance of
    counts of overdispersion 1 / (4 y), as acosh would (Ahlmann-Eltze and Huber 2023, Nature Methods 20:665); 1 goes
    with 0.25, a standard deviation of half the mean. It is one count of a sample of usual depth, so that genes of a
    few reads are not spread far where no library can tell them apart. `tpm` are free of depth and length already, and
    become log2(x + 1). `log` and `ratio` (logs of ratios) are on such a scale and stay as they are.

    Parameters
    ----------
    matrix : genes x samples, with all genes of the study: they tell the depth of each sample.
    kind : of its values.
    source : the file, for messages.

    Raises
    ------
    InputError: a negative count or TPM.

    >>> normalise(pd.DataFrame({"s1": [3, 1], "s2": [0, 7]}, index=["a", "b"]), "tpm")["s1"].tolist()
    [2.0, 1.0]
    """
    if kind not in KINDS:
        raise ValueError(f"kind is {kind!r}, not one of {', '.join(KINDS)}")
    return _logged(matrix, kind, depths(matrix, kind), source)


def depths(matrix: pd.DataFrame, kind: str) -> pd.Series:
    """How deep each sample was sequenced, by `size_factors`; 1 where values are not counts, for which it is nothing."""
    factors = size_factors(matrix.to_numpy(np.float64)) if kind == "counts" else np.ones(matrix.shape[1])
    return pd.Series(factors, index=matrix.columns)


def _logged(matrix: pd.DataFrame, kind: str, depth: pd.Series, source: str | Path) -> pd.DataFrame:
    """Values on the log scale of `normalise`, the depths of the samples being known."""
    if kind in ("log", "ratio"):
        return matrix
    values = matrix.to_numpy(np.float64)
    if (values < 0).any():
        row, column = np.argwhere(values < 0)[0]
        place = f"gene '{matrix.index[row]}', sample '{matrix.columns[column]}'"
        raise InputError(source, f"negative {kind} ({place})", "set kind to log or ratio")
    values = values / depth.to_numpy()
    return pd.DataFrame(np.log2(values + 1).astype(np.float32), index=matrix.index, columns=matrix.columns)


def size_factors(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """How deep each sample was sequenced, by the median of ratios (Anders and Huber 2010, Genome Biology 11:R106).

    The ratios are those of a sample's counts to the genes' geometric means, over the genes that are positive in all
    samples. Some genes that take up most of the reads change the total of a sample, but not this median. Where less
    than 1% of the genes are positive in all samples, the totals by their geometric mean are taken instead.

    Parameters
    ----------
    counts : genes x samples, NaN for missing.

    Returns
    -------
    One a sample, near 1; NaN for a sample without a read.

    >>> size_factors(np.array([[1.0, 4.0], [2.0, 8.0], [3.0, 1200.0]])).tolist()
    [0.5, 2.0]
    """
    total = np.nansum(counts, axis=0)
    factor = np.full(len(total), np.nan)
    if not (deep := total > 0).any():
        return factor
    positive = (counts[:, deep] > 0).all(axis=1)
    if positive.sum() >= max(1, REFERENCE * len(counts)):
        logs = np.log(counts[positive][:, deep])
        factor[deep] = np.exp(np.median(logs - logs.mean(axis=1, keepdims=True), axis=0))
    else:
        factor[deep] = total[deep] / np.exp(np.log(total[deep]).mean())
    return factor


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
    """What became of a study; as text, one line for the log.

    Parameters
    ----------
    name : of the study.
    rows, joined : rows, and those that joined a gene.
    empty_genes : genes that joined, but have no value.
    samples : as read.
    dropped_samples : why each sample that was dropped was.
    scale : how the values of a kept sample were brought to the common scale: study, sample, kind, depth (see `depths`)
        and factor, by which they were multiplied in the end.

    >>> print(StudyReport("heat", 3, 2, 0, 4, {"s2": "all values equal"}))
    heat: 2 of 3 rows joined, 3 of 4 samples kept; dropped: s2 (all values equal)
    """

    name: str
    rows: int
    joined: int
    empty_genes: int
    samples: int
    dropped_samples: Mapping[str, str]
    scale: pd.DataFrame = field(default_factory=pd.DataFrame, compare=False, repr=False)

    def __str__(self) -> str:
        """The report as one line."""
        kept = self.samples - len(self.dropped_samples)
        text = f"{self.name}: {self.joined} of {self.rows} rows joined"
        text += f", {self.empty_genes} genes without a value" if self.empty_genes else ""
        text += f", {kept} of {self.samples} samples kept"
        dropped = ", ".join(f"{sample} ({reason})" for sample, reason in self.dropped_samples.items())
        return f"{text}; dropped: {dropped}" if dropped else text


def merge_studies(
    studies: Sequence[Study],
    genes: Sequence[str],
    aliases: Mapping[str, str] | None = None,
    min_values: int = MIN_VALUES,
) -> tuple[pd.DataFrame, list[StudyReport]]:
    """Put studies side by side on one scale, none ruling by its units or its size.

    Each study is brought to a log scale, samples that say too little or repeat another are dropped, each gene is
    centred on its mean in the study, and the study divided by the root mean square of what is left.

    Then each value of a study of n samples is multiplied by the root of 1 / (1 + n / 100). Left alone, a study weighs
    n in a covariance, a correlation or a principal component; now it weighs n / (1 + n / 100): near n for a small
    study, which the chance of few samples limits, and 100 at most, as more samples of one study tell ever more
    exactly what is so in this study, but not what is so in others. This is the form of the weights of a random-effects
    mean (DerSimonian and Laird 1986, Controlled Clinical Trials 7:177), of studies whose true values vary by 1 / 100.
    278 samples weigh not 23 times, but 7 times what 12 do. As each gene's mean in a study is 0, Pearson's correlation
    of two genes over their common samples is that of samples with these weights, and stays within -1 and 1; in one
    study it is what it was. The factors are divided by the largest, so that a single study has mean square 1.

    The share of the samples' variance that lies between studies is printed, before and after.

    Parameters
    ----------
    studies : one or more.
    genes : the gene universe; other rows are left out.
    aliases : gene of each alias, for ids that are no gene ids; rows of one gene are averaged.
    min_values : genes that a sample must tell of.

    Returns
    -------
    float32, genes with at least one value in id order x samples named `study:sample`, NaN where missing; and a
    report of each study.

    Raises
    ------
    InputError: two studies of one name, a negative count or TPM, or a study none of whose ids joins or none of whose
        samples is kept.
    """
    for position, study in enumerate(studies):
        if study.name in {earlier.name for earlier in studies[:position]}:
            raise InputError(study.source, f"two studies have the name '{study.name}'", "give each its own name")
    universe = frozenset(genes)
    parts, reports = zip(*(_joined(study, universe, aliases or {}, min_values) for study in studies), strict=True)
    weights = np.sqrt([1 / (1 + part.shape[1] / HALF_WEIGHT) for part in parts])
    centred = [_centred(part.to_numpy(np.float64)) for part in parts]
    factors = [
        weight / _root_mean_square(values) for weight, values in zip(weights / weights.max(), centred, strict=True)
    ]
    scaled = [
        pd.DataFrame((values * factor).astype(np.float32), part.index, part.columns)
        for part, values, factor in zip(parts, centred, factors, strict=True)
    ]
    reports = tuple(
        replace(report, scale=report.scale.assign(factor=factor))
        for report, factor in zip(reports, factors, strict=True)
    )
    merged = pd.concat(scaled, axis=1, join="outer").sort_index().rename_axis("gene_id")
    if len(studies) > 1:
        before, after = batch_share(pd.concat(parts, axis=1, join="outer")), batch_share(merged)
        say(f"study explains {before:.0%} of the variance of samples before centring, {after:.0%} after")
    return merged, list(reports)


def batch_share(matrix: pd.DataFrame) -> float:
    """The share of the variance over samples that lies between studies, of all genes that are in several.

    Parameters
    ----------
    matrix : genes x samples named `study:sample`, NaN for missing.

    Returns
    -------
    0 (all studies have a gene's mean) to 1; NaN where no gene of several studies varies.

    >>> table = pd.DataFrame([[1, 3, 5, 7]], columns=["a:1", "a:2", "b:1", "b:2"])
    >>> batch_share(table)  # the means 2 and 6 are 2 from 4, the values 3, 1, 1 and 3
    0.8
    """
    study = np.array([str(name).partition(":")[0] for name in matrix.columns])
    values = matrix.to_numpy(np.float64)
    present = np.isfinite(values)
    values = np.where(present, values, 0)
    number = np.column_stack([present[:, study == name].sum(axis=1) for name in np.unique(study)])
    total = np.column_stack([values[:, study == name].sum(axis=1) for name in np.unique(study)])
    several = (number > 0).sum(axis=1) > 1
    number, total, values, present = number[several], total[several], values[several], present[several]
    mean = total.sum(axis=1, keepdims=True) / number.sum(axis=1, keepdims=True)
    between = number * np.square(total / np.maximum(number, 1) - mean)
    whole = np.square(values - mean)[present].sum()
    return float(between.sum() / whole) if whole > 0 else math.nan


def _joined(
    study: Study, genes: frozenset[str], aliases: Mapping[str, str], min_values: int
) -> tuple[pd.DataFrame, StudyReport]:
    """A study's genes of the universe x its informative samples, on a log scale."""
    ids = [name if name in genes else aliases.get(name) for name in study.matrix.index]
    joins = np.array([name is not None for name in ids], dtype=bool)
    if not joins.any():
        advice = "put gene ids in the first column, or give an id_map that leads from these ids to the genes"
        raise no_join(study.source, list(study.matrix.index), genes, advice)
    depth = depths(study.matrix, study.kind)
    joined = _logged(study.matrix, study.kind, depth, study.source).set_axis(pd.Index(ids), axis=0)[joins]
    joined = _average_repeats(joined)
    dropped = _uninformative(joined, min_values)
    kept = joined.drop(columns=list(dropped))
    if kept.empty:
        sample, reason = next(iter(dropped.items()))
        advice = "give samples that tell of more genes, or leave the study out"
        raise InputError(study.source, f"no sample of study '{study.name}' is of use ({sample}: {reason})", advice)
    scale = pd.DataFrame(
        {"study": study.name, "sample": kept.columns, "kind": study.kind, "depth": depth[kept.columns].to_numpy()}
    )
    kept = kept.dropna(how="all").rename(columns=lambda sample: f"{study.name}:{sample}")
    empty = len(joined) - len(kept)
    return kept, StudyReport(study.name, len(ids), int(joins.sum()), empty, joined.shape[1], dropped, scale)


def _uninformative(matrix: pd.DataFrame, min_values: int) -> dict[str, str]:
    """Samples that tell (almost) nothing, or nothing of their own, and why.

    >>> table = pd.DataFrame({"s1": [1, 2, 4], "s2": [1, 2, 4], "s3": [5, 5, 5], "s4": [0, None, None]})
    >>> _uninformative(table, 2)
    {'s2': 'the same as s1', 's3': 'all values equal', 's4': '1 of 2 values needed'}
    """
    values = matrix.to_numpy(np.float64)
    number = np.isfinite(values).sum(axis=0)
    needed = max(min_values, math.ceil(FEW_VALUES * float(np.median(number))))
    # of a constant, the standard deviation may be off 0 by rounding
    differ = (matrix.max() > matrix.min()).to_numpy()
    spread = np.where(differ, matrix.astype(np.float64).std(ddof=0), 0.0)
    usual = float(np.median(spread[number >= needed])) if (number >= needed).any() else 0.0
    why: dict[str, str] = {}
    first: dict[bytes, str] = {}
    for place, sample in enumerate(matrix.columns):
        if number[place] < needed:
            why[sample] = f"{number[place]} of {needed} values needed"
        elif spread[place] == 0:
            why[sample] = "all values equal"
        elif spread[place] < LITTLE_VARIATION * usual:
            why[sample] = f"standard deviation {spread[place]:.2g}, the study's median is {usual:.2g}"
        else:
            # one byte pattern for each value: -0 is 0, and a missing value, of which there are many, is infinite
            same = (np.where(np.isfinite(values[:, place]), values[:, place], np.inf) + 0.0).tobytes()
            if (earlier := first.setdefault(same, sample)) != sample:
                why[sample] = f"the same as {earlier}"
    return why


def _centred(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each row minus its mean; missing stays missing.

    >>> _centred(np.array([[1.0, 3.0, np.nan], [10.0, 14.0, 12.0]])).tolist()
    [[-1.0, 1.0, nan], [-2.0, 2.0, 0.0]]
    """
    present = np.isfinite(values)
    number = present.sum(axis=1, keepdims=True)
    mean = np.where(present, values, 0).sum(axis=1, keepdims=True) / np.maximum(number, 1)
    return np.asarray(values - mean)


def _root_mean_square(values: NDArray[np.float64]) -> float:
    """Of what is not missing; 1 where no gene varies (a single sample, say): nothing to scale.

    >>> _root_mean_square(np.array([[-1.0, 1.0, np.nan], [-2.0, 2.0, 0.0]])) ** 2
    2.0000000000000004
    """
    present = values[np.isfinite(values)]
    return math.sqrt(float(np.square(present).mean())) if present.any() else 1.0


# --- other genes in the same samples


def rescale(matrix: pd.DataFrame, scale: pd.DataFrame, source: str | Path = "expression") -> pd.DataFrame:
    """Bring other genes, measured in the same samples, to the scale of a merged table.

    Depths and factors are those of the merged studies: what a gene gets does not depend on the others beside it.

    Parameters
    ----------
    matrix : genes x samples, as `read_matrix` gives it; values of the same kind as the study's. A sample is named
        `study:sample`, or by itself where only one study has it. A study may be left out, but not some of its samples.
    scale : of all studies, as in `StudyReport`.
    source : the file, for messages.

    Returns
    -------
    float32, genes with at least one value x samples named `study:sample`, in the order of the scale.

    Raises
    ------
    InputError: no sample is one of the merged table's, some of a study are missing, or a negative count or TPM.
    """
    full = scale["study"] + ":" + scale["sample"]
    alone = ~scale["sample"].duplicated(keep=False)
    column = full.where(full.isin(matrix.columns), scale["sample"].where(alone, full))
    given = column.isin(matrix.columns)
    if not given.any():
        problem = f"no column is a sample of the model ({few(full.tolist())})"
        raise InputError(source, problem, "give the samples of the model's own studies, under their names")
    parts = []
    for study, own in scale.groupby("study", sort=False):
        names = column[own.index]
        if lacking := full[own.index][~given[own.index]].tolist():
            if len(lacking) < len(own):
                problem = f"{len(lacking)} of the {len(own)} samples of study '{study}' are missing: {few(lacking)}"
                raise InputError(source, problem, "give all samples of a study, or none")
            continue
        values = _logged(matrix[names], str(own["kind"].iloc[0]), own["depth"].set_axis(names), source)
        scaled = _centred(values.to_numpy(np.float64)) * own["factor"].to_numpy()
        parts.append(pd.DataFrame(scaled.astype(np.float32), matrix.index, full[own.index]))
    if unknown := set(matrix.columns) - set(column):
        say(f"{source}: {len(unknown)} columns are no samples that the model uses, and are passed over: {few(unknown)}")
    return pd.concat(parts, axis=1).reindex(columns=full).dropna(how="all").rename_axis("gene_id")
