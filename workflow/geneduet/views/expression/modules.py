"""A gene's place on the main modules of the compendium."""

import numpy as np
import pandas as pd

from geneduet.views.given import Given


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
    filled = np.nan_to_num(expression.to_numpy(np.float64))
    filled -= filled.mean(axis=0)
    left, values, right = np.linalg.svd(filled, full_matrices=False)
    kept = min(count, len(values))
    # singular vectors come with any sign: make the largest loading positive, so that the same data give the same
    sign = np.sign(right[np.arange(kept), np.abs(right[:kept]).argmax(axis=1)])
    spread = np.nanstd(expression.to_numpy(np.float64), axis=1)
    table = np.column_stack([left[:, :kept] * values[:kept] * sign, spread]).astype(np.float32)
    names = [*(f"module_{number + 1}" for number in range(kept)), "spread"]
    return pd.DataFrame(table, index=expression.index, columns=names)
