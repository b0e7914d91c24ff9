"""How the text behind an instruction's name splits: flags, JSON arrays, pairs, words.

Owns text → pieces. Must never know which instruction takes what. Follows BuildKit's line_parsers.go and
split_command.go (frontend/dockerfile/parser, commit 73ed6825c4b7).
"""

from __future__ import annotations

import json
import re

from rajee_deploy.dockerfile.golang import SPACE, valid

BLANKS = re.compile(r"[\t\v\f\r ]+")
_QUOTES = re.compile(r"['\"]")
_SPACES = re.compile(f"[{SPACE}]+")


class SyntaxProblemError(Exception):
    """What is wrong with one instruction; the caller knows where it stands."""

    code = "dockerfile-syntax"
    hint = ""


def split_flags(text: str, escape: str) -> tuple[tuple[str, ...], str]:
    """The leading `--flags` of an instruction, unquoted, and the rest of it.

    BuildKit takes each byte of a flag for a character (Latin-1), so flags outside ASCII come out garbled there; a
    path in them names another file. What it reads is what counts, so the same is done here.
    """
    if not text.lstrip(SPACE).startswith("--"):
        return (), text
    raw = text.encode("utf-8", "surrogateescape").decode("latin-1")
    flags: list[str] = []
    position = 0
    while True:
        while raw[position : position + 1] and raw[position] in SPACE:
            position += 1
        if not raw.startswith("--", position):
            break
        word, quoted, position = _flag_word(raw, position, escape)
        if word == "--":
            break
        if word or quoted:
            flags.append(word)
    return tuple(flags), raw[position:].encode("latin-1").decode("utf-8", "surrogateescape")


def _flag_word(raw: str, position: int, escape: str) -> tuple[str, bool, int]:
    word = []
    quote = ""
    quoted = False
    while position < len(raw) and (quote or raw[position] not in SPACE):
        char = raw[position]
        position += 1
        if char == quote:
            quote = ""
        elif char in "'\"" and not quote:
            quote, quoted = char, True
        elif char != escape:
            word.append(char)
        elif position < len(raw):
            word.append(raw[position])
            position += 1
        else:
            quote = ""
    return "".join(word), quoted, position


def blank_separated(text: str) -> tuple[str, ...]:
    return tuple(BLANKS.split(text)) if text else ()


def json_array(text: str) -> tuple[tuple[str, ...], bool] | None:
    """The strings of a JSON array; None when the text is no JSON array and means itself."""
    text = text.lstrip(SPACE)
    if not text.startswith("["):
        return None
    try:
        items = json.loads(text, parse_constant=_number, parse_int=_number, parse_float=_number)
    except RecursionError:
        items = [None]
    except ValueError:
        return None
    if not all(isinstance(item, str) for item in items):
        raise SyntaxProblemError("a JSON array here must hold strings only")
    return tuple(valid(item) for item in items), True


def _number(text: str) -> float:
    """Go's decoder knows neither NaN nor Infinity, and refuses numbers beyond a float64."""
    number = float(text)
    if number - number != 0:
        raise ValueError(text)
    return number


def healthcheck(text: str) -> tuple[tuple[str, ...], bool]:
    """The type, then a command like CMD's. BuildKit ends the type at bytes it takes for Latin-1 spaces."""
    raw = text.encode("utf-8", "surrogateescape").decode("latin-1")
    end = next((i for i, char in enumerate(raw) if char in SPACE), len(raw))
    parts = (raw[:end], raw[end:].lstrip(SPACE))
    kind, rest = (part.encode("latin-1").decode("utf-8", "surrogateescape") for part in parts)
    if not kind:
        return (), False
    args, is_json = (json_array(rest) or ((rest,), False)) if rest else ((), False)
    return (kind, *args), is_json


def pairs_of(text: str, name: str, escape: str) -> tuple[str, ...]:
    """ENV and LABEL: `KEY=value …`, or the old `KEY rest of the line`."""
    words = split_words(text, escape)
    if not words:
        return ()
    if "=" not in words[0]:
        parts = BLANKS.split(text, maxsplit=1)
        if len(parts) == 1:
            raise SyntaxProblemError(f"{name} must have two arguments")
        return tuple(parts)
    pairs: list[str] = []
    for word in words:
        key, sign, value = word.partition("=")
        if not sign:
            raise SyntaxProblemError(f"there is no = in {word!r}; write {name} name=value")
        pairs += key, value
    return tuple(pairs)


def split_words(text: str, escape: str) -> tuple[str, ...]:
    """Words between white space, with their quotes and escapes left as they are."""
    if not (_QUOTES.search(text) or escape in text):
        return tuple(word for word in _SPACES.split(text) if word)
    words = []
    word: list[str] = []
    quote = ""
    quoted = False
    position = 0
    while position < len(text):
        char = text[position]
        position += 1
        if not quote and char in SPACE:
            if word or quoted:
                words.append("".join(word))
            word, quoted = [], False
            continue
        if char == quote:
            quote = ""
        elif char in "'\"" and not quote:
            quote, quoted = char, True
        elif char == escape and quote != "'":
            if position == len(text):
                break
            char += text[position]
            position += 1
        word.append(char)
    return (*words, "".join(word)) if word or quoted else tuple(words)
