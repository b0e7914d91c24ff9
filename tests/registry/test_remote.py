"""Images in any registry, over real HTTP: logins, redirects, retries, and nothing believed that came in part."""

from __future__ import annotations

import json
import os
import stat

import pytest
from fakes import FakeImages
from sampled import some
from small_registry import (
    BASIC,
    IDENTITY,
    OCI_INDEX,
    OCI_MANIFEST,
    PASSWORD,
    TOKEN,
    USER,
    SmallRegistry,
    digest_of,
)

from rajee_deploy.errors import DeployError
from rajee_deploy.model import BaseConfig, Digest
from rajee_deploy.model.repository import ImageName
from rajee_deploy.registry.http import RegistryHttp
from rajee_deploy.registry.logins import Login, find_login
from rajee_deploy.registry.remote import RemoteImages

AMD64, ARM64 = "linux/amd64", "linux/arm64"
CONFIG = {"Env": ["PATH=/bin", "P=a", "E", "P=b=c"], "OnBuild": ["COPY . /app"]}
SEEN = BaseConfig((("PATH", "/bin"), ("P", "b=c"), ("E", "")), ("COPY . /app",))
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


@pytest.fixture
def registry(request):
    with SmallRegistry(getattr(request, "param", "")).running() as running:
        yield running


def image(registry: SmallRegistry, tag: str = "1", digest: str = "") -> ImageName:
    return ImageName(registry.host, "team/base", tag, digest)


def nobody(_host: str) -> None:
    return None


def ann(_host: str) -> Login:
    return Login(USER, PASSWORD)


def code_of(call) -> str:
    with pytest.raises(DeployError) as caught:
        call()
    told = f"{caught.value} {caught.value.cause} {caught.value.where} {caught.value.hint}"
    assert "hunter2" not in told
    return caught.value.code


# -- the contract of ImageSource, on the fake and on the adapter ---------------------------------------------------


@pytest.fixture(params=["fake", "remote"])
def source(request, registry):
    """A source with one image of two platforms behind `1`, and its digest."""
    arm = registry.push("arm", {"Env": ["A=arm"]})
    digest = registry.push_index("1", {AMD64: registry.push("amd", CONFIG), ARM64: arm})
    if request.param == "remote":
        return RemoteImages(nobody), digest
    configs = {AMD64: SEEN, ARM64: BaseConfig((("A", "arm"),))}
    return FakeImages({f"{registry.host}/team/base:1": (Digest.parse(digest), configs)}), digest


def test_a_tag_is_looked_up(source, registry):
    images, digest = source
    assert str(images.find_digest(image(registry))) == digest
    found = images.describe(image(registry), [AMD64, ARM64])
    assert str(found.digest) == digest
    assert found.configs == {AMD64: SEEN, ARM64: BaseConfig((("A", "arm"),))}
    assert images.describe(image(registry, digest=digest), []).configs == {}
    assert list(images.describe(image(registry), [], [AMD64, "linux/s390x"]).configs) == [AMD64]
    assert list(images.describe(image(registry), [AMD64], [AMD64, ARM64]).configs) == [AMD64, ARM64]


def test_what_is_not_there_is_said_so(source, registry):
    images, digest = source
    assert code_of(lambda: images.find_digest(image(registry, "2"))) == "not-in-registry"
    assert code_of(lambda: images.describe(image(registry, "2"), [AMD64])) == "not-in-registry"
    assert code_of(lambda: images.describe(image(registry, digest=digest[:-3] + "000"), [])) == "not-in-registry"
    assert code_of(lambda: images.describe(image(registry), ["linux/s390x"])) == "base-platform"
    assert code_of(lambda: images.describe(image(registry), [], ["linux/s390x"])) == "base-platform"


# -- kinds of images -----------------------------------------------------------------------------------------------


def test_an_image_of_one_platform_is_that_of_every_platform(registry):
    digest = registry.push("1", CONFIG, DOCKER_MANIFEST)
    found = RemoteImages(nobody).describe(image(registry), [ARM64])
    assert (str(found.digest), found.configs[ARM64]) == (digest, SEEN)


def test_an_older_arm_will_do(registry):
    old = registry.push("old", {"Env": ["V=6"]})
    registry.push_index("1", {"linux/arm/v6": old, ARM64: registry.push("new", {})}, DOCKER_LIST)
    (config,) = RemoteImages(nobody).describe(image(registry), ["linux/arm/v7"]).configs.values()
    assert config.env == (("V", "6"),)


@pytest.mark.parametrize("config", [{}, {"Env": None, "OnBuild": None}])
def test_an_image_that_sets_nothing(config, registry):
    registry.push("1", config)
    assert RemoteImages(nobody).describe(image(registry), [AMD64]).configs[AMD64] == BaseConfig()


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b'{"schemaVersion": 1}',
        b'{"schemaVersion": 2}',
        b"<html></html>",
        b"[" * 100_000,
        {"schemaVersion": 2, "mediaType": OCI_INDEX},
        {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [], "config": {}},
        {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": {"digest": "sha256:0"}},
        {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": {"digest": f"sha256:{0:064}"}, "manifests": []},
        {"schemaVersion": 2, "mediaType": "application/vnd.oci.artifact", "config": {"digest": f"sha256:{0:064}"}},
        {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [{"platform": {"os": "linux"}}]},
    ],
)
def test_a_foreign_manifest_is_no_image(document, registry):
    registry.put("1", document, OCI_MANIFEST)
    assert code_of(lambda: RemoteImages(nobody).describe(image(registry), [AMD64])) == "registry-answer"


