import math

import numpy as np
import pandas as pd
import pytest

from geneduet import tables
from geneduet.views.given import Given
from geneduet.views.sequence import domains

GENES = list("abcd")


def features(tmp_path, places, genes=GENES, length=100):
    path = tmp_path / "domains.parquet"
    table = pd.DataFrame(places, columns=["gene_id", "domain", "start", "end"])
    tables.write(path, table.assign(evalue=1e-9).astype({"start": float, "end": float}))
    return domains.features(Given(genes, ["M" * length] * len(genes), files={"domains": [path]}))


def test_domains_are_counted_and_their_residues_shared(tmp_path):
    # 1-20 and 11-30 cover 30 of 100 residues, 51-60 ten more
    found = features(tmp_path, [("a", "X", 1, 20), ("a", "Y", 11, 30), ("a", "X", 51, 60), ("other", "X", 1, 9)])
    assert found.loc["a"].tolist() == [3, 2, pytest.approx(0.4)]
    assert found.loc["b"].tolist() == [0, 0, 0]
    assert (found.index.tolist(), found.index.name, set(found.dtypes)) == (GENES, "gene_id", {np.dtype("float32")})


def test_a_domain_of_three_genes_is_a_feature_and_one_of_two_is_not(tmp_path):
    places = [(gene, "X", 1, 9) for gene in "abc"] + [("a", "X", 20, 29)] + [(gene, "Y", 40, 49) for gene in "ab"]
    found = features(tmp_path, places)
    assert [name for name in found.columns if name.startswith("domain:")] == ["domain:X"]
    assert found["domain:X"].tolist() == [2, 1, 1, 0]


def test_pairs_keep_their_order(tmp_path):
    places = [row for gene in "abc" for row in ((gene, "X", 1, 9), (gene, "Y", 20, 29))]
    places += [("d", "Y", 1, 9), ("d", "X", 20, 29)]
    found = features(tmp_path, places)
    assert [name for name in found.columns if name.startswith("domain_pair:")] == ["domain_pair:X-Y"]
    assert found["domain_pair:X-Y"].tolist() == [1, 1, 1, 0]


def test_a_domain_between_parts_the_pair(tmp_path):
    places = [row for gene in "abc" for row in ((gene, "X", 1, 9), (gene, "Y", 20, 29), (gene, "Z", 40, 49))]
    pairs = {name for name in features(tmp_path, places).columns if name.startswith("domain_pair:")}
    assert pairs == {"domain_pair:X-Y", "domain_pair:Y-Z"}


def test_domains_without_coordinates_count_but_have_no_place(tmp_path):
    places = [row for gene in "abc" for row in ((gene, "X", math.nan, math.nan), (gene, "Y", 20, 29))]
    found = features(tmp_path, places)
    assert found.columns.tolist() == [
        "domains:number", "domains:different", "domains:covered", "domain:X", "domain:Y",
    ]  # fmt: skip
    assert found.loc["a"].tolist() == [2, 2, pytest.approx(0.1), 1, 1]


def test_of_too_many_domains_the_most_frequent_are_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(domains, "MAX_FEATURES", 2)
    places = [(gene, name, 1, 9) for name, genes in (("X", "abc"), ("Y", "abcd"), ("W", "abc")) for gene in genes]
    names = features(tmp_path, places).columns
    assert [name for name in names if name.startswith("domain:")] == ["domain:W", "domain:Y"]


def test_without_proteins_the_share_is_not_known(tmp_path):
    path = tmp_path / "domains.parquet"
    tables.write(
        path, pd.DataFrame([("a", "X", 1.0, 9.0, 0.0)], columns=["gene_id", "domain", "start", "end", "evalue"])
    )
    found = domains.features(Given(["a"], files={"domains": [path]}))
    assert found["domains:number"].tolist() == [1]
    assert found["domains:covered"].isna().all()


def test_without_tables_there_are_no_features():
    assert domains.features(Given(GENES, ["M"] * 4)).shape == (4, 0)
