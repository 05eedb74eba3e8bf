"""Arrays between steps: numbers, texts and sparse matrices in one NPZ file, no pickle; same content, same bytes."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from geneduet.files import atomic

_TEXT, _SPARSE = "text", "sparse"


def write(path: Path, content: Mapping[str, Any], compress: bool = True) -> None:
    """Write named contents: numpy arrays, lists of text, and sparse matrices (CSR).

    Texts are stored as one block of lines: a fixed-width array would give each the room of the longest.
    """
    plain: dict[str, Any] = {}
    for name, value in content.items():
        if sparse.issparse(value):
            matrix = sparse.csr_array(value)
            matrix.sort_indices()
            plain |= {f"{name}.{part}": getattr(matrix, part) for part in ("data", "indices", "indptr")}
            plain[f"{name}.{_SPARSE}"] = np.array(matrix.shape)
        elif isinstance(value, str) or (isinstance(value, Sequence) and not isinstance(value, np.ndarray)):
            lines = [value] if isinstance(value, str) else value
            plain[f"{name}.{_TEXT}"] = np.frombuffer("".join(f"{line}\n" for line in lines).encode(), np.uint8)
        else:
            plain[name] = value
    with atomic(path) as temporary, temporary.open("wb") as handle:
        (np.savez_compressed if compress else np.savez)(handle, **plain)


def read(path: Path) -> dict[str, Any]:
    """Read what `write` wrote: arrays, lists of text (a single text too), and CSR matrices, by name."""
    with np.load(path, allow_pickle=False) as stored:
        return {name.removesuffix(f".{kind}"): _restore(stored, name, kind) for name, kind in _contents(stored.files)}


def _contents(names: Sequence[str]) -> list[tuple[str, str]]:
    parts = {f"{name.removesuffix(f'.{_SPARSE}')}.{part}" for name in names if name.endswith(f".{_SPARSE}")
             for part in ("data", "indices", "indptr")}  # fmt: skip
    kinds = [(name, name.rpartition(".")[2]) for name in names if name not in parts]
    return [(name, kind if kind in (_TEXT, _SPARSE) else "") for name, kind in kinds]


def _restore(stored: Any, name: str, kind: str) -> list[str] | NDArray[Any] | sparse.csr_array:
    if kind == _TEXT:
        return list(stored[name].tobytes().decode().split("\n")[:-1])
    if kind == _SPARSE:
        stem = name.removesuffix(f".{_SPARSE}")
        parts = tuple(stored[f"{stem}.{part}"] for part in ("data", "indices", "indptr"))
        return sparse.csr_array(parts, shape=tuple(stored[name]))
    return stored[name]
