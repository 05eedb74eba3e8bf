"""How a gene responds in each study."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geneduet.views.expression.modules import modules, project
from geneduet.views.given import Given

MIN_VALUES = 3  # that a gene needs to be in a study: the skewness of two values is 0
COMPONENTS = 5


def features(given: Given) -> pd.DataFrame:
    """The size and shape of a gene's response in each study, and its place on the study's own components.

    A study asks one question (cell cycle, starvation): the genes that answer it are those that respond in it most,
    whatever they do in others (Brauer et al. 2008, Molecular Biology of the Cell 19:352). Genes with expression x
    9 a study.
    """
    return study_patterns(given.expression)


def study_patterns(expression: pd.DataFrame, components: int = COMPONENTS) -> pd.DataFrame:
    """Per study: mean absolute value, spread, skewness, share of the response that is upwards, components.

    None shall tell how many values are missing. So the mean absolute value is multiplied by sqrt(n / (n - 1)), the
    spread is that with n - 1, and the skewness Fisher and Pearson's adjusted one (Joanes and Gill 1998, The
    Statistician 47:183). The share upwards is of the sum of squares, near 1 for a gene that few samples induce and
    near 0 for one that few repress; of the samples it would be a fraction that gives their number away. In the
    principal components a missing value counts as the gene's mean.

    Parameters
    ----------
    expression : genes x samples named `study:sample`, NaN for missing.
    components : of each study at most.

    Returns
    -------
    float32, genes x features named `study:<name>:<feature>`, NaN for a gene of less than three values in the study.
        Studies of less than three samples have none.
    """
    names = pd.Index([str(sample).partition(":")[0] for sample in expression.columns])
    tables = [
        _pattern(expression.loc[:, names == study], components).add_prefix(f"study:{study}:")
        for study in names.unique()
        if (names == study).sum() >= MIN_VALUES
    ]
    return pd.concat([expression[[]], *tables], axis=1)


def place(new: pd.DataFrame, expression: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """The patterns of other genes in the studies of a compendium, on its own components; see `modules.place`."""
    patterns = known.filter(regex="^study:")
    studies = patterns.columns.str.split(":").str[1].unique()
    return pd.concat([new[[]], *(_placed(name, new, expression, patterns) for name in studies)], axis=1)


def _placed(study: str, new: pd.DataFrame, expression: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Those of one study."""
    prefix = f"study:{study}:"
    samples = [name for name in expression.columns if name.startswith(f"{study}:")]
    own = new[samples]
    shape = _shape(own).add_prefix(prefix)
    there = shape.notna().all(axis=1)
    components = known.loc[:, known.columns.str.startswith(f"{prefix}module_")]
    placed = project(own[there], expression[samples], components)
    return shape.join(placed).reindex(columns=[name for name in known.columns if name.startswith(prefix)])


def _pattern(study: pd.DataFrame, components: int) -> pd.DataFrame:
    """The features of one study."""
    shape = _shape(study)
    there = shape.notna().all(axis=1)
    # centred values of n samples are of rank n - 1
    own = modules(study[there], min(components, study.shape[1] - 1)).filter(regex="^module_")
    return shape.join(own).astype(np.float32)


def _shape(study: pd.DataFrame) -> pd.DataFrame:
    """Size and shape of the response in one study; NaN for a gene of less than three values."""
    there = study.notna().sum(axis=1) >= MIN_VALUES
    values = study[there].to_numpy(np.float64)
    values = values - np.nanmean(values, axis=1, keepdims=True)
    number = np.isfinite(values).sum(axis=1)
    whole = np.nansum(values**2, axis=1)
    upwards = np.nansum(values**2, axis=1, where=values > 0)
    table = pd.DataFrame(
        {
            "mean_absolute": np.nanmean(np.abs(values), axis=1) * np.sqrt(number / (number - 1)),
            "spread": np.sqrt(whole / (number - 1)),
            "skewness": _skewness(values, number),
            "share_up": np.divide(upwards, whole, out=np.full(len(values), 0.5), where=whole > 0),
        },
        index=study.index[there],
    )
    return table.astype(np.float32).reindex(study.index)


def _skewness(values: NDArray[np.float64], number: NDArray[np.int64]) -> NDArray[np.float64]:
    """Adjusted skewness of centred rows; 0 of a row without spread."""
    second, third = np.nanmean(values**2, axis=1), np.nanmean(values**3, axis=1)
    varies = second > 0
    skewness = np.divide(third, second**1.5, out=np.zeros(len(values)), where=varies)
    return skewness * np.sqrt(number * (number - 1)) / (number - 2)
