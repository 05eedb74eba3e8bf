import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from geneduet import arrays, baselines, calibration, cotraining, labels, model_store, tables
from geneduet.boosting import MultiLabelBooster
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
        "tables": {"genes": run / "genes.parquet", "folds": run / "folds.parquet"},
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
    save(run, tmp_path / "model")
    pairs = ("0-1", "0-2", "0-3", "1-2", "1-3", "2-3")
    parts = [
        f"{pair}/{part}" for pair in pairs for part in ("booster.json", "booster.ubj", "features.json", "leaves.npz")
    ]
    parts += [f"calibrator.{k}.npz" for k in range(4)]
    learners = ("sequence", "expression", "early_fusion")
    assert contents(tmp_path / "model") == {
        "manifest.json",
        "genes.parquet",
        "folds.parquet",
        "P/labels.npz",
        "F/labels.npz",
        *(f"P/references/{learner}/{part}" for learner in learners for part in parts),
        *(f"P/cotraining/{learner}.1/{part}" for learner in learners for part in parts),
        *(
            f"P/cotraining/{stack}/calibrator.{k}.npz"
            for stack in ("weighted_fusion", "co_training.1", "sequence_view", "expression_view")
            for k in range(4)
        ),
        "P/cotraining/chosen.json",
        "F/cotraining/chosen.json",
    }


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


def test_the_booster_in_use_is_there_and_the_supervised_one_too(run, tmp_path):
    # the stack hears both; and a fold may still end with a supervised model
    save(run, tmp_path / "model")
    model = tmp_path / "model" / "P"
    chosen = json.loads((model / "cotraining" / "chosen.json").read_text())
    for number, weights in zip(chosen["rounds"], chosen["weights"], strict=True):
        for part in weights["sequence+expression"]:
            learner = part.removesuffix("_student")
            place = f"cotraining/{learner}.{number}" if learner != part else f"references/{learner}"
            assert (model / place / "0-1" / "booster.ubj").exists()
    taught = (model / "cotraining" / "sequence.1" / "0-1" / "booster.ubj").read_bytes()
    assert taught != (model / "references" / "sequence" / "0-1" / "booster.ubj").read_bytes()


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
