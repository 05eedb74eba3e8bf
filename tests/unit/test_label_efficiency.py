import itertools

import numpy as np
import pandas as pd
import pytest

from geneduet import label_efficiency
from geneduet.splits import assign_folds

FAMILIES, ANNOTATED = np.arange(400) // 2, np.arange(400) % 4 > 0
SPLIT = pd.DataFrame({"family": FAMILIES, "reserved": FAMILIES % 7 == 3})


def test_levels_of_a_seed_are_nested_and_share_no_gene_with_the_test():
    test = label_efficiency.test_genes(SPLIT, ANNOTATED, 3, "all")
    levels = [label_efficiency.labelled_genes(ANNOTATED, test, percent, seed=3) for percent in (5, 10, 40, 80, 100)]
    for fewer, more in itertools.pairwise(levels):
        assert not (fewer & ~more).any()
    assert [int(level.sum()) for level in levels] == [12, 24, 96, 192, 240]
    assert not (levels[-1] & test).any()
    assert (levels[-1] == (ANNOTATED & ~test)).all()


def test_the_test_is_a_fifth_in_whole_families_and_another_with_another_seed():
    test = label_efficiency.test_genes(SPLIT, ANNOTATED, 3, "all")
    assert (test[::2] == test[1::2]).all()
    assert int((test & ANNOTATED).sum()) == 60
    assert (test != label_efficiency.test_genes(SPLIT, ANNOTATED, 4, "all")).any()


def test_where_the_reserved_families_are_judged_they_are_the_test_and_no_level_learns_from_them():
    for seed in (1, 2):
        test = label_efficiency.test_genes(SPLIT, ANNOTATED, seed, "reserved")
        assert (test == SPLIT["reserved"]).all()
        kept = label_efficiency.labelled_genes(ANNOTATED, test, 80, seed)
        assert kept.any()
        assert not (kept & SPLIT["reserved"]).any()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_test_is_none_of_the_folds_of_the_same_seed(seed):
    # else that fold would have no label left, and the models of the others more than usual
    fold = assign_folds(FAMILIES, ANNOTATED, 5, seed)
    test = label_efficiency.test_genes(SPLIT, ANNOTATED, seed, "all")
    assert max((test & ANNOTATED & (fold == k)).sum() for k in range(5)) < 30  # of 60


def test_a_term_that_was_not_trained_scores_its_prior_in_every_model(simulated):
    full = simulated.labels
    few = full.annotated & (np.arange(len(full.genes)) % 3 == 0)
    trained = [full.terms[4], full.terms[1]]
    models = {
        "naive": np.full((len(few), 2), 0.5, np.float32),
        "final": np.tile(np.array([0.7, 0.2], np.float32), (len(few), 1)),
    }
    found = label_efficiency.aligned(models, {*models, "fusion"}, trained, few, full)
    assert (found["final"][:, 4] == np.float32(0.7)).all()
    assert (found["final"][:, 1] == np.float32(0.2)).all()
    prior = full.positive.toarray()[few].mean(axis=0)
    # fusion had too few labels at this level
    np.testing.assert_allclose(found["fusion"][7], prior, rtol=1e-6)
    for name in models:
        np.testing.assert_allclose(found[name][7, [0, 2, 3]], prior[[0, 2, 3]], rtol=1e-6)
