import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import skew

from geneduet.views.expression.modules import modules
from geneduet.views.expression.study_patterns import features, study_patterns
from geneduet.views.given import Given

NAN = math.nan


def table(rows: dict[str, list[float]], columns: list[str]) -> pd.DataFrame:
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("gene_id").astype(np.float32)


SAMPLES = ["heat:s1", "heat:s2", "heat:s3", "heat:s4", "cold:1:a", "cold:1:b", "cold:1:c"]


def test_the_response_of_a_gene_in_each_study() -> None:
    found = study_patterns(
        table(
            {"a": [-1, -1, -1, 3, 2, 0, -2], "b": [1, -1, 2, -2, 1, 1, -2], "c": [0] * 7, "d": [1, -1] * 3 + [0]},
            SAMPLES,
        )
    )
    heat = found.filter(like="study:heat:").rename(columns=lambda name: name.removeprefix("study:heat:"))
    assert heat.columns.tolist()[:4] == ["mean_absolute", "spread", "skewness", "share_up"]
    # of a: mean absolute value 6/4, sum of squares 12, of cubes 24; 9 of 12 are upwards
    assert heat.loc["a", "mean_absolute"] == pytest.approx(6 / 4 * math.sqrt(4 / 3))
    assert heat.loc["a", "spread"] == pytest.approx(2)
    assert heat.loc["a", "skewness"] == pytest.approx(24 / 4 / 3**1.5 * math.sqrt(12) / 2)
    assert heat.loc["a", "share_up"] == pytest.approx(9 / 12)
    assert heat.loc["b", ["skewness", "share_up"]].tolist() == pytest.approx([0, 0.5])
    # a gene that never changes
    assert heat.loc["c", ["mean_absolute", "spread", "skewness", "share_up"]].tolist() == [0, 0, 0, 0.5]
    assert found.loc["a", "study:cold:spread"] == pytest.approx(2)
    assert (found.index.name, found.to_numpy().dtype) == ("gene_id", np.float32)


def test_skewness_is_the_adjusted_one() -> None:
    values = np.random.default_rng(1).exponential(size=(6, 9))
    samples = [f"a:{number}" for number in range(9)]
    found = study_patterns(pd.DataFrame(values, columns=samples))["study:a:skewness"]
    np.testing.assert_allclose(found, skew(values, axis=1, bias=False), rtol=1e-5)


def test_components_are_those_of_the_study_alone() -> None:
    random = np.random.default_rng(1)
    values = random.normal(size=(30, 20))
    values[:, :12] -= values[:, :12].mean(axis=1, keepdims=True)
    values[:, 12:] -= values[:, 12:].mean(axis=1, keepdims=True)
    values[:4, 12:] = NAN
    samples = [f"a:{number}" for number in range(12)] + [f"b:{number}" for number in range(8)]
    compendium = pd.DataFrame(values, [f"g{number}" for number in range(30)], samples)
    found = study_patterns(compendium)
    own = modules(compendium.iloc[4:, 12:], 5).filter(like="module_")
    np.testing.assert_allclose(found.filter(like="study:b:module_").iloc[4:], own, atol=1e-5)
    assert found.columns.str.startswith("study:a:module_").sum() == 5
    # what the other study holds does not matter
    compendium.iloc[:, :12] *= 100
    other = study_patterns(compendium).filter(like="study:b:")
    pd.testing.assert_frame_equal(other, found.filter(like="study:b:"))


def test_a_gene_of_less_than_three_values_is_not_in_the_study() -> None:
    rows = {"a": [1, -1, NAN, NAN, 1, 0, -1], "b": [1, 0, -1, NAN, NAN, NAN, NAN], "c": [1, 2, 3, -6, 1, 2, -3]}
    found = study_patterns(table(rows, SAMPLES))
    there = found.notna()
    assert there.filter(like="study:heat:").all(axis=1).tolist() == [False, True, True]
    assert there.filter(like="study:cold:").all(axis=1).tolist() == [True, False, True]
    # all of a study or nothing
    for study in ("heat", "cold"):
        assert there.filter(like=f"study:{study}:").nunique(axis=1).tolist() == [1, 1, 1]


def test_how_many_values_are_missing_does_not_show() -> None:
    # genes that all do the same but for chance, in half of which 15 of 20 values are missing
    random = np.random.default_rng(1)
    values = random.normal(size=(4000, 20))
    values[2000:, 5:] = NAN
    values -= np.nanmean(values, axis=1, keepdims=True)
    found = study_patterns(pd.DataFrame(values, columns=[f"a:{number}" for number in range(20)]))
    found["study:a:variance"] = found.pop("study:a:spread") ** 2
    names = [f"study:a:{name}" for name in ("mean_absolute", "variance", "skewness", "share_up")]
    few, many = found[names].iloc[2000:].mean(), found[names].iloc[:2000].mean()
    np.testing.assert_allclose(few, many, atol=0.05)


def test_a_study_of_two_samples_has_no_features() -> None:
    rows = {"a": [1, -1, 1, 0, -1], "b": [2, -2, 0, 1, -1]}
    found = features(Given(["a", "b"], expression=table(rows, ["a:1", "a:2", "b:1", "b:2", "b:3"])))
    assert found.columns.str.startswith("study:b:").all()
    # two components at most: three centred samples
    assert found.columns.str.contains("module_").sum() == 2
    assert study_patterns(table({"a": [1, -1]}, ["a:1", "a:2"])).shape == (1, 0)


def test_a_study_whose_name_begins_as_another_is_another() -> None:
    rows = {"a": [1, -1, 0, 5, -5, 0], "b": [1, 0, -1, 2, 2, -4]}
    found = study_patterns(table(rows, ["a:1", "a:2", "a:3", "ab:1", "ab:2", "ab:3"]))
    assert found.loc["a", ["study:a:spread", "study:ab:spread"]].tolist() == pytest.approx([1, 5])
