import gzip

import numpy as np
import pandas as pd
import pytest

from geneduet.errors import InputError
from geneduet.genome import neighbours, operon_runs, read_cds, read_gff


def write(path, text):
    path.write_text(text)
    return path


# --- coding sequences


def cds(tmp_path, text, genes=("b1", "b2"), aliases=None):
    return read_cds(write(tmp_path / "cds.fna", text), genes, aliases).values.tolist()


def test_coding_sequences_are_upper_case_of_whole_codons_and_the_longest_stands(tmp_path, capsys):
    text = ">b2 x\nATG\nuaa\n>b1\nATGAAATA\n>b1\nATG\n>b9\nATGC\n"
    assert cds(tmp_path, text) == [["b1", "ATGAAA"], ["b2", "ATGTAA"]]
    assert "of 1 genes are no whole codons and lose their ends: b1" in capsys.readouterr().out


@pytest.mark.parametrize(
    "header",
    [
        ">lcl|NC_1_cds_NP_1.1_1 [gene=thrL] [locus_tag=b1] [protein_id=NP_1.1]",
        ">lcl|NC_1_cds_1 [db_xref=GeneID:944742,UniProtKB/Swiss-Prot:b1]",
        ">AAC73112 cds chromosome:ASM584v2:Chromosome:190:255:1 gene:b1 gene_biotype:protein_coding",
        ">sp|b1|LPT_ECOLI thr operon",
        ">old1 by an alias",
    ],
)
def test_ids_stand_in_the_header_in_many_ways(tmp_path, header):
    assert cds(tmp_path, f"{header}\nATG\n", aliases={"old1": "b1"}) == [["b1", "ATG"]]


def test_one_kind_of_id_joins_them_all(tmp_path):
    # b2's symbol is the id of b1: the locus tags join more genes, so the symbols are not looked at
    text = ">x1 [locus_tag=b2] [gene=b1]\nATGA\n>x2 [locus_tag=b1]\nATG\n"
    assert cds(tmp_path, text) == [["b1", "ATG"], ["b2", "ATG"]]


