import time
from pathlib import Path

import pandas as pd
import pytest

from geneduet import taxon
from geneduet.ontology import Ontology, read_obo

# the cell wall and its kinds, photosynthesis (plants, and bacteria or archaea), and a part of it
GO = """default-namespace: biological_process

[Term]
id: GO:1
name: process

[Term]
id: GO:2
name: cell wall growth
is_a: GO:1
property_value: RO:0002161 NCBITaxon:33208

[Term]
id: GO:3
name: chitin growth
is_a: GO:2
relationship: only_in_taxon NCBITaxon:4751 {id="GOTAX:0000102"} ! Fungi

[Term]
id: GO:4
name: photosynthesis
is_a: GO:1
relationship: only_in_taxon NCBITaxon_Union:0000007 ! Viridiplantae or Bacteria

[Term]
id: GO:5
name: light harvesting
relationship: part_of GO:4

[Term]
id: GO:6
name: transport
is_a: GO:1
"""
TAXA = """
[Term]
id: NCBITaxon:9606
name: Homo sapiens
namespace: ncbi_taxonomy
is_a: NCBITaxon:33208 ! Metazoa

[Term]
id: NCBITaxon:33208
name: Metazoa
is_a: NCBITaxon:2759 ! Eukaryota

[Term]
id: NCBITaxon:562
name: Escherichia coli
is_a: NCBITaxon:2 ! Bacteria

[Term]
id: NCBITaxon_Union:0000007
name: Viridiplantae or Bacteria
namespace: union_terms
union_of: NCBITaxon:33090 ! Viridiplantae
union_of: NCBITaxon:2 ! Bacteria
"""
HUMAN, YEAST, COLI, K12 = 9606, 4932, 562, 83333


def read(tmp_path: Path, text: str) -> Ontology:
    (tmp_path / "go.obo").write_text(text)
    return read_obo(tmp_path / "go.obo")


@pytest.fixture
def go(tmp_path: Path) -> Ontology:
    return read(tmp_path, GO + TAXA)


@pytest.fixture
def without_taxa(tmp_path: Path) -> Ontology:
    return read(tmp_path, GO)


def names(*numbers: int) -> set[str]:
    return {f"NCBITaxon:{number}" for number in numbers}


def forbidden(go: Ontology, taxon_id: int, *above: int) -> set[str]:
    return set(taxon.forbidden(go, taxon.lineage(go, taxon_id, above)))


def annotations(*terms: str, negated: bool = False) -> pd.DataFrame:
    return pd.DataFrame({"gene_id": "a", "term": terms, "negated": negated})


def told(go: Ontology, rows: pd.DataFrame, taxon_id: int, *above: int) -> list[str]:
    taxa = taxon.lineage(go, taxon_id, above)
    return taxon.findings(go, taxa, taxon.forbidden(go, taxa), rows)


# --- the lineage


def test_the_lineage_is_what_the_taxon_stanzas_say(go: Ontology) -> None:
    assert taxon.lineage(go, HUMAN, []) == names(9606, 33208, 2759)
    assert taxon.lineage(go, COLI, []) == names(562, 2) | {"NCBITaxon_Union:0000007"}


def test_the_lineage_is_what_the_user_says_where_there_are_no_stanzas(without_taxa: Ontology) -> None:
    assert taxon.lineage(without_taxa, YEAST, [4751, 2759]) == names(4932, 4751, 2759)


def test_a_given_taxon_brings_what_the_stanzas_have_above_it(go: Ontology) -> None:
    assert taxon.lineage(go, K12, [562]) == names(83333, 562, 2) | {"NCBITaxon_Union:0000007"}


def test_a_taxon_that_nothing_is_known_of_has_no_lineage_and_is_forbidden_nothing(go: Ontology) -> None:
    assert taxon.lineage(go, K12, []) == frozenset()
    assert forbidden(go, K12) == set()


# --- what is forbidden


