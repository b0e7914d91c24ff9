"""The notation of strace's log: what is a call in it, and where its parts end."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rajee_deploy.synth.tracing.syscalls import BrokenLogError, Call, read_calls, unescape

NAMES = st.text(st.characters(blacklist_characters="\0/", blacklist_categories=["Cs"]), min_size=1, max_size=8)
NASTY = st.sampled_from(
    [
        ") = -1 ENOENT (x)",
        " <unfinished ...>",
        '", "',
        "</a>",
        "/* x */",
        "\\",
        "\\8",
        "\n1 open(",
        "\x01" + "7",
        "\udcff",
    ]
)
PATHS = st.lists(NAMES | NASTY, min_size=1, max_size=4).map(lambda parts: "/" + "".join(parts))


def escaped(path: str, also: str = '"') -> str:
    """A path as strace writes it: a short octal number where no digit follows it; <> are escaped in a descriptor's."""
    raw, told = os.fsencode(path), ""
    plain = {ord(char): name for char, name in zip("\n\t\r\v\f", "ntrvf", strict=True)}
    for at, byte in enumerate(raw):
        if byte in plain:
            told += "\\" + plain[byte]
        elif chr(byte) in '"\\':
            told += "\\" + chr(byte)
        elif 0x20 <= byte < 0x7F and chr(byte) not in also:
            told += chr(byte)
        else:
            is_digit_next = raw[at + 1 : at + 2].isdigit()
            told += f"\\{byte:03o}" if is_digit_next else f"\\{byte:o}"
    return told


def read(*lines: str) -> list[Call]:
    return list(read_calls(lines))


LINES = {
    "a file that is opened": (
        '7 openat(AT_FDCWD</app>, "a.json", O_RDONLY|O_CLOEXEC) = 3</app/a.json>',
        (7, "openat", 3, "", "/app/a.json", ["a.json"], "/app"),
    ),
    "one that is absent": (
        '7 openat(AT_FDCWD</app>, "a", O_RDONLY) = -1 ENOENT (No such file or directory)',
        (7, "openat", -1, "ENOENT", "", ["a"], "/app"),
    ),
    "spaces before the result": ('7 chdir("x")         = 0', (7, "chdir", 0, "", "", ["x"], None)),
    "a name that looks like a result": (
        '7 openat(AT_FDCWD</app>, "a) = -1 ENOENT (x)", O_RDONLY) = 3</app/a) = -1 ENOENT (x)>',
        (7, "openat", 3, "", "/app/a) = -1 ENOENT (x)", ["a) = -1 ENOENT (x)"], "/app"),
    ),
    "a directory that looks like one": (
        '7 newfstatat(AT_FDCWD</a) = 0>, "b", {st_mode=S_IFREG|0644, st_size=3, ...}, 0) = 0',
        (7, "newfstatat", 0, "", "", ["b"], "/a) = 0"),
    ),
    "a name with quotes, a newline and other bytes": (
        r'7 openat(AT_FDCWD</d\74x\76\"\303\251\n>, "\"\303\251\n\377", O_RDONLY) = 3</d\74x\76\"\303\251\n/y>',
        (7, "openat", 3, "", '/d<x>"é\n/y', ['"é\n\udcff'], '/d<x>"é\n'),
    ),
    "a file that has no name": (
        r'7 openat(AT_FDCWD</d>, ".", O_RDWR|O_TMPFILE, 0777) = 3</d/#27>(deleted)',
        (7, "openat", 3, "", "/d/#27", ["."], "/d"),
    ),
    "a directory without more names": (
        "7 getdents64(5</d>, 0x562b4b /* 0 entries */, 32768) = 0",
        (7, "getdents64", 0, "", "", [], "/d"),
    ),
    "a program": (
        '7 execve("/bin/sh", ["sh", "-c", "a (b) = 1"], 0x7fff /* 42 vars */) = 0',
        (7, "execve", 0, "", "", ["/bin/sh", "sh", "-c", "a (b) = 1"], None),
    ),
    "what is cut off": (
        '7 execve("/bin/sh", ["a"..., "b"], 0x7) = 0',
        (7, "execve", 0, "", "", ["/bin/sh", "a", "b"], None),
    ),
    "an address": ("7 open_tree(3</d>) = 0xff", (7, "open_tree", 255, "", "", [], "/d")),
    "a call that ends with its process": (
        '7 openat(AT_FDCWD</d>, "a", O_RDONLY) = ?',
        (7, "openat", -1, "", "", ["a"], "/d"),
    ),
    "one that will be begun again": (
        '7 openat(AT_FDCWD</d>, "a", O_RDONLY) = ? ERESTARTSYS (To be restarted if SA_RESTART is set)',
        (7, "openat", -1, "ERESTARTSYS", "", ["a"], "/d"),
    ),
}


