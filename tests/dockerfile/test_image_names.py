"""Names outside the Dockerfile: images, git repositories."""

import pytest

from rajee_deploy.dockerfile.references import is_git, is_known_frontend, parse_image

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
    ["", "A", "a:", "a:b:c", "a@", "a@sha256:00", f"a@{DIGEST.replace('0', 'A')}", "a//b", "/a", "a/", "a_", "-a",
     "0" * 64, "a b", "a:" + "x" * 129, "h/" + "a" * 300, "docker.io/"],
)  # fmt: skip
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


def test_only_dockers_frontends_are_known():
    assert is_known_frontend("docker/dockerfile:1")
    assert not any(map(is_known_frontend, ("dockerfile", "docker/dockerfile2", "x/docker/dockerfile", "Not:ok:", "")))
