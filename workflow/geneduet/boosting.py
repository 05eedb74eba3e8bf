"""The multi-label learner: gradient-boosted trees whose leaves carry every term at once.

XGBoost finds the structure of each tree, on the residual of all terms projected at random to a few dimensions
(SketchBoost: Iosipoi and Vakhrushev 2022, NeurIPS); the leaves are filled here, with what the genes in them leave to be
learned of every term. So XGBoost never meets more than a few outputs, and the cost of a term is that of its leaves:
three passes over genes x terms a tree. Which settings were tried, and what came of them: benchmarks/learner/README.md.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

# threads that wait for work must sleep: several fits share the cores, and spinning ones slow each other down
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray
from scipy import sparse

from geneduet import arrays
from geneduet.files import atomic
from geneduet.settings import Settings

Matrix = NDArray[np.float32]
Indices = NDArray[np.int64]

BLOCK = 256  # genes whose residuals are taken at a time: they stay in the cache


class MultiLabelBooster:
    """Boosted vector-leaf trees under a weighted squared error on all terms.

    Squared error ranks many rare terms as well as logistic loss does, its leaves are plain means, and its mean is the
    probability; the output is not clipped and is to be calibrated.

    Parameters
    ----------
    settings : how trees are grown.
    seed : of the row and column samples and of the projections.
    threads : of XGBoost; the result does not depend on it.

    Attributes
    ----------
    booster : structure of the trees; its own leaves are those of the projections and are not used.
    leaves : (leaves of all trees, terms), what a leaf adds to the scores of the genes in it.
    """

    def __init__(self, settings: Settings, seed: int = 0, threads: int = 1) -> None:
        self.settings, self.seed, self.threads = settings, seed, threads
        self.booster: xgb.Booster | None = None
        self.leaves: Matrix = np.zeros((0, 0), np.float32)
        self._numbering = _Numbering.of([])
        self._cover: Matrix = np.zeros(0, np.float32)

    @property
    def outputs(self) -> int:
        """How many terms it scores."""
        return self.leaves.shape[1]

    def fit(self, X: Matrix, Y: Matrix, weight: Matrix | None = None, base: Matrix | None = None) -> Self:
        """Fit to targets.

        Parameters
        ----------
        X : (genes, features), NaN for missing.
        Y : (genes, terms), targets from 0 to 1; soft ones are allowed.
        weight : (genes, terms), or (genes, 1) where all pairs of a gene weigh the same; 0 takes a pair out; 1 for all
            when not given.
        base : (genes, terms), what is known before the first tree; 0 when not given.

        Raises
        ------
        ValueError: no genes, or shapes that do not fit.
        """
        if not len(X) or X.shape[0] != Y.shape[0]:
            raise ValueError(f"X has {X.shape} and Y {Y.shape}: they need the same genes, one at least")
        # under squared error a starting margin is the same as fitting what it leaves over
        residual = np.array(Y if base is None else Y - base, np.float32)
        growth = _Growth(self.settings, self.seed, X, residual, weight)
        data = xgb.QuantileDMatrix(X, label=growth.nothing, max_bin=self.settings.bins, nthread=self.threads)
        self.booster = xgb.train(
            self._parameters(), data, self.settings.trees, obj=growth.gradient, callbacks=[_AfterTree(growth)]
        )
        self.leaves = np.concatenate(growth.leaves)
        self._cover = np.concatenate(growth.cover)
        self._numbering = _Numbering.of(growth.nodes)
        return self

    def predict(self, X: Matrix, base: Matrix | None = None) -> Matrix:
        """Scores, shape (genes, terms), on top of the base where one is given."""
        # leaves are added up a block of genes at a time, in the order of the trees
        scores: Matrix = np.zeros((len(X), self.outputs), np.float32) if base is None else base.copy()
        rows = self._leaf_of(X)
        start = rows.shape[1] * np.arange(len(X) + 1)
        membership = sparse.csr_array((np.ones(rows.size, np.float32), rows.ravel(), start), (len(X), len(self.leaves)))
        for block in _blocks(len(X)):
            scores[block] += membership[block] @ self.leaves
        return scores

    def contributions(self, X: Matrix, gene: NDArray[np.integer], term: NDArray[np.integer]) -> Matrix:
        """What each feature adds to the scores of some pairs of gene and term.

        Along the path from the root of each tree to the gene's leaf, the step from a node to its child is put down to
        the feature that the node asks for; a node stands for the mean of its leaves over the genes that it was fitted
        to (Saabas 2014, "Interpreting random forests"; Palczewska et al. 2014).

        Parameters
        ----------
        X : (genes, features), NaN for missing.
        gene, term : (pairs,), rows of X and columns of the scores.

        Returns
        -------
        (pairs, features + 1) float32; the last feature is the mean over all genes of the fit. They add up to
        `predict(X)`, without base.
        """
        asked, column = np.unique(term, return_inverse=True)
        used, row = np.unique(gene, return_inverse=True)
        nodes = self._steps(asked, X.shape[1])
        leaf = nodes.first + self._numbering.node[self._leaf_of(X[used])]
        paths = [leaf]
        while (nodes.parent[paths[-1]] != paths[-1]).any():
            # who has arrived at the root stays at the end of the nodes, where there is no step
            paths.append(nodes.parent[paths[-1]])
        path = np.hstack(paths)
        given = np.empty((len(row), X.shape[1] + 1), np.float32)
        for block in _blocks(len(row)):
            nodes_of_pair = path[row[block]]
            place = given.shape[1] * np.arange(len(nodes_of_pair))[:, None] + nodes.feature[nodes_of_pair]
            step = nodes.step[column[block, None], nodes_of_pair]
            size = len(nodes_of_pair) * given.shape[1]
            given[block] = np.bincount(place.ravel(), step.ravel(), size).reshape(-1, given.shape[1])
        return given

    def save(self, folder: Path) -> None:
        """Write booster.ubj (structure), leaves.npz and booster.json (settings) into a folder."""
        booster = self._fitted("save")
        with atomic(folder / "booster.ubj") as temporary:
            booster.save_model(temporary)
        content = {"leaves": self.leaves, "cover": self._cover, **vars(self._numbering)}
        arrays.write(folder / "leaves.npz", content, compress=False)
        with atomic(folder / "booster.json") as temporary:
            temporary.write_text(json.dumps({"seed": self.seed, "settings": asdict(self.settings)}, indent=1))

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        record = json.loads((folder / "booster.json").read_text())
        model = cls(Settings(**record["settings"]), record["seed"])
        model.booster = xgb.Booster(model_file=folder / "booster.ubj")
        stored = arrays.read(folder / "leaves.npz")
        model.leaves, model._cover = stored.pop("leaves"), stored.pop("cover")
        model._numbering = _Numbering(**stored)
        return model

    def _fitted(self, purpose: str) -> xgb.Booster:
        if self.booster is None:
            raise ValueError(f"fit before {purpose}")
        return self.booster

    def _leaf_of(self, X: Matrix) -> Indices:
        """Row of `leaves` in which each gene ends, shape (genes, trees)."""
        booster = self._fitted("predict")
        booster.set_param({"nthread": self.threads})
        found = booster.predict(xgb.DMatrix(X, nthread=self.threads), pred_leaf=True)
        return self._numbering.rows(found.reshape(len(X), -1).astype(np.int64))

    def _steps(self, terms: NDArray[np.integer], features: int) -> "_Steps":
        model = json.loads(self._fitted("contributions").save_raw("json"))["learner"]["gradient_booster"]["model"]
        trees = [_Structure(np.array(tree["parents"]), np.array(tree["split_indices"])) for tree in model["trees"]]
        first = np.cumsum([0, *(len(tree.parent) for tree in trees)])
        nowhere = int(first[-1])
        parent, feature = np.full(nowhere + 1, nowhere), np.full(nowhere + 1, features)
        step = np.zeros((len(terms), nowhere + 1), np.float32)
        for number, tree in enumerate(trees):
            nodes, own = slice(first[number], first[number + 1]), self._numbering.of_tree(number)
            value = tree.node_values(self._numbering.node[own], self._cover[own], self.leaves[own][:, terms])
            step[:, nodes] = value.T
            below = slice(first[number] + 1, first[number + 1])
            step[:, below] -= value[tree.parent[1:]].T
            parent[below], feature[below] = first[number] + tree.parent[1:], tree.feature[tree.parent[1:]]
        return _Steps(first[:-1], parent, feature, step)

    def _parameters(self) -> dict[str, Any]:
        settings = self.settings
        return {
            "multi_strategy": "multi_output_tree",
            "tree_method": "hist",
            "max_depth": settings.depth,
            "colsample_bynode": settings.columns,
            "max_bin": settings.bins,
            "min_child_weight": settings.min_rows,
            "base_score": 0.0,
            "disable_default_eval_metric": True,
            "nthread": self.threads,
            "seed": self.seed,
        }


class _Growth:
    """The residual while trees are grown, and the leaves that were filled from it.

    Parameters
    ----------
    residual : (genes, terms), changed in place.
    weight : (genes, terms), (genes, 1) or none.
    """

    def __init__(self, settings: Settings, seed: int, X: Matrix, residual: Matrix, weight: Matrix | None) -> None:
        self.settings, self.residual = settings, residual
        self.random = np.random.default_rng(seed)
        self.data = xgb.DMatrix(X, nthread=1)
        # XGBoost takes a single target for no multi-target problem; two projections of one term find the same splits
        self.dimensions = max(2, min(settings.reduced_dimensions, residual.shape[1]))
        self.nothing = np.zeros((len(X), self.dimensions), np.float32)
        given = np.ones((len(X), 1), np.float32) if weight is None else np.asarray(weight, np.float32)
        by_gene = given.shape[1] == 1
        self.gene_weight = given if by_gene else given.mean(axis=1, keepdims=True)
        self.pair_weight = None if by_gene else given
        self.leaves: list[Matrix] = []
        self.cover: list[Matrix] = []
        self.nodes: list[Indices] = []

    def gradient(self, _: Matrix, __: xgb.DMatrix) -> tuple[Matrix, Matrix]:
        """Gradient and hessian of a new projection, zero for genes that are not drawn; (genes, dimensions) each."""
        genes, terms = self.residual.shape
        projection = self.random.standard_normal((terms, self.dimensions), dtype=np.float32)
        projection /= np.float32(np.sqrt(self.dimensions))
        drawn = np.zeros((genes, 1), np.float32)
        drawn[self.random.permutation(genes)[: int(np.ceil(self.settings.rows * genes))]] = 1
        weight = drawn * self.gene_weight
        if self.pair_weight is None:  # a gene's own weight can as well be applied to the few dimensions
            reduced = weight * (self.residual @ projection)
        else:
            reduced = drawn * ((self.residual * self.pair_weight) @ projection)
        return -reduced, np.repeat(weight, self.dimensions, axis=1)

    def fill(self, tree: xgb.Booster) -> None:
        """Fill the leaves of a new tree, from all genes, drawn or not, and take them from the residual."""
        nodes, leaf = np.unique(tree.predict(self.data, pred_leaf=True).astype(np.int64).ravel(), return_inverse=True)
        place, shape = (leaf, np.arange(len(leaf))), (len(nodes), len(leaf))
        weighing = sparse.csr_array((self.gene_weight.ravel(), place), shape)
        cover = weighing.sum(axis=1)
        if self.pair_weight is None:
            step, total = weighing @ self.residual, cover[:, None]
        else:
            inside = sparse.csr_array((np.ones_like(self.gene_weight.ravel()), place), shape)
            step, total = inside @ (self.residual * self.pair_weight), inside @ self.pair_weight
        total = total + np.float32(self.settings.leaf_ridge)
        np.divide(step, total, out=step, where=total > 0)
        step *= np.float32(self.settings.learning_rate)
        for block in _blocks(len(leaf)):
            self.residual[block] -= step[leaf[block]]
        self.leaves.append(step)
        self.cover.append(cover)
        self.nodes.append(nodes)


class _AfterTree(xgb.callback.TrainingCallback):  # type: ignore[misc]
    """Lets each new tree's leaves be filled before the next is grown."""

    def __init__(self, growth: _Growth) -> None:
        super().__init__()
        self.growth = growth

    def after_iteration(self, model: xgb.Booster, epoch: int, evals_log: Any) -> bool:
        self.growth.fill(model[epoch : epoch + 1])
        return False


