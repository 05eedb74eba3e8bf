"""Figures of the report: each takes a table of evaluation and draws one panel an aspect, side by side.

A model has the same colour, line and marker in every figure, so that it is known in grey and by colour-blind readers
too. The same table gives the same bytes.
"""

import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from geneduet.evaluation.curves import BIN_NAMES
from geneduet.evaluation.headlines import ASPECT_NAMES
from geneduet.files import atomic


class Style(NamedTuple):
    """How a model is drawn everywhere."""

    label: str
    colour: str
    line: Any  # matplotlib's: a name, or offset and dashes
    marker: str


# colours of Okabe and Ito (2008), told apart by colour-blind readers; what is dark or light in grey differs in line too
MODEL_STYLE: Mapping[str, Style] = {
    "naive": Style("naive", "#999999", ":", "X"),
    "homology": Style("homology", "#E69F00", (0, (1, 1)), "P"),
    "missingness": Style("missing values alone", "#BBBBBB", (0, (1, 3)), "x"),
    "reference_homology": Style("homology, reference", "#C97B00", (0, (1, 2)), "p"),
    "sequence": Style("sequence", "#0072B2", "--", "s"),
    "expression": Style("expression", "#56B4E9", "-.", "^"),
    "early_fusion": Style("early fusion", "#CC79A7", (0, (5, 1)), "D"),
    "late_fusion": Style("late fusion", "#8C564B", (0, (3, 1, 1, 1)), "v"),
    "fusion": Style("fusion (early + late)", "#000000", "-", "o"),
    "weighted_fusion": Style("weighted fusion", "#666666", "-", ">"),
    "self_training": Style("self-training", "#B8A800", (0, (7, 2, 1, 2)), "<"),
    "co_training": Style("co-training", "#D55E00", "-", "*"),
    "final": Style("final", "#009E73", (0, (8, 2)), "h"),
}
_OTHER = Style("other", "#666666", "-", ".")
_MAIN = ("fusion", "self_training", "co_training", "final")  # drawn thicker than what they are held against
_WITH_INTERVAL = {"fusion": -0.5, "co_training": 0.5}  # and how far each is moved aside, so that both can be seen
_PANEL = 3.1  # inches, wide and high
_TALL = 4.0  # inches, where curves lie close to each other
_LEGEND = 0.62  # inches below the panels
NO_DATA = "no gene to judge in this aspect"

_SETTINGS: dict[Any, Any] = {
    "font.size": 9,
    "axes.titlesize": 10,
    "legend.fontsize": 8.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "lines.linewidth": 1.3,
    "svg.hashsalt": "geneduet",  # without it matplotlib names the parts of an SVG at random
    "svg.fonttype": "path",
}


def precision_recall(table: pd.DataFrame, reasons: Mapping[str, str] | None = None) -> Figure:
    """Protein-centric precision against recall over thresholds; the large marker is each model's Fmax.

    Parameters
    ----------
    table : of `evaluation.curves.precision_recall_table`, all aspects.
    reasons : aspect -> why it has no rows.
    """

    def draw(axes: Axes, rows: pd.DataFrame) -> None:
        for place, (model, curve) in enumerate(_by_model(rows)):
            style, best = _style(model), curve[curve["fmax"].astype(bool)]
            axes.plot(
                curve["recall"], curve["precision"], color=style.colour, linestyle=style.line, marker=style.marker,
                ms=3.5, markevery=(2 * place, 24),
            )  # fmt: skip
            axes.plot(best["recall"], best["precision"], style.marker, color=style.colour, mec="black", mew=0.7, ms=9)
        axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="recall")

    return _panels(table, draw, "precision", reasons)


def reliability(table: pd.DataFrame, reasons: Mapping[str, str] | None = None) -> Figure:
    """Observed share of annotated pairs against mean score, with the diagonal of a perfect calibration.

    Parameters
    ----------
    table : of `evaluation.curves.reliability_table`, all aspects.
    reasons : aspect -> why it has no rows.
    """

    def draw(axes: Axes, rows: pd.DataFrame) -> None:
        axes.plot([0, 1], [0, 1], color="0.75", linewidth=3, zorder=0)
        for model, curve in _by_model(rows):
            style = _style(model)
            axes.plot(
                curve["mean_score"], curve["observed"], color=style.colour, linestyle=style.line,
                marker=style.marker, ms=4, linewidth=1,
            )  # fmt: skip
        axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="mean score")

    return _panels(table, draw, "share that is annotated", reasons)


