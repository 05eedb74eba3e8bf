import gzip
from pathlib import Path

import pandas as pd
import pytest

from geneduet import annotations, ontology
from geneduet.annotations import Names, join_genes, read_annotations, read_gpi, read_id_map, read_source, select
from geneduet.errors import InputError
from geneduet.proteome import read_proteome

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.exists(), reason=f"real data are not here: {DATA}")
VALIDATED = ["EXP", "IDA", "IPI", "IMP", "IGI", "HTP", "HDA", "HMP", "HGI", "TAS", "IC"]


def gaf_row(
    term: str = "GO:0000002",
    evidence: str = "IDA",
    qualifier: str = "",
    name: str = "S1",
    symbol: str = "ABC1",
    synonyms: str = "YAL001C|ABC",
    columns: int = 17,
) -> str:
    cells = ["SGD", name, symbol, qualifier, term, "PMID:1", evidence, "", "P", "", synonyms, "gene", "taxon:1"]
    return "\t".join([*cells, "20200101", "SGD", "", ""][:columns])


def gpad_row(
    version: int = 2,
    name: str = "S1",
    claim: str = "RO:0002327",
    term: str = "GO:0000002",
    eco: str = "ECO:0000314",
    properties: str = "",
    negated: str = "",
) -> str:
    """Of GPAD 2.0, or (version 1) of 1.2, whose claim is a qualifier."""
    begin = [f"SGD:{name}", negated, claim] if version == 2 else ["SGD", name, claim]
    day = "2020-01-01" if version == 2 else "20200101"
    return "\t".join([*begin, term, "PMID:1", eco, "", "", day, "SGD", "", properties])


def write(path: Path, *lines: str) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


@pytest.fixture
def go(tmp_path: Path) -> ontology.Ontology:
    header = "default-namespace: molecular_function\n"
    terms = [
        "id: GO:0000001",
        "id: GO:0000002\nalt_id: GO:0000020\nis_a: GO:0000001",
        "id: GO:0005515\nis_a: GO:0000001",
        "id: GO:0000009\nis_obsolete: true",
    ]
    return ontology.read_obo(write(tmp_path / "go.obo", header, *(f"[Term]\n{term}\n" for term in terms)))


# --- reading


@pytest.mark.parametrize("columns", [15, 17])
def test_gaf_of_old_and_new_width_is_read(tmp_path: Path, columns: int) -> None:
    path = write(tmp_path / "genes.gaf", "!Date: 1", "!gaf-version: 2.0", "", gaf_row(columns=columns))
    rows = read_annotations(path)
    assert list(rows.columns) == ["line", "ids", "symbol", "term", "evidence", "negated", "relation"]
    assert rows.iloc[0].to_dict() == {
        "line": 4, "ids": ("S1", "YAL001C", "ABC"), "symbol": "ABC1", "term": "GO:0000002", "evidence": "IDA",
        "negated": False, "relation": "",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("qualifier", "negated", "relation"),
    [("NOT", True, ""), ("NOT|enables", True, "enables"), ("Contributes_to", False, "contributes_to")],
)
def test_qualifiers_are_split_into_not_and_relation(
    tmp_path: Path, qualifier: str, negated: bool, relation: str
) -> None:
    row = read_annotations(write(tmp_path / "genes.gaf", gaf_row(qualifier=qualifier))).iloc[0]
    assert (row["negated"], row["relation"]) == (negated, relation)


@pytest.mark.parametrize("header", [[], ["gene_id\tterm"], ["# my genes", "gene\tgo"]])
def test_tsv_without_evidence_is_read_with_or_without_a_header(tmp_path: Path, header: list[str]) -> None:
    rows = read_annotations(write(tmp_path / "genes.tsv", *header, "b1\tGO:0000002"))
    assert rows[["ids", "term", "evidence"]].values.tolist() == [[("b1",), "GO:0000002", ""]]


