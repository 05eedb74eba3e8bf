"""Genes of the simulated organism, scored from saved models as if they were new: the same as in the run."""

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from geneduet import baselines, cotraining, scoring
from geneduet.scoring import Recipe
from geneduet.views.vote import Joining


@pytest.fixture(scope="module")
def run(simulated, tmp_path_factory):
    """The folders of a run, the scores of all models by chain, and what came of co-training."""
    folder = tmp_path_factory.mktemp("run")
    references, place = folder / "references", folder / "cotraining"
    learned = baselines.fit_supervised(simulated, references)
    simple = baselines.calibrated(simulated, baselines.untrained(simulated), place)
    outcome = cotraining.cotrain(simulated, simple, learned, 2, place)
    scores = baselines.by_fold(learned)
    models = {**simple, **scores, **baselines.fuse(simulated, scores), **baselines.weigh(simulated, learned, folder)}
    cotraining.write_choice(place / "chosen.json", outcome)
    return Recipe.read(references, place), models | {"co_training": outcome.models["co_training"]}, outcome


def as_new(task, rows):
    """Some genes as newcomers, and the task that they join: without a look at the labels of the former."""

    def joining(links):
        return Joining(sparse.csr_array(links.weights[rows]), sparse.csr_array(links.copies[rows]))

    views = {
        name: replace(
            view,
            features=view.features[rows],
            present=view.present[rows],
            voters={voter: joining(links) for voter, links in view.voters.items()},
        )
        for name, view in task.views.items()
    }
    known = replace(task, views={}, homology={name: joining(links) for name, links in task.homology.items()})
    none = sparse.csr_array((len(rows), len(task.labels.terms)), dtype=bool)
    labels = replace(task.labels, positive=none, negative=none, annotated=task.labels.annotated[rows])
    return known, replace(known, labels=labels, views=views, fold=task.fold[rows], family=task.family[rows])


def assert_as_in_the_run(recipe, task, rows, expected):
    found = scoring.score(recipe, *as_new(task, rows))
    for name, scores in found.items():
        np.testing.assert_allclose(scores, task.finish(expected[name])[rows], atol=1e-6, err_msg=name)


@pytest.mark.parametrize(
    "name",
    [
        *("naive", "homology", "sequence", "expression", "early_fusion", "late_fusion", "fusion", "weighted_fusion"),
        "co_training",
    ],
)
def test_genes_score_as_in_the_run_whichever_model_is_final(simulated, run, name):
    recipe, models, outcome = run
    views = {f"{view}_view": scores for view, scores in outcome.views.items()}
    own = replace(recipe, final=[name] * simulated.folds)
    # with labels and without, with expression and without
    assert_as_in_the_run(own, simulated, np.arange(0, 150, 4), {"final": models[name], **views})


def test_chains_of_different_models_and_rounds_come_together(simulated, run):
    recipe, models, outcome = run
    names = ["co_training", "fusion", "homology", "co_training"]
    own = replace(recipe, final=names)
    final = [models[name][k] for k, name in enumerate(names)]
    views = {f"{view}_view": scores for view, scores in outcome.views.items()}
    assert_as_in_the_run(own, simulated, np.arange(1, 150, 3), {"final": final, **views})


def test_without_co_training_the_views_are_the_supervised_models(simulated, tmp_path):
    learned = baselines.fit_supervised(simulated, tmp_path / "references")
    simple = baselines.calibrated(simulated, baselines.untrained(simulated), tmp_path / "cotraining")
    outcome = cotraining.cotrain(simulated, simple, learned, 0, tmp_path / "cotraining")
    cotraining.write_choice(tmp_path / "cotraining" / "chosen.json", outcome)
    recipe = Recipe.read(tmp_path / "references", tmp_path / "cotraining")
    views = {f"{view}_view": scores for view, scores in outcome.views.items()}
    assert_as_in_the_run(recipe, simulated, np.arange(0, 150, 5), {"final": outcome.models["final"], **views})


def test_an_aspect_that_was_not_learned_is_naive_here_too(simulated, tmp_path):
    outcome = cotraining.not_learned(simulated, baselines.untrained(simulated)["naive"], "no labels")
    cotraining.write_choice(tmp_path / "chosen.json", outcome)
    known, new = as_new(simulated, np.arange(9))
    found = scoring.score(Recipe.read(tmp_path, tmp_path), known, replace(new, views={}))
    assert list(found) == ["final"]
    np.testing.assert_array_equal(found["final"], simulated.finish(outcome.models["final"])[:9])


def test_what_one_gene_scores_does_not_depend_on_those_beside_it(simulated, run):
    rows = np.arange(2, 150, 7)
    together = scoring.score(run[0], *as_new(simulated, rows))["final"]
    alone = scoring.score(run[0], *as_new(simulated, rows[3:4]))["final"]
    np.testing.assert_allclose(alone[0], together[3], atol=1e-7)


def test_models_without_weight_in_either_chain_of_a_pair_are_not_needed(run, tmp_path):
    recipe = run[0]
    (tmp_path / "co_training.1").mkdir()
    for view in ("sequence", "expression"):
        (tmp_path / f"{view}_view").mkdir()
        own = [{view: {view: 0.5, f"{view}_student": 0.0}}] * 3
        (tmp_path / f"{view}_view" / "weights.json").write_text(json.dumps(own))
    heard = {"sequence": 0.4, "early_fusion": 0.0, "early_fusion_student": 0.3}
    chains = [{"sequence+expression": heard}, {"sequence+expression": {"early_fusion": 0.0}}]
    (tmp_path / "co_training.1" / "weights.json").write_text(json.dumps(chains))
    own = replace(recipe, cotraining=tmp_path, final=["co_training", "co_training", "sequence"], rounds=[1, 1, 2])
    assert own.needed_for((0, 1)) == ["early_fusion.1", "expression", "sequence"]
    assert own.needed_for((1, 2)) == ["expression", "sequence"]
