"""The pages that people open, in a real browser: headless Chromium and its driver from the system's packages."""

import shutil

import pandas as pd
import pytest

from geneduet import report

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="needs the system's chromium and chromedriver"),
]
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync --window-size=1300,900"
)


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in [*FLAGS.split(), f"--user-data-dir={tmp_path_factory.mktemp('profile')}"]:
        options.add_argument(flag)
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    driver.implicitly_wait(10)
    yield driver
    driver.quit()


def texts(browser, selector):
    return [element.text for element in browser.find_elements("css selector", selector)]


def test_a_script_in_a_gene_name_is_shown_and_not_run(browser, tmp_path):
    gene = "<script>document.title='hacked'</script>"
    table = pd.DataFrame({"Gene": [gene, "b0001"], "Score": [0.9, float("nan")]})
    report.write_table(tmp_path / "page.html", "New predictions", ["a < b"], table)
    browser.get((tmp_path / "page.html").as_uri())
    assert browser.title == "New predictions"
    assert texts(browser, "td") == [gene, "0.9", "b0001", "-"]
    assert texts(browser, "li") == ["a < b"]


def test_page_of_predictions_shows_the_best_new_ones_and_what_evaluation_says(browser, finished, read_rows):
    browser.get((finished.results / "report" / "top_predictions.html").as_uri())
    shown = texts(browser, "tbody tr")
    known = {
        (row["gene_id"], row["go_id"])
        for row in read_rows(finished.results / "predictions.tsv.gz")
        if row["known"] == "yes"
    }
    assert shown
    assert not [line for line in shown for gene, term in known if gene in line.split() and term in line.split()]
    assert any("best supervised model" in line for line in texts(browser, "li"))


def test_snakemake_report_opens_and_shows_each_figure(browser, finished_copy, snakemake):
    call = snakemake(finished_copy.folder, [finished_copy.organism.file], "--report", "results/snakemake_report.html")
    assert call.returncode == 0, call.stderr
    browser.get((finished_copy.folder / "results" / "snakemake_report.html").as_uri())
    assert "GeneDuet predicts Gene Ontology terms" in browser.find_element("tag name", "body").text
    for category, figures in (
        ("Evaluation", ["precision and recall", "calibration"]),
        ("Co-training", ["co-training by round"]),
        ("Predictions", ["best new predictions"]),
    ):
        browser.refresh()
        click(browser, "Results")
        click(browser, category)
        for figure in figures:
            assert browser.find_element("xpath", named(figure)).is_displayed()


def named(text):
    return f"//*[normalize-space(.)='{text}']"


def click(browser, text):
    """Click on a line of the report's menu: the innermost element of that text."""
    browser.find_elements("xpath", named(text))[-1].click()
