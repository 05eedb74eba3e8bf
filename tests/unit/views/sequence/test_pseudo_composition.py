import numpy as np
import pytest

from geneduet.views.sequence.residues import SCALES


def test_alternating_charge_repeats_every_second_residue(describe):
    # charge over the 20 residues: mean 0.005, variance (4 + .01) / 20 - .005^2 = .200475
    found = describe("pseudo_composition", "KDKDKD")
    k, d = ((value - 0.005) / np.sqrt(0.200475) for value in (1, -1))
    assert found["autocorrelation:charge:1"] == pytest.approx(k * d, rel=1e-5)
    assert found["autocorrelation:charge:2"] == pytest.approx((k * k + d * d) / 2, rel=1e-5)


def test_of_one_residue_all_lags_are_its_square(describe):
    scale = np.array(SCALES["hydropathy"])
    isoleucine = (4.5 - scale.mean()) / scale.std()
    found = describe("pseudo_composition", "I" * 30).filter(like="hydropathy")
    assert found.to_numpy() == pytest.approx([isoleucine**2] * 20, rel=1e-5)


def test_lags_beyond_the_end_are_zero(describe):
    found = describe("pseudo_composition", "IIII")
    assert found["autocorrelation:hydropathy:3"] > 0
    assert found["autocorrelation:hydropathy:4"] == 0
