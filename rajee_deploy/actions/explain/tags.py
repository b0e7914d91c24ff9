"""What changed in images since the build of a tag, or since what is deployed: the story of `explain --since TAG`.

Asked in turn: the records beside the image, those of this machine, the commit that the image names, and the history
for a commit whose files give the tag. Each source that had nothing is told; one that could not be asked is told too,
and never counts as an answer.
"""

from __future__ import annotations

import re
from shlex import quote
from typing import TYPE_CHECKING

from rajee_deploy.actions.explain.compare import Comparison, compare
from rajee_deploy.actions.explain.search import LAST, find_commit_of
from rajee_deploy.actions.explain.since import Since, Then, since
from rajee_deploy.build_record.decode import decode
from rajee_deploy.build_record.fields import CREATED, DIRTY, REVISION
from rajee_deploy.build_record.of_image import contents_of, proved_by
from rajee_deploy.dataclass import dataclass
from rajee_deploy.errors import ConfigurationError, DeployError
from rajee_deploy.fingerprint import TAG_HEX, TAG_PREFIX
from rajee_deploy.model.names import FINGERPRINT_LABEL
from rajee_deploy.model.stack_status import runs_what_it_says
from rajee_deploy.plan.state import StackPresent
from rajee_deploy.plan.tags import parameter_text
from rajee_deploy.text.lines import lines_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from rajee_deploy.actions.explain.past import Origin
    from rajee_deploy.build_record.fields import Contents
    from rajee_deploy.build_record.store import ContentsStore, Record
    from rajee_deploy.image.inputs import ImageInputs
    from rajee_deploy.model.repository import Repository
    from rajee_deploy.plan.state import StackState

