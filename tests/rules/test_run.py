"""A whole run of a small organism, and what it leaves behind."""

import csv
import gzip
import hashlib
import json
import re
from xml.etree import ElementTree

import numpy as np
import pytest

PREDICTIONS = [
    "gene_id", "go_id", "go_name", "aspect", "score", "sequence_score", "expression_score", "views", "known",
    "information_content",
]  # fmt: skip
METRICS = [
    "organism", "aspect", "split", "gene_set", "model", "metric", "value", "ci_low", "ci_high", "n_genes",
    "n_families", "n_terms", "seed", "label_fraction",
]  # fmt: skip
COMPARISONS = [
    "organism", "aspect", "split", "gene_set", "model", "reference", "metric", "difference", "ci_low", "ci_high",
    "verdict", "seed", "label_fraction",
]  # fmt: skip
COTRAINING = [
    "aspect", "round", "view", "pseudo_labels", "estimated_precision", "score_before", "score_after", "kept", "reason",
]  # fmt: skip
MODELS = [
    "naive", "homology", "sequence", "expression", "early_fusion", "late_fusion", "fusion", "weighted_fusion",
    "self_training", "co_training", "final",
]  # fmt: skip


@pytest.fixture(scope="module")
def predictions(finished, read_rows):
    return read_rows(finished.results / "predictions.tsv.gz")


@pytest.fixture(scope="module")
def score_of(predictions):
    return {(row["gene_id"], row["go_id"]): float(row["score"]) for row in predictions}


def expected_pairs(organism, pairs):
    """Pairs with all their ancestors."""
    return {(gene, above) for gene, term in pairs for above in organism.ancestors(term)}


# --- predictions


def test_header_is_that_of_the_contract(finished):
    with gzip.open(finished.results / "predictions.tsv.gz", "rt") as handle:
        assert handle.readline().rstrip("\n").split("\t") == PREDICTIONS


def test_predictions_are_sorted_by_gene_falling_score_and_term(predictions):
    order = [(row["gene_id"], -float(row["score"]), row["go_id"]) for row in predictions]
    assert order == sorted(order)
    assert len({(gene, term) for gene, _, term in order}) == len(order) > 500


def test_scores_are_probabilities_of_four_digits(predictions):
    for row in predictions:
        assert 0.01 <= float(row["score"]) <= 1
        for column in ("score", "sequence_score", "expression_score"):
            assert len(row[column].replace(".", "").strip("0")) <= 4, row


def test_no_term_scores_above_its_parents(score_of, finished):
    parents = finished.organism.parents
    compared = 0
    for (gene, term), score in score_of.items():
        for parent in parents[term]:
            if parents[parent]:  # roots are not predicted
                assert score_of[gene, parent] >= score, (gene, term)
                compared += 1
    assert compared > 500


def test_genes_of_every_class_get_all_three_aspects_but_no_roots(predictions, finished):
    assert {row["gene_id"] for row in predictions} == set(finished.organism.genes)
    assert {row["aspect"] for row in predictions} == set("PFC")
    assert all(finished.organism.parents[row["go_id"]] for row in predictions)


def test_not_and_its_descendants_are_absent(score_of, finished):
    negated = finished.organism.negated
    excluded = {(gene, term) for gene, term in score_of for above in finished.organism.ancestors(term)
                if (gene, above) in negated}  # fmt: skip
    assert negated
    assert excluded == set()


def test_known_is_what_was_annotated_with_its_ancestors(predictions, finished):
    organism = finished.organism
    known = expected_pairs(organism, organism.annotated)
    for row in predictions:
        pair = row["gene_id"], row["go_id"]
        assert row["known"] == ("yes" if pair in known and pair[0] not in organism.held_out else "no"), pair


def test_held_out_genes_are_predicted_as_if_unannotated(predictions, finished):
    own = [row for row in predictions if row["gene_id"] in finished.organism.held_out]
    assert {row["gene_id"] for row in own} == finished.organism.held_out
    assert {row["known"] for row in own} == {"no"}


