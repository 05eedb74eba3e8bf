import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from cafaeval.evaluation import cafa_eval
from scipy import sparse
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score

from geneduet.evaluation import judgement
from geneduet.evaluation.bootstrap import resample
from geneduet.evaluation.headlines import headlines, homologue_sentences
from geneduet.evaluation.judgement import METRICS_COLUMNS, Judged, Setting
from geneduet.evaluation.ranking import micro_ap, micro_ap_resampled
from geneduet.evaluation.reliability import calibration, logistic_slope

SETTING = Setting("yeast", "P", "cross_validation", seed=7)

# two genes, three terms; gene 0 has terms 0 and 1, gene 1 has term 0
TRUTH = np.array([[True, True, False], [True, False, False]])
SCORES = np.array([[0.9, 0.4, 0.6], [0.3, 0.0, 0.0]], np.float32)
BITS = np.array([1.0, 2.0, 4.0])


def simulate(genes=300, terms=40, noise=1.0, seed=1, forced=True):
    """Truth drawn from known odds, the calibrated scores, and noisy ones; forced: each gene has a term."""
    random = np.random.default_rng(seed)
    odds = random.normal(-2.5, 1.5, (genes, terms))
    truth = random.random((genes, terms)) < expit(odds)
    if forced:
        truth[np.arange(genes), random.integers(0, terms, genes)] = True
    noisy = expit(odds + noise * random.normal(size=odds.shape))
    return truth, expit(odds).astype(np.float32), noisy.astype(np.float32)


def select(truth, families=None, judged=None, resamples=50, seed=7, bits=None, counted=None):
    """The genes to judge, each in a family of its own and in one of five folds; terms of 1 bit unless told."""
    genes, terms = truth.shape
    information = SimpleNamespace(
        information_accretion=np.ones(terms) if bits is None else bits, information_content=np.ones(terms)
    )
    return judgement.select(
        sparse.csr_array(truth),
        np.ones(genes, bool) if judged is None else judged,
        np.arange(genes) if families is None else families,
        np.arange(genes) % 5,
        information,
        seed,
        resamples,
        counted,
    )


def judge(scores, truth, families=None, judged=None, resamples=50, setting=SETTING):
    return judgement.evaluate(scores, select(truth, families, judged, resamples, setting.seed), setting)


def measure(truth, scores, bits, weights=None):
    """All genes, also those without a true term."""
    rows, genes = np.ones(len(truth), bool), np.arange(len(truth))
    weights = np.ones((1, len(truth))) if weights is None else weights
    own = Judged(rows, truth, None, False, weights, genes, genes % 5, np.nan_to_num(bits), np.ones(len(bits)))
    return judgement.measure(own, own.scores(scores))


# --- by hand


def test_fmax_is_the_best_mean_of_protein_centric_precision_and_recall():
    # up to .30: gene 0 predicts 3 terms, 2 right, gene 1 one, right: precision (2/3 + 1)/2 = 5/6, recall 1, F = 10/11
    # from .31: gene 1 has none: precision 2/3 over one gene, recall 1/2 over two
    found = measure(TRUTH, SCORES, BITS)
    assert found["fmax"][0] == pytest.approx(10 / 11)
    assert found["fmax_threshold"][0] == pytest.approx(0.01)
    assert found["coverage"][0] == 1


def test_weighted_fmax_counts_bits_for_terms():
    # up to .30: gene 0 predicts 7 bits, 3 right; gene 1 1 bit, right: precision (3/7 + 1)/2 = 5/7, recall 1, F = 5/6
    # from .61: gene 0 predicts 1 bit, right: precision 1, recall (1/3 + 0)/2 = 1/6, F = 2/7
    assert measure(TRUTH, SCORES, BITS)["weighted_fmax"][0] == pytest.approx(5 / 6)


def test_smin_is_the_least_distance_of_uncertainty_and_misinformation():
    # up to .30: no uncertainty, misinformation 4/2 = 2; from .61: uncertainty (2 + 1)/2 = 1.5, misinformation 0
    assert measure(TRUTH, SCORES, BITS)["smin"][0] == pytest.approx(1.5)


def test_micro_ap_over_all_pairs():
    # in order: .9 right (1/1), .6 wrong, .4 right (2/3), .3 right (3/4)
    assert micro_ap(TRUTH, SCORES) == pytest.approx((1 + 2 / 3 + 3 / 4) / 3)


