import pytest


def test_an_ideal_coil_scores_one(describe):
    found = describe("coiled_coil", "LEELEEK" * 4)  # a and d are leucines, nothing else is hydrophobic
    assert found["coiled_coil:highest"] == pytest.approx(1)
    assert (found["coiled_coil:share"], found["coiled_coil:longest"]) == (1, 28)


def test_the_frame_does_not_matter(describe):
    assert describe("coiled_coil", "EEK" + "LEELEEK" * 4)["coiled_coil:highest"] == pytest.approx(1)


def test_hydrophobic_residues_everywhere_are_no_coil(describe):
    found = describe("coiled_coil", "L" * 40)  # 8/8 - 20/20
    assert found["coiled_coil:highest"] == pytest.approx(0)
    assert found["coiled_coil:share"] == 0


def test_a_window_right_at_the_level_counts_wherever_it_stands(describe):
    # all eight a and d, and eight of the 20 other places: 8/8 - 8/20 = .6. Before it, what shifts rounded sums
    coil = "LLLLEEK" * 4
    for before in range(40):
        found = describe("coiled_coil", "LIVE" * before + "P" + coil + "P")
        assert found["coiled_coil:longest"] == 28


def test_a_proline_breaks_it(describe):
    found = describe("coiled_coil", "LEELEEK" * 2 + "P" + "LEELEEK" * 2)
    assert found["coiled_coil:highest"] == 0


def test_three_heptads_are_too_short(describe):
    assert not describe("coiled_coil", "LEELEEK" * 3).any()


def test_the_longest_of_two_is_told(describe):
    found = describe("coiled_coil", "LEELEEK" * 4 + "P" + "LEELEEK" * 6)
    assert found["coiled_coil:longest"] == 42
    assert found["coiled_coil:share"] == pytest.approx(70 / 71)
