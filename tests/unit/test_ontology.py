import math
import time
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from geneduet import ontology
from geneduet.errors import InputError

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.exists(), reason=f"real data are not here: {DATA}")

# a root P with a diamond under it (2 and 3 over 4), a part_of child 5 of 4, and a root F with one child
OBO = """format-version: 1.2
data-version: releases/2024-01-17
default-namespace: biological_process

[Term]
id: X:1
name: process
namespace: biological_process

[Term]
id: X:2
name: left \\{a\\}
alt_id: X:20
is_a: X:1 ! process

[Term]
id: X:3
name: right
is_a: X:1 {is_inferred="true"} ! process
is_a: X:9 ! obsolete

[Term]
id: X:4
name: both
is_a: X:2
is_a: X:3

[Term]
id: X:5
name: part
relationship: part_of X:4 ! both
relationship: regulates X:3 ! right
relationship: part_of X:7 ! in another aspect

[Term]
id: X:6
name: function
namespace: molecular_function

[Term]
id: X:7
name: activity
namespace: molecular_function
is_a: X:6

[Term]
id: X:8
is_obsolete: true
replaced_by: X:20

[Term]
id: X:9
is_obsolete: true
replaced_by: X:2
replaced_by: X:3

[Typedef]
id: part_of
name: part of
"""


def read(tmp_path: Path, text: str) -> ontology.Ontology:
    path = tmp_path / "small.obo"
    path.write_text(text)
    return ontology.read_obo(path)


@pytest.fixture
def small(tmp_path: Path) -> ontology.Ontology:
    return read(tmp_path, OBO)


def related(matrix: ontology.BooleanMatrix, terms: list[str]) -> dict[str, str]:
    """Last characters of the columns that are true, by row."""
    return {term: "".join(terms[column][-1] for column in matrix[[row]].indices) for row, term in enumerate(terms)}


def test_live_terms_are_sorted_and_have_names_and_aspects(small: ontology.Ontology) -> None:
    assert small.terms == [f"X:{number}" for number in range(1, 8)]
    assert small.names[:2] == ["process", "left {a}"]
    assert "".join(small.aspects) == "PPPPPFF"
    assert small.release == "2024-01-17"


def test_parents_are_is_a_and_part_of_within_the_aspect(small: ontology.Ontology) -> None:
    assert related(small.parents, small.terms) == {
        "X:1": "", "X:2": "1", "X:3": "1", "X:4": "23", "X:5": "4", "X:6": "", "X:7": "6",
    }  # fmt: skip


def test_roots_and_terms_of_an_aspect(small: ontology.Ontology) -> None:
    assert small.roots() == ["X:1", "X:6"]
    assert small.of_aspect("F").tolist() == [5, 6]


def test_other_ids_resolve_to_the_live_one(small: ontology.Ontology) -> None:
    assert small.resolve("X:2") == "X:2"
    assert small.resolve("X:20") == "X:2"
    assert small.resolve("X:8") == "X:2"  # replaced by an alternative id
    assert small.resolve("X:9") is None  # two replacements: not known which
    assert small.resolve("X:99") is None
    assert small.obsolete == {"X:8", "X:9"}


def test_ancestors_include_the_term_itself(small: ontology.Ontology) -> None:
    assert related(ontology.ancestors(small), small.terms) == {
        "X:1": "1", "X:2": "12", "X:3": "13", "X:4": "1234", "X:5": "12345", "X:6": "6", "X:7": "67",
    }  # fmt: skip


def test_positives_go_up_and_negatives_go_down(small: ontology.Ontology) -> None:
    above = ontology.ancestors(small)
    gene = sparse.csr_array(np.array([[term == "X:4" for term in small.terms]]))
    up, down = ontology.propagate_up(gene, above), ontology.propagate_down(gene, above)
    assert [small.terms[column] for column in up.indices] == ["X:1", "X:2", "X:3", "X:4"]
    assert [small.terms[column] for column in down.indices] == ["X:4", "X:5"]
    assert up.dtype == down.dtype == np.bool_


def test_information_content_is_of_the_genes_annotated_in_the_aspect(small: ontology.Ontology) -> None:
    # four genes have a process, one of them X:2; two have the function; one has nothing
    positives = np.zeros((5, 7), bool)
    positives[:4, 0] = positives[0, 1] = positives[:2, 5] = True
    content = ontology.information_content(sparse.csr_array(positives), small.aspects)
    assert content[[0, 1, 5]].tolist() == [0, 2, 0]
    assert np.isnan(content[[2, 3, 4, 6]]).all()


