"""The same rig for every engine: a registry to push to, a user's docker directory, a place for temporary files."""

from __future__ import annotations

import base64
import json
import shutil
import tempfile
import urllib.request
import uuid
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from engines import SecondEngine, second_engine
from fakes import FakeEngine, FakeRegistry
from sandboxes import running_sandbox

from rajee_deploy.dockerfile.spoken import Spoken
from rajee_deploy.engine import BuildRequest
from rajee_deploy.engine.buildah import Buildah
from rajee_deploy.engine.buildx import Buildx
from rajee_deploy.engine.image_store import has_classic_store
from rajee_deploy.model import BuildOptions, Platform
from rajee_deploy.model.repository import PushAccess
from rajee_deploy.settings.build_settings import EngineSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from rajee_deploy.engine import BuildEvent, Engine

AMD64 = Platform.parse("linux/amd64")
BUSYBOX = Path("/bin/busybox")


@dataclass
class Rig:
    """An engine, the repository it pushes to, and what can be seen of both from outside."""

    engine: Engine
    access: PushAccess
    find_config: Callable[[str], dict[str, Any] | None]  # a tag's image configuration
    folder: Path
    temporary: Path
    docker_config: Path
    events: list[BuildEvent] = field(default_factory=list)

    @property
    def is_real(self) -> bool:
        return not isinstance(self.engine, FakeEngine)

    def request(
        self, *lines: str, tag: str = "c-1", more: Mapping[str, str] | None = None, **given: Any
    ) -> BuildRequest:
        """A staged context with one file, /bin/busybox and `more`, and the Dockerfile beside it."""
        context = self.folder / "context"
        context.mkdir(exist_ok=True)
        for name, text in {"app": "app", **(more or {})}.items():
            (context / name).write_text(text)
        shutil.copy2(BUSYBOX, context / "busybox")
        dockerfile = self.folder / "Dockerfile"
        dockerfile.write_text("\n".join(lines) + "\n")
        dockerfile.with_name("Dockerfile.dockerignore").write_text("# nothing\n")
        options = {"platforms": (AMD64,), "shown_dockerfile": "docker/api.Dockerfile", **given}
        request = BuildRequest(context=context, dockerfile=dockerfile, reference=f"{self.access.uri}:{tag}", **options)
        args = {**request.proxies, **request.build_args}
        asked = (BuildOptions(each, request.target, args, request.build_contexts) for each in request.platforms)
        return replace(request, dialect=Spoken(dockerfile.read_bytes(), asked, request.shown_dockerfile))

    def build(self, *lines: str, **given: Any) -> str:
        return self.engine.build_and_push(self.request(*lines, **given), self.access, self.events.append)

    def snapshot(self) -> dict[str, bytes]:
        """The user's docker directory, but for buildx's own notes on its builders and builds."""
        found = (path for path in self.docker_config.rglob("*") if path.is_file())
        names = {str(path.relative_to(self.docker_config)): path.read_bytes() for path in found}
        return {name: content for name, content in names.items() if not name.startswith("buildx/")}

    def said(self) -> str:
        return "\n".join(map(repr, self.events))


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with running_sandbox(tmp_path_factory.mktemp("state")) as state:
        yield state


@pytest.fixture
def repository(sandbox: Any) -> tuple[PushAccess, Callable[[str], dict[str, Any] | None]]:
    """Access to a new repository, and a look at its images' configuration."""
    import boto3

    ecr = boto3.client(
        "ecr", "us-east-1", endpoint_url=sandbox.endpoint, aws_access_key_id="t", aws_secret_access_key="t"
    )
    name = f"n{uuid.uuid4().hex[:12]}"
    uri = ecr.create_repository(repositoryName=name)["repository"]["repositoryUri"]
    token = ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    password = base64.b64decode(token).decode().partition(":")[2]

    def get(path: str) -> Any:
        accept = "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"
        headers = {"Authorization": f"Basic {token}", "Accept": f"{accept}, application/vnd.oci.image.index.v1+json"}
        with urllib.request.urlopen(
            urllib.request.Request(f"http://{uri.split('/')[0]}/v2/{name}/{path}", headers=headers)
        ) as answer:
            return json.load(answer)

    def find_config(tag: str) -> dict[str, Any] | None:
        if not ecr.list_images(repositoryName=name, filter={"tagStatus": "TAGGED"})["imageIds"]:
            return None
        found: dict[str, Any] = get(f"blobs/{get(f'manifests/{tag}')['config']['digest']}")
        return found

    return PushAccess(uri, "AWS", password), find_config


