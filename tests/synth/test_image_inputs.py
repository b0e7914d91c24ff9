"""Images as inputs of the infrastructure: of what, by which name, and where nobody looks."""

from __future__ import annotations

import pytest

from rajee_deploy.settings import CdkSettings
from rajee_deploy.synth.image_inputs import has_digest, image_inputs, no_digests, none_because
from rajee_deploy.synth.inputs import infra_fingerprint
from rajee_deploy.synth.tracing.depfile import Depfile, TracedImage

API = TracedImage("api", "api", "Dockerfile")


def digests(*values):
    """Whoever knows images, and what it was asked for."""
    asked = []

    def digest(root, images):
        asked.append((root, list(images)))
        return values[: len(images)]

    return digest, asked


@pytest.fixture
def root(tmp_path):
    (tmp_path / "api" / "docker").mkdir(parents=True)
    (tmp_path / "lib").mkdir()
    return tmp_path


def test_all_images_are_asked_for_at_once(root):
    digest, asked = digests("sha256:1", "sha256:2")
    images = [API, API._replace(name="web")]
    found = list(image_inputs(images, root, digest))
    assert asked == [(root, images)]
    assert [(item.name.rpartition(":")[2], item.text) for item in found] == [("api", "sha256:1"), ("web", "sha256:2")]


def test_without_images_nobody_is_asked(root):
    digest, asked = digests()
    assert (list(image_inputs([], root, digest)), asked) == ([], [])


@pytest.mark.parametrize(
    "other",
    [
        {"source": "lib"},
        {"dockerfile": "docker/Dockerfile"},
        {"target": "x"},
        {"platform": "linux/arm64"},
        {"build_args": (("A", "1"),)},
        {"build_contexts": (("lib", "./lib"),)},
    ],
)
def test_another_list_is_another_input_whatever_the_digest(root, other):
    """Else somebody else's list could name what does not move."""
    names = {next(image_inputs([each], root, digests("sha256:1")[0])).name for each in (API, API._replace(**other))}
    assert len(names) == 2


def test_an_image_without_a_digest_is_left_to_a_synth(root):
    digest, _ = digests(none_because("source-not-found"))
    found = list(image_inputs([API], root, digest))
    assert [item.name for item in found if item.name.startswith("impure:")] == ["impure:image:api"]
    assert not has_digest(API, root, digest)
    assert not has_digest(API, root, no_digests)
    assert has_digest(API, root, digests("sha256:1")[0])


@pytest.mark.parametrize(
    "bad",
    [
        {"source": ".."},
        {"source": "api/../.."},
        {"source": "/etc"},
        {"source": "link"},
        {"dockerfile": "../../x/Dockerfile"},
        {"dockerfile": "/etc/x"},
        {"dockerfile": "out/Dockerfile"},
        {"build_contexts": (("lib", "./link"),)},
        {"build_contexts": (("lib", "/etc"),)},
        {"build_contexts": (("lib", "oci-layout:///etc"),)},
    ],
)
def test_nobody_looks_where_a_list_may_not_lead(root, tmp_path_factory, bad):
    outside = tmp_path_factory.mktemp("outside")
    (root / "link").symlink_to(outside)
    (root / "api" / "out").symlink_to(outside)
    digest, asked = digests("sha256:1")
    found = list(image_inputs([API._replace(**bad)], root, digest))
    assert asked == []
    assert found[0].name == "impure:image:api"


def test_who_builds_image_assets_is_an_input(tmp_path):
    (tmp_path / ".git").mkdir()
    (tmp_path / "cdk.json").write_text('{"app": "node app.js"}')
    one, other = (
        infra_fingerprint(CdkSettings(tmp_path, ("App",), adopts_images=adopts), Depfile(is_whole=True))
        for adopts in (False, True)
    )
    assert one.digest != other.digest


def test_the_lock_of_base_images_is_an_input_where_image_assets_are_ours(root):
    """No synth reads it, and an image that is followed by the files that its synth stages would keep its old base."""
    (root / ".git").mkdir()
    (root / "cdk.json").write_text('{"app": "node app.js"}')
    made = {}
    for text in ("one", "two", ""):
        for adopts in (True, False):
            (root / "rajee-deploy.lock").unlink(missing_ok=True)
            if text:
                (root / "rajee-deploy.lock").write_text(text)
            settings = CdkSettings(root, ("App",), adopts_images=adopts, project=root)
            made[text, adopts] = infra_fingerprint(settings, Depfile(is_whole=True)).digest
    assert len({made[text, True] for text in ("one", "two", "")}) == 3
    assert len({made[text, False] for text in ("one", "two", "")}) == 1


def test_images_count_among_the_inputs(root):
    (root / ".git").mkdir()
    (root / "cdk.json").write_text('{"app": "node app.js"}')
    depfile = Depfile(is_whole=True, images=(API,))
    one, other = (
        infra_fingerprint(CdkSettings(root, ("App",)), depfile, digest_images=digests(each)[0])
        for each in ("sha256:1", "sha256:2")
    )
    assert one.digest != other.digest
