# The few helpers that the rules share.
import json
import os
import shlex
import sys
from operator import attrgetter
from pathlib import Path

# of this file, and not workflow.basedir, which is the folder of whoever includes or imports us
PACKAGE = Path(workflow.current_basedir.get_path_or_uri(secret_free=False)).resolve().parent / "geneduet"
sys.path.insert(0, str(PACKAGE.parent))

from geneduet import config as settings
from geneduet.code_version import code_version as code
from geneduet.errors import InputError
from geneduet.views.families import FAMILIES, VOTERS

ASPECTS = ["P", "F", "C"]
ENVIRONMENT = "../envs/geneduet.yaml"
FIND = {"modules", "independent_modules"}  # families that take the number of components

try:
    ORGANISMS = settings.load(config.get("organisms") or [], config, PACKAGE.parents[1] / "config" / "organisms")
except InputError as fault:
    # one line and status 2, as for every other bad input; Snakemake would print a traceback
    print(f"error: {fault}", file=sys.stderr, flush=True)
    os._exit(2)

# steps find the package without an installation; BLAS on one thread, so that results do not depend on the cores,
# and OpenMP threads that sleep while they wait, so that jobs do not slow each other down; glibc shall keep the memory
# of the histograms that XGBoost takes and gives back for each node: returning it to the system halved the speed
shell.prefix(
    f"set -euo pipefail; export PYTHONPATH={shlex.quote(str(PACKAGE.parent))}"
    " OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 OMP_WAIT_POLICY=passive"
    " MALLOC_MMAP_THRESHOLD_=2000000000 MALLOC_TRIM_THRESHOLD_=2000000000; "
)


def setting(key):
    """The value of a key, dots between levels, for the organism of the job."""
    return lambda wildcards: attrgetter(key)(ORGANISMS[wildcards.organism])


def options(*keys):
    """Keys as command line options: a group gives one for each of its keys, a list for each entry. For the shell."""

    def write(wildcards):
        words = []
        for key in keys:
            value = attrgetter(key)(ORGANISMS[wildcards.organism])
            name = key.rpartition(".")[2]
            pairs = value.model_dump().items() if hasattr(value, "model_dump") else [(name, value)]
            for name, one in pairs:
                entries = one if isinstance(one, list) else [one]
                words += [f"--{name.replace('_', '-')}={entry}" for entry in entries]
        return " ".join(shlex.quote(word) for word in words)

    return write


def given(key):
    """An input file that the organism may or may not have: a path, or nothing."""
    return lambda wildcards: attrgetter(key)(ORGANISMS[wildcards.organism]) or []


def option(name, key):
    """A command line option for an input file that may be missing."""

    def write(wildcards):
        value = attrgetter(key)(ORGANISMS[wildcards.organism])
        return f"--{name} {shlex.quote(str(value))}" if value else ""

    return write


def memory(base, per_mb=0, of=None):
    """Memory in MB: a base, more by the size of the input that decides it, and again as much with each attempt.

    For learning and co-expression about twice what yeast and E. coli took; the other bases are generous guesses.
    """

    def ask(wildcards, input, attempt):
        size = os.path.getsize(str(input[of])) / 1e6 if of else 0
        return int(attempt * (base + per_mb * size))

    return ask


def has_view(organism, view):
    """Whether an organism has a view: data to build it from, or a ready-made table."""
    own = ORGANISMS[organism]
    return bool((own.proteome if view == "sequence" else own.expression) or getattr(own.views, view).table)


def families_of(wildcards):
    """Feature tables of the families of a view that are switched on and have what they need."""
    own, view = ORGANISMS[wildcards.organism], wildcards.view
    chosen = getattr(own.views, view)
    if chosen.table and chosen.mode == "replace":
        return []
    names = [name for name in chosen.families if attrgetter(FAMILIES[name].needs)(own)]
    return [f"results/{own.name}/views/{view}/{name}.parquet" for name in names]


def feature_files(wildcards):
    """Features of the views that the organism of a job has, by view."""
    name = wildcards.organism
    views = (view for view in ("sequence", "expression") if has_view(name, view))
    return {view: f"results/{name}/views/{view}.parquet" for view in views}


def voter_files(wildcards):
    """Those who vote in each view, switched on and with what they need: files by view and name."""
    own, files = ORGANISMS[wildcards.organism], {}
    for view in feature_files(wildcards):
        for name in getattr(own.views, view).votes:
            if all(attrgetter(key)(own) for key in VOTERS[name].needs.split()):
                of_aspect = name in ("reference", "domains")
                file = f"{name}/{wildcards.aspect}.npz" if of_aspect else f"views/links/{name}.parquet"
                files[view, name] = f"results/{own.name}/{file}"
    return files


