"""What is written down when the tool itself fails: a file that is ready to be sent to those who maintain it.

It says which versions, which command, which kind of settings, at what it was, and where it broke. It holds no value
that anybody wrote: of arguments and settings the names alone and what can only be a word of ours, of variables the
names, and no frame's locals. Only the exception's own words come from outside: of those the ones are shown that stand
in our own source, and no other, since nobody can tell a secret from a word that is not known.
"""

from __future__ import annotations

import os
import platform
import re
import sys
import traceback
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rajee_deploy import __version__, at_work
from rajee_deploy.console import printable
from rajee_deploy.errors import DeployError
from rajee_deploy.system.atomic import write_atomically
from rajee_deploy.system.ours import make_place
from rajee_deploy.system.places import state_directory

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

KEPT = 5
_LIBRARIES = ("typer", "click", "rich", "boto3", "botocore", "docker", "requests", "pathspec", "moto", "aws-cdk-lib")
_VARIABLES = re.compile(
    r"(AWS|RAJEE|CDK|DOCKER|BUILDX|BUILDKIT|BUILDAH|GITHUB|GITLAB|JSII)_?\w*|CI|TMPDIR|NODE_OPTIONS"
)
_FIRST_FRAMES, _LAST_FRAMES = 8, 24
_MOST_CAUSES = 6
_MOST_LENGTH = 400  # of an exception's words
_MOST_KEYS = 200  # of settings
# Flags whose values can only be words of ours or numbers, and what names parts of a project.
_SHOWN_FLAGS = {"--infra-check", "--modes", "--wait", "--last", "--max-size", "--platform", "--port"}
# Settings whose values are words of ours; all others are shown by their kind.
_SHOWN_KEYS = {
    "engine",
    "drift",
    "infra-check",
    "approval",
    "tag-only",
    "image-assets",
    "deploy-by",
    "provenance",
    "platform",
}
_TOKEN = re.compile(r"[^\s'\"`()\[\]{}<>,;]+")
# Words of Python's own messages that we may happen not to use.
_PYTHONS = frozenset(
    {
        "NoneType",
        "attribute",
        "subscriptable",
        "callable",
        "hashable",
        "unhashable",
        "unpack",
        "positional",
        "missing",
        "unexpected",
        "codec",
        "surrogates",
        "changed",
        "iteration",
        "recursion",
        "exceeded",
        "comparison",
        "supported",
    }
)
_NUMBER = re.compile(r"-?\d{1,6}")


def keep_crash(error: BaseException, argv: Sequence[str]) -> DeployError:
    """Keep what happened, and say it: as `bug`, whose hint names the file and where it goes to."""
    text = report(error, argv)
    where = _place_of(error)
    to = _tracker() or "to those who maintain rajee-deploy, where you have it from"
    try:
        path = _keep(text)
    except OSError as problem:
        hint = f"the lines above are what those who maintain rajee-deploy need: send them {to}"
        cause = f"{text}\n(it could not be written to a file: {problem.strerror})"
        return DeployError("bug", "rajee-deploy failed by a fault of its own", where=where, cause=cause, hint=hint)
    hint = f"send {path} {to}; it says what was run and where it broke, and has no values of settings or variables"
    # Of a job of CI nothing is left but its log.
    said = text if os.environ.get("CI") else f"{type(error).__name__}: {_words_of(error)}"
    return DeployError("bug", "rajee-deploy failed by a fault of its own", where=where, cause=said, hint=hint)


def report(error: BaseException, argv: Sequence[str]) -> str:
    """All of it, as text."""
    variables = sorted(name for name in os.environ if _VARIABLES.fullmatch(name))
    parts = [
        f"rajee-deploy {__version__} failed by a fault of its own",
        f"at        {datetime.now(UTC).isoformat(timespec='seconds')}",
        f"versions  {', '.join(_versions())}",
        f"command   rajee-deploy {' '.join(_arguments(argv))}",
        f"phase     {at_work.latest() or 'the start'}",
        f"variables {', '.join(variables) or 'none of interest'}",
        "settings",
        *(f"  {line}" for line in _settings(argv)),
        "trace",
        *(f"  {line}" for line in _trace(error)),
    ]
    return "\n".join(map(printable, parts)) + "\n"


def _versions() -> Iterator[str]:
    yield f"Python {platform.python_version()}"
    yield f"{platform.system()} {platform.release()} {platform.machine()}"
    for name in _LIBRARIES:
        try:
            yield f"{name} {metadata.version(name)}"
        except metadata.PackageNotFoundError:
            continue


def _arguments(argv: Sequence[str]) -> Iterator[str]:
    """The verb and the flags; of their values those that can only be words of ours."""
    is_shown = False
    for number, word in enumerate(argv):
        flag, has_value, value = word.partition("=")
        if re.fullmatch(r"--[a-z][a-z-]*|-[a-z]", flag):
            is_shown = flag in _SHOWN_FLAGS
            yield f"{flag}={value if is_shown else '***'}" if has_value else flag
        else:
            yield word if is_shown or (number == 0 and re.fullmatch(r"[a-z]{2,12}", word)) else "***"
            is_shown = False