def test_a_missing_view_has_no_score(predictions):
    unmeasured = [row for row in predictions if row["gene_id"] >= "g110"]
    assert unmeasured
    assert {(row["views"], row["expression_score"]) for row in unmeasured} == {("sequence", "")}
    assert all(row["views"] == "both" and row["sequence_score"] for row in predictions if row["gene_id"] < "g110")


def test_new_predictions_are_valid_gaf(predictions, finished):
    organism = finished.organism
    with gzip.open(finished.results / "predictions.gaf.gz", "rt") as handle:
        lines = handle.read().splitlines()
    head = [line for line in lines if line.startswith("!")]
    assert head[0] == "!gaf-version: 2.2"
    assert "!date-generated: 2021-03-04" in head  # the newest input's, never today's
    assert any("predictions.tsv.gz" in line for line in head)
    known = {(row["gene_id"], row["go_id"]) for row in predictions if row["known"] == "yes"}
    written = [line.split("\t") for line in lines[len(head) :]]
    assert written
    for cells in written:
        assert len(cells) == 17
        assert (cells[0], cells[6], cells[12], cells[13], cells[15]) == ("TST", "IEA", "taxon:9999", "20210304", "")
        assert (cells[1], cells[4]) not in known
        in_complex = "GO:0032991" in organism.ancestors(cells[4])
        relation = {"F": "enables", "P": "involved_in", "C": "part_of" if in_complex else "located_in"}
        assert cells[3] == relation[cells[8]]
    assert {cells[3] for cells in written} == {"enables", "involved_in", "part_of", "located_in"}


def test_gpad_says_what_the_gaf_says_and_its_gpi_names_all_genes(finished):
    def rows(form):
        with gzip.open(finished.results / f"predictions.{form}.gz", "rt") as handle:
            head, *cells = (line.rstrip("\n").split("\t") for line in handle)
            return head[0], [row for row in cells if not row[0].startswith("!")]

    (_, gaf), (gpad_version, gpad), (gpi_version, gpi) = map(rows, ("gaf", "gpad", "gpi"))
    assert (gpad_version, gpi_version) == ("!gpad-version: 2.0", "!gpi-version: 2.0")
    identifiers = {
        "enables": "RO:0002327", "involved_in": "RO:0002331", "located_in": "RO:0001025", "part_of": "BFO:0000050",
    }  # fmt: skip
    assert [[row[0], *row[2:6], row[8]] for row in gpad] == [
        [f"TST:{row[1]}", identifiers[row[3]], *row[4:6], "ECO:0007669", "2021-03-04"] for row in gaf
    ]
    told = (finished.organism.folder / "genes.gaf").read_text()
    for number, (gene, row) in enumerate(zip(finished.organism.genes, gpi, strict=True)):
        # of every second gene the annotations know an id of their own
        own = gene if number % 2 else f"S{gene}"
        names = (own.upper(), own.removeprefix(gene)) if f"\t{gene}\t" in told else (gene, "")
        assert (row[0], row[1], row[3]) == (f"TST:{gene}", *names)
    assert all(row[4:8] == ["PR:000000001", "NCBITaxon:9999", "", row[0]] and len(row) == 11 for row in gpi)


def test_cafa_file_holds_the_same_scores(score_of, finished):
    with gzip.open(finished.results / "predictions.cafa.tsv.gz", "rt") as handle:
        cafa = {(gene, term): float(score) for gene, term, score in csv.reader(handle, delimiter="\t")}
    assert cafa == score_of


# --- evidence


@pytest.fixture(scope="module")
def evidence(finished, read_rows):
    return read_rows(finished.results / "evidence.tsv.gz")


