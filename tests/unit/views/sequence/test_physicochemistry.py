import pytest


def test_a_scale_is_the_mean_over_the_residues(describe):
    # (1.8 + 1.8 - 4.5 - 0.9) / 4 = -0.45
    assert describe("physicochemistry", "AARW")["hydropathy:whole"] == pytest.approx(-0.45)
    assert describe("physicochemistry", "AARW")["aromatic:whole"] == 0.25


def test_the_ends_are_fifty_residues_each(describe):
    found = describe("physicochemistry", "W" * 50 + "A" * 10 + "D" * 50)
    assert (found["aromatic:N_end"], found["aromatic:C_end"]) == (1, 0)
    assert (found["charge:N_end"], found["charge:C_end"]) == (0, -1)
    assert found["aromatic:whole"] == pytest.approx(50 / 110)
    assert found["charge:whole"] == pytest.approx(-50 / 110)
