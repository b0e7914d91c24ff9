"""What a shared cache saves on a machine that has built nothing yet: one build and push without it, and with it.

The build has a RUN that takes two seconds and leaves 8 MiB. Its engine is a second one, emptied before each build; yet
another one fills the cache, so that nothing but the registry is shared. It asserts nothing.
"""

from __future__ import annotations

import base64
import os
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from unittest.mock import patch

from measure import TOP, goal

sys.path.append(str(TOP / "tests"))
from engines import second_engine

ROUNDS = 3
LINES = (
    "FROM scratch",
    "COPY busybox /busybox",
    'RUN ["/busybox", "sh", "-c", "/busybox sleep 2; /busybox head -c 8388608 /dev/urandom > /made"]',
    "COPY app /app",
)


def run() -> None:
    """Rows of the theme."""
    with tempfile.TemporaryDirectory() as state, ExitStack() as engines:
        engines.enter_context(patch.dict(os.environ, {"RAJEE_DEPLOY_STATE_DIR": state, "DOCKER_CONFIG": state}))
        from rajee_deploy.sandbox import control

        endpoint = control.start().endpoint
        try:
            for name in ("first", "fresh"):
                (Path(state) / name).mkdir()
                engine = engines.enter_context(second_engine(Path(state) / name, containerd_store=True))
                engine.add_context(name)
            _measure(endpoint, Path(state), engine)
        finally:
            control.stop()


def _measure(endpoint: str, work: Path, fresh) -> None:
    import boto3

    keys = {"aws_access_key_id": "t", "aws_secret_access_key": "t"}
    ecr = boto3.client("ecr", "us-east-1", endpoint_url=endpoint, **keys)
    uri = ecr.create_repository(repositoryName="bench")["repository"]["repositoryUri"]
    ecr.create_repository(repositoryName="cache")
    token = ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    password = base64.b64decode(token).decode().partition(":")[2]
    (work / "context").mkdir()
    (work / "context" / "busybox").write_bytes(Path("/bin/busybox").read_bytes())
    (work / "context" / "busybox").chmod(0o755)
    (work / "Dockerfile").write_text("\n".join(LINES) + "\n")

    def build(builder: str, **given) -> float:
        """Seconds of one build and push of an app that has just changed."""
        from rajee_deploy.engine import BuildRequest
        from rajee_deploy.engine.buildx import Buildx
        from rajee_deploy.model import Platform
        from rajee_deploy.model.repository import PushAccess
        from rajee_deploy.settings.build_settings import BuildSettings

        (work / "context" / "app").write_text(str(time.time_ns()))
        platform, settings = Platform.parse("linux/amd64"), BuildSettings(**given)
        request = BuildRequest(work / "context", work / "Dockerfile", (platform,), f"{uri}:x", settings=settings)
        start = time.perf_counter()
        Buildx(builder).build_and_push(request, PushAccess(uri, "AWS", password), lambda _: None)
        return time.perf_counter() - start

    build("first", cache_to=("cache",))
    without, with_it = [], []
    for _ in range(ROUNDS):
        for seconds, given in ((without, {}), (with_it, {"cache_from": ("cache",)})):
            fresh.docker("builder", "prune", "--all", "--force")
            seconds.append(build("fresh", **given))
    first, second = statistics.median(without), statistics.median(with_it)
    print(f"a RUN of 2 s, on an engine that has built nothing, built and pushed, median of {ROUNDS}")
    print(f"{'without a shared cache':<62} {first * 1000:8.0f} ms wall")
    print(f"{'with one':<62} {second * 1000:8.0f} ms wall")
    goal("with the cache to without", second / first, 0.5)
