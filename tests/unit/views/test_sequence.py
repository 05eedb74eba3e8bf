import math

import numpy as np
import pandas as pd
import pytest
from Bio.SeqUtils import ProtParamData

from geneduet.views import sequence

# Swiss-Prot's mean composition, percent, in the order of RESIDUES
USUAL = [8.3, 1.4, 5.5, 6.7, 3.9, 7.1, 2.3, 5.9, 5.8, 9.7, 2.4, 4.1, 4.7, 3.9, 5.5, 6.6, 5.4, 6.9, 1.1, 2.9]


def described(protein: str) -> pd.Series:
    return pd.Series(sequence.describe(protein), index=sequence.columns())


def test_every_feature_has_a_name_of_its_own() -> None:
    names = sequence.columns()
    assert len(names) == len(set(names)) == len(sequence.describe("MKV"))
    # length, 20 residues, 8 scales x 3 regions, 4 of membranes, 3 of complexity, 400 pairs
    assert len(names) == 1 + 20 + 8 * 3 + 4 + 3 + 400


def test_composition_and_length() -> None:
    found = described("AACD")
    assert found["log_length"] == pytest.approx(math.log(4))
    assert found["composition:A"] == 0.5  # 2 of 4
    assert found["composition:C"] == found["composition:D"] == 0.25
    assert found.filter(like="composition:").sum() == 1


def test_dipeptides_are_ordered_and_overlap() -> None:
    found = described("AAACA")  # AA, AA, AC, CA
    assert found["dipeptide:AA"] == 0.5
    assert (found["dipeptide:AC"], found["dipeptide:CA"], found["dipeptide:CC"]) == (0.25, 0.25, 0)
    assert found.filter(like="dipeptide:").sum() == 1


def test_hydropathy_is_that_of_kyte_and_doolittle() -> None:
    assert dict(zip(sequence.RESIDUES, sequence.SCALES["hydropathy"], strict=True)) == ProtParamData.kd


@pytest.mark.parametrize(
    ("scale", "values"),
    [
        ("charge", {"D": -1, "E": -1, "K": 1, "R": 1, "H": 0.1, "G": 0, "Y": 0}),
        # Krigbaum and Komoriya 1979 (AAindex KRIW790103)
        ("volume", {"G": 0, "A": 27.5, "C": 44.6, "K": 100, "R": 105, "W": 145.5, "Y": 117.3, "V": 71.5}),
        # Grantham 1974 (AAindex GRAR740102)
        ("polarity", {"A": 8.1, "D": 13.0, "L": 4.9, "K": 11.3, "S": 9.2, "W": 5.4, "Y": 6.2, "P": 8.0}),
        # Chou and Fasman 1978 (AAindex CHOP780201, CHOP780202)
        ("helix", {"E": 1.51, "M": 1.45, "A": 1.42, "L": 1.21, "P": 0.57, "G": 0.57, "Y": 0.69, "S": 0.77}),
        ("sheet", {"V": 1.70, "I": 1.60, "Y": 1.47, "E": 0.37, "D": 0.54, "P": 0.55, "K": 0.74, "T": 1.19}),
        # TOP-IDP, Campen et al. 2008
        ("disorder", {"W": -0.884, "F": -0.697, "Y": -0.510, "N": 0.007, "K": 0.586, "E": 0.736, "P": 0.987}),
        ("aromatic", {"F": 1, "W": 1, "Y": 1, "H": 0, "L": 0}),
    ],
)  # fmt: skip
def test_scales_are_those_published(scale: str, values: dict[str, float]) -> None:
    for residue, value in values.items():
        assert described(residue)[f"{scale}:whole"] == pytest.approx(value, abs=1e-6), residue


def test_disorder_ranks_all_residues_as_published() -> None:
    # from order to disorder, as Campen et al. 2008 list their values
    order = np.argsort(sequence.SCALES["disorder"])
    assert "".join(np.array(list(sequence.RESIDUES))[order]) == "WFYIMLVNCTAGRDHQSKEP"


def test_a_scale_is_the_mean_over_the_residues() -> None:
    # (1.8 + 1.8 - 4.5 - 0.9) / 4 = -0.45
    assert described("AARW")["hydropathy:whole"] == pytest.approx(-0.45)
    assert described("AARW")["aromatic:whole"] == 0.25


def test_the_ends_are_fifty_residues_each() -> None:
    found = described("W" * 50 + "A" * 10 + "D" * 50)
    assert (found["aromatic:N_end"], found["aromatic:C_end"]) == (1, 0)
    assert (found["charge:N_end"], found["charge:C_end"]) == (0, -1)
    assert found["aromatic:whole"] == pytest.approx(50 / 110)
    assert found["charge:whole"] == pytest.approx(-50 / 110)


