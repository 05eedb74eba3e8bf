from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from geneduet import labels
from geneduet.labels import Labels, Transferable
from geneduet.ontology import Ontology, read_obo

# P: a root 1 with a diamond under it (2 and 3 over 4) and 5, part of 4. F: a root 6 with 7 and protein binding over 8
OBO = """data-version: releases/2024-01-17
default-namespace: biological_process

[Term]
id: X:1
name: process

[Term]
id: X:2
name: left
is_a: X:1

[Term]
id: X:3
name: right
is_a: X:1

[Term]
id: X:4
name: both
is_a: X:2
is_a: X:3

[Term]
id: X:5
name: piece
relationship: part_of X:4

[Term]
id: X:6
name: function
namespace: molecular_function

[Term]
id: X:7
name: catalysis
namespace: molecular_function
is_a: X:6

[Term]
id: GO:0005515
name: protein binding
namespace: molecular_function
is_a: X:6

[Term]
id: X:8
name: receptor binding
namespace: molecular_function
is_a: GO:0005515
"""


@pytest.fixture
def go(tmp_path: Path) -> Ontology:
    (tmp_path / "go.obo").write_text(OBO)
    return read_obo(tmp_path / "go.obo")


def annotations(*pairs: str) -> pd.DataFrame:
    """`a X:4` is an annotation, `a !X:4` a NOT."""
    rows = [pair.split() for pair in pairs]
    return pd.DataFrame(
        [(gene, term.removeprefix("!"), "IDA", term.startswith("!")) for gene, term in rows],
        columns=["gene_id", "term", "evidence", "negated"],
    ).astype({"negated": bool})


def make(
    go: Ontology, *pairs: str, aspect: str = "P", genes: str = "abcd", hidden: str = "", min_positives: int = 1
) -> tuple[Labels, Labels]:
    return labels.make(aspect, list(genes), annotations(*pairs), go, list(hidden), min_positives)


def of(state: object, made: Labels, gene: str) -> set[str]:
    """The terms of a gene in one of the states."""
    row = state.toarray()[made.genes.index(gene)]  # type: ignore[attr-defined]
    return {term for term, true in zip(made.terms, row, strict=True) if true}


# --- the true-path rule


def test_an_annotation_brings_its_ancestors_and_no_descendant(go: Ontology) -> None:
    made, _ = make(go, "a X:4", "b X:5")
    assert of(made.positive, made, "a") == {"X:2", "X:3", "X:4"}
    assert of(made.positive, made, "b") == {"X:2", "X:3", "X:4", "X:5"}
    assert of(made.positive, made, "c") == set()


def test_a_not_goes_down_to_the_descendants_and_not_up(go: Ontology) -> None:
    made, _ = make(go, "a X:5", "b !X:4")
    assert of(made.negative, made, "b") == of(made.excluded, made, "b") == {"X:4", "X:5"}
    assert of(made.positive, made, "b") == set()


def test_what_is_neither_is_unknown(go: Ontology) -> None:
    made, _ = make(go, "a X:5", "b X:2", "b !X:5")
    assert {"X:3", "X:4"} == set(made.terms) - of(made.positive, made, "b") - of(made.negative, made, "b")


def test_a_conflict_stays_positive_and_is_excluded(go: Ontology) -> None:
    made, _ = make(go, "a X:4", "a !X:2", "b X:5")
    assert of(made.positive, made, "a") == {"X:2", "X:3", "X:4"}
    assert of(made.negative, made, "a") == {"X:5"}
    assert of(made.excluded, made, "a") == {"X:2", "X:4", "X:5"}


# --- which terms


def test_terms_with_enough_propagated_positives_are_selected_in_id_order(go: Ontology) -> None:
    made, _ = make(go, "a X:4", "b X:2", "c X:3", min_positives=2)
    assert (made.terms, made.names) == (["X:2", "X:3"], ["left", "right"])


def test_root_and_protein_binding_are_never_selected_but_a_kind_of_it_is(go: Ontology) -> None:
    made, _ = make(go, "a X:8", "b X:7", aspect="F")
    assert made.terms == ["X:7", "X:8"]


def test_forbidden_terms_are_not_selected_and_their_ancestors_keep_what_they_bring(go: Ontology) -> None:
    made, judged = labels.make("P", list("ab"), annotations("a X:5", "b X:3"), go, ["b"], 1, forbidden={"X:4", "X:5"})
    assert made.terms == judged.terms == ["X:2", "X:3"]
    assert of(made.positive, made, "a") == {"X:2", "X:3"}
    assert made.annotated.tolist() == [True, False]


