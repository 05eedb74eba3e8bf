import math

import numpy as np
import pandas as pd
import pytest

from geneduet.views.expression.modules import modules

NAN = math.nan


def test_modules_are_the_principal_components(compendium) -> None:
    table = compendium()
    found = modules(table, 5)
    assert found.columns.tolist() == [*(f"module_{number}" for number in range(1, 6)), "spread"]
    assert (found.index.tolist(), found.to_numpy().dtype) == (table.index.tolist(), np.float32)
    centred = table.to_numpy(float) - table.to_numpy(float).mean(axis=0)
    # places on components keep the variance of the largest eigenvalues, and are uncorrelated
    squares = found.filter(like="module").to_numpy(float)
    eigenvalues = np.linalg.eigvalsh(centred.T @ centred)[::-1]
    np.testing.assert_allclose(squares.T @ squares, np.diag(eigenvalues[:5]), atol=1e-3)
    np.testing.assert_allclose(found["spread"], table.std(axis=1, ddof=0), rtol=1e-5)


def test_all_modules_together_keep_all_distances(compendium) -> None:
    table = compendium(genes=8, samples=12)
    found = modules(table, 50).filter(like="module").to_numpy(float)
    assert found.shape == (8, 8)  # no more than genes
    for i, j in [(0, 1), (2, 7)]:
        expected = np.linalg.norm(table.to_numpy(float)[i] - table.to_numpy(float)[j])
        assert np.linalg.norm(found[i] - found[j]) == pytest.approx(expected, abs=1e-4)


def test_modules_have_the_same_sign_whatever_the_order_of_the_genes(compendium) -> None:
    table = compendium()
    found = modules(table, 3)
    other = modules(table.iloc[::-1], 3)
    pd.testing.assert_frame_equal(other.loc[found.index], found, rtol=1e-4, atol=1e-4)
    # a gene that follows the sample of the largest loading is on the positive side
    one = pd.DataFrame(np.outer([1.0, -1.0], [3.0, -1.0, -1.0, -1.0]), index=["up", "down"])
    assert modules(one, 1)["module_1"].tolist() == pytest.approx([math.sqrt(12), -math.sqrt(12)])


def test_a_missing_value_counts_as_the_genes_mean(compendium) -> None:
    table = compendium()
    table.iloc[0, 0] = NAN
    filled = table.fillna(0)
    pd.testing.assert_series_equal(modules(table, 3)["module_1"], modules(filled, 3)["module_1"], rtol=1e-6)
    # but not in its spread
    assert modules(table, 3)["spread"].iloc[0] == pytest.approx(np.nanstd(table.iloc[0].to_numpy(float)))
