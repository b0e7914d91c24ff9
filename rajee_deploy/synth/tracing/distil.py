"""From the raw records of a synth to its depfile: drops what counts already or cannot matter. What is not known to be
harmless is kept: too much costs a synth, too little a change that nobody deploys.
"""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rajee_deploy.dataclass import dataclass
from rajee_deploy.synth.tracing.depfile import Depfile, Records
from rajee_deploy.system.regular_files import DOCUMENT, LARGE, read_json, read_text
from rajee_deploy.text.lines import lines_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rajee_deploy.synth.tracing.depfile import TracedImage

# Set by the CDK CLI for the app from what counts elsewhere, or fixed by us; or without influence on any template. The
# account and the region are those of the very stack that holds the record.
HARMLESS = frozenset(
    {
        "CDK_DEFAULT_ACCOUNT",
        "CDK_DEFAULT_REGION",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
        "CDK_OUTDIR",
        "CDK_CONTEXT_JSON",
        "CONTEXT_OVERFLOW_LOCATION_ENV",
        "CDK_CLI_VERSION",
        "CDK_CLI_ASM_VERSION",
        "CDK_VALIDATION",
        "CDK_DEBUG",
        "CDK_DEBUG_DEPS",
        "CDK_DISABLE_STACK_TRACE",
        "CDK_NO_PERF_BUILTINS",
        "CDK_PERF_COUNTERS_FILE",
        "CDK_ERROR_FILE",
        "TESTING_CDK",
        "NODE_V8_COVERAGE",
        "NODE_DEBUG",
        "NODE_ENV",
        "NODE_OPTIONS",
        "__MINIMATCH_TESTING_PLATFORM__",
        "RAJEE_DEPLOY_TRACE",
        "PYTHONPATH",
        "PYTHONPYCACHEPREFIX",
    }
)
_COMPILED = re.compile(r"(?P<folder>.*)/__pycache__/(?P<name>[^/]+?)\.[^./]+(\.opt-\d)?\.pyc$")
_PACKAGES = re.compile(r"(?P<site>.*/(?:site|dist)-packages)(?:/(?P<top>[^/]+).*)?$")
_KERNEL = re.compile(r"(?P<root>.*)/(?:bin/jsii-runtime|lib/program)\.js$")
_HOST = "asks for the host's name"
_MACHINE = ("/proc", "/sys", "/dev")
# What node and its tools keep there is named after the source that it was compiled from, which is read as well.
_COMPILE_CACHE = re.compile(r"/(?:v8-compile-cache|node-compile-cache|tsx)(?:-[^/]*)?(?:/|$)")


def _yes(_image: TracedImage) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class App:
    """What is known of the app: its directory, whether a declared input covers a path, whether it is a Python app."""

    directory: Path
    is_declared: Callable[[str], bool]
    is_python: bool
    is_known_library: Callable[[str], bool]
    root: Path = Path("/")  # of the checkout
    env: tuple[str, ...] = ()  # names of variables that the settings say count
    adopts_images: bool = False  # image assets are ours (see `staged_images`)
    has_digest: Callable[[TracedImage], bool] = _yes  # whether it is known what an image's Dockerfile reads


def distil(app: App, records: Records) -> Depfile:
    """The depfile of one synth, from the kernel's record where it made one."""
    if records.looks is not None:
        from rajee_deploy.synth.tracing.whole import distil_whole

        return distil_whole(app, records, records.looks)
    from rajee_deploy.synth.tracing.staging import as_ordinary

    records = as_ordinary(records)
    keep = _Filter(app, records)
    # The CDK only asks for the size and time of an asset of which it has cached a digest: to ask counts as to read.
    asked = [path for path in keep.paths(records.of("stat")) if not _PACKAGES.match(path) and not path.endswith(".pkg")]
    libraries, read = _libraries(keep.paths(records.of("read")), app)
    return Depfile(
        read=tuple(sorted({*read, *asked})),
        listed=tuple(sorted(p for p in keep.listings(records.of("list")) if not _PACKAGES.match(p))),
        searched=tuple(sorted(p for p in keep.paths(records.of("modules")) if not _PACKAGES.match(p))),
        packages=tuple(sorted(_packages(keep.packages(records), app))),
        variables=tuple(sorted({name for (name,) in records.of("env")} - HARMLESS)),
        libraries=tuple(sorted(libraries)),
        impure=tuple(sorted({*_impurities(app, records), *keep.impure})),
    )


