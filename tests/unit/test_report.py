import re
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd

from geneduet import report
from geneduet.annotations import join_genes, read_annotations, read_id_map
from geneduet.predictions import BELOW, KNOWN, SPECIFIC

EVIL = "</script><script>alert(1)</script>"
RUN = {
    "config": {"name": "demo", "taxon_id": 511145},
    "geneduet": "0.1.0",
    "git_commit": "0123456789abcdef",
    "python": "3.11.7",
    "libraries": {"xgboost-cpu": "3.2.0"},
    "inputs": {"proteome": {"path": "/somewhere/proteome.fasta.gz", "sha256": "ab" * 32}},
    "ontology_release": "2022-07-01",
    "search_engine": "diamond 2.1.3",
    "seed": 1,
}
PROCESS = report.Aspect("biological process", 300, 20, "co-training", 0.25, 0.5, 0.4, 12, 34, [])
PAGE = report.Page(RUN, [PROCESS], report.Found(100, 34, 12, 3), ["co-training is better."], [])
SHOWN = dict.fromkeys(("specific", "implied", "below", "known", "evidence"), (1, 2))


class Read(HTMLParser):
    """Tags with their attributes, and the text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += " " + " ".join(data.split())


# --- the page


def test_a_page_says_what_was_found_and_what_was_run() -> None:
    text = " ".join(Read(report.html(PAGE, SHOWN, {})).text.split())
    for said in (
        *("Predicted gene functions:", "12 of 100 genes get 34 new", "3 of these genes had no recorded term"),
        *("taxon 511145", "2022-07-01", "GeneDuet 0.1.0", "0123456789ab", "proteome.fasta.gz", "xgboost-cpu 3.2.0"),
        *("co-training is better.", "0.25", "50% is recorded", "40% scores so high"),
    ):
        assert said in text, said
    assert "/somewhere" not in text


def test_held_out_genes_are_told_to_count_as_unknown() -> None:
    held_out = {**RUN, "inputs": {"holdout_genes": {"path": "held_out.txt", "sha256": "cd" * 32}}}
    said = "Genes that were held out to judge by count as if nothing were known of them."
    assert said in Read(report.html(replace(PAGE, run=held_out), SHOWN, {})).text
    assert said not in Read(report.html(PAGE, SHOWN, {})).text


def test_cautions_of_all_aspects_stand_together_above_the_explorer() -> None:
    aspects = [replace(PROCESS, cautions=["one", "two"]), PROCESS, replace(PROCESS, cautions=["three"])]
    text = Read(report.html(replace(PAGE, aspects=aspects), SHOWN, {})).text
    assert " ".join(text.split()).index("Caution one two three") < text.index("Search gene or term")
    assert "Caution" not in Read(report.html(PAGE, SHOWN, {})).text


def test_the_page_carries_the_licence_of_the_code_that_is_not_ours() -> None:
    assert "Copyright (c) 2015-2026 Oli Folkerd" in Read(report.html(PAGE, SHOWN, {})).text


def test_a_page_without_news_says_so() -> None:
    text = Read(report.html(replace(PAGE, found=report.Found(100, 0, 0, 0)), SHOWN, {})).text
    assert "No term that is not known already scores above the recommended threshold" in text


def test_text_from_the_input_is_shown_and_cannot_act() -> None:
    run = {**RUN, "inputs": {EVIL: {"path": f"/x/{EVIL[2:]}", "sha256": EVIL}}, "ontology_release": EVIL}
    aspect = replace(PROCESS, made_by=EVIL, cautions=[EVIL])
    page = report.html(replace(PAGE, run=run, aspects=[aspect], headlines=[EVIL]), SHOWN, {"genes": {"id": [EVIL]}})
    assert "alert(1)</script>" not in page
    assert page.count("<script") == 3  # the data, the table's code, and ours
    assert Read(page).text.count(EVIL) >= 4


def test_only_the_scripts_of_the_page_may_run_and_nothing_may_be_fetched() -> None:
    page = report.html(PAGE, SHOWN, {})
    (policy,) = (own["content"] for _, own in Read(page).tags if own.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-")
    scripts = re.findall(r"<script>(.*?)</script>", page, flags=re.DOTALL)
    assert policy.split()[-2:] == [f"'{report._hash(script)}'" for script in scripts]
    assert not [own for _, own in Read(page).tags if {"src", "href"} & own.keys()]


def test_the_same_input_gives_the_same_page() -> None:
    assert report.html(PAGE, SHOWN, {"a": [1]}) == report.html(PAGE, SHOWN, {"a": [1]})


# --- as much as there is room for


def fit(limit: int, count: int = 1000, evidence: int = 500) -> tuple[str, int, list[tuple[list[int], int]]]:
    """A page of so many rows and pieces of evidence, each a large random number; rows and pieces of each try."""
    random, tried = np.random.default_rng(1), []
    numbers = random.integers(1_000_000_000, size=count + evidence).tolist()

    def data(rows: np.ndarray, pieces: int) -> dict[str, list[int]]:
        tried.append((rows.tolist(), pieces))
        return {"numbers": [numbers[row] for row in rows], "evidence": numbers[count : count + pieces]}

    ranked = np.arange(count)[::-1]
    text, kept = report.fitted(PAGE, np.full(count, SPECIFIC, np.int8), ranked, evidence, data, limit)
    return text, kept, tried


def counted(on_page: int, in_all: int) -> str:
    return f'<td class="number">{on_page:,}</td><td class="number">{in_all:,}</td>'


def test_all_that_fits_is_on_the_page() -> None:
    text, kept, tried = fit(limit=10_000_000)
    assert kept == 1000
    assert [pieces for _, pieces in tried] == [500]
    assert counted(1000, 1000) in text
    assert counted(500, 500) in text


def test_a_page_keeps_its_limit_and_loses_evidence_first() -> None:
    whole, *_ = fit(limit=10_000_000)
    limit = len(whole.encode()) - 100
    text, kept, tried = fit(limit)
    assert len(text.encode()) <= limit
    assert kept == 1000
    assert 0 < tried[-1][1] < 500
    assert counted(tried[-1][1], 500) in text


def test_what_is_worth_most_stays_longest() -> None:
    without, *_ = fit(limit=10_000_000, evidence=0)
    text, kept, tried = fit(len(without.encode()) - 100)
    assert 0 < kept < 1000
    assert tried[-1] == (list(range(999, 999 - kept, -1)), 0)
    assert counted(kept, 1000) in text


def test_where_nothing_fits_the_page_is_there_without_predictions() -> None:
    text, kept, _ = fit(limit=10)
    assert kept == 0
    assert "Predicted gene functions" in text


# --- numbers and cautions


def test_genes_with_news_are_counted_and_those_without_any_record() -> None:
    rows = pd.DataFrame({"gene_id": ["a", "a", "b", "b", "c", "d"]})
    standing = np.array([SPECIFIC, SPECIFIC, SPECIFIC, KNOWN, BELOW, KNOWN], np.int8)
    genes = list("abcdefghij")
    # b is recorded in one aspect, d in the other; whether the record scores high enough to be written is no matter
    recorded = [SimpleNamespace(genes=genes, validated=np.array([gene == one for gene in genes])) for one in "bd"]
    assert report.found(rows, standing, recorded) == report.Found(genes=10, pairs=3, with_new=2, first=1)


def labels(aspect: str, transfer: object = None) -> SimpleNamespace:
    return SimpleNamespace(aspect=aspect, annotated=np.array([True, True, False]), terms=["GO:1"], transfer=transfer)


def of_process(chosen: Sequence[str], transfer: object = None, learned: bool = True, reason: str = "") -> report.Aspect:
    recommended = {"P": {"threshold": 0.3, "expected_precision": 0.6, "expected_recall": 0.5}} if learned else {}
    new = pd.DataFrame({"aspect": ["P", "P", "F"], "gene_id": ["a", "a", "b"]})
    reasons = {"P": reason} if reason else {}
    (found,) = report.aspects([labels("P", transfer)], {"P": chosen}, reasons, recommended, new)
    return found


def test_a_cotrained_aspect_needs_no_caution() -> None:
    expected = report.Aspect("biological process", 2, 1, "co-training", 0.3, 0.6, 0.5, genes=1, pairs=2, cautions=[])
    assert of_process(["co_training"] * 5) == expected
    assert of_process(["co_training", "sequence"]).cautions == []


def test_an_aspect_that_was_not_learned_says_why() -> None:
    found = of_process(["naive"] * 5, learned=False, reason="3 labelled genes where minimum_labels asks for 20")
    assert found.threshold is None
    (caution,) = found.cautions
    assert caution.startswith("Biological process: not learned (3 labelled genes where minimum_labels asks for 20).")


def test_an_aspect_that_fell_back_names_the_model() -> None:
    (caution,) = of_process(["sequence"] * 5, reason="one view only: nobody to learn from").cautions
    assert caution == (
        "Biological process: the scores are those of the best model without co-training, sequence (one view only: "
        "nobody to learn from)."
    )


def test_an_aspect_learned_from_a_reference_promises_no_precision() -> None:
    found = of_process(["co_training"] * 5, transfer=object())
    assert (found.threshold, found.precision, found.recall) == (0.3, None, None)
    assert "learned from what the reference says" in found.cautions[0]
    assert '<td colspan="2">not known</td>' in report.html(replace(PAGE, aspects=[found]), SHOWN, {})


def test_calibration_is_that_of_the_final_scores_in_order() -> None:
    table = pd.DataFrame(
        [("P", "final", 0.5, 0.45), ("P", "final", 0.1, 0.12), ("P", "naive", 0.1, 0.9), ("F", "final", np.nan, 0.5)],
        columns=["aspect", "model", "mean_score", "observed"],
    )
    assert report.calibrations(table) == {"P": [(0.1, 0.12), (0.5, 0.45)], "F": [], "C": []}


def test_genes_are_found_by_symbols_of_annotations_and_aliases_of_the_id_map(tmp_path: Path) -> None:
    cells = ["DB", "X1", "thrA", "", "GO:0000001", "PMID:1", "IDA", "", "P", "", "old|b1", "protein", "taxon:1"]
    (tmp_path / "genes.gaf").write_text("!gaf-version: 2.1\n" + "\t".join([*cells, "20200101", "DB", "", ""]) + "\n")
    (tmp_path / "ids.tsv").write_text("gene\tother\nb1\tX1|P123\nb2\tP456\n")
    genes = pd.DataFrame({"gene_id": ["b1", "b2", "b3"], "description": ["a kinase", None, ""]})
    aliases, _ = read_id_map(tmp_path / "ids.tsv", ["b1", "b2", "b3"])
    rows, _ = join_genes(read_annotations(tmp_path / "genes.gaf"), ["b1", "b2", "b3"], aliases, tmp_path)
    made = report.gene_names(genes, rows, aliases)
    assert made.to_dict("split")["data"] == [
        ["b1", "a kinase", "thrA", "X1, P123, old"], ["b2", "", "", "P456"], ["b3", "", "", ""],
    ]  # fmt: skip
    assert report.gene_names(genes[["gene_id"]], None, {})["symbol"].tolist() == ["", "", ""]


# --- figures


def test_figures_on_one_page_share_no_id(tmp_path: Path) -> None:
    svg = '<?xml version="1.0"?>\n<!DOCTYPE svg>\n<svg><defs><path id="p1"/></defs><g clip-path="url(#p1)"/></svg>\n'
    for name in ("coverage", "reliability"):
        (tmp_path / f"{name}.svg").write_text(svg)
        (tmp_path / f"{name}.rst").write_text("What *each* model of {{ snakemake.wildcards.organism }} does.\n")
    drawn = report.figures([tmp_path / "coverage.svg", tmp_path / "reliability.svg"], tmp_path, "demo")
    page = report.html(replace(PAGE, figures=drawn), SHOWN, {})
    tags = Read(page).tags
    ids = [own["id"] for _, own in tags if "id" in own]
    assert len(ids) == len(set(ids))
    assert {"coverage-p1", "reliability-p1"} <= set(ids)
    assert page.count("url(#coverage-p1)") == page.count("url(#reliability-p1)") == 1
    assert "<p>What <em>each</em> model of demo does.</p>" in page


def test_every_figure_of_the_workflow_has_a_name_and_a_caption() -> None:
    captions = Path(report.__file__).parents[1] / "report"
    for name in report.FIGURES:
        assert "<p>" in report.caption((captions / f"{name}.rst").read_text(), "demo")
