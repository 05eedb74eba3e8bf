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

from geneduet.evaluation import ASPECT_NAMES
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
    "sequence": Style("sequence", "#0072B2", "--", "s"),
    "expression": Style("expression", "#56B4E9", "-.", "^"),
    "early_fusion": Style("early fusion", "#CC79A7", (0, (5, 1)), "D"),
    "late_fusion": Style("late fusion", "#8C564B", (0, (3, 1, 1, 1)), "v"),
    "fusion": Style("fusion (early + late)", "#000000", "-", "o"),
    "self_training": Style("self-training", "#B8A800", (0, (7, 2, 1, 2)), "<"),
    "co_training": Style("co-training", "#D55E00", "-", "*"),
    "final": Style("final", "#009E73", (0, (8, 2)), "h"),
}
_OTHER = Style("other", "#666666", "-", ".")
_PANEL = 3.1  # inches, wide and high
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
    table : of `evaluation.precision_recall_table`, all aspects.
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
    table : of `evaluation.reliability_table`, all aspects.
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
    """Micro-AP of each taught view before and after each round; hollow where the round was not kept in every fold.

    Parameters
    ----------
    table : evaluation/cotraining.tsv, all aspects; rows without scores tell why nothing was taught.
    reasons : aspect -> why it has no rows; default: the reason in the table.
    """
    taught = table.dropna(subset=["score_before", "score_after"])
    skipped = table[~table["aspect"].isin(taught["aspect"])]
    told = {aspect: f"not run: {reason}" for aspect, reason in zip(skipped["aspect"], skipped["reason"], strict=True)}

    def draw(axes: Axes, rows: pd.DataFrame) -> None:
        for row in rows.to_dict("records"):
            style = _style(row["model"])
            kept = row["kept"] in ("yes", True)
            steps, scores = [row["round"] - 1, row["round"]], [row["score_before"], row["score_after"]]
            axes.plot(steps, scores, color=style.colour, linestyle=style.line if kept else ":")
            axes.plot(steps[0], scores[0], ".", color=style.colour, ms=4)
            face = style.colour if kept else "white"
            axes.plot(steps[1], scores[1], style.marker, color=style.colour, markerfacecolor=face, ms=7)
        rounds = sorted({0, *rows["round"].astype(int)})
        axes.set(xlim=(-0.2, max(rounds) + 0.2), xticks=rounds, xlabel="round")
        axes.margins(y=0.15)

    drawn = taught.rename(columns={"view": "model"})
    return _panels(drawn, draw, "micro-AP (out of fold)", {**told, **(reasons or {})}, hollow=True)


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
) -> Figure:
    """One panel for each aspect, and one legend below them of the models that are drawn."""
    with mpl.rc_context(_SETTINGS):
        figure = Figure(figsize=(len(ASPECT_NAMES) * _PANEL, _PANEL + _LEGEND))
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
        figure.tight_layout(rect=(0, _LEGEND / (_PANEL + _LEGEND), 1, 1))
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


def _style(model: str) -> Style:
    return MODEL_STYLE.get(model, _OTHER._replace(label=model.replace("_", " ")))
