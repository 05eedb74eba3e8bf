"""What holds for every family of features."""

from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from geneduet.views.families import FAMILIES, of_view
from geneduet.views.given import Given
from geneduet.views.sequence.residues import RESIDUES

# Swiss-Prot's mean composition, percent, in the order of RESIDUES
USUAL = [8.3, 1.4, 5.5, 6.7, 3.9, 7.1, 2.3, 5.9, 5.8, 9.7, 2.4, 4.1, 4.7, 3.9, 5.5, 6.6, 5.4, 6.9, 1.1, 2.9]
OF_PROTEINS = [name for name, family in FAMILIES.items() if family.needs == "proteome"]


def features(name, given):
    return import_module(f"geneduet.views.{FAMILIES[name].view}.{name}").features(given)


def proteins():
    random = np.random.default_rng(1)
    residues, share = list(RESIDUES), np.array(USUAL) / sum(USUAL)
    made = ["".join(random.choice(residues, size=length, p=share)) for length in random.integers(60, 900, 400)]
    made[0] += "AILVLLGAVLALLVAGIALFFLW"  # a helix
    made[1] += "QQQQQQPQQQQQQQPQQQ"  # a repeat
    made[2] = made[2] + "LEELEEK" * 5 + "PP" + "E" * 60  # a coil, and no fold
    # signals that random proteins seldom have
    for place, end in enumerate(("SKL", "HDEL", "KKAA", "CVIM"), start=3):
        made[place] += end
    made[7] += "KRPAATKKAGQAKKKKL"
    return made


@pytest.mark.parametrize("name", FAMILIES)
def test_each_family_is_a_module_with_the_one_function(name):
    module = import_module(f"geneduet.views.{FAMILIES[name].view}.{name}")
    assert module.features.__doc__
    assert FAMILIES[name].about


def test_every_family_is_told_in_the_docs():
    page = (Path(__file__).parents[3] / "docs" / "features.md").read_text()
    told = {line.split("`")[1] for line in page.splitlines() if line.startswith("| `")}
    assert set(FAMILIES) <= told


@pytest.mark.parametrize("name", OF_PROTEINS)
def test_no_feature_is_the_same_for_all_proteins(name):
    made = proteins()
    table = features(name, Given([f"gene {number}" for number in range(len(made))], made))
    assert table.columns[table.nunique() < 2].tolist() == []
    assert np.isfinite(table.to_numpy()).all()


@pytest.mark.parametrize("name", OF_PROTEINS)
def test_the_table_has_a_row_for_each_gene_in_the_order_given(name):
    alone, table = (features(name, Given(genes, list(map(SEQUENCE.get, genes)))) for genes in (["a"], ["b", "a"]))
    assert (table.index.tolist(), table.index.name, table.to_numpy().dtype) == (["b", "a"], "gene_id", np.float32)
    pd.testing.assert_frame_equal(table.loc[["a"]], alone)


SEQUENCE = dict(zip("ab", proteins(), strict=False))


@pytest.mark.parametrize("name", OF_PROTEINS)
def test_short_proteins_and_unknown_residues_have_numbers_too(name):
    table = features(name, Given(list("abcd"), ["M", "XXXXX", "MXKUV", "MKV"]))
    assert np.isfinite(table.to_numpy()).all()
    np.testing.assert_array_equal(table.loc["c"], table.loc["d"])


@pytest.mark.parametrize("name", OF_PROTEINS)
def test_no_genes_give_no_rows(name):
    assert len(features(name, Given([], []))) == 0


def test_names_of_features_are_those_of_one_family_only():
    given = Given(["a"], [SEQUENCE["a"]])
    names = [column for name in OF_PROTEINS for column in features(name, given).columns]
    assert len(names) == len(set(names))


def test_families_of_a_view():
    assert {"composition", "membrane"} <= set(of_view("sequence", default=True)) <= set(of_view("sequence"))
    assert "modules" in of_view("expression")
    assert not set(of_view("sequence")) & set(of_view("expression"))
