"""Whether builds go to a Docker Engine that keeps images in its classic store: one can neither export a build cache nor
make an image for several platforms, as containerd's store, other builders and buildah can.

For people who ask before a build finds out (https://docs.docker.com/engine/storage/containerd/). Must never decide what
is done about it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.engine.buildx import Buildx
from rajee_deploy.engine.choice import LocalEngine, choose_engine
from rajee_deploy.engine.docker_engine import CHECK_SECONDS
from rajee_deploy.system.process import run

if TYPE_CHECKING:
    from rajee_deploy.settings.build_settings import EngineSettings

_CONTAINERD = "io.containerd.snapshotter"  # of the engine's own word for its store, driver-type


def has_classic_store(settings: EngineSettings) -> bool:
    """As far as an engine says so: one that does not tell may have either. DeployError where none answers."""
    engine = choose_engine(settings)
    engine.check()
    buildx = engine.chosen if isinstance(engine, LocalEngine) else engine
    if not isinstance(buildx, Buildx) or not buildx.docker_engine:
        return False
    told = run([*buildx.docker_engine, "info", "--format", "{{json .DriverStatus}}"], time_limit=CHECK_SECONDS)
    return told.code == 0 and not any(_CONTAINERD in line for line in told.tail)
