"""Do other programs read our annotation files, every row and every value?"""

import argparse
import contextlib
import gzip
import io
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

from geneduet.annotations import RELATION_IDS
from geneduet.evidence_codes import eco_codes, of_eco
from geneduet.files import replace_between

# of an annotation: object, relation, term, reference, evidence code, ISO date; of an object: itself, symbol, name,
# synonyms, taxon
Rows = Counter[tuple[str, ...]]
RELATIONS = {identifier: relation for relation, identifier in RELATION_IDS.items()}


def lines(file: Path) -> Iterator[list[str]]:
    with gzip.open(file, "rt", encoding="utf-8") as handle:
        yield from (line.rstrip("\n").split("\t") for line in handle if not line.startswith("!"))


def iso(day: str) -> str:
    return f"{day[:4]}-{day[4:6]}-{day[6:]}"


def written(folder: Path) -> dict[str, Rows]:
    """What the cells of each file say."""
    gaf, gpad, gpi = (list(lines(folder / f"predictions.{form}.gz")) for form in ("gaf", "gpad", "gpi"))
    return {
        "gaf": Counter((f"{row[0]}:{row[1]}", *row[3:7], iso(row[13])) for row in gaf),
        "gpad": Counter((row[0], RELATIONS[row[2]], row[3], row[4], of_eco(row[5]) or "", row[8]) for row in gpad),
        "gpi": Counter((*row[:4], row[5]) for row in gpi),
    }


def as_version_1(folder: Path, place: Path) -> None:
    """GAF, GPAD and GPI in plain text; GPAD and GPI as their versions 1, for readers that know no others."""
    (place / "gaf").write_bytes(gzip.decompress((folder / "predictions.gaf.gz").read_bytes()))
    with (place / "gpad").open("w", encoding="utf-8") as handle:
        handle.write("!gpa-version: 1.1\n")
        for row in lines(folder / "predictions.gpad.gz"):
            database, _, name = row[0].partition(":")
            old = [database, name, RELATIONS[row[2]], *row[3:8], row[8].replace("-", ""), *row[9:]]
            handle.write("\t".join(old) + "\n")
    with (place / "gpi").open("w", encoding="utf-8") as handle:
        handle.write("!gpi-version: 1.2\n")
        for row in lines(folder / "predictions.gpi.gz"):
            database, _, name = row[0].partition(":")
            handle.write("\t".join([database, name, *row[1:4], "protein", row[5], "", row[9], row[10]]) + "\n")


def by_biopython(folder: Path) -> dict[str, Rows]:
    """What Bio.UniProt.GOA reads; of GPAD and GPI it knows the versions 1."""
    from Bio.UniProt.GOA import gafiterator, gpa_iterator, gpi_iterator

    found: dict[str, Rows] = {}
    with tempfile.TemporaryDirectory() as place:
        as_version_1(folder, Path(place))
        for form, read, code in (
            ("gaf", gafiterator, lambda row: row["Evidence"]),
            ("gpad", gpa_iterator, lambda row: of_eco(row["ECO_Evidence_code"])),
        ):
            with Path(place, form).open(encoding="utf-8") as handle:
                found[form] = Counter(
                    (
                        *(f"{row['DB']}:{row['DB_Object_ID']}", "|".join(row["Qualifier"]), row["GO_ID"]),
                        *("|".join(row["DB:Reference"]), code(row), iso(row["Date"])),
                    )
                    for row in read(handle)
                )
        with Path(place, "gpi").open(encoding="utf-8") as handle:
            found["gpi"] = Counter(
                (
                    *(f"{row['DB']}:{row['DB_Object_ID']}", row["DB_Object_Symbol"]),
                    *("|".join(row["DB_Object_Name"]), "|".join(row["DB_Object_Synonym"]), row["Taxon"]),
                )
                for row in gpi_iterator(handle)
            )
    return found


