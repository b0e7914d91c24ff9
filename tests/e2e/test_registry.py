"""The registry's promises through the shell: races, planted and wrong images, expired ones, tags; each converges.

Images alone, without a stack, built by a real engine and pushed over HTTP to the sandbox.
"""

from __future__ import annotations

import json
import subprocess
import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import boto3
import pytest

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.docker

SETTINGS = """
[images.app]
repository = "{repository}"
{more}
"""


@dataclass
class Project:
    """A project with one image, in a repository of its own."""

    shell: Any
    repository: str

    @property
    def ecr(self) -> Any:
        chosen = self.shell.environment
        return boto3.client(
            "ecr",
            region_name="us-east-1",
            endpoint_url=chosen["AWS_ENDPOINT_URL"],
            aws_access_key_id=chosen["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=chosen["AWS_SECRET_ACCESS_KEY"],
        )

    def write(self, content: str, more: str = "") -> None:
        (self.shell.folder / "rajee-deploy.toml").write_text(SETTINGS.format(repository=self.repository, more=more))
        (self.shell.folder / "Dockerfile").write_text("FROM scratch\nCOPY app /app\n")
        (self.shell.folder / "app").write_text(content)

    def up(self, flags: str = "", *, code: int = 0) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.shell.run(f"rajee-deploy up --json {flags}", code=code).stdout)
        return document

    def tag(self) -> str:
        return self.shell.run("rajee-deploy fingerprint").stdout.strip()

    def tags(self) -> dict[str, str]:
        """Of images: without the records of what images were made of, which lie beside them."""
        found = self.ecr.describe_images(repositoryName=self.repository)["imageDetails"]
        tags = {tag: image["imageDigest"] for image in found for tag in image.get("imageTags", ())}
        return {tag: digest for tag, digest in tags.items() if not tag.startswith("m-")}

    def plant(self, source: str, tag: str) -> None:
        """Give an image a tag that is not its own."""
        asked = {"repositoryName": self.repository, "imageIds": [{"imageTag": source}]}
        (image,) = self.ecr.batch_get_image(**asked)["images"]
        self.ecr.put_image(
            repositoryName=self.repository,
            imageManifest=image["imageManifest"],
            imageTag=tag,
            imageManifestMediaType=image["imageManifestMediaType"],
        )

    def expire(self, *tags: str) -> None:
        self.ecr.batch_delete_image(repositoryName=self.repository, imageIds=[{"imageTag": tag} for tag in tags])


@pytest.fixture
def project(shell, tmp_path) -> Project:
    environment = {name: value for name, value in shell.environment.items() if name != "RAJEE_DEPLOY_ENVIRONMENT"}
    (tmp_path / "one").mkdir()
    environment["RAJEE_DEPLOY_STATE_DIR"] = str(tmp_path / "state")
    found = Project(replace(shell, folder=tmp_path / "one", environment=environment), f"e2e/{uuid.uuid4().hex[:10]}")
    found.ecr.create_repository(
        repositoryName=found.repository,
        imageTagMutability="IMMUTABLE_WITH_EXCLUSION",
        imageTagMutabilityExclusionFilters=[{"filterType": "WILDCARD", "filter": "moving-*"}],
    )
    return found


def test_what_is_pushed_is_ours_and_a_second_run_writes_nothing(project):
    project.write(project.repository)
    assert [step["step"] for step in project.up()["steps"]] == ["build-and-push"]
    assert project.up()["kind"] == "noop"
    # Another machine: it has no verdicts, looks at the image once, and believes it.
    elsewhere = project.shell.run("rajee-deploy up --json", RAJEE_DEPLOY_STATE_DIR=str(project.shell.folder / "other"))
    assert json.loads(elsewhere.stdout)["kind"] == "noop"


def test_two_machines_that_build_one_commit_both_succeed_with_one_image(project):
    """Whoever comes second finds the image there, or pushes the very same one, or is refused the tag."""
    project.write(project.repository)
    second = project.shell.folder.parent / "two"
    project.shell.run(f"cp -r . {second}")
    runs = [start(project, folder) for folder in (project.shell.folder, second)]
    said = [run.communicate(timeout=120) for run in runs]
    assert [run.returncode for run in runs] == [0, 0], said
    steps = [[step["step"] for step in json.loads(out)["steps"]] for out, _ in said]
    assert ["build-and-push"] in steps
    (digest,) = project.tags().values()
    if steps == [["build-and-push"]] * 2:
        assert all(digest[: len("sha256:") + 12] in error for _, error in said), "both name the image that won"
    assert project.up()["kind"] == "noop"


