"""A gene's expression in each sample."""

import numpy as np
import pandas as pd

from geneduet.views.given import Given

SAMPLES = 300  # at most: more make trees slow, and the principal components hold what they have in common


def features(given: Given) -> pd.DataFrame:
    """The merged values themselves, of the most varying samples; genes with expression x samples.

    Ratios to the gene's mean as yeast's groups of genes were first found by (Eisen et al. 1998, PNAS 95:14863).
    """
    return profiles(given.expression)


def profiles(expression: pd.DataFrame, count: int = SAMPLES) -> pd.DataFrame:
    """The samples of the largest variance over genes, in the order of the table.

    Parameters
    ----------
    expression : genes x samples named `study:sample`, NaN for missing.
    count : samples at most; of equal ones the earlier.

    Returns
    -------
    float32, genes x samples named `profile:study:sample`; a missing value stays missing.
    """
    varying = np.argsort(-expression.var().to_numpy(np.float64), kind="stable")[:count]
    return expression.iloc[:, np.sort(varying)].astype(np.float32).add_prefix("profile:")


def place(new: pd.DataFrame, expression: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """The values of other genes in the samples that were chosen for those of a compendium; see `modules.place`."""
    return new.add_prefix("profile:").reindex(columns=known.filter(regex="^profile:").columns).astype(np.float32)
