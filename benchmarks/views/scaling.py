"""How the steps of the views grow with proteins: yeast of ../shared/data, and ten times as many by mutated copies.

    PYTHONPATH=workflow python benchmarks/views/scaling.py results/yeast

The searches are not among them. Each step runs in a process of its own, which tells its peak memory.
"""

import sys
from functools import partial
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from geneduet import tables
from geneduet.views import coexpression, links
from geneduet.views.families import FAMILIES
from geneduet.views.given import Given
from geneduet.views.sequence.residues import RESIDUES
from geneduet.views.vote import Neighbours

sys.path.insert(0, str(Path(__file__).parents[1]))  # beside our folder is what benchmarks share
from measure import measure

TIMES, MUTATED = 10, 0.2  # share of residues, and of values a tenth of their spread
COEXPRESSED_TIMES = 3  # all against all: ten times would be a hundred times the pairs


def copies(sequences, times):
    """The proteins, and mutated copies."""
    random, letters = np.random.default_rng(1), np.array(list(RESIDUES))
    made = list(sequences)
    for _ in range(times - 1):
        for sequence in sequences:
            own = np.array(list(sequence))
            where = random.random(len(own)) < MUTATED
            own[where] = random.choice(letters, where.sum())
            made.append("".join(own))
    return made


def noisy(matrix, times):
    """The profiles, and noisy copies."""
    random = np.random.default_rng(1)
    parts = [matrix + (random.normal(0, 0.1, matrix.shape) if number else 0) for number in range(times)]
    table = pd.concat(parts)
    return table.set_axis([f"g{number}" for number in range(len(table))]).astype(np.float32)


def describe(family, given):
    return import_module(f"geneduet.views.{FAMILIES[family].view}.{family}").features(given)


def steps(folder, times):
    """Each step on that many times the genes."""
    genes = tables.read(folder / "inputs" / "genes.parquet")
    ids = [f"g{number}" for number in range(len(genes) * times)]
    sequences = copies(genes["sequence"].tolist(), times)
    expression = noisy(tables.read_matrix(folder / "inputs" / "expression.parquet"), times)
    for name, family in FAMILIES.items():
        if family.needs in ("proteome", "expression"):
            data = {"sequences": sequences} if family.needs == "proteome" else {"expression": expression}
            yield name, partial(describe, name, Given(ids, **data))
    for name in ("homologues", "coexpressed"):
        own = links.from_table(tables.read(folder / "views" / "links" / f"{name}.parquet"), genes["gene_id"].tolist())
        many = [sparse.block_diag([part] * times, format="csr") for part in (own.weights, own.copies)]
        yield f"bridges of {name}", partial(links.bridges, Neighbours(*map(sparse.csr_array, many)))


def main(folder):
    folder, rows = Path(folder), []
    some, many = dict(steps(folder, 1)), dict(steps(folder, TIMES))
    expression = tables.read_matrix(folder / "inputs" / "expression.parquet")
    ranked = (partial(coexpression.partners, noisy(expression, times), 50) for times in (1, COEXPRESSED_TIMES))
    for name, times, one, more in [
        *((name, TIMES, some[name], many[name]) for name in some),
        ("co-expressed partners", COEXPRESSED_TIMES, *ranked),
    ]:
        before, then = measure(one), measure(more)
        rows.append({"step": name, "seconds": before.seconds, "MB": before.megabytes, "times the genes": times,
                     "times the seconds": then.seconds / before.seconds, "MB then": then.megabytes})  # fmt: skip
        print(rows[-1], flush=True)
    digits = ("", ".1f", ".0f", ".0f", ".1f", ".0f")
    print(pd.DataFrame(rows).to_markdown(index=False, floatfmt=digits))


if __name__ == "__main__":
    main(*sys.argv[1:])
