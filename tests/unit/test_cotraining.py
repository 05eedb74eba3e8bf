"""Properties of the co-training loop, on the simulated organism."""

import json
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from geneduet import baselines, cotraining, teaching
from geneduet.gain import Resampled
from geneduet.stacking import stack


def supervise(task, folder):
    return baselines.untrained(task), baselines.fit_supervised(task, folder)


def all_supervised(task, supervised, folder):
    simple, learned = supervised
    scores = baselines.by_fold(learned)
    return {**simple, **scores, **baselines.fuse(task, scores), **baselines.weigh(task, learned, folder)}


def run(task, supervised, folder, rounds=1):
    return cotraining.cotrain(task, *supervised, rounds, folder / "cotraining")


def assert_same(one, other):
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_array_equal(other[name], one[name], err_msg=name)


def micro_ap(task, by_fold, truth=None):
    rows = task.labels.annotated
    truth = task.labels.positive.toarray() if truth is None else truth
    return average_precision_score(truth[rows].ravel(), task.out_of_fold(by_fold)[rows].ravel())


@pytest.fixture(scope="module")
def supervised(simulated, tmp_path_factory):
    return supervise(simulated, tmp_path_factory.mktemp("supervised"))


@pytest.fixture(scope="module")
def cotrained(simulated, supervised, tmp_path_factory):
    return run(simulated, supervised, tmp_path_factory.mktemp("cotrained"))


@pytest.fixture
def decide(monkeypatch):
    """A function: let comparisons of two models, one after the other, come out so (true: the second is better)."""

    def let(*outcomes):
        left = iter(outcomes)
        original = cotraining._compare

        def compare(task, scores, genes):
            found = list(scores)
            if len(found) != 2:
                return original(task, found, genes)
            values = np.array([0.1, 0.2] if next(left, True) else [0.2, 0.1])
            return Resampled(values, np.tile(values, (3, 1)))

        monkeypatch.setattr(cotraining, "_compare", compare)

    return let


def test_the_same_seed_gives_the_same_outcome_on_one_thread_and_on_two(simulated, supervised, cotrained, tmp_path):
    again = run(replace(simulated, threads=2), supervised, tmp_path)
    assert_same(again.models, cotrained.models)
    assert_same(again.views, cotrained.views)
    assert (again.chosen, again.weights) == (cotrained.chosen, cotrained.weights)
    assert again.rounds.equals(cotrained.rounds)


def test_genes_that_are_not_reported_are_in_no_score_of_the_table_and_change_nothing_else(
    simulated, supervised, cotrained, tmp_path
):
    reported = np.arange(len(simulated.fold)) % 3 > 0
    again = cotraining.cotrain(simulated, *supervised, 1, tmp_path, reported)
    assert_same(again.models, cotrained.models)
    assert again.chosen == cotrained.chosen
    assert (again.rounds["score_before"] != cotrained.rounds["score_before"]).all()
    rows, truth = simulated.labels.annotated & reported, simulated.labels.positive.toarray()
    first = again.rounds.set_index("view").loc["sequence", "score_before"]
    scores = simulated.out_of_fold(supervised[1]["sequence"].by_fold)
    assert first == pytest.approx(average_precision_score(truth[rows].ravel(), scores[rows].ravel()), abs=0.01)


def test_cotraining_and_what_is_final_are_better_than_naive_and_no_worse_than_supervised(
    simulated, supervised, cotrained, tmp_path
):
    known = all_supervised(simulated, supervised, tmp_path)
    best = max(micro_ap(simulated, by_fold) for by_fold in known.values())
    for name in ("co_training", "final"):
        assert micro_ap(simulated, cotrained.models[name]) > micro_ap(simulated, known["naive"]) + 0.1
        assert micro_ap(simulated, cotrained.models[name]) > best - 0.02, name
    for name, by_fold in cotrained.views.items():
        assert micro_ap(simulated, by_fold) > micro_ap(simulated, known[name]) - 0.02, name


def test_labels_of_a_fold_never_reach_its_own_chain(simulated, turned_around, tmp_path):
    # through two rounds of lessons, weights, calibration, gates and the choice of the final model: the same to the bit
    before = run(simulated, supervise(simulated, tmp_path / "before"), tmp_path, 2)
    for k in (0, 2):
        task = turned_around(simulated, k)
        after = run(task, supervise(task, tmp_path / f"{k}"), tmp_path, 2)
        assert (after.chosen[k], after.weights[k]) == (before.chosen[k], before.weights[k])
        for name, own in (after.models | after.views).items():
            old = (before.models | before.views)[name]
            np.testing.assert_array_equal(own[k], old[k], err_msg=name)
            other = (k + 1) % simulated.folds  # the other chains do see them: the test can fail
            assert (own[other] != old[other]).any(), name


