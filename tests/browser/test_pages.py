"""The pages that people open, in a real browser: headless Chromium and its driver from the system's packages."""

import csv
import io
import shutil
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from geneduet import explorer, predictions, report
from geneduet.ontology import read_obo

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="needs the system's chromium and chromedriver"),
]
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync --window-size=1300,900"
)
WIDE, PHONE = (1300, 900), (390, 844)
EVIL = "<script>document.title='hacked'</script><img src=x onerror=\"document.title='hacked'\">"


@pytest.fixture(scope="module")
def downloads(tmp_path_factory):
    return tmp_path_factory.mktemp("downloads")


@pytest.fixture(scope="module")
def browser(tmp_path_factory, downloads):
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in [*FLAGS.split(), f"--user-data-dir={tmp_path_factory.mktemp('profile')}"]:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    driver.implicitly_wait(10)
    driver.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(downloads)})
    yield driver
    driver.quit()


# --- the explorer, on a made-up organism

OBO = """default-namespace: biological_process

[Term]
id: GO:0000001
name: process

[Term]
id: GO:0000002
name: growth
is_a: GO:0000001

[Term]
id: GO:0000003
name: budding
is_a: GO:0000002

[Term]
id: GO:0000004
name: nucleus
namespace: cellular_component
"""
# gene, term, aspect, score, sequence, expression, known, bits
ROWS = [
    ("g1", "GO:0000002", "P", 0.9, 0.8, 0.7, "yes", 1.0),
    ("g1", "GO:0000003", "P", 0.5, 0.25, 0.75, "no", 4.0),
    ("g1", "GO:0000004", "C", 0.12345, 0.1, 0.2, "no", 2.0),
    ("g2", "GO:0000002", "P", 0.8, 0.8, np.nan, "no", 1.0),
    ("g2", "GO:0000003", "P", 0.6, 0.6, np.nan, "no", 4.0),
    (EVIL, "GO:0000004", "C", 0.7, 0.7, 0.6, "no", 2.0),
]
THRESHOLDS = {"P": 0.4, "C": 0.3}


@pytest.fixture(scope="module")
def made_up(tmp_path_factory):
    """The page of a made-up organism, and its predictions."""
    folder = tmp_path_factory.mktemp("page")
    (folder / "go.obo").write_text(OBO)
    go = read_obo(folder / "go.obo")
    names = dict(zip(go.terms, go.names, strict=True))
    columns = [
        "gene_id",
        "go_id",
        "aspect",
        "score",
        "sequence_score",
        "expression_score",
        "known",
        "information_content",
    ]
    rows = pd.DataFrame(ROWS, columns=columns)
    rows["go_name"] = rows["go_id"].map(names)
    rows["views"] = np.where(rows["expression_score"].isna(), "sequence", "both")
    texts = ["gene_id", "go_id", "go_name", "aspect", "views", "known"]
    table = predictions.join([rows.assign(**{name: pd.Categorical(rows[name].astype(object)) for name in texts})])
    genes = pd.DataFrame(
        [("g1", "THR1", "a kinase of growth", "P123, old1"), ("g2", "", "", ""), (EVIL,) * 4, ("g4", "MUT4", "", "")],
        columns=["gene_id", "symbol", "description", "aliases"],
    )  # fmt: skip
    pieces = [
        ("homologue", "g2", "0.55", "e-value 1e-30, IDA"), ("coexpressed", "g4", "0.9", ""),
        ("feature", EVIL, "+0.12", EVIL),
    ]  # fmt: skip
    of_pair = [("g1", "GO:0000003", *piece) for piece in pieces]
    evidence = pd.DataFrame(of_pair, columns=list(explorer.EVIDENCE_COLUMNS))
    standing = predictions.standing(table, THRESHOLDS, go)
    run = {"config": {"name": "made_up", "taxon_id": 1}, "geneduet": "0.1.0", "git_commit": None, "python": "3.11",
           "libraries": {}, "inputs": {}, "ontology_release": EVIL, "search_engine": "none", "seed": 1}  # fmt: skip
    unrecorded = SimpleNamespace(genes=genes["gene_id"].tolist(), validated=np.zeros(len(genes), bool))
    page = report.Page(run, [], report.found(table, standing, [unrecorded]), [EVIL], [])

    ranked = explorer.worth_showing(table, standing)
    evidence = explorer.of_rows(evidence, table, ranked)

    def data(rows, pieces):
        shared = {"thresholds": THRESHOLDS, "calibration": {"P": [[0.1, 0.2], [0.5, 0.47], [0.9, 0.88]], "C": []}}
        return {**explorer.content(table, standing, rows, genes, go, evidence.head(pieces)), **shared}

    text, _ = report.fitted(page, standing, ranked, len(evidence), data, report.PAGE_BYTES)
    report.write(folder / "report.html", text)
    return folder / "report.html"


