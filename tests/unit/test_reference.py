import numpy as np
import pytest
from scipy import sparse

from geneduet.errors import InputError
from geneduet.ontology import Ontology
from geneduet.reference import read_source

ONTOLOGY = Ontology(
    ["X:1", "X:2"], list("ab"), ["F", "F"], sparse.csr_array(np.array([[0, 0], [1, 0]], bool)), {}, frozenset(), ""
)
FASTA = """\
>sp|P1|ONE_ECOLI kinase OS=Escherichia coli OX=83333
MKV
>sp|P2|TWO_YEAST kinase OX=559292
MKA
>sp|P3|THREE_ECOLI nobody knows OX=83333
MKL
"""


@pytest.fixture
def read(tmp_path):
    def call(fasta=FASTA, rows="P1\tX:2\tIDA\nP2\tX:2\tIEA\nP3\tX:2\tND\n", codes=None, exclude=()):
        (tmp_path / "r.faa").write_text(fasta)
        (tmp_path / "r.tsv").write_text(rows)
        return read_source(tmp_path / "r.faa", tmp_path / "r.tsv", ONTOLOGY, codes, exclude)

    return call


def test_annotated_proteins_alone_are_kept(read):
    found = read()
    assert found.proteins["gene_id"].tolist() == ["P1", "P2"]
    assert found.proteins["sequence"].tolist() == ["MKV", "MKA"]
    assert found.annotations["gene_id"].tolist() == ["P1", "P2"]


def test_evidence_codes_choose(read):
    assert read(codes=["IDA"]).proteins["gene_id"].tolist() == ["P1"]


def test_a_species_can_be_left_out(read):
    assert read(exclude=[559292]).proteins["gene_id"].tolist() == ["P1"]


def test_leaving_out_a_species_needs_headers_that_name_it(read):
    for fasta in (FASTA, ">P1 kinase\nMKV\n>P2\nMKA\n"):
        with pytest.raises(
            InputError, match=r"r\.faa: no header has OX=511145, which .*exclude_taxa names; give the id"
        ):
            read(fasta=fasta, exclude=[83333, 511145] if "OX" in fasta else [511145])


def test_leaving_out_every_species_is_an_error(read):
    with pytest.raises(InputError, match="leaves no protein"):
        read(exclude=[83333, 559292])


def test_annotations_of_other_proteins_alone_are_an_error(read):
    with pytest.raises(InputError, match="none of its ids joins a gene: saw Q1 but want P1"):
        read(rows="Q1\tX:2\tIDA\n")
