"""A small project in a git repository: what changed in its image since a revision, and which commits rebuild it."""

from __future__ import annotations

from rajee_deploy.actions.explain.past import Origin
from rajee_deploy.actions.explain.replay import replay
from rajee_deploy.settings import load

SETTINGS = """
[images.app]
repository = "team/app"
dockerfile = "docker/Dockerfile"
"""
TREE = {
    "rajee-deploy.toml": SETTINGS,
    "docker/Dockerfile": "FROM scratch\nCOPY src /src\n",
    "src/a": "1",
    "README": "r",
}


def rows(found, image="app"):
    return [(change.cause.value, change.subject, change.line) for change in found.comparisons[image].changes]


def replayed(root, last=50):
    path = root / "rajee-deploy.toml"
    images = load(path).images
    (found,) = replay(images, Origin(path, None, lambda image: image), root, last, lambda _: None)
    return found
