"""What synth reads, as one fingerprint: the declared inputs, extended by what the last synth was seen to read beyond.

Declared are the files under the CDK app, context, variables, library and CLI versions. Whatever is left out of these
can make a false no-op, so only what no app reads as source is left out by itself; `ignore` in the settings takes out
more, by the user's word.

Traced is what a synth read and no declared input covers (see `tracing`): files and directories elsewhere, variables,
libraries; and calls that no hash can follow. The list comes from the depfile of this machine. A machine without one (a
fresh clone) hashes the declared inputs alone. Both are safe, whatever the depfile says, because of what is *recorded*:
the hash that a deployment records is always made with the trace of the very synth that was deployed, and the hash is
injective. So equal hashes mean that exactly those inputs, and no fewer, have the values they had. A depfile that is
missing, stale or of another branch can only make hashes differ; then a synth decides, which costs seconds, and leaves a
new depfile. A machine without a depfile agrees with the record only if that synth read nothing beyond the declared
inputs and did nothing that no hash can follow; the same code with the same inputs then does the same here.

Neither sees the clock, random numbers, what a C extension reads by itself, or (in other languages than Python) which
variables are read by a program that is not run by node.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shlex
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rajee_deploy.errors import DeployError
from rajee_deploy.fingerprint import TAKEN, Fingerprint, Input, of_infrastructure
from rajee_deploy.model import Digest
from rajee_deploy.ours import without_ours
from rajee_deploy.process import find_program, run
from rajee_deploy.stack.cdk import find_cli
from rajee_deploy.stack.ignored import Ignored
from rajee_deploy.stack.runtimes import asked_python, configured, node_version, virtual_environment
from rajee_deploy.stack.surroundings import always_counted
from rajee_deploy.stack.traced import project_root, traced_inputs
from rajee_deploy.stack.tracing.depfile import Depfile
from rajee_deploy.stack.tracing.installed import node_packages, python_packages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from rajee_deploy.settings import CdkSettings
    from rajee_deploy.stack.tracing.depfile import Toolchain
    from rajee_deploy.stack.tracing.distil import App

# Outputs, caches and installed packages: the first two are not read, the last are counted by lock files and versions.
LEFT_OUT = frozenset(
    {".git", ".hg", ".svn", "cdk.out", "node_modules", ".venv", "venv", "__pycache__", ".mypy_cache", ".pytest_cache",
     ".ruff_cache", ".DS_Store"}
)  # fmt: skip
_TOOLCHAIN = "toolchain:"
_NONE = "none"  # of a toolchain: not installed
# Wherever in a name: construct libraries of others are called like datadog_cdk_constructs.
_LIBRARIES = ("cdk", "constructs", "jsii", "rajee_deploy")
# What jsii and the CDK's libraries stand on; every synth reads them.
_FOUNDATIONS = frozenset(
    {
        "attrs",
        "cattrs",
        "importlib_resources",
        "publication",
        "python_dateutil",
        "six",
        "typeguard",
        "typing_extensions",
    }
)
_LOCKS = frozenset(
    {"package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "bun.lockb", "requirements.txt",
     "constraints.txt", "Pipfile.lock", "poetry.lock", "uv.lock", "pdm.lock", "pylock.toml", ".python-version", ".nvmrc",
     ".node-version", ".tool-versions"}
)  # fmt: skip
# A shell puts it into the app's command, where no hook sees it read.
_VARIABLE = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)")
# The app's directory, which stands first on the path, must not give the modules: nothing of the project is run here.
_ASK_PYTHON = """
import sys
sys.path[:] = [place for place in sys.path if place]
import importlib.metadata as m, platform
print("python-" + platform.python_version(), *sorted(
    {f"{d.name.lower().replace('-', '_')}-{d.version}" for d in m.distributions() if d.name}), sep="\\n")
