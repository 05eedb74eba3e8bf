"""`geneduet predict` on the model of a real run: genes of the run score as there, and bad input is one line."""

import json
import shutil
from pathlib import Path

import pytest

SCORES = ("score", "sequence_score", "expression_score")


def by_pair(rows, genes):
    return {
        (row["gene_id"], row["go_id"]): (row["views"], *(row[name] for name in SCORES))
        for row in rows
        if row["gene_id"] in genes
    }


@pytest.fixture(scope="module")
def proteome(finished):
    """A function: a FASTA file of some genes under other names, by a map of their names."""
    text = (finished.organism.folder / "proteome.fasta").read_text()
    sequences = dict(record.split("\n", 1) for record in text.split(">")[1:])
    sequences = {header.split()[0]: letters for header, letters in sequences.items()}

    def write(file: Path, names: dict[str, str]) -> Path:
        file.write_text("".join(f">{new}\n{sequences[old]}" for old, new in names.items()))
        return file

    return write


@pytest.fixture(scope="module")
def predict(finished, geneduet):
    def call(output, proteome, *arguments, model=finished.results / "model"):
        return geneduet("predict", "--model", model, "--proteome", proteome, "--output", output, *arguments)

    return call


def expression_of(finished, file, names):
    header, *lines = (finished.organism.folder / "expression.tsv").read_text().splitlines()
    rows = [line.split("\t", 1) for line in lines]
    file.write_text("\n".join([header, *(f"{names[gene]}\t{rest}" for gene, rest in rows if gene in names)]) + "\n")
    return file


def test_genes_of_the_run_score_as_in_the_run(finished, predict, proteome, read_rows, tmp_path):
    # held out, unlabelled and labelled ones, with expression and without
    genes = sorted(finished.organism.held_out | {"g000", "g001", "g050", "g112", "g115"})
    result = predict(tmp_path, proteome(tmp_path / "new.faa", {gene: gene for gene in genes}))
    assert result.returncode == 0, result.stderr
    rows = read_rows(tmp_path / "predictions.tsv.gz")
    expected = by_pair(read_rows(finished.results / "predictions.tsv.gz"), set(genes))
    assert len(expected) > 100
    assert by_pair(rows, set(genes)) == expected
    assert {row["known"] for row in rows} == {"no"}
    assert list(rows[0]) == list(read_rows(finished.results / "predictions.tsv.gz")[0])
    assert "15 of 15 proteins are the model's own" in (tmp_path / "summary.txt").read_text()


def test_a_gene_of_the_run_is_known_by_its_sequence_and_by_its_profile(
    finished, predict, proteome, read_rows, tmp_path
):
    names = {gene: f"new_{gene}" for gene in sorted(finished.organism.held_out)}
    matrix = expression_of(finished, tmp_path / "new.tsv", names)
    result = predict(tmp_path, proteome(tmp_path / "new.faa", names), "--expression", matrix)
    assert result.returncode == 0, result.stderr
    found = by_pair(read_rows(tmp_path / "predictions.tsv.gz"), set(names.values()))
    expected = by_pair(read_rows(finished.results / "predictions.tsv.gz"), set(names))
    assert found == {(names[gene], term): scores for (gene, term), scores in expected.items()}


def test_a_new_gene_is_scored_with_expression_and_without(finished, predict, proteome, read_rows, tmp_path):
    # a gene of the run but for its first residue, so that it is a new one: it scores much the same
    names = {"g021": "n1", "g061": "n2"}
    fasta = proteome(tmp_path / "new.faa", names)
    fasta.write_text(fasta.read_text().replace("\nM", "\nL"))
    matrix = expression_of(finished, tmp_path / "new.tsv", names)
    for place, arguments, views in (("with", ("--expression", matrix), "both"), ("without", (), "sequence")):
        result = predict(tmp_path / place, fasta, *arguments)
        assert result.returncode == 0, result.stderr
        rows = read_rows(tmp_path / place / "predictions.tsv.gz")
        assert {row["gene_id"] for row in rows} == {"n1", "n2"}
        assert {row["views"] for row in rows} == {views}
        assert all(bool(row["expression_score"]) == (views == "both") for row in rows)
        assert "of the 2 new proteins have a homologue with labels" in (tmp_path / place / "summary.txt").read_text()


def test_proteins_unlike_any_of_the_run_bring_a_warning(predict, tmp_path):
    (tmp_path / "far.faa").write_text("".join(f">far{number}\n{'WCWH' * (9 + number)}\n" for number in range(3)))
    result = predict(tmp_path, tmp_path / "far.faa")
    assert result.returncode == 0, result.stderr
    said = (tmp_path / "summary.txt").read_text()
    assert "0% of the 3 new proteins have a homologue with labels" in said
    assert "warning: the new proteins are far from what the model has learned from" in said


def test_a_model_of_another_format_is_one_line_and_nothing_is_written(finished, predict, proteome, tmp_path):
    model = tmp_path / "model"
    shutil.copytree(finished.results / "model", model)
    manifest = json.loads((model / "manifest.json").read_text())
    (model / "manifest.json").write_text(json.dumps({**manifest, "format": 3}))
    result = predict(tmp_path / "out", proteome(tmp_path / "new.faa", {"g000": "a"}), model=model)
    assert result.returncode == 2
    assert result.stderr.startswith(f"error: {model / 'manifest.json'}: a model of format 3")
    assert len(result.stderr.splitlines()) == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("gene\tother1\tother2", "no column is a sample of the model (expression:s0, "),
        ("gene\ts0\ts1", "14 of the 16 samples of study 'expression' are missing: "),
    ],
)
def test_expression_of_other_samples_is_one_line_and_nothing_is_written(predict, proteome, tmp_path, header, said):
    (tmp_path / "new.tsv").write_text(f"{header}\na\t1\t2\n")
    fasta = proteome(tmp_path / "new.faa", {"g000": "a"})
    result = predict(tmp_path / "out", fasta, "--expression", tmp_path / "new.tsv")
    assert result.returncode == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"error: {tmp_path / 'new.tsv'}: {said}")
    assert not (tmp_path / "out").exists()
