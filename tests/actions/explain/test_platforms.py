"""Images for several platforms: what counts, what is staged, what a registry must hold."""

from __future__ import annotations

import io
import itertools

import pytest

from rajee_deploy.actions.explain.compare import compare
from rajee_deploy.actions.explain.reads import other_inputs
from rajee_deploy.actions.explain.words import show_image
from rajee_deploy.build_record.decode import decode
from rajee_deploy.build_record.encode import encode
from rajee_deploy.build_record.of_image import contents_of
from rajee_deploy.console import Console
from rajee_deploy.context import Modes
from rajee_deploy.errors import ConfigurationError
from rajee_deploy.fingerprint import kind_of, of_image
from rajee_deploy.image.inputs import read_inputs
from rajee_deploy.image.request import build_request
from rajee_deploy.image.triggers import base_images
from rajee_deploy.model import Digest, Platform, parse_platforms
from rajee_deploy.plan import image_check
from rajee_deploy.plan.state import ImageContent, ImageForeign, ImageOfOtherPlatform, ImagePresent
from rajee_deploy.settings import ImageSettings

TEXT = "FROM base:1\nARG TARGETARCH\nCOPY app-$TARGETARCH /app\nCOPY both /\n"
FILES = {"Dockerfile": TEXT, "app-amd64": "1", "app-arm64": "2", "app-s390x": "3", "both": "b"}
BOTH = "linux/amd64,linux/arm64"


@pytest.fixture
def inputs(tmp_path):
    """Fingerprint the project's image for some platforms; `changes` are written first."""

    def make(platforms=BOTH, modes=None, **changes):
        for name, text in {**FILES, **changes}.items():
            (tmp_path / name).write_text(text)
        found = read_inputs(
            ImageSettings("app", tmp_path, tmp_path / "Dockerfile", "team/app", parse_platforms([platforms])), modes
        )
        for selection in found.selections.values():
            _ = selection.entries  # read now: tests go on and edit the files
        return found

    return make


# containerd's normalizeArch and normalizeOS, row by row; docker and BuildKit write the same (tests/conformance).
@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("linux/amd64", "linux/amd64"),
        ("linux/amd64/v1", "linux/amd64"),
        ("linux/amd64/v2", "linux/amd64/v2"),
        ("linux/x86_64", "linux/amd64"),
        ("linux/x86-64", "linux/amd64"),
        ("linux/x86_64/v1", "linux/amd64"),
        ("linux/i386", "linux/386"),
        ("linux/386", "linux/386"),
        ("linux/i386/v7", "linux/386"),
        ("linux/aarch64", "linux/arm64"),
        ("linux/arm64/v8", "linux/arm64"),
        ("linux/arm64/8", "linux/arm64"),
        ("linux/aarch64/v8.0", "linux/arm64"),
        ("linux/arm64/9", "linux/arm64/v9"),
        ("linux/arm64/v9", "linux/arm64/v9"),
        ("linux/arm", "linux/arm/v7"),
        ("linux/arm/7", "linux/arm/v7"),
        ("linux/arm/v7", "linux/arm/v7"),
        ("linux/arm/6", "linux/arm/v6"),
        ("linux/arm/v6", "linux/arm/v6"),
        ("linux/arm/5", "linux/arm/v5"),
        ("linux/arm/8", "linux/arm/v8"),
        ("linux/armhf", "linux/arm/v7"),
        ("linux/armhf/v6", "linux/arm/v7"),
        ("linux/armel", "linux/arm/v6"),
        ("linux/armel/v7", "linux/arm/v6"),
        ("linux/riscv64", "linux/riscv64"),
        ("linux/s390x", "linux/s390x"),
        ("linux/ppc64le", "linux/ppc64le"),
        ("Linux/AMD64", "linux/amd64"),
        ("macOS/arm64", "darwin/arm64"),
        ("linux/mips64le/hard-float", "linux/mips64le/hard-float"),
    ],
)
def test_a_platform_has_one_name(text, wanted):
    assert str(Platform.parse(text)) == wanted
    assert str(Platform.parse(wanted)) == wanted