"""


def infra_fingerprint(
    settings: CdkSettings, depfile: Depfile | None = None, recorded: Mapping[str, str] | None = None
) -> Fingerprint:
    """The fingerprint over everything that synth of this app reads, as far as the settings and a depfile know.

    `recorded` is what was installed where the depfile was made, by item: it stands for what is not installed here.
    """
    depfile = depfile or Depfile()
    named = _VARIABLE.findall(_command_text(settings.app))
    always = always_counted(os.environ)
    environment = {name: os.environ.get(name) for name in (*settings.env, "CDK_CONTEXT_JSON", *named, *always)}
    traced = [*traced_inputs(depfile, settings, environment, is_foreign=recorded is not None), *_unfollowed(settings.app, depfile)]
    if depfile.is_whole:
        files = _files_of_cli(settings)
        versions, taken = _or_recorded(toolchain_versions(settings.app, depfile.toolchain), recorded or {})
        traced += [Input(f"{TAKEN}{name.removeprefix(_TOOLCHAIN)}", "as recorded") for name in taken]
    else:
        files, versions = _files(settings), _versions(settings.app)
    return of_infrastructure(files, settings.context, environment, versions, traced)


def _or_recorded(here: dict[str, str], recorded: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """The toolchain, with what is recorded where nothing is installed; and the items that were taken so."""
    taken = [name for name, version in here.items() if version == _NONE and recorded.get(name, _NONE) != _NONE]
    return {**here, **{name: recorded[name] for name in taken}}, taken


def _unfollowed(app: Path, depfile: Depfile) -> Iterator[Input]:
    """Programs of the project that would have to be run to know all inputs. They are run by a synth alone, and where the
    kernel recorded that, it saw what they look at."""
    if depfile.is_whole:
        return
    if "build" in _configuration(app):
        yield Input("impure:build", "the build command of cdk.json")
    if "$(" in _command_text(app) or "`" in _command_text(app):
        yield Input("impure:command", "the programs that the app's command in cdk.json asks")
    python = _python_of(app, _app_command(app))
    found = _interpreter(app, python) if python else None
    if found is not None and _is_own_program(app, found):
        yield Input("impure:python", f"{python}, a program of the project itself")


def describe_app(settings: CdkSettings) -> App:
    """What the trace of a synth is compared with: which paths the declared inputs cover."""
    from rajee_deploy.stack.tracing.distil import App

    command = _app_command(settings.app)
    app = settings.app.resolve()
    is_python = bool(_python_of(settings.app, command))
    return App(app, Coverage(settings), is_python, is_cdk_library, project_root(app), settings.env)


def is_command_of(app: Path) -> Callable[[str], bool]:
    """Whether a text that a shell is given is what the CDK CLI runs for this app (`app` and `build` of cdk.json)."""
    configuration = _configuration(app)
    commands = [str(configuration[key]).strip() for key in ("app", "build") if configuration.get(key)]
    return lambda text: any(command in text for command in commands)


def is_cdk_library(name: str) -> bool:
    """Whether the version of a Python library is always an input: the CDK's, and those that jsii stands on."""
    plain = name.lower().replace("-", "_")
    return plain in _FOUNDATIONS or any(part in plain for part in _LIBRARIES)


class Coverage:
    """Whether a declared input covers a path, so that any change of it changes the fingerprint."""

    def __init__(self, settings: CdkSettings) -> None:
        self._app = Path(os.path.realpath(settings.app))
        self._is_ignored = Ignored(settings.ignore)
        self._inputs = tuple(Path(os.path.realpath(path)) for path in settings.inputs)
        self._personal = str(Path.home() / ".cdk.json")

    def __call__(self, path: str) -> bool:
        """`path` is absolute."""
        asked = Path(path)
        real = Path(os.path.realpath(asked.parent)) / asked.name
        if path == self._personal or self._is_input(real):
            return True
        if self._app not in real.parents:
            return real == self._app
        parts = real.relative_to(self._app).parts
        if any(part in LEFT_OUT for part in parts) or real.suffix == ".pyc":
            return False
        steps = ["/".join(parts[:depth]) + "/" for depth in range(1, len(parts))]
        steps.append("/".join(parts) + "/" * real.is_dir())
        return not any(self._is_ignored(step) for step in steps)


    def _is_input(self, real: Path) -> bool:
        """Whether it is an input, or below one, and the walk (see `_files`) does not leave it out there."""
        for number, each in enumerate(self._inputs):
            if real == each:
                return True
            if each in real.parents:
                parts = real.relative_to(each).parts
                name = f"input:{number}:{each.name}/"
                steps = [name + "/".join(parts[:depth]) + "/" for depth in range(1, len(parts))]
                steps.append(name + "/".join(parts) + "/" * real.is_dir())
                is_left_out = any(part in LEFT_OUT for part in parts) or real.suffix == ".pyc"
                return not is_left_out and not any(self._is_ignored(step) for step in steps)
        return False


def _files(settings: CdkSettings) -> Iterator[tuple[str, str, Digest]]:
    is_ignored = Ignored(settings.ignore)
    walk = _Walk(is_ignored)
    yield from walk.directory(settings.app, "")
    for number, path in enumerate(settings.inputs):
        yield from walk.path(path, f"input:{number}:{path.name}")  # two of them may have one name
    personal = Path.home() / ".cdk.json"  # the CLI merges it into cdk.json
    if personal.is_file():
        yield from walk.path(personal, "~/.cdk.json")
    is_ignored.remember()


def _files_of_cli(settings: CdkSettings) -> Iterator[tuple[str, str, Digest]]:
    """What counts beside the record of the app itself: what the CDK CLI reads, declared inputs, and what is locked."""
    walk = _Walk(Ignored(()))
    for name in ("cdk.json", "cdk.context.json"):
        if os.path.lexists(settings.app / name):
            yield from walk.path(settings.app / name, name)
    for number, path in enumerate(settings.inputs):
        yield from walk.path(path, f"input:{number}:{path.name}")  # two of them may have one name
    personal = Path.home() / ".cdk.json"  # the CLI merges it into cdk.json
    if personal.is_file():
        yield from walk.path(personal, "~/.cdk.json")
    yield from _locks(settings.app.resolve(), walk)


