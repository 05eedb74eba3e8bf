"""What each choice in the learner is worth: one changed at a time, on early fusion with its votes.

Kept here, and not in the package, is what did not win: logistic loss, other ways to reduce the residual, forests,
leaves filled from the drawn genes alone, weights, early stopping. Folds 0 and 1 are judged, the reserved families left
out; `benchmarks/learner/compare.py` judges another fold. A second table asks what a student needs that continues its
teacher's trees, against one grown anew.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from geneduet import boosting, labels, tables
from geneduet.boosting import MultiLabelBooster
from geneduet.evaluation.ranking import micro_ap
from geneduet.learners import ViewLearner, make_view
from geneduet.settings import Settings
from geneduet.views import coexpression, homology
from geneduet.views.vote import Neighbours

# organism, aspect, judged fold, share of the labels
SPLITS = [("ecoli", "P", 0, 1), ("ecoli", "F", 0, 1), ("ecoli", "C", 0, 1), ("yeast", "F", 0, 1),
          ("ecoli", "P", 0, 0.1), ("ecoli", "F", 1, 0.1), ("yeast", "P", 0, 0.1), ("yeast", "P", 1, 0.1),
          ("yeast", "F", 0, 0.1)]  # fmt: skip
LEAST = 5  # positives among the training genes that a term needs here
SEEDS = (1, 2, 3)  # of the learner
SHIPPED = "as shipped"


@dataclass
class Split:
    X: np.ndarray
    Y: np.ndarray
    base: np.ndarray
    X_judged: np.ndarray
    Y_judged: np.ndarray
    base_judged: np.ndarray
    X_unlabelled: np.ndarray
    base_unlabelled: np.ndarray


def read(results, organism, aspect, k, share):
    folder = results / organism
    seen, split = labels.read(folder / "labels" / f"{aspect}.npz"), tables.read(folder / "folds.parquet")
    table = {name: tables.read(folder / "views" / f"{name}.parquet") for name in ("homologues", "coexpression")}
    matrix = {name: tables.read_matrix(folder / "views" / f"{name}.parquet") for name in ("sequence", "expression")}
    homologues = homology.neighbours(table["homologues"], seen.genes)
    coexpressed = coexpression.neighbours(table["coexpression"], seen.genes)
    copies = homology.copies(table["homologues"], seen.genes)
    views = [
        make_view("sequence", matrix["sequence"], seen.genes, {"homologues": Neighbours(homologues, copies)}),
        make_view("expression", matrix["expression"], seen.genes, {"coexpressed": Neighbours(coexpressed, copies)}),
    ]
    learner = ViewLearner(views, Settings(), 1.0, 0)
    training = seen.annotated & (split["fold"].to_numpy() != k)
    chosen = np.random.default_rng(k).permutation(np.flatnonzero(training))[: int(training.sum() * share)]
    training = np.isin(np.arange(len(training)), chosen)
    judged = seen.annotated & (split["fold"].to_numpy() == k) & learner.present & ~split["reserved"].to_numpy()
    X, base = learner.describe(seen, training)
    training &= learner.present
    Y = seen.positive.toarray().astype(np.float32)
    terms = Y[training].sum(axis=0) >= LEAST
    unlabelled = ~seen.annotated & learner.present
    return Split(X[training], Y[training][:, terms], base[training][:, terms],
                 X[judged], Y[judged][:, terms], base[judged][:, terms],
                 X[unlabelled], base[unlabelled][:, terms])  # fmt: skip


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


@dataclass(frozen=True)
class Choice:
    """What is changed.

    Parameters
    ----------
    settings : of the learner.
    growth : attributes of `Variant`; none for the growth that is shipped.
    weight : makes weights of pairs from Y.
    prepare : changes the features of genes to learn from and genes to judge.
    most_trees : where trees are chosen by micro-AP on a fifth of the genes, and grown anew on all.
    """

    settings: Settings = DEFAULT
    growth: dict[str, object] | None = None
    weight: Callable | None = None
    prepare: Callable | None = None
    most_trees: int = 0


def settings(**changed):
    return Choice(replace(DEFAULT, **changed))


def unknown(weight):
    return lambda Y: np.where(Y > 0, 1, weight).astype(np.float32)


def rare(Y):
    """Terms weigh alike in what they ask of the splits, and so do their pairs in the leaves' ridge."""
    weight = 1 / np.sqrt(np.maximum(Y.mean(axis=0), 1 / len(Y)))
    return np.repeat((weight / weight.mean())[None], len(Y), axis=0).astype(np.float32)


