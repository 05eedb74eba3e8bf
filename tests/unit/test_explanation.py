"""What the terminal shows of a gene and of a prediction, on a small results folder made by hand."""

import pandas as pd
import pytest

from geneduet import ontology, tables
from geneduet.errors import InputError
from geneduet.explanation import WIDTH, Results, of_gene, of_term

OBO = """data-version: releases/2024-01-17

[Term]
id: GO:0008150
name: biological_process
namespace: biological_process

[Term]
id: GO:0000101
name: growth
namespace: biological_process
alt_id: GO:0000999
is_a: GO:0008150

[Term]
id: GO:0000102
name: filamentous growth
namespace: biological_process
is_a: GO:0000101

[Term]
id: GO:0000103
name: response to a stimulus with a name that is far too long for any terminal of this width
namespace: biological_process
is_a: GO:0008150

[Term]
id: GO:0003674
name: molecular_function
namespace: molecular_function
"""
GENES = [
    ("b0001", "b0001", "recA UniProt:P0A7G6 recombinase"),
    ("b0002", "b0002", "hypothetical protein"),
    ("b0003", "b0003", "hypothetical protein"),
    ("P12345", "P12345", "Lysozyme OS=Escherichia coli OX=83333 GN=lysZ PE=1"),
]
PREDICTIONS = [
    ("b0001", "GO:0000101", "growth", 0.9, 0.8, 0.7, "both", "yes", 1.0),
    ("b0001", "GO:0000102", "filamentous growth", 0.6, 0.5, "", "both", "no", 3.21),
    ("b0001", "GO:0000103", "response to a stimulus with a name that is far too long for any terminal of this width",
     0.05, 0.04, 0.03, "both", "no", 2.0),
    ("b0002", "GO:0000101", "growth", 0.7, 0.7, "", "sequence", "no", 1.0),
    ("b0002", "GO:0000102", "filamentous growth", 0.65, 0.7, "", "sequence", "no", 3.21),
]  # fmt: skip
EVIDENCE = [
    ("b0001", "GO:0000102", "homologue", "P12345", "45.2", "e-value 1e-30, coverage 0.95, evidence IDA"),
    (
        "b0001",
        "GO:0000102",
        "homologue",
        "Q99999",
        "31.0",
        "e-value 1e-10, coverage 0.80, evidence EXP,IDA,IEA,IGI,IMP,TAS",
    ),
    ("b0001", "GO:0000102", "coexpressed", "b0002", "0.870", "correlation, mutual rank 3.0, evidence IMP"),
    (
        "b0001",
        "GO:0000102",
        "feature",
        "sequence:composition:E",
        "+0.1200",
        "sequence view, value 0.7, mostly by fusion",
    ),
    (
        "b0002",
        "GO:0000102",
        "feature",
        "vote of homologues",
        "+0.3000",
        "sequence view, loudest b0001, mostly by fusion",
    ),
]


@pytest.fixture
def results(tmp_path):
    folder = tmp_path / "results" / "tiny"
    (tmp_path / "go.obo").write_text(OBO)
    ontology.write(folder / "inputs" / "ontology.npz", ontology.read_obo(tmp_path / "go.obo"))
    genes = pd.DataFrame(GENES, columns=["gene_id", "protein_id", "description"])
    tables.write(folder / "inputs" / "genes.parquet", genes)
    columns = ["gene_id", "go_id", "go_name", "score", "sequence_score", "expression_score", "views", "known"]
    rows = pd.DataFrame(PREDICTIONS, columns=[*columns, "information_content"])
    rows.insert(3, "aspect", "P")
    tables.write_tsv(folder / "predictions.tsv.gz", rows)
    evidence = pd.DataFrame(EVIDENCE, columns=["gene_id", "go_id", "kind", "source", "value", "detail"])
    tables.write_tsv(folder / "evidence.tsv.gz", evidence)
    (folder / "evaluation").mkdir()
    least = "aspect\tbits_from\tbits_to\tterms\tthreshold\n"
    (folder / "evaluation" / "thresholds.tsv").write_text(f"{least}P\t0.0\tinf\t3\t0.3\nP\t0.0\t2.0\t1\t0.4\n")
    return Results.read(folder)


@pytest.mark.parametrize(
    ("name", "gene"),
    [("b0001", "b0001"), ("recA", "b0001"), ("RECA", "b0001"), ("lysZ", "P12345"), ("p12345", "P12345")],
)
def test_a_gene_goes_by_its_id_and_its_symbol(results, name, gene):
    assert results.gene(name) == gene


@pytest.mark.parametrize(("name", "hint"), [("recB", "recA"), ("b0009", "b000"), ("hypothetical", "")])
def test_a_gene_that_is_not_there_is_an_error_that_names_the_nearest(results, name, hint):
    # what two genes are called is the name of neither
    with pytest.raises(InputError) as fault:
        results.gene(name)
    assert f"'{name}' is no gene of this run" in str(fault.value)
    assert (f"did you mean '{hint}" in str(fault.value)) == bool(hint)


