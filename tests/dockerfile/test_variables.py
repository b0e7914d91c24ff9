"""Scopes: which value a variable has where, and what an unknown image leaves open."""

import pytest

SCRATCH = "FROM scratch\n"


@pytest.mark.parametrize(
    ("text", "args", "paths"),
    [
        ("ENV P=a\nARG P=b\nCOPY $P /", {}, ["/b"]),
        ("ARG P=b\nENV P=a\nCOPY $P /", {}, ["/a"]),
        ("ENV P=a\nARG P\nCOPY $P /", {"P": "b"}, ["/b"]),
        ("ENV P=a\nARG P\nCOPY $P /", {}, ["/a"]),
        ("COPY ${P:-a} /", {"P": "b"}, ["/a"]),
        ("ARG P\nCOPY ${P-a} /", {"P": ""}, ["/"]),
        ("ARG P=a\nARG Q=$P\nCOPY $Q /", {}, ["/a"]),
        ("ENV P=a Q=$P\nCOPY x$Q /", {}, ["/x"]),
        ("ENV P a b\nCOPY $P /", {}, ["/a b"]),
        ("ENV K=P\nENV $K=a\nCOPY $P /", {}, ["/a"]),
        ("ARG P=$Z\nENV Z=a\nCOPY x$P /", {"P": "$Z"}, ["/x$Z"]),
        ("ARG TARGETARCH\nCOPY $TARGETARCH /", {}, ["/arm64"]),
        ("ARG TARGETARCH=zz\nCOPY $TARGETARCH /", {}, ["/zz"]),
        ("ARG TARGETARCH\nCOPY $TARGETARCH /", {"TARGETARCH": "q"}, ["/q"]),
        ("COPY x$TARGETARCH /", {}, ["/x"]),
        ("ARG TARGETPLATFORM BUILDPLATFORM\nCOPY $TARGETPLATFORM $BUILDPLATFORM /", {}, ["/linux/arm64", "!/"]),
        ("ARG TARGETVARIANT\nCOPY x$TARGETVARIANT /", {}, ["/x"]),
        ("ARG BUILDKIT_SBOM_SCAN_STAGE=a\nCOPY x$BUILDKIT_SBOM_SCAN_STAGE /", {}, ["/x"]),
        ("ARG http_proxy\nCOPY $http_proxy /", {"http_proxy": "p"}, ["/p"]),
        ("COPY x$http_proxy /", {"http_proxy": "p"}, ["/x"]),
        ("COPY ${PATH%%/*}a /", {}, ["/a"]),
        ("LABEL P=a\nCOPY x$P /", {}, ["/x"]),
        ("WORKDIR $P\nCOPY x$WORKDIR /", {}, ["/x"]),
    ],
)
def test_a_stage(text, args, paths, selected):
    assert selected(SCRATCH + text, args=args, platform="linux/arm64") == paths


