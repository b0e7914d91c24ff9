"""How the benchmarks measure: medians of whole programs, interleaved where two are compared."""

from __future__ import annotations

import os
import pty
import resource
import statistics
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

TOP = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
COMMAND = str(BIN / "rajee-deploy")
REST = 2.5  # seconds after which neither git nor we mistrust what was just written


@dataclass(frozen=True)
class Cost:
    """Median wall and CPU seconds (user and system, children included), and the highest resident memory in KiB."""

    wall: float
    cpu: float
    memory: int = 0


def costs(
    programs: dict[str, list[str]], environment: dict[str, str] | None = None, rounds: int = 9, before=None
) -> dict[str, Cost]:
    """Run programs in turns, so that what else the machine does hits all alike. `before` runs before each."""
    wall, cpu, memory = ({name: [] for name in programs} for _ in range(3))
    for _ in range(rounds):
        for name, argv in programs.items():
            if before is not None:
                before()
            start = time.perf_counter()
            process = subprocess.Popen(
                argv, cwd=TOP, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode:
                raise SystemExit(f"{name} failed: {argv}")
            wall[name].append(time.perf_counter() - start)
            cpu[name].append(usage.ru_utime + usage.ru_stime)
            memory[name].append(usage.ru_maxrss)
    return {
        name: Cost(statistics.median(wall[name]), statistics.median(cpu[name]), max(memory[name])) for name in programs
    }


def cost(argv: list[str], environment: dict[str, str] | None = None, rounds: int = 9) -> Cost:
    """The cost of one program."""
    return costs({"it": argv}, environment, rounds)["it"]


def first_paint(argv: list[str], environment: dict[str, str], rounds: int = 9) -> float:
    """Median seconds from the start of a program to the first that a terminal shows of it."""
    return statistics.median(_first_paint(argv, {"TERM": "xterm-256color", **environment}) for _ in range(rounds))


def _first_paint(argv: list[str], environment: dict[str, str]) -> float:
    ours, its = pty.openpty()
    start = time.perf_counter()
    with subprocess.Popen(argv, cwd=TOP, env=environment, stdout=subprocess.DEVNULL, stderr=its) as process:
        os.close(its)
        os.read(ours, 1)
        seconds = time.perf_counter() - start
        with suppress(OSError):  # Linux tells so that nobody writes there any more
            while os.read(ours, 4096):
                pass
        process.wait()
    os.close(ours)
    return seconds


def show(name: str, measured: Cost, against: Cost | None = None) -> None:
    """One row; the ratios are to `against`."""
    ratio = f"   {measured.wall / against.wall:6.2f}x wall {measured.cpu / against.cpu:6.2f}x CPU" if against else ""
    print(f"{name:<62} {measured.wall * 1000:8.0f} ms wall {measured.cpu * 1000:8.0f} ms CPU{ratio}", flush=True)


def goal(text: str, reached: float, wanted: float, *, at_least: bool = False) -> None:
    """Whether a ratio is what was promised."""
    good = reached >= wanted if at_least else reached <= wanted
    print(f"  goal: {text}: {reached:.2f}, wanted {'>=' if at_least else '<='} {wanted:g}: {'yes' if good else 'NO'}\n")


def private(place: str) -> dict[str, str]:
    """An environment whose caches lie in a place of their own. Bytecode is written once, as installing does."""
    return {
        **{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
        "RAJEE_DEPLOY_CACHE_DIR": f"{place}/cache",
        "HOME": place,
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "GIT_CONFIG_GLOBAL": os.devnull,
    }


def write_tree(root: Path, directories: int, files: int, size: int) -> list[Path]:
    """A tree of directories two deep with small files, each of other bytes."""
    written = []
    for number in range(directories):
        directory = root / f"d{number // 50:03d}" / f"s{number % 50:02d}"
        directory.mkdir(parents=True, exist_ok=True)
        for name in range(files):
            path = directory / f"f{name:04d}.txt"
            path.write_bytes((b"%d %d " % (number, name) * (size // 4 + 1))[:size])
            written.append(path)
    return written


def drop_page_cache() -> bool:
    """Make the disk cold, where we may: files, and what the kernel knows of directories."""
    os.sync()
    try:
        Path("/proc/sys/vm/drop_caches").write_text("3")
    except OSError:
        return False
    return True


def peak_memory() -> int:
    """The highest resident memory of any child so far, in KiB."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
