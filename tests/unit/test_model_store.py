import json
import shutil
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from geneduet import arrays, baselines, calibration, cotraining, labels, model_store, tables
from geneduet.boosting import MultiLabelBooster
from geneduet.errors import InputError
from geneduet.scoring import Recipe
from geneduet.settings import Settings


@pytest.fixture(scope="module")
def run(simulated, tmp_path_factory):
    """Folders as the learning steps leave them, for one aspect: a fitted one, and one that could not be learned."""
    folder = tmp_path_factory.mktemp("run")
    task = replace(simulated, settings=Settings(trees=2, depth=2))
    learned = baselines.fit_supervised(task, folder / "P" / "references")
    simple = baselines.untrained(task)
    places = {name: folder / "P" / name for name in ("references", "cotraining")}
    outcome = cotraining.cotrain(task, simple, learned, 1, places["cotraining"])
    cotraining.write_choice(places["cotraining"] / "chosen.json", outcome)
    labels.write(folder / "P.npz", task.labels)

    empty = {name: folder / "F" / name for name in places}
    none = cotraining.not_learned(task, simple["naive"], "no labels")
    for place in empty.values():
        place.mkdir(parents=True)
    cotraining.write_choice(empty["cotraining"] / "chosen.json", none)
    labels.write(folder / "F.npz", task.labels)

    tables.write(folder / "genes.parquet", pd.DataFrame({"gene_id": task.labels.genes}))
    tables.write(folder / "folds.parquet", pd.DataFrame({"gene_id": task.labels.genes, "fold": task.fold}))
    return folder


def save(run: Path, target: Path, **changes) -> None:
    given = {
        "files": {"genes": run / "genes.parquet", "folds": run / "folds.parquet"},
        "labels": {aspect: run / f"{aspect}.npz" for aspect in "PF"},
        "boosters": {aspect: {name: run / aspect / name for name in ("references", "cotraining")} for aspect in "PF"},
        "votes": {},
        "features": {"sequence": ["log_length"], "expression": ["module_1", "module_2"]},
        "record": {"search_engine": "diamond 2.1.3", "versions": {"numpy": "2.0"}},
    }
    model_store.save(target, **{**given, **changes})


def contents(folder: Path) -> set[str]:
    return {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}


def test_the_folder_holds_all_that_a_new_gene_needs(run, tmp_path):
    save(run, tmp_path / "model", files={"genes": run / "genes.parquet", "links/homologues": run / "folds.parquet"})
    found = contents(tmp_path / "model")
    parts = {"booster.json", "booster.ubj", "features.json", "leaves.npz", "reading.npz"}
    recipe = Recipe.read(run / "P" / "references", run / "P" / "cotraining")
    boosters = set()
    for pair in combinations(range(4), 2):
        for model in recipe.needed_for(pair):
            student = "." in model
            place = f"P/{'cotraining' if student else 'references'}/{model}/{pair[0]}-{pair[1]}"
            boosters |= {f"{place}/{part}" for part in parts | ({"lesson.npz"} if student else set())}
    learners = ("sequence", "expression", "early_fusion")
    stacks = ("weighted_fusion", "co_training.1", "sequence_view", "expression_view")
    assert boosters
    assert found == boosters | {
        "manifest.json",
        "genes.parquet",
        "links/homologues.parquet",
        "P/labels.npz",
        "F/labels.npz",
        "P/cotraining/chosen.json",
        "F/cotraining/chosen.json",
        *(f"P/references/{learner}/calibrator.{k}.npz" for learner in learners for k in range(4)),
        *(f"P/cotraining/{learner}.1/calibrator.{k}.npz" for learner in learners for k in range(4)),
        *(f"P/cotraining/{stack}/calibrator.{k}.npz" for stack in stacks for k in range(4)),
        *(f"P/cotraining/{stack}/weights.json" for stack in stacks),
    }


def test_boosters_that_no_chain_hears_are_left_out(run, tmp_path):
    # let all chains end with the sequence model
    other = tmp_path / "other"
    shutil.copytree(run / "P", other)
    chosen = json.loads((other / "cotraining" / "chosen.json").read_text())
    chosen |= {"final": ["sequence"] * 4, "rounds": [], "views": ["sequence", "expression"]}
    (other / "cotraining" / "chosen.json").write_text(json.dumps(chosen))
    boosters = {"P": {name: other / name for name in ("references", "cotraining")}}
    save(run, tmp_path / "model", labels={"P": run / "P.npz"}, boosters=boosters)
    kept = {file.rpartition("/")[0] for file in contents(tmp_path / "model") if file.endswith("leaves.npz")}
    assert {place.split("/")[2] for place in kept} == {"sequence", "expression"}
    assert len(kept) == 12


