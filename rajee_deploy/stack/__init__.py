"""The stack: what CloudFormation has. Two small Protocols: of CloudFormation, and of the CDK CLI that deploys, whose
adapter is `synth.cdk_cli`.

This room never decides whether a deploy is needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from rajee_deploy.aws import Identity
    from rajee_deploy.plan.state import StackState, Synthesised
    from rajee_deploy.plan.steps import DeployStack


class StackReader(Protocol):
    """What the tool asks of CloudFormation."""

    def describe(self, stack: str) -> StackState:
        """The stack as it is, without its content. DeployError when the answer is neither yes nor no."""
        ...

    def observe(self, stack: str) -> StackState:
        """The same with its content: the template, and what `cdk deploy` compares besides."""
        ...


class StackDeployer(Protocol):
    """What the tool asks of the CDK CLI."""

    def synth(
        self, assembly: Path, on_line: Callable[[str], None], given: Mapping[str, str]
    ) -> Mapping[str, Synthesised]:
        """Synthesise the app, with `given` as context, into the (absent) directory `assembly`; its stacks by id.

        DeployError `synth-failed`.
        """
        ...

    def check_account(self, account: str) -> None:
        """Check that nothing the CLI would read by itself means another account than the one that was asked.

        ConfigurationError `profile-contradiction`.
        """
        ...

    def check(self, assembly: Path, steps: Sequence[DeployStack], who: Identity) -> None:
        """Check that the assembly takes what the steps will give, and that the places of its stacks can take it.

        DeployErrors `no-such-stack`, `no-such-parameter`, `empty-stack`, `not-bootstrapped`, `no-role`.
        """
        ...

    def deploy(self, step: DeployStack, assembly: Path, on_line: Callable[[str], None]) -> None:
        """Deploy one stack of the assembly, to its end.

        DeployErrors `deploy-failed`, and `stack-busy` when somebody else began an operation on it meanwhile.
        """
        ...

    def prepare(self, step: DeployStack, assembly: Path, change_set: str, on_line: Callable[[str], None]) -> None:
        """Make the change set that the deployment would be, and execute nothing. DeployErrors as of `deploy`."""
        ...

    def security_changes(self, stack: str, assembly: Path) -> str:
        """What the deployment would allow that is not allowed now, for people; "" when nothing."""
        ...
