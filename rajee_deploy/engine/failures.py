"""What a failed build was about, told from the engine's own words: each kind with what to do next. Pure.

The words are those of BuildKit, buildah, Docker's distribution code and Go's network package; what none of them
explains stays `build-failed`.
"""

from __future__ import annotations

import re
from typing import TypedDict

from rajee_deploy.errors import DeployError, Quote
from rajee_deploy.registry.refusals import UNKNOWN, Refusal, refusal

CACHE_NOT_WRITTEN = "cache-not-written"  # after the image was pushed: no reason to deploy nothing
_NOTHING = "nothing was pushed under this tag and nothing deployed with it"
_FULL = re.compile(r"no space left on device|disk quota exceeded", re.IGNORECASE)
_LOST = re.compile(
    r"connection reset|connection refused|broken pipe|unexpected EOF|: EOF\b|i/o timeout|TLS handshake timeout|"
    r"no route to host|network is unreachable|use of closed network connection|"
    r"client connection lost|context deadline exceeded|closed idle connection|transport connection broken|"
    r"sent GOAWAY|stream error: |timed out|host is down|caused connection abort|failure in name resolution|"
    r"server misbehaving|Client\.Timeout exceeded",
    re.IGNORECASE,
)
_PUSHING = ("pushing ", "exporting to image")  # the engine's own push, and BuildKit's
_PULLING = re.compile(r"\[internal\] load metadata for |\[[^\]]*\] FROM |resolve image config for ")
# What is about a push, of a step that does more.
_IS_PUSH = re.compile(r"^step: pushing |failed to push|pushing (layers|manifest)", re.MULTILINE)
_EXPORT = re.compile(r"cache export[^\n]*not supported", re.IGNORECASE)
_NO_EXPORT = (
    "this builder cannot export a cache: name another one in `builder` (docker buildx create), switch the engine's "
    "containerd image store on, or let the image carry its cache: docs/registry-and-engines.md"
)
_CACHE_PLACE = "cache-to must name a mutable repository that is there and that you may push to"
_WRITING_CACHE = "exporting cache to"  # BuildKit's last step: the image was pushed before it
_PUSHING_LAYER = re.compile(r"failed pushing cache to")  # buildah, after each step
_SEVERAL = re.compile(
    r"multi-platform build is not supported|multiple platforms feature is currently not supp", re.IGNORECASE
)
_NOT_SEVERAL = (
    "this builder makes an image for one platform at a time: switch the engine's containerd image store on, name "
    "another builder in `builder` (docker buildx create), or build with the engine buildah"
)
_FOREIGN = re.compile(r"exec format error", re.IGNORECASE)
_NO_EMULATOR = (
    "a step runs a program of another architecture than the machine's: give the machine an emulator for it (Debian's "
    "qemu-user-static and binfmt-support), name a `builder` of that architecture, or let the stage that runs it be "
    "FROM --platform=$BUILDPLATFORM"
)
_LOST_PULL = Refusal("pull-broken-off", "the network was lost", "run again")
_STEP = re.compile(r"^step: (.*)$", re.MULTILINE)
_EXCERPT = re.compile(r"^\S+:\d+(?:-\d+)?\n-{10,}\n(?:.*\n)*?-{10,}\n", re.MULTILINE)

_HINTS = (
    (_EXPORT, _NO_EXPORT),
    (_SEVERAL, _NOT_SEVERAL),
    (_FOREIGN, _NO_EMULATOR),
    (_PUSHING_LAYER, f"{_NOTHING}; {_CACHE_PLACE}; then run again"),
)


def failure(problem: str, reference: str, cause: str, where: str = "") -> DeployError:
    """The error for a build and push of `reference` that failed: `problem` is how it ended, `cause` what it said, with
    a first line `step: …` when it was in a step (Progress.failure), `where` the line of the Dockerfile if one is told.

    DeployErrors: `push-broken-off` (the network), `engine-no-space` (the engine's disk, not ours), `cache-not-written`
    (the image is pushed), what a registry refused (`registry.refusals`), `build-failed`.
    """
    step = _STEP.search(cause)
    refused = _find_refusal(step[1] if step is not None else "", reference, cause, where)
    if step is not None and step[1].startswith(_PUSHING) and _LOST.search(cause):
        return DeployError(
            "push-broken-off",
            "the network was lost while the image was pushed",
            where=reference,
            **_said(cause),
            hint=f"{_NOTHING}; run again: layers that have arrived are not sent again",
        )
    if step is not None and step[1].startswith(_WRITING_CACHE):
        return DeployError(
            CACHE_NOT_WRITTEN,
            "the shared cache could not be written",
            where=reference,
            **_said(cause),
            hint=f"the image itself was pushed, and is taken when you run again; {_CACHE_PLACE}",
        )
    if _FULL.search(cause):
        return DeployError(
            "engine-no-space",
            "the disk of the engine is full",
            where=reference,
            **_said(cause),
            hint=f"{_NOTHING}; make room where the engine runs (docker buildx prune, buildah prune), then run again",
        )
    if refused is not None:
        return refused
    hints = (hint for pattern, hint in _HINTS if pattern.search(cause))
    hint = next(hints, f"{_NOTHING}; correct the cause above and run again")
    return DeployError("build-failed", problem, where=where or reference, hint=hint, **_said(cause))


class _Said(TypedDict, total=False):
    """What a build said, as an error has it."""

    cause: str
    quote: Quote


def _said(cause: str) -> _Said:
    """The step that failed, and its last lines; without BuildKit's excerpt of the Dockerfile, whose line is told."""
    first, *others = _EXCERPT.sub("", cause).split("\n")
    if _STEP.fullmatch(first):
        return {"cause": first, "quote": Quote(tuple(others))} if others else {"cause": first}
    return {"quote": Quote((first, *others))} if cause else {}


def exports_no_cache(cause: str) -> bool:
    """Whether a builder refused a build only because it cannot export a cache; it has built nothing then."""
    return _EXPORT.search(cause) is not None and _STEP.search(cause) is None


def without_cache(reference: str, cause: str) -> DeployError:
    """The error for an image that was built and pushed without the cache that the builder cannot export."""
    return DeployError(
        CACHE_NOT_WRITTEN, "the shared cache was not written", where=reference, hint=_NO_EXPORT, **_said(cause)
    )


def _find_refusal(step: str, reference: str, cause: str, where: str) -> DeployError | None:
    """The error for what a registry, or the way to it, said. None where a step said something that only looks so."""
    pulls = _PULLING.search(step) is not None
    pushes = step.startswith(_PUSHING) and _IS_PUSH.search(cause) is not None
    if not pushes and not pulls:
        return None
    # Names may be words, too.
    kind = refusal(_STEP.sub("", cause).replace(reference, "")) or (UNKNOWN if pushes else None)
    if kind is None and _LOST.search(cause):
        kind = _LOST_PULL
    if kind is None:
        return None
    problem = kind.problem.format(act="pushed" if pushes else "pulled")
    return DeployError(
        kind.code,
        problem if pushes else f"a base image could not be taken: {problem}",
        where=where or reference,
        **_said(cause),
        hint=f"{_NOTHING}; {kind.hint}",
    )