def test_each_new_prediction_has_evidence_and_nothing_else_has(evidence, finished):
    with gzip.open(finished.results / "predictions.gaf.gz", "rt") as handle:
        new = {(cells[1], cells[4]) for cells in (line.split("\t") for line in handle if not line.startswith("!"))}
    assert list(evidence[0]) == ["gene_id", "go_id", "kind", "source", "value", "detail"]
    assert {(row["gene_id"], row["go_id"]) for row in evidence} == new
    assert {row["kind"] for row in evidence} == {"homologue", "coexpressed", "feature"}
    assert [row["gene_id"] for row in evidence] == sorted(row["gene_id"] for row in evidence)


def test_who_is_named_as_evidence_has_the_term_by_a_visible_label(evidence, finished):
    organism = finished.organism
    visible = {(gene, above) for gene, term in organism.annotated for above in organism.ancestors(term)
               if gene not in organism.held_out}  # fmt: skip
    named = [row for row in evidence if row["kind"] != "feature"]
    assert len(named) > 20
    for row in named:
        assert (row["source"], row["go_id"]) in visible, row
        assert row["source"] != row["gene_id"]
        assert re.search(r"evidence (IDA|IMP)", row["detail"]), row


def test_what_a_gene_is_predicted_to_have_is_explained_in_the_terminal(evidence, finished, geneduet):
    row = next(row for row in evidence if row["kind"] == "homologue")
    said = geneduet("explain", "--results", finished.results, row["gene_id"], row["go_id"])
    assert said.returncode == 0, said.stderr
    assert row["source"] in said.stdout
    assert max(map(len, said.stdout.splitlines())) <= 80


# --- evaluation


def test_metrics_judge_every_model_in_every_aspect(finished, read_rows):
    table = read_rows(finished.results / "evaluation" / "metrics.tsv")
    assert list(table[0]) == METRICS
    judged = {(row["aspect"], row["split"], row["model"]) for row in table if row["gene_set"] == "all"}
    assert judged >= {(aspect, split, model) for aspect in "PFC" for split in ("cross_validation", "holdout")
                      for model in MODELS}  # fmt: skip
    assert {row["split"] for row in table} == {"cross_validation", "holdout", "open_world"}
    named = {"fmax", "weighted_fmax", "smin", "micro_ap", "coverage", "ece", "brier_skill", "calibration_slope"}
    assert named <= {row["metric"] for row in table}
    for row in table:
        if row["metric"] in ("fmax", "micro_ap", "coverage") and row["ci_low"]:
            assert 0 <= float(row["ci_low"]) <= float(row["ci_high"]) <= 1


def test_classes_that_share_expression_and_families_are_learned(finished, read_rows):
    # the small organism is easy: if this fails, the views do not reach the learner
    table = read_rows(finished.results / "evaluation" / "metrics.tsv")
    found = {
        (row["aspect"], row["model"]): float(row["value"])
        for row in table
        if row["metric"] == "micro_ap" and row["split"] == "cross_validation" and row["gene_set"] == "all"
    }
    for aspect in "PFC":
        assert found[aspect, "final"] > 1.5 * found[aspect, "naive"]


def test_comparisons_are_paired_with_a_verdict(finished, read_rows):
    table = read_rows(finished.results / "evaluation" / "comparisons.tsv")
    assert list(table[0]) == COMPARISONS
    assert {row["verdict"] for row in table} <= {"better", "worse", "no difference"}
    assert {row["model"] for row in table} >= {"naive", "co_training"}


def test_each_round_of_cotraining_is_told(finished, read_rows):
    table = read_rows(finished.results / "evaluation" / "cotraining.tsv")
    assert list(table[0]) == COTRAINING
    assert {row["aspect"] for row in table} == set("PFC")
    assert {(row["round"], row["view"]) for row in table} >= {("1", "sequence"), ("1", "expression")}
    assert {row["kept"] for row in table} <= {"yes", "partly", "no"}
    assert all(row["reason"] for row in table)


# --- model, record, pages


def test_model_has_no_pickle(finished):
    files = [file for file in (finished.results / "model").rglob("[!.]*") if file.is_file()]
    assert {file.suffix for file in files} == {".json", ".npz", ".parquet", ".ubj"}
    for file in files:
        if file.suffix == ".npz":
            with np.load(file, allow_pickle=False) as arrays:
                assert all(arrays[name].dtype != object for name in arrays)


