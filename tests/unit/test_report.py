from html.parser import HTMLParser
from pathlib import Path

import pandas as pd

from geneduet.report import write_table


class Page(HTMLParser):
    """Tags, and the text of each cell, heading and list item."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(path.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_a_page_shows_title_sentences_and_table(tmp_path: Path) -> None:
    table = pd.DataFrame({"gene": ["recA", "lexA"], "score": [0.9, 0.25]})
    write_table(tmp_path / "page.html", "New predictions for E. coli", ["Shown from .2"], table)
    page = Page(tmp_path / "page.html")
    assert page.tags.count("tr") == 3
    assert [page.tags.count(tag) for tag in ("th", "td", "h1", "li")] == [2, 4, 1, 1]
    for text in ("New predictions for E. coli", "Shown from .2", "gene", "score", "recA", "lexA", "0.9", "0.25"):
        assert text in page.texts
    # numbers stand to the right, in heading and cells
    assert page.attributes.count(("class", "number")) == 3


def test_text_from_the_input_cannot_act(tmp_path: Path) -> None:
    evil = "<script>alert('x')</script>"
    table = pd.DataFrame({"gene": [evil, "a&b"], f"{evil}": ['"><img src=x>', "</table>"]})
    write_table(tmp_path / "page.html", evil, [evil], table)
    page = Page(tmp_path / "page.html")
    assert not {"script", "img"} & set(page.tags)
    assert page.tags.count("table") == 1
    # but is shown as it is
    for text in (evil, "a&b", '"><img src=x>', "</table>"):
        assert text in page.texts


def test_a_page_without_predictions_is_a_page(tmp_path: Path) -> None:
    write_table(tmp_path / "page.html", "None", [], pd.DataFrame({"gene": []}))
    assert Page(tmp_path / "page.html").tags.count("td") == 0


def test_a_page_stands_alone_and_is_the_same_each_time(tmp_path: Path) -> None:
    table = pd.DataFrame({"gene": ["a"], "score": [0.5]})
    for name in ("one.html", "two.html"):
        write_table(tmp_path / name, "Title", ["x"], table)
    text = (tmp_path / "one.html").read_text()
    assert text == (tmp_path / "two.html").read_text()
    assert not any(word in text for word in ("http", "src=", "href=", "@import"))
