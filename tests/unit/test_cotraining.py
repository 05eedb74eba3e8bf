"""Properties of the co-training loop, on the simulated organism."""

import json
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from geneduet import baselines, cotraining
from geneduet.cotraining import Rules
from geneduet.gain import Comparison
from geneduet.views import vote


def supervise(task, folder):
    return baselines.untrained(task), baselines.fit_supervised(task, folder)


def all_supervised(task, supervised):
    simple, learned = supervised
    scores = baselines.by_fold(learned)
    return {**simple, **scores, **baselines.fuse(task, scores)}


def run(task, supervised, folder, rules=None):
    return cotraining.cotrain(task, *supervised, rules or Rules(), folder / "cotraining")


def judge_by(keep):
    """A judgement that keeps the students for whose scores `keep` (a function of their number) says so."""
    calls = iter(range(1000))

    def judge(task, before, after, shown):
        gain = Comparison(0.1, 0.2, 0.01) if keep(next(calls)) else Comparison(0.2, 0.1, 0.01)
        return cotraining._Judgement(gain, [gain] * task.folds)

    return judge


def assert_same(one, other):
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_array_equal(other[name], one[name], err_msg=name)


@pytest.fixture(scope="module")
def supervised(simulated, tmp_path_factory):
    return supervise(simulated, tmp_path_factory.mktemp("supervised"))


@pytest.fixture(scope="module")
def cotrained(simulated, supervised, tmp_path_factory):
    return run(simulated, supervised, tmp_path_factory.mktemp("cotrained"))


def test_the_genes_taught_are_those_on_which_the_teacher_departs_most_from_the_prior():
    teacher = np.array([[0.1, 0.5], [0.3, 0.5], [0.9, 0.9], [0.1, 0.0], [0.8, 0.6]], np.float32)
    prior = np.array([0.1, 0.5], np.float32)
    # departures 0, .2, 1.2, .5, .8
    candidates = np.array([True, True, False, True, True])
    assert cotraining.select(teacher, prior, candidates, 0.5).tolist() == [False, False, False, True, True]
    assert cotraining.select(teacher, prior, candidates, 0.51).sum() == 3  # rounded up
    assert cotraining.select(teacher, prior, candidates, 0.0).sum() == 0
    assert cotraining.select(teacher, prior, candidates, 1.0).tolist() == candidates.tolist()
    assert not cotraining.select(teacher, prior, np.zeros(5, bool), 0.5).any()


def test_the_same_seed_gives_the_same_outcome_on_one_thread_and_on_two(simulated, supervised, cotrained, tmp_path):
    again = run(replace(simulated, threads=2), supervised, tmp_path)
    assert_same(again.models, cotrained.models)
    assert_same(again.views, cotrained.views)
    assert again.chosen == cotrained.chosen
    assert again.rounds.equals(cotrained.rounds)


def test_genes_that_are_not_reported_are_in_no_score_of_the_table_and_change_nothing_else(
    simulated, supervised, cotrained, tmp_path
):
    reported = np.arange(len(simulated.fold)) % 3 > 0
    again = cotraining.cotrain(simulated, *supervised, Rules(), tmp_path, reported)
    assert_same(again.models, cotrained.models)
    assert again.chosen == cotrained.chosen
    assert (again.rounds["score_before"] != cotrained.rounds["score_before"]).all()
    rows, truth = simulated.labels.annotated & reported, simulated.labels.positive.toarray()
    first = again.rounds.set_index("view").loc["sequence", "score_before"]
    scores = simulated.out_of_fold(supervised[1]["sequence"].by_fold)
    assert first == pytest.approx(average_precision_score(truth[rows].ravel(), scores[rows].ravel()), abs=0.01)


def test_cotrained_models_are_at_least_as_good_on_what_they_were_kept_for(simulated, supervised, cotrained):
    rows, truth = simulated.labels.annotated, simulated.labels.positive.toarray()

    def micro_ap(by_fold):
        return average_precision_score(truth[rows].ravel(), simulated.out_of_fold(by_fold)[rows].ravel())

    simple, learned = supervised
    assert micro_ap(cotrained.models["final"]) > micro_ap(simple["naive"]) + 0.1
    for name, by_fold in cotrained.views.items():
        assert micro_ap(by_fold) > micro_ap(learned[name].by_fold) - 0.02, name


def test_nobody_is_taught_a_gene_that_its_model_learns_from_or_that_lacks_a_view(simulated, supervised):
    can = simulated.present(["sequence", "expression"])
    for pair, raw in zip(simulated.pairs, supervised[1]["expression"].by_pair, strict=True):
        training = simulated.training(*pair)
        prior = vote.naive(simulated.labels.positive, training)
        lesson = cotraining._lesson(simulated, pair, raw, can, Rules(teach_share=0.25, weight=0.3))
        taught = lesson.weight > 0
        assert set(lesson.weight.tolist()) == {0.0, np.float32(0.3)}
        assert not (taught & (training | ~can)).any()
        free = can & ~training
        assert taught.sum() == np.ceil(0.25 * free.sum())
        departure = np.abs(raw - prior).sum(axis=1)
        assert departure[taught].min() >= departure[free & ~taught].max()


