"""A run's model as one folder: all that is needed to score new genes, in arrays, tables, JSON and UBJ, no pickle."""

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from geneduet import __version__

FORMAT = 3  # raised when a reader of the last format would misread the folder


def save(
    folder: Path,
    *,
    tables: Mapping[str, Path],
    labels: Mapping[str, Path],
    boosters: Mapping[str, Mapping[str, Path]],
    votes: Mapping[str, Mapping[str, Path]],
    features: Mapping[str, Sequence[str]],
    record: Mapping[str, Any],
) -> None:
    """Assemble the model folder, whole or not at all.

    It holds `manifest.json`; the genes with their sequences, the proteins of the reference, the merged expression and
    the folds as Parquet; for each aspect the labels, what reference and domains say (`votes`), and for each learner and
    fold its boosters with their calibrators. Links between genes are found anew from these,
    but for those along the chromosome, whose places are not kept.

    Parameters
    ----------
    tables : files by the name that they get, `genes` and `folds` at least.
    labels : file of each aspect.
    boosters : for each aspect the folders `references` and `cotraining`, the latter with its `chosen.json`.
    votes : for each aspect what the reference and domains say, by name.
    features : names of each view's features.
    record : what else the manifest says: search engine, versions, and the settings by which features were made.
    """
    building = folder.with_name(f".{os.getpid()}.partial.{folder.name}")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    try:
        for name, file in tables.items():
            _copy(file, building / f"{name}.parquet")
        choices = {aspect: _aspect(building / aspect, labels[aspect], boosters[aspect]) for aspect in labels}
        for aspect, files in votes.items():
            for name, file in files.items():
                _copy(file, building / aspect / "votes" / f"{name}.npz")
        manifest = {
            "format": FORMAT,
            "geneduet": __version__,
            "features": {view: list(names) for view, names in features.items()},
            "final": choices,
            **record,
        }
        (building / "manifest.json").write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n")
        shutil.rmtree(folder, ignore_errors=True)
        building.replace(folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _aspect(folder: Path, labels: Path, sources: Mapping[str, Path]) -> list[str]:
    """Copy an aspect's labels and boosters; the name of the final model of each fold.

    The supervised boosters are all there, and the students of all rounds up to the last that a fold ended with;
    `cotraining/chosen.json` says which round that is for each fold, and the weight of each model and student.
    """
    folder.mkdir()
    _copy(labels, folder / "labels.npz")
    for origin, source in sources.items():
        for file in sorted(source.rglob("*")):
            if file.is_file():
                _copy(file, folder / origin / file.relative_to(source))
    return list(json.loads((sources["cotraining"] / "chosen.json").read_text())["final"])


def _copy(source: Path, target: Path) -> None:
    """A hard link where the file system can: boosters are large, and never changed in place."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
