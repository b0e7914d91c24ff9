# ruff: noqa: E501 -- tables
"""What AWS, and the network before it, can do to a run: a proxy that others wrote (PyPI's microburst) injects it between
the command and the sandbox. Each run ends typed and tells the truth, and the next one without the fault converges.

Needs an environment of its own for the proxy, which pip makes. RAJEE_MICROBURST names the command of one that is there.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import Any

import boto3
import given
import pytest
from gateway import Gateway
from session import ending_with_us

pytestmark = [pytest.mark.docker, pytest.mark.cdk]

PINNED = "microburst==0.10.0"
ENVOY = "infra/raja_poc/assets/envoy/envoy.yaml"
STACK = "RajeeEnvoyStack"
MINUTE = 60
REACH = {"aws-unreachable", "unknown-answer", "aws-error"}  # whichever: nobody can tell a cut answer from another


@dataclass(frozen=True)
class Fault:
    """A rule of the proxy's, what `up` may end with (codes; "" for success), and whether it gets that far by itself."""

    name: str
    rule: dict[str, Any]
    codes: set[str] = field(default_factory=set)


def error(service: str, code: str, status: int | None = None, *, operation: str = "", **rule: Any) -> dict[str, Any]:
    told = {"code": code, "message": "because", **({"status": status} if status else {})}
    return {"service": service, "error": told, **({"operation": operation} if operation else {}), **rule}


def response(service: str, operation: str = "", **how: Any) -> dict[str, Any]:
    return {"service": service, **({"operation": operation} if operation else {}), "response": how}


def faults() -> list[Fault]:
    made = [
        Fault(
            "an image's tag is taken",
            error("ecr", "ImageTagAlreadyExistsException", 400, operation="PutImage"),
            {"tag-immutable", ""},
        ),
        Fault(
            "an update is refused",
            error("cloudformation", "ValidationError", 400, operation="UpdateStack"),
            {"deploy-failed"},
        ),
        Fault("a quota of ECR", error("ecr", "LimitExceededException", 400, operation="PutImage"), {"aws-error", ""}),
        Fault(
            "a layer is gone",
            error("ecr", "LayersNotFoundException", 400, operation="GetDownloadUrlForLayer"),
            {"aws-error", ""},
        ),
        Fault("a key of KMS", error("ecr", "KmsException", 400, operation="BatchGetImage"), {"aws-error"}),
        Fault(
            "no token for the registry",
            error("ecr", "ServerException", 500, operation="GetAuthorizationToken"),
            {"aws-error"},
        ),
        Fault(
            "no service is told",
            error("ecs", "ClusterNotFoundException", 400, operation="DescribeServices"),
            {"", "rollout-not-confirmed", "unknown-answer", "aws-error"},
        ),
        Fault("the account is not signed up", error("ecr", "OptInRequired", 403), {"access-denied"}),
        Fault("keys that nobody knows", error("*", "UnrecognizedClientException", 403), {"bad-credentials"}),
        Fault("keys that ended", error("*", "ExpiredToken", 403), {"expired-credentials"}),
        Fault("keys that ended, of JSON", error("ecr", "ExpiredTokenException", 400), {"expired-credentials"}),
        Fault("a clock that is wrong", error("*", "RequestTimeTooSkewed", 403), {"clock-skew"}),
        Fault("a signature that is wrong", error("*", "SignatureDoesNotMatch", 403), {"bad-credentials"}),
        Fault("a gateway that times out", {"service": "*", "timeout_ms": 300}, REACH),
        Fault("a gateway that is slow", {"service": "*", "latency": 700}, {""}),
        Fault("a narrow line", response("*", bandwidth_kbps=64), {""}),
        Fault("JSON that is called a page", response("ecr", set_headers={"Content-Type": "text/html"}), {""}),
        Fault(
            "XML that is called JSON",
            response("cloudformation", set_headers={"Content-Type": "application/json"}),
            {""},
        ),
        Fault("a compression that is none", response("*", set_headers={"Content-Encoding": "gzip"}), {"", *REACH}),
        Fault("a checksum that is wrong", response("ecr", set_headers={"x-amz-crc32": "1"}), {"", *REACH}),
        Fault("no headers", response("*", strip_headers=["Content-Type", "x-amzn-RequestId"]), {""}),
    ]
    for service, throttled, broken in (
        ("ecr", "ThrottlingException", "ServerException"),
        ("cloudformation", "Throttling", "InternalFailure"),
        ("ecs", "ThrottlingException", "ServerException"),
        ("sts", "Throttling", "InternalFailure"),
    ):
        # A run may do without what ECS and STS tell, where that decides nothing; it never takes that for an answer.
        may = {""} if service in ("ecs", "sts") else set()
        late = {"rollout-not-confirmed"} if service == "ecs" else set()
        made += [
            Fault(f"{service} throttles", error(service, throttled, 400), {"throttled"} | may | late),
            Fault(f"{service} breaks", error(service, broken, 500), {"aws-error"} | may | late),
            Fault(f"{service} is not there", error(service, "ServiceUnavailable", 503), {"aws-error"} | may | late),
            Fault(f"{service} refuses", error(service, "AccessDeniedException", 400), {"access-denied"} | may | late),
            Fault(f"{service} is cut", response(service, truncate_frac=0.5), REACH | may | late),
            Fault(f"{service} is empty", response(service, truncate_bytes=0), REACH | may | late),
            Fault(f"{service} breaks off", response(service, abort_frac=0.4), REACH | may | late),
            Fault(f"{service} hangs up", {"service": service, "reset": True}, REACH | may | late),
            Fault(f"{service} is garbled", response(service, corrupt_bytes=8), {"*"}),
        ]
    return [
        *made,
        Fault("a throttled call", error("*", "ThrottlingException", 400, times=1), {""}),
        Fault("a call that breaks", error("*", "InternalFailure", 500, times=1), {""}),
        Fault("a call that is cut", {**response("ecr", truncate_frac=0.5), "times": 1}, {""}),
        Fault("a call that is hung up", {"service": "*", "reset": True, "times": 1}, {""}),
        Fault(
            "every other call of ECR breaks",
            error("ecr", "ServerException", 500, sequence={"fail": 1, "pass": 1}),
            {""},
        ),
        Fault(
            "some calls are throttled", error("*", "ThrottlingException", 400, sequence={"fail": 1, "pass": 3}), {""}
        ),
    ]


