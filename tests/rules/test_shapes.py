"""Organisms with less than everything: each has a defined outcome. All of them go through one call of Snakemake."""

import gzip
import json
import re
from itertools import count
from types import SimpleNamespace

import pandas as pd
import pytest

NAMES = (
    "everything",
    "sequence_only",
    "expression_only",
    "expression_table",
    "tables",
    "few_labels",
    "no_labels",
    "unannotated",
)
EMBEDDING = [f"embedding_{number}" for number in range(8)]


def features(organism, file, shift=0.0):
    """Write a ready-made table: as good as the expression that it is made of."""
    matrix = pd.read_csv(organism.folder / "expression.tsv", sep="\t", index_col=0)
    table = (matrix.fillna(0).iloc[:, :8] + shift).round(3)
    table.columns = EMBEDDING
    table.to_csv(organism.folder / file, sep="\t")


def change_annotations(organism, change):
    file = organism.folder / "genes.gaf"
    head, *rows = re.split(r"(?m)^(?=TST)", file.read_text())
    file.write_text(head + "".join(row for row in map(change, rows) if row))


ECO = {"IDA": "ECO:0000314", "IMP": "ECO:0000315", "IEA": "ECO:0000501"}


def give_gpad(organism):
    """Write the annotations as GPAD 1.2 and those of the reference as GPAD 2.0, each with a GPI of the same version."""
    gaf = [line.split("\t") for line in (organism.folder / "genes.gaf").read_text().splitlines() if line[0] != "!"]
    reference = [line.split("\t") for line in (organism.folder / "reference.tsv").read_text().splitlines()]
    write = {
        "genes.gpad": ["!gpa-version: 1.1", "!date: 2021-03-04"]
        + [
            "\t".join(
                ["TST", f"T{row[1]}", row[3] or "involved_in", row[4], row[5], ECO[row[6]], "", "", row[13], "TST"]
            )
            for row in gaf
        ],
        "genes.gpi": ["!gpi-version: 1.2"]
        + [f"TST\tT{row[1]}\t{row[2]}\t\t{row[1]}|{row[10]}\tprotein\ttaxon:9999" for row in gaf],
        "reference.gpad": ["!gpad-version: 2.0"]
        + [
            f"X:own_{gene}\t\tRO:0002331\t{term}\tPMID:1\t{ECO[code]}\t\t\t2021-03-04\tX\t\t"
            for gene, term, code in reference
        ],
        "reference.gpi": ["!gpi-version: 2.0"]
        + [f"X:own_{gene}\tx\t\t{gene}\tPR:000000001\tNCBITaxon:1\t\tX:own_{gene}\t\t\t" for gene, *_ in reference],
    }
    for name, lines in write.items():
        (organism.folder / name).write_text("\n".join(dict.fromkeys(lines)) + "\n")


COPIES = ("g000", "g004")  # of one class


def give_the_same_protein(organism, one, other):
    file = organism.folder / "proteome.fasta"
    text = file.read_text()
    protein = re.search(rf">{one} .*\n(\w+)", text)[1]
    file.write_text(re.sub(rf"(>{other} .*\n)\w+", rf"\g<1>{protein}", text))


def more_inputs(organism):
    """Write a reference, domains with their terms, coding sequences and places: each tells the class of a gene."""
    fasta = dict(re.findall(r"(?m)^>(\S+) .*\n(\w+)", (organism.folder / "proteome.fasta").read_text()))
    term = {gene: own for gene, own in sorted(organism.annotated) if own.startswith("GO:1")}
    write = {
        name: [] for name in ("reference.fasta", "reference.tsv", "domains.tsv", "terms", "cds.fasta", "genes.gff")
    }
    for place, (gene, protein) in enumerate(fasta.items()):
        if gene in term and place % 2:
            species = 1 if place % 4 == 1 else 2
            write["reference.fasta"].append(f">r_{gene} a relative OX={species}\n{protein[:60]}WWWWW{protein[60:]}")
            write["reference.tsv"].append(f"r_{gene}\t{term[gene]}\tIDA")
        if gene in term:
            domain = f"PF{term[gene][-5:]}"
            cells = [gene, "md5", str(len(protein)), "Pfam", domain, "x", "5", "50", "1e-9", "T", "01-01-2023"]
            write["domains.tsv"].append("\t".join(cells))
            write["terms"].append(f"Pfam:{domain} x > GO:x ; {term[gene]}")
        write["cds.fasta"].append(f">{gene}\n{'ATGGCTAAAGAT' * (place % 3 + 1)}")
        cells = ["chr", "x", "gene", str(1000 * place + 1), str(1000 * place + 950), ".", "+", ".", f"ID={gene}"]
        write["genes.gff"].append("\t".join(cells))
    for name, lines in write.items():
        (organism.folder / name).write_text("\n".join(dict.fromkeys(lines)) + "\n")


