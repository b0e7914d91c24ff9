"""Warnings as rows, after what they are about: those of one kind in one line. Pure.

Where little room is to be taken, some are said more briefly: all of it is there with -v, --explain and --json.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rajee_deploy.at_work import as_pasted
from rajee_deploy.console.documents import quote
from rajee_deploy.console.rows import Row, wrap
from rajee_deploy.text.short import short

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rajee_deploy.warned import Concern

_MOST = 2000  # characters of one
_FEW = 100  # of what others say at length
_REMEDY = "rajee-deploy lock"


def rows_of(found: Iterable[Concern], *, is_whole: bool) -> list[Row]:
    """A row for each, and one for each kind of those that are alike."""
    groups: dict[object, list[Concern]] = {}
    for number, each in enumerate(dict.fromkeys(found)):
        key = each.warned.code if each.is_alike and not is_whole else number
        groups.setdefault(key, []).append(each)
    return [_row(group, is_whole=is_whole) for group in groups.values()]


def _row(group: Sequence[Concern], *, is_whole: bool) -> Row:
    first = group[0]
    if not is_whole and first.warned.code == "base-unpinned" and _REMEDY in first.warned.message:
        more = f", and {len(group) - 1} more" if len(group) > 1 else ""
        text = quote(as_pasted(first.warned.message.partition(", so ")[0]), _MOST)
        return Row("!", name=f"{short(text)}{more}", right=as_pasted(_REMEDY))
    subject = first.warned.subject.removeprefix("image ").removeprefix("stack ")
    text = quote(as_pasted(first.warned.message), _MOST)
    text = text if is_whole else short(text)
    text = _beginning(text) if first.warned.code == "cdk-warning" and not is_whole else text
    text += f" (line {first.line})" if first.line else ""
    text += f"; and {len(group) - 1} more of these" if len(group) > 1 else ""
    return Row(
        "!", name=f"{subject}: {text}" if subject else text, right=f"[{first.warned.code}]" if first.warned.code else ""
    )


def _beginning(text: str) -> str:
    """The first sentence, or as many words of it as there is room for: libraries of the CDK warn in paragraphs."""
    sentence = re.split(r"(?<=[^. ]\.) |\n| \[ack: ", text, maxsplit=1)[0]
    words = wrap(sentence, _FEW)
    return words[0] + ("…" if len(words) > 1 else "")
