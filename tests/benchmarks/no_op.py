"""A no-op `up` against a no-op `cdk deploy`; and `plan` and `up` against a bare boto3 script that makes their calls."""

from __future__ import annotations

import os
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measure import COMMAND, REST, TOP, cost, costs, first_paint, goal, private, show, write_tree
from tls_front import https

# The calls of a no-op of this repository where the hash tier decides, one after the other.
_BARE = """
import os, boto3
session = boto3.Session(region_name="us-east-1")
session.client("sts").get_caller_identity()
cloudformation, ecr = session.client("cloudformation"), session.client("ecr")
for stack in ("RajeeRegistryStack", "RajeeEnvoyStack"):
    found = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    cloudformation.get_template(StackName=stack, TemplateStage="Original")
tag = next(each["ParameterValue"] for each in found["Parameters"] if each["ParameterKey"] == "ImageTag")
ecr.batch_get_image(repositoryName="raja/envoy", imageIds=[{"imageTag": tag}])["images"][0]
cluster, service = os.environ["BENCH_SERVICE"].split()
session.client("ecs").describe_services(cluster=cluster, services=[service])["services"][0]
"""


def _against_boto3(environment: dict[str, str], how: str) -> None:
    """Whole processes, in turns: the seven calls by bare boto3, and the verbs that make them."""
    programs = {
        f"boto3 alone, the same calls{how}": [sys.executable, "-c", _BARE],
        f"rajee-deploy plan{how}": [COMMAND, "plan"],
        f"rajee-deploy up{how}": [COMMAND, "up"],
    }
    costs(programs, environment, rounds=1)  # what is kept between runs is there
    measured = costs(programs, environment, rounds=15)
    bare, plan, up = measured.values()
    for name, each in measured.items():
        show(name, each, bare)
    for verb, each in (("plan", plan), ("up", up)):
        goal(f"{verb} to boto3 alone, wall{how}", each.wall / bare.wall, 1.0)


def _service(environment: dict[str, str]) -> tuple[str, str]:
    """The cluster and the service of the reference service."""
    import boto3

    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    keys = {name.lower(): environment[name] for name in names}
    ecs = boto3.client("ecs", "us-east-1", endpoint_url=environment["AWS_ENDPOINT_URL"], **keys)
    (cluster,) = ecs.list_clusters()["clusterArns"]
    (service,) = ecs.list_services(cluster=cluster)["serviceArns"]
    return cluster, service


def _plan_of_many_files(state: Path, environment: dict[str, str]) -> None:
    """`plan` of a service that copies 100,000 files, against one that copies 100; both make the same calls."""
    programs = {}
    for name, directories in (("100", 1), ("100,000", 1000)):
        project = state / f"files-{directories}"
        write_tree(project / "src", directories, 100, 64)
        (project / "Dockerfile").write_text("FROM scratch\nCOPY src /src\n")
        (project / "rajee-deploy.toml").write_text('[images.app]\nrepository = "raja/envoy"\n')
        programs[f"rajee-deploy plan of {name} files"] = [
            COMMAND,
            "plan",
            "--config",
            str(project / "rajee-deploy.toml"),
        ]
    own = {**environment, "RAJEE_DEPLOY_ENVIRONMENT": ""}
    time.sleep(REST)
    costs(programs, own, rounds=1)  # the stat cache learns them
    few, many = costs(programs, own).values()
    for name, each in zip(programs, (few, many), strict=True):
        show(name, each, few)
    goal("seconds that 100,000 files take more", many.wall - few.wall, 0.6)


def _a_new_image_alone(state: Path, environment: dict[str, str]) -> None:
    """What `up` takes beyond CloudFormation's own update (which is over at once in the sandbox) when the image that a
    new tag needs is there: going back and forth between two images."""
    project = state / "repository"
    names = subprocess.run(["git", "ls-files", "-z"], cwd=TOP, capture_output=True, check=True, text=True).stdout.split(
        "\0"
    )
    for name in filter(None, names):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(TOP / name, project / name)
    (project / "infra" / "node_modules").symlink_to(TOP / "infra" / "node_modules")
    settings = project / "pyproject.toml"
    table = "[tool.rajee-deploy.environments.sandbox-offline]\n"
    settings.write_text(settings.read_text().replace(table, table + 'cdk = { tag-only = "cloudformation" }\n'))
    envoy = project / "infra/raja_poc/assets/envoy/envoy.yaml"
    texts = [envoy.read_text(), "# other\n" + envoy.read_text()]
    up = [COMMAND, "up", "--config", str(settings)]
    for text in texts:
        envoy.write_text(text)
        subprocess.run(up, cwd=project, env=environment, check=True, capture_output=True)
    walls = []
    for number in range(6):
        envoy.write_text(texts[number % 2])
        start = time.perf_counter()
        subprocess.run(up, cwd=project, env=environment, check=True, capture_output=True)
        walls.append(time.perf_counter() - start)
    print(f"rajee-deploy up, a new tag alone (median of {len(walls)}): {statistics.median(walls) * 1000:.0f} ms wall")
    from rajee_deploy.actions.arrival import APART_SECONDS

    goal("seconds beyond the rollout and the pause between two looks", statistics.median(walls) - APART_SECONDS, 2)


def run() -> None:
    """A no-op `up` against a no-op `cdk deploy` of the same service in the same sandbox."""
    with tempfile.TemporaryDirectory() as state:
        environment = {
            **private(state),
            "HOME": os.environ["HOME"],  # docker's plugins lie there
            "RAJEE_DEPLOY_STATE_DIR": state,
            "RAJEE_DEPLOY_ENVIRONMENT": "sandbox-offline",
            "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "18,20",
        }
        subprocess.run([str(TOP / ".ci" / "stand-ins")], check=True, env={**environment, "PYTHON": sys.executable})
        started = subprocess.run(
            [COMMAND, "sandbox", "start"], env=environment, check=True, capture_output=True, text=True
        )
        try:
            for line in started.stdout.splitlines():
                name, _, value = line.removeprefix("export ").partition("=")
                environment[name] = shlex.split(value)[0]
            cdk = str(TOP / "infra" / "node_modules" / ".bin" / "cdk")
            run = [cdk, "bootstrap", "--app", "", "aws://123456789012/us-east-1"]
            subprocess.run(run, cwd=state, env=environment, check=True, capture_output=True)
            subprocess.run([COMMAND, "up"], cwd=TOP, env=environment, check=True, capture_output=True)
            deploy = [
                cdk,
                "deploy",
                "--all",
                "--method=direct",
                "--require-approval=never",
                "--output",
                f"{state}/cdk.out",
            ]
            environment["BENCH_SERVICE"] = " ".join(_service(environment))
            raw = cost(["sh", "-c", f"cd infra && exec {shlex.join(deploy)}"], environment, rounds=3)
            show("cdk deploy --all, nothing changed", raw)
            up = cost([COMMAND, "up"], environment)
            show("rajee-deploy up, nothing changed", up, raw)
            goal("times faster than cdk deploy, wall", raw.wall / up.wall, 10, at_least=True)
            _against_boto3(environment, "")
            with https(environment["AWS_ENDPOINT_URL"], Path(state)) as variables:
                _against_boto3({**environment, **variables}, " (HTTPS)")
            for verb in ("plan", "up"):
                goal(
                    f"ms until a terminal shows that {verb} is at work",
                    first_paint([COMMAND, verb], environment) * 1000,
                    100,
                )
            _plan_of_many_files(Path(state), environment)
            _a_new_image_alone(Path(state), environment)
        finally:
            subprocess.run([COMMAND, "sandbox", "stop"], env=environment, check=True, capture_output=True)
