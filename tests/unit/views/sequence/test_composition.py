import math

import pytest


def test_composition_and_length(describe):
    found = describe("composition", "AACD")
    assert found["log_length"] == pytest.approx(math.log(4))
    assert found["composition:A"] == 0.5  # 2 of 4
    assert found["composition:C"] == found["composition:D"] == 0.25
    assert found.filter(like="composition:").sum() == 1
