import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from geneduet import evaluation, figures


@pytest.fixture
def scored():
    """Aspects P and F of two models; C has nothing."""
    random = np.random.default_rng(1)
    truth = random.random((60, 12)) < 0.3
    scores = (0.5 * random.random(truth.shape) + 0.4 * truth).astype(np.float32)
    return {"naive": np.full(truth.shape, 0.3, np.float32), "co_training": scores}, truth


@pytest.fixture
def tables(scored):
    models, truth = scored
    arguments = (models, sparse.csr_array(truth), np.ones(len(truth), bool))
    return {
        figures.precision_recall: pd.concat([evaluation.precision_recall_table(*arguments, aspect) for aspect in "PF"]),
        figures.reliability: pd.concat([evaluation.reliability_table(*arguments, aspect) for aspect in "PF"]),
        figures.cotraining: rounds(),
    }


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


@pytest.mark.parametrize("draw", [figures.precision_recall, figures.reliability, figures.cotraining])
def test_three_aspects_side_by_side_and_one_legend(tables, draw):
    figure = draw(tables[draw])
    titles = [axes.get_title() for axes in figure.axes]
    assert titles == ["biological process", "molecular function", "cellular component"]
    assert len(figure.legends) == 1


@pytest.mark.parametrize("draw", [figures.precision_recall, figures.reliability, figures.cotraining])
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


@pytest.mark.parametrize("draw", [figures.precision_recall, figures.reliability, figures.cotraining])
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


def test_every_model_of_the_evaluation_has_its_own_style():
    models = {*evaluation.SUPERVISED, "self_training", "co_training", "final"}
    assert set(figures.MODEL_STYLE) == models
    for part in ("label", "colour", "marker"):
        assert len({getattr(style, part) for style in figures.MODEL_STYLE.values()}) == len(models), part


def test_an_unknown_model_is_drawn_in_grey(tables):
    table = tables[figures.reliability].assign(model="new_model")
    (label,) = [text.get_text() for text in figures.reliability(table).legends[0].get_texts()]
    assert label == "new model"
