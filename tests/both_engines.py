"""One Dockerfile, two engines: what each made of it, as a tree and a configuration that can be compared."""

from __future__ import annotations

import hashlib
import io
import json
import os
import posixpath
import tarfile
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rajee_deploy.context import Modes
from rajee_deploy.errors import DeployError
from rajee_deploy.image.inputs import read_inputs
from rajee_deploy.image.request import build_request
from rajee_deploy.model import Platform
from rajee_deploy.settings import ImageSettings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from rajee_deploy.engine import Engine
    from rajee_deploy.model.repository import PushAccess
    from rajee_deploy.settings.build_settings import BuildSettings

KINDS = "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"
FIELDS = (
    "Env",
    "Cmd",
    "Entrypoint",
    "WorkingDir",
    "User",
    "Labels",
    "ExposedPorts",
    "Volumes",
    "StopSignal",
    "Shell",
    "Healthcheck",
    "OnBuild",
)
Node = tuple[str, int, int, int, str]
Tree = dict[str, Node]


@dataclass(frozen=True)
class Made:
    """An image: its entries as (kind, mode, owner, group, link text or digest) by path, and its configuration."""

    tree: Tree
    config: dict[str, Any]


@dataclass(frozen=True)
class Failed:
    """Why there is none."""

    code: str
    where: str
    cause: str


@dataclass(frozen=True)
class Yard:
    """A repository to push to, and the login that its registry asks for."""

    access: PushAccess
    token: str

    def build(self, engine: Engine, image: ImageSettings, tag: str) -> Made | Failed:
        """Build and push as `up` does, and look at what arrived."""
        try:
            with build_request(read_inputs(image, Modes.GIT), self.access.uri) as request:
                engine.build_and_push(replace_tag(request, tag), self.access, lambda _: None)
        except DeployError as error:
            return Failed(error.code, error.where, f"{error.problem}\n{error.cause}\n{error.hint}")
        return self.look(tag)

    def look(self, tag: str) -> Made:
        manifest = json.loads(self._get(f"manifests/{tag}"))
        config = json.loads(self._get(f"blobs/{manifest['config']['digest']}"))
        tree: Tree = {}
        for layer in manifest["layers"]:
            lay(tree, self._get(f"blobs/{layer['digest']}"))
        return Made(tree, {name: normal(name, config["config"].get(name)) for name in FIELDS})

    def _get(self, path: str) -> bytes:
        host, _, name = self.access.uri.partition("/")
        headers = {"Authorization": f"Basic {self.token}", "Accept": KINDS}
        address = f"http://{host}/v2/{name}/{path}"
        with urllib.request.urlopen(urllib.request.Request(address, headers=headers)) as answer:
            body: bytes = answer.read()
            return body


def replace_tag(request: Any, tag: str) -> Any:
    from dataclasses import replace

    return replace(request, reference=f"{request.reference.rpartition(':')[0]}:{tag}")


def normal(name: str, value: Any) -> Any:
    """What is there or not is one thing; our own label follows from the inputs and says nothing here."""
    if name == "Labels":
        value = {key: text for key, text in (value or {}).items() if not key.startswith("io.rajee-deploy.")}
    if name == "WorkingDir" and value:
        value = posixpath.normpath(value)
    if name == "Env":
        value = sorted(value or ())  # each name is there once, and their order means nothing
    return value or None


def lay(tree: Tree, blob: bytes) -> None:
    """Put a layer over a tree."""
    with tarfile.open(fileobj=io.BytesIO(blob)) as archive:
        members = [(member.name.removeprefix("./").strip("/"), member) for member in archive]
        for path, _ in members:
            folder, _, name = path.rpartition("/")
            if name == ".wh..wh..opq":
                _remove(tree, folder, inside=True)
            elif name.startswith(".wh."):
                _remove(tree, f"{folder}/{name.removeprefix('.wh.')}".strip("/"))
        for path, member in members:
            if path and not path.rpartition("/")[2].startswith(".wh."):
                if not member.isdir():
                    _remove(tree, path)
                tree[path] = _node(archive, member, tree)


def _remove(tree: Tree, path: str, *, inside: bool = False) -> None:
    for other in [other for other in tree if (other == path and not inside) or other.startswith(f"{path}/")]:
        del tree[other]


def _node(archive: tarfile.TarFile, member: tarfile.TarInfo, tree: Tree) -> Node:
    if member.islnk():
        return tree[member.linkname.removeprefix("./").strip("/")]
    kind = {tarfile.DIRTYPE: "dir", tarfile.SYMTYPE: "link"}.get(member.type, "file" if member.isfile() else "other")
    file = archive.extractfile(member) if member.isfile() else None
    text = hashlib.sha256(file.read()).hexdigest()[:12] if file is not None else member.linkname
    return kind, 0 if kind == "link" else member.mode & 0o7777, member.uid, member.gid, text


def settings(
    root: Path, args: Mapping[str, str], target: str | None, build: BuildSettings | None = None
) -> ImageSettings:
    more = {"build": build} if build is not None else {}
    return ImageSettings(
        name="app",
        context=root,
        dockerfile=root / "Dockerfile",
        repository="",
        platforms=(Platform.parse("linux/amd64"),),
        target=target,
        build_args=dict(args),
        build_contexts={},
        **more,
    )


@contextmanager
def own_storage(place: Path) -> Iterator[None]:
    """buildah works in an empty storage of its own; what it left is unmounted and removed."""
    import shutil
    import subprocess

    conf = place / "storage.conf"
    conf.write_text(
        f'[storage]\ndriver = "overlay"\ngraphroot = {json.dumps(f"{place}/graph")}\n'
        f"runroot = {json.dumps(f'{place}/run')}\n"
    )
    before = os.environ.get("CONTAINERS_STORAGE_CONF")
    os.environ["CONTAINERS_STORAGE_CONF"] = str(conf)
    try:
        yield
    finally:
        if before is None:
            del os.environ["CONTAINERS_STORAGE_CONF"]
        else:
            os.environ["CONTAINERS_STORAGE_CONF"] = before
        subprocess.run(["umount", "--recursive", place / "graph/overlay"], check=False, capture_output=True)
        shutil.rmtree(place / "graph", ignore_errors=True)


def differences(one: Made, other: Made) -> dict[str, Any]:
    """Where an image of BuildKit and one of buildah differ: `tree:path` or a field of the configuration, with both
    values."""
    found: dict[str, Any] = {}
    for path in sorted({*one.tree, *other.tree}):
        if one.tree.get(path) != other.tree.get(path):
            found[f"tree:{path}"] = (one.tree.get(path), other.tree.get(path))
    for name in FIELDS:
        if one.config[name] != other.config[name]:
            found[name] = (one.config[name], other.config[name])
    return found