@pytest.mark.parametrize("what", LINES)
def test_a_line(what):
    line, parts = LINES[what]
    (call,) = read(line)
    assert (call.process, call.name, call.result, call.error, call.given, call.strings, call.descriptor) == parts
    assert call.is_done == (call.result >= 0)


def test_a_call_stands_where_it_began():
    """Another process goes on meanwhile: vfork's child runs before the parent knows of it."""
    calls = read(
        "1 vfork( <unfinished ...>",
        '2 openat(AT_FDCWD</d>, "x", O_RDONLY <unfinished ...>',
        '3 chdir("/e") = 0',
        "2 <... openat resumed>) = 3</d/x>",
        '2 execve("/bin/true", ["true"], 0x1) = 0',
        "1 <... vfork resumed>) = 2",
    )
    assert [(call.process, call.name, call.result) for call in calls] == [
        (1, "vfork", 2),
        (2, "openat", 3),
        (3, "chdir", 0),
        (2, "execve", 0),
    ]
    assert (calls[1].strings, calls[1].given) == (["x"], "/d/x")


def test_a_name_that_looks_like_an_unfinished_call_is_none():
    (call,) = read('1 openat(AT_FDCWD</d>, "x <unfinished ...>", O_RDONLY) = 3</d/x <unfinished ...\\76>')
    assert call.strings == ["x <unfinished ...>"]
    first, second = read(
        '1 openat(AT_FDCWD</d>, "x) = 1 <unfinished ...>", O_RDONLY <unfinished ...>',
        '2 chdir("/") = 0',
        "1 <... openat resumed>) = -1 EACCES (Permission denied)",
    )
    assert (first.strings, first.error, second.name) == (["x) = 1 <unfinished ...>"], "EACCES", "chdir")


def test_a_call_that_never_returned_is_none():
    assert read('1 openat(AT_FDCWD</d>, "x", O_RDONLY <unfinished ...>', "1 +++ killed by SIGKILL +++") == []


def test_a_thread_that_becomes_a_program_takes_the_place_of_its_process():
    calls = read(
        '9 execve("/bin/sh", ["sh", "-c", "true"], 0x7fff /* 42 vars */ <pid changed to 7 ...>',
        "7 +++ superseded by execve in pid 9 +++",
        "7 <... execve resumed>)             = 21",
        '7 chdir("/") = 0',
    )
    assert [(call.process, call.name, call.strings) for call in calls] == [
        (7, "execve", ["/bin/sh", "sh", "-c", "true"]),
        (7, "chdir", ["/"]),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "7 +++ exited with 0 +++",
        "7 --- SIGCHLD {si_signo=SIGCHLD} ---",
        "7 ???? ",
        "7 <... resuming interrupted read ...>",
    ],
)
def test_what_is_no_call(line):
    assert read(line, '7 chdir("/") = 0') == read('7 chdir("/") = 0')


@pytest.mark.parametrize(
    "line", ["", "rubbish", "7 ", '7 openat(AT_FDCWD</d>, "x"', "strace: x", '7 chdir("/") = maybe']
)
def test_a_line_of_no_known_form_breaks_the_log(line):
    with pytest.raises(BrokenLogError):
        read('7 chdir("/") = 0', line)


@given(PATHS)
def test_any_path_comes_back(path):
    assert unescape(escaped(path)) == path
    assert unescape(escaped(path, "<>")) == path


@given(PATHS, PATHS, st.sampled_from(["0", "-1 ENOENT (No such file or directory)"]))
def test_any_path_is_found_in_a_line(folder, path, end):
    (call,) = read(f'7 faccessat(AT_FDCWD<{escaped(folder, "<>")}>, "{escaped(path)}", R_OK) = {end}')
    assert (call.descriptor, call.strings, call.is_done) == (folder, [path], end == "0")


@given(PATHS, PATHS)
def test_any_path_is_found_in_two_lines(folder, path):
    head = f'7 openat(AT_FDCWD<{escaped(folder, "<>")}>, "{escaped(path)}", O_RDONLY'
    given = f"3<{escaped(path, '<>')}>"
    (whole,) = read(f"{head}) = {given}")
    assert read(f"{head} <unfinished ...>", f"7 <... openat resumed>) = {given}") == [whole]
    assert whole.given == path
