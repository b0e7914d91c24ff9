"""What an app's processes looked at and made, from the log of strace. It knows processes and paths, and judges nothing.

The CDK CLI runs the app's command with `sh -c`; only what is below that shell counts. Paths are resolved as they are
after the synth: every link on the way is a look of its own, and what is behind it another.
"""

from __future__ import annotations

import os
import re
from collections import Counter, defaultdict
from dataclasses import field
from typing import TYPE_CHECKING, NamedTuple

from rajee_deploy.dataclass import dataclass
from rajee_deploy.synth.tracing.resolver import Resolver
from rajee_deploy.synth.tracing.scripts import run_by

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rajee_deploy.synth.tracing.syscalls import Call

_ABSENT = ("ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG")
_THERE = ("EACCES", "EEXIST")
_OPENS = ("open", "openat", "openat2", "creat")
_MAKES = {
    "mkdir": 0,
    "mkdirat": 0,
    "mknod": 0,
    "mknodat": 0,
    "unlink": 0,
    "unlinkat": 0,
    "rmdir": 0,
    "truncate": 0,
    "rename": None,
    "renameat": None,
    "renameat2": None,
    "symlink": 1,
    "symlinkat": 1,
    "link": 1,
    "linkat": 1,
}
_STAYS = (
    "lstat",
    "lstat64",
    "readlink",
    "readlinkat",
    "lgetxattr",
    "unlink",
    "unlinkat",
    "rename",
    "renameat",
    "renameat2",
)
_FORKS = ("clone", "clone3", "fork", "vfork")
# Through these, a path is not what it says.
_HIDES = ("io_uring_setup", "open_by_handle_at", "fspick", "open_tree", "mount", "chroot", "pivot_root", "move_mount")
_ADDRESS = re.compile(r'sa_family=AF_(\w+)(?:.*?sun_path=(@?"[^"]*"))?(?:.*?sin6?_port=htons\((\d+)\))?')
_RESOLVER = 53
_SERVICES = ("/var/run/nscd/socket", "/run/nscd/socket", "/run/systemd/resolve/")


@dataclass(slots=True)
class Look:
    """How one path was looked at. `found` is whether the first look found something; None where it told neither."""

    found: bool | None
    is_read: bool = False
    is_timed: bool = False  # by a program that may go by a file's time


@dataclass(frozen=True, slots=True)
class Program:
    """A program that a process of the app became."""

    process: int
    path: str
    words: tuple[str, ...]


class Asker(NamedTuple):
    """Who looked at a path: a process, which program it was then, and whether it opened it or only asked about it."""

    process: int
    program: str
    opens: bool


@dataclass(slots=True)
class Looks:
    """`looks`, `links` (what is at the end of a look by readlink or on its way) and `made` are by real path; `askers`
    tells how often who looked; `listed` is by real path and process, `listers` are the programs that did; `reread` was
    read before it was written."""

    looks: dict[str, Look] = field(default_factory=dict)
    askers: dict[str, Counter[Asker]] = field(default_factory=lambda: defaultdict(Counter))
    links: set[str] = field(default_factory=set)
    listed: dict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    listers: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    made: set[str] = field(default_factory=set)
    reread: set[str] = field(default_factory=set)
    programs: list[Program] = field(default_factory=list)
    obstacles: list[str] = field(default_factory=list)

    def is_made(self, path: str) -> bool:
        """Whether the tree made it, or something above it."""
        while path not in self.made:
            above = os.path.dirname(path)  # noqa: PTH120 -- thousands of texts
            if above == path:
                return False
            path = above
        return True


def find_looks(calls: Iterable[Call], is_command: Callable[[str], bool], start: str) -> Looks:
    """The looks of the processes below the shell that runs the app. `is_command` knows what it is given (`sh -c`),
    `start` is the directory where the first process starts."""
    reader = _LookReader(is_command, start)
    for call in calls:
        reader.read(call)
    return reader.looks