def medians(X, X_judged):
    middle = np.nan_to_num(np.nanmedian(X, axis=0))
    return tuple(np.where(np.isnan(own), middle, own).astype(np.float32) for own in (X, X_judged))


VARIANTS = {
    SHIPPED: Choice(),
    "80 trees, rate .06": settings(trees=80, learning_rate=0.06),
    "400 trees, rate .015": settings(trees=400, learning_rate=0.015),
    "400 trees": settings(trees=400),
    "rate .05": settings(learning_rate=0.05),
    "early stopping, of 600 trees": Choice(most_trees=600),
    "depth 3": settings(depth=3),
    "depth 8": settings(depth=8),
    "2 dimensions": settings(reduced_dimensions=2),
    "8 dimensions": settings(reduced_dimensions=8),
    "half of the rows": settings(rows=0.5),
    "a tenth of the columns": settings(columns=0.1),
    "all columns": settings(columns=1.0),
    "8 bins": settings(bins=8),
    "32 bins": settings(bins=32),
    "no ridge in the leaves": settings(leaf_ridge=0.0),
    "20 genes a leaf": settings(min_rows=20.0),
    "leaves from drawn genes only": Choice(growth={"drawn_only": True}),
    "residual reduced by SVD": Choice(growth={"projection": "SVD"}),
    "residual reduced to top outputs": Choice(growth={"projection": "top outputs"}),
    "columns scaled by spread^-1/2": Choice(growth={"scale": 0.5}),
    "25 forests of 8 trees, rate .24": Choice(replace(DEFAULT, learning_rate=0.24), {"parallel": 8}),
    "one forest, depth 10, 3 genes a leaf": Choice(
        replace(DEFAULT, learning_rate=1.0, depth=10, min_rows=3.0, leaf_ridge=0.0), {"parallel": DEFAULT.trees}
    ),
    "logistic, ridge 1": Choice(replace(DEFAULT, leaf_ridge=1.0), {"logistic": True}),
    "logistic, rate .05, ridge 3": Choice(replace(DEFAULT, learning_rate=0.05, leaf_ridge=3.0), {"logistic": True}),
    "unknown pairs weigh half": Choice(weight=unknown(0.5)),
    "unknown pairs weigh a fifth": Choice(weight=unknown(0.2)),
    "rare terms weigh more": Choice(weight=rare),
    "medians for missing values": Choice(prepare=medians),
}


def fit(split, choice, seed, X):
    shipped = boosting._Growth
    try:
        if choice.growth is not None:
            boosting._Growth = type("Chosen", (Variant,), {**choice.growth, "base": split.base})
        weight = None if choice.weight is None else choice.weight(split.Y)
        return MultiLabelBooster(choice.settings, seed).fit(X, split.Y, weight, split.base)
    finally:
        boosting._Growth = shipped


def scores(split, choice, seed):
    """Scores of the judged genes."""
    X, X_judged = (split.X, split.X_judged) if choice.prepare is None else choice.prepare(split.X, split.X_judged)
    if choice.most_trees:
        choice = replace(choice, settings=replace(choice.settings, trees=best_number(split, choice, seed)))
    model = fit(split, choice, seed, X)
    if choice.growth and choice.growth.get("logistic"):
        start = np.clip(split.base_judged, 1e-3, 1 - 1e-3)
        return model.predict(X_judged, np.log(start / (1 - start)).astype(np.float32))
    return model.predict(X_judged, split.base_judged)


