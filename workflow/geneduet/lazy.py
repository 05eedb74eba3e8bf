"""Sequences of large matrices of which one is in memory at a time."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

Item = TypeVar("Item")


class Computed(Sequence[Item], Generic[Item]):
    """Items that are made anew each time that they are asked for.

    Parameters
    ----------
    size : how many.
    make : of its number, an item.

    >>> list(Computed(3, lambda number: number**2))
    [0, 1, 4]
    """

    def __init__(self, size: int, make: Callable[[int], Item]) -> None:
        self._size, self._make = size, make

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, number: int) -> Item:  # type: ignore[override]
        if not 0 <= number < self._size:
            raise IndexError(number)
        return self._make(number)

    def __iter__(self) -> Iterator[Item]:
        return (self._make(number) for number in range(self._size))


class Stored(Sequence[NDArray[np.float32]]):
    """Matrices in files of a temporary folder (of TMPDIR), which goes when the sequence does.

    Parameters
    ----------
    rows : for each matrix, (rows,) bool: those to be kept. The others come back as zeros.
    """

    def __init__(self, rows: Sequence[NDArray[np.bool_]]) -> None:
        self._rows = rows
        self._folder = TemporaryDirectory(prefix="geneduet.")

    def put(self, number: int, matrix: NDArray[np.float32]) -> None:
        """Write a matrix; different ones may be written at the same time."""
        np.save(self._file(number), matrix[self._rows[number]])

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, number: int) -> NDArray[np.float32]:  # type: ignore[override]
        if not 0 <= number < len(self._rows):
            raise IndexError(number)
        kept, rows = np.load(self._file(number), allow_pickle=False), self._rows[number]
        matrix = np.zeros((len(rows), kept.shape[1]), np.float32)
        matrix[rows] = kept
        return matrix

    def _file(self, number: int) -> Path:
        return Path(self._folder.name, f"{number}.npy")
