import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from geneduet import cli, tables
from geneduet.views import links
from geneduet.views.vote import Joining, Neighbours


def chain(*weights, copies=()):
    """Genes in a row, each linked to the next."""
    size = len(weights) + 1
    matrix, same = np.zeros((size, size)), np.zeros((size, size), bool)
    for place, weight in enumerate(weights):
        matrix[place, place + 1] = matrix[place + 1, place] = weight
    for i, j in copies:
        same[i, j] = same[j, i] = True
    return Neighbours(sparse.csr_array(matrix), sparse.csr_array(same))


def test_a_bridge_is_the_sum_of_all_walks():
    # a - b - c with weights 1: sums 1, 2, 1, so that S is 1/sqrt(2) on both links. Two steps lead from a to c over b:
    # 1/2; from b back to b, which is no link
    found = links.bridges(chain(1.0, 1.0), steps=2, decay=0.5).weights.toarray()
    direct, over_b = 0.5 / np.sqrt(2), 0.25 / 2
    np.testing.assert_allclose(found, [[0, direct, over_b], [direct, 0, direct], [over_b, direct, 0]])


def test_three_steps_strengthen_a_link_that_is_there_too():
    found = links.bridges(chain(1.0, 1.0), steps=3, decay=0.5).weights.toarray()
    # a-b-a-b and a-b-c-b: S^3 is S on this chain, as S^2 keeps b as it is
    assert found[0, 1] == pytest.approx((0.5 + 0.125) / np.sqrt(2))


def test_steps_bound_how_far_a_bridge_leads():
    reached = links.bridges(chain(1, 1, 1, 1), steps=2).weights.toarray()[0]
    assert (reached > 0).tolist() == [False, True, True, False, False]


def test_the_larger_weight_of_both_directions_counts():
    one_way = Neighbours(sparse.csr_array([[0, 5.0], [2.0, 0]]), sparse.csr_array((2, 2), dtype=bool))
    np.testing.assert_allclose(links.bridges(one_way, steps=1, decay=1).weights.toarray(), [[0, 1], [1, 0]])


def test_a_gene_without_links_reaches_nobody():
    lonely = Neighbours(sparse.csr_array((3, 3)), sparse.csr_array((3, 3), dtype=bool))
    assert links.bridges(lonely).weights.nnz == 0


def test_unlabelled_genes_carry_labels_across_and_nobody_sees_its_own():
    # a and c are labelled, b between them is not
    graph, training = links.bridges(chain(1.0, 1.0)), np.array([True, False, True])
    labels = np.array([[1, 0], [0, 0], [0, 1]], bool)
    given = graph.vote(sparse.csr_array(labels), training)
    assert given.share[0].tolist() == [0, 1]  # what c says, over b
    assert given.share[1].tolist() == [0.5, 0.5]
    labels[0] = [False, True]
    assert graph.vote(sparse.csr_array(labels), training).share[0].tolist() == [0, 1]


def test_copies_stay_copies():
    same = chain(9.0, 1.0, copies=((0, 1),))
    labels, training = sparse.csr_array([[True], [True], [False]]), np.ones(3, bool)
    given = links.bridges(same).vote(labels, training)
    assert given.share[0, 0] == 0  # gene 1 is a copy, gene 2 says no


def test_the_closest_are_kept_and_of_equals_the_first():
    kept = links.closest(sparse.csr_array([[1.0, 2, 2, 3], [0, 0, 0, 1]]), 2).toarray()
    assert kept.tolist() == [[0, 2, 0, 3], [0, 0, 0, 1]]


def test_what_is_kept_bounds_the_links_of_a_gene():
    random = np.random.default_rng(1)
    dense = sparse.csr_array(np.triu(random.random((60, 60)), 1))
    found = links.bridges(Neighbours(dense, sparse.csr_array((60, 60), dtype=bool)), kept=7).weights
    assert np.diff(found.indptr).max() == 7


def test_a_table_gives_the_links_back():
    before = chain(1.5, 2.5, copies=((1, 2),))
    table = links.to_table(before, ["a", "b", "c"])
    assert list(table.columns) == ["gene_id", "partner_id", "weight", "copy"]
    after = links.from_table(table, ["c", "b", "a"])
    assert after.weights.toarray().tolist() == before.weights.toarray()[::-1, ::-1].tolist()
    assert after.copies.toarray().tolist() == before.copies.toarray()[::-1, ::-1].tolist()


