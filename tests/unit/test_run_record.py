import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from geneduet import __version__, run_record

REPOSITORY = Path(__file__).resolve().parents[2]
HEADER = "s\th:m:s\tmax_rss\tmax_vms\tmax_uss\tmax_pss\tio_in\tio_out\tmean_load\tcpu_time\n"


def benchmark(path: Path, *rows: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEADER + "".join(f"{row}\n" for row in rows))


def make(tmp_path: Path) -> dict:
    (tmp_path / "proteome.fasta").write_bytes(b"abc")
    benchmark(tmp_path / "benchmarks" / "make_labels.tsv", "12.5\t0:00:12\t200.25\t1\t1\t1\t0\t0\t0\t0")
    return run_record.record(
        {"name": "tiny", "seed": 7, "proteome": tmp_path / "proteome.fasta"},
        {"proteome": tmp_path / "proteome.fasta"},
        ontology_release="2022-07-01",
        search_engine="phmmer (pyhmmer 0.12.3)",
        benchmarks=tmp_path / "benchmarks",
    )


def test_the_record_says_what_made_the_results(tmp_path: Path) -> None:
    made = make(tmp_path)
    assert made["geneduet"] == __version__
    assert made["inputs"]["proteome"] == {
        "path": str(tmp_path / "proteome.fasta"),
        # the test vector of FIPS 180-2 for "abc"
        "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    }
    assert (made["seed"], made["ontology_release"], made["search_engine"]) == (
        7, "2022-07-01", "phmmer (pyhmmer 0.12.3)",
    )  # fmt: skip
    assert made["steps"] == {"make_labels": {"seconds": 12.5, "peak_memory_mib": 200.25}}
    assert re.fullmatch(r"3\.\d+\.\d+\S*", made["python"])


def test_the_file_is_json_with_sorted_keys_and_paths_as_text(tmp_path: Path) -> None:
    made = make(tmp_path)
    run_record.write(tmp_path / "run.json", made)
    text = (tmp_path / "run.json").read_text()
    read = json.loads(text)
    assert list(read) == sorted(read)
    assert read["config"]["proteome"] == str(tmp_path / "proteome.fasta")
    assert [path.name for path in tmp_path.iterdir() if "partial" in path.name] == []


# --- steps


def test_steps_are_found_below_folders_and_unmeasured_ones_tolerated(tmp_path: Path) -> None:
    benchmark(tmp_path / "train" / "P.tsv", "10\t0:00:10\t100\t-\t-\t-", "20\t0:00:20\t300\t-\t-\t-")
    benchmark(tmp_path / "quick.tsv", "0.3\t0:00:00\t-\t-\t-\t-")
    benchmark(tmp_path / "strange.tsv", "NA\tNA\tNA")
    (tmp_path / "empty.tsv").touch()
    assert run_record.steps(tmp_path) == {
        "empty": {"seconds": None, "peak_memory_mib": None},
        "quick": {"seconds": 0.3, "peak_memory_mib": None},
        "strange": {"seconds": None, "peak_memory_mib": None},
        "train/P": {"seconds": 30.0, "peak_memory_mib": 300.0},
    }


def test_a_missing_benchmark_folder_gives_no_steps(tmp_path: Path) -> None:
    assert run_record.steps(tmp_path / "none") == {}


# --- versions


def test_every_dependency_is_recorded() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    wanted = {re.split(r"[^\w-]", requirement)[0] for requirement in project["dependencies"]}
    assert wanted <= set(run_record.LIBRARIES)
    assert wanted <= set(run_record.libraries())


def checkout(folder: Path) -> str:
    def git(*arguments: str) -> str:
        identity = ("-c", "user.name=t", "-c", "user.email=t@example.org")
        call = ["git", "-C", str(folder), *identity, *arguments]
        return subprocess.run(call, check=True, capture_output=True, text=True).stdout.strip()

    (folder / "package").mkdir(parents=True)
    (folder / "package" / "__init__.py").touch()
    git("init", "--quiet")
    git("add", "package/__init__.py")
    git("commit", "--quiet", "--message", "first")
    return git("rev-parse", "HEAD")


def test_the_commit_is_that_of_the_checkout(tmp_path: Path) -> None:
    commit = checkout(tmp_path)
    assert run_record.git_commit(tmp_path / "package") == commit


def test_a_package_that_the_checkout_does_not_track_has_no_commit(tmp_path: Path) -> None:
    checkout(tmp_path)
    installed = tmp_path / ".venv" / "geneduet"
    installed.mkdir(parents=True)
    (installed / "__init__.py").touch()
    assert run_record.git_commit(installed) is None


def test_without_a_checkout_or_git_there_is_no_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run_record.git_commit(tmp_path) is None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert run_record.git_commit(REPOSITORY / "workflow" / "geneduet") is None
