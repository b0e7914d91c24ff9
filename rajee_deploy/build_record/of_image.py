"""Live inputs → what they are made of. Pure: it only sorts what a fingerprint has found.

No value of a build argument gets in: the fingerprint has keyed digests of them, and what they put into an address is
named by the argument. Image names that FROM expands to, and paths that COPY expands to, are what is built and shown.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from rajee_deploy.build_record.checks import PRIVATE, digest_of
from rajee_deploy.build_record.fields import HEX, Contents, Instruction, KeptUse, RecordItem
from rajee_deploy.build_record.packing import is_exact
from rajee_deploy.build_record.reads import counted_entries, texts_of
from rajee_deploy.build_record.takes import takes_of
from rajee_deploy.dockerfile import unite
from rajee_deploy.fingerprint import encode, kind_of
from rajee_deploy.model import Kind, Reference

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rajee_deploy.context import SelectedEntry
    from rajee_deploy.context.select import Chosen
    from rajee_deploy.fingerprint import Input
    from rajee_deploy.image.inputs import ImageInputs
    from rajee_deploy.model import Use

_LOGIN = re.compile(r"(?<=://)[^/@\s\"\\]+@")
_DEVICES = {Kind.CHARACTER_DEVICE, Kind.BLOCK_DEVICE}


def contents_of(inputs: ImageInputs, *, with_bytes: bool = False) -> Contents:
    """What an image is made of, whole: entries are not grouped. As a record keeps it, so that no file is read that the
    look-up has read; `with_bytes`, it also has what tells how an entry differs from one of a record.

    DeployErrors as of `Selection.records` and `Selection.entries`.
    """
    given = inputs.options.build_args
    texts = texts_of(inputs)
    references = unite(
        [
            [Reference(one.role, _public(one.text, given if one.role == "add" else {}), one.line) for one in each]
            for each in (variant.recipe.references for variant in inputs.variants)
        ]
    )
    # In the order of the fingerprint's inputs: platform by platform.
    canonical = [
        pair
        for variant in inputs.variants
        for pair in zip(variant.recipe.instructions, variant.recipe.instruction_lines, strict=True)
    ]
    uses = [use for variant in inputs.variants for use in variant.uses]
    shown = tuple(_shown_input(item, given) for item in inputs.fingerprint.inputs)
    instructions = tuple(Instruction(_shown_canonical(text), texts.get(line, ""), line) for text, line in canonical)
    fingerprint = replace(inputs.fingerprint, inputs=shown)
    exact = is_exact(fingerprint)
    taken = {chosen.read: chosen for selection in inputs.selections.values() for chosen in selection.chosen}
    return Contents(
        fingerprint,
        instructions,
        references,
        tuple(
            _kept_use(use, item.text, taken[use.read]) for use, item in zip(uses, _inputs_of_uses(shown), strict=True)
        ),
        tuple(
            _item(name, entry, line, has_extra=with_bytes and (exact or entry.entry.kind in _DEVICES))
            for name, entry, line in counted_entries(inputs, with_bytes=with_bytes or exact)
        ),
        is_private=shown != inputs.fingerprint.inputs
        or any(one.canonical != text for one, (text, _) in zip(instructions, canonical, strict=True)),
    )


def proved_by(inputs: ImageInputs, contents: Contents) -> Contents:
    """A record's contents, proved where what they hide of addresses is what the image has there now."""
    if PRIVATE not in contents.unproved:
        return contents
    given = inputs.options.build_args
    hidden = {_shown_input(item, given): item for item in inputs.fingerprint.inputs}
    whole = [hidden.get(item, item) for item in contents.fingerprint.inputs]
    texts = {_shown_canonical(text): text for variant in inputs.variants for text in variant.recipe.instructions}
    digests = [item.text for item in whole if kind_of(item.name)[1].startswith("instruction:")]
    if hashlib.sha256(encode(whole)).hexdigest() != contents.fingerprint.digest.hex or digests != [
        digest_of(texts.get(one.canonical, one.canonical)) for one in contents.instructions
    ]:
        return contents
    return replace(contents, unproved=tuple(reason for reason in contents.unproved if reason != PRIVATE))


def _kept_use(use: Use, selects: str, chosen: Chosen) -> KeptUse:
    return KeptUse(use.read.location.start, use.read.source, selects, takes_of(chosen), chosen.alone)


def _inputs_of_uses(shown: tuple[Input, ...]) -> tuple[Input, ...]:
    return tuple(item for item in shown if kind_of(item.name)[1].startswith("use:"))


def _shown_input(item: Input, given: Mapping[str, str]) -> Input:
    _, name = kind_of(item.name)
    if item.value is None or not name.startswith(("reference:", "build-context:")):
        return item
    return replace(item, value=_public(item.value, given if name == "reference:add" else {}))


def _shown_canonical(canonical: str) -> str:
    """FROM names what a build context stands for; every other text is the Dockerfile's own."""
    return _LOGIN.sub("…@", canonical) if canonical.startswith('["FROM"') else canonical


def _public(text: str, given: Mapping[str, str]) -> str:
    """An address without a login, and with the names of build arguments where their values stand."""
    for name, value in sorted(given.items(), key=lambda pair: -len(pair[1])):
        if value:
            text = text.replace(value, f"${{{name}}}")
    return _LOGIN.sub("…@", text)


def _item(context: str, selected: SelectedEntry, line: int, *, has_extra: bool) -> RecordItem:
    entry = selected.entry
    digest = selected.digest.hex[:HEX] if selected.digest is not None else ""
    # Git's modes leave nothing but these fields; exact ones count extended attributes, devices their numbers.
    extra = selected.record.rpartition(":")[2][:HEX] if has_extra else ""
    return RecordItem(
        context,
        entry.path,
        entry.kind,
        entry.mode,
        entry.size,
        digest,
        entry.link,
        selected.withheld,
        extra,
        line,
        selected.record,
        selected.other,
    )
