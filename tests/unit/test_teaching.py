"""Who teaches whom, and what the students are told."""

from dataclasses import replace

import numpy as np
import pytest

from geneduet import baselines, teaching


@pytest.fixture(scope="module")
def learned(simulated, tmp_path_factory):
    return baselines.fit_supervised(simulated, tmp_path_factory.mktemp("learned"))


@pytest.fixture(scope="module")
def raw(simulated, learned):
    scores = baselines.by_pair(learned)
    return scores | baselines.fuse(simulated, scores)


def assert_told(lesson, scores):
    # in steps of 1/255 of the square root: half of one, 1/510, is how far off it may be
    np.testing.assert_allclose(np.sqrt(lesson.told), np.sqrt(np.clip(scores, 0, 1)), atol=1 / 509)


@pytest.mark.parametrize(
    ("teachers", "expected"),
    [
        (teaching.CROSS, {"sequence": "expression", "expression": "sequence", "early_fusion": "fusion"}),
        (teaching.OWN, {"sequence": "sequence", "expression": "expression", "early_fusion": "early_fusion"}),
    ],
)
def test_in_the_first_round_the_supervised_models_teach(simulated, learned, raw, teachers, expected):
    (made,) = teaching.teach(simulated, learned, teachers, 1, "taught", None)
    for student, teacher in expected.items():
        for number in (0, 5):
            assert_told(made.lessons[student][number], raw[teacher][number])


def test_in_the_second_a_model_and_its_student_teach_with_one_voice(simulated, learned, raw):
    first, second = teaching.teach(simulated, learned, teaching.CROSS, 2, "taught", None)
    expected = (raw["expression"][3] + first.students["expression"].by_pair[3]) / 2
    assert_told(second.lessons["sequence"][3], expected)


def test_all_students_of_a_round_are_told_the_state_before_it(simulated, learned, raw):
    (made,) = teaching.teach(simulated, learned, teaching.CROSS, 1, "taught", None)
    # sequence is taught first; expression still hears the supervised sequence model
    assert (made.students["sequence"].by_pair[0] != raw["sequence"][0]).any()
    assert_told(made.lessons["expression"][0], raw["sequence"][0])


def test_boosters_of_students_are_saved_by_round(simulated, learned, tmp_path):
    list(teaching.teach(simulated, learned, teaching.CROSS, 2, "co_training", tmp_path))
    for name in ("sequence.1", "expression.2", "early_fusion.2"):
        assert (tmp_path / name / "0-1" / "booster.ubj").is_file()
    assert (tmp_path / "co_training.2" / "calibrator.0.npz").is_file()


def test_co_training_and_self_training_have_as_many_models(simulated, learned):
    made = [next(teaching.teach(simulated, learned, who, 1, "x", None)) for who in (teaching.CROSS, teaching.OWN)]
    one, other = (own.stacked.weights[0]["sequence+expression"] for own in made)
    assert list(one) == list(other)
    assert len(one) == 6


def test_a_model_without_links_has_no_student_and_still_teaches(simulated, tmp_path):
    bare = replace(simulated.views["expression"], voters={})
    task = replace(simulated, views={**simulated.views, "expression": bare})
    learned = baselines.fit_supervised(task, tmp_path)
    first, second = teaching.teach(task, learned, teaching.CROSS, 2, "x", None)
    assert list(first.students) == list(second.students) == ["sequence", "early_fusion"]
    expression = baselines.by_pair(learned)["expression"]
    for made in (first, second):
        assert_told(made.lessons["sequence"][0], expression[0])