def test_coverage_is_of_genes_at_the_threshold_of_fmax():
    # gene 1's false .1 halves its precision; from .11 on only gene 0 is covered.
    # up to .10: precision (1 + 0)/2, recall 1/2: F = 1/2; from .11: precision 1, recall 1/2: F = 2/3, coverage 1/2
    truth = np.array([[True, False], [True, False]])
    found = measure(truth, np.array([[0.9, 0], [0, 0.1]], np.float32), np.ones(2))
    assert (found["fmax"][0], found["coverage"][0]) == (pytest.approx(2 / 3), 0.5)
    assert found["fmax_threshold"][0] == pytest.approx(0.11)


def test_ece_and_brier_skill_by_hand():
    # two pairs of .8, one right; two of .2, none right; each score one bin: ECE = (2 * |.5 - .8| + 2 * .2) / 4 = .25
    truth, scores = np.array([[True, False, False, False]]), np.array([[0.8, 0.8, 0.2, 0.2]], np.float32)
    naive = np.full((1, 4), 0.25, np.float32)
    found = calibration(truth, scores, np.ones((1, 1)), naive)
    assert found["ece"][0] == pytest.approx(0.25)
    # squared errors: .04 + .64 + .04 + .04 = .76; of naive: .5625 + 3 * .0625 = .75
    assert found["brier_skill"][0] == pytest.approx(1 - 0.76 / 0.75, abs=1e-5)


def test_pairs_scored_below_005_are_no_matter_of_calibration():
    truth = np.array([[True, False, True]])
    few = calibration(truth[:, :2], np.array([[0.8, 0.2]], np.float32), np.ones((1, 1)))
    more = calibration(truth, np.array([[0.8, 0.2, 0.04]], np.float32), np.ones((1, 1)))
    assert few["ece"] == more["ece"]


# --- against others' code


def write_cafa(folder, parents, accretion, truth, scores):
    """What cafaeval reads: an OBO (term 0 the root), truth, predictions and information accretion."""
    stanzas = [
        "\n".join([f"[Term]\nid: X:{term}\nname: {term}\nnamespace: process", *(f"is_a: X:{up}" for up in above)])
        for term, above in enumerate(parents)
    ]
    (folder / "tiny.obo").write_text("format-version: 1.2\n\n" + "\n\n".join(stanzas) + "\n")
    (folder / "truth.tsv").write_text("".join(f"g{gene}\tX:{term}\n" for gene, term in np.argwhere(truth)))
    (folder / "bits.tsv").write_text("".join(f"X:{term}\t{bits!r}\n" for term, bits in enumerate(accretion.tolist())))
    (folder / "predictions").mkdir()
    rows = (f"g{gene}\tX:{term}\t{float(scores[gene, term])!r}\n" for gene, term in np.argwhere(scores > 0))
    (folder / "predictions" / "model.tsv").write_text("".join(rows))


def simulate_on_dag(genes=120, terms=60, seed=3):
    """Parents of each term (the root is 0), truth and scores that obey the hierarchy, bits."""
    random = np.random.default_rng(seed)
    parents = [[]] + [
        sorted(set(random.integers(0, term, 1 + (term > 5 and random.random() < 0.4)).tolist()))
        for term in range(1, terms)
    ]
    truth = random.random((genes, terms)) < 0.03
    truth[np.arange(genes), random.integers(1, terms, genes)] = True
    scores = (random.random((genes, terms)) ** 4 * 0.6 + 0.35 * truth * random.random((genes, terms))).astype(
        np.float32
    )
    scores[random.random((genes, terms)) < 0.3] = 0
    scores[:10] = 0  # genes that are not predicted at all
    scores[10:30] = np.floor(scores[10:30] * 100) / np.float32(100)  # and scores on the thresholds
    for term in range(terms - 1, 0, -1):
        for up in parents[term]:
            truth[:, up] |= truth[:, term]
            scores[:, up] = np.maximum(scores[:, up], scores[:, term])
    accretion = random.exponential(2, terms)
    accretion[[0, 7, 8]] = 0
    return parents, truth, scores, accretion


@pytest.mark.parametrize("seed", [3, 4, 5])
def test_agrees_with_cafaeval(tmp_path, seed):
    parents, truth, scores, accretion = simulate_on_dag(seed=seed)
    write_cafa(tmp_path, parents, accretion, truth, scores)
    theirs, best = cafa_eval(
        str(tmp_path / "tiny.obo"), str(tmp_path / "predictions"), str(tmp_path / "truth.tsv"),
        ia=str(tmp_path / "bits.tsv"), no_orphans=True,
    )  # fmt: skip
    ours = measure(truth[:, 1:], scores[:, 1:], accretion[1:])
    top = best["f"].reset_index().iloc[0]
    assert ours["fmax"][0] == pytest.approx(top["f"], abs=1e-6)
    assert ours["fmax_threshold"][0] == pytest.approx(top["tau"])
    assert ours["coverage"][0] == pytest.approx(top["cov"], abs=1e-6)
    assert ours["weighted_fmax"][0] == pytest.approx(theirs["f_w"].max(), abs=1e-6)
    assert ours["smin"][0] == pytest.approx(theirs["s_w"].min(), abs=1e-6)