@pytest.mark.parametrize(
    ("text", "args", "paths"),
    [
        ("ARG P=a\nFROM scratch\nARG P\nCOPY $P /", {}, ["/a"]),
        ("ARG P=a\nFROM scratch\nCOPY x$P /", {}, ["/x"]),
        ("ARG P=a\nFROM scratch\nARG P=b\nCOPY $P /", {}, ["/b"]),
        ("ARG P=a\nFROM scratch\nARG P=b\nCOPY $P /", {"P": "c"}, ["/c"]),
        ("ARG P=a\nARG Q=$P$TARGETOS\nFROM scratch\nARG Q\nCOPY $Q /", {"P": "b"}, ["/blinux"]),
        ("ARG P\nFROM scratch\nARG P\nCOPY ${P-a} /", {}, ["/a"]),
        ("ARG S=scratch\nFROM $S\nCOPY a$X /", {}, ["/a"]),
        ("FROM scratch AS a\nENV P=a\nARG Q=q\nFROM a\nCOPY $P $Q /", {}, ["/a", "/q"]),
        ("FROM scratch AS a\nENV P=a\nFROM scratch\nCOPY --from=a / /\nCOPY x$P /", {}, ["/x"]),
    ],
)
def test_the_file(text, args, paths, selected):
    assert selected(text, args=args) == paths


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("COPY $P /", ["!/"]),
        ("COPY src/$P /", ["!/"]),
        ("COPY ${P:-a} /", ["!/"]),
        ("COPY ${P:?} /", ["!/"]),
        ("COPY ${P#x} /", ["!/"]),
        ("COPY a $P b /", ["/a", "!/", "/b"]),
        ("COPY $PATH /", ["!/"]),
        ("ENV A=$P\nCOPY $A b /", ["!/", "/b"]),
        ("ENV A=$P\nENV A=a\nCOPY $A /", ["/a"]),
        ("ARG A=$P\nCOPY $A /", ["!/"]),
        ("ENV A=a\nENV $P=b\nCOPY $A b /", ["!/", "/b"]),
        ("RUN --mount=source=$P,target=/x ls", ["!/"]),
        ("RUN --mount=type=$P,target=/x ls", ["!/"]),
        ("RUN --mount=type=${P:-cache},target=/x ls", ["!/"]),
        ("RUN --mount=type=${P:-tmpfs},target=/x ls", ["!/"]),
        ("RUN --mount=type=${P:-secret},id=s,target=/x ls", ["!/"]),
        ("ARG P\nRUN --mount=type=${P:-cache},target=/x ls", ["!/"]),
        ("RUN --mount=type=cache,target=$P/x ls", []),
        ("RUN --mount=type=cache,target=/x,source=$P ls", []),
        ("RUN --mount=type=bind,source=a,target=$P/x ls", ["!/"]),
        ("ARG P\nCOPY ${P:-a} /", ["!/"]),
        ("ARG P\nCOPY x/${P:-a} a /", ["!/", "/a"]),
        ("ARG P\nADD x/${P:-a} /", ["!/"]),
        ("ARG P\nCOPY --parents x/${P:-a} /", ["!/"]),
        ("ARG P\nRUN --mount=source=x/${P:-a},target=/x ls", ["!/"]),
        ("ARG P\nENV Q=${P:-a}\nCOPY $Q /", ["!/"]),
        ("ARG P\nARG Q=${P:-a}\nCOPY $Q /", ["!/"]),
        ("ARG P\nARG P=b\nCOPY $P /", ["/b"]),
        ("ARG P=a\nARG P\nCOPY $P /", ["/a"]),
        ("ARG P\nCOPY ${P:-a}* /", ["!/"]),
        ("ARG P=a\nCOPY $P* /", ["/a*"]),
        ("ADD https://x.org/$P /", []),
        ("ADD $P /", ["!/"]),
        ("USER $P\nWORKDIR $P\nEXPOSE $P\nVOLUME $P\nSTOPSIGNAL $P\nLABEL a=${P:?}\nCOPY a /", ["/a"]),
    ],
)
def test_what_an_images_env_may_decide_is_widened(text, paths, selected):
    assert selected(f"FROM python:3\n{text}\n") == paths
    assert selected(f"FROM python:3 AS a\nFROM a\n{text}\n") == paths


def test_a_valueless_arg_of_a_known_base_is_exact(selected):
    assert selected("FROM python:3\nARG P\nCOPY ${P:-a} /\n", args={"P": "b"}) == ["/b"]
    assert selected("ARG P=c\nFROM python:3\nARG P\nCOPY ${P:-a} /\n") == ["/c"]
    assert selected("FROM scratch\nARG P\nCOPY ${P:-a} /\n") == ["/a"]


NEW, OLD = "# syntax=docker/dockerfile:1.11\n", "# syntax=docker/dockerfile:1.7\n"


