"""The Gene Ontology as a graph: reading OBO, ancestors, propagation, information content.

Matrices over terms are sparse booleans whose columns follow `Ontology.terms`.
"""

import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from geneduet import arrays
from geneduet.errors import InputError, nearest
from geneduet.files import read_lines

BooleanMatrix: TypeAlias = "sparse.csr_array[np.bool_, tuple[int, int]]"

ASPECT_OF_NAMESPACE = {"biological_process": "P", "molecular_function": "F", "cellular_component": "C"}
ASPECTS = ("P", "F", "C")

ONLY_IN, NEVER_IN = "only_in_taxon", "never_in_taxon"

_TAGS = {
    *("id", "name", "namespace", "alt_id", "is_a", "relationship", "is_obsolete", "replaced_by"),
    *("subset", "property_value", "union_of"),
}

# How releases of GO write a constraint: by name or by number, as a relationship or a property_value. What GO calls
# in_taxon is only_in_taxon (geneontology.org/docs/taxon-constraints, issue 367 of oborel/obo-relations).
_CONSTRAINTS = {
    **dict.fromkeys(("only_in_taxon", "in_taxon", "RO:0002160", "RO:0002162"), ONLY_IN),
    **dict.fromkeys(("never_in_taxon", "RO:0002161"), NEVER_IN),
}
# ... and go-edit.obo since 2026 as a parent: `is_a: onlyin:33213`, `is_a: neverin:Union_0000004`
_CONSTRAINT_CLASSES = {"onlyin": ONLY_IN, "neverin": NEVER_IN}
_TAXA = ("NCBITaxon", "NCBITaxon_Union")

# Terms too general for any annotation, electronic ones too; the second is the subset's name in 2012. Terms of
# gocheck_do_not_manually_annotate are open to electronic annotation (GORULE:0000008).
_NOT_FOR_ANNOTATION = {"gocheck_do_not_annotate", "high_level_annotation_qc"}


@dataclass(frozen=True, eq=False)
class Ontology:
    """Live terms in id order, with their parents.

    Parameters
    ----------
    terms, names, aspects : of length n; an aspect is P, F or C.
    parents : (n, n), true where the column is an is_a or part_of parent of the row within the same aspect.
    replaced : alternative id, or obsolete id with exactly one replacement, to the live id.
    obsolete : all obsolete ids.
    release : date of the release (2022-07-01), else its data-version as written, else empty.
    constraints : term, `ONLY_IN` or `NEVER_IN`, and taxon (`NCBITaxon:2`, or a union as `NCBITaxon_Union:0000004`), as
        the file states them: they hold for descendants too.
    wider_taxa : taxon, and its parent or a union that it is a member of, where the file defines taxa.
    not_for_annotation : terms that help to group others and that no gene shall be annotated with.
    """

    terms: list[str]
    names: list[str]
    aspects: list[str]
    parents: BooleanMatrix
    replaced: dict[str, str]
    obsolete: frozenset[str]
    release: str
    constraints: list[tuple[str, str, str]] = field(default_factory=list)
    wider_taxa: list[tuple[str, str]] = field(default_factory=list)
    not_for_annotation: frozenset[str] = frozenset()

    @cached_property
    def index(self) -> dict[str, int]:
        """Row and column of each live term."""
        return {term: position for position, term in enumerate(self.terms)}

    def resolve(self, term: str) -> str | None:
        """The live id that this id stands for; None when it is unknown, or obsolete without one replacement."""
        return term if term in self.index else self.replaced.get(term)

    def roots(self) -> list[str]:
        """Live terms without a parent in their aspect."""
        return [self.terms[position] for position in np.flatnonzero(np.diff(self.parents.indptr) == 0)]

    def of_aspect(self, aspect: str) -> NDArray[np.intp]:
        """Indices of the terms of an aspect, ascending."""
        return np.flatnonzero(np.array(self.aspects) == aspect)


# --- reading OBO: no library tells the line at fault, and the few tags needed take little code