class _Filter:
    """Which paths may matter."""

    def __init__(self, app: App, records: Records) -> None:
        self._app = app
        self._started = records.started
        self._assembly = os.path.realpath(records.assembly)
        self._temporary = (tempfile.gettempdir(), os.path.realpath(tempfile.gettempdir()))
        self._checkout = (str(app.root), os.path.realpath(app.root))
        home = str(Path.home())
        roots = [str(records.assembly), self._assembly, str(Path(__file__).parent), f"{home}/.cdk/cache"]
        caches = os.environ.get("XDG_CACHE_HOME") or f"{home}/.cache"
        roots += [f"{caches}/aws/jsii", f"{home}/Library/Caches/com.amazonaws.jsii"]
        roots += filter(None, [os.environ.get("JSII_RUNTIME_PACKAGE_CACHE_ROOT")])
        for _, stdlib, prefix, *_ in records.of("python"):
            roots += [stdlib, f"{stdlib}.zip", f"{prefix}/bin", f"{prefix}/pyvenv.cfg"]
            roots.append(str(Path(stdlib).parent / (Path(stdlib).name.replace(".", "") + ".zip")))
        for _, main, _ in records.of("node"):
            kernel = _KERNEL.match(main)
            roots += [kernel["root"]] if kernel else []
        self._spelled = str(app.directory).casefold()
        self._roots = tuple(roots)
        self.impure: set[str] = set()

    def paths(self, records: list[tuple[str, ...]]) -> list[str]:
        return list(dict.fromkeys(path for (raw,) in records for path in self._kept(_source_of(raw))))

    def listings(self, records: list[tuple[str, ...]]) -> list[str]:
        """Of directories whose names were read. That one lies above the app, the tools' own or temporary files says
        nothing of the names in it."""
        roots = (str(self._app.directory), *self._roots, *self._temporary)
        above = {str(parent) for root in roots for parent in Path(root).parents}
        own = [path for (path,) in records if path in above and not self._is_temporary(path)]
        return list(dict.fromkeys([*own, *self.paths(records)]))

    def packages(self, records: Records) -> list[str]:
        """Of node's packages those that are not the kernel's or unpacked by it."""
        found = [directory for (directory,) in records.of("package") if "/jsii-kernel-" not in directory]
        return [directory for directory in found if not any(_is_in(directory, root) for root in self._roots)]

    def _kept(self, path: str) -> Iterator[str]:
        if self._is_left_out(path):
            return
        if path.startswith(tuple(f"{root}/" for root in _MACHINE)):
            if path != "/dev/null":
                self.impure.add(f"{path} is read")
            return
        if self._is_new(path):
            # Made by the synth itself. In the place for temporary files that is an output and no input.
            if not self._is_temporary(path):
                self.impure.add(f"{path} changed during the synth")
            return
        yield path

    def _is_left_out(self, path: str) -> bool:
        if "/jsii-kernel-" in path or "/node_modules" in path:
            return True
        if _PACKAGES.match(path):
            return False
        if any(_is_in(path, root) for root in self._roots):
            return True
        if self._is_temporary(path) and _COMPILE_CACHE.search(path):
            return True
        if not os.path.lexists(path):
            # Tools ask for the app in other letters to learn whether case matters here.
            is_spelling = path.casefold() == self._spelled
            return is_spelling or self._is_temporary(path) or self._app.is_declared(path)
        is_above = any(_is_in(root, path) for root in (str(self._app.directory), *self._roots, *self._temporary))
        return (is_above and Path(path).is_dir()) or self._app.is_declared(path)

    def _is_temporary(self, path: str) -> bool:
        """Whether it lies in the place for temporary files, and in no checkout below that."""
        if any(_is_in(root, place) and _is_in(path, root) for root in self._checkout for place in self._temporary):
            return False
        return any(_is_in(path, place) for place in self._temporary)

    def _is_new(self, path: str) -> bool:
        try:
            found = Path(path).stat()
        except OSError:
            return False
        return found.st_mtime_ns >= self._started and not Path(path).is_dir()


