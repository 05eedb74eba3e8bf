"""How far a reference's vote is to be trusted, and its labels for an organism that has too few of its own.

Trust is measured within the reference: some of its proteins are put to the vote of the others, and what they are known
to have says how much of a vote of a given bitscore came true. No label of the organism is needed.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from geneduet.labels import Transferable, propagated
from geneduet.ontology import Ontology
from geneduet.views import reference, vote
from geneduet.views.homology import COPY_IDENTITY
from geneduet.views.vote import Trust

SAMPLE = 2000  # proteins put to the vote: more would make the search longer, and the trust no different

COLUMNS = ["aspect", "above_bitscore", "trust", "n_proteins"]


def sample(proteins: Sequence[str], seed: int) -> list[str]:
    """Some of the proteins, or all where there are few."""
    chosen = np.random.default_rng(seed).choice(len(proteins), min(SAMPLE, len(proteins)), replace=False)
    return [proteins[number] for number in sorted(chosen)]


def trust(
    aspect: str, sampled: Sequence[str], hits: pd.DataFrame, rows: pd.DataFrame, ontology: Ontology
) -> pd.DataFrame:
    """How much of the vote on some proteins of the reference came true, by the bitscore of the nearest voter.

    Parameters
    ----------
    sampled : proteins of the reference.
    hits : of these in the whole reference, as `homology.search_others` gives them; a protein itself, and copies of it
        in other strains, do not vote.
    rows : annotations of the reference, as `annotations.select` gives them.

    Returns
    -------
    aspect, above_bitscore (lower end of the range), trust (weight of the vote against the term frequencies, from 0 to
    1, by least squares), n_proteins (that tell it); a row for each quartile of the bitscore, none where nobody votes.
    """
    others = hits[(hits["query"] != hits["target"]) & (hits["identity"] < COPY_IDENTITY)]
    voting = reference.make(aspect, sampled, others, rows, ontology)
    _, known = propagated(aspect, sampled, rows, ontology)  # the terms are the same: all of the aspect
    annotated = np.diff(known.indptr) > 0
    found = vote.trust(vote.count_votes(voting.of_labelled(), voting.labels), known, annotated)
    table = pd.DataFrame(
        {
            "aspect": aspect,
            "above_bitscore": np.concatenate([[0.0], found.edges]).round(1),
            "trust": found.weight.astype(float).round(4),
            "n_proteins": found.count,
        }
    )
    return table[table["n_proteins"] > 0]


def read(voting: Path, table: pd.DataFrame) -> Transferable:
    """The vote on the organism's genes from the file that `views.reference.write` wrote; see `transferable`."""
    return transferable(reference.read(voting), table)


def transferable(voting: reference.Voting, table: pd.DataFrame) -> Transferable:
    """The vote of the reference on the organism's genes, each with the trust that its strength deserves.

    Parameters
    ----------
    table : rows of the aspect, as `trust` gives them.
    """
    weights = voting.of_labelled()
    strength = np.asarray(weights.max(axis=1).toarray()).ravel() if weights.shape[1] else np.zeros(weights.shape[0])
    own = Trust(
        table["above_bitscore"].to_numpy(float)[1:],
        table["trust"].to_numpy(np.float32),
        table["n_proteins"].to_numpy(),
    )
    return Transferable(voting.terms, vote.shares(weights, voting.labels), own.of(strength))
