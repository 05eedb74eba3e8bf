"""The learner, and through it what we rely on in XGBoost: vector-leaf trees, and in which leaf a gene ends."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from geneduet.boosting import MultiLabelBooster
from geneduet.settings import Settings

SMALL = Settings(trees=15, depth=4, learning_rate=0.3, min_rows=2.0, columns=0.5, reduced_dimensions=4)


@pytest.fixture(scope="module")
def problem():
    """200 genes, 10 features with gaps, 12 terms: the first six each follow from a feature, the others from nothing."""
    random = np.random.default_rng(1)
    X = random.normal(size=(200, 10)).astype(np.float32)
    Y = random.random((200, 12)) < 0.2
    Y[:, :6] = X[:, :6] > 0.5
    X[random.random(X.shape) < 0.05] = np.nan
    return X, Y.astype(np.float32)


def error(scores, Y):
    return float(((scores - Y) ** 2).mean())


def test_it_learns_terms_that_follow_from_features(problem):
    X, Y = problem
    scores = MultiLabelBooster(replace(SMALL, trees=60)).fit(X[:150], Y[:150]).predict(X[150:])
    mean = Y[:150].mean(axis=0)
    assert error(scores[:, :6], Y[150:, :6]) < 0.5 * error(mean[:6], Y[150:, :6])
    # and does not lose much on terms that follow from nothing
    assert error(scores[:, 6:], Y[150:, 6:]) < 1.4 * error(mean[6:], Y[150:, 6:])


def test_all_terms_share_one_tree_a_round(problem, tmp_path):
    X, Y = problem
    MultiLabelBooster(SMALL).fit(X, Y).save(tmp_path)
    model = MultiLabelBooster.load(tmp_path).booster
    assert model.num_boosted_rounds() == SMALL.trees
    assert len(model.get_dump()) == SMALL.trees  # a booster a term would have 12 times as many


def test_without_trees_of_use_the_mean_comes_out(problem):
    # one feature that never changes: no split, and each leaf steps toward the mean of its term
    _, Y = problem
    X = np.zeros((200, 1), np.float32)
    scores = MultiLabelBooster(Settings(trees=30, learning_rate=0.5, min_rows=1)).fit(X, Y).predict(X)
    np.testing.assert_allclose(scores, np.tile(Y.mean(axis=0), (200, 1)), atol=1e-3)


def test_leaves_take_the_full_gradient_and_not_the_reduced_one(problem):
    # 12 terms, one projected dimension: the structure is poor, the leaves still fit every term
    X, Y = problem
    settings = Settings(
        trees=40, depth=8, learning_rate=0.5, columns=1, min_rows=1, leaf_ridge=0, bins=64, reduced_dimensions=1
    )
    assert error(MultiLabelBooster(settings).fit(X, Y).predict(X), Y) < 0.02


def test_a_leaf_is_a_weighted_mean_drawn_toward_nothing_by_the_ridge():
    # by hand: one split, at 0; left two genes of residuals 1 and 0, right three of 1, 1 and 1, the last of weight 4
    X = np.array([[-1], [-1], [1], [1], [1]], np.float32)
    Y = np.array([[1, 0], [0, 0], [1, 0], [1, 1], [1, 1]], np.float32)
    weight = np.array([[1], [1], [1], [1], [4]], np.float32)
    stump = Settings(trees=1, depth=1, learning_rate=0.5, rows=1, columns=1, min_rows=0, leaf_ridge=2)
    left, right = [0.5 * 1 / 4, 0], [0.5 * 6 / 8, 0.5 * 5 / 8]
    for given in (weight, np.repeat(weight, 2, axis=1)):
        scores = MultiLabelBooster(stump).fit(X, Y, given).predict(np.array([[-3], [3]], np.float32))
        np.testing.assert_allclose(scores, [left, right], rtol=1e-6)


def test_leaves_are_filled_from_all_genes_and_not_only_from_those_drawn(problem):
    _, Y = problem
    settings = Settings(trees=1, learning_rate=1, rows=0.1, leaf_ridge=0)
    scores = MultiLabelBooster(settings).fit(np.zeros((200, 1), np.float32), Y).predict(np.zeros((1, 1), np.float32))
    np.testing.assert_allclose(scores[0], Y.mean(axis=0), rtol=1e-5)


def test_contributions_along_the_path_of_a_tree_made_by_hand():
    # feature 0 splits half of the genes off; among them feature 1 splits again, and feature 2 says nothing:
    #   x0 < 0: 0 of the term        x0 > 0: x1 < 0: 1/2 of it; x1 > 0: all of it
    X = np.array([[-1, -1], [-1, 1], [-1, -1], [-1, 1], [1, -1], [1, 1], [1, -1], [1, 1]], np.float32)
    X = np.hstack([X, np.zeros((8, 1), np.float32)])
    Y = np.array([[0, 0, 0, 0, 1, 1, 0, 1], [0] * 8], np.float32).T
    settings = Settings(trees=1, depth=2, learning_rate=1, rows=1, columns=1, min_rows=0, leaf_ridge=0)
    # ten of each: XGBoost itself draws gains of a few genes toward nothing
    model = MultiLabelBooster(settings).fit(np.repeat(X, 10, axis=0), np.repeat(Y, 10, axis=0))
    given = model.contributions(X, np.arange(8), np.zeros(8, int))
    assert given.shape == (8, 4)
    np.testing.assert_allclose(given[:, 3], 3 / 8, rtol=1e-6)  # the mean over all genes
    np.testing.assert_allclose(given[:, 2], 0)
    np.testing.assert_allclose(given[:, 0], [-3 / 8] * 4 + [3 / 8] * 4, rtol=1e-6)  # from 3/8 to 0, and to 3/4
    np.testing.assert_allclose(given[4:, 1], [-1 / 4, 1 / 4, -1 / 4, 1 / 4], rtol=1e-6)  # from 3/4 to 1/2, and to 1
    np.testing.assert_allclose(given[:4, 1], 0)


@pytest.mark.parametrize("weighted", [False, True])
def test_contributions_add_up_to_the_score(problem, tmp_path, weighted):
    X, Y = problem
    weight = np.random.default_rng(2).random(Y.shape).astype(np.float32) if weighted else None
    MultiLabelBooster(replace(SMALL, rows=0.5), seed=3).fit(X, Y, weight).save(tmp_path)
    model, genes = MultiLabelBooster.load(tmp_path), np.arange(100)
    for term in (5, 0):
        given = model.contributions(X, genes, np.full(100, term))
        assert given.shape == (100, 11)
        np.testing.assert_allclose(given.sum(axis=1), model.predict(X)[genes, term], atol=1e-5)
        # a term that follows from a feature gets most of its variation from that feature
        assert given.std(axis=0)[:-1].argmax() == term
    # the pairs may stand in any order, and a gene in several
    gene, term = np.array([7, 3, 7, 50]), np.array([11, 0, 2, 11])
    mixed = model.contributions(X, gene, term)
    np.testing.assert_allclose(mixed.sum(axis=1), model.predict(X)[gene, term], atol=1e-5)
    np.testing.assert_array_equal(model.contributions(X, gene[1:2], term[1:2]), mixed[1:2])


def test_a_pair_of_weight_0_is_not_learned_from(problem):
    X, Y = problem
    weight = np.ones_like(Y)
    weight[::3, 2] = weight[5, :] = 0
    other = np.where(weight == 0, 1 - Y, Y).astype(np.float32)
    assert (other != Y).any()
    first, second = (MultiLabelBooster(SMALL).fit(X, target, weight).predict(X) for target in (Y, other))
    np.testing.assert_array_equal(first, second)
    assert (MultiLabelBooster(SMALL).fit(X, other).predict(X) != first).any()


def test_a_heavier_pair_pulls_more():
    # no feature; half of the genes have the term, and weigh three times as much: the mean is 3 / 4
    X, Y = np.zeros((40, 1), np.float32), np.repeat([[1.0], [0.0]], 20, axis=0).astype(np.float32)
    weight = np.where(Y == 1, 3, 1).astype(np.float32)
    settings = Settings(trees=40, learning_rate=0.5, min_rows=1)
    assert MultiLabelBooster(settings).fit(X, Y, weight).predict(X)[0, 0] == pytest.approx(0.75, abs=1e-3)


def test_equal_weights_are_the_same_as_none(problem):
    X, Y = problem
    none = MultiLabelBooster(SMALL).fit(X, Y).predict(X)
    for shape in (Y.shape, (len(Y), 1)):
        np.testing.assert_array_equal(MultiLabelBooster(SMALL).fit(X, Y, np.ones(shape, np.float32)).predict(X), none)


def test_a_weight_of_a_gene_is_that_of_all_its_pairs(problem):
    X, Y = problem
    weight = np.random.default_rng(3).random((200, 1)).astype(np.float32)
    by_gene = MultiLabelBooster(SMALL).fit(X, Y, weight).predict(X)
    by_pair = MultiLabelBooster(SMALL).fit(X, Y, np.repeat(weight, 12, axis=1)).predict(X)
    np.testing.assert_allclose(by_gene, by_pair, atol=1e-5)


def test_it_begins_at_the_base(problem):
    X, Y = problem
    base = (np.float32(0.8) * Y + np.float32(0.1)).astype(np.float32)
    none = MultiLabelBooster(replace(SMALL, learning_rate=1e-6)).fit(X, Y, base=base)
    np.testing.assert_allclose(none.predict(X, base), base, atol=1e-3)
    # a base that is right leaves nothing to learn
    right = MultiLabelBooster(SMALL).fit(X, Y, base=Y)
    np.testing.assert_array_equal(right.predict(X, Y), Y)
    np.testing.assert_array_equal(right.predict(X), np.zeros_like(Y))


def test_the_same_seed_gives_the_same_model_and_another_seed_another(problem, tmp_path):
    X, Y = problem
    for name, seed in (("one", 7), ("same", 7), ("other", 8)):
        MultiLabelBooster(SMALL, seed=seed).fit(X, Y).save(tmp_path / name)
    for file in ("booster.ubj", "leaves.npz"):
        one, same, other = ((tmp_path / name / file).read_bytes() for name in ("one", "same", "other"))
        assert one == same
        assert one != other


def test_the_number_of_threads_does_not_change_a_bit(problem):
    X, Y = problem
    one, two = (MultiLabelBooster(SMALL, seed=3, threads=threads).fit(X, Y).predict(X) for threads in (1, 2))
    np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("terms", [1, 2, 12])
def test_a_saved_model_scores_as_before(problem, tmp_path: Path, terms):
    X, Y = problem
    model = MultiLabelBooster(SMALL, seed=3).fit(X, Y[:, :terms])
    model.save(tmp_path)
    again = MultiLabelBooster.load(tmp_path)
    scores = model.predict(X)
    assert scores.shape == (200, terms)
    np.testing.assert_array_equal(again.predict(X), scores)
    assert (again.settings, again.seed, again.outputs) == (SMALL, 3, terms)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["booster.json", "booster.ubj", "leaves.npz"]
    assert json.loads((tmp_path / "booster.json").read_text())["settings"]["trees"] == 15


def test_a_single_term_is_learned_like_any(problem):
    X, Y = problem
    half = np.where(np.arange(150)[:, None] % 2, 1, 0.5).astype(np.float32)
    for weight in (None, half):
        scores = MultiLabelBooster(replace(SMALL, trees=40)).fit(X[:150], Y[:150, :1], weight).predict(X[150:])
        assert scores.shape == (50, 1)
        assert error(scores, Y[150:, :1]) < 0.5 * error(Y[:150, :1].mean(), Y[150:, :1])


def test_missing_values_are_learned_from():
    # the term is where the only feature is missing
    X = np.ones((100, 1), np.float32)
    X[::2] = np.nan
    Y = np.isnan(X).astype(np.float32)
    settings = Settings(trees=40, learning_rate=0.5, rows=1, columns=1, min_rows=1)
    found = MultiLabelBooster(settings).fit(X, Y).predict(np.array([[np.nan], [1]], np.float32))
    np.testing.assert_allclose(found.ravel(), [1, 0], atol=0.05)


def test_faults_of_the_caller_are_told(problem, tmp_path):
    X, Y = problem
    with pytest.raises(ValueError, match="same genes"):
        MultiLabelBooster(SMALL).fit(X[:10], Y[:9])
    with pytest.raises(ValueError, match="one at least"):
        MultiLabelBooster(SMALL).fit(X[:0], Y[:0])
    with pytest.raises(ValueError, match="fit before predict"):
        MultiLabelBooster(SMALL).predict(X)
    with pytest.raises(ValueError, match="fit before save"):
        MultiLabelBooster(SMALL).save(tmp_path)
