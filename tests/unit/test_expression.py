import gzip
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from geneduet.errors import InputError
from geneduet.expression import (
    Study,
    StudyReport,
    batch_share,
    merge_studies,
    normalise,
    read_matrix,
    rescale,
    size_factors,
)
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
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    matrix = read_matrix(write(tmp_path / "e.tsv", "g\ts1\ts2\tb\ng2\t1\t\t\ng1\t0\t0\t0\ng2\t4\t3\t\n"))
    assert matrix.index.tolist() == ["g2", "g1"]
    np.testing.assert_array_equal(matrix.loc["g2"], [2.5, 3, nan])
    assert "1 rows repeat a gene" in capsys.readouterr().out


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


def test_size_factors_are_the_median_of_ratios() -> None:
    # geometric means 2, 6 and 30: ratios 1/2 2, 1/2 2, 1/10 10; the last gene, absent from s1, has none
    counts = np.array([[1.0, 4.0], [3.0, 12.0], [3.0, 300.0], [0.0, 5.0]])
    np.testing.assert_allclose(size_factors(counts), [0.5, 2])


def test_one_gene_of_most_reads_moves_the_totals_but_not_the_size_factors() -> None:
    counts = np.array([[10.0, 10.0], [20.0, 20.0], [30.0, 30.0], [5.0, 5e6]])
    np.testing.assert_allclose(size_factors(counts), [1, 1])


def test_size_factors_are_of_the_totals_where_no_gene_is_in_all_samples() -> None:
    # totals 2 and 8 have the geometric mean 4
    np.testing.assert_allclose(size_factors(np.array([[2.0, 0.0], [0.0, 8.0]])), [0.5, 2])


def test_one_gene_of_hundreds_in_all_samples_is_too_few_for_a_median() -> None:
    # as above, but for a gene that would say 1 and 1: 1 of 202 genes
    halves = np.kron(np.array([[2.0, 0.0], [0.0, 8.0]]), np.ones((100, 1)))
    found = size_factors(np.vstack([halves, [[5.0, 5.0], [0.0, 0.0]]]))
    np.testing.assert_allclose(found, np.array([205, 805]) / math.sqrt(205 * 805))


def test_a_sample_without_reads_has_no_size_factor_and_leaves_those_of_others() -> None:
    counts = np.array([[1.0, 0.0, 4.0], [3.0, nan, 12.0]])
    np.testing.assert_allclose(size_factors(counts), [0.5, nan, 2])
    assert np.isnan(size_factors(np.zeros((2, 2)))).all()


def test_counts_become_logs_of_counts_by_size_factor() -> None:
    # size factors 1/2 and 2 from g1 and g2; g3 was not measured in s2
    scaled = normalise(frame({"g1": [1, 4], "g2": [3, 12], "g3": [0, nan]}), "counts")
    np.testing.assert_allclose(scaled, [[math.log2(3)] * 2, [math.log2(7)] * 2, [0, nan]], rtol=1e-6)


def test_counts_of_any_depth_give_the_same_values_but_for_chance() -> None:
    random = np.random.default_rng(1)
    genes = random.lognormal(6, 1, size=2000)
    counts = random.poisson(np.outer(genes, [0.2, 1, 5])).astype(float)
    scaled = normalise(pd.DataFrame(counts, columns=["s1", "s2", "s3"]), "counts")
    assert scaled.mean().to_numpy() == pytest.approx(scaled.mean().mean(), abs=0.02)


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


def merge(
    studies: list[Study], genes: list[str], aliases: dict[str, str] | None = None
) -> tuple[pd.DataFrame, list[StudyReport]]:
    """Merge tables of a few genes: by default a sample must tell of ten."""
    return merge_studies(studies, genes, aliases, min_values=1)


def some(genes: int, samples: int) -> pd.DataFrame:
    """Made-up values without a hole."""
    values = np.random.default_rng(1).normal(size=(genes, samples))
    return frame({f"g{number:03}": list(row) for number, row in enumerate(values)})


def test_a_study_is_centred_by_gene_and_divided_by_one_number() -> None:
    # centred: -1 1, -2 2 0 and -2 0 2; their mean square is 18/8
    study = Study("a", "ratio", frame({"g2": [1, 3, nan], "g1": [10, 14, 12], "g3": [0, 2, 4]}))
    merged, _ = merge([study], ["g1", "g2", "g3"])
    assert list(merged.columns) == ["a:s1", "a:s2", "a:s3"]
    assert merged.index.tolist() == ["g1", "g2", "g3"]
    np.testing.assert_allclose(merged, np.array([[-2, 2, 0], [-1, 1, nan], [-2, 0, 2]]) / 1.5, rtol=1e-6)