@pytest.fixture
def page(browser, made_up):
    """The made-up page, freshly opened."""
    visit(browser, made_up)
    return browser


def visit(browser, file, size=WIDE):
    """Open a page with an explorer, and wait until it is ready."""
    width, height = size
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": size == PHONE}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    browser.get(Path(file).as_uri())
    browser.find_element("css selector", "html[data-ready]")


def texts(browser, selector):
    return [element.text for element in browser.find_elements("css selector", selector)]


def cells(browser, field):
    """What a column of the table shows, in order; nothing where it has no rows."""
    selector = f".tabulator-row [tabulator-field={field}]"
    return browser.execute_script(
        "return [...document.querySelectorAll(arguments[0])].map(cell => cell.textContent)", selector
    )


def pairs(browser):
    """Gene and term of each row: the first lines of the two cells."""
    return browser.execute_script(
        "return [...document.querySelectorAll('.tabulator-row')].map(row => ['gene', 'name'].map("
        "field => row.querySelector(`[tabulator-field=${field}] .first`).textContent))"
    )


def until(look, wanted):
    """Wait until a look at the page gives what is wanted."""
    deadline = time.monotonic() + 10
    while (seen := look()) != wanted and time.monotonic() < deadline:
        time.sleep(0.05)
    assert seen == wanted


def enter(browser, name, text):
    """Type into a field, in place of what is there."""
    field = browser.find_element("id", name)
    field.clear()
    field.send_keys(text)


def choose(browser, name, text):
    from selenium.webdriver.support.select import Select

    Select(browser.find_element("id", name)).select_by_visible_text(text)


SPECIFIC = [["g2", "budding"], ["g1", "budding"], [EVIL, "nucleus"]]  # by score times bits: 2.4, 2, 1.4


def test_the_page_opens_with_the_most_informative_new_terms(page):
    until(lambda: pairs(page), SPECIFIC)
    assert page.find_element("id", "status").text == "3 predictions for 3 genes."
    assert "3 of 4 genes get 3 new Gene Ontology terms" in page.find_element("css selector", ".lead").text


def test_hostile_names_are_shown_and_do_nothing(page):
    until(lambda: pairs(page), SPECIFIC)
    page.find_elements("css selector", ".tabulator-row button")[2].click()
    dialog = page.find_element("css selector", "dialog[open]")
    assert dialog.find_element("tag name", "h2").text == f"{EVIL}: nucleus"
    assert f"All terms of {EVIL}" in dialog.text
    assert EVIL in texts(page, "li")
    assert page.title == "Predicted gene functions: made_up"
    assert not page.find_elements("xpath", "//img")


@pytest.mark.parametrize(
    "text",
    ["g1", "THR1", "thr1", "kinase", "P123", "old1"],
    ids=["id", "symbol", "symbol in lower case", "word of the name", "accession", "old name"],
)
def test_a_gene_is_found_by_all_its_names(page, text):
    enter(page, "search", text)
    until(lambda: pairs(page), [["g1", "budding"]])
    # what the filters hide is offered
    assert page.find_element("id", "elsewhere").text.startswith("2 more rows match the search but not the filters.")
    page.find_element("css selector", "#elsewhere button").click()
    until(lambda: [term for _, term in pairs(page)], ["budding", "growth", "nucleus"])


@pytest.mark.parametrize("text", ["GO:0000003", "budding", "bud"])
def test_a_term_is_found_by_id_and_words(page, text):
    enter(page, "search", text)
    until(lambda: pairs(page), [["g2", "budding"], ["g1", "budding"]])


def test_words_of_a_gene_and_a_term_narrow_each_other(page):
    enter(page, "search", "g2 budding")
    until(lambda: pairs(page), [["g2", "budding"]])


def test_a_gene_without_predictions_is_told(page):
    enter(page, "search", "MUT4")
    until(lambda: page.find_element("id", "status").text, "g4: no prediction on this page.")


