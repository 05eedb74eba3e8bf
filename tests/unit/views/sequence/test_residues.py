import numpy as np
import pytest
from Bio.SeqUtils import ProtParamData

from geneduet.views.sequence.residues import RESIDUES, SCALES


def test_hydropathy_is_that_of_kyte_and_doolittle():
    assert dict(zip(RESIDUES, SCALES["hydropathy"], strict=True)) == ProtParamData.kd


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
def test_scales_are_those_published(describe, scale, values):
    for residue, value in values.items():
        assert describe("physicochemistry", residue)[f"{scale}:whole"] == pytest.approx(value, abs=1e-6), residue


def test_disorder_ranks_all_residues_as_published():
    # from order to disorder, as Campen et al. 2008 list their values
    order = np.argsort(SCALES["disorder"])
    assert "".join(np.array(list(RESIDUES))[order]) == "WFYIMLVNCTAGRDHQSKEP"
