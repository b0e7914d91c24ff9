"""From calls to looks: whose they are, where relative paths lead, what was made."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rajee_deploy.synth.tracing.kernel import strace_command
from rajee_deploy.synth.tracing.looks import Asker, Looks, Program, Resolver, find_looks
from rajee_deploy.synth.tracing.syscalls import read_calls

SHELL = '10 execve("/bin/sh", ["sh", "-c", "the app"], 0x7 /* 1 vars */) = 0'


def looks(*lines: str, start: str = "/nowhere") -> Looks:
    return find_looks(read_calls([SHELL, *lines]), lambda text: text == "the app", start)


def found(seen: Looks) -> dict[str, bool]:
    """Path → whether the first look found something, but for the shell itself."""
    return {path: look.found for path, look in seen.looks.items() if not path.endswith(("/sh", "/dash", "/bash"))}


@pytest.fixture
def place(tmp_path):
    """A directory without links above it."""
    return os.path.realpath(tmp_path)


PATHS = {
    "from the directory that strace tells": (['10 openat(AT_FDCWD</d>, "a", O_RDONLY) = 3</d/a>'], {"/d/a": True}),
    "from a descriptor": (['10 newfstatat(5</e/f>, "../a", {}, 0) = 0'], {"/e/a": True}),
    "from a directory of other letters": (
        [r'10 openat(AT_FDCWD</d/\303\251\74\"\n>, "a", O_RDONLY) = 3</d/x>'],
        {'/d/é<"\n/a': True},
    ),
    "absent": (['10 openat(AT_FDCWD</d>, "a", O_RDONLY) = -1 ENOENT (No such file or directory)'], {"/d/a": False}),
    "a file that is no directory": (
        ['10 openat(AT_FDCWD</d>, "a", O_RDONLY|O_DIRECTORY) = -1 ENOTDIR (Not a directory)'],
        {"/d/a": None},
    ),
    "a link that is not to be followed": (
        ['10 openat(AT_FDCWD</d>, "a", O_RDONLY|O_NOFOLLOW) = -1 ELOOP (Too many levels of symbolic links)'],
        {"/d/a": True},
    ),
    "what is to be made and is there": (
        ['10 openat(AT_FDCWD</d>, "a", O_WRONLY|O_CREAT|O_EXCL, 0666) = -1 EEXIST (File exists)'],
        {"/d/a": True},
    ),
    "below a file": (['10 access("/d/a/b", R_OK) = -1 ENOTDIR (Not a directory)'], {"/d/a/b": False}),
    "forbidden, and so there": (
        ['10 openat(AT_FDCWD</d>, "a", O_RDONLY) = -1 EACCES (Permission denied)'],
        {"/d/a": True},
    ),
    "no look at all": (['10 openat(AT_FDCWD</d>, "a", O_RDONLY) = -1 EINTR (Interrupted system call)'], {}),
    "no path, but a descriptor": (['10 newfstatat(3</d/a>, "", {st_mode=S_IFREG}, AT_EMPTY_PATH) = 0'], {}),
    "no path": (['10 chdir("") = -1 ENOENT (No such file or directory)', '10 execve("", [], 0x7) = -1 ENOENT (x)'], {}),
    "after a change of directory": (['10 chdir("/d") = 0', '10 stat("a", {}) = 0'], {"/d": True, "/d/a": True}),
    "after one that failed": (
        ['10 chdir("/d") = -1 ENOENT (x)', '10 stat("a", {}) = 0'],
        {"/d": False, "/nowhere/a": True},
    ),
    "after one by descriptor": (
        [r"10 fchdir(4</d\303\251>) = 0", '10 stat("a", {}) = 0'],
        {"/dé": True, "/dé/a": True},
    ),
    "in a child": (
        ['10 chdir("/d") = 0', "10 fork() = 11", '11 stat("a", {}) = 0', '11 chdir("/e") = 0', '10 stat("b", {}) = 0'],
        {"/d": True, "/d/a": True, "/e": True, "/d/b": True},
    ),
    "in a child that runs before its parent knows": (
        ['10 chdir("/d") = 0', "10 vfork( <unfinished ...>", '11 stat("a", {}) = 0', "10 <... vfork resumed>) = 11"],
        {"/d": True, "/d/a": True},
    ),
    "in a thread, which moves all": (
        ["10 clone3({flags=CLONE_VM|CLONE_THREAD, stack=0x7}, 88) = 12", '12 chdir("/d") = 0', '10 stat("a", {}) = 0'],
        {"/d": True, "/d/a": True},
    ),
    "in a child of a thread": (
        ["10 clone(child_stack=0x7, flags=CLONE_VM|CLONE_THREAD) = 12", "12 fork() = 13", '13 stat("/d/a", {}) = 0'],
        {"/d/a": True},
    ),
    "of somebody else": (['9 stat("/d/a", {}) = 0', "9 fork() = 14", '14 stat("/d/b", {}) = 0'], {}),
    "through the kernel's own links": (
        ['10 chdir("/d") = 0', '10 stat("/proc/self/cwd/a", {}) = 0', '10 stat("/proc/10/root/e/b", {}) = 0'],
        {"/d": True, "/d/a": True, "/e/b": True},
    ),
}


@pytest.mark.parametrize("what", PATHS)
def test_where_a_path_leads(what):
    lines, expected = PATHS[what]
    assert found(looks(*lines)) == expected


def test_another_command_of_a_shell_is_not_the_app():
    calls = ['10 execve("/bin/sh", ["sh", "-c", "npm view x"], 0x7) = 0', '10 stat("/d/a", {}) = 0']
    assert find_looks(read_calls(calls), lambda text: text == "the app", "/").looks == {}


def test_programs_are_told_with_their_words_once_they_run():
    seen = looks(
        '10 execve("/nowhere/bin/x", ["x", "a b"], 0x7) = -1 ENOENT (No such file or directory)',
        '10 execve("/nowhere/y", ["x", "a b"], 0x7) = 0',
        '10 execveat(3</nowhere/z>, "", ["z"], 0x7, AT_EMPTY_PATH) = 0',
    )
    assert seen.programs[1:] == [Program(10, "/nowhere/y", ("x", "a b")), Program(10, "/nowhere/z", ("z",))]
    assert found(seen) == {"/nowhere/bin/x": False, "/nowhere/y": True, "/nowhere/z": True}


def test_a_thread_may_become_a_program():
    seen = looks(
        "10 clone3({flags=CLONE_VM|CLONE_THREAD, stack=0x7}, 88) = 12",
        '12 execve("/nowhere/y", ["y"], 0x7 /* 1 vars */ <pid changed to 10 ...>',
        "10 +++ superseded by execve in pid 12 +++",
        "10 <... execve resumed>)             = 21",
        '10 stat("/d/a", {}) = 0',
    )
    assert seen.programs[1:] == [Program(10, "/nowhere/y", ("y",))]
    assert found(seen) == {"/nowhere/y": True, "/d/a": True}


MADE = {
    "a file that is written": (['10 openat(AT_FDCWD</d>, "a", O_WRONLY|O_CREAT|O_TRUNC, 0666) = 3</d/a>'], {"/d/a"}),
    "one that cannot be": (['10 openat(AT_FDCWD</d>, "a", O_WRONLY|O_CREAT|O_TRUNC, 0666) = -1 EACCES (x)'], set()),
    "one that has no name": (['10 openat(AT_FDCWD</d>, ".", O_RDWR|O_TMPFILE, 0600) = 3</d/#1>(deleted)'], set()),
    "one that was absent before": (
        ['10 stat("/d/a", 0x7) = -1 ENOENT (x)', '10 openat(AT_FDCWD</d>, "a", O_RDWR|O_CREAT, 0666) = 3</d/a>'],
        {"/d/a"},
    ),
    "one that is changed in its place": (['10 openat(AT_FDCWD</d>, "a", O_RDWR) = 3</d/a>'], set()),
    "a directory": (['10 mkdir("/d/a", 0777) = 0'], {"/d/a"}),
    "a directory that was there": (['10 mkdir("/d/a", 0777) = -1 EEXIST (File exists)'], set()),
    "both names of a file that is renamed": (
        ['10 renameat2(AT_FDCWD</d>, "a", 5</e>, "b", 0) = 0', '10 rename("/d/c", "/d/f") = 0'],
        {"/d/a", "/e/b", "/d/c", "/d/f"},
    ),
    "a link, and not what it says": (
        ['10 symlinkat("/x", AT_FDCWD</d>, "a") = 0', '10 symlink("y", "/d/b") = 0'],
        {"/d/a", "/d/b"},
    ),
    "another name of a file": (['10 linkat(AT_FDCWD</d>, "a", AT_FDCWD</e>, "b", 0) = 0'], {"/e/b"}),
    "what is removed": (['10 unlinkat(AT_FDCWD</d>, "a", 0) = 0', '10 rmdir("/d/b") = 0'], {"/d/a", "/d/b"}),
    "nothing, of what another process makes": (['9 mkdir("/d/a", 0777) = 0'], set()),
}


@pytest.mark.parametrize("what", MADE)
def test_what_is_made(what):
    lines, expected = MADE[what]
    assert looks(*lines).made == expected


def test_what_is_below_something_made_is_made():
    seen = looks('10 mkdir("/d/a", 0777) = 0', '10 mkdir("/d/a/b", 0777) = 0')
    assert [seen.is_made(path) for path in ("/d/a", "/d/a/b/c", "/d/ab", "/d", "/")] == [
        True,
        True,
        False,
        False,
        False,
    ]


REREAD = {
    "read, then written": (['openat(AT_FDCWD</d>, "a", O_RDONLY) = 3</d/a>'], {"/d/a"}),
    "asked about, then written": (['stat("/d/a", {}) = 0'], set()),
    "absent, then written": (['openat(AT_FDCWD</d>, "a", O_RDONLY) = -1 ENOENT (x)'], set()),
    "made before it was read": (
        ['mkdir("/d", 0777) = 0', 'openat(AT_FDCWD</d>, "a", O_RDONLY) = 3</d/a>'],
        set(),
    ),
}


@pytest.mark.parametrize(
    "write",
    [
        'openat(AT_FDCWD</d>, "a", O_WRONLY|O_TRUNC) = 3</d/a>',
        'openat(AT_FDCWD</d>, "a", O_WRONLY) = 3</d/a>',
        'unlink("/d/a") = 0',
        'rename("/d/new", "/d/a") = 0',
    ],
)
@pytest.mark.parametrize("what", REREAD)
def test_what_is_read_before_it_is_written(what, write):
    lines, expected = REREAD[what]
    if "O_WRONLY)" in write and what == "asked about, then written":
        expected = {"/d/a"}  # the bytes that are not written stay
    if write.startswith("rename") and what != "made before it was read":
        expected = expected | {"/d/new"}  # what lies there now was not made by the app
    assert looks(*(f"10 {line}" for line in [*lines, write])).reread == expected


def test_another_name_of_a_file_tells_its_content():
    """Read by a name that the app gave it, it is read all the same."""
    seen = looks('10 linkat(AT_FDCWD</d>, "a", AT_FDCWD</e>, "b", 0) = 0')
    assert seen.looks["/d/a"].is_read


def test_directories_are_listed_by_programs():
    seen = looks(
        '10 execve("/nowhere/esbuild", ["esbuild"], 0x7) = 0',
        "10 getdents64(5</d>, 0x5 /* 3 entries */, 32768) = 88",
        "10 getdents64(5</d>, 0x5 /* 0 entries */, 32768) = 0",
        r"10 getdents64(5</\303\251>, 0x5 /* 2 entries */, 32768) = 48",
    )
    assert {path: dict(by) for path, by in seen.listed.items()} == {"/d": {10: 1}, "/é": {10: 1}}
    assert seen.listers == {"/d": {"/nowhere/esbuild"}, "/é": {"/nowhere/esbuild"}}


LOOKS = {
    "read": ('openat(AT_FDCWD</d>, "a", O_RDONLY) = 3</d/a>', (True, False)),
    "asked": ('stat("/d/a", {}) = 0', (False, False)),
    "opened for its name alone": ('openat(AT_FDCWD</d>, "a", O_RDONLY|O_PATH) = 3</d/a>', (False, False)),
    "read by a program that may go by times": ('openat(AT_FDCWD</d>, "a", O_RDONLY) = 3</d/a>', (True, True)),
    "asked by one": ('stat("/d/a", {}) = 0', (False, True)),
}


@pytest.mark.parametrize("what", LOOKS)
def test_how_it_is_looked_at(what):
    line, expected = LOOKS[what]
    before = ['10 execve("/nowhere/make", ["make"], 0x7) = 0'] if expected[1] else []
    look = looks(*before, f"10 {line}").looks["/d/a"]
    assert (look.is_read, look.is_timed) == expected


def test_links_on_the_way_are_looks_of_their_own(place):
    def own(paths):
        return {path for path in paths if path.startswith(place)}

    Path(f"{place}/real").mkdir(parents=True)
    Path(f"{place}/way").symlink_to("real")
    Path(f"{place}/end").symlink_to("way/file")
    seen = looks(f'10 stat("{place}/end", {{}}) = 0')
    assert (own(seen.links), found(seen)) == ({f"{place}/way", f"{place}/end"}, {f"{place}/real/file": True})
    seen = looks(f'10 readlink("{place}/end", "way/file", 4095) = 8')
    assert (own(seen.links), found(seen)) == ({f"{place}/end"}, {f"{place}/end": True})
    seen = looks(f'10 newfstatat(AT_FDCWD<{place}>, "way/file", {{}}, AT_SYMLINK_NOFOLLOW) = 0')
    assert found(seen) == {f"{place}/real/file": True}
    assert f"{place}/way" in seen.links


def test_a_circle_of_links_ends(place):
    Path(f"{place}/a").symlink_to("b")
    Path(f"{place}/b").symlink_to("a")
    real, links = Resolver()(f"{place}/a/c")
    assert real.startswith(place)
    assert {f"{place}/a", f"{place}/b"} == set(links)


def test_above_a_link_is_above_what_it_leads_to(place):
    Path(f"{place}/one/two").mkdir(parents=True)
    Path(f"{place}/link").symlink_to("one/two")
    assert Resolver()(f"{place}/link/../x")[0] == f"{place}/one/x"
    assert Resolver()("/../..//./x/")[0] == "/x"


OBSTACLES = {
    "a host": (
        "connect(3<TCP:[1]>, {sa_family=AF_INET, sin_port=htons(443)}, 16) = -1 EINPROGRESS (x)",
        "connects to the network",
    ),
    "a host that refuses": (
        "connect(3<TCP:[1]>, {sa_family=AF_INET6, sin6_port=htons(9)}, 28) = -1 ECONNREFUSED (x)",
        "",
    ),
    "the resolver": ("connect(3<UDP:[1]>, {sa_family=AF_INET, sin_port=htons(53)}, 16) = 0", ""),
    "a daemon": (
        'connect(3<UNIX:[1]>, {sa_family=AF_UNIX, sun_path="/run/x.sock"}, 110) = 0',
        "connects to /run/x.sock",
    ),
    "the name service": ('connect(3<UNIX:[1]>, {sa_family=AF_UNIX, sun_path="/var/run/nscd/socket"}, 110) = 0', ""),
    "the kernel": ("connect(3<NETLINK:[1]>, {sa_family=AF_NETLINK}, 12) = 0", ""),
    "io_uring": ("io_uring_setup(8, {flags=0}) = 4<anon_inode:[io_uring]>", "io_uring_setup, which hides what is read"),
    "no io_uring": ("io_uring_setup(8, {flags=0}) = -1 EPERM (x)", ""),
    "an attribute": (
        'getxattr("/d/a", "user.x", "y", 255) = 1',
        "getxattr, which reads what is beside a file's content",
    ),
    "no attribute": ('getxattr("/d/a", "user.x", 0x7, 255) = -1 ENODATA (x)', ""),
}


@pytest.mark.parametrize("what", OBSTACLES)
def test_what_no_hash_follows(what):
    line, told = OBSTACLES[what]
    assert looks(f"10 {line}").obstacles == ([told] if told else [])


def test_who_connects_to_himself_reaches_nothing_else():
    bound = '10 bind(3<UNIX:[1]>, {sa_family=AF_UNIX, sun_path="/tmp/x"}, 110) = 0'
    line = '10 connect(4<UNIX:[2]>, {sa_family=AF_UNIX, sun_path="/tmp/x"}, 110) = 0'
    assert (looks(bound, line).obstacles, looks(line).obstacles) == ([], ["connects to /tmp/x"])


APP = """
import os, sys, threading
open("a) = -1 ENOENT (x)").close()
os.path.exists("absent")
try:
    os.chdir("")