def cotraining(table: pd.DataFrame, reasons: Mapping[str, str] | None = None) -> Figure:
    """Micro-AP of each student's model and of the student, and of the stacks; hollow where not kept in every fold.

    Parameters
    ----------
    table : evaluation/cotraining.tsv, all aspects; rows without scores tell why nothing was taught.
    reasons : aspect -> why it has no rows; default: the reason in the table.
    """
    taught = table.dropna(subset=["score_before", "score_after"])
    skipped = table[~table["aspect"].isin(taught["aspect"])]
    told = {aspect: f"not run: {reason}" for aspect, reason in zip(skipped["aspect"], skipped["reason"], strict=True)}

    def draw(axes: Axes, rows: pd.DataFrame) -> None:
        reached: dict[str, tuple[float, float]] = {}  # of each model the round before, and its score there
        for row in rows.sort_values("round", kind="stable").to_dict("records"):
            style = _style(row["model"])
            kept = row["kept"] in ("yes", True)
            start, before = reached.get(row["model"], (0, row["score_before"]))
            steps, scores = [start, row["round"]], [before, row["score_after"]]
            reached[row["model"]] = row["round"], row["score_after"]
            axes.plot(steps, scores, color=style.colour, linestyle=style.line if kept else ":")
            axes.plot(steps[0], scores[0], ".", color=style.colour, ms=4)
            face = style.colour if kept else "white"
            axes.plot(steps[1], scores[1], style.marker, color=style.colour, markerfacecolor=face, ms=7)
        rounds = sorted({0, *rows["round"].astype(int)})
        axes.set(xlim=(-0.2, max(rounds) + 0.2), xticks=rounds, xlabel="round")
        axes.margins(y=0.15)

    drawn = taught.rename(columns={"view": "model"})
    return _panels(drawn, draw, "micro-AP (out of fold)", {**told, **(reasons or {})}, hollow=True)


def label_efficiency(table: pd.DataFrame, reasons: Mapping[str, str] | None = None) -> Figure:
    """Micro-AP against labelled genes, the mean over seeds; bars are the mean intervals of fusion and co-training.

    Parameters
    ----------
    table : of metrics.tsv, split label_efficiency, all aspects; rows of other metrics are passed over. With a column
        `n_labels` the axis counts genes, without it percent of the labels (`label_fraction`).
    reasons : aspect -> why it has no rows.
    """
    found = table[table["metric"] == "micro_ap"]
    counted = "n_labels" in found
    labels = found["n_labels"] if counted else 100 * found["label_fraction"]
    means = ["labels", "value", "ci_low", "ci_high"]
    some = found.assign(labels=labels)[labels > 0]  # a log axis has no place for none
    drawn = some.groupby(["aspect", "model", "label_fraction"], as_index=False)[means].mean()

    def draw(axes: Axes, rows: pd.DataFrame) -> None:
        for model, curve in _by_model(rows):
            x = curve["labels"] * 1.03 ** _WITH_INTERVAL.get(model, 0)
            axes.plot(x, curve["value"], **_looks(model))
            if model in _WITH_INTERVAL:
                axes.vlines(x, curve["ci_low"], curve["ci_high"], color=_style(model).colour, linewidth=1)
        levels = rows.groupby("label_fraction")["labels"].mean().round().astype(int).tolist()
        axes.set(xscale="log", xlabel="labelled genes" if counted else "labels kept, percent")
        axes.set_xticks(levels, _without_overlap(levels))
        axes.set_xticks([], minor=True)

    return _panels(drawn, draw, "micro-AP", reasons, height=_TALL)


def by_information_content(table: pd.DataFrame, reasons: Mapping[str, str] | None = None) -> Figure:
    """Micro-AP of each model over terms of each range of information content; models side by side within a range.

    Parameters
    ----------
    table : of `evaluation.curves.by_information_content`, all aspects.
    reasons : aspect -> why it has no rows.
    """
    bins = {name: place for place, name in enumerate(BIN_NAMES.values())}

    def draw(axes: Axes, rows: pd.DataFrame) -> None:
        models = _by_model(rows)
        for place, (model, curve) in enumerate(models):
            aside = 0.075 * (place - (len(models) - 1) / 2)  # equal values would hide each other
            axes.plot(curve["bin"].map(bins) + aside, curve["micro_ap"], **_looks(model) | {"linewidth": 0.6})
        for place in range(len(bins) - 1):
            axes.axvline(place + 0.5, color="0.85", linewidth=0.8, zorder=0)
        axes.set(xticks=list(bins.values()), xticklabels=list(bins), xlim=(-0.5, len(bins) - 0.5))
        axes.set(yscale="log", ylim=(None, 1.1), xlabel="information content of the terms, bits")
        axes.yaxis.set_major_formatter("{x:g}")

    return _panels(table, draw, "micro-AP", reasons, height=_TALL)