def constrain(organism):
    """Say that a process is not of the organism's group, and that an activity is too general for annotation."""
    file = organism.folder / "go.obo"
    text = file.read_text()
    for term, line in ((NOT_OURS, "relationship: never_in_taxon NCBITaxon:777"), (TOO_GENERAL, TOO_GENERAL_SUBSET)):
        text = re.sub(f"(?m)^id: {term}$", f"id: {term}\n{line}", text)
    file.write_text(text)


NOT_OURS, TOO_GENERAL, TOO_GENERAL_SUBSET = "GO:1000020", "GO:2000010", "subset: gocheck_do_not_annotate"
EVERYTHING = {
    "lineage": [2759, 777],
    "reference": {"proteome": "reference.fasta", "annotations": "reference.tsv", "exclude_taxa": [2]},
    "domains": "domains.tsv",
    "domain_terms": "terms",
    "genome": {"cds": "cds.fasta", "gff": "genes.gff"},
}


# its own annotations judge alone; they and those of the reference are GPAD, which names genes by ids of its own
UNANNOTATED = {
    "annotations": None,
    "annotations_later": "genes.gpad",
    "gpi": "genes.gpi",
    "holdout_genes": None,
    "reference": {"proteome": "reference.fasta", "annotations": "reference.gpad", "gpi": "reference.gpi"},
}


@pytest.fixture(scope="module")
def shapes(tmp_path_factory, make_organism, snakemake):
    """Results folder by organism, after one run over all of them."""
    home = tmp_path_factory.mktemp("shapes")
    table = {"sequence": {"table": "embeddings.tsv"}, "expression": {"table": "embeddings_2.tsv"}}
    made = {
        name: make_organism(home / name, name=name, **settings)
        for name, settings in {
            "everything": EVERYTHING,
            "sequence_only": {"expression": []},
            "expression_only": {"proteome": None},
            "expression_table": {"proteome": None, "expression": [], "views": {"expression": table["expression"]}},
            "tables": {"proteome": None, "expression": [], "views": table, "holdout_genes": None},
            "append": {"views": {view: {**given, "mode": "append"} for view, given in table.items()}},
            "few_labels": {},
            "no_labels": {"holdout_genes": None},
            "unannotated": UNANNOTATED,
        }.items()
    }
    constrain(made["everything"])
    give_the_same_protein(made["everything"], *COPIES)
    more_inputs(made["everything"])
    more_inputs(made["unannotated"])
    give_gpad(made["unannotated"])
    for organism in made.values():
        features(organism, "embeddings.tsv")
        features(organism, "embeddings_2.tsv", shift=1.0)
    places = count()
    change_annotations(
        made["few_labels"], lambda row: row if "\tC\t\t" not in row or next(places) < 8 else None
    )  # fmt: skip
    change_annotations(made["no_labels"], lambda row: re.sub(r"\t(IDA|IMP)\t", "\tIEA\t", row).replace("NOT", ""))
    targets = [f"results/{name}/report.html" for name in NAMES]
    views = [f"results/append/views/{view}.parquet" for view in ("sequence", "expression")]
    result = snakemake(home / "run", [organism.file for organism in made.values()], "--keep-going", *targets, *views)
    return SimpleNamespace(result=result, made=made, folder={name: home / "run" / "results" / name for name in made})


@pytest.fixture(scope="module")
def table(shapes, read_rows):
    """A table of an organism, by its path in the results folder."""
    return lambda name, file: read_rows(shapes.folder[name] / file)


