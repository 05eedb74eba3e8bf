"""A small made-up organism, and the real Snakemake to run it with."""

import csv
import gzip
import io
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import yaml

ROOT = Path(__file__).parents[1]
CLASSES = ("ligase", "kinase", "channel", "histone")  # what a gene of the small organism can be
RESIDUES = np.array(list("ACDEFGHIKLMNPQRSTVWY"))
SAMPLES = 16

# few trees on few genes: the shape of a run, in seconds
LIGHT = {
    "learner": {"trees": 4, "depth": 3, "bins": 8, "min_rows": 2, "reduced_dimensions": 4},
    "folds": {"count": 3},
    "homology": {"engine": "phmmer"},
    "term_selection": {"min_positives": 4},
    "minimum_labels": 15,
    "evaluation": {"bootstrap": 10},
}


@dataclass(frozen=True)
class Organism:
    """A small organism on disk, and the truth about it.

    Parameters
    ----------
    file : its YAML file.
    genes : all of them.
    parents : of each live term, roots included.
    annotated, negated : (gene, term) as said by rows of accepted evidence, and by NOT rows; not propagated.
    held_out : genes whose labels are hidden.
    """

    file: Path
    genes: list[str]
    parents: dict[str, list[str]]
    annotated: set[tuple[str, str]]
    negated: set[tuple[str, str]]
    held_out: set[str]

    @property
    def folder(self) -> Path:
        return self.file.parent

    def ancestors(self, term: str) -> set[str]:
        """A term's ancestors, itself included."""
        return {term}.union(*(self.ancestors(parent) for parent in self.parents[term]))


@dataclass(frozen=True)
class Run:
    """A call of Snakemake: the folder it ran in, what it was called with, and what came out."""

    folder: Path
    organism: Organism
    result: subprocess.CompletedProcess[str]

    @property
    def results(self) -> Path:
        return self.folder / "results" / yaml.safe_load(self.organism.file.read_text())["name"]


# --- Snakemake and the command line, as people call them


