"""Stages: names, indexes, reachability, ONBUILD, named contexts, frontends."""

import pytest

from rajee_deploy.errors import DeployError
from rajee_deploy.model import StageId

THREE = """FROM scratch AS one
COPY 1 /
FROM scratch AS two
COPY 2 /
FROM scratch
COPY 3 /
"""


@pytest.mark.parametrize(
    ("text", "target", "paths"),
    [
        (THREE, None, ["/3"]),
        (THREE, "TWO", ["/2"]),
        (THREE + "COPY --from=0 / /\n", None, ["/1", "/3"]),
        (THREE + "COPY --from=ONE / /\n", None, ["/1", "/3"]),
        (THREE + "RUN --mount=from=Two,target=/x ls\n", None, ["/2", "/3"]),
        (THREE + "RUN --mount=type=cache,from=two,target=/x ls\n", None, ["/2", "/3"]),
        (THREE + "RUN --mount=from=0,target=/x ls\n", None, ["/3"]),
        (THREE + "FROM two\nCOPY 4 /\n", None, ["/2", "/4"]),
        (THREE + "FROM scratch AS two\nCOPY 4 /\nFROM two\n", None, ["/4"]),
        (THREE + "FROM 0\n", None, []),
        ("FROM scratch AS a\nCOPY 1 /\nFROM a AS a\nCOPY 2 /\n", "a", ["/1", "/2"]),
        ("FROM scratch AS a\nCOPY 1 /\nFROM A\n", None, None),
        ("FROM scratch AS a\nCOPY ${A^} nowhere /\nFROM scratch\nCOPY b /\n", None, ["/b"]),
        ("FROM scratch\nRUN --mount=type=cache,target=/m x\nFROM scratch\nCOPY --from=2 / /\n", None, []),
    ],
)
def test_what_is_reached(text, target, paths, selected):
    if paths is None:
        with pytest.raises(DeployError, match="no image"):
            selected(text, target=target)
    else:
        assert selected(text, target=target) == paths


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("FROM scratch AS a\nONBUILD COPY x /\nCOPY y /\nFROM a AS b\nCOPY z /\n", ["/y", "/x", "/z"]),
        ("FROM scratch AS a\nONBUILD COPY x /\nFROM a AS b\nFROM b\n", ["/x"]),
        ("FROM scratch AS a\nONBUILD COPY x /\n", []),
        ("FROM scratch AS a\nONBUILD ARG P=q\nFROM a\nCOPY $P /\n", ["/q"]),
        ("FROM scratch AS a\nONBUILD COPY $P /\nENV P=r\nFROM a\nENV P=s\n", ["/r"]),
        ("FROM scratch AS s\nCOPY 1 /\nFROM scratch AS a\nONBUILD COPY --from=s / /\nFROM a\n", ["/1"]),
        ("FROM scratch AS a\nONBUILD COPY <<E x /\nq\nE\nFROM a\n", ["/x"]),
        ("FROM scratch AS a\nONBUILD RUN --mount=source=x,target=/x ls\nFROM a\n", ["/x"]),
    ],
)
def test_onbuild_fires_in_the_stages_on_top(text, paths, selected):
    assert selected(text) == paths


def test_a_fired_read_belongs_to_the_child_and_keeps_its_line(recipe):
    (read,) = recipe("FROM scratch AS a\nONBUILD COPY \\\n  x /\nFROM a AS b\n").reads
    assert (read.stage, read.location.start, read.location.end) == (StageId(1, "b"), 2, 3)


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("FROM scratch AS a\nCOPY --from=b / /\nFROM scratch AS b\nCOPY --from=a / /\n", "stage-circular", 4),
        ("FROM scratch AS a\nCOPY --from=a / /\n", "stage-circular", 2),
        ("FROM scratch AS a\nRUN --mount=from=a,target=/x ls\nFROM scratch\n", "stage-circular", 2),
        ("FROM scratch AS a\nCOPY --from=b / /\nFROM scratch AS b\nFROM a\n", "dockerfile-syntax", 2),
        ("FROM scratch AS a\nRUN --mount=from=b,target=/x ls\nFROM scratch AS b\nFROM a\n", "dockerfile-syntax", 2),
        ("FROM scratch\nCOPY --from=1 / /\nFROM scratch\nCOPY --from=7 / /\n", "dockerfile-syntax", 4),
        ("FROM scratch\nCOPY --from=-1 / /\n", "dockerfile-syntax", 2),
        ("FROM scratch\nARG A=b\nCOPY --from=$A / /\nFROM scratch\n", "dockerfile-syntax", 3),
        ("FROM scratch\nRUN --mount=from=$A,target=/x ls\nFROM scratch\n", "dockerfile-syntax", 2),
        ("ARG A\nFROM $A\n", "dockerfile-syntax", 2),
        ("FROM Upper\nFROM scratch\n", "dockerfile-syntax", 1),
        ("FROM a:b:c\nFROM scratch\n", "dockerfile-syntax", 1),
        ("FROM scratch\nCOPY --from=Not:an:image / /\nFROM scratch\n", "dockerfile-syntax", 2),
        ("FROM --platform=$A scratch\n", "dockerfile-syntax", 1),
        ("ARG A=${B^}\nFROM scratch\n", "dockerfile-syntax", 1),
        ("FROM scratch AS a\nONBUILD FOO x\nFROM a\n", "unknown-instruction", 2),
        ("RUN x\nFROM scratch\n", "dockerfile-syntax", 1),
    ],
)
def test_broken_graphs(text, code, line, recipe):
    with pytest.raises(DeployError) as caught:
        recipe(text)
    assert (caught.value.code, caught.value.where) == (code, f"Dockerfile:{line}")


