"""A gene's place on the main modules of the compendium."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geneduet.views.given import Given

NOISE = 1e-5  # singular values smaller than this share of the largest are rounding of float32


def features(given: Given) -> pd.DataFrame:
    """Principal components of the merged expression, and each gene's spread; genes with expression x (modules + 1)."""
    return modules(given.expression, given.modules)


def modules(expression: pd.DataFrame, count: int) -> pd.DataFrame:
    """Principal components of the compendium: each gene's place on its main modules, and its own spread.

    Parameters
    ----------
    expression : genes x samples, centred per gene and study; a missing value counts as the gene's mean here.
    count : components wanted; fewer where there are fewer samples or genes.

    Returns
    -------
    float32, genes x (components + 1).
    """
    left, values = principal(filled(expression))
    kept = min(count, len(values))
    spread = np.nanstd(expression.to_numpy(np.float64), axis=1)
    table = np.column_stack([left[:, :kept] * values[:kept], spread]).astype(np.float32)
    names = [*(f"module_{number + 1}" for number in range(kept)), "spread"]
    return pd.DataFrame(table, index=expression.index, columns=names)


def place(new: pd.DataFrame, expression: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """The features of other genes: their place on the modules of a compendium, found without them.

    Parameters
    ----------
    new, expression : other genes, and those of the compendium, x the same samples.
    known : features of the latter.
    """
    spread = pd.DataFrame({"spread": np.nanstd(new.to_numpy(np.float64), axis=1)}, new.index)
    return project(new, expression, known.filter(regex="^module_")).join(spread.astype(np.float32))


def project(new: pd.DataFrame, expression: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Features that are linear in the profile, of other genes.

    The map from profile to features is found again by least squares: it fits those of the compendium but for rounding,
    and another gene's are then what they would be on the same axes.

    Parameters
    ----------
    new, expression : other genes, and those of the compendium, x the same samples; a missing value counts as the gene's
        mean.
    known : features of the latter, such a linear map of `filled(expression)`.

    Returns
    -------
    float32, new genes x features.
    """
    if known.columns.empty:
        return pd.DataFrame(index=new.index)
    genes = known.dropna().index
    own = expression.loc[genes]
    axes = np.linalg.lstsq(filled(own), known.loc[genes].to_numpy(np.float64), rcond=NOISE)[0]
    profile = np.nan_to_num(new.to_numpy(np.float64)) - np.nan_to_num(own.to_numpy(np.float64)).mean(axis=0)
    return pd.DataFrame((profile @ axes).astype(np.float32), new.index, known.columns)


def filled(expression: pd.DataFrame) -> NDArray[np.float64]:
    """The compendium with 0, the gene's mean, where a value is missing, and each sample's mean taken off."""
    values = np.nan_to_num(expression.to_numpy(np.float64))
    return np.asarray(values - values.mean(axis=0))


def principal(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Left singular vectors, (genes, components), and singular values, (components,), the largest first.

    Singular vectors come with any sign: the largest loading is made positive, so that the same data give the same.
    """
    left, size, right = np.linalg.svd(values, full_matrices=False)
    if not len(size):
        return left, size
    return left * np.sign(right[np.arange(len(size)), np.abs(right).argmax(axis=1)]), size
