"""Pages for people: so far the table of the best new predictions."""

import math
from pathlib import Path

import pandas as pd

from geneduet.files import open_output

_STYLE = """
body { font: 15px/1.4 system-ui, sans-serif; margin: 1.5rem; color: #222; }
table { border-collapse: collapse; }
th, td { padding: .3rem .8rem; border-bottom: 1px solid #ddd; text-align: left; }
th { border-bottom: 2px solid #555; white-space: nowrap; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
li { margin: .2rem 0; }
"""


def write_table(path: Path, title: str, sentences: list[str], table: pd.DataFrame) -> None:
    """Write a stand-alone page of a few sentences and a table; every text from the input is escaped.

    Parameters
    ----------
    sentences : shown as a list above the table.
    table : columns named as they are to be read; numbers are written as they come, missing ones as a dash.
    """
    from html import escape

    header = "".join(f"<th{_kind(table[name])}>{escape(str(name))}</th>" for name in table)
    kinds = [_kind(table[name]) for name in table]
    rows = "".join(
        "<tr>"
        + "".join(f"<td{kind}>{escape(_text(cell))}</td>" for kind, cell in zip(kinds, row, strict=True))
        + "</tr>\n"
        for row in table.itertuples(index=False, name=None)
    )
    points = "".join(f"<li>{escape(sentence)}</li>\n" for sentence in sentences)
    with open_output(path) as handle:
        handle.write(
            f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
            '<meta name="viewport" content="width=device-width">'
            f"<style>{_STYLE}</style></head>\n<body><h1>{escape(title)}</h1>\n<ul>\n{points}</ul>\n"
            f"<table><thead><tr>{header}</tr></thead>\n<tbody>\n{rows}</tbody></table></body></html>\n"
        )


def _text(cell: object) -> str:
    return "-" if isinstance(cell, float) and math.isnan(cell) else str(cell)


def _kind(column: pd.Series) -> str:
    return ' class="number"' if pd.api.types.is_numeric_dtype(column) else ""
