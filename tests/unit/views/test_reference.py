import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from geneduet.ontology import Ontology
from geneduet.views import reference

# X:1 is the root of F, X:2 its child, X:3 a child of that; X:4 is the root of P
PARENTS = np.array([[0, 0, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0]], bool)
ONTOLOGY = Ontology(
    ["X:1", "X:2", "X:3", "X:4"], list("abcd"), ["F", "F", "F", "P"], sparse.csr_array(PARENTS), {}, frozenset(), ""
)
HITS = pd.DataFrame(
    [("a", "p", 90.0), ("a", "q", 30.0), ("b", "q", 40.0), ("b", "r", 40.0)], columns=["query", "target", "bitscore"]
)


def annotated(*pairs, negated=False):
    table = pd.DataFrame(pairs, columns=["gene_id", "term"])
    return table.assign(evidence="IDA", negated=negated)


@pytest.fixture
def voting():
    return reference.make("F", ["a", "b", "c"], HITS, annotated(("p", "X:3"), ("q", "X:2"), ("other", "X:3")), ONTOLOGY)


def test_proteins_say_their_terms_and_the_ancestors_but_no_root(voting):
    assert (voting.proteins, voting.terms) == (["p", "q", "r"], ["X:2", "X:3"])
    assert voting.labels.toarray().astype(int).tolist() == [[1, 1], [1, 0], [0, 0]]
    assert voting.weights.toarray().tolist() == [[90, 30, 0], [0, 40, 40], [0, 0, 0]]


def test_what_is_read_back_votes_on_the_terms_asked_for(voting, tmp_path):
    reference.write(tmp_path / "F.npz", voting)
    given = reference.voters(reference.read(tmp_path / "F.npz"), ["X:3", "X:2"]).vote(
        sparse.csr_array((3, 2)), np.zeros(3, bool)
    )
    # r has no term in F and does not vote; nobody votes on c
    assert given.share.tolist() == [[0.75, 1], [0, 1], [0, 0]]
    assert given.strength.tolist() == [90, 40, 0]
    assert given.count.tolist() == [2, 1, 0]


def test_a_protein_of_other_terms_votes_against_those_asked_for(voting, tmp_path):
    reference.write(tmp_path / "F.npz", voting)
    given = reference.voters(reference.read(tmp_path / "F.npz"), ["X:3"]).vote(
        sparse.csr_array((3, 1)), np.zeros(3, bool)
    )
    assert given.share[1].tolist() == [0]
    assert given.count[1] == 1


def test_not_statements_of_a_reference_say_nothing():
    made = reference.make("F", ["a", "b"], HITS, annotated(("p", "X:3"), negated=True), ONTOLOGY)
    assert made.labels.nnz == 0
