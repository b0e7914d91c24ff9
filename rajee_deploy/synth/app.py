"""One CDK app on this machine: its fingerprint, its trace and its kept assemblies, which have a place in the cache."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from rajee_deploy.synth.assembly_cache import AssemblyStore
from rajee_deploy.synth.command import is_command_of
from rajee_deploy.synth.image_inputs import DigestImages, no_digests
from rajee_deploy.synth.input_store import InputStore
from rajee_deploy.synth.inputs import describe_app, infra_fingerprint
from rajee_deploy.synth.toolchain import toolchain_versions
from rajee_deploy.synth.tracing import Tracer
from rajee_deploy.synth.tracing.depfile import Depfile, Records, TracedImage, read_depfile
from rajee_deploy.system.extent import project_root
from rajee_deploy.system.places import cache_directory

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from rajee_deploy.fingerprint import Fingerprint
    from rajee_deploy.settings import CdkSettings


class CdkApp:
    """The app of the settings. What other settings make it read is kept apart (`environment` is their name).
    `digest_images` says what images are made of."""

    def __init__(self, settings: CdkSettings, environment: str, digest_images: DigestImages = no_digests) -> None:
        self._settings = settings
        self._digest_images = digest_images
        which = [str(settings.app.resolve()), environment, sorted(settings.context.items()), settings.stacks]
        place = _place(which)
        self._depfile = place / "depfile.json"
        self.store = AssemblyStore(place / "assemblies")
        app = settings.app.resolve()
        # Of all selections of stacks together: an edit of that setting, too, has a name.
        chosen = {"cdk.stacks": json.dumps(settings.stacks)}
        self.inputs = InputStore(_place(which[:2]), os.path.relpath(app, project_root(app)), chosen)
        self.tracer = Tracer(
            self._depfile, self._distil, partial(is_command_of, settings.app), str(settings.app.resolve())
        )

    def fingerprint(self, carried: Mapping[str, Any] | None = None) -> Fingerprint:
        """What synth reads, as far as the settings and the last trace know; or as a list says that a stack carries."""
        if carried is None:
            return infra_fingerprint(self._settings, self._read(), digest_images=self._digest_images)
        from rajee_deploy.synth.travelling import from_document

        depfile, recorded = from_document(carried)
        return infra_fingerprint(self._settings, depfile, recorded, self._digest_images)

    def publishable(self) -> Mapping[str, Any] | None:
        """The list of the last synth, as it may travel; None when it may not."""
        from rajee_deploy.synth.travelling import to_document

        depfile = self._read()
        if not depfile.is_whole:
            return None
        return to_document(depfile, dict(depfile.installed))

    @property
    def root(self) -> Path:
        """The checkout that the app lies in."""
        return project_root(self._settings.app.resolve())

    @property
    def images(self) -> tuple[TracedImage, ...]:
        """The images that the last synth staged from the checkout, and that count as such."""
        return self._read().images

    def _read(self) -> Depfile:
        """What the last synth read; what lies on a disk that kept nothing of it is of another one."""
        return self.tracer.found or read_depfile(self._depfile)

    def last_failure(self) -> str:
        """When the last synth failed here, ISO 8601 in UTC; "" where it did not."""
        from rajee_deploy.synth.tracing.failure import last_failure

        return last_failure(self._depfile.parent)

    def _distil(self, records: Records) -> Depfile:
        from rajee_deploy.synth.tracing.distil import distil

        depfile = distil(describe_app(self._settings, self._digest_images), records)
        if not depfile.is_whole:
            return depfile
        used = depfile.toolchain.with_former(self._read().toolchain)
        return replace(depfile, toolchain=used, installed=tuple(toolchain_versions(self._settings.app, used).items()))


def _place(which: Sequence[object]) -> Path:
    return cache_directory() / "cdk" / hashlib.sha256(json.dumps(which).encode()).hexdigest()[:16]