@pytest.fixture(scope="module")
def models(table):
    """Models that were judged, of one aspect."""
    return lambda name, aspect="P": {
        row["model"] for row in table(name, "evaluation/metrics.tsv") if row["aspect"] == aspect
    }


@pytest.fixture(scope="module")
def reasons(table):
    """What cotraining.tsv says of each aspect."""
    return lambda name: {(row["aspect"], row["reason"]) for row in table(name, "evaluation/cotraining.tsv")}


@pytest.mark.parametrize("name", NAMES)
def test_every_shape_runs_to_its_report(shapes, name):
    assert (shapes.folder[name] / "report.html").exists(), shapes.result.stderr[-6000:]


def test_what_a_lab_can_add_is_seen_by_the_models(shapes, table, models):
    folder = shapes.folder["everything"]
    assert {"homology", "reference_homology", "co_training"} <= models("everything")
    columns = json.loads((folder / "references" / "P" / "sequence" / "0-1" / "features.json").read_text())
    for voters in ("homologues", "homologues_bridges", "reference", "domains", "chromosome"):
        assert f"sequence:{voters}:closest" in columns
    for feature in ("gc", "domain:PF00010", "chromosome:run"):
        assert any(feature.lower() in column.lower() for column in columns), feature
    orphan = {row["gene_set"] for row in table("everything", "evaluation/metrics.tsv")}
    assert {"orphan", "with_homologue"} <= orphan


@pytest.mark.parametrize(
    "links", ["homologues", "homologues_bridges", "chromosome", "coexpressed", "coexpressed_bridges"]
)
def test_copies_are_known_whatever_links_them(shapes, links):
    marked = pd.read_parquet(shapes.folder["everything"] / "views" / "links" / f"{links}.parquet").query("copy")
    assert {frozenset(pair) for pair in zip(marked["gene_id"], marked["partner_id"], strict=True)} == {
        frozenset(COPIES)
    }


def test_what_the_taxon_cannot_have_is_not_predicted_and_what_is_too_general_not_in_the_gaf(shapes, table):
    everywhere = {row["go_id"] for row in table("everything", "predictions.tsv.gz")}
    assert NOT_OURS in {row["go_id"] for row in table("sequence_only", "predictions.tsv.gz")}
    assert NOT_OURS not in everywhere
    assert TOO_GENERAL in everywhere
    with gzip.open(shapes.folder["everything"] / "predictions.gaf.gz", "rt") as handle:
        written = {line.split("\t")[4] for line in handle if not line.startswith("!")}
    assert written
    assert not {NOT_OURS, TOO_GENERAL} & written
    log = shapes.folder["everything"].parents[1] / "logs" / "everything" / "make_labels.log"
    assert re.search(rf"terms left out .*: 1\n.* own annotations are at odds with them: {NOT_OURS}", log.read_text())


def test_the_model_holds_what_reference_and_domains_say(shapes):
    folder = shapes.folder["everything"] / "model"
    assert {file.name for file in (folder / "P" / "votes").iterdir()} == {"reference.npz", "domains.npz"}
    assert len(pd.read_parquet(folder / "reference.parquet"))
    assert not (shapes.folder["sequence_only"] / "model" / "P" / "votes").exists()


def test_a_species_of_the_reference_can_be_left_out(shapes):
    proteins = pd.read_parquet(shapes.folder["everything"] / "reference" / "proteins.parquet")["gene_id"]
    # every second protein is of the species left out
    written = (shapes.made["everything"].folder / "reference.fasta").read_text()
    assert len(proteins) == written.count("OX=1")
    assert written.count("OX=2")


def test_a_reference_that_knows_the_class_is_a_good_witness(table):
    micro_ap = {
        row["model"]: float(row["value"])
        for row in table("everything", "evaluation/metrics.tsv")
        if (row["aspect"], row["metric"], row["gene_set"]) == ("P", "micro_ap", "all")
        and row["split"] == "cross_validation"
    }
    assert micro_ap["reference_homology"] > micro_ap["naive"]


