"""The benchmark on real data plans whole runs of yeast and E. coli; running it takes too long."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"


@pytest.mark.skipif(
    not DATA.is_dir(), reason="needs the real data in ../shared/data, which is not part of the repository"
)
def test_yeast_and_ecoli_make_one_graph(tmp_path, shell_environment):
    words = ["--snakefile", str(ROOT / "benchmarks" / "evaluation" / "Snakefile"), "--directory", str(tmp_path)]
    call = subprocess.run(
        [sys.executable, "-m", "snakemake", *words, "--cores", "2", "--dry-run"],
        capture_output=True, text=True, env=shell_environment, timeout=300, check=False,
    )  # fmt: skip
    assert call.returncode == 0, call.stderr
    planned = dict(line.split() for line in call.stdout.splitlines() if len(line.split()) == 2)
    expected = {
        "fit_references": "9",
        "cotrain": "9",
        "evaluate": "3",
        "search_homologues": "3",
        "make_later_labels": "1",
        "judge_label_efficiency": "2",
        "fit_references_on_random_folds": "3",
        "write_tables": "1",
    }
    assert {name: planned[name] for name in expected} == expected
