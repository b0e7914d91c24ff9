"""Images with an attestation of how they were built: the registry has an index then, and our verdict on it stands."""

from __future__ import annotations

import json
from base64 import b64encode

import pytest
from engines import docker, said_by

from rajee_deploy.aws import Aws
from rajee_deploy.model import Digest, Platform
from rajee_deploy.model.names import FINGERPRINT_LABEL
from rajee_deploy.model.repository import Repository
from rajee_deploy.plan import image_check
from rajee_deploy.plan.state import ImageContent, ImagePresent, Tagged
from rajee_deploy.registry.ecr import Ecr
from rajee_deploy.registry.known_images import KnownImages
from rajee_deploy.registry.labels import RegistryLabels
from rajee_deploy.settings.build_settings import BuildSettings, Provenance

pytestmark = [pytest.mark.docker, pytest.mark.parametrize("rig", ["buildx"], indirect=True)]

AMD64 = Platform.parse("linux/amd64")
OURS = Digest("sha256", "f" * 64)
HELLO = ("FROM scratch", "COPY busybox /busybox", 'CMD ["/busybox", "echo", "hello from the image"]')


@pytest.fixture
def ecr(sandbox, tmp_path, monkeypatch) -> Ecr:
    for name, value in {"ACCESS_KEY_ID": "t", "SECRET_ACCESS_KEY": "t", "ENDPOINT_URL": sandbox.endpoint}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    return Ecr(Aws(region="us-east-1"), KnownImages(tmp_path / "verdicts.json"))


def stored(repository: Repository, reference: dict[str, str]) -> dict:
    """The manifest as ECR has it."""
    client = Aws(region="us-east-1").client("ecr")
    (image,) = client.batch_get_image(repositoryName=repository.name, imageIds=[reference])["images"]
    return json.loads(image["imageManifest"])


@pytest.mark.parametrize("mode", [Provenance.MIN, Provenance.MAX])
def test_an_attested_image_is_ours_and_runs_by_its_digest(far_store, ecr, mode, tmp_path):
    rig = far_store
    reported = rig.build(*HELLO, labels={FINGERPRINT_LABEL: str(OURS)}, settings=BuildSettings(provenance=mode))
    repository = Repository(rig.access.uri.partition("/")[2])

    state = ecr.find(repository, ["c-1"])["c-1"]
    assert isinstance(state, Tagged)
    assert reported == str(state.digest)
    content = ecr.read_content(repository, state.digest, AMD64)
    assert content == ImageContent("linux/amd64", str(OURS), content.layers)
    assert content.layers
    assert image_check.judge_image(state.digest, {AMD64: content}, OURS) == ImagePresent(state.digest)

    assert RegistryLabels(lambda _: rig.access).find_label(repository, "c-1", FINGERPRINT_LABEL) == str(OURS)

    # There is an attestation, of the mode asked for: only `max` tells of the steps.
    index = stored(repository, {"imageTag": "c-1"})
    image, attestation = index["manifests"]
    assert image["platform"] == {"architecture": "amd64", "os": "linux"}
    assert attestation["annotations"]["vnd.docker.reference.type"] == "attestation-manifest"
    (layer,) = stored(repository, {"imageDigest": attestation["digest"]})["layers"]
    told = json.loads(ecr._blob(repository, Digest.parse(layer["digest"])))["predicate"]
    assert ("buildConfig" in told) == (mode is Provenance.MAX)

    # What a deployment by digest names can be pulled and run, by an engine with the other image store too.
    login = b64encode(f"{rig.access.username}:{rig.access.password}".encode()).decode()
    (tmp_path / "config.json").write_text(json.dumps({"auths": {rig.access.host: {"auth": login}}}))
    reference = f"{rig.access.uri}@{reported}"
    try:
        docker("--config", str(tmp_path), "pull", "--quiet", reference)
        said, code = said_by(reference)
    finally:
        docker("image", "rm", "--force", reference)
    assert (said, code) == ("hello from the image\n", 0)


def test_an_attested_image_of_several_platforms_is_ours_on_each(far_store, ecr):
    platforms = (AMD64, Platform.parse("linux/arm64"))
    settings, labels = BuildSettings(provenance=Provenance.MIN), {FINGERPRINT_LABEL: str(OURS)}
    reported = Digest.parse(far_store.build(*HELLO, labels=labels, settings=settings, platforms=platforms))
    repository = Repository(far_store.access.uri.partition("/")[2])
    contents = {platform: ecr.read_content(repository, reported, platform) for platform in platforms}
    assert image_check.judge_image(reported, contents, OURS) == ImagePresent(reported)
    assert len(stored(repository, {"imageTag": "c-1"})["manifests"]) == 4  # two of them are attestations


@pytest.mark.usefixtures("ecr")
def test_without_it_the_tag_is_the_image_itself(far_store):
    far_store.build(*HELLO)
    repository = Repository(far_store.access.uri.partition("/")[2])
    assert "manifests" not in stored(repository, {"imageTag": "c-1"})
