import numpy as np
import pytest

from geneduet.views.sequence.amphipathic import moments
from geneduet.views.sequence.residues import encode


def test_a_moment_is_the_length_of_turned_vectors():
    # I (1.38) and R (-2.53) on opposite faces: 1.38 - (-2.53) over two residues
    assert moments(encode("IR"), 180, 2).tolist() == pytest.approx([(1.38 + 2.53) / 2])
    # at right angles
    assert moments(encode("IR"), 90, 2).tolist() == pytest.approx([np.hypot(1.38, 2.53) / 2])


def test_a_helix_with_two_faces_is_told_from_one_without(describe):
    # 100 degrees a residue: leucines where the cosine is above 0, lysines elsewhere
    two_faces = "".join("L" if np.cos(np.deg2rad(100 * place)) > 0 else "K" for place in range(33))
    faces, none = describe("amphipathic", two_faces), describe("amphipathic", "L" * 33)
    assert faces["amphipathic:helix:highest"] > 0.7
    assert none["amphipathic:helix:highest"] < 0.15
    assert faces["amphipathic:helix:highest"] > faces["amphipathic:strand:highest"]


def test_strands_alternate(describe):
    found = describe("amphipathic", "VKVKVKVKVK")
    assert found["amphipathic:strand:highest"] > found["amphipathic:helix:highest"] == 0  # ten are no window of eleven
    assert found["amphipathic:strand:mean"] == pytest.approx(found["amphipathic:strand:highest"], rel=0.1)


def test_the_n_end_is_thirty_residues(describe):
    two_faces = "".join("L" if np.cos(np.deg2rad(100 * place)) > 0 else "K" for place in range(20))
    far = describe("amphipathic", "G" * 30 + two_faces)
    assert far["amphipathic:helix:N_end"] < 0.1 < 0.7 < far["amphipathic:helix:highest"]
