"""The text of the settings that `init` writes: TOML with a word on each line that somebody may want to change. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rajee_deploy.actions.init.decide import Choice, Guard, ImageTable
    from rajee_deploy.actions.init.found import Found, FoundImage

# The file beside the settings by which editors complete them. A path that starts at the settings, since whoever has the
# checkout has it: taplo refuses a file whose schema is not there, and where this package lies differs by machine.
SCHEMA_NAME = "rajee-deploy.schema.json"
_COLUMN = 30  # where comments begin
_WIDTH = 100
_MOST_LISTED = 12


def settings_text(found: Found, chosen: Choice) -> str:
    """The whole file."""
    parts = [
        [
            f"#:schema ./{SCHEMA_NAME}",  # a directive of taplo's: it has to come first
            "# Editors complete by that file; `rajee-deploy init --schema` prints it for the release in use.",
            "",
            "# Written by `rajee-deploy init`, and yours from now on. Every key: docs/settings.md",
        ],
        list(_cdk(found, chosen)),
        *(list(_image(table)) for table in chosen.images),
        list(_adopted(found, chosen)),
        list(_lone(found, chosen)),
        *(list(_guard(guard)) for guard in chosen.guards),
        [] if chosen.guards else list(_example(found)),
    ]
    return "\n\n".join("\n".join(map(said, lines)) for lines in parts if lines) + "\n"


def said(text: str) -> str:
    """A text that others wrote, as a comment has it: on one line."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def quoted(text: str) -> str:
    """A text as TOML has it."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _cdk(found: Found, chosen: Choice) -> Iterator[str]:
    yield "[cdk]"
    yield _line(f"app = {quoted(found.app.directory)}", "the directory with cdk.json")
    yield from _list("stacks", chosen.stacks, "deployed in this order")
    if chosen.left:
        yield f"# Not among them ({chosen.reason}): {_some(chosen.left)}"
    if chosen.adopted:
        yield _line('image-assets = "adopt"', 'rajee-deploy hashes, builds and pushes them; "cdk": cdk deploy does')
    yield _line('# infra-check = "auto"', 'or "hash", "synth": docs/infrastructure.md')
    yield _line('# approval = "interactive"', 'or "broadening", "never": docs/deploying.md')


def _list(key: str, values: Sequence[str], comment: str) -> Iterator[str]:
    line = f"{key} = [{', '.join(map(quoted, values))}]"
    if len(line) <= _WIDTH - len(comment):
        yield _line(line, comment)
        return
    yield _line(f"{key} = [", comment)
    yield from (f"  {quoted(value)}," for value in values)
    yield "]"


def _image(table: ImageTable) -> Iterator[str]:
    """The table of an image whose tag a parameter takes; commented out where something is to be filled in."""
    mark = "" if table.is_whole else "# "
    if not table.is_whole:
        yield f"# {table.stack} declares {table.parameter} for an image's tag. Fill in the dots, and take the # away:"
    yield f"{mark}[images.{table.name}]"
    yield _line(f"{mark}repository = {quoted(table.repository or '…')}", "ECR repository")
    yield _line(f"{mark}context = {quoted(table.context or '…')}", "build context")
    yield f"{mark}dockerfile = {quoted(table.dockerfile or '…')}"
    yield _line(f"{mark}stack = {quoted(table.stack)}", "the stack that receives the tag…")
    yield _line(f"{mark}parameter = {quoted(table.parameter)}", "…in this parameter")


def _adopted(found: Found, chosen: Choice) -> Iterator[str]:
    """What the image assets are, for who reads the file; it needs no key."""
    own = [image for image in found.images if image.name in chosen.adopted]
    if own:
        yield "# The app's image assets, which need no table of their own:"
        yield from (f"#   {image.name}: {of_image(image)}" for image in own[:_MOST_LISTED])
        if len(own) > _MOST_LISTED:
            yield f"#   and {len(own) - _MOST_LISTED} more"


def of_image(image: FoundImage) -> str:
    """What an image is made of, in words."""
    place = f"{image.context}/{image.dockerfile}" if image.context not in ("", ".") else image.dockerfile
    return f"{place} reads {image.reads:,} of {image.files:,} files" if not image.problem else place


def _lone(found: Found, chosen: Choice) -> Iterator[str]:
    named = {table.dockerfile for table in chosen.images}
    lone = [each for each in found.dockerfiles if each.path not in named]
    if not lone or chosen.images:
        return
    yield "# The app makes no image of " + _some([each.path for each in lone]) + "."
    yield "# To build and push one by its hash, into a repository that is there:"
    first = lone[0]
    name = first.context.rpartition("/")[2].strip(".") or "app"
    yield f"# [images.{''.join(c if c.isascii() and c.isalnum() else '-' for c in name.lower()).strip('-') or 'app'}]"
    yield '# repository = "team/service"'
    yield f"# context = {quoted(first.context)}"
    yield f"# dockerfile = {quoted(first.path)}"


def _guard(guard: Guard) -> Iterator[str]:
    yield _line(f"[environments.{guard.name}]", f"chosen with -e {guard.name}")
    if guard.region:
        yield f"region = {quoted(guard.region)}"
    if guard.account:
        yield _line(f"account = {quoted(guard.account)}", "a guard: other credentials are refused")
    if guard.stacks:
        yield from _list("cdk.stacks", guard.stacks, "instead of those above")


def _example(found: Found) -> Iterator[str]:
    yield _line("# [environments.prod]", "chosen with -e prod")
    yield f"# region = {quoted(found.region or 'eu-central-1')}"
    yield _line(f"# account = {quoted(found.account or '123456789012')}", "a guard: other credentials are refused")
    yield "# production = true"


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_LISTED} more" if len(names) > _MOST_LISTED else ""
    return ", ".join(names[:_MOST_LISTED]) + more


def _line(text: str, comment: str) -> str:
    return f"{text.ljust(_COLUMN)}  # {comment}"
