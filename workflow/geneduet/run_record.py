"""The record of a run, `run.json`: what made the results, out of what, in how much time and memory."""

import hashlib
import json
import math
import platform
import subprocess
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from geneduet import __version__
from geneduet.files import open_output, read_lines

# distributions that shape the results; xgboost is named xgboost-cpu by pip and xgboost by conda
LIBRARIES = (
    *("biopython", "cyclopts", "docutils", "jinja2", "matplotlib", "numpy", "pandas", "pyarrow", "pydantic", "pyhmmer"),
    *("pyyaml", "scikit-learn", "scipy", "snakemake", "xgboost", "xgboost-cpu"),
)


def record(
    config: Mapping[str, Any],
    inputs: Mapping[str, Path],
    *,
    ontology_release: str,
    search_engine: str,
    benchmarks: Path,
) -> dict[str, Any]:
    """What there is to know of a run.

    Parameters
    ----------
    config : the merged configuration of the organism.
    inputs : its input files by key.
    ontology_release : date or version of the ontology.
    search_engine : name and version of the homology search, as its step recorded it.
    benchmarks : folder of Snakemake's benchmark files of the organism; may be missing.
    """
    return {
        "geneduet": __version__,
        "git_commit": git_commit(Path(__file__).parent),
        "python": platform.python_version(),
        "libraries": libraries(),
        "config": dict(config),
        "inputs": {key: {"path": str(path), "sha256": sha256(path)} for key, path in inputs.items()},
        "ontology_release": ontology_release,
        "search_engine": search_engine,
        "seed": config.get("seed"),
        "steps": steps(benchmarks),
    }


def write(path: Path, content: Mapping[str, Any]) -> None:
    """Write a record as JSON, keys in order; paths become text."""
    with open_output(path) as handle:
        handle.write(json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False, default=str) + "\n")


def git_commit(package: Path) -> str | None:
    """The commit of the checkout that the package is part of; None where it is installed, or git is not there."""

    def git(*arguments: str) -> str:
        call = ["git", "-C", str(package), *arguments]
        return subprocess.run(call, capture_output=True, text=True, check=True, timeout=10).stdout.strip()

    try:
        # a virtual environment may lie within a checkout of something else, which does not track the package
        git("ls-files", "--error-unmatch", "__init__.py")
        return git("rev-parse", "HEAD")
    except (OSError, subprocess.SubprocessError):
        return None


def libraries() -> dict[str, str]:
    """Versions of the installed libraries."""
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def sha256(path: Path) -> str:
    """Checksum of a file of any size."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def steps(benchmarks: Path) -> dict[str, dict[str, float | None]]:
    """Seconds and peak memory (MiB of resident set) of each step, from Snakemake's benchmark files.

    A step is named by its file: `train/P.tsv` is `train/P`. Of a step run several times, times add up and the highest
    memory counts. What could not be measured (a job too short, another system) is None.
    """
    files = sorted(benchmarks.rglob("*.tsv"))
    return {file.relative_to(benchmarks).with_suffix("").as_posix(): _measured(file) for file in files}


def _measured(benchmark: Path) -> dict[str, float | None]:
    header, *rows = [line.split("\t") for _, line in read_lines(benchmark) if line] or [[]]
    runs = [dict(zip(header, row, strict=False)) for row in rows]
    seconds = [value for run in runs if (value := _number(run.get("s", ""))) is not None]
    memory = [value for run in runs if (value := _number(run.get("max_rss", ""))) is not None]
    return {"seconds": sum(seconds) if seconds else None, "peak_memory_mib": max(memory, default=None)}


def _number(text: str) -> float | None:
    """A measured number; Snakemake writes - or NA for what it did not measure.

    >>> _number("12.5"), _number("-"), _number("NA"), _number("nan")
    (12.5, None, None, None)
    """
    try:
        number = float(text)
    except ValueError:
        return None
    # JSON knows no NaN
    return number if math.isfinite(number) else None
