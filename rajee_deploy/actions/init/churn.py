"""What a `.deployignore` of a build context would hold: what changes often and no image needs. Pure.

It only speaks of what a Dockerfile takes in with a directory around it: what no instruction reads is out of the hash
already, and what an instruction names by itself is meant. Where somebody might need a thing, its pattern is written as
a comment: a person decides. Must never look at a disk.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from rajee_deploy.actions.init.settings_text import SCHEMA_NAME, said
from rajee_deploy.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rajee_deploy.actions.init.decide import Choice
    from rajee_deploy.actions.init.found import CopiedSource, Found, FoundContext, FoundImage, ReadEntry


class _Kind(NamedTuple):
    """Something that may be ignored: the pattern for it, and the word by which other files would name it ("" where
    nobody looks at it)."""

    pattern: str
    word: str = ""
    doubt: str = ""  # why it is never more than a comment

    @property
    def is_anchored(self) -> bool:
        return self.pattern.startswith("/")

    @property
    def name(self) -> str:
        return self.pattern.strip("/")

    @property
    def is_directory(self) -> bool:
        return self.pattern.endswith("/")


GIT = "git"  # the word for the checkout itself: a build may ask it for a version
_OURS = ("/.deployignore", "/rajee-deploy.toml", f"/{SCHEMA_NAME}", "/rajee-deploy.lock")
_KINDS = (
    _Kind(".git/", GIT),
    _Kind(".github/"),
    _Kind(".gitlab-ci.yml"),
    _Kind(".idea/"),
    _Kind(".vscode/"),
    _Kind(".DS_Store"),
    _Kind("__pycache__/"),
    _Kind(".pytest_cache/"),
    _Kind(".mypy_cache/"),
    _Kind(".ruff_cache/"),
    _Kind(".tox/"),
    _Kind(".nox/"),
    _Kind(".nyc_output/"),
    _Kind(".coverage"),
    _Kind("cdk.out/"),
    _Kind("cdk.context.json", "cdk.context.json"),
    _Kind("/README*", "README"),
    _Kind("/CHANGELOG*", "CHANGELOG"),
    _Kind("/docs/", "docs"),
    _Kind("/doc/", "doc"),
    _Kind("/tests/", "tests"),
    _Kind("/test/", "test"),
    _Kind("*.md", doubt="a program may read some of them"),
    _Kind("node_modules/", doubt="the image may take packages from it"),
    _Kind(".venv/", doubt="the image may take packages from it"),
    _Kind("venv/", doubt="the image may take packages from it"),
    _Kind(".env", doubt="the program may read it; it often holds secrets"),
)
WORDS = tuple(kind.word for kind in _KINDS if kind.word)


@dataclass(frozen=True, slots=True)
class Pattern:
    """A line for `.deployignore`. `doubt` is why it is a comment, "" where it holds; `hits` are how many of the files
    that are read it removes."""

    text: str
    hits: int
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class IgnoreFile:
    """What becomes of the `.deployignore` of a build context. `reason` says why there is none, "" where there is."""

    context: str
    patterns: tuple[Pattern, ...] = ()
    ours: tuple[str, ...] = ()
    reason: str = ""

    @property
    def text(self) -> str:
        """The file; "" for none."""
        if self.reason:
            return ""
        lines = [
            "# What no image needs. .gitignore syntax; it only ever removes, from the hash and from what is built."
        ]
        lines += [one.text for one in self.patterns if not one.doubt]
        if self.ours:
            lines += ["", "# Of rajee-deploy itself.", *self.ours]
        doubts = [one for one in self.patterns if one.doubt]
        if doubts:
            lines += ["", "# Perhaps, too. Take the # away where it is so."]
            lines += [line for one in doubts for line in (f"# {said(one.doubt)}:", f"#{one.text}")]
        return "\n".join(lines) + "\n"


def ignore_files(found: Found, choice: Choice) -> tuple[IgnoreFile, ...]:
    """Of each build context that images are made of which we build."""
    built = [image for image in found.images if image.name in choice.adopted]
    lost = next((image.name for image in built if not image.context), "")
    made = []
    for context in found.contexts:
        own = [image for image in built if image.context == context.directory]
        table = next((table.name for table in choice.images if table.context == context.directory), "")
        if lost and own:
            reason = f"which directory {lost} is built of is not known, and it may be this one"
            made.append(IgnoreFile(context.directory, reason=reason))
        elif table and own:
            made.append(IgnoreFile(context.directory, reason=f"images.{table} is built of it, too: write it by hand"))
        elif own:
            made.append(ignore_file(context, own))
    return tuple(made)


def ignore_file(context: FoundContext, images: Sequence[FoundImage]) -> IgnoreFile:
    """Of one build context, for all images that are built of it."""
    if context.has_own_rules:
        return IgnoreFile(context.directory, reason="it is there already, and stays as it is")
    unknown = next((image for image in images if image.problem), None)
    if unknown is not None:
        return IgnoreFile(context.directory, reason=f"what {unknown.name} reads is not known")
    if context.hides_rules:
        return IgnoreFile(context.directory, reason=f"{context.hides_rules} keeps it out of what is built")
    entries = list(dict.fromkeys(entry for image in images for entry in image.entries))
    sources = list(dict.fromkeys(source for image in images for source in image.sources))
    patterns = tuple(_patterns(context, entries, sources))
    if not any(not one.doubt for one in patterns):
        maybe = f", but for {', '.join(one.text for one in patterns)}" if patterns else ""
        return IgnoreFile(context.directory, patterns, reason=f"nothing that surely churns is read{maybe}")
    is_broad = any(not source.path for source in sources)
    return IgnoreFile(context.directory, patterns, _OURS if is_broad else ())


def _patterns(
    context: FoundContext, entries: Sequence[ReadEntry], sources: Sequence[CopiedSource]
) -> Iterator[Pattern]:
    taken: set[str] = set()
    for kind in _KINDS:
        found = {entry.path: top for entry in entries if (top := _match(kind, entry)) and entry.path not in taken}
        files = [entry.path for entry in entries if entry.path in found and not entry.is_directory]
        if not files or any(_is_named(top, source) for top in set(found.values()) for source in sources):
            continue
        doubt = kind.doubt or _doubt(context, kind, files, found.values(), sources)
        taken |= set() if doubt else set(found)
        yield Pattern(kind.pattern, len(files), doubt)


def _match(kind: _Kind, entry: ReadEntry) -> str:
    """The part of an entry's path that the pattern matches; "" for none."""
    parts = entry.path.split("/")
    for depth, part in enumerate(parts[: 1 if kind.is_anchored else None], 1):
        is_directory = depth < len(parts) or entry.is_directory
        if fnmatchcase(part, kind.name) and (is_directory or not kind.is_directory):
            return "/".join(parts[:depth])
    return ""


def _is_named(top: str, source: CopiedSource) -> bool:
    """Whether an instruction names it, or something in it."""
    return not source.is_wild and source.path != "" and f"{source.path}/".startswith(f"{top}/")


def _doubt(
    context: FoundContext, kind: _Kind, files: Iterable[str], tops: Iterable[str], sources: Sequence[CopiedSource]
) -> str:
    if any(source.is_guess for source in sources):
        return "a variable decides what is copied"
    for source in sources:
        patterns = (*((source.path,) if source.is_wild else ()), *source.patterns)
        if any(fnmatchcase(path, each.strip("/")) for each in patterns for path in (*tops, *files)):
            return "an instruction matches it by a wildcard"
    if kind.word in context.mentions:
        return f"{context.mentions[kind.word]} names it"
    return ""