@dataclass
class _Stanza:
    """One [Term] of the file: the tags that count, with their line numbers."""

    line: int
    tags: dict[str, list[tuple[int, str]]] = field(default_factory=dict)

    def add(self, line: int, tag: str, value: str) -> None:
        self.tags.setdefault(tag, []).append((line, value))

    def values(self, tag: str) -> list[str]:
        return [value for _, value in self.tags.get(tag, [])]

    def first(self, tag: str) -> str:
        return next(iter(self.values(tag)), "")

    def parents(self) -> Iterator[tuple[int, str]]:
        """Line and id of each is_a and part_of that is no taxon constraint."""
        for line, value in self.tags.get("is_a", []):
            if _prefix(_id(value)) not in _CONSTRAINT_CLASSES:
                yield line, _id(value)
        for line, value in self.tags.get("relationship", []):
            if value.startswith("part_of "):
                yield line, _id(value.removeprefix("part_of "))

    def constraints(self) -> Iterator[tuple[int, str, str]]:
        """Line, relation and taxon of each taxon constraint, in all its spellings."""
        for line, value in [*self.tags.get("relationship", []), *self.tags.get("property_value", [])]:
            relation, _, target = value.partition(" ")
            # a text in quotes is a slip of some releases, and names no taxon: never_in_taxon "Bacteria" xsd:string
            if relation in _CONSTRAINTS and not target.startswith('"'):
                yield line, _CONSTRAINTS[relation], _id(target)
        for line, value in self.tags.get("is_a", []):
            prefix, _, taxon = _id(value).partition(":")
            if prefix in _CONSTRAINT_CLASSES:
                union = taxon.startswith("Union_")
                name = f"NCBITaxon_Union:{taxon.removeprefix('Union_')}" if union else f"NCBITaxon:{taxon}"
                yield line, _CONSTRAINT_CLASSES[prefix], name

    @property
    def obsolete(self) -> bool:
        return _id(self.first("is_obsolete")) == "true"


def _id(value: str) -> str:
    """The id that a tag's value begins with, without comment or modifiers."""
    return value.split(maxsplit=1)[0] if value.strip() else ""


def _prefix(identifier: str) -> str:
    """The ontology that an id is of: GO of GO:0008150."""
    return identifier.rpartition(":")[0]


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def read_obo(path: Path) -> Ontology:
    """Read an OBO file (1.2 or 1.4), gzip or plain.

    Of the relations, is_a and part_of within an aspect count; an obsolete parent or one of another aspect is left out.
    So is one of another ontology, of which go-plus.obo has many (chemicals, cells); of taxa the hierarchy is kept.

    Raises
    ------
    InputError: no terms, a term without id or aspect, an id defined twice, a parent that is not defined, a constraint
        to what is no taxon, or a cycle.

    >>> import tempfile
    >>> text = "[Term]\\nid: X:1\\nnamespace: biological_process\\n\\n[Term]\\nid: X:2\\nis_a: X:1 ! root\\n"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "tiny.obo"
    ...     _ = path.write_text("default-namespace: biological_process\\n\\n" + text)
    ...     ontology = read_obo(path)
    >>> ontology.terms, ontology.roots(), ontology.parents.toarray().tolist()
    (['X:1', 'X:2'], ['X:1'], [[False, False], [True, False]])
    """
    header, everything = _read_stanzas(path)
    default = header.get("default-namespace", "")
    stanzas = _terms(everything, default)
    live = {term: stanza for term, stanza in sorted(stanzas.items()) if not stanza.obsolete}
    if not live:
        raise InputError(path, "no live [Term] in it", "give an ontology in OBO format")
    aspects = {term: _aspect(path, term, stanza, default) for term, stanza in live.items()}
    replaced = _replacements(stanzas)
    edges = _edges(path, live, stanzas, replaced, aspects, foreign=everything.keys() - stanzas.keys())
    _refuse_cycle(path, list(live), edges)
    return Ontology(
        terms=list(live),
        names=[_unescape(stanza.first("name")) for stanza in live.values()],
        aspects=list(aspects.values()),
        parents=_adjacency(list(edges), len(live)),
        replaced=replaced,
        obsolete=frozenset(term for term, stanza in stanzas.items() if stanza.obsolete),
        release=_release(header),
        constraints=_constraints(path, live),
        wider_taxa=_wider_taxa(everything),
        not_for_annotation=frozenset(
            term for term, stanza in live.items() if _NOT_FOR_ANNOTATION & set(map(_id, stanza.values("subset")))
        ),
    )