def test_tsv_with_evidence_and_qualifier(tmp_path: Path) -> None:
    rows = read_annotations(write(tmp_path / "genes.tsv", "g\tterm\tevidence\tqualifier", "b1\tX:2\tIDA\tNOT"))
    assert rows[["term", "evidence", "negated"]].values.tolist() == [["X:2", "IDA", True]]


def test_a_header_alone_gives_no_rows(tmp_path: Path) -> None:
    assert read_annotations(write(tmp_path / "genes.gaf", "!gaf-version: 2.2")).empty
    assert read_annotations(write(tmp_path / "genes.tsv", "gene_id\tterm")).empty


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["!gaf-version: 2.2", gaf_row(), gaf_row(columns=9)], r":3: 9 columns, GAF has 15"),
        (["!gaf-version: 2.2", gaf_row(columns=3)], r":2: 3 columns, GAF has 15"),
        ([gaf_row(evidence="IDQ")], r":1: unknown evidence code 'IDQ' \(did you mean 'I"),
        ([gaf_row(evidence="ida")], r"did you mean 'IDA'"),
        ([gaf_row(evidence="")], r":1: no evidence code"),
        ([gaf_row(term="GO:12")], r":1: 'GO:12' is not a term id"),
        ([gaf_row(name="")], r":1: no object id"),
        (["gene_id\tterm", "b1\tGO0000002"], r":2: 'GO0000002' is not a term id"),
        (["b1\tGO0000002"], r":1: 'GO0000002' is not a term id"),
        (["b1\tX:1\tIDA", "b1\tX:1"], r":2: 2 columns, the first row has 3"),
        (["b1\tX:1\tXXX"], r":1: unknown evidence code 'XXX'"),
        (["b1\tX:1\tECO:0000314"], r":1: unknown evidence code 'ECO:0000314'"),
        (["\tX:1"], r":1: no gene id"),
        (["b1 X:1"], r":1: 1 columns, expected gene_id, term"),
        (["!gpa-version: 1.1", "DB\tP1"], r":2: 2 columns, GPAD has 12"),
        ([gpad_row(), gpad_row(name="")], r":2: no object id"),
        ([gpad_row(1, name="")], r":1: no object id"),
        ([gpad_row(), gpad_row(term="GO:12")], r":2: 'GO:12' is not a term id"),
        ([gpad_row(), gpad_row(negated="enables")], r":2: 'enables' in column 2 of GPAD 2; write NOT"),
        ([gpad_row(), gpad_row(eco="IDA")], r":2: 'IDA' is not an ECO id"),
        (
            [gpad_row(eco="ECO:0000000"), gpad_row(eco="ECO:0000006")],
            r"none of its ECO .* saw ECO:0000000, ECO:0000006;",
        ),
    ],
)
def test_a_faulty_row_is_an_error_with_its_line(tmp_path: Path, lines: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_annotations(write(tmp_path / "genes", *lines))


@pytest.mark.parametrize(
    "lines",
    [
        ["!gpad-version: 2.0", "!generated-by: SGD", "", gpad_row(), gpad_row(negated="NOT", claim="RO:0002326")],
        ["!gpa-version: 1.1", "!", "", gpad_row(1, claim="enables"), gpad_row(1, claim="NOT|contributes_to")],
    ],
    ids=["2.0", "1.2"],
)
def test_gpad_says_what_gaf_says(tmp_path: Path, lines: list[str]) -> None:
    rows = read_annotations(write(tmp_path / "genes.gpad", *lines))
    same = [gaf_row(qualifier=qualifier, symbol="", synonyms="") for qualifier in ("enables", "NOT|contributes_to")]
    of_gaf = read_annotations(write(tmp_path / "genes.gaf", "!gaf-version: 2.2", "", "", *same))
    pd.testing.assert_frame_equal(rows, of_gaf)


def test_gpad_without_a_header_or_its_optional_columns_is_read(tmp_path: Path) -> None:
    for version in (1, 2):
        row = gpad_row(version, claim="enables").rstrip("\t")
        assert row.count("\t") == 9
        rows = read_annotations(write(tmp_path / "genes", row))
        assert rows[["ids", "evidence"]].values.tolist() == [[("S1",), "IDA"]]


def test_an_id_with_a_colon_stays_whole(tmp_path: Path) -> None:
    for version in (1, 2):
        rows = read_annotations(write(tmp_path / "genes", gpad_row(version, name="MGI:1", claim="enables")))
        assert rows["ids"].tolist() == [("MGI:1",)]


@pytest.mark.parametrize(
    ("eco", "properties", "evidence"),
    [
        ("ECO:0000315", "", "IMP"),
        ("ECO:0000000", "id=GOA:1|go_evidence=IGI", "IGI"),
        ("ECO:0000256", "id=GOA:1|comment=go_evidence:ISM", "ISM"),
        ("ECO:0000315", "go_evidence=unknown", "IMP"),
    ],
)
def test_evidence_is_what_the_row_states_else_what_its_eco_term_stands_for(
    tmp_path: Path, eco: str, properties: str, evidence: str
) -> None:
    rows = read_annotations(write(tmp_path / "genes", gpad_row(eco=eco, properties=properties)))
    assert rows["evidence"].tolist() == [evidence]


def test_rows_of_unknown_eco_terms_are_left_out_and_told_of_but_not_nots(
    tmp_path: Path, go: ontology.Ontology, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [gpad_row(), *[gpad_row(eco="ECO:0000000")] * 2, gpad_row(eco="ECO:0000000", negated="NOT", name="S2")]
    rows = read_annotations(write(tmp_path / "genes", *lines))
    assert rows["line"].tolist() == [1, 4]
    assert "ECO:0000000 (2)" in capsys.readouterr().out
    chosen, _ = select(join_genes(rows, ["S1", "S2"])[0], go, ["IDA"])
    assert chosen[["gene_id", "negated"]].values.tolist() == [["S1", False], ["S2", True]]


# --- what a GPI calls the genes

GPI = {
    1: "SGD\tS1\tABC1\ta protein\tYAL001C| ABC\tgene\ttaxon:559292\tSGD:S0|SGD:S1\tUniProtKB:P1\t",
    2: "SGD:S1\tABC1\ta protein\tYAL001C| ABC\tPR:000000001\tNCBITaxon:559292\tSGD:S0\tSGD:S1\t\tUniProtKB:P1\t",
}


@pytest.mark.parametrize("version", GPI)
def test_a_gpi_names_symbol_parents_and_synonyms(tmp_path: Path, version: int) -> None:
    names = read_gpi(write(tmp_path / "genes.gpi", "!gpi-version", "", GPI[version]))
    assert names == {"S1": Names("ABC1", ("S0", "YAL001C", "ABC"))}


def test_a_gpi_may_end_after_the_taxon(tmp_path: Path) -> None:
    for version in (1, 2):
        row = "\t".join(GPI[version].split("\t")[: 8 - version])
        assert read_gpi(write(tmp_path / "genes.gpi", row)) == {"S1": Names("ABC1", ("YAL001C", "ABC"))}


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([GPI[2], "SGD:S1\tABC1"], r":2: no taxon in column 6 \(GPI 2.0\) or 7"),
        ([GPI[2].replace("SGD:S1", "SGD:", 1)], r":1: no object id"),
        ([GPI[1].replace("S1", "", 1)], r":1: no object id"),
    ],
)
def test_a_faulty_gpi_is_an_error_with_its_line(tmp_path: Path, lines: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_gpi(write(tmp_path / "genes.gpi", *lines))


@pytest.mark.parametrize("version", GPI)
def test_a_gpad_joins_by_the_synonyms_of_its_gpi(tmp_path: Path, version: int) -> None:
    gpad = write(tmp_path / "genes.gpad", *(gpad_row(version, name, "enables") for name in ("S1", "S2")))
    rows = read_annotations(gpad, write(tmp_path / "genes.gpi", GPI[version]))
    assert rows[["ids", "symbol"]].values.tolist() == [[("S1", "S0", "YAL001C", "ABC"), "ABC1"], [("S2",), ""]]
    joined, report = join_genes(rows, ["YAL001C", "S2"])
    assert joined["gene_id"].tolist() == ["YAL001C", "S2"]
    assert (report.by_synonym, report.by_id) == (1, 1)


def test_a_gpad_of_nothing_has_no_rows_with_a_gpi_either(tmp_path: Path) -> None:
    gpad, gpi = write(tmp_path / "genes.gpad", "!gpad-version: 2.0"), write(tmp_path / "genes.gpi", GPI[2])
    for rows in (read_annotations(gpad), read_annotations(gpad, gpi)):
        assert join_genes(rows, ["b1"])[1].rows == 0


def test_a_gpi_of_other_genes_is_an_error(tmp_path: Path) -> None:
    gpad = write(tmp_path / "genes.gpad", gpad_row(name="S9"))
    with pytest.raises(InputError, match=r"genes\.gpi: .* saw S1 but want S9; give the GPI"):
        read_annotations(gpad, write(tmp_path / "genes.gpi", GPI[2]))


def test_a_truncated_gzip_is_an_error(tmp_path: Path) -> None:
    packed = gzip.compress("".join(f"{gaf_row(name=f'S{number}')}\n" for number in range(5000)).encode())
    path = tmp_path / "genes.gaf.gz"
    path.write_bytes(packed[:-20])
    with pytest.raises(InputError, match="truncated"):
        read_annotations(path)


# --- joining


def test_an_alias_of_two_genes_is_dropped_and_counted(tmp_path: Path) -> None:
    path = write(tmp_path / "map.tsv", "gene_id\tname\tothers", "b1\tabc\tP1|tuf", "b2\t\ttuf| P2", "b9\txyz\tP9")
    assert read_id_map(path, ["b1", "b2"]) == ({"abc": "b1", "P1": "b1", "P2": "b2"}, 1)


def test_an_id_map_of_other_genes_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="saw c1 but want b1"):
        read_id_map(write(tmp_path / "map.tsv", "c1\tabc"), ["b1"])


