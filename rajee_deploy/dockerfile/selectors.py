"""A source of COPY, ADD or a mount → what it asks of a build context, in BuildKit's terms.

Owns the mapping only. Must never look at a tree. Follows BuildKit's dispatchCopy and addSelector (commit
73ed6825c4b7): the wildcard flag is set by the path, `--parents` turns the source into an include pattern.
"""

from __future__ import annotations

from rajee_deploy.dockerfile.golang import join_root
from rajee_deploy.model import Selector

EVERYTHING = Selector("/")


def of_source(source: str, exclude: tuple[str, ...], *, parents: bool) -> Selector:
    """The selector of an expanded source of COPY or ADD."""
    if not parents:
        path = join_root(source)
        return Selector(path, wildcard=has_wildcards(path), exclude=exclude)
    pivot, sign, pattern = source.partition("/./")
    if not sign:
        pivot, pattern = "/", source
    pattern = join_root(pattern)
    literal = not has_wildcards(pivot) and not has_wildcards(pattern)
    path = join_root(pivot)
    required = (join_root(path + pattern),) if literal else ()
    return Selector(path, has_wildcards(path), include=(pattern[1:],), exclude=exclude, required=required)


def of_mount(source: str) -> Selector:
    """The selector of a mount's expanded source. Mounts know no wildcards."""
    return Selector(join_root(source))


def has_wildcards(path: str) -> bool:
    """Whether BuildKit takes the path for a pattern. A backslash hides the character behind it."""
    characters = iter(path)
    for char in characters:
        if char in "*?[":
            return True
        if char == "\\":
            next(characters, None)
    return False