def test_manifest_names_features_engine_and_versions(finished):
    manifest = json.loads((finished.results / "model" / "manifest.json").read_text())
    assert set(manifest["features"]) == {"sequence", "expression"}
    assert manifest["search_engine"].startswith("phmmer")
    assert set(manifest["final"]) == set("PFC")
    assert manifest["versions"]["numpy"]


def test_run_record_has_the_checksum_of_every_input(finished):
    record = json.loads((finished.results / "run.json").read_text())
    names = {"ontology": "go.obo", "proteome": "proteome.fasta", "annotations": "genes.gaf",
             "expression.expression": "expression.tsv", "holdout_genes": "held_out.txt"}  # fmt: skip
    for key, name in names.items():
        content = (finished.organism.folder / name).read_bytes()
        assert record["inputs"][key]["sha256"] == hashlib.sha256(content).hexdigest()
    assert set(record["inputs"]) == set(names)
    assert record["ontology_release"] == "2020-02-02"
    assert record["seed"] == 1
    assert record["config"]["learner"]["trees"] == 4


def test_run_record_has_time_and_memory_of_every_step(finished):
    steps = json.loads((finished.results / "run.json").read_text())["steps"]
    logs = {file.stem for file in (finished.folder / "logs" / "tiny").glob("*.log")}
    assert set(steps) == logs - {"record_run", "write_report"}  # which tells of the others
    assert {"fit_references.P", "cotrain.F", "search_homologues"} <= logs
    assert all(step["seconds"] > 0 for step in steps.values())


@pytest.mark.parametrize("name", ["precision_recall", "reliability", "cotraining", "information_content", "coverage"])
def test_figures_are_svg(finished, name):
    root = ElementTree.parse(finished.results / "figures" / f"{name}.svg").getroot()
    assert root.tag.endswith("svg")


@pytest.mark.parametrize("name", ["report.html", "report/explorer.html"])
def test_the_report_stands_alone_and_is_small(finished, name):
    page = (finished.results / name).read_text()
    assert "Predicted gene functions: <em>tiny</em>" in page
    assert not re.search(r"<(script|link|img|iframe)[^>]+(src|href)=", page)
    assert len(page.encode()) < (1_550_000 if name == "report/explorer.html" else 8_000_000)
    # figures are in the one, and beside the other
    assert page.count("<figure>") == (0 if name == "report/explorer.html" else 5)


def test_nothing_half_written_is_left(finished):
    assert list(finished.folder.rglob("*.partial*")) == []


# --- the same elsewhere


@pytest.fixture(scope="module")
def odd_run(tmp_path_factory, make_organism, snakemake):
    """On one core, from and in folders whose names a shell would take apart."""
    folder = tmp_path_factory.mktemp("odd")
    names = {"ontology": "the go.obo", "proteome": "it's $HOME.fasta", "annotations": 'a "quoted" name.gaf',
             "expression": "heat & cold; (log).tsv", "holdout_genes": "held 'out' genes.txt"}  # fmt: skip
    organism = make_organism(folder / "O'Neil's data", file_names=names)
    result = snakemake(folder / "O'Neil's run", [organism.file], cores=1)
    return folder / "O'Neil's run" / "results" / "tiny", result


def test_spaces_and_quotes_in_paths_are_no_trouble(odd_run):
    results, call = odd_run
    assert call.returncode == 0, call.stderr[-4000:]
    inputs = json.loads((results / "run.json").read_text())["inputs"]
    assert inputs["proteome"]["path"].endswith("O'Neil's data/it's $HOME.fasta")


@pytest.mark.parametrize("name", ["predictions.tsv.gz", "predictions.gaf.gz", "evaluation/metrics.tsv"])
def test_one_core_gives_the_same_bytes_as_two(odd_run, finished, name):
    results, _ = odd_run
    assert (results / name).read_bytes() == (finished.results / name).read_bytes()