def test_filters_by_aspect_score_and_novelty(page):
    choose(page, "aspect", "Cellular component")
    until(lambda: pairs(page), [[EVIL, "nucleus"]])
    choose(page, "aspect", "All")
    enter(page, "score", "0.6")
    until(lambda: pairs(page), [["g2", "budding"], [EVIL, "nucleus"]])
    enter(page, "score", "0")
    for shown, number in [
        ("Already recorded", 1),
        ("New, above threshold", 4),
        ("New, any score", 5),
        ("Everything here", 6),
        ("New, specific", 3),
    ]:
        choose(page, "standing", shown)
        until(lambda: len(pairs(page)), number)
    choose(page, "standing", "Already recorded")
    until(lambda: (pairs(page), cells(page, "standing")), ([["g1", "growth"]], ["recorded"]))


def test_rows_are_sorted_by_the_list_and_by_the_columns_both_ways(page):
    choose(page, "standing", "Everything here")
    choose(page, "sort", "Highest score")
    until(lambda: cells(page, "score"), ["0.900", "0.800", "0.700", "0.600", "0.500", "0.123"])
    heading = page.find_element("xpath", "//button[.='Score']")
    heading.click()
    until(lambda: cells(page, "score"), ["0.123", "0.500", "0.600", "0.700", "0.800", "0.900"])
    sorted_by = "[tabulator-field=score][role=columnheader]"
    assert page.find_element("css selector", sorted_by).get_attribute("aria-sort") == "ascending"
    # a gene without the view stands last, whichever way
    for expected in (["0.750", "0.700", "0.600", "0.200", "–", "–"], ["0.200", "0.600", "0.700", "0.750", "–", "–"]):
        page.find_element("xpath", "//button[.='Expression alone']").click()
        until(lambda: cells(page, "expression"), expected)


def open_why(page, gene, term):
    page.find_element("css selector", f".tabulator-row button[aria-label='Why {gene}, {term}?']").click()
    return page.find_element("css selector", "dialog[open]")


def rows_of(dialog, caption):
    rows = dialog.find_elements("xpath", f".//table[caption[starts-with(., '{caption}')]]/tbody/tr")
    return [[cell.text for cell in row.find_elements("tag name", "td")] for row in rows]


def test_why_shows_evidence_the_views_and_the_terms_above(page):
    dialog = open_why(page, "g1", "budding")
    assert rows_of(dialog, "Evidence") == [
        ["Homologue", "g2", "0.55 (e-value 1e-30, IDA)"],
        ["Co-expressed", "g4 (MUT4)", "0.9"],
        ["Feature", EVIL, f"+0.12 ({EVIL})"],
    ]
    assert rows_of(dialog, "Place in the hierarchy") == [
        ["budding (GO:0000003)", "4.0", "0.500", "new"],
        ["growth (GO:0000002)", "1.0", "0.900", "recorded"],
        ["process (GO:0000001)", "–", "–", "top of the aspect"],
    ]
    for said in ("0.500: of the pairs scored about like this in this aspect, 47% are recorded", "0.40 recommended",
                 "sequence 0.250, expression 0.750", "P123, old1", "THR1: budding"):  # fmt: skip
        assert said in dialog.text
    links = [link.get_attribute("href") for link in dialog.find_elements("tag name", "a")]
    assert [link.endswith("/GO:0000003") for link in links] == [True, True]


def test_a_pair_without_evidence_opens_too(page):
    dialog = open_why(page, "g2", "budding")
    assert "Evidence. None is on this page for this pair." in dialog.text
    assert "sequence 0.600, expression none" in dialog.text


def test_from_why_to_all_genes_of_a_term(page):
    dialog = open_why(page, "g1", "budding")
    dialog.find_element("xpath", ".//button[.='All genes with this term']").click()
    until(lambda: page.find_element("id", "search").get_attribute("value"), "GO:0000003")
    until(lambda: pairs(page), [["g2", "budding"], ["g1", "budding"]])


def test_the_download_is_what_is_shown(page, downloads):
    choose(page, "standing", "Everything here")
    choose(page, "sort", "Gene")
    enter(page, "search", "g1")
    until(lambda: len(pairs(page)), 3)
    page.find_element("id", "download").click()
    file = downloads / "made_up_predictions.tsv"
    until(file.exists, True)
    rows = list(csv.reader(io.StringIO(file.read_text()), delimiter="\t"))
    assert rows == [
        list(predictions.COLUMNS),
        ["g1", "GO:0000002", "growth", "P", "0.9", "0.8", "0.7", "both", "yes", "1.00"],
        ["g1", "GO:0000003", "budding", "P", "0.5", "0.25", "0.75", "both", "no", "4.00"],
        ["g1", "GO:0000004", "nucleus", "C", "0.12345", "0.1", "0.2", "both", "no", "2.00"],
    ]


