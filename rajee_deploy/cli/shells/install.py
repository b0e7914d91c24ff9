"""Puts a shell's script where that shell reads it at its start. It changes nothing else, and nothing twice."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from rajee_deploy.cli.shells.scripts import SCRIPTS
from rajee_deploy.system.atomic import write_atomically
from rajee_deploy.system.regular_files import open_to_append, read_regular

if TYPE_CHECKING:
    from collections.abc import Mapping


def shell_of(environment: Mapping[str, str]) -> str:
    """The shell that the user logs in with, as far as we have a script for it; else ""."""
    name = Path(environment.get("SHELL", "")).name
    return name if name in SCRIPTS else ""


def install(shell: str, environment: Mapping[str, str]) -> list[Path]:
    """Write the script, and the line that reads it where the shell does not find it by itself. The files that changed.

    OSError where one cannot be written."""
    home = Path(environment.get("HOME") or Path.home())
    if shell == "fish":
        place = _base(environment, "XDG_CONFIG_HOME", home / ".config") / "fish" / "completions" / "rajee-deploy.fish"
        return [place] if _write(place, SCRIPTS[shell]) else []
    place = _base(environment, "XDG_DATA_HOME", home / ".local" / "share") / "rajee-deploy" / f"completion.{shell}"
    profile = home / ".bashrc" if shell == "bash" else Path(environment.get("ZDOTDIR") or home) / ".zshrc"
    changed = [place] if _write(place, SCRIPTS[shell]) else []
    named = shlex.quote(str(place))
    return [*changed, profile] if _append(profile, f"[ -r {named} ] && . {named}  # rajee-deploy\n") else changed


def _base(environment: Mapping[str, str], variable: str, usual: Path) -> Path:
    """A directory of the XDG Base Directory Specification, where only an absolute path counts."""
    chosen = environment.get(variable, "")
    return Path(chosen) if chosen.startswith("/") else usual


def _write(place: Path, text: str) -> bool:
    if _text(place) == text:
        return False
    place.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(place, text.encode())
    return True


def _append(place: Path, line: str) -> bool:
    """Add the line, where the file does not have it. The file stays the one it is: it may be a link into a
    repository of settings."""
    text = _text(place)
    if line in text:
        return False
    place.parent.mkdir(parents=True, exist_ok=True)
    descriptor = open_to_append(place, 0o644)
    try:
        os.write(descriptor, ("" if not text or text.endswith("\n") else "\n").encode() + line.encode())
    finally:
        os.close(descriptor)
    return True


def _text(place: Path) -> str:
    try:
        return read_regular(place).decode(errors="replace")
    except FileNotFoundError:
        return ""
