import shutil

import numpy as np
import pandas as pd
import pytest

from geneduet.errors import InputError
from geneduet.views import homology

RESIDUES = np.array(list("ACDEFGHIKLMNPQRSTVWY"))

needs_diamond = pytest.mark.skipif(
    shutil.which("diamond") is None, reason="DIAMOND is not on the PATH (Debian: diamond-aligner, conda: diamond)"
)
ENGINES = [pytest.param("diamond", marks=needs_diamond), "phmmer"]


def protein(seed: int, length: int = 200) -> str:
    return "".join(np.random.default_rng(seed).choice(RESIDUES, length))


def mutated(sequence: str, places: range) -> str:
    """With another residue, the next of the alphabet, at each of these places."""
    letters = list(sequence)
    for place in places:
        letters[place] = RESIDUES[(np.flatnonzero(letters[place] == RESIDUES)[0] + 1) % 20]
    return "".join(letters)


def found(sequences: dict[str, str], engine: str) -> pd.DataFrame:
    return homology.search(list(sequences), list(sequences.values()), engine, max_evalue=1e-3, threads=1)


def pairs(hits: pd.DataFrame) -> set[tuple[str, str]]:
    return set(zip(hits["query"], hits["target"], strict=True))


def hits(*rows: tuple[str, str, float, float, float, float]) -> pd.DataFrame:
    """Rows of query, target, bitscore, identity, query_coverage, target_coverage."""
    table = pd.DataFrame(rows, columns=["query", "target", "bitscore", "identity", "query_coverage", "target_coverage"])
    return table.assign(evalue=1e-10)[homology.COLUMNS]


@pytest.mark.parametrize("engine", ENGINES)
def test_the_related_find_each_other_and_nobody_finds_itself(engine: str) -> None:
    one = protein(1)
    table = found({"a": one, "b": mutated(one, range(0, 200, 3)), "c": protein(2), "d": protein(3)}, engine)
    assert list(table.columns) == homology.COLUMNS
    assert pairs(table) == {("a", "b"), ("b", "a")}
    assert (table["bitscore"] > 50).all()
    assert (table["evalue"] < 1e-10).all()


@pytest.mark.parametrize("engine", ENGINES)
def test_identity_and_coverage_of_a_pair_made_by_hand(engine: str) -> None:
    # b is residues 51 to 150 of a's 200, ten of the hundred changed: 90% identical, all of b, half of a
    one = protein(1)
    table = found({"a": one, "b": mutated(one[50:150], range(5, 100, 10))}, engine).set_index("query")
    assert table.loc["a", "identity"] == pytest.approx(0.9, abs=0.01)
    assert table.loc["a", "query_coverage"] == pytest.approx(0.5, abs=0.02)
    assert table.loc["a", "target_coverage"] == pytest.approx(1, abs=0.04)
    assert table.loc["b", "query_coverage"] == pytest.approx(1, abs=0.04)
    assert table.loc["b", "target_coverage"] == pytest.approx(0.5, abs=0.02)


@needs_diamond
def test_both_engines_give_the_same_table() -> None:
    one, other = protein(1), protein(2)
    sequences = {"a": one, "b": mutated(one, range(0, 200, 4)), "c": other, "d": other, "e": protein(3)}
    diamond, phmmer = found(sequences, "diamond"), found(sequences, "phmmer")
    assert pairs(diamond) == pairs(phmmer) == {("a", "b"), ("b", "a"), ("c", "d"), ("d", "c")}
    pd.testing.assert_series_equal(diamond.dtypes, phmmer.dtypes)
    order = ["query", "target"]
    for column in ("identity", "query_coverage", "target_coverage"):
        np.testing.assert_allclose(
            diamond.sort_values(order)[column], phmmer.sort_values(order)[column], atol=0.04, err_msg=column
        )


