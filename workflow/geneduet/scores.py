"""Scores of several models for the same genes and terms, as a file between steps."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geneduet import arrays

# models that learn from labelled genes alone: what co-training has to beat
SUPERVISED = (
    "naive", "homology", "reference_homology", "sequence", "expression", "early_fusion", "late_fusion", "fusion",
    "weighted_fusion",
)  # fmt: skip


@dataclass(frozen=True)
class Scores:
    """Calibrated, hierarchy-consistent scores: for each model (genes, terms) float32, rows and columns as named.

    Scores of a labelled gene are out-of-fold, those of any other gene the mean over the folds' models.
    """

    genes: list[str]
    terms: list[str]
    models: dict[str, NDArray[np.float32]]


def write(path: Path, scores: Scores) -> None:
    """Write scores as NPZ, uncompressed: they are large and read once."""
    content = {f"model.{name}": matrix for name, matrix in scores.models.items()}
    arrays.write(path, {"genes": scores.genes, "terms": scores.terms, **content}, compress=False)


def read(path: Path) -> Scores:
    """Read scores that `write` wrote."""
    content = arrays.read(path)
    models = {name.removeprefix("model."): value for name, value in content.items() if name.startswith("model.")}
    return Scores(content["genes"], content["terms"], models)


def model_names(path: Path) -> list[str]:
    """The models whose scores a file has; the scores stay where they are."""
    with np.load(path, allow_pickle=False) as stored:
        return [name.removeprefix("model.") for name in stored.files if name.startswith("model.")]
