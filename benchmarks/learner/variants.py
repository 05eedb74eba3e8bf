"""What each choice in the learner is worth: one changed at a time, on early fusion with its votes.

Kept here, and not in the package, is what did not win: logistic loss, other ways to reduce the residual, forests,
leaves filled from the drawn genes alone. Folds 0 and 1 are judged, the reserved families left out; `benchmarks/learner/
compare.py` judges another fold.
"""

import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from geneduet import boosting, labels, tables
from geneduet.boosting import MultiLabelBooster
from geneduet.evaluation.ranking import micro_ap
from geneduet.files import replace_between
from geneduet.learners import ViewLearner, make_view
from geneduet.settings import Settings
from geneduet.views import expression, homology

# organism, aspect, judged fold, share of the labels
SPLITS = [("ecoli", "P", 0, 1), ("ecoli", "F", 0, 1), ("ecoli", "C", 0, 1), ("yeast", "F", 0, 1),
          ("ecoli", "P", 0, 0.1), ("ecoli", "F", 1, 0.1), ("yeast", "P", 0, 0.1), ("yeast", "P", 1, 0.1),
          ("yeast", "F", 0, 0.1)]  # fmt: skip
LEAST = 5  # positives among the training genes that a term needs here


@dataclass
class Split:
    X: np.ndarray
    Y: np.ndarray
    base: np.ndarray
    X_judged: np.ndarray
    Y_judged: np.ndarray
    base_judged: np.ndarray


def read(results, organism, aspect, k, share):
    folder = results / organism
    seen, split = labels.read(folder / "labels" / f"{aspect}.npz"), tables.read(folder / "folds.parquet")
    table = {name: tables.read(folder / "views" / f"{name}.parquet") for name in ("homologues", "coexpression")}
    matrix = {name: tables.read_matrix(folder / "views" / f"{name}.parquet") for name in ("sequence", "expression")}
    views = [
        make_view("sequence", matrix["sequence"], seen.genes, homology.neighbours(table["homologues"], seen.genes)),
        make_view(
            "expression", matrix["expression"], seen.genes, expression.neighbours(table["coexpression"], seen.genes)
        ),
    ]  # fmt: skip
    learner = ViewLearner(views, Settings(), 1.0, 0)
    training = seen.annotated & (split["fold"].to_numpy() != k)
    chosen = np.random.default_rng(k).permutation(np.flatnonzero(training))[: int(training.sum() * share)]
    training = np.isin(np.arange(len(training)), chosen)
    judged = seen.annotated & (split["fold"].to_numpy() == k) & learner.present & ~split["reserved"].to_numpy()
    X, base = learner.describe(seen, training)
    training &= learner.present
    Y = seen.positive.toarray().astype(np.float32)
    terms = Y[training].sum(axis=0) >= LEAST
    return Split(X[training], Y[training][:, terms], base[training][:, terms],
                 X[judged], Y[judged][:, terms], base[judged][:, terms])  # fmt: skip


class Variant(boosting._Growth):
    """The growth of trees with what did not win; options are attributes of the class."""

    projection, drawn_only, logistic, parallel, scale = "random", False, False, 1, 0.0

    def __init__(self, settings, seed, X, residual, weight):
        super().__init__(settings, seed, X, residual, weight)
        self.waiting, self.target = np.zeros_like(residual), None
        if self.logistic:
            start = np.clip(self.base, 1e-3, 1 - 1e-3)
            self.odds, self.target = np.log(start / (1 - start)), residual + self.base
            self.refresh()
        spread = np.sqrt(np.maximum((residual**2).mean(axis=0), 1 / len(X)))
        self.column = spread**-self.scale

    def refresh(self):
        probability = 1 / (1 + np.exp(-self.odds))
        self.residual, self.hessian = self.target - probability, probability * (1 - probability)

    def gradient(self, _, __):
        genes, terms = self.residual.shape
        scaled, k = self.residual * self.column, self.dimensions
        drawn = np.zeros((genes, 1), np.float32)
        drawn[self.random.permutation(genes)[: int(np.ceil(self.settings.rows * genes))]] = 1
        self.drawn = drawn.ravel() > 0
        if self.projection == "random":
            reduced = scaled @ (self.random.standard_normal((terms, k), dtype=np.float32) / np.float32(np.sqrt(k)))
        elif self.projection == "top outputs":
            power = (scaled.astype(np.float64) ** 2).sum(axis=0)
            reduced = scaled[:, self.random.choice(terms, k, replace=False, p=power / power.sum())]
        else:
            probe = scaled.T @ (scaled @ self.random.standard_normal((terms, k + 4), dtype=np.float32))
            basis = np.linalg.qr(probe)[0]
            left, value, _ = np.linalg.svd(scaled @ basis, full_matrices=False)
            reduced = (left * value)[:, :k]
        return np.ascontiguousarray(-drawn * reduced, np.float32), np.repeat(drawn, k, axis=1)

    def fill(self, tree):
        nodes, leaf = np.unique(tree.predict(self.data, pred_leaf=True).astype(np.int64).ravel(), return_inverse=True)
        used = self.drawn if self.drawn_only else np.ones(len(leaf), bool)
        inside = sparse.csr_array((used.astype(np.float32), (leaf, np.arange(len(leaf)))), (len(nodes), len(leaf)))
        total = (inside @ self.hessian if self.logistic else inside.sum(axis=1)[:, None]) + self.settings.leaf_ridge
        step = inside @ self.residual / np.maximum(total, 1e-6) * self.settings.learning_rate / self.parallel
        step = step.astype(np.float32)
        self.waiting += step[leaf]
        if (len(self.leaves) + 1) % self.parallel == 0:
            if self.logistic:
                self.odds += self.waiting
                self.refresh()
            else:
                self.residual -= self.waiting
            self.waiting[:] = 0
        self.leaves.append(step)
        self.cover.append(inside.sum(axis=1))
        self.nodes.append(nodes)


