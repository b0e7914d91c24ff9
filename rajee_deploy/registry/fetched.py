"""What a source of ADD holds now: the sha256 of what a URL gives, the commit that a git reference names.

For the lock alone; the build fetches by itself and compares. A body counts only when it came whole. Docker's logins
play no part here: an address opens by itself, or is not locked.
"""

from __future__ import annotations

import hashlib
import re
from functools import partial
from typing import TYPE_CHECKING

from rajee_deploy.errors import DeployError
from rajee_deploy.git.call import ask
from rajee_deploy.model import Digest
from rajee_deploy.system.http_limits import DOWNLOAD, Limit, within

if TYPE_CHECKING:
    from requests import Response

    from rajee_deploy.model import RemoteSource

_TIMEOUTS = (5.0, 30.0)  # seconds to connect, and between two packets
_CHUNK = 1 << 20
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def find_remote(source: RemoteSource, answer: Limit = DOWNLOAD) -> Digest:
    """See ImageSource."""
    return _checksum(source, answer) if source.ref is None else _commit(source, source.ref)


def _checksum(source: RemoteSource, limit: Limit) -> Digest:
    import requests

    try:
        # As it lies there: engines ask for no compression either, and hash what comes.
        headers = {"Accept-Encoding": "identity", "User-Agent": "rajee-deploy"}
        with (
            within(limit, partial(_unreachable, source)),
            requests.get(source.address, headers=headers, stream=True, timeout=_TIMEOUTS) as response,
        ):
            response.raise_for_status()
            return Digest("sha256", _hash(response, source))
    except requests.RequestException as error:
        raise _unreachable(source, str(error).replace(source.address, source.shown)) from error


def _hash(response: Response, source: RemoteSource) -> str:
    digest, count = hashlib.sha256(), 0
    for chunk in response.iter_content(_CHUNK):
        digest.update(chunk)
        count += len(chunk)
    announced = response.headers.get("Content-Length")
    if announced is not None and int(announced) != count:
        raise _unreachable(source, f"{count} of {announced} bytes came")
    return digest.hexdigest()


def _commit(source: RemoteSource, ref: str) -> Digest:
    """The commit, chosen as a fetch by name does: what is written, a branch, a tag (and of that what it points at)."""
    answer = ask(["ls-remote", "--", source.address, ref, f"{ref}^{{}}"])
    if not answer.is_given:
        raise _unreachable(source, answer.words)
    lines = (line.partition("\t") for line in answer.text.split("\n"))
    found = {name: commit for commit, _, name in lines if _COMMIT.fullmatch(commit)}
    for name in (f"{place}{ref}" for place in ("", "refs/", "refs/heads/", "refs/tags/")):
        commit = found.get(f"{name}^{{}}") or found.get(name)
        if commit:
            return Digest("git", commit)
    raise DeployError(
        "remote-missing",
        f"{source.shown} names no branch or tag of the repository",
        where=source.shown,
        hint="correct the Dockerfile's ADD",
    )


def _unreachable(source: RemoteSource, cause: str) -> DeployError:
    return DeployError(
        "remote-unreachable",
        f"{source.shown} cannot be fetched",
        where=source.shown,
        cause=cause,
        hint="check the address, the network and its proxies; what needs a login is not locked",
    )
