"""Who and what is named as evidence, on cases worked by hand."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from geneduet import evidence, labels
from geneduet.contributions import Contributions
from geneduet.evidence import Carriers, Pairs
from geneduet.learners import View
from geneduet.ontology import read_obo
from geneduet.views import homology, reference
from geneduet.views.vote import Neighbours

GENES = ["a", "b", "c", "d", "e"]
# growth > filamentous growth; behavior beside them
OBO = """data-version: releases/2024-01-17

[Term]
id: GO:0008150
name: biological_process
namespace: biological_process

[Term]
id: GO:0000101
name: growth
namespace: biological_process
is_a: GO:0008150

[Term]
id: GO:0000102
name: filamentous growth
namespace: biological_process
is_a: GO:0000101

[Term]
id: GO:0000103
name: behavior
namespace: biological_process
is_a: GO:0008150
"""


@pytest.fixture
def go(tmp_path):
    (tmp_path / "go.obo").write_text(OBO)
    return read_obo(tmp_path / "go.obo")


def annotate(*rows):
    return pd.DataFrame(rows, columns=["gene_id", "term", "evidence", "negated"]).astype({"negated": bool})


ANNOTATIONS = annotate(
    ("b", "GO:0000102", "IMP", False),
    ("b", "GO:0000101", "IDA", False),
    ("c", "GO:0000101", "IGI", False),
    ("d", "GO:0000103", "IDA", False),
    ("e", "GO:0000103", "IDA", True),
)


def label(go, annotations=ANNOTATIONS, hidden=()):
    return labels.make("P", GENES, annotations, go, hidden, min_positives=1)[0]


def hits(*rows):
    """Hits of query, target, bitscore, identity; the query is covered by .9, the target by .6."""
    return pd.DataFrame(
        [(query, target, bits, 1e-20, identity, 0.9, 0.6) for query, target, bits, identity in rows],
        columns=homology.COLUMNS,
    )


def of(gene, *terms):
    """Pairs of a gene with terms 101, 102, 103 by number."""
    return Pairs(np.full(len(terms), GENES.index(gene)), np.array([term - 101 for term in terms]))


def told(table):
    return table[["source", "value", "detail"]].apply(tuple, axis=1).tolist()


def test_homologues_that_have_the_term_come_strongest_first_and_others_not_at_all(go):
    own = label(go)
    found = hits(("a", "c", 80, 0.412), ("a", "b", 200, 0.333), ("a", "d", 500, 0.9))
    links = evidence.homologue_links(found, GENES, GENES, both_ways=True)
    table = evidence.who_has_it(of("a", 101), links, evidence.own_carriers(own, ANNOTATIONS, go))
    # b by itself and by the more specific term; c by itself; d has another term
    assert told(table) == [
        ("b", "33.3", "e-value 1e-20, coverage 0.90, evidence IDA,IMP"),
        ("c", "41.2", "e-value 1e-20, coverage 0.90, evidence IGI"),
    ]
    specific = evidence.who_has_it(of("a", 102), links, evidence.own_carriers(own, ANNOTATIONS, go))
    assert told(specific) == [("b", "33.3", "e-value 1e-20, coverage 0.90, evidence IMP")]


def test_a_hit_is_one_of_both_genes_whichever_was_searched_with(go):
    links = evidence.homologue_links(hits(("b", "a", 200, 0.5)), GENES, GENES, both_ways=True)
    table = evidence.who_has_it(of("a", 101), links, evidence.own_carriers(label(go), ANNOTATIONS, go))
    # the coverage is that of the gene that is explained
    assert told(table) == [("b", "50.0", "e-value 1e-20, coverage 0.60, evidence IDA,IMP")]


def test_coexpressed_genes_come_by_mutual_rank_and_show_their_correlation(go):
    partners = pd.DataFrame(
        [("a", "b", 9.0, 0.91), ("a", "c", 2.5, 0.8), ("b", "a", 9.0, 0.91)],
        columns=["gene_id", "partner_id", "mutual_rank", "correlation"],
    )
    links = evidence.coexpression_links(partners, GENES)
    table = evidence.who_has_it(of("a", 101), links, evidence.own_carriers(label(go), ANNOTATIONS, go))
    assert told(table) == [
        ("c", "0.800", "correlation, mutual rank 2.5, evidence IGI"),
        ("b", "0.910", "correlation, mutual rank 9.0, evidence IDA,IMP"),
    ]


def test_a_not_annotation_is_no_evidence(go):
    links = evidence.homologue_links(hits(("a", "e", 200, 0.5)), GENES, GENES, both_ways=True)
    table = evidence.who_has_it(of("a", 103), links, evidence.own_carriers(label(go), ANNOTATIONS, go))
    assert table.empty


def test_a_labelled_gene_is_told_of_other_folds_alone_and_nobody_of_itself():
    links = pd.DataFrame({"gene": [0, 0, 0, 1, 1], "other": [0, 1, 2, 2, 1]})
    annotated, fold = np.array([True, False, True]), np.array([0, 0, 1])
    # gene 0 is labelled: not itself, not gene 1 of its fold, but gene 2; gene 1 has no label and sees both folds
    assert evidence.same_fold(links, annotated, fold).tolist() == [True, True, False, False, True]


def test_what_no_annotation_says_but_a_reference_is_called_so(go):
    carriers = Carriers(["p", "q"], sparse.csr_array(np.ones((2, 1), bool)), {})
    assert carriers.evidence(np.array([0, 1]), np.array([0, 0])) == ["", ""]
    transfer = labels.Transfer(
        sparse.csr_array(np.ones((5, 3), np.float32)),
        np.ones(5, np.float32),
        np.array([False, True, True, False, False]),
    )
    own = evidence.own_carriers(replace(label(go), transfer=transfer), annotate(("b", "GO:0000101", "IDA", False)), go)
    assert own.evidence(np.array([1, 2]), np.array([0, 0])) == ["IDA,reference", "reference"]


def test_proteins_of_a_reference_have_a_term_by_its_descendants_too(go):
    rows = annotate(("P1", "GO:0000102", "IDA", False), ("P2", "GO:0000103", "IEA", False))
    found = hits(("a", "P1", 120, 0.6), ("a", "P2", 300, 0.7))
    own = label(go)
    others = evidence.reference_carriers(reference.make("P", GENES, found, rows, go), rows, own, go)
    links = evidence.homologue_links(found, GENES, others.names, both_ways=False)
    assert told(evidence.who_has_it(of("a", 101), links, others)) == [
        ("P1", "60.0", "e-value 1e-20, coverage 0.90, evidence IDA")
    ]


@pytest.mark.parametrize("later", [[], [("a", "GO:0000103", "IDA", False)], [("d", "GO:0000102", "IMP", False)]])
def test_hidden_labels_are_evidence_for_nobody_and_do_not_change_that_of_anybody(go, later):
    # a and d are held out; whatever they are annotated with, nothing changes, for themselves or for others
    found = hits(("a", "b", 200, 0.3), ("a", "d", 100, 0.4), ("c", "d", 90, 0.5), ("c", "b", 80, 0.5))
    links = evidence.homologue_links(found, GENES, GENES, both_ways=True)

    def of_all(annotations):
        own = label(go, annotations, hidden=["a", "d"])
        pairs = Pairs(np.repeat(np.arange(5), len(own.terms)), np.tile(np.arange(len(own.terms)), 5))
        carriers = evidence.own_carriers(own, annotations, go)
        return evidence.table(pairs, own, {"homologue": [evidence.who_has_it(pairs, links, carriers)]})

    visible = ANNOTATIONS[~ANNOTATIONS["gene_id"].isin(["a", "d"])]
    before, after = of_all(visible), of_all(pd.concat([visible, annotate(*later)], ignore_index=True))
    assert len(before)
    pd.testing.assert_frame_equal(after, before)
    assert not set(after["source"]) & {"a", "d"}


def test_labels_of_its_own_fold_do_not_change_a_genes_evidence(simulated, turned_around):
    task, random = simulated, np.random.default_rng(3)
    size = len(task.fold)
    links = pd.DataFrame({"gene": np.repeat(np.arange(size), 8), "other": random.integers(size, size=8 * size)})
    links = links.assign(strength=1.0, value="", detail="")
    pairs = Pairs(np.repeat(np.arange(size), 12), np.tile(np.arange(12), size))
    blind = evidence.same_fold(links, task.labels.annotated, task.fold)

    def named(task):
        table = evidence.who_has_it(pairs, links, Carriers(task.labels.genes, task.labels.positive, {}), blind)
        return table.assign(gene=pairs.gene[table["pair"]])

    before, after = named(task), named(turned_around(task, 1))
    own = np.flatnonzero(task.labels.annotated & (task.fold == 1))
    pd.testing.assert_frame_equal(*(table[table["gene"].isin(own)].reset_index(drop=True) for table in (after, before)))
    assert len(after) > len(before)  # the genes of other folds do see them: the test can fail


def test_features_are_ranked_by_what_they_add_or_take(go):
    # of gene a: c is the closest neighbour that has growth; d, which is closer, has not, nor have the folds a say here
    weights = sparse.csr_array(([3.0, 2.0, 1.0], ([0, 0, 0], [3, 2, 1])), shape=(5, 5))
    view = View(
        "sequence", np.full((5, 2), [350.0, 0.25], np.float32), ["sequence:length", "sequence:charge"],
        np.ones(5, bool), {"homologues": Neighbours(weights, sparse.csr_array((5, 5), dtype=bool))},
    )  # fmt: skip
    names = ["sequence:length", "sequence:charge", "vote of homologues", "predicted labels of homologues"]
    # by two models; together .05, -.2, .3, and too little to tell
    values = np.array([[[0.03, -0.05, 0.3, 0]], [[0.02, -0.15, 0, 0.0001]]], np.float32)
    found = Contributions(names, ["early_fusion", "sequence.2"], values, np.zeros(1, np.float32))
    table = evidence.features(of("a", 101), found, [view], label(go), np.zeros(5, int))
    assert told(table) == [
        ("vote of homologues", "+0.3000", "sequence view, loudest c, mostly by early fusion"),
        ("sequence:charge", "-0.2000", "sequence view, value 0.25, mostly by sequence student"),
        ("sequence:length", "+0.0500", "sequence view, value 350, mostly by early fusion"),
    ]


def test_where_a_vote_without_trees_is_final_there_are_no_features(go):
    found = Contributions([], [], np.zeros((0, 1, 0), np.float32), np.zeros(1, np.float32))
    own = of("a", 101)
    table = evidence.features(own, found, [], label(go), np.zeros(5, int))
    assert table.empty
    assert evidence.table(own, label(go), {"feature": [table]}).columns.tolist() == evidence.COLUMNS


def test_the_loudest_voice_is_none_of_the_genes_own_fold(go):
    weights = sparse.csr_array(([2.0, 1.0], ([3, 3], [2, 1])), shape=(5, 5))
    voters = Neighbours(weights, sparse.csr_array((5, 5), dtype=bool))
    # d is labelled, and so is blind to c, of its fold
    table = evidence._loudest(of("d", 101), voters, label(go), np.array([0, 1, 2, 2, 0]))
    assert table["source"].tolist() == ["b"]


def test_a_pair_gets_a_few_pieces_of_each_kind_in_the_order_of_the_kinds(go):
    def pieces(kind, count):
        strength = np.arange(count, dtype=float)
        source = [f"{kind}{number}" for number in range(count)]
        return pd.DataFrame({"pair": 0, "source": source, "strength": strength, "value": "1", "detail": "x"})

    made = {kind: [pieces(kind, 7)] for kind in ("feature", "coexpressed", "homologue")}
    made["homologue"].append(pieces("protein", 9))
    table = evidence.table(of("a", 102), label(go), made)
    assert list(table.columns) == ["gene_id", "go_id", "kind", "source", "value", "detail"]
    assert set(zip(table["gene_id"], table["go_id"], strict=True)) == {("a", "GO:0000102")}
    assert table["source"].tolist() == [
        "protein8", "protein7", "homologue6", "coexpressed6", "coexpressed5", "coexpressed4",
        "feature6", "feature5", "feature4", "feature3", "feature2",
    ]  # fmt: skip


def test_no_prediction_has_no_evidence(go):
    none = Pairs(np.zeros(0, int), np.zeros(0, int))
    links = evidence.homologue_links(hits(("a", "b", 200, 0.5)), GENES, GENES, both_ways=True)
    carriers = evidence.own_carriers(label(go), ANNOTATIONS, go)
    table = evidence.table(none, label(go), {"homologue": [evidence.who_has_it(none, links, carriers)]})
    assert table.empty
    assert list(table.columns) == evidence.COLUMNS


def test_pairs_are_the_predictions_of_the_aspect_in_their_order(go):
    predictions = pd.DataFrame(
        {"gene_id": ["c", "a", "b"], "go_id": ["GO:0000103", "GO:0000999", "GO:0000101"], "aspect": ["P", "F", "P"]}
    ).astype("category")
    pairs = Pairs.of(predictions, label(go))
    assert (pairs.gene.tolist(), pairs.term.tolist()) == ([2, 1], [2, 0])
