"""Properties of cross-fitting and of the reference models fitted with it, on the simulated organism."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from geneduet import baselines, crossfit


def fit_all(task, folder):
    """Every supervised model, by fold."""
    learned = baselines.fit_supervised(task, folder)
    scores = baselines.by_fold(learned)
    weighted = baselines.weigh(task, learned, folder)
    return {**scores, **baselines.fuse(task, scores), **weighted}


def micro_ap(task, scores):
    rows = task.labels.annotated
    return average_precision_score(task.labels.positive[rows].toarray().ravel(), scores[rows].ravel())


def assert_same(one, other):
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_array_equal(other[name], one[name], err_msg=name)


@pytest.fixture(scope="module")
def fitted(simulated, tmp_path_factory):
    """All reference models of the simulated organism, and their folder."""
    folder = tmp_path_factory.mktemp("references")
    return fit_all(simulated, folder), folder


def test_models_learn_and_fusion_is_ahead_of_a_single_view(simulated, fitted):
    naive = micro_ap(simulated, simulated.out_of_fold(baselines.untrained(simulated)["naive"]))
    found = {name: micro_ap(simulated, simulated.finish(by_fold)) for name, by_fold in fitted[0].items()}
    for name, value in found.items():
        assert value > naive + 0.1, name
    assert found["fusion"] > max(found["sequence"], found["expression"])


def test_the_same_seed_gives_the_same_scores_on_one_thread_and_on_two(simulated, fitted, tmp_path):
    assert_same(fitted[0], fit_all(replace(simulated, threads=2), tmp_path))


def test_another_seed_gives_other_scores(simulated, fitted, tmp_path):
    other = baselines.fit_supervised(replace(simulated, seed=2), tmp_path)
    for name, own in other.items():
        assert (own.by_fold[0] != fitted[0][name][0]).any(), name


def test_models_of_one_seed_differ_in_theirs(simulated):
    pairs = simulated.pairs
    seeds = {crossfit._learner(simulated, model, ["sequence"], pair).seed for model in ("a", "b") for pair in pairs}
    assert len(seeds) == 2 * len(pairs) == 12


def test_saved_models_give_the_same_scores_again(simulated, fitted):
    scores, folder = fitted
    again = baselines.by_fold(baselines.reload_supervised(simulated, folder))
    assert_same({name: scores[name] for name in again}, again)
    pairs, calibrators = ["0-1", "0-2", "0-3", "1-2", "1-3", "2-3"], [f"calibrator.{k}.npz" for k in range(4)]
    assert sorted(file.name for file in (folder / "early_fusion").iterdir()) == pairs + calibrators
    files = sorted(file.name for file in (folder / "early_fusion" / "0-1").iterdir())
    assert files == ["booster.json", "booster.ubj", "features.json", "leaves.npz", "reading.npz"]


def test_labels_of_a_fold_never_reach_its_own_chain(simulated, turned_around, tmp_path):
    # neither the models nor the calibrators: the calibrated scores of all genes stay as they are, to the bit
    before = fit_all(simulated, tmp_path / "before")
    for k in range(simulated.folds):
        after = fit_all(turned_around(simulated, k), tmp_path / f"after {k}")
        for name, own in after.items():
            np.testing.assert_array_equal(own[k], before[name][k], err_msg=name)
            other = (k + 1) % simulated.folds  # the other chains do see them: the test can fail
            assert (own[other] != before[name][other]).any(), name


def test_in_a_chain_a_labelled_gene_is_scored_blind_to_its_own_fold_too(simulated, turned_around, tmp_path):
    # so that what is fitted to these scores, or chosen by them, is fitted and chosen out of fold
    before = crossfit.cross_fit(simulated, "sequence", ["sequence"], tmp_path / "before")
    j, k = 1, 0
    changed = turned_around(simulated, j)
    after = crossfit.cross_fit(changed, "sequence", ["sequence"], tmp_path / "after")
    raw = [crossfit.uncalibrated(task, own.by_pair, k) for task, own in ((simulated, before), (changed, after))]
    rows = simulated.labels.annotated & (simulated.fold == j)
    np.testing.assert_array_equal(raw[1][rows], raw[0][rows])
    others = simulated.labels.annotated & (simulated.fold == 2)
    assert (raw[1][others] != raw[0][others]).any()


def test_a_chain_scores_its_own_fold_by_the_mean_of_its_models(simulated):
    by_pair = [np.full(simulated.labels.positive.shape, value, np.float32) for value in (0.1, 0.2, 0.6, 1, 1, 1)]
    assert simulated.pairs == [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
    scores = crossfit.uncalibrated(simulated, by_pair, 0)
    labelled, fold = simulated.labels.annotated, simulated.fold
    np.testing.assert_allclose(scores[(labelled & (fold == 0)) | ~labelled], 0.3, rtol=1e-6)
    assert (scores[labelled & (fold == 1)] == np.float32(0.1)).all()
    assert (scores[labelled & (fold == 2)] == np.float32(0.2)).all()


def test_shuffled_labels_score_like_naive(simulated, with_labels, tmp_path):
    rows = np.flatnonzero(simulated.labels.annotated)
    gains = {}
    for seed in range(5):
        positive = simulated.labels.positive.toarray()
        positive[rows] = positive[np.random.default_rng(seed).permutation(rows)]
        task = replace(with_labels(simulated, positive), seed=seed)
        naive = micro_ap(task, task.out_of_fold(baselines.untrained(task)["naive"]))
        for name, by_fold in fit_all(task, tmp_path / str(seed)).items():
            gains.setdefault(name, []).append(micro_ap(task, task.finish(by_fold)) - naive)
    for name, own in gains.items():
        error = np.std(own, ddof=1) / np.sqrt(len(own))
        print(f"{name}: {np.mean(own):+.3f} +- {error:.3f}")
        assert np.mean(own) < max(3 * error, 0.02), name


def test_scores_obey_the_hierarchy(simulated, fitted):
    below, above = simulated.labels.ancestors.nonzero()
    for name, by_fold in fitted[0].items():
        scores = simulated.finish(by_fold)
        assert (scores[:, below] <= scores[:, above]).all(), name
        assert scores.min() >= 0, name
        assert scores.max() <= 1, name


def test_a_gene_without_expression_gets_the_sequence_views_score(simulated, fitted):
    missing = ~simulated.views["expression"].present
    scores = fitted[0]
    for name in ("early_fusion", "late_fusion", "fusion"):
        for k in range(simulated.folds):
            np.testing.assert_array_equal(scores[name][k][missing], scores["sequence"][k][missing], err_msg=name)


def test_an_aspect_with_few_labels_or_without_terms_cannot_be_learned(simulated):
    labels = simulated.labels
    labelled = int(labels.annotated.sum())
    assert simulated.unlearnable(minimum_labels=labelled) == ""
    assert simulated.unlearnable(minimum_labels=labelled + 1).startswith(f"{labelled} labelled genes where")
    empty = replace(simulated, labels=replace(labels, terms=[]))
    assert "min_positives" in empty.unlearnable(minimum_labels=20)


def test_a_labelled_gene_is_scored_by_its_own_folds_chain_and_another_by_all(simulated):
    by_fold = [np.full(simulated.labels.positive.shape, value, np.float32) for value in (0.1, 0.2, 0.6, 0.3)]
    scores = simulated.out_of_fold(by_fold)
    for k in range(4):
        rows = simulated.labels.annotated & (simulated.fold == k)
        assert (scores[rows] == by_fold[k][0, 0]).all()
        assert not simulated.training(k)[rows].any()
    np.testing.assert_allclose(scores[~simulated.labels.annotated], 0.3, rtol=1e-6)


def test_a_view_that_a_fold_cannot_learn_from_is_left_out(simulated):
    # all genes with expression are in folds 0 and 1, so the model blind to both has none to learn from
    own = simulated.views["expression"]
    alone = replace(own, present=own.present & (simulated.fold < 2))
    task = replace(simulated, views={**simulated.views, "expression": alone})
    assert not task.can_learn(["expression"])
    assert set(task.restricted().views) == {"sequence"}
    assert task.unlearnable(1) == ""
    assert set(baselines.learned_models(task.restricted())) == {"sequence"}


def test_an_aspect_whose_labels_are_all_in_two_folds_is_not_learned(simulated):
    labels = replace(simulated.labels, annotated=simulated.labels.annotated & (simulated.fold < 2))
    task = replace(simulated, labels=labels)
    assert task.unlearnable(1) == "in no view do the labelled genes fill more than two folds"


def test_views_without_a_common_labelled_gene_are_fused_late(simulated, tmp_path):
    half = np.arange(len(simulated.fold)) % 2 == 0
    views = {
        name: replace(view, present=half if name == "sequence" else ~half) for name, view in simulated.views.items()
    }
    task = replace(simulated, views=views)
    learned = baselines.by_fold(baselines.fit_supervised(task, tmp_path))
    assert set(learned) == {"sequence", "expression"}
    fused = baselines.fuse(task, learned)
    assert set(fused) == {"late_fusion"}
    for k, scores in enumerate(fused["late_fusion"]):
        np.testing.assert_array_equal(scores[half], learned["sequence"][k][half])
        np.testing.assert_array_equal(scores[~half], learned["expression"][k][~half])


def test_a_calibrator_is_fitted_to_the_genes_that_have_the_view(simulated):
    has = simulated.views["expression"].present & (np.arange(len(simulated.fold)) % 3 == 0)
    # labels of genes without the view may change as they like
    order = np.arange(len(has))
    without = np.flatnonzero(simulated.labels.annotated & ~has)
    order[without] = without[::-1]
    mixed = replace(simulated, labels=replace(simulated.labels, positive=simulated.labels.positive[order]))
    raw = [np.random.default_rng(1).random(simulated.labels.positive.shape).astype(np.float32)] * simulated.folds
    one, other = (crossfit.calibrate(task, "expression", raw, has, None) for task in (simulated, mixed))
    np.testing.assert_array_equal(one, other)
    # but not those of genes that have it
    everyone = np.ones(len(has), bool)
    one, other = (crossfit.calibrate(task, "expression", raw, everyone, None) for task in (simulated, mixed))
    assert not np.array_equal(one, other)


def test_homology_is_calibrated_before_it_may_be_final(simulated, tmp_path):
    untrained = baselines.untrained(simulated)
    simple = baselines.calibrated(simulated, untrained, tmp_path)
    assert set(simple) == set(untrained)
    np.testing.assert_array_equal(simple["naive"], untrained["naive"])
    assert (tmp_path / "homology" / "calibrator.0.npz").exists()
    assert np.max(untrained["homology"]) == 1.0  # one hit, one vote
    assert np.max(simple["homology"]) < 1.0
