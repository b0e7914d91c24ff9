"""The CDK CLI, run. It is started only where a synth decides, or something is deployed."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

from rajee_deploy.errors import DeployError, Quote
from rajee_deploy.model.stack_status import stack_busy, tells_of_refusal_for_now
from rajee_deploy.plan.stack_names import as_pattern, no_such_stack
from rajee_deploy.plan.steps import StackChange
from rajee_deploy.stack.whereabouts import Whereabouts
from rajee_deploy.synth.assembly import stacks_of, synthesised_stacks
from rajee_deploy.synth.cli_endpoint import check_endpoint
from rajee_deploy.synth.cli_files import get_cli
from rajee_deploy.synth.cli_options import NO_PROFILE, kept_from_diff
from rajee_deploy.synth.shared_assets import share_assets
from rajee_deploy.synth.variables import check_profile, synth_environment
from rajee_deploy.system.process import Completed, run
from rajee_deploy.system.temporary import usual_place

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from rajee_deploy.aws import Aws, Identity
    from rajee_deploy.plan.state import Synthesised
    from rajee_deploy.plan.steps import DeployStack
    from rajee_deploy.settings import CdkSettings
    from rajee_deploy.synth.assembly import StackArtifact
    from rajee_deploy.synth.image_assets import ImageAsset
    from rajee_deploy.synth.tracing import Tracer

# Quiet, offline and without the optional validator that takes two thirds of a synth; the template is the same without.
CDK_ENVIRONMENT = {
    "CDK_DISABLE_CLI_TELEMETRY": "true",
    "CDK_VALIDATION": "false",
    "NODE_NO_WARNINGS": "1",
    "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "18,20",  # a list of major versions
}
# A row of what CloudFormation tells meanwhile: `Shop |  3/28 | 5:38:31 PM | CREATE_COMPLETE | AWS::…`. Of those that
# failed the CLI makes a list of its own at the end, whose rows have no number.
_EVENT = re.compile(r"\s*\S+ \|\s*\d+(/\d+)?\s*\| [^|]* \| [A-Z_]+ +\| ")
_ALWAYS = ("--ci", "--no-color", "--no-notices", NO_PROFILE)


class Cdk:
    """The CDK app of the settings, deployed with its own CLI."""

    def __init__(self, settings: CdkSettings, aws: Aws, tracer: Tracer, where: Whereabouts | None = None) -> None:
        self._settings = settings
        self._aws = aws
        self._tracer = tracer
        self._where = where or Whereabouts(aws)

    def synth(self, assembly: Path, on_line: Callable[[str], None], given: Mapping[str, str]) -> dict[str, Synthesised]:
        """See StackDeployer. What the app reads meanwhile is traced, see `tracing`."""
        check_profile(self._aws.profile, os.environ, self._settings.env)
        own = synth_environment(os.environ, self._aws.resolved_environment(), self._settings.env)
        context = {**self._settings.context, **given}
        with self._tracer.tracing(assembly) as trace:
            environment = {**own, **trace.environment}
            ended = self._synth(assembly, context, on_line, environment, trace.before)
            if ended.code != 0 and trace.before:
                # It may need rights that nobody has under strace. Without the kernel's record, then.
                trace.before = ()
                shutil.rmtree(assembly, ignore_errors=True)
                ended = self._synth(assembly, context, on_line, environment)
            trace.has_failed = ended.code != 0
        if ended.code != 0:
            from rajee_deploy.stack.full_disk import no_space
            from rajee_deploy.synth.failure_place import failure_place
            from rajee_deploy.synth.how_to import after_failure

            full = no_space("cdk synth", ended.tail, (usual_place() or assembly, assembly.parent, self._settings.app))
            raise full or DeployError(
                "synth-failed",
                "cdk synth failed",
                where=failure_place(ended.tail, self._settings.app) or str(self._settings.app),
                quote=_last_lines(ended),
                hint=after_failure(self._settings.app, "\n".join(ended.tail)),
            )
        share_assets(assembly)
        return synthesised_stacks(assembly, self._settings.app)

    def adopt(self, assembly: Path, tag_of: Callable[[ImageAsset], str]) -> dict[str, Synthesised]:
        """Take the image assets of a new assembly out of the CDK CLI's hands: its stacks by id, as they are then, each
        with the tags of its images. `tag_of` makes an image's tag of what was staged."""
        from rajee_deploy.synth.neutral_assembly import neutralise

        before = synthesised_stacks(assembly, self._settings.app)
        adopted = neutralise(assembly, tag_of)
        found = synthesised_stacks(assembly, self._settings.app)
        return {
            stack: replace(made, images=adopted.tags.get(stack, {}), plain=before[stack].content.template)
            for stack, made in found.items()
        }

    def check_account(self, account: str) -> None:
        """See StackDeployer."""
        from rajee_deploy.synth.cli_profile import check_account

        check_account(self._settings.app, self._aws.profile_in_force, account, self._aws.account_of)

    def check(self, assembly: Path, steps: Sequence[DeployStack], who: Identity) -> None:
        """See StackDeployer."""
        from rajee_deploy.synth.deploy_checks import check_bootstrap, check_given, check_parameters, check_resources
        from rajee_deploy.synth.passing import check_values

        stacks = self._artifacts(assembly, steps)
        for step in steps:
            template = stacks[step.stack].template()
            check_parameters(step, template, self._settings.app)
            check_values(step, template)
            check_resources(step.stack, template)
        check_given(steps, assembly, self._settings.app)
        check_bootstrap(self._settings.app, self._where, stacks, who)

    def deploy(self, step: DeployStack, assembly: Path, on_line: Callable[[str], None]) -> None:
        """See StackDeployer. An import needs a change set, and so does the creation of a stack that has one; everything
        else updates directly, which is faster and leaves no change set of a shared name for two runs to fight over."""
        imported = ["--import-existing-resources"] if step.imports_existing else []
        method = "change-set" if step.imports_existing or step.by_change_set else "direct"
        self._deploy(step, assembly, [f"--method={method}", *imported], on_line)

    def prepare(self, step: DeployStack, assembly: Path, change_set: str, on_line: Callable[[str], None]) -> None:
        """See StackDeployer."""
        imported = ["--import-existing-resources"] if step.imports_existing else []
        method = ["--method=prepare-change-set", f"--change-set-name={change_set}", *imported]
        self._deploy(step, assembly, method, on_line)

    def security_changes(self, stack: str, assembly: Path) -> str:
        """See StackDeployer."""
        from rajee_deploy.synth.security_diff import DIFF, WHOLE, security_changes

        printed: list[str] = []
        own = {**self._aws.child_environment(), **kept_from_diff(os.environ), **WHOLE}
        name = self._where.place(stack).id
        ended = self._cdk(
            ["diff", as_pattern(name), "--app", str(assembly), "--exclusively", *DIFF], printed.append, own
        )
        return security_changes(name, ended, printed)

    def _artifacts(self, assembly: Path, steps: Sequence[DeployStack]) -> dict[str, StackArtifact]:
        """The steps' stacks in the assembly. DeployError `no-such-stack`."""
        found = {each.place.id: each for each in stacks_of(assembly)}
        stacks = {step.stack: found.get(self._where.place(step.stack).id) for step in steps}
        for stack, artifact in stacks.items():
            if artifact is None:
                raise no_such_stack(self._where.place(stack).id, {key: each.place for key, each in found.items()})
        return {stack: artifact for stack, artifact in stacks.items() if artifact is not None}

    def _deploy(self, step: DeployStack, assembly: Path, method: Sequence[str], on_line: Callable[[str], None]) -> None:
        from rajee_deploy.synth.passing import hush, passing, without_secrets

        # After a rollback the CLI's own comparison could skip what was undone: CloudFormation is made to compare.
        force = ["--force"] if StackChange.ROLLED_BACK in step.changes else []
        hide = without_secrets(step.values)
        place = self._where.place(step.stack)
        with passing(step, place.name) as parameters:
            ended = self._cdk(
                [
                    "deploy",
                    as_pattern(place.id),
                    "--app",
                    str(assembly),
                    "--exclusively",
                    "--require-approval=never",
                    "--progress=events",
                    *method,
                    *force,
                    *parameters.arguments,
                ],
                lambda line: on_line(hide(line)),
                {**self._aws.child_environment(), **parameters.changes(os.environ)},
            )
            if ended.code == 0 or "missing a value" in "\n".join(ended.tail):
                parameters.check(step)
        ended = hush(ended, hide)
        if ended.code == 0:
            return
        if tells_of_refusal_for_now("\n".join(ended.tail)):
            raise stack_busy(step.stack, quote=_last_lines(ended))
        from rajee_deploy.synth.how_to import after_failure

        raise DeployError(
            "deploy-failed",
            f"cdk deploy of {step.stack} failed",
            where=f"stack {step.stack}",
            quote=_last_lines(ended, without=_EVENT),
            hint=after_failure(self._settings.app, "\n".join(ended.tail)),
        )

    def _synth(
        self,
        assembly: Path,
        context: Mapping[str, str],
        on_line: Callable[[str], None],
        environment: Mapping[str, str | None],
        before: Sequence[str] = (),
    ) -> Completed:
        from rajee_deploy.synth.context_values import handing

        words = ["synth", "--quiet", "--output", str(assembly)]
        with handing(context, get_cli(self._settings.app).path, environment.get("NODE_OPTIONS") or "") as handed:
            ended = self._cdk([*words, *handed.arguments], on_line, {**environment, **handed.environment}, before)
            if handed.is_lost:
                shutil.rmtree(assembly, ignore_errors=True)
                ended = self._cdk([*words, *handed.plain], on_line, environment, before)
        return ended

    def _cdk(
        self,
        arguments: list[str],
        on_line: Callable[[str], None],
        environment: Mapping[str, str | None],
        before: Sequence[str] = (),
    ) -> Completed:
        app = self._settings.app
        cli = get_cli(app)
        check_endpoint(app, cli, {**os.environ, **environment})
        return run(
            [*before, str(cli.path), *arguments, *_ALWAYS],
            cwd=app,
            env={**CDK_ENVIRONMENT, **environment},
            on_line=on_line,
        )


def _last_lines(ended: Completed, without: re.Pattern[str] | None = None) -> Quote:
    said = [line for line in ended.tail if line.strip() and not (without and without.match(line))]
    lines = tuple(said[-20:])
    return Quote(lines, ended.count) if lines else Quote((f"exit code {ended.code}, and it said nothing",))
