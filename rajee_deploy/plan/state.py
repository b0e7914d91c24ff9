"""What is wanted and what was observed: the facts that `plan` decides on. Values only.

Absent is a value and comes only from an explicit not-found answer; failing to look is an exception, so nothing here
stands for "unknown".
"""

from __future__ import annotations

from dataclasses import field
from enum import Enum
from typing import TYPE_CHECKING, Any

from rajee_deploy.dataclass import dataclass
from rajee_deploy.fingerprint import IGNORED, RECORD, TAKEN
from rajee_deploy.model.names import ASSET_PREFIX, DeployBy, Drift, InfraCheck

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rajee_deploy.fingerprint import Fingerprint
    from rajee_deploy.model import Digest, Platform
    from rajee_deploy.model.repository import Repository
    from rajee_deploy.plan.expiry import LifecycleRule
    from rajee_deploy.plan.input_changes import InputChange
    from rajee_deploy.plan.parameters import Declared, WantedParameter
    from rajee_deploy.plan.stack_names import StackPlace
    from rajee_deploy.plan.tagged_templates import RecordedImage
    from rajee_deploy.rollout.declared import DeclaredServices
    from rajee_deploy.rollout.standing import Running


class Ancestry(Enum):
    """How one commit stands to another."""

    SAME = "the same"
    OLDER = "older"
    NEWER = "newer"
    DIVERGED = "on another branch"
    UNKNOWN = "unknown"


# -- what is wanted ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WantedImage:
    """An image as this checkout makes it, and the stack parameter (if any) that receives its tag or digest.

    `keeper` is what its `live-` and `prev-` tags are named after, `former_keeper` what an older version named them
    after ("" for the same), `tags` are its additional ones.
    """

    name: str
    fingerprint: Fingerprint
    repository: Repository
    stack: str
    parameter: str
    platforms: tuple[Platform, ...]
    deploy_by: DeployBy = DeployBy.TAG
    keeper: str = ""
    tags: tuple[str, ...] = ()
    context_key: str = ""  # the tag is given to synth as this CDK context value, and `parameter` is its private name
    former_keeper: str = ""

    @property
    def is_asset(self) -> bool:
        """Whether the app declares it as an asset: its tag is text of the template, in a repository of the CDK's."""
        return self.parameter.startswith(ASSET_PREFIX)

    @property
    def is_shielded(self) -> bool:
        """Whether `live-` and `prev-` keep it from expiring. The CDK's repositories expire no tagged image, and let no
        tag be moved."""
        return bool(self.stack) and not self.is_asset

    @property
    def tag(self) -> str:
        """The tag the image has, or will have, in its repository."""
        return self.fingerprint.tag


@dataclass(frozen=True, slots=True)
class StackContent:
    """What `cdk deploy` compares of a stack: its template (a digest of `template_differences`) and what is around it.

    `effective` is the digest of what an update of the template can change by itself; "" where that is not known.
    `images` is what the stack records of images that the app declares: their tags are no part of the template's digest.
    """

    template: str
    tags: Mapping[str, str] = field(default_factory=dict)
    notification_arns: tuple[str, ...] = ()
    termination_protection: bool = False
    effective: str = field(default="", compare=False)
    images: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Synthesised:
    """A stack as the app makes it now.

    `parameters` are those that a resource or an output refers to, `volatile` those that are looked up in SSM at each
    deployment. `leaves_topics`: the template names no notification topics, so the stack's stay as they are. `sent` is
    the template's digest with all its characters, where CloudFormation does not give all of them back; else "".
    `declared` are all parameters of the template.
    """

    content: StackContent
    parameters: tuple[str, ...] = ()
    volatile: tuple[str, ...] = ()
    leaves_topics: bool = True
    sent: str = ""
    declared: Mapping[str, Declared] = field(default_factory=dict)
    place: StackPlace | None = None  # which stack it is; None where a test does not care
    images: Mapping[str, str] = field(default_factory=dict)  # tags of its image assets that are ours, by name
    plain: str = ""  # with such assets: the template's digest as the CDK CLI would deploy it by itself


