"""Instructions as canonical text: what the build does, whatever the layout.

Owns the text that enters the fingerprint: JSON, so that no two different instructions share it. Comments, blank
lines, the case of names, the space between words and the names of stages do not show; commands, heredocs and the
values that FROM expands to do. A change here moves every tag: bump the fingerprint's scheme with it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, assert_never

from rajee_deploy.dockerfile.instructions import (
    NAMES,
    Arg,
    Assign,
    From,
    OnBuild,
    PlainInstruction,
    Run,
    Transfer,
    WordsInstruction,
)
from rajee_deploy.dockerfile.mounts import fields_of
from rajee_deploy.dockerfile.references import SCRATCH

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rajee_deploy.dockerfile.nodes import Heredoc
    from rajee_deploy.dockerfile.references import NamedContexts
    from rajee_deploy.dockerfile.stages import StageStep, State


class Canon:
    """Writes canonical text. `order` gives each reachable stage its position, which replaces names and indexes."""

    def __init__(self, order: Mapping[int, int], contexts: NamedContexts) -> None:
        self._order = order
        self._contexts = contexts

    def opening(self, state: State) -> str:
        """The FROM of a stage."""
        if state.below is not None:
            return _text("FROM", self.origin(state.below), state.platform)
        return _text("FROM", self._outside(state), state.platform)

    def origin(self, state: State | None) -> list[Any] | None:
        """What a `--from` or a mount names."""
        if state is None:
            return None
        return ["stage", self._order[state.index]] if state.stage is not None else self._outside(state)

    def step(self, step: StageStep) -> str:
        """One instruction of a stage."""
        instruction = step.instruction
        match instruction:
            case Transfer():
                return self._transfer(instruction, step.origins)
            case Run():
                return self._run(instruction, step.origins)
            case Arg():
                fields: tuple[Any, ...] = ("ARG", instruction.pairs)
            case Assign():
                fields = (instruction.name, instruction.pairs)
            case WordsInstruction():
                fields = (instruction.name, instruction.args)
            case PlainInstruction():
                form = "exec" if instruction.json else "shell"
                fields = (instruction.name, instruction.flags.canonical(), form, instruction.args)
            case OnBuild():
                return _trigger(instruction)
            case From():
                raise AssertionError("FROM opens a stage and is no step of one")
            case _:
                assert_never(instruction)
        return _text(*fields)

    def _transfer(self, transfer: Transfer, origins: tuple[State | None, ...]) -> str:
        inline = [[one.name, one.expand, one.text] for one in transfer.inline]
        origin = self.origin(origins[0]) if origins else None
        flags = transfer.flags.canonical("from")
        return _text(transfer.name, flags, origin, transfer.sources, inline, transfer.dest)

    def _run(self, run: Run, origins: tuple[State | None, ...]) -> str:
        texts = run.flags.list("mount")
        mounts = [[_without_from(text), self.origin(origin)] for text, origin in zip(texts, origins, strict=True)]
        form = "exec" if run.json else "shell"
        return _text("RUN", run.flags.canonical("mount"), mounts, form, run.command, _heredocs(run.heredocs))

    def _outside(self, state: State) -> list[Any]:
        if state.context is None:
            return ["scratch"] if state.base == SCRATCH else ["image", state.base]
        value = None if self._contexts.is_local(state.context) else self._contexts.value(state.context)
        return ["context", state.context, value]


def global_arg(name: str, default: str | None) -> str:
    """An ARG before the first FROM."""
    return _text("ARG", [[name, default]])


def whole_file(text: bytes) -> str:
    """A file for another frontend, of which every byte may count."""
    return _text("#frontend", text.decode("utf-8", "surrogateescape"))


def escape_token(escape: str) -> str:
    """The escape directive, which changes what quotes and backslashes mean."""
    return _text("#escape", escape)


def _trigger(instruction: OnBuild) -> str:
    child = instruction.child
    if child.name not in NAMES or "`" in instruction.trigger:
        return _text("ONBUILD", instruction.trigger)  # not understood, or to be read with another escape token later
    form = "exec" if child.json else "shell"
    return _text("ONBUILD", child.name, child.flags, form, child.args, _heredocs(child.heredocs))


def _without_from(text: str) -> list[str]:
    return [field for field in fields_of(text) if field.partition("=")[0].lower() != "from"]


def _heredocs(heredocs: tuple[Heredoc, ...]) -> list[list[Any]]:
    return [[one.name, one.chomp, one.content] for one in heredocs]


def _text(*fields: Any) -> str:
    return json.dumps(fields, separators=(",", ":"), sort_keys=True)
