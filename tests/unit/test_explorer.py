import base64
import gzip
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from geneduet import evidence, explorer, predictions
from geneduet.errors import InputError
from geneduet.ontology import Ontology, read_obo
from geneduet.predictions import BELOW, IMPLIED, KNOWN, SPECIFIC

NO_PIECES = pd.DataFrame({name: [] for name in ("row", "kind", "source", "value", "detail")})


@pytest.fixture
def go(tmp_path: Path) -> Ontology:
    """A root with two children, `growth` and `death`, and `budding` below growth."""
    stanzas = [("GO:0000001", "process", ""), ("GO:0000002", "growth", "GO:0000001"),
               ("GO:0000003", "budding", "GO:0000002"), ("GO:0000004", "death", "GO:0000001")]  # fmt: skip
    (tmp_path / "go.obo").write_text(
        "default-namespace: biological_process\n\n"
        + "\n".join(
            f"[Term]\nid: {term}\nname: {name}\n" + (f"is_a: {parent}\n" if parent else "")
            for term, name, parent in stanzas
        )
    )
    return read_obo(tmp_path / "go.obo")


def table(*rows: tuple[str, str, float], expression: float = float("nan")) -> pd.DataFrame:
    """Predictions of gene, term and score, as `predictions.join` gives them; sequence scores are half as high."""
    gene, term, score = zip(*rows, strict=True)
    texts = {"gene_id": gene, "go_id": term, "go_name": [f"name of {own}" for own in term],
             "aspect": ["P"] * len(rows), "views": ["sequence"] * len(rows), "known": ["no"] * len(rows)}  # fmt: skip
    made = {name: pd.Categorical(pd.Index(values, dtype=object)) for name, values in texts.items()}
    scores = {"score": score, "sequence_score": np.array(score) / 2, "expression_score": [expression] * len(rows)}
    return predictions.join([pd.DataFrame({**made, **scores, "information_content": [2.5] * len(rows)})])


def named(*genes: str) -> pd.DataFrame:
    return pd.DataFrame({"gene_id": genes, "symbol": "", "description": "", "aliases": ""})


def pairs(content: dict) -> list[tuple[str, str]]:
    """Gene and term of each row of packed content."""
    genes = np.repeat(content["genes"]["id"], content["rows"]["count"])
    return [
        (str(gene), content["terms"]["id"][term]) for gene, term in zip(genes, content["rows"]["term"], strict=True)
    ]


# --- what has a place


def test_new_and_specific_comes_first_then_what_it_implies_then_the_best_of_the_rest_then_what_is_known() -> None:
    rows = table(("a", "GO:1", 0.9), ("a", "GO:2", 0.8), ("a", "GO:3", 0.7), ("a", "GO:4", 0.1), ("b", "GO:1", 0.95))
    standing = np.array([KNOWN, IMPLIED, SPECIFIC, BELOW, SPECIFIC], np.int8)
    order = explorer.worth_showing(rows, standing)
    assert rows["go_id"].astype(object)[order].tolist() == ["GO:1", "GO:3", "GO:2", "GO:4", "GO:1"]
    assert rows["gene_id"].astype(object)[order].tolist() == ["b", "a", "a", "a", "a"]


def test_below_the_threshold_only_the_best_new_ones_of_a_gene_have_a_place() -> None:
    few = explorer.PER_GENE
    rows = table(*((gene, f"GO:{place}", 0.09 - place / 1000) for gene in "ab" for place in range(few + 3)))
    standing = np.full(len(rows), BELOW, np.int8)
    standing[:2] = SPECIFIC, KNOWN  # of a: one of the best is above the threshold, what is known takes no place
    order = explorer.worth_showing(rows, standing)
    kept = [(rows["gene_id"][row], rows["go_id"][row]) for row in order]
    assert set(kept) == {
        *(("a", f"GO:{place}") for place in range(few + 1)),
        *(("b", f"GO:{place}") for place in range(few)),
    }


def test_what_is_shown_and_what_is_left_out_is_counted_by_standing() -> None:
    standing = np.array([SPECIFIC, SPECIFIC, IMPLIED, BELOW, BELOW, KNOWN], np.int8)
    assert explorer.shown(standing, np.array([0, 2, 3])) == {
        "specific": (1, 2), "implied": (1, 1), "below": (1, 2), "known": (0, 1),
    }  # fmt: skip


# --- what is packed


