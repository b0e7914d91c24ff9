"""One CDK app on this machine: its fingerprint, its trace and its kept assemblies, which have a place in the cache."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from rajee_deploy.places import cache_directory
from rajee_deploy.stack.inputs import describe_app, infra_fingerprint, is_command_of
from rajee_deploy.stack.store import AssemblyStore
from rajee_deploy.stack.tracing import Tracer
from rajee_deploy.stack.tracing.depfile import Depfile, Records, read_depfile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rajee_deploy.fingerprint import Fingerprint
    from rajee_deploy.settings import CdkSettings


class CdkApp:
    """The app of the settings. What other settings make it read is kept apart (`environment` is their name)."""

    def __init__(self, settings: CdkSettings, environment: str) -> None:
        self._settings = settings
        which = [str(settings.app.resolve()), environment, sorted(settings.context.items()), settings.stacks]
        place = cache_directory() / "cdk" / hashlib.sha256(json.dumps(which).encode()).hexdigest()[:16]
        self._depfile = place / "depfile.json"
        self.store = AssemblyStore(place / "assemblies")
        self.tracer = Tracer(self._depfile, self._distil, lambda text: is_command_of(settings.app)(text))

    def fingerprint(self, carried: Mapping[str, Any] | None = None) -> Fingerprint:  # noqa: ARG002 -- for now
        """What synth reads, as far as the settings and the last trace know."""
        return infra_fingerprint(self._settings, read_depfile(self._depfile))

    def publishable(self) -> Mapping[str, Any] | None:
        """The list of the last synth, as it may travel; None when it may not."""
        return None

    def _distil(self, records: Records) -> Depfile:
        from rajee_deploy.stack.tracing.distil import distil

        return distil(describe_app(self._settings), records)
