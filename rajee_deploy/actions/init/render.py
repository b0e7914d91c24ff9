"""What `init` found and wrote, on the screen, with a line for each decision; and its JSON document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rajee_deploy.actions.init.settings_text import SCHEMA_NAME, of_image
from rajee_deploy.console.rows import Detail, Row
from rajee_deploy.dataclass import dataclass
from rajee_deploy.settings import DEFAULT_PLATFORM
from rajee_deploy.text.lines import lines_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from rajee_deploy.actions.init.churn import IgnoreFile
    from rajee_deploy.actions.init.decide import Choice
    from rajee_deploy.actions.init.found import Found, FoundImage, FoundStack
    from rajee_deploy.console import Console

_UNSET = "image-asset"


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be written: the settings, their schema, and the ignore files of build contexts."""

    path: Path
    text: str
    schema: str
    ignores: tuple[IgnoreFile, ...]

    @property
    def schema_path(self) -> Path:
        return self.path.with_name(SCHEMA_NAME)

    def files(self) -> dict[Path, str]:
        """The text of each file."""
        ignores = {self.ignore_path(one): one.text for one in self.ignores if one.text}
        return {self.path: self.text, self.schema_path: self.schema, **ignores}

    def ignore_path(self, one: IgnoreFile) -> Path:
        return self.path.parent / one.context / ".deployignore"


def show_found(console: Console, found: Found, chosen: Choice, draft: Draft) -> None:
    """What is there, and each decision."""
    console.blank()
    console.rows([*_found(found, chosen), *_decided(found, chosen, draft)])


def warn_of_platforms(console: Console, found: Found, chosen: Choice) -> None:
    """For an image for which the app names no platform; a plan says the same of each."""
    unset = [image.name for image in found.images if image.name in chosen.adopted and not image.platform]
    if unset:
        console.warn(
            "platform",
            f"the app names none for {', '.join(unset)}: {DEFAULT_PLATFORM} is taken (platform=Platform.LINUX_AMD64 of"
            " the asset says it)",
            _UNSET,
        )


def show_written(console: Console, draft: Draft, paths: Sequence[Path]) -> None:
    """Which files are new, and which stay as they are."""
    files = draft.files().items()
    lines = [f"{_name(draft, path)} ({len(lines_of(text))} lines)" for path, text in files if path in paths]
    kept = [_name(draft, path) for path, _ in files if path not in paths]
    rows = [Row("✓", "", "wrote", ", ".join(lines))] if lines else []
    rows += [Row("=", "", "kept", f"{', '.join(kept)}: there already")] if kept else []
    console.rows(rows)


def _name(draft: Draft, path: Path) -> str:
    return str(path.relative_to(draft.path.parent))


def document(found: Found, chosen: Choice, draft: Draft, written: Sequence[Path]) -> dict[str, Any]:
    """`rajee-deploy.init/1`, but for the plan."""
    return {
        "schema": "rajee-deploy.init/1",
        "account": found.account,
        "region": found.region,
        "app": {
            "directory": found.app.directory,
            "language": found.app.language,
            "lockFiles": list(found.app.lock_files),
            "cdkCli": {"version": found.app.cli, "ofTheProject": found.app.is_own_cli},
        },
        "stacks": [
            {"id": one.id, "account": one.account, "region": one.region, "chosen": one.id not in chosen.left}
            for one in found.stacks
        ],
        "images": [_image_document(one, chosen) for one in found.images],
        "dockerfiles": [one.path for one in found.dockerfiles],
        "settings": {"path": str(draft.path), "written": draft.path in written, "text": draft.text},
        "settingsSchema": {"path": str(draft.schema_path), "written": draft.schema_path in written},
        "deployignore": [
            {
                "path": str(draft.ignore_path(one)),
                "written": draft.ignore_path(one) in written,
                "text": one.text,
                "reason": one.reason,
                "patterns": [{"pattern": each.text, "files": each.hits, "doubt": each.doubt} for each in one.patterns],
            }
            for one in draft.ignores
        ],
    }


