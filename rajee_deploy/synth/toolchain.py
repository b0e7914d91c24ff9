"""What is installed of an app's toolchain, by version and by what its packages say of themselves."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from rajee_deploy.errors import DeployError
from rajee_deploy.synth.cli_files import find_cli
from rajee_deploy.synth.command import (
    above,
    app_command,
    configuration,
    interpreter_of,
    is_in_project,
    is_own_program,
    python_of,
)
from rajee_deploy.synth.runtimes import (
    asked_python,
    node_version,
    program_version,
    venv_configuration,
    virtual_environment,
)
from rajee_deploy.synth.tracing.installed import node_packages, python_packages
from rajee_deploy.system.extent import project_root
from rajee_deploy.system.process import run
from rajee_deploy.system.regular_files import read_json

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from rajee_deploy.synth.tracing.depfile import Toolchain

TOOLCHAIN = "toolchain:"  # before the name of each item
NONE = "none"  # of an item: not installed
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
# Asked in isolation (-I, which every Python 3 knows): neither the app's directory nor PYTHONPATH, which may lead there,
# gives it a module. What a synth takes packages from beside its own places is listed all the same, as
# https://docs.python.org/3/library/site.html says: PYTHONPATH, and the user's own site where the environment has one.
_ASK_PYTHON = """
import importlib.metadata as m, os, platform, site, sys
given, home = os.environ.get("PYTHONPATH"), os.environ.get("PYTHONHOME")
places = [os.path.abspath(place) for place in given.split(os.pathsep)] if given else []
places += site.getsitepackages(home.split(os.pathsep)) if home else []
configured = os.path.join(sys.prefix, "pyvenv.cfg")
shares = True
if sys.prefix != sys.base_prefix and os.path.isfile(configured):
    lines = [line.partition("=") for line in open(configured, encoding="utf-8", errors="replace")]
    told = {key.strip().lower(): value.strip().lower() for key, _, value in lines}
    shares = told.get("include-system-site-packages", "true") == "true"
if shares and not os.environ.get("PYTHONNOUSERSITE") and os.path.isdir(site.getusersitepackages()):
    site.addsitedir(site.getusersitepackages())
print("python-" + platform.python_version(), *sorted(
    {f"{d.name.lower().replace('-', '_')}-{d.version}" for d in m.distributions(path=places + sys.path) if d.name}
), sep="\\n")
"""


def toolchain_versions(app: Path, used: Toolchain) -> dict[str, str]:
    """What is installed here of what a synth used, by item; `none` where it is not."""
    cli = find_cli(app)
    versions = {"cdk-cli": cli.version if cli else NONE, "platform": f"{sys.platform}-{os.uname().machine}"}
    if "python" in used.runs:
        versions |= _python_versions(app, used)
    if "node" in used.runs or used.node:
        versions["node"] = node_version() or NONE
    if used.node:
        versions["node-packages"] = node_packages(str(project_root(app.resolve())), used.node) or NONE
    versions |= {f"program {name}": program_version(name) or NONE for name in used.programs}
    return {TOOLCHAIN + name: version for name, version in versions.items()}


def _python_versions(app: Path, used: Toolchain) -> dict[str, str]:
    """The interpreter that the app's command names, and its packages; beside these, those of the directories that the
    synth took packages from, where another interpreter was behind the command."""
    version, sites = _python_at(app)
    others = tuple(site for site in used.sites if site not in sites)
    packages = python_packages((*sites, *others), used.python) or NONE
    # A Python that has none of the packages is another one than the app's, whatever its version.
    return {"python": version if packages != NONE else NONE, "python-packages": packages}


def _python_at(app: Path) -> tuple[str, tuple[str, ...]]:
    """The version of the interpreter that runs the app, and its directories of packages; ("none", ()) without one."""
    command = app_command(app)
    found = interpreter_of(app, python_of(app, command) or "python3")
    if found is None:
        return NONE, ()
    environment = virtual_environment(found, lambda base: not is_in_project(app, base))
    if environment is not None:
        return environment
    return ("not asked", ()) if is_own_program(app, found) else asked_python(found)


def versions_of(app: Path) -> dict[str, str]:
    cli = find_cli(app)
    versions = {"cdk-cli": cli.version if cli else "none"}
    python = python_of(app, app_command(app))
    if python:
        versions["python-libraries"] = " ".join(_python_libraries(app, python))
    library = next((path for path in above(app, "node_modules/aws-cdk-lib/package.json") if path.is_file()), None)
    if library is not None:
        versions["aws-cdk-lib"] = _version(library)
    return versions


def _version(package: Path) -> str:
    try:
        return str(read_json(package)["version"])
    except (OSError, ValueError, KeyError, TypeError):
        return "unknown"


def _python_libraries(app: Path, python: str) -> list[str]:
    """Name-and-version of the CDK libraries of the interpreter that runs the app.

    Their metadata directories are listed where the interpreter is a virtual environment's; any other (a system
    Python, a version manager's shim) is asked, which costs its start.
    """
    found = interpreter_of(app, python)
    if found is None:
        return ["no interpreter"]
    if is_own_program(app, found):
        return ["not asked"]
    prefix = found.parent.parent
    configuration = prefix / "pyvenv.cfg"
    if configuration.is_file():
        names = {path.name.removesuffix(".dist-info") for path in prefix.glob("lib/python3*/site-packages/*.dist-info")}
        return _counted_libraries(names, app, venv_configuration(configuration).get("version", "unknown"))
    told: list[str] = []
    ended = run([str(found), "-I", "-c", _ASK_PYTHON], cwd=app, time_limit=30, on_line=told.append)
    if ended.code != 0:
        raise DeployError(
            "python-unusable",
            f"{python} of cdk.json's app does not run",
            where=str(app),
            cause="\n".join(ended.tail),
            hint="activate the virtual environment of cdk.json's app, or let its app name a Python that runs here",
        )
    version = next((line for line in told if line.startswith("python-")), "unknown")
    return _counted_libraries((line for line in told if line != version), app, version.removeprefix("python-"))


def _counted_libraries(names: Iterable[str], app: Path, version: str) -> list[str]:
    """The libraries that count, as name-version; and the interpreter, where the template names it."""
    counted = sorted(name for name in names if is_cdk_library(name.rsplit("-", 1)[0]))
    # The CDK writes the versions of what made a template into it, unless it is told not to.
    reports = configuration(app).get("versionReporting", True) is not False
    return [*counted, f"python-{version}"] if reports else counted


def is_cdk_library(name: str) -> bool:
    """Whether the version of a Python library is always an input: the CDK's, and those that jsii stands on."""
    plain = name.lower().replace("-", "_")
    return plain in _FOUNDATIONS or any(part in plain for part in _LIBRARIES)