@pytest.fixture
def cache(sandbox: Any) -> str:
    """The name of a new repository for caches, in the short form of the settings."""
    import boto3

    keys = {"aws_access_key_id": "t", "aws_secret_access_key": "t"}
    ecr = boto3.client("ecr", "us-east-1", endpoint_url=sandbox.endpoint, **keys)
    name = f"team/cache-{uuid.uuid4().hex[:12]}"
    ecr.create_repository(repositoryName=name)
    return name


def surroundings(tmp_path: Path, patch: pytest.MonkeyPatch) -> tuple[Path, Path, Path]:
    """A place for the build, for temporary files, and the user's own docker directory, all new."""
    made = [tmp_path / name for name in ("build", "tmp", "docker")]
    for directory in made:
        directory.mkdir()
    folder, temporary, config = made
    (config / "config.json").write_text('{"auths": {"hub.test": {"auth": "aHViOmh1Yg=="}}}\n')
    patch.setattr(tempfile, "tempdir", str(temporary))
    patch.setenv("TMPDIR", str(temporary))
    patch.setenv("DOCKER_CONFIG", str(config))
    for name in ("BUILDX_CONFIG", "BUILDX_BUILDER", "CDK_DOCKER", "RAJEE_DEPLOY_ENGINE", "SOURCE_DATE_EPOCH"):
        patch.delenv(name, raising=False)
    return folder, temporary, config


@pytest.fixture(
    params=[
        "fake",
        pytest.param("buildx", marks=pytest.mark.docker),
        # buildx with containerd's image store, new engines' default: `make test` asks it for what a store decides.
        pytest.param("store", marks=[pytest.mark.docker, pytest.mark.proof]),
        pytest.param("buildah", marks=pytest.mark.docker),
    ]
)
def rig(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rig:
    if request.param == "fake":
        places = surroundings(tmp_path, monkeypatch)
        registry = FakeRegistry({"team/app": {}})
        access = registry.push_access("team/app")
        engine = FakeEngine(registry)
        return Rig(engine, access, lambda tag: engine.pushed.get(f"{access.uri}:{tag}"), *places)
    access, find_config = request.getfixturevalue("repository")
    places = surroundings(tmp_path, monkeypatch)
    if request.param == "store":
        request.getfixturevalue("store_engine").add_context("store")
    engine = {"buildx": Buildx, "store": lambda: Buildx("store"), "buildah": Buildah}[request.param]()
    return Rig(engine, access, find_config, *places)


@pytest.fixture(scope="session")
def store_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecondEngine]:
    """A second engine with containerd's image store; see `far_store` for builds on it."""
    with second_engine(tmp_path_factory.mktemp("store"), containerd_store=True) as engine:
        yield engine


@pytest.fixture
def far_store(store_engine: SecondEngine, rig: Rig) -> Rig:
    """The rig (of buildx), building on `store_engine`, which the user's settings call `store`."""
    store_engine.add_context("store")
    rig.engine = Buildx("store")
    return rig


@pytest.fixture(scope="session")
def classic_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecondEngine | None]:
    """An engine with the classic image store; None where this machine's own is one."""
    if has_classic_store(EngineSettings()):
        yield None
        return
    with second_engine(tmp_path_factory.mktemp("classic"), containerd_store=False) as engine:
        yield engine


@pytest.fixture
def classic(classic_engine: SecondEngine | None, rig: Rig) -> Rig:
    """The rig (of buildx), building on an engine with the classic image store, whatever this machine's has."""
    if classic_engine is not None:
        classic_engine.add_context("classic")
        rig.engine = Buildx("classic")
    return rig
