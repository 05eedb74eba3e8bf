import gzip
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from cafaeval.parser import gt_parser, obo_parser, pred_parser
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import sparse

from geneduet import labels, predictions
from geneduet.labels import Labels, Transfer
from geneduet.ontology import ASPECTS, Ontology, read_obo

TERMS = {
    "GO:0008150": ("biological_process", "biological_process", ""),
    "GO:0000101": ("growth", "biological_process", "GO:0008150"),
    "GO:0000102": ("filamentous growth", "biological_process", "GO:0000101"),
    "GO:0003674": ("molecular_function", "molecular_function", ""),
    "GO:0005515": ("protein binding", "molecular_function", "GO:0003674"),
    "GO:0000201": ("receptor binding", "molecular_function", "GO:0005515"),
    "GO:0005575": ("cellular_component", "cellular_component", ""),
    "GO:0032991": ("protein-containing complex", "cellular_component", "GO:0005575"),
    "GO:0000301": ("proteasome", "cellular_component", "GO:0032991"),
    "GO:0000302": ("nucleus", "cellular_component", "GO:0005575"),
}
ASPECT = {term: {"b": "P", "m": "F", "c": "C"}[namespace[0]] for term, (_, namespace, _) in TERMS.items()}
ALL = np.ones(3, bool)


@pytest.fixture
def obo(tmp_path: Path) -> Path:
    stanzas = [
        f"[Term]\nid: {term}\nname: {name}\nnamespace: {namespace}\n" + (f"is_a: {parent}\n" if parent else "")
        for term, (name, namespace, parent) in TERMS.items()
    ]
    path = tmp_path / "go.obo"
    path.write_text("data-version: releases/2024-01-17\n\n" + "\n".join(stanzas))
    return path


@pytest.fixture
def go(obo: Path) -> Ontology:
    return read_obo(obo)


@pytest.fixture
def process(go: Ontology) -> Labels:
    """Terms 101 and 102 over genes c, a, b: c has both, a is NOT 102, b has 101 but is hidden."""
    rows = [("c", "GO:0000102", False), ("a", "GO:0000102", True), ("b", "GO:0000101", False)]
    annotations = pd.DataFrame(rows, columns=["gene_id", "term", "negated"])
    return labels.make("P", ["c", "a", "b"], annotations, go, hidden=["b"], min_positives=1)[0]


def matrix(*rows: Iterable[float]) -> np.ndarray:
    return np.array(rows, np.float32)


def table_of(process: Labels, final: np.ndarray, min_score: float = 0.01, **changes: object) -> pd.DataFrame:
    given: dict = {"sequence": final, "expression": final, "present": {"sequence": ALL, "expression": ALL}}
    return predictions.table(process, final, min_score=min_score, **{**given, **changes})


def joined(*rows: tuple[str, str, float, str]) -> pd.DataFrame:
    """Predictions from gene, term, score, known."""
    parts = []
    for aspect in ASPECTS:
        mine = [row for row in rows if ASPECT.get(row[1], "P") == aspect]
        gene, term, score, known = zip(*mine, strict=True) if mine else ((), (), (), ())
        texts = {
            "gene_id": gene, "go_id": term, "go_name": [TERMS.get(each, (each,))[0] for each in term],
            "aspect": [aspect] * len(mine), "views": ["both"] * len(mine), "known": known,
        }  # fmt: skip
        numbers = {"score": score, "sequence_score": score, "expression_score": score}
        part = {name: pd.Categorical(pd.Index(values, dtype=object)) for name, values in texts.items()}
        part |= {name: np.array(values, float) for name, values in numbers.items()}
        parts.append(pd.DataFrame({**part, "information_content": np.full(len(mine), 2.0)}))
    return predictions.join(parts)


def pairs(table: pd.DataFrame) -> list[tuple[str, str]]:
    return list(zip(table["gene_id"], table["go_id"], strict=True))


