import math

import numpy as np
import pytest

from geneduet.evaluation.label_value import LABEL_VALUE_COLUMNS, Level, label_value, labels_needed

LABELS = {10: 100, 40: 400, 100: 1000}
FUSION = {10: 0.2, 40: 0.4, 100: 0.5}


def level(percent, seed=1, n_labels=None, **scores):
    """Each score a number, the same in two resamples, or the value and its resamples."""
    values = {model: np.array(score if np.ndim(score) else [score] * 3, float) for model, score in scores.items()}
    return Level(seed, percent, LABELS[percent] if n_labels is None else n_labels, values)


def curve(of_model):
    """Fusion's curve, and of other models what is given at each level."""
    return [
        level(percent, fusion=fusion, **{model: scores[percent] for model, scores in of_model.items()})
        for percent, fusion in FUSION.items()
    ]


def co_training(**at):
    """Co-training's score at each level, beside fusion's."""
    return curve({"co_training": {percent: at.get(f"at_{percent}", score) for percent, score in FUSION.items()}})


def row(levels, percent, model="co_training", reference="fusion"):
    table = label_value(levels, "yeast", "P")
    (found,) = table.query("model == @model and reference == @reference and percent == @percent").to_dict("records")
    return found


# --- on the curve


def test_halfway_between_two_levels_is_their_geometric_mean():
    needed = labels_needed(np.array([100.0, 400]), np.array([0.2, 0.4]), np.array([0.3]))
    assert needed == pytest.approx([200])


def test_a_score_that_the_curve_only_touches_is_reached_there_first():
    # it dips to .3 after .4, and is at .4 again with ten times the labels
    needed = labels_needed(np.array([10.0, 100, 1000]), np.array([0.4, 0.3, 0.4]), np.array([0.4]))
    assert needed.tolist() == [10]


def test_each_curve_has_its_own_score():
    n, curves = np.array([1.0, 100]), np.array([[0.0, 1.0], [0.0, 0.5], [np.nan, 1.0]])
    assert labels_needed(n, curves, np.full(3, 0.5))[:2] == pytest.approx([10, 100])
    assert np.isnan(labels_needed(n, curves, np.full(3, 0.5))[2])


def test_one_level_is_a_point():
    one = np.array([7.0])
    assert labels_needed(one, np.array([0.3]), np.array([0.2, 0.3, 0.4])).tolist() == [0, 7, math.inf]


# --- the factor


def test_factor_is_the_labels_that_the_reference_needs_over_those_of_the_level():
    # .3 is reached by fusion with sqrt(100 * 400) = 200 genes, twice the 100 that co-training had
    found = row(co_training(at_10=0.3), 10)
    assert (found["factor"], found["ci_low"], found["ci_high"]) == pytest.approx((2, 2, 2))
    assert (found["n_labels"], found["score"], found["reference_score"], found["note"]) == (100, 0.3, 0.2, "")


def test_a_model_that_is_worse_than_the_reference_is_worth_less_than_one():
    assert row(co_training(at_40=0.3), 40)["factor"] == pytest.approx(0.5)


def test_a_model_like_the_reference_is_worth_its_labels():
    assert [row(co_training(), percent)["factor"] for percent in LABELS] == pytest.approx([1, 1, 1])


def test_a_model_like_the_reference_is_worth_its_labels_also_where_both_dip():
    dip = {10: 0.3, 40: 0.25, 100: 0.35}
    levels = [level(percent, fusion=score, final=score) for percent, score in dip.items()]
    assert [row(levels, percent, model="final")["factor"] for percent in LABELS] == [1, 1, 1]


def test_beyond_the_end_of_the_curve_the_score_is_not_reached():
    found = row(co_training(at_40=0.6), 40)
    assert np.isnan(found["factor"])
    assert found["note"] == "not reached: more than 2.5-fold"  # 1000 genes at most, over 400
    assert (found["ci_low"], found["ci_high"]) == (2.5, math.inf)


def test_below_the_beginning_of_the_curve():
    found = row(co_training(at_10=0.1, at_40=0.1), 40)
    assert np.isnan(found["factor"])
    assert found["note"] == "below the curve: less than 0.25-fold"
    assert (found["ci_low"], found["ci_high"]) == (0, 0.25)


# --- resamples and seeds


def test_interval_goes_on_where_resamples_lie_beyond_the_curve():
    # the value .3 needs 200 genes; of 200 resamples 20 score .6, which fusion never does, the others .4: 400 genes
    scores = np.array([0.3] + [0.4] * 180 + [0.6] * 20)
    levels = [level(percent, fusion=[fusion] * 201) for percent, fusion in FUSION.items()]
    levels[0].micro_ap["co_training"] = scores
    found = row(levels, 10)
    assert (found["factor"], found["ci_low"], found["ci_high"]) == pytest.approx((2, 4, math.inf))


