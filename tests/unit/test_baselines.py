"""What needs no fit; that of the fitted reference models is in test_crossfit.py."""

from dataclasses import replace

import numpy as np
import pytest

from geneduet import baselines


def test_the_best_is_the_highest_and_the_first_of_the_contract_among_equals():
    assert baselines.best({"naive": 0.1, "fusion": 0.3, "late_fusion": 0.2}) == "fusion"
    assert baselines.best({"fusion": 0.3, "early_fusion": 0.3, "naive": 0.3}) == "naive"
    assert baselines.best({"fusion": 0.3, "early_fusion": 0.3}) == "early_fusion"


def test_naive_gives_all_genes_the_share_of_the_other_folds(simulated):
    naive = baselines.untrained(simulated)["naive"]
    truth = simulated.labels.positive.toarray()
    labelled, fold = simulated.labels.annotated, simulated.fold
    for k in range(simulated.folds):
        for j in range(simulated.folds):  # where j is k: its own fold, and the genes without labels
            rows = fold == j if j == k else labelled & (fold == j)
            expected = truth[labelled & (fold != k) & (fold != j)].mean(axis=0)
            np.testing.assert_allclose(naive[k][rows], np.tile(expected, (rows.sum(), 1)), rtol=1e-6)


def test_homology_votes_where_there_is_a_labelled_homologue_and_is_naive_elsewhere(simulated):
    models = baselines.untrained(simulated)
    links = simulated.homology["homologues"].weights.toarray()
    training, truth = simulated.training(0), simulated.labels.positive.toarray()
    voters = links * training
    alone = (voters.sum(axis=1) == 0) & ~training
    assert alone.any()
    np.testing.assert_array_equal(models["homology"][0][alone], models["naive"][0][alone])
    gene = int(np.flatnonzero(~alone & ~training)[0])
    expected = voters[gene] @ truth / voters[gene].sum()
    np.testing.assert_allclose(models["homology"][0][gene], expected, rtol=1e-5)


def test_where_nobody_votes_there_is_no_homology(simulated):
    assert set(baselines.untrained(replace(simulated, homology={}))) == {"naive"}


def test_a_model_a_view_and_early_fusion_where_there_are_two(simulated, with_views):
    assert baselines.learned_models(simulated) == {
        "sequence": ["sequence"],
        "expression": ["expression"],
        "early_fusion": ["sequence", "expression"],
    }
    assert baselines.learned_models(with_views(simulated, "expression")) == {"expression": ["expression"]}


@pytest.fixture
def constant(simulated):
    """Scores 0.2 of the sequence view, 0.6 of expression, 0.5 of early fusion, in each fold."""
    shape = simulated.labels.positive.shape
    values = {"sequence": 0.2, "expression": 0.6, "early_fusion": 0.5}
    return {name: [np.full(shape, value, np.float32)] * simulated.folds for name, value in values.items()}


def test_late_fusion_is_the_mean_of_the_views_and_fusion_that_of_late_and_early(simulated, constant):
    both = simulated.present(["sequence", "expression"])
    fused = baselines.fuse(simulated, baselines.complete(simulated, constant))
    for k in range(simulated.folds):
        np.testing.assert_allclose(fused["late_fusion"][k][both], 0.4)  # (.2 + .6) / 2
        np.testing.assert_allclose(fused["fusion"][k][both], 0.45)  # (.4 + .5) / 2


def test_a_gene_with_one_view_has_that_views_score_in_every_fusion(simulated, constant):
    alone = ~simulated.views["expression"].present
    done = baselines.complete(simulated, constant)
    for name, own in {**done, **baselines.fuse(simulated, done)}.items():
        if name != "expression":
            assert (own[0][alone] == np.float32(0.2)).all(), name


def test_a_gene_without_any_view_has_the_first_views_score_which_is_a_prior(simulated, constant, without_any_view):
    task = without_any_view(simulated, 3)
    done = baselines.complete(task, constant)
    assert (done["early_fusion"][0][3] == np.float32(0.2)).all()
    assert (baselines.fuse(task, done)["fusion"][0][3] == np.float32(0.2)).all()


def test_with_one_view_there_is_nothing_to_fuse(simulated, constant, with_views):
    alone = with_views(simulated, "sequence")
    one = {"sequence": constant["sequence"]}
    assert baselines.complete(alone, one) == one
    assert baselines.fuse(alone, one) == {}


def test_missingness_tells_who_was_measured_and_nothing_else(simulated, with_labels):
    expressed = simulated.views["expression"].present
    positive = simulated.labels.positive.toarray()
    positive[:, 0] = expressed  # a term that all genes with expression have, and no other
    task = with_labels(simulated, positive & simulated.labels.annotated[:, None])
    found = baselines.learn_missingness(task)["missingness"]
    for k in range(task.folds):
        own = ~task.training(k)
        measured, not_measured = (found[k][own & group] for group in (expressed, ~expressed))
        assert (measured == measured[0]).all()
        assert (not_measured == not_measured[0]).all()
        assert measured[0, 0] > not_measured[0, 0] + 0.1


def test_where_nothing_is_missing_missingness_is_no_model(simulated, with_views):
    assert baselines.learn_missingness(with_views(simulated, "sequence")) == {}
