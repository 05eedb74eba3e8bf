import pytest

from geneduet import evidence_codes
from geneduet.evidence_codes import FROM_EXPRESSION, KNOWN, NO_ANNOTATION, of_eco

# gaf-eco-mapping.txt of ECO, without the rows that hang on a reference; IMR is another word for IKR
DEFAULTS = {
    "EXP": 269, "HDA": 7005, "HEP": 7007, "HGI": 7003, "HMP": 7001, "HTP": 6056, "IBA": 318, "IBD": 319, "IC": 305,
    "IDA": 314, "IEA": 501, "IEP": 270, "IGC": 317, "IGI": 316, "IKR": 320, "IMP": 315, "IPI": 353, "IRD": 321,
    "ISA": 247, "ISM": 255, "ISO": 266, "ISS": 250, "NAS": 303, "ND": 307, "RCA": 245, "TAS": 304,
}  # fmt: skip


def test_codes_with_a_special_role_are_known() -> None:
    assert KNOWN.keys() >= FROM_EXPRESSION | NO_ANNOTATION


def test_historic_codes_are_known() -> None:
    assert KNOWN.keys() >= {"NR", "IGC", "ISA", "ISO", "ISM", "RCA", "IMR"}


@pytest.mark.parametrize("code", DEFAULTS)
def test_eco_has_an_equivalent_of_each_code(code: str) -> None:
    assert of_eco(f"ECO:{DEFAULTS[code]:07}") == code


@pytest.mark.parametrize(
    ("term", "code"),
    [
        # the terms of InterPro2GO and of orthology pipelines; deeper ones; no evidence in particular
        *(("ECO:0000256", "IEA"), ("ECO:0000265", "IEA"), ("ECO:0000259", "IEA")),
        *(("ECO:0005589", "IDA"), ("ECO:0008004", "IEA"), ("ECO:0007669", "IEA"), ("ECO:0000000", None)),
    ],
)
def test_descendants_stand_for_the_same_code(term: str, code: str | None) -> None:
    assert of_eco(term) == code


def test_each_term_of_eco_stands_for_one_known_code() -> None:
    words = evidence_codes._ECO.split()
    ends = [word.partition("-") for word in words if not word.endswith(":")]
    assert sum(int(last or first) - int(first) + 1 for first, _, last in ends) == len(evidence_codes.eco_codes())
    assert KNOWN.keys() >= set(evidence_codes.eco_codes().values())