class _LookReader:
    def __init__(self, is_command: Callable[[str], bool], start: str) -> None:
        self._is_command = is_command
        self._start = start
        self._resolve = Resolver()
        self._leaders: dict[int, int] = {}
        self._places: dict[int, str] = {}  # where a process is, by leader
        self._app: set[int] = set()
        self._bound: set[str] = set()
        self._programs: dict[int, str] = {}  # what a process is, by leader
        self.looks = Looks()

    def read(self, call: Call) -> None:
        leader = self._leaders.get(call.process, call.process)
        if call.name in _FORKS:
            self._forked(call, leader)
        elif call.name in ("chdir", "fchdir"):
            self._moved(call, leader)
        elif call.name in ("execve", "execveat"):
            self._became(call, leader)
        elif leader in self._app:
            self._looked(call, leader)

    def _forked(self, call: Call, leader: int) -> None:
        if call.result <= 0:
            return
        if "CLONE_THREAD" in call.arguments:
            self._leaders[call.result] = leader
            return
        self._places[call.result] = self._place(leader)
        self._programs[call.result] = self._programs.get(leader, "")
        if leader in self._app:
            self._app.add(call.result)

    def _place(self, leader: int) -> str:
        return self._places.get(leader, self._start)

    def _moved(self, call: Call, leader: int) -> None:
        where = next(iter(self._paths(call, leader)), None) if call.name == "chdir" else call.descriptor
        if call.is_done and where:
            self._places[leader] = self._resolve(where)[0]
        if leader in self._app and where:
            self._note(call, where)

    def _became(self, call: Call, leader: int) -> None:
        words = call.strings
        if call.is_done and leader not in self._app and words[2:3] == ["-c"] and self._is_command([*words, ""][3]):
            self._app.add(leader)
        if leader not in self._app:
            return
        # A program that was opened before has no name here, but a descriptor.
        path = next(iter(self._paths(call, leader)), call.descriptor)
        if path is None:
            return
        self._note(call, path, is_read=True)
        if call.is_done:
            script = self._resolve(path)[0]
            program, told = run_by(script, tuple(words[1:]))
            if program != script:  # the kernel opens it, and no call is seen
                self._note(call, self._whole(program, self._place(leader), leader), is_read=True)
            real = self._programs[leader] = self._resolve(self._whole(program, self._place(leader), leader))[0]
            self.looks.programs.append(Program(leader, real, told))

    def _looked(self, call: Call, leader: int) -> None:
        looks = self.looks
        if call.name.startswith("getdents"):
            if call.descriptor and "/* 0 entries */" not in call.arguments:
                looks.listed[call.descriptor][leader] += 1
                looks.listers[call.descriptor].add(self._programs.get(leader, ""))
        elif call.name in _HIDES:
            looks.obstacles += [f"{call.name}, which hides what is read"] * call.is_done
        elif call.name in ("connect", "bind"):
            self._reached(call)
        elif "xattr" in call.name and call.is_done and call.result > 0:
            looks.obstacles.append(f"{call.name}, which reads what is beside a file's content")
        elif call.name in _OPENS:
            self._opened(call, leader)
        elif call.name in _MAKES:
            self._made(call, leader)
        else:
            for path in self._paths(call, leader)[:1]:
                self._note(call, path)

    def _opened(self, call: Call, leader: int) -> None:
        path = (self._paths(call, leader) or [""])[0]
        flags = call.arguments
        if not path:
            return
        writes = call.name == "creat" or "O_WRONLY" in flags or "O_RDWR" in flags
        makes = (
            call.name == "creat"
            or "O_TRUNC" in flags
            or "O_EXCL" in flags
            or ("O_CREAT" in flags and "O_RDWR" not in flags)
        )
        if "O_TMPFILE" in flags:
            return
        if not writes or not makes or call.error == "EEXIST":
            self._note(call, path, is_read="O_PATH" not in flags)
        if writes and call.is_done:
            self._write(path, is_new=makes)

    def _write(self, path: str, *, is_new: bool) -> None:
        real = self._resolve(path)[0]
        look = self.looks.looks.get(real)
        if look is not None and look.is_read and look.found and not self.looks.is_made(real):
            self.looks.reread.add(real)
        if is_new or (look is not None and look.found is False):
            self.looks.made.add(real)

    def _made(self, call: Call, leader: int) -> None:
        which = _MAKES[call.name]
        paths = self._paths(call, leader)
        if call.is_done and call.name.startswith(("rename", "link")) and paths:
            self._moved_on(call, paths[0])
        for path in paths if which is None else paths[which:][:1]:
            if call.is_done:
                real = self._resolve(path, follows=False)[0]
                look = self.looks.looks.get(real)
                if look is not None and look.is_read and look.found and not self.looks.is_made(real):
                    self.looks.reread.add(real)
                self.looks.made.add(real)

    def _moved_on(self, call: Call, path: str) -> None:
        """What lay at a path before is found under another name from now on."""
        real = self._resolve(path, follows=False)[0]
        if not self.looks.is_made(real):
            look = self.looks.looks.setdefault(real, Look(found=True))
            look.is_read = True
            if call.name.startswith("rename"):
                self.looks.reread.add(real)

    def _reached(self, call: Call) -> None:
        found = _ADDRESS.search(call.arguments)
        if found is None:
            return
        family, path, port = found[1], (found[2] or "").strip('@"'), found[3]
        if call.name == "bind":
            self._bound |= {path or str(port)} if call.is_done else set()
            return
        is_open = call.is_done or call.error == "EINPROGRESS"
        if not is_open or family in ("UNSPEC", "NETLINK") or int(port or 0) == _RESOLVER or port == "0":
            return
        if path and (path.startswith(_SERVICES) or path in self._bound):
            return
        if family == "UNIX" and not path:
            return
        if not path and str(port) in self._bound:
            return
        self.looks.obstacles.append(f"connects to {path}" if path else "connects to the network")

    def _note(self, call: Call, path: str, *, is_read: bool = False) -> None:
        if not call.is_done and call.error not in _ABSENT + _THERE:
            return
        follows = call.name not in _STAYS and "NOFOLLOW" not in call.arguments
        real, links = self._resolve(path, follows=follows)
        self.looks.links.update(links)
        if not follows and call.name.startswith(("readlink", "lstat", "newfstatat", "statx")):
            self.looks.links.add(real)
        look = self.looks.looks.setdefault(real, Look(_is_found(call)))
        look.is_read |= is_read and call.is_done
        leader = self._leaders.get(call.process, call.process)
        program = self._programs.get(leader, "")
        look.is_timed |= not _is_scripted(program)
        self.looks.askers[real][Asker(leader, program, call.name in _OPENS)] += 1

    def _paths(self, call: Call, leader: int) -> list[str]:
        """The paths among the arguments, whole: each from its descriptor's directory, or from where the process is."""
        told = call.paths[: 1 if call.name.startswith("exec") else None]
        return [self._whole(text, self._place(leader) if at is None else at, leader) for at, text in told if text]

    def _whole(self, text: str, base: str, leader: int) -> str:
        path = text if text.startswith("/") else f"{base}/{text}"
        for own in ("/proc/self/", f"/proc/{leader}/", "/proc/thread-self/"):
            if path.startswith(own + "cwd"):
                return self._place(leader) + path[len(own) + 3 :]
            if path.startswith(own + "root"):
                return path[len(own) + 4 :] or "/"
        return path


def _is_scripted(program: str) -> bool:
    """Whether a program does what a script says: that it goes by a file's time would be the project's own doing."""
    name = os.path.basename(program)  # noqa: PTH119 -- a text
    return name.startswith(("python", "pypy", "node")) or name in ("sh", "bash", "dash", "zsh", "busybox")


def _is_found(call: Call) -> bool | None:
    """Whether a call found something at its path: one that asked for a directory may have met a file, and one that
    asked for no link met one."""
    if call.error == "ENOTDIR" and "O_DIRECTORY" in call.arguments:
        return None
    return call.is_done or call.error in _THERE or (call.error == "ELOOP" and "NOFOLLOW" in call.arguments)