def test_everything_is_reached_with_the_keyboard_alone(page):
    from selenium.webdriver import ActionChains, Keys

    def press(*keys):
        for key in keys:
            ActionChains(page).send_keys(key).perform()

    def focused():
        return page.switch_to.active_element

    press(Keys.TAB)
    assert focused().get_attribute("id") == "search"
    press("b", "u", "d")
    until(lambda: len(pairs(page)), 2)
    seen = []
    for _ in range(30):
        press(Keys.TAB)
        seen.append(focused().get_attribute("id") or focused().text)
        if focused().get_attribute("aria-label") == "Why g2, budding?":
            break
    assert seen[:5] == ["standing", "aspect", "score", "sort", "download"]
    assert [name for name in seen if name in ("Gene", "Term", "Score")] == ["Gene", "Term", "Score"]
    outline = page.execute_script("return getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    press(Keys.ENTER)
    dialog = page.find_element("css selector", "dialog[open]")
    assert dialog.text.startswith("g2: budding")
    press(Keys.ESCAPE)
    until(lambda: page.find_elements("css selector", "dialog:not([open])") != [], True)
    assert focused().get_attribute("aria-label") == "Why g2, budding?"


def test_every_field_has_a_label_and_every_button_a_name(page):
    nameless = page.execute_script(
        "return [...document.querySelectorAll('input, select, button')].filter("
        "e => !(e.labels?.length || e.textContent.trim() || e.ariaLabel)).map(e => e.outerHTML)"
    )
    assert nameless == []


def test_on_a_phone_nothing_is_wider_than_the_screen(browser, made_up):
    visit(browser, made_up, PHONE)
    width = "return document.documentElement.scrollWidth"
    assert browser.execute_script(width) == PHONE[0]
    assert [gene for gene, _ in pairs(browser)] == ["g2", "g1", EVIL]
    dialog = open_why(browser, "g1", "budding")
    assert browser.execute_script(width) == PHONE[0]
    assert dialog.size["width"] <= PHONE[0]
    visit(browser, made_up)


def test_the_page_runs_without_an_error(page):
    open_why(page, "g1", "budding")
    assert [entry for entry in page.get_log("browser") if entry["level"] == "SEVERE"] == []


# --- a real run


def test_the_report_of_a_run_shows_its_new_predictions_figures_and_headlines(browser, finished, read_rows):
    visit(browser, finished.results / "report.html")
    rows = read_rows(finished.results / "predictions.tsv.gz")
    known = {(row["gene_id"], row["go_name"]) for row in rows if row["known"] == "yes"}
    every = {(row["gene_id"], row["go_name"]) for row in rows}
    shown = {tuple(pair) for pair in pairs(browser)}
    assert shown
    assert shown <= every - known
    assert len(browser.find_elements("css selector", "figure svg")) == 5
    assert any("best supervised model" in line for line in texts(browser, "li"))
    assert browser.get_log("browser") == []


def test_snakemake_report_opens_and_shows_each_figure_and_the_explorer(browser, finished_copy, snakemake):
    call = snakemake(finished_copy.folder, [finished_copy.organism.file], "--report", "results/snakemake_report.html")
    assert call.returncode == 0, call.stderr
    browser.get((finished_copy.folder / "results" / "snakemake_report.html").as_uri())
    assert "GeneDuet predicts Gene Ontology terms" in browser.find_element("tag name", "body").text
    for category, figures in (
        ("Evaluation", ["precision and recall", "calibration"]),
        ("Co-training", ["co-training by round"]),
        ("Predictions", ["explorer of predictions"]),
    ):
        browser.refresh()
        click(browser, "Results")
        click(browser, category)
        for figure in figures:
            assert browser.find_element("xpath", named(figure)).is_displayed()
    browser.find_elements("css selector", "td a, td button")[0].click()
    browser.switch_to.frame(browser.find_element("tag name", "iframe"))
    browser.find_element("css selector", "html[data-ready]")
    assert pairs(browser)
    browser.switch_to.default_content()


def named(text):
    return f"//*[normalize-space(.)='{text}']"


def click(browser, text):
    """Click on a line of the report's menu: the innermost element of that text."""
    browser.find_elements("xpath", named(text))[-1].click()
