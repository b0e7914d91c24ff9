"""Sources that the engine fetches: which may change unnoticed, which a lock pins, and the text that is built then."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rajee_deploy.dockerfile import alike, pinned_text, remote_of, resolve
from rajee_deploy.model import BuildOptions, Digest, LockedImage, Platform, Reference

AMD64, ARM64 = Platform("linux", "amd64"), Platform("linux", "arm64")
FILE, COMMIT = Digest("sha256", "a" * 64), Digest("git", "b" * 40)
URL, GIT = "https://example.com/tool", "https://example.com/team/tool.git"
OPTIONS = BuildOptions(AMD64)


def locked(*texts: str) -> BuildOptions:
    pins = {text: LockedImage(COMMIT if ".git" in text or "git@" in text else FILE) for text in texts}
    return replace(OPTIONS, locked=pins)


def recipe(*lines: str, options: BuildOptions = OPTIONS):
    return resolve("\n".join(("FROM scratch", *lines, "")).encode(), options, "Dockerfile")


def built(*lines: str, options: BuildOptions):
    text = "\n".join(("FROM scratch", *lines, "")).encode()
    return pinned_text(text, resolve(text, options, "Dockerfile").references).decode().split("\n")[1:-1]


@pytest.mark.parametrize(
    "line",
    [
        f"ADD {URL} /f",
        f"add --chmod=755 {URL} /f",
        f'ADD ["{URL}", "/f"]',
        f"ADD {GIT} /f",
        f"ADD {GIT}#main /f",
        f"ADD {GIT}#{'b' * 39} /f",
        f"ADD {GIT}#v1:sub /f",
        "ADD git@example.com:team/tool.git#main /f",
    ],
)
def test_what_may_change_unnoticed_is_said_with_its_remedy(line):
    (notice,) = recipe(line).notices
    assert (notice.code, notice.line) == ("remote-unpinned", 2)
    assert notice.message.endswith("what it holds may change unnoticed; rajee-deploy lock pins it")


@pytest.mark.parametrize(
    "line",
    [
        f"ADD --checksum=sha256:{'a' * 64} {URL} /f",
        f"ADD {GIT}#{'b' * 40} /f",
        f"ADD {GIT}#{'b' * 40}:sub /f",
        f"ADD --checksum={'b' * 40} {GIT}#v1 /f",
        "ADD a /f",
        f"ARG S={'a' * 64}\nADD --checksum=sha256:$S {URL} /f",
    ],
)
def test_what_is_pinned_in_the_file_is_not(line):
    found = recipe(line)
    assert found.notices == ()
    assert [one.key for one in found.references] == [""] * len(found.references)


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ([f"ADD {URL} {URL}2 /d/"], "an ADD of its own"),
        ([f"ADD {URL} a /d/"], "an ADD of its own"),
        ([f"ARG R=main\nADD {GIT}#$R /d"], "without variables"),
        ([f"ADD {GIT}?ref=main /d"], "name the commit"),
        ([f"ARG T\nADD {URL}?token=$T /d"], "nothing locks an address with a variable behind its `?`"),
        (["ADD https://name:word@example.com/x /d"], "nothing locks an address with a login"),
        (["ADD https://word@example.com/team/tool.git#main /d"], "nothing locks an address with a login"),
        (["ARG T=word", "ADD https://$T@example.com/x /d"], "nothing locks an address with a login"),
        ([f"ARG U={GIT}", "ADD \\", f"# as in {GIT}", "  $U /d"], "without variables"),
        ([f"ARG U={GIT}", f"ADD $U /{GIT}"], "without variables"),
        (["ARG SUM", f"ADD --checksum=$SUM {URL} /f"], "its --checksum expands to nothing"),
        (["ARG SUM", f"ADD --checksum=$SUM {GIT} /f"], "its --checksum expands to nothing"),
        (["ADD somebody@example.com:team/tool.git /d"], "ssh://"),
        (["ADD https://example.com/é /d"], "not plain ASCII"),
    ],
)
def test_what_nothing_locks_says_why(lines, why):
    found = recipe(*lines)
    assert {one.key for one in found.references} == {""}
    assert why in found.notices[0].message
    assert "word" not in found.notices[0].message


def test_a_build_argument_in_an_address_is_in_no_notice():
    options = replace(OPTIONS, build_args={"T": "word"})
    (notice,) = recipe("ARG T", f"ADD {URL}?token=$T /f", options=options).notices
    assert notice.message.startswith(f"{URL}?token=$T is fetched without a checksum")


@pytest.mark.parametrize(
    ("line", "key", "after"),
    [
        (f"ADD {URL} /f", URL, f"ADD --checksum={FILE} {URL} /f"),
        (f"  add\t--chmod=755 {URL} /f", URL, f"  add --checksum={FILE}\t--chmod=755 {URL} /f"),
        (f'ADD ["{URL}", "/f"]', URL, f'ADD --checksum={FILE} ["{URL}", "/f"]'),
        (f"ADD {GIT} /f", GIT, f"ADD {GIT}#{COMMIT.hex} /f"),
        (f"ADD {GIT}#v1:sub /f", f"{GIT}#v1:sub", f"ADD {GIT}#{COMMIT.hex}:sub /f"),
        (f"ADD --keep-git-dir=true {GIT}#v1 /f", f"{GIT}#v1", f"ADD --keep-git-dir=true {GIT}#{COMMIT.hex} /f"),
    ],
)
def test_what_is_locked_is_built(line, key, after):
    assert built(line, options=locked(key)) == [after]
    found = recipe(line, options=locked(key))
    assert found.notices == ()
    assert found.instructions == recipe(line).instructions
    assert [one.text for one in found.references] == [f"{key}@{COMMIT if key.startswith(GIT) else FILE}"]


def test_variables_in_a_url_are_no_obstacle():
    lines = ["ARG V=1", f"ADD \\\n  {URL}-$V /f"]
    assert recipe(*lines).references[0].key == f"{URL}-1"
    assert built(*lines, options=locked(f"{URL}-1"))[1] == f"ADD --checksum={FILE} \\"


def test_lines_over_several_keep_their_numbers():
    lines = ["ADD \\", "# why", f"  {GIT}#main \\", "  /f", "COPY a /"]
    after = built(*lines, options=locked(f"{GIT}#main"))
    assert after == ["ADD \\", "# why", f"  {GIT}#{COMMIT.hex} \\", "  /f", "COPY a /"]


def test_one_source_in_two_instructions():
    after = built(f"ADD {GIT}#main /a", f"ADD {GIT}#main /b", f"ADD {URL} /c", options=locked(f"{GIT}#main", URL))
    assert after == [f"ADD {GIT}#{COMMIT.hex} /a", f"ADD {GIT}#{COMMIT.hex} /b", f"ADD --checksum={FILE} {URL} /c"]


def test_nothing_locked_changes_no_byte():
    text = b"FROM scratch\r\nADD https://example.com/x /\xff\r\n"
    assert pinned_text(text, resolve(text, OPTIONS, "Dockerfile").references) is text


def test_a_trigger_of_the_file_itself_is_not_locked():
    text = f"FROM scratch AS base\nONBUILD ADD {URL} /f\nFROM base\nCOPY a /\n".encode()
    found = resolve(text, locked(URL), "Dockerfile")
    assert [(one.key, one.locked) for one in found.references] == [("", None)]
    assert "ONBUILD" in found.notices[0].message
    assert pinned_text(text, found.references) == text


def test_what_differs_by_platform_is_not_locked():
    text = f"FROM scratch\nARG TARGETARCH\nADD {URL}-$TARGETARCH /f\nADD {URL} /g\n".encode()
    options = locked(URL, f"{URL}-amd64", f"{URL}-arm64")
    recipes = alike([resolve(text, replace(options, platform=each), "Dockerfile") for each in (AMD64, ARM64)])
    assert [[one.key for one in each.references] for each in recipes] == [["", URL], ["", URL]]
    assert all("by platform" in each.notices[0].message for each in recipes)
    assert pinned_text(text, recipes[0].references).decode().split("\n")[2] == f"ADD {URL}-$TARGETARCH /f"
    alone = alike([resolve(text, options, "Dockerfile")])[0]
    assert pinned_text(text, alone.references).decode().split("\n")[2].startswith("ADD --checksum=")


@pytest.mark.parametrize(
    ("reference", "code"),
    [
        (f"{GIT}#main", ["remote-unpinned"]),
        (f"{GIT}#{'b' * 40}", []),
        (URL, ["remote-unpinned"]),
        (f"oci-layout:///l@{FILE}", []),
    ],
)
def test_named_contexts_that_are_fetched(reference, code):
    options = replace(OPTIONS, build_contexts={"base": reference})
    found = resolve(b"FROM scratch\nCOPY --from=base a /\n", options, "Dockerfile")
    assert [notice.code for notice in found.notices] == code


def test_what_a_lock_names():
    assert remote_of("https://name:word@h/f")[1:] == (None, "https://h/f")
    assert remote_of(f"{GIT}#v1:sub")[:2] == (GIT, "v1")
    assert remote_of(GIT)[:2] == (GIT, "HEAD")


def test_the_reference_as_it_was_before_locks_knew_remote_sources():
    """The tags of images that nothing locks do not move."""
    (one,) = recipe(f"ADD {URL} /f").references
    assert one[:3] == Reference("add", URL, 2)[:3]


def test_a_single_source_that_differs_by_platform():
    text = f"FROM scratch\nARG TARGETARCH\nADD {URL}-$TARGETARCH /f\n".encode()
    options = locked(f"{URL}-amd64", f"{URL}-arm64")
    before = [resolve(text, replace(options, platform=each), "Dockerfile") for each in (AMD64, ARM64)]
    one, other = alike(before)
    assert one.references == (Reference("add", f"{URL}-amd64", 3),)
    assert other.references == (Reference("add", f"{URL}-arm64", 3),)
    assert [(notice.code, notice.line) for notice in one.notices] == [("remote-unpinned", 3)]
    assert one.notices[0].message == (
        f"{URL}-amd64 is fetched without a checksum (--checksum=sha256:…): what it holds may change unnoticed; "
        "nothing locks what differs by platform"
    )
    assert alike(before[:1])[0] is before[0]
    assert pinned_text(text, one.references) == text


def test_what_is_shown_has_no_login():
    assert remote_of("https://name:word@h:1/f?q#x")[2] == "https://h:1/f?q#x"
    assert remote_of("git@h:r.git#v1:sub") == ("git@h:r.git", "v1", "git@h:r.git#v1:sub")
    assert remote_of("ssh://git@h/r.git#:sub") == ("ssh://git@h/r.git", "HEAD", "ssh://h/r.git#:sub")
    assert remote_of("http://h/f") == ("http://h/f", None, "http://h/f")


@pytest.mark.parametrize("address", ["http://[", "http://[x", "https://[::1/x.git#a", "http://me:secret@[x/y"])
def test_an_address_that_nobody_can_take_apart_is_left_to_the_builder_and_keeps_its_login_to_itself(address):
    found = recipe(f"ADD {address} /y")
    assert [one.role for one in found.references] == ["add"]
    assert "secret" not in remote_of(address).shown
    assert "secret" not in " ".join(notice.message for notice in found.notices)
