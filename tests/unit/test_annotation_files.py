import gzip
from pathlib import Path

import pandas as pd
import pytest

from geneduet import __version__, annotation_files
from geneduet.annotation_files import Release, describe, write_gaf, write_gpad, write_gpi
from geneduet.evidence_codes import of_eco
from geneduet.ontology import Ontology, read_obo

OBO = """\
[Term]
id: GO:0008150
namespace: biological_process

[Term]
id: GO:0003674
namespace: molecular_function

[Term]
id: GO:0005575
namespace: cellular_component

[Term]
id: GO:0005634
namespace: cellular_component
is_a: GO:0005575

[Term]
id: GO:0032991
namespace: cellular_component
is_a: GO:0005575

[Term]
id: GO:0000502
namespace: cellular_component
is_a: GO:0032991
"""
RELEASE = Release("SGD", 559292, "2024-01-17")
NOTE = "!!The scores of these predictions, and all others, are in predictions.tsv.gz"


@pytest.fixture
def go(tmp_path: Path) -> Ontology:
    path = tmp_path / "go.obo"
    path.write_text(OBO)
    return read_obo(path)


def new(*rows: tuple[str, str, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["gene_id", "go_id", "aspect"])


def proteome(**descriptions: str) -> pd.DataFrame:
    return pd.DataFrame({"gene_id": list(descriptions), "description": list(descriptions.values())})


def joined(*rows: tuple[str, tuple[str, ...], str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["gene_id", "ids", "symbol"])


def lines(path: Path) -> list[list[str]]:
    return [line.split("\t") for line in gzip.decompress(path.read_bytes()).decode().split("\n")[:-1]]


# --- what genes are called


def test_names_are_those_of_annotations_then_of_the_fasta_header() -> None:
    genes = proteome(
        b1="RNA pyrophosphohydrolase OS=Escherichia coli (strain K12) OX=83333 GN=rppH PE=1 SV=1",
        b2="thrA UniProt:P00561 fused aspartate kinase",
        b3="",
    )
    rows = joined(("b2", ("P1", "b2", "thrA1"), ""), ("b2", ("P2", "thrA1"), "thrA"), ("b2", ("P3",), "other"))
    assert describe(genes, rows).reset_index().values.tolist() == [
        ["b1", "rppH", "RNA pyrophosphohydrolase", ""],
        ["b2", "thrA", "thrA UniProt:P00561 fused aspartate kinase", "P1|thrA1|P2|P3"],
        ["b3", "", "", ""],
    ]


def test_genes_without_a_proteome_have_no_names() -> None:
    assert describe(pd.DataFrame({"gene_id": ["b1"]})).loc["b1"].tolist() == ["", "", ""]


# --- rows by hand


def test_a_gaf_row_by_hand(go: Ontology, tmp_path: Path) -> None:
    genes = describe(proteome(a="a protein", b=""), joined(("a", ("S1", "a", "YAL001C"), "ABC1")))
    write_gaf(tmp_path / "p.gaf.gz", new(("a", "GO:0008150", "P"), ("b", "GO:0003674", "F")), go, genes, RELEASE)
    rows = lines(tmp_path / "p.gaf.gz")
    assert rows[:4] == [["!gaf-version: 2.2"], ["!generated-by: GeneDuet"], ["!date-generated: 2024-01-17"], [NOTE]]
    reference = f"GeneDuet:{__version__}"
    assert rows[4] == [
        "SGD", "a", "ABC1", "involved_in", "GO:0008150", reference, "IEA", "", "P", "a protein", "S1|YAL001C",
        "protein", "taxon:559292", "20240117", "GeneDuet", "", "",
    ]  # fmt: skip
    assert rows[5][1:4] + rows[5][9:11] == ["b", "b", "enables", "", ""]
    assert len(rows) == 6


def test_a_gpad_row_by_hand(go: Ontology, tmp_path: Path) -> None:
    write_gpad(tmp_path / "p.gpad.gz", new(("a", "GO:0008150", "P")), go, RELEASE)
    assert lines(tmp_path / "p.gpad.gz") == [
        ["!gpad-version: 2.0"], ["!generated-by: GeneDuet"], ["!date-generated: 2024-01-17"], [NOTE],
        [
            "SGD:a", "", "RO:0002331", "GO:0008150", f"GeneDuet:{__version__}", "ECO:0007669", "", "", "2024-01-17",
            "GeneDuet", "", "",
        ],
    ]  # fmt: skip


def test_a_gpi_lists_all_genes(tmp_path: Path) -> None:
    genes = describe(proteome(a="a protein", b=""), joined(("a", ("S1", "a", "YAL001C"), "ABC1")))
    write_gpi(tmp_path / "p.gpi.gz", genes, RELEASE)
    assert lines(tmp_path / "p.gpi.gz") == [
        ["!gpi-version: 2.0"], ["!generated-by: GeneDuet"], ["!date-generated: 2024-01-17"],
        [
            "SGD:a", "ABC1", "a protein", "S1|YAL001C", "PR:000000001", "NCBITaxon:559292", "", "SGD:a", "", "", "",
        ],
        ["SGD:b", "b", "", "", "PR:000000001", "NCBITaxon:559292", "", "SGD:b", "", "", ""],
    ]  # fmt: skip


def test_the_relation_is_that_of_the_aspect_and_part_of_for_complexes(go: Ontology, tmp_path: Path) -> None:
    claims = [("GO:0008150", "P"), ("GO:0003674", "F"), ("GO:0000502", "C"), ("GO:0005634", "C"), ("GO:0032991", "C")]
    told = new(*(("a", *claim) for claim in claims))
    write_gaf(tmp_path / "p.gaf.gz", told, go, describe(proteome(a="")), RELEASE)
    write_gpad(tmp_path / "p.gpad.gz", told, go, RELEASE)
    relations = ["involved_in", "enables", "part_of", "located_in", "part_of"]
    assert [row[3] for row in lines(tmp_path / "p.gaf.gz")[4:]] == relations
    identifiers = ["RO:0002331", "RO:0002327", "BFO:0000050", "RO:0001025", "BFO:0000050"]
    assert [row[2] for row in lines(tmp_path / "p.gpad.gz")[4:]] == identifiers


def test_both_say_the_same_of_the_evidence() -> None:
    assert of_eco(annotation_files.ECO) == annotation_files.EVIDENCE == "IEA"


def test_files_of_nothing_are_their_headers(go: Ontology, tmp_path: Path) -> None:
    genes = describe(proteome(a=""))
    write_gaf(tmp_path / "p.gaf.gz", new(), go, genes, RELEASE)
    write_gpad(tmp_path / "p.gpad.gz", new(), go, RELEASE)
    for form in ("gaf", "gpad"):
        rows = lines(tmp_path / f"p.{form}.gz")
        assert len(rows) == 4
        assert all(row[0].startswith("!") for row in rows)


@pytest.mark.parametrize("odd", ["\t", "\n", "|", "\r\n", "\x0b", "\u2028", " "])
def test_whatever_a_name_holds_a_cell_stays_a_cell(go: Ontology, tmp_path: Path, odd: str) -> None:
    name = f"a{odd}b"
    rows = joined((name, (name, f"x{odd}y"), f"s{odd}t"), ("c", ("c",), odd))
    genes = describe(proteome(**{name: name, "c": ""}), rows)
    told = new((name, "GO:0008150", "P"), ("c", "GO:0008150", "P"))
    write_gaf(tmp_path / "p.gaf.gz", told, go, genes, RELEASE)
    write_gpad(tmp_path / "p.gpad.gz", told, go, RELEASE)
    write_gpi(tmp_path / "p.gpi.gz", genes, RELEASE)
    for form, columns, header, rows in (("gaf", 17, 4, 2), ("gpad", 12, 4, 2), ("gpi", 11, 3, 2)):
        text = gzip.decompress((tmp_path / f"p.{form}.gz").read_bytes()).decode()
        cells = [line.split("\t") for line in text.splitlines()[header:]]
        assert [len(row) for row in cells] == [columns] * rows
        assert not {"|", " "} & set(cells[0][1 if form == "gaf" else 0])
    symbols = [row[1] for row in lines(tmp_path / "p.gpi.gz")[3:]]
    assert symbols == ["s_t", "c"]
    assert lines(tmp_path / "p.gpi.gz")[3][2:4] == ["a b", "x y"]


# --- the date


def test_the_date_is_the_newest_that_is_one() -> None:
    assert annotation_files.newest_release("2017-01-18", "1.1", "2022-07-01", None) == "2022-07-01"


def test_without_a_dated_release_the_date_is_still_not_todays() -> None:
    assert annotation_files.newest_release(None, "", "1.1") == "1970-01-01"
