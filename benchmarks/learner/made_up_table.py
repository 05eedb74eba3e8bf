"""Writes an organism of ready-made tables with gaps and a hierarchy that is not GO, to be run like any other.

2,500 genes x 530 features, a tenth of the values missing; a random tree of 4,100 terms. Each gene has the three leaves
that its features speak for most, and all terms above them; 500 genes are held out.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

GENES, TERMS, HELD_OUT, MISSING = 2500, 4100, 500, 0.1
FEATURES = {"sequence": 300, "expression": 230}
ORGANISM = """\
name: made_up
taxon_id: 1
ontology: tree.obo
annotations: annotations.tsv
holdout_genes: held_out.txt
views:
  sequence: {table: sequence.tsv}
  expression: {table: expression.tsv}
term_selection: {min_positives: 1}
"""


def tree(random):
    """Parent of each term; the first is the root, its own parent."""
    return np.array([0] + [random.integers(0, term) for term in range(1, TERMS)])


def annotations(random, X, parent):
    """Gene and term of the annotations, most specific terms only."""
    says = X @ (random.normal(size=(X.shape[1], TERMS)).astype(np.float32) / np.sqrt(X.shape[1]))
    says[:, np.unique(parent)] = -np.inf  # not a leaf
    return [(gene, term) for gene in range(GENES) for term in np.argsort(-says[gene])[:3]]


def main(folder):
    folder, random = Path(folder), np.random.default_rng(1)
    folder.mkdir(parents=True, exist_ok=True)
    X, parent = random.normal(size=(GENES, sum(FEATURES.values()))).astype(np.float32), tree(random)
    rows = [f"gene_{gene}\tX:{term}\tEXP" for gene, term in annotations(random, X, parent)]
    terms = [f"[Term]\nid: X:{term}\nname: term {term}\n" + f"is_a: X:{parent[term]}\n" * (term > 0)
             for term in range(TERMS)]  # fmt: skip
    X[random.random(X.shape) < MISSING] = np.nan
    genes = pd.Index([f"gene_{gene}" for gene in range(GENES)], name="gene_id")
    (folder / "tree.obo").write_text("\n".join(["default-namespace: biological_process\n", *terms]))
    (folder / "annotations.tsv").write_text("\n".join(rows) + "\n")
    (folder / "held_out.txt").write_text("\n".join(genes[-HELD_OUT:]) + "\n")
    (folder / "organism.yaml").write_text(ORGANISM)
    start = 0
    for view, width in FEATURES.items():
        names = [f"{view}_{number}" for number in range(width)]
        table = pd.DataFrame(X[:, start : start + width], genes, names)
        table.to_csv(folder / f"{view}.tsv", sep="\t", float_format="%.4f")
        start += width


if __name__ == "__main__":
    main(*sys.argv[1:])
