"""From the kernel's record of a synth, with what the hooks tell beside it, to the app's list."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from typing import TYPE_CHECKING

from rajee_deploy.synth.assembly import reads_assembly
from rajee_deploy.synth.entry_values import own_names
from rajee_deploy.synth.tracing.depfile import Depfile, Toolchain, TracedEntry
from rajee_deploy.synth.tracing.distil import HARMLESS
from rajee_deploy.synth.tracing.entries import find_entries
from rajee_deploy.synth.tracing.portable import is_any, is_in, portable
from rajee_deploy.synth.tracing.regions import Regions, everybodys, prefix_of
from rajee_deploy.synth.tracing.staged_images import find_staged_images
from rajee_deploy.synth.tracing.variables import Texts, find_variables, is_known_program, is_own_text
from rajee_deploy.system.regular_files import LARGE, read_json, read_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rajee_deploy.synth.tracing.depfile import Records
    from rajee_deploy.synth.tracing.distil import App
    from rajee_deploy.synth.tracing.entries import TracedInputs
    from rajee_deploy.synth.tracing.looks import Looks

# What the hooks report and the kernel tells better: a program that is started is traced like the one that starts it.
_TOLD_BY_KERNEL = frozenset(
    {
        "starts a program",
        "forks",
        "loads a library of C",
        "opens a database",
        "connects a socket",
        "copies the whole environment",
    }
)
# What C reads of the environment no hook sees.
_COPIES = frozenset({"copies the whole environment", "loads a library of C"})
# What the CDK's libraries ask for and nobody's template depends on, unless the project itself speaks of it.
_ASKED = frozenset(
    {
        "CDK_DEBUG",
        "CDK_DEBUG_DEPS",
        "CDK_DISABLE_STACK_TRACE",
        "CDK_NO_PERF_BUILTINS",
        "CDK_PERF_COUNTERS_FILE",
        "TESTING_CDK",
        "NODE_V8_COVERAGE",
        "NODE_DEBUG",
        "NODE_ENV",
        "__MINIMATCH_TESTING_PLATFORM__",
    }
)


def distil_whole(app: App, records: Records, looks: Looks) -> Depfile:
    """The list of one synth."""
    regions = _regions(app, records, looks)
    staged = find_staged_images(app, records, looks, regions)
    records = staged.records
    searches = Counter(os.path.realpath(path) for (path,) in records.of("modules"))
    listed = {os.path.realpath(path) for (path,) in records.of("list")}
    searched = {path: times for path, times in searches.items() if path not in listed}
    found = find_entries(looks, regions, searched, records.started, staged.paths)
    read = (path for path, look in looks.looks.items() if look.is_read and path not in staged.paths.looked)
    texts = Texts(path for path in read if is_own_text(path, regions))
    copies = any(what in _COPIES for what, _, _ in _reports_of_hooks(records))
    variables = find_variables(looks, records.processes, regions, texts, copies=copies)
    names = {name for (name,) in records.of("env") if name not in HARMLESS or (name in _ASKED and name in texts)}
    names |= variables.names
    _loosen(found, regions, {*looks.listed})
    entries = found.entries | staged.entries | _of_itself(records, regions)
    entries |= {TracedEntry("environment", "")} if variables.is_all else set()
    return Depfile(
        variables=tuple(sorted(name for name in names if variables.counts(name, app.env))),
        impure=tuple(sorted(found.obstacles | set(_obstacles(app, records)))),
        is_whole=True,
        entries=tuple(sorted(entries)),
        toolchain=_toolchain(found.packages, looks, regions),
        outside=tuple(sorted(found.outside)),
        images=staged.images,
    )


def _loosen(found: TracedInputs, regions: Regions, listed: set[str]) -> None:
    """Files of packages of node count one by one where nothing says that they were installed, and of those whose
    directories were listed: no import does that, whoever takes them for data does."""
    from rajee_deploy.synth.tracing.installed import is_locked

    data = {_package(path, regions.root) for path in listed if "/node_modules/" in path}
    for path in found.packages:
        package = _package(path, regions.root) if "/node_modules/" in path and is_in(path, regions.root) else ""
        if package and os.path.isfile(path) and (package in data or not is_locked(regions.root, package)):  # noqa: PTH113 -- texts
            found.entries.add(TracedEntry("file", portable(path, regions.root)))


def _of_itself(records: Records, regions: Regions) -> set[TracedEntry]:
    """What the templates, and the tags of their stacks, say of the place where they were made."""
    templates = (read_text(path, LARGE, "replace") for path in sorted(records.assembly.rglob("*.template.json")))
    text = "\n".join([*templates, *_properties(records.assembly)])
    found = set()
    for name, value in own_names(regions.root).items():
        # A checkout in the home directory has that in its own path; ":root" is a principal's in many a policy.
        is_path = value.startswith("/")
        pattern = re.escape(value) + (r"(?![\w.-])" if is_path else r"(?![\w-])")
        if value not in ("", "/") and re.search(pattern if is_path else r"(?<![\w:/.-])" + pattern, text):
            found.add(TracedEntry("self", name))
        text = text.replace(value, "") if name == "checkout" else text
    return found


@reads_assembly
def _properties(assembly: Path) -> list[str]:
    """What an assembly tells of its stacks that is in no template, of nested assemblies (stages), too."""
    paths = (assembly / "manifest.json", *sorted(assembly.rglob("assembly-*/manifest.json")))
    documents = [read_json(path, LARGE, errors="surrogatepass") for path in paths if path.is_file()]
    artifacts = [artifact for document in documents for artifact in document.get("artifacts", {}).values()]
    return [json.dumps(artifact.get("properties", {}), ensure_ascii=False) for artifact in artifacts]


def _regions(app: App, records: Records, looks: Looks) -> Regions:
    root, directory = os.path.realpath(app.root), os.path.realpath(app.directory)
    prefixes, sites = [], []
    for _, stdlib, prefix, *places in records.of("python"):
        prefixes += [os.path.realpath(each) for each in (prefix, stdlib.partition("/lib/python")[0])]
        sites += [os.path.realpath(place) for place in places if place.endswith("-packages")]
    for program in looks.programs:
        prefix = prefix_of(program.path)
        if not is_in(program.path, root) and prefix != "/":
            prefixes.append(prefix)
    # Above the checkout, where nothing is installed as a rule, the name itself is what was sought.
    modules = [f"{place}/node_modules" for place in _above(directory)]
    sites += [each for each in modules if is_in(each, root) or os.path.isdir(each)]  # noqa: PTH112 -- texts
    own = [os.path.realpath(records.assembly), os.path.realpath(os.path.dirname(__file__))]  # noqa: PTH120 -- texts
    own += [os.path.realpath(place) for place in filter(None, [os.environ.get("JSII_RUNTIME_PACKAGE_CACHE_ROOT")])]
    path = tuple(os.path.realpath(place) for place in os.environ.get("PATH", "").split(os.pathsep) if place)
    return Regions(root, tuple(dict.fromkeys(prefixes)), tuple(dict.fromkeys(sites)), tuple(own), path, everybodys())


def _above(directory: str) -> Iterator[str]:
    while directory != "/":
        yield directory
        directory = os.path.dirname(directory)  # noqa: PTH120 -- texts


def _reports_of_hooks(records: Records) -> list[tuple[str, str, str]]:
    """What the hooks report that no record stands for, but for jsii's own kernel, whose host names no template has."""
    from rajee_deploy.synth.tracing.distil import is_of_kernel

    return [(what, file, line) for what, file, line in records.of("impure") if not is_of_kernel((what, file), records)]