def _read_stanzas(path: Path) -> tuple[dict[str, str], dict[str, _Stanza]]:
    """Header tags, and the [Term] stanzas by id."""
    header: dict[str, str] = {}
    stanzas: list[_Stanza] = []
    current: _Stanza | None = None
    in_header = True
    for number, line in read_lines(path):
        if line.startswith("["):
            in_header = False
            current = _Stanza(number) if line.strip() == "[Term]" else None
            if current:
                stanzas.append(current)
            continue
        tag, _, value = line.partition(":")
        if current:
            if tag in _TAGS:
                current.add(number, tag, value.strip())
        elif in_header:
            header.setdefault(tag.strip(), value.strip())
    return header, _by_id(path, stanzas)


def _by_id(path: Path, stanzas: list[_Stanza]) -> dict[str, _Stanza]:
    found: dict[str, _Stanza] = {}
    for stanza in stanzas:
        term = _id(stanza.first("id"))
        if not term:
            raise InputError(path, "a [Term] without id", "give it an id", line=stanza.line)
        if term in found:
            problem = f"{term} is defined twice, first on line {found[term].line}"
            raise InputError(path, problem, "remove one of the two", line=stanza.line)
        found[term] = stanza
    return found


def _terms(stanzas: dict[str, _Stanza], default: str) -> dict[str, _Stanza]:
    """The stanzas of GO, or of whatever ontology has terms in an aspect; not those of others that it draws on."""
    others = {*_TAXA, *_CONSTRAINT_CLASSES}
    mine = {term: stanza for term, stanza in stanzas.items() if _prefix(term) not in others}
    own = {
        _prefix(term)
        for term, stanza in mine.items()
        if _id(stanza.first("namespace") or default) in ASPECT_OF_NAMESPACE
    }
    # without any term in an aspect all are faulty, and the first is told
    return {term: stanza for term, stanza in mine.items() if _prefix(term) in own or not own}


def _constraints(path: Path, live: dict[str, _Stanza]) -> list[tuple[str, str, str]]:
    found: set[tuple[str, str, str]] = set()
    for term, stanza in live.items():
        for line, relation, taxon in stanza.constraints():
            if _prefix(taxon) not in _TAXA:
                problem = f"{term} is {relation} of '{taxon}', which is no taxon"
                raise InputError(path, problem, "write it as NCBITaxon:2, or remove the line", line=line)
            found.add((term, relation, taxon))
    return sorted(found)


def _wider_taxa(stanzas: dict[str, _Stanza]) -> list[tuple[str, str]]:
    """Each taxon with its parents, and each member of a union with the union."""
    taxa = {taxon: stanza for taxon, stanza in stanzas.items() if _prefix(taxon) in _TAXA}
    pairs = {(taxon, _id(parent)) for taxon, stanza in taxa.items() for parent in stanza.values("is_a")}
    pairs |= {(_id(member), taxon) for taxon, stanza in taxa.items() for member in stanza.values("union_of")}
    return sorted(pairs)


def _aspect(path: Path, term: str, stanza: _Stanza, default: str) -> str:
    namespace = _id(stanza.first("namespace") or default)
    if namespace in ASPECT_OF_NAMESPACE:
        return ASPECT_OF_NAMESPACE[namespace]
    known = list(ASPECT_OF_NAMESPACE)
    if "namespace" in stanza.tags:
        problem = f"{term} has the unknown namespace '{namespace}'{nearest(namespace, known)}"
    else:
        problem = f"{term} has no namespace, nor does the header give a default-namespace that names an aspect"
    raise InputError(path, problem, f"use one of {', '.join(known)}", line=stanza.line)


def _replacements(stanzas: dict[str, _Stanza]) -> dict[str, str]:
    """Alternative and replaced ids, each followed to a live id."""
    pointer = {_id(other): term for term, stanza in stanzas.items() for other in stanza.values("alt_id")}
    for term, stanza in stanzas.items():
        successors = {_id(value) for value in stanza.values("replaced_by")}
        if stanza.obsolete and len(successors) == 1:
            pointer[term] = successors.pop()

    def is_live(term: str) -> bool:
        return term in stanzas and not stanzas[term].obsolete

    replaced = {}
    for start in pointer:
        seen, term = {start}, pointer[start]
        while not is_live(term) and term not in seen and term in pointer:
            seen.add(term)
            term = pointer[term]
        if is_live(term) and not is_live(start):
            replaced[start] = term
    return dict(sorted(replaced.items()))


