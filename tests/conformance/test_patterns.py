"""Patterns that match nothing, and patterns that were meant as names: BuildKit's verdict on a cold cache is ours."""

from __future__ import annotations

import uuid

import pytest
from conformance.builds import build
from sampled import some

from rajee_deploy.errors import DeployError
from rajee_deploy.image.inputs import read_inputs
from rajee_deploy.model import Platform
from rajee_deploy.settings import ImageSettings

pytestmark = pytest.mark.docker


PATTERNS = [
    ("COPY opt/*.cfg X\nCOPY a X", None),
    ("ADD opt/*.cfg X\nCOPY a X", None),
    ("COPY a opt/*.cfg X", None),
    ("COPY nope/deep/* X", None),
    ("COPY opt/k.md/* X\nCOPY a X", None),
    ("COPY empty/*.cfg X\nCOPY a X", None),
    ("COPY new/[slug] X\nCOPY a X", None),
    ("COPY ignored/*.cfg X\nCOPY a X", None),
    ("COPY loose/*.cfg X\nCOPY a X", None),
    ("COPY opt/*.cfg X\nCOPY opt/k.md X", ["source-matches-nothing"]),
    ("COPY opt/*.cfg X\nCOPY . X", ["source-matches-nothing"]),
    ("COPY *.cfg X", ["source-matches-nothing"]),
    ("COPY a *.cfg X", ["source-matches-nothing"]),
    ("COPY a/*.cfg X\nCOPY a X", ["source-matches-nothing"]),
    ("COPY */*.cfg X\nCOPY a X", ["source-matches-nothing"]),
    ("COPY app/[slug] X\nCOPY a X", ["source-is-pattern"]),
    ("COPY new/[slug] X\nCOPY new X", ["source-is-pattern"]),
    ("COPY app/[[]slug] new/[[]slug] X", []),
    ("COPY opt/* X", []),
]


@pytest.mark.parametrize(("lines", "notices"), [*some("patterns for BuildKit", PATTERNS[:-4], 3), *PATTERNS[-4:]])
def test_a_source_that_matches_nothing(lines, notices, tmp_path):
    for name in ("a", "opt/k.md", "app/s", "app/[slug]/page", "new/[slug]/page", "ignored/x.cfg"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (tmp_path / "empty").mkdir()
    (tmp_path / "loose").symlink_to("nowhere")
    (tmp_path / ".dockerignore").write_text("ignored\n")
    places = iter(range(9))
    parts = lines.split("X")
    text = parts[0] + "".join(f"/{uuid.uuid4().hex}/{next(places)}/{part}" for part in parts[1:])
    (tmp_path / "Dockerfile").write_text(f"FROM scratch\n{text}\n")
    settings = ImageSettings("app", tmp_path, tmp_path / "Dockerfile", "team/app", (Platform.parse("linux/amd64"),))
    refused = build(tmp_path, tmp_path / "Dockerfile", args={}, named=None).error
    if notices is not None:
        assert not refused
        assert [notice.code for notice in read_inputs(settings).notices] == notices
        return
    assert "no such file or directory" in refused or "not a directory" in refused
    with pytest.raises(DeployError) as caught:
        read_inputs(settings)
    assert (caught.value.code, caught.value.where) == ("source-not-found", f"{tmp_path}/Dockerfile:2")
