"""A usual mistake: how it is made, what is said of it, and how a person gets out by doing what is said.

The command line runs in this process. Programs of others that a message names are stand-ins that write down how they
were called: what counts is that the line is one that a shell takes as it stands.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from rajee_deploy.cli import ending

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import pytest

OTHERS = ("npm", "npx", "aws", "docker", "git", "timedatectl", "systemctl", "python3", "pnpm", "yarn", "bun", "df")
_ENDS = (0, 2)  # nothing is wrong; nothing is, and there are changes
_PREFIX = ("AWS_", "RAJEE_", "DOCKER_", "BUILDX_", "CDK_", "GIT_", "SOURCE_DATE")


@dataclass(frozen=True)
class Mistake:
    """`files` and `environment` are laid over a project in which nothing is wrong; None takes a file away. `words`
    stand in what is said. `mended` is what a person does who reads it, as files; `given` stands for words in capitals
    of a command; `restored` are variables that are right again by then. `leaves` is another mistake that is there after
    this one was mended, by its code; "-": to be rid of this one takes other words on the command line."""

    name: str
    run: str
    code: str
    words: tuple[str, ...]
    exit_code: int = 64
    files: Mapping[str, str | None] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    mended: Mapping[str, str | None] = field(default_factory=dict)
    given: Mapping[str, str] = field(default_factory=dict)
    leaves: str = ""
    restored: tuple[str, ...] = ()


@dataclass
class Person:
    """Somebody at a shell in a project."""

    root: Path
    patch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]
    environment: dict[str, str]

    def begin(self, mistake: Mistake) -> None:
        for name in [name for name in os.environ if name.startswith(_PREFIX)]:
            self.patch.delenv(name)
        home = self.root.parent
        own = {
            "HOME": str(home),
            "RAJEE_DEPLOY_STATE_DIR": str(home / "state"),
            "AWS_EC2_METADATA_DISABLED": "true",
            "RAJEE_DEPLOY_CACHE_DIR": str(home / "cache"),
            "GIT_CONFIG_GLOBAL": os.devnull,
        }
        for name, value in {**own, **self.environment, **mistake.environment}.items():
            self.set(name, value)
        self.patch.chdir(self.root)
        self.write(mistake.files)

    def set(self, name: str, value: str) -> None:
        if value:
            self.patch.setenv(name, value)
        else:
            self.patch.delenv(name, raising=False)

    def write(self, files: Mapping[str, str | None]) -> None:
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if text is None:
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
            else:
                path.write_text(text)
                if text.startswith("#!"):
                    path.chmod(0o755)

    def run(self, words: str) -> tuple[int, str]:
        """The exit code, and what was said."""
        self.capsys.readouterr()
        self.patch.setattr("sys.argv", ["rajee-deploy", *shlex.split(words)])
        code = int(ending._run())
        said = self.capsys.readouterr()
        return code, said.out + said.err

    def paste(self, line: str) -> tuple[int, str]:
        """Run a line of a message: ours in this process, another's with stand-ins."""
        words = shlex.split(line, comments=True)
        if words[0] == "rajee-deploy":
            return self.run(shlex.join(words[1:]))
        if words[0] in ("export", "unset"):
            name, _, value = words[1].partition("=")
            self.set(name, value if words[0] == "export" else "")
            return 0, ""
        place = self.root.parent / "others"
        place.mkdir(exist_ok=True)
        for name in OTHERS:
            (place / name).write_text(f'#!/bin/sh\necho {name} "$@" >>{shlex.quote(str(place / "called"))}\n')
            (place / name).chmod(0o755)
        path = f"{place}{os.pathsep}/usr/bin{os.pathsep}/bin"
        ended = subprocess.run(
            ["sh", "-ec", line], cwd=self.root, env={"PATH": path}, capture_output=True, text=True, check=False
        )
        called = place / "called"
        return ended.returncode, ended.stderr + (called.read_text() if called.exists() else "")


_STARTS = re.compile(
    rf"(?<![\w/.-])(?:\(cd \S+ && )?(?:rajee-deploy [a-z]|export [A-Z_]+=|unset [A-Z_]+|(?:{'|'.join(OTHERS)}) [a-z-])"
)
# Prose begins where a word stands that no command has at such a place.
_PROSE = re.compile(
    r"[;,]|\s(?:and|or|makes|shows|prints|then|in it|brings|records|moves|deploys|starts|with|that|when"
    r"|says|is|alone|lists|where|why|goes|writes)\b|\s\(|\.$|\. "
)


def commands(hint: str) -> Iterator[str]:
    """The commands in the words after `next`."""
    for line in hint.split("\n"):
        starts = [found.start() for found in _STARTS.finditer(line)]
        for start, end in pairwise([*starts, len(line)]):
            text = line[start:end]
            if text.startswith("("):
                yield text[: text.index(")") + 1]
                continue
            prose = _PROSE.search(text.partition("   #")[0])
            yield text[: prose.start()].strip() if prose else text.strip()


def hint_of(said: str) -> str:
    """What stands behind `next`."""
    lines = said.split("\n")
    at = next((number for number, line in enumerate(lines) if line.startswith("  next   ")), None)
    if at is None:
        return ""
    more = next((n for n, line in enumerate(lines[at + 1 :]) if not line.startswith(" " * 9)), len(lines))
    return "\n".join(line[9:] for line in lines[at : at + 1 + more])


def get_out(person: Person, mistake: Mistake) -> None:
    """Make it, read what is said, do that, and be rid of it."""
    person.begin(mistake)
    code, said = person.run(mistake.run)
    assert (code, f"explain-error {mistake.code}\n" in said) == (mistake.exit_code, True), said
    assert "Traceback" not in said
    hint = hint_of(said)
    assert hint, said
    missing = [words for words in mistake.words if words not in " ".join(said.split())]
    assert missing == [], said
    person.write(mistake.mended)
    for name in mistake.restored:
        person.set(name, person.environment.get(name, ""))
    pasted = list(commands(hint))
    for line in pasted:
        whole = re.sub(r"\b[A-Z]{2,}\b(?![=_])", lambda word: mistake.given.get(word[0], word[0]), line)
        code, answer = person.paste(whole)
        is_other = bool(mistake.leaves) and f"explain-error {mistake.leaves}\n" in answer
        assert code in _ENDS or is_other, f"{whole}\n{answer}\n--- after ---\n{said}"
    if mistake.leaves == "-":
        return
    code, again = person.run(mistake.run)
    if mistake.leaves and mistake.mended:
        assert f"explain-error {mistake.leaves}\n" in again or code in _ENDS, again
    elif not mistake.leaves and (not pasted or mistake.mended):
        assert code in _ENDS, f"{again}\n--- after ---\n{said}"
