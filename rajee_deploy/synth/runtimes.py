"""The versions of the interpreters that are installed. Each is asked once, and remembered by its file."""

from __future__ import annotations

import os
import re
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from rajee_deploy.synth.tracing.portable import is_any
from rajee_deploy.system.places import cache_directory
from rajee_deploy.system.process import find_program, run
from rajee_deploy.system.regular_files import digest_of, open_regular, read_text
from rajee_deploy.system.sealed import read_sealed, write_sealed
from rajee_deploy.text.foreign import parse_json
from rajee_deploy.text.lines import lines_of

if TYPE_CHECKING:
    from collections.abc import Callable

# Isolated from the project: nothing of it is run here.
_ASK_PYTHON = "import json, platform, site; print(json.dumps([platform.python_version(), *site.getsitepackages()]))"
_SYSTEM = ("/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/lib", "/lib")
_UNKNOWN = "unknown"


def node_version() -> str | None:
    """The version of the node on PATH, as `v20.1.0`; None without one, and for a version manager's script, which is not
    run to decide. From its headers where those are installed beside it, else it is asked, once."""
    found = find_program("node")
    if found is None:
        return None
    real = Path(found).resolve()
    told = _by_headers(real) or (None if _is_script(real) else _ask(real, ("--version",)))
    return told.strip() if told else None


def _by_headers(node: Path) -> str | None:
    try:
        text = read_text(node.parent.parent / "include" / "node" / "node_version.h")
    except (OSError, ValueError):
        return None
    parts = [re.search(rf"#define NODE_{part}_VERSION (\d+)", text) for part in ("MAJOR", "MINOR", "PATCH")]
    return "v" + ".".join(part[1] for part in parts if part) if all(parts) else None


def _is_script(program: Path) -> bool:
    try:
        with open_regular(program) as file:
            return file.read(2) == b"#!"
    except OSError:
        return True


def program_version(name: str) -> str | None:
    """What tells a program on PATH from another of that name: its content, where it is not the operating system's."""
    found = find_program(name)
    if found is None:
        return None
    real = os.path.realpath(found)
    if is_any(real, _SYSTEM):
        return "of the system"
    try:
        return digest_of(real)
    except OSError as error:
        return f"unreadable ({error.strerror})"


def asked_python(interpreter: Path) -> tuple[str, tuple[str, ...]]:
    """The version of an interpreter, and the directories that it takes packages from."""
    try:
        version, *sites = parse_json(_ask(interpreter, ("-I", "-c", _ASK_PYTHON)) or "", errors="surrogateescape")
    except (ValueError, TypeError):
        return _UNKNOWN, ()
    return str(version), tuple(os.path.realpath(each) for each in sites)


def virtual_environment(interpreter: Path, may_ask: Callable[[Path], bool]) -> tuple[str, tuple[str, ...]] | None:
    """The same of a virtual environment's interpreter, from its files; None for any other. Its base is asked where it
    offers that one's packages, too: any file may name any program so, hence `may_ask`."""
    prefix = interpreter.parent.parent
    path = prefix / "pyvenv.cfg"
    if not path.is_file():
        return None
    told = venv_configuration(path)
    sites = tuple(os.path.realpath(each) for each in sorted(prefix.glob("lib/python3*/site-packages")))
    # By default it offers what its base does, too: https://docs.python.org/3/library/site.html
    if told.get("include-system-site-packages", "true").lower() == "true" and told.get("home"):
        base = Path(told["home"], "python3")
        sites += asked_python(base)[1] if may_ask(base) else ()
    return told.get("version", _UNKNOWN), sites


def venv_configuration(path: Path) -> dict[str, str]:
    """What a virtual environment's pyvenv.cfg says; `version` by whatever name its maker gives it."""
    lines = (line.partition("=") for line in lines_of(read_text(path, errors="replace")))
    told = {key.strip().lower(): value.strip() for key, separator, value in lines if separator}
    return {**({"version": told["version_info"]} if "version_info" in told else {}), **told}


def _ask(program: Path, words: tuple[str, ...]) -> str | None:
    """What a program prints; None where it fails. Remembered for as long as its file is the same one."""
    try:
        status = program.stat()
    except OSError:
        return None
    is_script = _is_script(program)  # a version manager's: which program it chooses is not its own file's
    question = repr((str(program), words, status.st_size, status.st_mtime_ns, status.st_ino)).encode()
    place = cache_directory() / "cdk" / f"asked-{sha256(question).hexdigest()[:16]}.json"
    known = None if is_script else read_sealed(place, question)
    if known is not None:
        return known.decode()
    told: list[str] = []
    ended = run([str(program), *words], time_limit=30, on_line=told.append)
    if ended.code != 0:
        return None
    answer = "\n".join(told)
    if not is_script:
        write_sealed(place, question, answer.encode())
    return answer
