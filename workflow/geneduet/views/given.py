"""What families of features are made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd


@dataclass(frozen=True)
class Given:
    """What the families are made of; each takes what it needs.

    Parameters
    ----------
    genes : the gene universe.
    sequences : of each gene's protein; empty without a proteome.
    expression : merged, genes x samples (`expression.merge_studies`); no rows without studies.
    files : other inputs by the key that names them.
    modules : components of a family that finds such.
    """

    genes: list[str]
    sequences: list[str] = field(default_factory=list)
    expression: pd.DataFrame = field(default_factory=pd.DataFrame)
    files: Mapping[str, list[Path]] = field(default_factory=dict)
    modules: int = 50