@pytest.mark.parametrize(
    ("name", "synonyms", "symbol", "gene", "route"),
    [
        ("b1", "b2", "b3", "b1", "by_id"),
        ("P2", "b1", "b3", "b2", "by_id_alias"),
        ("S1", "P3|b2", "b3", "b2", "by_synonym"),
        ("S1", "x|P2", "b3", "b2", "by_synonym_alias"),
        ("S1", "x", "b3", "b3", "by_symbol"),
    ],
)
def test_ids_are_tried_in_order_of_trust(
    tmp_path: Path, name: str, synonyms: str, symbol: str, gene: str, route: str
) -> None:
    rows = read_annotations(write(tmp_path / "genes.gaf", gaf_row(name=name, synonyms=synonyms, symbol=symbol)))
    joined, report = join_genes(rows, ["b1", "b2", "b3"], {"P2": "b2", "P3": "b3"})
    assert joined["gene_id"].tolist() == [gene]
    assert getattr(report, route) == report.joined == report.genes == 1


def test_a_symbol_never_joins_through_an_alias(tmp_path: Path) -> None:
    lines = [gaf_row(name="S1", synonyms="", symbol="tuf"), gaf_row(name="b1")]
    joined, report = join_genes(read_annotations(write(tmp_path / "genes.gaf", *lines)), ["b1"], {"tuf": "b1"})
    assert joined["line"].tolist() == [2]
    assert (report.rows, report.joined) == (2, 1)