def test_one_helix_is_one_membrane_stretch() -> None:
    # a window of 19 with a leucines (3.8) and 19 - a lysines (-3.9) reaches 1.6 from a = 14 on:
    # (14 * 3.8 - 5 * 3.9) / 19 = 1.77, (13 * 3.8 - 6 * 3.9) / 19 = 1.37. So the windows that start at 5 to 16 count,
    # and cover 5 to 34: 30 of 40 residues
    found = described("K" * 10 + "L" * 20 + "K" * 10)
    assert found["membrane:count"] == 1
    assert found["membrane:share"] == 0.75
    assert found["membrane:peak"] == pytest.approx(3.8)


def test_two_helices_apart_and_two_that_touch_count_as_two() -> None:
    helix, loop = "L" * 20, "K" * 20
    assert described(loop + helix + loop + helix + loop)["membrane:count"] == 2
    # 45 leucines and 5 residues on either side: 55 residues, so more than one helix of 30
    assert described(loop + "L" * 45 + loop)["membrane:count"] == 2


def test_the_best_core_near_the_n_end_is_told_from_one_further_on() -> None:
    # a core of 8 leucines: in residues 11 to 18, then in 51 to 58, past the 40 that are looked at
    assert described("K" * 10 + "L" * 8 + "K" * 60)["membrane:N_end_peak"] == pytest.approx(3.8)
    assert described("K" * 50 + "L" * 8 + "K" * 20)["membrane:N_end_peak"] == pytest.approx(-3.9)
    # a core is no helix: (8 * 3.8 - 11 * 3.9) / 19 = -0.66
    found = described("K" * 10 + "L" * 8 + "K" * 60)
    assert (found["membrane:count"], found["membrane:share"]) == (0, 0)
    assert found["membrane:peak"] == pytest.approx((8 * 3.8 - 11 * 3.9) / 19)


def test_a_peptide_shorter_than_a_helix_spans_no_membrane() -> None:
    found = described("L" * 18)
    assert (found["membrane:count"], found["membrane:share"]) == (0, 0)
    assert found["membrane:peak"] == pytest.approx(3.8)


def test_low_complexity_is_what_windows_of_few_residues_cover() -> None:
    # 12 alanines, then 12 residues all different. A window with a alanines has a/12 log2(12/a) + (12-a)/12 log2(12)
    # bits: 1.95 at a = 7, 2.29 at a = 6. So the windows that start at 0 to 5 count, and cover 0 to 16
    found = described("A" * 12 + "CDEFGHIKLMNP")
    assert found["low_complexity:share"] == pytest.approx(17 / 24)
    assert found["low_complexity:longest"] == 17
    assert found["homopolymer:longest"] == 12


def test_of_two_low_complexity_stretches_the_longer_is_told() -> None:
    mixed = "CDEFGHIKLMNPQRSTVWY"
    found = described("A" * 12 + mixed + "A" * 20 + mixed)
    # 5 more residues on either side of a stretch, as above; the first has one side only
    assert found["low_complexity:longest"] == 20 + 5 + 5
    assert found["low_complexity:share"] == pytest.approx((12 + 5 + 30) / 70)
    assert found["homopolymer:longest"] == 20


def test_the_longest_homopolymer_may_stand_at_the_end() -> None:
    assert described("AACCCDEEEE")["homopolymer:longest"] == 4
    assert described("ACDE")["homopolymer:longest"] == 1


def test_a_protein_of_one_residue_has_no_pairs_and_no_windows() -> None:
    found = described("M")
    assert (found["log_length"], found["composition:M"], found["homopolymer:longest"]) == (0, 1, 1)
    assert found["hydropathy:whole"] == found["hydropathy:C_end"] == pytest.approx(1.9)
    assert not found.filter(like="dipeptide:").any()
    assert not found[["membrane:count", "membrane:share", "low_complexity:share"]].any()


def test_unknown_residues_say_nothing() -> None:
    assert not described("XXXXX").any()
    assert described("XXXXX").notna().all()
    pd.testing.assert_series_equal(described("MXKUV"), described("MKV"))


def test_no_feature_is_the_same_for_all_proteins() -> None:
    random = np.random.default_rng(1)
    residues, share = list(sequence.RESIDUES), np.array(USUAL) / sum(USUAL)
    proteins = ["".join(random.choice(residues, size=length, p=share)) for length in random.integers(60, 900, 80)]
    proteins[0] += "AILVLLGAVLALLVAGIALFFLW"  # a helix
    proteins[1] += "QQQQQQPQQQQQQQPQQQ"  # a repeat
    table = sequence.features([f"gene {number}" for number in range(80)], proteins)
    assert table.columns[table.nunique() < 2].tolist() == []
    assert np.isfinite(table.to_numpy()).all()


def test_the_table_has_a_row_for_each_gene_in_the_order_given() -> None:
    table = sequence.features(["b", "a"], ["MW", "MD"])
    assert (table.index.tolist(), table.index.name) == (["b", "a"], "gene_id")
    assert table["composition:W"].tolist() == [0.5, 0]
    assert (table.to_numpy().dtype, table.columns.tolist()) == (np.float32, sequence.columns())
