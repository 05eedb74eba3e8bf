import numpy as np
import pytest
from scipy.special import expit

from geneduet.evaluation import curves
from geneduet.evaluation.curves import BIN_NAMES, by_information_content, coverage_table
from geneduet.evaluation.judgement import Judged
from geneduet.evaluation.protein_centric import THRESHOLDS
from geneduet.evaluation.ranking import term_centric

TRUTH = np.array([[1, 0, 0, 1], [1, 1, 0, 0], [1, 0, 0, 1]], bool)
SCORES = np.array([[0.9, 0.3, 0.2, 0.8], [0.9, 0.6, 0.1, 0.5], [0.4, 0.7, 0.3, 0.2]], np.float32)
BITS = np.array([0, 1.99, 2, 7.5])


def judge(truth=TRUTH, bits=BITS, counted=None):
    genes = np.arange(len(truth))
    return Judged(genes >= 0, truth, counted, False, np.ones((1, len(truth))), genes, genes, bits, bits)


def test_terms_are_ranked_within_their_range():
    # 0-2 bits: .9 and .9 right (2/2 twice), .7 wrong, .6 right (3/4), .4 right (4/5); term 0 has no negative gene,
    # and term 1's positive is second: 1/2. 6+: .8 right (1/1), .5 wrong, .2 right (2/3)
    table = by_information_content({"fusion": SCORES}, judge(), "P").set_index("bin")
    assert list(table.index) == ["0-2", "6+"]
    assert table["micro_ap"].to_dict() == pytest.approx({"0-2": (1 + 1 + 3 / 4 + 4 / 5) / 4, "6+": 5 / 6})
    assert table["term_ap"].to_dict() == pytest.approx({"0-2": 1 / 2, "6+": 5 / 6})
    assert table["n_terms"].to_dict() == {"0-2": 2, "6+": 1}
    assert table["n_positives"].to_dict() == {"0-2": 4, "6+": 2}


def test_the_lower_end_belongs_to_a_range():
    truth = np.eye(4, dtype=bool)
    table = by_information_content({"fusion": np.ones((4, 4), np.float32)}, judge(truth, np.array([0, 2, 4, 6.0])), "P")
    assert dict(zip(table["bin"], table["n_terms"], strict=True)) == dict.fromkeys(("0-2", "2-4", "4-6", "6+"), 1)


def test_a_range_without_a_positive_has_no_row_and_one_without_a_negative_no_mean_over_terms():
    table = by_information_content({"fusion": SCORES[:, :1]}, judge(TRUTH[:, :1], BITS[:1]), "P")
    assert table["bin"].tolist() == ["0-2"]
    assert np.isnan(table["term_ap"][0])


def test_pairs_that_do_not_count_are_passed_over():
    # without the pair (2, 1), scored .7 and wrong, term 1's positive is first
    counted = np.ones(TRUTH.shape, bool)
    counted[2, 1] = False
    table = by_information_content({"fusion": SCORES}, judge(counted=counted), "P").set_index("bin")
    assert (table.loc["0-2", "micro_ap"], table.loc["0-2", "term_ap"]) == (1, 1)


def test_mean_over_terms_is_that_of_the_metrics():
    random = np.random.default_rng(1)
    truth, scores = random.random((40, 30)) < 0.2, random.random((40, 30)).astype(np.float32)
    bits = random.uniform(0, 9, 30)
    table = by_information_content({"fusion": scores}, judge(truth, bits), "P").set_index("bin")
    found = term_centric(truth, scores, bits)
    for name, of_bin in BIN_NAMES.items():
        assert table.loc[of_bin, "term_ap"] == pytest.approx(found[f"term_ap_{name}"])


# --- coverage


def judge_covered(rows, counted=None):
    genes = np.arange(rows.sum())
    truth = np.ones((len(genes), 3), bool)
    return Judged(rows, truth, counted, False, np.ones((1, len(genes))), genes, genes, np.ones(3), np.ones(3))


GIVEN = np.array([[0.8, 0.4, np.nan], [0.3, 0, 0], [0.9, 0.9, 0.9]], np.float32)
JUDGED = np.array([True, True, False])


def test_coverage_counts_genes_and_mean_terms_counts_predictions():
    table = coverage_table({"fusion": GIVEN}, judge_covered(JUDGED), "P")
    assert table["threshold"].to_numpy() == pytest.approx(THRESHOLDS)
    at = table.set_index(table["threshold"].round(2))
    # .2: both genes, 2 and 1 terms; .35 and .5: gene 0 alone, with 2 and 1; .85: none
    assert at.loc[[0.2, 0.35, 0.5, 0.85], "coverage"].tolist() == [1, 0.5, 0.5, 0]
    assert at.loc[[0.2, 0.35, 0.5, 0.85], "mean_terms"].tolist() == [1.5, 1, 0.5, 0]


def test_pairs_that_do_not_count_are_no_prediction():
    counted = np.array([[True, True, True], [False, True, True]])
    table = coverage_table({"fusion": GIVEN}, judge_covered(JUDGED, counted), "P")
    assert table["coverage"].max() == 0.5


# --- precision and recall, reliability


def test_precision_recall_table_by_hand():
    truth = np.array([[True, True, False], [True, False, False]])
    scores = np.array([[0.9, 0.4, 0.6], [0.3, 0.0, 0.0]], np.float32)
    table = curves.precision_recall_table({"fusion": scores}, judge(truth, np.ones(3)), "P")
    assert table["threshold"].max() == pytest.approx(0.89)  # nothing above: float32's .9 is below .9
    at = table.iloc[34]  # .35: gene 0 predicts three, two right; gene 1 nothing
    assert (at["precision"], at["recall"]) == (pytest.approx(2 / 3), 0.5)
    assert table.loc[table["fmax"], "threshold"].tolist() == [pytest.approx(0.01)]


def test_reliability_table_of_calibrated_scores_lies_on_the_diagonal():
    random = np.random.default_rng(1)
    odds = expit(random.normal(-2.5, 1.5, (5000, 40)))
    truth, calibrated = random.random(odds.shape) < odds, odds.astype(np.float32)
    table = curves.reliability_table({"fusion": calibrated}, judge(truth, np.ones(40)), "P")
    assert len(table) == 15
    assert table["pairs"].max() - table["pairs"].min() <= 2
    assert (table["mean_score"] - table["observed"]).abs().max() < 0.05


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        (curves.precision_recall_table, curves.PRECISION_RECALL_COLUMNS),
        (curves.reliability_table, curves.RELIABILITY_COLUMNS),
        (curves.coverage_table, curves.COVERAGE_COLUMNS),
        (curves.by_information_content, curves.CONTENT_COLUMNS),
    ],
)
def test_no_gene_to_judge(table, columns):
    found = table({"fusion": SCORES[:0]}, judge(TRUTH[:0]), "P")
    assert found.empty
    assert tuple(found.columns) == columns