except OSError:
    pass
os.chdir("sub")
open("../é").close()
os.listdir(".")
threading.Thread(target=lambda: os.execv("/bin/sh", ["sh", "-c", "cat '../in the shell'"])).start()
threading.Event().wait(30)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="strace is Linux's")
def test_the_real_log_of_an_app_in_a_directory_of_any_name(place):
    strace = shutil.which("strace")
    assert strace, "strace is needed (.ci/machine installs it)"
    root = f'{place}/a <"é\n) = 1'
    Path(f"{root}/sub").mkdir(parents=True)
    for name in ("a) = -1 ENOENT (x)", "é", "in the shell"):
        Path(root, name).write_text("x", "utf-8")
    Path(root, "app.py").write_text(APP, "utf-8")
    command = f"{sys.executable} -I app.py"
    log = Path(place, "log")
    subprocess.run(
        [*strace_command(strace, log), "sh", "-c", command], cwd=root, check=True, capture_output=True, timeout=60
    )
    seen = find_looks(read_calls(log.read_text("latin-1").splitlines()), lambda text: text == command, root)
    own = {path[len(root) + 1 :]: look.found for path, look in seen.looks.items() if path.startswith(f"{root}/")}
    assert own == {
        "app.py": True,
        "a) = -1 ENOENT (x)": True,
        "absent": False,
        "sub": True,
        "é": True,
        "in the shell": True,
    }
    assert list(seen.listed[f"{root}/sub"].values()) == [1]