@pytest.mark.parametrize(
    ("text", "args", "new", "old"),
    [
        ("FROM scratch\nARG P=a Q=$P\nCOPY $Q /", {}, ["/a"], ["!/"]),
        ("FROM scratch\nARG P=a Q=$P\nCOPY $Q* /", {}, ["/a*"], ["!/"]),
        ("FROM scratch\nARG P=a Q=$P\nENV R=$Q\nRUN --mount=source=$R,target=/x ls", {}, ["/a"], ["!/"]),
        ("FROM scratch\nARG P=a Q=$P\nENV Q=b\nCOPY $Q $P /", {}, ["/b", "/a"], ["/b", "/a"]),
        ("FROM scratch\nENV P=a\nARG P=b Q=$P\nCOPY $Q /", {}, ["/b"], ["!/"]),
        ("FROM scratch\nENV P=a\nARG P=a Q=$P\nCOPY $Q /", {}, ["/a"], ["/a"]),
        ("FROM scratch\nARG P Q=$P\nCOPY x$Q /", {"P": "a"}, ["/xa"], ["!/"]),
        ("FROM scratch\nARG P=a Q=$P\nCOPY $Q /", {"Q": "b"}, ["/b"], ["/b"]),
        ("FROM scratch\nARG P=a Q=${P:?}\nCOPY $Q /", {}, ["/a"], ["!/"]),
        ("FROM scratch\nARG P=a Q=b\nCOPY $P $Q /", {}, ["/a", "/b"], ["/a", "/b"]),
        ("FROM scratch AS s\nARG P=a Q=$P\nFROM s\nCOPY $Q /", {}, ["/a"], ["!/"]),
        ("ARG P=a Q=$P\nFROM scratch\nARG Q\nCOPY $Q /", {}, ["/a"], ["/a"]),
        ("FROM scratch\nARG TARGETSTAGE\nCOPY $TARGETSTAGE* /", {}, ["/default*"], ["!/"]),
        ("FROM scratch\nARG TARGETSTAGE\nCOPY x/${TARGETSTAGE:-y} /", {}, ["/x/default"], ["!/"]),
        ("FROM scratch\nARG TARGETSTAGE\nCOPY $TARGETSTAGE /", {"TARGETSTAGE": "q"}, ["/q"], ["/q"]),
        ("FROM scratch\nARG TARGETSTAGE=q\nCOPY $TARGETSTAGE /", {}, ["/q"], ["/q"]),
        ("ARG A=x$TARGETSTAGE\nFROM scratch\nARG A\nCOPY $A /", {}, ["/xdefault"], ["!/"]),
        ("ARG A=x$TARGETSTAGE\nARG A=y\nFROM scratch\nARG A\nCOPY $A /", {}, ["/y"], ["/y"]),
        ("ARG A=x$TARGETSTAGE\nFROM scratch\nARG A\nCOPY $A /", {"A": "z"}, ["/z"], ["/z"]),
        ("FROM scratch\nARG TARGETARCH TARGETVARIANT\nCOPY $TARGETARCH /", {}, ["/amd64"], ["/amd64"]),
    ],
)
def test_what_versions_of_the_frontend_expand_otherwise_is_widened(text, args, new, old, selected):
    """The values of the old ones were asked of Docker Engine 26.1 (docker/dockerfile 1.7)."""
    assert selected(NEW + text + "\n", args=args) == new
    for syntax in (OLD, "", "# syntax=docker/dockerfile:1\n", "# syntax=docker/dockerfile@sha256:" + "1" * 64 + "\n"):
        assert selected(syntax + text + "\n", args=args) == old


def test_a_widened_read_says_why(recipe):
    (read,) = recipe("FROM python:3\nCOPY ${A:-a}$B /\n").reads
    assert read.widened == "the base image may define $A, $B"
    assert read.source == "${A:-a}$B"


def test_windows_paths_are_widened(selected):
    assert selected("FROM x\nCOPY a\\\\b /\n", platform="windows/amd64") == ["!/"]
    assert selected("FROM --platform=windows/amd64 x AS a\nFROM a\nCOPY a /\n") == ["!/"]


@pytest.mark.parametrize(
    ("text", "args", "expected"),
    [
        ("FROM scratch\nARG A B=1\n", {"A": "x", "C": "y"}, {"A": "x", "B": None}),
        ("FROM scratch AS a\nARG A\nFROM scratch\n", {"A": "x"}, {}),
        ("ARG A=1\nFROM scratch\n", {"A": "x"}, {}),
        ("ARG A=scratch\nFROM $A\n", {}, {"A": None}),
        ("ARG A=scratch\nARG B=$A\nFROM $B\n", {"A": "scratch"}, {"A": "scratch", "B": None}),
        ("ARG A=1\nFROM scratch\nARG A\n", {"A": "x"}, {"A": "x"}),
        # What the first value came from decides the second one, too.
        ("ARG B=1\nARG A=x$B\nARG A=${A}y\nFROM scratch\nARG A\n", {"B": "2"}, {"A": None, "B": "2"}),
        ("ARG B=1\nARG A=x$B\nARG A=y\nFROM scratch\nARG A\n", {"B": "2"}, {"A": None}),
        ("FROM scratch AS s\nARG TARGETARCH\nFROM s\nARG TARGETARCH=x\n", {}, {"TARGETARCH": "amd64"}),
        ("FROM scratch\nARG TARGETARCH\n", {}, {"TARGETARCH": "amd64"}),
        ("FROM scratch\nARG TARGETARCH=x\n", {}, {"TARGETARCH": None}),
        ("FROM --platform=$BUILDPLATFORM scratch\n", {}, {"BUILDPLATFORM": "linux/amd64"}),
        ("FROM scratch\n", {"SOURCE_DATE_EPOCH": "0"}, {"SOURCE_DATE_EPOCH": "0"}),
        ("FROM scratch\n", {"http_proxy": "0"}, {}),
    ],
)
def test_the_arguments_that_count(text, args, expected, recipe):
    assert dict(recipe(text, args=args).build_args) == expected