def test_few_resamples_beyond_the_curve_leave_the_interval_finite():
    scores = np.array([0.3] + [0.4] * 198 + [0.6] * 2)
    levels = [level(percent, fusion=[fusion] * 201) for percent, fusion in FUSION.items()]
    levels[0].micro_ap["co_training"] = scores
    assert row(levels, 10)["ci_high"] == pytest.approx(4)


def test_a_resample_that_touches_all_models_alike_does_not_widen_the_interval():
    # easy and hard families: all scores 1.5 times or half as high, and the factor is what it was
    alike = np.array([1, 1.5, 0.5])
    scale = {percent: fusion * alike for percent, fusion in FUSION.items()}
    levels = [level(percent, fusion=scale[percent], co_training=scale[percent] * 1.5) for percent in FUSION]
    found = row(levels, 10)
    assert (found["factor"], found["ci_low"], found["ci_high"]) == pytest.approx((2, 2, 2))


def test_seeds_are_averaged_before_the_curve_is_read():
    # co-training .2 and .4 at 10 percent: their mean .3 needs 200 genes
    levels = [
        level(percent, seed, fusion=fusion, co_training={10: {1: 0.2, 2: 0.4}[seed]}.get(percent, fusion))
        for seed in (1, 2)
        for percent, fusion in FUSION.items()
    ]
    found = row(levels, 10)
    assert (found["factor"], found["score"]) == pytest.approx((2, 0.3))


def test_without_resamples_there_is_no_interval():
    levels = [level(percent, fusion=[fusion], co_training=[fusion]) for percent, fusion in FUSION.items()]
    found = row(levels, 40)
    assert found["factor"] == pytest.approx(1)
    assert np.isnan([found["ci_low"], found["ci_high"]]).all()


# --- the references


def test_best_supervised_is_the_best_at_each_level():
    # homology is better than fusion with few labels: .3 there is nothing more than it has
    homology = dict.fromkeys(FUSION, 0.3)
    levels = curve({"homology": homology, "co_training": {10: 0.3, 40: 0.45, 100: 0.5}})
    best = row(levels, 10, reference="best_supervised")
    assert (best["factor"], best["reference_score"]) == pytest.approx((1, 0.3))
    assert row(levels, 10)["factor"] == pytest.approx(2)
    # from 40 percent on it is fusion: .45 is halfway from 400 to 1000
    assert row(levels, 40, reference="best_supervised")["factor"] == pytest.approx(math.sqrt(400 * 1000) / 400)


def test_every_taught_model_is_held_against_both_references():
    scores = dict.fromkeys(("co_training", "self_training", "final", "homology"), FUSION)
    table = label_value(curve(scores), "yeast", "P")
    assert tuple(table.columns) == LABEL_VALUE_COLUMNS
    assert len(table) == 3 * 2 * len(FUSION)
    assert set(table["model"]) == {"co_training", "self_training", "final"}
    assert set(table["reference"]) == {"best_supervised", "fusion"}


def test_a_level_that_the_model_or_the_reference_did_not_run_at_has_no_row():
    levels = co_training()
    del levels[0].micro_ap["co_training"]
    del levels[1].micro_ap["fusion"]
    table = label_value(levels, "yeast", "P")
    assert table.query("reference == 'fusion'")["percent"].tolist() == [100]


def test_a_level_without_labels_is_left_out():
    levels = [*co_training()[1:], level(10, n_labels=0, fusion=0.0, co_training=0.0)]
    assert sorted(set(label_value(levels, "yeast", "P")["percent"])) == [40, 100]


def test_no_levels_no_rows():
    for levels in ([], [level(10, n_labels=0, fusion=0.1, co_training=0.1)]):
        table = label_value(levels, "yeast", "P")
        assert table.empty
        assert tuple(table.columns) == LABEL_VALUE_COLUMNS


# --- what does not fit together


def test_seeds_with_different_levels_are_refused():
    with pytest.raises(ValueError, match="each seed must have each level once"):
        label_value([level(10, 1, fusion=0.1), level(40, 2, fusion=0.1)], "yeast", "P")


def test_different_numbers_of_resamples_are_refused():
    with pytest.raises(ValueError, match=r"different numbers of resamples: \[2, 3\]"):
        label_value([level(10, fusion=[0.1, 0.1]), level(40, fusion=[0.1, 0.1, 0.1])], "yeast", "P")


def test_a_seed_whose_test_is_one_family_leaves_no_interval():
    levels = [
        level(percent, seed, fusion=scores, co_training=scores)
        for percent, fusion in FUSION.items()
        for seed, scores in ((1, [fusion] * 3), (2, [fusion]))
    ]
    found = row(levels, 40)
    assert found["factor"] == 1
    assert np.isnan([found["ci_low"], found["ci_high"]]).all()
