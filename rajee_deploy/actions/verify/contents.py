"""The user's own Dockerfile, built twice on one cache: from our private copy, and then from the user's own directory.

What the hash got wrong about a Dockerfile is wrong in everything that follows from it, a probe included. This check
follows from the file itself: on its real bases, with every word left for BuildKit to expand, it builds what COPY, ADD
and mounts write in every stage that the target needs; nothing is run (see variant.py), since a RUN need not make the
same twice. The steps are new to every engine. So where all of the second build are CACHED, BuildKit found the very
content of the first; where one is not, the contents of both are compared, entry by entry.
Owns that experiment. Must never say that something agrees which it did not look at.
"""

from __future__ import annotations

import re
import secrets
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from rajee_deploy import context as contexts
from rajee_deploy import dockerfile as dockerfiles
from rajee_deploy.actions.verify.entries import Entries, ImageTooLargeError, differing
from rajee_deploy.actions.verify.rehash import MISMATCH
from rajee_deploy.actions.verify.removed import InexpressibleError, ignore_text
from rajee_deploy.actions.verify.variant import copies_only
from rajee_deploy.context import Modes
from rajee_deploy.dataclass import dataclass
from rajee_deploy.dockerfile.bases import Bases
from rajee_deploy.dockerfile.references import NamedContexts
from rajee_deploy.engine.probe import ProbeRequest
from rajee_deploy.engine.secrets import Redactor
from rajee_deploy.errors import DeployError
from rajee_deploy.image.request import build_request
from rajee_deploy.model import is_local_context
from rajee_deploy.system.regular_files import DOCKERFILE_BYTES, read_regular
from rajee_deploy.system.temporary import private_directory
from rajee_deploy.text.lines import lines_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rajee_deploy.engine import BuildRequest
    from rajee_deploy.engine.probe import ProbeAnswer, ProbeEngine
    from rajee_deploy.image.inputs import ImageInputs

_STEP = re.compile(r"\[((?:\S+ )*)(\d+)/\d+\] (.*)", re.DOTALL)  # the stage, the place in it, what it says
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
    """Compare the builds of every platform. `max_size` is in bytes, for one stage whose contents are compared.

    DeployError `verify-mismatch` names what a build of the user's directory copies and ours does not, or otherwise.
    """
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
        ours = _probe_request(request, str(inputs.options.platform))
        named = {name: str(link) for name, link in links.items() if name}
        theirs = replace(
            ours, context=links[""], dockerfile=place / "Dockerfile", build_contexts={**ours.build_contexts, **named}
        )
        yield _Builds(ours, theirs)


def _probe_request(request: BuildRequest, platform: str) -> ProbeRequest:
    return ProbeRequest(request.context, request.dockerfile, platform, request.build_args, request.build_contexts)


class _Comparison:
    """One platform's comparison, stage by stage."""

    def __init__(self, inputs: ImageInputs, engine: ProbeEngine, builds: _Builds, max_size: int) -> None:
        self._inputs = inputs
        self._engine = engine
        self._builds = builds
        self._max_size = max_size
        self._told = Redactor(inputs.settings.build.secrets, inputs.settings.build_args)
        local = [name for name, value in inputs.options.build_contexts.items() if is_local_context(value)]
        file = str(builds.ours.dockerfile)
        self._salt = f"/{secrets.token_hex(8)}"
        self._variant = copies_only(inputs.dockerfile, file, local, self._salt)

    def outcome(self) -> tuple[str, str]:
        """(how it agrees, why it was not compared): one of them is empty."""
        found = "cached"
        for number in self._needed():
            how, reason = self._stage(self._variant.stages[number])
            if reason:
                return "", reason
            found = found if how == "cached" else how
        left = [f"line {line}: {what} was not compared" for line, what in self._variant.left_out]
        return ("", left[0]) if left else (found, "")

    def _stage(self, name: str) -> tuple[str, str]:
        first, second = (self._probe(build, name) for build in (self._builds.ours, self._builds.theirs))
        if first.failure and second.failure:
            why = _last(self._told(second.failure))
            return "", f"without its RUN instructions the stage {name} is not built: {why}"
        if first.failure:
            raise self._mismatch("a build of what was selected fails, one of the directory does not", first.failure)
        if second.failure:
            raise self._mismatch("a build of the directory fails, one of what was selected does not", second.failure)
        return ("cached", "") if self._is_proof(first, second) else self._by_contents(name, second)

    def _is_proof(self, first: ProbeAnswer, second: ProbeAnswer) -> bool:
        """Whether all of the second build was made by the first: not so with triggers of a base, which come before the
        step that is new, and which a build of another day may have left in the cache."""
        places: dict[str, dict[str, int]] = {}
        for step in first.cached | first.ran:
            if found := _STEP.match(step):
                places.setdefault(found[1], {})[found[3]] = int(found[2])
        new = f"WORKDIR {self._salt}"
        return not _copied_steps(second) and all(min(found.values()) == found.get(new) for found in places.values())

    def _probe(self, build: ProbeRequest, target: str) -> ProbeAnswer:
        with self._asked(build, target) as request:
            return self._engine.probe(request)

    def _by_contents(self, target: str, second: ProbeAnswer) -> tuple[str, str]:
        try:
            sides = [self._export(build, target) for build in (self._builds.ours, self._builds.theirs)]
        except ImageTooLargeError as error:
            return "", f"the stage {target} has more than {error.limit / GB:g} GB (--max-size)"
        difference = next(differing(*sides), None)
        if difference is not None:
            path, how = difference
            raise self._mismatch(f"/{path} {how}", "\n".join(["not CACHED:", *sorted(_copied_steps(second))]))
        return "contents", ""

    def _export(self, build: ProbeRequest, target: str) -> Entries:
        entries = Entries(self._inputs.selections[""].modes, self._max_size)
        with self._asked(build, target) as request:
            answer = self._engine.export(request, entries.read)
        if answer.failure:
            raise self._mismatch("what was built a moment ago is not built again", answer.failure)
        return entries

    @contextmanager
    def _asked(self, build: ProbeRequest, target: str) -> Iterator[ProbeRequest]:
        with private_directory("verify") as place:
            dockerfile = place / "Dockerfile"
            dockerfile.write_bytes(self._variant.text)
            ignored = build.dockerfile.with_name("Dockerfile.dockerignore")
            if ignored.exists():
                (place / ignored.name).write_bytes(read_regular(ignored, DOCKERFILE_BYTES))
            yield replace(build, dockerfile=dockerfile, target=target)

    def _needed(self) -> list[int]:
        """Positions of the stages that the target needs."""
        options = self._inputs.options
        named = NamedContexts(options.build_contexts, str(options.platform))
        opened = dockerfiles.open_stages(self._inputs.dockerfile, options, "Dockerfile", named, Bases)
        return [state.index for state in opened.own if not state.is_replaced]

    def _mismatch(self, problem: str, cause: str) -> DeployError:
        where = next((read.location.path for read in self._inputs.recipe.reads), "")
        return DeployError(MISMATCH, problem, where=where, cause=self._told(cause), hint=_HINT)


def _copied_steps(answer: ProbeAnswer) -> set[str]:
    """The steps that were not CACHED and can read a build context: a directory that WORKDIR makes is not always said
    to be CACHED."""
    return {step for step in answer.ran if "] WORKDIR " not in step}


def _last(text: str) -> str:
    return next((line for line in reversed(lines_of(text)) if line.strip()), "no word of the engine")
