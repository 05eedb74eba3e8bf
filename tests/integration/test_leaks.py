"""No label reaches the score of its own gene: with permuted labels nothing can be learned, and nothing is."""

from dataclasses import replace

import numpy as np
import pytest

from geneduet import baselines, cotraining
from geneduet.evaluation.bootstrap import interval
from geneduet.evaluation.judgement import measure, select

SEEDS = range(5)
METRICS = ("micro_ap", "weighted_fmax")
UNCALIBRATED = {"homology"}  # a raw vote takes noise at its word: it can only lose against naive


def fit_all(task, folder):
    """Out-of-fold scores of every model of the contract."""
    untrained = baselines.untrained(task)
    learned = baselines.fit_supervised(task, folder / "references")
    scored = baselines.by_fold(learned)
    taught = cotraining.self_train(task, learned, 2)
    simple = baselines.calibrated(task, untrained, folder)
    outcome = cotraining.cotrain(task, simple, learned, 2, folder / "cotraining")
    models = {
        **untrained,
        **scored,
        **baselines.fuse(task, scored),
        **baselines.weigh(task, learned, folder),
        "self_training": taught,
        **outcome.models,
    }
    raw = {"naive", "homology"}
    return {name: (task.out_of_fold if name in raw else task.finish)(own) for name, own in models.items()}


def gains(task, scores, seed):
    """Each model's metrics minus naive's: {(model, metric): (1 + resamples,)}.

    Ties are broken, by the same noise in all models: naive gives all genes of a fold the same score, and average
    precision counts tied pairs as if the wrong ones came first, so that any noise at all would look like a gain.
    """
    labels = task.labels
    judged = select(labels.positive, labels.annotated, task.family, task.fold, labels, seed, resamples=200)
    noise = 1 + 1e-4 * np.random.default_rng(seed).random(judged.truth.shape)
    measured = {name: measure(judged, (judged.scores(own) * noise).astype(np.float32)) for name, own in scores.items()}
    return {
        (name, metric): own[metric] - measured["naive"][metric] for name, own in measured.items() for metric in METRICS
    }


@pytest.fixture(scope="module")
def permuted_gains(demo_task, tmp_path_factory):
    """Gains of models fitted to permuted labels: for each seed as `gains` gives them."""
    found = []
    for seed in SEEDS:
        task = permute(demo_task, seed)
        found.append(gains(task, fit_all(task, tmp_path_factory.mktemp(f"seed_{seed}")), seed))
    return found


def permute(task, seed):
    """Whole label rows permuted among the labelled genes; each row still obeys the true-path rule."""
    own = task.labels
    rows = np.flatnonzero(own.annotated)
    order = np.arange(len(own.genes))
    order[rows] = np.random.default_rng(seed).permutation(rows)
    return replace(task, labels=replace(own, positive=own.positive[order], negative=own.negative[order]), seed=seed)


def test_no_model_of_permuted_labels_beats_naive(permuted_gains):
    for model, metric in permuted_gains[0]:
        mean = np.mean([one[model, metric] for one in permuted_gains], axis=0)
        low, high = interval(mean[1:])
        print(f"{model} {metric}, mean of {len(SEEDS)} seeds: {mean[0]:+.4f} [{low:+.4f}, {high:+.4f}]")
        assert low <= 0, f"{model} beats naive in {metric} on permuted labels: something leaks"


def test_calibrated_models_of_permuted_labels_equal_naive(permuted_gains):
    for model, metric in permuted_gains[0]:
        if model in UNCALIBRATED:
            continue
        intervals = [interval(one[model, metric][1:]) for one in permuted_gains]
        # of five intervals of 95%, one may miss by chance
        assert sum(low <= 0 <= high for low, high in intervals) >= len(SEEDS) - 1, (model, metric, intervals)


def test_a_label_written_into_a_feature_is_found(demo_task, tmp_path):
    task = permute(demo_task, 0)
    own = task.views["sequence"]
    told = task.labels.positive[:, :20].toarray().astype(np.float32)
    leaking = replace(own, features=np.hstack([own.features, told]))
    scores = fit_all(replace(task, views={**task.views, "sequence": leaking}), tmp_path)
    gain = gains(task, scores, 0)
    for model in ("sequence", "early_fusion", "co_training", "final"):
        assert interval(gain[model, "micro_ap"][1:])[0] > 0.01, model
