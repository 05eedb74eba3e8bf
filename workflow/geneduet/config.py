"""What a user can set: the one place of keys, defaults and ranges, merging, and one-line errors.

`config/config.yaml`, the key table of `config/README.md` and the JSON schema are written from the models here by
`python -m geneduet.config`; a test fails when they drift.
"""

import json
import os
import re
import reprlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from operator import attrgetter
from pathlib import Path
from textwrap import wrap
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from geneduet.errors import InputError, nearest
from geneduet.evidence_codes import FROM_EXPRESSION, KNOWN, NO_ANNOTATION
from geneduet.files import open_output, read_lines, replace_between
from geneduet.settings import JudgedGenes
from geneduet.views.families import FAMILIES, of_view, voters_of

_NAME = r"^[A-Za-z0-9_-]+$"
_NAME_IN_WORDS = "letters, digits, _ and -"

# keys whose text is a path, wherever they stand
_FILE_KEYS = {
    *("ontology", "proteome", "gene_map", "id_map", "annotations", "gpi", "annotations_later", "expression"),
    *("holdout_genes", "matrix", "table", "domains", "domain_terms", "cds", "gff"),
}

_REFUSED_CODES = {
    **dict.fromkeys(FROM_EXPRESSION, "is inferred from expression, so predicting it from expression is circular"),
    **dict.fromkeys(NO_ANNOTATION, "says that nothing is known, which is no annotation"),
}


# --- validators: what types alone cannot say ---


def _refusal(problem: str, advice: str, key: str = "") -> PydanticCustomError:
    """A fault whose words and advice are our own; `key` names the culprit where a whole map is validated."""
    return PydanticCustomError("refused", "{problem}", {"problem": problem, "advice": advice, "key": key})


def _local(value: object) -> object:
    if (isinstance(value, Mapping) and "url" in value) or (isinstance(value, str) and "://" in value):
        raise _refusal("fetching a url is not built yet in this version", "download the file and give its path here")
    if isinstance(value, str | Path) and set("{}") & set(str(value)):
        raise _refusal("a path with { or } in it, a wildcard to Snakemake", "rename the file or its folder")
    return value


def _evidence_code(code: str) -> str:
    if code in _REFUSED_CODES:
        raise _refusal(f"{code} {_REFUSED_CODES[code]}", f"remove {code}")
    if code not in KNOWN:
        allowed = ", ".join(sorted(set(KNOWN) - set(_REFUSED_CODES)))
        raise _refusal(f"'{code}' is no GO evidence code (allowed: {allowed}){nearest(code, set(KNOWN))}", "correct it")
    return code


def _one_of(known: list[str]) -> Callable[[str], str]:
    def check(name: str) -> str:
        if name not in known:
            allowed = ", ".join(known)
            raise _refusal(f"'{name}' is not of this view (allowed: {allowed}){nearest(name, known)}", "correct it")
        return name

    return check


def _once(names: list[str]) -> list[str]:
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise _refusal(f"'{min(twice)}' is named twice", "name it once")
    return names


def _as_list(value: object) -> object:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _ascending(levels: list[int]) -> list[int]:
    return sorted(set(levels))


def _distinct(studies: "list[Study]") -> "list[Study]":
    names = [study.name for study in studies]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise _refusal(f"two studies are named '{min(twice)}'", "give each study a name of its own")
    return studies


# --- models: every key with its default, range and meaning ---

InputFile = Annotated[Path, BeforeValidator(_local)]
Share = Annotated[float, Field(gt=0, le=1)]


