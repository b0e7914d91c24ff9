"""The whole build, twice, on one cache: from our private copy, and then from the user's own directory.

What the hash got wrong about a Dockerfile is wrong in everything that follows from it, a probe included; this check
follows from nothing but the file itself. Where every step of the second build is CACHED, BuildKit found the same
content for all that both read, so they are one image, and nothing need be compared. Where one is not, the contents are:
what COPY and ADD wrote in every stage that the target needs, without what a RUN made, which need not be the same twice.
Owns that experiment. Must never say that something agrees which it did not look at.
"""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rajee_deploy import context as contexts
from rajee_deploy import dockerfile as dockerfiles
from rajee_deploy.context import Modes
from rajee_deploy.dockerfile.bases import Bases
from rajee_deploy.dockerfile.references import NamedContexts
from rajee_deploy.engine.probe import ProbeRequest
from rajee_deploy.engine.secrets import Redactor
from rajee_deploy.errors import DeployError
from rajee_deploy.image import build_request
from rajee_deploy.model import is_local_context
from rajee_deploy.scratch import private_directory
from rajee_deploy.verify.entries import Entries, TooLargeError, differing
from rajee_deploy.verify.rehash import MISMATCH
from rajee_deploy.verify.removed import InexpressibleError, ignore_text
from rajee_deploy.verify.variant import copies_only

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rajee_deploy.engine import BuildRequest
    from rajee_deploy.engine.probe import ProbeAnswer, ProbeEngine
    from rajee_deploy.image import ImageInputs

GB = 1_000_000_000
MAX_SIZE = 4 * GB
_HINT = "please report it with this Dockerfile: the fingerprint misses what the build reads"


@dataclass(frozen=True, slots=True)
class Compared:
    """What became of one platform: `how` it agrees, `cached` or `contents`; or why it was not compared."""

    platform: str
    how: str
    reason: str = ""


def compare(inputs: ImageInputs, engine: ProbeEngine, max_size: int = MAX_SIZE) -> tuple[Compared, ...]:
    """Compare the builds of every platform. `max_size` is in bytes, for one stage; 0 builds nothing.

    DeployError `verify-mismatch` names what a build of the user's directory copies and ours does not, or otherwise.
    """
    if not max_size:
        return tuple(Compared(str(one.options.platform), "", "--max-size is 0") for one in inputs.variants)
    return tuple(_compare(one, engine, max_size) for one in inputs.of_each_platform())


def _compare(inputs: ImageInputs, engine: ProbeEngine, max_size: int) -> Compared:
    platform = str(inputs.options.platform)
    try:
        with _builds(inputs) as builds:
            how, reason = _Comparison(inputs, engine, builds, max_size).outcome()
    except InexpressibleError as error:
        how, reason = "", str(error)
    return Compared(platform, how, reason)


@dataclass(frozen=True, slots=True)
class _Builds:
    """The two builds: of our copy, and of the user's directories."""

    ours: ProbeRequest
    theirs: ProbeRequest


@contextmanager
def _builds(inputs: ImageInputs) -> Iterator[_Builds]:
    """Both with modes as they are on disk: else each file that others may write would look like another one.

    The build contexts of the second have names that no engine knows: of one that it knows, it does not notice when only
    the mode of a directory changed.
    """
    exact = {
        name: contexts.look_up(
            found.root, [read for read in inputs.recipe.reads if read.context == name], found.rules, Modes.EXACT
        )
        for name, found in inputs.selections.items()
    }
    main = exact[""]
    ignored = ignore_text(main.root, main.rules)
    with private_directory("verify") as place, build_request(replace(inputs, selections=exact), "verify") as request:
        links = {}
        for number, (name, selection) in enumerate(exact.items()):
            links[name] = place / f"{secrets.token_hex(8)}-{number}"
            links[name].symlink_to(selection.root.absolute())
        (place / "Dockerfile").write_bytes(inputs.dockerfile)
        if ignored is not None:
            (place / "Dockerfile.dockerignore").write_bytes(ignored)
        ours = _asked(request, str(inputs.options.platform))
        named = {name: str(link) for name, link in links.items() if name}
        theirs = replace(
            ours, context=links[""], dockerfile=place / "Dockerfile", build_contexts={**ours.build_contexts, **named}
        )
        yield _Builds(ours, theirs)


