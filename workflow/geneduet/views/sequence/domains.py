"""Domains: how many, how much of the protein, which, and which follow each other."""

from collections import Counter
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import pandas as pd

from geneduet import tables
from geneduet.views.given import Given

MIN_GENES = 3  # that have a domain, or a pair, which is to be a feature
MAX_FEATURES = 1500  # of domains, and of pairs: the most frequent

Span: TypeAlias = tuple[float, float, str]  # start, end (inclusive), domain


def adjacent(spans: Sequence[Span]) -> set[tuple[str, str]]:
    """Ordered pairs of domains that follow each other: the second starts past the first, and none lies between.

    Where several databases tell the same place, each of theirs follows.

    >>> sorted(adjacent([(1, 9, "a"), (10, 19, "b"), (11, 18, "b'"), (20, 30, "c")]))
    [('a', 'b'), ('a', "b'"), ('b', 'c'), ("b'", 'c')]
    """
    pairs = set()
    for _, end, domain in spans:
        later = [span for span in spans if span[0] > end]
        nearest_end = min((last for _, last, _ in later), default=0.0)
        pairs |= {(domain, other) for start, _, other in later if start <= nearest_end}
    return pairs


def covered(spans: Sequence[Span], length: int) -> float:
    """Share of a protein's residues that lie in a domain.

    >>> covered([(1, 5, "a"), (4, 6, "b"), (9, 12, "c")], 10)
    0.8
    """
    mask = np.zeros(length, bool)
    for start, end, _ in spans:
        mask[int(start) - 1 : int(end)] = True
    return float(mask.mean()) if length else 0.0


def features(given: Given) -> pd.DataFrame:
    """Number of domains and of different ones, share of residues in them, count of each, presence of adjacent pairs.

    Reads `given.files["domains"]`, tables that `domains.read_domains` made. A domain, or a pair, is a feature when at
    least 3 genes have it; of more than 1,500 the most frequent. Genes without domains have zeros. Domains without
    coordinates count, but cover nothing and follow none; without a proteome the share is NaN. No tables, no features.
    """
    if not given.files.get("domains"):
        return pd.DataFrame(index=pd.Index(given.genes, name="gene_id"), dtype=np.float32)
    counts: dict[str, Counter[str]] = {gene: Counter() for gene in given.genes}
    spans: dict[str, list[Span]] = {gene: [] for gene in given.genes}
    for path in given.files["domains"]:
        for gene, domain, start, end, _ in tables.read(path).itertuples(index=False, name=None):
            if gene in counts:
                counts[gene][domain] += 1
                spans[gene] += [(start, end, domain)] if start == start else []
    pairs = [Counter(f"{one}-{other}" for one, other in adjacent(own)) for own in spans.values()]
    totals = pd.DataFrame(
        {
            "domains:number": [own.total() for own in counts.values()],
            "domains:different": [len(own) for own in counts.values()],
            "domains:covered": np.nan,
        }
    )
    if given.sequences:
        lengths = map(len, given.sequences)
        totals["domains:covered"] = [covered(*own) for own in zip(spans.values(), lengths, strict=True)]
    parts = [totals, _frequent("domain", list(counts.values())), _frequent("domain_pair", pairs)]
    return pd.concat(parts, axis=1).astype(np.float32).set_axis(pd.Index(given.genes, name="gene_id"))


def _frequent(prefix: str, counts: Sequence[Counter[str]]) -> pd.DataFrame:
    """Counts of what enough genes have, a column each; columns by name."""
    genes = Counter(name for own in counts for name in own)
    ranked = sorted((-number, name) for name, number in genes.items() if number >= MIN_GENES)
    chosen = sorted(name for _, name in ranked[:MAX_FEATURES])
    return pd.DataFrame({f"{prefix}:{name}": [own[name] for own in counts] for name in chosen}, range(len(counts)))
