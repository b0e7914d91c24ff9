"""What a synth looked at: traced while it runs, kept as a depfile, hashed by the next run.

Where strace is at hand, the kernel's record (`kernel`, `syscalls`, `looks`) tells of every path, whatever the app's
language. A hook in the app's Python (`in_python`) and one in every node of the synth (`in_node`) tell of variables,
which are no system calls, and of the files, too, where the kernel does not. `entries`, `variables` and `distil` drop
what does not count, `depfile` keeps the rest, `strace_command` hashes it. The app is run by the CDK CLI alone.
"""

from __future__ import annotations

import os
import time
from contextlib import contextmanager, nullcontext
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING

from rajee_deploy.dataclass import dataclass
from rajee_deploy.errors import DeployError
from rajee_deploy.synth.tracing.depfile import Depfile, Records
from rajee_deploy.system.regular_files import open_regular, read_text
from rajee_deploy.system.temporary import LOCK, private_directory
from rajee_deploy.system.unkept import optional
from rajee_deploy.text.foreign import parse_json
from rajee_deploy.text.lines import lines_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rajee_deploy.synth.tracing.looks import Looks

_HERE = Path(__file__).parent
_MOST_BYTES = 512 << 20  # of what one process of the app wrote
_FAILED = "the synth fails under strace and was made without (a program in it may need rights that strace takes away)"
_UNREADABLE = "what strace wrote is not whole"


class Tracer:
    """Traces synths of one app into one depfile. `distil` makes a depfile of a synth's records (see `inputs`)."""

    def __init__(
        self,
        path: Path,
        distil: Callable[[Records], Depfile],
        is_command: Callable[[str], bool] | None = None,
        start: str = "/",
    ) -> None:
        self._path = path
        self._distil = distil
        self._is_command = is_command  # whether a text is what the CDK CLI gives to a shell
        self._start = start  # where the CDK CLI is started
        self.found: Depfile | None = None  # by the last synth of this process, where it could not be kept
        self.obstacle = ""  # why the last synth left no record of the kernel's, and what to do; "" where it left one

    @contextmanager
    def tracing(self, assembly: Path) -> Iterator[Trace]:
        """How to run the CDK CLI. At the end, what was traced becomes the depfile, unless the synth failed: what it had
        read by then is no list of anything, so the former one stays, and that it failed is noted."""
        from rajee_deploy.synth.tracing.failure import forget_failure, note_failure
        from rajee_deploy.synth.tracing.kernel import find_strace, strace_command, strace_obstacle
        from rajee_deploy.synth.tracing.leftovers import ending_leftovers

        with private_directory("trace") as directory, private_directory("kernel") as apart:
            started = time.time_ns()
            strace = find_strace() if self._is_command is not None else None
            log = apart / "log"
            trace = Trace(_environment(directory), tuple(strace_command(strace, log)) if strace else ())
            with ending_leftovers(log) if strace else nullcontext():
                yield trace
            if trace.has_failed:
                note_failure(self._path.parent)
                return
            forget_failure(self._path.parent)
            looks = self._looks(log) if trace.before else None
            if self._is_command is not None and looks is None:
                without = strace_obstacle() if strace is None else _FAILED
                self.obstacle = _UNREADABLE if trace.before else without
            else:
                self.obstacle = ""
            found = self._distil(_records(directory, assembly, started, looks))
            self.found = found
            with optional(self._path.parent):
                found.write(self._path)
                self.found = None

    def _looks(self, log: Path) -> Looks | None:
        """The kernel's record; None for a log that does not tell everything."""
        from rajee_deploy.synth.tracing.looks import find_looks
        from rajee_deploy.synth.tracing.syscalls import BrokenLogError, read_calls

        if self._is_command is None:
            return None
        try:
            with open_regular(log) as file, TextIOWrapper(file, "latin-1") as text:
                calls = read_calls(line.rstrip("\n") for line in text)
            looks = find_looks(calls, self._is_command, self._start)
        except (OSError, BrokenLogError):
            return None
        return looks if looks.programs else None


@dataclass
class Trace:
    """`environment` is for the CDK CLI, `before` comes before its command; whoever runs it without empties that, and
    says whether it failed."""

    environment: dict[str, str]
    before: tuple[str, ...] = ()
    has_failed: bool = False


def _environment(directory: Path) -> dict[str, str]:
    python = [str(_HERE / "in_python"), *filter(None, [os.environ.get("PYTHONPATH")])]
    script = str(_HERE / "in_node" / "trace.js").replace("\\", "\\\\").replace('"', '\\"')
    node = [*filter(None, [os.environ.get("NODE_OPTIONS")]), f'--require "{script}"']
    return {
        "RAJEE_DEPLOY_TRACE": str(directory),
        "PYTHONPATH": os.pathsep.join(python),
        "PYTHONPYCACHEPREFIX": "",  # compiled files then lie beside their sources, which is how they are told apart
        "NODE_OPTIONS": " ".join(node),
        "npm_config_update_notifier": "false",  # which would ask the network
        "UV_USE_IO_URING": "0",  # node would read files where no system call is seen
    }


def _records(directory: Path, assembly: Path, started: int, looks: Looks | None) -> Records:
    found: list[tuple[str, ...]] = []
    for path in sorted(set(directory.iterdir()) - {directory / LOCK}):
        try:
            lines = lines_of(read_text(path, _MOST_BYTES, "surrogatepass"))
            read = [parse_json(line, errors="surrogatepass") for line in lines]
            found += [(str(kind), *map(str, fields)) for kind, *fields in read if all(map(_may_be_name, fields))]
        except (OSError, ValueError, TypeError) as error:
            raise DeployError(
                "trace-broken",
                "what the synth read was not recorded properly",
                where=path.name,
                cause=str(error),
                hint='run again; where it stays, infra-check = "synth" in the settings does without the record',
            ) from error
    processes = frozenset(int(path.stem.rpartition("-")[2]) for path in directory.glob("*.jsonl"))
    searches = [line for line in found if line[0] == "modules"]
    others = dict.fromkeys(line for line in found if line[0] != "modules")
    return Records((*others, *searches), assembly, started, processes, looks)


def _may_be_name(field: object) -> bool:
    """Whether the system can be asked about it: a program that looks for what has no such name gets an error."""
    text = str(field)
    try:
        return "\0" not in text and bool(os.fsencode(text) or True)
    except ValueError:
        return False