def _asked(request: BuildRequest, platform: str) -> ProbeRequest:
    return ProbeRequest(
        request.context, request.dockerfile, platform, request.build_args, request.build_contexts,
        target=request.target, settings=request.settings,
    )  # fmt: skip


class _Comparison:
    """One platform's comparison."""

    def __init__(self, inputs: ImageInputs, engine: ProbeEngine, builds: _Builds, max_size: int) -> None:
        self._inputs = inputs
        self._engine = engine
        self._builds = builds
        self._max_size = max_size
        self._told = Redactor(inputs.settings.build.secrets, inputs.settings.build_args)

    def outcome(self) -> tuple[str, str]:
        """(how it agrees, why it was not compared): one of them is empty."""
        first = self._engine.probe(self._builds.ours)
        second = self._engine.probe(self._builds.theirs)
        if first.failure and second.failure:
            return "", f"the build fails: {_last(self._told(second.failure))}"
        if first.failure:
            raise self._mismatch("a build of what was selected fails, one of the directory does not", first.failure)
        if not second.failure and not second.ran:
            return "cached", ""
        return self._by_contents(second)

    def _by_contents(self, second: ProbeAnswer) -> tuple[str, str]:
        local = [name for name, value in self._inputs.options.build_contexts.items() if is_local_context(value)]
        file = str(self._builds.ours.dockerfile)
        variant = copies_only(self._inputs.dockerfile, file, local, f"/{secrets.token_hex(8)}")
        for name in self._needed():
            target = variant.stages[name]
            try:
                sides = [self._export(one, variant.text, target) for one in (self._builds.ours, self._builds.theirs)]
            except TooLargeError as error:
                return "", f"the stage {target} has more than {error.limit / GB:g} GB (--max-size)"
            except _UnbuiltError as error:
                return "", f"without its RUN instructions the stage {target} is not built: {_last(str(error))}"
            difference = next(differing(*sides), None)
            if difference is not None:
                path, how = difference
                raise self._mismatch(f"/{path} {how}", "\n".join(["not CACHED:", *sorted(second.ran)]))
        if second.failure:
            return "", f"a build of the directory fails: {_last(self._told(second.failure))}"
        left = [f"line {line}: {what}" for line, what in variant.left_out]
        return ("", f"{left[0]} was not compared") if left else ("contents", "")

    def _needed(self) -> list[int]:
        """Positions of the stages that the target needs."""
        options = self._inputs.options
        named = NamedContexts(options.build_contexts, str(options.platform))
        opened = dockerfiles.open_stages(self._inputs.dockerfile, options, "Dockerfile", named, Bases)
        return [state.index for state in opened.own if not state.is_replaced]

    def _export(self, build: ProbeRequest, text: bytes, target: str) -> Entries:
        entries = Entries(self._inputs.selections[""].modes, self._max_size)
        with private_directory("verify") as place:
            dockerfile = place / "Dockerfile"
            dockerfile.write_bytes(text)
            ignored = build.dockerfile.with_name("Dockerfile.dockerignore")
            if ignored.exists():
                _copy(ignored, place)
            answer = self._engine.export(replace(build, dockerfile=dockerfile, target=target), entries.read)
        if answer.failure:
            raise _UnbuiltError(self._told(answer.failure))
        return entries

    def _mismatch(self, problem: str, cause: str) -> DeployError:
        where = next((read.location.path for read in self._inputs.recipe.reads), "")
        return DeployError(MISMATCH, problem, where=where, cause=self._told(cause), hint=_HINT)


class _UnbuiltError(Exception):
    """A stage without its RUN instructions cannot be built."""


def _copy(file: Path, place: Path) -> None:
    (place / file.name).write_bytes(file.read_bytes())


def _last(text: str) -> str:
    return next((line for line in reversed(text.splitlines()) if line.strip()), "no word of the engine")