@pytest.mark.parametrize("decimals", [1, 2, 7])
def test_micro_ap_agrees_with_sklearn_also_with_ties(decimals):
    truth, _, scores = simulate()
    scores = scores.round(decimals)
    theirs = average_precision_score(truth.ravel(), scores.ravel())
    assert micro_ap(truth, scores) == pytest.approx(theirs, abs=1e-12)


@pytest.mark.parametrize("decimals", [1, 2, 7])
def test_binned_micro_ap_is_close_in_the_data_and_in_each_resample(decimals):
    truth, _, scores = simulate(genes=400)
    scores = scores.round(decimals)
    weights = resample(np.arange(400) // 2, 5, seed=1)
    binned = micro_ap_resampled(truth, scores, weights)
    repeated = [np.repeat(np.arange(400), row.astype(int)) for row in weights]
    exact = [average_precision_score(truth[genes].ravel(), scores[genes].ravel()) for genes in repeated]
    assert np.abs(binned - exact).max() < 1e-3


def test_calibration_slope_agrees_with_sklearn_and_is_close_in_bins():
    truth, _, scores = simulate(genes=2000)
    weights = np.ones((2, 2000))
    exact, binned = calibration(truth, scores, weights)["calibration_slope"]
    chosen = scores >= 0.05
    model = LogisticRegression(C=np.inf).fit(logit(scores[chosen].astype(float))[:, None], truth[chosen])
    assert exact == pytest.approx(model.coef_[0, 0], abs=1e-4)
    assert binned == pytest.approx(exact, abs=2e-3)


# --- calibration of known truth


def test_calibrated_scores_have_no_error_and_slope_one():
    truth, calibrated, _ = simulate(genes=5000, forced=False)
    found = calibration(truth, calibrated, np.ones((1, 5000)), np.full(truth.shape, truth.mean(), np.float32))
    assert found["ece"][0] < 0.02
    assert found["calibration_slope"][0] == pytest.approx(1, abs=0.05)
    assert found["brier_skill"][0] > 0.1


def test_shifted_and_overconfident_scores_are_found_out():
    truth, calibrated, noisy = simulate(genes=5000, noise=2, forced=False)
    shifted = expit(logit(calibrated) + 1).astype(np.float32)
    assert calibration(truth, shifted, np.ones((1, 5000)))["ece"][0] > 0.1
    assert calibration(truth, noisy, np.ones((1, 5000)))["calibration_slope"][0] < 0.6


def test_slope_of_overconfident_scores_is_found():
    # a vote says 1 where six in ten are right: a full Newton step from the diagonal never comes back
    x = np.array([-2.0, 0.0, 13.8])
    number, positives = np.array([[4000.0, 3000, 3000]]), np.array([[500.0, 1000, 1850]])
    model = LogisticRegression(C=np.inf, tol=1e-10, max_iter=10_000)
    rows = np.concatenate([np.repeat(x, positives[0].astype(int)), np.repeat(x, (number - positives)[0].astype(int))])
    label = np.arange(len(rows)) < positives.sum()
    expected = model.fit(rows[:, None], label).coef_[0, 0]
    assert logistic_slope(x, number, positives)[0] == pytest.approx(expected, abs=1e-4)


def test_slope_without_a_solution_is_missing():
    x = np.array([-1.0, 1.0])
    parted = logistic_slope(x, np.array([[5.0, 5.0]]), np.array([[0.0, 5.0]]))
    one_label = logistic_slope(x, np.array([[5.0, 5.0]]), np.array([[5.0, 5.0]]))
    one_x = logistic_slope(np.array([1.0]), np.array([[5.0]]), np.array([[2.0]]))
    assert np.isnan([parted, one_label, one_x]).all()


# --- bootstrap


def test_relatives_are_drawn_together():
    families = np.array([3, 9, 3, 9, 5])
    weights = resample(families, 100, seed=1)
    assert weights.shape == (101, 5)
    assert (weights[0] == 1).all()
    assert (weights[:, 0] == weights[:, 2]).all()
    assert (weights[:, 1] == weights[:, 3]).all()
    # as many families as there are
    assert (weights[:, [0, 1, 4]].sum(axis=1) == 3).all()


def test_a_resample_is_the_data_with_genes_repeated():
    truth, _, scores = simulate(genes=60, terms=20)
    bits = np.random.default_rng(2).exponential(2, 20)
    weights = resample(np.arange(60) // 2, 1, seed=4)
    genes = np.repeat(np.arange(60), weights[1].astype(int))
    found = measure(truth, scores, bits, weights)
    again = measure(truth[genes], scores[genes], bits)
    for metric in ("fmax", "fmax_threshold", "weighted_fmax", "smin", "coverage"):
        assert found[metric][1] == pytest.approx(again[metric][0], abs=1e-9), metric
    assert found["micro_ap"][1] == pytest.approx(again["micro_ap"][0], abs=1e-3)


def test_same_seed_same_intervals_and_another_seed_others():
    truth, calibrated, noisy = simulate(genes=100)
    models = {"fusion": calibrated, "naive": noisy}
    (first, first_compared), (second, second_compared) = judge(models, truth), judge(models, truth)
    pd.testing.assert_frame_equal(first, second)
    pd.testing.assert_frame_equal(first_compared, second_compared)
    other, _ = judge(models, truth, setting=Setting("yeast", "P", "cross_validation", seed=8))
    pd.testing.assert_series_equal(other["value"], first["value"])
    assert (other["ci_low"] != first["ci_low"]).any()


def test_larger_families_give_wider_intervals():
    truth, calibrated, _ = simulate(genes=50)
    truth, calibrated = np.repeat(truth, 4, axis=0), np.repeat(calibrated, 4, axis=0)
    by_gene, _ = judge({"fusion": calibrated}, truth, resamples=300)
    by_family, _ = judge({"fusion": calibrated}, truth, families=np.arange(200) // 4, resamples=300)

    def width(table):
        row = table.set_index("metric").loc["micro_ap"]
        return row["ci_high"] - row["ci_low"]

    # copies of a gene are one witness, not four
    assert width(by_family) == pytest.approx(2 * width(by_gene), rel=0.3)


# --- the tables


def test_metrics_table_is_the_contracts():
    truth, calibrated, noisy = simulate(genes=80)
    table, _ = judge({"naive": noisy, "fusion": calibrated}, truth, families=np.arange(80) // 2)
    assert tuple(table.columns) == (
        "organism", "aspect", "split", "gene_set", "model", "metric", "value", "ci_low", "ci_high",
        "n_genes", "n_families", "n_terms", "seed", "label_fraction",
    )  # fmt: skip
    assert set(table["metric"]) >= {
        "fmax", "weighted_fmax", "smin", "micro_ap", "coverage", "ece", "brier_skill", "calibration_slope",
    }  # fmt: skip
    assert table.iloc[0][["n_genes", "n_families", "n_terms", "gene_set"]].tolist() == [80, 40, 40, "all"]
    shown = table[table["metric"].isin(["micro_ap", "smin", "ece"])]
    assert (shown["ci_low"] < shown["ci_high"]).all()


def test_comparisons_are_with_the_best_supervised_model_and_with_fusion():
    truth, calibrated, noisy = simulate(genes=300, noise=1.5)
    scores = {"fusion": noisy, "sequence": calibrated, "co_training": calibrated, "final": noisy}
    _, table = judge(scores, truth)
    assert tuple(table.columns) == (
        "organism", "aspect", "split", "gene_set", "model", "reference", "metric", "difference", "ci_low", "ci_high",
        "verdict", "seed", "label_fraction",
    )  # fmt: skip
    assert set(table["metric"]) == {"micro_ap", "fmax", "weighted_fmax"}
    verdicts = table.query("metric == 'micro_ap'").set_index(["model", "reference"])["verdict"].to_dict()
    assert verdicts == {
        ("fusion", "sequence"): "worse",
        ("co_training", "sequence"): "no difference",
        ("final", "sequence"): "worse",
        ("co_training", "fusion"): "better",
        ("final", "fusion"): "no difference",
    }


def test_a_model_does_not_differ_from_itself():
    truth, calibrated, _ = simulate(genes=80)
    _, table = judge({"fusion": calibrated, "co_training": calibrated}, truth)
    assert (table[["difference", "ci_low", "ci_high"]] == 0).all(axis=None)
    assert set(table["verdict"]) == {"no difference"}


def test_headline_names_best_supervised_difference_and_verdict():
    truth, calibrated, noisy = simulate(genes=300, noise=1.5)
    metrics, comparisons = judge({"naive": 1 - noisy, "late_fusion": noisy, "co_training": calibrated}, truth)
    (sentence,) = headlines(metrics, comparisons)
    assert sentence.startswith("yeast, biological process, cross-validation, gene set all (300 genes in 300 families):")
    assert "best supervised model late fusion, micro-AP 0." in sentence
    assert sentence.endswith("]: better.")


def test_headline_says_what_the_other_view_adds_over_self_training():
    truth, calibrated, noisy = simulate(genes=300, noise=1.5)
    models = {"late_fusion": noisy, "self_training": calibrated, "co_training": calibrated}
    (sentence,) = headlines(*judge(models, truth))
    assert "]: better. The other view adds +0.000 [+0.000, +0.000] over self-training: no difference." in sentence


def test_headline_says_when_a_model_was_not_run():
    truth, calibrated, _ = simulate(genes=80)
    (sentence,) = headlines(*judge({"fusion": calibrated}, truth))
    assert sentence.endswith("; co-training was not run.")


# --- edges


def test_no_gene_to_judge_gives_empty_tables_with_columns():
    truth, calibrated, _ = simulate(genes=20)
    nobody = np.zeros(20, bool)
    metrics, comparisons = judge({"fusion": calibrated}, truth, judged=nobody)
    assert (len(metrics), len(comparisons)) == (0, 0)
    assert tuple(metrics.columns) == METRICS_COLUMNS
    assert headlines(metrics, comparisons) == []


def test_no_terms_gives_empty_tables():
    metrics, _ = judge({"fusion": np.zeros((5, 0), np.float32)}, np.zeros((5, 0), bool))
    assert metrics.empty


def test_genes_without_a_true_term_are_not_judged():
    truth, calibrated, _ = simulate(genes=40)
    alone, _ = judge({"fusion": calibrated}, truth)
    beside, _ = judge(
        {"fusion": np.vstack([calibrated, np.full((3, 40), 0.9, np.float32)])},
        np.vstack([truth, np.zeros((3, 40), bool)]),
    )
    pd.testing.assert_frame_equal(alone, beside)


def test_a_term_without_positives_counts_against_who_predicts_it():
    truth = np.array([[True, False], [True, False]])
    found = measure(truth, np.array([[0.9, 0.8], [0.9, 0.8]], np.float32), np.array([1, np.nan]))
    # from .81: only the true term
    assert (found["fmax"][0], found["fmax_threshold"][0]) == (1, pytest.approx(0.81))
    # no bits, no misinformation
    assert found["smin"][0] == 0


def test_all_equal_scores_are_defined():
    truth, _, _ = simulate(genes=50)
    table, _ = judge({"naive": np.full(truth.shape, 0.3, np.float32)}, truth)
    value = table.set_index("metric")["value"]
    assert value["micro_ap"] == pytest.approx(truth.mean())
    assert value["ece"] == pytest.approx(abs(truth.mean() - 0.3))
    assert math.isnan(value["calibration_slope"])


def test_a_model_that_predicts_nothing():
    truth, _, _ = simulate(genes=50)
    table, _ = judge({"fusion": np.zeros(truth.shape, np.float32)}, truth)
    value = table.set_index("metric")["value"]
    assert (value["fmax"], value["coverage"]) == (0, 0)
    assert value["smin"] == pytest.approx(truth.sum(axis=1).mean())  # one bit a term in `judge`
    assert np.isnan(value[["fmax_threshold", "ece", "calibration_slope"]].to_numpy(float)).all()


def test_a_missing_score_is_no_prediction():
    truth, calibrated, _ = simulate(genes=30)
    holes, zeros = calibrated.copy(), calibrated.copy()
    holes[:10], zeros[:10] = np.nan, 0
    pd.testing.assert_frame_equal(judge({"expression": holes}, truth)[0], judge({"expression": zeros}, truth)[0])


def test_one_family_has_no_interval():
    truth, calibrated, noisy = simulate(genes=30)
    metrics, comparisons = judge({"fusion": calibrated, "final": noisy}, truth, families=np.zeros(30, int))
    assert metrics[["ci_low", "ci_high"]].isna().all(axis=None)
    assert set(comparisons["verdict"]) == {"not known"}
    assert all(len(sentence) for sentence in headlines(metrics, comparisons))


def test_how_near_homologues_are_is_said_in_a_sentence():
    shares = {"below_30": 0.1, "30_to_50": 0.1, "50_to_97": 0.2, "copies": 0.05}
    table = pd.DataFrame(
        [
            {"organism": "yeast", "aspect": "P", "genes": genes, "none": 0.55, **shares}
            for genes in ("judged", "unlabelled")
        ]
    )
    assert homologue_sentences(table) == [
        "yeast, biological process: a labelled homologue is there for 45% of the judged genes (25% at 50% identity) "
        "and 45% of the unlabelled genes (25% at 50% identity)."
    ]