def test_ids_that_never_join_are_an_error_that_shows_both_sides(tmp_path: Path) -> None:
    path = write(tmp_path / "genes.gaf", gaf_row(name="S1", synonyms="", symbol="ABC1"))
    with pytest.raises(InputError, match=r"genes\.gaf: .*saw S1 but want b1, b2"):
        join_genes(read_annotations(path), ["b1", "b2"], source=path)


def test_no_rows_join_without_an_error(tmp_path: Path) -> None:
    joined, report = join_genes(read_annotations(write(tmp_path / "genes.gaf", "!gaf-version: 2.2")), ["b1"])
    assert joined.empty
    assert "gene_id" in joined
    assert report.rows == 0


# --- choosing


def joined_rows(*rows: tuple[str, str, bool]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["term", "evidence", "negated"])
    return frame.assign(gene_id="b1")


def test_accepted_evidence_and_rows_without_evidence_count(go: ontology.Ontology) -> None:
    rows = joined_rows(("GO:0000002", "IDA", False), ("GO:0000002", "", False), ("GO:0000002", "IEA", False))
    chosen, report = select(rows, go, ["IDA"])
    assert chosen["evidence"].tolist() == ["IDA", ""]
    assert (report.positive, report.other_evidence) == (2, 1)


def test_a_not_is_honoured_whoever_said_it_but_no_data_is_no_statement(go: ontology.Ontology) -> None:
    chosen, report = select(joined_rows(("GO:0000002", "IEA", True), ("GO:0000002", "ND", True)), go, ["IDA"])
    assert chosen[["evidence", "negated"]].values.tolist() == [["IEA", True]]
    assert (report.negated, report.no_data) == (1, 1)


