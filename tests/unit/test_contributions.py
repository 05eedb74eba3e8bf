"""What features add to final scores, on the simulated organism."""

import numpy as np
import pytest

from geneduet import baselines, teaching
from geneduet.contributions import contributions, shares
from geneduet.crossfit import uncalibrated
from geneduet.scoring import Recipe
from geneduet.stacking import Part, stack

ROUNDS = 2


@pytest.fixture(scope="module")
def trained(simulated, tmp_path_factory):
    """The simulated organism, the folders of its models, and the raw scores of co-training after each round."""
    folder = tmp_path_factory.mktemp("trained")
    learned = baselines.fit_supervised(simulated, folder / "references")
    baselines.weigh(simulated, learned, folder / "cotraining")
    rounds = list(teaching.teach(simulated, learned, teaching.CROSS, ROUNDS, "co_training", folder / "cotraining"))
    return simulated, folder, [made.stacked for made in rounds]


def chosen(folder, final, rounds):
    """What is final in each chain, and the round that each keeps."""
    return Recipe(folder / "references", folder / "cotraining", final, rounds, ["sequence", "expression"])


def cotrained(folder, kept):
    """Co-training is final, and each chain keeps the round that is named."""
    return chosen(folder, ["co_training"] * len(kept), kept)


def some_pairs(task, seed=0):
    random = np.random.default_rng(seed)
    gene, term = random.integers(len(task.fold), size=200), random.integers(len(task.labels.terms), size=200)
    return gene, term


def test_contributions_add_up_to_the_raw_score_of_the_round_that_each_chain_keeps(trained):
    task, folder, stacked = trained
    kept = [1, 2, 2, 1]
    gene, term = some_pairs(task)
    found = contributions(task, cotrained(folder, kept), gene, term)
    raw = task.out_of_fold([stacked[number - 1].raw[k] for k, number in enumerate(kept)])
    total = found.values.sum(axis=(0, 2)) + found.rest
    np.testing.assert_allclose(total, raw[gene, term], atol=1e-5)
    assert {name.rpartition(".")[2] for name in found.models if "." in name} == {"1", "2"}


@pytest.mark.parametrize("final", ["sequence", "expression", "early_fusion", "weighted_fusion"])
def test_contributions_add_up_where_a_supervised_model_is_final(trained, final):
    task, folder, _ = trained
    gene, term = some_pairs(task)
    found = contributions(task, chosen(folder, [final] * task.folds, []), gene, term)
    learned = baselines.reload_supervised(task, folder / "references")
    by_pair = baselines.by_pair(learned)
    if final == "weighted_fusion":
        views = baselines.learned_models(task)
        raw = stack(task, {name: Part(views[name], own) for name, own in by_pair.items()}).raw
    else:
        raw = [uncalibrated(task, by_pair[final], k) for k in range(task.folds)]
    total = found.values.sum(axis=(0, 2)) + found.rest
    # of a gene that the model cannot score the prior is that of the chain, and not the mean of those of its models
    scored = task.present(["expression"])[gene] | (final != "expression")
    np.testing.assert_allclose(total[scored], task.out_of_fold(raw)[gene, term][scored], atol=2e-3)


def test_labels_of_a_fold_do_not_change_what_explains_its_genes(trained, turned_around):
    # the folder holds boosters that have not seen the fold; the votes are taken again, and must not see it either
    task, folder, _ = trained
    recipe = cotrained(folder, [2] * task.folds)
    gene, term = some_pairs(task)
    before = contributions(task, recipe, gene, term)
    k = 1
    after = contributions(turned_around(task, k), recipe, gene, term)
    own = task.labels.annotated[gene] & (task.fold[gene] == k)
    assert own.sum() > 10
    np.testing.assert_array_equal(after.values[:, own], before.values[:, own])
    np.testing.assert_array_equal(after.rest[own], before.rest[own])
    assert (after.values[:, ~own] != before.values[:, ~own]).any()


def test_a_gene_without_expression_owes_nothing_to_it(trained):
    task, folder, _ = trained
    missing = np.flatnonzero(~task.views["expression"].present)
    found = contributions(task, cotrained(folder, [1] * task.folds), missing, np.zeros(len(missing), int))
    of_expression = [
        number for number, name in enumerate(found.names) if name.startswith("expression:") or "coexpressed" in name
    ]
    assert len(of_expression) == 14
    assert (found.values[:, :, of_expression] == 0).all()
    assert (found.values != 0).any(axis=(0, 2)).all()


def test_shares_are_those_of_the_chain_of_a_labelled_gene_and_of_all_chains_for_another(simulated):
    # four folds, so three models a chain; the model weighs .6 in chain 0, .3 in chain 1, nothing in the others
    weights = [{"sequence+expression": {"sequence": weight}} for weight in (0.6, 0.3, 0, 0)]
    found = shares(simulated, weights, "sequence", (0, 1))
    both = simulated.present(["sequence", "expression"])
    labelled, fold = simulated.labels.annotated, simulated.fold
    np.testing.assert_allclose(found[both & labelled & (fold == 0)], 0.6 / 3)
    np.testing.assert_allclose(found[both & labelled & (fold == 1)], 0.3 / 3)
    assert (found[labelled & (fold > 1)] == 0).all()
    np.testing.assert_allclose(found[both & ~labelled], (0.6 + 0.3) / 4 / 3, rtol=1e-6)
    assert (found[~both] == 0).all()