@pytest.mark.parametrize(("target", "hint"), [("on", "one"), ("0", "stages: one, two"), ("nothing", "one, two")])
def test_a_target_that_is_not_there(target, hint, recipe):
    with pytest.raises(DeployError, match=target) as caught:
        recipe(THREE, target=target)
    assert caught.value.code == "target-not-found"
    assert hint in caught.value.hint


def test_the_targets_name(recipe):
    assert [recipe(THREE, target=target).target for target in ("One", None)] == ["one", ""]


@pytest.mark.parametrize(
    ("text", "contexts", "paths"),
    [
        ("FROM scratch\nCOPY --from=docs a *.b /\n", {"docs": "../docs"}, ["docs:/a", "docs:/*.b"]),
        ("FROM scratch\nRUN --mount=from=docs,source=a,target=/x ls\n", {"docs": "../docs"}, ["docs:/a"]),
        ("FROM scratch\nRUN --mount=type=cache,from=docs,target=/x ls\n", {"docs": "../docs"}, ["docs:/"]),
        ("FROM docs\nCOPY a$P /\n", {"docs": "../docs"}, ["docs:/", "/a"]),
        ("FROM x AS docs\nCOPY a /\nFROM docs\nCOPY b /\n", {"docs": "../docs"}, ["docs:/", "/b"]),
        ("FROM x AS docs\nCOPY a /\n", {"docs": "../docs"}, ["docs:/"]),
        ("FROM x AS docs\nCOPY a /\nFROM scratch\nCOPY --from=docs c /\n", {"docs": "../docs"}, ["docs:/c"]),
        ("FROM scratch\nCOPY --from=0 c /\nFROM x AS docs\nCOPY --from=docs d /\n", {"docs": "d"}, None),
        ("FROM scratch AS a\nCOPY --from=docs c /\nFROM x AS docs\nFROM a\n", {"docs": "d"}, ["docs:/c"]),
        ("FROM docker.io/library/docs:latest\n", {"docs": "../docs"}, ["docs:/"]),
        ("FROM docs\n", {"docker.io/library/docs:latest": "d"}, ["docker.io/library/docs:latest:/"]),
        ("FROM docs:1\n", {"docs": "../docs"}, []),
        ("FROM python\nCOPY $A /\n", {"python": "docker-image://python:3"}, ["!/"]),
        ("FROM python\nCOPY a$A /\n", {"python": "docker-image://scratch"}, ["/a"]),
        ("FROM x AS a\nCOPY a /\nFROM a\n", {"a": "docker-image://python:3"}, []),
        ("FROM scratch\nCOPY --from=context a /\n", {"context": "d"}, []),
        ("FROM x\n", {"x::linux/amd64": "d", "x": "e"}, ["x::linux/amd64:/"]),
    ],
)
def test_named_contexts(text, contexts, paths, selected):
    if paths is None:
        with pytest.raises(DeployError, match="needs itself"):
            selected(text, contexts=contexts)
    else:
        assert selected(text, contexts=contexts) == paths