def test_a_gene_whose_only_term_is_forbidden_is_annotated_still(go: Ontology) -> None:
    made, _ = labels.make("P", list("ab"), annotations("a X:2", "b X:3"), go, [], 1, forbidden={"X:2"})
    assert made.terms == ["X:3"]
    assert made.annotated.all()


def test_aspects_stay_apart(go: Ontology) -> None:
    rows = ("a X:4", "b X:7", "b !X:5")
    process, function = (make(go, *rows, aspect=aspect)[0] for aspect in "PF")
    assert process.terms == ["X:2", "X:3", "X:4"]
    assert process.annotated.tolist() == [True, False, False, False]
    assert function.terms == ["X:7"]
    assert function.annotated.tolist() == [False, True, False, False]
    assert function.excluded.nnz == 0


def test_the_selected_terms_hold_their_selected_ancestors_and_themselves(go: Ontology) -> None:
    made, _ = make(go, "a X:5")
    assert made.terms == ["X:2", "X:3", "X:4", "X:5"]
    assert made.ancestors.toarray().astype(int).tolist() == [[1, 0, 0, 0], [0, 1, 0, 0], [1, 1, 1, 0], [1, 1, 1, 1]]


def test_a_gene_with_unselected_terms_alone_is_annotated(go: Ontology) -> None:
    made, _ = make(go, "a X:2", "b X:2", "c X:3", min_positives=2)
    assert made.terms == ["X:2"]
    assert made.annotated.tolist() == [True, True, True, False]


def test_no_annotation_gives_no_terms(go: Ontology) -> None:
    made, judged = make(go)
    assert made.terms == judged.terms == []
    assert made.positive.shape == (4, 0)
    assert not made.annotated.any()


def test_a_gene_outside_the_universe_is_passed_over(go: Ontology) -> None:
    made, _ = make(go, "a X:2", "z X:3")
    assert made.terms == ["X:2"]


# --- information, by hand


def test_information_is_that_of_the_annotated_genes(go: Ontology) -> None:
    # of 4 annotated genes 3 have left and 3 have right, 2 have both, 1 has the piece; e does not count
    made, _ = make(go, "a X:4", "b X:5", "c X:3", "d X:2", genes="abcde")
    assert made.terms == ["X:2", "X:3", "X:4", "X:5"]
    shares = np.array([3 / 4, 3 / 4, 2 / 4, 1 / 4])
    np.testing.assert_allclose(made.information_content, -np.log2(shares))
    # left and right among 4 genes, both among the 2 that have left and right, the piece among the 2 that have both
    np.testing.assert_allclose(made.information_accretion, -np.log2([3 / 4, 3 / 4, 2 / 2, 1 / 2]))


# --- hidden genes


def test_hidden_genes_have_no_visible_label_of_either_kind(go: Ontology) -> None:
    made, judged = make(go, "a X:5", "b X:4", "b !X:5", hidden="b")
    for state in (made.positive, made.negative, made.excluded):
        assert of(state, made, "b") == set()
    assert made.annotated.tolist() == [True, False, False, False]
    assert of(judged.positive, judged, "b") == {"X:2", "X:3", "X:4"}
    assert of(judged.negative, judged, "b") == of(judged.excluded, judged, "b") == {"X:5"}
    assert judged.annotated.tolist() == [False, True, False, False]
    assert of(judged.positive, judged, "a") == set()


def test_hidden_genes_select_no_term(go: Ontology) -> None:
    made, judged = make(go, "a X:2", "b X:5", "c X:2", hidden="b", min_positives=2)
    assert made.terms == judged.terms == ["X:2"]
    assert of(judged.positive, judged, "b") == {"X:2"}


def test_hidden_genes_lend_no_information(go: Ontology) -> None:
    rows = ("a X:4", "b X:2", "c X:3")
    alone, _ = make(go, *rows)
    made, judged = make(go, *rows, "d X:5", hidden="d")
    for name in ("information_content", "information_accretion"):
        np.testing.assert_array_equal(getattr(made, name), getattr(alone, name))
        np.testing.assert_array_equal(getattr(judged, name), getattr(alone, name))


# --- the file


def test_labels_are_read_as_written_and_written_alike(go: Ontology, tmp_path: Path) -> None:
    made, _ = make(go, "a X:5", "b !X:4", "c X:2", "c !X:5")
    labels.write(tmp_path / "one.npz", made)
    again = labels.read(tmp_path / "one.npz")
    for name, value in vars(made).items():
        plain = [each.toarray() if hasattr(each, "toarray") else each for each in (value, vars(again)[name])]
        np.testing.assert_array_equal(*plain, err_msg=name)
    labels.write(tmp_path / "two.npz", again)
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()


def test_labels_without_terms_are_read_as_written(go: Ontology, tmp_path: Path) -> None:
    made, _ = make(go)
    labels.write(tmp_path / "none.npz", made)
    again = labels.read(tmp_path / "none.npz")
    assert (again.terms, again.genes, again.positive.shape) == ([], ["a", "b", "c", "d"], (4, 0))