def test_units_of_a_study_do_not_matter() -> None:
    matrix = frame({"g1": [1, 3], "g2": [5, 4]})
    merged, _ = merge([Study("a", "ratio", matrix), Study("b", "ratio", 100 * matrix)], ["g1", "g2"])
    np.testing.assert_allclose(merged[["a:s1", "a:s2"]], merged[["b:s1", "b:s2"]])


def test_genes_are_those_of_any_study_and_of_the_universe() -> None:
    one = Study("a", "ratio", frame({"g3": [1, 2], "g1": [0, 3], "rna": [9, 9]}))
    two = Study("b", "ratio", frame({"g2": [1, 2], "g4": [nan, nan], "g1": [4, 1]}))
    merged, reports = merge([one, two], ["g1", "g2", "g3", "g4", "g5"])
    assert merged.index.tolist() == ["g1", "g2", "g3"]
    assert merged.loc["g2"].isna().tolist() == [True, True, False, False]
    assert [(report.rows, report.joined) for report in reports] == [(3, 2), (3, 3)]


def test_size_factors_are_of_all_genes_also_those_outside_the_universe() -> None:
    # g1 and g2 alone would say ratios of 2 and 1/3
    matrix = frame({"g1": [1, 2], "g2": [3, 1], **{f"rna{number}": [7, 70] for number in range(3)}})
    np.testing.assert_allclose(size_factors(matrix.to_numpy(float)), [math.sqrt(0.1), math.sqrt(10)])
    merged, _ = merge([Study("a", "counts", matrix)], ["g1", "g2"])
    expected = normalise(matrix, "counts").loc[["g1", "g2"]]
    expected = expected.sub(expected.mean(axis=1), axis=0)
    np.testing.assert_allclose(merged, expected / math.sqrt((expected**2).to_numpy().mean()), rtol=1e-5)


def test_aliases_join_and_rows_of_one_gene_are_averaged() -> None:
    matrix = frame({"P1": [0, 2], "g1": [2, 4], "g2": [1, 0]})
    merged, _ = merge([Study("a", "ratio", matrix)], ["g1", "g2"], {"P1": "g1"})
    direct, _ = merge([Study("a", "ratio", frame({"g1": [1, 3], "g2": [1, 0]}))], ["g1", "g2"])
    pd.testing.assert_frame_equal(merged, direct)


def test_small_studies_weigh_as_they_are_and_large_ones_at_most_as_a_hundred_samples() -> None:
    studies = [Study(name, "ratio", some(20, samples)) for name, samples in zip("abc", (12, 278, 2), strict=True)]
    merged, _ = merge_studies(studies, list(some(20, 1).index))
    square = [float(np.square(merged.filter(like=f"{name}:")).to_numpy().mean()) for name in "abc"]
    # 1 / (1 + n / 100), the largest (of two samples: 1 / 1.02) being 1
    np.testing.assert_allclose(square, [1.02 / 1.12, 1.02 / 3.78, 1], rtol=1e-5)
    # so the large one has 7 times the weight of the small one, not 23 times
    assert 278 * square[1] / (12 * square[0]) == pytest.approx((278 / 3.78) / (12 / 1.12), rel=1e-5)


def test_the_correlation_of_two_genes_is_the_weighted_mean_of_that_in_the_studies() -> None:
    # in each study both genes have the same spread: r is 1 in two samples of a, -1 in 20 of b
    up, down = [1.0, -1.0], [1.0, -1.0] * 10
    one = Study("a", "ratio", frame({"g1": up, "g2": up}))
    two = Study("b", "ratio", frame({"g1": down, "g2": [-value for value in down]}))
    # samples of two values and their opposites repeat: told apart by g3
    one.matrix.loc["g3"], two.matrix.loc["g3"] = 0.0, np.arange(20) * 1e-6
    merged, _ = merge([one, two], ["g1", "g2", "g3"])
    weight = 2 / 1.02, 20 / 1.2
    expected = (weight[0] - weight[1]) / sum(weight)
    assert np.corrcoef(merged.loc["g1"], merged.loc["g2"])[0, 1] == pytest.approx(expected, abs=1e-5)


def test_a_single_study_has_mean_square_1_whatever_its_size() -> None:
    matrix = pd.DataFrame(np.random.default_rng(1).normal(size=(20, 50)), [f"g{number}" for number in range(20)])
    merged, _ = merge_studies([Study("a", "log", matrix)], list(matrix.index))
    assert np.square(merged.to_numpy(float)).mean() == pytest.approx(1, rel=1e-5)