def best_number(split, choice, seed, step=50):
    """The number of trees of best micro-AP on a fifth of the genes to learn from, fitted to the others."""
    aside = np.random.default_rng(seed).random(len(split.X)) < 0.2
    inner = replace(split, X=split.X[~aside], Y=split.Y[~aside], base=split.base[~aside])
    model = fit(inner, replace(choice, settings=replace(choice.settings, trees=choice.most_trees)), seed, inner.X)
    rows, own, found = model._leaf_of(split.X[aside]), split.base[aside].copy(), {}
    for trees in range(step, choice.most_trees + 1, step):
        own += model.leaves[rows[:, trees - step : trees]].sum(axis=1)
        found[trees] = micro_ap(split.Y[aside] > 0, own)
    return max(found, key=found.get)


def compare_variants(splits):
    rows = []
    for name, choice in VARIANTS.items():
        start = time.perf_counter()
        by_seed = [
            {label: micro_ap(own.Y_judged > 0, scores(own, choice, seed)) for label, own in splits.items()}
            for seed in SEEDS
        ]
        found = pd.DataFrame(by_seed)
        means = found.mean(axis=1)
        row = {"variant": name, **found.mean(), "mean": means.mean(), "spread of seeds": means.std(),
               "seconds": (time.perf_counter() - start) / len(SEEDS)}  # fmt: skip
        rows.append(row)
        print(row, flush=True)
    table = pd.DataFrame(rows)
    table.insert(table.columns.get_loc("mean") + 1, "minus shipped", table["mean"] - table["mean"].iloc[0])
    return table


# --- what a student needs


def students(split, seed):
    """Micro-AP, and seconds, of a second student: grown anew, or continuing the first with fewer trees.

    A student learns the labelled genes, and its teacher's scores of the unlabelled ones at a weight of .3.
    """
    X, base = np.vstack([split.X, split.X_unlabelled]), np.vstack([split.base, split.base_unlabelled])
    weight = np.repeat(np.float32([1, 0.3]), [len(split.X), len(split.X_unlabelled)])[:, None]

    def taught(teacher, trees, start, start_judged):
        Y = np.vstack([split.Y, np.clip(teacher(split.X_unlabelled, split.base_unlabelled), 0, 1)])
        model = MultiLabelBooster(replace(DEFAULT, trees=trees), seed).fit(X, Y, weight, start)
        return model, model.predict(split.X_judged, start_judged)

    first = MultiLabelBooster(DEFAULT, seed).fit(split.X, split.Y, base=split.base)
    second, score = taught(first.predict, DEFAULT.trees, base, split.base_judged)
    found = {"teacher": (first.predict(split.X_judged, split.base_judged), 0.0), "first student": (score, 0.0)}
    for label, trees, start, start_judged in (
        ("second student, grown anew", DEFAULT.trees, base, split.base_judged),
        ("second student, 50 trees more", 50, second.predict(X, base), score),
        ("second student, 20 trees more", 20, second.predict(X, base), score),
    ):
        begin = time.perf_counter()
        found[label] = (taught(second.predict, trees, start, start_judged)[1], time.perf_counter() - begin)
    return {label: (micro_ap(split.Y_judged > 0, own), seconds) for label, (own, seconds) in found.items()}


def compare_students(splits):
    rows = {}
    for label, split in splits.items():
        by_seed = [students(split, seed) for seed in SEEDS]
        for student in by_seed[0]:
            found = np.mean([own[student] for own in by_seed], axis=0)
            row = rows.setdefault(student, {"model": student, "seconds": 0.0})
            row[label], row["seconds"] = found[0], row["seconds"] + found[1]
    table = pd.DataFrame(rows.values())
    table.insert(len(table.columns), "mean", table[list(splits)].mean(axis=1))
    return table[["model", *splits, "mean", "seconds"]]


def text(table):
    digits = {"mean": ".4f", "minus shipped": "+.4f", "spread of seeds": ".4f", "seconds": ".0f"}
    return table.to_markdown(index=False, floatfmt=tuple(digits.get(column, ".3f") for column in table))


def main(results, variants, students):
    splits = {f"{o} {a}" + ("" if share == 1 else f" {share:.0%} ({k})"): read(Path(results), o, a, k, share)
              for o, a, k, share in SPLITS}  # fmt: skip
    Path(students).write_text(text(compare_students(splits)))
    Path(variants).write_text(text(compare_variants(splits)))


if __name__ == "__main__":
    main(*sys.argv[1:])
