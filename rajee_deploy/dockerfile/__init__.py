"""Dockerfile text → what the stages that a target needs read and do.

Pure: opens no file, knows no registry and no ignore rules. The semantics are BuildKit's, to the letter where the text
alone decides; where it does not (an image's ENV, another frontend), more is read than the build reads, never less.
Rooms inside: parser (lines) and words (expansion), instructions with flags and mounts (shapes), stages (the graph),
scope (variables), stage_reads (which instruction reads which files), selectors (by which rule a path selects),
canonical (the text that is hashed), platforms (several at once).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from rajee_deploy.dockerfile import canonical, frontend, machines, selectors
from rajee_deploy.dockerfile.bases import Bases
from rajee_deploy.dockerfile.instructions import Arg, From, parse_instruction
from rajee_deploy.dockerfile.parser import parse, refusal, syntax_error
from rajee_deploy.dockerfile.patterns import Budget
from rajee_deploy.dockerfile.platforms import merge, unite
from rajee_deploy.dockerfile.references import NamedContexts, is_known_frontend, parse_image, possible_mirror
from rajee_deploy.dockerfile.remotes import ADD, Remotes, alike, of_context, pinned_text, remote_of
from rajee_deploy.dockerfile.scope import OF_THE_ENGINE, GlobalScope, automatic_args
from rajee_deploy.dockerfile.stage_reads import StageWalk
from rajee_deploy.dockerfile.stages import Graph
from rajee_deploy.dockerfile.widening import BASE_DECIDES
from rajee_deploy.dockerfile.words import ExpansionError, Lexer
from rajee_deploy.errors import DeployError
from rajee_deploy.model import ContextRead, Location, Notice, ReadBy, Recipe, Reference, StageId, is_local_context
from rajee_deploy.model.repository import ImageName

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rajee_deploy.dockerfile.instructions import Instruction
    from rajee_deploy.dockerfile.stages import State
    from rajee_deploy.model import BuildOptions

__all__ = [
    "BASE_DECIDES",
    "alike",
    "familiar",
    "image_of",
    "merge",
    "pinned_text",
    "remote_of",
    "resolve",
    "unite",
]

B = TypeVar("B", bound=Bases)
_SYNTAX_ARG = "BUILDKIT_SYNTAX"
# They count without being declared: the first dates the image, the others reach the frontend itself.
_UNDECLARED = ("SOURCE_DATE_EPOCH", "BUILDKIT_")


def image_of(text: str) -> ImageName:
    """The image that a reference names, in its registry. ValueError when it names none."""
    image = parse_image(text)
    host, _, repository = image.name.partition("/")
    return ImageName(host, repository, image.tag, image.digest)


def familiar(text: str) -> str:
    """A reference as docker shows it: without Docker Hub's own prefixes and `latest`. ValueError when it is none."""
    return parse_image(text).familiar


def resolve(text: bytes, options: BuildOptions, path: str) -> Recipe:
    """Resolve a Dockerfile for one target. `path` is how the user names the file.

    DeployError (`where` is `path:line`) where BuildKit fails on the text alone: `dockerfile-syntax`,
    `unknown-instruction`, `stage-circular`, `target-not-found`. A file for a frontend that is not Docker's is not
    read at all: its recipe is the whole file, every build argument and every local context, in a stage of index -1.
    """
    syntax, command, line = _frontend(text, options.build_args)
    contexts = NamedContexts(options.build_contexts, str(options.platform))
    reader = Bases(options, contexts, ()).syntax(syntax, line) if syntax else None
    if reader is not None and not is_known_frontend(syntax, options.syntax_mirrors):
        found = _foreign(text, options, path, reader, contexts)
    else:
        found = _on_all_machines(text, options, path, reader, contexts)
    if reader is None or reader.locked is None:
        return found
    return replace(found, frontend=reader.text + command.removeprefix(syntax))