def files_for(family):
    """Tables other than genes and expression that a family is made of."""
    key = FAMILIES[family].needs.removeprefix("genome.")
    return [f"{key}.parquet"] if key in ("domains", "cds", "gff") else []


def votes_of_others(wildcards):
    """What reference and domains say in each aspect, where they vote: pairs of name and file."""
    own = ORGANISMS[wildcards.organism]
    return [
        (name, f"results/{own.name}/{name}/{aspect}.npz")
        for name in ("reference", "domains")
        if name in own.views.sequence.votes and all(attrgetter(key)(own) for key in VOTERS[name].needs.split())
        for aspect in ASPECTS
    ]


def model_tables(wildcards):
    """What new genes are described by, beside the features of the run's own: pairs of name in the model and file."""
    own = ORGANISMS[wildcards.organism]
    folder, names = f"results/{own.name}", []
    if own.expression:
        names += [(name, f"inputs/{name}.parquet") for name in ("expression", "expression_scale")]
    if own.reference:
        names += [
            ("reference", "reference/proteins.parquet"),
            ("reference_annotations", "reference/annotations.parquet"),
        ]
        names += [("trust", "reference/trust.tsv"), ("ontology", "inputs/ontology.npz")]
    links = {name for view in feature_files(wildcards) for name in getattr(own.views, view).votes} - {
        "reference",
        "domains",
    }
    # bridges of a new gene begin with its direct links, and homologues tell how far it is from the run's genes
    links |= {name.removesuffix("_bridges") for name in links} | {"homologues"}
    links = [name for name in sorted(links) if all(attrgetter(key)(own) for key in VOTERS[name].needs.split())]
    names += [(f"links/{name}", f"views/links/{name}.parquet") for name in links]
    return [(name, f"{folder}/{file}") for name, file in names]


def view_files(wildcards):
    """All that a learner sees of the genes."""
    return {**feature_files(wildcards), "voters": list(voter_files(wildcards).values())}


def view_options(wildcards):
    """The same as options."""
    features = [f"--{view}={file}" for view, file in feature_files(wildcards).items()]
    voters = [word for (view, name), file in voter_files(wildcards).items() for word in ("--voters", view, name, file)]
    return " ".join(map(shlex.quote, features + voters))


def gene_facts(wildcards):
    """What tells orphans, and genes without expression, from the others."""
    features, own = feature_files(wildcards), ORGANISMS[wildcards.organism]
    facts = {"expression": features["expression"]} if "expression" in features else {}
    if own.proteome:
        facts["homologues"] = f"results/{own.name}/views/homologues.parquet"
        if own.reference:
            facts["reference"] = f"results/{own.name}/reference/hits.parquet"
    return facts


def as_options(files):
    """Files by option name, as options; one for each of several."""

    def write(wildcards):
        named = {name: [own] if isinstance(own, str) else own for name, own in files(wildcards).items()}
        return " ".join(f"--{name} {shlex.quote(file)}" for name, several in named.items() for file in several)

    return write


def own_labels(wildcards):
    """The organism's annotations alone: with fewer labels a reference does not step in, or the levels would not compare."""
    return {"annotations": f"results/{wildcards.organism}/inputs/annotations.parquet"}


def label_sources(wildcards):
    """What labels are made of: the organism's annotations, and what a reference says in their stead."""
    own = ORGANISMS[wildcards.organism]
    folder, files = f"results/{own.name}", {}
    if own.annotations:
        files["annotations"] = f"{folder}/inputs/annotations.parquet"
    if own.reference:
        files["reference"] = [f"{folder}/reference/{aspect}.npz" for aspect in ASPECTS]
        files["trust"] = f"{folder}/reference/trust.tsv"
    return files


def by_aspect(pattern):
    """The files of all aspects of the organism of a job."""
    return expand(f"results/{{{{organism}}}}/{pattern}", aspect=ASPECTS)


def results_of(organism):
    """What a run of an organism is for, but the record of it and the report that tells of all."""
    folder = f"results/{organism}"
    names = [f"predictions.{form}.gz" for form in ("tsv", "gaf", "gpad", "gpi", "cafa.tsv")] + [
        "evidence.tsv.gz",
        "model",
    ]
    names += [f"evaluation/{name}.tsv" for name in TABLES]
    if ORGANISMS[organism].evaluation.label_efficiency.seeds:
        names += ["label_efficiency/label_value.tsv"]
    return [f"{folder}/{name}" for name in names] + figures_of(organism)


def figures_of(organism):
    """The figures of an organism."""
    learned_again = ["label_efficiency"] if ORGANISMS[organism].evaluation.label_efficiency.seeds else []
    return [f"results/{organism}/figures/{name}.svg" for name in FIGURES + learned_again]