def test_self_training_is_blind_to_the_fold_too(simulated, turned_around, tmp_path):
    before = cotraining.self_train(simulated, baselines.fit_supervised(simulated, tmp_path / "before"), 2)
    task = turned_around(simulated, 1)
    after = cotraining.self_train(task, baselines.fit_supervised(task, tmp_path / "after"), 2)
    np.testing.assert_array_equal(after[1], before[1])
    assert (after[0] != before[0]).any()


def test_a_round_is_kept_by_the_chains_that_are_better_after_it(simulated, supervised, tmp_path, decide):
    # comparisons of a round: three students, the stack, its chains (4); then each chain with the round before
    decide(*[True] * 8, *[True] * 8, True, False, True, True)
    outcome = run(simulated, supervised, tmp_path, 2)
    assert outcome.kept == [2, 1, 2, 2]


def test_a_chain_that_has_refused_a_round_does_not_come_back_to_a_later_one(simulated, supervised, tmp_path, decide):
    # else what other chains keep, who see its labels, would decide for it
    decide(*[True] * 8, *[True] * 8, True, False, True, True, *[True] * 8, *[True] * 3)
    outcome = run(simulated, supervised, tmp_path, 3)
    assert outcome.kept == [3, 1, 3, 3]


def test_without_links_there_is_nothing_to_hear(simulated, tmp_path):
    views = {name: replace(view, voters={}) for name, view in simulated.views.items()}
    task = replace(simulated, views=views)
    outcome = run(task, supervise(task, tmp_path), tmp_path)
    assert outcome.rounds["reason"].tolist() == ["no links between genes along which anything could be heard"]


def test_when_no_chain_is_better_after_a_round_there_is_none_to_come(simulated, supervised, tmp_path, decide):
    decide(*[True] * 8, *[True] * 8, *[False] * 4)
    outcome = run(simulated, supervised, tmp_path, 5)
    assert outcome.kept == [1] * 4
    assert outcome.rounds["round"].max() == 2


def test_boosters_of_rounds_that_no_chain_ended_with_are_removed(simulated, supervised, tmp_path, decide):
    decide(*[True] * 8, *[True] * 8, *[False] * 4)
    outcome = run(simulated, supervised, tmp_path, 2)
    folder = tmp_path / "cotraining"
    assert (folder / "sequence.2" / "0-1" / "booster.ubj").is_file()
    cotraining.remove_unused(folder, outcome)
    left = {place.name for place in folder.iterdir()}
    assert {"sequence.1", "expression.1", "early_fusion.1", "co_training.1"} <= left
    assert not [name for name in left if name.endswith(".2")]
    assert (folder / "sequence.1" / "0-1" / "booster.ubj").is_file()


def test_cotraining_is_final_only_where_it_beats_every_supervised_model(simulated, monkeypatch):
    names = ["naive", "fusion", "co_training"]
    models = {name: [np.full((2, 2), number, np.float32)] * simulated.folds for number, name in enumerate(names)}

    def let(*values):
        monkeypatch.setattr(cotraining, "_compare", lambda *given: Resampled(np.array(values), np.array([values])))
        chosen, final = cotraining._finally(simulated, models)
        assert final["final"][0][0, 0] == names.index(chosen[0])
        return set(chosen)

    assert let(0.1, 0.3, 0.35) == {"co_training"}
    assert let(0.1, 0.3, 0.3) == {"fusion"}
    assert let(0.4, 0.3, 0.35) == {"naive"}


def test_a_gene_without_expression_is_scored_by_what_the_sequence_view_has_become(simulated, supervised):
    missing = ~simulated.views["expression"].present
    (made,) = teaching.teach(simulated, supervised[1], teaching.CROSS, 1, "taught", None)
    parts = teaching.parts(simulated, supervised[1], made.students)
    own = stack(simulated, {name: part for name, part in parts.items() if list(part.views) == ["sequence"]})
    for k, weights in enumerate(own.weights):
        assert set(weights["sequence"]) == {"sequence", "sequence_student"}
        assert weights["sequence"] == made.stacked.weights[k]["sequence"]
        np.testing.assert_array_equal(made.stacked.raw[k][missing], own.raw[k][missing])


def test_final_scores_are_those_of_the_model_chosen_for_the_chain(simulated, supervised, cotrained, tmp_path):
    known = all_supervised(simulated, supervised, tmp_path)
    for k, name in enumerate(cotrained.chosen):
        source = cotrained.models["co_training"] if name == "co_training" else known[name]
        np.testing.assert_array_equal(cotrained.models["final"][k], source[k])


def test_the_table_of_rounds_says_what_became_of_each(simulated, cotrained):
    rounds = cotrained.rounds
    assert list(rounds.columns) == cotraining.COLUMNS
    assert set(rounds["aspect"]) == {"P"}
    assert rounds["view"].tolist() == ["sequence", "expression", "early_fusion", "co_training"]
    students = rounds[rounds["view"] != "co_training"]
    assert students["estimated_precision"].between(0, 1).all()
    assert (students["pseudo_labels"] >= 0).all()
    for _, row in rounds.iterrows():
        assert row["reason"].startswith(f"{row['score_after'] - row['score_before']:+.4f} +- ")
        kept = int(row["reason"].rpartition(" in ")[2].split()[0])
        assert row["kept"] == ("yes" if kept == simulated.folds else "partly" if kept else "no")
    for _, row in students.iterrows():
        told = np.mean([own["sequence+expression"][f"{row['view']}_student"] for own in cotrained.weights])
        assert f"weight {told:.2f} in the stack" in row["reason"]


