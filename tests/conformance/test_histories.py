"""A few days of one project on an engine that has seen others: see histories, and proof/ for weeks of many."""

from __future__ import annotations

import os
import re
import subprocess

import pytest
from conformance.histories import History

from rajee_deploy.context import Modes
from rajee_deploy.image.request import build_request

pytestmark = pytest.mark.docker

STEPS = int(os.environ.get("RAJEE_PROOF_STEPS", "14"))
SEED = int(os.environ.get("RAJEE_PROOF_SEED", "1"))


def test_no_build_is_misled_by_an_earlier_one(tmp_path):
    project = History(SEED, tmp_path, tmp_path / "memory")
    for _ in range(STEPS):
        project.step()
    project.check(strictly=True)
    assert project.told.count("built") > STEPS // 2


@pytest.fixture
def project(tmp_path):
    return History(SEED, tmp_path, tmp_path / "memory")


def test_an_empty_context_leaves_nothing_behind(project):
    """The engine digests the mode of its own directory then, and keeps that in every later digest of the name."""
    project.check(strictly=False)
    (project.root / "context/a").write_text("a")
    project.check(strictly=True)


def test_a_directory_whose_mode_alone_moved(project):
    project.modes = Modes.EXACT
    (project.root / "context/d/e").mkdir(parents=True)
    project.check(strictly=False)
    (project.root / "context/d/e").chmod(0o700)
    project.check(strictly=True)


def test_a_directory_of_a_named_context_whose_mode_alone_moved(project):
    """buildx 0.13 knows named contexts by the name of the main one."""
    project.modes, project.named = Modes.EXACT, True
    (project.root / "context/a").write_text("a")
    (project.root / "named/d").mkdir()
    project.check(strictly=False)
    (project.root / "named/d").chmod(0o700)
    project.check(strictly=True)


def test_the_difference_alone_is_sent(project):
    (project.root / "context/large").write_bytes(os.urandom(8 << 20))
    sent = []
    for text in ("1", "2", "22"):
        (project.root / "context/a").write_text(text)
        (project.root / f"context/d{text}").mkdir()
        with build_request(project.inputs(), "registry.test/app") as request:
            sent.append(transferred(request))
            request.on_loaded()
    assert sent[0] > 8 << 20
    assert max(sent[1:]) < 1 << 20


def transferred(request):
    """Bytes of the build context that were sent."""
    argv = ["docker", "buildx", "build", "--progress=rawjson", "--output=type=cacheonly", "--provenance=false"]
    argv += ["-f", str(request.dockerfile), str(request.context)]
    told = subprocess.run(argv, capture_output=True, text=True, check=True).stderr
    return max(int(size) for size in re.findall(r'"transferring context:".*?"current": ?(\d+)', told, re.DOTALL))
