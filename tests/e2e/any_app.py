"""An app of tests/apps in a checkout of its own, beside a sandbox: run, edited, and read back.

    app = apps("lambdas_py")
    app.deploy()                                        # plain `cdk deploy`
    before = app.deployed()
    app.replace("functions/shop/prices.py", "3", "4")
    ran = app.up()                                      # or app.run("rajee-deploy plan --json")
    assert (ran.builds, len(ran.node)) == (1, 0)
    assert app.deployed().since(before) == Change(images={"Shop"})

`deployed` sees what CloudFormation and the registry have, by whomever it was deployed: contents of images without
times, templates without tags. So it tells what an edit changed by plain `cdk deploy`, for a comparison with ours.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import session
from e2e.image_contents import image_content

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

APPS = Path(__file__).parents[1] / "apps"
# How each is deployed: `--all` is of the app's own stacks, those of its stages are named.
STACKS = {
    "fargate_py": "--all",
    "lambdas_py": "--all",
    "nested_py": "--all",
    "regions_py": "--all",
    "services_ts": "--all",
    "stages_py": "'Prod/*'",
}
REGIONS = ("us-east-1", "eu-west-1")
ACCOUNT = "123456789012"
_WATCHED = ("docker", "node", "buildah")
_GIT = "git -c user.name=me -c user.email=me@example.com -c commit.gpgsign=false"
# A stack that is of no account or region names them by CloudFormation's own parameters.
_IMAGE = re.compile(
    r"(?P<repository>cdk-[a-z0-9]+-container-assets-(?:\d+|\$\{AWS::AccountId\})-(?:[a-z0-9-]+|\$\{AWS::Region\}))"
    r":(?P<tag>[\w.-]{1,128})"
)
# What differs between two deployments of one content: CDK's hashes, and what is recorded of a deployment.
_HASHES = (
    (re.compile(r"asset\.[0-9a-f]{64}"), "asset"),
    (re.compile(r"\b[0-9a-f]{64}(\.json)?\b(?!\.)"), "template"),  # not those of file assets, which say what is in them
    (re.compile(r'"rajee-deploy": "(?:[^"\\]|\\.)*"'), '"rajee-deploy": ""'),  # what our synth read
    (re.compile(r"(CurrentVersion[0-9A-F]{8})[0-9a-f]{32}"), r"\1"),
)


@dataclass(frozen=True)
class Ran:
    """A command that ended: what it said, and each start of a program by PATH, as the rest of its command line."""

    stdout: str
    stderr: str
    docker: tuple[str, ...]
    node: tuple[str, ...]
    buildah: tuple[str, ...] = ()

    @property
    def builds(self) -> int:
        """How often an image was built."""
        told = (*self.docker, *self.buildah)
        return sum(line.split()[:1] == ["build"] or line.startswith("buildx build") for line in told)

    @property
    def pushes(self) -> int:
        """How often an image was pushed, by a command for that or by a build."""
        told = (*self.docker, *self.buildah)
        return sum(line.split()[:1] == ["push"] or " --push " in line for line in told)

    @property
    def document(self) -> Any:
        """What `--json` printed."""
        return json.loads(self.stdout)


@dataclass(frozen=True)
class Change:
    """What a deployment changed, by names of stacks: contents of their images, tags of their images, the rest of their
    templates. A stack of another region is written `region/name`."""

    images: frozenset[str] | set[str] = frozenset()
    tags: frozenset[str] | set[str] = frozenset()
    templates: frozenset[str] | set[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.images or self.templates)


@dataclass(frozen=True)
class Deployed:
    """What is deployed. `templates` as they were sent; `images` of a stack: their contents, sorted."""

    templates: Mapping[str, str]
    images: Mapping[str, tuple[str, ...]]

    def since(self, before: Deployed) -> Change:
        """What differs from what was deployed before. `tags` are told alone where contents are equal."""
        names = {*self.templates, *before.templates}
        images = {name for name in names if self.images.get(name) != before.images.get(name)}
        tags = {name for name in names if self.tags(name) != before.tags(name)} - images
        templates = {name for name in names if self._neutral(name) != before._neutral(name)}
        return Change(images, tags, templates)

    def tags(self, stack: str) -> list[str]:
        """The tags that a stack's template names."""
        return sorted({found["tag"] for found in _IMAGE.finditer(self.templates.get(stack, ""))})

    def _neutral(self, name: str) -> str:
        text = _IMAGE.sub(r"\g<repository>", self.templates.get(name, ""))
        for pattern, by in _HASHES:
            text = pattern.sub(by, text)
        return text


