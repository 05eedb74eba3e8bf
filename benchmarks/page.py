"""Put tables into their page, each between the marks of its file's name."""

import sys
from pathlib import Path

from geneduet.files import replace_between


def main(page, *files):
    page = Path(page)
    for path in map(Path, files):
        page.write_text(replace_between(page.read_text(), path.stem, path.read_text()))


if __name__ == "__main__":
    main(*sys.argv[1:])
