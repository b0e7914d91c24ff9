"""A release that knows records of `contents/1` alone meets one of today: it passes it over, as one that is damaged."""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from rajee_deploy.build_record.encode import encode
from rajee_deploy.build_record.of_image import contents_of
from rajee_deploy.image.inputs import read_inputs
from rajee_deploy.model import Platform
from rajee_deploy.settings import ImageSettings

TOP = Path(__file__).parents[2]
OLDER = "ab97b97ea44a0ab6f96dd62b9a7195b2ba6386b6"  # the last one before contents/2
READS = """
import sys
from rajee_deploy.build_record.decode import decode
from rajee_deploy.errors import DeployError
try:
    decode(sys.argv[1], sys.stdin.buffer.read())
except DeployError as error:
    print(error.code, error.cause)
"""


def test_an_older_release_passes_over_a_record_of_today(tmp_path, note):
    made = subprocess.run(
        ["git", "archive", "--format=tar", OLDER, "rajee_deploy"], cwd=TOP, capture_output=True, check=False
    )
    if made.returncode != 0:
        reason = f"the history of this checkout lacks commit {OLDER}"
        note(f"no older release read a record of today: {reason}")
        pytest.skip(reason)
    with tarfile.open(fileobj=io.BytesIO(made.stdout)) as archive:
        archive.extractall(tmp_path / "older")  # noqa: S202 -- ours, or of a package that is installed
    project = tmp_path / "project"
    project.mkdir()
    (project / "a").write_text("1")
    (project / "Dockerfile").write_text("FROM base:1\nCOPY a /a\n")
    image = ImageSettings("app", project, project / "Dockerfile", "team/app", (Platform("linux", "amd64"),))
    contents = contents_of(read_inputs(image))
    told = subprocess.run(
        [sys.executable, "-c", READS, contents.tag],
        input=encode(contents),
        capture_output=True,
        check=False,
        cwd=tmp_path / "older",
    )
    assert told.stdout.decode().strip() == "contents-unusable it is of another schema", told.stderr