@pytest.mark.parametrize("engine", ENGINES)
def test_each_pair_has_one_row_and_the_best_comes_first(engine: str) -> None:
    one = protein(1)
    # c holds a's first 80 residues twice: two alignments, one row
    sequences = {"a": one, "b": mutated(one, range(0, 200, 4)), "c": one[:80] + protein(7, 60) + one[:80]}
    table = found(sequences, engine)
    assert len(table) == len(pairs(table)) == 6
    assert table["query"].tolist() == sorted(table["query"])
    for _, own in table.groupby("query"):
        assert own["bitscore"].is_monotonic_decreasing


@pytest.mark.parametrize("engine", ENGINES)
def test_gene_ids_come_back_as_they_were(engine: str) -> None:
    one = protein(1)
    odd = ["gene one", "b|0002|c", "#3", "päärynä\t>x", "1", "0"]
    table = found({name: mutated(one, range(number, 200, 9)) for number, name in enumerate(odd)}, engine)
    assert set(table["query"]) == set(table["target"]) == set(odd)
    assert pairs(table) == {(a, b) for a in odd for b in odd if a != b}


@pytest.mark.parametrize("engine", ENGINES)
def test_a_proteome_without_homologues_has_an_empty_table(engine: str) -> None:
    for sequences in ({"a": protein(1), "b": protein(2)}, {"a": "M"}, {"a": "A" * 50, "b": "XXXX", "c": "MUUUK"}):
        table = found(sequences, engine)
        assert list(table.columns) == homology.COLUMNS
        assert table.empty
        assert homology.neighbours(table, list(sequences)).nnz == homology.copies(table, list(sequences)).nnz == 0
        assert homology.families(table, list(sequences), 0.4, 0.5).tolist() == list(range(len(sequences)))


def test_the_engine_is_diamond_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    assert homology.choose_engine("auto") == "diamond"
    assert homology.choose_engine("phmmer") == "phmmer"
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert homology.choose_engine("auto") == "phmmer"
    with pytest.raises(InputError, match="diamond is not on the PATH"):
        homology.choose_engine("diamond")


@pytest.mark.parametrize("engine", ENGINES)
def test_the_engine_is_recorded_with_its_version(engine: str) -> None:
    assert homology.engine_version(engine).startswith(engine)
    assert any(letter.isdigit() for letter in homology.engine_version(engine))


def test_a_family_is_a_chain_of_links_at_the_thresholds() -> None:
    table = hits(
        ("a", "b", 90, 0.40, 0.9, 0.5),  # at both thresholds: linked
        ("b", "c", 90, 0.60, 0.9, 0.9),  # and on to c, although a and c have no hit
        ("c", "d", 90, 0.39, 0.9, 0.9),  # too unlike
        ("d", "e", 90, 0.90, 0.9, 0.49),  # a shared domain: too little of e
        ("e", "f", 90, 0.90, 0.49, 0.9),  # too little of e again
    )
    assert homology.families(table, list("fabcde"), identity=0.4, coverage=0.5).tolist() == [0, 1, 1, 1, 2, 3]


def test_neighbours_vote_by_bitscore_in_both_directions() -> None:
    table = hits(("a", "b", 80, 0.5, 1, 1), ("b", "a", 100, 0.5, 1, 1), ("c", "a", 60, 0.3, 1, 1))
    links = homology.neighbours(table, ["a", "b", "c"])
    # the larger of both directions
    assert links.toarray().tolist() == [[0, 100, 60], [100, 0, 0], [60, 0, 0]]
    assert homology.copies(table, ["a", "b", "c"]).nnz == 0


def test_copies_are_the_nearly_identical() -> None:
    table = hits(
        ("a", "b", 99, 0.97, 1, 1), ("a", "c", 99, 0.969, 1, 1), ("d", "c", 99, 0.9, 1, 1), ("c", "d", 99, 1, 1, 1)
    )
    copies = homology.copies(table, list("abcd")).toarray()
    assert {(int(i), int(j)) for i, j in np.argwhere(copies)} == {(0, 1), (1, 0), (2, 3), (3, 2)}


@pytest.mark.parametrize("engine", ENGINES)
def test_a_first_protein_that_could_be_dna_does_not_stop_the_search(engine: str) -> None:
    one = protein(1)
    table = found({"a": "ACGTACGTNACGGT", "b": one, "c": mutated(one, range(0, 200, 3))}, engine)
    assert pairs(table) == {("b", "c"), ("c", "b")}


