import math

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from geneduet.views import coexpression

NAN = math.nan


def symmetric(pairs: dict[tuple[str, str], float], genes: str) -> np.ndarray:
    matrix = np.full((len(genes), len(genes)), NAN, np.float32)
    for (a, b), value in pairs.items():
        matrix[genes.index(a), genes.index(b)] = matrix[genes.index(b), genes.index(a)] = value
    return matrix


def test_correlation_is_over_the_samples_that_both_genes_have(compendium) -> None:
    table = compendium(missing=0.2, samples=20).to_numpy()
    found = coexpression.correlation(table, min_common=10)
    for i, j in [(0, 1), (3, 7), (20, 4), (29, 28)]:
        both = np.isfinite(table[i]) & np.isfinite(table[j])
        assert both.sum() >= 10
        assert found[i, j] == pytest.approx(np.corrcoef(table[i, both], table[j, both])[0, 1], abs=1e-5)
    np.testing.assert_array_equal(found, found.T)
    assert np.isnan(np.diag(found)).all()


def test_too_few_common_samples_give_no_correlation() -> None:
    rising = np.arange(12.0)
    half = np.where(rising < 9, rising, NAN)
    found = coexpression.correlation(np.array([rising, rising * 2 + 1, half, half], np.float32), min_common=10)
    assert found[0, 1] == 1
    assert np.isnan(found[[0, 1, 2], [2, 3, 3]]).all()  # nine samples in common


def test_a_gene_that_never_changes_correlates_with_none() -> None:
    values = np.vstack([np.arange(12.0), np.full(12, 0.1), np.full(12, 1e6) + 0.3])
    assert np.isnan(coexpression.correlation(values.astype(np.float32))).all()


def test_correlation_survives_a_large_offset() -> None:
    random = np.random.default_rng(1)
    values = random.normal(size=(3, 50)).astype(np.float32)
    np.testing.assert_allclose(
        coexpression.correlation(values + np.float32(100)), coexpression.correlation(values), atol=1e-3
    )


def test_mutual_rank_is_the_geometric_mean_of_both_ranks() -> None:
    # b is a's closest partner; a is only b's second, after c; a is c's second, and c a's second
    correlation = symmetric({("a", "b"): 0.8, ("b", "c"): 0.9, ("a", "c"): 0.1}, "abc")
    mutual = coexpression.mutual_rank(correlation)
    assert mutual[0, 1] == mutual[1, 0] == pytest.approx(math.sqrt(1 * 2))
    assert mutual[1, 2] == 1
    assert mutual[0, 2] == 2


def test_a_pair_without_correlation_has_no_mutual_rank_and_takes_no_rank() -> None:
    # a and b share no samples; d is b's first and a's second, a is d's first and b is d's second
    correlation = symmetric({("a", "c"): 0.9, ("a", "d"): 0.8, ("b", "d"): 0.3, ("c", "d"): -0.5}, "abcd")
    mutual = coexpression.mutual_rank(correlation)
    assert np.isnan(mutual[0, 1])
    assert mutual[1, 3] == pytest.approx(math.sqrt(1 * 2))
    assert mutual[0, 3] == pytest.approx(math.sqrt(2 * 1))


def test_mutual_rank_needs_a_square() -> None:
    with pytest.raises(ValueError, match="square"):
        coexpression.mutual_rank(np.zeros((2, 3), np.float32))


def test_partners_are_the_closest_by_mutual_rank() -> None:
    # a and b rise together, c falls, d goes its own way
    time = np.arange(12.0)
    own = np.tile([1.0, -1.0, 0.0], 4)
    table = pd.DataFrame([time, time + 0.1 * own, -time, own + 0.05 * time], index=list("abcd")).astype(np.float32)
    found = coexpression.partners(table, 1).set_index("gene_id")
    assert list(found.columns) == ["partner_id", "mutual_rank", "correlation"]
    assert (found.loc["a", "partner_id"], found.loc["b", "partner_id"]) == ("b", "a")
    assert found.loc["a", "mutual_rank"] == 1
    assert found.loc["a", "correlation"] == pytest.approx(np.corrcoef(time, time + 0.1 * own)[0, 1], abs=1e-5)


def test_a_gene_has_as_many_partners_as_it_can(compendium) -> None:
    table = compendium(genes=6, samples=12)
    table.iloc[5, 3:] = NAN  # three samples: comparable with none
    found = coexpression.partners(table, 10)
    assert found.groupby("gene_id").size().to_dict() == dict.fromkeys([f"g{number}" for number in range(5)], 4)
    assert not (found["gene_id"] == found["partner_id"]).any()
    for _, own in found.groupby("gene_id"):
        assert own["mutual_rank"].is_monotonic_increasing


def test_close_partners_vote_with_more_weight() -> None:
    table = pd.DataFrame(
        {"gene_id": ["a", "a", "c"], "partner_id": ["b", "c", "a"], "mutual_rank": [1.0, 4.0, 4.0], "correlation": 0.5}
    )
    links = coexpression.neighbours(table, ["x", "a", "b", "c"])
    # 1 / sqrt(rank); a has b among its partners, b not a
    assert links.toarray().tolist() == [[0, 0, 0, 0], [0, 0, 1, 0.5], [0, 0, 0, 0], [0, 0.5, 0, 0]]


