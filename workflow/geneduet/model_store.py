"""A run's model as one folder: all that is needed to score new genes, in arrays, tables, text and UBJ, no pickle."""

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import pandas as pd

from geneduet import __version__, tables
from geneduet.crossfit import pair_name
from geneduet.errors import InputError
from geneduet.scoring import Recipe

FORMAT = 4  # raised when a reader of the last format would misread the folder


def save(
    folder: Path,
    *,
    files: Mapping[str, Path],
    labels: Mapping[str, Path],
    boosters: Mapping[str, Mapping[str, Path]],
    votes: Mapping[str, Mapping[str, Path]],
    features: Mapping[str, Sequence[str]],
    record: Mapping[str, Any],
) -> None:
    """Assemble the model folder, whole or not at all.

    It holds `manifest.json`; the genes with their sequences, features, links and merged expression, the folds, and the
    reference; for each aspect the labels, what reference and domains say of the genes (`votes`), and what the two
    learning steps have left: choices, weights, calibrators, and of each model the boosters that a chain needs. A
    student's booster has the lesson beside it that it was told.

    Parameters
    ----------
    files : by the name that they get, without ending; `genes` and `folds` at least.
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
        for name, file in files.items():
            _copy(file, building / f"{name}{file.suffix}")
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
    """Copy an aspect's labels, and what its scores are made of; the name of the final model of each fold."""
    folder.mkdir()
    _copy(labels, folder / "labels.npz")
    recipe = Recipe.read(**sources)
    for origin, source in sources.items():
        for file in _of_use(source, recipe):
            _copy(file, folder / origin / file.relative_to(source))
    return recipe.final


def _of_use(source: Path, recipe: Recipe) -> Iterator[Path]:
    """Files of a learning step, without boosters that have no weight in any chain: these are large."""
    needed = {pair_name(pair): recipe.needed_for(pair) for pair in combinations(range(len(recipe.final)), 2)}
    for file in sorted(source.rglob("*")):
        model, _, pair = file.parent.relative_to(source).as_posix().partition("/")
        if file.is_file() and (not pair or model in needed[pair]):
            yield file


def _copy(source: Path, target: Path) -> None:
    """A hard link where the file system can: boosters are large, and never changed in place."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


@dataclass(frozen=True)
class Model:
    """A saved model: its folder, and what its manifest says."""

    folder: Path
    manifest: Mapping[str, Any]

    def file(self, name: str) -> Path | None:
        """A file of the model by its name in the folder, where it has such."""
        path = self.folder / name
        return path if path.exists() else None

    def table(self, name: str) -> pd.DataFrame | None:
        """A table (Parquet) by its name without ending, where the model has such."""
        file = self.file(f"{name}.parquet")
        return None if file is None else tables.read(file)

    def matrix(self, name: str) -> pd.DataFrame | None:
        """The same of genes x anything, index gene_id."""
        table = self.table(name)
        return None if table is None else table.set_index("gene_id")

    def recipe(self, aspect: str) -> Recipe:
        """Of which models the scores of an aspect are made."""
        return Recipe.read(self.folder / aspect / "references", self.folder / aspect / "cotraining")


def load(folder: Path) -> Model:
    """Open a model folder.

    Raises
    ------
    InputError: it is no model folder, or one of another format.
    """
    file = folder / "manifest.json"
    try:
        manifest = json.loads(file.read_text())
        found, version = manifest["format"], manifest["geneduet"]
    except OSError:
        raise InputError(folder, "no model in it", "give the folder results/<organism>/model of a run") from None
    except (ValueError, KeyError, TypeError):
        raise InputError(file, "not the manifest of a model", "make the model anew: run its organism") from None
    if found != FORMAT:
        problem = f"a model of format {found}, made by GeneDuet {version}; this is {__version__}, of format {FORMAT}"
        raise InputError(file, problem, "run the organism again, or predict with the version that made it")
    return Model(folder, manifest)