@pytest.mark.parametrize("config", [{"Env": "A=b"}, {"Env": [1]}, {"OnBuild": {"a": 1}}, {"OnBuild": [None]}, [1]])
def test_a_foreign_configuration_is_none(config, registry):
    registry.push("1", config)
    assert code_of(lambda: RemoteImages(nobody).describe(image(registry), [AMD64])) == "registry-answer"


# -- answers cut short ---------------------------------------------------------------------------------------------


LONGEST = 5000
LENGTHS = some("places where an answer about a base image is cut", range(LONGEST), 5)


@pytest.mark.slow
@pytest.mark.parametrize("unnamed", [False, True])
def test_no_answer_cut_at_any_place_is_believed(unnamed, registry):
    registry.faults.unnamed = unnamed
    digest = registry.push_index("1", {AMD64: registry.push("amd", CONFIG)})
    whole = {name: len(body) for name, (body, _) in registry.manifests.items() if name not in ("amd", digest)}
    whole |= {name: len(body) for name, body in registry.blobs.items()}
    assert max(whole.values()) <= LONGEST
    images = RemoteImages(nobody)
    for name, size in whole.items():
        for length in (length for length in LENGTHS if length < size):
            registry.faults.cut = {name: length}
            # Where no digest is named, what the cut body has as its digest is asked for and is not there.
            expected = "not-in-registry" if unnamed and name == "1" else "registry-answer"
            assert code_of(lambda: images.describe(image(registry), [AMD64])) == expected, (name, length)
    registry.faults.cut = {}
    assert str(images.describe(image(registry), [AMD64]).digest) == digest
    assert str(images.find_digest(image(registry))) == digest


@pytest.mark.parametrize("lies", ["sha256:", "nonsense", f"sha256:{0:064}", f"sha512:{0:0128}"])
def test_a_digest_that_is_not_the_bodys(lies, registry):
    registry.push("1", CONFIG)
    registry.faults.lies = lies
    assert code_of(lambda: RemoteImages(nobody).describe(image(registry), [AMD64])) == "registry-answer"


def test_another_image_than_the_one_asked_for(registry):
    digest = registry.push("1", CONFIG)
    registry.push("2", {})
    registry.manifests[digest] = registry.manifests["2"]
    assert code_of(lambda: RemoteImages(nobody).describe(image(registry, digest=digest), [])) == "registry-answer"


def test_an_endless_answer_is_not_read_to_its_end(registry):
    registry.put("1", b" " * (5 << 20), OCI_MANIFEST)
    assert code_of(lambda: RemoteImages(nobody).describe(image(registry), [])) == "registry-answer"


# -- logins --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("registry", "login", "sent"),
    [
        ("", ann, set()),
        ("basic", ann, {BASIC}),
        ("bearer", ann, {BASIC, f"Bearer {TOKEN}"}),
        ("bearer", lambda _: Login("", "", IDENTITY), {f"Bearer {TOKEN}"}),
        ("anonymous", nobody, {f"Bearer {TOKEN}"}),
    ],
    indirect=["registry"],
)
def test_logins_are_sent_where_they_are_asked_for(registry, login, sent):
    digest = registry.push("1", CONFIG)
    images = RemoteImages(login)
    assert str(images.describe(image(registry), [AMD64]).digest) == digest
    assert registry.credentials == sent
    assert registry.asked["GET /token"] + registry.asked["POST /token"] == (1 if TOKEN in str(sent) else 0)


@pytest.mark.parametrize(
    ("registry", "login"),
    [
        ("basic", nobody),
        ("basic", lambda _: Login("", "", IDENTITY)),
        ("basic", lambda _: Login("eve", "x")),
        ("bearer", nobody),
        ("bearer", lambda _: Login("eve", "x")),
        ("bearer", lambda _: Login("", "", "x")),
    ],
    indirect=["registry"],
)
def test_a_wrong_login_is_denied(registry, login):
    registry.push("1", CONFIG)
    assert code_of(lambda: RemoteImages(login).describe(image(registry), [])) == "registry-denied"


@pytest.mark.parametrize("registry", ["bearer"], indirect=True)
@pytest.mark.parametrize("realm", ["http://tokens.example/token", "ftp://localhost/token", "", "/token"])
def test_a_password_goes_to_no_token_server_in_the_clear(realm, registry):
    registry.push("1", CONFIG)
    registry.realm = realm
    assert code_of(lambda: RemoteImages(ann).describe(image(registry), [])) == "registry-answer"
    assert registry.credentials == set()


