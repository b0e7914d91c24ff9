"""What the machine that builds decides: BuildKit's BUILD… arguments, which no plan knows."""

from __future__ import annotations

import pytest

from rajee_deploy.dockerfile import resolve
from rajee_deploy.model import BUILD_PLATFORM, BaseConfig, BuildOptions, Digest, LockedImage, Platform

ONE = Digest("sha256", "1" * 64)
AMD64, ARM64 = "linux/amd64", "linux/arm64"
ARGS = "ARG BUILDPLATFORM BUILDOS BUILDARCH BUILDVARIANT\n"
NATIVE = "FROM --platform=$BUILDPLATFORM"


def codes(found):
    return [notice.code for notice in found.notices]


@pytest.mark.parametrize(
    "line",
    [
        "COPY app-$BUILDARCH* /d/",
        "COPY app-$BUILDARCH /d/",
        "ADD app-${BUILDARCH} /d/",
        "COPY $BUILDPLATFORM /d/",
        "COPY app$BUILDVARIANT /d/",
        "COPY ${BUILDOS:+a} /d/",
        "COPY ${BUILDVARIANT:-none} /d/",
        'COPY ["$BUILDARCH", "/d"]',
        "COPY --parents $BUILDOS/x /d/",
        "COPY ${BUILDVARIANT:?} /d/",
        "ENV E=$BUILDARCH\nCOPY $E /d/",
        "ARG E=$BUILDARCH\nCOPY $E /d/",
        "ENV $BUILDARCH=x\nCOPY $Q/y /d/",
        "RUN --mount=source=$BUILDARCH,target=/x true",
        "RUN --mount=type=$BUILDOS,source=q,target=/x true",
    ],
)
@pytest.mark.parametrize("platform", [AMD64, ARM64])
def test_a_source_that_it_decides_may_be_anything(line, platform, selected, recipe):
    """On an engine of the target's own platform too: another machine may build the same tag."""
    text = f"FROM scratch\n{ARGS}{line}\n"
    assert selected(text, platform=platform) == ["!/"]
    assert "machine-decides" in codes(recipe(text, platform=platform))


@pytest.mark.parametrize(
    ("text", "args", "paths"),
    [
        ("FROM scratch\nARG BUILDARCH\nCOPY app-$BUILDARCH /d/\n", {"BUILDARCH": "q"}, ["/app-q"]),
        ("FROM scratch\nARG BUILDARCH=q\nCOPY app-$BUILDARCH /d/\n", {}, ["/app-q"]),
        ("ARG BUILDARCH=q\nFROM scratch\nARG BUILDARCH\nCOPY app-$BUILDARCH /d/\n", {}, ["/app-q"]),
        ("ARG A=$BUILDARCH\nFROM scratch\nARG A\nCOPY app-$A /d/\n", {"A": "q"}, ["/app-q"]),
        ("ARG A=$BUILDARCH\nFROM scratch\nARG A\nCOPY app-$A /d/\n", {"BUILDARCH": "q"}, ["/app-q"]),
        ("ARG A=$BUILDARCH\nFROM scratch\nARG A\nCOPY app-$A /d/\n", {}, ["!/"]),
        ("ARG A=$BUILDARCH\nARG A=q\nFROM scratch\nARG A\nCOPY app-$A /d/\n", {}, ["/app-q"]),
        ("FROM scratch\nARG BUILDARCH\nENV BUILDARCH=q\nCOPY app-$BUILDARCH /d/\n", {}, ["/app-q"]),
        ("FROM scratch\nCOPY app-$BUILDARCH /d/\n", {}, ["/app-"]),
        ("FROM scratch\nARG TARGETARCH\nCOPY app-$TARGETARCH /d/\n", {}, ["/app-arm64"]),
        ("FROM scratch AS a\nENV E=1\nARG BUILDARCH\nFROM a\nCOPY $BUILDARCH /\n", {}, ["!/"]),
    ],
)
def test_what_is_given_counts(text, args, paths, selected):
    assert selected(text, args=args, platform=ARM64) == paths


@pytest.mark.parametrize(
    "text",
    [
        f"{NATIVE} scratch AS t\nARG BUILDARCH TARGETARCH\nCOPY a /\nRUN cc $BUILDARCH $TARGETARCH\nENV A=$BUILDARCH\n",
        f"{NATIVE} scratch AS s\nFROM s AS t\nARG BUILDARCH\nWORKDIR $BUILDARCH\nCOPY a /\n",
        "FROM --platform=$BUILDOS/$BUILDARCH scratch AS t\nARG BUILDARCH\nLABEL a=$BUILDARCH\nCOPY a /\n",
        "FROM scratch AS t\nARG BUILDPLATFORM BUILDARCH\nCOPY a /\nRUN make\n",
    ],
)
def test_cross_compilers_are_left_alone(text, recipe):
    """One machine's tools make what another's do; and no machine's name is in the tag."""
    found = [recipe(f"{text}FROM scratch\nCOPY --from=t / /\n", platform=ARM64), recipe(text, platform=ARM64)]
    assert [(codes(one), one.widened, [read.widened for read in one.reads]) for one in found] == [([], "", [""])] * 2


