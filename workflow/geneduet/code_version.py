"""A hash of the code behind a command, so that a rule is run again when its code has changed, and only then."""

import ast
import hashlib
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parent


def code_version(command: str, *modules: str, folder: str | None = None) -> str:
    """Hash of a command's function, its helpers, and every module of the package that they import, directly or not.

    Parameters
    ----------
    command : as on the command line, `fit-references` say.
    modules : dotted names of others that it loads by name.
    folder : of the package, whose files it reads and that are no modules.

    Raises
    ------
    KeyError: there is no such command.
    """
    body = _function(command.replace("-", "_"))
    seen: dict[Path, str] = {}
    waiting = _imported(body) | {PACKAGE.parent.joinpath(*name.split(".")).with_suffix(".py") for name in modules}
    while waiting:
        file = waiting.pop()
        if file not in seen:
            seen[file] = file.read_text()
            waiting |= _imported(seen[file])
    if folder is not None:
        seen |= {file: file.read_text() for file in (PACKAGE / folder).rglob("*") if file.is_file()}
    text = body + "".join(seen[file] for file in sorted(seen))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


@cache
def _functions() -> dict[str, str]:
    source = (PACKAGE / "cli.py").read_text()
    named = (ast.FunctionDef, ast.ClassDef)
    return {
        node.name: ast.get_source_segment(source, node) or ""
        for node in ast.parse(source).body
        if isinstance(node, named)
    }


def _function(name: str) -> str:
    """A command's source, and that of what it uses of its own module: shared options and helpers."""
    parts = _functions()
    chosen, waiting = {name: parts[name]}, [parts[name]]
    while waiting:
        names = {node.id for node in ast.walk(ast.parse(waiting.pop())) if isinstance(node, ast.Name)}
        new = {other: parts[other] for other in names & parts.keys() - chosen.keys()}
        chosen |= new
        waiting += new.values()
    return "\n\n".join(chosen[other] for other in sorted(chosen))


def _imported(source: str) -> set[Path]:
    """Files of the package that a source imports."""
    files = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("geneduet"):
            base = PACKAGE.parent.joinpath(*(node.module or "").split("."))
            files |= {base.with_suffix(".py"), *(base / f"{alias.name}.py" for alias in node.names)}
    return {file for file in files if file.is_file()}
