"""What has to be bootstrapped for the app's stacks, as far as the last synth here tells, and which version is there."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from rajee_deploy.errors import ConfigurationError, DeployError
from rajee_deploy.plan.stack_names import resolve
from rajee_deploy.synth.assembly import stacks_of
from rajee_deploy.synth.command import configuration
from rajee_deploy.synth.deploy_checks import BootstrapNeed, bootstrap_needs, bootstrap_version

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rajee_deploy.aws import Identity
    from rajee_deploy.stack.whereabouts import Whereabouts
    from rajee_deploy.synth.assembly import StackArtifact

# What the CDK's own synthesizer asks for: https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-customizing.html
_QUALIFIER, _LEAST = "hnb659fds", 6
_KEY = "@aws-cdk/core:bootstrapQualifier"


class Bootstrapped:
    """Of one app. `names` are those of the settings (none: all of its stacks), `assembly` is that of the last synth."""

    def __init__(self, app: Path, names: Sequence[str], assembly: Path | None, where: Whereabouts) -> None:
        self._app = app
        self._names = names
        self._assembly = assembly
        self._where = where

    def needs(self, who: Identity) -> list[BootstrapNeed]:
        """Each place that the stacks live in. Without a synth it is where the caller is, by the CDK's own rules. None
        for an app whose stacks need no bootstrap stack."""
        stacks = self._stacks()
        if stacks is None:
            told = configuration(self._app).get("context", {})
            qualifier = told.get(_KEY, _QUALIFIER) if isinstance(told, dict) else _QUALIFIER
            return [BootstrapNeed(who.account, who.region, f"/cdk-bootstrap/{qualifier}/version", _LEAST, "")]
        self._where.bind_names({key: each.place for key, each in stacks.items()}, who.account)
        return bootstrap_needs(stacks, who)

    def version(self, need: BootstrapNeed) -> int | None:
        """The version that is there; None for none."""
        return bootstrap_version(self._where.reading(need.stack), need.parameter)

    def _stacks(self) -> dict[str, StackArtifact] | None:
        if self._assembly is None:
            return None
        try:
            stacks = {each.place.id: each for each in stacks_of(self._assembly)}
        except DeployError:
            return None  # the cache loses what it kept whenever it likes
        with suppress(ConfigurationError):  # the app has other stacks by now
            chosen = resolve(self._names, {key: each.place for key, each in stacks.items()})
            return {key: stacks[key] for key in chosen} or stacks
        return stacks
