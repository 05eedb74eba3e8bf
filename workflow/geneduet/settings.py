"""Choices of the user that the commands name; apart from what obeys them, so that `--help` need not load XGBoost."""

from dataclasses import dataclass
from typing import Literal

JudgedGenes = Literal["all", "development", "reserved"]


@dataclass(frozen=True)
class Settings:
    """How trees are grown.

    Parameters
    ----------
    trees : of a model.
    depth : of a tree.
    learning_rate : shrinkage of each tree's contribution.
    rows : share of the genes drawn to find a tree's splits; its leaves are filled from all.
    columns : share of the features drawn for a node.
    bins : that each feature is cut into.
    min_rows : sum of gene weights that a leaf needs.
    leaf_ridge : gene weights of zero residual that each leaf is mixed with: draws small leaves toward nothing.
    reduced_dimensions : of the projected residual that finds the splits.
    """

    trees: int = 200
    depth: int = 5
    learning_rate: float = 0.03
    rows: float = 0.8
    columns: float = 0.3
    bins: int = 16
    min_rows: float = 10.0
    leaf_ridge: float = 5.0
    reduced_dimensions: int = 4