def test_a_model_is_read_again(run, tmp_path):
    save(run, tmp_path / "model")
    model = model_store.load(tmp_path / "model")
    assert model.manifest["search_engine"] == "diamond 2.1.3"
    assert list(model.table("genes")["gene_id"])[:2] == ["g000", "g001"]
    assert model.table("reference") is None
    assert model.recipe("P").views == ["sequence", "expression"]


def test_a_model_of_another_format_is_refused_in_one_line(run, tmp_path):
    save(run, tmp_path / "model")
    file = tmp_path / "model" / "manifest.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "format": 3, "geneduet": "0.0.1"}))
    said = "manifest.json: a model of format 3, made by GeneDuet 0.0.1; this is .*, of format 4; run the organism again"
    with pytest.raises(InputError, match=said):
        model_store.load(tmp_path / "model")


def test_what_is_no_model_is_refused_in_one_line(tmp_path):
    with pytest.raises(InputError, match="no model in it; give the folder results/<organism>/model"):
        model_store.load(tmp_path)
    (tmp_path / "manifest.json").write_text("[1]")
    with pytest.raises(InputError, match="not the manifest of a model"):
        model_store.load(tmp_path)


def test_the_manifest_says_what_the_model_is(run, tmp_path):
    save(run, tmp_path / "model")
    manifest = json.loads((tmp_path / "model" / "manifest.json").read_text())
    assert manifest["format"] == model_store.FORMAT
    assert manifest["features"] == {"sequence": ["log_length"], "expression": ["module_1", "module_2"]}
    assert manifest["search_engine"] == "diamond 2.1.3"
    assert manifest["versions"] == {"numpy": "2.0"}
    assert manifest["final"]["F"] == ["naive"] * 4
    assert len(manifest["final"]["P"]) == 4
    assert manifest["geneduet"]


def test_everything_is_read_without_pickle(run, tmp_path):
    save(run, tmp_path / "model")
    for file in (tmp_path / "model").rglob("*"):
        if file.is_dir():
            continue
        assert file.suffix in (".json", ".npz", ".ubj", ".parquet")
        assert not file.read_bytes().startswith(b"\x80")  # pickle's first byte
        if file.suffix == ".npz":
            with np.load(file, allow_pickle=False) as stored:
                assert all(stored[name].dtype != object for name in stored.files)


def test_what_is_read_again_is_what_was_fitted(run, tmp_path, simulated):
    save(run, tmp_path / "model")
    booster = MultiLabelBooster.load(tmp_path / "model" / "P" / "references" / "expression" / "1-2")
    assert booster.outputs == len(simulated.labels.terms)
    stored = arrays.read(tmp_path / "model" / "P" / "references" / "expression" / "calibrator.1.npz")
    calibrator = calibration.Calibrator(**stored)
    assert calibrator.apply(np.full((2, 12), 0.3, np.float32)).shape == (2, 12)
    assert labels.read(tmp_path / "model" / "P" / "labels.npz").terms == simulated.labels.terms


def test_a_new_model_replaces_the_old_one_whole(run, tmp_path):
    target = tmp_path / "model"
    target.mkdir()
    (target / "left_over.npz").write_bytes(b"old")
    save(run, target)
    assert "left_over.npz" not in contents(target)
    assert [file.name for file in tmp_path.iterdir()] == ["model"]


def test_a_model_that_fails_leaves_the_old_one_and_nothing_half_written(run, tmp_path):
    save(run, tmp_path / "model")
    before = contents(tmp_path / "model")
    with pytest.raises(FileNotFoundError):
        save(run, tmp_path / "model", labels={"P": run / "P.npz", "F": run / "missing.npz"})
    assert contents(tmp_path / "model") == before
    assert [file.name for file in tmp_path.iterdir()] == ["model"]


def test_the_models_own_files_are_not_changed_in_place(run, tmp_path):
    # files may be hard links of the run's: saving twice must leave the first as it was
    save(run, tmp_path / "one")
    before = {name: (tmp_path / "one" / name).read_bytes() for name in contents(tmp_path / "one")}
    save(run, tmp_path / "two")
    assert {name: (tmp_path / "two" / name).read_bytes() for name in before} == before


def test_what_a_reference_says_is_kept_by_aspect(run, tmp_path):
    save(run, tmp_path / "model", votes={"P": {"reference": run / "P.npz"}})
    assert (tmp_path / "model" / "P" / "votes" / "reference.npz").read_bytes() == (run / "P.npz").read_bytes()
    assert not (tmp_path / "model" / "F" / "votes").exists()
