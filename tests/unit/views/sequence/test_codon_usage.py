import math

import numpy as np
import pandas as pd
import pytest

from geneduet import tables
from geneduet.views.given import Given
from geneduet.views.sequence import codon_usage
from geneduet.views.sequence.codon_usage import AMINO_ACIDS, CODONS, count_codons, effective_number


def describe(sequence):
    return pd.Series(codon_usage.describe(sequence), [name.split(":")[1] for name in codon_usage.COLUMNS])


def of_each(choose):
    """A sequence in which each amino acid has the codons that are chosen of its own."""
    codons = {
        letter: [c for c, own in zip(CODONS, AMINO_ACIDS, strict=True) if own == letter] for letter in AMINO_ACIDS
    }
    return "".join("".join(choose(own)) for letter, own in codons.items() if letter != "*")


def test_the_code_is_the_standard_one():
    code = dict(zip(CODONS, AMINO_ACIDS, strict=True))
    chosen = ["ATG", "TGG", "TAA", "TAG", "TGA", "ATA", "AGC", "CGA", "GGG", "AAA"]
    assert "".join(code[codon] for codon in chosen) == "MW***ISRGK"
    assert sorted(map(AMINO_ACIDS.count, set(AMINO_ACIDS))) == [1] * 2 + [2] * 9 + [3] * 2 + [4] * 5 + [6] * 3


def test_relative_usage_is_the_count_over_the_mean_of_its_amino_acid():
    # leucine: 3 CTG and 1 TTA of six codons, so a mean of 4/6
    found = describe("CTGCTGCTGTTA")
    assert found["L_CTG"] == pytest.approx(3 / (4 / 6))
    assert found["L_TTA"] == pytest.approx(1 / (4 / 6))
    assert found["L_CTT"] == 0
    assert math.isnan(found["K_AAA"])


def test_there_are_59_codons_with_a_choice():
    assert len([name for name in codon_usage.COLUMNS if "_" in name.split(":")[1] and "effective" not in name]) == 59


def test_gc_content_leaves_out_stops_and_ambiguous_codons():
    # ATG GCC AAA: third positions G, C, A; of nine letters G, G, C, C
    found = describe("ATGGCCAAAGCNTGA")
    assert found["GC3"] == pytest.approx(2 / 3)
    assert found["GC"] == pytest.approx(4 / 9)


def test_one_codon_for_each_amino_acid_makes_20():
    assert effective_number(count_codons(of_each(lambda own: own[:1] * 5))) == pytest.approx(20)


def test_all_alike_makes_no_more_than_61():
    assert effective_number(count_codons(of_each(lambda own: own))) == 61


def test_effective_number_by_hand():
    # each amino acid ten times: 9 of one codon and 1 of another, F = (10 * (0.81 + 0.01) - 1) / 9 = 0.8
    sequence = of_each(lambda own: own[:1] * 9 + own[-1:])
    assert effective_number(count_codons(sequence)) == pytest.approx(2 + (9 + 1 + 5 + 3) / 0.8)


def test_without_isoleucine_the_mean_of_twofold_and_fourfold_stands_in():
    # twofold F = 1, fourfold F = 0.8, so threefold 0.9
    def choose(own):
        return [] if len(own) == 3 else own[:1] * 9 + (own[-1:] if len(own) == 4 else own[:1])

    assert effective_number(count_codons(of_each(choose))) == pytest.approx(2 + 9 + 1 / 0.9 + 5 / 0.8 + 3)


def test_a_gene_of_few_amino_acids_has_no_effective_number():
    assert math.isnan(effective_number(count_codons("CTGCTGCTG")))


def test_a_gene_without_codons_has_no_numbers():
    assert describe("").isna().all()


def test_genes_without_coding_sequence_are_left_out(tmp_path):
    path = tmp_path / "cds.parquet"
    tables.write(path, pd.DataFrame([("a", "ATGAAA"), ("x", "ATG")], columns=["gene_id", "sequence"]))
    found = codon_usage.features(Given(["b", "a"], files={"cds": [path]}))
    assert (found.index.tolist(), found.index.name, set(found.dtypes)) == (["a"], "gene_id", {np.dtype("float32")})
    assert found.loc["a", "codon_usage:K_AAA"] == 2


def test_without_tables_there_are_no_features():
    assert codon_usage.features(Given(["a"])).size == 0