def _obstacles(app: App, records: Records) -> Iterator[str]:
    for what, file, line in _reports_of_hooks(records):
        if what not in _TOLD_BY_KERNEL:
            place = os.path.relpath(file, app.directory) if file.startswith("/") else file
            yield f"{place}:{line} {what}" if file else what


def _toolchain(packages: set[str], looks: Looks, regions: Regions) -> Toolchain:
    """Which packages were read: of Python by their names, of node by their directories."""
    from rajee_deploy.synth.tracing.installed import owner_of

    python, node = set(), set()
    sites = tuple(site for site in regions.sites if not site.endswith("/node_modules"))
    for path in packages:
        site = next((each for each in sites if is_in(path, each)), None)
        if site is not None:
            python |= owner_of(site, path)
        elif is_any(path, regions.sites):
            node.add(_package(path, regions.root))
    kinds = (("python", ("python", "pypy")), ("node", ("node",)))
    runs = {kind for program in looks.programs for kind, names in kinds if _runs(program.path, names)}
    programs = {os.path.basename(path) for path in looks.looks if regions.is_sought(path)}  # noqa: PTH119 -- texts
    others = sorted(name for name in programs if not is_known_program(name))
    return Toolchain(tuple(sorted(runs)), sites, tuple(sorted(python)), tuple(sorted(node - {""})), tuple(others))


def _runs(path: str, names: tuple[str, ...]) -> bool:
    return os.path.basename(path).startswith(names)  # noqa: PTH119 -- a text


def _package(path: str, root: str) -> str:
    """The directory of the package of node that a file belongs to; "" for what lies beside the packages."""
    if path.endswith("/node_modules"):  # which may be absent
        return os.path.relpath(path, root) + "/"
    head, _, tail = path.rpartition("/node_modules/")
    parts = tail.split("/")
    name = "/".join(parts[: 2 if parts[0].startswith("@") else 1])
    if not head or not name or name.startswith("."):
        return ""
    return os.path.relpath(f"{head}/node_modules/{name}", root)
