"""`--outputs-file`: looked at before anything is deployed, written through whatever lies there."""

from __future__ import annotations

import io
import json
import os
import stat
from pathlib import Path
from types import SimpleNamespace

import pytest

from rajee_deploy.actions.outputs import check_outputs, write_outputs
from rajee_deploy.console import Console
from rajee_deploy.errors import ConfigurationError, DeployError
from rajee_deploy.plan.stack_names import StackPlace
from rajee_deploy.plan.state import StackAbsent, StackPresent

SEEN = StackPresent("UPDATE_COMPLETE", {}, {"Url": "http://a"})
WANTED = {"Api": {"Url": "http://b"}, "Data": {"Url": "http://a"}}
ROOT = os.geteuid() == 0


def write(path, stdout: io.StringIO | None = None) -> None:
    check_outputs(path)
    observed = SimpleNamespace(stacks={"Api": SEEN, "Data": SEEN, "Gone": StackAbsent()})
    settings = SimpleNamespace(place_of=lambda stack: StackPlace(stack, stack))
    console = Console(stdout=stdout or io.StringIO(), stderr=io.StringIO())
    run = SimpleNamespace(settings=settings, outputs={"Api": {"Url": "http://b"}}, console=console)
    write_outputs(run, SimpleNamespace(observed=observed), path)


def content(path):
    return json.loads(path.read_text())


def test_missing_directories_are_made_before_the_deployment(tmp_path):
    path = tmp_path / "a" / "b" / "outputs.json"
    check_outputs(path)
    assert list(path.parent.iterdir()) == []
    write(path)
    assert content(path) == WANTED


def test_a_file_is_replaced_whole_and_keeps_its_mode(tmp_path):
    path = tmp_path / "outputs.json"
    path.write_text("{}")
    path.chmod(0o640)
    before = path.stat().st_ino
    check_outputs(path)
    assert path.read_text() == "{}", "a check writes nothing"
    write(path)
    assert (content(path), stat.S_IMODE(path.stat().st_mode)) == (WANTED, 0o640)
    assert path.stat().st_ino != before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("there", [True, False])
def test_a_link_stays_and_its_end_is_written(tmp_path, there):
    end, link = tmp_path / "elsewhere" / "real.json", tmp_path / "outputs.json"
    if there:
        end.parent.mkdir()
        end.write_text("{}")
    link.symlink_to("elsewhere/real.json")
    write(link)
    assert link.is_symlink()
    assert content(end) == WANTED


@pytest.mark.parametrize("name", ["/dev/null", "link"])
def test_a_device_stays_one(tmp_path, name):
    path = tmp_path / name
    if not path.is_absolute() or name == "link":
        path.symlink_to("/dev/null")
    write(path)
    assert Path("/dev/null").is_char_device()
    assert name != "link" or path.is_symlink()


def test_standard_output_gets_it_in_its_turn(tmp_path):
    told = io.StringIO()
    for name in ("/dev/stdout", "/dev/fd/1"):
        write(tmp_path / name, told)
    assert told.getvalue() == 2 * (json.dumps(WANTED, indent=2) + "\n")


@pytest.mark.parametrize("by_link", [False, True])
def test_a_descriptor_that_leads_to_a_file_is_written_to_and_not_replaced(tmp_path, by_link):
    """As /dev/stderr of a shell that keeps it in a file."""
    log, link = tmp_path / "log", tmp_path / "link"
    with log.open("w") as file:
        file.write("before\n")
        file.flush()
        path = Path(f"/dev/fd/{file.fileno()}")
        link.symlink_to(path)
        inode = log.stat().st_ino
        write(link if by_link else path)
    assert log.stat().st_ino == inode
    assert log.read_text() == f"before\n{json.dumps(WANTED, indent=2)}\n"
    assert link.is_symlink()


def test_a_pipe_that_somebody_reads(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # what is written stays in the pipe until it is read
    write(path)
    assert json.loads(os.read(reader, 1 << 16)) == WANTED
    os.close(reader)


def test_a_pipe_that_nobody_reads_ends_typed_after_the_deployment(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DeployError) as caught:
        write(tmp_path / "pipe")
    assert (caught.value.code, "again" in caught.value.hint) == ("outputs-not-written", True)


def loop(folder):
    (folder / "a").symlink_to("b")
    (folder / "b").symlink_to("a")
    return folder / "a"


def below_a_file(folder):
    (folder / "file").write_text("")
    return folder / "file" / "outputs.json"


def in_a_closed_directory(folder):
    (folder / "closed").mkdir(mode=0o500)
    return folder / "closed" / "outputs.json"


def read_only(folder):
    (folder / "file").write_text("")
    (folder / "file").chmod(0o400)
    return folder / "file"


# Root may write to what is closed; /proc and /sys take no file of anybody.
CLOSED = [] if ROOT else [in_a_closed_directory, read_only]
REFUSED = [
    lambda folder: folder,
    loop,
    below_a_file,
    lambda folder: folder / ("x" * 300),
    lambda _: "/proc/outputs.json",
    *CLOSED,
]


@pytest.mark.parametrize("make", REFUSED)
def test_what_cannot_be_written_is_told_before_anything_is_deployed(tmp_path, make):
    with pytest.raises(ConfigurationError) as caught:
        check_outputs(tmp_path / make(tmp_path))
    error = caught.value
    assert error.code == "bad-outputs-file"
    assert error.cause
    assert "nothing was deployed" in error.hint