def _image_document(image: FoundImage, chosen: Choice) -> dict[str, Any]:
    return {
        "name": image.name,
        "stacks": list(image.stacks),
        "context": image.context or None,
        "dockerfile": image.dockerfile,
        "platform": image.platform or None,
        "reads": None if image.problem or image.obstacle else image.reads,
        "files": None if image.problem or image.obstacle else image.files,
        "adopted": image.name in chosen.adopted,
        "reason": image.obstacle or image.problem,
    }


def _found(found: Found, chosen: Choice) -> Iterator[Row]:
    app = found.app
    whose = "the project's" if app.is_own_cli else "this machine's"
    how = ", ".join(filter(None, (app.language, f"{whose} aws-cdk {app.cli}")))
    what = [_count(len(found.stacks), "stack"), _count(len(found.images), "image asset")]
    yield Row("✓", "", "found", f"CDK app in {app.directory} ({how}), {', '.join(what)}")
    for stack in found.stacks:
        yield Row("", "", stack.id, _place(stack) + ("; left out" if stack.id in chosen.left else ""))
    for image in found.images:
        yield Row("", "", image.name, _about(image))
    for each in found.dockerfiles:
        yield Row("", "", each.path, "the app makes no image of it")
    if app.lock_files:
        yield Row("", "", "packages", ", ".join(app.lock_files))
    where = " ".join(filter(None, (found.account, found.region)))
    yield Row("", "", "AWS", where if found.account else f"{where} nobody is logged in".strip())


def _count(number: int, what: str) -> str:
    return f"{number or 'no'} {what}{'' if number == 1 else 's'}"


def _place(stack: FoundStack) -> str:
    return " ".join(filter(None, (stack.account, stack.region))) or "wherever you are logged in"


def _about(image: FoundImage) -> str:
    if image.obstacle:
        return f"left to the CDK CLI: {image.obstacle}"
    if image.problem:
        return f"{image.dockerfile}: {image.problem}"
    return of_image(image)


def _decided(found: Found, chosen: Choice, draft: Draft) -> Iterator[Row]:
    first, *others = _decisions(found, chosen)
    yield Row("→", "", "decided", first, details=tuple(Detail(text=text) for text in others))
    without: dict[str, list[str]] = {}
    for one in draft.ignores:
        if one.reason:
            without.setdefault(one.reason, []).append(one.context)
            continue
        left = [each.text for each in one.patterns if not each.doubt]
        doubts = [f"{each.text} as a comment: {each.doubt}" for each in one.patterns if each.doubt]
        details = tuple(Detail(text=text) for text in doubts)
        text = f"{_shown(one)} leaves out {', '.join(left)}" if left else f"{_shown(one)} leaves nothing out"
        yield Row("→", "", "ignored", text, details=details)
    for reason, contexts in without.items():
        place = "" if contexts == ["."] else f" in {', '.join(contexts)}"
        yield Row("=", "", "ignored", f"no .deployignore{place}: {reason}")


def _decisions(found: Found, chosen: Choice) -> Iterator[str]:
    yield f"stacks: {', '.join(chosen.stacks)}" + (f" ({chosen.reason})" if chosen.left and chosen.reason else "")
    if chosen.adopted:
        count = "1 image is" if len(chosen.adopted) == 1 else f"{len(chosen.adopted)} images are"
        yield f'image-assets = "adopt": {count} built here'
    elif not found.images:
        yield "no image-assets: the app has none"
    for table in chosen.images:
        what = "" if table.is_whole else ", as a comment: fill in what is missing"
        yield f"images.{table.name}: {table.parameter} of {table.stack} takes its tag{what}"
    for guard in chosen.guards:
        yield f"environments.{guard.name}: {guard.account or 'any account'}, as the app says"


def _shown(one: IgnoreFile) -> str:
    return ".deployignore" if one.context == "." else f"{one.context}/.deployignore"