def by_goatools(folder: Path) -> dict[str, Rows]:
    """What GOATOOLS reads; it knows the versions 1 of GPAD, and no GPI. The evidence of a GPAD is by its own table."""
    from goatools.anno.gaf_reader import GafReader
    from goatools.anno.gpad_reader import GpadReader

    found: dict[str, Rows] = {}
    with tempfile.TemporaryDirectory() as place, contextlib.redirect_stdout(io.StringIO()):
        as_version_1(folder, Path(place))
        # its reader of GPAD (1.6.7) takes the first row for the end of the header, and loses it
        version, first, *others = Path(place, "gpad").read_text(encoding="utf-8").splitlines(keepends=True)
        Path(place, "gpad").write_text("".join([version, first, first, *others]), encoding="utf-8")
        for form, read in (("gaf", GafReader), ("gpad", GpadReader)):
            found[form] = Counter(
                (
                    *(f"{row.DB}:{row.DB_ID}", "|".join(sorted(row.Qualifier)), row.GO_ID),
                    *("|".join(sorted(row.DB_Reference)), row.Evidence_Code, row.Date.isoformat()),
                )
                for row in read(str(Path(place, form))).associations
            )
    return found


def by_ontobio(folder: Path) -> dict[str, Rows]:
    """What ontobio, the reader of the GO Consortium's pipeline, reads: each file as it is, rows that it skips left out.

    It fetches ECO's table when imported; it is given ours, so that no network is needed.
    """
    derived = "\n".join(f"{term}\t{code}\t" for term, code in eco_codes().items())
    answer = {True: derived, False: "IEA\tDefault\tECO:0007669"}

    def get(url: str, **_: object) -> SimpleNamespace:
        return SimpleNamespace(status_code=200, text=answer["derived" in url], close=lambda: None)

    with patch("requests.get", get):
        from ontobio.io.assocparser import AssocParserConfig
        from ontobio.io.entityparser import GpiParser
        from ontobio.io.gafparser import GafParser
        from ontobio.io.gpadparser import GpadParser

        found: dict[str, Rows] = {}
        with tempfile.TemporaryDirectory() as place, contextlib.redirect_stdout(io.StringIO()):
            for form in ("gaf", "gpad", "gpi"):
                content = gzip.decompress((folder / f"predictions.{form}.gz").read_bytes())
                Path(place, form).write_bytes(content)
            # with a GPI, rows of genes that it lacks are errors
            config = AssocParserConfig(gpi_authority_path=str(Path(place, "gpi")))
            for form, parser in (("gaf", GafParser), ("gpad", GpadParser)):
                rows = parser(config=config).parse(str(Path(place, form)), skipheader=True)
                found[form] = Counter(
                    (
                        *(str(row.subject.id), RELATIONS[str(row.relation)], str(row.object.id)),
                        *("|".join(map(str, row.evidence.has_supporting_reference)), of_eco(str(row.evidence.type))),
                        f"{row.date.year}-{row.date.month}-{row.date.day}",
                    )
                    for row in rows
                )
            found["gpi"] = Counter(
                (
                    *(row["id"], row["label"], "|".join(row["full_name"]), "|".join(row["synonyms"])),
                    row["taxon"]["id"],
                )
                for row in GpiParser().parse(str(Path(place, "gpi")))
            )
    return found


PARSERS: Mapping[str, Callable[[Path], dict[str, Rows]]] = {
    "Biopython": by_biopython,
    "GOATOOLS": by_goatools,
    "ontobio": by_ontobio,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("page", type=Path, help="Markdown page whose table is written")
    parser.add_argument("folder", type=Path, nargs="+", help="results of an organism")
    arguments = parser.parse_args()
    rows = [
        "| organism | file | parser | rows written | rows read | all values equal |",
        "| --- " * 3 + "| ---: | ---: | --- |",
    ]
    wrong = False
    for folder in arguments.folder:
        cells = written(folder)
        for name, read in PARSERS.items():
            for form, found in read(folder).items():
                same = found == cells[form]
                wrong |= not same
                counts = f"{cells[form].total()} | {found.total()} | {'yes' if same else 'NO'}"
                rows.append(f"| {folder.name} | predictions.{form}.gz | {name} | {counts} |")
    arguments.page.write_text(replace_between(arguments.page.read_text(), "figures", "\n".join(rows)))
    print("\n".join(rows))
    sys.exit(wrong)


if __name__ == "__main__":
    main()
