"""An optional store is optional: where it cannot be written, the run goes on and says so once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rajee_deploy.stack.full_disk import no_space
from rajee_deploy.synth.tracing import Tracer
from rajee_deploy.synth.tracing.depfile import Depfile

# A limit of the kernel's on the size of files stands in for a full disk: each write beyond it fails with EFBIG.
LIMITED = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, ({bytes}, {bytes}))
sys.argv = ["rajee-deploy", *{words}]
from rajee_deploy.cli.ending import main
main()
"""


TOP = Path(__file__).parents[2]  # files that are older than two seconds, which is what the stat cache keeps


def run(home: Path, *words: str, limit: int | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    program = LIMITED.format(bytes=limit if limit is not None else -1, words=list(words))
    env = {"PATH": os.environ["PATH"], "HOME": str(home), **environment}
    command = [sys.executable, "-P", "-c", program]
    return subprocess.run(command, cwd=TOP, env=env, capture_output=True, text=True, check=False)


def file_in_place(place: Path) -> Path:
    place.write_text("a file")
    return place


def link_to_nothing(place: Path) -> Path:
    place.symlink_to("/proc/self/nowhere/at/all")
    return place


PLACES = {
    "a file": file_in_place,
    "below a file": lambda place: file_in_place(place) / "below",
    "a link to nothing": link_to_nothing,
    "the kernel's": lambda _: Path("/proc/rajee"),
    "a device": lambda _: Path("/dev/null"),
}


@pytest.mark.parametrize("name", ["RAJEE_DEPLOY_CACHE_DIR", "RAJEE_DEPLOY_STATE_DIR"])
@pytest.mark.parametrize("place", PLACES)
def test_a_place_that_cannot_be_written_stops_nothing(tmp_path, name, place):
    wanted = run(tmp_path, "fingerprint", RAJEE_DEPLOY_STATE_DIR=str(tmp_path / "good"))
    assert (wanted.returncode, wanted.stderr.count("[not-kept]")) == (0, 0)
    found = run(tmp_path, "fingerprint", **{name: str(PLACES[place](tmp_path / "place"))})
    assert (found.returncode, found.stdout) == (0, wanted.stdout)
    assert found.stderr.count("[not-kept]") == 1, found.stderr
    assert found.stderr.count("  ! ") == wanted.stderr.count("  ! ") + 1


def test_a_full_disk_stops_nothing(tmp_path):
    found = run(tmp_path, "fingerprint", limit=0, RAJEE_DEPLOY_STATE_DIR=str(tmp_path / "state"))
    assert found.returncode == 0
    assert found.stderr.count("[not-kept]") == 1, found.stderr
    assert f"nothing could be kept in {tmp_path}/state/cache" in found.stderr


def test_what_a_synth_read_counts_in_its_own_run_where_it_cannot_be_kept(tmp_path):
    """Else the hash would be made with the list of another synth, and recorded as this one's."""
    place = file_in_place(tmp_path / "cache") / "cdk" / "depfile.json"
    seen = Depfile(read=("/x",))
    tracer = Tracer(place, lambda _: seen)
    with tracer.tracing(tmp_path / "assembly"):
        pass
    assert tracer.found == seen
    kept = Tracer(tmp_path / "other" / "depfile.json", lambda _: seen)
    with kept.tracing(tmp_path / "assembly"):
        pass
    assert kept.found is None


@pytest.mark.parametrize(
    "line",
    [
        "Error: ENOSPC: no space left on device, write",
        "OSError: [Errno 28] No space left on device: '/t/x'",
        "FileNotFoundError: [Errno 2] No usable temporary directory found in ['/t', '/tmp']",
    ],
)
def test_last_words_of_a_full_disk(tmp_path, line):
    found = no_space("cdk synth", ["Traceback", line, "", "Subprocess exited with error 1"], (tmp_path,))
    assert found is not None
    assert (found.code, found.where, found.cause) == ("no-space", str(tmp_path), line)
    assert "TMPDIR" in found.hint


def test_other_last_words_are_not_of_a_full_disk(tmp_path):
    assert no_space("cdk synth", ["KeyError: 'space'"], (tmp_path,)) is None
