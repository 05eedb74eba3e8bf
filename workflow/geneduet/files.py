"""Text files in and any file out: gz-aware streaming with line numbers, and writes that are whole or not there."""

import gzip
import io
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from geneduet.errors import InputError

_GZIP_MAGIC = b"\x1f\x8b"


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Stream (line number from 1, line without its end) of a plain or gzip text file.

    Whether it is gzip is read from its first bytes, not from its name.

    Raises
    ------
    InputError: the file is missing, not readable, not UTF-8, or a damaged gzip file.
    """
    number = 0
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == _GZIP_MAGIC
        with gzip.open(path, "rt", encoding="utf-8-sig") if packed else path.open(encoding="utf-8-sig") as handle:
            for number, line in enumerate(handle, 1):
                yield number, line.rstrip("\r\n")
    except FileNotFoundError:
        raise InputError(path, "no such file", "check the path in the organism file") from None
    except UnicodeDecodeError:
        raise InputError(path, "not UTF-8 text", "save it as UTF-8", line=number + 1) from None
    except (EOFError, gzip.BadGzipFile, zlib.error) as fault:
        advice = "the file is truncated or damaged: fetch or compress it again"
        raise InputError(path, f"gzip stream ends or breaks here ({fault})", advice, line=number + 1) from None
    except OSError as fault:
        raise InputError(path, f"cannot be read ({fault.strerror})", "check the file and its permissions") from None


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`, renamed onto it when the block ends well and removed when it does not.

    The temporary name carries the process id, so that a process left over from a killed run cannot write into
    the file of its successor.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # suffixes stay last: writers that go by the file ending see the right one
    temporary = path.with_name(f".{os.getpid()}.partial.{path.name}")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def open_output(path: Path) -> Iterator[IO[str]]:
    """Open a text file for an atomic write; gzip by its ending `.gz`, with no time stamp: same text, same bytes."""
    with atomic(path) as temporary, temporary.open("wb") as raw:
        if path.suffix == ".gz":
            # level 6 and an empty name: bytes depend on the text alone
            with (
                gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=raw, mtime=0) as packed,
                io.TextIOWrapper(packed, encoding="utf-8", newline="\n") as handle,
            ):
                yield handle
        else:
            with io.TextIOWrapper(raw, encoding="utf-8", newline="\n") as handle:
                yield handle


def replace_between(text: str, mark: str, content: str) -> str:
    r"""The text with other content between the lines `<!-- mark -->` and `<!-- end of mark -->`, of Markdown say.

    >>> replace_between("a\n<!-- b -->\nold\n<!-- end of b -->\nc", "b", "new")
    'a\n<!-- b -->\nnew\n<!-- end of b -->\nc'

    Raises
    ------
    ValueError: a mark is not there.
    """
    before, opening, rest = text.partition(f"<!-- {mark} -->\n")
    _, closing, after = rest.partition(f"<!-- end of {mark} -->")
    if not opening or not closing:
        raise ValueError(f"no marks named '{mark}'")
    return f"{before}{opening}{content}\n{closing}{after}"
