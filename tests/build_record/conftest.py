"""Small projects and their images."""

from __future__ import annotations

import pytest

from rajee_deploy.image.inputs import read_inputs
from rajee_deploy.model import Platform
from rajee_deploy.settings import ImageSettings


@pytest.fixture
def root(tmp_path, monkeypatch):
    path = tmp_path / "project"
    path.mkdir()
    monkeypatch.chdir(path)
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    return path


@pytest.fixture
def inputs(root):
    """Write files (text, bytes, or (text,) for a symlink) and fingerprint the image."""

    def make(tree, modes=None, **settings):
        for name, what in tree.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(what, tuple):
                path.symlink_to(what[0])
            else:
                path.write_bytes(what if isinstance(what, bytes) else what.encode())
        image = ImageSettings("app", root, root / "Dockerfile", "team/app", (Platform("linux", "amd64"),), **settings)
        return read_inputs(image, modes)

    return make