DEFAULT = Settings()
VARIANTS = {
    "as shipped": (DEFAULT, None),
    "80 trees, rate .06": (replace(DEFAULT, trees=80, learning_rate=0.06), None),
    "400 trees, rate .015": (replace(DEFAULT, trees=400, learning_rate=0.015), None),
    "depth 3": (replace(DEFAULT, depth=3), None),
    "depth 8": (replace(DEFAULT, depth=8), None),
    "2 dimensions": (replace(DEFAULT, reduced_dimensions=2), None),
    "8 dimensions": (replace(DEFAULT, reduced_dimensions=8), None),
    "half of the rows": (replace(DEFAULT, rows=0.5), None),
    "a tenth of the columns": (replace(DEFAULT, columns=0.1), None),
    "all columns": (replace(DEFAULT, columns=1.0), None),
    "8 bins": (replace(DEFAULT, bins=8), None),
    "32 bins": (replace(DEFAULT, bins=32), None),
    "no ridge in the leaves": (replace(DEFAULT, leaf_ridge=0.0), None),
    "20 genes a leaf": (replace(DEFAULT, min_rows=20.0), None),
    "leaves from drawn genes only": (DEFAULT, {"drawn_only": True}),
    "residual reduced by SVD": (DEFAULT, {"projection": "SVD"}),
    "residual reduced to top outputs": (DEFAULT, {"projection": "top outputs"}),
    "columns scaled by spread^-1/2": (DEFAULT, {"scale": 0.5}),
    "25 forests of 8 trees, rate .24": (replace(DEFAULT, learning_rate=0.24), {"parallel": 8}),
    "one forest, depth 10, 3 genes a leaf": (
        replace(DEFAULT, learning_rate=1.0, depth=10, min_rows=3.0, leaf_ridge=0.0),
        {"parallel": DEFAULT.trees},
    ),
    "logistic, ridge 1": (replace(DEFAULT, leaf_ridge=1.0), {"logistic": True}),
    "logistic, rate .05, ridge 3": (replace(DEFAULT, learning_rate=0.05, leaf_ridge=3.0), {"logistic": True}),
}


def scores(split, settings, options):
    shipped = boosting._Growth
    try:
        if options is not None:
            boosting._Growth = type("Chosen", (Variant,), {**options, "base": split.base})
        model = MultiLabelBooster(settings, seed=1).fit(split.X, split.Y, base=split.base)
    finally:
        boosting._Growth = shipped
    if options and options.get("logistic"):
        start = np.clip(split.base_judged, 1e-3, 1 - 1e-3)
        return model.predict(split.X_judged, np.log(start / (1 - start)).astype(np.float32))
    return model.predict(split.X_judged, split.base_judged)


def main(page, results):
    splits = {f"{o} {a}" + ("" if share == 1 else f" {share:.0%} ({k})"): read(Path(results), o, a, k, share)
              for o, a, k, share in SPLITS}  # fmt: skip
    rows = []
    for name, (settings, options) in VARIANTS.items():
        start = time.perf_counter()
        found = {label: micro_ap(own.Y_judged > 0, scores(own, settings, options)) for label, own in splits.items()}
        row = {"variant": name, **found, "mean": np.mean(list(found.values())), "seconds": time.perf_counter() - start}
        rows.append(row)
        print(row, flush=True)
    table = pd.DataFrame(rows)
    digits = (".0f", *[".3f"] * len(splits), ".4f", ".0f")
    page = Path(page)
    page.write_text(replace_between(page.read_text(), "variants", table.to_markdown(index=False, floatfmt=digits)))


if __name__ == "__main__":
    main(*sys.argv[1:])
