from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from geneduet.evaluation import cases
from geneduet.evaluation.cases import Genes
from geneduet.evaluation.judgement import measure_all
from geneduet.labels import Labels, Transfer

# six genes, three terms: a and b are annotated, a has lost nothing and gained term 2; c is annotated for the first time
# (it has another aspect already), d too, with nothing before; e never; f is annotated but reserved
SEEN = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 0], [0, 0, 0], [0, 0, 0], [1, 0, 0]], bool)
LATER = np.array([[1, 0, 1], [0, 1, 0], [1, 0, 0], [0, 1, 0], [0, 0, 0], [1, 1, 0]], bool)
NOT = np.array([[0, 1, 0], [0, 0, 0], [0, 0, 1], [0, 0, 0], [1, 0, 0], [0, 0, 1]], bool)
KNOWN_BEFORE = np.array([1, 1, 1, 0, 0, 1], bool)
NOBODY = np.zeros((6, 3), bool)


def labels(positive, negative=None):
    negative = sparse.csr_array(np.zeros_like(positive) if negative is None else negative)
    return Labels(
        "P", list("abcdef"), ["X:0", "X:1", "X:2"], ["", "", ""], sparse.csr_array(positive), negative, negative,
        positive.any(axis=1), sparse.csr_array(np.eye(3, dtype=bool)), np.ones(3), np.ones(3),
    )  # fmt: skip


@pytest.fixture
def genes():
    judged = np.array([1, 1, 1, 1, 1, 0], bool)
    return Genes(
        judged, np.arange(6), np.arange(6) % 3, with_homologue=np.arange(6) % 2 == 0, expressed=np.arange(6) < 3
    )


@pytest.fixture
def one_is_enough(monkeypatch):
    """One pair that is NOT is enough to judge decided pairs."""
    monkeypatch.setattr(cases, "MIN_NOT", 1)


def who(case):
    return "".join(gene for gene, chosen in zip("abcdef", case.genes, strict=True) if chosen)


def by_name(found):
    return {case.gene_set: case for case in found}


def test_cross_validation_judges_labelled_genes_that_are_not_reserved(genes):
    found = by_name(cases.cross_validation(labels(SEEN), genes))
    assert {name: who(case) for name, case in found.items()} == {
        "all": "ab", "with_homologue": "a", "orphan": "b", "no_expression": "",
    }  # fmt: skip


def test_without_homology_and_expression_there_are_no_parts(genes):
    bare = Genes(genes.judged, genes.family, genes.fold)
    assert list(by_name(cases.cross_validation(labels(SEEN), bare))) == ["all"]


def test_gene_sets_of_the_temporal_holdout(genes):
    found = by_name(cases.temporal(labels(SEEN), labels(NOBODY), labels(LATER), KNOWN_BEFORE, genes))
    assert {name: who(case) for name, case in found.items()} == {
        "no_knowledge": "cd", "with_homologue": "c", "orphan": "d", "no_expression": "d",
        "no_knowledge_strict": "d", "limited": "c", "partial": "ab",
    }  # fmt: skip


def test_of_partly_known_genes_only_gained_terms_count(genes):
    seen = labels(SEEN)
    case = by_name(cases.temporal(seen, labels(NOBODY), labels(LATER), KNOWN_BEFORE, genes))["partial"]
    judged = case.select(seen, genes, seed=1, resamples=5)
    # b has gained nothing and is not judged; of a the known term 0 does not count
    assert judged.rows.tolist() == [True, False, False, False, False, False]
    assert judged.truth.tolist() == [[False, False, True]]
    assert judged.scores(np.full((6, 3), 0.5, np.float32)).tolist() == [[-1, 0.5, 0.5]]


def test_genes_that_were_held_out_are_not_new(genes):
    # c was annotated in this aspect before, and hidden
    hidden = NOBODY.copy()
    hidden[2, 0] = True
    found = by_name(cases.temporal(labels(SEEN), labels(hidden), labels(LATER), KNOWN_BEFORE, genes))
    assert (who(found["no_knowledge"]), who(found["limited"])) == ("d", "")


def test_decided_pairs_are_annotated_or_not(genes, one_is_enough):
    (case,) = cases.open_world(labels(SEEN, NOT), labels(NOBODY), None, genes)
    judged = case.select(labels(SEEN), genes, seed=1, resamples=5)
    # e has a NOT alone and no annotation: no score of it is out of fold
    assert judged.rows.tolist() == [True, True, False, False, False, False]
    scores = np.array([[0.1, 0.9, 0.8], [0, 0.2, 0]] + [[0, 0, 0]] * 4, np.float32)
    found = measure_all({"final": scores}, judged)["final"]
    # a: term 0 is right, term 1 wrong; b: term 1 is right. The wrong pair, .9, stands above both right ones
    assert (found["n_positives"][0], found["n_negatives"][0], found["auroc"][0]) == (2, 1, 0)
    assert found["micro_ap"][0] == pytest.approx((1 / 2 + 2 / 3) / 2)


def test_a_later_release_decides_more(genes, one_is_enough):
    later = labels(LATER, NOT & ~LATER)
    found = by_name(cases.open_world(labels(SEEN), labels(NOBODY), later, genes))
    number = {}
    for name, case in found.items():
        judged = case.select(labels(SEEN), genes, seed=1, resamples=5)
        measured = measure_all({"final": np.full((6, 3), 0.5, np.float32)}, judged)["final"]
        number[name] = int(measured["n_positives"][0]), int(measured["n_negatives"][0])
    # all: a has two, b one, and a a NOT; partial: a gained one; no_knowledge: c and d have one, and c a NOT
    assert number == {"all": (3, 1), "no_knowledge": (2, 1), "partial": (1, 1)}


def test_where_few_pairs_are_refused_nothing_is_said(genes, monkeypatch):
    # two NOTs of labelled genes, and one of a reserved gene
    refused = NOBODY.copy()
    refused[[0, 1, 5], 2] = True
    for least, judged in ((2, 1), (3, 0)):
        monkeypatch.setattr(cases, "MIN_NOT", least)
        assert len(cases.open_world(labels(SEEN, refused), labels(NOBODY), None, genes)) == judged


def test_genes_labelled_by_a_reference_alone_count_as_not_annotated_before(genes):
    nothing = sparse.csr_array((6, 3), dtype=np.float32)
    by_reference = replace(
        labels(SEEN), transfer=Transfer(nothing, np.zeros(6, np.float32), np.array([1, 0, 0, 0, 0, 0], bool))
    )
    known = by_reference.validated
    found = by_name(cases.temporal(by_reference, labels(NOBODY), labels(LATER), known, genes))
    assert {name: who(case) for name, case in found.items() if name in ("no_knowledge", "partial")} == {
        "no_knowledge": "acd", "partial": "b",
    }  # fmt: skip
    # cross-validation is on what was learned from
    assert who(cases.cross_validation(by_reference, genes)[0]) == "ab"
