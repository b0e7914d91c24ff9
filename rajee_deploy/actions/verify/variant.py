"""A Dockerfile → the same one, on the same bases, that only copies from build contexts: nothing is run.

Every stage that stands on an image or on nothing begins with a directory of a new name, so what follows is new.

For comparing what COPY and ADD write where a RUN cannot be compared, since it need not make the same twice. Works on
the user's own lines: words are left for BuildKit to expand, with all that a base's ENV may say. Pure.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from rajee_deploy.dataclass import dataclass
from rajee_deploy.dockerfile.mounts import fields_of
from rajee_deploy.dockerfile.parser import parse

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from rajee_deploy.dockerfile.nodes import Node

_OWNER = re.compile(r"--chown=\S+[ \t]*")
_PATTERN = re.compile(r"[*?\[\\]")


@dataclass(frozen=True, slots=True)
class DockerfileVariant:
    """The text, the name of each stage by its position, and what of a build context it leaves out, with the line."""

    text: bytes
    stages: tuple[str, ...]
    left_out: tuple[tuple[int, str], ...]


def copies_only(text: bytes, path: str, contexts: Collection[str], place: str) -> DockerfileVariant:
    """The variant of a Dockerfile. `contexts` are the named build contexts that are directories; `place` is the path
    of the new directory, and what RUN mounts goes below it."""
    parsed = parse(text, path)
    lines = text.decode("utf-8", "surrogateescape").removeprefix("\ufeff").split("\n")
    writer = _Variant(lines, contexts, place)
    for node in parsed.nodes:
        writer.node(node)
    return DockerfileVariant(
        "\n".join(lines).encode("utf-8", "surrogateescape"),
        tuple(writer.stages),
        tuple(writer.left_out),
    )


class _Variant:
    def __init__(self, lines: list[str], contexts: Collection[str], place: str) -> None:
        self.stages: list[str] = []
        self.left_out: list[tuple[int, str]] = []
        self._lines = lines
        self._contexts = contexts
        self._place = place
        self._count = 0

    def node(self, node: Node) -> None:
        match node.name:
            case "FROM":
                self._open(node)
            case "RUN":
                self._replace(node, *self._mounts(node))
            case "USER":
                self._replace(node)  # who owns a directory is no matter of a build context; nor need the user exist
            case "ONBUILD" if node.child is not None and node.child.name in ("RUN", "USER"):
                self._replace(node)
            case "COPY" | "ADD":
                origin = next((flag for flag in node.flags if flag.startswith("--from=")), "--from=")
                if origin.partition("=")[2] not in ("", *self._contexts):
                    self._replace(node)  # of a stage, which is looked at by itself
                elif any(flag.startswith("--chown=") for flag in node.flags):
                    number = node.start - 1
                    while number < node.end and not _OWNER.search(self._lines[number]):
                        number += 1
                    self._lines[number] = _OWNER.sub("", self._lines[number], count=1)
            case _:
                pass

    def _open(self, node: Node) -> None:
        name = node.args[2] if len(node.args) == 3 else f"verify-stage-{len(self.stages)}"  # noqa: PLR2004 -- FROM … AS …
        self.stages.append(name)
        self._replace(node, " ".join(["FROM", *node.flags, node.args[0], "AS", name]), f"WORKDIR {self._place}")

    def _mounts(self, node: Node) -> Iterator[str]:
        """What a RUN mounts of a build context, copied to a place of its own."""
        for flag in node.flags:
            if not flag.startswith("--mount="):
                continue
            fields = {key.lower(): value for key, _, value in map(_split, fields_of(flag.partition("=")[2]))}
            origin, kind = fields.get("from", ""), fields.get("type", "bind")
            source = fields.get("source", fields.get("src", "")) or "/"
            if kind in ("cache", "tmpfs", "secret", "ssh") or origin not in ("", *self._contexts):
                continue
            if kind != "bind" or _PATTERN.search(source):
                self.left_out.append((node.start, f"RUN --mount of {source}"))
                continue
            self._count += 1
            words = json.dumps([source, f"{self._place}/{self._count}/"], ensure_ascii=False)
            yield f"COPY {f'--from={origin} ' if origin else ''}{words}"

    def _replace(self, node: Node, *texts: str) -> None:
        """Put these lines where an instruction was; the number of lines stays, if it can."""
        count = node.end - node.start + 1
        filled = [*texts[: count - 1], "\n".join(texts[count - 1 :])]
        self._lines[node.start - 1 : node.end] = [*filled, *[""] * (count - len(filled))]


def _split(field: str) -> tuple[str, str, str]:
    return field.partition("=")