def test_a_later_release_is_put_on_the_same_genes_and_terms(go: Ontology) -> None:
    before = annotations("a X:2", "b X:2", "c X:3")
    seen, _ = labels.make("P", list("abcd"), before, go, hidden=[], min_positives=2)
    assert seen.terms == ["X:2"]
    # d is annotated at last, c by a term that is not learned; b is NOT, a is gone
    later = labels.relabel(seen, annotations("d X:4", "c X:3", "b !X:2"), go)
    assert later.terms == seen.terms
    assert later.positive.toarray().ravel().tolist() == [False, False, False, True]
    assert later.negative.toarray().ravel().tolist() == [False, True, False, False]
    assert later.annotated.tolist() == [False, False, True, True]
    assert (later.information_content == seen.information_content).all()


# --- what a reference says, where it stands in


def told(go: Ontology, **shares: dict[str, float]) -> Transferable:
    """The vote on the genes a to d: gene={term: share}, all trusted by half."""
    terms = [term for term in go.terms if term != "X:1"]
    matrix = np.array([[shares.get(gene, {}).get(term, 0.0) for term in terms] for gene in "abcd"], np.float32)
    return Transferable(terms, sparse.csr_array(matrix), np.float32(0.5) * (matrix.any(axis=1)))


VOTE = {"b": {"X:2": 1.0, "X:3": 0.6}, "c": {"X:3": 0.4}, "d": {"X:2": 0.5}}


def transferred(go: Ontology, *pairs: str, hidden: str = "") -> tuple[Labels, Labels]:
    return labels.make("P", list("abcd"), annotations(*pairs), go, list(hidden), 1, told(go, a={"X:3": 1.0}, **VOTE))


def test_likely_terms_are_positive_for_genes_without_a_label_of_their_own(go: Ontology) -> None:
    made, _ = transferred(go, "a X:2")
    assert [of(made.positive, made, gene) for gene in "abcd"] == [{"X:2"}, {"X:2", "X:3"}, set(), {"X:2"}]
    assert made.annotated.tolist() == [True, True, False, True]
    assert made.validated.tolist() == [True, False, False, False]


def test_information_is_that_of_the_transferred_labels_too(go: Ontology) -> None:
    made, _ = transferred(go, "a X:2")
    # X:2 of three of three, X:3 of one of three: nothing under the root is left without it
    np.testing.assert_allclose(made.information_content, [0, np.log2(3)])
    assert np.isfinite(made.information_accretion).all()


def test_an_own_not_wins_over_the_vote(go: Ontology) -> None:
    made, _ = transferred(go, "a X:2", "b !X:3")
    assert made.transfer is not None
    assert of(made.positive, made, "b") == {"X:2"}
    assert made.transfer.share.toarray()[1].tolist() == [1.0]  # X:3 has no positive left and is no term


def test_hidden_genes_are_not_learned_from_but_the_vote_on_them_is_kept(go: Ontology) -> None:
    made, judged = transferred(go, "a X:2", "b X:2", hidden="b")
    assert made.annotated.tolist() == [True, False, False, True]
    assert judged.annotated.tolist() == [False, True, False, False]
    assert made.transfer is not None
    np.testing.assert_allclose(made.transfer.share.toarray()[1], [1.0])
    assert made.transfer.trust[1] == 0.5


def test_published_is_the_vote_as_far_as_it_is_trusted(go: Ontology) -> None:
    made, _ = transferred(go, "a X:2", "a X:3")
    told_of = made.published(np.full((4, 2), 0.2, np.float32))
    # half the vote, half the score
    np.testing.assert_allclose(told_of, [[0.1, 0.6], [0.6, 0.4], [0.1, 0.3], [0.35, 0.1]], rtol=1e-6)
    own, _ = make(go, "a X:2")
    scores = np.ones((4, 1), np.float32)
    assert own.published(scores) is scores
    assert own.validated is own.annotated


def test_a_transfer_is_read_back_and_a_later_release_has_none(go: Ontology, tmp_path: Path) -> None:
    made, _ = transferred(go, "a X:2")
    labels.write(tmp_path / "P.npz", made)
    again = labels.read(tmp_path / "P.npz")
    assert made.transfer is not None
    assert again.transfer is not None
    np.testing.assert_array_equal(again.transfer.share.toarray(), made.transfer.share.toarray())
    np.testing.assert_array_equal(again.transfer.trust, made.transfer.trust)
    np.testing.assert_array_equal(again.transfer.labelled, made.transfer.labelled)
    assert labels.relabel(made, annotations("c X:2"), go).transfer is None
