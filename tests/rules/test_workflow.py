"""The workflow from outside: on a cluster, within another workflow, and as Snakemake's own report."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SLURM = ROOT / "workflow" / "profiles" / "slurm"


@pytest.mark.skipif(not SLURM.is_dir(), reason="there is no workflow/profiles/slurm yet")
@pytest.mark.skipif(
    importlib.util.find_spec("snakemake_executor_plugin_slurm") is None,
    reason="snakemake-executor-plugin-slurm is not installed: pip install 'geneduet[slurm]'",
)
def test_the_slurm_profile_plans_every_step_with_its_resources(tmp_path, organism, snakemake):
    plan = snakemake(tmp_path, [organism.file], "--workflow-profile", str(SLURM), "--dry-run")
    assert plan.returncode == 0, plan.stderr
    text = plan.stdout + plan.stderr
    assert "cotrain " in text.partition("Job stats:")[2]
    jobs = [part for part in re.split(r"\n(?=(?:local)?rule )", text) if part.startswith(("rule ", "localrule "))]
    assert len(jobs) > 15
    for job in jobs:
        if not job.startswith(("rule all:", "localrule all:")):
            assert re.search(r"resources: .*runtime=\d+", job), job
            assert re.search(r"resources: .*mem_mb=(\d{3,}|<TBD>)", job), (
                job
            )  # to be determined from the size of the input


@pytest.mark.parametrize("prefix", ["", " as duet_*"])
def test_another_workflow_can_take_ours_as_a_module(tmp_path, organism, shell_environment, prefix):
    (tmp_path / "Snakefile").write_text(
        f'configfile: "ours.yaml"\n\n\n'
        f'module geneduet:\n    snakefile: "{ROOT / "workflow" / "Snakefile"}"\n    config: config["geneduet"]\n\n\n'
        f"use rule * from geneduet{prefix}\n\n\n"
        f'rule ours:\n    input: "results/tiny/predictions.tsv.gz"\n    output: "ours.txt"\n'
        f'    shell: "cp {{input}} {{output}}"\n'
    )
    (tmp_path / "ours.yaml").write_text(f"geneduet:\n  organisms: [{organism.file}]\n")
    plan = subprocess.run(
        [sys.executable, "-m", "snakemake", "--directory", str(tmp_path), "--snakefile", str(tmp_path / "Snakefile"),
         "--dry-run", "--cores", "1", "ours"],
        capture_output=True, text=True, env=shell_environment, timeout=60, check=False,
    )  # fmt: skip
    assert plan.returncode == 0, plan.stderr
    stats = (plan.stdout + plan.stderr).partition("Job stats:")[2].partition("total")[0]
    name = prefix.removeprefix(" as ").replace("*", "")
    assert re.search(rf"^{name}write_predictions +1$", stats, flags=re.MULTILINE)
    assert re.search(rf"^{name}cotrain +3$", stats, flags=re.MULTILINE)


def test_snakemake_writes_its_report(finished_copy, snakemake):
    call = snakemake(finished_copy.folder, [finished_copy.organism.file], "--report", "results/snakemake_report.html")
    assert call.returncode == 0, call.stderr
    page = (finished_copy.folder / "results" / "snakemake_report.html").read_text()
    for label in ("precision and recall", "calibration", "co-training by round", "explorer of predictions"):
        assert label in page
    # opens without a network: nothing is fetched
    assert not re.search(r"<(script|link)[^>]+(src|href)=[\"']https?://", page)
