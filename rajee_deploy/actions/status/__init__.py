"""What is deployed where, since when, by which revision, and whether it is what this checkout makes. Values only.

Rooms inside: this one (the nouns), look (asks AWS, git and the files; reads only), words (lines and the document).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.dataclass import dataclass

if TYPE_CHECKING:
    from rajee_deploy.plan.input_changes import InputChange


@dataclass(frozen=True, slots=True)
class DeployedImage:
    """An image parameter of a stack: what it records (a tag or a digest; "" for nothing), the tag that this checkout
    makes, and whether they are the same image; None where `doubt` says why nobody can tell."""

    name: str
    parameter: str
    deployed: str
    here: str
    matches: bool | None
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class DeployedParameter:
    """A parameter of the app's own that the settings give a value: both values ("" for one that nobody shows), and
    whether they are the same; None where that is not known here. `variable` is where ours comes from."""

    name: str
    deployed: str
    here: str
    matches: bool | None
    variable: str = ""


@dataclass(frozen=True, slots=True)
class RunningService:
    """An ECS service of a stack: tasks that run and are wanted, the images of its task definition, who rolls it out
    (ECS, CODE_DEPLOY or EXTERNAL), and in words what it does that its stack does not say ("" for nothing)."""

    name: str
    running: int
    desired: int
    images: tuple[str, ...]
    is_stable: bool
    controller: str = "ECS"
    drift: str = ""


@dataclass(frozen=True, slots=True)
class DeployedStack:
    """A stack. `status` is CloudFormation's, "" where there is no such stack; `since` is ISO 8601 in UTC. `revision` is
    the commit ("" where none is recorded) and `subject` its message's first line, where git knows it. `infrastructure`
    is the recorded infra hash, compared with that of this checkout. `doubts` are what could not be asked or believed.
    """

    stack: str
    status: str
    since: str = ""
    reason: str = ""
    revision: str = ""
    is_dirty: bool = False
    subject: str = ""
    images: tuple[DeployedImage, ...] = ()
    infrastructure: str = ""
    infrastructure_here: str = ""
    infrastructure_matches: bool | None = None
    # Whether it is known that this checkout makes what is deployed, though it records other inputs; and what moved
    # since, None where this machine does not know what that record was made of.
    is_proven: bool = False
    input_changes: tuple[InputChange, ...] | None = None
    services: tuple[RunningService, ...] = ()
    doubts: tuple[str, ...] = ()
    parameters: tuple[DeployedParameter, ...] = ()


@dataclass(frozen=True, slots=True)
class Status:
    """All stacks of the settings, and where they were looked for."""

    account: str
    region: str
    environment: str
    stacks: tuple[DeployedStack, ...]
