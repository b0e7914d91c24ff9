"""What builds get from their surroundings: counted, kept away, or without effect. Held against the real docker."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import threading
from contextlib import ExitStack, contextmanager, suppress
from socket import AF_UNIX, SHUT_RDWR, SHUT_WR, create_server, socket

import pytest
from sampled import some

from rajee_deploy.engine import ambient
from rajee_deploy.engine.ambient import TABLE, Treatment, check_epoch, proxies, source_policy
from rajee_deploy.engine.buildx import Buildx
from rajee_deploy.errors import ConfigurationError, DeployError

SOCKET = "unix:///var/run/docker.sock"
NAMES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "FTP_PROXY", "ALL_PROXY")
ALL = {"httpProxy": "h", "httpsProxy": "s", "noProxy": "n", "ftpProxy": "f", "allProxy": "a"}
PASSED = {"HTTP_PROXY": "h", "HTTPS_PROXY": "s", "NO_PROXY": "n", "FTP_PROXY": "f"}


@pytest.fixture
def config(tmp_path, monkeypatch):
    """Writes docker's configuration, and says which engine the docker command talks to."""
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT", "BUILDX_CONFIG", "BUILDX_BUILDER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))

    def write(tables, contexts=None, **more):
        (tmp_path / "docker").mkdir(exist_ok=True)
        (tmp_path / "docker/config.json").write_text(json.dumps({"proxies": tables, **more}))
        for name, host in (contexts or {}).items():
            folder = tmp_path / "docker/contexts/meta" / hashlib.sha256(name.encode()).hexdigest()
            folder.mkdir(parents=True, exist_ok=True)
            document = {"Name": name, "Metadata": {}, "Endpoints": {"docker": {"Host": host, "SkipTLSVerify": False}}}
            (folder / "meta.json").write_text(json.dumps(document))

    return write


CASES = [
    ({"default": ALL}, PASSED),
    ({"default": {"httpProxy": "h", "noProxy": ""}}, {"HTTP_PROXY": "h"}),
    ({SOCKET: {"httpsProxy": "own"}, "default": ALL}, {"HTTPS_PROXY": "own"}),
    ({SOCKET: {}, "default": ALL}, {}),
    ({"tcp://else:2375": ALL}, {}),
    ({"/var/run/docker.sock": ALL}, {}),
    ({}, {}),
]


@pytest.mark.parametrize(("tables", "expected"), CASES)
def test_the_proxies_of_the_engine_go_before_those_of_all(tables, expected, config):
    config(tables)
    assert proxies(None, {}) == expected


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("", SOCKET),
        ("unix://", SOCKET),
        ("unix:///x.sock", "unix:///x.sock"),
        ("tcp://h:1", "tcp://h:1"),
        ("tcp://h", "tcp://h:2375"),
        ("h:1", "tcp://h:1"),
        ("tcp://:1", "tcp://localhost:1"),
        (" tcp://h:1 ", "tcp://h:1"),
        ("tcp://h:1/p", "tcp://h:1/p"),
        ("ssh://me@h", "http://docker.example.com"),
        ("tcp://[::1]:1", "tcp://[::1]:1"),
    ],
)
def test_docker_host_is_an_address(host, address, config, monkeypatch):
    config({address: {"httpProxy": "own"}, "default": ALL})
    monkeypatch.setenv("DOCKER_HOST", host)
    assert proxies(None, {}) == {"HTTP_PROXY": "own"}


def test_so_are_docker_contexts(config, monkeypatch):
    tables = {"tcp://far:1": {"httpProxy": "far"}, "http://docker.example.com": {"httpProxy": "ssh"}, "default": ALL}
    config(tables, {"far": "tcp://far:1", "by-ssh": "ssh://me@h"}, currentContext="far")
    assert proxies(None, {}) == {"HTTP_PROXY": "far"}
    monkeypatch.setenv("DOCKER_CONTEXT", "by-ssh")
    assert proxies(None, {}) == {"HTTP_PROXY": "ssh"}
    monkeypatch.setenv("DOCKER_HOST", "tcp://else:1")
    assert proxies(None, {}) == PASSED
    assert proxies("far", {}) == {"HTTP_PROXY": "far"}  # no builder of that name: docker is told to use the context
    instances = ambient.user_docker_config() / "buildx/instances"
    instances.mkdir(parents=True)
    (instances / "far").write_text("{}")
    assert proxies("far", {}) == PASSED


def test_a_given_argument_goes_before_in_any_case(config):
    config({"default": ALL})
    assert proxies(None, {"http_proxy": "x", "NO_PROXY": ""}) == {"HTTPS_PROXY": "s", "FTP_PROXY": "f"}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"proxies": []}', '{"proxies": {"default": []}}', '{"proxies": 1}'])
def test_a_broken_configuration_is_docker_s_to_tell(text, config):
    config({})
    (ambient.user_docker_config() / "config.json").write_text(text)
    assert proxies(None, {}) == {}


def pump(source, sink):
    with suppress(OSError):  # one side went before the other
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(SHUT_WR)