FAULTS = faults()
SOME = [
    one
    for one in FAULTS
    if one.name in ("sts refuses", "cloudformation is cut", "ecr hangs up", "cloudformation throttles")
]


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """The proxy's command."""
    there = os.environ.get("RAJEE_MICROBURST")
    if there:
        return there
    place = tmp_path_factory.mktemp("microburst")
    subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
    made = subprocess.run(
        [str(place / "bin" / "pip"), "install", "--quiet", PINNED], capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, f"the proxy cannot be installed, so nothing is proved:\n{made.stderr[-2000:]}"
    return str(place / "bin" / "microburst")


class Proxy:
    """A running microburst."""

    def __init__(self, port: int) -> None:
        self.port = port

    def call(self, method: str, path: str, document: Any = None) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, f"/_microburst/{path}", json.dumps(document) if document is not None else None)
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()

    def fired(self) -> int:
        found = self.call("GET", "fired?limit=10000")
        return len(found if isinstance(found, list) else found.get("fired", found.get("events", ())))


@pytest.fixture(scope="module")
def gateway():
    """Where microburst's faults and those that it cannot make meet; the tests change answers here."""
    found = Gateway()
    yield found
    found.close()


@pytest.fixture(scope="module")
def proxied(synthesised, program, gateway):
    """The shell, whose AWS is behind the proxy; the service is deployed, and an image alone goes by CloudFormation."""
    environment = synthesised.environment
    upstream = environment["AWS_ENDPOINT_URL"]
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    argv = ending_with_us(program, "--upstream", upstream, "--port", str(port), "--no-resign")
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            proxy = Proxy(port)
            wait_for(proxy, server)
            gateway.server_port, environment["AWS_ENDPOINT_URL"] = port, f"http://127.0.0.1:{gateway.port}"
            path = synthesised.folder / "pyproject.toml"
            path.write_text(
                path.read_text().replace(
                    "[tool.rajee-deploy.cdk]\n", '[tool.rajee-deploy.cdk]\ntag-only = "cloudformation"\n'
                )
            )
            synthesised.run("rajee-deploy up")
            yield (
                synthesised,
                proxy,
                boto3.client(
                    "cloudformation",
                    "us-east-1",
                    endpoint_url=upstream,
                    aws_access_key_id="a",
                    aws_secret_access_key="b",
                ),
            )
        finally:
            server.terminate()


