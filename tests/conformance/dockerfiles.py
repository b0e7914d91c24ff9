"""Random Dockerfiles for a fixed build context, each the same for the same seed: what two engines may read otherwise.

Of every kind of instruction, with every kind of word. Destinations are few, so that files meet files, and layers of one
build look like those of another.
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import random
import shutil
import struct
import tarfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

BUSYBOX = Path("/bin/busybox")
FILES = {
    "a": "A",
    "b": "B",
    "d/x": "x",
    "d/y": "y",
    "d/e/z": "z",
    "d2/x": "2",
    "sp ace": "s",
    ".dot": ".",
    "[b]": "br",
    "é": "e",
    "x.md": "m",
    "y.md": "n",
    "$v": "v",
    "val": "val",
    "q'uote": "q",
    "sub/.dockerignore": "*\n",
    "root/etc/passwd": "root:x:0:0::/:/bin/sh\nfive:x:5:6::/home/five:/bin/sh\n",
    "root/etc/group": "root:x:0:\nsix:x:6:five\n",
}
IGNORE = "*.md\n!y.md\nd/y\n"
ARCHIVES = ("t.tar", "t.tgz", "t.tbz", "t.txz", "t.tzst")
# Where something is mounted while a RUN runs. Most real bases have them.
MOUNTED = (
    "root/etc/hosts",
    "root/etc/hostname",
    "root/etc/resolv.conf",
    "root/mnt/a",
    "root/var/c/none",
    "root/tmp/none",
    "root/run/secrets/none",
    "root/dev/none",
    "root/proc/none",
    "root/sys/none",
)
# A: an argument, B: of the environment, E: empty, U: never set, D: of the base image's ENV
WORDS = (
    "$A",
    "${A}",
    "'$A'",
    "\\$A",
    '"$A"',
    '"\\$A"',
    "a\\b",
    '"a\\b"',
    "'a\\b'",
    '"\\\\"',
    "${A:-d}",
    "${U:-d}",
    "${U-d}",
    "${A-d}",
    "${A:+x}",
    "${A+x}",
    "${U:+x}",
    "${U+x}",
    "${A#v}",
    "${A%l}",
    "${A##*a}",
    "${A%%l*}",
    "${A/a/b}",
    "${A//a/b}",
    "$1",
    "$",
    "$$A",
    "${A}x",
    "x$A.y",
    "$A$B",
    "${U:-$A}",
    "${U:-${B}}",
    "${U:-'$A'}",
    "'a'\"b\"c",
    '"it\'s"',
    "'say \"x\"'",
    "${E:-e}",
    "${E-e}",
    "${E:+e}",
    "$A-B",
    "\\é",
    "\\n",
    '"\\n"',
    "a=b",
    "#x",
    "x#y",
    "$A/$B",
    "~",
    "$HOME",
    "$PATH",
    "$D",
    "${D:-none}",
    "plain",
    '"two words"',
    "$U",
    "`x`",
    "$TARGETARCH",
)
NAMES = ("A", "B", "E", "K", "L", "D", "U")
VALUES = ("val", "bee", "", "v a l", "x$y", 'q"u', "back\\slash", "it's", "é", "a/b", "*", "$A", "[b]")
PLACES = ("/p/", "/q/", "/r/s/", "/w/", "t/", "./", "/p/f", "u/g", "/q/../p/", ".", "..", "/r/.")
SOURCES = (
    "a",
    "b",
    "d",
    "d/",
    "d/x",
    "./a",
    "../b",
    "d/.",
    "d2",
    "y.md",
    "*.md",
    "[ab]",
    "d2*",
    ".dot",
    "link",
    "dlink",
    "d/inner",
    "empty",
    "sp?ace",
    "[[]b]",
    "val",
    "${A:-a}",
    "$A",
    "é",
    "exec.sh",
    "d/e/../x",
    "/a",
    "nope*",
)
COMMANDS = (
    "echo $A $B ${U-unset} > /made",
    "pwd > /made; id > /made2",
    "mkdir -p /made.d && ln -s ../a /made.d/l",
    "echo \"a  'b'\" '$x' \\$y > /made",
    "rm -rf /p && mkdir /p && echo 1 > /p/new",
    "echo x > /made && chmod 4755 /made && chown 5:6 /made",
    "mkdir -p /p && mv /p /moved; mkdir -p /q/x",
    "umask > /made; ls -A /p > /made2 2>/dev/null; true",
)
MOUNTS = (
    "",
    "",
    "",
    "",
    "--mount=source=$S,target=/mnt ",
    "--mount=type=cache,target=/var/c ",
    "--mount=type=bind,source=dlink,target=/mnt,ro ",
    "--mount=type=tmpfs,target=/tmp ",
    "--mount=target=/mnt ",
    "--mount=type=bind,source=a,dst=/mnt/a,rw ",
    "--network=none ",
    "--mount=type=cache,target=c/d ",
    "--mount=type=tmpfs,target=/t/u/v ",
    "--mount=type=secret,id=none ",
    "--mount=source=d,target=/p/g ",
)


# A base image: its ENV and its USER decide what follows.
BASE = """FROM scratch
COPY busybox /bin/sh
COPY root /
ENV D=base P=70 A=of-base
LABEL b=1
USER 0
WORKDIR /base
COPY d /base/
CMD ["base"]
EXPOSE 1
ONBUILD LABEL triggered=yes
"""
# Base images by what they are made for: one with much in its configuration, one whose volumes are directories, one
# with a volume that is none, and one without /etc and /run.
BASES = {
    "much": BASE,
    "volumes": "FROM scratch\nCOPY busybox /bin/sh\nCOPY root /\nCOPY d /v/w/\nCOPY empty /p/\nVOLUME /v/w /p/\n",
    "no directory": "FROM scratch\nCOPY busybox /bin/sh\nCOPY root /\nVOLUME /r/s\n",
    "bare": "FROM scratch\nCOPY busybox /bin/sh\n",
    "half": "FROM scratch\nCOPY busybox /bin/sh\nCOPY root/etc/passwd root/etc/group /etc/\nVOLUME /etc\n",
}


@dataclass(frozen=True)
class Draw:
    """A Dockerfile to build with both engines."""

    seed: int
    text: str
    args: dict[str, str] = field(default_factory=dict)
    target: str | None = None


def write_context(root: Path) -> None:
    """The build context that every draw is built from."""
    for name, text in {**dict.fromkeys(MOUNTED, ""), **FILES}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (root / "empty").mkdir()
    (root / "exec.sh").write_text("#!/bin/sh\n")
    (root / "exec.sh").chmod(0o755)
    for name, target in {"link": "a", "dlink": "d", "d/inner": "x", "d2/up": "../a"}.items():
        (root / name).symlink_to(target)
    shutil.copy2(BUSYBOX, root / "busybox")
    plain = _archive()
    (root / "t.tar").write_bytes(plain)
    (root / "t.tgz").write_bytes(gzip.compress(plain))
    (root / "t.tbz").write_bytes(bz2.compress(plain))
    (root / "t.txz").write_bytes(lzma.compress(plain))
    # A zstd frame of one raw block, which needs no compressor: RFC 8878, 3.1.1.
    block = struct.pack("<I", len(plain) << 3 | 1)[:3] + plain
    (root / "t.tzst").write_bytes(b"\x28\xb5\x2f\xfd\xa0" + struct.pack("<I", len(plain)) + block)
    (root / "no.gz").write_bytes(gzip.compress(b"no archive"))
    (root / ".dockerignore").write_text(IGNORE)


def _archive() -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        folder = tarfile.TarInfo("td")
        folder.type, folder.mode = tarfile.DIRTYPE, 0o750
        archive.addfile(folder)
        file = tarfile.TarInfo("td/f")
        file.size, file.mode, file.uid, file.gid = 3, 0o640, 5, 6
        archive.addfile(file, io.BytesIO(b"tar"))
        link = tarfile.TarInfo("td/l")
        link.type, link.linkname = tarfile.SYMTYPE, "f"
        archive.addfile(link)
    return made.getvalue()


def make_draw(seed: int, bases: Mapping[str, str]) -> Draw:
    """A draw out of a seed. `bases` are the names of images, by what they are made for (see BASES)."""
    return _Drawing(random.Random(seed), bases).draw(seed)  # noqa: S311 -- a Dockerfile, no secret


class _Drawing:
    def __init__(self, rng: random.Random, bases: Mapping[str, str]) -> None:
        self.rng = rng
        self.bases = bases
        self.stages = 0
        self.can_run = False
        self.is_last = False

    def draw(self, seed: int) -> Draw:
        rng = self.rng
        escape = rng.random() < 0.1
        lines = ["ARG A=val", 'ARG G="${A}-g"'] if rng.random() < 0.3 else []
        count = rng.choice([1, 1, 2, 3])
        for number in range(count):
            self.is_last = number == count - 1
            lines += self.stage()
        if escape:
            lines = ["# escape=`", *(line.replace("\\", "`") if "<<" not in line else line for line in lines)]
        args = {name: rng.choice(VALUES) for name in ("A", "K") if rng.random() < 0.25}
        target = f"s{rng.randrange(count)}" if rng.random() < 0.15 else None
        return Draw(seed, "\n".join([*lines, ""]), args, target.upper() if target and rng.random() < 0.3 else target)

    def stage(self) -> list[str]:
        rng, number = self.rng, self.stages
        below = rng.choice(["scratch", "scratch", "busybox", "busybox", "bare", "much", "other"])
        if below in ("much", "other"):
            below = self.bases[below if below == "much" else rng.choice(["volumes", "no directory", "bare", "half"])]
        if number and rng.random() < 0.4:
            below = f"s{number - 1}"
        else:
            self.can_run = below != "scratch"
        word = rng.choice(["FROM", "FROM", "from"])
        name = rng.choice([f"s{number}", f"S{number}"])
        lines = [f"{word} {'scratch' if below in ('busybox', 'bare') else below} AS {name}"]
        lines += ["COPY busybox /bin/sh", "COPY root /"] if below == "busybox" else []
        lines += ["COPY busybox /bin/sh"] if below == "bare" else []
        self.stages += 1
        for _ in range(rng.randint(2, 6)):
            lines += self.step(number)
        return lines

    def step(self, number: int) -> list[str]:
        rng = self.rng
        steps = [
            self.assign,
            self.assign,
            self.label,
            self.arg,
            self.arg,
            self.copy,
            self.copy,
            self.copy,
            self.add,
            self.workdir,
            self.workdir,
            self.heredoc,
            self.inline,
            self.setting,
            self.comment,
        ]
        steps += [self.run, self.run] if self.can_run else []
        steps += [lambda: self.from_stage(number)] * 2 if number else []
        steps += [self.onbuild] if rng.random() < 0.3 else []
        return rng.choice(steps)()

    def word(self) -> str:
        return self.rng.choice(WORDS) + (self.rng.choice(WORDS) if self.rng.random() < 0.2 else "")

    def place(self) -> str:
        rng = self.rng
        if rng.random() < 0.3:
            word = rng.choice([one for one in WORDS if not set(one) & set(" '\"`") and "PATH" not in one])
            return f"/v/{word}/"
        return rng.choice(PLACES)

    def assign(self) -> list[str]:
        rng = self.rng
        name = rng.choice(NAMES)
        match rng.randrange(5):
            case 0:
                return [f"ENV {name} {rng.choice(['', ' '])}{self.word()} and  {self.word()}"]
            case 1:
                return [f"ENV {name}={self.word()} {rng.choice(NAMES)}={self.word()} K2=${name}"]
            case 2:
                return [f"ENV {name}={self.word()} \\", "  # in between", "", f"  L={self.word()}"]
            case 3:
                return [f"env PATH=/own/bin:$PATH {name}=x\\ y"]
            case _:
                return [f"ENV {name}={self.word()}"]

    def label(self) -> list[str]:
        rng = self.rng
        return [
            rng.choice(
                [
                    f"LABEL k={self.word()} \"two words\"='x y'",
                    f"LABEL old {self.word()}",
                    f"LABEL $A={self.word()}",
                    f"LABEL m={self.word()} n=$m",
                ]
            )
        ]

    def arg(self) -> list[str]:
        name = self.rng.choice(NAMES)
        return [
            self.rng.choice(
                [f"ARG {name}={self.word()}", f"ARG {name}", "ARG TARGETARCH", f"ARG G {name}=x", "ARG TARGETPLATFORM"]
            )
        ]

    def copy(self) -> list[str]:
        rng = self.rng
        flag = rng.choice(["", "", "", "--chown=5:6 ", "--chown=7 ", "--chmod=700 ", "--chmod=0644 ", "--chown=$O:7 "])
        sources = rng.choices(SOURCES, k=rng.choice([1, 1, 1, 2, 3]))
        verb = rng.choice(["COPY", "COPY", "ADD", "copy"])
        if rng.random() < 0.15:
            return [f"{verb} {flag}{json.dumps([*sources, self.place()])}"]
        if rng.random() < 0.1:
            return [f"{verb} {flag}{' '.join(sources)} \\", "# in between", f"   {self.place()}"]
        return [f"{verb} {flag}{' '.join(sources)} {self.place()}"]

    def add(self) -> list[str]:
        source = self.rng.choice([*ARCHIVES, "no.gz", "t.tar a", "t.tar t.tgz"])
        flag = self.rng.choice(["", "", "--chown=9:9 "])
        return [f"{self.rng.choice(['ADD', 'ADD', 'COPY'])} {flag}{source} {self.place()}"]

    def workdir(self) -> list[str]:
        """Never /p: a RUN may take that away, and buildah makes the working directory of a RUN anew."""
        return [f"WORKDIR {self.rng.choice(['/w', '/w/', 'rel', 'rel/../x', '/v/' + self.word(), '/w/./y'])}"]

    def heredoc(self) -> list[str]:
        """A file in the Dockerfile, or two."""
        rng = self.rng
        body = [f"{self.word()} {self.word()}", "\ttab $A", "# no comment", "", "a \\", "b"][: rng.randint(0, 6)]
        name = rng.choice(["F", "'F'", '"F"'])
        dash = rng.choice(["", "-"])
        flag = rng.choice(["", "", "--chmod=755 ", "--chown=5 "])
        if rng.random() < 0.3:
            return [f"COPY {flag}<<{dash}{name} <<G {rng.choice(['a ', ''])}/h/", *body, "F", "$A", "G"]
        verb = rng.choice(["COPY", "ADD"])
        return [f"{verb} {flag}<<{dash}{name} {rng.choice(['/h/f', '/h/', 'h'])}", *body, "F"]

    def inline(self) -> list[str]:
        if not self.can_run:
            return self.heredoc()
        rng = self.rng
        script = ["echo $A > /made", "# a comment", "", "cat <<E > /made2", "  $B \\$x", "E", 'echo "two\\', 'lines"']
        return [
            rng.choice(["RUN <<F", "RUN <<'F'", "RUN <<-F", "RUN cat <<F > /made3"]),
            *script[: rng.choice([1, 2, 3, 6, 8])],
            "F",
        ]

    def run(self) -> list[str]:
        rng = self.rng
        mount = rng.choice(MOUNTS)
        command = rng.choice(COMMANDS)
        if mount and "/mnt" in mount and rng.random() < 0.7:
            command = "ls -AR /mnt > /made"
        match rng.randrange(4):
            case 0:
                return [f"RUN {mount}{json.dumps(['/bin/sh', '-c', command])}"]
            case 1:
                return ['SHELL ["/bin/sh", "-ec"]', f"RUN {mount}{command}"]
            case 2:
                return [f"RUN {mount}{command} \\", "  # in between", "  && true"]
            case _:
                return [f"RUN {mount}{command}"]

    def setting(self) -> list[str]:
        """What goes into the configuration alone. buildah makes a volume's directory, which no stage is to copy."""
        rng = self.rng
        if self.is_last and rng.random() < 0.15:
            return [rng.choice(["VOLUME /vol", 'VOLUME ["/p", "/vol"]', "VOLUME /v/$A /w"])]
        return [
            rng.choice(
                [
                    f"CMD echo {self.word()}  x",
                    'CMD ["a", "$A"]',
                    "CMD []",
                    f"ENTRYPOINT exec {self.word()}",
                    'ENTRYPOINT ["b"]',
                    "EXPOSE 80 81/udp 90-92 $P",
                    "EXPOSE 127.0.0.1:90:91/TCP",
                    "STOPSIGNAL SIGTERM",
                    "STOPSIGNAL ${U:-9}",
                    "USER 5",
                    "USER 5:6",
                    "USER 0",
                    "USER ${U:-5}",
                    "USER five",
                    "USER five:six",
                    "HEALTHCHECK --interval=30s --timeout=2s --retries=3 CMD echo  $A",
                    'HEALTHCHECK --start-period=1m CMD ["x", "$A"]',
                    "HEALTHCHECK NONE",
                    "MAINTAINER me <x>",
                    'SHELL ["/bin/sh", "-xc"]',
                ]
            )
        ]

    def comment(self) -> list[str]:
        return [self.rng.choice(["# COPY nope /", "", "  # indented \\", "\tLABEL t=1"])]

    def onbuild(self) -> list[str]:
        return [
            self.rng.choice(
                [
                    "ONBUILD COPY a /on/",
                    f"ONBUILD ENV O={self.word()}",
                    "ONBUILD ARG A",
                    "ONBUILD WORKDIR /on/$A",
                    'ONBUILD LABEL on="x y"',
                ]
            )
        ]

    def from_stage(self, number: int) -> list[str]:
        rng = self.rng
        other = rng.randrange(number)
        name = rng.choice([f"s{other}", f"S{other}", str(other)])
        flag = rng.choice(["", "", "--chown=8:9 "])
        return [f"COPY --from={name} {flag}{rng.choice(['/', '/p', '/q/', '/bin/sh', '/h', '/*'])} {self.place()}"]