@pytest.mark.parametrize(
    ("texts", "wanted"),
    [
        (["linux/amd64"], ["linux/amd64"]),
        (["linux/arm64", "linux/amd64"], ["linux/amd64", "linux/arm64"]),
        (["linux/arm64,linux/amd64"], ["linux/amd64", "linux/arm64"]),
        (["linux/x86_64", "linux/amd64", "linux/aarch64/v8"], ["linux/amd64", "linux/arm64"]),
    ],
)
def test_they_are_sorted_and_each_is_there_once(texts, wanted):
    assert [str(each) for each in parse_platforms(texts)] == wanted


@pytest.mark.parametrize("texts", [[], ["linux/amd64,"], ["linux/amd64,amd"]])
def test_what_is_no_platform_is_refused(texts):
    with pytest.raises(ConfigurationError) as caught:
        parse_platforms(texts)
    assert caught.value.code == "bad-platform"


def test_one_platform_has_the_tag_it_always_had(inputs):
    found = inputs("linux/amd64")
    assert found.fingerprint == of_image(found.recipe, found.options, found.uses, "git")


def test_every_choice_of_platforms_has_a_tag_of_its_own(inputs):
    all_of_them = ("linux/amd64", "linux/arm64", "linux/s390x")
    choices = [each for size in (1, 2, 3) for each in itertools.combinations(all_of_them, size)]
    assert len({inputs(",".join(each)).fingerprint.tag for each in choices}) == len(choices)


def test_their_order_decides_nothing(inputs):
    assert inputs("linux/arm64,linux/amd64").fingerprint == inputs(BOTH).fingerprint


@pytest.mark.parametrize(
    ("name", "counts"),
    [("app-amd64", True), ("app-arm64", True), ("both", True), ("app-s390x", False)],
)
def test_what_any_of_them_reads_counts_and_nothing_else(inputs, name, counts):
    assert (inputs().fingerprint != inputs(**{name: "changed"}).fingerprint) == counts


def test_files_that_swap_platforms_make_another_image(inputs):
    """The same files are read, by the same instructions: only for whom tells them apart."""
    swapped = {"app-amd64": FILES["app-arm64"], "app-arm64": FILES["app-amd64"]}
    assert inputs().fingerprint.tag != inputs(**swapped).fingerprint.tag


def test_inputs_name_their_platform(inputs):
    names = [item.name for item in inputs().fingerprint.inputs]
    assert names[:2] == ["scheme", "platform"]
    own = [kind_of(name) for name in names[2:]]
    assert [name for platform, name in own if platform == "linux/amd64"] == [
        name for platform, name in own if platform == "linux/arm64"
    ]
    assert {platform for platform, _ in own} == {"linux/amd64", "linux/arm64"}


@pytest.mark.parametrize(
    ("name", "apart"),
    [
        ("linux/arm/v7 label:a b", ("linux/arm/v7", "label:a b")),
        ("label:linux/arm64 x", ("", "label:linux/arm64 x")),
        ("platform", ("", "platform")),
        ("file:a/b c", ("", "file:a/b c")),
        ("linux/arm64", ("", "linux/arm64")),
    ],
)
def test_a_name_is_taken_apart(name, apart):
    assert kind_of(name) == apart


def test_what_the_build_gets(inputs):
    with build_request(inputs(), "registry.test/app") as request:
        assert sorted(path.name for path in request.context.iterdir()) == ["app-amd64", "app-arm64", "both"]
        assert [str(each) for each in request.platforms] == ["linux/amd64", "linux/arm64"]


def test_bases_are_looked_at_for_each_platform(inputs):
    found = [(base, str(platform)) for base, platform in base_images(inputs())]
    assert found == [("base:1", "linux/amd64"), ("base:1", "linux/arm64")]


