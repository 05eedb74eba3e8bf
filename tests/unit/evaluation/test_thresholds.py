import numpy as np
import pandas as pd
import pytest

from geneduet.evaluation.judgement import METRICS_COLUMNS, Judged
from geneduet.evaluation.protein_centric import THRESHOLDS
from geneduet.evaluation.thresholds import THRESHOLD_COLUMNS, of_aspects, recommended_thresholds, threshold_table

# four genes in two folds; term 0 is frequent, term 1 rare
TRUTH = np.array([[1, 1], [1, 0], [1, 1], [1, 0]], bool)
SCORES = np.array([[0.9, 0.35], [0.8, 0.15], [0.7, 0.25], [0.6, 0.05]], np.float32)
FOLD = np.array([0, 0, 1, 1])


def judge(truth=TRUTH, bits=(1, 7)):
    genes, bits = np.arange(len(truth)), np.array(bits, float)
    return Judged(genes >= 0, truth, None, False, np.ones((1, len(truth))), genes, FOLD, bits, bits)


def test_the_threshold_of_a_range_is_that_of_the_best_f_over_its_pairs():
    table = threshold_table(SCORES, judge(), "P", 0.25).set_index(["bits_from", "bits_to"])
    # rare: from .16 to .25 both right ones and no wrong one, and .16 is the lowest of them; frequent: all, from .01
    assert table.loc[(6, np.inf), "threshold"] == pytest.approx(0.16)
    assert table.loc[(0, 2), "threshold"] == pytest.approx(0.01)
    assert table.loc[(6, np.inf), "pairs"] == 2
    assert table["terms"].tolist() == [2, 1, 1]


def test_what_to_expect_is_found_on_the_other_folds():
    table = threshold_table(SCORES, judge(), "P", 0.25).set_index(["bits_from", "bits_to"])
    # rare: fold 1 is best from .06 to .25, so fold 0 (.35 right, .15 wrong) has .06; fold 0 from .16, so fold 1 has .16
    # (.25 right): of three pairs two are right, and both right ones are found
    rare = table.loc[(6, np.inf)]
    assert (rare["expected_precision"], rare["expected_recall"]) == (pytest.approx(2 / 3), 1)


def test_the_first_row_is_of_the_aspect_at_its_recommended_threshold():
    table = threshold_table(SCORES, judge(), "P", 0.25)
    assert tuple(table.columns) == THRESHOLD_COLUMNS
    whole = of_aspects(table)
    assert whole["threshold"].to_dict() == {"P": THRESHOLDS[24]}
    assert whole.loc["P", "pairs"] == 6  # all of term 0, and .35 and .25 of term 1


def test_a_range_without_a_positive_has_no_row():
    truth = TRUTH.copy()
    truth[:, 1] = False
    assert threshold_table(SCORES, judge(truth), "P", 0.25)["bits_to"].tolist() == [np.inf, 2]


def test_recommended_is_the_threshold_of_fmax_of_the_final_model_by_cross_validation():
    def row(split, gene_set, model, value):
        return {"aspect": "P", "split": split, "gene_set": gene_set, "model": model, "metric": "fmax_threshold",
                "value": value}  # fmt: skip

    metrics = pd.DataFrame(
        [
            row("cross_validation", "all", "final", 0.3),
            row("cross_validation", "orphan", "final", 0.1),
            row("cross_validation", "all", "fusion", 0.2),
            row("holdout", "all", "final", 0.4),
        ],
        columns=list(METRICS_COLUMNS),
    )
    assert recommended_thresholds(metrics) == {"P": 0.3}


def test_an_empty_table_recommends_nothing(tmp_path):
    pd.DataFrame(columns=list(THRESHOLD_COLUMNS)).to_csv(tmp_path / "thresholds.tsv", sep="\t", index=False)
    assert of_aspects(pd.read_csv(tmp_path / "thresholds.tsv", sep="\t")).empty
