import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import FastICA

from geneduet.views.expression.independent_modules import features, independent_modules
from geneduet.views.given import Given


def regulons() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Expression of 400 genes under three regulators, and the genes' weights; each regulon has a long tail upwards."""
    random = np.random.default_rng(1)
    weight = np.zeros((400, 3))
    weight[:40, 0], weight[40:70, 1], weight[70:90, 2] = 3, 4, 2
    activity = random.normal(size=(3, 30))
    activity *= np.array([[3.0], [1.0], [2.0]])
    values = weight @ activity + random.normal(scale=0.1, size=(400, 30))
    genes = pd.Index([f"g{number:03}" for number in range(400)], name="gene_id")
    samples = [f"a:s{number}" for number in range(30)]
    values -= values.mean(axis=1, keepdims=True)
    return pd.DataFrame(values.astype(np.float32), genes, samples), pd.DataFrame(weight, genes)


def test_each_regulon_is_a_component_of_its_own_with_positive_weights() -> None:
    table, weight = regulons()
    found = independent_modules(table, 3)
    assert found.columns.tolist() == [f"independent_module_{number}" for number in (1, 2, 3)]
    assert (found.index.tolist(), found.index.name, found.to_numpy().dtype) == (table.index.tolist(), "gene_id", "f4")
    same = np.corrcoef(found.T, weight.T)[:3, 3:]
    assert (same.max(axis=1) > 0.97).all()
    assert sorted(same.argmax(axis=1)) == [0, 1, 2]


def test_components_are_in_the_order_of_the_variance_that_they_explain() -> None:
    table, _ = regulons()
    found = independent_modules(table, 3).to_numpy(float)
    # of uncorrelated weights of variance 1 that is the sum of squares of the activity, found by regression
    activity = np.linalg.lstsq(found, table.to_numpy(float) - table.to_numpy(float).mean(axis=0), rcond=None)[0]
    explained = np.square(activity).sum(axis=1)
    assert (np.diff(explained) < 0).all()


def test_components_are_uncorrelated_with_mean_0_and_variance_1() -> None:
    table, _ = regulons()
    found = independent_modules(table, 10).to_numpy(float)
    np.testing.assert_allclose(found.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(found.T @ found / len(found), np.eye(10), atol=1e-5)


def test_components_are_those_of_sklearns_own_whitening() -> None:
    table, _ = regulons()
    found = independent_modules(table, 3).to_numpy(float)
    other = FastICA(3, random_state=5, whiten="unit-variance", tol=1e-6).fit_transform(table.to_numpy(float))
    same = np.abs(np.corrcoef(found.T, other.T)[:3, 3:])
    np.testing.assert_allclose(np.sort(same, axis=1)[:, -1], 1, atol=1e-3)


def test_the_same_comes_whatever_the_order_of_genes_and_the_sign_of_samples() -> None:
    table, _ = regulons()
    found = independent_modules(table, 3)
    pd.testing.assert_frame_equal(found, independent_modules(table, 3))
    turned = independent_modules(table.iloc[::-1], 3).loc[found.index]
    np.testing.assert_allclose(turned, found, atol=1e-3)
    np.testing.assert_allclose(independent_modules(-table, 3), found, atol=1e-3)


def test_no_more_components_than_the_table_has() -> None:
    table, _ = regulons()
    # centred values of 30 samples are of rank 29
    found = independent_modules(table, 50)
    assert found.shape == (400, 29)
    assert np.isfinite(found.to_numpy()).all()
    assert independent_modules(table * 0, 5).shape == (400, 0)
    assert independent_modules(table.iloc[:, :0], 5).shape == (400, 0)


def test_a_missing_value_counts_as_the_genes_mean() -> None:
    table, _ = regulons()
    table.iloc[0, 0] = np.nan
    pd.testing.assert_frame_equal(independent_modules(table, 3), independent_modules(table.fillna(0), 3))


def test_a_search_that_does_not_settle_is_told(capsys: pytest.CaptureFixture[str], recwarn) -> None:
    table, _ = regulons()
    found = independent_modules(table, 3, rounds=1)
    assert "FastICA of 3 components did not settle in 1 rounds; they are used as they are" in capsys.readouterr().out
    assert not recwarn.list
    assert np.isfinite(found.to_numpy()).all()
    independent_modules(table, 3)
    assert capsys.readouterr().out == ""


def test_the_number_is_that_given() -> None:
    table, _ = regulons()
    assert features(Given(table.index.tolist(), expression=table, modules=2)).shape == (400, 2)
