import pytest


def test_one_helix_is_one_membrane_stretch(describe):
    # a window of 19 with a leucines (3.8) and 19 - a lysines (-3.9) reaches 1.6 from a = 14 on:
    # (14 * 3.8 - 5 * 3.9) / 19 = 1.77, (13 * 3.8 - 6 * 3.9) / 19 = 1.37. So the windows that start at 5 to 16 count,
    # and cover 5 to 34: 30 of 40 residues
    found = describe("membrane", "K" * 10 + "L" * 20 + "K" * 10)
    assert found["membrane:count"] == 1
    assert found["membrane:share"] == 0.75
    assert found["membrane:peak"] == pytest.approx(3.8)


def test_two_helices_apart_and_two_that_touch_count_as_two(describe):
    helix, loop = "L" * 20, "K" * 20
    assert describe("membrane", loop + helix + loop + helix + loop)["membrane:count"] == 2
    # 45 leucines and 5 residues on either side: 55 residues, so more than one helix of 30
    assert describe("membrane", loop + "L" * 45 + loop)["membrane:count"] == 2


def test_the_best_core_near_the_n_end_is_told_from_one_further_on(describe):
    # a core of 8 leucines: in residues 11 to 18, then in 51 to 58, past the 40 that are looked at
    assert describe("membrane", "K" * 10 + "L" * 8 + "K" * 60)["membrane:N_end_peak"] == pytest.approx(3.8)
    assert describe("membrane", "K" * 50 + "L" * 8 + "K" * 20)["membrane:N_end_peak"] == pytest.approx(-3.9)
    # a core is no helix: (8 * 3.8 - 11 * 3.9) / 19 = -0.66
    found = describe("membrane", "K" * 10 + "L" * 8 + "K" * 60)
    assert (found["membrane:count"], found["membrane:share"]) == (0, 0)
    assert found["membrane:peak"] == pytest.approx((8 * 3.8 - 11 * 3.9) / 19)


def test_a_peptide_shorter_than_a_helix_spans_no_membrane(describe):
    found = describe("membrane", "L" * 18)
    assert (found["membrane:count"], found["membrane:share"]) == (0, 0)
    assert found["membrane:peak"] == pytest.approx(3.8)