@dataclass
class AnyApp:
    """A checkout of an app, and the variables that lead to its sandbox."""

    name: str
    folder: Path
    environment: dict[str, str]
    log: Path
    _contents: dict[tuple[str, str, str], str] = field(default_factory=dict)

    # -- run -------------------------------------------------------------------------------------------------------

    def run(self, line: str, *, code: int = 0, **environment: str) -> Ran:
        """Run one line in the checkout; fails unless it ends with `code`."""
        self.log.unlink(missing_ok=True)
        ended = subprocess.run(
            ["bash", "-c", line],
            cwd=self.folder,
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert ended.returncode == code, f"$ {line}\n{ended.stdout}\n{ended.stderr}"
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        told = {
            name: tuple(each.split(" ", 1)[1] for each in lines if each.startswith(f"{name} ")) for name in _WATCHED
        }
        for image in re.findall(r"--tag (cdkasset-\w+)", "\n".join(told["docker"])):
            session.note("image", image)
        return Ran(ended.stdout, ended.stderr, **told)

    def deploy(self, *options: str) -> Ran:
        """Deploy all of it with nothing but the CDK CLI."""
        words = ["cdk deploy", STACKS[self.name], "--require-approval=never --no-notices --no-color --ci", *options]
        return self.run(" ".join(words))

    def up(self, *options: str) -> Ran:
        """`rajee-deploy up --json`."""
        return self.run(" ".join(["rajee-deploy up --json --yes", *options]))

    # -- edit ------------------------------------------------------------------------------------------------------

    def write(self, path: str, text: str) -> None:
        """Write a file of the checkout."""
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_text(text)

    def append(self, path: str, text: str) -> None:
        """Add to a file of the checkout."""
        self.write(path, (self.folder / path).read_text() + text)

    def replace(self, path: str, old: str, new: str) -> None:
        """Replace in a file, which must have it."""
        text = (self.folder / path).read_text()
        assert old in text, f"{path} has no {old!r}"
        self.write(path, text.replace(old, new))

    def commit(self, message: str = "next") -> None:
        """Commit everything."""
        self.run(f"git add --all && {_GIT} commit --quiet --message {message}")

    # -- read back -------------------------------------------------------------------------------------------------

    def client(self, service: str, region: str = REGIONS[0]) -> Any:
        """A client of the sandbox."""
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=self.environment["AWS_ENDPOINT_URL"],
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def deployed(self) -> Deployed:
        """What is deployed now, nested stacks included, without what `cdk bootstrap` made."""
        templates = dict(self._templates())
        images = {
            name: tuple(sorted({self._content(name, found) for found in matches}))
            for name, text in templates.items()
            if (matches := list(_IMAGE.finditer(text)))
        }
        return Deployed(templates, images)

    def tags(self, region: str = REGIONS[0]) -> dict[str, str]:
        """The tags in the bootstrap's repository, and the digests of their images."""
        name = f"cdk-hnb659fds-container-assets-{ACCOUNT}-{region}"
        pages = self.client("ecr", region).get_paginator("describe_images").paginate(repositoryName=name)
        return {
            tag: each["imageDigest"] for page in pages for each in page["imageDetails"] for tag in each["imageTags"]
        }

    def status(self, stack: str, region: str = REGIONS[0]) -> str:
        """A stack's status."""
        found = self.client("cloudformation", region).describe_stacks(StackName=stack)
        return str(found["Stacks"][0]["StackStatus"])

    def _templates(self) -> Iterable[tuple[str, str]]:
        for region in REGIONS:
            cfn = self.client("cloudformation", region)
            for stack in cfn.describe_stacks()["Stacks"]:
                if stack["StackName"] == "CDKToolkit" or stack["StackStatus"] == "DELETE_COMPLETE":
                    continue
                body = cfn.get_template(StackName=stack["StackId"])["TemplateBody"]
                name = _name(stack["StackName"])
                yield (
                    name if region == REGIONS[0] else f"{region}/{name}",
                    body if isinstance(body, str) else json.dumps(body, indent=1),
                )

    def _content(self, stack: str, found: re.Match[str]) -> str:
        region = stack.partition("/")[0] if "/" in stack else REGIONS[0]
        repository = found["repository"].replace("${AWS::AccountId}", ACCOUNT).replace("${AWS::Region}", region)
        key = region, repository, found["tag"]
        if key not in self._contents:
            self._contents[key] = image_content(self.client("ecr", region), repository, found["tag"])
        return self._contents[key]


def _name(stack: str) -> str:
    """A nested stack's without what makes it unique, which is other in each sandbox."""
    return re.sub(r"NestedStack\w+NestedStackResource[0-9A-F]{8}-\w+$", "", stack)


@dataclass
class Apps:
    """Makes checkouts of apps beside one sandbox. They share it: an app's stacks are the same in each checkout."""

    work: Path
    environment: dict[str, str]
    modules: Callable[[], Path]
    _count: int = 0

    def __call__(self, name: str) -> AnyApp:
        """A fresh clone of an app, with its Node modules where it has any."""
        self._count += 1
        folder = self.work / f"{name}-{self._count}"
        shutil.copytree(APPS / name, folder, ignore=shutil.ignore_patterns("node_modules", "cdk.out", "__pycache__"))
        log = self.work / f"calls-{self._count}"
        environment = {
            **self.environment,
            "PATH": f"{self._shims}{os.pathsep}{self.environment['PATH']}",
            "RAJEE_TESTS_CALLS": str(log),
        }
        app = AnyApp(name, folder, environment, log)
        app.run("git init --quiet")
        app.commit("first")
        if (folder / "package.json").exists():
            link_tree(self.modules(), folder / "node_modules")
        return app

    @cached_property
    def _shims(self) -> Path:
        """Programs that note how they were called, and then are what they stand for."""
        place = self.work / "shims"
        place.mkdir()
        for name in _WATCHED:
            if found := shutil.which(name, path=self.environment["PATH"]):
                text = f'#!/bin/sh\necho "{name} $*" >> "$RAJEE_TESTS_CALLS"\nexec {found} "$@"\n'
                (place / name).write_text(text)
                (place / name).chmod(0o755)
        return place


@dataclass(frozen=True)
class Compared:
    """What an edit came to, deployed by us and by nothing but the CDK CLI."""

    ours: Change
    theirs: Change
    ran: Ran
    """Our `up`."""
    differing: frozenset[str]
    """Stacks whose images now have other contents than those that the CDK deployed."""

    @property
    def missed(self) -> set[str]:
        """Stacks that the CDK changed and we did not: a false no-op. Tags alone are no change."""
        return {*self.theirs.images - self.ours.images, *self.theirs.templates - self.ours.templates}

    @property
    def spared(self) -> set[str]:
        """Stacks that the CDK deployed for nothing but another tag, and we did not touch."""
        return {*self.theirs.tags} - {*self.ours.tags, *self.ours.images, *self.ours.templates}


@dataclass(frozen=True)
class Twins:
    """The same app in two checkouts and two sandboxes: `ours` is deployed by us, `theirs` by nothing but the CDK."""

    ours: AnyApp
    theirs: AnyApp

    def begin(self) -> None:
        """Deploy both for the first time."""
        self.ours.run("rajee-deploy init")
        self.ours.up()
        self.theirs.deploy()

    def compare(self, edit: Callable[[AnyApp], object]) -> Compared:
        """Edit both and deploy both."""
        before = self.ours.deployed(), self.theirs.deployed()
        edit(self.ours)
        edit(self.theirs)
        ran = self.ours.up()
        self.theirs.deploy()
        after = self.ours.deployed(), self.theirs.deployed()
        images = after[0].images, after[1].images
        differing = {name for name in {*images[0], *images[1]} if images[0].get(name) != images[1].get(name)}
        return Compared(after[0].since(before[0]), after[1].since(before[1]), ran, frozenset(differing))


def link_tree(source: Path, destination: Path) -> None:
    """The same tree, of the same files where one disk has both."""
    try:
        shutil.copytree(source, destination, symlinks=True, copy_function=os.link)
    except (OSError, shutil.Error):
        shutil.rmtree(destination, ignore_errors=True)
        shutil.copytree(source, destination, symlinks=True)
