import gzip
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from geneduet.errors import InputError
from geneduet.expression import Study, merge_studies, normalise, read_matrix
from geneduet.proteome import read_proteome

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.exists(), reason=f"real data are not here: {DATA}")

nan = math.nan


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def frame(rows: dict[str, list[float]]) -> pd.DataFrame:
    matrix = pd.DataFrame.from_dict(rows, orient="index").astype(np.float32)
    return matrix.set_axis([f"s{number + 1}" for number in range(matrix.shape[1])], axis=1)


# --- reading


@pytest.mark.parametrize(
    "text",
    [
        "gene_id\ts1\ts2\ng1\t1\t-2.5e1\n\ng2\t\tNA\n",
        "gene_id,s1,s2\ng1,1,-25\ng2,-,null\n",
        '"","s1","s2"\n"g1",1,-25\n"g2",NaN,nan\n',
        "\ts1\ts2\r\ng1\t 1\t-25 \r\ng2\tna\t\r\n",
    ],
)
def test_tables_of_either_separator_with_missing_cells_are_read(tmp_path: Path, text: str) -> None:
    matrix = read_matrix(write(tmp_path / "e.txt", text))
    assert list(matrix.columns) == ["s1", "s2"]
    assert matrix.index.tolist() == ["g1", "g2"]
    assert matrix.index.name == "gene_id"
    assert matrix.to_numpy().dtype == np.float32
    np.testing.assert_array_equal(matrix, [[1, -25], [nan, nan]])


def test_rows_of_one_gene_are_averaged_over_what_is_there_and_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    matrix = read_matrix(write(tmp_path / "e.tsv", "g\ts1\ts2\tb\ng2\t1\t\t\ng1\t0\t0\t0\ng2\t4\t3\t\n"))
    assert matrix.index.tolist() == ["g2", "g1"]
    np.testing.assert_array_equal(matrix.loc["g2"], [2.5, 3, nan])
    assert "1 rows repeat a gene" in caplog.text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("g\ts1\ts2\ng1\t1\t2\ng2\t1\thigh\n", r"e\.tsv:3: 'high' in column 's2' is not a number"),
        ("g\ts1\ts2\ng1\t1\tinf\n", r"e\.tsv:2: 'inf' in column 's2' is not a finite number"),
        ("g\ts1\ts2\ng1\t1\n", r"e\.tsv:2: 2 cells, the header has 3"),
        ("g\ts1\ts1\ng1\t1\t1\n", r"e\.tsv:1: sample names repeat: s1"),
        ("g\ts1\t\ng1\t1\t1\n", r"e\.tsv:1: column 3 has no name"),
        ("g\ts1\n\t1\n", r"e\.tsv:2: no gene id"),
        ("g s1\ng1 1\n", r"e\.tsv:1: no samples in the header"),
        ("", "no samples in the header"),
        ("g\ts1\n", "no genes in it"),
    ],
)
def test_a_faulty_table_is_an_error_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_matrix(write(tmp_path / "e.tsv", text))


def test_a_truncated_gzip_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "e.tsv.gz"
    path.write_bytes(gzip.compress(b"g\ts1\ng1\t1\ng2\t2\n")[:-10])
    with pytest.raises(InputError, match="truncated"):
        read_matrix(path)


# --- scale


def test_counts_become_log_counts_per_million_of_the_sample() -> None:
    # s1 has 4 reads in all, s2 none, s3 two of one gene: the other was not measured
    scaled = normalise(frame({"g1": [1, 0, 2], "g2": [3, 0, nan]}), "counts")
    assert scaled["s1"].tolist() == pytest.approx([math.log2(250_001), math.log2(750_001)])
    assert scaled["s2"].isna().all()
    np.testing.assert_allclose(scaled["s3"], [math.log2(1_000_001), nan])


def test_tpm_is_logged_and_logs_and_ratios_stay() -> None:
    matrix = frame({"g1": [0, 1], "g2": [3, nan]})
    np.testing.assert_array_equal(normalise(matrix, "tpm"), [[0, 1], [2, nan]])
    for kind in ("log", "ratio"):
        pd.testing.assert_frame_equal(normalise(-matrix, kind), -matrix)


@pytest.mark.parametrize("kind", ["counts", "tpm"])
def test_a_negative_count_is_an_error_that_says_where(kind: str) -> None:
    with pytest.raises(InputError, match=rf"e\.tsv: negative {kind} \(gene 'g2', sample 's1'\)"):
        normalise(frame({"g1": [1, 1], "g2": [-1, 1]}), kind, "e.tsv")


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="fpkm"):
        normalise(frame({"g1": [1]}), "fpkm")


# --- merging


