from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from geneduet.labels import Transfer
from geneduet.learners import Lesson, ViewLearner, make_view
from geneduet.views import vote


@pytest.fixture
def learner(simulated):
    """A function of view names: a learner not yet fitted."""

    def make(*names, unknown_weight=1.0, seed=5):
        return ViewLearner([simulated.views[name] for name in names], simulated.settings, unknown_weight, seed)

    return make


def test_a_view_holds_all_genes_and_knows_which_it_has():
    table = pd.DataFrame({"length": [1.0, 2.0], "charge": [3.0, 4.0]}, index=["c", "a"])
    view = make_view("sequence", table, ["a", "b", "c"])
    assert view.present.tolist() == [True, False, True]
    assert view.columns == ["sequence:length", "sequence:charge"]
    np.testing.assert_array_equal(view.features, np.array([[2, 4], [np.nan, np.nan], [1, 3]], np.float32))
    assert view.features.dtype == np.float32


@pytest.mark.parametrize("names", [("sequence",), ("expression",), ("sequence", "expression")])
def test_each_column_that_the_trees_see_has_a_name_of_its_own(simulated, learner, names):
    own = learner(*names)
    features, base = own.describe(simulated.labels, simulated.training(0))
    columns = own.columns(len(simulated.labels.terms))
    assert len(columns) == len(set(columns)) == features.shape[1]
    assert base.shape == simulated.labels.positive.shape
    # the vote of the first view stands behind the features of all views
    place = columns.index(f"{names[0]}:{next(iter(own.views[0].voters))}:closest")
    links = own.views[0].voters["homologues" if names[0] == "sequence" else "coexpressed"]
    given = links.vote(simulated.labels.positive, simulated.training(0))
    np.testing.assert_allclose(features[:, place], given.strength, rtol=1e-6)


def test_what_the_trees_see_comes_from_training_labels_alone(simulated, learner, with_labels):
    training = simulated.training(0)
    other = simulated.labels.positive.toarray()
    other[~training] = True
    task = with_labels(simulated, other)
    for names in (["sequence"], ["expression"], ["sequence", "expression"]):
        before, after = (learner(*names).describe(own.labels, training) for own in (simulated, task))
        np.testing.assert_array_equal(after[0], before[0])
        np.testing.assert_array_equal(after[1], before[1])


def test_a_gene_without_the_view_gets_the_prior(simulated, learner):
    training = simulated.training(0)
    missing = ~simulated.views["expression"].present
    prior = vote.naive(simulated.labels.positive, training)
    for names in (["expression"], ["sequence", "expression"]):
        scores = learner(*names).fit(simulated.labels, training).predict(simulated.labels, training)
        assert (scores[missing] == prior).all()
        assert (scores[~missing] != prior).any(axis=1).all()


def test_a_gene_without_the_view_is_not_learned_from(simulated, learner, with_labels):
    training = simulated.training(0)
    missing = ~simulated.views["expression"].present
    # its labels count in the prior and the components; swapping those of two such genes leaves these as they are
    first, second = np.flatnonzero(missing & training)[:2]
    positive = simulated.labels.positive.toarray()
    assert (positive[first] != positive[second]).any()
    positive[[first, second]] = positive[[second, first]]
    tasks = (with_labels(simulated, simulated.labels.positive.toarray()), with_labels(simulated, positive))
    before, after = (learner("expression").fit(task.labels, training).predict(task.labels, training) for task in tasks)
    np.testing.assert_array_equal(after, before)


def test_unknown_pairs_of_weight_0_are_not_taken_as_negative(simulated, learner):
    # where only positives and NOTs count, nothing but NOTs speaks against a term
    training = simulated.training(0)
    strict, open_world = (
        learner("sequence", unknown_weight=weight).fit(simulated.labels, training).predict(simulated.labels, training)
        for weight in (1.0, 0.0)
    )
    assert open_world.mean() > strict.mean() + 0.1


def test_a_not_pair_keeps_its_weight_where_unknown_ones_lose_theirs(simulated, learner):
    training = simulated.training(0)
    missing = ~simulated.labels.positive.toarray()
    told = missing & (np.random.default_rng(1).random(missing.shape) < 0.3)
    with_not, without = (
        learner("sequence", unknown_weight=0.0).fit(labels, training).predict(labels, training)
        for labels in (
            replace(simulated.labels, negative=sparse.csr_array(pairs)) for pairs in (told, np.zeros_like(told))
        )
    )
    rows = training[:, None] & told
    assert with_not[rows].mean() < without[rows].mean() - 0.05


