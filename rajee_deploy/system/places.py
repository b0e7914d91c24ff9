"""Where the tool keeps what it remembers of this user, and where docker keeps its. Who writes there makes the place
(see `ours`)."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from rajee_deploy.system.ours import make_place


def state_directory() -> Path:
    """RAJEE_DEPLOY_STATE_DIR, else the platform's own place for state."""
    chosen = os.environ.get("RAJEE_DEPLOY_STATE_DIR")
    if chosen:
        return Path(chosen)
    from platformdirs import user_state_path

    return user_state_path("rajee-deploy")


def cache_directory() -> Path:
    """RAJEE_DEPLOY_CACHE_DIR, else `cache` in a chosen place for state, else the platform's own place for caches.

    All in it can be made again.
    """
    chosen, state = os.environ.get("RAJEE_DEPLOY_CACHE_DIR"), os.environ.get("RAJEE_DEPLOY_STATE_DIR")
    if chosen:
        return Path(chosen)
    if state:
        return Path(state) / "cache"
    from platformdirs import user_cache_path

    return user_cache_path("rajee-deploy")


def prepare_chosen_places() -> None:
    """Make and mark the places that the environment chose: what is about to be hashed may hold them, and a run must
    see of it what the next one will. One that cannot be made is done without, here as elsewhere."""
    for name in ("RAJEE_DEPLOY_STATE_DIR", "RAJEE_DEPLOY_CACHE_DIR"):
        if chosen := os.environ.get(name):
            with suppress(OSError):
                make_place(Path(chosen))


def user_docker_config() -> Path:
    """The user's own docker configuration directory."""
    return Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