def test_a_packed_file_is_read(tmp_path):
    path = tmp_path / "cds.fna.gz"
    path.write_bytes(gzip.compress(b">b1\nATG\n"))
    assert read_cds(path, ["b1"]).values.tolist() == [["b1", "ATG"]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no sequence in it"),
        ("ATG\n", r"cds\.fna:1: text before the first '>'"),
        (">b1\nATG\n>\nATG\n", r"cds\.fna:3: a header without an id"),
        (">b1\n>b2\nATG\n", r"cds\.fna:1: coding sequence 'b1' has no letters"),
        (">b1\nATG\n>b2\nMKV\nLE\n", r"cds\.fna:3: 'b2' has the illegal letter 'L' at position 4"),
        (">x1\nATG\n", "none of its ids joins a gene: saw x1 but want b1, b2"),
    ],
)
def test_faulty_coding_sequences_are_an_error_of_one_line(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        cds(tmp_path, text)


# --- places


def row(kind="gene", start=1, end=9, strand="+", attributes="ID=b1", region="chr"):
    return f"{region}\tsource\t{kind}\t{start}\t{end}\t.\t{strand}\t.\t{attributes}\n"


def gff(tmp_path, *lines, genes=("b1", "b2", "b3"), aliases=None):
    return read_gff(write(tmp_path / "genes.gff", "".join(lines)), genes, aliases).values.tolist()


def test_genes_are_in_the_order_of_their_places(tmp_path):
    lines = [
        "##gff-version 3\n",
        row(start=50, end=90, strand="-", attributes="ID=b2;Name=x"),
        row("mRNA", attributes="ID=b3"),
        row(start=1, end=30, attributes="Name=y;ID=b1"),
        row(start=1, end=30, attributes="ID=b9"),
        row(start=5, end=6, strand="?", attributes="ID=b3", region="a"),
        "##FASTA\n>chr\nACGT\n",
    ]
    assert gff(tmp_path, *lines) == [["b3", "a", 5, 6, 0], ["b1", "chr", 1, 30, 1], ["b2", "chr", 50, 90, -1]]


def test_the_parts_of_a_gene_are_one_stretch_and_its_first_region_counts(tmp_path):
    lines = [row("CDS", 20, 29, "-", "ID=c1;gene=b1"), row("CDS", 5, 9, "-", "ID=c1;gene=b1")]
    lines += [row("CDS", 1, 3, "-", "ID=c1;gene=b1", region="other")]
    assert gff(tmp_path, *lines) == [["b1", "chr", 5, 29, -1]]


@pytest.mark.parametrize(
    ("kind", "attributes"),
    [
        ("gene", "ID=gene-b1;Name=thrL"),  # NCBI
        ("gene", "ID=gene:b1;Name=thrL"),  # Ensembl
        ("gene", "ID=g1;Name=thrL;locus_tag=b1"),
        ("CDS", "ID=cds-x;protein_id=b1"),
        ("CDS", "ID=cds-x;Dbxref=GeneID:9,UniProtKB/Swiss-Prot:b1"),
        ("CDS", "ID=cds-x;Alias=x,old%201"),
    ],
)
def test_ids_stand_in_many_attributes(tmp_path, kind, attributes):
    assert gff(tmp_path, row(kind, attributes=attributes), aliases={"old 1": "b1"}) == [["b1", "chr", 1, 9, 1]]


def test_the_attribute_that_joins_most_genes_is_used_for_all(tmp_path):
    lines = [row(attributes="ID=b1;locus_tag=b2"), row(start=20, end=29, attributes="ID=x;locus_tag=b3")]
    assert [gene for gene, *_ in gff(tmp_path, *lines)] == ["b2", "b3"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("##gff-version 3\n" + row("exon"), "no feature 'gene' or 'CDS' in it"),
        (row() + "chr gene 1 9\n", r"genes\.gff:2: 1 columns, GFF3 has 9"),
        (row(start=10), r"genes\.gff:1: start '10' and end '9' are no stretch"),
        (row(start="x"), r"genes\.gff:1: start 'x'"),
        (row(strand="1"), r"genes\.gff:1: '1' is not a strand"),
        (row(attributes='gene_id "b1";'), r"genes\.gff:1: attributes 'gene_id \"b1\";' are not those of GFF3"),
        (row(attributes="ID=x1"), "none of its ids joins a gene: saw x1 but want b1, b2, b3"),
    ],
)
def test_a_faulty_gff_is_an_error_of_one_line(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        gff(tmp_path, text)


# --- neighbourhood


def places(*rows):
    return pd.DataFrame(rows, columns=["gene_id", "sequence_region", "start", "end", "strand"])


# b starts 99 base pairs after a's end, c 100 after b's; d is on the other strand, e on another region
TABLE = places(
    ("a", "chr", 1, 100, 1),
    ("b", "chr", 200, 300, 1),
    ("c", "chr", 401, 500, 1),
    ("d", "chr", 510, 600, -1),
    ("e", "plasmid", 1, 90, -1),
)


def test_a_run_ends_at_a_gap_of_100_a_strand_or_a_region():
    assert operon_runs(TABLE).tolist() == [0, 0, 1, 2, 3]
    assert operon_runs(TABLE.iloc[:0]).tolist() == []


def test_genes_of_no_known_strand_stand_alone():
    assert operon_runs(places(("a", "chr", 1, 9, 0), ("b", "chr", 11, 19, 0))).tolist() == [0, 1]


def test_a_nested_gene_does_not_widen_the_gap_and_one_on_the_other_strand_does_not_close_it():
    nested = places(("a", "chr", 1, 1000, 1), ("b", "chr", 10, 20, 1), ("c", "chr", 1050, 1100, 1))
    assert operon_runs(nested).tolist() == [0, 0, 0]
    across = places(("a", "chr", 1, 9000, -1), ("b", "chr", 10, 20, 1), ("c", "chr", 2000, 2100, 1))
    assert operon_runs(across).tolist() == [0, 1, 2]


def test_genes_of_a_run_are_linked_by_their_steps_and_the_next_weakly():
    table = places(
        ("a", "chr", 1, 100, 1),
        ("b", "chr", 110, 200, 1),
        ("c", "chr", 210, 300, 1),
        ("d", "chr", 310, 400, -1),
        ("e", "plasmid", 1, 90, -1),
    )
    links = neighbours(table, ["d", "c", "b", "a", "e", "unplaced"])
    expected = np.zeros((6, 6))
    for one, other, weight in ((3, 2, 1), (2, 1, 1), (3, 1, 0.5), (1, 0, 0.1)):
        expected[one, other] = expected[other, one] = weight
    np.testing.assert_array_equal(links.toarray(), expected)


def test_genes_outside_the_universe_and_empty_tables_give_no_links():
    assert neighbours(TABLE, ["a", "x"]).nnz == 0
    assert neighbours(TABLE.iloc[:0], ["a", "b"]).nnz == 0
