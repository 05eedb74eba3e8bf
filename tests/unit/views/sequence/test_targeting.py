import pytest


def test_a_signal_peptide_has_a_charged_start_a_core_and_a_site(describe):
    # start MKKTAIAI: two lysines; the core ILLLLLLL begins at residue 8 (from 0); A.A fits -3 and -1
    found = describe("targeting", "MKKTAIAS" + "ILLLLLLL" + "TTSAQA" + "DE" * 20)
    assert found["targeting:start_charge"] == 2
    assert found["targeting:core_hydropathy"] == pytest.approx((4.5 + 7 * 3.8) / 8)
    assert found["targeting:core_place"] == 8
    assert found["targeting:small_site"] == 1


def test_a_core_further_on_is_no_signal(describe):
    found = describe("targeting", "D" * 30 + "L" * 8)
    assert found["targeting:core_hydropathy"] == pytest.approx(-3.5)
    assert found["targeting:small_site"] == 0


def test_a_transit_peptide_is_basic(describe):
    found = describe("targeting", "MLRRSSKTLARSLRKAAST" + "E" * 10)  # 19 residues, then 6 of the 10 in the first 25
    assert found["targeting:transit_arginine"] == 4
    assert found["targeting:transit_lysine"] == 2
    assert found["targeting:transit_acid"] == 6
    assert found["targeting:transit_serine_threonine"] == 6  # S S T S S T
    assert found["targeting:transit_charge"] == 0


@pytest.mark.parametrize(
    ("protein", "signal"),
    [
        ("MAAASKL", "peroxisome"),
        ("MAAAHDEL", "endoplasmic_reticulum"),
        ("MAAAKKAA", "dilysine"),
        ("MAAAKAKAA", "dilysine"),
        ("MAADCVIM", "prenylation"),
    ],
)
def test_signals_stand_at_the_very_end(describe, protein, signal):
    assert describe("targeting", protein)[f"targeting:{signal}"] == 1
    assert describe("targeting", protein + "WW")[f"targeting:{signal}"] == 0


def test_nuclear_signals_are_counted_and_may_overlap(describe):
    assert describe("targeting", "MAAPKKKRKVA")["targeting:monopartite"] == 2  # KKKR and KKRK
    # of nucleoplasmin: KR, ten residues, KKKK
    assert describe("targeting", "MAKRPAATKKAGQAKKKKL")["targeting:bipartite"] == 1
    assert describe("targeting", "MAKRPAATAAAGQAAKAKL")["targeting:bipartite"] == 0
