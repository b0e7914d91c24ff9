"""The verdict on one image, as a document and as lines. Says what was not checked as plainly as what was. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rajee_deploy.actions.verify.buildkit import how
from rajee_deploy.dataclass import dataclass
from rajee_deploy.text.short import short

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rajee_deploy.actions.verify.buildkit import Checked
    from rajee_deploy.actions.verify.contents import Compared
    from rajee_deploy.image.inputs import ImageInputs
    from rajee_deploy.model import ContextRead


@dataclass(frozen=True, slots=True)
class VerifiedImage:
    """An image that agrees. `engine` names who was asked; where nobody was, `checked` is None and `reason` says why.
    `compared` are the builds of its platforms."""

    inputs: ImageInputs
    engine: str
    checked: Checked | None
    reason: str = ""
    compared: tuple[Compared, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether nothing was left out."""
        return self.checked is not None and not self.checked.unchecked and all(one.how for one in self.compared)


def document(verdicts: Mapping[str, VerifiedImage]) -> dict[str, Any]:
    """`rajee-deploy.verify/1`: per image what was compared, and what was not, with the reason. `contents` has a version
    of its own: it says how the build of the user's directory was compared with ours, for each platform."""
    return {
        "schema": "rajee-deploy.verify/1",
        "images": {name: _image(verdict) for name, verdict in verdicts.items()},
    }


def lines(verdict: VerifiedImage) -> Iterator[str]:
    """What was not checked, a line each."""
    if verdict.checked is None:
        yield f"only re-hashed, not checked against BuildKit: {verdict.reason}"
        return
    for one in verdict.checked.unchecked:
        read = one.read
        yield f"not checked: line {read.location.start} {read.instruction.value} {read.source}: {one.reason}"
    for each in verdict.compared:
        if not each.how:
            yield f"contents not compared ({each.platform}): {each.reason}"


def summary(verdict: VerifiedImage) -> str:
    """The result in one line."""
    count = len(verdict.inputs.uses)
    tag = short(verdict.inputs.fingerprint.tag)
    nothing = f"{tag}: nothing to re-hash, since its Dockerfile reads nothing of the build context"
    if verdict.checked is None:
        return f"{tag} agrees: {count} re-hashed" if count else nothing
    agreed, left = len(verdict.checked.agreed), len(verdict.checked.unchecked)
    missing = sum(not each.how for each in verdict.compared)
    contents = "contents not compared" if missing else "contents the same"
    if not count:
        return f"{nothing}; built by {verdict.engine}: {contents}"
    return f"{tag} agrees: {count} re-hashed, {agreed} checked against {verdict.engine}, {left} not checked, {contents}"


def _image(verdict: VerifiedImage) -> dict[str, Any]:
    checked = verdict.checked
    return {
        "tag": verdict.inputs.fingerprint.tag,
        "digest": str(verdict.inputs.fingerprint.digest),
        "rehashed": len(verdict.inputs.uses),
        "engine": verdict.engine or None,
        "checked": [{**_read(read), "how": how(read)} for read in checked.agreed] if checked else [],
        "not_checked": [{**_read(one.read), "reason": one.reason} for one in checked.unchecked]
        if checked
        else [{**_read(use.read), "reason": verdict.reason} for use in verdict.inputs.uses],
        "contents": {
            "schema": "rajee-deploy.verify-contents/1",
            "result": "same" if checked and all(one.how for one in verdict.compared) else "not-compared",
            "platforms": [
                {"platform": one.platform, "how": one.how or None, "reason": one.reason or None}
                for one in verdict.compared
            ],
        },
    }


def _read(read: ContextRead) -> dict[str, Any]:
    return {
        "instruction": read.instruction.value,
        "line": [read.location.start, read.location.end],
        "context": read.context,
        "source": read.source.encode("utf-8", "surrogateescape").decode("utf-8", "replace"),
    }
