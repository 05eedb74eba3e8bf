import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from geneduet.evaluation import diagnostics
from geneduet.evaluation.judgement import select
from geneduet.labels import Labels

GENES, TERMS = 40, 3


@pytest.fixture
def judged():
    random = np.random.default_rng(1)
    truth = random.random((GENES, TERMS)) < 0.4
    truth[:, 0] = True
    matrix, nothing = sparse.csr_array(truth), sparse.csr_array(np.zeros_like(truth))
    labels = Labels(
        "P", [f"g{n}" for n in range(GENES)], ["X:0", "X:1", "X:2"], ["", "", ""], matrix, nothing, nothing,
        np.ones(GENES, bool), sparse.csr_array(np.eye(TERMS, dtype=bool)), np.ones(TERMS), np.ones(TERMS),
    )  # fmt: skip
    return select(matrix, np.ones(GENES, bool), np.arange(GENES), np.arange(GENES) % 4, labels, 1, 0)


def measured(judged, **models):
    table = diagnostics.diagnose(models, judged, np.ones(GENES, bool), "P")
    return {(row["measure"], row["about"]): row["value"] for row in table.to_dict("records")}


def test_views_that_say_the_same_correlate_and_those_that_err_apart_do_not(judged):
    random = np.random.default_rng(2)
    one, other = (random.random((GENES, TERMS)).astype(np.float32) for _ in range(2))
    same = measured(judged, sequence=one, expression=one)
    assert same["error_correlation", "recorded"] == pytest.approx(1)
    assert same["error_correlation", "not_recorded"] == pytest.approx(1)
    apart = measured(judged, sequence=one, expression=other)
    assert abs(apart["error_correlation", "recorded"]) < 0.35
    # that a term is frequent, or recorded, is no common error
    shifted = measured(judged, sequence=one + 3 * judged.truth + np.arange(3), expression=other + 3 * judged.truth)
    assert shifted["error_correlation", "recorded"] == pytest.approx(apart["error_correlation", "recorded"], abs=1e-4)


def test_the_precision_of_a_lesson_is_that_of_pairs_drawn_as_often_as_they_are_told(judged):
    told = np.where(judged.truth, 0.8, 0.2).astype(np.float32)
    found = measured(judged, sequence=told)
    right, wrong = judged.truth.sum(), (~judged.truth).sum()
    assert found["lesson_precision", "sequence"] == pytest.approx(0.8 * right / (0.8 * right + 0.2 * wrong))
    expected = (0.64 * right + 0.04 * wrong) / (0.8 * right + 0.2 * wrong)
    assert found["lesson_precision_estimated", "sequence"] == pytest.approx(expected)


def test_terms_that_gain_and_lose_are_counted(judged):
    flat = np.full((GENES, TERMS), 0.5, np.float32)
    better, worse = flat.copy(), np.where(judged.truth, 0.9, 0.1).astype(np.float32)
    better[:, 1] = np.where(judged.truth[:, 1], 0.9, 0.1)
    worse[:, 2] = 0.5
    found = measured(judged, weighted_fusion=flat, co_training=better)
    assert [found[f"terms_{name}", "co_training"] for name in ("gained", "lost", "counted")] == [1, 0, 3]
    found = measured(judged, weighted_fusion=worse, co_training=flat)
    assert [found[f"terms_{name}", "co_training"] for name in ("gained", "lost")] == [0, 1]


def test_it_is_said_in_plain_words(judged):
    one = np.where(judged.truth, 0.8, 0.2).astype(np.float32)
    models = {"sequence": one, "expression": 1 - one, "weighted_fusion": one, "co_training": one}
    table = diagnostics.diagnose(models, judged, np.ones(GENES, bool), "P").assign(organism="mine")
    (said,) = diagnostics.sentences(table, {"P": "biological process"})
    assert said.startswith("mine, biological process: the errors of the two views correlate ")
    assert said.endswith("co-training gains in 0 and loses in 0 of 3 terms.")
    assert diagnostics.sentences(pd.DataFrame(columns=list(diagnostics.COLUMNS)), {}) == []
