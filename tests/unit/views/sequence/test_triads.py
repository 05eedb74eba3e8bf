import pytest


def test_triples_of_classes_overlap_and_are_ordered(describe):
    # A I A I: AGV-ILFP-AGV, then ILFP-AGV-ILFP
    found = describe("triads", "AIAI")
    assert found["triad:AGV-ILFP-AGV"] == found["triad:ILFP-AGV-ILFP"] == 0.5
    assert found.sum() == 1


def test_residues_of_a_class_are_the_same(describe):
    assert describe("triads", "RDC").equals(describe("triads", "KEC"))
    assert describe("triads", "RDC")["triad:RK-DE-C"] == pytest.approx(1)


def test_two_residues_have_no_triple(describe):
    assert not describe("triads", "AI").any()