def wait_for(proxy, server) -> None:
    deadline = time.monotonic() + MINUTE
    while True:
        try:
            proxy.call("GET", "health")
        except OSError:
            assert server.poll() is None, "the proxy did not start"
            assert time.monotonic() < deadline, "the proxy does not answer"
            time.sleep(0.1)
        else:
            return


def deployed(cloudformation) -> str:
    (stack,) = cloudformation.describe_stacks(StackName=STACK)["Stacks"]
    return next(one["ParameterValue"] for one in stack["Parameters"] if one["ParameterKey"] == "ImageTag")


def run(shell, line: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", line],
        cwd=shell.folder,
        env=shell.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=5 * MINUTE,
    )


def code_of(ended) -> str:
    """The code that a run ended with; "" for none."""
    assert ended.returncode in (0, 1, 2, 64), f"{ended.returncode}\n{ended.stderr}"
    assert "Traceback" not in ended.stderr
    found = re.findall(r"^✗ ([a-z0-9-]+)", ended.stderr, re.MULTILINE)
    assert bool(found) is (ended.returncode in (1, 64)), ended.stderr
    if found:
        assert "next" in ended.stderr, f"no way out:\n{ended.stderr}"
    return found[0] if found else ""


def check(proxied, fault: Fault, fires) -> None:
    shell, _, cloudformation = proxied
    path = shell.folder / ENVOY
    path.write_text(f"# {fault.name} {time.time_ns()}\n{path.read_text()}")
    with fires():
        planned = run(shell, "rajee-deploy plan --detailed-exitcode")
        done = run(shell, "rajee-deploy up")
    codes, then = {code_of(planned), code_of(done)}, deployed(cloudformation)
    again = run(shell, "rajee-deploy up --json")
    assert again.returncode == 0, f"it does not converge:\n{again.stderr}"
    wanted = json.loads(again.stdout)["images"]["envoy"]["tag"]
    assert deployed(cloudformation) == wanted
    assert planned.returncode != 0, "nothing to do, it says"
    assert done.returncode != 0 or then == wanted, "it says that it deployed"
    if "*" not in fault.codes:
        assert code_of(done) in fault.codes, done.stderr
        assert codes <= fault.codes | {""}, planned.stderr
        assert 64 not in (planned.returncode, done.returncode), "nobody's settings are wrong"


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_that_the_proxy_makes(proxied, fault):
    _, proxy, _ = proxied

    @contextlib.contextmanager
    def fires():
        proxy.call("DELETE", "fired")
        proxy.call("POST", "rules", [fault.rule])
        try:
            yield
            assert proxy.fired(), "the fault never came"
        finally:
            proxy.call("POST", "rules", [])

    check(proxied, fault, fires)


# What the CDK CLI meets, which makes its own calls: it ends as its own failure, in its own words.
BY_THE_CDK = [
    Fault("the bucket refuses", error("s3", "AccessDenied", 403)),
    Fault("the bucket throttles", error("s3", "SlowDown", 503)),
    Fault("the bucket hangs up", {"service": "s3", "reset": True}),
    Fault("no change set", error("cloudformation", "LimitExceededException", 400, operation="CreateChangeSet")),
    Fault("no version of the bootstrap", error("ssm", "InternalServerError", 500, operation="GetParameter")),
    Fault("the version is cut", response("ssm", "GetParameter", truncate_frac=0.5)),
    Fault("nobody may ask for the version", error("ssm", "AccessDeniedException", 400, operation="GetParameter")),
]


@pytest.mark.parametrize("fault", BY_THE_CDK, ids=lambda fault: fault.name)
def test_a_fault_that_the_cdk_meets(proxied, fault):
    shell, proxy, _ = proxied
    template = shell.folder / "infra" / given.NAME / f"{STACK}.template.json"
    document = json.loads(template.read_text())
    document["Description"] = f"{fault.name} {time.time_ns()}"
    template.write_text(json.dumps(document))
    proxy.call("DELETE", "fired")
    proxy.call("POST", "rules", [fault.rule])
    try:
        done = run(shell, "rajee-deploy up")
        came = proxy.fired()
    finally:
        proxy.call("POST", "rules", [])
    assert code_of(done) if came else not code_of(done), done.stderr
    again = run(shell, "rajee-deploy up")
    assert again.returncode == 0, again.stderr


def test_nothing_is_left_to_do(proxied):
    assert run(proxied[0], "rajee-deploy plan --detailed-exitcode").returncode == 0


def test_there_are_enough_of_them():
    assert len({json.dumps(one.rule, sort_keys=True) for one in FAULTS}) >= 40
