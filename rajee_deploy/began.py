"""When this process began. It is imported before anything else of ours, and imports nothing of ours.

Linux tells when a process was made, to a hundredth of a second. Elsewhere (macOS) it is the moment of this import, less
the processor time that the interpreter had taken until then: so what starting cost is counted, and waiting for the disk
before that moment is not.
"""

from __future__ import annotations

import os
import time

_IMPORTED = time.perf_counter()
_TAKEN = time.process_time()
# A process that was another program before (a shell that execs us) is older than our start; none starts that slowly.
_LONGEST = 3.0


def process_began() -> float:
    """The moment, on time.perf_counter's clock."""
    age = _age()
    before = _TAKEN if age is None else age - (time.perf_counter() - _IMPORTED)
    return _IMPORTED - (before if 0 <= before <= _LONGEST else 0)


def _age() -> float | None:
    """Seconds since the process was made; None where the system does not tell. Field 22 of /proc/self/stat is in clock
    ticks since the boot: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html"""
    try:
        with open("/proc/self/stat", "rb") as file:  # noqa: PTH123 -- pathlib is not imported yet
            fields = file.read().rpartition(b") ")[2].split()  # the name in front may hold spaces
        return time.clock_gettime(time.CLOCK_BOOTTIME) - int(fields[19]) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError, AttributeError):
        return None