def test_without_annotations_the_reference_is_learned_from_and_nothing_is_known(shapes, table):
    predictions = table("unannotated", "predictions.tsv.gz")
    assert {row["known"] for row in predictions} == {"no"}
    assert len({row["gene_id"] for row in predictions}) > 100
    columns = json.loads((shapes.folder["unannotated"] / "references/P/sequence/0-1/features.json").read_text())
    assert not [name for name in columns if "homologues" in name or "reference" in name]


def test_a_gpad_with_its_gpi_gives_the_labels_of_the_gaf(shapes):
    inputs = shapes.folder["unannotated"] / "inputs"
    rows = pd.read_parquet(inputs / "annotations_later.parquet")
    organism = shapes.made["unannotated"]
    validated = rows[~rows["negated"]]
    assert set(zip(validated["gene_id"], validated["term"], strict=True)) == organism.annotated
    negated = rows[rows["negated"]]
    assert set(zip(negated["gene_id"], negated["term"], strict=True)) == organism.negated
    told = pd.read_parquet(inputs.parent / "reference" / "annotations.parquet")
    written = (organism.folder / "reference.tsv").read_text().splitlines()
    assert [f"{row.gene_id}\t{row.term}\t{row.evidence}" for row in told.itertuples()] == written


def test_without_annotations_something_is_learned_and_later_ones_judge_it(table):
    micro_ap = {
        row["model"]: float(row["value"])
        for row in table("unannotated", "evaluation/metrics.tsv")
        if (row["aspect"], row["metric"], row["gene_set"]) == ("P", "micro_ap", "no_knowledge")
    }
    # co-training is blind to what the reference says of the judged gene, final scores are not
    for model in ("co_training", "final", "reference_homology"):
        assert micro_ap[model] > micro_ap["naive"] + 0.2, model


def test_sequence_alone_is_a_model_without_a_teacher(table, models, reasons):
    predictions = table("sequence_only", "predictions.tsv.gz")
    assert {(row["views"], row["expression_score"]) for row in predictions} == {("sequence", "")}
    assert all(row["sequence_score"] for row in predictions)
    judged = models("sequence_only")
    assert {"naive", "homology", "sequence", "final"} <= judged
    assert not judged & {"expression", "early_fusion", "late_fusion", "fusion"}
    assert reasons("sequence_only") == {(aspect, "one view only: nobody to learn from") for aspect in "PFC"}


@pytest.mark.parametrize("name", ["expression_only", "expression_table"])
def test_expression_alone_predicts_for_the_genes_it_has(shapes, table, models, name):
    predictions = table(name, "predictions.tsv.gz")
    assert {(row["views"], row["sequence_score"]) for row in predictions} == {("expression", "")}
    assert {row["gene_id"] for row in predictions} == {f"g{number:03}" for number in range(110)}
    judged = models(name)
    assert "expression" in judged
    assert not judged & {"homology", "sequence", "early_fusion"}
    assert json.loads((shapes.folder[name] / "run.json").read_text())["search_engine"] == "none"


def test_ready_made_tables_stand_for_both_views(shapes, table, models):
    assert {row["views"] for row in table("tables", "predictions.tsv.gz")} == {"both"}
    judged = models("tables")
    assert {"sequence", "expression", "fusion", "co_training"} <= judged
    assert "homology" not in judged
    manifest = json.loads((shapes.folder["tables"] / "model" / "manifest.json").read_text())
    assert manifest["features"]["sequence"] == EMBEDDING
    folds = pd.read_parquet(shapes.folder["tables"] / "folds.parquet")
    assert folds["family"].is_unique


def test_appended_tables_stand_beside_what_is_built(shapes):
    for view, built in (("sequence", "length"), ("expression", "module_1")):
        columns = list(pd.read_parquet(shapes.folder["append"] / "views" / f"{view}.parquet").columns)
        assert any(built in column for column in columns)
        assert [name for name in columns if name.startswith("table:")] == [f"table:{name}" for name in EMBEDDING]


