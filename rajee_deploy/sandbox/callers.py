"""Who may ask the sandbox: programs of this machine, and no page that a browser shows.

The port is open to whoever reaches this machine's loopback, and any keys are good. A browser reaches it, too, for every
page that it shows: by a request of the page's own, or under a name of the page's that leads to 127.0.0.1. Browsers say
so in headers that no AWS client, docker or buildah sends. Pure.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

# Loopback by its own names, with what S3 and others write before a host. No name of the public DNS ends so.
_OWN_HOST = re.compile(
    r"(([\w-]+[.-])*(localhost|127(\.\d{1,3}){3})|\[::1\]|\[::ffff:127(\.\d{1,3}){3}\])(:\d{1,5})?", re.IGNORECASE
)
# This machine's loopback as Docker Desktop and podman call it for what runs in their machines, an engine that pushes
# among them. The registry alone: it asks for its password, and moto for none. No name of the public DNS ends in
# `.internal`: ICANN keeps it for private use.
_FROM_ENGINES = re.compile(r"host\.(docker|containers)\.internal(:\d{1,5})?", re.IGNORECASE)
_OWN_PAGES = ("same-origin", "none")  # a page of the sandbox itself, and what somebody typed


def refusal(environ: Mapping[str, Any], *, is_registry: bool = False) -> str:
    """Why a request (its WSGI environment) is not answered; "" for one that is. `is_registry`: the registry would."""
    host, origin = str(environ.get("HTTP_HOST", "")), str(environ.get("HTTP_ORIGIN", ""))
    if host and not (_OWN_HOST.fullmatch(host) or (is_registry and _FROM_ENGINES.fullmatch(host))):
        return "the sandbox answers to localhost and 127.0.0.1 alone; its registry to host.docker.internal, too"
    if origin and origin.partition("://")[2] != host:
        return "the sandbox answers no page of a browser"
    if environ.get("HTTP_SEC_FETCH_SITE", "none") not in _OWN_PAGES:
        return "the sandbox answers no page of a browser"
    return ""
