"""What the user got wrong is told in one line, with exit status 2, and leaves nothing behind."""

import gzip
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

GAF = "TST\tg000\tG000\t\tGO:1000010\tPMID:1\tIDA\t\tP\t\t\tprotein\ttaxon:9999\t20200101\tTST\t\t\n"
OBO = "[Term]\nid: X:1\nnamespace: biological_process\n{}\n[Term]\nid: X:2\nnamespace: biological_process\nis_a: X:1\n"

Given = dict[str, Path]  # the bad file, and the outputs of a finished run that steps need


@dataclass(frozen=True)
class Fault:
    """A bad input: what the file holds, the step that reads it, and what is said about it.

    Parameters
    ----------
    content : of the file; None for a file that is not there.
    step : words of the command line, where `bad` and the other names of `Given` stand for files.
    message : pattern of what comes after the file's name.
    """

    content: str | bytes | None
    step: Sequence[str]
    message: str


READ_GENES = ["read-genes", "--proteome", "bad", "out"]
READ_ANNOTATIONS = [
    *("read-annotations", "--genes", "genes", "--ontology", "ontology", "--evidence-code", "IDA", "bad", "out")
]
READ_EXPRESSION = ["read-expression", "out", "scale", "--genes", "genes", "--study", "heat", "log", "bad"]

FAULTS = {
    "truncated gzip": Fault(
        gzip.compress(b">p1\nMKV\n" * 500)[:-30], READ_GENES, r":\d+: gzip stream ends .*; the file is truncated"
    ),
    "duplicate ids": Fault(">p1\nMKV\n>p2\nMA\n>p1\nMKW\n", READ_GENES, r":5: id 'p1' occurs twice, first on line 1; "),
    "illegal letters": Fault(">p1\nMKV\n>p2\nMA1K\n", READ_GENES, r":3: protein 'p2' has the illegal letter '1' .*; "),
    "empty FASTA": Fault("", READ_GENES, r": no sequence in it; "),
    "short GAF line": Fault(
        f"!gaf-version: 2.1\n{GAF}TST\tg001\n", READ_ANNOTATIONS, r":3: 2 columns, GAF has 15 to 17; "
    ),
    "GAF ids that never join": Fault(
        GAF.replace("000", "xyz", 1).replace("G000", "NAME"),
        READ_ANNOTATIONS,
        r": none of its ids joins a gene: saw gxyz but want g000, g001, g002, \.\.\.; give an id_map",
    ),
    "unknown evidence code": Fault(
        GAF.replace("IDA", "IEAA"),
        READ_ANNOTATIONS,
        r":1: unknown evidence code 'IEAA' \(did you mean 'IEA'\?\); ",
    ),
    "GPAD without an ECO id": Fault(
        "!gpad-version: 2.0\nTST:g000\t\tRO:0002331\tGO:1000010\tPMID:1\tIDA\t\t\t2020-01-01\tTST\t\t\n",
        READ_ANNOTATIONS,
        r":2: 'IDA' is not an ECO id; ",
    ),
    "cycle": Fault(
        OBO.format("relationship: part_of X:2\n"),
        ["read-ontology", "bad", "out"],
        r":\d+: the hierarchy has a cycle: X:1 -> X:2 -> X:1; ",
    ),
    "text in a cell": Fault(
        "gene\theat\tsalt\ng000\t1\t2\ng001\t3\thigh\n",
        READ_EXPRESSION,
        r":3: 'high' in column 'salt' is not a number; ",
    ),
    "expression that never joins": Fault(
        "gene,s1,s2\nb0001,1,2\nb0002,2,1\n",
        READ_EXPRESSION,
        r": none of its ids joins a gene: saw b0001, b0002 but want g000, g001, g002, \.\.\.; .*id_map",
    ),
    "missing file": Fault(None, ["read-ontology", "bad", "out"], r": no such file; "),
    "ready-made table that never joins": Fault(
        "gene\tf1\nb0001\t1\n",
        ["join-view", "--table", "bad", "--genes", "genes", "out"],
        r": none of its ids joins a gene: saw b0001 but want g000",
    ),
    "held-out gene that is none": Fault(
        "g000\ng0x1\n",
        [
            "make-labels",
            "--genes",
            "genes",
            "--ontology",
            "ontology",
            "--min-positives",
            "4",
            "--minimum-labels",
            "15",
            "--taxon-id",
            "9999",
            "--holdout",
            "bad",
            "--annotations",
            "annotations",
            "out",
        ],
        r":2: 'g0x1' is no gene",
    ),
}


