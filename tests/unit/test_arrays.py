from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from geneduet import arrays


def test_each_kind_is_read_as_written(tmp_path: Path) -> None:
    matrix = sparse.csr_array(np.array([[0, 2.5], [0, 0], [1, 0]], np.float32))
    numbers = np.array([[1, np.nan]], np.float32)
    content = {"matrix": matrix, "numbers": numbers, "genes": ["a", "ä b", ""], "aspect": "P", "mask": np.array([True])}
    arrays.write(tmp_path / "all.npz", content)
    again = arrays.read(tmp_path / "all.npz")
    assert set(again) == set(content)
    np.testing.assert_array_equal(again["matrix"].toarray(), matrix.toarray())
    np.testing.assert_array_equal(again["numbers"], numbers)
    assert (again["matrix"].dtype, again["numbers"].dtype, again["mask"].dtype) == (np.float32, np.float32, bool)
    assert (again["genes"], again["aspect"]) == (["a", "ä b", ""], ["P"])


def test_empty_contents_are_read_as_written(tmp_path: Path) -> None:
    arrays.write(tmp_path / "none.npz", {"terms": [], "matrix": sparse.csr_array((3, 0), dtype=bool)})
    again = arrays.read(tmp_path / "none.npz")
    assert again["terms"] == []
    assert (again["matrix"].shape, again["matrix"].dtype) == ((3, 0), bool)


@pytest.mark.parametrize("compress", [True, False])
def test_the_same_content_gives_the_same_bytes(tmp_path: Path, compress: bool) -> None:
    rows, columns = np.array([0, 0, 1]), np.array([1, 0, 1])
    sorted_matrix = sparse.csr_array(sparse.coo_array((np.ones(3), (rows, columns)), shape=(2, 2)))
    unsorted = sparse.csr_array((np.ones(3), np.array([1, 0, 1]), np.array([0, 2, 3])), shape=(2, 2))
    for name, matrix in (("one", sorted_matrix), ("two", unsorted)):
        arrays.write(tmp_path / f"{name}.npz", {"matrix": matrix, "terms": ["X:1"]}, compress=compress)
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()


def test_pickled_content_is_not_read(tmp_path: Path) -> None:
    np.savez(tmp_path / "bad.npz", thing=np.array([{}], dtype=object))
    with pytest.raises(ValueError, match="allow_pickle"):
        arrays.read(tmp_path / "bad.npz")