def test_a_study_is_centred_by_gene_and_divided_by_one_number() -> None:
    # centred: -1 1, -2 2 0 and -2 0 2; their mean square is 18/8
    study = Study("a", "ratio", frame({"g2": [1, 3, nan], "g1": [10, 14, 12], "g3": [0, 2, 4]}))
    merged, _ = merge_studies([study], ["g1", "g2", "g3"])
    assert list(merged.columns) == ["a:s1", "a:s2", "a:s3"]
    assert merged.index.tolist() == ["g1", "g2", "g3"]
    np.testing.assert_allclose(merged, np.array([[-2, 2, 0], [-1, 1, nan], [-2, 0, 2]]) / 1.5, rtol=1e-6)


def test_units_of_a_study_do_not_matter() -> None:
    matrix = frame({"g1": [1, 3], "g2": [5, 4]})
    merged, _ = merge_studies([Study("a", "ratio", matrix), Study("b", "ratio", 100 * matrix)], ["g1", "g2"])
    np.testing.assert_allclose(merged[["a:s1", "a:s2"]], merged[["b:s1", "b:s2"]])


def test_genes_are_those_of_any_study_and_of_the_universe() -> None:
    one = Study("a", "ratio", frame({"g3": [1, 2], "g1": [0, 3], "rna": [9, 9]}))
    two = Study("b", "ratio", frame({"g2": [1, 2], "g4": [nan, nan], "g1": [4, 1]}))
    merged, reports = merge_studies([one, two], ["g1", "g2", "g3", "g4", "g5"])
    assert merged.index.tolist() == ["g1", "g2", "g3"]
    assert merged.loc["g2"].isna().tolist() == [True, True, False, False]
    assert [(report.rows, report.joined) for report in reports] == [(3, 2), (3, 3)]


def test_library_size_counts_genes_outside_the_universe() -> None:
    matrix = frame({"g1": [1, 2], "g2": [3, 1], "rrna": [1e6, 1]})
    merged, _ = merge_studies([Study("a", "counts", matrix)], ["g1", "g2"])
    expected = normalise(matrix, "counts").loc[["g1", "g2"]]
    expected = expected.sub(expected.mean(axis=1), axis=0)
    np.testing.assert_allclose(merged, expected / math.sqrt((expected**2).to_numpy().mean()), rtol=1e-5)


def test_aliases_join_and_rows_of_one_gene_are_averaged() -> None:
    matrix = frame({"P1": [0, 2], "g1": [2, 4], "g2": [1, 0]})
    merged, _ = merge_studies([Study("a", "ratio", matrix)], ["g1", "g2"], {"P1": "g1"})
    direct, _ = merge_studies([Study("a", "ratio", frame({"g1": [1, 3], "g2": [1, 0]}))], ["g1", "g2"])
    pd.testing.assert_frame_equal(merged, direct)


def test_empty_and_constant_samples_are_dropped_and_reported() -> None:
    study = Study("a", "ratio", frame({"g1": [1, 7, nan, 2], "g2": [5, 7, nan, 3]}))
    merged, (report,) = merge_studies([study], ["g1", "g2"])
    assert list(merged.columns) == ["a:s1", "a:s4"]
    assert (report.samples, report.dropped_samples) == (4, ("s2", "s3"))


def test_expression_that_never_joins_is_an_error_that_shows_both_sides() -> None:
    with pytest.raises(InputError, match=r"e\.tsv: .*saw x1, x2 but want g1"):
        merge_studies([Study("a", "ratio", frame({"x1": [1, 2], "x2": [2, 1]}), "e.tsv")], ["g1"])


def test_two_studies_of_one_name_are_an_error() -> None:
    study = Study("a", "ratio", frame({"g1": [1, 2], "g2": [2, 1]}))
    with pytest.raises(InputError, match="two studies have the name 'a'"):
        merge_studies([study, study], ["g1", "g2"])


@needs_data
def test_real_yeast_studies_merge_as_their_readme_says() -> None:
    genes = read_proteome(DATA / "yeast" / "proteome.fasta.gz")["gene_id"].tolist()
    studies = [
        Study(name, "ratio", read_matrix(DATA / "yeast" / "expression_studies" / f"{name}.tsv.gz"))
        for name in ("spellman_1998", "brauer_2008")
    ]
    merged, reports = merge_studies(studies, genes)
    assert merged.shape == (5_721, 113)
    assert [(report.rows, report.joined) for report in reports] == [(6_178, 5_635), (5_536, 5_327)]
    assert merged.isna().to_numpy().mean() == pytest.approx(0.071, abs=0.0005)


@needs_data
def test_real_ecoli_compendium_is_read() -> None:
    matrix = read_matrix(DATA / "ecoli" / "expression.tsv.gz")
    genes = set(read_proteome(DATA / "ecoli" / "proteome.fasta.gz")["gene_id"])
    assert matrix.shape == (3_923, 278)
    assert not matrix.isna().to_numpy().any()
    assert len(genes & set(matrix.index)) == 3_830
