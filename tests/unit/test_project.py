"""The project's own files agree: what pip installs, what conda installs, what the constraints pin."""

import re
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
CONDA_NAMES = {"matplotlib": "matplotlib-base", "xgboost-cpu": "py-xgboost"}
CONDA_ONLY = {"python", "diamond"}  # the language, and the search engine that has no wheel


def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def split(requirement):
    name, versions = re.fullmatch(r"([A-Za-z0-9_.-]+)\s*(.*)", requirement).groups()
    return name.lower(), versions.replace(" ", "")


def test_conda_and_pip_ask_for_the_same_versions():
    by_pip = dict(split(requirement) for requirement in project()["dependencies"])
    by_conda = dict(split(text) for text in yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"])
    assert by_conda.pop("python") == project()["requires-python"]
    assert by_conda.keys() >= CONDA_ONLY - {"python"}
    expected = {CONDA_NAMES.get(name, name): versions for name, versions in by_pip.items()}
    assert {name: versions for name, versions in by_conda.items() if name not in CONDA_ONLY} == expected


def test_the_environment_of_the_rules_is_that_of_the_project():
    of_rules = yaml.safe_load((ROOT / "workflow" / "envs" / "geneduet.yaml").read_text())
    of_project = yaml.safe_load((ROOT / "environment.yml").read_text())
    of_project.pop("name")
    assert of_rules == of_project


def test_constraints_pin_every_requirement_to_an_exact_version_and_name_no_host():
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]+==[A-Za-z0-9.+!]+", line) for line in lines)
    pinned = {line.partition("==")[0].lower().replace("_", "-") for line in lines}
    extras = project()["optional-dependencies"].values()
    wanted = {
        split(one)[0].replace("_", "-") for one in [*project()["dependencies"], *(x for own in extras for x in own)]
    }
    assert wanted <= pinned


def test_the_version_is_the_same_everywhere():
    from geneduet import __version__

    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert __version__ == project()["version"] == citation["version"]


def test_every_folder_of_the_package_is_installed():
    package = ROOT / "workflow" / "geneduet"
    folders = {".".join(file.parent.relative_to(package.parent).parts) for file in package.rglob("__init__.py")}
    installed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    assert set(installed) == folders


def test_the_learner_grows_trees_by_the_configured_defaults():
    from geneduet.config import Learner
    from geneduet.settings import Settings

    configured = Learner().model_dump()
    configured.pop("unknown_weight")
    assert vars(Settings()) == configured