def test_rows_are_packed_by_gene_and_score(go: Ontology) -> None:
    rows = table(("b", "GO:0000002", 0.25), ("a", "GO:0000003", 0.01234), ("b", "GO:0000003", 0.9))
    standing = np.array([BELOW, SPECIFIC, IMPLIED], np.int8)  # in the order of the table: a, b 0.9, b 0.25
    # most worth first is not the order of the page; gene c has no prediction
    made = explorer.content(rows, standing, np.array([2, 1, 0]), named("c", "b", "a"), go, NO_PIECES)
    assert made["genes"]["id"] == ["a", "b", "c"]
    assert made["genes"]["views"] == ["sequence", "sequence", ""]
    assert pairs(made) == [("a", "GO:0000003"), ("b", "GO:0000003"), ("b", "GO:0000002")]
    assert made["rows"]["score"] == [1234, 90000, 25000]
    assert made["rows"]["sequence"] == [617, 45000, 12500]
    assert made["rows"]["expression"] == [-1, -1, -1]
    assert made["rows"]["standing"] == f"{BELOW}{SPECIFIC}{IMPLIED}"


def test_rows_that_are_not_chosen_are_not_packed(go: Ontology) -> None:
    rows = table(("a", "GO:0000003", 0.9), ("a", "GO:0000004", 0.5))
    made = explorer.content(rows, np.zeros(2, np.int8), np.array([0]), named("a"), go, NO_PIECES)
    assert pairs(made) == [("a", "GO:0000003")]
    assert "GO:0000004" not in made["terms"]["id"]


def test_terms_bring_their_ancestors(go: Ontology) -> None:
    rows = table(("a", "GO:0000003", 0.9), ("a", "X:1", 0.5))
    made = explorer.content(rows, np.zeros(2, np.int8), np.arange(2), named("a"), go, NO_PIECES)["terms"]
    assert made["id"] == ["GO:0000001", "GO:0000002", "GO:0000003", "X:1"]
    # names of what is predicted are those of the predictions; a term that the ontology lacks has no parents
    assert made["name"] == ["process", "growth", "name of GO:0000003", "name of X:1"]
    assert made["bits"] == [-1, -1, 250, 250]
    assert made["parents"] == [[], [0], [1], []]


def test_evidence_goes_to_its_row_and_that_of_other_pairs_is_passed_over(go: Ontology, tmp_path: Path) -> None:
    rows = table(("a", "GO:0000003", 0.8), ("b", "GO:0000002", 0.9), ("c", "GO:0000002", 0.1))
    lines = [
        "gene_id\tgo_id\tkind\tsource\tvalue\tdetail",
        "a\tGO:0000003\tfeature\tcharge\t+0.2\t",
        "b\tGO:0000002\tfeature\tlength\t+0.5\t",
        "a\tGO:0000004\tfeature\tlength\t+0.1\t",
        "b\tGO:0000002\thomologue\tNA\t0.8\te-value 1e-9, IDA",
        "z\tGO:0000002\tfeature\tlength\t+0.1\t",
    ]
    with gzip.open(tmp_path / "evidence.tsv.gz", "wt") as handle:
        handle.write("".join(f"{line}\n" for line in lines))
    pieces = explorer.of_rows(explorer.read_evidence(tmp_path / "evidence.tsv.gz"), rows, np.array([1, 0]))
    # the more worthy pair first, c was not asked for; within a pair in the order of the file
    assert pieces["row"].tolist() == [1, 1, 0]
    assert pieces["source"].tolist() == ["length", "NA", "charge"]
    made = explorer.content(rows, np.zeros(3, np.int8), np.array([1, 0]), named("a", "b", "c"), go, pieces)["evidence"]
    assert np.cumsum(made["step"]).tolist() == [0, 1, 1]
    told = [[made["texts"][made[name][piece]] for name in ("kind", "source", "value", "detail")] for piece in range(3)]
    assert told == [
        ["feature", "charge", "+0.2", ""],
        ["feature", "length", "+0.5", ""],
        ["homologue", "NA", "0.8", "e-value 1e-9, IDA"],
    ]


def test_evidence_without_a_column_is_refused(tmp_path: Path) -> None:
    (tmp_path / "e.tsv").write_text("gene_id\tgo_id\tkind\tsource\n")
    with pytest.raises(InputError, match=r"e\.tsv: no column value, detail; give the columns gene_id, "):
        explorer.read_evidence(tmp_path / "e.tsv")


def test_without_predictions_there_are_genes(go: Ontology) -> None:
    rows = table(("a", "GO:0000003", 0.9)).iloc[:0]
    made = explorer.content(rows, np.zeros(0, np.int8), np.zeros(0, np.intp), named("a"), go, NO_PIECES)
    assert made["genes"]["id"] == ["a"]
    assert pairs(made) == []


def test_packed_text_cannot_end_a_script_and_comes_back_as_it_was() -> None:
    value = {"name": "</script><script>alert(1)</script>", "numbers": [1, 2]}
    text = explorer.packed(value)
    assert text.isascii()
    assert "<" not in text
    assert json.loads(gzip.decompress(base64.b64decode(text))) == value
    assert text == explorer.packed(value)


def test_the_page_reads_the_columns_that_evidence_writes() -> None:
    assert list(explorer.EVIDENCE_COLUMNS) == evidence.COLUMNS