@dataclass(frozen=True, slots=True)
class Wanted:
    """What this checkout asks for: its images, the stacks in order, and the infrastructure.

    `infrastructure` is what synth reads by this machine's own list; where a stack carries another list that decides,
    `infrastructures` has, by stack, what is read by that. `synthesised` is by stack, and empty where nothing was
    synthesised for the decision. `remembered` says the same of an earlier synth of these very inputs on this machine;
    `proven` are stacks of which some other machine's has proved that these inputs make what is deployed.
    """

    images: tuple[WantedImage, ...]
    stacks: tuple[str, ...] = ()
    infrastructure: Fingerprint | None = None
    check: InfraCheck = InfraCheck.AUTO
    synthesised: Mapping[str, Synthesised] = field(default_factory=dict)
    remembered: Mapping[str, Synthesised] = field(default_factory=dict)
    by_cloudformation: bool = False  # when only an image changed, CloudFormation may update the stack alone
    infrastructures: Mapping[str, Fingerprint] = field(default_factory=dict)
    proven: frozenset[str] = frozenset()
    drift: Drift = Drift.LEAVE
    is_record_enough: bool = False  # where a synth is wanted, a hash under a record of all that a synth saw is as good
    parameters: Mapping[str, tuple[WantedParameter, ...]] = field(default_factory=dict)  # the app's own, by stack
    tables: Mapping[str, str] = field(default_factory=dict)  # by stack, under which name the settings take these
    # By stack, which inputs moved since what it records, where this machine knows what that was made of.
    input_changes: Mapping[str, tuple[InputChange, ...]] = field(default_factory=dict)
    unchosen: Mapping[tuple[str, str], str] = field(default_factory=dict)  # (stack, parameter) of images left out

    def check_of(self, stack: str) -> InfraCheck:
        """On what "unchanged" may stand for a stack."""
        if self.check is not InfraCheck.SYNTH or not self.is_record_enough:
            return self.check
        is_whole = any(item.name == RECORD for item in self.infrastructure_of(stack).inputs)
        return InfraCheck.AUTO if is_whole else InfraCheck.SYNTH

    def infrastructure_of(self, stack: str) -> Fingerprint:
        """What a stack is judged with."""
        found = self.infrastructures.get(stack, self.infrastructure)
        if found is None:
            raise AssertionError("stacks are judged with the fingerprint of their infrastructure")
        return found

    def impurities_of(self, stack: str) -> tuple[str, ...]:
        """Calls of the app whose results no file hash covers, as the synth traced them that gave its list."""
        inputs = self.infrastructure_of(stack).inputs
        return tuple(item.text for item in inputs if item.name.startswith("impure:"))

    @property
    def impurities(self) -> tuple[str, ...]:
        """The same of all stacks."""
        return tuple(dict.fromkeys(call for stack in self.stacks for call in self.impurities_of(stack)))

    @property
    def ignored(self) -> tuple[str, ...]:
        """What synth read and the settings leave out."""
        names = (item.name for item in (self.infrastructure.inputs if self.infrastructure else ()))
        return tuple(name.removeprefix(IGNORED) for name in names if name.startswith(IGNORED))

    @property
    def taken(self) -> tuple[str, ...]:
        """What is not installed here and was taken as it is recorded."""
        found = [*([self.infrastructure] if self.infrastructure else ()), *self.infrastructures.values()]
        names = (item.name for each in found for item in each.inputs if item.name.startswith(TAKEN))
        return tuple(dict.fromkeys(name.removeprefix(TAKEN) for name in names))


# -- what was observed ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ImagePresent:
    """The registry has a usable image under the tag we asked for, and it is ours and of the platform asked for."""

    digest: Digest


@dataclass(frozen=True, slots=True)
class ImageAbsent:
    """The registry says explicitly that the repository has no such image."""


@dataclass(frozen=True, slots=True)
class RepositoryAbsent:
    """The registry says explicitly that there is no such repository."""


@dataclass(frozen=True, slots=True)
class ImageInaccessible:
    """The tag is taken by an image that cannot be pulled, such as an archived one. `status` is ECR's word for it."""

    status: str


@dataclass(frozen=True, slots=True)
class ImageForeign:
    """The tag names an image that was not built for it. `recorded` is the fingerprint in its label, "" for none."""

    digest: Digest
    recorded: str


