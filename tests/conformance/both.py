"""Random Dockerfiles built with both engines: what came of each, and the rig that both push to."""

from __future__ import annotations

import base64
import os
import shutil
import tempfile
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from both_engines import Failed, Made, Yard, differences, own_storage, settings
from conformance.dockerfiles import BASES, make_draw, write_context

from rajee_deploy.engine.buildah import Buildah
from rajee_deploy.engine.buildx import Buildx
from rajee_deploy.model.repository import PushAccess
from rajee_deploy.sandbox import control

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from conformance.dockerfiles import Draw

# What the two agree on may fail in one of them, aloud: BuildKit's own rules, and what buildah says of itself.
REFUSED = ("refused by both", "refused by buildah (engine-cannot)", "refused by buildah", "refused by BuildKit")


class Both:
    """Both engines, a registry, and one build context."""

    def __init__(self, yard: Yard, place: Path) -> None:
        self._yard = yard
        self._place = place
        self._context = place / "context"
        self._context.mkdir()
        write_context(self._context)
        self.bases = {name: self.base_of(text) for name, text in BASES.items()}

    def base_of(self, text: str) -> str:
        """A base image that BuildKit made of a Dockerfile."""
        tag = f"base-{uuid.uuid4().hex}"
        assert isinstance(self.build(Buildx(), text, tag=tag), Made)
        return f"{self._yard.access.uri}:{tag}"

    def build(
        self,
        engine: Buildx | Buildah,
        text: str,
        args: Mapping[str, str] | None = None,
        target: str | None = None,
        tag: str = "",
    ) -> Made | Failed:
        root = Path(tempfile.mkdtemp(dir=self._place)) / "app"
        shutil.copytree(self._context, root, symlinks=True)
        (root / "Dockerfile").write_text(text)
        try:
            return self._yard.build(engine, settings(root, args or {}, target), tag or uuid.uuid4().hex)
        finally:
            shutil.rmtree(root.parent)

    def outcome(self, seed: int) -> tuple[str, str]:
        """What became of one draw, and everything about it where it is a difference."""
        draw = make_draw(seed, self.bases)
        one = self.build(Buildx(), draw.text, draw.args, draw.target)
        other = self.build(Buildah(), draw.text, draw.args, draw.target)
        if isinstance(one, Failed) or isinstance(other, Failed):
            if isinstance(one, Failed):
                return ("refused by both" if isinstance(other, Failed) else "refused by BuildKit"), ""
            assert isinstance(other, Failed)
            return "refused by buildah" + (" (engine-cannot)" if other.code == "engine-cannot" else ""), ""
        found = differences(one, other)
        return ("different", _told(draw, found)) if found else ("equal", "")

    def outcomes(self, seeds: Iterable[int], threads: int) -> tuple[Counter[str], list[str]]:
        """How often each outcome was met, and what is to be told of differences."""
        with ThreadPoolExecutor(threads) as pool:
            found = list(pool.map(self.outcome, seeds))
        return Counter(kind for kind, _ in found), [text for _, text in found if text]


def _told(draw: Draw, found: Mapping[str, object]) -> str:
    shown = "\n".join(f"  {name}: {value}" for name, value in found.items())
    return f"seed {draw.seed}, arguments {draw.args}, target {draw.target}:\n{shown}\n{draw.text}"


@contextmanager
def both_engines(place: Path) -> Iterator[Both]:
    """Both engines, with a sandbox and a storage of their own below `place`."""
    import boto3

    keys = {"aws_access_key_id": "t", "aws_secret_access_key": "t"}
    before = os.environ.get("RAJEE_DEPLOY_STATE_DIR")
    os.environ["RAJEE_DEPLOY_STATE_DIR"] = str(place / "state")
    sandbox = control.start()
    try:
        ecr = boto3.client("ecr", "us-east-1", endpoint_url=sandbox.endpoint, **keys)
        uri = ecr.create_repository(repositoryName=f"n{uuid.uuid4().hex[:12]}")["repository"]["repositoryUri"]
        token = ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
        access = PushAccess(uri, "AWS", base64.b64decode(token).decode().partition(":")[2])
        with own_storage(place):
            yield Both(Yard(access, token), place)
    finally:
        control.stop()
        if before is None:
            del os.environ["RAJEE_DEPLOY_STATE_DIR"]
        else:
            os.environ["RAJEE_DEPLOY_STATE_DIR"] = before
