"""What synth reads, first form: files under the CDK app, context, declared variables, library and CLI versions.

Whatever is left out here can make a false no-op, so only what no app reads as source is left out by itself; `ignore`
in the settings takes out more, by the user's word.
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rajee_deploy.errors import DeployError
from rajee_deploy.fingerprint import Fingerprint, of_infrastructure
from rajee_deploy.model import Digest
from rajee_deploy.process import find_program, run
from rajee_deploy.stack.cdk import find_cli

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rajee_deploy.settings import CdkSettings

# Outputs, caches and installed packages: the first two are not read, the last are counted by lock files and versions.
LEFT_OUT = frozenset(
    {".git", ".hg", ".svn", "cdk.out", "node_modules", ".venv", "venv", "__pycache__", ".mypy_cache", ".pytest_cache",
     ".ruff_cache", ".DS_Store"}
)  # fmt: skip
# Wherever in a name: construct libraries of others are called like datadog_cdk_constructs.
_LIBRARIES = ("cdk", "constructs", "jsii", "rajee_deploy")
_ASK_PYTHON = f"""
import importlib.metadata as m
print(*sorted({{f"{{d.name.lower().replace('-', '_')}}-{{d.version}}" for d in m.distributions()
                if any(part in d.name.lower().replace('-', '_') for part in {_LIBRARIES})}}), sep="\\n")
"""


def infra_fingerprint(settings: CdkSettings) -> Fingerprint:
    """The fingerprint over everything that synth of this app reads, as far as this first form knows."""
    environment = {name: os.environ.get(name) for name in (*settings.env, "CDK_CONTEXT_JSON")}
    return of_infrastructure(_files(settings), settings.context, environment, _versions(settings.app))


def _files(settings: CdkSettings) -> Iterator[tuple[str, str, Digest]]:
    walk = _Walk(_ignored(settings.ignore))
    yield from walk.directory(settings.app, "")
    for number, path in enumerate(settings.inputs):
        yield from walk.path(path, f"input:{number}:{path.name}")  # two of them may have one name
    personal = Path.home() / ".cdk.json"  # the CLI merges it into cdk.json
    if personal.is_file():
        yield from walk.path(personal, "~/.cdk.json")


class _Walk:
    """Lists files by the ignore rules; follows links, since synth does, and enters no directory twice."""

    def __init__(self, is_ignored: Callable[[str], bool]) -> None:
        self._is_ignored = is_ignored
        self._entered: set[str] = set()

    def directory(self, directory: Path, prefix: str) -> Iterator[tuple[str, str, Digest]]:
        real = os.path.realpath(directory)
        if real in self._entered:
            return
        self._entered.add(real)
        try:
            names = sorted(path.name for path in directory.iterdir())
        except OSError as error:
            raise _unreadable(directory, error) from error
        for name in names:
            left_out = name in LEFT_OUT or name.endswith(".pyc")
            is_directory = (directory / name).is_dir()
            if not left_out and not self._is_ignored(prefix + name + "/" * is_directory):
                yield from self.path(directory / name, prefix + name)

    def path(self, path: Path, name: str) -> Iterator[tuple[str, str, Digest]]:
        """One entry: (name, what it is, digest). A link gives its text, and then what it leads to."""
        try:
            if path.is_symlink():
                yield f"{name}@", "link", Digest("sha256", hashlib.sha256(os.fsencode(path.readlink())).hexdigest())
            if path.is_dir():
                yield from self.directory(path, name + "/")
            elif path.is_file():
                with path.open("rb") as file:
                    digest = hashlib.file_digest(file, "sha256").hexdigest()
                    executable = os.fstat(file.fileno()).st_mode & stat.S_IXUSR
                yield name, "755" if executable else "644", Digest("sha256", digest)
        except OSError as error:
            raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> DeployError:
    return DeployError(
        "unreadable", "an input of the CDK app cannot be read", where=str(path), cause=error.strerror or str(error),
        hint="give yourself the permission, or name it in cdk.ignore if synth does not read it",
    )  # fmt: skip


def _ignored(patterns: tuple[str, ...]) -> Callable[[str], bool]:
    if not patterns:
        return lambda _path: False
    from pathspec import GitIgnoreSpec

    return GitIgnoreSpec.from_lines(patterns).match_file


def _versions(app: Path) -> dict[str, str]:
    cli = find_cli(app)
    versions = {"cdk-cli": cli.version if cli else "none"}
    python = _python_of(app, _app_command(app))
    if python:
        versions["python-libraries"] = " ".join(_python_libraries(app, python))
    library = next((path for path in _above(app, "node_modules/aws-cdk-lib/package.json") if path.is_file()), None)
    if library is not None:
        versions["aws-cdk-lib"] = json.loads(library.read_text("utf-8"))["version"]
    return versions


def _above(app: Path, name: str) -> Iterator[Path]:
    """The name in the app's directory and in every one above it, nearest first, as node looks."""
    return (directory / name for directory in (app, *app.parents))


def _python_of(app: Path, command: list[str]) -> str:
    """The interpreter that runs the app, "" when it is no Python app.

    A launcher (uv, poetry, env) may stand before it, or hide it: then it is the environment that lies nearest, else
    the python3 on PATH.
    """
    named = [word for word in command if Path(word).name.startswith("python")]
    if named or not any(word.endswith(".py") for word in command):
        return named[0] if named else ""
    near = next((path for path in _above(app, ".venv/bin/python") if path.exists()), None)
    return str(near) if near else "python3"


def _app_command(app: Path) -> list[str]:
    path = app / "cdk.json"
    try:
        document: Any = json.loads(path.read_text("utf-8"))
        if not isinstance(document, dict):
            raise ValueError("it is not a JSON object")  # noqa: TRY004, TRY301 -- told below like any other fault of the file
        return shlex.split(str(document.get("app", "")))
    except (OSError, ValueError) as error:
        raise DeployError("bad-cdk-json", "cdk.json cannot be read", where=str(path), cause=str(error)) from error


def _python_libraries(app: Path, python: str) -> list[str]:
    """Name-and-version of the CDK libraries of the interpreter that runs the app.

    Their metadata directories are listed where the interpreter is a virtual environment's; any other (a system
    Python, a version manager's shim) is asked, which costs its start.
    """
    # A path is meant from the app's directory, where the CLI runs the command.
    found = find_program(str(app / python) if "/" in python else python)
    if found is None:
        return ["no interpreter"]
    prefix = Path(found).parent.parent
    if (prefix / "pyvenv.cfg").is_file():
        names = {path.name for path in prefix.glob("lib/python3*/site-packages/*.dist-info")}
        return sorted(
            name.removesuffix(".dist-info") for name in names if any(part in name.lower() for part in _LIBRARIES)
        )
    ended = run([found, "-c", _ASK_PYTHON], cwd=app, time_limit=30)
    if ended.code != 0:
        raise DeployError(
            "python-unusable", f"{python} of cdk.json's app does not run", where=str(app), cause="\n".join(ended.tail),
        )  # fmt: skip
    return list(ended.tail)
