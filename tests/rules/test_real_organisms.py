"""The test configurations of yeast and E. coli plan a whole run on the real data; running it takes too long."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"


@pytest.mark.skipif(
    not DATA.is_dir(), reason="needs the real data in ../shared/data, which is not part of the repository"
)
def test_yeast_and_ecoli_make_one_graph(tmp_path, snakemake):
    files = [ROOT / "tests" / "configs" / f"{name}.yaml" for name in ("yeast", "ecoli")]
    call = snakemake(tmp_path, files, "--dry-run")
    assert call.returncode == 0, call.stderr
    planned = dict(line.split() for line in call.stdout.splitlines() if len(line.split()) == 2)
    assert {name: planned[name] for name in ("fit_references", "cotrain", "evaluate", "search_homologues")} == {
        "fit_references": "6",
        "cotrain": "6",
        "evaluate": "2",
        "search_homologues": "2",
    }
