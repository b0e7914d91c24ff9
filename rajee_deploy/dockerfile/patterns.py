"""Shell patterns in substitutions: `${v#pattern}`, `${v%pattern}`, `${v/pattern/replacement}`.

Owns the mapping of `*` and `?` to regular expressions and Go's way of replacing. Must never look up a variable.
"""

from __future__ import annotations

import re

_TEMPLATE = r"\$(?:\$|\{(\w+)\}|(\w+))?"


class PatternError(Exception):
    """A pattern with an escape that means nothing."""


def trim_prefix(pattern: str, value: str, *, greedy: bool) -> str:
    """The value without the shortest (`greedy`: longest) prefix that matches."""
    found = re.match(translate(pattern, greedy=greedy), value)
    return value[found.end() :] if found else value


def trim_suffix(pattern: str, value: str, *, greedy: bool) -> str:
    """The value without the shortest (`greedy`: longest) suffix that matches.

    The shortest suffix is a prefix of the reversed value: a regular expression cannot look for it from the right.
    """
    return trim_prefix(reverse(pattern), value[::-1], greedy=greedy)[::-1]


def reverse(pattern: str) -> str:
    """A pattern from right to left; a backslash stays before the character that it escapes."""
    return "".join(reversed(re.findall(r"\\.|.", pattern, re.DOTALL)))


def translate(pattern: str, *, greedy: bool = True) -> str:
    """A shell pattern (`*`, `?`, escapes of `*?\\/}`) as a regular expression. PatternError for other escapes."""
    out = []
    pieces = iter(pattern)
    for char in pieces:
        if char == "*":
            out.append(".*" if greedy else ".*?")
        elif char == "?":
            out.append(".")
        elif char == "\\":
            escaped = next(pieces, "")
            if not escaped or escaped not in "*?\\/}":
                raise PatternError(f"invalid escape '\\{escaped}' in the pattern {pattern!r}")
            out.append(re.escape(escaped))
        else:
            out.append(re.escape(char))
    return "".join(out)


def replace_first(pattern: str, replacement: str, value: str) -> str:
    """Replace the first match with the text as it is."""
    found = re.search(translate(pattern), value)
    return value[: found.start()] + replacement + value[found.end() :] if found else value


def replace_all(pattern: str, template: str, value: str) -> str:
    """Replace every match. The replacement is a template; an empty match right behind another one is left alone."""
    expression = re.compile(translate(pattern))
    out = []
    end = start = 0
    while start <= len(value) and (found := expression.search(value, start)):
        out.append(value[end : found.start()])
        if found.end() > end or found.start() == 0:
            out.append(_fill(template, found[0]))
        end = found.end()
        start = max(start + 1, end)
    return "".join([*out, value[end:]])


def _fill(template: str, match: str) -> str:
    """Go's regexp template of an expression without groups: `$0` is the match, other names are nothing."""

    def one(found: re.Match[str]) -> str:
        name = found[1] or found[2]
        if name is None:
            return "$"
        return match if name == "0" else ""

    return re.sub(_TEMPLATE, one, template)
