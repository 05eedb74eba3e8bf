from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from geneduet import figures
from geneduet.evaluation.curves import (
    BIN_NAMES,
    by_information_content,
    coverage_table,
    precision_recall_table,
    reliability_table,
)
from geneduet.evaluation.judgement import select
from geneduet.scores import SUPERVISED

DRAWN = [
    figures.precision_recall,
    figures.reliability,
    figures.cotraining,
    figures.label_efficiency,
    figures.by_information_content,
    figures.coverage,
]


@pytest.fixture
def tables():
    """Aspects P and F of two models; C has nothing."""
    random = np.random.default_rng(1)
    truth = random.random((60, 12)) < 0.3
    scores = (0.5 * random.random(truth.shape) + 0.4 * truth).astype(np.float32)
    models = {"naive": np.full(truth.shape, 0.3, np.float32), "co_training": scores}
    genes, terms = (np.arange(size) for size in truth.shape)
    bits = SimpleNamespace(information_accretion=terms / 2, information_content=terms / 1.5)
    judged = select(sparse.csr_array(truth), genes >= 0, genes, genes % 5, bits, seed=1, resamples=5)
    measured = {
        figures.precision_recall: precision_recall_table,
        figures.reliability: reliability_table,
        figures.by_information_content: by_information_content,
        figures.coverage: coverage_table,
    }
    return {
        figures.cotraining: rounds(),
        figures.label_efficiency: fewer_labels(),
        **{draw: pd.concat([table(models, judged, aspect) for aspect in "PF"]) for draw, table in measured.items()},
    }


def fewer_labels():
    """Two seeds, two levels; of fusion and co-training, the second better by .1."""
    rows = [
        {
            "aspect": aspect, "model": model, "metric": metric, "value": value, "ci_low": value - 0.02,
            "ci_high": value + 0.02, "label_fraction": percent / 100, "seed": seed, "n_labels": 10 * percent + seed,
        }
        for aspect in "PF"
        for model, better in (("naive", 0), ("fusion", 0.1), ("co_training", 0.2))
        for metric in ("micro_ap", "fmax")
        for percent in (10, 100)
        for seed in (1, 3)
        for value in [0.1 + better + percent / 1000 + seed / 100 + (metric == "fmax")]
    ]  # fmt: skip
    return pd.DataFrame(rows)


def rounds():
    columns = [
        "aspect", "round", "view", "pseudo_labels", "estimated_precision", "score_before", "score_after",
        "kept", "reason",
    ]  # fmt: skip
    rows = [
        ("P", 1, "sequence", 90, 0.7, 0.28, 0.29, "yes", "better"),
        ("P", 1, "expression", 80, 0.6, 0.23, 0.22, "no", "worse"),
        ("F", 1, "sequence", 90, 0.7, 0.31, 0.33, "yes", "better"),
        ("C", 0, "sequence", None, None, None, None, "no", "12 labelled genes, 20 needed"),
    ]
    return pd.DataFrame(rows, columns=columns)


def texts(axes):
    return " ".join(" ".join(text.get_text().split()) for text in axes.texts)


@pytest.mark.parametrize("draw", DRAWN)
def test_three_aspects_side_by_side_and_one_legend(tables, draw):
    figure = draw(tables[draw])
    titles = [axes.get_title() for axes in figure.axes]
    assert titles == ["biological process", "molecular function", "cellular component"]
    assert len(figure.legends) == 1


@pytest.mark.parametrize("draw", DRAWN)
def test_same_table_same_bytes(tables, draw, tmp_path):
    figures.save(draw(tables[draw]), tmp_path / "first.svg")
    figures.save(draw(tables[draw]), tmp_path / "second.svg")
    first = (tmp_path / "first.svg").read_bytes()
    assert first == (tmp_path / "second.svg").read_bytes()
    assert b"<dc:date>" not in first
    assert sorted(path.name for path in tmp_path.iterdir()) == ["first.svg", "second.svg"]


def test_an_aspect_without_data_says_why(tables):
    default = figures.reliability(tables[figures.reliability])
    assert texts(default.axes[2]) == "no gene to judge in this aspect"
    told = figures.reliability(tables[figures.reliability], {"C": "only 12 labelled genes"})
    assert texts(told.axes[2]) == "only 12 labelled genes"
    assert texts(figures.cotraining(rounds()).axes[2]) == "not run: 12 labelled genes, 20 needed"