def test_information_accretion_counts_genes_that_have_all_parents(small: ontology.Ontology) -> None:
    # X:4 has the parents X:2 and X:3: of the three genes with both, one has X:4
    positives = np.zeros((6, 7), bool)
    positives[:, 0] = positives[:4, 1] = positives[1:, 2] = positives[2, 3] = True
    accretion = ontology.information_accretion(sparse.csr_array(positives), small.parents)
    assert accretion[0] == 0
    assert accretion[1] == pytest.approx(math.log2(6 / 4))
    assert accretion[3] == pytest.approx(math.log2(3))
    assert np.isnan(accretion[4:]).all()


def test_accretion_is_zero_when_every_gene_with_the_parents_has_the_term(small: ontology.Ontology) -> None:
    positives = np.ones((2, 7), bool)
    assert ontology.information_accretion(sparse.csr_array(positives), small.parents).tolist() == [0] * 7


def test_writing_and_reading_gives_the_same_ontology_and_bytes(small: ontology.Ontology, tmp_path: Path) -> None:
    paths = [tmp_path / "one.npz", tmp_path / "two.npz"]
    for path in paths:
        ontology.write(path, small)
    again = ontology.read(paths[0])
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert (again.parents != small.parents).nnz == 0
    for name in ("terms", "names", "aspects", "replaced", "obsolete", "release"):
        assert getattr(again, name) == getattr(small, name)


def test_constraints_taxa_and_subsets_are_read_as_written(tmp_path: Path) -> None:
    text = OBO.replace("name: right\n", "name: right\nsubset: gocheck_do_not_annotate\n" + NEVER_IN_BACTERIA)
    go = read(tmp_path, text + TAXA)
    ontology.write(tmp_path / "go.npz", go)
    again = ontology.read(tmp_path / "go.npz")
    assert again.constraints == go.constraints == [("X:3", "never_in_taxon", "NCBITaxon:2")]
    assert again.wider_taxa == go.wider_taxa
    assert again.not_for_annotation == go.not_for_annotation == {"X:3"}


# --- taxa, and what must not be annotated

NEVER_IN_BACTERIA = "relationship: never_in_taxon NCBITaxon:2 ! Bacteria\n"
TAXA = """
[Term]
id: NCBITaxon:562
name: Escherichia coli
namespace: ncbi_taxonomy
is_a: NCBITaxon:2 ! Bacteria

[Term]
id: NCBITaxon:2
name: Bacteria

[Term]
id: NCBITaxon_Union:0000001
name: Bacteria or Fungi
namespace: union_terms
union_of: NCBITaxon:2 ! Bacteria
union_of: NCBITaxon:4751 ! Fungi

[Term]
id: CL:0000000
name: cell
namespace: cell
"""


@pytest.mark.parametrize(
    ("line", "constraint"),
    [
        ('relationship: never_in_taxon NCBITaxon:2 {id="GOTAX:0000501"} ! Bacteria', ("never_in_taxon", "NCBITaxon:2")),
        ("property_value: RO:0002161 NCBITaxon:2", ("never_in_taxon", "NCBITaxon:2")),
        ("is_a: neverin:2", ("never_in_taxon", "NCBITaxon:2")),
        ("relationship: only_in_taxon NCBITaxon:2759 ! Eukaryota", ("only_in_taxon", "NCBITaxon:2759")),
        ("relationship: RO:0002160 NCBITaxon:2759", ("only_in_taxon", "NCBITaxon:2759")),
        ("relationship: in_taxon NCBITaxon:2759", ("only_in_taxon", "NCBITaxon:2759")),
        ("property_value: RO:0002162 NCBITaxon:2759", ("only_in_taxon", "NCBITaxon:2759")),
        ("is_a: onlyin:Union_0000004 ! only in", ("only_in_taxon", "NCBITaxon_Union:0000004")),
        ("relationship: present_in_taxon NCBITaxon:2", None),
        ('property_value: never_in_taxon "Bacteria" xsd:string', None),
    ],
)
def test_every_spelling_of_a_constraint(tmp_path: Path, line: str, constraint: tuple[str, str] | None) -> None:
    go = read(tmp_path, OBO.replace("is_a: X:6\n", f"is_a: X:6\n{line}\n"))
    assert go.constraints == ([("X:7", *constraint)] if constraint else [])
    assert related(go.parents, go.terms)["X:7"] == "6"


