"""What a plan is made of: steps with their reasons, and skips with their proof. Values only; `plan` makes them."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from rajee_deploy.dataclass import dataclass
from rajee_deploy.model.names import PRIVATE

if TYPE_CHECKING:
    from rajee_deploy.model import Notice
    from rajee_deploy.model.repository import Repository
    from rajee_deploy.plan.parameters import ParameterValue
    from rajee_deploy.rollout.standing import StackService


@dataclass(frozen=True, slots=True)
class BuildAndPush:
    """Build an image and push it under its tag."""

    image: str
    tag: str
    reason: str


@dataclass(frozen=True, slots=True)
class MoveTag:
    """Make `tag` name what `target` (a tag or a digest of the same repository) names, without pulling anything."""

    image: str
    repository: Repository
    tag: str
    target: str
    reason: str


class StackChange(Enum):
    """What about a stack differs from what is wanted."""

    FIRST = "first"
    TAG = "code"
    INFRASTRUCTURE = "infra"
    PARAMETER = "parameters"
    ROLLED_BACK = "retry"


# What a kind of run is named after, in this order.
_NAMED = (StackChange.TAG, StackChange.INFRASTRUCTURE, StackChange.PARAMETER)


class Tier(Enum):
    """What a decision about a stack's infrastructure stood on, from the cheapest: equal hashes of all that synth reads
    and of what is deployed; a synth, compared with what is deployed; or neither (then CloudFormation compares)."""

    HASH = "hash"
    SYNTH = "synth"
    DEPLOY = "deploy"


class Via(Enum):
    """Who carries a deployment out: the CDK CLI with an assembly, or CloudFormation with the template it has."""

    CDK = "cdk"
    CLOUDFORMATION = "cloudformation"


@dataclass(frozen=True, slots=True)
class DeployStack:
    """Deploy one stack with these parameters. `imports_existing`: take retained resources that exist already into the
    stack.

    `before` are the tags that shield what runs and what will run, moved first; `undo` puts them back when the deploy
    fails. `digests` are the parameters (by name) that receive the digest of a reference that is only built in this
    run; what `parameters` says of them is for people. `by_change_set`: CloudFormation creates the stack by a change set
    and in no other way, since one was made already. `values` are those of the app's own parameters, and
    `parameter_changes` says by name which of them change, for whoever is asked about it. `otherwise` is what else to do
    where CloudFormation refuses to do it alone.
    """

    stack: str
    parameters: tuple[tuple[str, str], ...]
    reason: str
    changes: tuple[StackChange, ...]
    imports_existing: bool = False
    before: tuple[MoveTag, ...] = ()
    undo: tuple[MoveTag, ...] = ()
    digests: tuple[tuple[str, Repository, str], ...] = ()
    tier: Tier = Tier.DEPLOY
    via: Via = Via.CDK
    by_change_set: bool = False
    why: tuple[tuple[StackChange, str], ...] = ()  # what `reason` says, one by one
    values: tuple[ParameterValue, ...] = ()
    parameter_changes: tuple[tuple[str, str], ...] = ()
    otherwise: str = ""

    @property
    def is_new(self) -> bool:
        """Whether there is nothing yet that it would change."""
        return StackChange.FIRST in self.changes

    @property
    def declared(self) -> tuple[tuple[str, str], ...]:
        """The parameters that the stack itself has: not the tags that its template was synthesised with."""
        return tuple((key, value) for key, value in self.parameters if not key.startswith(PRIVATE))


@dataclass(frozen=True, slots=True)
class Caution:
    """What speaks against a step and does not forbid it."""

    code: str
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class WaitForStack:
    """Somebody else's operation on the stack is under way: wait for its end, then observe and plan again."""

    stack: str
    reason: str


@dataclass(frozen=True, slots=True)
class RepairService:
    """Have a service run the task definition of its stack in the place of another one. ARNs."""

    stack: str
    service: str
    own: StackService
    runs: str
    task_definition: str
    reason: str


@dataclass(frozen=True, slots=True)
class ConfirmRollout:
    """Wait until the services of a stack run what it says, or say why they do not."""

    stack: str
    reason: str


Step = BuildAndPush | MoveTag | DeployStack | WaitForStack | RepairService | ConfirmRollout


@dataclass(frozen=True, slots=True)
class Skip:
    """A thing that needs nothing, and the proof."""

    subject: str
    reason: str
    tier: Tier | None = None  # of a stack
    but: str = ""  # what differs all the same, and is left as it is

    @property
    def name(self) -> str:
        """The image or the stack itself."""
        return self.subject.partition(" ")[2]

    @property
    def is_image(self) -> bool:
        """Whether it is an image, and no stack."""
        return self.subject.startswith("image ")


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps in the order they are done, and what was left out."""

    steps: tuple[Step, ...]
    skipped: tuple[Skip, ...]
    notices: tuple[tuple[str, Notice], ...] = ()  # with the image each is about
    cautions: tuple[Caution, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing has to happen."""
        return not self.steps

    @property
    def tier(self) -> Tier | None:
        """The dearest tier that any decision about a stack stood on; None where no stack was decided on."""
        used = {step.tier for step in self.steps if isinstance(step, DeployStack)} | {
            skip.tier for skip in self.skipped
        }
        return next((tier for tier in (Tier.SYNTH, Tier.HASH, Tier.DEPLOY) if tier in used), None)

    @property
    def kind(self) -> str:
        """The kind of run for the history: noop, wait, tags, confirm, repair, first, retry, or what changed: code,
        infra, parameters, with a + between."""
        if not self.steps:
            return "noop"
        if any(isinstance(step, WaitForStack) for step in self.steps):
            return "wait"
        if all(isinstance(step, MoveTag) for step in self.steps):
            return "tags"
        if all(isinstance(step, MoveTag | ConfirmRollout | RepairService) for step in self.steps):
            return "repair" if any(isinstance(step, RepairService) for step in self.steps) else "confirm"
        changes = {change for step in self.steps if isinstance(step, DeployStack) for change in step.changes}
        if any(isinstance(step, BuildAndPush) for step in self.steps):
            changes.add(StackChange.TAG)
        if StackChange.FIRST in changes:
            return StackChange.FIRST.value
        named = [change.value for change in _NAMED if change in changes]
        return "+".join(named) or StackChange.ROLLED_BACK.value
