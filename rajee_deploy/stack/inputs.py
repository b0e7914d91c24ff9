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
_LIBRARIES = ("aws_cdk", "constructs", "jsii", "cdk_", "rajee_deploy")
_ASK_PYTHON = f"""
import importlib.metadata as m
print(*sorted({{f"{{d.name.lower().replace('-', '_')}}-{{d.version}}" for d in m.distributions()
                if d.name.lower().replace('-', '_').startswith({_LIBRARIES})}}), sep="\\n")
"""


def infra_fingerprint(settings: CdkSettings) -> Fingerprint:
    """The fingerprint over everything that synth of this app reads, as far as this first form knows."""
    environment = {name: os.environ.get(name) for name in (*settings.env, "CDK_CONTEXT_JSON")}
    return of_infrastructure(_files(settings), settings.context, environment, _versions(settings.app))


def _files(settings: CdkSettings) -> Iterator[tuple[str, str, Digest]]:
    walk = _Walk(_ignored(settings.ignore))
    yield from walk.directory(settings.app, "")
    for path in settings.inputs:
        yield from walk.path(path, f"input:{path.name}")
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
    command = _app_command(app)
    if command and Path(command[0]).name.startswith("python"):
        versions["python-libraries"] = " ".join(_python_libraries(app, command[0]))
    library = app / "node_modules" / "aws-cdk-lib" / "package.json"
    if library.is_file():
        versions["aws-cdk-lib"] = json.loads(library.read_text("utf-8"))["version"]
    return versions


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
    found = find_program(python, path=f"{app}{os.pathsep}{os.environ.get('PATH', '')}")
    if found is None:
        return ["no interpreter"]
    prefix = Path(found).parent.parent
    if (prefix / "pyvenv.cfg").is_file():
        names = {path.name for path in prefix.glob("lib/python3*/site-packages/*.dist-info")}
        return sorted(name.removesuffix(".dist-info") for name in names if name.startswith(_LIBRARIES))
    ended = run([found, "-c", _ASK_PYTHON], cwd=app, time_limit=30)
    if ended.code != 0:
        raise DeployError(
            "python-unusable", f"{python} of cdk.json's app does not run", where=str(app), cause="\n".join(ended.tail),
        )  # fmt: skip
    return list(ended.tail)
