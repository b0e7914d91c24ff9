"""The image as it is built: its health check, its end, its refusal to start; and the local development set-up."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path
from uuid import uuid4

import pytest
import yaml
from engines import said_by

TOP = Path(__file__).parents[2]
DOCKERFILE = "infra/raja_poc/assets/envoy/Dockerfile"
BASES = ("busybox:1.37.0-musl", "envoyproxy/envoy:distroless-v1.38.0")
STAND_INS = ("rajee-stand-in/busybox:1.37.0-musl", "rajee-stand-in/envoy:distroless-v1.38.0")


def docker(*arguments: str, check: bool = True, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["docker", *arguments],
        cwd=TOP,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=check,
    )


@pytest.fixture(scope="module")
def image():
    """The Dockerfile built on stand-ins for its base images, so that no registry is asked."""
    subprocess.run([TOP / ".ci" / "stand-ins"], check=True, capture_output=True)
    name = f"rajee-test-{uuid4().hex}"
    contexts = [f"--build-context={base}=docker-image://{own}" for base, own in zip(BASES, STAND_INS, strict=True)]
    docker("buildx", "build", "--load", "--provenance=false", "-f", DOCKERFILE, *contexts, "-t", name, ".")
    yield name
    docker("rmi", "-f", name)


@pytest.fixture
def container(image):
    """A running container with the root file system of the task: read-only."""
    name = f"rajee-test-{uuid4().hex}"
    settings = ("AUTH_DISABLED=true", "AWS_REGION=eu-central-1", "S3_BUCKET=reports")
    docker("run", "-d", "--read-only", "--name", name, *(f"--env={setting}" for setting in settings), image)
    yield name
    docker("rm", "-f", name)


def health_command(synths) -> list[str]:
    """What the task definition tells ECS to run in the container."""
    resources = synths["dev"].template("RajeeEnvoyStack")["Resources"].values()
    (task,) = [one["Properties"] for one in resources if one["Type"] == "AWS::ECS::TaskDefinition"]
    kind, *command = task["ContainerDefinitions"][0]["HealthCheck"]["Command"]
    assert kind == "CMD"
    return command


def passes(container: str, command: list[str]) -> bool:
    """Whether the check passes within the patience that a starting task gets."""
    for _ in range(100):
        if docker("exec", container, *command, check=False).returncode == 0:
            return True
        time.sleep(0.1)
    return False


@pytest.mark.docker
@pytest.mark.cdk
def test_the_health_check_of_the_task_passes_in_the_image(container, synths):
    command = health_command(synths)
    assert passes(container, command), docker("logs", container).stderr
    elsewhere = [*command[:-1], command[-1].replace("/ready", "/elsewhere")]
    assert docker("exec", container, *elsewhere, check=False).returncode == 1


@pytest.mark.docker
@pytest.mark.cdk
def test_envoy_gets_the_signal_and_ends_by_itself(container, synths):
    """137 would mean that the signal was lost in the shell and the kernel had to end it."""
    assert passes(container, health_command(synths))
    docker("stop", "--time", "10", container)
    state = json.loads(docker("inspect", container).stdout)[0]["State"]
    assert state["ExitCode"] == 0
    assert "caught ENVOY_SIGTERM" in docker("logs", container).stderr


@pytest.mark.docker
def test_the_image_does_not_start_without_its_environment(image):
    said, code = said_by(image)
    assert code == 64
    assert "AWS_REGION is not set" in said


@pytest.mark.docker
def test_the_image_runs_as_nobody_special(image):
    assert json.loads(docker("inspect", image).stdout)[0]["Config"]["User"] == "65532:65532"


@pytest.fixture(scope="module")
def composed():
    """infra/compose.yaml as compose understands it."""
    return json.loads(docker("compose", "-f", "infra/compose.yaml", "config", "--format", "json").stdout)


@pytest.mark.docker
def test_compose_publishes_to_this_machine_only(composed):
    ports = composed["services"]["envoy"]["ports"]
    assert {port["target"]: port["host_ip"] for port in ports} == dict.fromkeys((10000, 10001, 9901), "127.0.0.1")


@pytest.mark.docker
def test_compose_builds_the_same_dockerfile_and_mounts_the_template(composed):
    service = composed["services"]["envoy"]
    assert (service["build"]["context"], service["build"]["dockerfile"]) == (str(TOP), DOCKERFILE)
    (mount,) = service["volumes"]
    assert (mount["source"], mount["read_only"]) == (str(TOP / Path(DOCKERFILE).parent / "envoy.yaml"), True)
    assert service["environment"]["AUTH_DISABLED"] == "true"
    assert service["environment"]["ENVOY_LOG_LEVEL"] == "debug"


@pytest.mark.docker
def test_compose_lets_base_images_be_replaced():
    mine = {"BUSYBOX_IMAGE": "docker-image://a/b:1", "ENVOY_IMAGE": "docker-image://c/d:2"}
    config = docker("compose", "-f", "infra/compose.yaml", "config", "--format", "json", **mine).stdout
    contexts = json.loads(config)["services"]["envoy"]["build"]["additional_contexts"]
    assert contexts == dict(zip(BASES, mine.values(), strict=True))


@pytest.mark.cdk
def test_compose_checks_health_like_the_task(synths):
    compose = yaml.safe_load((TOP / "infra" / "compose.yaml").read_text())
    assert compose["services"]["envoy"]["healthcheck"]["test"] == ["CMD", *health_command(synths)]


def test_compose_names_the_base_images_of_the_dockerfile():
    """A version that moves in one of the files only would quietly build on another image."""
    lines = (TOP / DOCKERFILE).read_text().splitlines()
    assert [line.split()[1] for line in lines if line.startswith("FROM ")] == list(BASES)
    contexts = yaml.safe_load((TOP / "infra" / "compose.yaml").read_text())["services"]["envoy"]["build"]
    assert [context.partition("=")[0] for context in contexts["additional_contexts"]] == list(BASES)