def test_labels_of_a_fold_never_reach_its_own_chain(simulated, turned_around, tmp_path):
    # through two rounds of lessons, calibration, gates and the choice of the final model: the same to the bit
    before = run(simulated, supervise(simulated, tmp_path / "before"), tmp_path, Rules(rounds=2))
    for k in (0, 2):
        task = turned_around(simulated, k)
        after = run(task, supervise(task, tmp_path / f"{k}"), tmp_path, Rules(rounds=2))
        assert after.chosen[k] == before.chosen[k]
        for name, own in (after.models | after.views).items():
            old = (before.models | before.views)[name]
            np.testing.assert_array_equal(own[k], old[k], err_msg=name)
            other = (k + 1) % simulated.folds  # the other chains do see them: the test can fail
            assert (own[other] != old[other]).any(), name


def test_students_of_a_round_learn_from_the_state_before_it(simulated, supervised, tmp_path, monkeypatch):
    # so sequence, which is taught first, must not change what expression hears
    heard = []
    original = cotraining.cross_fit

    def spy(task, model, views, folder, lessons=None):
        heard.append((model, lessons[0].target))
        return original(task, model, views, folder, lessons)

    monkeypatch.setattr(cotraining, "cross_fit", spy)
    run(simulated, supervised, tmp_path, Rules(rounds=1))
    assert [model for model, _ in heard] == ["sequence.1", "expression.1", "early_fusion.1"]
    raw = baselines.by_pair(supervised[1])
    teachers = raw | baselines.fuse(simulated, raw)
    for (_, target), teacher in zip(heard, ("expression", "sequence", "fusion"), strict=True):
        np.testing.assert_array_equal(target, np.clip(teachers[teacher][0], 0, 1))


def test_a_chain_that_keeps_nobody_of_a_round_has_stopped(simulated, supervised, tmp_path, monkeypatch):
    better, worse = Comparison(0.1, 0.2, 0.01), Comparison(0.2, 0.1, 0.01)
    calls = iter(range(100))

    def judge(task, before, after, shown):
        # in the first round chain 0 keeps sequence; later all would keep all
        keep = {0} if (call := next(calls)) == 0 else set() if call < 3 else set(range(task.folds))
        return cotraining._Judgement(better, [better if k in keep else worse for k in range(task.folds)])

    monkeypatch.setattr(cotraining, "_judge", judge)
    outcome = run(simulated, supervised, tmp_path, Rules(rounds=2))
    assert outcome.rounds["kept"].tolist() == ["partly", "no", "no", "partly", "partly", "partly"]
    assert outcome.source["sequence"] == [("cotraining", "sequence.2")] + [("references", "sequence")] * 3
    assert outcome.source["expression"] == [("cotraining", "expression.2")] + [("references", "expression")] * 3


def test_a_student_that_is_not_better_is_thrown_away(simulated, supervised, tmp_path, monkeypatch):
    monkeypatch.setattr(cotraining, "_judge", judge_by(lambda call: False))
    outcome = run(simulated, supervised, tmp_path, Rules(rounds=5))
    assert outcome.rounds["round"].tolist() == [1, 1, 1]  # after a round without a gain there is no other
    known = all_supervised(simulated, supervised)
    assert_same(outcome.views, {name: known[name] for name in outcome.views})
    np.testing.assert_array_equal(outcome.models["co_training"], known["fusion"])
    assert {origin for own in outcome.source.values() for origin, _ in own} == {"references"}
    # co-training is then the supervised fusion: no gain over the best, which is final
    assert set(outcome.chosen) <= set(baselines.SUPERVISED)


def test_a_student_that_is_better_takes_the_old_ones_place(simulated, supervised, tmp_path, monkeypatch):
    monkeypatch.setattr(cotraining, "_judge", judge_by(lambda call: call < 3))
    outcome = run(simulated, supervised, tmp_path, Rules(rounds=1))
    for name, own in outcome.source.items():
        assert own == [("cotraining", f"{name}.1")] * simulated.folds
        assert (tmp_path / "cotraining" / f"{name}.1" / "0-1" / "booster.ubj").is_file()
    for name, by_fold in outcome.views.items():
        assert (by_fold[0] != supervised[1][name].by_fold[0]).any()


def test_what_no_chain_uses_is_removed(simulated, supervised, tmp_path, monkeypatch):
    monkeypatch.setattr(cotraining, "_judge", judge_by(lambda call: call == 0))
    outcome = run(simulated, supervised, tmp_path, Rules(rounds=1))
    outcome.source["sequence"] = [("cotraining", "sequence.1"), *[("references", "sequence")] * 3]
    cotraining.remove_unused(simulated, tmp_path / "cotraining", outcome)
    assert [place.name for place in (tmp_path / "cotraining").iterdir()] == ["sequence.1"]
    left = sorted(place.name for place in (tmp_path / "cotraining" / "sequence.1").iterdir() if place.is_dir())
    assert left == ["0-1", "0-2", "0-3"]