@contextmanager
def forwarded():
    """The engine's socket, behind a port of this machine."""
    with ExitStack() as stack:
        server = stack.enter_context(create_server(("127.0.0.1", 0)))
        threads = []

        def serve():
            with suppress(OSError):  # the test is over
                while True:
                    client = stack.enter_context(server.accept()[0])
                    engine = stack.enter_context(socket(AF_UNIX))
                    engine.connect(SOCKET.removeprefix("unix://"))
                    for pair in ((client, engine), (engine, client)):
                        threads.append(threading.Thread(target=pump, args=pair, daemon=True))
                        threads[-1].start()

        accepting = threading.Thread(target=serve, daemon=True)
        accepting.start()
        yield server.getsockname()[1]
        server.shutdown(SHUT_RDWR)
        for thread in (accepting, *threads):
            thread.join(10)


def seen_by_buildx(folder):
    """The proxies that a plain build of the user's gets."""
    names = [*NAMES, *map(str.lower, NAMES)]
    body = "".join(f"{name}=${name}\n" for name in names)
    folder.mkdir(exist_ok=True)
    (folder / "Dockerfile").write_text(f"FROM scratch\nARG {' '.join(names)}\nCOPY <<E /says\n{body}E\n")
    argv = ["docker", "buildx", "build", "--quiet", "--provenance=false", f"--output={folder}/out", str(folder)]
    subprocess.run(argv, check=True, capture_output=True)
    pairs = (line.split("=", 1) for line in (folder / "out/says").read_text().splitlines())
    return {name: value for name, value in pairs if value}


@pytest.mark.docker
@pytest.mark.parametrize("tables", [tables for tables, _ in CASES])
def test_buildx_passes_what_is_counted(tables, config, tmp_path):
    config(tables)
    assert seen_by_buildx(tmp_path / "build") == proxies(None, {})


@pytest.mark.docker
@pytest.mark.parametrize("by", ["host", "bare host", "context", "current context"])
def test_buildx_calls_the_engine_by_the_same_address(by, config, tmp_path, monkeypatch):
    with forwarded() as port:
        address = f"tcp://127.0.0.1:{port}"
        config(
            {address: {"httpProxy": "own"}, SOCKET: {"ftpProxy": "x"}, "default": ALL},
            {"here": address},
            **({"currentContext": "here"} if by == "current context" else {}),
        )
        if "host" in by:
            monkeypatch.setenv("DOCKER_HOST", address.removeprefix("tcp://" if by == "bare host" else ""))
        elif by == "context":
            monkeypatch.setenv("DOCKER_CONTEXT", "here")
        assert seen_by_buildx(tmp_path / "build") == proxies(None, {}) == {"HTTP_PROXY": "own"}


# -- into our builds ---------------------------------------------------------------------------------------------------

SAYS = ("FROM scratch", "COPY app /", f"ARG {' '.join(NAMES)}", *(f"ENV E_{name}=${name}" for name in NAMES))
real = pytest.mark.parametrize("rig", ["buildx", "buildah"], indirect=True)


def environment(rig, tag="c-1"):
    return {name: value for name, _, value in (each.partition("=") for each in rig.find_config(tag)["config"]["Env"])}


@pytest.mark.docker
@real
def test_a_build_gets_what_was_counted_and_no_more(rig):
    """Whatever stands in the configuration by then, and on both engines."""
    (rig.docker_config / "config.json").write_text(json.dumps({"proxies": {SOCKET: {"ftpProxy": "x"}, "default": ALL}}))
    rig.build(*SAYS, proxies={"HTTP_PROXY": "http://u:hunter2@p", "NO_PROXY": "a,b"})
    found = {
        name.removeprefix("E_"): value for name, value in environment(rig).items() if name.startswith("E_") and value
    }
    assert found == {"HTTP_PROXY": "http://u:hunter2@p", "NO_PROXY": "a,b"}
    assert "hunter2" not in rig.said()


def test_the_table_says_of_each_what_becomes_of_it():
    assert len({each.name for each in TABLE}) == len(TABLE)
    assert {each.treatment for each in TABLE} == set(Treatment)
    assert ambient.NEUTRAL == {"BUILDX_GIT_LABELS": "false", "BUILDX_GIT_INFO": "false"}
    assert all(each.why for each in TABLE)


SET = {
    "BUILDX_GIT_LABELS": "full",
    "BUILDX_GIT_INFO": "true",
    "BUILDX_GIT_CHECK_DIRTY": "true",
    "BUILDX_NO_DEFAULT_ATTESTATIONS": "x",
    "BUILDX_NO_DEFAULT_OCI_ARTIFACT": "true",
    "BUILDX_NO_DEFAULT_LOAD": "true",
    "BUILDX_METADATA_PROVENANCE": "max",
    "BUILDX_METADATA_WARNINGS": "true",
    "BUILDX_SEND_GIT_QUERY_AS_INPUT": "true",
    "BUILDX_DEFAULT_POLICY": "true",
    "BUILDX_EXPERIMENTAL": "true",
    "BUILDKIT_PROGRESS": "plain",
    "BUILDKIT_COLORS": "run=green",
    "DOCKER_DEFAULT_PLATFORM": "linux/s390x",
    "DOCKER_BUILDKIT": "0",
}