def _libraries(paths: list[str], app: App) -> tuple[set[tuple[str, str]], list[str]]:
    """Which installed libraries were read, as (directory of packages, name); and the paths that belong to none."""
    owners: dict[str, dict[str, set[str]]] = {}
    found, rest = set(), []
    for path in paths:
        place = _PACKAGES.match(path)
        if place is None:
            rest.append(path)
            continue
        site, top = place["site"], (place["top"] or "").split(".")[0]
        names = owners.setdefault(site, _owners(site)).get(top)
        if top.endswith("-info") or not top:
            continue
        if names is None:
            rest.append(path)
        else:
            found |= {(site, name) for name in names if not app.is_known_library(name)}
    return found, rest


def _owners(site: str) -> dict[str, set[str]]:
    """Top-level name in a directory of packages → the libraries that put it there."""
    owners: dict[str, set[str]] = {}
    for info in Path(site).glob("*.dist-info"):
        try:
            lines = lines_of(read_text(info / "RECORD", DOCUMENT, "replace"))
        except OSError:
            continue
        for top in {line.split(",", 1)[0].split("/", 1)[0].split(".")[0] for line in lines}:
            owners.setdefault(top, set()).add(info.name.removesuffix(".dist-info").rsplit("-", 1)[0])
    return owners


def _packages(directories: list[str], app: App) -> Iterator[str]:
    """The packages of node that were read, by their directories, whose versions no declared lock file tells."""
    locked: dict[str, dict[str, Any]] = {}
    for directory in directories:
        root, _, _ = directory.partition("/node_modules/")
        if root not in locked:
            locked[root] = (
                _lock_entries(f"{root}/package-lock.json") if app.is_declared(f"{root}/package-lock.json") else {}
            )
        told = locked[root].get(os.path.relpath(directory, root), {})
        if package_version(directory) != told.get("version"):
            yield directory


def _lock_entries(lock: str) -> dict[str, Any]:
    """Directory, from the lock's, → what the lock says of it."""
    try:
        packages = read_json(lock, LARGE)["packages"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    if not isinstance(packages, dict):
        return {}
    return {name: told for name, told in packages.items() if isinstance(told, dict)}


def package_version(directory: str) -> str:
    """The version of the package in a directory; `absent` where none is told."""
    try:
        return str(read_json(f"{directory}/package.json")["version"])
    except (OSError, ValueError, KeyError, TypeError):
        return "absent"


def is_of_kernel(told: tuple[str, str], records: Records) -> bool:
    """Whether it is jsii's kernel that asks for the host's name: it names a lock by it where its cache is new, and
    in no template is there anything of it."""
    what, file = told
    return what == _HOST and file.startswith(tuple(f"{root}/" for root in _own_kernels(records)))


def _impurities(app: App, records: Records) -> Iterator[str]:
    for what, file, line in records.of("impure"):
        if is_of_kernel((what, file), records):
            continue
        place = os.path.relpath(file, app.directory) if file.startswith("/") else file
        yield f"{place}:{line} {what}" if file else what
    if app.is_python and not records.of("python"):
        yield "the app's Python, which could not be traced"
    # Whoever makes the assembly asks where to.
    if not app.is_python and ("CDK_OUTDIR",) not in records.of("env"):
        yield "the app, which could not be traced (a command that sets NODE_OPTIONS keeps the trace out; so does bun)"
    if records.of("started") and not any(_KERNEL.match(main) for _, main, _ in records.of("node")):
        yield "jsii's node, which could not be traced"


def _own_kernels(records: Records) -> Iterator[str]:
    """Where Python's jsii unpacked the kernel that ran: a new directory right in the place for temporary files."""
    temporary = {tempfile.gettempdir(), os.path.realpath(tempfile.gettempdir())}
    for _, main, _ in records.of("node"):
        kernel = _KERNEL.match(main)
        if kernel and os.path.dirname(kernel["root"]) in temporary:  # noqa: PTH120 -- a text of the trace
            yield kernel["root"]


def _source_of(path: str) -> str:
    """The source of a compiled module; any other path as it is."""
    compiled = _COMPILED.match(path)
    return f"{compiled['folder']}/{compiled['name']}.py" if compiled else path


def _is_in(path: str, root: str) -> bool:
    return path == root or path.startswith(root.rstrip("/") + "/")
