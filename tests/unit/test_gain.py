import numpy as np
import pytest
from scipy import sparse
from sklearn.metrics import average_precision_score

from geneduet import gain


@pytest.fixture(scope="module")
def judged():
    """120 genes in families of two, 10 terms, and three models: noise, better, and the same as the first."""
    random = np.random.default_rng(1)
    truth = random.random((120, 10)) < 0.2
    noise = random.random((120, 10)).astype(np.float32)
    better = (noise + 0.4 * truth).astype(np.float32)
    return sparse.csr_array(truth), [noise, better, noise.copy()], np.arange(120) // 2


def test_values_are_those_of_scikit_learn(judged):
    truth, models, family = judged
    for value, scores in zip(gain.compare(truth, models, family, seed=1).values, models, strict=True):
        expected = average_precision_score(truth.toarray().ravel(), scores.ravel())
        assert value == pytest.approx(expected, abs=0.01)


def test_a_better_model_gains_beyond_the_noise(judged):
    truth, models, family = judged
    found = gain.compare(truth, models, family, seed=1)
    comparison = found.against(0, 1)
    assert comparison.gain == comparison.after - comparison.before
    assert comparison.gain > 5 * comparison.error > 0
    assert found.against(1, 0).gain == -comparison.gain


def test_the_same_model_gains_nothing_without_doubt(judged):
    truth, models, family = judged
    found = gain.compare(truth, models, family, seed=1)
    assert (found.against(0, 2).gain, found.against(0, 2).error) == (0, 0)


def test_families_are_resampled_as_wholes_and_alike_for_the_same_seed(judged):
    truth, models, _ = judged
    wide, narrow = (
        gain.compare(truth, models, family, seed=1).against(0, 1).error
        for family in (np.arange(120) // 20, np.arange(120))
    )
    assert wide != narrow
    again = gain.compare(truth, models, np.arange(120), seed=1).against(0, 1).error
    other = gain.compare(truth, models, np.arange(120), seed=2).against(0, 1).error
    assert again == narrow
    assert other != narrow
