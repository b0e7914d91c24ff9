"""Random build contexts, ignore files and Dockerfiles, each the same for the same seed."""

from __future__ import annotations

import json
import os
import random
import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

NAMES = (
    "a",
    "b",
    "c.md",
    "d",
    "x.py",
    "e-f",
    "sp ace",
    "é",
    "e\u0301",
    ".dot",
    "[b]",
    "q?",
    "UP",
    "$v",
    "!n",
    "a+b",
    "{c}",
    "#h",
)
LINKS = ("a", "../a", "/d", "d", "../d/x.py", "nope", ".", "/", "b/../a", "./d", "..", "é", "d/b", "/d/../a")
PATTERNS = (
    "*",
    "*.md",
    "**/*.md",
    "d",
    "!d",
    "!d/a",
    "d/*",
    "!d/x.py",
    "a",
    "!a",
    "**/a",
    "!**/b",
    "*/b",
    ".dot",
    "[a-c]*",
    "!c.md",
    "d/**",
    "**",
    "!*.py",
    "/a",
    "./d/b",
    "é",
    "sp ace",
    "?",
    "**/d/*",
    "!d/d",
    "# no",
    "",
    "e*",
    "!e*/**",
    "**/x*",
    "d/d",
    "q\\?",
)
SOURCES = (
    ".",
    "./",
    "/",
    "a",
    "d",
    "d/",
    "d/.",
    "b",
    "c.md",
    "*",
    "d*",
    "*/*",
    "**/a",
    "**",
    "*.md",
    "d/*",
    "[a-c]",
    "[^a]",
    "?",
    "./d/../a",
    "../d",
    "d/d",
    "d/a",
    "d/x.py",
    "x.py",
    "e-f",
    "é",
    ".dot",
    "e*",
    "*/b",
    "d/*/a",
    "*[e]*",
    "nope*",
    "no/pe*",
    "sp*",
    "$A",
    "${A:-d}",
    "${N:-a}",
    "$W",
    "${A}/*",
    "${W%.md}",
    "UP",
    "up",
    "\\$v",
    "a+b",
    "{c}",
    "[[]b]",
    "q[?]",
    "l*",
    "/d/./x.py",
    "${A#x}",
    "d/d/d",
    "*/",
    "d/*/",
    "'a'",
    '"d"',
    "${N}",
    "!n",
    "#h",
    "[!a]",
    "d/[ab]",
    "a*",
    "*a",
    "*.*",
    "d//a",
)
VARIABLES = (
    "ENV A=d W=c.md",
    "ARG A",
    "ARG A=a",
    "ENV W=*",
    "ARG N",
    "ARG W=d A=b",
    "ENV A ${W:-b}",
    "ARG A=",
    "ENV N=''",
)
OPTIONS = ("chmod=755", "link", "chown=0:0", "link=false")
JSON_SOURCES = ("sp ace", "a", "d/sp ace", "d", "$A", "e\u0301", "sp ace/*", "*")


@dataclass(frozen=True)
class World:
    """A build to try. `files` by path: bytes are a file's, a text is a symlink's, None is a directory; an @ begins the
    paths of the named build context. `ignore` holds ignore files by name."""

    seed: int
    files: dict[str, bytes | str | None]
    modes: dict[str, int]
    specials: dict[str, str]
    ignore: dict[str, str]  # by file name: .dockerignore, Dockerfile.dockerignore, or named/.dockerignore
    dockerfile: str
    args: dict[str, str] = field(default_factory=dict)
    named: bool = False


def make_world(seed: int, salt: str) -> World:
    """A world out of a seed. `salt` makes its steps new to the engine: it is in every destination."""
    rng = random.Random(seed)  # noqa: S311 -- a world, no secret
    files, modes, specials = _tree(rng, rng.randint(2, 14))
    named = rng.random() < 0.25
    if named:
        inner, inner_modes, _ = _tree(rng, rng.randint(1, 6))
        files |= {f"@{name}": what for name, what in inner.items()}
        modes |= {f"@{name}": mode for name, mode in inner_modes.items()}
    ignore = {}
    for name, odds in (
        (".dockerignore", 0.6),
        ("Dockerfile.dockerignore", 0.15),
        ("@.dockerignore", 0.3 if named else 0),
    ):
        if rng.random() < odds:
            ignore[name] = "\n".join(rng.choices(PATTERNS, k=rng.randint(1, 4))) + rng.choice(["\n", "", "\r\n"])
    args = {name: rng.choice(["a", "d", "*", "", "d/*"]) for name in "AW" if rng.random() < 0.3}
    return World(
        seed, files, modes, specials, ignore, _dockerfile(rng, salt, _sources(files), named=named), args, named
    )