@dataclass(frozen=True, slots=True)
class ImageOfOtherPlatform:
    """The tag names an image that has not the platform asked for, but those of `platforms`."""

    digest: Digest
    platforms: str


ImageState = ImagePresent | ImageAbsent | RepositoryAbsent | ImageInaccessible | ImageForeign | ImageOfOtherPlatform


@dataclass(frozen=True, slots=True)
class Tagged:
    """A reference (tag or digest) that the repository has, and the digest it names. Nothing is said of its content."""

    digest: Digest


ReferenceState = Tagged | ImageAbsent | ImageInaccessible


@dataclass(frozen=True, slots=True)
class ImageContent:
    """What an image says of itself: its platform (all of them where an index lacks the one asked for), and the
    fingerprint in its label, "" for none. `layers` is a digest of its layers and of what is run, labels left out: the
    same for two images that do the same; "" where it is not known."""

    platform: str
    fingerprint: str
    layers: str = ""


@dataclass(frozen=True, slots=True)
class StackAbsent:
    """CloudFormation says explicitly that there is no such stack."""


@dataclass(frozen=True, slots=True)
class StackPresent:
    """A stack as DescribeStacks tells it. `reason` is CloudFormation's StackStatusReason.

    `content` is there when the template was asked for too, with its `volatile` parameters (see Synthesised).
    """

    status: str
    parameters: Mapping[str, str]
    outputs: Mapping[str, str]
    reason: str = ""
    content: StackContent | None = None
    volatile: tuple[str, ...] = ()
    since: str = field(default="", compare=False)  # when it was last changed, ISO 8601 in UTC; "" where not told
    # The list of what its synth read, as its template carries it (see `carried`); None where it carries none.
    carried: Mapping[str, Any] | None = field(default=None, compare=False)
    identifier: str = field(default="", compare=False)  # its ARN: another one when it was deleted and made again
    # What its template declares; read only where a parameter of it is given a value.
    declared: Mapping[str, Declared] = field(default_factory=dict, compare=False)
    # Image assets that are ours, as it records them; their tags are among `parameters`, under private names.
    images: tuple[RecordedImage, ...] = ()
    # Why its template cannot be given to CloudFormation with other tags of these ("" where it can), and how large it is
    # with the list that it carries.
    retag_obstacle: str = field(default="", compare=False)
    template_size: int = field(default=0, compare=False)
    # What of it was parsed, with placeholders in the places of its images' tags; None where it was not asked for.
    template: Any = field(default=None, compare=False, repr=False)
    # The services that its template declares; None where the template was not asked for.
    services: DeclaredServices | None = field(default=None, compare=False)


StackState = StackAbsent | StackPresent


@dataclass(frozen=True, slots=True)
class Observed:
    """The world, by image name and by stack name.

    `references` are the other tags and digests that were asked for, by repository and reference; `frozen` are those
    of them that exist and that their repository lets nobody move. `secrets` says of values that CloudFormation hides,
    by stack and parameter, whether this machine was the last to deploy them, and they are the same; those of which it
    was not the last are left out. `services` are, by stack, those of stacks that could stay as they are, with the
    moment of the look (seconds since the epoch); `unseen` says of a stack why they were not looked at. `lifecycle` are
    the rules of repositories in which an image is to have a version as its tag.
    """

    images: Mapping[str, ImageState]
    stacks: Mapping[str, StackState]
    references: Mapping[tuple[Repository, str], ReferenceState] = field(default_factory=dict)
    frozen: frozenset[tuple[Repository, str]] = frozenset()
    secrets: Mapping[tuple[str, str], bool] = field(default_factory=dict)
    services: Mapping[str, tuple[Running, ...]] = field(default_factory=dict)
    unseen: Mapping[str, str] = field(default_factory=dict)
    at: float = 0.0
    lifecycle: Mapping[Repository, tuple[LifecycleRule, ...]] = field(default_factory=dict)

    def find_digest(self, repository: Repository, reference: str) -> Digest | None:
        """The digest that a reference names, None where it is absent (or of no use)."""
        state = self.references.get((repository, reference))
        return state.digest if isinstance(state, Tagged) else None