DEPLOYED = "deployed"  # the word for the image that the stack runs; a git branch of this name is refs/heads/deployed
_TAG = re.compile(rf"{TAG_PREFIX}[0-9a-f]{{{TAG_HEX}}}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Sources:
    """Where it can be learnt what a tag was made of. `stores` with their names, the first asked first; `describe`
    tells a stack, `find_label` a label of a repository's image ("" for none)."""

    stores: Sequence[tuple[str, ContentsStore]]
    describe: Callable[[str], StackState]
    find_label: Callable[[Repository, str, str], str]


@dataclass(frozen=True, slots=True)
class Checkouts:
    """The present images, where they come from, and a directory of their repository."""

    images: Mapping[str, ImageInputs]
    origin: Origin
    start: Path


def is_tag(revision: str) -> bool:
    """Whether `--since` was given an image's tag, or the word for the deployed one, rather than a git revision."""
    return revision == DEPLOYED or _TAG.fullmatch(revision) is not None


def since_tag(now: Checkouts, asked: str, sources: Sources) -> Since:
    """Compare images with what a tag was made of.

    DeployErrors: `not-deployed`, `no-contents` when no source knows the tag; ConfigurationError `bad-flag`.
    """
    if asked != DEPLOYED and len(now.images) > 1:
        hint = "\n".join(f"rajee-deploy explain --since {asked} --image {quote(name)}" for name in now.images)
        raise ConfigurationError(
            "bad-flag", "a tag belongs to one image, but several images are chosen", where=asked, hint=hint
        )
    comparisons, notes, thens = {}, {}, {}
    for name, present in now.images.items():
        tag, note = _deployed_tag(present, sources) if asked == DEPLOYED else (asked, "")
        comparisons[name], thens[name], told = _compare(now, name, tag, sources)
        notes[name] = "; ".join(filter(None, (note, *told)))
    return Since(asked, "", comparisons, {name: note for name, note in notes.items() if note}, thens)


def _deployed_tag(present: ImageInputs, sources: Sources) -> tuple[str, str]:
    """The tag that the image's stack records, and what to know about that."""
    image = present.settings
    if not image.stack:
        raise DeployError(
            "not-deployed",
            f"the image {image.name} belongs to no stack",
            where=f"images.{image.name}.stack",
            hint="name one of its tags (rajee-deploy fingerprint prints today's), or a git revision: "
            "rajee-deploy explain --since HEAD~1",
        )
    state = sources.describe(image.stack)
    recorded = state.parameters.get(image.parameter, "") if isinstance(state, StackPresent) else ""
    tag = _tag_of(recorded, image.repository, sources)
    if not isinstance(state, StackPresent) or not _TAG.fullmatch(tag):
        what = (
            f"its {parameter_text(image.parameter)} is {recorded!r}"
            if isinstance(state, StackPresent)
            else "there is no such stack"
        )
        raise DeployError(
            "not-deployed",
            f"stack {image.stack} records no image of ours",
            where=f"stack {image.stack}",
            cause=what,
            hint="name one of its tags (rajee-deploy fingerprint prints today's), or a git revision: "
            "rajee-deploy explain --since HEAD~1",
        )
    note = (
        ""
        if runs_what_it_says(state.status)
        else f"stack {image.stack} is in {state.status}: what runs may be another tag"
    )
    return tag, note


def _tag_of(recorded: str, repository: Repository, sources: Sources) -> str:
    """The tag of what a stack records: itself, or for an image that is deployed by digest, what the image says that it
    was made of; "" where it says nothing of ours."""
    if not _DIGEST.fullmatch(recorded):
        return recorded
    label = sources.find_label(repository, recorded, FINGERPRINT_LABEL)
    return TAG_PREFIX + label.removeprefix("sha256:")[:TAG_HEX] if _DIGEST.fullmatch(label) else ""


def _compare(now: Checkouts, name: str, tag: str, sources: Sources) -> tuple[Comparison, Then, list[str]]:
    """The comparison, how it is known, and what had to be passed over for it."""
    present = now.images[name]
    if tag == present.fingerprint.tag:
        return Comparison(tag, tag, ()), Then("the present files"), []
    passed_over: list[str] = []
    for place, store in sources.stores:
        found = _find_record(store, present.settings.repository, tag, place, passed_over)
        if found is not None:
            record, contents = found[0], proved_by(present, found[1])
            if contents.unproved:
                passed_over.append(f"not all of the record is proved: {'; '.join(contents.unproved)}")
            return compare(contents, contents_of(present, with_bytes=True)), _then(place, record), passed_over
    return _by_git(now, name, tag, sources, passed_over)


def _find_record(
    store: ContentsStore, repository: Repository, tag: str, place: str, passed_over: list[str]
) -> tuple[Record, Contents] | None:
    try:
        record = store.get(repository, tag)
        if record is not None:
            return record, decode(tag, record.document)
    except DeployError as error:
        passed_over.append(f"{place}: {_source_text(error)}")
    else:
        passed_over.append(f"{place} has no record of {tag}")
    return None


def _then(place: str, record: Record) -> Then:
    notes = record.notes
    return Then(place, notes.get(REVISION, ""), notes.get(DIRTY) == "true", notes.get(CREATED, ""))


def _by_git(
    now: Checkouts, name: str, tag: str, sources: Sources, passed_over: list[str]
) -> tuple[Comparison, Then, list[str]]:
    """The last resort: the commit that the image names, or one whose files give this very tag, which goes before a
    commit whose files give another."""
    near: Since | None = None
    for find in (_named_commit, _found_commit):
        try:
            commit = find(now, name, tag, sources)
            found = since({name: now.images[name]}, now.origin, now.start, commit) if commit else None
        except DeployError as error:
            passed_over.append(f"git: {_source_text(error)}")
            continue
        if found is not None and found.comparisons[name].before == tag:
            return _of_commit(found, name, passed_over)
        if found is None:
            passed_over.append(_FOUND_NOTHING[find])
        near = near or found
    if near is None:
        raise DeployError(
            "no-contents",
            f"there is no record of what {tag} was made of",
            where=f"image {name}",
            cause="\n".join(passed_over),
            hint="compare with a commit instead: rajee-deploy explain --since REF",
        )
    other = f"which give {near.comparisons[name].before}: what was built differed from them, unseen here"
    return _of_commit(near, name, passed_over, other)


def _of_commit(found: Since, name: str, passed_over: list[str], other: str = "") -> tuple[Comparison, Then, list[str]]:
    notes = [*passed_over, f"compared with the files of {found.commit}", other, found.notes.get(name, "")]
    return found.comparisons[name], Then("git", found.commit), notes


def _named_commit(now: Checkouts, name: str, tag: str, sources: Sources) -> str:
    label = sources.find_label(now.images[name].settings.repository, tag, REVISION)
    return label if re.fullmatch(r"[0-9a-f]{40,64}", label) else ""


def _found_commit(now: Checkouts, name: str, tag: str, _sources: Sources) -> str:
    return find_commit_of(tag, now.images[name], now.origin, now.start)


_FOUND_NOTHING = {
    _named_commit: "the registry has no image of this tag that names its commit",
    _found_commit: f"none of the last {LAST} commits gives this tag",
}


def _source_text(error: DeployError) -> str:
    return f"{error}: {lines_of(error.cause)[0]}" if error.cause else str(error)
