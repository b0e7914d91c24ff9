"""Whether a path is an input of the infrastructure, and what moved of it since this machine last knew its hash. It asks
nobody: what is deployed is no matter here.
"""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Any

from rajee_deploy.dataclass import dataclass
from rajee_deploy.errors import DeployError
from rajee_deploy.fingerprint import IGNORED, with_given
from rajee_deploy.plan.input_changes import changed_inputs, in_words, path_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rajee_deploy.fingerprint import Fingerprint
    from rajee_deploy.plan.input_changes import FormerInputs, InputChange
    from rajee_deploy.settings import Settings

_SINCE = "the state that this machine last saw deployed, or made by a synth"


@dataclass(frozen=True, slots=True)
class OfInfrastructure:
    """`path` from the top of the checkout. `is_input`: it, or something below it, counts; `is_ignored`: it would but
    for cdk.ignore. `changes` are all that moved since; None where this machine knows of no former hash."""

    path: str
    is_input: bool
    is_ignored: bool
    changes: tuple[InputChange, ...] | None

    @property
    def has_changed(self) -> bool | None:
        """Whether it, or something below it, moved since; None where nobody knows."""
        if self.changes is None:
            return None
        return any(_is_in(each.what, self.path) for each in self.changes)


def of_infrastructure(settings: Settings, given: Mapping[str, str], path: str) -> OfInfrastructure | None:
    """The answer; None where the path has nothing to do with the infrastructure. `path` is as the shell means it;
    `given` are the tags that synth gets as context values."""
    if not settings.cdk.stacks:
        return None
    from rajee_deploy.image.originals import digest_originals
    from rajee_deploy.synth.app import CdkApp
    from rajee_deploy.system.extent import project_root

    app = settings.cdk.app.resolve()
    root = str(project_root(app))
    real = os.path.join(os.path.realpath(os.path.dirname(path) or "."), os.path.basename(path))  # noqa: PTH118, PTH119, PTH120
    asked = os.path.relpath(real, root)
    own = CdkApp(settings.cdk, settings.environment, partial(digest_originals, settings))
    try:
        now = with_given(own.fingerprint(), given)
    except DeployError:
        return None  # the question is about an image as well, which has its answer
    former = own.inputs.latest()
    if former is not None:  # the tag of an image that --image leaves out is not known here
        kept = {name: said for name, said in former.inputs.items() if _is_asked(name, given)}
        former = former._replace(inputs=kept)
    return answer(now, former, os.path.relpath(app, root), asked)


def answer(now: Fingerprint, former: FormerInputs | None, app: str, path: str) -> OfInfrastructure | None:
    """The same of facts. Pure; `app` and `path` from the top of the checkout."""
    paths = {path_of(item.name, app) for item in now.inputs}
    is_input = any(_is_in(each, path) for each in paths if each)
    ignored = (
        item.name.removeprefix(IGNORED).removeprefix("./") for item in now.inputs if item.name.startswith(IGNORED)
    )
    found = OfInfrastructure(
        path,
        is_input,
        any(_is_in(each, path) for each in ignored),
        changed_inputs(former, now) if former is not None else None,
    )
    is_of_app = _is_in(path, app) and path != app
    return found if found.is_input or found.is_ignored or found.has_changed or is_of_app else None


def sentence(found: OfInfrastructure) -> str:
    """The answer for people."""
    if not found.is_input and not found.has_changed:
        why = "cdk.ignore takes it out" if found.is_ignored else "no synth is known to read it"
        return f"{found.path} is no input of the infrastructure: {why}"
    subject = f"{found.path} is an input of the infrastructure"
    if found.changes is None:
        return f"{subject}; whether it changed is not known here (rajee-deploy plan compares with what is deployed)"
    if not found.changes:
        return f"{subject}; nothing of it changed since {_SINCE}"
    changed = "which changed" if found.has_changed else "which is as it was"
    return f"{subject}, {changed} since {_SINCE}; changed since then: {in_words(found.changes)}"


def document(found: OfInfrastructure) -> dict[str, Any]:
    """The part of `explain PATH --json`."""
    changes = found.changes
    return {
        "input": found.is_input,
        "ignored": found.is_ignored,
        "changed": found.has_changed,
        "changed_inputs": None if changes is None else [{"name": one.what, "change": one.how} for one in changes],
    }


def _is_asked(name: str, given: Mapping[str, str]) -> bool:
    kind, _, key = name.partition(":")
    return kind != "given" or key in given


def _is_in(inner: str, outer: str) -> bool:
    if outer in ("", "."):
        return inner != ".." and not inner.startswith("../")
    return inner == outer or inner.startswith(f"{outer}/")
