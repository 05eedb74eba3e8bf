import hashlib

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geneduet.splits import assign_folds, judged, reserved, split_table

FAMILIES = st.lists(st.tuples(st.integers(0, 30), st.booleans()), min_size=1, max_size=120)


@given(FAMILIES, st.integers(2, 6), st.integers(0, 3))
def test_a_family_is_in_one_fold(genes: list[tuple[int, bool]], count: int, seed: int) -> None:
    families, annotated = (np.array(column) for column in zip(*genes, strict=True))
    folds = assign_folds(families, annotated, count, seed)
    assert ((folds >= 0) & (folds < count)).all()
    assert all(len(set(folds[families == family])) == 1 for family in families)


@given(FAMILIES, st.integers(2, 6), st.integers(0, 3))
def test_folds_differ_by_no_more_annotated_genes_than_the_largest_family_has(
    genes: list[tuple[int, bool]], count: int, seed: int
) -> None:
    families, annotated = (np.array(column) for column in zip(*genes, strict=True))
    load = np.bincount(assign_folds(families, annotated, count, seed), weights=annotated, minlength=count)
    assert load.max() - load.min() <= np.bincount(families, weights=annotated).max()


def test_folds_of_single_genes_are_even_in_annotated_and_in_other_genes() -> None:
    annotated = np.arange(100) < 20
    folds = assign_folds(np.arange(100), annotated, 5, seed=1)
    assert np.bincount(folds, weights=annotated).tolist() == [4] * 5
    assert np.bincount(folds).tolist() == [20] * 5


def test_folds_by_hand() -> None:
    # families of 3, 2, 2 and 1 annotated genes, the largest first, each to the emptier fold: 3 + 1 and 2 + 2
    families = np.array([0, 0, 0, 1, 1, 2, 2, 3])
    folds = assign_folds(families, np.ones(8, bool), 2, seed=1)
    assert folds.tolist() == [0, 0, 0, 1, 1, 1, 1, 0]


def test_the_seed_alone_decides_among_equals() -> None:
    families, annotated = np.arange(50), np.ones(50, bool)
    one, again, other = (assign_folds(families, annotated, 5, seed) for seed in (1, 1, 2))
    assert (one == again).all()
    assert (one != other).any()


def by_hand(gene: str) -> bool:
    # divisible by 5: with 16 = 1 (mod 5), when the sum of the hexadecimal digits is
    return sum(int(digit, 16) for digit in hashlib.sha256(gene.encode()).hexdigest()) % 5 == 0


def test_a_family_is_reserved_by_the_hash_of_its_smallest_gene_id() -> None:
    genes = [f"b{number:04d}" for number in range(200)]
    shuffled = np.random.default_rng(1).permutation(genes).tolist()
    families = np.array([int(gene[1:]) // 2 for gene in shuffled])
    expected = [by_hand(f"b{family * 2:04d}") for family in families]
    assert reserved(families, shuffled).tolist() == expected
    assert 0.1 < np.mean(expected) < 0.3


@pytest.mark.parametrize(("genes", "smallest"), [(["YB", "YA"], "YA"), (["a", "B"], "B"), (["g10", "g9"], "g10")])
def test_ids_compare_as_text(genes: list[str], smallest: str) -> None:
    assert reserved(np.array([0, 0]), genes).tolist() == [by_hand(smallest)] * 2


def test_the_table_has_a_row_a_gene_in_order() -> None:
    families = np.array([1, 0, 1])
    made = split_table(["c", "a", "b"], families, np.array([True, True, False]), 2, seed=1)
    assert list(made.columns) == ["gene_id", "family", "fold", "reserved"]
    assert made["gene_id"].tolist() == ["c", "a", "b"]
    assert made["family"].tolist() == [1, 0, 1]
    assert made["fold"][0] == made["fold"][2] != made["fold"][1]
    assert made["reserved"].tolist() == [by_hand("b"), by_hand("a"), by_hand("b")]


def test_reserved_genes_are_left_out_or_judged_alone():
    split = pd.DataFrame({"reserved": [True, False, True]})
    assert judged(split, "all").tolist() == [True, True, True]
    assert judged(split, "development").tolist() == [False, True, False]
    assert judged(split, "reserved").tolist() == [True, False, True]


def test_genes_put_into_folds_at_random_leave_their_families():
    families, genes = np.repeat(np.arange(50), 4), [f"g{number:03}" for number in range(200)]
    everyone = np.ones(200, bool)
    tables = [split_table(genes, families, everyone, 5, 1, at_random) for at_random in (False, True)]
    apart = [int((table.groupby("family")["fold"].nunique() > 1).sum()) for table in tables]
    assert apart[0] == 0
    assert apart[1] > 40
    assert tables[1]["fold"].value_counts().tolist() == [40] * 5
    assert (tables[1][["family", "reserved"]] == tables[0][["family", "reserved"]]).all(axis=None)