def lines(path: Path) -> list[list[str]]:
    return [line.split("\t") for line in gzip.decompress(path.read_bytes()).decode().splitlines()]


# --- the table


def test_a_row_says_what_the_contract_says(process: Labels) -> None:
    final, sequence, expression = (matrix([score] * 2, [0, 0], [0, 0]) for score in (0.123456, 0.5, 0.00012345))
    made = table_of(process, final, sequence=sequence, expression=expression)
    assert list(made.columns) == list(predictions.COLUMNS)
    assert made.iloc[1].to_dict() == {
        "gene_id": "c", "go_id": "GO:0000102", "go_name": "filamentous growth", "aspect": "P", "score": 0.1235,
        "sequence_score": 0.5, "expression_score": 0.0001234, "views": "both", "known": "yes",
        "information_content": 0.0,
    }  # fmt: skip


def test_scores_from_the_minimum_on_are_kept(process: Labels) -> None:
    final = matrix([0.5, 0.01], [0.00999, 0.5], [0.02, 0])
    assert pairs(table_of(process, final)) == [("c", "GO:0000101"), ("c", "GO:0000102"), ("b", "GO:0000101")]


def test_not_pairs_are_absent_even_when_all_is_written(process: Labels) -> None:
    assert pairs(table_of(process, matrix([0, 0], [0, 0], [0, 0]), min_score=0)) == [
        ("c", "GO:0000101"), ("c", "GO:0000102"), ("a", "GO:0000101"), ("b", "GO:0000101"), ("b", "GO:0000102"),
    ]  # fmt: skip


def test_a_held_out_gene_counts_as_unannotated(process: Labels) -> None:
    made = table_of(process, np.full((3, 2), 0.5, np.float32))
    known = dict(zip(pairs(made), made["known"], strict=True))
    assert (known["c", "GO:0000101"], known["b", "GO:0000101"]) == ("yes", "no")


def test_what_a_reference_says_is_not_known(process: Labels) -> None:
    nothing = sparse.csr_array(process.positive.shape, dtype=np.float32)
    by_reference = replace(process, transfer=Transfer(nothing, np.zeros(3, np.float32), process.annotated))
    assert set(table_of(process, np.full((3, 2), 0.5, np.float32))["known"]) == {"yes", "no"}
    assert set(table_of(by_reference, np.full((3, 2), 0.5, np.float32))["known"]) == {"no"}


def test_views_tell_which_a_gene_has_and_a_missing_one_has_no_score(process: Labels) -> None:
    present = {"sequence": np.array([True, True, False]), "expression": np.array([True, False, True])}
    made = table_of(process, matrix([0.5, 0], [0.5, 0], [0.5, 0]), present=present)
    assert made["views"].tolist() == ["both", "sequence", "expression"]
    np.testing.assert_array_equal(made["sequence_score"], [0.5, 0.5, np.nan])
    np.testing.assert_array_equal(made["expression_score"], [0.5, np.nan, 0.5])


def test_a_view_that_was_not_learned_has_no_score(process: Labels) -> None:
    made = table_of(process, np.full((3, 2), 0.5, np.float32), expression=None)
    assert made["expression_score"].isna().all()


@given(arrays(np.float32, 50, elements=st.floats(0, 1, width=32)))
def test_rounding_keeps_the_order_and_four_digits(scores: np.ndarray) -> None:
    ordered = np.sort(scores)
    rounded = predictions.round_score(ordered)
    assert (np.diff(rounded) >= 0).all()
    np.testing.assert_allclose(rounded, ordered.astype(float), rtol=5.001e-4, atol=5.001e-11)
    assert all(value == float(f"{value:.4g}") for value in rounded)


def test_a_parent_never_scores_below_its_child_after_rounding(process: Labels) -> None:
    # neighbours among 32-bit floats, across a power of ten
    child = np.nextafter(np.float32(0.1), np.float32(0), dtype=np.float32)
    made = table_of(process, matrix([0.1, child], [0, 0], [child, child]))
    scores = dict(zip(pairs(made), made["score"], strict=True))
    assert scores["c", "GO:0000101"] >= scores["c", "GO:0000102"]
    assert scores["b", "GO:0000101"] == scores["b", "GO:0000102"]


