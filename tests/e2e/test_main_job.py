"""The main job through the shell, on real parts: a Docker Engine, pushes and pulls over HTTP, the cdk CLI, an Envoy.

The tests of this file are one story and run in its order.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import boto3
import given
import pytest

from rajee_deploy.system.ours import is_ours_alone

pytestmark = [pytest.mark.docker, pytest.mark.cdk]

ENVOY = "infra/raja_poc/assets/envoy/envoy.yaml"
STACK = "infra/raja_poc/stacks/rajee_envoy_stack.py"


def plan(shell) -> dict:
    return json.loads(shell.run("rajee-deploy plan --json").stdout)


def up(shell) -> dict:
    """Plan, then `up`; both must say the same."""
    planned = plan(shell)
    done = json.loads(shell.run("rajee-deploy up --json").stdout)
    assert done["outcome"] == "done"
    assert (steps(done), done["kind"]) == (steps(planned), planned["kind"])
    return done


def steps(document: dict) -> list[dict]:
    """The steps without the tier they stand on (what plan had to synthesise for, up remembers), and without what made a
    tag new, which plan alone tells."""
    return [{key: step[key] for key in step if key not in ("tier", "since")} for step in document["steps"]]


def plan_elsewhere(shell, place: Path) -> dict:
    """The plan of a machine that never ran the tool and has neither node, nor an engine, nor the CDK CLI."""
    checkout = place / "clone"
    shutil.copytree(shell.folder, checkout, ignore=shutil.ignore_patterns("node_modules", "__pycache__"), symlinks=True)
    for name in ("home", "tmp", "bin"):
        (place / name).mkdir()
    command, *programs = (shutil.which(name, path=shell.environment["PATH"]) for name in ("rajee-deploy", "git", "sh"))
    for program in programs:
        (place / "bin" / Path(program).name).symlink_to(program)
    own = {
        "PATH": str(place / "bin"),
        "HOME": str(place / "home"),
        "TMPDIR": str(place / "tmp"),
        "RAJEE_DEPLOY_STATE_DIR": str(place / "state"),
        "RAJEE_DEPLOY_CACHE_DIR": str(place / "cache"),
        "DOCKER_HOST": "tcp://127.0.0.1:9",
    }
    ended = subprocess.run(
        [command, "plan", "--json"],
        cwd=checkout,
        env={**shell.environment, **own},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def words(document: dict) -> list[str]:
    return [f"{step['step']} {step.get('image') or step.get('stack')}" for step in document["steps"]]


def edit(shell, name: str, text: str) -> None:
    path = shell.folder / name
    path.write_text(text + path.read_text())


@pytest.fixture(scope="module")
def envoy():
    """One that is what people have."""
    return given.ENVOY


@pytest.fixture(scope="module")
def bootstrapped(shell):
    """By the CDK CLI itself."""
    shell.run("infra/node_modules/.bin/cdk bootstrap aws://123456789012/us-east-1 --no-notices")
    return shell


@pytest.fixture(scope="module", autouse=True)
def _construct_of_the_copy(shell):
    """The app imports the construct from its own directory. This environment's lies in another checkout, and of what
    lies outside of a checkout other machines know nothing."""
    shutil.copytree(shell.folder / "rajee_deploy", shell.folder / "infra" / "raja_poc" / "rajee_deploy")


def test_an_account_that_was_never_bootstrapped_is_said_so(shell):
    ended = shell.run("rajee-deploy up", code=1)
    assert "explain-error not-bootstrapped\n" in ended.stderr
    assert "npx cdk bootstrap aws://123456789012/us-east-1" in ended.stderr


def test_the_first_up_makes_everything(bootstrapped):
    done = up(bootstrapped)
    assert words(done) == ["deploy RajeeRegistryStack", "build-and-push envoy", "deploy RajeeEnvoyStack"]
    assert done["kind"] == "first"


def test_the_second_up_does_nothing_and_says_why(bootstrapped):
    ended = bootstrapped.run("rajee-deploy up")
    assert "Nothing to do" in ended.stderr
    tag = bootstrapped.run("rajee-deploy fingerprint -e sandbox-offline").stdout.strip()
    assert re.fullmatch(rf"\S+/raja/envoy:{tag}@sha256:[0-9a-f]{{64}}\n", ended.stdout)
    assert re.search(rf"= envoy +{tag[:14]} runs on \d of \d task", ended.stderr)
    assert up(bootstrapped)["kind"] == "noop"


def test_nothing_to_do_needs_neither_docker_nor_node(bootstrapped, tmp_path):
    for name in ("docker", "node", "npx"):
        (tmp_path / name).write_text("#!/bin/sh\necho called >> " + str(tmp_path / "called") + "\nexit 1\n")
        (tmp_path / name).chmod(0o755)
    path = f"{tmp_path}:{bootstrapped.environment['PATH']}"
    ended = bootstrapped.run("rajee-deploy up", PATH=path, DOCKER_HOST="tcp://127.0.0.1:9")
    assert "Nothing to do" in ended.stderr
    assert not (tmp_path / "called").exists()


def test_an_edit_that_no_image_reads_does_nothing(bootstrapped):
    edit(bootstrapped, "README.md", "edited\n")
    assert up(bootstrapped)["kind"] == "noop"


def test_an_edit_of_the_stack_that_makes_the_same_template_is_synthesised_once_and_deploys_nothing(bootstrapped):
    edit(bootstrapped, STACK, "# edited\n")
    assert plan(bootstrapped)["infrastructure"]["tier"] == "synth"
    done = up(bootstrapped)
    assert (done["kind"], done["infrastructure"]["tier"]) == ("noop", "hash")


def test_what_one_machine_found_out_decides_on_another(bootstrapped, tmp_path):
    """The proof lies beside the images."""
    planned = plan_elsewhere(bootstrapped, tmp_path)
    assert (planned["kind"], planned["infrastructure"]["tier"]) == ("noop", "hash")


def test_an_edit_of_the_stack_deploys_without_building(bootstrapped, tmp_path):
    path = bootstrapped.folder / STACK
    path.write_text(path.read_text().replace("Rajee: Envoy in front", "Envoy in front"))
    done = up(bootstrapped)
    assert words(done) == ["deploy RajeeEnvoyStack"]
    assert done["kind"] == "infra"
    planned = plan_elsewhere(bootstrapped, tmp_path)
    assert (planned["kind"], planned["infrastructure"]["tier"]) == ("noop", "hash"), "each stack is of another synth"


def test_an_edit_of_a_copied_file_builds_pushes_and_deploys(bootstrapped):
    before = plan(bootstrapped)["images"]["envoy"]["tag"]
    edit(bootstrapped, ENVOY, "# edited\n")
    done = up(bootstrapped)
    assert words(done) == ["build-and-push envoy", "deploy RajeeEnvoyStack"]
    assert (done["kind"], done["images"]["envoy"]["tag"] != before) == ("code", True)
    assert "synth" not in [phase["name"] for phase in done["phases"]], "the kept assembly was deployed"
    assert up(bootstrapped)["kind"] == "noop"


def test_going_back_to_a_former_image_builds_nothing(bootstrapped):
    path = bootstrapped.folder / ENVOY
    edited = path.read_text()
    path.write_text(edited.removeprefix("# edited\n"))
    assert words(up(bootstrapped)) == ["deploy RajeeEnvoyStack"]
    path.write_text(edited)
    assert words(up(bootstrapped)) == ["deploy RajeeEnvoyStack"]


def test_what_runs_and_what_ran_before_carry_their_shields(bootstrapped):
    """`prev-` and `live-` are moved with every deploy of another image, and a run with nothing to do moves nothing."""
    path = bootstrapped.folder / ENVOY
    edited = path.read_text()
    images = []
    for text in (f"# for a while\n{edited}", edited):
        path.write_text(text)
        up(bootstrapped)
        images.append(digests(bootstrapped)[plan(bootstrapped)["images"]["envoy"]["tag"]])
    found = digests(bootstrapped)
    assert [found["prev-RajeeEnvoyStack"], found["live-RajeeEnvoyStack"]] == images
    assert up(bootstrapped)["kind"] == "noop"
    assert digests(bootstrapped) == found


def test_the_deployed_task_runs_the_very_image(bootstrapped):
    ecs = client(bootstrapped, "ecs")
    # moto has a default cluster of its own.
    services = {c: ecs.list_services(cluster=c)["serviceArns"] for c in ecs.list_clusters()["clusterArns"]}
    ((cluster, (arn,)),) = ((cluster, arns) for cluster, arns in services.items() if arns)
    (service,) = ecs.describe_services(cluster=cluster, services=[arn])["services"]
    definition = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
    (container,) = definition["containerDefinitions"]
    assert container["name"] == "EnvoyProxy"
    assert container["image"].endswith(f"raja/envoy:{plan(bootstrapped)['images']['envoy']['tag']}")


def test_the_pushed_image_is_pulled_runs_and_is_ready(bootstrapped, tmp_path):
    tag = plan(bootstrapped)["images"]["envoy"]["tag"]
    ecr = client(bootstrapped, "ecr")
    uri = ecr.describe_repositories(repositoryNames=["raja/envoy"])["repositories"][0]["repositoryUri"]
    (record,) = ecr.describe_images(repositoryName="raja/envoy", imageIds=[{"imageTag": tag}])["imageDetails"]
    token = ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    (tmp_path / "config.json").write_text(json.dumps({"auths": {uri.split("/")[0]: {"auth": token}}}))
    docker = lambda *words: subprocess.run(  # noqa: E731 -- two words long where it is used
        ["docker", "--config", str(tmp_path), *words], check=True, capture_output=True, text=True
    ).stdout.strip()
    reference = f"{uri}@{record['imageDigest']}"
    docker("pull", "--quiet", reference)
    settings = [
        "AUTH_DISABLED=true",
        "S3_BUCKET=a-bucket",
        "AWS_REGION=us-east-1",
        "AWS_ACCESS_KEY_ID=a",
        "AWS_SECRET_ACCESS_KEY=b",
    ]
    environment = [word for setting in settings for word in ("--env", setting)]
    container = docker("run", "--detach", "--rm", "--publish", "127.0.0.1::10001", *environment, reference)
    try:
        address = docker("port", container, "10001").splitlines()[0]
        assert status(f"http://{address}/ready") == 200
        template = next((bootstrapped.folder / "infra").glob("cdk.out/RajeeEnvoyStack.template.json"), None)
        assert template is None, "synth left its output in the project"
        docker("exec", container, *health_check(bootstrapped))
    finally:
        docker("stop", "--time", "5", container)
        docker("image", "rm", "--force", reference)


def test_nothing_is_left_behind(bootstrapped):
    names = [path.name for path in (bootstrapped.folder.parent / "tmp").iterdir()]
    # The sandbox's own directory is in use as long as it runs.
    assert [n for n in names if n.startswith(("rajee-deploy", "cdk.out")) and "-sandbox-" not in n] == []
    changed = bootstrapped.run("ls -A infra").stdout.split()
    assert "cdk.out" not in changed
    assert "cdk.context.json" not in changed


def test_the_report_counts_the_runs(bootstrapped):
    document = json.loads(bootstrapped.run("rajee-deploy report --json").stdout)
    kinds = {kind["kind"]: kind for kind in document["kinds"]}
    assert set(kinds) == {"first", "noop", "infra", "code"}
    assert (document["builds"], document["failed"]) == (3, 1)
    # What was compared with what ran before: real layers, of which none were the same.
    assert document["layers"] == {"compared": 2, "same": 0}
    assert document["wrong_skips"]["found"] == 0
    assert document["dora"]["deployments"] == sum(kinds[kind]["count"] for kind in ("first", "infra", "code"))


def test_a_retained_repository_is_adopted(bootstrapped):
    cloudformation, ecr = client(bootstrapped, "cloudformation"), client(bootstrapped, "ecr")
    for stack in ("RajeeEnvoyStack", "RajeeRegistryStack"):
        cloudformation.delete_stack(StackName=stack)
    assert ecr.describe_repositories(repositoryNames=["raja/envoy"])["repositories"]
    planned = plan(bootstrapped)
    assert planned["steps"][0]["adopt"] is True
    assert words(up(bootstrapped)) == ["deploy RajeeRegistryStack", "deploy RajeeEnvoyStack"]
    assert up(bootstrapped)["kind"] == "noop"


@pytest.mark.proof
def test_a_stack_is_deployed_by_digest_where_both_sides_say_so(bootstrapped):
    settings, stack = bootstrapped.folder / "pyproject.toml", bootstrapped.folder / STACK
    settings.write_text(
        settings.read_text().replace('parameter = "ImageTag"', 'parameter = "ImageTag"\ndeploy-by = "digest"')
    )
    assert "explain-error parameter-refused\n" in bootstrapped.run("rajee-deploy up", code=64).stderr
    stack.write_text(stack.read_text().replace('images=("ImageTag",)', 'images=("ImageTag",), deploy_by="digest"'))
    done = up(bootstrapped)
    digest = digests(bootstrapped)[done["images"]["envoy"]["tag"]]
    assert done["steps"][-1]["parameters"]["ImageTag"] == digest
    ecs = client(bootstrapped, "ecs")
    definition = ecs.describe_task_definition(taskDefinition=ecs.list_task_definitions()["taskDefinitionArns"][-1])
    assert definition["taskDefinition"]["containerDefinitions"][0]["image"].endswith(f"raja/envoy@{digest}")
    assert up(bootstrapped)["kind"] == "noop"
    since = json.loads(bootstrapped.run("rajee-deploy explain --since deployed --json").stdout)["images"]["envoy"]
    assert (since["before"], since["same"]) == (done["images"]["envoy"]["tag"], True)
    edit(bootstrapped, ENVOY, "# edited once more\n")
    done = up(bootstrapped)
    assert words(done) == ["build-and-push envoy", "deploy RajeeEnvoyStack"]
    assert up(bootstrapped)["kind"] == "noop"
    found = digests(bootstrapped)
    assert found["live-RajeeEnvoyStack"] == found[done["images"]["envoy"]["tag"]]
    assert found["prev-RajeeEnvoyStack"] == digest


def test_a_wrong_account_stops_before_anything(bootstrapped):
    path = bootstrapped.folder / "pyproject.toml"
    text = path.read_text()
    path.write_text(text.replace('account = "123456789012"', 'account = "999999999999"'))
    ended = bootstrapped.run("rajee-deploy up", code=1)
    path.write_text(text)
    assert "explain-error wrong-account\n" in ended.stderr


def test_all_that_was_kept_meanwhile_is_known_as_the_tools_own(shell):
    """Else it would be an input where it lies below a build context or the CDK app: see rajee_deploy/system/ours.py."""
    for name in ("RAJEE_DEPLOY_STATE_DIR", "RAJEE_DEPLOY_CACHE_DIR"):
        place = Path(shell.environment[name])
        assert len(list(place.rglob("*"))) > 5
        assert is_ours_alone(place), sorted(map(str, place.rglob("*")))


def digests(shell) -> dict[str, str]:
    """The repository's tags, and the digest of each."""
    found = client(shell, "ecr").describe_images(repositoryName="raja/envoy")["imageDetails"]
    return {tag: image["imageDigest"] for image in found for tag in image.get("imageTags", ())}


def client(shell, service: str):
    chosen = {
        name: shell.environment[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL")
    }
    return boto3.client(
        service,
        region_name="us-east-1",
        endpoint_url=chosen["AWS_ENDPOINT_URL"],
        aws_access_key_id=chosen["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=chosen["AWS_SECRET_ACCESS_KEY"],
    )


def health_check(shell) -> list[str]:
    """The container's own check, from the task definition that was deployed."""
    ecs = client(shell, "ecs")
    definition = ecs.describe_task_definition(taskDefinition=ecs.list_task_definitions()["taskDefinitionArns"][-1])
    command = definition["taskDefinition"]["containerDefinitions"][0]["healthCheck"]["command"]
    assert command[0] == "CMD"
    return command[1:]


def status(url: str) -> int:
    deadline = time.monotonic() + 20
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return answer.status
        except (urllib.error.URLError, ConnectionError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