@pytest.mark.parametrize("platforms", ["linux/arm64", "linux/386,linux/amd64,linux/arm64", "linux/arm/v7,linux/s390x"])
def test_tools_of_the_build_platform_need_not_exist_for_the_target(inputs, platforms):
    """They are looked at for the machine that builds (None), whatever it builds for."""
    text = "FROM --platform=$BUILDPLATFORM tools:1 AS t\nFROM scratch\nCOPY --from=t / /\n"
    assert base_images(inputs(platforms, Dockerfile=text)) == (("tools:1", None),)


def test_a_base_is_looked_at_for_the_platform_that_its_stage_names(inputs):
    text = "FROM --platform=linux/arm64 tools:1 AS t\nFROM scratch\nCOPY --from=t / /\n"
    found = [(base, str(platform)) for base, platform in base_images(inputs("linux/amd64", Dockerfile=text))]
    assert found == [("tools:1", "linux/arm64")]


def test_shared_inputs_are_explained_once(inputs):
    names = [item.name for item in other_inputs(inputs())]
    assert names == [
        "scheme",
        "platform",
        "target",
        "modes",
        "linux/amd64 build-arg:TARGETARCH",
        "reference:from",
        "linux/arm64 build-arg:TARGETARCH",
    ]


def test_what_each_platform_has_of_its_own_is_shown_as_what_it_is(inputs):
    stdout = io.StringIO()
    show_image(Console(stdout=stdout, stderr=io.StringIO()), "app", inputs())
    rows = dict(line.strip().split("  ", 1) for line in stdout.getvalue().splitlines() if "TARGETARCH " in line)
    assert {name: value.strip() for name, value in rows.items() if "build-arg" in name} == {
        "linux/amd64 build-arg:TARGETARCH": "set (its value is private)",
        "linux/arm64 build-arg:TARGETARCH": "set (its value is private)",
    }


def test_exact_modes_are_kept_in_full(inputs):
    """What only exact modes count would otherwise show as a change that nobody can name."""
    assert {item.extra for item in contents_of(inputs(), with_bytes=True).items} == {""}
    assert "" not in {item.extra for item in contents_of(inputs(modes=Modes.EXACT), with_bytes=True).items}


@pytest.mark.parametrize(
    ("before", "after", "wanted"),
    [
        ({}, {"app-arm64": "new"}, [("changed", "app-arm64")]),
        ({}, {"both": "new"}, [("changed", "both")]),
        ({}, {"Dockerfile": TEXT + "RUN make\n"}, [("instruction", "RUN")]),
        ({}, {"Dockerfile": TEXT.replace("base:1", "base:2")}, [("base", "from"), ("instruction", "FROM")]),
        (
            {"platforms": "linux/amd64"},
            {},
            [("platform", "platform"), ("args", "TARGETARCH"), ("added", "app-arm64")],
        ),
    ],
)
def test_a_change_is_told_once(inputs, before, after, wanted):
    past = contents_of(inputs(**before), with_bytes=True)
    present = contents_of(inputs(**after), with_bytes=True)
    found = compare(decode(past.tag, encode(past)), present)
    assert [(change.cause.value, change.subject) for change in found.changes] == wanted


D, OURS = Digest("sha256", "1" * 64), Digest("sha256", "2" * 64)


@pytest.mark.parametrize(
    ("second", "state"),
    [
        (ImageContent("linux/arm64", str(OURS)), ImagePresent(D)),
        (ImageContent("linux/arm64", "sha256:" + "3" * 64), ImageForeign(D, "sha256:" + "3" * 64)),
        (ImageContent("linux/arm64", ""), ImageForeign(D, "")),
        (ImageContent("linux/amd64", ""), ImageOfOtherPlatform(D, "linux/amd64")),
    ],
)
def test_every_platform_of_an_image_must_be_ours(second, state):
    amd64, arm64 = parse_platforms([BOTH])
    contents = {amd64: ImageContent("linux/amd64", str(OURS)), arm64: second}
    assert image_check.judge_image(D, contents, OURS) == state