@pytest.mark.parametrize(
    "line",
    [
        "ENV A=$BUILDARCH",
        "LABEL a=$BUILDARCH",
        "WORKDIR $BUILDARCH",
        "COPY a /$BUILDARCH/",
        "USER $BUILDARCH",
        "COPY --chown=$BUILDARCH a /",
        "COPY <<E /f\n$BUILDARCH\nE",
        "RUN echo $BUILDARCH",
        "RUN echo ${BUILDARCH}x",
        "RUN <<E\necho $BUILDARCH\nE",
        'RUN ["echo", "$BUILDARCH"]',
        "EXPOSE $BUILDARCH",
        "ADD https://h.test/$BUILDARCH /",
    ],
)
def test_what_it_puts_into_the_image_is_named(line, recipe):
    (said,) = [n for n in recipe(f"FROM scratch\nARG BUILDARCH\n{line}\n").notices if n.code == "machine-decides"]
    assert ("$BUILDARCH" in said.message, said.line) == (True, 3)


def test_a_name_is_a_whole_word(recipe):
    assert codes(recipe("FROM scratch\nARG BUILDARCH\nRUN echo $BUILDARCHIVE BUILDARCH\n")) == []


# -- FROM ----------------------------------------------------------------------------------------------------------

TOOLS = "FROM scratch AS t-amd64\nCOPY a /\nFROM scratch AS t-arm64\nCOPY b /\n"


def test_whatever_stage_it_chooses_is_read(selected, recipe):
    text = f"{TOOLS}FROM t-$BUILDARCH AS t\nFROM scratch\nCOPY --from=t / /\n"
    assert selected(text) == ["/a", "/b"]
    assert selected(text, platform=ARM64) == ["/b", "/a"]
    found = recipe(text, platform="linux/s390x")  # no stage is there for that: it does not build
    assert ([read.selector.path for read in found.reads], found.references) == (["/a", "/b"], ())
    assert found.widened
    assert codes(found) == ["machine-decides"]


def test_a_stage_that_it_chooses_among_its_own_needs_no_word(recipe):
    text = f"{TOOLS.replace('FROM', NATIVE)}FROM t-$BUILDARCH AS t\nFROM scratch\nCOPY --from=t / /\n"
    assert codes(recipe(text)) == []


def test_whatever_image_it_chooses_counts(recipe):
    found = recipe("FROM tools:$BUILDARCH\n", platform=AMD64)
    assert [one.text for one in found.references] == ["tools:amd64", "tools:arm64"]
    given = recipe("FROM tools:$BUILDARCH\n", args={"BUILDARCH": "q"})
    assert ([one.text for one in given.references], given.widened) == (["tools:q"], "")


def test_a_file_that_fails_for_every_machine_fails(recipe):
    with pytest.raises(Exception, match="no stage 'x'"):
        recipe("FROM t-$BUILDARCH\n", target="x")


@pytest.mark.parametrize(
    ("written", "platform"),
    [
        ("$BUILDPLATFORM", BUILD_PLATFORM),
        ("linux/$BUILDARCH", BUILD_PLATFORM),
        ("linux", BUILD_PLATFORM),
        ("$BUILDOS/$BUILDARCH", BUILD_PLATFORM),
        ("$TARGETPLATFORM", ARM64),
        ("linux/amd64", AMD64),
        ("amd64", AMD64),
        ("linux/i386", "linux/386"),
        ("armel", "linux/arm/v6"),
    ],
)
def test_the_platform_of_a_base(written, platform, recipe):
    (base,) = recipe(f"FROM --platform={written} base:1\n", platform=ARM64).references
    assert base.platform == platform


def test_a_given_build_platform_is_that(recipe):
    (base,) = recipe("FROM --platform=$BUILDPLATFORM b:1\n", platform=ARM64, args={"BUILDPLATFORM": AMD64}).references
    assert base.platform == AMD64


# -- what a lock knows of such bases -----------------------------------------------------------------------------------


def locked(text, configs):
    options = BuildOptions(Platform.parse(ARM64), locked={"base:1": LockedImage(ONE, configs)})
    found = resolve(text.encode(), options, "Dockerfile")
    return [f"{'!' if read.widened else ''}{read.selector.path}" for read in found.reads]


def config(onbuild=(), **env):
    return BaseConfig(tuple(env.items()), tuple(onbuild))


@pytest.mark.parametrize(
    ("configs", "paths"),
    [
        ({AMD64: config(P="b")}, ["/b"]),  # the target's own is not asked for
        ({AMD64: config(P="b"), ARM64: config(P="b")}, ["/b"]),
        ({AMD64: config(P="b", A="1"), ARM64: config(P="b", A="2")}, ["/b"]),
        ({AMD64: config(P="b"), ARM64: config(P="c")}, ["!/"]),
        ({AMD64: config(P="b"), ARM64: config()}, ["!/"]),
        ({AMD64: config(["COPY q /"], P="b"), ARM64: config(["COPY q /"], P="b")}, ["/q", "/b"]),
        ({AMD64: config(["COPY q /"]), ARM64: config(P="b")}, ["!/"]),
        ({"linux/s390x": config(P="b")}, ["!/"]),
    ],
)
def test_a_base_of_the_build_platform_is_what_it_is_on_every_machine(configs, paths):
    assert locked("FROM --platform=$BUILDPLATFORM base:1\nCOPY $P /\n", configs) == paths
