"""How context values (CDK's `-c`) reach the CDK CLI: inside its own process, where no list of processes shows them.

They are added to the CLI's arguments by `in_cli/parameters.cjs`, so they mean what `-c` means, before anything else
that gives context. A CLI that is started in a way that keeps the script out (another runtime than node) gets them as
arguments, which everybody on the machine can read.
"""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING

from rajee_deploy.dataclass import dataclass
from rajee_deploy.system.regular_files import read_text
from rajee_deploy.system.temporary import private_directory

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SCRIPT = Path(__file__).parent / "in_cli" / "parameters.cjs"
# The CLI's program, or what a package manager puts before it: a shell script that starts it.
_PROGRAM = re.compile(r"[\\/]aws-cdk[\\/]bin[\\/]cdk\b")
_MOST_BYTES = 1 << 16
_MOST_CHARACTERS = 1 << 14  # a variable has 128 KiB at most, and JSON spells some characters with six letters


@dataclass(frozen=True, slots=True)
class Handed:
    """What a synth's command gets. `plain` are the same values as arguments. `done` is there once the CLI has what is
    in the `environment`."""

    plain: tuple[str, ...] = field(repr=False)
    environment: dict[str, str] = field(default_factory=dict, repr=False)
    done: Path | None = None

    @property
    def arguments(self) -> tuple[str, ...]:
        """The arguments of a command that gets the environment, too."""
        return self.plain if self.done is None else ()

    @property
    def is_lost(self) -> bool:
        """Whether the CLI has not taken them."""
        return self.done is not None and not self.done.exists()


@contextmanager
def handing(context: Mapping[str, str], cli: Path, options: str) -> Iterator[Handed]:
    """For the command that synthesises with `cli`; `options` are its NODE_OPTIONS, which what it starts has, too."""
    told = [f"{key}={value}" for key, value in context.items()]
    plain = tuple(f"--context={each}" for each in told)
    if not told or sum(map(len, told)) > _MOST_CHARACTERS or not _is_node_program(cli):
        yield Handed(plain)
        return
    with private_directory("context") as directory:
        done = directory / "done"
        yield Handed(plain, script_environment(done, options, {"context": told}), done)


def script_environment(done: Path, options: str, more: Mapping[str, object]) -> dict[str, str]:
    """The variables with which a node that is the CDK CLI runs our script first; `options` are its other ones."""
    script = str(SCRIPT).replace("\\", "\\\\").replace('"', '\\"')
    return {
        "RAJEE_DEPLOY_PARAMETERS": json.dumps({"done": str(done), "options": options, **more}),
        "NODE_OPTIONS": " ".join([*filter(None, [options]), f'--require "{script}"']),
    }


def _is_node_program(cli: Path) -> bool:
    if _PROGRAM.search(str(cli.resolve())):
        return True
    try:
        return _PROGRAM.search(read_text(cli, _MOST_BYTES, errors="replace")) is not None
    except OSError:
        return False
