"""What `.deployignore` removes and what this tool keeps there itself, as ignore patterns: BuildKit must see the build
context without it.

gitignore's rules cannot be said in BuildKit's, but their effect can: every topmost removed entry becomes one literal
pattern behind the user's own. Owns that list. Must never change a file of the user's.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rajee_deploy.context.deployignore import DeployIgnored
from rajee_deploy.context.tree import DiskTree
from rajee_deploy.model import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rajee_deploy.context import ContextRules

MOST = 1000  # every pattern is tried on every entry


class InexpressibleError(Exception):
    """What is removed cannot be said as ignore patterns. The message says why."""


def ignore_text(root: Path, rules: ContextRules) -> bytes | None:
    """The ignore file that shows BuildKit the build context which we select from; None when none is needed."""
    lines = []
    for path in _removed_texts(root, rules):
        lines.append(_pattern(path))
        if len(lines) > MOST:
            raise InexpressibleError(f"more than {MOST} entries are removed, most of them by .deployignore")
    if not lines:
        return rules.ignore if rules.ignore is None else _some(rules.ignore)
    own = (rules.ignore or b"").rstrip(b"\n")
    return _some(b"\n".join([own, *lines, b""]))


def _some(text: bytes) -> bytes:
    return text or b"# Nothing is ignored.\n"  # an external frontend takes an empty file for a missing one


def _removed_texts(root: Path, rules: ContextRules) -> Iterator[str]:
    with DiskTree(root) as own, DiskTree(root, shows_ours=True) as disk:
        left = DeployIgnored(own, rules.deployignore, rules.deployignore_path) if rules.deployignore else own
        waiting = [""]
        while waiting:
            directory = waiting.pop()
            base = f"{directory}/" if directory else ""
            kept = left.children(directory)
            for name, kind in disk.children(directory).items():
                if name not in kept:
                    yield base + name
                elif kind is Kind.DIRECTORY:
                    waiting.append(base + name)


def _pattern(path: str) -> bytes:
    if path != path.strip() or re.search(r"[\r\n\ud800-\udfff]", path):
        raise InexpressibleError(f"{path!r} is removed, which no ignore pattern can name")
    return b"/" + re.sub(r"[*?\[\]\\^]|\A!", r"\\\g<0>", path).encode()
