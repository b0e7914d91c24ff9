"""What must be so before the CDK CLI deploys, which the CLI itself would say late: parameters, resources, bootstrap."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rajee_deploy.aws import unknown
from rajee_deploy.dataclass import dataclass
from rajee_deploy.errors import ConfigurationError, DeployError
from rajee_deploy.model.names import ASSET_PREFIX, GIVEN_PREFIX
from rajee_deploy.plan.parameter_changes import UntakenError
from rajee_deploy.plan.parameters import slots_of
from rajee_deploy.plan.template_differences import referenced_parameters
from rajee_deploy.synth.how_to import cdk_command, instead_of, reading_context
from rajee_deploy.system.regular_files import LARGE, read_text
from rajee_deploy.text.numbers import whole

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from rajee_deploy.aws import Identity
    from rajee_deploy.aws.elsewhere import Asks
    from rajee_deploy.plan.steps import DeployStack
    from rajee_deploy.stack.whereabouts import Whereabouts
    from rajee_deploy.synth.assembly import StackArtifact


@dataclass(frozen=True, slots=True)
class BootstrapNeed:
    """A place that has to be bootstrapped: where its version is noted, the least one that is needed, and a stack that
    lives there."""

    account: str
    region: str
    parameter: str
    least: int
    stack: str

    @property
    def address(self) -> str:
        """The place as `cdk bootstrap` takes it."""
        return f"aws://{self.account}/{self.region}"


def bootstrap_needs(stacks: Mapping[str, StackArtifact], who: Identity) -> list[BootstrapNeed]:
    """What these stacks need, each place once."""
    needs: dict[tuple[str, str, str], tuple[int, str]] = {}
    for stack, artifact in stacks.items():
        parameter = artifact.properties.get("bootstrapStackVersionSsmParameter")
        if parameter:
            place = artifact.place.account or who.account, artifact.place.region or who.region, parameter
            least = int(artifact.properties.get("requiresBootstrapStackVersion", 1))
            needs[place] = max(needs.get(place, (0, stack)), (least, stack))
    return [BootstrapNeed(*place, least, stack) for place, (least, stack) in sorted(needs.items())]


def check_bootstrap(app: Path, where: Whereabouts, stacks: Mapping[str, StackArtifact], who: Identity) -> None:
    """Every bootstrap version that the deployed stacks ask for must be there, in their account and region."""
    for need in bootstrap_needs(stacks, who):
        version = bootstrap_version(where.reading(need.stack), need.parameter)
        if not is_bootstrapped(need, version):
            raise not_bootstrapped(app, need, version)


def is_bootstrapped(need: BootstrapNeed, version: int | None) -> bool:
    """Whether what a place has is enough; None: it has none."""
    return version is not None and version >= need.least


def not_bootstrapped(app: Path, need: BootstrapNeed, version: int | None) -> DeployError:
    """The error for a place where it is not."""
    lacks = f"has bootstrap version {version}, {need.least} is needed"
    has = "is not bootstrapped" if version is None else lacks
    return DeployError(
        "not-bootstrapped",
        f"account {need.account} in {need.region} {has} for the CDK",
        where=need.parameter,
        hint=cdk_command(app, "bootstrap", need.address),
    )


def bootstrap_version(aws: Asks, parameter: str) -> int | None:
    """The version of the bootstrap stack by the parameter that notes it; None where there is none."""

    def absent(code: str, _message: str) -> bool | None:
        return True if code == "ParameterNotFound" else None

    answer = aws.ask("ssm", "get_parameter", {"Name": parameter}, absent)
    if not isinstance(answer, dict):
        return None
    version = whole(answer.get("Parameter", {}).get("Value", ""))
    if version is None:
        raise unknown(f"ssm:GetParameter {parameter}", "the answer holds no version number")
    return version


def check_parameters(step: DeployStack, template: Mapping[str, Any], app: Path) -> None:
    """The template must declare what the step gives it, and use it: a parameter nobody refers to updates nothing."""
    used, slots = referenced_parameters(template), slots_of(template)
    pending = {name for name, _, _ in step.digests}
    for name, value in step.declared:
        if name in used:
            example = "sha256:" + "0" * 64 if name in pending else value
            _check_pattern(step, name, example, str(slots[name].get("AllowedPattern", "")))
            continue
        error = UntakenError(step.stack, name, slots)
        error.hint = instead_of(app, name, is_digest=name in pending)
        raise error


def check_resources(stack: str, template: Mapping[str, Any]) -> None:
    """The CDK CLI deploys no stack without resources, and deletes one that is there: nobody agreed to either."""
    if not template.get("Resources"):
        raise ConfigurationError(
            "empty-stack",
            f"the template of {stack} has no resources, so the CDK would not deploy it",
            where=f"stack {stack}",
            hint="leave it out of cdk.stacks (name the others instead of a wildcard); to delete it: npx cdk destroy",
        )


def check_given(steps: Sequence[DeployStack], assembly: Path, app: Path) -> None:
    """A tag that no template has was given to an app that does not read it: the deployment would change nothing."""
    for step in steps:
        for key, tag in set(step.parameters) - set(step.declared):
            if key.startswith(ASSET_PREFIX) or any(
                tag in read_text(path, LARGE) for path in assembly.rglob("*.template.json")
            ):
                continue
            raise ConfigurationError(
                "context-not-read",
                f"the app puts the tag {tag} into no template",
                where=f"stack {step.stack}",
                hint=f"read it where the image is named: {reading_context(app, key.removeprefix(GIVEN_PREFIX))}",
            )


def _check_pattern(step: DeployStack, name: str, value: str, pattern: str) -> None:
    """CloudFormation would refuse the value only after the images were built."""
    from rajee_deploy.synth.passing import matches

    if not matches(pattern, value):
        by = "digest" if value.startswith("sha256:") else "tag"
        raise ConfigurationError(
            "parameter-refused",
            f"the parameter {name} of {step.stack} does not take {value}",
            where=f"stack {step.stack}",
            cause=f"its AllowedPattern is {pattern}",
            hint=f"the settings say deploy-by = {by!r}, and the stack is made for the other: change one of the two",
        )