@pytest.mark.parametrize("registry", ["basic"], indirect=True)
def test_credentials_do_not_follow_a_redirect(registry):
    with SmallRegistry().running() as other:
        registry.push("1", CONFIG)
        other.blobs = registry.blobs
        registry.faults.redirect = f"http://127.0.0.1:{other.port}"
        assert RemoteImages(ann).describe(image(registry), [AMD64]).configs[AMD64] == SEEN
        assert other.credentials == set()
        assert sum(other.asked.values()) == 1


# -- trouble -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_passing_trouble_is_waited_for(status, registry):
    digest = registry.push("1", CONFIG)
    registry.faults.statuses = [status, status]
    assert str(RemoteImages(nobody).find_digest(image(registry))) == digest


@pytest.mark.parametrize(
    ("status", "code"), [(429, "registry-throttled"), (500, "registry-answer"), (403, "registry-denied")]
)
def test_lasting_trouble_is_named(status, code, registry):
    registry.push("1", CONFIG)
    registry.faults.statuses = [status] * 20
    assert code_of(lambda: RemoteImages(nobody).find_digest(image(registry))) == code


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("docker.io", "https://registry-1.docker.io"),
        ("ghcr.io", "https://ghcr.io"),
        ("a.example:5000", "https://a.example:5000"),
        ("localhost:5000", "http://localhost:5000"),
        ("127.0.0.1", "http://127.0.0.1"),
        ("[::1]:5000", "http://[::1]:5000"),
        ("localhost.example", "https://localhost.example"),
        ("127.0.0.1.example", "https://127.0.0.1.example"),
    ],
)
def test_only_this_machine_is_spoken_to_in_the_clear(host, address):
    assert RegistryHttp(host, nobody)._address == address


def test_nobody_there():
    assert (
        code_of(lambda: RemoteImages(nobody).find_digest(ImageName("localhost:9", "a", "1"))) == "registry-unreachable"
    )


# -- docker's configuration ----------------------------------------------------------------------------------------


@pytest.fixture
def docker_config(tmp_path, monkeypatch):
    """Writes a docker configuration, and a credential helper `docker-credential-test` that answers with a document."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")

    def write(document, answer: str = ""):
        (tmp_path / "config.json").write_text(document if isinstance(document, str) else json.dumps(document))
        helper = tmp_path / "docker-credential-test"
        helper.write_text(f"#!/bin/sh\nread host\n{answer or 'exit 1'}\n")
        helper.chmod(stat.S_IRWXU)

    return write


KNOWN = """echo "{\\"ServerURL\\": \\"$host\\", \\"Username\\": \\"ann\\", \\"Secret\\": \\"hunter2\\"}" """
ENCODED = BASIC.removeprefix("Basic ")


@pytest.mark.parametrize(
    ("document", "answer", "host", "login"),
    [
        ({}, "", "r.example", None),
        ({"auths": {"r.example": {"auth": ENCODED}}}, "", "r.example", Login(USER, PASSWORD)),
        ({"auths": {"https://r.example/v1/": {"auth": ENCODED}}}, "", "r.example", Login(USER, PASSWORD)),
        ({"auths": {"https://index.docker.io/v1/": {"auth": ENCODED}}}, "", "docker.io", Login(USER, PASSWORD)),
        ({"auths": {"r.example": {"auth": ENCODED}}}, "", "s.example", None),
        ({"auths": {"r.example": {"identitytoken": IDENTITY}}}, "", "r.example", Login("", "", IDENTITY)),
        ({"credHelpers": {"r.example": "test"}}, KNOWN, "r.example", Login(USER, PASSWORD)),
        ({"credHelpers": {"r.example": "test"}}, KNOWN, "s.example", None),
        ({"credsStore": "test"}, KNOWN, "r.example", Login(USER, PASSWORD)),
        ({"credsStore": "test"}, KNOWN.replace("ann", "<token>"), "r.example", Login("", "", PASSWORD)),
        ({"credsStore": "test"}, "echo credentials not found in native keychain; exit 1", "r.example", None),
    ],
)
def test_dockers_logins_are_used(document, answer, host, login, docker_config):
    docker_config(document, answer)
    assert find_login(host) == login


@pytest.mark.parametrize(
    ("document", "answer"),
    [
        ({"credsStore": "nowhere"}, ""),
        ({"credsStore": "test"}, "echo no; exit 2"),
        ({"credsStore": "test"}, "echo hunter2"),
        ({"credsStore": "test"}, 'echo \'{"Secret": "hunter2"}\''),
        ({"auths": {"r.example": {"auth": "%%%"}}}, ""),
        ({"auths": {"r.example": "x"}}, ""),
    ],
)
def test_a_broken_login_is_named_and_shows_no_secret(document, answer, docker_config):
    docker_config(document, answer)
    assert code_of(lambda: find_login("r.example")) == "docker-config"


def test_secrets_stay_out_of_repr():
    assert "hunter2" not in repr(Login(USER, PASSWORD, IDENTITY))


def test_the_fixture_digests_as_registries_do(registry):
    digest = registry.push("1", CONFIG)
    assert digest_of(registry.manifests["1"][0]) == digest
