"""What of a record its own digests prove: its inputs give its tag, and its entries the digest of each use. Pure.

Who may push to the repository may write any record. A file's size, its mode and that it is a file are in no other
digest than its own, which nobody can compute without its bytes: those are the record's word. So are the lines and how
the Dockerfile's text looked. Two records whose entries have the same digests are the same all the same.
"""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rajee_deploy import fingerprint as fingerprints
from rajee_deploy.build_record.packing import selects
from rajee_deploy.build_record.tree import EntryTree, NotBelievedError
from rajee_deploy.context.globs import clean, split_wildcard

if TYPE_CHECKING:
    from rajee_deploy.build_record.fields import Contents, KeptUse, RecordItem, Taken

OLDER = "an older release wrote it, and its entries prove nothing"
PRIVATE = "it hides a login or an argument in an address, and without that nothing proves it"
DIRECTORIES = "of so many entries it has the directories only, which prove nothing"
WAYS = "under which name a line finds what it takes (through a symlink, or by a wildcard) no digest proves"
_HIDDEN = "…@"  # where a login was
_LOOKS_CUT = re.compile(r"sha256:[0-9a-f]{64}/")  # a name that may as well be two, with a digest between them


def check(tag: str, contents: Contents) -> Contents:
    """The contents, with the lines of their entries, and with what is not proved. NotBelievedError, or ValueError where
    their parts do not belong together, or they are those of another tag."""
    if contents.tag != tag:
        raise ValueError(f"it is the record of {contents.tag}")
    check_inputs(contents)
    if (contents.items and contents.depth is not None) or (contents.groups and contents.depth is None):
        raise ValueError("it has entries, and groups of them")
    if contents.is_older:
        check_entries(contents)
        return replace(contents, unproved=(OLDER,))
    unproved = (PRIVATE,) * contents.is_private
    if contents.depth is not None or any(use.takes is None for use in contents.uses):
        check_entries(contents)
        return replace(contents, unproved=(*unproved, DIRECTORIES))
    entries = {name: EntryTree(own) for name, own in _by_context(contents).items()}
    named = [_check_use(use, entries[selects(use.selects)[1]]) for use in contents.uses]
    lines = {name: own.lines() for name, own in entries.items()}
    items = tuple(replace(item, line=lines[item.context][item.path]) for item in contents.items)
    return replace(contents, items=items, unproved=(*unproved, *(WAYS,) * (not all(named))))


def _by_context(contents: Contents) -> dict[str, list[RecordItem]]:
    found: dict[str, list[RecordItem]] = {selects(use.selects)[1]: [] for use in contents.uses}
    for item in contents.items:
        found.setdefault(item.context, []).append(item)
    return found


def check_inputs(contents: Contents) -> None:
    """The inputs give the digest, and the other parts are those of the inputs."""
    inputs = contents.fingerprint.inputs
    named = [(fingerprints.kind_of(item.name)[1], item.text) for item in inputs]
    texts = [text for name, text in named if name.startswith("instruction:")]
    uses = [text for name, text in named if name.startswith("use:")]
    if len(texts) != len(contents.instructions) or uses != [use.selects for use in contents.uses]:
        raise ValueError("its parts do not belong together")
    if not contents.is_private and hashlib.sha256(fingerprints.encode(inputs)).hexdigest() != (
        contents.fingerprint.digest.hex
    ):
        raise NotBelievedError("its inputs do not give its digest")
    for text, one in zip(texts, contents.instructions, strict=True):
        if text != digest_of(one.canonical) and not (contents.is_private and _HIDDEN in one.canonical):
            raise NotBelievedError("its instructions are not those of its inputs")
    if contents.is_older:
        return
    if ("scheme", contents.fingerprint.scheme) != named[0]:
        raise NotBelievedError("its scheme is not that of its inputs")
    roles = {(name, text) for name, text in named if name.startswith("reference:")}
    if roles != {(f"reference:{one.role}", one.text) for one in contents.references}:
        raise NotBelievedError("its references are not those of its inputs")


def check_entries(contents: Contents) -> None:
    """Each is of a build context and on a line that a use is of. ValueError."""
    places = {(selects(use.selects)[1], use.line) for use in contents.uses}
    contexts, lines = {context for context, _ in places}, {line for _, line in places}
    held = [(one.context, one.line) for one in contents.items] + [(one.context, one.line) for one in contents.groups]
    if any(context not in contexts or line not in lines for context, line in held):
        raise ValueError("it has entries that no use selects")


def _check_use(use: KeptUse, entries: EntryTree) -> bool:
    """Whether all names are proved too. NotBelievedError when the entries do not give the use's digest."""
    selected, takes = selects(use.selects), use.takes or ()
    if _is_listing(selected):
        whole = all(one.rest.startswith("/") for one in takes) and (not use.alone or len(takes) == 1)
    else:
        whole = use.alone and [one.rest for one in takes] == [""]
    if not whole:
        raise ValueError("its parts do not belong together")
    if any(_LOOKS_CUT.search(one.rest) for one in takes):
        raise NotBelievedError("it has a name that may as well be two")
    found = [(one.rest.replace("/", "\0"), entries.digest(one.path, deep=one.deep)) for one in takes]
    text = "".join(key + digest for key, digest in found)
    digest = found[0][1] if use.alone else f"sha256:{hashlib.sha256(os.fsencode(text)).hexdigest()}"
    if digest != selected[-1]:
        raise NotBelievedError(f"its entries do not give the digest of what line {use.line} takes")
    for one in takes:
        entries.take(one.path, use.line, deep=one.deep)
    return _is_named(selected, takes, alone=use.alone)


def _is_listing(selected: list[Any]) -> bool:
    """Whether the digest is over a list; it is over one path where there is nothing but that."""
    _, _, _, is_wildcard, _, include, exclude, *_ = selected
    return bool(is_wildcard or include or exclude)


def _is_named(selected: list[Any], takes: tuple[Taken, ...], *, alone: bool) -> bool:
    """Whether the digest, with what the use selects by, holds every path."""
    pattern = clean(selected[2]).rstrip("/")
    if not _is_listing(selected):
        return f"/{takes[0].path}".rstrip("/") == pattern
    prefix = split_wildcard(pattern)[0] if selected[3] else pattern
    if any(one.deep or f"/{one.path}" != prefix + one.rest.rstrip("/") for one in takes):
        return False
    return not alone or f"/{takes[0].path}" == pattern


def digest_of(canonical: str) -> str:
    """The digest that an instruction has among the inputs."""
    return f"sha256:{hashlib.sha256(canonical.encode('utf-8', 'surrogateescape')).hexdigest()}"
