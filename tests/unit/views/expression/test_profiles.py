import math

import numpy as np
import pandas as pd

from geneduet.views.expression.profiles import features, profiles
from geneduet.views.given import Given

NAN = math.nan


def test_profiles_are_the_merged_values_with_their_holes() -> None:
    genes = pd.Index(["a", "b"], name="gene_id")
    table = pd.DataFrame([[1, NAN, 3.0], [4, 5, 6.0]], genes, ["heat:s1", "heat:s2", "cold:s1"])
    found = features(Given(["a", "b", "c"], expression=table))
    assert found.columns.tolist() == ["profile:heat:s1", "profile:heat:s2", "profile:cold:s1"]
    assert (found.index.tolist(), found.index.name, found.to_numpy().dtype) == (["a", "b"], "gene_id", np.float32)
    np.testing.assert_array_equal(found, table)


def test_of_too_many_samples_the_most_varying_stay_in_their_order() -> None:
    # variances over genes 0, 2, 8 (of two values), 2
    table = pd.DataFrame([[1, 0, 5, 3], [1, 2, 1, 1], [1, NAN, NAN, NAN]], columns=["s:1", "s:2", "s:3", "s:4"])
    assert profiles(table, 1).columns.tolist() == ["profile:s:3"]
    assert profiles(table, 2).columns.tolist() == ["profile:s:2", "profile:s:3"]  # of equal ones the earlier
    assert profiles(table, 3).columns.tolist() == ["profile:s:2", "profile:s:3", "profile:s:4"]


def test_no_more_than_300_samples() -> None:
    values = np.random.default_rng(1).normal(size=(5, 310)) * np.linspace(1, 100, 310)
    table = pd.DataFrame(values, columns=[f"a:s{number}" for number in range(310)])
    assert features(Given([], expression=table)).shape == (5, 300)


def test_a_sample_without_values_varies_least() -> None:
    table = pd.DataFrame([[NAN, 1], [NAN, 1]], columns=["a:s1", "a:s2"])
    assert profiles(table, 1).columns.tolist() == ["profile:a:s2"]
