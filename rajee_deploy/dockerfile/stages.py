"""Stages and their bases: names, indexes, named contexts, and which of them the target needs.

Owns the graph. Must never expand anything but FROM, nor say what an instruction reads. Follows BuildKit's
frontend/dockerfile/dockerfile2llb/convert.go (commit 73ed6825c4b7), including that images named by `--from` are
appended to the list that `--from=<index>` counts in.
"""

from __future__ import annotations

import re
from dataclasses import field
from typing import TYPE_CHECKING, NamedTuple

from rajee_deploy.dataclass import dataclass
from rajee_deploy.dockerfile.golang import nearest
from rajee_deploy.dockerfile.instructions import From, Lines, OnBuild, Run, Transfer, parse_instruction
from rajee_deploy.dockerfile.mounts import static_origin
from rajee_deploy.dockerfile.parser import parse, refusal, syntax_error
from rajee_deploy.dockerfile.references import SCRATCH, NamedContexts, parse_image
from rajee_deploy.dockerfile.words import ExpansionError
from rajee_deploy.errors import DeployError
from rajee_deploy.model import StageId

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rajee_deploy.dockerfile.bases import Bases
    from rajee_deploy.dockerfile.instructions import Instruction
    from rajee_deploy.dockerfile.scope import GlobalScope

_INDEX = r"[-+]?[0-9]{1,18}\Z"
_PLATFORM = r"[A-Za-z0-9_.-]+(?:\([^()/]*\))?(?:/[A-Za-z0-9_.-]+){0,2}\Z"
_VARIABLE_FROM = "--from does not expand variables; define a stage with FROM using ARG from global scope"


@dataclass(slots=True, eq=False)
class State:
    """A stage of the file (`stage` is set), or an image that an instruction names.

    `base` is the expanded name below it and `below` the earlier stage of that name, if there is one. `context` is the
    key of the named context that stands in: for the whole stage where `is_replaced`, else for its base. `is_native`:
    the stage is of the machine that builds, whatever that is; `is_chosen`: that machine decides what its base is.
    """

    index: int
    base: str
    line: int
    stage: StageId | None = None
    end: int = 0
    platform: str | None = None
    names: frozenset[str] = frozenset()
    below: State | None = None
    context: str | None = None
    is_replaced: bool = False
    is_native: bool = False
    is_chosen: bool = False
    is_fired: bool = False
    steps: list[StageStep] = field(default_factory=list)


class StageStep(NamedTuple):
    """An instruction of a stage and the states that its `--from` and mounts name (None: the main build context)."""

    instruction: Instruction
    origins: tuple[State | None, ...] = ()