@pytest.mark.docker
@pytest.mark.parametrize("rig", ["buildx"], indirect=True)
@pytest.mark.parametrize("name", some("variables of buildx", SET, 4))
def test_what_changes_no_content_changes_nothing(rig, name, monkeypatch):
    """With the private copy inside a repository, as with a TMPDIR below a checkout."""
    git = ["git", "-C", str(rig.folder), "-c", "user.name=n", "-c", "user.email=e@e.test"]
    for arguments in (["init", "--quiet"], ["commit", "--quiet", "--allow-empty", "-m", "x"]):
        subprocess.run([*git, *arguments], check=True, capture_output=True, env={**os.environ, "GIT_CONFIG_GLOBAL": ""})
    lines = ("FROM scratch", "COPY app /", "LABEL own=1")
    epoch = {"SOURCE_DATE_EPOCH": "1"}
    rig.build(*lines, build_args=epoch)
    monkeypatch.setenv(name, SET[name])
    rig.build(*lines, tag="c-2", build_args=epoch)
    assert rig.find_config("c-2") == rig.find_config("c-1")
    assert rig.find_config("c-2")["config"]["Labels"] == {"own": "1"}


def test_every_variable_of_the_table_is_tried():
    names = {each.name for each in TABLE if each.treatment is not Treatment.COUNTED and each.name.isupper()}
    assert {name for name in names if "," not in name} == set(SET)


# -- dates -------------------------------------------------------------------------------------------------------------

# As BuildKit of Docker 26.1 took them or not; a name is taken by newer ones, and by no plan.
GOOD = ["", "0", "1700000000", "+1", "-1", "007", "253402300799", "-62167219200"]
BAD = [
    "1700000000000",
    "253402300800",
    "-62167219201",
    "1.5",
    " 1",
    "1 ",
    "1_0",
    "0x10",
    "1e9",
    "abc",
    "context",
    "--1",
    "99999999999999999999",
    "\u0661",
]


@pytest.mark.parametrize("value", GOOD)
def test_a_date(value):
    check_epoch(value, "here")


@pytest.mark.parametrize("value", BAD)
def test_no_date(value):
    with pytest.raises(ConfigurationError) as caught:
        check_epoch(value, "here")
    assert (caught.value.code, caught.value.where) == ("bad-epoch", "here")
    assert ("milliseconds: 1700000000" in caught.value.hint) == (value == "1700000000000")


@pytest.mark.docker
@pytest.mark.parametrize("value", [*some("dates for BuildKit", GOOD, 4), *some("no dates for BuildKit", BAD, 5)])
def test_buildkit_says_the_same(value, tmp_path):
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY Dockerfile /\n")
    name = f"rajee-test-epoch:{hashlib.sha256(value.encode()).hexdigest()[:12]}"
    argv = ["docker", "buildx", "build", "--quiet", "--provenance=false", f"--tag={name}", str(tmp_path)]
    ended = subprocess.run(argv, check=False, capture_output=True, env={**os.environ, "SOURCE_DATE_EPOCH": value})
    subprocess.run(["docker", "image", "rm", "--force", name], check=False, capture_output=True)
    assert (ended.returncode == 0) == (value in GOOD)


# -- source policies ---------------------------------------------------------------------------------------------------


def test_a_source_policy_counts_by_its_bytes(tmp_path, monkeypatch):
    monkeypatch.delenv(ambient.POLICY, raising=False)
    assert source_policy() is None
    path = tmp_path / "policy.json"
    monkeypatch.setenv(ambient.POLICY, str(path))
    with pytest.raises(DeployError) as caught:
        source_policy()
    assert caught.value.code == "unreadable"
    found = []
    for text in ("{}", '{"rules": []}'):
        path.write_text(text)
        found.append(source_policy())
    assert len({*found, None}) == 3


@pytest.mark.docker
@pytest.mark.parametrize("rig", ["buildx"], indirect=True)
def test_a_source_policy_is_followed(rig, tmp_path, monkeypatch):
    rules = [{"action": "DENY", "selector": {"identifier": "docker-image://docker.io/library/nothing:1"}}]
    (tmp_path / "policy.json").write_text(json.dumps({"rules": rules}))
    monkeypatch.setenv(ambient.POLICY, str(tmp_path / "policy.json"))
    rig.build("FROM scratch", "COPY app /")
    with pytest.raises(DeployError) as caught:
        rig.build("FROM nothing:1", "COPY app /")
    assert "policy" in caught.value.cause


@pytest.mark.docker
@pytest.mark.parametrize("rig", ["buildah"], indirect=True)
def test_buildah_refuses_what_it_would_not_follow(rig, monkeypatch):
    monkeypatch.setenv(ambient.POLICY, "policy.json")
    with pytest.raises(DeployError) as caught:
        rig.build("FROM scratch", "COPY app /")
    assert (caught.value.code, caught.value.where) == ("engine-cannot", ambient.POLICY)


@pytest.mark.docker
def test_the_engine_tells_its_platform():
    assert Buildx().platform().os == "linux"
