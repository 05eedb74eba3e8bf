"""Mappings of other databases to GO: interpro2go and pfam2go, say."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from geneduet.errors import InputError
from geneduet.files import read_lines
from geneduet.ontology import Ontology

# InterPro:IPR000003 Retinoid X receptor/HNF4 > GO:DNA binding ; GO:0003677; either name may hold > and ;
_LINE = re.compile(r"[^\s:]+:(?P<id>\S+)\s.*>\s.* ; (?P<term>[^\s:;]+:\S+)\s*")


def read_external2go(path: Path) -> dict[str, tuple[str, ...]]:
    """Read a mapping in the external2go format, gzip or plain.

    Returns
    -------
    GO ids of each entry as written, sorted; the entry's id is without its database: IPR000003, PF00001.

    Raises
    ------
    InputError: a line of another form, or none at all.
    """
    terms: dict[str, set[str]] = {}
    for number, line in read_lines(path):
        if line.startswith("!") or not line.strip():
            continue
        if not (found := _LINE.fullmatch(line)):
            advice = "write it as InterPro:IPR000003 name > GO:DNA binding ; GO:0003677"
            raise InputError(path, "not a line of an external2go file", advice, line=number)
        terms.setdefault(found["id"], set()).add(found["term"])
    if not terms:
        raise InputError(path, "no entry in it", "give a file like interpro2go or pfam2go")
    return {entry: tuple(sorted(own)) for entry, own in terms.items()}


def annotations(mappings: Sequence[Mapping[str, Sequence[str]]], ontology: Ontology) -> pd.DataFrame:
    """What entries say, as annotations of them: gene_id (the entry), term (live), evidence, negated; no repeats.

    Parameters
    ----------
    mappings : GO ids of each entry; replaced ids are followed, ids that the ontology lacks say nothing.
    """
    pairs = {
        (entry, live)
        for mapping in mappings
        for entry, terms in mapping.items()
        for live in map(ontology.resolve, terms)
        if live is not None
    }
    table = pd.DataFrame(sorted(pairs), columns=["gene_id", "term"])
    return table.assign(evidence="IEA", negated=False)