def test_a_table_keeps_copies_that_are_not_linked_and_a_bridge_does_not_show_them():
    # a - b - c, a and c are copies
    before = chain(1.0, 2.0, copies=((0, 2),))
    table = links.to_table(before, ["a", "b", "c"])
    assert table.query("copy").to_dict("list") == {
        "gene_id": ["a", "c"], "partner_id": ["c", "a"], "weight": [0, 0], "copy": [True, True]
    }  # fmt: skip
    after = links.from_table(table, ["a", "b", "c"])
    assert after.weights.nnz == before.weights.nnz
    assert after.copies.toarray().tolist() == before.copies.toarray().tolist()
    labels = sparse.csr_array([[True], [False], [True]])
    assert links.bridges(after).weights[0, 2] > 0
    assert links.bridges(after).vote(labels, np.ones(3, bool)).share[0, 0] == 0  # b alone is seen
    assert links.bridges(after).vote(labels, np.array([False, True, True])).share[0, 0] > 0


def test_copies_are_marked_whatever_links_them_and_handed_on_to_bridges(tmp_path):
    # by expression a - b - c, on the chromosome a, b, c; by sequence a and c are copies, a and b homologues
    def write(name, **columns):
        tables.write(tmp_path / name, pd.DataFrame(columns))
        return tmp_path / name

    genes = write("genes", gene_id=["a", "b", "c"])
    shares = {name: [1.0, 1.0] for name in ("query_coverage", "target_coverage")}
    hits = write("homologues", query=["a", "a"], target=["c", "b"], bitscore=[90.0, 50.0], evalue=[0.0, 0.0],
                 identity=[0.98, 0.5], **shares)  # fmt: skip
    partners = write("coexpressed", gene_id=["a", "b"], partner_id=["b", "c"], mutual_rank=[1.0, 1.0],
                     correlation=[0.9, 0.9])  # fmt: skip
    places = write("chromosome", gene_id=["a", "b", "c"], sequence_region=["x"] * 3, start=[1, 101, 201],
                   end=[100, 200, 300], strand=[1, 1, 1])  # fmt: skip

    def marked(found, given):
        made, bridges = tmp_path / "links", tmp_path / "bridges"
        cli.link_genes(found.name, found, made, genes=genes, homologues=given)
        cli.bridge_genes(made, bridges, genes=genes)
        copies = [tables.read(file).query("copy") for file in (made, bridges)]
        return [dict(zip(own["gene_id"] + own["partner_id"], own["weight"] > 0, strict=True)) for own in copies]

    linked = {"ac": True, "ca": True}
    assert marked(hits, hits) == [linked, linked]
    assert marked(places, hits) == [linked, linked]
    assert marked(partners, hits) == [{"ac": False, "ca": False}, linked]
    for found in (hits, places, partners):  # without a search nothing is known
        assert marked(found, None) == [{}, {}]


def test_no_links_are_an_empty_table_and_back():
    none = Neighbours(sparse.csr_array((2, 2)), sparse.csr_array((2, 2), dtype=bool))
    table = links.to_table(none, ["a", "b"])
    assert table.empty
    assert links.from_table(table, ["a", "b"]).weights.nnz == 0


def test_a_new_gene_reaches_others_as_if_it_had_joined_them() -> None:
    random = np.random.default_rng(5)
    weights = np.triu((random.random((30, 30)) < 0.15) * random.uniform(50, 400, (30, 30)), 1)
    weights += weights.T
    weights[29, 3] = weights[3, 29] = 100  # it has links
    whole = Neighbours(sparse.csr_array(weights), sparse.csr_array((30, 30), dtype=bool))
    copies = sparse.csr_array(np.arange(29)[None] == 4)
    others = Neighbours(sparse.csr_array(weights[:29, :29]), sparse.csr_array((29, 29), dtype=bool))
    two = sparse.csr_array(np.vstack([weights[29, :29], np.zeros(29)]))
    for kept in (200, 6):
        expected = links.bridges(whole, kept=kept).weights.toarray()[29, :29]
        found = links.joined_bridges(others, Joining(two, sparse.csr_array(sparse.vstack([copies, copies]))), kept=kept)
        np.testing.assert_allclose(found.weights.toarray()[0], expected, rtol=1e-9)
        assert not found.weights.toarray()[1].any()  # a gene without links reaches nobody
        assert found.copies.toarray()[0].tolist() == copies.toarray()[0].tolist()
