import gc
from pathlib import Path

import numpy as np
import pytest

from geneduet.lazy import Computed, Stored


def test_an_item_is_made_when_it_is_asked_for():
    made = []
    items = Computed(3, lambda number: made.append(number) or number * 10)
    assert len(items) == 3
    assert made == []
    assert items[1] == 10
    assert made == [1]
    assert list(items) == [0, 10, 20]
    with pytest.raises(IndexError):
        items[3]


def test_stored_matrices_come_back_on_the_kept_rows_and_the_rest_is_0():
    rows = [np.array([True, False, True]), np.array([False, True, True])]
    stored = Stored(rows)
    matrix = np.array([[1, 2], [3, 4], [5, 6]], np.float32)
    for number in (1, 0):
        stored.put(number, matrix * (number + 1))
    assert len(stored) == 2
    assert [own.tolist() for own in stored] == [[[1, 2], [0, 0], [5, 6]], [[0, 0], [6, 8], [10, 12]]]
    assert stored[0].dtype == np.float32
    with pytest.raises(IndexError):
        stored[2]


def test_the_files_go_with_the_sequence(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    stored = Stored([np.ones(1, bool)])
    stored.put(0, np.ones((1, 1), np.float32))
    assert [file.name for file in Path(tmp_path).rglob("*.npy")] == ["0.npy"]
    del stored
    gc.collect()
    assert not list(tmp_path.iterdir())