def test_never_in_forbids_the_taxa_below_and_the_descendants_of_the_term(go: Ontology) -> None:
    assert {"GO:2", "GO:3"} <= forbidden(go, HUMAN)
    assert "GO:2" not in forbidden(go, YEAST, 4751)


def test_only_in_forbids_all_other_taxa(go: Ontology) -> None:
    assert "GO:3" in forbidden(go, COLI)
    assert "GO:3" not in forbidden(go, YEAST, 4751)


def test_a_union_is_all_its_members_and_parts_inherit_too(go: Ontology) -> None:
    assert {"GO:4", "GO:5"} <= forbidden(go, YEAST, 4751)
    assert not {"GO:4", "GO:5"} & forbidden(go, COLI)
    assert not {"GO:4", "GO:5"} & forbidden(go, 3702, 33090)


def test_never_in_a_union_forbids_its_members(tmp_path: Path) -> None:
    go = read(tmp_path, GO.replace("only_in_taxon NCBITaxon_U", "never_in_taxon NCBITaxon_U") + TAXA)
    assert forbidden(go, COLI) == {"GO:3", "GO:4", "GO:5"}


def test_ancestors_and_siblings_stay(go: Ontology) -> None:
    for organism in (HUMAN, COLI):
        assert not {"GO:1", "GO:6"} & forbidden(go, organism)


def test_a_union_that_is_not_defined_forbids_nothing(without_taxa: Ontology) -> None:
    assert forbidden(without_taxa, HUMAN, 33208, 2759) == {"GO:2", "GO:3"}


def test_the_user_may_append_the_unions_file_to_the_ontology(tmp_path: Path) -> None:
    groupings = "format-version: 1.2\nontology: go/imports/go-taxon-groupings\n" + TAXA
    go = read(tmp_path, GO + groupings)
    assert forbidden(go, YEAST, 4751) == {"GO:4", "GO:5"}


# --- what is told


def test_an_ontology_without_constraints_is_not_spoken_of(tmp_path: Path) -> None:
    plain = "".join(line for line in GO.splitlines(keepends=True) if "taxon" not in line and "RO:" not in line)
    assert told(read(tmp_path, plain), annotations("GO:3"), HUMAN) == []


def test_constraints_that_cannot_be_applied_are_told_of(without_taxa: Ontology) -> None:
    (sentence,) = told(without_taxa, annotations("GO:3"), HUMAN)
    assert "not applied: no lineage is given" in sentence


def test_own_annotations_at_odds_are_counted_and_named(go: Ontology) -> None:
    left_out, at_odds = told(go, annotations("GO:3", "GO:2", "GO:3", "GO:6"), HUMAN)
    assert left_out == "terms left out by the taxon constraints of the ontology: 4"
    assert at_odds == (
        "3 of the organism's own annotations are at odds with them: GO:2 cell wall growth, GO:3 chitin growth"
    )


def test_three_terms_at_odds_are_named_at_most(go: Ontology) -> None:
    at_odds = told(go, annotations("GO:3", "GO:2", "GO:4", "GO:5"), HUMAN)[-1]
    assert at_odds.endswith("GO:4 photosynthesis and 1 more")


def test_a_not_annotation_agrees_with_a_constraint(go: Ontology) -> None:
    assert len(told(go, annotations("GO:3", negated=True), HUMAN)) == 1


def test_unions_that_are_not_defined_are_counted(without_taxa: Ontology) -> None:
    assert told(without_taxa, annotations(), HUMAN, 33208)[1].endswith("does not define, and that forbid nothing: 1")


def test_thousands_of_constraints_take_no_time(go: Ontology) -> None:
    start = time.monotonic()
    many = Ontology(**{**vars(go), "constraints": go.constraints * 2000, "wider_taxa": go.wider_taxa * 2000})
    assert forbidden(many, HUMAN) == forbidden(go, HUMAN)
    assert time.monotonic() - start < 2
