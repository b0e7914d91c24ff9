"""Names outside the Dockerfile: images, git repositories."""

import pytest

from rajee_deploy.dockerfile import familiar, image_of
from rajee_deploy.dockerfile.references import NamedContexts, is_git, is_known_frontend, parse_image, possible_mirror
from rajee_deploy.errors import ConfigurationError
from rajee_deploy.model.repository import ImageName

DIGEST = "sha256:" + "0" * 64


@pytest.mark.parametrize(
    ("text", "name", "familiar"),
    [
        ("alpine", "docker.io/library/alpine", "alpine"),
        ("alpine:latest", "docker.io/library/alpine", "alpine"),
        ("alpine:3", "docker.io/library/alpine", "alpine:3"),
        ("a/b", "docker.io/a/b", "a/b"),
        ("index.docker.io/a", "docker.io/library/a", "a"),
        ("localhost/a", "localhost/a", "localhost/a"),
        ("host:5000/a/b:t", "host:5000/a/b", "host:5000/a/b:t"),
        ("[::1]:5000/a", "[::1]:5000/a", "[::1]:5000/a"),
        (f"a:1@{DIGEST}", "docker.io/library/a", f"a:1@{DIGEST}"),
        ("A.example/a__b--c.d", "A.example/a__b--c.d", "A.example/a__b--c.d"),
        ("Host/a", "Host/a", "Host/a"),
    ],
)
def test_images(text, name, familiar):
    image = parse_image(text)
    assert (image.name, image.familiar) == (name, familiar)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "A",
        "a:",
        "a:b:c",
        "a@",
        "a@sha256:00",
        f"a@{DIGEST.replace('0', 'A')}",
        "a//b",
        "/a",
        "a/",
        "a_",
        "-a",
        "0" * 64,
        "a b",
        "a:" + "x" * 129,
        "h/" + "a" * 300,
        "docker.io/",
    ],
)
def test_no_images(text):
    with pytest.raises(ValueError, match=r"."):
        parse_image(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://h/r.git", True),
        ("https://h/r.git#main:dir", True),
        ("https://h/r.git?ref=v1", True),
        ("https://u:p@h/r.git", True),
        ("https://h/r.git/", False),
        ("https://h/r", False),
        ("https://h.git", False),
        ("git://h/r", True),
        ("ssh://h/r", True),
        ("git@h:r", True),
        ("some_one@h.example:r#x", True),
        ("./git@h:r", False),
        ("github.com/a/b", False),
        ("a:b", False),
        (".git", False),
        ("ftp://h/r.git", False),
    ],
)
def test_git(text, expected):
    assert is_git(text) is expected


ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"


@pytest.mark.parametrize(
    "reference",
    [
        "docker/dockerfile",
        "docker/dockerfile:1",
        "docker/dockerfile:1-labs",
        f"docker/dockerfile@sha256:{'0' * 64}",
        "docker.io/docker/dockerfile:1",
        "index.docker.io/docker/dockerfile:1",
        "docker/dockerfile-upstream:master",
        "registry-1.docker.io/docker/dockerfile:1",
        "registry.hub.docker.com/docker/dockerfile:1",
        "mirror.gcr.io/docker/dockerfile:1.7",
        "public.ecr.aws/docker/dockerfile:1",
        f"public.ecr.aws/docker/dockerfile:1@sha256:{'0' * 64}",
        "public.ecr.aws/docker/dockerfile-upstream",
    ],
)
def test_docker_s_frontends_are_known(reference):
    assert is_known_frontend(reference)


@pytest.mark.parametrize(
    "reference",
    [
        "dockerfile",
        "docker/dockerfile2",
        "x/docker/dockerfile",
        "Not:ok:",
        "",
        "docker/dockerfiles",
        "ghcr.io/docker/dockerfile:1",
        "registry.test/docker/dockerfile:1",
        f"{ECR}/docker/dockerfile:1",
        f"{ECR}/hub/docker/dockerfile:1",
        "public.ecr.aws/x/docker/dockerfile",
        "mirror.gcr.io/library/docker/dockerfile",
        "mirror.gcr.io.test/docker/dockerfile",
        "localhost:5000/docker/dockerfile",
        "public.ecr.aws/docker/library/dockerfile",
    ],
)
def test_nobody_else_s_are(reference):
    assert not is_known_frontend(reference)


@pytest.mark.parametrize(
    ("reference", "mirror"),
    [
        (f"{ECR}/hub/docker/dockerfile:1", f"{ECR}/hub"),
        ("localhost:5000/docker/dockerfile", "localhost:5000"),
        (f"registry.test/a/b/docker/dockerfile-upstream@sha256:{'0' * 64}", "registry.test/a/b"),
    ],
)
def test_a_mirror_is_known_when_it_is_named(reference, mirror):
    assert possible_mirror(reference) == mirror
    assert is_known_frontend(reference, [mirror])
    assert not is_known_frontend(reference, [f"{mirror}/x", mirror.partition("/")[0] + "x"])


def test_what_is_no_mirror_is_not_proposed():
    assert {possible_mirror(text) for text in ("me/frontend", "x/docker", "Not:ok:", "")} == {""}


@pytest.mark.parametrize(
    ("text", "name", "shown"),
    [
        ("alpine", ImageName("docker.io", "library/alpine", "", ""), "alpine"),
        ("index.docker.io/library/a:latest", ImageName("docker.io", "library/a", "latest", ""), "a"),
        (f"h:1/a/b:t@{DIGEST}", ImageName("h:1", "a/b", "t", DIGEST), f"h:1/a/b:t@{DIGEST}"),
        ("docker.io/library/a/b", ImageName("docker.io", "library/a/b", "", ""), "library/a/b"),
    ],
)
def test_the_image_of_a_reference(text, name, shown):
    assert (image_of(text), familiar(text)) == (name, shown)


CONTEXTS = {
    "base": "./b",
    "docker.io/library/two:latest": "docker-image://x",
    "h:1/p/q:t::linux/amd64": "./q",
    "z": "git@h:r",
}


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("base", "base"),
        ("base:latest", "base"),
        ("library/base", "base"),
        ("base:1", None),
        ("two", "docker.io/library/two:latest"),
        ("h:1/p/q:t", "h:1/p/q:t::linux/amd64"),
        ("h:1/p/q", None),
        ("z", "z"),
        ("scratch", None),
        ("context", None),
        ("SCRATCH", None),
        ("UPPER", None),
        ("", None),
    ],
)
def test_named_contexts_are_found_by_what_they_name(name, key):
    contexts = NamedContexts(CONTEXTS, "linux/amd64")
    assert contexts.find(name) == key
    assert NamedContexts({}, "linux/amd64").find(name) is None
    assert contexts.locals() == ["base", "h:1/p/q:t::linux/amd64"]
    assert [contexts.is_local(each) for each in CONTEXTS] == [True, False, True, False]
    assert contexts.value("z") == "git@h:r"
    assert NamedContexts(CONTEXTS, "linux/arm64").find("h:1/p/q:t") is None


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("Base", "--build-context base=…"),
        ("-x", "names are like those of images"),
        ("a b", "names are like those of images"),
        ("Base::linux/amd64", "--build-context base::linux/amd64=…"),
        ("", "names are like those of images"),
    ],
)
def test_names_that_no_engine_takes_for_a_context(name, hint):
    with pytest.raises(ConfigurationError) as caught:
        NamedContexts({"good": ".", name: "."}, "linux/amd64")
    found = caught.value
    assert (found.code, found.problem, found.hint) == (
        "bad-context-name",
        f"a build context cannot be called {name!r}",
        hint,
    )
    assert found.cause
