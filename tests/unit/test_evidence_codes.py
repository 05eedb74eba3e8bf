from geneduet.evidence_codes import FROM_EXPRESSION, KNOWN, NO_ANNOTATION


def test_codes_with_a_special_role_are_known() -> None:
    assert KNOWN.keys() >= FROM_EXPRESSION | NO_ANNOTATION


def test_historic_codes_are_known() -> None:
    assert KNOWN.keys() >= {"NR", "IGC", "ISA", "ISO", "ISM", "RCA", "IMR"}