def test_alternative_ids_become_live_ones_and_the_rest_is_counted_by_reason(go: ontology.Ontology) -> None:
    terms = ["GO:0000020", "GO:0000002", "GO:0000009", "GO:0000099", "GO:0000001", "GO:0005515"]
    chosen, report = select(joined_rows(*((term, "IDA", False) for term in terms)), go, ["IDA"])
    assert chosen.values.tolist() == [["b1", "GO:0000002", "IDA", False]]
    assert list(chosen.columns) == ["gene_id", "term", "evidence", "negated"]
    assert (report.obsolete_term, report.unknown_term, report.root, report.protein_binding) == (1, 1, 1, 1)
    assert (report.positive, report.duplicate, report.replaced_term) == (1, 1, 1)


def test_all_evidence_is_accepted_on_request_but_no_data(go: ontology.Ontology) -> None:
    chosen, _ = select(joined_rows(("GO:0000002", "IEA", False), ("GO:0000002", "ND", False)), go, None)
    assert chosen["evidence"].tolist() == ["IEA"]


# --- real releases: the counts of ../shared/data/README.md

# organism, file, id_map, rows, rows joined, genes joined, genes with a validated term (any, P, F, C), rows whose term
# the 2022 ontology lacks or calls obsolete. The README counts 23,406 rows for E. coli with id_map: three of cheA there
# join through the symbol as an alias, which is refused here.
REAL = [
    ("yeast", "2003-03-06", False, 27_710, 24_364, 5_804, 3_844, 3_499, 2_296, 2_973, 1_425),
    ("yeast", "2011-12-24", False, 87_711, 85_383, 5_860, 5_145, 4_448, 3_323, 4_827, 1_709),
    ("yeast", "2017-01-18", False, 92_564, 90_988, 5_983, 5_404, 4_645, 3_615, 5_187, 1_397),
    ("ecoli", "2017-05-24", False, 23_506, 21_127, 3_527, 3_176, 2_134, 2_084, 2_059, 204),
    ("ecoli", "2017-05-24", True, 23_506, 23_403, 3_566, 3_215, 2_279, 2_196, 2_123, 204),
]


@pytest.fixture(scope="module")
def go_2022() -> ontology.Ontology:
    return ontology.read_obo(DATA / "go" / "go-basic_2022-07-01.obo.gz")


