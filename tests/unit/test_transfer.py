import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from geneduet import transfer
from geneduet.ontology import Ontology
from geneduet.views import reference

# X:1 is the root of F, X:2 and X:3 its children
PARENTS = np.array([[0, 0, 0], [1, 0, 0], [1, 0, 0]], bool)
ONTOLOGY = Ontology(["X:1", "X:2", "X:3"], list("abc"), ["F"] * 3, sparse.csr_array(PARENTS), {}, frozenset(), "")


def rows(**terms):
    return pd.DataFrame(list(terms.items()), columns=["gene_id", "term"]).assign(evidence="IDA", negated=False)


def found(*hits):
    return pd.DataFrame(hits, columns=["query", "target", "bitscore", "identity"])


def test_a_sample_is_drawn_by_the_seed_and_keeps_the_order(monkeypatch):
    proteins = [f"p{number:03}" for number in range(100)]
    assert transfer.sample(proteins, 1) == proteins
    monkeypatch.setattr(transfer, "SAMPLE", 10)
    drawn = transfer.sample(proteins, 1)
    assert len(set(drawn)) == 10
    assert drawn == sorted(drawn) == transfer.sample(proteins, 1) != transfer.sample(proteins, 2)


def test_weak_votes_that_prove_wrong_are_trusted_less_than_strong_ones_that_prove_right():
    # a to d have X:2, e to h X:3. Whom a close relative (300) votes on is told right, whom a distant one (50) wrong
    known = dict.fromkeys("abcd", "X:2") | dict.fromkeys("efgh", "X:3")
    close = [(one, other, 300.0, 0.6) for one, other in ("ab", "ba", "ef", "fe")]
    distant = [(one, other, 50.0, 0.3) for one, other in ("ce", "df", "ga", "hb")]
    table = transfer.trust("F", list("abcdefgh"), found(*close, *distant), rows(**known), ONTOLOGY)
    # bitscores of 50 and 300 fall into quartiles with edges at 50, 175 and 300: two of the four have nobody
    assert table["above_bitscore"].tolist() == [0.0, 175.0]
    assert table["trust"].tolist() == [0.0, 1.0]
    assert table["n_proteins"].tolist() == [4, 4]
    assert table["aspect"].tolist() == ["F", "F"]


@pytest.mark.parametrize(
    ("hit", "told"), [(("a", "a", 500.0, 1.0), 0), (("a", "b", 500.0, 0.97), 0), (("a", "b", 500.0, 0.96), 1)]
)
def test_neither_a_protein_itself_nor_a_copy_of_it_votes(hit, told):
    table = transfer.trust("F", ["a", "c"], found(hit), rows(a="X:2", b="X:2", c="X:3"), ONTOLOGY)
    assert table["n_proteins"].sum() == told


def test_where_nobody_votes_there_is_no_trust():
    assert transfer.trust("F", ["a"], found(), rows(a="X:2"), ONTOLOGY).empty


def test_a_gene_has_the_trust_of_its_strongest_voter_and_the_shares_of_all(tmp_path):
    hits = found(("g", "a", 300.0, 0.5), ("g", "b", 100.0, 0.4), ("h", "b", 60.0, 0.3))
    voting = reference.make("F", ["g", "h", "i"], hits, rows(a="X:2", b="X:3"), ONTOLOGY)
    reference.write(tmp_path / "F.npz", voting)
    table = pd.DataFrame({"above_bitscore": [0.0, 175.0], "trust": [0.25, 0.75], "n_proteins": [4, 4]})
    told = transfer.read(tmp_path / "F.npz", table)
    assert told.terms == ["X:2", "X:3"]
    np.testing.assert_allclose(told.share.toarray(), [[0.75, 0.25], [0, 1], [0, 0]])
    assert told.trust.tolist() == [0.75, 0.25, 0]