def _on_all_machines(
    text: bytes, options: BuildOptions, path: str, syntax: Reference | None, contexts: NamedContexts
) -> Recipe:
    """The recipe, whichever machine builds. Where that decides by a FROM what is built on, whatever any of them needs;
    one for which the file has no stage, where it has one for others, is none of those that the file is for."""
    found, failure = [], None
    for machine in machines.all_machines(options):
        try:
            recipe, chosen = _resolve(text, replace(options, build_platform=machine), path, syntax, contexts)
        except DeployError as error:
            failure = failure or error
            if not any(name.encode() in text for name in OF_THE_ENGINE):
                raise
            continue
        if not chosen:
            return recipe
        found.append((recipe, all(state.below is not None for state in chosen)))
    if not found and failure is not None:
        raise failure
    recipes = [recipe for recipe, is_stage in found if is_stage] or [recipe for recipe, _ in found]
    reason = "the machine that builds decides what a FROM names" if len(set(map(repr, recipes))) > 1 else ""
    return replace(merge(recipes), widened=reason)


class Opened(NamedTuple, Generic[B]):
    """A file whose stages are known: the needed ones of its own, in order, and the target among them."""

    scope: GlobalScope
    bases: B
    args: list[Arg]
    own: list[State]
    target: State


def open_stages(
    text: bytes,
    options: BuildOptions,
    path: str,
    contexts: NamedContexts,
    make_bases: Callable[..., B],
    syntax: Reference | None = None,
) -> Opened[B]:
    """The stages that a target needs. DeployError as for `resolve`."""
    parsed = parse(text, path)
    instructions = [parse_instruction(node, path) for node in parsed.nodes]
    args, stages = _split(instructions, path)
    name = options.target.lower() if options.target else stages[-1][0].name or ""
    lexer = Lexer(parsed.escape, budget=Budget())
    # TARGETSTAGE is the target as the user wrote it, whatever its case.
    automatic = automatic_args(options.platform, options.target or name, options.build_platform)
    version = frontend.version(syntax.text, is_locked=syntax.locked is not None) if syntax is not None else None
    scope = GlobalScope(lexer, automatic, options.build_args, version)
    for arg in args:
        try:
            scope.declare(arg)
        except ExpansionError as error:
            raise refusal(path, arg.lines.start, error) from error
    bases = make_bases(options, contexts, {opening.name for opening, _ in stages if opening.name})
    graph = Graph(scope, contexts, bases, path)
    for opening, steps in stages:
        graph.add(opening, steps)
    target = graph.target(options.target)
    graph.link()
    own = [state for state in graph.needed(target) if state.stage is not None]
    return Opened(scope, bases, args, own, target)


def _resolve(
    text: bytes, options: BuildOptions, path: str, syntax: Reference | None, contexts: NamedContexts
) -> tuple[Recipe, list[State]]:
    """The recipe, and those of its stages whose base the machine that builds decides."""
    scope, bases, args, own, target = open_stages(text, options, path, contexts, Bases, syntax)
    sources = bases, Remotes(text, options.locked)
    walk = StageWalk(scope, contexts, sources, path, windows=options.platform.os == "windows")
    for state in own:
        walk.stage(state, is_target=state is target)
    references = [*([syntax] if syntax is not None else []), *walk.found.references]
    lines = {name: arg.lines.start for arg in args for name, _ in arg.pairs}
    texts = _instructions(own, scope, contexts, lines)
    recipe = Recipe(
        target=target.stage.name or "" if target.stage is not None else "",
        reads=tuple(walk.found.reads),
        instructions=tuple(text for text, _ in texts),
        build_args=_build_args(walk.found.args, scope),
        references=tuple(references),
        secrets=tuple(dict.fromkeys(walk.found.secrets)),
        notices=(*_notices(references), *walk.found.notices.values()),
        instruction_lines=tuple(line for _, line in texts),
    )
    return recipe, [state for state in own if state.is_chosen]


def _frontend(text: bytes, build_args: Mapping[str, str]) -> tuple[str, str, int]:
    given = build_args.get(_SYNTAX_ARG, "")
    reference = frontend.reference(given)
    return (reference, given, 0) if reference else frontend.detect(text)


