"""A Dockerfile in plain words: what each construct comes to, and what is refused with its line. That two engines build
the same of it is tested with both: conformance/test_engines.py."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rajee_deploy.dockerfile import writing
from rajee_deploy.dockerfile.spoken import Spoken
from rajee_deploy.dockerfile.words import Lexer
from rajee_deploy.errors import DeployError
from rajee_deploy.model import BuildOptions, Platform
from rajee_deploy.model.dialect import BaseImage, PlainRun, PlainStage

AMD64, ARM64 = Platform.parse("linux/amd64"), Platform.parse("linux/arm64")
BASE = {("base", AMD64): BaseImage((("PATH", "/bin"), ("D", "of-base")), user="7")}
WORDS = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0\r\n"), max_size=12)


def plain(*lines, bases=None, args=None, target=None, platform=AMD64):
    text = "\n".join([*lines, ""]).encode()
    spoken = Spoken(text, [BuildOptions(platform, target, args or {})], "Dockerfile")
    spoken.bases(platform, AMD64)
    return spoken.plain(platform, AMD64, BASE if bases is None else bases)


def steps(*lines, **given):
    """What stands behind FROM scratch."""
    return plain("FROM scratch", *lines, **given).text.splitlines()[1:]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["ARG M=/q/", "COPY s $M"], ['ARG M="/q/"', 'COPY ["s", "/q/"]']),
        (["ARG M=/q/", "ADD s ${M%/}"], ['ARG M="/q/"', 'ADD ["s", "/q"]']),
        (["ENV A=1", "ENV A=2 B=$A"], ['ENV A="1"', 'ENV A="2" B="1"']),
        (["ENV A 'x'  y"], ['ENV A="x  y"']),
        (["ENV A='$x \"\\'"], ['ENV A="\\$x \\"\\\\"']),
        (["ENV A=a\\\\", "ENV B=b"], ['ENV A="a\\\\"', 'ENV B="b"']),
        (['LABEL "k k"=v'], ['LABEL "k k"="v"']),
        (["COPY a $U/"], ['COPY ["a", "/"]']),
        (["COPY $U /x/"], ['COPY ["/", "/x/"]']),
        (["COPY a ."], ['COPY ["a", "./"]']),
        (["COPY a /x/.."], ['COPY ["a", "/x/../"]']),
        (["COPY '$a' \\\\b /x/"], ['COPY ["\\\\$a", "\\\\\\\\b", "/x/"]']),
        (["ARG O=5", "COPY --chown=$O:6 --chmod=755 a /x"], ['ARG O="5"', 'COPY --chown=5:6 --chmod=755 ["a", "/x"]']),
        (
            ["USER 5", "WORKDIR w"],
            ['USER "5"', 'WORKDIR "w"', 'COPY --from=rajee-deploy-files --chown=5 ["/empty/", "./"]'],
        ),
        (["EXPOSE 80 90-91/UDP 127.0.0.1:1:2"], ["EXPOSE 80/tcp 90/udp 91/udp 2/tcp"]),
        (["VOLUME /v w"], ['VOLUME ["/v", "w"]']),
        (
            ["ARG V=v", "VOLUME /$V", "ARG V=w", "COPY a /v/"],
            ['ARG V="v"', 'ARG V="w"', 'COPY ["a", "/v/"]', 'VOLUME ["/v"]'],
        ),
        (["CMD echo $A"], ["CMD echo $A"]),
        (
            ['SHELL ["/sh", "-x"]', "CMD echo $A", "ENTRYPOINT e", "RUN r"],
            ['SHELL ["/sh", "-x"]', 'CMD ["/sh", "-x", "echo $A"]', 'ENTRYPOINT ["/sh", "-x", "e"]', "RUN r"],
        ),
        (["HEALTHCHECK --timeout=2s CMD echo  $A"], ["HEALTHCHECK --timeout=2s CMD echo  $A"]),
        (["HEALTHCHECK NONE"], ["HEALTHCHECK NONE"]),
        (["RUN <<E", "a \\", "#b", "E"], ['RUN ["/bin/sh", "-c", "a \\\\\\n#b\\n"]']),
        (["RUN cat <<E >f", "$a", "E"], ['RUN ["/bin/sh", "-c", "cat <<E >f\\n$a\\nE"]']),
        (["ARG S=d", "RUN --mount=source=$S,target=/m ls"], ['ARG S="d"', "RUN --mount=source=d,target=/m ls"]),
        (["RUN --mount=src=,target=/m ls"], ["RUN --mount=target=/m ls"]),
        (["ARG TARGETARCH", "ENV X=$TARGETARCH"], ["ARG TARGETARCH", 'ENV X="amd64"']),
        (["ARG BUILDARCH", "ENV X=$BUILDARCH"], ["ARG BUILDARCH", 'ENV X="amd64"']),
        (["ONBUILD COPY $X /x"], ["ONBUILD COPY $X /x"]),
        (["STOPSIGNAL ${S:-9}"], ['STOPSIGNAL "9"']),
        (["MAINTAINER me <x>"], ["MAINTAINER me <x>"]),
    ],
)
def test_what_an_instruction_comes_to(lines, expected):
    assert steps(*lines) == expected


def test_a_build_argument_stays_out_of_the_text():
    assert steps("ARG M=/q/", "ARG N", args={"M": "s3cret", "N": "n"}) == ["ARG M", "ARG N"]


def test_heredocs_become_files():
    found = plain("FROM scratch", "ARG A=v", "COPY <<E <<-'F' a /x/", "'$A' \\$A", "E", "\t$A", "F")
    assert found.text.splitlines()[2:] == [
        'COPY ["a", "/x/"]',
        'COPY --from=rajee-deploy-files ["/0/E", "/x/"]',
        'COPY --from=rajee-deploy-files ["/1/F", "/x/"]',
    ]
    assert found.files == {"0/E": b"'v' $A\n", "1/F": b"$A\n"}
    assert found.lines == (1, 2, 3, 3, 3)


def test_stages_have_names_of_their_own_and_hand_down_their_arguments():
    lines = (
        "ARG V=1",
        "FROM scratch AS One",
        "ARG V",
        "ARG W=2",
        "ENV W=3",
        "ONBUILD COPY a /$V",
        "FROM nowhere",
        "FROM one",
        "COPY --from=ONE x y",
        "COPY --from=0 x y",
        "COPY --from=img x y",
        "RUN --mount=from=ONE,target=/m ls",
        "RUN --mount=FROM=img,target=/m ls",
    )
    assert plain(*lines).text.splitlines() == [
        "FROM scratch AS s0",
        'ARG V="1"',
        'ARG W="2"',
        'ENV W="3"',
        "FROM s0 AS s1",
        'ARG V="1"',
        'COPY ["a", "/1"]',
        'COPY --from=s0 ["x", "y"]',
        'COPY --from=s0 ["x", "y"]',
        'COPY --from=img ["x", "y"]',
        "RUN --mount=from=s0,target=/m ls",
        "RUN --mount=from=img,target=/m ls",
    ]


def test_volumes_are_named_last_for_buildah_makes_their_directories():
    """Of the stages below too: whatever is put there on top of them comes first."""
    lines = (
        "FROM scratch AS one",
        "VOLUME /a",
        "FROM scratch AS other",
        "VOLUME /o",
        "FROM one",
        "VOLUME /b",
        "COPY --from=other x /a/",
    )
    found = plain(*lines)
    assert found.text.splitlines() == [
        "FROM scratch AS s0",
        "FROM scratch AS s1",
        "FROM s0 AS s2",
        'COPY --from=s1 ["x", "/a/"]',
        'VOLUME ["/a"]',
        'VOLUME ["/b"]',
    ]
    assert found.lines == (1, 3, 5, 7, 2, 6)


def test_what_a_run_mounts_is_told_with_its_stage():
    """Absolute, with the defaults; the base's WORKDIR counts, and a stage's for those that stand on it."""
    lines = (
        "FROM base AS b",
        "RUN --mount=type=cache,target=c --mount=type=secret,id=x --mount=type=ssh y",
        "WORKDIR v",
        "FROM b",
        "RUN --mount=dst=d --mount=target=/m y",
        "RUN z",
    )
    base = BaseImage(workdir="/w", volumes=("/u",), layers=2)
    first, second = plain(*lines, bases={("base", AMD64): base}).stages
    assert first == PlainStage(
        0, "s0", None, base, (PlainRun("/w", ("/w/c", "/run/secrets/name", "/run/buildkit/socket")),)
    )
    assert second == PlainStage(4, "s1", 0, BaseImage(), (PlainRun("/w/v", ("/w/v/d", "/m")), PlainRun("/w/v")))


def test_triggers_come_last_for_what_is_built_in_parts_would_run_them():
    assert steps("ONBUILD RUN x", "ENV A=1", "VOLUME /v") == ['ENV A="1"', 'VOLUME ["/v"]', "ONBUILD RUN x"]


def test_what_a_base_brings_counts():
    lines = ("FROM base", "COPY a /$D/", "WORKDIR /w", "ENV PATH=/x:$PATH")
    assert plain(*lines).text.splitlines()[1:] == [
        'COPY ["a", "/of-base/"]',
        'WORKDIR "/w"',
        'COPY --from=rajee-deploy-files --chown=7 ["/empty/", "./"]',
        'ENV PATH="/x:/bin"',
    ]


@pytest.mark.parametrize("native", ["$BUILDPLATFORM", "linux", "linux/$BUILDARCH", "linux/amd64"])
def test_a_base_is_looked_at_for_the_platform_it_is_used_for(native):
    lines = [f"FROM --platform={native} base AS b", "COPY a /$D/", "FROM base", "COPY --from=b /x /$D/"]
    spoken = Spoken("\n".join(lines).encode(), [BuildOptions(ARM64, None, {})], "Dockerfile")
    assert set(spoken.bases(ARM64, AMD64)) == {("base", AMD64), ("base", ARM64)}
    seen = {("base", each): BaseImage((("D", each.architecture),)) for each in (AMD64, ARM64)}
    text = spoken.plain(ARM64, AMD64, seen).text.splitlines()
    assert [text[1], text[3]] == ['COPY ["a", "/amd64/"]', 'COPY --from=s0 ["/x", "/arm64/"]']


def test_a_plain_trigger_of_a_base_is_left_to_the_engine():
    base = {("base", AMD64): BaseImage(onbuild=("ENV Q=1",))}
    assert plain("FROM base", "COPY a /$Q", bases=base).text.splitlines()[1:] == ['COPY ["a", "/1"]']


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (["ENV P=a", "ARG P=b"], "ARG P replaces an ENV of that name"),
        (["ARG TARGETARCH=zz"], "keeps the platform's"),
        (["ARG A=1 B=$A"], "versions of BuildKit differ in ARG B"),
        (["COPY a b /x"], "write /x/"),
        (["COPY --link a /x"], "COPY --link is BuildKit's alone"),
        (["COPY --exclude=a . /x"], "COPY --exclude is BuildKit's alone"),
        (["COPY --parents a /x"], "COPY --parents is BuildKit's alone"),
        (["ADD --unpack=true a /x"], "ADD --unpack is BuildKit's alone"),
        (["COPY --chown='a b' a /x"], "'a b' cannot be the value of a flag"),
        (["RUN <<E", "#!/bin/x", "E"], "names its own interpreter"),
        (["RUN --security=insecure x"], "BuildKit's alone"),
        (['RUN --mount=source="a b",target=/m x'], "cannot be said in a mount"),
        (["RUN echo \\\\"], "ends with a backslash"),
        (["ONBUILD COPY <<E /f", "x", "E"], "behind ONBUILD"),
        (["WORKDIR $U"], "expands to nothing"),
        (["COPY a $U"], "expands to nothing"),
    ],
)
def test_what_only_buildkit_does_is_refused_with_its_line(lines, problem):
    with pytest.raises(DeployError, match=None) as caught:
        plain("FROM scratch", "", *lines)
    assert (caught.value.code, caught.value.where) == ("engine-cannot", f"Dockerfile:{2 + len(_first(lines))}")
    assert problem in caught.value.problem


def _first(lines):
    """The lines up to the one that is refused: the first of a heredoc, else the last."""
    return lines[:1] if any("<<" in line for line in lines) else lines


@pytest.mark.parametrize(
    ("base", "problem"),
    [
        (None, "what base brings"),
        (BaseImage((), (), "", ("/x",)), "SHELL of its own"),
        (BaseImage(onbuild=("COPY a /$X",)), "by ONBUILD"),
        (BaseImage(onbuild=("WORKDIR /x",)), "by ONBUILD"),
        (BaseImage(onbuild=("RUN --mount=type=cache,target=/x y",)), "by ONBUILD"),
    ],
)
def test_a_base_that_would_be_read_otherwise_is_refused(base, problem):
    with pytest.raises(DeployError) as caught:
        plain("FROM base", bases={("base", AMD64): base} if base is not None else {})
    assert (caught.value.code, caught.value.where) == ("engine-cannot", "Dockerfile:1")
    assert problem in caught.value.problem


def test_another_frontend_is_refused():
    with pytest.raises(DeployError) as caught:
        plain("# syntax=example.org/other", "FROM scratch")
    assert caught.value.code == "engine-cannot"


@given(WORDS)
def test_a_quoted_value_means_itself(value):
    assert Lexer().expand(writing.quote(value), {}).text == value.removeprefix("\ufeff")


@given(WORDS)
def test_a_word_of_an_array_means_itself(value):
    (word,) = json.loads(writing.exec_form(["COPY"], [value]).partition(" ")[2])
    assert Lexer().expand(word, {}).text == value.removeprefix("\ufeff")