def _tree(rng: random.Random, count: int) -> tuple[dict[str, bytes | str | None], dict[str, int], dict[str, str]]:
    files: dict[str, bytes | str | None] = {}
    modes: dict[str, int] = {}
    specials: dict[str, str] = {}
    for _ in range(count):
        parts = [
            rng.choice(NAMES) if rng.random() < 0.6 else rng.choice("abd") for _ in range(rng.choice([1, 1, 2, 2, 3]))
        ]
        if len(parts) > 1 and rng.random() < 0.6:
            parts[0] = "d"
        name = "/".join(parts)
        above = ["/".join(parts[:end]) for end in range(1, len(parts))]
        if name in files or any(files.get(path) is not None or path in specials for path in above):
            continue
        if any(other.startswith(f"{name}/") for other in files) or name in specials:
            continue
        for path in above:
            files.setdefault(path, None)
        kind = rng.random()
        if kind < 0.15:
            files[name] = rng.choice(LINKS)
        elif kind < 0.25:
            files[name] = None
        elif kind < 0.29:
            files[name] = b""
            specials[name] = rng.choice(["fifo", "socket"])
        else:
            files[name] = rng.randbytes(rng.choice([0, 1, 5, 40]))
        if rng.random() < 0.2:
            modes[name] = rng.choice([0o600, 0o755, 0o775, 0o664, 0o4755, 0o700, 0o1777])
    return files, modes, specials