class _Group(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Homology(_Group):
    """The search of the proteome against itself."""

    engine: Literal["auto", "diamond", "phmmer"] = Field(
        default="auto", description="Search engine; auto takes DIAMOND where it is on the PATH, else phmmer of pyhmmer"
    )
    max_evalue: float = Field(default=1e-3, gt=0, le=10, description="Hits of a larger e-value are dropped")


class Folds(_Group):
    """Cross-validation by homology cluster."""

    count: int = Field(
        default=5, ge=3, le=50, description="Number of cross-validation folds; a model for each pair of them"
    )
    identity: Share = Field(
        default=0.3, description="Sequence identity from which two proteins share a cluster, and so a fold"
    )
    coverage: Share = Field(default=0.3, description="Share of both proteins that such an alignment has to cover")


class _View(_Group):
    """A ready-made table for a view."""

    table: InputFile | None = Field(
        default=None, description="Ready-made features, genes x features, first column gene id"
    )
    mode: Literal["replace", "append"] = Field(
        default="replace", description="Whether the table stands instead of the features built here, or beside them"
    )


class SequenceView(_View):
    """A ready-made table for the sequence view, and how the built one is made."""

    families: Annotated[list[Annotated[str, AfterValidator(_one_of(of_view("sequence")))]], AfterValidator(_once)] = (
        Field(
            min_length=1,
            default=of_view("sequence", default=True),
            description=f"Families of features: {', '.join(of_view('sequence'))}",
        )
    )
    votes: Annotated[list[Annotated[str, AfterValidator(_one_of(voters_of("sequence")))]], AfterValidator(_once)] = (
        Field(default=voters_of("sequence"), description=f"Whose labels vote: {', '.join(voters_of('sequence'))}")
    )


class ExpressionView(_View):
    """A ready-made table for the expression view, and how the built one is made."""

    families: Annotated[list[Annotated[str, AfterValidator(_one_of(of_view("expression")))]], AfterValidator(_once)] = (
        Field(
            min_length=1,
            default=of_view("expression", default=True),
            description=f"Families of features: {', '.join(of_view('expression'))}",
        )
    )
    votes: Annotated[list[Annotated[str, AfterValidator(_one_of(voters_of("expression")))]], AfterValidator(_once)] = (
        Field(default=voters_of("expression"), description=f"Whose labels vote: {', '.join(voters_of('expression'))}")
    )
    modules: int = Field(default=50, ge=1, description="Components that each family of expression modules finds")
    partners: int = Field(default=50, ge=1, description="Co-expressed genes whose labels are taken as a vote")


class Views(_Group):
    """The two views of a gene."""

    sequence: SequenceView = Field(default=SequenceView(), description="Sequence view")
    expression: ExpressionView = Field(default=ExpressionView(), description="Expression view")


class Learner(_Group):
    """The multi-label gradient-boosted trees."""

    trees: int = Field(default=200, ge=1, description="Trees of a model")
    depth: int = Field(default=5, ge=1, le=16, description="Depth of a tree")
    learning_rate: Share = Field(default=0.03, description="Shrinkage of each tree's contribution")
    rows: Share = Field(default=0.8, description="Share of genes drawn to find a tree's splits")
    columns: Share = Field(default=0.3, description="Share of features drawn for a node")
    bins: int = Field(default=16, ge=2, le=256, description="Bins that each feature is cut into")
    reduced_dimensions: int = Field(
        default=4, ge=1, description="Dimensions of the projected residual that finds the splits"
    )
    min_rows: float = Field(default=10.0, ge=0, description="Genes (the sum of their weights) that a leaf needs")
    leaf_ridge: float = Field(
        default=5.0, ge=0, description="Genes with nothing to add that each leaf is mixed with: tames small leaves"
    )
    unknown_weight: float = Field(
        default=1.0,
        ge=0,
        le=1,
        description="Weight of a gene-term pair that is neither annotated nor NOT, taken as negative",
    )


class CoTraining(_Group):
    """How the views teach each other."""

    enabled: bool = Field(default=True, description="Whether the views teach each other at all")
    rounds: int = Field(
        default=2, ge=1, le=20, description="Most rounds of teaching; a later round is kept only where it helps"
    )


class Reference(_Group):
    """Annotated proteins of other species."""

    proteome: InputFile = Field(description="FASTA of the proteins")
    annotations: InputFile = Field(description="GAF, GPAD or TSV of their annotations; ids as in the FASTA")
    gpi: InputFile | None = Field(default=None, description="GPI of a GPAD: further ids, as for the organism's own")
    evidence_codes: list[Annotated[str, AfterValidator(_evidence_code)]] = Field(
        default=[], description="Evidence codes that count; empty or `all`: every one but ND", validate_default=False
    )
    exclude_taxa: list[int] = Field(
        default=[], description="NCBI taxonomy ids of species to leave out, by OX= in the FASTA headers"
    )

    @field_validator("evidence_codes", mode="before")
    @classmethod
    def _all(cls, value: object) -> object:
        return [] if value == "all" else value


class Genome(_Group):
    """Coding sequences and places of the genes."""

    cds: InputFile | None = Field(default=None, description="FASTA of coding sequences: codon usage")
    gff: InputFile | None = Field(default=None, description="GFF3: places on the chromosome, neighbours, operons")


class TermSelection(_Group):
    """Which terms are learned."""

    min_positives: int = Field(default=10, ge=1, description="Annotated genes that a term needs to be learned")


class Output(_Group):
    """What is written."""

    min_score: float = Field(default=0.01, ge=0, le=1, description="Scores below it are not written; 0 writes all")
    redundant: bool = Field(
        default=False,
        description="Write to GAF and GPAD also the new terms that a more specific new term of the same gene implies",
    )


class LabelEfficiency(_Group):
    """How the models do with fewer labels."""

    seeds: int = Field(
        default=0,
        ge=0,
        description="Random choices of test genes and of labels, each with all levels; 0 switches it off. A level is "
        "a run of its own, a full one takes as long as all else",
    )
    percents: Annotated[list[Annotated[int, Field(ge=1, le=100)]], Field(min_length=1), AfterValidator(_ascending)] = (
        Field(
            default=[5, 10, 20, 40, 80],
            description="Levels: percent of the labelled genes outside the test that keep their labels",
        )
    )


class Evaluation(_Group):
    """How scores are judged."""

    bootstrap: int = Field(
        default=1000, ge=10, description="Bootstrap samples, over homology clusters, behind each interval"
    )
    random_folds: bool = Field(
        default=False,
        description="Judge also with genes put into folds one by one: optimistic, since close relatives of a judged "
        "gene are learned from; for comparison with others' figures. Takes as long as all else",
    )
    label_efficiency: LabelEfficiency = Field(
        default=LabelEfficiency(), description="The same learning with fewer labels, and what a label is worth"
    )
    judged: JudgedGenes = Field(
        default="all",
        description="Whose genes are in scores. A fifth of the homology clusters is reserved for a final judgement, "
        "those whose smallest gene id has a sha256 divisible by 5: `development` leaves them out, `reserved` judges "
        "them alone, and takes them for the test genes of label efficiency. Thresholds are recommended by these genes",
    )


class Study(_Group):
    """One expression study."""

    matrix: InputFile = Field(description="Genes x samples, TSV or CSV, plain or .gz")
    kind: Literal["counts", "tpm", "log", "ratio"] = Field(
        default="log", description="What the numbers are: read counts, TPM, logarithms (of TPM, say), or log ratios"
    )
    name: str = Field(
        default="", pattern=_NAME, description="Name of the study; by default that of its file, without endings"
    )

    @model_validator(mode="before")
    @classmethod
    def _from_file(cls, value: Any) -> Any:
        """A bare path is a study; one without a name takes that of its file."""
        if not isinstance(value, Mapping) or "url" in value:
            value = {"matrix": value}
        if value.get("name") or not isinstance(value.get("matrix"), str | Path):
            return value
        stem = re.sub(r"(\.(tsv|csv|txt))?(\.gz)?$", "", Path(value["matrix"]).name)
        return {**value, "name": re.sub(r"[^A-Za-z0-9_-]+", "_", stem)}


Studies = Annotated[
    list[Study],
    BeforeValidator(_as_list, json_schema_input_type=Path | Study | list[Path | Study]),
    AfterValidator(_distinct),
]


class Organism(_Group):
    """An organism file of GeneDuet, merged over the defaults."""

    name: str = Field(pattern=_NAME, description="Name of the organism in paths and reports")
    taxon_id: int = Field(gt=0, description="NCBI taxonomy id")
    lineage: list[Annotated[int, Field(gt=0)]] = Field(
        default=[],
        description="NCBI taxonomy ids of all taxa that the organism is in, for taxon constraints; where the ontology "
        "file defines taxa, the nearest that it has will do, or none if it has taxon_id",
    )
    database: str | None = Field(
        default=None,
        pattern=_NAME,
        description="Prefix of gene_id in GAF, GPAD and GPI; by default the annotation file's own",
    )
    ontology: InputFile = Field(description="Ontology, OBO with is_a and part_of, plain or .gz")
    proteome: InputFile | None = Field(
        default=None,
        description="Proteins, FASTA, plain or .gz; their ids are the genes. Without it, the genes are those of the "
        "expression studies and the ready-made tables",
    )
    gene_map: InputFile | None = Field(
        default=None, description="TSV protein_id, gene_id for proteomes with isoforms: the longest stands for the gene"
    )
    id_map: InputFile | None = Field(
        default=None,
        description="TSV gene_id, then columns of aliases (accessions, symbols, old names; several joined by |)",
    )
    annotations: InputFile | None = Field(
        default=None,
        description="GO annotations: GAF 2.0 to 2.2, GPAD 1.2 or 2.0, or TSV gene_id, term[, evidence], plain or .gz. "
        "Without them what the reference says is learned from",
    )
    gpi: InputFile | None = Field(
        default=None,
        description="GPI 1.2 or 2.0: symbols and synonyms by which the genes of a GPAD are found, which has ids alone",
    )
    evidence_codes: Annotated[list[Annotated[str, AfterValidator(_evidence_code)]], Field(min_length=1)] = Field(
        default=["EXP", "IDA", "IPI", "IMP", "IGI", "HTP", "HDA", "HMP", "HGI", "TAS", "IC"],
        description="Evidence codes that count as validated; never IEP, HEP or ND",
    )
    expression: Studies = Field(
        default=[], description="Expression studies: FILE, or {matrix: FILE, kind: ..., name: ...}, or a list of these"
    )
    holdout_genes: InputFile | None = Field(
        default=None, description="Text file, one gene id a line: their labels are hidden from training, then scored"
    )
    reference: Reference | None = Field(
        default=None,
        description="Annotated proteins of other species, Swiss-Prot say, that vote beside the organism's own",
    )
    domains: Annotated[list[InputFile], BeforeValidator(_as_list)] = Field(
        default=[], description="Domains of the proteins: InterProScan TSV, HMMER tables, HMM libraries"
    )
    domain_terms: Annotated[list[InputFile], BeforeValidator(_as_list)] = Field(
        default=[], description="What domains say: interpro2go, pfam2go; proteins vote on these terms by their domains"
    )
    genome: Genome = Field(default=Genome(), description="Coding sequences and places of the genes")
    annotations_later: InputFile | None = Field(
        default=None,
        description="A later release of the same annotations: turns on the temporal holdout; judged on, never learned "
        "from",
    )
    term_selection: TermSelection = Field(default=TermSelection(), description="Which terms are learned")
    minimum_labels: int = Field(
        default=20,
        ge=2,
        description="Labelled genes that an aspect needs; below it what the reference says is learned from, and "
        "without one the naive model is all",
    )
    homology: Homology = Field(default=Homology(), description="Search of the proteome against itself")
    folds: Folds = Field(default=Folds(), description="Cross-validation by homology cluster")
    views: Views = Field(
        default=Views(), description="The two views of a gene: how they are built, or tables ready-made"
    )
    learner: Learner = Field(default=Learner(), description="Multi-label gradient-boosted trees (XGBoost)")
    cotraining: CoTraining = Field(default=CoTraining(), description="How the views teach each other")
    evaluation: Evaluation = Field(default=Evaluation(), description="How scores are judged")
    output: Output = Field(default=Output(), description="What is written")
    seed: int = Field(default=1, ge=0, le=2**31 - 1, description="Seed of everything random")

    @model_validator(mode="after")
    def _has_genes(self) -> "Organism":
        if not (self.proteome or self.gene_tables()):
            advice = "name the protein FASTA file, an expression study, or a ready-made table of a view"
            raise _refusal("nothing is given that names the genes", advice, key="proteome")
        return self

    @model_validator(mode="after")
    def _has_labels(self) -> "Organism":
        if self.annotations:
            return self
        if not self.reference:
            advice = "give annotations, or a reference: annotated proteins of other species"
            raise _refusal("nothing is given to learn from", advice, key="annotations")
        hiding = {
            "holdout_genes": self.holdout_genes,
            "evaluation.label_efficiency.seeds": self.evaluation.label_efficiency.seeds,
        }
        for key in (key for key, given in hiding.items() if given):
            raise _refusal("hides labels, and without annotations there are none", "remove it", key=key)
        return self

    @model_validator(mode="after")
    def _has_what_inputs_need(self) -> "Organism":
        for key, need in (("reference", "proteome"), ("domains", "proteome"), ("domain_terms", "domains")):
            if getattr(self, key) and not getattr(self, need):
                raise _refusal(f"is of no use without {need}", f"give {need}, or remove {key}", key=key)
        if self.gpi and not (self.annotations or self.annotations_later):
            raise _refusal("is of no use without annotations", "give annotations, or remove gpi", key="gpi")
        if (self.genome.cds or self.genome.gff) and not (self.proteome or self.views.sequence.table):
            advice = "give proteome, or remove genome"
            raise _refusal("is of no use without a sequence view", advice, key="genome")
        return self

    @model_validator(mode="after")
    def _has_what_families_need(self) -> "Organism":
        """Refuse a view without features, which would be left out as if its genes had no labels."""
        view = self.views.sequence  # families of expression need expression alone, without which there is no such view
        built = self.proteome and not (view.table and view.mode == "replace")
        needs = dict.fromkeys(FAMILIES[name].needs for name in view.families)
        if built and not any(attrgetter(key)(self) for key in needs):
            problem = f"nothing is given that {', '.join(view.families)} could be made of"
            advice = f"give {' or '.join(needs)}, or add a family of the proteome, as composition"
            raise _refusal(problem, advice, key="views.sequence.families")
        return self

    def gene_tables(self) -> list[Path]:
        """Tables whose genes are the gene universe where there is no proteome."""
        ready = (self.views.sequence.table, self.views.expression.table)
        return [*(file for file in ready if file), *(study.matrix for study in self.expression)]

    def inputs(self) -> dict[str, Path]:
        """Every input file by its key; a study's key ends in its name, `expression.precise`."""
        single = ("ontology", "proteome", "gene_map", "id_map", "annotations", "gpi", "annotations_later")
        files: dict[str, Path | None] = {key: getattr(self, key) for key in (*single, "holdout_genes")}
        files |= {f"expression.{study.name}": study.matrix for study in self.expression}
        for key in ("domains", "domain_terms"):
            files |= {f"{key}.{number}": file for number, file in enumerate(getattr(self, key), start=1)}
        files |= {f"genome.{key}": getattr(self.genome, key) for key in ("cds", "gff")}
        if self.reference:
            files |= {f"reference.{key}": getattr(self.reference, key) for key in ("proteome", "annotations", "gpi")}
        files |= {f"views.{view}.table": getattr(self.views, view).table for view in ("sequence", "expression")}
        return {key: path for key, path in files.items() if path is not None}


# --- loading ---


def load(organisms: str | Sequence[str], defaults: Mapping[str, object], shipped: Path) -> dict[str, Organism]:
    """Read, merge and check the organisms of a run.

    Parameters
    ----------
    organisms : names of `shipped/<name>.yaml`, or paths of YAML files, relative to the current directory.
    defaults : the content of config.yaml with what the command line changed; its key `organisms` is ignored.
    shipped : the folder of the shipped organism files; paths among the defaults are relative to its parent.

    Returns
    -------
    Organism by name, in the order given; all input paths are absolute and exist.

    Raises
    ------
    InputError: the first fault found, with the file and the key.
    """
    entries = [organisms] if isinstance(organisms, str) else organisms
    if not entries:
        raise InputError("config", "organisms: the list is empty", "name at least one organism")
    base = _anchored({key: value for key, value in defaults.items() if key != "organisms"}, shipped.absolute().parent)
    loaded: dict[str, Organism] = {}
    for entry in entries:
        file = _locate(str(entry), shipped)
        organism = _organism(file, base)
        if organism.name in loaded:
            raise InputError(file, f"name: '{organism.name}' is given twice", "give each organism a name of its own")
        loaded[organism.name] = organism
    return loaded


def _locate(entry: str, shipped: Path) -> Path:
    """The file that an entry of `organisms` means."""
    if entry.endswith((".yaml", ".yml")) or "/" in entry:
        if not Path(entry).is_file():
            raise InputError(entry, "no such file", "give the path of an organism file, or the name of a shipped one")
        return Path(entry)
    known = sorted(file.stem for file in shipped.glob("*.yaml"))
    if entry not in known:
        problem = f"organisms: no organism is named '{entry}' (allowed: {', '.join(known)}){nearest(entry, known)}"
        raise InputError("config", problem, "give one of these names, or the path of a YAML file")
    return shipped / f"{entry}.yaml"


def _organism(file: Path, base: Mapping[str, object]) -> Organism:
    own = _anchored(_read_yaml(file), file.absolute().parent)
    try:
        organism = Organism.model_validate(_merge(base, own))
    except ValidationError as fault:
        raise _one_line(fault, file, own) from None
    for key, path in organism.inputs().items():
        if not path.is_file():
            raise InputError(file, f"{key}: no such file {path}", "put the file there, or correct the path")
    return organism


def _read_yaml(file: Path) -> dict[str, object]:
    text = "\n".join(line for _, line in read_lines(file))
    try:
        content = yaml.safe_load(text)
    except yaml.MarkedYAMLError as fault:
        line = fault.problem_mark.line + 1 if fault.problem_mark else None
        raise InputError(file, f"not valid YAML ({fault.problem})", "correct the line", line=line) from None
    except (yaml.YAMLError, ValueError) as fault:
        raise InputError(file, f"not valid YAML ({fault})", "correct the file") from None
    if not isinstance(content, dict):
        raise InputError(file, "holds no keys", "write `key: value` lines, see config/README.md")
    return content


def _anchored(values: Mapping[str, object], folder: Path) -> dict[str, object]:
    """The same values, with every input path absolute: it is relative to the file that names it."""

    def place(key: str, value: object) -> object:
        if isinstance(value, Mapping):
            return _anchored(value, folder)
        if isinstance(value, list):
            return [place(key, item) for item in value]
        if key in _FILE_KEYS and isinstance(value, str) and "://" not in value:
            return os.path.normpath(folder / Path(value).expanduser())
        return value

    # YAML reads an unquoted `on` or `1` as no text; as text it is an unknown key and says so
    return {str(key): place(str(key), value) for key, value in values.items()}


def _merge(base: Mapping[str, object], own: Mapping[str, object]) -> dict[str, object]:
    """Own values over the base: maps merge, all else replaces.

    >>> _merge({"folds": {"count": 5, "identity": 0.3}, "codes": ["IDA", "TAS"]}, {"folds": {"count": 3}, "codes": []})
    {'folds': {'count': 3, 'identity': 0.3}, 'codes': []}
    """
    merged = dict(base)
    for key, value in own.items():
        before = merged.get(key)
        if isinstance(before, Mapping) and (isinstance(value, Mapping) or value is None):
            # a bare `views:` is read as null and means no change
            merged[key] = _merge(before, value or {})
        else:
            merged[key] = value
    return merged


# --- errors in one line ---


def _one_line(fault: ValidationError, file: Path, own: Mapping[str, object]) -> InputError:
    """The first fault of a validation, blamed on the organism file or on the defaults."""
    first = fault.errors()[0]
    key = ".".join(map(str, first["loc"])) or first.get("ctx", {}).get("key", "")
    problem, advice = _explain(first)
    more = f" (and {fault.error_count() - 1} more)" if fault.error_count() > 1 else ""
    theirs = first["type"] == "missing" or _gives(own, first["loc"])
    return InputError(file if theirs else "config", f"{key}: {problem}{more}", advice)


def _explain(fault: ErrorDetails) -> tuple[str, str]:
    """What is wrong, and what to do."""
    key = ".".join(part for part in fault["loc"] if isinstance(part, str))
    if fault["type"] == "refused":
        return fault["ctx"]["problem"], fault["ctx"]["advice"]
    if fault["type"] == "missing":
        return "required, but not given", f"add it: {keys()[key]['description']}"
    if fault["type"] == "extra_forbidden":
        group, _, word = key.rpartition(".")
        known = _members(group)
        hint = nearest(word, known) or f" (allowed: {', '.join(known)})"
        return f"unknown key{hint}", "correct or remove it; config/README.md lists all keys"
    entry = keys().get(key, {})
    hint = nearest(str(fault["input"]), [str(word) for word in entry.get("enum", [])])
    return f"{reprlib.repr(fault['input'])} is not allowed (allowed: {_allowed(entry)}){hint}", "correct the value"


def _gives(values: object, place: Sequence[int | str]) -> bool:
    """Whether these values are where a fault comes from."""
    for key in place:
        # within a list nothing is merged: who gives the list gives the fault
        if not isinstance(values, Mapping) or isinstance(key, int):
            return True
        if key not in values:
            return False
        values = values[key]
    return True


# --- what is generated from the models ---


@cache
def keys() -> dict[str, dict[str, Any]]:
    """The JSON schema entry of every key, by its dotted name: `learner.trees`.

    >>> keys()["learner.depth"]["default"]
    5
    """
    schema = Organism.model_json_schema()

    def walk(group: dict[str, Any], prefix: str) -> Iterator[tuple[str, dict[str, Any]]]:
        for name, entry in group["properties"].items():
            yield prefix + name, entry
            # a key may be given in several forms; all its maps have one definition
            nested = re.search(r"#/\$defs/(\w+)", json.dumps(entry))
            if nested:
                yield from walk(schema["$defs"][nested[1]], f"{prefix}{name}.")

    return dict(walk(schema, ""))


def _members(group: str) -> list[str]:
    """Names of the keys right below a key."""
    return [name for parent, _, name in (key.rpartition(".") for key in keys()) if parent == group]


def _allowed(entry: Mapping[str, Any]) -> str:
    """What a key takes, in words.

    >>> _allowed(keys()["folds.count"]), _allowed(keys()["homology.engine"]), _allowed(keys()["proteome"])
    ('whole number from 3 to 50', 'auto, diamond, phmmer', 'file or null')
    """
    if "anyOf" in entry:
        return " or ".join(_allowed(choice) for choice in entry["anyOf"])
    if "enum" in entry:
        return ", ".join(entry["enum"])
    if entry.get("pattern") == _NAME:
        return _NAME_IN_WORDS
    if "$ref" in entry:
        return "map"
    if entry.get("format") == "path":
        return "file"
    if "type" not in entry:
        return "empty"
    kinds = {"integer": "whole number", "boolean": "true or false", "string": "text", "array": "list"}
    bounds = {"minimum": "from", "exclusiveMinimum": "above", "maximum": "to"}
    limits = [f"{word} {entry[bound]:.10g}" for bound, word in bounds.items() if bound in entry]
    return " ".join([kinds.get(entry["type"], entry["type"]), *limits])


_HEAD = """\
# Defaults of every organism. Written by `python -m geneduet.config` from workflow/geneduet/config.py.
# An organism file overrides any key for itself; `--config key=value` and `--configfile` do for one call.

# Names of files in config/organisms, or paths of YAML files
organisms: [demo]

# Each organism file gives: {required}
"""


def _default_yaml() -> str:
    """The commented defaults."""
    required = [key for key, entry in keys().items() if "." not in key and "default" not in entry]
    lines = _HEAD.format(required=", ".join(required)).splitlines()
    groups = {""}
    for key, entry in keys().items():
        group, _, name = key.rpartition(".")
        if group not in groups or key in required:
            continue
        indent = "  " * key.count(".")
        lines += [] if group else [""]
        opens = "$ref" in entry
        text = entry["description"] if opens else f"{entry['description']} ({_allowed(entry)})"
        lines += wrap(text, 110, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}# ")
        lines.append(f"{indent}{name}:" + ("" if opens else f" {_flow(entry['default'])}"))
        groups |= {key} if opens else set()
    return "\n".join(lines) + "\n"


def _flow(value: object) -> str:
    """YAML on one line."""
    text: str = yaml.safe_dump(value, default_flow_style=True, width=1000)
    return text.removesuffix("...\n").strip()


def _key_table() -> str:
    """The Markdown table of all keys."""
    rows = ["| key | default | allowed | meaning |", "| --- | --- | --- | --- |"]
    for key, entry in keys().items():
        default = "" if "$ref" in entry else f"`{_flow(entry['default'])}`" if "default" in entry else "required"
        meaning = entry["description"].replace("|", "\\|")
        rows.append(f"| `{key}` | {default} | {_allowed(entry)} | {meaning} |")
    return "\n".join(rows)


def _schema() -> str:
    """The JSON schema of an organism file."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Organism.model_json_schema()}
    return json.dumps(schema, indent=2) + "\n"


def _generated(root: Path) -> dict[Path, str]:
    """What each generated file should hold; of the README only the table between the marks is generated."""
    readme = root / "config" / "README.md"
    text = readme.read_text(encoding="utf-8")
    return {
        root / "config" / "config.yaml": _default_yaml(),
        readme: replace_between(text, "keys", _key_table()),
        root / "workflow" / "schemas" / "organism.schema.json": _schema(),
    }


def generate(root: Path) -> None:
    """Write config.yaml, the key table of config/README.md and the schema of the repository at `root`."""
    for file, text in _generated(root).items():
        with open_output(file) as handle:
            handle.write(text)


def drift(root: Path) -> list[str]:
    """The generated files that differ from the models, relative to `root`."""
    return [
        str(file.relative_to(root))
        for file, text in _generated(root).items()
        if not file.is_file() or file.read_text(encoding="utf-8") != text
    ]


if __name__ == "__main__":
    generate(Path(__file__).parents[2])
