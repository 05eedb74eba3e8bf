"""No label of a gene reaches what describes it, whoever votes; and the tests tell where a mask is dropped."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from geneduet import genome
from geneduet.learners import ViewLearner
from geneduet.views import links
from geneduet.views.vote import Neighbours, count_votes


@pytest.fixture
def electorates(simulated):
    """Everyone who votes by the labels of the organism, by name."""
    own = simulated.views["sequence"].voters["homologues"]
    genes, same = simulated.labels.genes, own.copies
    partners = Neighbours(simulated.views["expression"].voters["coexpressed"].weights, same)
    # copies that are linked themselves, and copies that only a bridge leads to
    linked = Neighbours(sparse.csr_array(partners.weights.maximum(same * 0.5)), same)
    assert not partners.weights.multiply(same).nnz
    places = pd.DataFrame({"gene_id": genes, "sequence_region": "chromosome", "strand": "+"})
    places["start"] = np.arange(len(genes)) * 1000
    places["end"] = places["start"] + 950
    return {
        "homologues": own,
        "homologues_bridges": links.bridges(own),
        "coexpressed": linked,
        "coexpressed_bridges": links.bridges(links.from_table(links.to_table(partners, genes), genes)),
        "chromosome": Neighbours(genome.neighbours(places, genes), same),
    }


NAMES = ("homologues", "homologues_bridges", "coexpressed", "coexpressed_bridges", "chromosome")


class Unmasked(Neighbours):
    """Neighbours that see everybody's labels, those of a gene itself and of its copies too: how a leak looks."""

    def seen(self, training):
        everyone = sparse.csr_array(self.weights + sparse.eye_array(len(training)))
        everyone.sort_indices()
        return everyone

    def vote(self, labels, training):
        return count_votes(self.seen(training), labels)


def leaks(voters, task, with_labels):
    """Genes in training, and outside of it, whose description changes with labels that it must not see."""
    view = replace(task.views["sequence"], voters={"voters": voters})
    training = task.training(0)

    def described(positive):
        own = with_labels(task, positive)
        return ViewLearner([view], task.settings, 1.0, 1).describe(own.labels, training)[0]

    positive = task.labels.positive.toarray()
    outside = positive.copy()
    outside[~training] = ~outside[~training]
    judged = not np.array_equal(described(outside), described(positive), equal_nan=True)
    # directions and prior are of all labels: of a single gene its share alone is looked at
    own = []
    for gene in np.flatnonzero(training)[:20]:
        changed = positive.copy()
        changed[gene] = ~changed[gene]
        before, after = (voters.vote(sparse.csr_array(labels), training).share[gene] for labels in (positive, changed))
        own.append(not np.array_equal(before, after))
    return judged, any(own)


@pytest.mark.parametrize("name", NAMES)
def test_neither_a_judged_genes_labels_nor_a_training_genes_own_are_seen(name, electorates, simulated, with_labels):
    assert electorates[name].weights.nnz
    assert leaks(electorates[name], simulated, with_labels) == (False, False)


@pytest.mark.parametrize("name", NAMES)
def test_a_dropped_mask_would_be_found(name, electorates, simulated, with_labels):
    bare = Unmasked(electorates[name].weights, electorates[name].copies)
    assert leaks(bare, simulated, with_labels) == (True, True)


@pytest.mark.parametrize("name", NAMES)
def test_labels_of_copies_are_not_seen_in_training_and_a_dropped_mask_would_be_found(name, electorates, simulated):
    training, voters = np.ones(len(simulated.labels.genes), bool), electorates[name]
    positive = simulated.labels.positive.toarray()
    unmarked = Neighbours(voters.weights, sparse.csr_array(voters.copies.shape, dtype=bool))
    pairs = np.argwhere(voters.weights.multiply(voters.copies).toarray())
    assert len(pairs)
    for gene, copy in pairs:
        changed = positive.copy()
        changed[copy] = ~changed[copy]

        def share(electorate, labels, gene=gene):
            return electorate.vote(sparse.csr_array(labels), training).share[gene]

        np.testing.assert_array_equal(share(voters, changed), share(voters, positive))
        assert (share(unmarked, changed) != share(unmarked, positive)).any()
