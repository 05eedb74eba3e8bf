"""Tables between steps: Parquet, whole or not there; the first column of a matrix is its gene id."""

from pathlib import Path

import numpy as np
import pandas as pd

from geneduet.files import atomic, open_output


def write(path: Path, table: pd.DataFrame) -> None:
    """Write a table as Parquet."""
    with atomic(path) as temporary:
        table.to_parquet(temporary, index=False, compression="zstd")


def read(path: Path) -> pd.DataFrame:
    """Read a table that `write` wrote."""
    return pd.read_parquet(path)


def write_matrix(path: Path, matrix: pd.DataFrame) -> None:
    """Write genes x features: index gene_id, columns named features, float32 with NaN for missing."""
    write(path, matrix.astype(np.float32).rename_axis("gene_id").reset_index())


def read_matrix(path: Path) -> pd.DataFrame:
    """Read genes x features as `write_matrix` wrote it."""
    return read(path).set_index("gene_id")


def write_tsv(path: Path, table: pd.DataFrame, decimals: int = 6) -> None:
    """Write a table for people: tab-separated, gzip by ending, empty cells for missing values."""
    with open_output(path) as handle:
        table.to_csv(handle, sep="\t", index=False, float_format=f"%.{decimals}g", lineterminator="\n")