def coverage(table: pd.DataFrame, reasons: Mapping[str, str] | None = None) -> Figure:
    """Share of the genes that have a prediction against the score threshold.

    Parameters
    ----------
    table : of `evaluation.curves.coverage_table`, all aspects.
    reasons : aspect -> why it has no rows.
    """

    def draw(axes: Axes, rows: pd.DataFrame) -> None:
        for place, (model, curve) in enumerate(_by_model(rows)):
            axes.plot(curve["threshold"], curve["coverage"], **_looks(model), markevery=(2 * place, 24))
        axes.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="threshold")

    return _panels(table, draw, "share of genes with a prediction", reasons)


def save(figure: Figure, path: Path) -> None:
    """Write a figure, SVG or PNG by the ending, with no date in it: the same figure, the same bytes."""
    metadata = {"Date": None} if path.suffix == ".svg" else {}
    with mpl.rc_context(_SETTINGS), atomic(path) as temporary:
        figure.savefig(temporary, metadata=metadata, dpi=150)


def _panels(
    table: pd.DataFrame,
    draw: Callable[[Axes, pd.DataFrame], None],
    ylabel: str,
    reasons: Mapping[str, str] | None,
    hollow: bool = False,
    height: float = _PANEL,
) -> Figure:
    """One panel for each aspect, and one legend below them of the models that are drawn."""
    with mpl.rc_context(_SETTINGS):
        figure = Figure(figsize=(len(ASPECT_NAMES) * _PANEL, height + _LEGEND))
        panels = figure.subplots(1, len(ASPECT_NAMES), squeeze=False)[0]
        for axes, (aspect, name) in zip(panels, ASPECT_NAMES.items(), strict=True):
            rows = table[table["aspect"] == aspect]
            axes.set_title(name)
            if rows.empty:
                _leave_empty(axes, (reasons or {}).get(aspect, NO_DATA))
            else:
                draw(axes, rows)
        panels[0].set_ylabel(ylabel)
        if len(table):
            handles = _legend(table) + [_hollow_key()] * hollow
            figure.legend(handles=handles, loc="lower center", ncols=5, frameon=False, handlelength=3)
        figure.tight_layout(rect=(0, _LEGEND / (height + _LEGEND), 1, 1))
    return figure


def _leave_empty(axes: Axes, reason: str) -> None:
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    lines = textwrap.fill(reason, width=30)
    axes.text(0.5, 0.5, lines, transform=axes.transAxes, ha="center", va="center", color="0.3")


def _legend(table: pd.DataFrame) -> list[Line2D]:
    styles = [_style(model) for model, _ in _by_model(table)]
    return [
        Line2D([], [], color=style.colour, linestyle=style.line, marker=style.marker, label=style.label)
        for style in styles
    ]


def _hollow_key() -> Line2D:
    return Line2D(
        [], [], color="0.3", linestyle=":", marker="o", markerfacecolor="white", label="not kept in every fold"
    )


def _by_model(rows: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Rows of each model, in the order of MODEL_STYLE, so that the last ones lie on top."""
    order = {model: place for place, model in enumerate(MODEL_STYLE)}
    present = sorted(rows["model"].unique(), key=lambda model: (order.get(model, len(order)), model))
    return [(model, rows[rows["model"] == model]) for model in present]


def _looks(model: str) -> dict[str, Any]:
    """A model's line and markers, thinner and smaller unless it is a main one."""
    style, main = _style(model), model in _MAIN
    size = (5 if main else 4.5) * (1.5 if style.marker == "*" else 1)  # a star looks smaller than it is
    return {
        "color": style.colour, "linestyle": style.line, "linewidth": 1.3 if main else 0.8,
        "marker": style.marker, "markersize": size, "markeredgecolor": "white", "markeredgewidth": 0.4,
    }  # fmt: skip


def _without_overlap(levels: list[int]) -> list[str]:
    """Text of ticks on a log axis; none where the next is so near that they would run into each other.

    >>> _without_overlap([50, 100, 800, 1000])
    ['50', '100', '', '1,000']
    """
    following = [*levels[1:], float("inf")]
    return [f"{level:,}" if after >= 1.6 * level else "" for level, after in zip(levels, following, strict=True)]


def _style(model: str) -> Style:
    return MODEL_STYLE.get(model, _OTHER._replace(label=model.replace("_", " ")))
