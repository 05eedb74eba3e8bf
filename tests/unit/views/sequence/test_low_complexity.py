import pytest


def test_low_complexity_is_what_windows_of_few_residues_cover(describe):
    # 12 alanines, then 12 residues all different. A window with a alanines has a/12 log2(12/a) + (12-a)/12 log2(12)
    # bits: 1.95 at a = 7, 2.29 at a = 6. So the windows that start at 0 to 5 count, and cover 0 to 16
    found = describe("low_complexity", "A" * 12 + "CDEFGHIKLMNP")
    assert found["low_complexity:share"] == pytest.approx(17 / 24)
    assert found["low_complexity:longest"] == 17
    assert found["homopolymer:longest"] == 12


def test_of_two_low_complexity_stretches_the_longer_is_told(describe):
    mixed = "CDEFGHIKLMNPQRSTVWY"
    found = describe("low_complexity", "A" * 12 + mixed + "A" * 20 + mixed)
    # 5 more residues on either side of a stretch, as above; the first has one side only
    assert found["low_complexity:longest"] == 20 + 5 + 5
    assert found["low_complexity:share"] == pytest.approx((12 + 5 + 30) / 70)
    assert found["homopolymer:longest"] == 20


def test_the_longest_homopolymer_may_stand_at_the_end(describe):
    assert describe("low_complexity", "AACCCDEEEE")["homopolymer:longest"] == 4
    assert describe("low_complexity", "ACDE")["homopolymer:longest"] == 1
