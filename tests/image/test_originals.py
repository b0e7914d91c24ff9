"""What an image that an app stages is made of in its original directory."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rajee_deploy.image.originals import digest_originals, original_images, place_in_checkout
from rajee_deploy.settings import CdkSettings, Settings
from rajee_deploy.synth.app import CdkApp
from rajee_deploy.synth.tracing.depfile import Depfile, TracedImage

API = TracedImage("api", "api", "Dockerfile")


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("RAJEE_DEPLOY_CACHE_DIR", str(tmp_path / "cache"))
    root = tmp_path / "checkout"
    for name in ("api/src", "api/other", "lib"):
        (root / name).mkdir(parents=True)
        (root / name / "main").write_text("one")
    (root / ".git").mkdir()
    (root / "api" / "Dockerfile").write_text(
        "ARG DIR=src\nFROM scratch AS one\nARG DIR\nCOPY ${DIR} /app/\nFROM scratch AS two\nCOPY --from=lib main /\n"
    )
    return root


def digest(root, image=API):
    settings = Settings(root / "rajee-deploy.toml", (), CdkSettings(root, ("App",)))
    [found] = digest_originals(settings, root, [image])
    return found


@pytest.mark.parametrize(
    ("image", "read", "unread"),
    [
        (API._replace(target="one"), "api/src/main", "api/other/main"),
        (API._replace(target="one", build_args=(("DIR", "other"),)), "api/other/main", "api/src/main"),
        (API._replace(target="two", build_contexts=(("lib", "./lib"),)), "lib/main", "api/src/main"),
        (API._replace(target="one", source="api", platform="linux/arm64"), "api/src/main", "lib/main"),
    ],
)
def test_it_is_what_the_dockerfile_reads(root, image, read, unread):
    before = digest(root, image)
    assert before.startswith("sha256:")
    (root / unread).write_text("two")
    assert digest(root, image) == before
    (root / read).write_text("two")
    assert digest(root, image) != before


@pytest.mark.parametrize("other", [{"platform": "linux/arm64"}, {"target": "one"}])
def test_what_is_asked_for_counts(root, other):
    image = API._replace(build_contexts=(("lib", "./lib"),))
    assert digest(root, image) != digest(root, image._replace(**other))


@pytest.mark.parametrize(
    ("image", "why"),
    [
        (API._replace(target="one", build_args=(("DIR", "absent"),)), "source-not-found"),
        (API._replace(dockerfile="Other"), "dockerfile-missing"),
        (API._replace(platform="linux"), "bad-platform"),
    ],
)
def test_where_there_is_none_it_says_why(root, image, why):
    found = digest(root, image)
    assert found.startswith("none: ")
    assert why in found


def test_the_lock_file_counts_as_in_every_other_image(root):
    (root / "api" / "Dockerfile").write_text("FROM base\nCOPY src /app/\n")
    before = digest(root)
    lock = f'version = 1\n\n[images]\n"docker.io/library/base:latest@linux/amd64" = "sha256:{"1" * 64}"\n'
    (root / "rajee-deploy.lock").write_text(lock)
    assert digest(root) != before


STAGED = "/tmp/of-a-synth/asset.12/Dockerfile"


@pytest.mark.parametrize(
    ("name", "where", "shown"),
    [
        ("api", f"{STAGED}:3", "api/Dockerfile:3"),
        ("api", STAGED, "api/Dockerfile"),
        ("api", f"{STAGED}s:3", f"{STAGED}s:3"),
        ("api", "host.test/team/app:c-1", "host.test/team/app:c-1"),
        ("web", f"{STAGED}:3", "the Dockerfile of web, line 3"),  # nobody saw where it was staged from
    ],
)
def test_a_place_in_the_staged_copy_is_one_of_the_checkout(root, monkeypatch, name, where, shown):
    monkeypatch.chdir(root)
    settings = Settings(root / "rajee-deploy.toml", (), CdkSettings(root, ("App",)))
    app = CdkApp(settings.cdk, settings.environment)
    Depfile(images=(API,)).write(app.tracer._path)
    image = replace(original_images(settings, root, [API])["api"], name=name)
    assert place_in_checkout(settings, image, STAGED, where) == shown