@pytest.mark.parametrize("draw", DRAWN)
def test_no_data_at_all_is_drawn_too(tables, draw, tmp_path):
    figures.save(draw(tables[draw].iloc[:0]), tmp_path / "empty.svg")
    assert (tmp_path / "empty.svg").stat().st_size > 0


def test_fmax_is_marked_where_the_table_says(tables):
    table = tables[figures.precision_recall]
    best = table[(table["aspect"] == "P") & (table["model"] == "co_training") & table["fmax"]].iloc[0]
    figure = figures.precision_recall(table)
    points = [line.get_xydata()[0].tolist() for line in figure.axes[0].lines if len(line.get_xydata()) == 1]
    assert [best["recall"], best["precision"]] in points


def test_a_round_that_was_not_kept_is_hollow():
    axes = figures.cotraining(rounds()).axes[0]
    faces = {line.get_marker(): line.get_markerfacecolor() for line in axes.lines if line.get_markersize() == 7}
    sequence, expression = figures.MODEL_STYLE["sequence"], figures.MODEL_STYLE["expression"]
    assert faces == {sequence.marker: sequence.colour, expression.marker: "white"}


def line(axes, model):
    (found,) = [found for found in axes.lines if found.get_color() == figures.MODEL_STYLE[model].colour]
    return found.get_xydata()


def test_label_efficiency_is_the_mean_over_seeds_of_micro_ap():
    # naive at 10 percent: seeds 1 and 3 score .1 + .01 + (.01 and .03) with 101 and 103 genes
    axes = figures.label_efficiency(fewer_labels()).axes[0]
    assert line(axes, "naive") == pytest.approx(np.array([[102, 0.13], [1002, 0.22]]))
    assert axes.get_xscale() == "log"
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["102", "1,002"]


def test_label_efficiency_counts_percent_where_genes_are_not_counted():
    axes = figures.label_efficiency(fewer_labels().drop(columns="n_labels")).axes[0]
    assert line(axes, "naive")[:, 0] == pytest.approx([10, 100])
    assert axes.get_xlabel() == "labels kept, percent"


def test_intervals_of_label_efficiency_are_those_of_the_two_models_that_are_compared():
    axes = figures.label_efficiency(fewer_labels()).axes[0]
    bars = [segment[:, 1] for collection in axes.collections for segment in collection.get_segments()]
    assert np.sort(bars, axis=0) == pytest.approx(
        np.array([[0.21, 0.25], [0.30, 0.34], [0.31, 0.35], [0.40, 0.44]])
    )  # of fusion .23 and .32, of co-training .33 and .42


def test_a_level_without_labels_is_left_out():
    table = fewer_labels()
    table.loc[table["label_fraction"] == 0.1, "n_labels"] = 0
    assert len(line(figures.label_efficiency(table).axes[0], "naive")) == 1


def test_models_stand_side_by_side_in_each_range_of_information_content(tables):
    axes = figures.by_information_content(tables[figures.by_information_content]).axes[0]
    naive, co_training = line(axes, "naive"), line(axes, "co_training")
    assert naive[:, 0].round().tolist() == co_training[:, 0].round().tolist() == list(range(len(BIN_NAMES)))
    assert np.all(naive[:, 0] < co_training[:, 0])
    assert [tick.get_text() for tick in axes.get_xticklabels()] == list(BIN_NAMES.values())


def test_coverage_falls_to_nothing_where_naive_has_no_term_left(tables):
    drawn = line(figures.coverage(tables[figures.coverage]).axes[0], "naive")
    assert np.array_equal(drawn[:, 1], drawn[:, 0] < 0.305)  # naive scores .3


def test_every_model_of_the_evaluation_has_its_own_style():
    models = {*SUPERVISED, "missingness", "self_training", "co_training", "final"}
    assert set(figures.MODEL_STYLE) == models
    for part in ("label", "colour", "marker"):
        assert len({getattr(style, part) for style in figures.MODEL_STYLE.values()}) == len(models), part


def test_an_unknown_model_is_drawn_in_grey(tables):
    table = tables[figures.reliability].assign(model="new_model")
    (label,) = [text.get_text() for text in figures.reliability(table).legends[0].get_texts()]
    assert label == "new model"
