import gzip
from pathlib import Path

import pytest

from geneduet.errors import InputError
from geneduet.files import atomic, open_output, read_lines


@pytest.mark.parametrize("name", ["genes.txt", "genes.txt.gz", "packed_without_the_ending"])
def test_lines_are_numbered_from_one_and_gzip_is_known_by_its_bytes(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    text = "first\r\n\nthird"
    path.write_bytes(text.encode() if name == "genes.txt" else gzip.compress(text.encode()))
    assert list(read_lines(path)) == [(1, "first"), (2, ""), (3, "third")]


def test_truncated_gzip_is_an_error_with_a_line(tmp_path: Path) -> None:
    path = tmp_path / "genes.gz"
    packed = gzip.compress(b"".join(b"%d\n" % number for number in range(100_000)))
    path.write_bytes(packed[: len(packed) // 2])
    with pytest.raises(InputError, match="truncated") as fault:
        list(read_lines(path))
    assert fault.value.line
    assert fault.value.line > 1


def test_missing_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent\.txt: no such file"):
        list(read_lines(tmp_path / "absent.txt"))


def test_text_of_another_encoding_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "latin.txt"
    path.write_bytes("protéine".encode("latin-1"))
    with pytest.raises(InputError, match="not UTF-8"):
        list(read_lines(path))


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "result.txt"
    path.write_text("old")

    def fail() -> None:
        with atomic(path) as temporary:
            temporary.write_text("half")
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        fail()
    assert [file.name for file in tmp_path.iterdir()] == ["result.txt"]
    assert path.read_text() == "old"


def test_the_same_text_gives_the_same_gzip_bytes(tmp_path: Path) -> None:
    for name in ("one.tsv.gz", "another.tsv.gz"):
        with open_output(tmp_path / name) as handle:
            handle.write("gene_id\tscore\n")
    assert (tmp_path / "one.tsv.gz").read_bytes() == (tmp_path / "another.tsv.gz").read_bytes()
    assert gzip.decompress((tmp_path / "one.tsv.gz").read_bytes()) == b"gene_id\tscore\n"
