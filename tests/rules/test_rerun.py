"""What a second call does: nothing, or only what a change asks for, or what a kill left undone."""

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

EVIDENCE = {"find_evidence", "write_evidence"}
REPORT = {"record_run", "write_report"}
AFTER_COTRAINING = {"evaluate", "write_predictions", "save_model", "draw_figures", "all", *EVIDENCE, *REPORT}


@pytest.fixture(scope="module")
def planned(finished, snakemake):
    """Jobs that a dry run over the finished results would run, by rule."""

    def call(*arguments):
        plan = snakemake(finished.folder, [finished.organism.file], "--dry-run", *arguments)
        assert plan.returncode == 0, plan.stderr
        table = (plan.stdout + plan.stderr).partition("Job stats:")[2].partition("total")[0]
        return {rule: int(count) for rule, count in re.findall(r"^(\w+) +(\d+)$", table, flags=re.MULTILINE)}

    return call


def test_a_second_call_does_nothing(finished, snakemake):
    before = {file: file.stat().st_mtime_ns for file in finished.results.rglob("*")}
    again = snakemake(finished.folder, [finished.organism.file])
    assert again.returncode == 0
    assert "Nothing to be done" in again.stdout + again.stderr
    assert {file: file.stat().st_mtime_ns for file in finished.results.rglob("*")} == before


@pytest.mark.parametrize("change", ["cotraining={rounds: 3}", "cotraining={enabled: false}"])
def test_a_parameter_of_cotraining_reruns_it_and_self_training_and_what_follows(planned, change):
    jobs = planned(change)
    assert set(jobs) == {"fit_references", "cotrain", *AFTER_COTRAINING}
    assert jobs["cotrain"] == 3


def test_a_parameter_of_a_view_reruns_that_view_alone_among_the_views(planned):
    jobs = planned("views={expression: {modules: 5}}")
    views = {"describe_family", "join_view", "search_homologues", "rank_coexpression", "read_expression"}
    # the two families that find modules, and the view that they are of
    assert {name: number for name, number in jobs.items() if name in views} == {"describe_family": 2, "join_view": 1}
    assert "fit_references" in jobs


def test_a_family_switched_off_leaves_the_others_as_they_are(planned):
    jobs = planned("views={sequence: {families: [composition, membrane]}}")
    assert "describe_family" not in jobs
    assert jobs["join_view"] == 1


def test_the_lowest_score_written_reruns_the_writing_alone(planned):
    assert set(planned("output={min_score: 0.2}")) == {"write_predictions", *EVIDENCE, *REPORT, "all"}


# --- kill -9


def wait_for(condition, seconds, what):
    start = time.monotonic()
    while not condition():
        assert time.monotonic() - start < seconds, f"{what} within {seconds} s"
        time.sleep(0.02)


def someone_works_in(folder):
    """Whether a process has this current directory."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").readlink() == folder:
                return True
        except OSError:
            continue  # gone, or somebody else's
    return False


@pytest.fixture(scope="module")
def killed(tmp_path_factory, organism, snakemake_command, shell_environment):
    """A run whose whole process group was killed while the first reference models were being fitted."""
    folder = tmp_path_factory.mktemp("killed").resolve()
    with (folder / "output.txt").open("wb") as output:
        run = subprocess.Popen(
            snakemake_command(folder, [organism.file]),
            stdout=output,
            stderr=subprocess.STDOUT,
            env=shell_environment,
            start_new_session=True,
        )
        try:
            logs = folder / "logs" / "tiny"
            wait_for(lambda: run.poll() is not None or any(logs.glob("fit_references.*.log")), 120, "a fit begins")
        finally:
            os.killpg(run.pid, signal.SIGKILL)
            run.wait()
    wait_for(lambda: not someone_works_in(folder), 10, "nobody is left")
    assert not (folder / "results" / "tiny" / "predictions.tsv.gz").exists()
    return folder


def test_after_kill_9_and_unlock_the_same_call_completes(killed, organism, snakemake, finished):
    results = killed / "results" / "tiny"
    done = [results / "folds.parquet", *(file for part in ("inputs", "labels", "views") for file in
            (results / part).rglob("*") if file.is_file())]  # fmt: skip
    before = {file: file.stat().st_mtime_ns for file in done}
    assert len(before) > 10

    locked = snakemake(killed, [organism.file])
    assert locked.returncode != 0
    assert "--unlock" in locked.stderr

    assert snakemake(killed, [organism.file], "--unlock").returncode == 0
    again = snakemake(killed, [organism.file])
    assert again.returncode == 0, again.stderr[-4000:]

    assert {file: file.stat().st_mtime_ns for file in done} == before
    for name in ("predictions.tsv.gz", "evaluation/metrics.tsv"):
        assert (results / name).read_bytes() == (finished.results / name).read_bytes()
