"""Looking changes nothing, and the policies we print are the calls we make: real runs, behind a gateway that stands
where IAM stands.

The tests of this file are one story and run in its order; the last ones judge what all of them did.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import boto3
import given
import pytest
from gateway import Gateway
from small_registry import SmallRegistry

from rajee_deploy.aws.permissions import PermissionScope, needed_permissions
from rajee_deploy.engine.image_store import has_classic_store
from rajee_deploy.model.names import Who
from rajee_deploy.settings.build_settings import EngineSettings

pytestmark = [pytest.mark.docker, pytest.mark.cdk]

ENVOY = "infra/raja_poc/assets/envoy/envoy.yaml"


@dataclass(frozen=True)
class Looked:
    """What a verb printed, and the actions that it called."""

    stdout: str
    made: set[str]

    @property
    def kind(self) -> str:
        return json.loads(self.stdout)["kind"]


@dataclass
class Calls:
    """The IAM actions that verbs made, all tests together."""

    reading: set[str] = field(default_factory=set)
    up: set[str] = field(default_factory=set)


@pytest.fixture(scope="module")
def gateway():
    found = Gateway()
    yield found
    found.close()


@pytest.fixture(scope="module")
def registry_port(gateway):
    return gateway.port


@pytest.fixture(scope="module")
def watched(synthesised, gateway):
    """The shell, whose AWS and whose image registry are behind the gateway."""
    environment = synthesised.environment
    gateway.server_port = int(environment["AWS_ENDPOINT_URL"].rpartition(":")[2])
    gateway.user = environment["AWS_ACCESS_KEY_ID"]
    environment["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{gateway.port}"
    return synthesised


@pytest.fixture(scope="module")
def calls():
    return Calls()


@pytest.fixture(scope="module")
def policies(watched) -> dict[Who, dict[str, Any]]:
    """As the verb prints them."""
    return {who: json.loads(watched.run(f"rajee-deploy permissions {who.value}").stdout) for who in Who}


@pytest.fixture
def look(watched, gateway, calls, policies):
    """Run a verb that only reads, with the keys of somebody who has the policy for `plan` and nothing else."""

    def run(words: str, **environment: str) -> Looked:
        gateway.made()
        with gateway.refusing(lambda call: not (call.is_users and call.is_allowed_by(policies[Who.plan]))):
            ended = watched.run(f"rajee-deploy {words}", **environment)
        found = Looked(ended.stdout, gateway.made())
        calls.reading |= found.made
        return found

    return run


@pytest.fixture
def up(watched, gateway, calls, policies):
    """Run `up` with the keys of somebody who has its policy; its kind. `broken` is an action that fails."""

    def run(flags: str = "", *, code: int = 0, broken: str = "", verb: str = "up") -> str:
        gateway.made()
        with gateway.refusing(lambda call: call.action == broken or not call.is_allowed_by(policies[Who.up])):
            ended = watched.run(f"rajee-deploy {verb} --json {flags}", code=code)
        calls.up |= gateway.made()
        return json.loads(ended.stdout).get("kind", "")

    return run


def edit(shell, name: str, old: str, new: str) -> None:
    path = shell.folder / name
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))


def test_a_first_deploy(look, up):
    assert look("plan --json").kind == "first"
    assert up() == "first"


@pytest.mark.parametrize("tier", ["auto", "hash", "synth"])
def test_nothing_to_do_in_every_tier(watched, look, up, tier):
    (watched.folder.parent / "state" / "verdicts.json").unlink(missing_ok=True)  # as on another machine
    assert look(f"plan --json --infra-check={tier}").kind == "noop"
    assert up(f"--infra-check={tier}") == "noop"


@pytest.mark.parametrize("words", ["fingerprint", "explain", f"explain {ENVOY}", "verify", "permissions", "report"])
def test_verbs_that_ask_aws_nothing(look, words):
    assert look(words).made == set()


def test_another_machine_asks_which_services_a_stack_has(look, tmp_path):
    found = look("plan --json", RAJEE_DEPLOY_CACHE_DIR=str(tmp_path))
    assert found.kind == "noop"
    assert {"cloudformation:ListStackResources", "ecs:DescribeServices"} <= found.made


def test_drift_is_put_back(watched, look, up):
    ecs = client(watched, "ecs")
    (cluster,) = ecs.list_clusters()["clusterArns"]
    (service,) = ecs.list_services(cluster=cluster)["serviceArns"]
    container = {"name": "other", "image": "nginx:1", "memory": 64}
    other = ecs.register_task_definition(family="other", containerDefinitions=[container])["taskDefinition"]
    ecs.update_service(cluster=cluster, service=service, taskDefinition=other["taskDefinitionArn"])
    assert look("plan --json").kind == "noop"
    assert up("--repair-drift") == "repair"


def test_an_edit_of_the_image(watched, look, up):
    former = look("fingerprint").stdout.strip()
    edit(watched, ENVOY, "", "# edited\n")
    assert look("plan --json").kind == "code"
    assert up() == "code"
    told = json.loads(look(f"explain --since {former} --json").stdout)
    assert former in json.dumps(told), "the record beside the former image is read"
    look("explain --since deployed")


def test_an_edit_of_the_infrastructure(watched, look, up):
    given.edit(watched.folder / "infra", "Rajee: Envoy in front", "Envoy in front")
    assert look("plan --json").kind == "infra"
    assert up() == "infra"


def test_tags_that_are_elsewhere_are_moved_back(watched, look, up):
    ecr = client(watched, "ecr")
    (image,) = ecr.batch_get_image(repositoryName="raja/envoy", imageIds=[{"imageTag": "prev-RajeeEnvoyStack"}])[
        "images"
    ]
    ecr.put_image(
        repositoryName="raja/envoy",
        imageManifest=image["imageManifest"],
        imageTag="live-RajeeEnvoyStack",
        imageManifestMediaType=image["imageManifestMediaType"],
    )
    assert look("plan --json").kind == "tags"
    assert up() == "tags"
    assert up("--also-tag v1.2.3") == "tags"


def test_a_deploy_that_fails(watched, up):
    edit(watched, ENVOY, "# edited\n", "# edited again\n")
    up(code=1, broken="cloudformation:UpdateStack")
    assert up() == "code"
    assert up() == "noop"


def test_accepting_alone_and_going_back(watched, look, up):
    edit(watched, ENVOY, "# edited again\n", "# edited once more\n")
    assert up("--no-wait") == "code"
    assert look("rollback --plan --json").kind == "code"
    up(verb="rollback")
    assert up() == "code"


def test_status_tells_what_it_may_see_to_who_only_reads(look):
    assert json.loads(look("status --json").stdout)["schema"] == "rajee-deploy.status/1"


def test_doctor_finds_no_fault_with_who_only_reads(look):
    found = json.loads(look("doctor --json").stdout)
    refused = [each["check"] for each in found["checks"] if each["code"] == "access-denied"]
    assert (found["schema"], refused, found["counts"]["error"]) == ("rajee-deploy.doctor/1", [], 0)


def test_registries_of_base_images_are_only_read(watched, look):
    with SmallRegistry().running() as registry:
        registry.push("1", {})
        watched.folder.joinpath("other").mkdir()
        (watched.folder / "other" / "Dockerfile").write_text(f"FROM {registry.host}/team/app:1\n")
        (watched.folder / "other" / "rajee-deploy.toml").write_text('[images.app]\nrepository = "raja/envoy"\n')
        look("plan --bases --json --config other/rajee-deploy.toml", RAJEE_DEPLOY_ENVIRONMENT="")
    assert {asked.split()[0] for asked in registry.asked} <= {"GET", "HEAD"}
    assert any("/manifests/" in asked for asked in registry.asked)


# -- what all of it amounts to -------------------------------------------------------------------------------------


def test_the_policies_are_the_calls_that_were_made(calls):
    # This service records nothing outside of its stacks, and has no function.
    may_read, may_up = (
        {
            each.action
            for each in needed_permissions(who)
            if each.scope not in (PermissionScope.RECORDS, PermissionScope.FUNCTIONS)
        }
        - {"ecs:DescribeServiceRevisions"}  # the sandbox's ECS never rolls back
        for who in (Who.plan, Who.up)
    )
    # `status` asks for what only `up` may see, and says so where it is refused.
    assert calls.reading - may_up == set()
    assert calls.reading & may_read == may_read
    # No task of the sandbox ever stops. With containerd's image store the engine sends each layer in one piece.
    pieces = {"ecr:UploadLayerPart"}
    made = calls.up | calls.reading | (set() if has_classic_store(EngineSettings()) else pieces)
    assert made == may_up - {"ecs:DescribeTasks", "logs:GetLogEvents"}


def client(shell, service: str):
    chosen = shell.environment
    return boto3.client(
        service,
        region_name="us-east-1",
        endpoint_url=chosen["AWS_ENDPOINT_URL"],
        aws_access_key_id=chosen["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=chosen["AWS_SECRET_ACCESS_KEY"],
    )