def test_of_a_gene_known_terms_are_shown_and_those_above_the_threshold(results):
    assert of_gene(results, "b0001") == [
        "b0001 recA UniProt:P0A7G6 recombinase",
        "",
        "biological process: known terms, and those from a score of 0.30 on",
        "  term         score   bits         name",
        "  GO:0000101  0.9000      1  known  growth",
        "  GO:0000102  0.6000   3.21  new    filamentous growth",
        "  and 1 that score below it",
        "",
        "molecular function: known terms",
        "",
        "cellular component: known terms",
    ]
    everything = of_gene(results, "b0001", everything=True)
    assert "  GO:0000103  0.0500      2  new    response to a stimulus with a name that i..." in everything
    assert of_gene(results, "b0003")[-1] == "No score is written for this gene."


def test_of_a_term_its_scores_its_evidence_and_its_ancestors_are_shown(results):
    assert of_term(results, "b0001", "GO:0000102") == [
        "b0001 recA UniProt:P0A7G6 recombinase",
        "GO:0000102 filamentous growth (biological process)",
        "",
        "score            0.6000   new, at or above the recommended threshold 0.30",
        "sequence view    0.5000",
        "expression view       -",
        "information        3.21   bits",
        "",
        "The gene has labels in this aspect: its scores are of models that saw none.",
        "",
        "Homologues that have the term (% identity)",
        "  P12345 lysZ     45.2  e-value 1e-30, coverage 0.95, evidence IDA",
        "  Q99999          31.0  e-value 1e-10, coverage 0.80,",
        "                        evidence EXP,IDA,IEA,IGI,IMP,TAS",
        "",
        "Co-expressed genes that have the term",
        "  b0002    0.870  correlation, mutual rank 3.0, evidence IMP",
        "",
        "What adds most to the raw score, or takes from it",
        "  sequence:composition:E  +0.1200  sequence view, value 0.7, mostly by fusion",
        "",
        "Ancestors, the root first, with their scores",
        "       -         GO:0008150 biological_process",
        "  0.9000  known   GO:0000101 growth",
        "  0.6000  new      GO:0000102 filamentous growth",
    ]


def test_the_loudest_voice_is_shown_with_its_symbol_and_nothing_is_said_of_folds_where_there_is_no_label(results):
    lines = of_term(results, "b0002", "GO:0000102")
    assert lines[-8:-5] == [
        "What adds most to the raw score, or takes from it",
        "  vote of homologues  +0.3000  sequence view, loudest b0001 recA,",
        "                               mostly by fusion",
    ]
    assert not any("has labels" in line for line in lines)


@pytest.mark.parametrize("term", ["GO:0000101", "GO:0000999", "Growth"])
def test_a_term_goes_by_its_id_an_old_id_and_its_name(results, term):
    assert of_term(results, "b0001", term)[1] == "GO:0000101 growth (biological process)"


def test_a_term_that_is_not_there_is_an_error_that_names_the_nearest(results):
    with pytest.raises(InputError, match=r"'filamentous grow' is no live term.*did you mean 'filamentous growth'"):
        of_term(results, "b0001", "filamentous grow")


def test_a_pair_without_evidence_says_why(results):
    def said(gene, term):
        return "\n".join(of_term(results, gene, term))

    assert "new, below the recommended threshold 0.30" in said("b0001", "GO:0000103")
    assert "Evidence is written for new predictions above the threshold alone." in said("b0001", "GO:0000103")
    assert "known: the gene is annotated with it" in said("b0001", "GO:0000101")
    assert "for which there is evidence:\n  GO:0000102" in said("b0002", "GO:0000101")
    assert "No score is written" in said("b0003", "GO:0000101")


def test_every_line_fits_into_the_terminal(results):
    for gene in ("b0001", "b0002", "P12345"):
        assert max(map(len, of_gene(results, gene, everything=True))) <= WIDTH
        for term in ("GO:0000101", "GO:0000102", "GO:0000103"):
            assert max(map(len, of_term(results, gene, term))) <= WIDTH


def test_the_command_prints_it_and_what_is_unknown_is_one_line_and_status_2(results, geneduet):
    done = geneduet("explain", "--results", results.folder, "recA", "GO:0000102")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == of_term(results, "b0001", "GO:0000102")
    listed = geneduet("explain", "--results", results.folder, "recA")
    assert listed.stdout.splitlines() == of_gene(results, "b0001")
    for words in (["recC"], ["recA", "GO:0000109"]):
        failed = geneduet("explain", "--results", results.folder, *words)
        assert (failed.returncode, failed.stdout) == (2, "")
        assert failed.stderr.startswith("error: ")
        assert failed.stderr.count("\n") == 1
        assert "did you mean" in failed.stderr


def test_a_folder_without_results_is_an_error(tmp_path):
    with pytest.raises(InputError, match=r"predictions\.tsv\.gz: no such file; give the folder of a finished run"):
        Results.read(tmp_path)