@dataclass(frozen=True)
class _Numbering:
    """Which row of the table of leaves a tree's node is.

    Parameters
    ----------
    node : (leaves of all trees,), number of the node in its tree, rising within a tree.
    first : (trees + 1,), row of each tree's first leaf.
    """

    node: Indices
    first: Indices

    @classmethod
    def of(cls, nodes: list[Indices]) -> Self:
        """From the leaves of each tree."""
        sizes = [0, *(len(own) for own in nodes)]
        return cls(np.concatenate([np.zeros(0, np.int64), *nodes]), np.cumsum(sizes))

    def of_tree(self, number: int) -> slice:
        """Rows of a tree's leaves."""
        return slice(self.first[number], self.first[number + 1])

    def rows(self, found: Indices) -> Indices:
        """Rows of the leaves in which genes end; (genes, trees), as `found`, the numbers of the nodes."""
        rows = np.empty_like(found)
        for tree, (start, end) in enumerate(zip(self.first[:-1], self.first[1:], strict=True)):
            rows[:, tree] = start + np.searchsorted(self.node[start:end], found[:, tree])
        return rows


@dataclass(frozen=True)
class _Structure:
    """A tree as arrays over its nodes, the root first.

    Parameters
    ----------
    parent : of each node; meaningless for the root.
    feature : that a node asks for; meaningless for a leaf.
    """

    parent: Indices
    feature: Indices

    def node_values(self, leaf: Indices, cover: Matrix, value: Matrix) -> Matrix:
        """Mean of each node's leaves, weighted by what they cover; (nodes, terms)."""
        total = np.zeros((len(self.parent), 1), np.float32)
        total[leaf] = cover[:, None]
        summed = np.zeros((len(self.parent), value.shape[1]), np.float32)
        summed[leaf] = cover[:, None] * value
        for node in range(len(self.parent) - 1, 0, -1):  # a child's number is above its parent's
            total[self.parent[node]] += total[node]
            summed[self.parent[node]] += summed[node]
        return np.divide(summed, total, out=np.zeros_like(summed), where=total > 0)


@dataclass(frozen=True)
class _Steps:
    """The nodes of all trees in one row, and behind them one that is nowhere: above the roots, and no step.

    Parameters
    ----------
    first : (trees,), place of each tree's root.
    parent : (nodes,), place of the node above; that of a root is nowhere, which is its own.
    feature : (nodes,), asked for by the parent; of a root the one after the last.
    step : (terms, nodes), value of the node less its parent's; of a root its value.
    """

    first: Indices
    parent: Indices
    feature: Indices
    step: Matrix


def _blocks(genes: int) -> Iterator[slice]:
    return (slice(start, start + BLOCK) for start in range(0, genes, BLOCK))