def _locks(app: Path, walk: _Walk) -> Iterator[tuple[str, str, Digest]]:
    """The lock files of the app and of the directories above it in the checkout: where nothing is installed, they alone
    tell what would be."""
    root = project_root(app)
    for place in (app, *app.parents):
        if place != root and root not in place.parents:
            return
        for name in sorted(_LOCKS):
            if (place / name).is_file():
                yield from walk.path(place / name, f"lock:{os.path.relpath(place / name, root)}")


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
            names = without_ours(directory)
        except OSError as error:
            raise _unreadable(directory, error) from error
        if not names and prefix:
            yield prefix, "empty", Digest("sha256", hashlib.sha256(b"").hexdigest())
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


def toolchain_versions(app: Path, used: Toolchain) -> dict[str, str]:
    """What is installed here of what a synth used, by item; `none` where it is not."""
    cli = find_cli(app)
    versions = {"cdk-cli": cli.version if cli else _NONE, "platform": f"{sys.platform}-{platform.machine()}"}
    if "python" in used.runs:
        versions |= _python_versions(app, used)
    if "node" in used.runs or used.node:
        versions["node"] = node_version() or _NONE
    if used.node:
        versions["node-packages"] = node_packages(str(project_root(app.resolve())), used.node) or _NONE
    return {_TOOLCHAIN + name: version for name, version in versions.items()}


def _python_versions(app: Path, used: Toolchain) -> dict[str, str]:
    """The interpreter that the app's command names, and its packages; beside these, those of the directories that the
    synth took packages from, where another interpreter was behind the command."""
    version, sites = _python_at(app)
    others = tuple(site for site in used.sites if site not in sites)
    return {"python": version, "python-packages": python_packages((*sites, *others), used.python) or _NONE}


def _python_at(app: Path) -> tuple[str, tuple[str, ...]]:
    """The version of the interpreter that runs the app, and its directories of packages; ("none", ()) without one."""
    command = _app_command(app)
    found = _interpreter(app, _python_of(app, command) or "python3")
    if found is None:
        return _NONE, ()
    environment = virtual_environment(found)
    if environment is not None:
        return environment
    return ("not asked", ()) if _is_own_program(app, found) else asked_python(found)


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
    return shlex.split(_command_text(app))


def _command_text(app: Path) -> str:
    """The command of cdk.json, which the CDK CLI gives to a shell."""
    return str(_configuration(app).get("app", ""))


def _configuration(app: Path) -> dict[str, Any]:
    path = app / "cdk.json"
    try:
        document: Any = json.loads(path.read_text("utf-8"))
        if not isinstance(document, dict):
            raise ValueError("it is not a JSON object")  # noqa: TRY004, TRY301 -- told below like any other fault of the file
        shlex.split(str(document.get("app", "")))
    except (OSError, ValueError) as error:
        raise DeployError("bad-cdk-json", "cdk.json cannot be read", where=str(path), cause=str(error)) from error
    return document


def _python_libraries(app: Path, python: str) -> list[str]:
    """Name-and-version of the CDK libraries of the interpreter that runs the app.

    Their metadata directories are listed where the interpreter is a virtual environment's; any other (a system
    Python, a version manager's shim) is asked, which costs its start.
    """
    found = _interpreter(app, python)
    if found is None:
        return ["no interpreter"]
    if _is_own_program(app, found):
        return ["not asked"]
    prefix = found.parent.parent
    configuration = prefix / "pyvenv.cfg"
    if configuration.is_file():
        names = {path.name.removesuffix(".dist-info") for path in prefix.glob("lib/python3*/site-packages/*.dist-info")}
        return _counted(names, app, configured(configuration).get("version", "unknown"))
    told: list[str] = []
    ended = run([str(found), "-c", _ASK_PYTHON], cwd=app, time_limit=30, on_line=told.append)
    if ended.code != 0:
        raise DeployError(
            "python-unusable", f"{python} of cdk.json's app does not run", where=str(app), cause="\n".join(ended.tail),
        )  # fmt: skip
    version = next((line for line in told if line.startswith("python-")), "unknown")
    return _counted((line for line in told if line != version), app, version.removeprefix("python-"))


def _interpreter(app: Path, python: str) -> Path | None:
    # A path is meant from the app's directory, where the CLI runs the command.
    found = find_program(str(app / python) if "/" in python else python)
    return Path(found) if found else None


def _is_own_program(app: Path, interpreter: Path) -> bool:
    """Whether an interpreter lies in the project and is no virtual environment's: whoever can change the project can
    make it run anything, so it is not started to decide."""
    root = project_root(app.resolve())
    is_inside = root in Path(os.path.normpath(app / interpreter)).parents or root in interpreter.resolve().parents
    return is_inside and not (interpreter.parent.parent / "pyvenv.cfg").is_file()


def _counted(names: Iterable[str], app: Path, version: str) -> list[str]:
    """The libraries that count, as name-version; and the interpreter, where the template names it."""
    counted = sorted(name for name in names if is_cdk_library(name.rsplit("-", 1)[0]))
    # The CDK writes the versions of what made a template into it, unless it is told not to.
    reports = _configuration(app).get("versionReporting", True) is not False
    return [*counted, f"python-{version}"] if reports else counted
