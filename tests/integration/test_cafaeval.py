"""Our metrics of real predictions are those of the cafaeval package."""

import importlib.util
from pathlib import Path

import pytest

from geneduet import baselines

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "cafaeval" / "compare.py"


@pytest.fixture(scope="module")
def comparison():
    """The benchmark's script, as a module."""
    spec = importlib.util.spec_from_file_location("compare_with_cafaeval", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.filterwarnings("ignore")
def test_fmax_weighted_fmax_and_smin_of_the_demo_organism_are_those_of_cafaeval(demo_task, comparison, tmp_path):
    learned = baselines.by_fold(baselines.fit_supervised(demo_task, tmp_path))
    scored = {**baselines.untrained(demo_task), **learned, **baselines.fuse(demo_task, learned)}
    models = {name: demo_task.finish(by_fold) for name, by_fold in scored.items()}
    assert set(models) == {"naive", "homology", "sequence", "expression", "early_fusion", "late_fusion", "fusion"}
    labels = demo_task.labels
    genes = labels.annotated & labels.positive.toarray().any(axis=1)
    found, _ = comparison.compare(labels, genes, models)
    assert len(found) == 3 * len(models)
    assert found["cafaeval"].between(0.05, 20).all()
    assert found["difference"].max() < 1e-6
