"""Where the tool keeps what it remembers of this user, and where docker keeps its. It makes no directory; who writes
does."""

from __future__ import annotations

import os
from pathlib import Path


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


def user_docker_config() -> Path:
    """The user's own docker configuration directory."""
    return Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