def test_what_was_told_is_counted_on_unlabelled_genes_alone(simulated):
    told = np.zeros(simulated.labels.positive.shape, np.float32)
    free = np.flatnonzero(~simulated.labels.annotated)
    told[free[0], :2] = [0.8, 0.4]
    told[simulated.labels.annotated] = 1.0
    counted = cotraining._told(simulated, [teaching.Lesson.of(told)] * 2)
    assert counted["pseudo_labels"] == 1
    assert counted["estimated_precision"] == pytest.approx((0.64 + 0.16) / 1.2, abs=0.005)


def test_with_one_view_cotraining_is_skipped_and_says_so(simulated, with_views, tmp_path):
    for view in ("sequence", "expression"):
        alone = with_views(simulated, view)
        fitted = supervise(alone, tmp_path / view)
        known = all_supervised(alone, fitted, tmp_path)
        outcome = run(alone, fitted, tmp_path / view)
        assert outcome.rounds["reason"].tolist() == ["one view only: nobody to learn from"]
        assert outcome.rounds["kept"].tolist() == ["no"]
        assert set(outcome.chosen) <= set(known)
        assert_same(outcome.views, {view: known[view]})
        assert not (tmp_path / view / "cotraining").exists()


def test_with_one_view_self_training_is_that_view_teaching_itself(simulated, with_views, tmp_path):
    alone = with_views(simulated, "expression")
    learned = baselines.fit_supervised(alone, tmp_path)
    taught = cotraining.self_train(alone, learned, 1)
    assert (taught[0] != learned["expression"].by_fold[0]).any()
    assert micro_ap(alone, taught) > micro_ap(alone, baselines.untrained(alone)["naive"]) + 0.05


def test_without_rounds_the_supervised_models_stand(simulated, supervised, tmp_path):
    outcome = run(simulated, supervised, tmp_path, 0)
    assert outcome.rounds["reason"].tolist() == ["switched off (cotraining.enabled)"]
    known = all_supervised(simulated, supervised, tmp_path)
    np.testing.assert_array_equal(outcome.models["co_training"], known["weighted_fusion"])
    assert set(outcome.chosen) <= set(baselines.SUPERVISED)
    assert outcome.kept == []


def test_an_aspect_that_cannot_be_learned_ends_with_naive_and_says_why(simulated):
    naive = baselines.untrained(simulated)["naive"]
    outcome = cotraining.not_learned(simulated, naive, "12 labelled genes where minimum_labels asks for 20")
    assert set(outcome.models) == {"final"}
    np.testing.assert_array_equal(outcome.models["final"], naive)
    assert (outcome.chosen, outcome.kept) == (["naive"] * simulated.folds, [])
    assert outcome.views == {}  # no view was learned: no score of its own
    assert outcome.rounds["reason"].tolist() == ["12 labelled genes where minimum_labels asks for 20"]


def test_the_choice_is_written_with_rounds_and_weights(cotrained, tmp_path):
    cotraining.write_choice(tmp_path / "chosen.json", cotrained)
    written = json.loads((tmp_path / "chosen.json").read_text())
    assert written == {
        "views": ["sequence", "expression"],
        "final": cotrained.chosen,
        "rounds": [1] * 4,
        "weights": cotrained.weights,
    }
    assert cotraining.read_choice(tmp_path / "chosen.json").final == cotrained.chosen


def test_scores_obey_the_hierarchy(simulated, cotrained):
    below, above = simulated.labels.ancestors.nonzero()
    for name, by_fold in {**cotrained.models, **cotrained.views}.items():
        scores = simulated.finish(by_fold)
        assert (scores[:, below] <= scores[:, above]).all(), name


def test_shuffled_labels_score_like_naive(simulated, with_labels, tmp_path):
    rows = np.flatnonzero(simulated.labels.annotated)
    gains = {"co_training": [], "final": []}
    for seed in range(5):
        positive = simulated.labels.positive.toarray()
        positive[rows] = positive[np.random.default_rng(seed).permutation(rows)]
        task = replace(with_labels(simulated, positive), seed=seed)
        known = supervise(task, tmp_path / str(seed))
        outcome = run(task, known, tmp_path / str(seed))

        naive = micro_ap(task, known[0]["naive"])
        for name, own in gains.items():
            own.append(micro_ap(task, outcome.models[name]) - naive)
    for name, own in gains.items():
        error = np.std(own, ddof=1) / np.sqrt(len(own))
        print(f"{name}: {np.mean(own):+.3f} +- {error:.3f}")
        assert np.mean(own) < max(3 * error, 0.02), name