def test_what_a_reference_says_is_learned_as_its_share_and_as_far_as_it_is_trusted(simulated, learner, monkeypatch):
    seen = {}

    def fit(self, X, target, weight, base):
        seen.update(target=target, weight=weight)

    monkeypatch.setattr("geneduet.learners.MultiLabelBooster.fit", fit)
    labels, training = simulated.labels, simulated.training(0)
    by_reference = labels.annotated & (np.arange(len(training)) % 2 == 0)
    share = sparse.csr_array(np.full(labels.positive.shape, 0.25, np.float32) * by_reference[:, None])
    trust = np.where(by_reference, 0.75, 0).astype(np.float32)
    told = replace(labels, transfer=Transfer(share, trust, by_reference))
    learner("sequence").fit(told, training)
    rows = by_reference[training]
    assert rows.any()
    assert (seen["target"][rows] == 0.25).all()
    np.testing.assert_array_equal(seen["target"][~rows], labels.positive.toarray()[training & ~by_reference])
    assert (seen["weight"] == np.where(rows, 0.75, 1)[:, None]).all()


def test_a_student_hears_of_neighbours_what_a_teacher_says_and_believes_it_as_far_as_it_proves_right(
    simulated, learner
):
    labels, training = simulated.labels, simulated.training(0)
    truth = np.clip(labels.positive.toarray() + 0.0, 0, 1).astype(np.float32)
    wrong = np.random.default_rng(1).permutation(truth)
    error = {}
    for name, told in (
        ("nothing", None),
        ("truth", Lesson.of(truth)),
        ("noise", Lesson.of(wrong)),
    ):
        scores = learner("expression").fit(labels, training, told).predict(labels, training)
        error[name] = ((scores - truth)[labels.annotated & ~training] ** 2).mean()
    assert error["truth"] < error["nothing"]
    assert error["noise"] < error["nothing"] * 1.15


def test_each_column_of_a_student_has_a_name_of_its_own(simulated, learner):
    labels, training = simulated.labels, simulated.training(0)
    lesson = Lesson.of(np.zeros(labels.positive.shape, np.float32))
    own = learner("sequence", "expression")
    features, _ = own.describe(labels, training, lesson)
    names = own.columns(len(labels.terms), lesson=True)
    assert len(set(names)) == len(names) == features.shape[1]
    assert "expression:coexpressed_predicted:closest" in names


def test_a_learner_is_saved_and_taken_up_again(simulated, learner, tmp_path):
    training = simulated.training(0)
    own = learner("sequence").fit(simulated.labels, training)
    own.save(tmp_path)
    again = learner("sequence", seed=99).load(tmp_path)
    np.testing.assert_array_equal(again.predict(simulated.labels, training), own.predict(simulated.labels, training))


def test_a_student_is_saved_with_what_it_was_told_of_genes_that_it_did_not_learn_from(simulated, learner, tmp_path):
    labels, training = simulated.labels, simulated.training(0)
    lesson = Lesson.of(np.random.default_rng(1).random(labels.positive.shape).astype(np.float32))
    own = learner("sequence", "expression").fit(labels, training, lesson)
    own.save(tmp_path)
    again = learner("sequence", "expression").load(tmp_path)
    np.testing.assert_array_equal(again.predict(labels, training), own.predict(labels, training))
    np.testing.assert_array_equal(again.lesson.code[~training], lesson.code[~training])
    assert not again.lesson.code[training].any()


def test_a_lesson_is_told_in_steps_that_keep_the_frequency_of_a_rare_term():
    scores = np.array([[0.002, 0.005, 0.5, 0.99]], np.float32)
    np.testing.assert_allclose(Lesson.of(scores).told, scores, rtol=0.1)
    assert (Lesson.of(Lesson.of(scores).told).code == Lesson.of(scores).code).all()


def test_nothing_is_predicted_or_saved_before_the_fit(simulated, learner, tmp_path):
    with pytest.raises(ValueError, match="fit or load before predict"):
        learner("sequence").predict(simulated.labels, simulated.training(0))
    with pytest.raises(ValueError, match="fit before save"):
        learner("sequence").save(tmp_path)