@needs_data
@pytest.mark.parametrize("expected", REAL, ids=lambda row: f"{row[0]}-{row[1]}-{'id_map' if row[2] else 'plain'}")
def test_real_annotations_join_as_their_readme_says(
    go_2022: ontology.Ontology, expected: tuple[str, str, bool, int, int, int, int, int, int, int, int]
) -> None:
    organism, date, mapped, *counts, p_genes, f_genes, c_genes, lost = expected
    folder = DATA / organism
    genes = read_proteome(folder / "proteome.fasta.gz")["gene_id"].tolist()
    aliases = read_id_map(folder / "id_map.tsv", genes)[0] if mapped else None
    path = folder / f"annotations_{date}.gaf.gz"
    rows = read_annotations(path)
    joined, join_report = join_genes(rows, genes, aliases, path)
    chosen, report = select(joined, go_2022, VALIDATED)
    positive = chosen[~chosen["negated"]]
    aspect = positive["term"].map(lambda term: go_2022.aspects[go_2022.index[term]])
    by_aspect = positive.groupby(aspect)["gene_id"].nunique()
    assert [join_report.rows, join_report.joined, join_report.genes, positive["gene_id"].nunique()] == counts
    assert [by_aspect[name] for name in "PFC"] == [p_genes, f_genes, c_genes]
    assert sum(go_2022.resolve(term) is None for term in rows["term"]) == lost
    fates = [name for name in annotations.SelectReport.__dataclass_fields__ if name not in ("rows", "replaced_term")]
    assert sum(getattr(report, name) for name in fates) == report.rows


# --- where they come from


def source_row(database: str = "SGD", day: str = "20200101") -> str:
    cells = gaf_row().split("\t")
    return "\t".join([database, *cells[1:13], day, *cells[14:]])


@pytest.mark.parametrize(
    ("header", "release"),
    [
        (["!gaf-version: 2.2", "!date-generated: 2023-05-06T07:08"], "2023-05-06"),
        (["!Generated: 2023-05-06"], "2023-05-06"),
        (["!CVS Version: Revision: 1.1 $", "!Date: 12/24/2011 $"], "2011-12-24"),
        (["!date: $Date: 2003/10/16 17:23:35 $"], "2003-10-16"),
        (["!Submission Date: 5/4/2017", "!GOC Validation Date: 05/24/2017 $"], "2017-05-24"),
        (["!Date: tomorrow", "!generated-by: SGD 2023-05-06"], "2021-03-04"),
        (["!Date: 24/12/2011"], "2021-03-04"),
    ],
)
def test_the_release_is_the_newest_of_the_header_else_of_the_rows(
    tmp_path: Path, header: list[str], release: str
) -> None:
    path = write(tmp_path / "genes.gaf", *header, source_row(day="20210304"), source_row(day="20190101"))
    assert read_source(path) == ("SGD", release)


def test_the_database_is_that_of_most_rows(tmp_path: Path) -> None:
    path = write(tmp_path / "genes.gaf", *(source_row(name) for name in ("UniProtKB", "SGD", "SGD")))
    assert read_source(path).database == "SGD"


def test_rows_without_a_date_give_no_release(tmp_path: Path) -> None:
    assert read_source(write(tmp_path / "genes.gaf", source_row(day=""))) == ("SGD", None)


@pytest.mark.parametrize("version", [1, 2])
def test_a_gpad_names_its_source_too(tmp_path: Path, version: int) -> None:
    rows = gpad_row(version, claim="enables"), gpad_row(version, claim="enables").replace("2020", "2021")
    assert read_source(write(tmp_path / "genes.gpad", *rows)) == ("SGD", "2021-01-01")
    head = "!date-generated: 2023-05-06"
    assert read_source(write(tmp_path / "genes.gpad", head, *rows)) == ("SGD", "2023-05-06")


def test_a_tsv_has_no_source(tmp_path: Path) -> None:
    assert read_source(write(tmp_path / "genes.tsv", "!date-generated: 2023-05-06", "b1\tGO:0000002")) == (None, None)