def _edges(
    path: Path,
    live: dict[str, _Stanza],
    stanzas: dict[str, _Stanza],
    replaced: dict[str, str],
    aspects: dict[str, str],
    foreign: Set[str],
) -> dict[tuple[int, int], int]:
    """Line of each (child, parent) within an aspect, as indices into the live terms; `foreign` are no terms of ours."""
    index = {term: position for position, term in enumerate(live)}
    edges: dict[tuple[int, int], int] = {}
    for term, stanza in live.items():
        for line, named in stanza.parents():
            if named in foreign:
                continue
            obsolete = named in stanzas and stanzas[named].obsolete
            parent = named if named in stanzas else replaced.get(named)
            if parent is None:
                problem = f"{term} has the parent '{named}', which the file does not define"
                raise InputError(path, problem, "give the whole ontology, or remove this line", line=line)
            if not obsolete and aspects[parent] == aspects[term]:
                edges.setdefault((index[term], index[parent]), line)
    return edges


def _adjacency(edges: Sequence[tuple[int, int]], size: int) -> BooleanMatrix:
    rows, columns = np.array(edges, dtype=np.intp).reshape(-1, 2).T
    matrix = sparse.csr_array((np.ones(len(edges), dtype=np.bool_), (rows, columns)), shape=(size, size))
    matrix.sort_indices()
    return matrix


def _refuse_cycle(path: Path, terms: list[str], edges: dict[tuple[int, int], int]) -> None:
    _, component = connected_components(_adjacency(list(edges), len(terms)).astype(np.int8), connection="strong")
    # an edge inside a strongly connected component lies on a cycle
    inside = {child: parent for child, parent in edges if component[child] == component[parent]}
    if not inside:
        return
    walk = [min(inside)]
    while inside[walk[-1]] not in walk:
        walk.append(inside[walk[-1]])
    cycle = [*walk[walk.index(inside[walk[-1]]) :], inside[walk[-1]]]
    chain = " -> ".join(terms[position] for position in cycle)
    advice = "remove one of these is_a or part_of lines (go-basic.obo has no cycles)"
    raise InputError(path, f"the hierarchy has a cycle: {chain}", advice, line=edges[cycle[0], cycle[1]])


def _release(header: dict[str, str]) -> str:
    """ISO date of the release where the header gives one.

    >>> _release({"data-version": "releases/2022-07-01"}), _release({"data-version": "1.1", "date": "04:01:2012 11:50"})
    ('2022-07-01', '2012-01-04')
    """
    version = header.get("data-version", "")
    if found := re.search(r"\d{4}-\d{2}-\d{2}", version):
        return found.group()
    if found := re.match(r"(\d{2}):(\d{2}):(\d{4})", header.get("date", "")):
        day, month, year = found.groups()
        return f"{year}-{month}-{day}"
    return version


# --- the hierarchy


def ancestors(ontology: Ontology) -> BooleanMatrix:
    """Each term's ancestors within its aspect, itself included: (n, n), row = term, columns = its ancestors."""
    size = len(ontology.terms)
    reach = sparse.csr_array(ontology.parents + sparse.eye_array(size, dtype=np.bool_, format="csr"))
    while True:
        # squaring doubles the longest path covered: five rounds for GO
        longer = sparse.csr_array(reach @ reach)
        if longer.nnz == reach.nnz:
            longer.sort_indices()
            return longer
        reach = longer


def propagate_up(annotated: BooleanMatrix, ancestors: BooleanMatrix) -> BooleanMatrix:
    """True-path rule for what a gene has: a term brings all its ancestors.

    Parameters
    ----------
    annotated : (genes, n).
    ancestors : (n, n) as `ancestors` gives them.
    """
    return _sorted(annotated @ ancestors)


def propagate_down(negated: BooleanMatrix, ancestors: BooleanMatrix) -> BooleanMatrix:
    """True-path rule for what a gene has not: NOT a term is NOT any of its descendants.

    Parameters
    ----------
    negated : (genes, n).
    ancestors : (n, n) as `ancestors` gives them.
    """
    return _sorted(negated @ ancestors.T)