def _split(instructions: list[Instruction], path: str) -> tuple[list[Arg], list[tuple[From, list[Instruction]]]]:
    """The ARGs before the first FROM, and each FROM with what follows it."""
    args: list[Arg] = []
    stages: list[tuple[From, list[Instruction]]] = []
    for instruction in instructions:
        if isinstance(instruction, From):
            stages.append((instruction, []))
        elif stages:
            stages[-1][1].append(instruction)
        elif isinstance(instruction, Arg):
            args.append(instruction)
        else:
            problem = "there is no stage yet"
            raise syntax_error(path, instruction.lines.start, problem, hint="only ARG may stand before the first FROM")
    if not stages:
        raise syntax_error(path, 0, "the Dockerfile has no stage to build", hint="add a FROM")
    return args, stages


def _instructions(
    stages: list[State], scope: GlobalScope, contexts: NamedContexts, lines: Mapping[str, int]
) -> list[tuple[str, int]]:
    """The canonical texts, each with the line that it comes from. `lines` are those of the ARGs before all stages."""
    canon = canonical.Canon({state.index: number for number, state in enumerate(stages)}, contexts)
    texts = [] if scope.lexer.escape == "\\" else [(canonical.escape_token(scope.lexer.escape), 0)]
    used = ((name, default) for name, default in scope.declared if name in scope.used)
    texts += [(canonical.global_arg(name, default), lines[name]) for name, default in used]
    for state in stages:
        texts.append((canon.opening(state), state.line))
        if not state.is_replaced:
            texts += [(canon.step(step), step.instruction.lines.start) for step in state.steps]
    return texts


def _build_args(declared: dict[str, str | None], scope: GlobalScope) -> tuple[tuple[str, str | None], ...]:
    args = dict(declared)
    names = {name for name, _ in scope.declared}
    for name in scope.used:
        if name in scope.automatic:
            args[name] = scope.values[name]
        elif name in names:
            args[name] = scope.given.get(name)
    args |= {name: value for name, value in scope.given.items() if name.startswith(_UNDECLARED)}
    return tuple(sorted(args.items()))


def _foreign(text: bytes, options: BuildOptions, path: str, syntax: Reference, contexts: NamedContexts) -> Recipe:
    reason = f"the frontend {syntax.text} is not Docker's"
    mirror = possible_mirror(syntax.text)
    if mirror:
        reason += f', as far as is known: where {mirror} mirrors Docker Hub, say syntax-mirrors = ["{mirror}"]'
    location = Location(path, max(syntax.line, 1), max(syntax.line, 1))
    reads = tuple(
        ContextRead(ReadBy.COPY, location, StageId(-1, None), ".", selectors.EVERYTHING, name, reason)
        for name in ("", *contexts.locals())
    )
    return Recipe(
        target=options.target or "",
        reads=reads,
        instructions=(canonical.whole_file(text),),
        build_args=tuple(sorted(options.build_args.items())),
        references=(syntax,),
        secrets=(),
        notices=_notices([syntax]),
        widened=reason,
        instruction_lines=(0,),
    )


def _notices(references: list[Reference]) -> tuple[Notice, ...]:
    """One notice for each image that is named by a tag, which may move, or by nothing at all."""
    notices: dict[str, Notice] = {}
    for reference in references:
        text = reference.text
        if reference.role == ADD or text in notices:
            continue
        if not is_local_context(text):
            notice = of_context(text, reference.line)
            notices |= {text: notice} if notice is not None else {}
            continue
        if not _is_pinned(text):
            remedy = "rajee-deploy lock pins it" if reference.key else "a stage has its name, so nothing locks it"
            message = f"{text} is not pinned, so it may change unnoticed; {remedy}"
            notices[text] = Notice("base-unpinned", message, reference.line)
    return tuple(notices.values())


def _is_pinned(text: str) -> bool:
    try:
        return bool(parse_image(text).digest)
    except ValueError:
        return False
