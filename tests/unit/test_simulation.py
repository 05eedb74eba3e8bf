"""The verdicts are as they must be where the truth is known, and the simulated organisms of benchmarks/ are as said."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from geneduet import baselines
from geneduet.evaluation.bootstrap import resample
from geneduet.evaluation.judgement import Setting, evaluate

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
SEEDS = range(1, 11)


def script(path):
    """A script of benchmarks/, which is no package, as a module."""
    spec = importlib.util.spec_from_file_location(f"benchmark_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def populations():
    return script(BENCHMARKS / "coverage" / "coverage.py")


@pytest.fixture(scope="module")
def simulation():
    return script(BENCHMARKS / "simulation" / "simulate.py")


def judge(sample, scores, seed):
    """What `evaluate` says of co-training beside sequence."""
    judged = sample.judged(resample(sample.family, 200, seed))
    _, compared = evaluate(scores, judged, Setting("simulated", "P", "cross_validation", seed=seed))
    return compared


def verdicts(populations, noise):
    """Verdicts on co-training, whose scores have the first noise, beside sequence, with the second."""
    population = populations.Population(dict(zip("AB", noise, strict=True)))
    said = []
    for seed in SEEDS:
        sample = population.draw(250, np.random.default_rng(seed))
        scores = {"co_training": sample.scores["A"], "sequence": sample.scores["B"]}
        compared = judge(sample, scores, seed)
        said.append(compared.query("metric == 'micro_ap'")["verdict"].item())
    assert set(said) <= {"better", "worse", "no difference"}
    return said


def test_a_gain_that_was_built_in_is_found(populations):
    assert verdicts(populations, (1.0, 2.0)) == ["better"] * len(SEEDS)


def test_a_loss_that_was_built_in_is_found(populations):
    assert verdicts(populations, (2.0, 1.0)) == ["worse"] * len(SEEDS)


def test_where_none_was_built_in_no_gain_is_found_but_by_chance(populations):
    # equally good and half independent: an interval of 95% is wrong once in twenty times
    said = verdicts(populations, (1.5, 1.5))
    assert said.count("no difference") >= len(SEEDS) - 1


def test_a_models_own_scores_again_are_no_gain(populations):
    sample = populations.POPULATIONS["A better"].draw(100, np.random.default_rng(1))
    scores = {"sequence": sample.scores["A"], "co_training": sample.scores["A"]}
    compared = judge(sample, scores, 1)
    assert set(compared["difference"]) == {0.0}
    assert set(compared["verdict"]) == {"no difference"}


def test_simulated_scores_are_probabilities_that_hold(populations):
    sample = populations.POPULATIONS["A better"].draw(20_000, np.random.default_rng(1))
    score, label = sample.scores["A"].ravel(), sample.truth.ravel()
    # of all pairs of judged genes: each has a true term, so that a little more is true than was said
    for low, high in ((0.2, 0.3), (0.5, 0.6), (0.8, 0.9)):
        inside = (score >= low) & (score < high)
        assert label[inside].mean() == pytest.approx(score[inside].mean(), abs=0.06)


def test_models_see_the_labels_of_the_labelled_genes_alone(simulation):
    organism = simulation.simulate(simulation.SCENARIOS["independent"], 1)
    labels = organism.task.labels
    assert labels.annotated.sum() == simulation.LABELLED
    assert organism.test.sum() == simulation.TEST
    assert not (organism.test & labels.annotated).any()
    np.testing.assert_array_equal(labels.positive.toarray(), organism.truth & labels.annotated[:, None])
    # who has a term has its ancestors
    assert (organism.truth @ labels.ancestors.toarray() <= organism.truth * len(labels.terms)).all()


def test_the_expression_view_tells_what_its_scenario_says(simulation):
    made = {name: simulation.simulate(scenario, 1) for name, scenario in simulation.SCENARIOS.items()}
    first = simulation.PARENTS  # the first of the children, which is what the first feature tells of
    related = {
        name: np.corrcoef(one.task.views["expression"].features[:, 0], one.truth[:, first])[0, 1]
        for name, one in made.items()
    }
    assert related["independent"] > 0.4
    assert 0.1 < related["half_shared"] < related["independent"]
    for name in ("all_shared", "noise_expression", "shuffled"):
        assert abs(related[name]) < 0.1, name

    links = {
        name: [own for view in one.task.views.values() for own in view.voters.values()] for name, one in made.items()
    }
    assert (links["all_shared"][0].weights != links["all_shared"][1].weights).nnz == 0
    assert links["half_shared"][1].weights.nnz == pytest.approx(links["half_shared"][0].weights.nnz / 2, rel=0.15)
    assert len(links["independent"]) == 1


@pytest.mark.parametrize(("scenario", "view"), [("noise_expression", "expression"), ("noise_sequence", "sequence")])
def test_a_view_of_noise_tells_nothing_by_features_or_links(simulation, scenario, view):
    organism = simulation.simulate(simulation.SCENARIOS[scenario], 1)
    noise = organism.task.views[view]
    (links,) = noise.voters.values()
    gene, partner = links.weights.nonzero()
    assert (gene != partner).all()
    children = organism.truth[:, simulation.PARENTS :]
    # a partner has a gene's function as often as anybody else
    common = (children[gene] & children[partner]).any(axis=1).mean()
    anybody = (children.astype(int) @ children.T > 0).mean()
    assert common == pytest.approx(anybody, abs=0.02)
    related = np.corrcoef(noise.features[:, 0], children[:, 0])[0, 1]
    assert abs(related) < 0.1


def test_swapped_and_duplicated_views_are_those_of_the_others_by_another_name(simulation):
    made = {name: simulation.simulate(scenario, 1).task for name, scenario in simulation.SCENARIOS.items()}

    def same(one, other):
        np.testing.assert_array_equal(one.features, other.features)
        assert len(one.voters) == len(other.voters)
        for a, b in zip(one.voters.values(), other.voters.values(), strict=True):
            assert (a.weights != b.weights).nnz == 0

    views = {name: task.views for name, task in made.items()}
    same(views["swapped"]["sequence"], views["independent"]["expression"])
    same(views["swapped"]["expression"], views["independent"]["sequence"])
    for name in ("duplicated", "duplicated_both"):
        same(views[name]["sequence"], views[name]["expression"])
    same(views["duplicated"]["sequence"], views["independent"]["sequence"])
    # whatever the view is called, homologues are its partners
    for name in ("swapped", "duplicated"):
        apart = made[name].homology["homologues"].weights != made["independent"].homology["homologues"].weights
        assert apart.nnz == 0


def test_with_one_hop_partners_have_no_partners(simulation):
    links = {
        name: simulation.simulate(simulation.SCENARIOS[name], 1).task.homology["homologues"].weights
        for name in ("one_hop", "independent")
    }
    assert (links["independent"] @ links["independent"]).nnz
    assert links["one_hop"].nnz == pytest.approx(links["independent"].nnz, rel=0.1)
    assert not (links["one_hop"] @ links["one_hop"]).nnz


def test_lessons_say_how_true_they_are_and_who_hears_them(simulation, tmp_path):
    organism = simulation.simulate(simulation.SCENARIOS["independent"], 1)
    learned = baselines.fit_supervised(organism.task, tmp_path)
    told = simulation.lessons(organism, learned, tmp_path).set_index("view")
    # the expression view has no links here along which it could hear anything
    assert list(told.index) == ["co_training", "sequence", "early_fusion"]
    # of all pairs that are not labelled so many are true: the lessons are better than that
    unlabelled = organism.truth[~organism.task.labels.annotated].mean()
    assert (told["true_precision"].drop("co_training") > 1.2 * unlabelled).all()
    assert told["true_precision"].isna()["co_training"]
    assert told["heard"].drop("co_training").between(0, simulation.FOLDS).all()
    # the sequence view hears of partners without labels
    assert told["hidden_gain"]["sequence"] > 0.05


def test_partners_are_of_other_families_and_of_like_function(simulation):
    organism = simulation.simulate(simulation.SCENARIOS["independent"], 1)
    gene, partner = organism.task.views["sequence"].voters["homologues"].weights.nonzero()
    family = organism.task.family
    assert (family[gene] != family[partner]).all()
    same = (organism.truth[gene] == organism.truth[partner]).all(axis=1)
    assert same.mean() > 0.8
    # independent given the label: a gene's features have nothing to do with whether it has partners
    linked = np.isin(np.arange(len(family)), gene)
    has = organism.truth[:, simulation.PARENTS]
    features = organism.task.views["expression"].features[:, 0]
    apart = features[has & linked].mean() - features[has & ~linked].mean()
    assert abs(apart) < 0.25
