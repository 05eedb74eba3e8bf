import gzip
from pathlib import Path

import pytest

from geneduet.errors import InputError
from geneduet.proteome import read_proteome

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.exists(), reason=f"real data are not here: {DATA}")


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_proteins_are_sorted_upper_case_and_without_the_final_stop(tmp_path: Path) -> None:
    path = write(tmp_path / "p.faa", "\n>b2 thrB kinase\nmkv\nuobzjx*\n\n>b1\nMA\n")
    assert read_proteome(path).values.tolist() == [["b1", "b1", "MA", ""], ["b2", "b2", "MKVUOBZJX", "thrB kinase"]]


def test_of_a_uniprot_header_the_accession_is_the_id(tmp_path: Path) -> None:
    path = write(tmp_path / "p.faa", ">sp|P0A776|RPPH_ECOLI hydrolase OS=E. coli\nMA\n")
    assert read_proteome(path)[["gene_id", "description"]].values.tolist() == [["P0A776", "hydrolase OS=E. coli"]]


def test_the_longest_isoform_stands_for_the_gene_and_the_first_id_among_equals(tmp_path: Path) -> None:
    path = write(tmp_path / "p.faa", ">p3\nMKV\n>p2\nMAA\n>p1\nM\n>q1\nMM\n")
    genes = write(tmp_path / "map.tsv", "protein_id\tgene_id\np1\tg2\np2\tg2\np3\tg2\nq1\tg1\nother\tg9\n")
    table = read_proteome(path, genes)
    assert table[["gene_id", "protein_id"]].values.tolist() == [["g1", "q1"], ["g2", "p2"]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no sequence in it"),
        ("MKV\n", r"p\.faa:1: text before the first '>'"),
        (">a\nMK\n\n>b\nM\n>a\nMM\n", r"p\.faa:6: id 'a' occurs twice, first on line 1"),
        (">a\nMK\n>b x\nMKV\nM-V\n", r"p\.faa:3: protein 'b' has the illegal letter '-' at position 5"),
        (">a\nM*K\n", r"illegal letter '\*' at position 2"),
        (">a\n>b\nMK\n", r"p\.faa:1: protein 'a' has no residues"),
        (">a\n*\n", "no residues"),
        ("> a\nMK\n>\nMK\n", r"p\.faa:3: a header without an id"),
    ],
)
def test_a_faulty_fasta_is_an_error_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_proteome(write(tmp_path / "p.faa", text))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("p1\tg1\n", "1 of 2 proteins of p.faa are missing: p2"),
        ("p1\tg1\np2\n", r"map\.tsv:2: protein 'p2' has no gene"),
        ("p1\tg1\np2\tg2\np1\tg2\n", r"map\.tsv:3: protein 'p1' has the genes 'g1' and 'g2'"),
    ],
)
def test_a_faulty_gene_map_is_an_error(tmp_path: Path, text: str, message: str) -> None:
    fasta = write(tmp_path / "p.faa", ">p1\nM\n>p2\nM\n")
    with pytest.raises(InputError, match=message):
        read_proteome(fasta, write(tmp_path / "map.tsv", text))


def test_a_truncated_gzip_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "p.faa.gz"
    path.write_bytes(gzip.compress(b">a\nMKV\n" * 9)[:-10])
    with pytest.raises(InputError, match="truncated"):
        read_proteome(path)


@needs_data
@pytest.mark.parametrize(
    ("organism", "number", "shortest", "longest"), [("yeast", 5_983, 16, 4_910), ("ecoli", 4_240, 13, 2_358)]
)
def test_real_proteomes_are_read(organism: str, number: int, shortest: int, longest: int) -> None:
    lengths = read_proteome(DATA / organism / "proteome.fasta.gz")["sequence"].str.len()
    assert (len(lengths), lengths.min(), lengths.max()) == (number, shortest, longest)