# --- TSV and CAFA


def test_rows_go_by_gene_then_written_score_then_term_across_aspects(tmp_path: Path) -> None:
    rows = joined(
        ("b", "GO:0000101", 0.3, "no"), ("a", "GO:0000102", 0.2, "no"), ("a", "GO:0000101", 0.2, "yes"),
        ("a", "GO:0000302", 0.9, "no"), ("a", "GO:0000201", 0.2, "no"),
    )  # fmt: skip
    predictions.write_tsv(tmp_path / "predictions.tsv.gz", rows)
    header, *body = lines(tmp_path / "predictions.tsv.gz")
    assert " ".join(header) == (
        "gene_id go_id go_name aspect score sequence_score expression_score views known information_content"
    )
    assert [row[:2] for row in body] == [
        ["a", "GO:0000302"], ["a", "GO:0000101"], ["a", "GO:0000102"], ["a", "GO:0000201"], ["b", "GO:0000101"],
    ]  # fmt: skip
    assert body[0] == ["a", "GO:0000302", "nucleus", "C", "0.9", "0.9", "0.9", "both", "no", "2.00"]


def test_equal_scores_as_written_are_ordered_by_term(process: Labels, tmp_path: Path) -> None:
    # the second is higher, but not in the four digits that a reader sees
    made = predictions.join([table_of(process, matrix([0.123401, 0.123402], [0, 0], [0, 0]))])
    assert pairs(made) == [("c", "GO:0000101"), ("c", "GO:0000102")]
    predictions.write_tsv(tmp_path / "p.tsv.gz", made)
    assert [row[4] for row in lines(tmp_path / "p.tsv.gz")[1:]] == ["0.1234", "0.1234"]


def test_numbers_are_plain_decimals_and_missing_ones_empty(process: Labels, tmp_path: Path) -> None:
    final = matrix([1, 0.1], [0.001234, 0], [0.00001234, 0])
    absent = {"sequence": ALL, "expression": ~ALL}
    predictions.write_tsv(tmp_path / "p.tsv.gz", predictions.join([table_of(process, final, 1e-9, present=absent)]))
    assert [(row[0], row[4], row[6], row[9]) for row in lines(tmp_path / "p.tsv.gz")[1:]] == [
        ("a", "0.001234", "", "0.00"),
        ("b", "0.00001234", "", "0.00"),
        ("c", "1", "", "0.00"),
        ("c", "0.1", "", "0.00"),
    ]