def test_the_second_of_two_pushes_is_refused_and_that_is_success(project, tmp_path):
    """The same race, held still: another machine pushes between our plan and our push."""
    project.write(project.repository)
    wrapper = tmp_path / "bin"
    wrapper.mkdir()
    # A second later, so that the label of the time, and with it the digest, is another.
    run = f"PATH=$REAL_PATH rajee-deploy up >{tmp_path}/other 2>&1 || touch {tmp_path}/failed"
    other = f"sleep 1.1; cd {project.shell.folder} && {run}"
    (wrapper / "docker").write_text(
        "#!/bin/sh\n"
        f'case "$*" in *--push*) if [ ! -e {tmp_path}/done ]; then touch {tmp_path}/done; ({other}); fi;; esac\n'
        'PATH="$REAL_PATH" exec docker "$@"\n'
    )
    (wrapper / "docker").chmod(0o755)
    path = project.shell.environment["PATH"]
    ended = project.shell.run("rajee-deploy up", PATH=f"{wrapper}:{path}", REAL_PATH=path)
    assert not (tmp_path / "failed").exists(), (tmp_path / "other").read_text()
    assert "its image is used" in ended.stderr
    (digest,) = project.tags().values()
    assert ended.stdout.endswith(f"@{digest}\n")
    assert project.up()["kind"] == "noop"


def test_a_planted_image_is_never_used(project):
    project.write("one")
    project.up()
    first = project.tag()
    project.write("two")
    project.plant(first, project.tag())
    error = project.up(code=1)
    assert error["code"] == "image-not-ours"
    assert "batch-delete-image" in error["hint"]
    project.expire(project.tag())
    assert project.up()["kind"] == "code"
    assert project.up()["kind"] == "noop"


def test_an_image_of_another_platform_is_never_used(project):
    project.write("one")
    project.up()
    tag = project.tag()
    amd = project.tags()[tag]
    project.write("one", 'platform = "linux/arm64"')
    project.plant(tag, project.tag())
    error = project.up(code=1)
    assert (error["code"], amd in error["cause"]) == ("image-wrong-platform", True)
    project.expire(project.tag())
    assert project.up()["kind"] == "code"
    assert project.up()["kind"] == "noop"


@pytest.mark.proof
def test_one_tag_for_several_platforms(project):
    several = 'platform = ["linux/arm64", "linux/amd64"]\ntags = ["moving-{image}"]'
    project.shell.environment["RAJEE_DEPLOY_ENGINE"] = "buildah"  # the engine at hand makes one at a time
    project.write("one", several)
    assert [step["step"] for step in project.up()["steps"]] == ["build-and-push", "tag"]
    (index,) = {project.tags()[project.tag()], project.tags()["moving-app"]}
    assert project.up()["kind"] == "noop"
    # The image of one platform alone, under the tag of both: it would fail where the other is asked for.
    asked = {"repositoryName": project.repository, "imageIds": [{"imageDigest": index}]}
    (image,) = project.ecr.batch_get_image(**asked)["images"]
    children = [item["digest"] for item in json.loads(image["imageManifest"])["manifests"]]
    assert len(children) == 2
    project.expire(project.tag(), "moving-app")
    project.write("one", 'platform = "linux/arm64"')
    project.up()
    single = project.tag()
    project.write("one", several)
    project.plant(single, project.tag())
    error = project.up(code=1)
    assert (error["code"], "linux/amd64 and linux/arm64" in error["problem"]) == ("image-wrong-platform", True)
    project.expire(project.tag())
    assert project.up()["kind"] == "code"
    assert project.up()["kind"] == "noop"


@pytest.mark.proof
def test_an_expired_image_is_built_again(project):
    project.write("one")
    project.up()
    project.expire(project.tag())
    assert project.up()["kind"] == "code"
    assert project.up()["kind"] == "noop"


def test_additional_tags_are_given_once_and_declared_ones_move(project):
    project.write("one", 'tags = ["moving-{image}"]')
    project.up("--also-tag v1.2.3")
    tags = project.tags()
    assert {tags["moving-app"], tags["v1.2.3"]} == {tags[project.tag()]}
    assert project.up("--also-tag v1.2.3")["kind"] == "noop"
    assert project.up("--also-tag v1.2.4")["kind"] == "tags"
    project.write("two", 'tags = ["moving-{image}"]')
    assert project.up("--also-tag v1.2.3", code=1)["code"] == "tag-taken"
    assert project.up()["kind"] == "code"
    assert project.tags()["moving-app"] == project.tags()[project.tag()] != tags["moving-app"]


def start(project: Project, folder: Path) -> subprocess.Popen[str]:
    environment = {**project.shell.environment, "RAJEE_DEPLOY_STATE_DIR": str(folder / "state")}
    return subprocess.Popen(
        ["rajee-deploy", "up", "--json"],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
