"""Docker Engines beside the one that runs: data, address and network of their own. The first one is left as it was."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


@dataclass(frozen=True)
class SecondEngine:
    address: str
    client: tuple[str, ...] = ()  # more that the docker command needs to reach it

    def docker(self, *arguments: str) -> str:
        return docker(*self.client, "--host", self.address, *arguments)

    def add_context(self, name: str) -> None:
        """A docker context, which is a builder of that name too, in the user's settings as DOCKER_CONFIG has them."""
        docker("context", "create", name, "--docker", f"host={self.address}")

    def cached(self) -> int:
        """How many pieces of builds it keeps."""
        rows = map(json.loads, self.docker("system", "df", "--format", "{{json .}}").splitlines())
        return next(int(row["TotalCount"]) for row in rows if row["Type"] == "Build Cache")


def docker(*arguments: str) -> str:
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, f"docker {arguments}: {done.stderr}"
    return done.stdout


@contextmanager
def second_engine(
    folder: Path, *, containerd_store: bool = False, flags: Sequence[str] = (), client: tuple[str, ...] = ()
) -> Iterator[SecondEngine]:
    """`containerd_store`: images lie in containerd's store, as on new engines; only there the engine can export a
    cache, attest provenance and build for several platforms. Any number of them can run at a time.

    It has a bridge of its own: with `--bridge=none`, or none named, an engine that starts takes the docker0 of the one
    that runs. And namespaces of its own, for a machine where all engines share one containerd.
    """
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    own = f"rajee{port}"
    (folder / "engine.json").write_text(json.dumps({"features": {"containerd-snapshotter": containerd_store}}))
    argv = [
        "dockerd", f"--config-file={folder}/engine.json", f"--data-root={folder}/data", f"--exec-root={folder}/exec",
        f"--pidfile={folder}/pid", f"--host=tcp://127.0.0.1:{port}", f"--bridge={own}", "--iptables=false",
        "--ip6tables=false", f"--containerd-namespace={own}", f"--containerd-plugins-namespace={own}-plugins", *flags,
    ]  # fmt: skip
    _ip("link", "add", own, "type", "bridge")
    try:
        _ip("address", "add", _subnet(port), "dev", own)
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(argv, stdout=log, stderr=log, start_new_session=True)
        try:
            engine = SecondEngine(f"tcp://127.0.0.1:{port}", client)
            _await(engine, process, folder / "log")
            yield engine
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)
    finally:
        _ip("link", "delete", own)


def _subnet(port: int) -> str:
    """Sixteen addresses that are no other port's: 10.208.0.0/12 has room for each port's."""
    return f"10.{208 + (port >> 12)}.{port >> 4 & 255}.{(port & 15) * 16 + 1}/28"


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


def _await(engine: SecondEngine, process: subprocess.Popen[bytes], log: Path) -> None:
    ask = ["docker", *engine.client, "--host", engine.address, "version"]
    deadline = time.monotonic() + 60
    while subprocess.run(ask, capture_output=True, check=False).returncode:
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.2)