def _settings(argv: Sequence[str]) -> list[str]:
    document = _document(argv)
    lines = [f"{key} = {value}" for key, value in _shape(document, "")]
    return (lines[:_MOST_KEYS] if document else []) or ["none that could be read"]


def _document(argv: Sequence[str]) -> dict[str, Any]:
    """The settings as they stand in the file; empty where there are none to be read."""
    from rajee_deploy.settings.document import document_of, find_settings

    named = next((after for word, after in pairwise(argv) if word == "--config"), "")
    try:
        return document_of(Path(named) if named else find_settings(Path.cwd()))
    except (DeployError, OSError):
        return {}


def _shape(value: Any, at: str) -> Iterator[tuple[str, str]]:
    match value:
        case dict():
            for key, each in value.items():
                name = str(key) if re.fullmatch(r"[\w.:-]{1,60}", str(key)) else "***"
                yield from _shape(each, f"{at}.{name}" if at else name)
        case list():
            yield at, f"[{len(value)}]"
        case bool() | int() | float():
            yield at, str(value)
        case _:
            is_shown = at.rpartition(".")[2] in _SHOWN_KEYS
            yield at, str(value)[:40] if is_shown else "text"


def _trace(error: BaseException) -> Iterator[str]:
    """The chain, the last first: what was raised, and where, without locals."""
    found, link = error, ""
    for _ in range(_MOST_CAUSES):
        if link:
            yield link
        yield f"{type(found).__module__}.{type(found).__qualname__}: {_words_of(found)}"
        yield from _frames(found)
        link = "because of" if found.__cause__ is not None else "while it dealt with"
        following = found.__cause__ or found.__context__
        if following is None:
            return
        found = following


def _frames(error: BaseException) -> Iterator[str]:
    frames = [
        f"  {_of_package(frame.filename)}:{frame.lineno} in {frame.name}: {frame.line or ''}"
        for frame in traceback.extract_tb(error.__traceback__)
    ]
    cut = len(frames) - _FIRST_FRAMES - _LAST_FRAMES
    yield from frames if cut <= 0 else [*frames[:_FIRST_FRAMES], f"  … {cut} more …", *frames[-_LAST_FRAMES:]]


def _words_of(error: BaseException) -> str:
    """What an exception says, as far as it says it in words of ours."""
    text = str(error)[:_MOST_LENGTH]
    known = _vocabulary()

    def shown(found: re.Match[str]) -> str:
        word = found[0].rstrip(".:!?")
        is_known = _NUMBER.fullmatch(word) or all(part in known for part in word.split("."))
        return found[0] if not word or is_known else "***" + found[0][len(word) :]

    return _TOKEN.sub(shown, text) + (" …" if len(str(error)) > _MOST_LENGTH else "")


@cache
def _vocabulary() -> frozenset[str]:
    """The words of our own source; Python's messages are made of such, and of names of ours."""
    room = Path(__file__).parents[1]
    sources = (path.read_text("utf-8", "replace") for path in room.rglob("*.py"))
    return frozenset(word for source in sources for word in re.findall(r"[A-Za-z_]\w*(?:'[a-z])?", source)) | _PYTHONS


def _place_of(error: BaseException) -> str:
    """The last line of ours that was at work."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if _of_package(frame.filename).startswith("rajee_deploy/")]
    return f"{_of_package(own[-1].filename)}:{own[-1].lineno}" if own else ""


def _of_package(path: str) -> str:
    """A source file by its place in its package: the rest says who works where."""
    for mark in ("site-packages/", "dist-packages/", f"lib/python{sys.version_info[0]}.{sys.version_info[1]}/"):
        if mark in path:
            return path.rpartition(mark)[2]
    top = str(Path(__file__).parents[2]) + os.sep
    return path.removeprefix(top) if path.startswith(top) else Path(path).name


def _tracker() -> str:
    """Where the package says that its issues are."""
    try:
        addresses: Mapping[str, str] = dict(
            line.split(", ", 1)
            for line in metadata.metadata("rajee-deploy").get_all("Project-URL") or ()
            if ", " in line
        )
    except metadata.PackageNotFoundError:
        return ""
    known = (name for name in addresses if name.lower() in ("issues", "bug tracker", "tracker", "repository", "source"))
    found = next(known, "")
    return f"to {addresses[found]}" if found else ""


def _keep(text: str) -> Path:
    """Write it to the state directory, where the last few are kept. OSError."""
    place = state_directory() / "crashes"
    make_place(place)
    now = datetime.now(UTC)
    path = place / f"crash-{now:%Y%m%dT%H%M%S%fZ}-{os.urandom(3).hex()}.txt"
    write_atomically(path, text.encode("utf-8", "backslashreplace"), private=True)
    for old in sorted(place.glob("crash-*.txt"))[:-KEPT]:
        old.unlink(missing_ok=True)
    return path