def test_an_aspect_with_too_few_labels_is_naive_and_says_so(shapes, table, models, reasons):
    told = dict(row for row in reasons("few_labels") if row[0] == "C")
    assert re.fullmatch(r"\d+ labelled genes where minimum_labels asks for 15", told["C"])
    assert models("few_labels", "C") == {"naive", "final"}
    assert "co_training" in models("few_labels", "P")
    scores: dict[str, set[str]] = {}
    gaf = (shapes.made["few_labels"].folder / "genes.gaf").read_text()
    labelled = set(re.findall(r"\tC\t\t(g\d+)\t", gaf))
    for row in table("few_labels", "predictions.tsv.gz"):
        if row["aspect"] == "C" and row["gene_id"] not in labelled:
            scores.setdefault(row["go_id"], set()).add(row["score"])
    assert scores
    assert {len(values) for values in scores.values()} == {1}, "naive gives every unlabelled gene the same"
    # what is the same for every gene is news of none
    with gzip.open(shapes.folder["few_labels"] / "predictions.gaf.gz", "rt") as handle:
        aspects = {line.split("\t")[8] for line in handle if not line.startswith("!")}
    assert aspects <= {"P", "F"}
    assert aspects
    page = (shapes.folder["few_labels"] / "report.html").read_text()
    assert re.search(r"Cellular component: not learned \(\d+ labelled genes where minimum_labels asks for 15\)", page)


def test_without_any_usable_label_there_are_no_predictions(shapes, table, reasons):
    with gzip.open(shapes.folder["no_labels"] / "predictions.tsv.gz", "rt") as handle:
        lines = handle.read().splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("gene_id\tgo_id")
    assert {reason for _, reason in reasons("no_labels")} == {"0 labelled genes where minimum_labels asks for 15"}
    with gzip.open(shapes.folder["no_labels"] / "predictions.gaf.gz", "rt") as handle:
        assert all(line.startswith("!") for line in handle)
    assert table("no_labels", "evaluation/metrics.tsv") == []


@pytest.fixture(scope="module")
def predict(shapes, geneduet):
    """Score the proteins of a FASTA file with the model of an organism."""

    def call(name, fasta, output):
        result = geneduet("predict", "--model", shapes.folder[name] / "model", "--proteome", fasta, "--output", output)
        assert result.returncode == 0, result.stderr
        return result.stdout + result.stderr

    return call


@pytest.mark.parametrize("name", NAMES)
def test_the_model_scores_the_runs_own_genes_as_the_run_did(shapes, read_rows, predict, tmp_path, name):
    # without a proteome a gene is known by its id, and others of the file would be new
    known = set(pd.read_parquet(shapes.folder[name] / "model" / "genes.parquet")["gene_id"])
    records = (shapes.made[name].folder / "proteome.fasta").read_text().split(">")[1:]
    (tmp_path / "own.faa").write_text("".join(f">{record}" for record in records if record.split()[0] in known))
    predict(name, tmp_path / "own.faa", tmp_path)
    columns = ("gene_id", "go_id", "score", "sequence_score", "expression_score", "views", "information_content")
    files = tmp_path / "predictions.tsv.gz", shapes.folder[name] / "predictions.tsv.gz"
    own, run = ([tuple(row[column] for column in columns) for row in read_rows(file)] for file in files)
    assert own == run
    assert (len(run) > 100) == (name != "no_labels")


@pytest.mark.parametrize("name", ["everything", "unannotated", "sequence_only"])
def test_the_model_scores_a_new_protein_with_what_it_has(shapes, read_rows, predict, tmp_path, name):
    text = (shapes.made[name].folder / "proteome.fasta").read_text()
    letters = re.search(r">g021 .*\n(\w+)", text)[1]
    (tmp_path / "new.faa").write_text(f">n1\nL{letters[1:]}\n>n2\n{'MWCWH' * 12}\n")
    said = predict(name, tmp_path / "new.faa", tmp_path)
    assert ("features of the sequence view are missing" in said) == (name == "everything")
    scores = {(row["gene_id"], row["go_id"]): float(row["score"]) for row in read_rows(tmp_path / "predictions.tsv.gz")}
    run = {
        row["go_id"]: float(row["score"])
        for row in read_rows(shapes.folder[name] / "predictions.tsv.gz")
        if row["gene_id"] == "g021"
    }
    near, far = (sum(abs(scores.get((gene, term), 0) - run[term]) for term in run) for gene in ("n1", "n2"))
    assert near < far
