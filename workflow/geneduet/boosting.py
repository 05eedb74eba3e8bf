"""The multi-label learner: gradient-boosted trees whose leaves carry every term at once.

The structure of each tree is found on a gradient reduced to a few random projections, and its leaves then take the
full gradient (SketchBoost: Iosipoi and Vakhrushev 2022, NeurIPS). XGBoost 3.2 has this as an experimental interface
(`TreeObjective.split_grad`), which no other module may touch.
"""

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

# threads that wait for work must sleep: several fits share the cores, and spinning ones slow each other down
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray
from xgboost.objective import TreeObjective

from geneduet.files import atomic
from geneduet.settings import Settings

Matrix = NDArray[np.float32]


class MultiLabelBooster:
    """Boosted vector-leaf trees under a weighted squared error on all terms.

    Squared error ranks many rare terms better than logistic loss and its mean is the probability
    (`method.md`); the output is not clipped and is to be calibrated.

    Parameters
    ----------
    settings : how trees are grown.
    seed : of the row and column samples and of the projections.
    threads : of XGBoost; the result does not depend on it.
    """

    def __init__(self, settings: Settings, seed: int = 0, threads: int = 1) -> None:
        self.settings, self.seed, self.threads = settings, seed, threads
        self.booster: xgb.Booster | None = None
        self.outputs = 0

    def fit(self, X: Matrix, Y: Matrix, weight: Matrix | None = None, base: Matrix | None = None) -> Self:
        """Fit to targets.

        Parameters
        ----------
        X : (genes, features), NaN for missing.
        Y : (genes, terms), targets from 0 to 1; soft ones are allowed.
        weight : (genes, terms), 0 takes a pair out; 1 for all when not given.
        base : (genes, terms), what is known before the first tree; 0 when not given.

        Raises
        ------
        ValueError: no genes, or shapes that do not fit.
        """
        if not len(X) or X.shape[0] != Y.shape[0]:
            raise ValueError(f"X has {X.shape} and Y {Y.shape}: they need the same genes, one at least")
        # under squared error a starting margin is the same as fitting what it leaves over
        residual = np.ascontiguousarray(Y if base is None else Y - base, np.float32)
        self.outputs = Y.shape[1]
        one_column = self.outputs == 1  # XGBoost takes a single target for no multi-target problem
        if one_column:
            residual = np.repeat(residual, 2, axis=1)
            weight = None if weight is None else np.repeat(weight, 2, axis=1)
        data = xgb.QuantileDMatrix(X, label=residual, max_bin=self.settings.bins, nthread=self.threads)
        objective = _SquaredError(residual, weight, self.settings.reduced_dimensions, self.seed)
        self.booster = xgb.train(self._parameters(), data, num_boost_round=self.settings.trees, obj=objective)
        return self

    def predict(self, X: Matrix, base: Matrix | None = None) -> Matrix:
        """Scores, shape (genes, terms)."""
        if self.booster is None:
            raise ValueError("fit before predict")
        scores: Matrix = self.booster.inplace_predict(X, predict_type="margin")[:, : self.outputs]
        return scores if base is None else scores + base

    def save(self, folder: Path) -> None:
        """Write booster.ubj and booster.json into a folder."""
        if self.booster is None:
            raise ValueError("fit before save")
        with atomic(folder / "booster.ubj") as temporary:
            self.booster.save_model(temporary)
        record = {"outputs": self.outputs, "seed": self.seed, "settings": asdict(self.settings)}
        with atomic(folder / "booster.json") as temporary:
            temporary.write_text(json.dumps(record, indent=1))

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        record = json.loads((folder / "booster.json").read_text())
        model = cls(Settings(**record["settings"]), record["seed"])
        model.outputs = record["outputs"]
        model.booster = xgb.Booster(model_file=folder / "booster.ubj")
        return model

    def _parameters(self) -> dict[str, Any]:
        settings = self.settings
        return {
            "multi_strategy": "multi_output_tree",
            "tree_method": "hist",
            "max_depth": settings.depth,
            "eta": settings.learning_rate,
            "subsample": settings.rows,
            "colsample_bynode": settings.columns,
            "max_bin": settings.bins,
            "min_child_weight": settings.min_rows,
            "base_score": 0.0,
            "disable_default_eval_metric": True,
            "nthread": self.threads,
            "seed": self.seed,
        }


class _SquaredError(TreeObjective):  # type: ignore[misc]
    """Weighted squared error, with a gradient reduced by a new random projection for each tree."""

    def __init__(self, target: Matrix, weight: Matrix | None, dimensions: int, seed: int) -> None:
        self.target, self.weight = target, weight
        self.hessian = np.ones_like(target) if weight is None else np.ascontiguousarray(weight, np.float32)
        self.dimensions = min(dimensions, target.shape[1])
        self.random = np.random.default_rng(seed)
        row_weight = np.ones(len(target), np.float32) if weight is None else self.hessian.mean(axis=1)
        self.reduced_hessian = np.repeat(row_weight[:, None], self.dimensions, axis=1).astype(np.float32)
        self.gradient = np.empty_like(target)

    def __call__(self, iteration: int, y_pred: Matrix, dtrain: xgb.DMatrix) -> tuple[Matrix, Matrix]:
        np.subtract(y_pred.reshape(self.target.shape), self.target, out=self.gradient)
        if self.weight is not None:
            self.gradient *= self.hessian
        return self.gradient, self.hessian

    def split_grad(self, iteration: int, grad: Matrix, hess: Matrix) -> tuple[Matrix, Matrix]:
        projection = self.random.standard_normal((grad.shape[1], self.dimensions), dtype=np.float32)
        projection /= np.float32(np.sqrt(self.dimensions))
        return np.ascontiguousarray(self.gradient @ projection), self.reduced_hessian