def test_empty_and_constant_samples_are_dropped_and_reported() -> None:
    study = Study("a", "ratio", frame({"g1": [1, 7, nan, 2], "g2": [5, 7, nan, 3]}))
    merged, (report,) = merge([study], ["g1", "g2"])
    assert list(merged.columns) == ["a:s1", "a:s4"]
    assert report.samples == 4
    assert report.dropped_samples == {"s2": "all values equal", "s3": "0 of 1 values needed"}
    assert str(report) == (
        "a: 2 of 2 rows joined, 2 of 4 samples kept; dropped: s2 (all values equal), s3 (0 of 1 values needed)"
    )


@pytest.mark.parametrize(("genes", "needed"), [(30, 10), (100, 20)])
def test_a_sample_must_tell_of_ten_genes_and_of_a_fifth_of_what_is_usual(genes: int, needed: int) -> None:
    matrix = some(genes, 5)
    matrix.iloc[needed:, 0] = nan
    matrix.iloc[needed - 1 :, 3] = nan
    _, (report,) = merge_studies([Study("a", "ratio", matrix)], list(matrix.index))
    assert report.dropped_samples == {"s4": f"{needed - 1} of {needed} values needed"}


def test_a_sample_that_hardly_varies_is_dropped() -> None:
    matrix = some(20, 5)
    matrix["s2"] *= 0.005  # of a hundredth of the usual spread
    matrix["s3"] *= 0.05
    _, (report,) = merge_studies([Study("a", "ratio", matrix)], list(matrix.index))
    assert list(report.dropped_samples) == ["s2"]
    assert "standard deviation 0.00" in report.dropped_samples["s2"]


def test_a_sample_that_is_there_twice_is_kept_once() -> None:
    matrix = some(20, 4)
    matrix.loc["g003", "s1"] = nan
    matrix.loc["g004", "s1"] = 0.0
    matrix["s4"] = matrix["s1"]
    matrix.loc["g004", "s4"] = -0.0
    matrix["s3"] = matrix["s1"].fillna(1)  # a value more: not the same
    merged, (report,) = merge_studies([Study("a", "ratio", matrix)], list(matrix.index))
    assert report.dropped_samples == {"s4": "the same as s1"}
    assert list(merged.columns) == ["a:s1", "a:s2", "a:s3"]


def test_the_same_sample_in_two_studies_is_kept_in_both() -> None:
    matrix = some(20, 4)
    merged, _ = merge_studies([Study(name, "ratio", matrix) for name in "ab"], list(matrix.index))
    assert merged.shape == (20, 8)


def test_genes_without_a_value_are_counted_and_left_out() -> None:
    matrix = some(20, 4)
    matrix.iloc[[2, 5]] = nan
    merged, (report,) = merge_studies([Study("a", "ratio", matrix)], list(matrix.index))
    assert (len(merged), report.joined, report.empty_genes) == (18, 20, 2)
    assert "20 of 20 rows joined, 2 genes without a value, 4 of 4 samples" in str(report)


def test_a_study_that_keeps_no_sample_is_an_error() -> None:
    study = Study("a", "ratio", some(9, 4), "e.tsv")
    with pytest.raises(InputError, match=r"e\.tsv: no sample of study 'a' is of use \(s1: 9 of 10 values needed\)"):
        merge_studies([study], list(study.matrix.index))


def test_what_studies_explain_is_told_and_gone_after_centring(capsys: pytest.CaptureFixture[str]) -> None:
    # the means of g1 are 2 and 6, 2 from 4, the values are 3, 1, 1 and 3 from it: 16 of 20. g2 is in one study only
    one = Study("a", "ratio", frame({"g1": [1, 3], "g2": [2, 8]}))
    two = Study("b", "ratio", frame({"g1": [5, 7], "g3": [1, 4]}))
    merge([one, two], ["g1", "g2", "g3"])
    said = "study explains 80% of the variance of samples before centring, 0% after"
    assert said in capsys.readouterr().out
    merge([one], ["g1", "g2"])
    assert capsys.readouterr().out == ""


def test_batch_share_leaves_missing_values_out() -> None:
    table = pd.DataFrame([[0, 2, nan, 6], [nan, nan, 1, 9], [1, 1, 1, 1]], columns=["a:1", "a:2", "b:1", "b:x:2"])
    # of the first row the mean is 8/3; of the study means 1 and 6, (5/3)^2 twice and (10/3)^2; the second is in one
    # study, the third does not vary
    between = 2 * (5 / 3) ** 2 + (10 / 3) ** 2
    whole = (8 / 3) ** 2 + (2 / 3) ** 2 + (10 / 3) ** 2
    assert batch_share(table) == pytest.approx(between / whole)
    assert math.isnan(batch_share(table.iloc[1:]))