def _sources(files: dict[str, bytes | str | None]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What COPY may name, most of it there: in the main build context, and in the named one."""
    plain = [name for name, what in files.items() if not set(name) & set(" $[?!#") and not isinstance(what, str)]
    places = [name for name in plain if not name.startswith("@")]
    inner = [name[1:] for name in plain if name.startswith("@")]
    return (*places, *places, ".", "*", "*", "d*", "*/*"), (*inner, *inner, ".", "*", "*/")


def _dockerfile(rng: random.Random, salt: str, there: tuple[tuple[str, ...], tuple[str, ...]], *, named: bool) -> str:
    escape = "`" if rng.random() < 0.1 else "\\"
    lines = [f"# escape={escape}"] if escape == "`" or rng.random() < 0.05 else []
    if rng.random() < 0.2:
        lines.append("ARG A=d")
    stages = rng.choice([1, 1, 1, 2, 3])
    for stage in range(stages):
        below = f"s{stage - 1}" if stage and rng.random() < 0.4 else "scratch"
        lines.append(f"FROM {below} AS s{stage}")
        lines += _steps(rng, f"/{salt}/{stage}", escape, there, named=named)
        if stage and rng.random() < 0.5:
            lines.append(
                f"COPY --from={rng.choice([f's{stage - 1}', str(stage - 1), f'S{stage - 1}'])} / /{salt}/from{stage}/"
            )
        if rng.random() < 0.1 and stage + 1 < stages:
            lines.append(f"ONBUILD COPY {rng.choice(SOURCES)} /{salt}/on{stage}/")
    return rng.choice(["", "\ufeff"] if rng.random() < 0.1 else [""]) + rng.choice(["\n", "\n", "\r\n"]).join(
        [*lines, ""]
    )


def _steps(
    rng: random.Random, place: str, escape: str, there: tuple[tuple[str, ...], tuple[str, ...]], *, named: bool
) -> list[str]:
    lines = []
    for number in range(rng.randint(1, 4)):
        dest = f"{place}/{number}/"
        if rng.random() < 0.35:
            lines.append(
                rng.choice(
                    [
                        "ENV A=d W=c.md",
                        "ARG A",
                        "ARG A=a",
                        "ENV W=*",
                        "ARG N",
                        "ARG W=d A=b",
                        "ENV A ${W:-b}",
                        "ARG A=",
                        "ENV N=''",
                    ]
                )
            )
        if rng.random() < 0.1:
            lines.append(rng.choice(["# COPY nope /", "", "LABEL l=m", "WORKDIR /w", "  # indented"]))
        sources = rng.choices(SOURCES if rng.random() < 0.12 else there[0], k=rng.choice([1, 1, 1, 2]))
        verb = rng.choice(["COPY", "COPY", "copy", "ADD"])
        kind = rng.random()
        if named and kind < 0.3:
            lines.append(f"COPY --from=named {rng.choice(SOURCES if rng.random() < 0.1 else there[1])} {dest}")
        elif kind < 0.4:
            source = rng.choice(JSON_SOURCES if rng.random() < 0.15 else there[0])
            lines.append(f"{verb} {json.dumps([source, dest], ensure_ascii=rng.random() < 0.5)}")
        elif kind < 0.55:
            body = rng.choice(["<<EOF", "<<-EOF", "<<'EOF'"])
            lines += [f"{verb} {body} {sources[0]} {dest}", "\ttext $A", "# no comment", "EOF"]
        elif kind < 0.65:
            lines.append(f"{verb} {' '.join(sources)} {escape}\n   # in between\n  {dest}")
        elif kind < 0.75:
            lines.append(f"{verb} --{rng.choice(OPTIONS)} {' '.join(sources)} {dest}")
        else:
            lines.append(f"{verb} {' '.join(sources)} {dest}")
    return lines


def write_world(world: World, root: Path) -> None:
    """Lay it out: the build context in root/context, the named one in root/named, the Dockerfile in the context."""
    (root / "context").mkdir(mode=0o755)
    (root / "named").mkdir(mode=0o755)
    for name, what in world.files.items():
        path = place(root, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        match what:
            case None:
                path.mkdir(exist_ok=True)
            case str():
                path.symlink_to(what)
            case _ if world.specials.get(name) == "fifo":
                os.mkfifo(path)
            case _ if world.specials.get(name) == "socket":
                with socket.socket(socket.AF_UNIX) as listener:
                    listener.bind(str(path))
            case _:
                path.write_bytes(what)
    for name, mode in sorted(world.modes.items(), reverse=True):
        path = place(root, name)
        if not path.is_symlink() and path.exists():
            path.chmod(mode)
    for name, text in world.ignore.items():
        path = place(root, name)
        if not path.exists() and not path.is_symlink():
            path.write_bytes(text.encode())
    path = root / "context/Dockerfile"
    path.write_bytes(world.dockerfile.encode())


def place(root: Path, name: str) -> Path:
    """Where an entry lies: those of the named context begin with an @."""
    return root / "named" / name[1:] if name.startswith("@") else root / "context" / name


def mutate(world: World, root: Path, rng: random.Random) -> str:
    """Change one thing on disk; what was done, in words. "" when there was nothing to change."""
    names = sorted(name for name in world.files if name not in world.specials)
    if not names:
        return ""
    name = rng.choice(names)
    path = place(root, name)
    if path.is_symlink():
        target = rng.choice(LINKS)
        path.unlink()
        path.symlink_to(target)
        return f"{name} -> {target}"
    deed = rng.choice(["bytes", "mode", "add", "remove", "touch", "rename"])
    if path.is_dir():
        if deed == "mode":
            path.chmod(path.stat().st_mode ^ 0o020)
            return f"mode of {name}/"
        child = path / rng.choice(NAMES)
        if not child.exists() and not child.is_symlink():
            child.write_bytes(b"new")
            return f"added {name}/{child.name}"
        os.utime(path, (1, 1))
        return f"touched {name}/"
    match deed:
        case "bytes":
            path.write_bytes(path.read_bytes()[:-1] + b"~")
        case "mode":
            path.chmod(path.stat().st_mode ^ 0o010)
        case "remove":
            path.unlink()
        case "rename" if not path.with_name("renamed").exists():
            path.rename(path.with_name("renamed"))
        case _:
            os.utime(path, (1, 1))
            deed = "touch"
    return f"{deed} {name}"
