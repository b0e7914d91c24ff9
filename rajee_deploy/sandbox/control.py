"""Start, stop and describe the sandbox's server process. Imports nothing of moto: it runs in the command itself.

There is one sandbox per state directory. A process is ours only when it answers and says the process id that was
noted; nothing else is ever signalled.
"""

from __future__ import annotations

import fcntl
import http.client
import importlib.util
import os
import signal
import sys
import time
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from rajee_deploy.errors import DeployError, Quote
from rajee_deploy.sandbox.state import STATE_PATH, SandboxState, read_note, state_file
from rajee_deploy.system.http_limits import LOCAL_ANSWER, Limit, within
from rajee_deploy.system.ours import make_place
from rajee_deploy.system.process import spawn_detached
from rajee_deploy.system.regular_files import LARGE, open_to_append, read_text
from rajee_deploy.text.foreign import parse_json
from rajee_deploy.text.lines import lines_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

T = TypeVar("T")

START_SECONDS = 60.0  # on a loaded machine moto alone takes ten
STOP_SECONDS = 10.0
_ANSWER_SECONDS = 5.0
_PAUSE_SECONDS = 0.05
_ELSEWHERE = {
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_ACCOUNT_ID",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_USE_DUALSTACK_ENDPOINT",
}
_PROXIES = ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "https_proxy", "HTTPS_PROXY")


def start(port: int | None = None) -> SandboxState:
    """Start the sandbox, or report the one that runs (whatever its port). `port` None takes a free one.

    DeployError `sandbox-not-installed` without moto, `sandbox-failed` when the server does not come up.
    """
    note = state_file()
    make_place(note.parent, *(f"{note.stem}.{kind}" for kind in ("json", "lock", "log")))
    with os.fdopen(open_to_append(note.with_suffix(".lock")), "ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two starts at once make one sandbox
        return status() or _spawn(note, port or 0)


def stop() -> SandboxState | None:
    """End the sandbox and wait until it is gone; returns what ran, or None when nothing did."""
    note = state_file()
    running = status()
    if running is None:
        note.unlink(missing_ok=True)  # left by a machine that was restarted, or a process that was killed
        return None
    _signal(running.pid, signal.SIGTERM)
    gone = _wait(lambda: True if _has_ended(running.pid) else None, STOP_SECONDS)
    if gone is None:
        _signal(running.pid, signal.SIGKILL)
        note.unlink(missing_ok=True)
    return replace(running, is_running=False)


def status() -> SandboxState | None:
    """The sandbox that runs, with its repositories, or None."""
    return _answering(state_file())


def environment(around: Mapping[str, str] = MappingProxyType({})) -> dict[str, str]:
    """What to export so that boto3, the AWS and the CDK CLI use the running sandbox; what `in_the_way` names must not
    be set. `around` are the variables that are there: where they name proxies, this machine is taken out of them.

    DeployError `sandbox-not-running`.
    """
    running = status()
    if running is None:
        raise DeployError("sandbox-not-running", "no sandbox is running", hint="rajee-deploy sandbox start")
    return {
        "AWS_ENDPOINT_URL": running.endpoint,
        "AWS_ACCESS_KEY_ID": "sandbox",
        "AWS_SECRET_ACCESS_KEY": "sandbox",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        **_without_proxies(around),
    }


def in_the_way(around: Mapping[str, str]) -> list[str]:
    """Those variables that would lead elsewhere, or make somebody else of us."""
    return sorted(name for name in around if name in _ELSEWHERE or name.startswith("AWS_ENDPOINT_URL_"))


def _without_proxies(around: Mapping[str, str]) -> dict[str, str]:
    if not any(around.get(name) for name in _PROXIES):
        return {}
    kept = [part.strip() for name in ("no_proxy", "NO_PROXY") for part in around.get(name, "").split(",")]
    text = ",".join(dict.fromkeys([*filter(None, kept), "localhost", "127.0.0.1", "::1"]))
    return {"NO_PROXY": text, "no_proxy": text}


def _spawn(note: Path, port: int) -> SandboxState:
    if not _is_installed():
        raise DeployError(
            "sandbox-not-installed", "the sandbox's parts are not installed", hint="pip install 'rajee-deploy[sandbox]'"
        )
    log = note.with_suffix(".log")
    log.unlink(missing_ok=True)
    # -P: the working directory, which may be a stranger's project, gives it no module.
    argv = [sys.executable, "-P", "-m", "rajee_deploy.sandbox", "--port", str(port), "--note", str(note)]
    pid = spawn_detached(argv, log=log)
    try:
        found = _wait(lambda: _answering(note, pid), START_SECONDS, unless=lambda: _has_ended(pid))
    except BaseException:
        _signal(pid, signal.SIGTERM)
        raise
    if found is None:
        _signal(pid, signal.SIGTERM)
        raise _failure(log)
    return found


def _failure(log: Path) -> DeployError:
    """Why it did not start, by its own last words: what to do depends on them."""
    said = _tail(log)
    if "Address already in use" in said:
        hint = "rajee-deploy sandbox start   (without --port it takes a free one)"
    elif said:
        hint = f"the cause is what its process said last; all of it: cat {log}"
    else:
        hint = "run again: the machine may have been too busy for it to start within a minute"
    cause = "" if said else f"it said nothing, and did not answer within {START_SECONDS:.0f} s"
    quote = Quote(tuple(lines_of(said)), what="its log") if said else None
    problem = "the sandbox did not start"
    return DeployError("sandbox-failed", problem, where=str(log), cause=cause, hint=hint, quote=quote)


def _is_installed() -> bool:
    return all(importlib.util.find_spec(name) is not None for name in ("moto", "flask", "flask_cors"))


def _answering(note: Path, pid: int | None = None) -> SandboxState | None:
    """The sandbox that was noted (by process `pid`, when that is given), if it answers and is what the note says."""
    noted = read_note(note)
    if noted is None or (pid is not None and noted.pid != pid):
        return None
    told = _ask(noted.port)
    if told is None or told.get("pid") != noted.pid:
        return None
    return replace(noted, repositories=tuple(told.get("repositories", ())))


def _ask(port: int, limit: Limit = LOCAL_ANSWER) -> dict[str, Any] | None:
    """What a server on this port says of itself, or None when none of ours answers there."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_ANSWER_SECONDS)
    try:
        with within(limit, TimeoutError):
            connection.request("GET", STATE_PATH)
            told = parse_json(connection.getresponse().read())
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()
    return told if isinstance(told, dict) else None


def _wait(look: Callable[[], T | None], seconds: float, unless: Callable[[], bool] = lambda: False) -> T | None:
    """What `look` finds within some seconds; None then, or as soon as `unless` says that it never will."""
    deadline = time.monotonic() + seconds
    while (found := look()) is None and time.monotonic() < deadline and not unless():
        time.sleep(_PAUSE_SECONDS)
    return found


def _has_ended(pid: int) -> bool:
    try:
        # When we started it ourselves it stays a zombie until we ask for its end.
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:
        pass
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def _signal(pid: int, number: signal.Signals) -> None:
    if not _has_ended(pid):
        os.kill(pid, number)


def _tail(log: Path) -> str:
    try:
        return "\n".join(lines_of(read_text(log, LARGE, "replace"))[-5:])
    except OSError:
        return ""
