import pytest


def test_order_and_disorder_are_told_apart(describe):
    assert describe("disorder", "E" * 60)["disordered:share"] == 1
    assert describe("disorder", "W" * 60)["disordered:share"] == 0


def test_the_level_is_that_of_the_scaled_means(describe):
    # from W, -.884, to P, .987: P is 1 and W is 0; of 21 residues 12 P (.571) are above .542, 11 (.524) are not
    assert describe("disorder", "P" * 12 + "W" * 9)["disordered:share"] == 1
    assert describe("disorder", "P" * 11 + "W" * 10)["disordered:share"] == 0


def test_stretches_are_measured_and_long_ones_counted(describe):
    # a stretch reaches as far as its windows of 21 hold 12 P: nine residues further on either side
    found = describe("disorder", "W" * 60 + "P" * 40 + "W" * 60 + "P" * 12 + "W" * 60)
    assert found["disordered:longest"] == 40 + 9 + 9
    assert found["disordered:long_stretches"] == 2  # 58, and 12 + 9 + 9 = 30
    assert found["disordered:share"] == pytest.approx(88 / 232)


def test_the_ends_are_fifty_residues(describe):
    found = describe("disorder", "P" * 41 + "W" * 100)
    assert found["disordered:N_end"] == 1  # 41 + 9
    assert found["disordered:C_end"] == 0
