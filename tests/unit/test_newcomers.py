"""How genes that were not in a run are described: who is one of the run's own, and what is said of the others."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from geneduet import labels, newcomers, tables
from geneduet.errors import InputError
from geneduet.model_store import Model

SEQUENCES = {"a": "MKV", "b": "MKVV", "c": "MKV"}
SAMPLES = ["s1", "s2", "s3"]


def proteins(**sequences: str) -> pd.DataFrame:
    return pd.DataFrame({"gene_id": list(sequences), "sequence": list(sequences.values())})


@pytest.fixture
def model(tmp_path, simulated) -> Model:
    """A model of three genes, of which `a` has labels and is a homologue of `b`; a and b have expression."""
    tables.write(tmp_path / "genes.parquet", proteins(**SEQUENCES))
    profile = pd.DataFrame([[0.5, -1, 0.5], [1, 0, -1]], index=["a", "b"], columns=[f"x:{name}" for name in SAMPLES])
    tables.write_matrix(tmp_path / "expression.parquet", profile)
    scale = pd.DataFrame({"study": "x", "sample": SAMPLES, "kind": "ratio", "depth": 1.0, "factor": 0.5})
    tables.write(tmp_path / "expression_scale.parquet", scale)
    for view, genes in (("sequence", "abc"), ("expression", "ab")):
        numbers = pd.DataFrame({"one": np.arange(len(genes), dtype=float)}, index=list(genes))
        tables.write_matrix(tmp_path / "features" / f"{view}.parquet", numbers)
    link = pd.DataFrame({"gene_id": ["a", "b"], "partner_id": ["b", "a"], "weight": [50.0, 50.0], "copy": False})
    tables.write(tmp_path / "links" / "homologues.parquet", link)
    none = sparse.csr_array((3, 12), dtype=bool)
    for aspect in "PFC":
        own = replace(
            simulated.labels,
            aspect=aspect,
            genes=list("abc"),
            positive=none,
            negative=none,
            excluded=none,
            annotated=np.array([aspect == "F", False, False]),
        )
        labels.write(tmp_path / aspect / "labels.npz", own)
    views = {view: {"families": [], "votes": ["homologues"], "partners": 2} for view in ("sequence", "expression")}
    settings = {"views": views, "homology": {"max_evalue": 1e-3}}
    features = {"sequence": ["one"], "expression": ["one"]}
    return Model(tmp_path, {"settings": settings, "features": features, "search_engine": None})


def describe(model, new, matrix=None):
    return newcomers.describe(model, new, matrix, "new.tsv", threads=1)


def matrix(rows: dict[str, list[float]]) -> pd.DataFrame:
    return pd.DataFrame.from_dict(rows, orient="index", columns=SAMPLES).astype(np.float32)


def test_without_sequences_the_id_alone_tells_whose_a_gene_is():
    known = proteins(**SEQUENCES)[["gene_id"]]
    assert newcomers.whose(known, proteins(b="MM", x="MKV")).tolist() == [1, -1]


def test_genes_of_the_run_have_the_features_and_links_of_the_run(model):
    new, said = describe(model, proteins(x="MKVV", c="MKV"))
    assert new.own.tolist() == [1, 2]
    assert new.features["sequence"]["one"].to_dict() == {"x": 1.0, "c": 2.0}
    assert new.features["expression"]["one"].to_dict() == {"x": 1.0}
    assert new.links["homologues"].weights.toarray().tolist() == [[50, 0, 0], [0, 0, 0]]
    assert said == ["2 of 2 proteins are the model's own: they are scored as in the run"]


def test_the_profile_of_the_run_given_again_is_that_of_the_run(model):
    # b's values 2, 0, -2 on the scale of the study; written with few digits and off by a constant
    new, _ = describe(model, proteins(x="MKVV"), matrix({"x": [7.0, 5.00001, 3.0]}))
    assert new.features["expression"]["one"].to_dict() == {"x": 1.0}


def test_expression_that_joins_no_protein_is_refused(model):
    with pytest.raises(InputError, match=r"new\.tsv: .*name the genes as the proteins are named"):
        describe(model, proteins(x="MKVV"), matrix({"y": [7, 5, 3]}))


def test_expression_for_a_model_without_is_refused(model):
    (model.folder / "expression.parquet").unlink()
    with pytest.raises(InputError, match=r"new\.tsv: the model has no expression studies; leave the expression out"):
        describe(model, proteins(x="MKVV"), matrix({"x": [7, 5, 3]}))


def test_a_view_that_is_a_ready_made_table_scores_the_models_own_genes_alone(model):
    describe(model, proteins(x="MKVV"))
    with pytest.raises(InputError, match="its sequence view is a table that proteins do not tell"):
        describe(model, proteins(x="MRRR"))


@pytest.mark.parametrize(
    ("targets", "near", "warned"), [(["a", "a"], "100%", False), (["a", "b"], "50%", False), (["b", "c"], "0%", True)]
)
def test_it_is_said_how_many_newcomers_have_a_labelled_homologue_and_warned_where_few_have(
    model, targets, near, warned
):
    # of the model's own three genes b alone has one
    hits = pd.DataFrame({"query": ["x", "y"], "target": targets})
    said = newcomers._distance(model, proteins(**SEQUENCES), ["x", "y"], hits)
    assert said[0] == (
        f"{near} of the 2 new proteins have a homologue with labels in the model, where 33% of its own genes have one"
    )
    assert [line.startswith("warning: the new proteins are far") for line in said[1:]] == [True] * warned


def test_an_id_of_the_model_with_another_sequence_is_a_new_protein_and_said(model):
    model.manifest["settings"]["views"]["sequence"]["families"].append("composition")
    model.manifest["features"]["sequence"].append("log_length")
    new, said = describe(model, proteins(a="MRRR"))
    assert new.own.tolist() == [-1]
    assert new.features["sequence"].index.tolist() == ["a"]
    assert new.features["sequence"]["one"].isna().all()  # a's own is not taken for it
    assert "1 have the id of a gene of the model, but another sequence: a" in said
