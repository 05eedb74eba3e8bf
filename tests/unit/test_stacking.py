"""The weights of a stack, on hand-worked cases and on the simulated organism."""

import numpy as np
import pytest

from geneduet import baselines, stacking
from geneduet.stacking import Part
from geneduet.views import vote


def parts_of(task, learned):
    views = baselines.learned_models(task)
    return {name: Part(views[name], own.by_pair) for name, own in learned.items()}


@pytest.fixture(scope="module")
def learned(simulated, tmp_path_factory):
    return baselines.fit_supervised(simulated, tmp_path_factory.mktemp("learned"))


def departing(task, matrix):
    """For each pair of folds its prior plus this."""
    return [vote.naive(task.labels.positive, task.training(*pair)) + matrix for pair in task.pairs]


def test_a_model_that_tells_half_of_the_truth_is_heard_twice_and_noise_not_at_all(simulated):
    # beside the prior of a pair that of its chain is another one: the weights are near 2 and 0, not the same
    truth = simulated.labels.positive.toarray()
    prior = truth[simulated.labels.annotated].mean(axis=0)
    half = departing(simulated, 0.5 * (truth - prior).astype(np.float32))
    noise = departing(simulated, np.random.default_rng(1).normal(0, 1, truth.shape).astype(np.float32))
    both = ["sequence", "expression"]
    made = stacking.stack(simulated, {"half": Part(both, half), "noise": Part(both, noise)})
    for weights in made.weights:
        assert weights["sequence+expression"]["half"] == pytest.approx(2, abs=0.1)
        assert weights["sequence+expression"]["noise"] < 0.05


def test_a_gene_is_scored_by_the_models_whose_views_it_has_and_by_the_prior_without_any(simulated, without_any_view):
    task = without_any_view(simulated, 4)
    truth = task.labels.positive.toarray().astype(np.float32)
    parts = {
        "own": Part(["sequence"], departing(task, truth)),
        "both": Part(["sequence", "expression"], departing(task, -truth)),
    }
    made = stacking.stack(task, parts)
    prior = vote.naive(task.labels.positive, task.training(0))
    np.testing.assert_allclose(made.raw[0][4], prior, rtol=1e-6)
    assert set(made.weights[0]) == {"sequence", "sequence+expression"}
    assert list(made.weights[0]["sequence"]) == ["own"]
    assert made.weights[0]["sequence+expression"]["both"] == 0


def test_the_stack_of_the_supervised_models_ranks_no_worse_than_the_best_of_them(simulated, learned):
    rows, truth = simulated.labels.annotated, simulated.labels.positive.toarray()
    made = stacking.stack(simulated, parts_of(simulated, learned))

    def squared(by_fold):
        return ((simulated.out_of_fold(by_fold)[rows] - truth[rows]) ** 2).mean()

    assert squared(made.raw) < min(squared(own.by_fold) for own in learned.values()) * 1.02


def test_weights_of_a_chain_are_blind_to_its_fold(simulated, learned, turned_around, tmp_path):
    before = stacking.stack(simulated, parts_of(simulated, learned))
    task = turned_around(simulated, 2)
    after = stacking.stack(task, parts_of(task, baselines.fit_supervised(task, tmp_path)))
    assert after.weights[2] == before.weights[2]
    np.testing.assert_array_equal(after.raw[2], before.raw[2])
    assert after.weights[0] != before.weights[0]


def test_weights_of_a_set_of_views_that_too_few_labelled_genes_have_are_equal(simulated, monkeypatch):
    monkeypatch.setattr(stacking, "FEW", 1000)
    truth = simulated.labels.positive.toarray().astype(np.float32)
    made = stacking.stack(
        simulated,
        {
            "own": Part(["sequence"], departing(simulated, truth)),
            "both": Part(["sequence", "expression"], departing(simulated, truth)),
        },
    )
    assert made.weights[0] == {"sequence": {"own": 1.0}, "sequence+expression": {"own": 0.5, "both": 0.5}}
