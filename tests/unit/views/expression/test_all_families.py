"""What holds for every family of expression features."""

from importlib import import_module

import numpy as np
import pandas as pd
import pytest

from geneduet.views.families import FAMILIES, of_view
from geneduet.views.given import Given

OF_EXPRESSION = [name for name in of_view("expression") if FAMILIES[name].needs == "expression"]


def features(name: str, table: pd.DataFrame) -> pd.DataFrame:
    given = Given([*table.index, "unmeasured"], expression=table, modules=4)
    return import_module(f"geneduet.views.expression.{name}").features(given)


def compendium(missing: float = 0.1) -> pd.DataFrame:
    """Two studies, centred by gene; some genes are in one only."""
    random = np.random.default_rng(1)
    values = random.normal(size=(60, 3)) ** 3 @ random.normal(size=(3, 26)) + random.normal(size=(60, 26))
    values[random.random(values.shape) < missing] = np.nan
    values[:3, :14], values[3:6, 14:] = np.nan, np.nan
    samples = [f"{study}:s{number}" for study, count in (("a", 14), ("b", 12)) for number in range(count)]
    table = pd.DataFrame(values, pd.Index([f"g{number:02}" for number in range(60)], name="gene_id"), samples)
    for study in "ab":
        own = table.columns.str.startswith(study)
        table.loc[:, own] = table.loc[:, own].sub(table.loc[:, own].mean(axis=1), axis=0)
    return table.astype(np.float32)


@pytest.mark.parametrize("name", OF_EXPRESSION)
def test_rows_are_the_genes_with_expression(name: str) -> None:
    table = compendium()
    found = features(name, table)
    assert (found.index.tolist(), found.index.name) == (table.index.tolist(), "gene_id")
    assert found.to_numpy().dtype == np.float32
    assert found.columns[found.nunique() < 2].tolist() == []
    assert not np.isinf(found.to_numpy()).any()
    pd.testing.assert_frame_equal(features(name, table), found)


@pytest.mark.parametrize("name", OF_EXPRESSION)
def test_the_table_given_is_left_as_it_is(name: str) -> None:
    table = compendium()
    features(name, table)
    pd.testing.assert_frame_equal(table, compendium())


def test_names_of_features_are_those_of_one_family_only() -> None:
    names = [column for name in OF_EXPRESSION for column in features(name, compendium()).columns]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", OF_EXPRESSION)
def test_a_gene_placed_on_the_compendium_is_where_the_compendium_has_it(name: str) -> None:
    table = compendium()
    known = features(name, table)
    module = import_module(f"geneduet.views.expression.{name}")
    rows = [0, 4, 20, 59]
    beside = pd.DataFrame({"other_table": 1.0}, known.index, dtype=np.float32)  # of another family
    found = module.place(table.iloc[rows].rename(index="new_{}".format), table, known.join(beside))
    assert found.index.tolist() == [f"new_{gene}" for gene in table.index[rows]]
    assert found.columns.tolist() == known.columns.tolist()
    np.testing.assert_allclose(found, known.iloc[rows], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["modules", "independent_modules"])
def test_a_new_profile_is_placed_by_the_same_map(name: str) -> None:
    # the mean of two profiles is placed midway
    table = compendium(missing=0)
    table = table[table.notna().all(axis=1)]
    module, known = import_module(f"geneduet.views.expression.{name}"), features(name, table)
    between = table.iloc[[3, 8]].mean().to_frame("new").T
    found = module.place(between, table, known).filter(like="module").loc["new"]
    np.testing.assert_allclose(found, known.filter(like="module").iloc[[3, 8]].mean(), rtol=1e-4, atol=1e-5)
