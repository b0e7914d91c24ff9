"""What our staging, checks and reports add to a build: `build_and_push` against a bare `docker buildx build --push` of
the same tree. The goal is at most 5 % or 0.5 s. It asserts nothing: a slow machine is no failure.

Both push to the sandbox's registry. A round changes one file, so that both build one new layer; which of the two goes
first alternates. The private copies are made in memory where that can be: ext4 looks at every inode that was deleted in
the last minute before it makes a new one, so many copies in a row on a disk measure ext4. The first copy on the usual
disk is a row of its own.
"""

from __future__ import annotations

import base64
import io
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

FILES, FILE_BYTES, ROUNDS = 2000, 16 << 10, 7


def run() -> None:
    """Rows of the theme."""
    with tempfile.TemporaryDirectory() as state:
        os.environ["RAJEE_DEPLOY_STATE_DIR"] = state
        from rajee_deploy.sandbox import control

        running = control.start()
        try:
            _measure(running.endpoint, Path(state))
        finally:
            control.stop()


def _measure(endpoint: str, work: Path) -> None:
    import boto3

    keys = {"aws_access_key_id": "t", "aws_secret_access_key": "t"}
    ecr = boto3.client("ecr", "us-east-1", endpoint_url=endpoint, **keys)
    uri = ecr.create_repository(repositoryName="bench")["repository"]["repositoryUri"]
    token = ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    tree, login = _tree(work / "tree"), _login(work / "login", uri, token)
    bare, ours = [], []
    time.sleep(3)  # files must come to rest before the stat cache believes them
    _ours(tree, uri, token)
    (tree / "src" / "changing").write_text(f"first {os.getpid()}")
    start = time.perf_counter()
    _ours(tree, uri, token)
    once = time.perf_counter() - start
    if Path("/dev/shm").is_dir():
        os.environ["TMPDIR"] = "/dev/shm"
    for number in range(ROUNDS):
        (tree / "src" / "changing").write_text(f"{number} {os.getpid()}")
        pair = [(bare, lambda n=number: _bare(tree, login, f"{uri}:bare-{n}")), (ours, lambda: _ours(tree, uri, token))]
        for seconds, build in pair if number % 2 else reversed(pair):
            start = time.perf_counter()
            build()
            seconds.append(time.perf_counter() - start)
    first, second = statistics.median(bare), statistics.median(ours)
    size = FILES * FILE_BYTES / (1 << 20)
    print(f"one changed file of {FILES} ({size:.0f} MiB), built and pushed, median of {ROUNDS}")
    print(f"{'docker buildx build --push':<52} {first * 1000:8.0f} ms wall")
    print(f"{'rajee-deploy: hash, stage, build and push':<52} {second * 1000:8.0f} ms wall")
    print(f"{'the same once, its copy on the usual disk':<52} {once * 1000:8.0f} ms wall")
    more = second - first
    met = "met" if more <= max(0.5, 0.05 * first) else "missed"
    print(f"{'overhead (goal: at most 5 % or 500 ms)':<52} {more * 1000:8.0f} ms   {more / first:6.1%}   {met}")


def _tree(tree: Path) -> Path:
    (tree / "src").mkdir(parents=True)
    for number in range(FILES):
        (tree / "src" / f"{number}.bin").write_bytes(number.to_bytes(8, "big") * (FILE_BYTES // 8))
    (tree / "Dockerfile").write_text("FROM scratch\nCOPY src /src\n")
    return tree


def _login(directory: Path, uri: str, token: str) -> Path:
    directory.mkdir()
    (directory / "config.json").write_text(f'{{"auths": {{"{uri.partition("/")[0]}": {{"auth": "{token}"}}}}}}')
    return directory


def _bare(tree: Path, login: Path, reference: str) -> None:
    argv = ["docker", "--config", str(login), "buildx", "build", "--push", "--provenance=false", "--tag", reference]
    subprocess.run([*argv, str(tree)], check=True, capture_output=True)


def _ours(tree: Path, uri: str, token: str) -> None:
    from rajee_deploy.actions.build import BuildView
    from rajee_deploy.console import Console
    from rajee_deploy.engine.buildx import Buildx
    from rajee_deploy.image.inputs import read_all_inputs
    from rajee_deploy.image.request import build_request
    from rajee_deploy.model import Platform
    from rajee_deploy.model.repository import PushAccess
    from rajee_deploy.settings import ImageSettings

    platform = Platform.parse("linux/amd64")
    inputs = read_all_inputs([ImageSettings("bench", tree, tree / "Dockerfile", "bench", (platform,))])["bench"]
    access = PushAccess(uri, "AWS", base64.b64decode(token).decode().partition(":")[2])
    console = Console(stderr=io.StringIO())
    with build_request(inputs, uri) as request:
        Buildx().build_and_push(request, access, BuildView(console).tell)
        request.on_loaded()  # as `building` does: the engine has all of it