class Graph:
    """All stages of a file. Build it with every stage, then ask for what the target needs."""

    def __init__(self, scope: GlobalScope, contexts: NamedContexts, bases: Bases, path: str) -> None:
        self.states: list[State] = []
        self._bases = bases
        self._by_name: dict[str, State] = {}
        self._scope = scope
        self._contexts = contexts
        self._path = path

    def add(self, opening: From, instructions: list[Instruction]) -> None:
        """Add the next stage of the file. DeployError for a base or a platform that cannot be expanded."""
        line = opening.lines.start
        try:
            base = self._scope.expand(opening.base)
            platform = self._scope.expand(opening.platform) if opening.platform is not None else None
        except ExpansionError as error:
            raise refusal(self._path, line, error) from error
        if not base.text:
            hint = "give the ARG a default, or pass its value as a build argument"
            raise self._error(line, f"the base image {opening.base!r} expands to nothing", hint=hint)
        if platform is not None and not re.match(_PLATFORM, platform.text):
            raise self._error(line, f"--platform={opening.platform} is {platform.text!r}, which is no platform")
        names = base.matched | base.unmatched
        if platform is not None:
            names |= platform.matched | platform.unmatched
        state = State(
            len(self.states),
            base.text,
            line,
            StageId(len(self.states), opening.name),
            opening.lines.end,
            platform.text if platform is not None else None,
            names,
        )
        state.is_chosen = bool(base.matched & self._scope.by_engine)
        state.is_native = platform is not None and self._scope.is_native(platform)
        state.steps = [StageStep(instruction) for instruction in instructions]
        state.context = self._contexts.find(opening.name) if opening.name else None
        state.is_replaced = state.context is not None
        state.below = None if state.is_replaced else self._by_name.get(base.text)
        if state.below is not None:
            state.is_native = state.below.is_native  # whatever its own --platform says, as in BuildKit
        self.states.append(state)
        if opening.name:
            self._by_name[opening.name] = state

    def target(self, name: str | None) -> State:
        """The stage to build: by its name, whatever the case, or the last. DeployError `target-not-found`."""
        if not name:
            return self.states[-1]
        found = self._by_name.get(name.lower())
        if found is None:
            guess = nearest(name, list(self._by_name))
            known = ", ".join(self._by_name) or "none has a name"
            hint = f"did you mean {guess}?" if guess else f"stages: {known}"
            raise DeployError("target-not-found", f"there is no stage {name!r}", where=self._path, hint=hint)
        return found

    def link(self) -> None:
        """Find what every `--from` and mount names. DeployError for bad indexes and for circles."""
        for state in list(self.states):
            state.steps = [self._linked(step.instruction) for step in state.steps]
        self._check_circles()

    def needed(self, target: State) -> list[State]:
        """The states that the target needs, in order, the ONBUILD triggers of what is below them put in front."""
        while True:
            reached = self._reach(target)
            self._check_images(reached)
            grown = [self._fire(state) for state in reached if not state.is_fired]
            if not any(grown):
                return reached

    def _linked(self, instruction: Instruction) -> StageStep:
        match instruction:
            case Transfer() if instruction.flags.text("from"):
                return StageStep(instruction, (self._copied(instruction),))
            case Run():
                texts = instruction.flags.list("mount")
                line = instruction.lines.start
                return StageStep(instruction, tuple(self._mounted(static_origin(text), line) for text in texts))
            case _:
                return StageStep(instruction)

    def _copied(self, instruction: Transfer) -> State:
        name = instruction.flags.text("from")
        line = instruction.lines.start
        try:
            if self._scope.lexer.expand(name, {}).text != name:
                raise self._error(line, _VARIABLE_FROM)
        except ExpansionError as error:
            raise refusal(self._path, line, error) from error
        if not re.match(_INDEX, name):
            return self._named(name, line)
        if not 0 <= int(name) < len(self.states):
            raise self._error(line, f"there is no stage {name}", hint="stages count from 0; a name is safer")
        return self.states[int(name)]

    def _mounted(self, origin: str, line: int) -> State | None:
        # Without a from BuildKit still appends `scratch` to its list of states, which shows in `--from=<index>`.
        found = self._named(origin or SCRATCH, line)
        return found if origin or found.stage is not None else None

    def _named(self, name: str, line: int) -> State:
        found = self._by_name.get(name.lower())
        if found is None:
            found = State(len(self.states), name, line)
            self.states.append(found)
        return found

    def _check_circles(self) -> None:
        done: set[int] = set()
        for start in self.states:
            path: dict[int, Iterator[tuple[State, int]]] = {}
            state: State | None = start if start.index not in done else None
            while state is not None or path:
                if state is not None:
                    path[state.index] = iter(list(_dependencies(state)))
                    done.add(state.index)
                following, line = next(next(reversed(path.values())), (None, 0))
                if following is None:
                    path.popitem()
                elif following.index in path:
                    problem = f"the stages wait for each other: {_label(following)} needs itself"
                    raise self._error(line, problem, code="stage-circular")
                state = following if following is not None and following.index not in done else None

    def _reach(self, target: State) -> list[State]:
        reached: dict[int, State] = {}
        waiting = [target]
        while waiting:
            state = waiting.pop()
            if state.index in reached:
                continue
            reached[state.index] = state
            if state.is_replaced:
                continue  # its instructions are gone, and what they needed with them
            waiting += [other for other, _ in _dependencies(state)]
            if state.below is not None:
                waiting.append(state.below)
        return [reached[index] for index in sorted(reached)]

    def _check_images(self, reached: list[State]) -> None:
        needed = {state.index for state in reached}
        for state in self.states:
            if state.below is not None or (state.base == SCRATCH and not state.is_replaced):
                continue
            try:
                parse_image(state.base)
            except ValueError as error:
                raise self._error(state.line, f"{state.base!r} is no image: {error}") from error
            if state.index in needed and not state.is_replaced:
                state.context = self._contexts.find(state.base)

    def _fire(self, state: State) -> bool:
        """Put the triggers of the stage or the image below in front; whether they named other states."""
        state.is_fired = True
        fired = [self._linked(self._trigger(text, lines)) for text, lines in self._triggers(state)]
        state.steps = [*fired, *state.steps]
        return any(step.origins for step in fired)

    def _triggers(self, state: State) -> list[tuple[str, Lines]]:
        """Triggers with the lines they count under: their own, or the FROM's for those of an image."""
        if state.below is not None:
            below = (step.instruction for step in state.below.steps)
            return [(one.trigger, one.lines) for one in below if isinstance(one, OnBuild)]
        if state.stage is None or state.is_replaced:
            return []  # BuildKit runs no instruction of an image that is only copied from, or of a replaced stage
        config = self._bases.config(state)
        return [(text, Lines(state.line, state.end)) for text in config.onbuild] if config is not None else []

    def _trigger(self, text: str, lines: Lines) -> Instruction:
        line = lines.start
        try:
            nodes = parse(text.encode("utf-8", "surrogateescape"), self._path).nodes
        except DeployError as error:
            raise self._error(line, f"ONBUILD: {error.problem}", hint=error.hint) from error
        if len(nodes) != 1:
            raise self._error(line, "an ONBUILD trigger is a single instruction")
        return parse_instruction(nodes[0]._replace(start=line, end=lines.end), self._path)

    def _error(self, line: int, problem: str, *, hint: str = "", code: str = "dockerfile-syntax") -> DeployError:
        return syntax_error(self._path, line, problem, hint=hint, code=code)


def _dependencies(state: State) -> Iterator[tuple[State, int]]:
    for step in state.steps:
        for origin in step.origins:
            if origin is not None:
                yield origin, step.instruction.lines.start


def _label(state: State) -> str:
    return (state.stage.name if state.stage is not None else None) or f"stage {state.index}"
