"""Docker Engines beside the one that runs: data, address and network of their own. The first one is left as it was."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import session

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class SecondEngine:
    address: str
    certificates: Path | None = None  # of make_certificates: it is asked over TLS, and asks for a certificate

    def docker(self, *arguments: str) -> str:
        return docker(*self.client(), *arguments)

    def client(self) -> list[str]:
        """Options of the docker command that reach it."""
        return ["--host", self.address, *(_tls_flags(self.certificates, "client") if self.certificates else ())]

    def add_context(self, name: str) -> None:
        """A docker context, which is a builder of that name too, in the user's settings as DOCKER_CONFIG has them."""
        at = self.certificates
        tls = f",ca={at}/ca.pem,cert={at}/client.pem,key={at}/client-key.pem" if at else ""
        docker("context", "create", name, "--docker", f"host={self.address}{tls}")

    def cached(self) -> int:
        """How many pieces of builds it keeps."""
        rows = map(json.loads, self.docker("system", "df", "--format", "{{json .}}").splitlines())
        return next(int(row["TotalCount"]) for row in rows if row["Type"] == "Build Cache")


def docker(*arguments: str) -> str:
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, f"docker {arguments}: {done.stderr}"
    return done.stdout


def said_by(*create: str) -> tuple[str, int]:
    """What a container says (to both streams), and how it ends; `create` is an image and its command. From its log:
    `docker run` now and then loses what a container says that is over at once."""
    container = docker("create", *create).strip()
    try:
        docker("start", container)
        code = int(docker("wait", container))
        done = subprocess.run(["docker", "logs", container], capture_output=True, text=True, check=True, timeout=120)
        return done.stdout + done.stderr, code
    finally:
        docker("rm", "--force", container)


@contextmanager
def second_engine(
    folder: Path, *, containerd_store: bool = False, certificates: Path | None = None
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
    # Its sockets' paths may have 107 bytes, which pytest's folders, or a longer TMPDIR, use up alone.
    sockets = Path(tempfile.mkdtemp(prefix=f"{own}-", dir="/tmp"))
    argv = session.ending_with_us(
        "dockerd",
        f"--config-file={folder}/engine.json",
        f"--data-root={folder}/data",
        f"--exec-root={sockets}",
        f"--pidfile={folder}/pid",
        f"--host=tcp://127.0.0.1:{port}",
        f"--bridge={own}",
        "--iptables=false",
        "--ip6tables=false",
        f"--containerd-namespace={own}",
        f"--containerd-plugins-namespace={own}-plugins",
        *(_tls_flags(certificates, "server") if certificates else ()),
    )
    session.note("bridge", own)
    session.note("mount", f"{folder}/data")
    _quietly("ip", "link", "add", own, "type", "bridge")
    try:
        _quietly("ip", "address", "add", _subnet(port), "dev", own)
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(argv, stdout=log, stderr=log, start_new_session=True)
        try:
            engine = SecondEngine(f"tcp://127.0.0.1:{port}", certificates)
            _await(engine, process, folder / "log")
            yield engine
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)
    finally:
        _quietly("ip", "link", "delete", own)
        shutil.rmtree(sockets)


def make_certificates(folder: Path) -> Path:
    """An authority, and what it says of an engine on this machine (`server`) and of who may ask it (`client`)."""
    new = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"]
    _quietly(*new, "-subj", "/CN=authority", "-keyout", f"{folder}/ca-key.pem", "-out", f"{folder}/ca.pem")
    for name, usage in (("server", "serverAuth"), ("client", "clientAuth")):
        _quietly(
            *new,
            "-subj",
            f"/CN={name}",
            "-CA",
            f"{folder}/ca.pem",
            "-CAkey",
            f"{folder}/ca-key.pem",
            "-addext",
            "subjectAltName=IP:127.0.0.1",
            "-addext",
            f"extendedKeyUsage={usage}",
            "-addext",
            "basicConstraints=critical,CA:FALSE",
            "-keyout",
            f"{folder}/{name}-key.pem",
            "-out",
            f"{folder}/{name}.pem",
        )
    return folder


def _tls_flags(at: Path, who: str) -> tuple[str, ...]:
    """Of dockerd and docker alike."""
    return ("--tlsverify", f"--tlscacert={at}/ca.pem", f"--tlscert={at}/{who}.pem", f"--tlskey={at}/{who}-key.pem")


def _subnet(port: int) -> str:
    """Sixteen addresses that are no other port's: 10.208.0.0/12 has room for each port's."""
    return f"10.{208 + (port >> 12)}.{port >> 4 & 255}.{(port & 15) * 16 + 1}/28"


def _quietly(*argv: str) -> None:
    subprocess.run(argv, check=True, capture_output=True)


def _await(engine: SecondEngine, process: subprocess.Popen[bytes], log: Path) -> None:
    ask = ["docker", *engine.client(), "version"]
    deadline = time.monotonic() + 60
    while subprocess.run(ask, capture_output=True, check=False).returncode:
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.2)
