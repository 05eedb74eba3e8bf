import re
import shutil
from pathlib import Path

import pytest

from geneduet import code_version
from geneduet.cli import app


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the package whose files a test may change."""
    copy = tmp_path / "geneduet"
    shutil.copytree(code_version.PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(code_version, "PACKAGE", copy)
    code_version._functions.cache_clear()
    yield copy
    code_version._functions.cache_clear()


def changed(file: Path, commands: list[str], old: str = "", new: str = "# another line\n") -> list[str]:
    """Those of the commands whose version changes with the file."""
    code_version._functions.cache_clear()
    before = {command: code_version.code_version(command) for command in commands}
    source = file.read_text()
    assert old in source
    file.write_text(source.replace(old, new, 1))
    code_version._functions.cache_clear()
    return [command for command in commands if code_version.code_version(command) != before[command]]


COMMANDS = ["read-genes", "join-view", "fit-references", "cotrain", "evaluate", "draw-figures"]


def test_every_command_of_the_command_line_has_a_version() -> None:
    commands = [name for name in app if not name.startswith("-")]
    assert len(commands) > 10
    for command in commands:
        assert re.fullmatch("[0-9a-f]{12}", code_version.code_version(command))


def test_where_the_package_lies_does_not_matter(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = code_version.code_version("cotrain")
    monkeypatch.undo()
    assert code_version.code_version("cotrain") == here


def test_a_module_changes_the_commands_that_import_it(package: Path) -> None:
    assert changed(package / "cotraining.py", COMMANDS) == ["fit-references", "cotrain"]
    assert changed(package / "figures.py", COMMANDS) == ["draw-figures"]
    assert changed(package / "proteome.py", COMMANDS) == ["read-genes"]


def test_a_module_that_a_command_loads_by_name_changes_it(package: Path) -> None:
    def version(family: str) -> str:
        return code_version.code_version("describe-family", f"geneduet.views.sequence.{family}")

    before = {family: version(family) for family in ("membrane", "dipeptides")}
    file = package / "views" / "sequence" / "membrane.py"
    file.write_text(file.read_text() + "# changed\n")
    assert [family for family, old in before.items() if version(family) != old] == ["membrane"]


def test_a_module_changes_also_the_commands_that_import_it_through_others(package: Path) -> None:
    # boosting is imported by learners, which crossfit imports, which baselines imports
    assert changed(package / "boosting.py", COMMANDS) == ["fit-references", "cotrain"]
    assert {"fit-references", "cotrain", "evaluate"} <= set(changed(package / "labels.py", COMMANDS))
    # gain imports the ranking of evaluation, by which co-training decides, but nothing else of it
    assert {"cotrain", "evaluate"} <= set(changed(package / "evaluation" / "ranking.py", COMMANDS))
    assert not {"fit-references", "cotrain"} & set(changed(package / "evaluation" / "judgement.py", COMMANDS))


def test_a_change_in_a_command_concerns_that_command_alone(package: Path) -> None:
    cli = package / "cli.py"
    assert changed(cli, COMMANDS, "baselines.fit_supervised(task, boosters)", "None") == ["fit-references"]
    assert changed(cli, COMMANDS, 'say(f"{len(tables.read(genes))} genes")', "say()") == ["read-genes"]


def test_a_change_in_what_commands_share_concerns_those_that_use_it(package: Path) -> None:
    cli = package / "cli.py"
    assert changed(cli, COMMANDS, "\nclass Learning:\n", "\nclass Learning:\n    more = 1\n") == [
        "fit-references", "cotrain",
    ]  # fmt: skip
    assert changed(cli, [*COMMANDS, "make-labels"], "if gene and gene not in known:", "if False:") == ["make-labels"]
    assert changed(cli, [*COMMANDS, "read-annotations"], "if id_map is None:", "if not id_map:") == ["read-annotations"]


def test_there_is_no_version_of_a_command_that_is_none() -> None:
    with pytest.raises(KeyError):
        code_version.code_version("fit-nothing")


def test_a_changed_asset_changes_the_commands_that_read_the_folder(package: Path) -> None:
    before = code_version.code_version("write-report", folder="assets"), code_version.code_version("write-report")
    (package / "assets" / "report.css").write_text("")
    after = code_version.code_version("write-report", folder="assets"), code_version.code_version("write-report")
    assert after[0] != before[0]
    assert after[1] == before[1]
