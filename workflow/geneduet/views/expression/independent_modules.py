"""A gene's weight in the independent modules of the compendium."""

import warnings

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.decomposition import FastICA
from sklearn.exceptions import ConvergenceWarning

from geneduet.progress import say
from geneduet.views.expression.modules import NOISE, filled, principal, project
from geneduet.views.given import Given

ROUNDS = 1000  # of FastICA at most
TOLERANCE = 1e-4


def features(given: Given) -> pd.DataFrame:
    """Weights in the independent components of the merged expression; genes with expression x modules.

    An independent component is a set of genes that some regulator moves, with few genes of large weight; on E. coli
    most match a known regulon ("iModulons": Sastry et al. 2019, Nature Communications 10:5536). Theirs are those that
    many runs agree on, ours are of one run from a fixed start.
    """
    return independent_modules(given.expression, given.modules)


def independent_modules(expression: pd.DataFrame, count: int, rounds: int = ROUNDS) -> pd.DataFrame:
    """Independent components of the compendium, found over the genes, of which most explain most variance first.

    The principal components are brought to unit variance, those at rounding level left out, and rotated by FastICA
    (Hyvarinen 1999, IEEE Transactions on Neural Networks 10:626). A component is turned such that its long tail is
    positive.

    Parameters
    ----------
    expression : genes x samples, centred per gene and study; a missing value counts as the gene's mean.
    count : components wanted; fewer where the table has no more.
    rounds : of FastICA at most.

    Returns
    -------
    float32, genes x components of mean 0 and variance 1, uncorrelated.
    """
    compendium = filled(expression)
    left, values = principal(compendium)
    kept = min(count, int((values > NOISE * values.max(initial=0)).sum()))
    if kept == 0:
        return pd.DataFrame(index=expression.index)
    weight = _rotated(left[:, :kept] * np.sqrt(len(left)), rounds)
    activity = weight.T @ compendium
    order = np.argsort(-np.square(activity).sum(axis=1), kind="stable")
    weight *= np.where((weight**3).sum(axis=0) < 0, -1, 1)
    names = [f"independent_module_{number + 1}" for number in range(kept)]
    return pd.DataFrame(weight[:, order].astype(np.float32), index=expression.index, columns=names)


def place(new: pd.DataFrame, expression: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """The weights of other genes in the components of a compendium, found without them; see `modules.place`."""
    return project(new, expression, known.filter(regex="^independent_module_"))


def _rotated(white: NDArray[np.float64], rounds: int) -> NDArray[np.float64]:
    """FastICA of columns that are of unit variance and uncorrelated already."""
    search = FastICA(whiten=False, max_iter=rounds, tol=TOLERANCE, random_state=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        found: NDArray[np.float64] = search.fit_transform(white)
    if search.n_iter_ >= rounds:
        say(f"FastICA of {white.shape[1]} components did not settle in {rounds} rounds; they are used as they are")
    return found