@pytest.mark.parametrize(
    ("text", "contexts", "references"),
    [
        ("FROM python:3\n", {}, [("from", "python:3", 1)]),
        ("ARG V=3\nFROM python:$V\nCOPY --from=busybox / /\n", {}, [("from", "python:3", 2), ("copy", "busybox", 3)]),
        ("FROM scratch\nRUN --mount=from=busybox,target=/x ls\n", {}, [("mount", "busybox", 2)]),
        ("FROM scratch\nARG V=1\nADD https://h/$V /\n", {}, [("add", "https://h/1", 3)]),
        ("FROM a AS b\nFROM c\n", {}, [("from", "c", 2)]),
        ("FROM a\n", {"a": "docker-image://b@sha256:" + "0" * 64}, [("from", "b@sha256:" + "0" * 64, 1)]),
        ("FROM a\n", {"a": "https://h/r.git"}, [("from", "https://h/r.git", 1)]),
        ("FROM a\nCOPY --from=b / /\n", {"a": "d", "b": "d"}, []),
        ("# syntax=docker/dockerfile:1\nFROM scratch\n", {}, [("syntax", "docker/dockerfile:1", 1)]),
        ("FROM scratch AS s\nFROM x\nCOPY --from=s / /\n", {}, [("from", "x", 2)]),
    ],
)
def test_references(text, contexts, references, recipe):
    found = recipe(text, contexts=contexts).references
    assert [(one.role, one.text, one.line) for one in found] == references


def test_floating_images_are_noticed_once(recipe):
    pinned = f"b@sha256:{'0' * 64}"
    text = f"FROM a AS s\nFROM a AS t\nFROM {pinned}\nCOPY --from=s / /\nCOPY --from=t / /\nCOPY --from=c:1 / /\n"
    notices = recipe(text).notices
    assert [(notice.code, notice.line) for notice in notices] == [
        ("base-unpinned", 1),
        ("base-unpinned", 6),
        ("base-config-unknown", 1),
        ("base-config-unknown", 3),
    ]


def test_secrets_are_ids(recipe):
    text = """FROM scratch AS other
RUN --mount=type=secret,id=unreached x
FROM scratch
RUN --mount=type=secret,id=a --mount=type=secret,target=/run/b --mount=type=ssh --mount=type=ssh,id=c x
RUN --mount=type=secret,source=d,target=/x --mount=type=secret,id=a x
"""
    assert recipe(text).secrets == ("secret:a", "secret:b", "ssh:default", "ssh:c", "secret:d")


@pytest.mark.parametrize(
    ("text", "is_known"),
    [
        ("# syntax=docker/dockerfile\n", True),
        ("# syntax=docker.io/docker/dockerfile:1.7-labs extra\n", True),
        ("#syntax = docker/dockerfile-upstream:master\n", True),
        (f"# syntax=docker/dockerfile@sha256:{'0' * 64}\n", True),
        ("# escape=`\n# syntax=docker/dockerfile\n", True),
        ("# comment\n# syntax=foreign/frontend\n", True),
        ("\n# syntax=foreign/frontend\n", True),
        (" # syntax=foreign/frontend\n", True),
        ("# syntax=foreign/frontend\n", False),
        ("# syntax=docker/dockerfile.evil\n", False),
        ("# syntax=registry.example/docker/dockerfile\n", False),
        ("\ufeff#!/usr/bin/env docker\n# SYNTAX=foreign/frontend:1 and more\n", False),
        ("// syntax=foreign/frontend\n", False),
    ],
)
def test_frontends(text, is_known, recipe):
    found = recipe(text + "FROM scratch\nCOPY a /\n") if not text.startswith("//") else recipe(text + "anything\n")
    assert bool(found.widened) is not is_known
    if not is_known:
        assert [(read.selector.path, read.stage.index, bool(read.widened)) for read in found.reads] == [("/", -1, True)]


def test_a_foreign_frontend_reads_everything_there_is(recipe):
    text = b'{"syntax": "foreign/frontend", "\\u0000": [1]}'
    found = recipe(text, args={"A": "1"}, contexts={"docs": "d", "image": "docker-image://x"}, target="t")
    assert [read.context for read in found.reads] == ["", "docs"]
    assert found.build_args == (("A", "1"),)
    assert found.target == "t"
    assert found.references[0].text == "foreign/frontend"
    assert recipe(text + b" ").instructions != found.instructions


def test_the_frontend_of_a_build_argument_comes_first(recipe):
    text = "# syntax=foreign/frontend\nFROM scratch\n"
    assert recipe(text, args={"BUILDKIT_SYNTAX": "docker/dockerfile:1"}).widened == ""
    assert recipe("FROM scratch\n", args={"BUILDKIT_SYNTAX": "foreign/frontend"}).widened
