"""Other programs read our annotation files, and so do we: every row and every value of made-up predictions."""

import importlib.util
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from geneduet import annotation_files, annotations
from geneduet import ontology as go

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "benchmarks" / "annotation_files" / "check.py"
GENES = [f"b{number:04}" for number in range(50)]
OBJECTS = {gene: f"P{gene[1:]}" for gene in GENES}  # what a database calls them
RELEASE = annotation_files.Release("EcoCyc", 83333, "2024-01-17")


@pytest.fixture(scope="module")
def check():
    """The benchmark's script, as a module."""
    spec = importlib.util.spec_from_file_location("check_annotation_files", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def ontology():
    return go.read_obo(ROOT / "resources" / "demo" / "ontology.obo.gz")


@pytest.fixture(scope="module")
def predicted(ontology):
    """Three hundred new predictions in all aspects."""
    random = np.random.default_rng(1)
    roots = set(ontology.roots())
    terms = [place for place, term in enumerate(ontology.terms) if term not in roots]
    pairs = {(GENES[random.integers(40)], int(random.choice(terms))) for _ in range(300)}
    rows = [(gene, ontology.terms[place], ontology.aspects[place]) for gene, place in sorted(pairs)]
    return pd.DataFrame(rows, columns=["gene_id", "go_id", "aspect"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory, predicted, ontology):
    """The three files."""
    place = tmp_path_factory.mktemp("files")
    genes = pd.DataFrame({"gene_id": GENES, "description": [f"protein of\t{gene} | odd" for gene in GENES]})
    ids = [(OBJECTS[gene], f"{gene}a") for gene in GENES]
    known = pd.DataFrame({"gene_id": GENES, "ids": ids, "symbol": [f"x{gene}" for gene in GENES]})
    called = annotation_files.describe(genes, known)
    annotation_files.write_gaf(place / "predictions.gaf.gz", predicted, ontology, called, RELEASE)
    annotation_files.write_gpad(place / "predictions.gpad.gz", predicted, ontology, RELEASE)
    annotation_files.write_gpi(place / "predictions.gpi.gz", called, RELEASE)
    return place


@pytest.fixture(scope="module")
def expected(predicted, ontology):
    """What the files should say, by hand."""
    complexes = set()
    if "GO:0032991" in ontology.index:
        inside = go.ancestors(ontology)[:, [ontology.index["GO:0032991"]]].nonzero()[0]
        complexes = {ontology.terms[place] for place in inside}
    relation = {"P": "involved_in", "F": "enables", "C": "located_in"}
    claims = Counter(
        (
            *(f"EcoCyc:{gene}", "part_of" if term in complexes else relation[aspect], term),
            *(annotation_files.REFERENCE, "IEA", "2024-01-17"),
        )
        for gene, term, aspect in predicted.itertuples(index=False, name=None)
    )
    objects = Counter(
        (f"EcoCyc:{gene}", f"x{gene}", f"protein of {gene} odd", f"{OBJECTS[gene]}|{gene}a", "NCBITaxon:83333")
        for gene in GENES
    )
    return {"gaf": claims, "gpad": claims, "gpi": objects}


@pytest.mark.parametrize("parser", ["Biopython", "GOATOOLS", "ontobio"])
def test_other_parsers_read_what_was_predicted(check, folder, expected, parser):
    if parser == "ontobio" and importlib.util.find_spec("ontobio") is None:
        pytest.skip("brings 80 packages: see benchmarks/annotation_files")
    assert {relation for _, relation, *_ in expected["gaf"]} == {"involved_in", "enables", "located_in", "part_of"}
    read = check.PARSERS[parser](folder)
    assert read.keys() >= {"gaf", "gpad"}
    for form, rows in read.items():
        assert rows.total() == expected[form].total()
        assert rows == expected[form]


@pytest.mark.parametrize("form", ["gaf", "gpad"])
def test_we_read_the_same_pairs_from_gaf_and_from_gpad_with_gpi(folder, predicted, form):
    names = folder / "predictions.gpi.gz" if form == "gpad" else None
    read = annotations.read_annotations(folder / f"predictions.{form}.gz", names)
    joined, report = annotations.join_genes(read, GENES)
    assert report.by_id == report.rows == len(predicted)
    assert set(zip(joined["gene_id"], joined["term"], strict=True)) == set(
        zip(predicted["gene_id"], predicted["go_id"], strict=True)
    )
    assert set(joined["evidence"]) == {"IEA"}
    assert not joined["negated"].any()
    # by what a database calls the genes, too
    others, report = annotations.join_genes(read, list(OBJECTS.values()))
    assert report.by_synonym == report.rows
    assert [gene[1:] for gene in others["gene_id"]] == [gene[1:] for gene in joined["gene_id"]]


def test_gaf_and_gpad_with_gpi_read_alike(folder):
    of_gaf = annotations.read_annotations(folder / "predictions.gaf.gz")
    of_gpad = annotations.read_annotations(folder / "predictions.gpad.gz", folder / "predictions.gpi.gz")
    # a GPI says that each gene is its own canonical form, which is no further id
    pd.testing.assert_frame_equal(of_gaf, of_gpad)
    for form in ("gaf", "gpad"):
        assert annotations.read_source(folder / f"predictions.{form}.gz") == ("EcoCyc", "2024-01-17")
