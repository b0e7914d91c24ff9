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
        ("ARG P=a Q=$P\nCOPY $Q /", {}, ["/a"]),
        ("ENV P=a Q=$P\nCOPY x$Q /", {}, ["/x"]),
        ("ENV P a b\nCOPY $P /", {}, ["/a b"]),
        ("ENV K=P\nENV $K=a\nCOPY $P /", {}, ["/a"]),
        ("ARG P=$Z\nENV Z=a\nCOPY x$P /", {"P": "$Z"}, ["/x$Z"]),
        ("ARG TARGETARCH\nCOPY $TARGETARCH /", {}, ["/arm64"]),
        ("ARG TARGETARCH=zz\nCOPY $TARGETARCH /", {}, ["/zz"]),
        ("ARG TARGETARCH\nCOPY $TARGETARCH /", {"TARGETARCH": "q"}, ["/q"]),
        ("COPY x$TARGETARCH /", {}, ["/x"]),
        ("ARG TARGETPLATFORM BUILDPLATFORM\nCOPY $TARGETPLATFORM $BUILDPLATFORM /", {}, ["/linux/arm64", "!/"]),
        ("ARG TARGETSTAGE TARGETVARIANT\nCOPY x$TARGETVARIANT $TARGETSTAGE /", {}, ["/x", "/default"]),
        ("ARG BUILDKIT_SBOM_SCAN_STAGE=a\nCOPY x$BUILDKIT_SBOM_SCAN_STAGE /", {}, ["/x"]),
        ("ARG http_proxy\nCOPY $http_proxy /", {"http_proxy": "p"}, ["/p"]),
        ("COPY x$http_proxy /", {"http_proxy": "p"}, ["/x"]),
        ("COPY ${PATH%%/*}a /", {}, ["/a"]),
        ("LABEL P=a\nCOPY x$P /", {}, ["/x"]),
        ("WORKDIR $P\nCOPY x$WORKDIR /", {}, ["/x"]),
    ],
)  # fmt: skip
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
        ("RUN --mount=type=bind,source=a,target=$P/x ls", ["!/"]),
        ("ARG P\nCOPY ${P:-a} /", ["/a"]),
        ("ARG P\nENV Q=${P:-a}\nCOPY $Q /", ["/a"]),
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
        ("FROM scratch\nARG TARGETARCH\n", {}, {"TARGETARCH": "amd64"}),
        ("FROM scratch\nARG TARGETARCH=x\n", {}, {"TARGETARCH": None}),
        ("FROM --platform=$BUILDPLATFORM scratch\n", {}, {"BUILDPLATFORM": "linux/amd64"}),
        ("FROM scratch\n", {"SOURCE_DATE_EPOCH": "0"}, {"SOURCE_DATE_EPOCH": "0"}),
        ("FROM scratch\n", {"http_proxy": "0"}, {}),
    ],
)
def test_the_arguments_that_count(text, args, expected, recipe):
    assert dict(recipe(text, args=args).build_args) == expected
