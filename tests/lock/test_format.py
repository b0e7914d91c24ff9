"""The lock file's text: one line for each reference and platform, and nothing believed that is not of its form."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rajee_deploy.errors import ConfigurationError, Exit
from rajee_deploy.lock import Lock, LockLine, encode, parse, read, write
from rajee_deploy.model import BaseConfig, Digest

ONE, TWO = Digest("sha256", "1" * 64), Digest("sha256", "2" * 64)
CONFIG = BaseConfig((("PATH", "/bin"), ("P", "é\n")), ("COPY . /app",))
LOCK = Lock(
    (
        LockLine("docker/dockerfile:1", TWO, "2026-11-24"),
        LockLine("busybox:1.37", ONE, "2026-11-25", "linux/arm/v7", BaseConfig()),
        LockLine("busybox:1.37", ONE, "2026-11-25", "linux/amd64", CONFIG),
    )
)
TEXT = (
    "# rajee-deploy.lock/1: written by `rajee-deploy lock`; commit it\n"
    f"busybox:1.37 {ONE} 2026-11-25 linux/amd64 "
    '{"ENV":{"PATH":"/bin","P":"\\u00e9\\n"},"ONBUILD":["COPY . /app"]}\n'
    f"busybox:1.37 {ONE} 2026-11-25 linux/arm/v7 {{}}\n"
    f"docker/dockerfile:1 {TWO} 2026-11-24 -\n"
)
HEADER, *LINES = TEXT.splitlines()


def test_what_it_looks_like():
    assert encode(LOCK) == TEXT
    assert parse(TEXT, "x").images == LOCK.images
    assert LOCK.images["busybox:1.37"].configs["linux/amd64"] == CONFIG
    assert LOCK.images["docker/dockerfile:1"].configs == {}
    assert (LOCK.oldest, Lock().oldest) == ("2026-11-24", "")


@pytest.mark.parametrize(
    "text",
    [
        TEXT.replace("\n", "\r\n"),
        TEXT.rstrip("\n"),
        "\ufeff" + TEXT,
        TEXT.replace("\n", "\n\n"),
        TEXT + LINES[0] + "\n",
    ],
)
def test_what_editors_and_merges_do_to_it_is_no_harm(text):
    assert encode(parse(text, "x")) == TEXT


@pytest.mark.parametrize(
    "line",
    [
        "busybox:1.37",
        "# a comment",
        "<<<<<<< HEAD",
        "=======",
        ">>>>>>> other",
        f" {LINES[2]}",
        f"{LINES[2]} ",
        LINES[2].replace("sha256:", "sha512:"),
        LINES[2].replace("2222 ", "222 "),
        LINES[2].replace("-24", "-32"),
        LINES[2].replace("2026-11", "2026-13"),
        LINES[2].replace("-24", "-24T10:00"),
        LINES[2].replace(" -", ""),
        LINES[1].replace("{}", "-"),
        LINES[1].replace("{}", ""),
        LINES[1].replace("{}", "[]"),
        LINES[1].replace("linux/arm/v7", "linux"),
        LINES[1].replace("linux/arm/v7", "LINUX/ARM"),
        LINES[1].replace("{}", '{"ENV":[]}'),
        LINES[1].replace("{}", '{"ENV":{"A":1}}'),
        LINES[1].replace("{}", '{"ONBUILD":"COPY . /"}'),
        LINES[1].replace("{}", '{"ONBUILD":[null]}'),
        LINES[1].replace("{}", '{"Env":{}}'),
        LINES[1].replace("{}", '{"ENV":{"A":"1","A":"2"}}'),
        LINES[1].replace("{}", '{"ENV":{},"ENV":{}}'),
        LINES[1].replace("{}", '{"a":' + "[" * 100_000 + "}"),
        LINES[1].replace(str(ONE), str(TWO)),
        LINES[1].replace("{}", '{"ENV":{"A":"1"}}'),
        LINES[2].replace("docker/dockerfile:1", f"a@{ONE}"),
        LINES[2].replace("docker/", "döcker/"),
    ],
)
def test_every_other_line_is_an_error_with_its_place(line):
    with pytest.raises(ConfigurationError) as caught:
        parse("\n".join((HEADER, LINES[0], LINES[1], line, "")), "sub/rajee-deploy.lock")
    assert (caught.value.code, caught.value.where) == ("lock-malformed", "sub/rajee-deploy.lock:4")
    assert caught.value.exit_code == Exit.USAGE


@pytest.mark.parametrize("first", ["", "busybox", HEADER[1:], f" {HEADER}", f"{HEADER[:19]}/x"])
def test_a_file_of_something_else(first):
    with pytest.raises(ConfigurationError) as caught:
        parse(TEXT.replace(HEADER, first), "x")
    assert (caught.value.code, caught.value.where) == ("lock-malformed", "x:1")


def test_a_file_of_a_later_version():
    with pytest.raises(ConfigurationError) as caught:
        parse(TEXT.replace("lock/1", "lock/12"), "x")
    assert (caught.value.code, caught.value.where, caught.value.hint) == ("lock-version", "x:1", "update rajee-deploy")


def test_a_file_cut_anywhere_says_nothing_wrong():
    whole = set(parse(TEXT, "x").entries)
    for length in range(len(TEXT)):
        try:
            assert set(parse(TEXT[:length], "x").entries) <= whole
        except ConfigurationError:
            continue


names = st.sampled_from(["busybox:1.37", "localhost:5000/a/b", f"a@{ONE}", "docker/dockerfile:1-labs"])
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
configs = st.builds(
    BaseConfig,
    st.dictionaries(texts, texts, max_size=3).map(lambda env: tuple(env.items())),
    st.lists(texts, max_size=3).map(tuple),
    st.just(True),  # noqa: FBT003 -- only what was read as a whole is locked
)


@st.composite
def locks(draw):
    entries = []
    for name in draw(st.sets(names)):
        digest = ONE if "@" in name else draw(st.sampled_from([ONE, TWO]))
        date = draw(st.dates().map(str))
        platforms = draw(st.sets(st.sampled_from(["linux/amd64", "linux/arm64", "linux/arm/v7"])))
        entries += [LockLine(name, digest, date, platform, draw(configs)) for platform in platforms] or [
            LockLine(name, digest, date)
        ]
    return Lock(tuple(draw(st.permutations(entries))))


@given(locks())
def test_what_is_written_is_read(lock):
    text = encode(lock)
    found = parse(text, "x")
    assert set(found.entries) == set(lock.entries)
    assert encode(found) == text
    assert text.isascii()
    assert text.count("\n") == len(lock.entries) + 1


@given(st.text() | st.lists(st.sampled_from([*LINES, HEADER, "{}", " ", ONE.hex])).map("\n".join))
def test_no_text_is_a_bug(text):
    for whole in (text, f"{HEADER}\n{text}"):
        with contextlib.suppress(ConfigurationError):
            parse(whole, "x")


# -- on disk -------------------------------------------------------------------------------------------------------


def test_an_unchanged_file_is_not_touched(tmp_path):
    path = tmp_path / "rajee-deploy.lock"
    assert read(path) == Lock()
    assert write(path, LOCK)
    before = path.stat()
    assert not write(path, LOCK)
    path.write_text(TEXT.replace("\n", "\r\n"), newline="")
    assert not write(path, LOCK)  # git made these line ends, and undoes them
    assert path.stat().st_ino == before.st_ino
    assert read(path).images == LOCK.images


def test_a_file_is_replaced_at_once_or_not_at_all(tmp_path):
    path = tmp_path / "rajee-deploy.lock"
    write(path, LOCK)
    path.with_name("held").hardlink_to(path)
    assert write(path, Lock(LOCK.entries[:1]))
    assert path.with_name("held").read_text() == TEXT
    assert sorted(each.name for each in tmp_path.iterdir()) == ["held", "rajee-deploy.lock"]
    path.unlink()
    path.mkdir()
    with pytest.raises(OSError, match="directory"):
        write(path, LOCK)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["held", "rajee-deploy.lock"]


@pytest.mark.parametrize("content", [b"\xff", None])
def test_a_file_that_cannot_be_read(content, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "rajee-deploy.lock"
    path.write_bytes(content) if content is not None else path.mkdir()
    with pytest.raises(ConfigurationError) as caught:
        read(path)
    assert (caught.value.code, caught.value.where) == ("lock-unreadable", "rajee-deploy.lock")


@pytest.mark.parametrize(
    "first", [HEADER, "# rajee-deploy.lock/1", "# rajee-deploy.lock/1:", "# rajee-deploy.lock/1: x"]
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_first_line_may_end_as_editors_end_it(first, end):
    assert len(parse(f"{first}{end}{LINES[2]}{end}", "x").entries) == 1


@pytest.mark.parametrize(
    "config",
    [
        '{"ENV":[]}',
        '{"ENV":"A"}',
        '{"ENV":null}',
        '{"ENV":{"A":1}}',
        '{"ENV":{"A":null}}',
        '{"ENV":{"A":["x"]}}',
        '{"ONBUILD":{}}',
        '{"ONBUILD":"RUN x"}',
        '{"ONBUILD":null}',
        '{"ONBUILD":[1]}',
        '{"ONBUILD":["RUN x",null]}',
        '{"Env":{}}',
        '{"ENV":{},"More":1}',
        '{"ENV":{"A":"1"},"ONBUILD":["RUN x"],"":0}',
        '{"ENV":{},"ENV":{}}',
        '{"ENV":{"A":"1","A":"1"}}',
    ],
)
def test_a_configuration_that_is_not_of_its_form_is_refused(config):
    with pytest.raises(ConfigurationError) as caught:
        parse(f"{HEADER}\nbusybox:1.37 {ONE} 2026-11-25 linux/amd64 {config}\n", "x")
    assert (caught.value.code, caught.value.where) == ("lock-malformed", "x:2")


@pytest.mark.parametrize("config", ["{}", '{"ENV":{}}', '{"ONBUILD":[]}', '{"ONBUILD":["RUN x"],"ENV":{"A":""}}'])
def test_a_configuration_of_its_form_is_read(config):
    (entry,) = parse(f"{HEADER}\nbusybox:1.37 {ONE} 2026-11-25 linux/amd64 {config}\n", "x").entries
    wanted = BaseConfig((("A", ""),), ("RUN x",)) if "RUN" in config else BaseConfig()
    assert entry.config == wanted


def test_each_column_is_kept():
    git, url = "https://example.com/team/tool.git#v1", "https://user@example.com/tool"
    commit = Digest("git", "a" * 40)
    pinned = f"busybox@{ONE}"
    text = "\n".join(
        [
            HEADER,
            f"{git} {commit} 2026-11-25 -",
            f"{url} {TWO} 2026-11-24 -",
            f'{pinned} {ONE} 2026-11-23 linux/amd64 {{"ONBUILD":["a","b"]}}',
            "",
        ]
    )
    entries = (
        LockLine(git, commit, "2026-11-25"),
        LockLine(url, TWO, "2026-11-24"),
        LockLine(pinned, ONE, "2026-11-23", "linux/amd64", BaseConfig((), ("a", "b"))),
    )
    assert parse(text, "x").entries == entries
    assert parse(encode(Lock(entries)), "x").entries == tuple(sorted(entries, key=lambda entry: entry.reference))
    assert encode(Lock(())) == f"{HEADER}\n"
    assert parse(HEADER, "x") == Lock()


@pytest.mark.parametrize(
    ("lines", "where"),
    [
        (["x"], "lock:1"),
        ([HEADER, LINES[2], "", "x"], "lock:4"),
        ([HEADER, LINES[0], LINES[0].replace("1" * 64, "3" * 64)], "lock:3"),
        ([HEADER, LINES[1], LINES[1].replace("{}", '{"ENV":{"A":"b"}}')], "lock:3"),
        ([HEADER, LINES[1].replace("{}", '{"ENV":{"A":"b","A":"b"}}')], "lock:2"),
        ([HEADER, LINES[1].replace("{}", '{"ENV":{"A":1}}')], "lock:2"),
        ([HEADER, LINES[1].replace("{}", '{"ONBUILD":[1]}')], "lock:2"),
        ([HEADER, LINES[1].replace("{}", '{"ENV":[]}')], "lock:2"),
        ([HEADER, LINES[1].replace("{}", '{"ONBUILD":{}}')], "lock:2"),
        ([HEADER, LINES[1].replace("{}", '{"X":1}')], "lock:2"),
        ([HEADER, LINES[1].replace("{}", "{x}")], "lock:2"),
        ([HEADER, f"busybox@{TWO} {ONE} 2026-11-25 -"], "lock:2"),
    ],
)
def test_what_is_malformed_is_named_by_its_line(lines, where):
    with pytest.raises(ConfigurationError) as caught:
        parse("\n".join(lines), "lock")
    assert (caught.value.code, caught.value.where) == ("lock-malformed", where)


def test_another_version_is_no_malformed_file():
    with pytest.raises(ConfigurationError) as caught:
        parse(HEADER.replace("/1:", "/22:"), "lock")
    assert (caught.value.code, caught.value.where, "22" in caught.value.problem) == ("lock-version", "lock:1", True)