def environment() -> dict[str, str]:
    """The caller's, with this Python first on the path: rules call `python`. Nobody's Snakemake profile."""
    own = {key: value for key, value in os.environ.items() if not key.startswith("SNAKEMAKE_")}
    return {**own, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{own['PATH']}"}


def command(folder: Path, organisms: Iterable[Path], *arguments: str, cores: int = 2) -> list[str]:
    """Snakemake's command line; arguments of the form `key=value` are further `--config` values."""
    settings = [word for word in arguments if "=" in word and not word.startswith("-")]
    options = [word for word in arguments if word not in settings]
    files = yaml.safe_dump([str(file) for file in organisms], default_flow_style=True, width=10_000).strip()
    call = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--directory", str(folder)]
    return [*call, "--cores", str(cores), *options, "--config", f"organisms={files}", *settings]


def call_snakemake(
    folder: Path, organisms: Iterable[Path], *arguments: str, cores: int = 2
) -> subprocess.CompletedProcess[str]:
    """Run Snakemake and wait for it."""
    words = command(folder, organisms, *arguments, cores=cores)
    return subprocess.run(words, capture_output=True, text=True, env=environment(), timeout=1800, check=False)


@pytest.fixture(scope="session")
def snakemake_command():
    return command


@pytest.fixture(scope="session")
def snakemake():
    """Call Snakemake: folder, organism files, then arguments and `key=value` settings."""
    return call_snakemake


@pytest.fixture(scope="session")
def shell_environment():
    return environment()


@pytest.fixture(scope="session")
def geneduet(shell_environment):
    """Run one step by hand."""

    def call(*arguments: object) -> subprocess.CompletedProcess[str]:
        words = [sys.executable, "-m", "geneduet", *map(str, arguments)]
        steps = {**shell_environment, "PYTHONPATH": str(ROOT / "workflow")}
        return subprocess.run(words, capture_output=True, text=True, env=steps, timeout=60, check=False)

    return call


@pytest.fixture(scope="session")
def read_rows():
    """Rows of a TSV file, gzip by its ending, as dictionaries of text."""

    def read(file: Path) -> list[dict[str, str]]:
        text = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
        return list(csv.DictReader(io.StringIO(text.decode()), delimiter="\t"))

    return read


# --- the organism


def ontology() -> tuple[str, dict[str, list[str]], dict[tuple[str, str], str]]:
    """OBO text, parents of each live term, and the term of each aspect and class.

    Each aspect: a root, two groups, two classes in each, and a part of the first class; in C the second group is
    the protein-containing complex.
    """
    stanzas, parents, term_of = ["format-version: 1.2\ndata-version: releases/2020-02-02\n"], {}, {}

    def add(term: str, name: str, namespace: str, *links: str) -> None:
        lines = [f"id: {term}", f"name: {name}", f"namespace: {namespace}", *links]
        stanzas.append("\n".join(["[Term]", *lines]) + "\n")
        parents[term] = [link.split()[2 if link.startswith("relationship") else 1] for link in links]

    for number, (aspect, namespace, root) in enumerate(
        (
            ("P", "biological_process", "GO:0008150"),
            ("F", "molecular_function", "GO:0003674"),
            ("C", "cellular_component", "GO:0005575"),
        ),
        start=1,
    ):
        groups = [f"GO:{number}000001", "GO:0032991" if aspect == "C" else f"GO:{number}000002"]
        add(root, namespace, namespace)
        for group in groups:
            add(group, f"{aspect} group {group[-1]}", namespace, f"is_a: {root}")
        for place, kind in enumerate(CLASSES):
            term_of[aspect, kind] = f"GO:{number}00001{place}"
            add(term_of[aspect, kind], f"{kind} {aspect}", namespace, f"is_a: {groups[place // 2]} ! group")
        term_of[aspect, "part"] = f"GO:{number}000020"
        whole = term_of[aspect, CLASSES[0]]
        add(term_of[aspect, "part"], f"part of {CLASSES[0]} {aspect}", namespace, f"relationship: part_of {whole}")
    stanzas.append(
        "[Term]\nid: GO:9000000\nname: old\nnamespace: biological_process\nis_obsolete: true\nreplaced_by: GO:1000001\n"
    )
    return "\n".join(stanzas), parents, term_of


def proteins(random: np.random.Generator, class_of: dict[str, str]) -> dict[str, str]:
    """A sequence for each gene: the first half in families of five of one class, the others on their own."""
    genes = list(class_of)
    taste = {kind: random.dirichlet(np.full(20, 2.0)) for kind in CLASSES}
    found: dict[str, str] = {}
    ancestor: dict[str, np.ndarray] = {}
    for place, gene in enumerate(genes):
        kind = class_of[gene]
        fresh = random.choice(RESIDUES, 80, p=taste[kind])
        if place < len(genes) // 2:
            family = ancestor.setdefault(f"{kind}{place // 20}", fresh)
            fresh = np.where(random.random(80) < 0.2, fresh, family)
        found[gene] = "M" + "".join(fresh)
    return found


def write_organism(folder: Path, file_names: dict[str, str] | None = None, **settings: object) -> Organism:
    """Write a small organism: 120 genes of four classes, which share families, terms and expression.

    Parameters
    ----------
    folder : where to write.
    file_names : other names for its input files, by key.
    settings : keys of the organism file, over those it has; a value of None takes the key out.
    """
    random = np.random.default_rng(7)
    folder.mkdir(parents=True, exist_ok=True)
    keys = ("ontology", "proteome", "annotations", "expression", "holdout_genes")
    named = dict(zip(keys, ("go.obo", "proteome.fasta", "genes.gaf", "expression.tsv", "held_out.txt"), strict=True))
    named |= file_names or {}
    text, parents, term_of = ontology()
    (folder / named["ontology"]).write_text(text)

    genes = [f"g{number:03}" for number in range(120)]
    class_of = {gene: CLASSES[place % len(CLASSES)] for place, gene in enumerate(genes)}
    sequences = proteins(random, class_of)
    (folder / named["proteome"]).write_text(
        "".join(f">{gene} a {class_of[gene]}\n{text}*\n" for gene, text in sequences.items())
    )

    annotated, negated, rows = set(), set(), []

    def row(gene: str, term: str, aspect: str, evidence: str, qualifier: str = "") -> str:
        # of every second gene the file knows an id of its own, and ours as a synonym
        own = gene if int(gene[1:]) % 2 else f"S{gene}"
        cells = ["TST", own, own.upper(), qualifier, term, "PMID:1", evidence, "", aspect, "", gene, "protein"]
        return "\t".join([*cells, "taxon:9999", "20200101", "TST", "", ""])

    for gene in genes:
        kind = class_of[gene]
        for aspect in "PFC":
            term = term_of[aspect, kind]
            if random.random() < 0.6:
                annotated.add((gene, term))
                rows.append(row(gene, term, aspect, "IDA"))
            elif random.random() < 0.3:
                rows.append(row(gene, term, aspect, "IEA"))  # not accepted
            if kind == CLASSES[0] and random.random() < 0.4:
                part = term_of[aspect, "part"]
                annotated.add((gene, part))
                rows.append(row(gene, part, aspect, "IMP"))
    for gene in genes[:9]:
        # NOT a group is NOT its classes; of another group than the gene's own
        group = "GO:1000002" if CLASSES.index(class_of[gene]) < 2 else "GO:1000001"
        negated.add((gene, group))
        rows.append(row(gene, group, "P", "IDA", "NOT"))
    head = "!gaf-version: 2.1\n!date-generated: 2021-03-04\n"
    (folder / named["annotations"]).write_text(head + "".join(f"{line}\n" for line in rows))
    # a later release, where `annotations_later` asks for it: every second of the pairs that were not known
    later = [
        row(gene, term_of[aspect, class_of[gene]], aspect, "IDA")
        for number, (gene, aspect) in enumerate(product(genes, "PFC"))
        if number % 2 and (gene, term_of[aspect, class_of[gene]]) not in annotated
    ]
    (folder / "later.gaf").write_text(head + "".join(f"{line}\n" for line in rows + later))

    base = {kind: random.normal(size=SAMPLES) for kind in CLASSES}
    lines = ["gene\t" + "\t".join(f"s{number}" for number in range(SAMPLES))]
    for gene in genes[:110]:  # the last ten were never measured
        values = base[class_of[gene]] + random.normal(scale=0.7, size=SAMPLES)
        cells = ["NA" if random.random() < 0.03 else f"{value:.3f}" for value in values]
        lines.append("\t".join([gene, *cells]))
    (folder / named["expression"]).write_text("\n".join(lines) + "\n")

    held_out = sorted({gene for gene, _ in annotated})[20:30]
    (folder / named["holdout_genes"]).write_text("\n".join(held_out) + "\n")

    content = {"name": "tiny", "taxon_id": 9999, **named, **LIGHT, **settings}
    file = folder / f"{content['name']}.yaml"
    file.write_text(yaml.safe_dump({key: value for key, value in content.items() if value is not None}))
    return Organism(file, genes, parents, annotated, negated, set(held_out))


@pytest.fixture(scope="session")
def make_organism():
    return write_organism


@pytest.fixture(scope="session")
def organism(tmp_path_factory):
    """The small organism; read only."""
    return write_organism(tmp_path_factory.mktemp("organism"))


@pytest.fixture(scope="session")
def finished(tmp_path_factory, organism):
    """An undisturbed run on two cores; read only."""
    folder = tmp_path_factory.mktemp("finished")
    result = call_snakemake(folder, [organism.file])
    assert result.returncode == 0, result.stderr[-4000:]
    return Run(folder, organism, result)


@pytest.fixture
def finished_copy(tmp_path, finished):
    """The undisturbed run again, to change things in."""
    folder = tmp_path / "copy"
    shutil.copytree(finished.folder, folder)
    return Run(folder, finished.organism, finished.result)