def test_expression_that_never_joins_is_an_error_that_shows_both_sides() -> None:
    with pytest.raises(InputError, match=r"e\.tsv: .*saw x1, x2 but want g1"):
        merge([Study("a", "ratio", frame({"x1": [1, 2], "x2": [2, 1]}), "e.tsv")], ["g1"])


def test_two_studies_of_one_name_are_an_error() -> None:
    study = Study("a", "ratio", frame({"g1": [1, 2], "g2": [2, 1]}))
    with pytest.raises(InputError, match="two studies have the name 'a'"):
        merge([study, study], ["g1", "g2"])


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
    assert batch_share(merged) == pytest.approx(0, abs=1e-9)


@needs_data
def test_real_ecoli_compendium_is_read() -> None:
    matrix = read_matrix(DATA / "ecoli" / "expression.tsv.gz")
    genes = set(read_proteome(DATA / "ecoli" / "proteome.fasta.gz")["gene_id"])
    assert matrix.shape == (3_923, 278)
    assert not matrix.isna().to_numpy().any()
    assert len(genes & set(matrix.index)) == 3_830


@needs_data
def test_two_samples_of_the_ecoli_compendium_are_there_twice() -> None:
    genes = read_proteome(DATA / "ecoli" / "proteome.fasta.gz")["gene_id"].tolist()
    study = Study("precise", "log", read_matrix(DATA / "ecoli" / "expression.tsv.gz"))
    merged, (report,) = merge_studies([study], genes)
    assert merged.shape == (3_830, 276)
    twice = {f"pal__lyx_ale4__{number}": f"the same as pal__lyx_ale2__{number}" for number in (1, 2)}
    assert report.dropped_samples == twice


# --- other genes in the same samples


def three_studies() -> tuple[pd.DataFrame, pd.DataFrame, dict[str, pd.DataFrame]]:
    """Merged genes, their scale, and the studies as read; two have a sample of one name."""
    read = {
        "counts": frame({"g1": [1, 20, 3], "g2": [30, 10, 7], "g3": [9, 2, 400], "g4": [5, 5, 1]}),
        "ratio": frame({"g1": [0.5, nan], "g2": [-1, 2], "g3": [0, 1], "g4": [3, 1]}),
        "tpm": frame({"g1": [4, 5], "g2": [0, 9], "g3": [6, 6], "g4": [1, 1]}).set_axis(["a", "b"], axis=1),
    }
    merged, reports = merge([Study(name, name, matrix) for name, matrix in read.items()], ["g1", "g2", "g3", "g4"])
    return merged, pd.concat([report.scale for report in reports], ignore_index=True), read


def side_by_side(read: dict[str, pd.DataFrame], *names: str) -> pd.DataFrame:
    return pd.concat([read[name].add_prefix(f"{name}:") for name in names], axis=1)


def test_genes_of_the_studies_come_out_as_merged_one_by_one() -> None:
    merged, scale, read = three_studies()
    matrix = side_by_side(read, "tpm", "counts", "ratio")  # in another order
    for genes in (["g1", "g2", "g3", "g4"], ["g3"]):
        found = rescale(matrix.loc[genes], scale)
        pd.testing.assert_frame_equal(found, merged.loc[genes], rtol=1e-6)


def test_a_sample_of_one_study_alone_needs_no_name_of_the_study_and_a_study_may_be_left_out() -> None:
    merged, scale, read = three_studies()
    found = rescale(read["tpm"].assign(extra=1.0), scale)
    pd.testing.assert_frame_equal(found[["tpm:a", "tpm:b"]], merged[["tpm:a", "tpm:b"]], rtol=1e-6)
    assert found.columns.tolist() == merged.columns.tolist()
    assert found.drop(columns=["tpm:a", "tpm:b"]).isna().all(axis=None)


def test_samples_that_do_not_match_are_refused() -> None:
    _, scale, read = three_studies()
    with pytest.raises(InputError, match=r"e\.tsv: no column is a sample of the model \(counts:s1, "):
        rescale(read["ratio"], scale, "e.tsv")  # of s1 there are two
    matrix = side_by_side(read, "counts", "ratio").drop(columns="counts:s2")
    with pytest.raises(InputError, match="1 of the 3 samples of study 'counts' are missing: counts:s2; give all"):
        rescale(matrix, scale, "e.tsv")
    with pytest.raises(InputError, match=r"negative counts \(gene 'g1'"):
        rescale(-side_by_side(read, "counts"), scale)
