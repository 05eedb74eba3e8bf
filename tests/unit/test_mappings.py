import gzip
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from geneduet.errors import InputError
from geneduet.mappings import annotations, read_external2go
from geneduet.ontology import Ontology

MAPPINGS = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "mappings"
needs_data = pytest.mark.skipif(not MAPPINGS.exists(), reason=f"real data are not here: {MAPPINGS}")

TEXT = """\
!date: 2022/10/05
InterPro:IPR000003 Retinoid X receptor/HNF4 > GO:DNA binding ; GO:0003677
InterPro:IPR000003 Retinoid X receptor/HNF4 > GO:5'->3' activity; odd ; GO:0003707

Pfam:PF00001 7tm_1 > GO:DNA binding ; GO:0003677
"""


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_an_entry_has_the_terms_of_its_lines(tmp_path, pack):
    path = tmp_path / "mapping"
    path.write_bytes(pack(TEXT.encode()))
    assert read_external2go(path) == {"IPR000003": ("GO:0003677", "GO:0003707"), "PF00001": ("GO:0003677",)}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("! nothing\n", "no entry in it"),
        (TEXT + "IPR000004\tGO:0003677\n", "mapping:6: not a line of an external2go file"),
        (TEXT + "Pfam:PF00002 x > GO:binding\n", "mapping:6: not a line"),
    ],
)
def test_a_faulty_mapping_is_an_error_with_its_line(tmp_path, text, message):
    path = tmp_path / "mapping"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        read_external2go(path)


@needs_data
@pytest.mark.parametrize(
    ("name", "entries", "pairs", "terms"), [("interpro2go", 14_548, 30_205, 5_767), ("pfam2go", 5_226, 10_095, 2_679)]
)
def test_real_mappings_are_read(name, entries, pairs, terms):
    mapping = read_external2go(MAPPINGS / f"{name}.gz")
    told = [term for own in mapping.values() for term in own]
    assert (len(mapping), len(told), len(set(told))) == (entries, pairs, terms)


ONTOLOGY = Ontology(
    terms=["T:1", "T:2", "T:3"],
    names=list("abc"),
    aspects=["F"] * 3,
    parents=sparse.csr_array(np.array([[0, 0, 0], [1, 0, 0], [1, 0, 0]], bool)),
    replaced={"T:8": "T:3"},
    obsolete=frozenset(["T:8", "T:9"]),
    release="",
)


def test_entries_are_annotated_with_live_terms_once():
    one, other = {"PF1": ("T:3", "T:8"), "PF2": ("T:9", "T:404")}, {"PF1": ("T:3",), "IPR1": ("T:2",)}
    table = annotations([one, other], ONTOLOGY)
    assert table[["gene_id", "term"]].to_numpy().tolist() == [["IPR1", "T:2"], ["PF1", "T:3"]]
    assert (table["evidence"] == "IEA").all()
    assert not table["negated"].any()


def test_no_mapping_annotates_nothing():
    assert annotations([], ONTOLOGY).empty
