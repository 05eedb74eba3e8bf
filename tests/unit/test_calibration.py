import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import sparse

from geneduet import calibration

# 0 is above all; 1 and 2 below it, 3 below both, 4 below 3, 5 apart
DIAMOND = sparse.csr_array(
    np.array(
        [
            [1, 0, 0, 0, 0, 0],
            [1, 1, 0, 0, 0, 0],
            [1, 0, 1, 0, 0, 0],
            [1, 1, 1, 1, 0, 0],
            [1, 1, 1, 1, 1, 0],
            [0, 0, 0, 0, 0, 1],
        ],
        bool,
    )
)
SCORES = arrays.arrays(np.float32, (3, 6), elements=st.floats(0, 1, width=32))


@given(SCORES)
@settings(deadline=None, max_examples=50)
def test_no_term_exceeds_an_ancestor(scores):
    found = calibration.consistent(scores, DIAMOND)
    for below, above in np.argwhere(DIAMOND.toarray()):
        assert (found[:, below] <= found[:, above]).all()


@given(SCORES)
@settings(deadline=None, max_examples=50)
def test_consistent_scores_are_left_alone(scores):
    for order in ([0, 1, 3, 4], [0, 2, 3, 4]):
        scores[:, order] = np.minimum.accumulate(scores[:, order], axis=1)
    found = calibration.consistent(scores, DIAMOND)
    np.testing.assert_array_equal(found, scores)
    np.testing.assert_array_equal(calibration.consistent(found, DIAMOND), found)


def test_parents_and_children_meet_in_the_middle():
    # 1 (.2) is raised to its best descendant (.6) and lowered to its worst ancestor (.5): (.6 + .2) / 2
    # 0 (.5): (.6 + .5) / 2; 4 (.6): (.6 + .2) / 2, the worst of its ancestors being 1
    scores = np.array([[0.5, 0.2, 0.5, 0.5, 0.6, 0.9]], np.float32)
    expected = [[0.55, 0.4, 0.55, 0.4, 0.4, 0.9]]
    np.testing.assert_allclose(calibration.consistent(scores, DIAMOND), expected, rtol=1e-6)


def test_input_scores_are_not_changed():
    scores = np.array([[0.1, 0.9, 0.2, 0.3, 0.4, 0.5]], np.float32)
    before = scores.copy()
    calibration.consistent(scores, DIAMOND)
    np.testing.assert_array_equal(scores, before)


def test_log_odds_are_limited_since_squared_error_leaves_the_unit_interval():
    found = calibration.logit(np.array([-0.3, 0, 0.5, 0.75, 1, 1.2]))
    assert found.tolist() == pytest.approx([-9, -9, 0, np.log(3), 9, 9], abs=1e-5)


def simulated(seed=1, genes=4000, terms=8, slope=0.5, intercept=-0.4):
    """Raw scores whose true probability is logistic in their logit, with a known slope and intercept."""
    random = np.random.default_rng(seed)
    raw = 1 / (1 + np.exp(-random.normal(-1.5, 1.5, (genes, terms))))
    true = 1 / (1 + np.exp(-(slope * np.log(raw / (1 - raw)) + intercept)))
    return raw.astype(np.float32), true, sparse.csr_array(random.random(true.shape) < true)


def test_a_known_distortion_is_undone():
    raw, true, positive = simulated()
    calibrator = calibration.fit(raw, positive)
    found = calibrator.apply(raw)
    assert np.abs(raw - true).mean() > 0.07  # that far off before
    assert np.abs(found - true).mean() < 0.01
    # the slope between the knots of the middle, where the scores are
    rise = np.diff(calibrator.coefficients[:, 1:-2], axis=1) / np.diff(calibration.KNOTS[1:-1])
    np.testing.assert_allclose(rise.mean(axis=1), 0.5, atol=0.06)


def test_calibrated_probabilities_come_true_on_new_genes():
    raw, _, positive = simulated(seed=1, genes=20000)
    calibrator = calibration.fit(raw, positive)
    new, _, labels = simulated(seed=2)
    found, truth = calibrator.apply(new), labels.toarray()
    for low, high in ((0.0, 0.2), (0.2, 0.4), (0.4, 0.6), (0.6, 1.0)):
        inside = (found >= low) & (found < high)
        assert truth[inside].mean() == pytest.approx(found[inside].mean(), abs=0.03)