def test_how_near_the_nearest_labelled_homologue_is():
    # a, b, c are labelled, a and b in one fold; b is a copy of a
    links = (("a", "b", 0.98), ("a", "c", 0.4), ("d", "a", 0.6), ("d", "c", 0.2), ("e", "d", 0.9))
    table = hits(*((query, target, 50, identity, 1, 1) for query, target, identity in links))
    annotated, fold = np.array([True, True, True, False, False, False]), np.array([0, 0, 1, 0, 0, 0])
    found = homology.closest_labelled(table, list("abcdef"), annotated, fold).set_index("genes")
    assert found["n_genes"].to_dict() == {"training": 3, "judged": 3, "unlabelled": 3}
    # training: a has c (.4) beside its copy, b its copy alone, c has a. judged: b has nobody in another fold
    for name in ("training", "judged"):
        assert found.loc[name, list(homology.IDENTITY_RANGES)].tolist() == pytest.approx([1 / 3, 0, 2 / 3, 0, 0])
    # unlabelled: d has a (.6) and c (.2); e has d, which is not labelled; f has nobody
    assert found.loc["unlabelled", list(homology.IDENTITY_RANGES)].tolist() == pytest.approx([2 / 3, 0, 0, 1 / 3, 0])


def test_without_hits_nobody_has_a_labelled_homologue():
    found = homology.closest_labelled(hits(), ["a", "b"], np.array([True, False]), np.array([0, 0]))
    assert found["none"].tolist() == [1, 1, 1]
    alone = homology.closest_labelled(hits(), ["a", "b"], np.array([True, True]), np.array([0, 1]))
    assert alone["genes"].tolist() == ["training", "judged"]  # of unlabelled genes there are none


def test_nearly_identical_proteins_are_those_of_one_species():
    table = hits(("a", "x", 99, 0.97, 0.9, 0.9), ("b", "y", 99, 0.99, 0.9, 0.89), ("c", "z", 99, 0.96, 1, 1))
    assert homology.nearly_identical(table) == {"a"}


def test_an_orphan_has_no_hit_to_a_labelled_gene_over_half_of_itself() -> None:
    # the hit of a and b covers .6 of a and .4 of b; c and d cover each other, but neither is labelled
    table = hits(("a", "b", 80, 0.5, 0.6, 0.4), ("c", "d", 80, 0.5, 1, 1))
    annotated, fold = np.array([True, True, False, False]), np.array([0, 1, 0, 0])
    assert homology.with_homologue(table, list("abcd"), annotated, fold).tolist() == [True, False, False, False]
    # of one fold: neither is seen by the other's models
    assert not homology.with_homologue(table, list("abcd"), annotated, np.zeros(4, int)).any()
    # and a hit by chance is none
    weak = table.assign(evalue=1e-3)
    assert not homology.with_homologue(weak, list("abcd"), annotated, fold).any()


@pytest.mark.parametrize("engine", ENGINES)
def test_a_new_protein_has_the_hits_that_it_would_have_had_in_the_proteome(engine: str) -> None:
    one, other = protein(1), protein(2)
    sequences = {"a": one, "b": mutated(one, range(0, 200, 3)), "c": other, "d": mutated(other, range(0, 200, 5))}
    sequences |= {"new": mutated(one[20:], range(0, 180, 4))}
    whole = found(sequences, engine)
    known = {name: sequence for name, sequence in sequences.items() if name != "new"}
    joined = homology.search_joining({"new": sequences["new"]}, known, engine, max_evalue=1e-3, threads=1)
    assert pairs(joined) == {("new", "a"), ("new", "b")}
    expected = homology.neighbours(whole, list(sequences)).toarray()[4, :4]
    best = joined.groupby("target")["bitscore"].max()
    np.testing.assert_allclose(expected[:2], best[["a", "b"]])
    # the coverage is that of the new protein, whichever was searched with
    np.testing.assert_allclose(joined["query_coverage"], 1, atol=0.05)
