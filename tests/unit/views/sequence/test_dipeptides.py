def test_dipeptides_are_ordered_and_overlap(describe):
    found = describe("dipeptides", "AAACA")  # AA, AA, AC, CA
    assert found["dipeptide:AA"] == 0.5
    assert (found["dipeptide:AC"], found["dipeptide:CA"], found["dipeptide:CC"]) == (0.25, 0.25, 0)
    assert found.filter(like="dipeptide:").sum() == 1