def test_a_bent_distortion_is_undone():
    # sure of the likely ones and careless of the unlikely ones: no straight line is right for both
    random = np.random.default_rng(1)
    odds = random.normal(-2, 2, (6000, 8))
    true = 1 / (1 + np.exp(-np.where(odds < -1.5, 0.4 * (odds + 1.5), 1.6 * (odds + 1.5)) + 1.5))
    raw, positive = (1 / (1 + np.exp(-odds))).astype(np.float32), sparse.csr_array(random.random(true.shape) < true)
    found = calibration.fit(raw, positive).apply(raw)
    for low, high in ((0.02, 0.05), (0.05, 0.15), (0.15, 0.4), (0.4, 0.7), (0.7, 1.0)):
        inside = (true >= low) & (true < high)
        assert found[inside].mean() == pytest.approx(true[inside].mean(), abs=0.02)


def test_the_line_never_falls():
    # of few genes with random labels the pieces are noise
    for seed in range(20):
        random = np.random.default_rng(seed)
        raw = random.random((30, 6)).astype(np.float32)
        positive = sparse.csr_array(random.random(raw.shape) < 0.2 + 0.3 * raw)
        assert (np.diff(calibration.fit(raw, positive).coefficients[:, :-1], axis=1) >= 0).all()


def test_calibration_does_not_change_the_order_of_genes():
    raw, _, positive = simulated(genes=300)
    found = calibration.fit(raw, positive).apply(raw)
    for term in range(8):
        order = np.argsort(raw[:, term])
        assert (np.diff(found[order, term]) >= 0).all()


def test_scores_that_rank_backwards_are_replaced_by_the_prior():
    raw, _, positive = simulated(slope=-1.0)
    calibrator = calibration.fit(raw, positive)
    assert (calibrator.coefficients == calibration.PRIOR_ALONE).all()
    found = calibrator.apply(raw)
    assert (found == found[:1]).all()
    np.testing.assert_allclose(found[0], np.asarray(positive.mean(axis=0)).ravel(), atol=0.02)


def test_terms_without_a_positive_get_their_prior():
    raw, _, _ = simulated(genes=99)
    found = calibration.fit(raw, sparse.csr_array((99, 8), dtype=bool)).apply(raw)
    np.testing.assert_allclose(found, 0.5 / 100, rtol=1e-4)  # half a gene of a hundred


def test_terms_of_like_information_content_borrow_from_each_other():
    # two groups that need opposite corrections get them
    raw, _, low = simulated(seed=1, terms=4, slope=1.0, intercept=1.5)
    other, _, high = simulated(seed=2, terms=4, slope=1.0, intercept=-1.5)
    both, positive = np.hstack([raw, other]), sparse.csr_array(sparse.hstack([low, high]))
    calibrator = calibration.fit(both, positive)
    assert set(calibrator.group[:4]) == {0, 1}  # the frequent half
    assert set(calibrator.group[4:]) == {2, 3}
    found = calibrator.apply(both)
    truth = positive.toarray()
    assert found[:, :4].mean() == pytest.approx(truth[:, :4].mean(), abs=0.01)
    assert found[:, 4:].mean() == pytest.approx(truth[:, 4:].mean(), abs=0.01)


def test_no_terms_no_calibration():
    nothing = np.zeros((5, 0), np.float32)
    assert calibration.fit(nothing, sparse.csr_array((5, 0), dtype=bool)).apply(nothing).shape == (5, 0)


def test_pairs_are_counted_by_term_and_score():
    raw = np.array([[0.5, 0.0], [0.5, 1.0], [0.1, 1.0]], np.float32)
    positive = sparse.csr_array(np.array([[1, 0], [0, 1], [0, 0]], bool))
    counts = calibration.count(raw, positive)
    assert counts.pairs.sum(axis=1).tolist() == [3, 3]
    assert counts.positives.sum(axis=1).tolist() == [1, 1]
    assert (counts.pairs[1, 0], counts.pairs[1, -1]) == (1, 2)  # the lowest and the highest bin


def test_a_labelled_gene_gets_the_score_of_the_model_that_had_not_seen_it():
    by_fold = [np.full((4, 1), value, np.float32) for value in (1, 2, 6)]
    annotated, fold = np.array([True, True, False, True]), np.array([0, 1, 1, 2])
    assert calibration.out_of_fold(by_fold, annotated, fold).ravel().tolist() == [1, 2, 3, 6]