def plain_partners(table: pd.DataFrame, count: int) -> list[tuple[str, str, float, float]]:
    """By the definition: pairs by mutual rank, of equal ones the earlier gene first."""
    pearson = coexpression.correlation(table.to_numpy())
    mutual = coexpression.mutual_rank(pearson)
    rows = []
    for gene in range(len(table)):
        pairs = sorted((rank, other) for other, rank in enumerate(mutual[gene]) if not math.isnan(rank))
        rows += [(table.index[gene], table.index[other], rank, pearson[gene, other]) for rank, other in pairs[:count]]
    return rows


@pytest.fixture(scope="module")
def with_ties_and_holes(compendium) -> pd.DataFrame:
    """Genes that are the same, comparable with some only or with none, or constant."""
    table = compendium(genes=40, samples=24, missing=0.3)
    table.iloc[5:9] = table.iloc[20:24].to_numpy()
    table.iloc[9:13] = table.iloc[20].to_numpy()
    table.iloc[30] = 1.0
    table.iloc[31] = NAN
    return table


@pytest.mark.parametrize("block", [1, 7, 20, 40, 100])
@pytest.mark.parametrize("count", [1, 5, 60])
def test_partners_in_blocks_are_those_of_the_definition(
    with_ties_and_holes, monkeypatch: pytest.MonkeyPatch, block: int, count: int
) -> None:
    table = with_ties_and_holes
    expected = plain_partners(table, count)
    monkeypatch.setattr(coexpression, "BLOCK", block)
    found = coexpression.partners(table, count)
    assert list(zip(found["gene_id"], found["partner_id"], strict=True)) == [row[:2] for row in expected]
    np.testing.assert_array_equal(found["mutual_rank"], np.array([row[2] for row in expected], np.float32))
    np.testing.assert_allclose(found["correlation"], [row[3] for row in expected], atol=1e-6)


@pytest.mark.parametrize("block", [1, 7, 40])
def test_correlation_in_blocks_is_that_of_each_pair_and_symmetric(
    with_ties_and_holes, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr(coexpression, "BLOCK", block)
    table = with_ties_and_holes
    found = coexpression.correlation(table.to_numpy())
    np.testing.assert_array_equal(found, found.T)
    expected = table.astype(float).T.corr(min_periods=10).to_numpy(copy=True)
    np.fill_diagonal(expected, NAN)
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("block", [1, 2, 7])
def test_mutual_rank_in_blocks_is_that_of_sorting_each_gene(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr(coexpression, "BLOCK", block)
    # few values, so many ties: of equal ones the earlier gene has the lower rank
    random = np.random.default_rng(1)
    drawn = np.triu(random.integers(0, 4, size=(7, 7)) / 4, 1).astype(np.float32)
    pearson = drawn + drawn.T
    pearson[1, 4] = pearson[4, 1] = NAN
    rank = np.full((7, 7), NAN)
    for gene in range(7):
        others = [other for other in range(7) if other != gene and not math.isnan(pearson[gene, other])]
        for place, other in enumerate(sorted(others, key=lambda other: (-pearson[gene, other], other))):
            rank[gene, other] = place + 1
    np.testing.assert_allclose(coexpression.mutual_rank(pearson), np.sqrt(rank * rank.T), rtol=1e-6)


def test_no_genes_have_no_partners() -> None:
    assert len(coexpression.partners(pd.DataFrame(np.empty((0, 12), np.float32)), 5)) == 0


def test_a_new_gene_ranks_as_if_it_had_joined_the_compendium(compendium):
    table = compendium(genes=40, missing=0.05).to_numpy()
    whole = coexpression.mutual_rank(coexpression.correlation(table))
    alone = coexpression.mutual_ranks(table[39:], table[:39], np.array([-1]))
    np.testing.assert_allclose(alone[0], whole[39, :39], rtol=1e-6)


def test_a_gene_of_the_compendium_ranks_as_it_does_there(compendium):
    table = compendium(genes=40, missing=0.05).to_numpy()
    whole, rows = coexpression.mutual_rank(coexpression.correlation(table)), np.array([0, 7, 39])
    found = coexpression.mutual_ranks(table[rows], table, rows)
    np.testing.assert_allclose(found, whole[rows], rtol=1e-6)


def test_links_of_a_new_gene_are_its_closest_partners_and_bridges_begin_also_with_those_that_count_it_among_theirs():
    # of three genes that keep two partners each, 0 and 1 have closer ones than the new gene, of rank 9; 2 has not
    mutual = np.array([[9.0, 1.0, 9.0, np.nan]], np.float32)
    known = sparse.csr_array(np.array([[0, 1, 0.5, 0], [1, 0, 0.5, 0], [0.2, 0.2, 0, 0], [0, 0, 0, 0.0]]))
    votes, either = coexpression.joined(mutual, known, 1)
    assert votes.toarray().round(3).tolist() == [[0, 1, 0, 0]]
    votes, either = coexpression.joined(mutual, known, 2)
    assert votes.toarray().round(3).tolist() == [[0.333, 1, 0, 0]]
    assert either.toarray().round(3).tolist() == [[0.333, 1, 0.333, 0]]