def test_long_tables_are_written_in_full(process: Labels, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = predictions.join([table_of(process, np.full((3, 2), 0.5, np.float32))])
    predictions.write_tsv(tmp_path / "one.tsv.gz", made)
    monkeypatch.setattr(predictions, "_CHUNK", 2)
    predictions.write_tsv(tmp_path / "two.tsv.gz", made)
    assert (tmp_path / "one.tsv.gz").read_bytes() == (tmp_path / "two.tsv.gz").read_bytes()


def test_an_aspect_without_terms_joins_the_others(process: Labels, go: Ontology, tmp_path: Path) -> None:
    nothing = pd.DataFrame({"gene_id": ["c"], "term": ["GO:0000101"], "negated": [False]})
    empty, _ = labels.make("C", process.genes, nothing, go, hidden=[], min_positives=1)
    none = table_of(empty, np.zeros((3, 0), np.float32))
    made = predictions.join([table_of(process, matrix([0.5, 0], [0, 0], [0, 0])), none])
    assert pairs(made) == [("c", "GO:0000101")]
    predictions.write_tsv(tmp_path / "none.tsv.gz", predictions.join([none]))
    assert lines(tmp_path / "none.tsv.gz") == [list(predictions.COLUMNS)]
    assert predictions.new_predictions(predictions.join([none]), {"C": 0.1}, go).empty


def test_cafaeval_reads_the_scores(tmp_path: Path, obo: Path) -> None:
    rows = joined(("a", "GO:0000101", 0.75, "yes"), ("a", "GO:0000102", 0.5, "no"), ("a", "GO:0000302", 0.25, "no"))
    predictions.write_cafa(tmp_path / "p.cafa.tsv.gz", rows)
    assert lines(tmp_path / "p.cafa.tsv.gz")[0] == ["a", "GO:0000101", "0.75"]
    (tmp_path / "p.tsv").write_bytes(gzip.decompress((tmp_path / "p.cafa.tsv.gz").read_bytes()))
    (tmp_path / "truth.tsv").write_text("a\tGO:0000102\na\tGO:0000302\n")
    ontologies = obo_parser(str(obo))
    truth = gt_parser(str(tmp_path / "truth.tsv"), ontologies)
    read = pred_parser(str(tmp_path / "p.tsv"), ontologies, truth, "max")
    index = ontologies["biological_process"].terms_dict
    scores = read["biological_process"].matrix[0]
    assert [scores[index[term]["index"]] for term in ("GO:0000101", "GO:0000102")] == [0.75, 0.5]
    assert read["cellular_component"].matrix.max() == 0.25


def test_a_table_is_read_as_it_was_written(process: Labels, tmp_path: Path) -> None:
    made = predictions.join([table_of(process, matrix([0.5, 0.25], [0.123456, 0], [1, 1e-3]), expression=None)])
    predictions.write_tsv(tmp_path / "p.tsv.gz", made)
    read = predictions.read_tsv(tmp_path / "p.tsv.gz")
    pd.testing.assert_frame_equal(read.round(2), made.round(2), check_dtype=False, check_categorical=False)
    assert read["score"].tolist() == made["score"].tolist()


def test_a_gene_may_be_called_na(tmp_path: Path) -> None:
    predictions.write_tsv(tmp_path / "p.tsv.gz", joined(("NA", "GO:0000101", 0.5, "no")))
    assert pairs(predictions.read_tsv(tmp_path / "p.tsv.gz")) == [("NA", "GO:0000101")]


# --- what is new

LOW = {"P": 0.1, "F": 0.1, "C": 0.1}


def test_known_pairs_and_scores_below_the_aspects_threshold_are_no_news(go: Ontology) -> None:
    rows = joined(("a", "GO:0000101", 0.5, "no"), ("b", "GO:0000101", 0.5, "yes"), ("a", "GO:0000302", 0.5, "no"))
    assert pairs(predictions.new_predictions(rows, {"P": 0.5, "C": 0.51}, go)) == [("a", "GO:0000101")]
    assert pairs(predictions.new_predictions(rows, {"C": 0.5}, go)) == [("a", "GO:0000302")]


def test_the_score_that_sets_a_threshold_reaches_it(go: Ontology) -> None:
    rows = joined(("a", "GO:0000101", 0.1234, "no"))
    assert len(predictions.new_predictions(rows, {"P": 0.12344}, go)) == 1


def test_an_ancestor_of_another_new_term_of_the_gene_is_left_out(go: Ontology) -> None:
    rows = joined(
        ("a", "GO:0000101", 0.9, "no"), ("a", "GO:0000102", 0.5, "no"), ("b", "GO:0000101", 0.9, "no"),
        ("b", "GO:0000102", 0.01, "no"), ("a", "GO:0032991", 0.5, "no"), ("a", "GO:0000302", 0.5, "no"),
    )  # fmt: skip
    assert set(pairs(predictions.new_predictions(rows, LOW, go))) == {
        ("a", "GO:0000102"), ("b", "GO:0000101"), ("a", "GO:0032991"), ("a", "GO:0000302"),
    }  # fmt: skip


def test_each_row_is_known_or_below_or_implied_or_specific(go: Ontology) -> None:
    rows = joined(
        ("a", "GO:0000101", 0.9, "no"), ("a", "GO:0000102", 0.5, "no"), ("a", "GO:0000302", 0.05, "no"),
        ("b", "GO:0000101", 0.9, "yes"), ("b", "GO:0005515", 0.9, "no"),
    )  # fmt: skip
    found = dict(zip(pairs(rows), predictions.standing(rows, LOW, go).tolist(), strict=True))
    assert found == {
        ("a", "GO:0000102"): predictions.SPECIFIC,
        ("a", "GO:0000101"): predictions.IMPLIED,
        ("a", "GO:0000302"): predictions.BELOW,
        ("b", "GO:0000101"): predictions.KNOWN,
        ("b", "GO:0005515"): predictions.IMPLIED,
    }


def test_protein_binding_and_dead_terms_are_no_news(go: Ontology) -> None:
    rows = joined(("a", "GO:0005515", 0.9, "no"), ("a", "GO:9999999", 0.9, "no"), ("b", "GO:0000201", 0.9, "no"))
    assert pairs(predictions.new_predictions(rows, LOW, go)) == [("b", "GO:0000201")]


def test_what_is_not_for_annotation_stands_back_for_its_nearest_ancestors(go: Ontology) -> None:
    rows = joined(
        ("a", "GO:0000301", 0.5, "no"), ("a", "GO:0032991", 0.9, "no"),
        ("b", "GO:0000301", 0.5, "no"), ("b", "GO:0032991", 0.9, "yes"),
        ("c", "GO:0000102", 0.5, "no"), ("c", "GO:0000101", 0.9, "no"),
    )  # fmt: skip
    strict = replace(go, not_for_annotation=frozenset(["GO:0000301", "GO:0000101"]))
    # of a the complex instead of the proteasome; of b it is known; of c the more specific one is allowed
    assert pairs(predictions.new_predictions(rows, LOW, strict)) == [("a", "GO:0032991"), ("c", "GO:0000102")]


def test_of_two_generations_not_for_annotation_the_first_allowed_ancestor_stands(go: Ontology) -> None:
    rows = joined(("a", "GO:0000102", 0.5, "no"), ("a", "GO:0000101", 0.9, "no"), ("a", "GO:0008150", 0.9, "no"))
    strict = replace(go, not_for_annotation=frozenset(["GO:0000102", "GO:0000101"]))
    assert pairs(predictions.new_predictions(rows, LOW, strict)) == [("a", "GO:0008150")]


def test_what_a_term_too_rare_to_be_learned_implies_is_no_news(go: Ontology) -> None:
    # 102 has one gene, and is not learned; its ancestor 101 has two
    rows = [("a", "GO:0000102", False), ("b", "GO:0000101", False)]
    annotations = pd.DataFrame(rows, columns=["gene_id", "term", "negated"])
    seen, _ = labels.make("P", ["a", "b", "c"], annotations, go, hidden=[], min_positives=2)
    assert seen.terms == ["GO:0000101"]
    made = predictions.join([table_of(seen, np.full((3, 1), 0.5, np.float32))])
    assert pairs(predictions.new_predictions(made, LOW, go)) == [("c", "GO:0000101")]
    assert pairs(predictions.new_predictions(made, LOW, go, redundant=True)) == [("c", "GO:0000101")]


def test_who_asks_for_it_gets_the_ancestors_of_new_terms_too_but_nothing_known(go: Ontology) -> None:
    rows = joined(
        ("a", "GO:0000101", 0.9, "no"), ("a", "GO:0000102", 0.5, "no"), ("b", "GO:0000101", 0.9, "yes"),
        ("b", "GO:0000102", 0.5, "no"), ("b", "GO:0005515", 0.9, "no"), ("c", "GO:0000102", 0.01, "no"),
    )  # fmt: skip
    assert set(pairs(predictions.new_predictions(rows, LOW, go, redundant=True))) == {
        ("a", "GO:0000101"), ("a", "GO:0000102"), ("b", "GO:0000102"),
    }  # fmt: skip
