"""Trees on disk, reads and ignore rules for the context room."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING, Any

import pytest
import tables

from rajee_deploy.context import ContextRules
from rajee_deploy.model import ContextRead, Location, ReadBy, Selector, StageId

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

Spec = dict[str, Any]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Case tables: see tests/tables.py."""
    if "example" in metafunc.fixturenames:
        table = tables.public("selection_examples.json")
        cases = [case for case in table["cases"] if case["llb_error"] is None] if table else []
        absent = pytest.param(None, id="absent", marks=pytest.mark.skip(tables.reason("selection_examples.json")))
        metafunc.parametrize("example", [pytest.param(case, id=case["id"]) for case in cases] or [absent])
    for fixture, name in (("own_ignore_case", "ignore"), ("own_selection_case", "selection")):
        if fixture in metafunc.fixturenames:
            metafunc.parametrize(fixture, [pytest.param(case, id=case["name"]) for case in tables.own(name)])


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty build context."""
    path = tmp_path / "context"
    path.mkdir(mode=0o755)
    path.chmod(0o755)
    return path


@pytest.fixture
def write_tree() -> Callable[[Path, dict[str, Any]], None]:
    """Make a tree: text or bytes are a file's, None is a directory, (text,) a symlink."""

    def make(root: Path, tree: dict[str, str | bytes | tuple[str] | None]) -> None:
        for name, what in tree.items():
            match what:
                case None:
                    spec: Spec = {"t": "d"}
                case (link,):
                    spec = {"t": "l", "l": link}
                case _:
                    spec = {"t": "f", "c": what}
            write_entry(root, {"p": name, **spec})

    return make


@pytest.fixture
def build(root: Path, write_tree: Callable[[Path, dict[str, Any]], None]) -> Callable[..., Path]:
    """Make a tree in `root` and return it."""

    def make(tree: dict[str, Any]) -> Path:
        write_tree(root, tree)
        return root

    return make


@pytest.fixture
def write() -> Callable[[Path, Sequence[Spec]], None]:
    """Make a tree out of the conformance tables' form of one."""

    def make(root: Path, tree: Sequence[Spec]) -> None:
        for spec in tree:
            write_entry(root, spec)
        for spec in tree:  # last: a directory may lose its own write permission
            if spec["t"] == "d" and "m" in spec:
                (root / spec["p"]).chmod(int(spec["m"], 8))

    return make


def write_entry(root: Path, spec: Spec) -> None:
    path = root / spec["p"]
    for parent in reversed(path.relative_to(root).parents):
        if not (root / parent).exists():
            (root / parent).mkdir()
            (root / parent).chmod(0o755)
    mode = int(spec.get("m", "644"), 8)
    match spec["t"]:
        case "f":
            content = spec.get("c", "")
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
            path.chmod(mode)
        case "d":
            path.mkdir(exist_ok=True)
            path.chmod(0o755)
        case "l":
            path.symlink_to(spec["l"])
        case "h":
            path.hardlink_to(root / spec["l"])
        case "fifo":
            os.mkfifo(path)
            path.chmod(mode)
        case "sock":
            with socket.socket(socket.AF_UNIX) as listener:
                listener.bind(str(path))
            path.chmod(int(spec.get("m", "755"), 8))
    for name, value in spec.get("x", {}).items():
        os.setxattr(path, name, value.encode())


@pytest.fixture
def read() -> Callable[..., ContextRead]:
    """A read of one source: `read("/a")`, `read("/*", wildcard=True)`."""

    def make(path: str, *, line: int = 2, **selector: Any) -> ContextRead:
        return ContextRead(
            ReadBy.COPY, Location("Dockerfile", line, line), StageId(0, None), path, Selector(path, **selector)
        )

    return make


@pytest.fixture
def rules() -> Callable[..., ContextRules]:
    """Ignore rules out of lines: `rules("*.md", "!README.md")`."""

    def make(*lines: str, deploy: Sequence[str] = ()) -> ContextRules:
        return ContextRules(
            ignore="\n".join(lines).encode() if lines else None,
            deployignore="\n".join(deploy).encode() if deploy else None,
        )

    return make


@pytest.fixture
def umask() -> Iterator[Callable[[int], int]]:
    """Set the umask; it is put back."""
    before = os.umask(0o022)
    yield os.umask
    os.umask(before)