def test_who_looked_how_often_is_told_and_as_which_program():
    seen = looks(
        '10 openat(AT_FDCWD</d>, "a", O_RDONLY) = 3</d/a>',
        '10 execve("/usr/bin/node", ["node"], 0x7 /* 1 vars */) = 0',
        "10 clone(child_stack=0x1, flags=CLONE_VM|CLONE_THREAD) = 11",
        '10 openat(AT_FDCWD</d>, "a", O_RDONLY) = 3</d/a>',
        '11 openat(AT_FDCWD</d>, "a", O_RDONLY) = 4</d/a>',
        '10 access("/d/a", R_OK) = 0',
        '10 openat(AT_FDCWD</d>, "b", O_RDONLY) = -1 ENOENT (No such file or directory)',
        "10 clone(child_stack=0x1, flags=SIGCHLD) = 12",
        '12 readlink("/d/a", "x", 99) = 1',
        start="/d",
    )
    shell, node = os.path.realpath("/bin/sh"), os.path.realpath("/usr/bin/node")
    assert seen.askers["/d/a"] == {
        Asker(10, shell, opens=True): 1,
        Asker(10, node, opens=True): 2,
        Asker(10, node, opens=False): 1,
        Asker(12, node, opens=False): 1,
    }
    assert seen.askers["/d/b"] == {Asker(10, node, opens=True): 1}
