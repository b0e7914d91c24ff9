"""Commands inside sentences: they are never torn apart where a line ends, so that they work when pasted. Pure.

It knows commands by how they begin, and where prose goes on; it changes no sign of what is shown.
"""

from __future__ import annotations

import re

_BOUND = "\N{NO-BREAK SPACE}"  # stands for a blank while lines are made
# Where a command begins inside a sentence: it is not torn apart, so that it works when pasted.
_STARTS = re.compile(
    r"(?<![\w/.-])(\(cd \S+ && )?(rajee-deploy [a-z]|export [A-Z_]+=|unset [A-Z_]+|"
    r"(aws|docker|buildah|cdk|npx|npm|git|pip|uv|poetry|sudo|systemctl|cat|ls|df|free|ulimit|ssh) "
    r"(?!(?:has|is|does|can|may|was|and|or|to|in|of|from) )[a-z-])"
)
# And where prose goes on: at a word that no command has at such a place.
_PROSE = re.compile(
    r"[;,]|\s(?:and|or|makes|shows|prints|then|in it|brings|records|moves|deploys|starts|with|that|when"
    r"|says|is|has|alone|lists|where|why|goes|writes)\b|\s\(|\)|\.$|[.:] "
)


def is_command(line: str) -> bool:
    """Whether a line is to be pasted as it is, and no sentence that begins with a command."""
    return _STARTS.match(line) is not None and not _PROSE.search(line.partition("  ")[0])


def bind(text: str) -> str:
    """The text with each command as a single word, for whoever breaks it into lines; see `release`."""
    done = ""
    while (start := _STARTS.search(text)) is not None:
        end = _PROSE.search(text, start.end())
        command = text[start.start() : end.start() if end else len(text)].rstrip()
        done += text[: start.start()] + command.replace(" ", _BOUND)
        text = text[start.start() + len(command) :]
    return done + text


def release(text: str) -> str:
    """The text with blanks where they were."""
    return text.replace(_BOUND, " ")