def _sorted(matrix: BooleanMatrix) -> BooleanMatrix:
    result: BooleanMatrix = sparse.csr_array(matrix)
    result.sort_indices()
    return result


def information_content(positives: BooleanMatrix, aspects: Sequence[str] | None = None) -> NDArray[np.float64]:
    """Information content of each term in bits: -log2 of the share of the annotated genes that have it.

    A gene counts as annotated in an aspect when it has any term of it (Resnik 1995, with genes as the corpus).

    Parameters
    ----------
    positives : (genes, n), propagated up.
    aspects : aspect of each column; None when all columns are of one aspect.

    Returns
    -------
    (n,), NaN for terms that no gene has.

    >>> information_content(sparse.csr_array(np.array([[1, 1, 0], [1, 0, 0]], bool))).tolist()
    [0.0, 1.0, nan]
    """
    by_aspect = np.array(["all"] * positives.shape[1] if aspects is None else list(aspects))
    content = np.full(positives.shape[1], np.nan)
    for aspect in np.unique(by_aspect):
        columns = np.flatnonzero(by_aspect == aspect)
        genes = positives[:, columns]
        annotated = np.count_nonzero(np.diff(genes.indptr))
        content[columns] = _surprise(_genes_per_term(genes), np.full(len(columns), annotated))
    return content


def information_accretion(positives: BooleanMatrix, parents: BooleanMatrix) -> NDArray[np.float64]:
    """Information that a term adds to its parents, in bits: -log2 P(term | all its parents).

    Clark and Radivojac 2013, Bioinformatics 29:i53, equation 2; the probability is the share of the genes with all
    parents that have the term.

    Parameters
    ----------
    positives : (genes, n), propagated up.
    parents : (n, n), row = term, with all parents of each term.

    Returns
    -------
    (n,), 0 for roots that some gene has, NaN for terms that no gene has.

    >>> positives = sparse.csr_array(np.array([[1, 1], [1, 0], [1, 0], [1, 0]], bool))
    >>> information_accretion(positives, sparse.csr_array(np.array([[0, 0], [1, 0]], bool))).tolist()
    [0.0, 2.0]
    """
    having = _genes_per_term(positives)
    needed = np.diff(parents.indptr)
    seen = np.flatnonzero((having > 0) & (needed > 0))
    # of each gene, how many parents of each seen term it has
    held = sparse.csr_array(positives.astype(np.int32) @ parents[seen].T.astype(np.int32))
    complete = held.data == needed[seen][held.indices]
    eligible = having.copy()
    eligible[seen] = np.bincount(held.indices[complete], minlength=len(seen))
    return _surprise(having, eligible)


def _genes_per_term(positives: BooleanMatrix) -> NDArray[np.intp]:
    return np.bincount(positives.indices, minlength=positives.shape[1])


def _surprise(having: NDArray[np.intp], of: NDArray[np.intp]) -> NDArray[np.float64]:
    bits = np.full(len(having), np.nan)
    seen = having > 0
    bits[seen] = np.log2(of[seen] / having[seen])
    return bits


# --- between steps


def write(path: Path, ontology: Ontology) -> None:
    """Write an ontology as NPZ: the same ontology, the same bytes."""
    content = {
        "terms": ontology.terms,
        "names": ontology.names,
        "aspects": ontology.aspects,
        "parents": ontology.parents,
        "replaced_from": list(ontology.replaced),
        "replaced_to": list(ontology.replaced.values()),
        "obsolete": sorted(ontology.obsolete),
        "release": ontology.release,
        "constraints": ["\t".join(constraint) for constraint in ontology.constraints],
        "wider_taxa": ["\t".join(pair) for pair in ontology.wider_taxa],
        "not_for_annotation": sorted(ontology.not_for_annotation),
    }
    arrays.write(path, content)


def read(path: Path) -> Ontology:
    """Read an ontology that `write` wrote."""
    content = arrays.read(path)
    replaced = dict(zip(content.pop("replaced_from"), content.pop("replaced_to"), strict=True))
    (content["release"],) = content["release"]
    content |= {name: frozenset(content[name]) for name in ("obsolete", "not_for_annotation")}
    content |= {name: [tuple(line.split("\t")) for line in content[name]] for name in ("constraints", "wider_taxa")}
    return Ontology(**content, replaced=replaced)
