"""Our metrics beside those of the cafaeval package: the same scores, the same truth, one process, one core."""

import argparse
import logging
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from cafaeval.evaluation import evaluate_prediction
from cafaeval.parser import gt_parser, obo_parser, pred_parser
from numpy.typing import NDArray

from geneduet import labels as label
from geneduet import scores, tables
from geneduet.evaluation.headlines import ASPECT_NAMES
from geneduet.evaluation.protein_centric import THRESHOLDS, cafa_metrics
from geneduet.files import replace_between
from geneduet.labels import Labels

COLUMNS = ("organism", "aspect", "model", "metric", "cafaeval", "ours", "difference")


def namespace(aspect: str) -> str:
    return ASPECT_NAMES[aspect].replace(" ", "_")


def bits(labels: Labels) -> NDArray[np.float64]:
    return np.nan_to_num(labels.information_accretion, nan=0, posinf=0, neginf=0)


def write_ontology(folder: Path, labels: Labels) -> None:
    """The scored terms as OBO, below a root which cafaeval leaves out, and their information accretion."""
    space, above = namespace(labels.aspect), labels.ancestors.toarray()
    stanzas = ["format-version: 1.2", f"[Term]\nid: root:{labels.aspect}\nname: root\nnamespace: {space}"]
    for place, term in enumerate(labels.terms):
        parents = [labels.terms[column] for column in np.flatnonzero(above[place]) if column != place]
        lines = [f"[Term]\nid: {term}\nname: {term}\nnamespace: {space}"]
        stanzas.append("\n".join(lines + [f"is_a: {parent}" for parent in parents or [f"root:{labels.aspect}"]]))
    (folder / "terms.obo").write_text("\n\n".join(stanzas) + "\n")
    own = zip(labels.terms, bits(labels).tolist(), strict=True)
    (folder / "accretion.tsv").write_text("".join(f"{term}\t{value!r}\n" for term, value in own))


def write_pairs(file: Path, labels: Labels, genes: NDArray[np.bool_], values: NDArray[np.float32] | None) -> None:
    """Gene, term and score of each pair; without scores the pairs that are true."""
    kept = np.flatnonzero(genes)
    matrix = labels.positive.toarray()[kept] if values is None else values[kept]
    with file.open("w") as handle:
        for row, column in zip(*np.nonzero(matrix), strict=True):
            end = "" if values is None else f"\t{float(matrix[row, column])!r}"
            handle.write(f"{labels.genes[kept[row]]}\t{labels.terms[column]}{end}\n")


def compare(
    labels: Labels, genes: NDArray[np.bool_], models: Mapping[str, NDArray[np.float32]], organism: str = ""
) -> tuple[pd.DataFrame, dict[str, float]]:
    """Both packages' metrics of each model, and seconds that each took.

    Parameters
    ----------
    labels : terms, truth and accretion of an aspect.
    genes : (genes,), those that are judged.
    models : model -> (genes, terms).

    Returns
    -------
    Rows of COLUMNS; seconds, summed over models: `theirs`, without reading, and `ours`; `reading` of their files.
    """
    rows, seconds = [], dict.fromkeys(("theirs", "ours", "reading"), 0.0)
    truth = labels.positive[genes].toarray()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_ontology(folder, labels)
        write_pairs(folder / "truth.tsv", labels, genes, None)
        ontologies = obo_parser(str(folder / "terms.obo"), ("is_a", "part_of"), str(folder / "accretion.tsv"), False)
        known = gt_parser(str(folder / "truth.tsv"), ontologies)
        for model, values in models.items():
            write_pairs(folder / "scores.tsv", labels, genes, values)
            start = time.perf_counter()
            read = pred_parser(str(folder / "scores.tsv"), ontologies, known, "max", None)
            middle = time.perf_counter()
            table = evaluate_prediction(read, known, ontologies, THRESHOLDS, normalization="cafa", n_cpu=1)
            end = time.perf_counter()
            found = cafa_metrics(truth, values[genes], bits(labels))
            seconds["ours"] += time.perf_counter() - end
            seconds["theirs"] += end - middle
            seconds["reading"] += middle - start
            rows += list(_rows(table[table["cov"] > 0], found, organism, labels.aspect, model))
    return pd.DataFrame(rows, columns=list(COLUMNS)), seconds


def _rows(
    table: pd.DataFrame, found: Mapping[str, float], organism: str, aspect: str, model: str
) -> Iterator[tuple[object, ...]]:
    theirs = {"fmax": table["f"].max(), "weighted_fmax": table["f_w"].max(), "smin": table["s_w"].min()}
    for metric, value in theirs.items():
        yield organism, aspect, model, metric, value, found[metric], abs(value - found[metric])


def run(results: Path, reserved: bool) -> tuple[pd.DataFrame, list[dict[str, object]]]:
    """All models and aspects of a run, on the labelled genes, by cross-validation.

    Parameters
    ----------
    results : results/<organism> of a run.
    reserved : whether the reserved families are among the judged.
    """
    parts, times = [], []
    split = tables.read(results / "folds.parquet")
    for aspect in ASPECT_NAMES:
        known = label.read(results / "labels" / f"{aspect}.npz")
        genes = known.annotated & known.positive.toarray().any(axis=1) & (reserved | ~split["reserved"].to_numpy())
        models = {
            name: matrix
            for folder in ("references", "cotraining")
            for name, matrix in scores.read(results / folder / f"{aspect}.npz").models.items()
            if not name.endswith("_view")
        }
        found, seconds = compare(known, genes, models, results.name)
        parts.append(found)
        size = {"genes": int(genes.sum()), "terms": len(known.terms), "models": len(models)}
        times.append({"organism": results.name, "aspect": aspect, **size, **seconds})
    return pd.concat(parts, ignore_index=True), times


def markdown(found: pd.DataFrame, times: list[dict[str, object]]) -> str:
    """A row an aspect: the largest difference of each metric over all models, and how much faster ours is."""
    largest = found.pivot_table(index=["organism", "aspect"], columns="metric", values="difference", aggfunc="max")
    lines = [
        "| organism, aspect | genes | terms | models | Fmax | weighted Fmax | Smin | cafaeval, s | ours, s | ratio |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for row in times:
        own = largest.loc[(row["organism"], row["aspect"])]
        differences = " | ".join(f"{own[metric]:.1e}" for metric in ("fmax", "weighted_fmax", "smin"))
        theirs, ours = float(row["theirs"]), float(row["ours"])  # type: ignore[arg-type]
        lines.append(
            f"| {row['organism']} {row['aspect']} | {row['genes']} | {row['terms']} | {row['models']} | "
            f"{differences} | {theirs:.2f} | {ours:.2f} | {theirs / ours:.0f} |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("readme", type=Path, help="Markdown file with the two marks between which the table goes")
    parser.add_argument("results", type=Path, nargs="+", help="results/<organism> of a run")
    parser.add_argument("--reserved", action="store_true", help="judge the reserved families too")
    given = parser.parse_args()
    warnings.filterwarnings("ignore")
    logging.disable(logging.INFO)
    runs = [run(results, given.reserved) for results in given.results]
    found = pd.concat([part for part, _ in runs], ignore_index=True)
    text = markdown(found, [row for _, times in runs for row in times])
    print(text)
    given.readme.write_text(replace_between(given.readme.read_text(), "figures", text))
    if found["difference"].max() > 1e-6:
        raise SystemExit("a metric differs by more than 1e-6:\n" + found.query("difference > 1e-6").to_string())


if __name__ == "__main__":
    main()