def test_a_gene_without_expression_gets_the_cotrained_sequence_score(simulated, supervised, tmp_path, monkeypatch):
    missing = ~simulated.views["expression"].present
    # all three students kept; and the sequence view alone
    for keep in (lambda call: call < 3, lambda call: call == 0):
        monkeypatch.setattr(cotraining, "_judge", judge_by(keep))
        outcome = run(simulated, supervised, tmp_path, Rules(rounds=1))
        for k in range(simulated.folds):
            own = outcome.views["sequence"][k][missing]
            assert (own != supervised[1]["sequence"].by_fold[k][missing]).any()  # what expression taught it
            np.testing.assert_array_equal(outcome.models["co_training"][k][missing], own)


def test_final_scores_are_those_of_the_model_chosen_for_the_chain(simulated, supervised, cotrained):
    for k, name in enumerate(cotrained.chosen):
        known = all_supervised(simulated, supervised)
        source = cotrained.models["co_training"] if name == "co_training" else known[name]
        np.testing.assert_array_equal(cotrained.models["final"][k], source[k])


def test_the_table_of_rounds_says_what_became_of_each(simulated, cotrained):
    rounds = cotrained.rounds
    assert list(rounds.columns) == cotraining.COLUMNS
    assert set(rounds["aspect"]) == {"P"}
    assert rounds["view"].tolist()[:3] == ["sequence", "expression", "early_fusion"]
    assert rounds["estimated_precision"].between(0, 1).all()
    assert (rounds["pseudo_labels"] >= 0).all()
    for _, row in rounds.iterrows():
        assert row["reason"].startswith(f"{row['score_after'] - row['score_before']:+.4f} +- ")
        kept = int(row["reason"].split("kept in ")[1].split()[0])
        assert row["kept"] == ("yes" if kept == simulated.folds else "partly" if kept else "no")


def test_with_one_view_cotraining_is_skipped_and_says_so(simulated, with_views, tmp_path):
    for view in ("sequence", "expression"):
        alone = with_views(simulated, view)
        fitted = supervise(alone, tmp_path / view)
        known = all_supervised(alone, fitted)
        outcome = run(alone, fitted, tmp_path / view)
        assert outcome.rounds["reason"].tolist() == ["one view only: nobody to learn from"]
        assert outcome.rounds["kept"].tolist() == ["no"]
        assert set(outcome.chosen) <= set(known)
        np.testing.assert_array_equal(outcome.models["co_training"], known[view])
        assert not (tmp_path / view / "cotraining").exists()


def test_without_rounds_the_supervised_models_stand(simulated, supervised, tmp_path):
    outcome = run(simulated, supervised, tmp_path, Rules(rounds=0))
    assert outcome.rounds["reason"].tolist() == ["switched off (cotraining.enabled)"]
    np.testing.assert_array_equal(outcome.models["co_training"], all_supervised(simulated, supervised)["fusion"])
    assert not (tmp_path / "cotraining").exists()


def test_an_aspect_that_cannot_be_learned_ends_with_naive_and_says_why(simulated):
    naive = baselines.untrained(simulated)["naive"]
    outcome = cotraining.not_learned(simulated, naive, "12 labelled genes where minimum_labels asks for 20")
    assert set(outcome.models) == {"final"}
    np.testing.assert_array_equal(outcome.models["final"], naive)
    assert (outcome.chosen, outcome.source) == (["naive"] * simulated.folds, {})
    assert outcome.views == {}  # no view was learned: no score of its own
    assert outcome.rounds["reason"].tolist() == ["12 labelled genes where minimum_labels asks for 20"]


def test_the_choice_is_written_with_the_folders_of_the_boosters(simulated, supervised, tmp_path, monkeypatch):
    monkeypatch.setattr(cotraining, "_judge", judge_by(lambda call: call == 1))
    outcome = run(simulated, supervised, tmp_path, Rules(rounds=1))
    cotraining.write_choice(tmp_path / "chosen.json", outcome)
    written = json.loads((tmp_path / "chosen.json").read_text())
    assert written["final"] == outcome.chosen
    assert written["boosters"]["sequence"][0] == ["references", "sequence"]
    assert written["boosters"]["expression"][2] == ["cotraining", "expression.1"]


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

        def micro_ap(by_fold, positive=positive, task=task):
            return average_precision_score(positive[rows].ravel(), task.out_of_fold(by_fold)[rows].ravel())

        naive = micro_ap(known[0]["naive"])
        for name, own in gains.items():
            own.append(micro_ap(outcome.models[name]) - naive)
    for name, own in gains.items():
        error = np.std(own, ddof=1) / np.sqrt(len(own))
        print(f"{name}: {np.mean(own):+.3f} +- {error:.3f}")
        assert np.mean(own) < max(3 * error, 0.02), name