@pytest.fixture
def fail(tmp_path, finished, geneduet) -> Callable[..., Any]:
    """Run the step of a fault: the file at fault, the folder for outputs, and what came of it."""

    def call(fault: Fault, *options: str):
        bad, out = tmp_path / "bad", tmp_path / "out" / "result"
        if fault.content is not None:
            bad.write_bytes(fault.content if isinstance(fault.content, bytes) else fault.content.encode())
        inputs = finished.results / "inputs"
        files = {"bad": bad, "out": out} | {file.stem: file for file in inputs.iterdir()}
        return bad, out.parent, geneduet(*(files.get(word, word) for word in fault.step), *options)

    return call


@pytest.mark.parametrize("name", FAULTS)
def test_bad_input_is_one_line_and_status_2_and_nothing_written(fail, name):
    bad, folder, call = fail(FAULTS[name])
    print(call.stderr.replace(str(bad.parent), ""), end="")  # pytest -rP shows what users see
    assert re.fullmatch(rf"error: {re.escape(str(bad))}{FAULTS[name].message}.*\n", call.stderr), call.stderr
    assert re.search(r"; \w.{5,}\n$", call.stderr), "what to do is missing"
    assert call.returncode == 2
    assert not folder.exists() or list(folder.rglob("*")) == []


@pytest.mark.parametrize("name", ["duplicate ids", "text in a cell"])
def test_debug_shows_the_traceback(fail, name):
    _, _, call = fail(FAULTS[name], "--debug")
    assert call.stderr.startswith("Traceback (most recent call last)")
    assert re.search(FAULTS[name].message, call.stderr)
    assert call.returncode != 0


# --- through Snakemake


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"learnr": {"trees": 3}}, r"learnr: unknown key \(did you mean 'learner'\?\); "),
        ({"learner": {"tress": 3}}, r"learner\.tress: unknown key \(did you mean 'trees'\?\); "),
        ({"evidence_codes": ["IDA", "XYZ"]}, r"evidence_codes\.1: 'XYZ' is no GO evidence code .*; "),
        ({"evidence_codes": ["IEP"]}, r"evidence_codes\.0: IEP .* circular; remove IEP"),
        ({"ontology": "gone.obo"}, r"ontology: no such file \S*gone\.obo; "),
        ({"proteome": None, "expression": []}, r"proteome: nothing is given that names the genes; "),
    ],
)
def test_a_bad_organism_file_stops_snakemake_before_any_job(tmp_path, organism, snakemake, change, message):
    content = yaml.safe_load(organism.file.read_text())
    files = {
        key: str(organism.folder / value) for key, value in content.items() if (organism.folder / str(value)).is_file()
    }
    file = tmp_path / "bad.yaml"
    file.write_text(yaml.safe_dump({**content, **files, **change}))
    call = snakemake(tmp_path / "run", [file])
    own = ("Using workflow specific profile", "Config file ")  # Snakemake's
    said = [line for line in call.stderr.splitlines() if not line.startswith(own)]
    assert len(said) == 1
    assert re.fullmatch(rf"error: {re.escape(str(file))}: {message}.*", said[0])
    assert call.returncode == 2
    # no result, no log, and no lock that the next call would trip over
    left = [path for path in (tmp_path / "run").rglob("*") if path.is_file()]
    assert [path for path in left if ".snakemake/log" not in path.as_posix()] == []


def test_a_bad_setting_on_the_command_line_is_blamed_on_the_config(tmp_path, organism, snakemake):
    call = snakemake(tmp_path / "run", [organism.file], "cotraining={round: 3}")
    assert call.stderr.splitlines()[-1].startswith(
        "error: config: cotraining.round: unknown key (did you mean 'rounds'?)"
    )
    assert call.returncode == 2


def test_a_bad_file_within_a_run_shows_its_line_and_leaves_no_result(tmp_path, make_organism, snakemake):
    organism = make_organism(tmp_path / "organism")
    (organism.folder / "go.obo").write_text(OBO.format("is_a: X:2\n"))
    call = snakemake(tmp_path / "run", [organism.file], "results/tiny/inputs/ontology.npz")
    assert call.returncode != 0
    assert f"error: {organism.folder / 'go.obo'}:" in call.stderr
    assert "the hierarchy has a cycle: X:1 -> X:2 -> X:1" in call.stderr
    assert "Traceback" not in call.stderr
    assert [path for path in (tmp_path / "run" / "results").rglob("*") if path.is_file()] == []