def test_a_constraint_to_no_taxon_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r":45: X:7 is only_in_taxon of 'Fungi', which is no taxon; "):
        read(tmp_path, OBO.replace("is_a: X:6\n", "is_a: X:6\nrelationship: only_in_taxon Fungi\n"))


def test_taxa_and_other_ontologies_are_no_terms(tmp_path: Path, small: ontology.Ontology) -> None:
    go = read(tmp_path, OBO.replace("is_a: X:6\n", "is_a: X:6\nrelationship: part_of CL:0000000 ! cell\n") + TAXA)
    assert (go.terms, go.obsolete) == (small.terms, small.obsolete)
    assert related(go.parents, go.terms) == related(small.parents, small.terms)
    assert go.wider_taxa == [
        ("NCBITaxon:2", "NCBITaxon_Union:0000001"),
        ("NCBITaxon:4751", "NCBITaxon_Union:0000001"),
        ("NCBITaxon:562", "NCBITaxon:2"),
    ]


def test_a_taxon_without_namespace_does_not_take_the_default_one(tmp_path: Path) -> None:
    assert "NCBITaxon:2" not in read(tmp_path, OBO + TAXA).terms


@pytest.mark.parametrize(
    ("subset", "forbidden"),
    [
        ("gocheck_do_not_annotate", {"X:7"}),
        ("high_level_annotation_qc", {"X:7"}),
        # open to electronic annotation
        ("gocheck_do_not_manually_annotate", set()),
        ("goslim_generic", set()),
    ],
)
def test_what_no_gene_shall_be_annotated_with(tmp_path: Path, subset: str, forbidden: set[str]) -> None:
    assert read(tmp_path, OBO.replace("is_a: X:6\n", f"is_a: X:6\nsubset: {subset}\n")).not_for_annotation == forbidden


def test_a_cycle_is_an_error_that_names_it_and_a_line(tmp_path: Path) -> None:
    # 2 -> 4 -> 3 -> 2; the rest of the graph stays sound
    text = OBO.replace("is_a: X:1 ! process", "is_a: X:4").replace("is_a: X:3\n", "is_a: X:1\n")
    with pytest.raises(InputError, match=r"small\.obo:14: .*cycle: X:2 -> X:4 -> X:2"):
        read(tmp_path, text)


def test_a_term_that_is_its_own_parent_is_a_cycle(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="X:7 -> X:7"):
        read(tmp_path, OBO.replace("is_a: X:6", "is_a: X:7"))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("is_a: X:6", "is_a: X:66", r":44: X:7 has the parent 'X:66', which the file does not define"),
        ("id: X:7", "id: X:6", r":40: X:6 is defined twice, first on line 35"),
        ("default-namespace: biological_process", "", r":10: X:2 has no namespace"),
        ("namespace: molecular_function", "namespace: molecular_funktion", r"did you mean 'molecular_function'"),
        ("id: X:7\n", "", r":40: a \[Term\] without id"),
    ],
)
def test_a_faulty_term_is_an_error_with_its_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(tmp_path, OBO.replace(old, new))


def test_a_file_without_terms_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no live"):
        read(tmp_path, "format-version: 1.2\n")


@needs_data
@pytest.mark.parametrize(
    ("name", "counts", "release"),
    [
        ("go-basic_2022-07-01", {"P": 28_140, "F": 11_238, "C": 4_180}, "2022-07-01"),
        ("gene_ontology_2012-01-04", None, "2012-01-04"),
    ],
)
def test_real_releases_are_read_in_seconds(name: str, counts: dict[str, int] | None, release: str) -> None:
    start = time.monotonic()
    go = ontology.read_obo(DATA / "go" / f"{name}.obo.gz")
    above = ontology.ancestors(go)
    assert time.monotonic() - start < 20
    assert counts is None or {aspect: len(go.of_aspect(aspect)) for aspect in "PFC"} == counts
    assert len(go.terms) == (43_558 if counts else 33_911)
    assert go.release == release
    assert go.roots() == ["GO:0003674", "GO:0005575", "GO:0008150"]
    # each term has exactly one root above it: that of its aspect
    assert (above[:, [go.index[root] for root in go.roots()]].sum(axis=1) == 1).all()
