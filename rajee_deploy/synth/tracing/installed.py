"""What is installed, by what it says of itself: a Python package by its RECORD, one of node by its lock entry."""

from __future__ import annotations

import hashlib
import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from rajee_deploy.system.regular_files import DOCUMENT, LARGE, digest_of, read_json, read_regular, read_text
from rajee_deploy.text.lines import lines_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# What tells how and where something was installed, and not what: two machines differ in these alone.
_BESIDE = frozenset({"RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json", "entry_points.txt"})
_CDK = ("cdk", "constructs", "jsii")
# They install, and take part in no synth.
_INSTALLERS = ("pip", "uv", "__pycache__", "distutils-precedence.pth", "_virtualenv")


def owner_of(site: str, path: str) -> set[str]:
    """The distributions that a file below a directory of packages belongs to; where there is none, its first name."""
    top = path[len(site) :].strip("/").split("/")[0]
    if not top or top == "__pycache__":
        return set()
    if top.endswith((".dist-info", ".egg-info")):
        return set()
    return owners(site).get(top.split(".")[0]) or {f"/{top}"}


@cache
def owners(site: str) -> dict[str, set[str]]:
    """Top-level name in a directory of packages → the distributions that put it there."""
    found: dict[str, set[str]] = {}
    for info in Path(site).glob("*.dist-info"):
        for line in _record(info):
            top = line.split(",", 1)[0].split("/", 1)[0].split(".")[0]
            found.setdefault(top, set()).add(_normal(info.name.removesuffix(".dist-info").rsplit("-", 1)[0]))
    return found


def python_packages(sites: Sequence[str], names: Sequence[str]) -> str | None:
    """A digest of what the directories offer, and of what the named distributions hold; None where none of them is
    installed there (of the CDK's, where it is among them: any Python has something)."""
    telling = [name for name in names if any(part in name for part in _CDK)] or list(names)
    whole = hashlib.sha256()
    is_any = False
    for site in sites:
        try:
            offered = sorted(os.listdir(site))  # noqa: PTH208 -- names alone
        except OSError:
            continue
        whole.update(_frame(*(name for name in offered if not _is_installer(name))))
        for name in offered:
            if name.endswith(".dist-info"):
                distribution = _normal(name.removesuffix(".dist-info").rsplit("-", 1)[0])
                if distribution in names:
                    is_any |= distribution in telling
                    whole.update(_frame(name, _record_digest(Path(site, name))))
            elif f"/{name}" in names:
                is_any |= f"/{name}" in telling
                whole.update(_frame(name, _tree(Path(site, name))))
    return whole.hexdigest() if is_any or not names else None


def node_packages(root: str, packages: Sequence[str]) -> str | None:
    """A digest of the named packages' versions (and of what was locked), and of the names beside them; None where none
    is installed."""
    whole = hashlib.sha256()
    folders: dict[str, list[str]] = {}
    for package in packages:
        head, _, tail = package.rpartition("node_modules/")
        folders.setdefault(f"{head}node_modules", []).append(tail)
    is_any = False
    for folder, names in sorted(folders.items()):
        place = Path(root, folder)
        if not place.is_dir():
            continue
        is_any = True
        locked = _lock_entries(place)
        whole.update(_frame(folder, *_offered_commands(place)))
        for name in sorted(filter(None, names)):
            whole.update(_frame(name, *_package(place / name, locked.get(f"node_modules/{name}"))))
    return whole.hexdigest() if is_any else None


def is_locked(root: str, package: str) -> bool:
    """Whether an installer keeps beside a package of node what it locked; else only its files tell what it holds."""
    head = package.rpartition("node_modules/")[0]
    folder = Path(root, f"{head}node_modules")
    name = package[len(head) :]
    kept = (".modules.yaml", ".yarn-integrity", ".yarn-state.yml", ".pnpm")
    return name in _lock_entries(folder) or ".pnpm/" in package or any((folder / each).exists() for each in kept)


def _record(info: Path) -> list[str]:
    try:
        return lines_of(read_text(info / "RECORD", DOCUMENT))
    except (OSError, ValueError):
        return []


def _record_digest(info: Path) -> str:
    """A digest of the lines of RECORD that tell content: not of the scripts beside the packages, which name their
    interpreter."""
    try:
        lines = read_regular(info / "RECORD", DOCUMENT).splitlines()  # of bytes it splits at the ends of lines alone
    except OSError:
        return "no record"
    told = [line for line in lines if not line.startswith((b"../", b"/")) and b".pyc," not in line]
    return hashlib.sha256(b"\n".join(sorted(line for line in told if not _is_beside(line)))).hexdigest()


def _is_beside(line: bytes) -> bool:
    return b".dist-info/" in line and line.partition(b",")[0].rpartition(b"/")[2].decode("latin-1") in _BESIDE


def _tree(path: Path) -> str:
    """A digest of what no distribution owns: a module, or a directory of modules."""
    whole = hashlib.sha256()
    files = (
        [path]
        if path.is_file()
        else sorted(each for each in path.rglob("*") if each.is_file() and each.suffix != ".pyc")
    )
    for each in files:
        whole.update(_frame(str(each.relative_to(path.parent)), digest_of(each)))
    return whole.hexdigest()


def _is_installer(name: str) -> bool:
    return name.startswith(_INSTALLERS) or name.endswith((".virtualenv", ".pyc"))


def _normal(name: str) -> str:
    return name.lower().replace("-", "_").replace(".", "_")


@cache
def _lock_entries(folder: Path) -> dict[str, str]:
    """What npm kept of its lock beside what it installed: package → the digest of its archive."""
    try:
        packages = read_json(folder / ".package-lock.json", LARGE)["packages"]
        return {name: str(told.get("integrity", "")) for name, told in packages.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _offered_commands(folder: Path) -> Iterator[str]:
    for name in sorted(os.listdir(folder)):  # noqa: PTH208 -- names alone
        if name.startswith("@"):
            yield from (f"{name}/{each}" for each in sorted(os.listdir(folder / name)))  # noqa: PTH208 -- names alone
        elif not name.startswith("."):
            yield name


def _package(place: Path, locked: str | None) -> tuple[str, str]:
    try:
        text = read_regular(place / "package.json")
    except OSError:
        return "absent", ""
    return locked or "", hashlib.sha256(text).hexdigest()


def _frame(*texts: str) -> bytes:
    return b"".join(b"%d:%s" % (len(raw), raw) for raw in (os.fsencode(text) for text in texts)) + b";"
