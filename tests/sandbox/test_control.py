"""Starting, finding and ending the sandbox's process."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from sampled import some

from rajee_deploy.errors import DeployError
from rajee_deploy.sandbox import control
from rajee_deploy.system.ours import MARKER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow  # each starts a server


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A state directory and a temporary directory of the test's own; whatever still runs there is ended."""
    monkeypatch.setenv("RAJEE_DEPLOY_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    project = hostile(tmp_path / "project")
    monkeypatch.chdir(project)
    yield tmp_path
    control.stop()
    assert not (project / "ran").exists(), "the sandbox ran what the working directory has"


def hostile(project: Path) -> Path:
    """A working directory whose modules are called as those that the sandbox imports."""
    for name in ("typing.py", "docker/__init__.py", "argparse.py", "moto.py", "sitecustomize.py"):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(f"open({str(project / 'ran')!r}, 'w')\nraise SystemExit('no module of ours')\n")
    return project


def note(home: Path, **values: object) -> None:
    (home / "state").mkdir(exist_ok=True)
    (home / "state" / "sandbox.json").write_text(json.dumps(values), encoding="utf-8")


def test_life_of_a_sandbox(home: Path) -> None:
    assert control.status() is None
    started = control.start()
    assert control.start() == started == control.status()
    assert list((home / "tmp").iterdir()), "its blobs lie in the temporary directory"
    assert control.environment() == {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{started.port}",
        "AWS_ACCESS_KEY_ID": "sandbox",
        "AWS_SECRET_ACCESS_KEY": "sandbox",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    assert started.registry == f"localhost:{started.port}"
    stopped = control.stop()
    assert stopped is not None
    assert (stopped.pid, stopped.is_running) == (started.pid, False)
    with pytest.raises(ProcessLookupError):
        os.kill(started.pid, 0)
    assert list((home / "tmp").iterdir()) == []
    assert {each.name for each in (home / "state").iterdir()} - {MARKER} == {"sandbox.lock", "sandbox.log"}
    assert control.stop() is None


@pytest.mark.usefixtures("home")
def test_two_starts_at_once_make_one_sandbox() -> None:
    script = "from rajee_deploy.sandbox import control; print(control.start().pid)"
    argv = [sys.executable, "-P", "-c", script]
    with (
        subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as one,
        subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as other,
    ):
        pids = {each.communicate(timeout=120)[0] for each in (one, other)}
    running = control.status()
    assert running is not None
    assert pids == {f"{running.pid}\n"}


def test_killed_sandbox_is_not_running_and_a_new_one_starts(home: Path) -> None:
    first = control.start()
    os.kill(first.pid, signal.SIGKILL)
    os.waitpid(first.pid, 0)
    assert (home / "state" / "sandbox.json").exists()
    assert control.status() is None
    (left,) = (home / "tmp").iterdir()
    assert control.start().pid != first.pid
    (folder,) = (home / "tmp").iterdir()
    assert folder != left, "the blobs of the one that was killed are there for ever"


def test_it_ends_with_the_process_that_it_belongs_to(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a run of tests that is killed."""
    with subprocess.Popen(["sleep", "600"]) as owner:
        monkeypatch.setenv("RAJEE_SANDBOX_ENDS_WITH", str(owner.pid))
        started = control.start()
        assert control.status() == started
        owner.kill()
    deadline = time.monotonic() + 60
    while (home / "state" / "sandbox.json").exists():
        assert time.monotonic() < deadline, "it runs on"
        time.sleep(0.05)
    assert os.waitpid(started.pid, 0)[1] == 0
    assert list((home / "tmp").iterdir()) == []


@pytest.mark.parametrize("port", some("ports that are none", ["70000", "65536", "-1", "x", "1e3"], 3))
def test_a_port_that_is_none_is_an_error_of_the_command_line(port: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "rajee_deploy", "sandbox", "start", "--port", port],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 64
    assert "Traceback" not in ended.stderr
    assert "--port" in ended.stderr
    server = [sys.executable, "-m", "rajee_deploy.sandbox", "--port", port]
    ended = subprocess.run(server, capture_output=True, text=True, check=False)
    assert (ended.returncode, "is no port" in ended.stderr, len(ended.stderr) < 1000) == (2, True, True)


def test_what_leads_elsewhere_is_taken_out_of_the_way(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By what a user evaluates in the shell: profiles, keys of somebody else's session, endpoints, proxies."""
    started = control.start()
    ways = {
        "AWS_PROFILE": "p",
        "AWS_DEFAULT_PROFILE": "p",
        "AWS_SESSION_TOKEN": "t",
        "AWS_ENDPOINT_URL_ECR": "https://e.test",
        "AWS_ENDPOINT_URL": "https://e.test",
        "HTTP_PROXY": "http://proxy.test",
        "no_proxy": "a.test",
        "AWS_CONFIG_FILE": str(home / "config"),
        "AWS_ACCESS_KEY_ID": "theirs",
    }
    for name, value in ways.items():
        monkeypatch.setenv(name, value)
    script = f'eval "$({sys.executable} -P -m rajee_deploy sandbox env)"; env'
    ran = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    found = dict(line.partition("=")[::2] for line in ran.stdout.splitlines())
    assert not found.keys() & {"AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_ECR"}
    assert (found["AWS_ENDPOINT_URL"], found["AWS_ACCESS_KEY_ID"]) == (started.endpoint, "sandbox")
    assert found["NO_PROXY"] == found["no_proxy"] == "a.test,localhost,127.0.0.1,::1"
    assert found["AWS_CONFIG_FILE"] == str(home / "config")


@pytest.mark.usefixtures("home")
def test_taken_port_is_an_error_that_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(DeployError) as caught:
        control.start(taken.getsockname()[1])
    assert caught.value.code == "sandbox-failed"
    assert "in use" in caught.value.cause
    assert caught.value.hint.startswith("rajee-deploy sandbox start ")
    assert control.status() is None


@pytest.mark.parametrize(
    ("said", "cause", "hint"),
    [
        ("Traceback\nAddress already in use\nPort 8 is in use", "Port 8 is in use", "rajee-deploy sandbox start "),
        ("Traceback (most recent call last):\nImportError: no moto", "ImportError: no moto", "cat "),
        ("", "it said nothing, and did not answer within 60 s", "run again: "),
    ],
)
def test_what_it_died_of_decides_what_to_do(tmp_path: Path, said: str, cause: str, hint: str) -> None:
    (tmp_path / "log").write_text(said)
    failure = control._failure(tmp_path / "log")
    assert failure.cause.endswith(cause)
    assert hint in failure.hint
    assert "--port" not in failure.hint or "in use" in said


def test_foreign_process_is_never_ended(home: Path) -> None:
    """After a restart of the machine the noted process id may be anybody's."""
    with subprocess.Popen(["sleep", "60"]) as bystander:
        try:
            note(home, pid=bystander.pid, port=1, started="2026-01-01T00:00:00+00:00")
            assert control.stop() is None
            assert not (home / "state" / "sandbox.json").exists()
            time.sleep(0.05)
            assert bystander.poll() is None
        finally:
            bystander.kill()


def test_another_sandbox_on_the_noted_port_is_not_ours(home: Path, running: control.SandboxState) -> None:
    note(home, pid=os.getpid(), port=running.port, started=running.started)
    assert control.status() is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": "x"}', '{"pid": 1, "port": 2}'])
def test_unreadable_note_counts_as_none(home: Path, text: str) -> None:
    (home / "state").mkdir()
    (home / "state" / "sandbox.json").write_text(text, encoding="utf-8")
    assert control.status() is None


@pytest.mark.usefixtures("home")
def test_environment_without_a_sandbox() -> None:
    with pytest.raises(DeployError) as caught:
        control.environment()
    assert caught.value.code == "sandbox-not-running"


@pytest.mark.usefixtures("home")
def test_missing_parts_are_named() -> None:
    script = (
        "import sys; sys.modules['moto'] = None\n"
        "from rajee_deploy.sandbox import control\n"
        "from rajee_deploy.errors import DeployError\n"
        "try: control.start()\n"
        "except DeployError as error: print(error.code, error.hint)\n"
    )
    ran = subprocess.run([sys.executable, "-P", "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout == "sandbox-not-installed pip install 'rajee-deploy[sandbox]'\n"


def test_control_imports_neither_moto_nor_boto3() -> None:
    script = (
        "import sys, rajee_deploy.sandbox.control; print({'moto', 'boto3', 'werkzeug', 'flask'} & set(sys.modules))"
    )
    ran = subprocess.run([sys.executable, "-P", "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout == "set()\n"
