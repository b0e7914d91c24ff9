"""Which instruction reads which files: a walk over the stages that the target needs, in the order of BuildKit.

Owns the meaning of instructions for the inputs of a build: expansion, reads of local build contexts, references,
secrets, declared arguments. Must never decide which stages are needed. What depends on the ENV of an image (which
only its registry knows) is read as the whole context: never less than the build reads. Follows BuildKit's dispatch
(frontend/dockerfile/dockerfile2llb, commit 73ed6825c4b7).
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from rajee_deploy.dataclass import dataclass
from rajee_deploy.dockerfile import machines, selectors, widening
from rajee_deploy.dockerfile.arguments import SyntaxProblemError
from rajee_deploy.dockerfile.instructions import Arg, Assign, Run, Transfer, WordsInstruction
from rajee_deploy.dockerfile.mounts import Mount, read_mount, source_as_written, type_as_written
from rajee_deploy.dockerfile.parser import refusal
from rajee_deploy.dockerfile.references import is_git, is_remote
from rajee_deploy.dockerfile.scope import DEFAULT_PATH, NOT_IN_ENV, SINCE_ARG_ORDER, Environment, Expanded, Marks
from rajee_deploy.dockerfile.values import check_checksum, check_mode, check_port, check_signal, check_volume
from rajee_deploy.dockerfile.variables import Variables
from rajee_deploy.dockerfile.words import ExpansionError, Lexer
from rajee_deploy.model import ContextRead, Location, Notice, ReadBy, Reference

if TYPE_CHECKING:
    from collections.abc import Collection

    from rajee_deploy.dockerfile.bases import Bases
    from rajee_deploy.dockerfile.references import NamedContexts
    from rajee_deploy.dockerfile.remotes import Remotes
    from rajee_deploy.dockerfile.scope import GlobalScope
    from rajee_deploy.dockerfile.stages import StageStep, State
    from rajee_deploy.model import Selector, StageId

BODY = Lexer(plain_quotes=True)  # always with the backslash, whatever the escape directive says
_NO_IMAGES = ("git@", "git://", "ssh://", "http://", "https://")  # sources without a configuration
_CHECKS = {"VOLUME": check_volume, "STOPSIGNAL": check_signal, "EXPOSE": check_port}


@dataclass(slots=True)
class Findings:
    """What was noted, in order."""

    reads: list[ContextRead] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)
    args: dict[str, str | None] = field(default_factory=dict)
    notices: dict[str, Notice] = field(default_factory=dict)


class StageWalk:
    """One walk over the needed stages, in order. DeployError `dockerfile-syntax` where BuildKit would fail."""

    def __init__(
        self, scope: GlobalScope, contexts: NamedContexts, sources: tuple[Bases, Remotes], path: str, *, windows: bool
    ) -> None:
        self.found = Findings()
        self._bases, self._remotes = sources
        self._scope = scope
        self._contexts = contexts
        self._path = path
        self._windows = windows
        self._environments: dict[int, Environment] = {}
        self._is_windows: dict[int, bool] = {}
        self._state: State
        self._environment: Environment

    def stage(self, state: State, *, is_target: bool) -> None:
        """Note what one stage reads and does."""
        self._state = state
        self._open(state, is_target=is_target)
        if state.is_replaced:
            return
        for step in state.steps:
            self._environment.asked.clear()
            try:
                self._step(step)
            except (ExpansionError, SyntaxProblemError) as error:
                raise refusal(self._path, step.instruction.lines.start, error) from error
            names = machines.deciding(step.instruction, self._environment)
            self._note_machine(names, step.instruction.lines.start)

    # -- what a stage stands on ------------------------------------------------------------------------------------

    def _open(self, state: State, *, is_target: bool) -> None:
        self._scope.use(state.names)
        if state.is_chosen:
            self._note_machine(state.names & self._scope.by_engine, state.line)
        below = state.below
        if below is not None:
            self._environment = self._environments[below.index].copy()
            self._is_windows[state.index] = self._is_windows[below.index]
            if below.is_replaced and below.context is not None and self._contexts.is_local(below.context):
                self._read_all(state, below.context)
            elif below.is_replaced:
                self._fear_triggers(state, below)
        else:
            is_image = self._note(state, "from")
            config = self._bases.config(state)
            variables = {"PATH": DEFAULT_PATH, **dict(config.env)} if config is not None else {}
            directory = None if is_image else "/"
            differing = self._bases.differing(state) if config is not None else ()
            self._environment = Environment(
                self._scope.lexer,
                Variables(variables),
                is_open=config is None,
                directory=directory,
                marks=Variables(dict.fromkeys(differing, Marks(is_by_engine=True))),
            )
            if config is None:
                self._note_unknown(self.found.references[-1])
            given = state.platform
            self._is_windows[state.index] = self._windows if given is None else given.lower().startswith("windows")
            is_whole = is_target or not state.is_replaced
            if is_whole and state.context is not None and self._contexts.is_local(state.context):
                self._read_all(state, state.context)
        self._environments[state.index] = self._environment

    def _note(self, state: State, role: str) -> bool:
        """Note the image below a stage, or named by an instruction; whether there is one."""
        reference = self._bases.reference(state, role)
        if reference is not None:
            self.found.references.append(reference)
        return reference is not None

    def _note_unknown(self, base: Reference) -> None:
        if base.text.startswith(_NO_IMAGES):
            return
        remedy = "; rajee-deploy lock records them" if base.key else ""
        message = (
            f"the ENV and ONBUILD of {base.text} are not known: what ENV may decide counts in full, ONBUILD is looked "
            f"at before a build{remedy}"
        )
        self.found.notices.setdefault(base.text, Notice("base-config-unknown", message, base.line))

    def _note_machine(self, names: Collection[str], line: int) -> None:
        """Say that the machine that builds decides what is in the image, unless the stage is of that machine's kind."""
        if names and not self._state.is_native:
            said = machines.notice(names, line)
            self.found.notices.setdefault(said.message, said)

    def _fear_triggers(self, state: State, below: State) -> None:
        """What an image in a stage's place does by ONBUILD to the stages on top: old frontends run it, new ones do not.
        So whatever it could read counts."""
        config = self._bases.config(below)
        if config is None or not config.onbuild:
            return
        for context in ("", *self._contexts.locals()):
            self._read_all(state, context, f"{widening.FRONTEND_DECIDES} run the ONBUILD of {state.base} here")
        self._environment.set_unknown()
        self.found.args |= self._scope.given

    def _read_all(self, state: State, context: str, widened: str = "") -> None:
        """A stage that stands on a directory reads all of it. No instruction but FROM does that; COPY is nearest."""
        location = Location(self._path, state.line, state.end or state.line)
        read = ContextRead(ReadBy.COPY, location, _identity(state), state.base, selectors.EVERYTHING, context, widened)
        self.found.reads.append(read)

    # -- instructions ----------------------------------------------------------------------------------------------

    def _step(self, step: StageStep) -> None:
        match step.instruction:
            case Transfer() as transfer:
                self._transfer(transfer, step.origins)
            case Run() as run:
                self._run(run, step.origins)
            case Assign() as assign:
                self._assign(assign)
            case Arg() as arg:
                self._args(arg)
            case WordsInstruction() as words:
                self._words(words)
            case _:
                pass

    def _words(self, words: WordsInstruction) -> None:
        check = _CHECKS.get(words.name)
        for word in words.args:
            value = self._environment.expand(word)
            if words.name == "WORKDIR":
                self._environment.enter(value)
            if check is None or not value.is_known:
                continue
            for text in value.words if words.name == "EXPOSE" else (value.text,):
                check(text)

    def _assign(self, assign: Assign) -> None:
        pairs = [(self._environment.expand(key), self._environment.expand(value)) for key, value in assign.pairs]
        if assign.name == "ENV":
            for key, value in pairs:
                if not key.is_known:
                    self._environment.set_unknown()
                self._environment.set(key.text, value)

    def _args(self, arg: Arg) -> None:
        """An ARG line. Old frontends expand all of its defaults before they set the first name."""
        at_once = len(arg.pairs) > 1 and not self._scope.is_since(SINCE_ARG_ORDER)
        before = self._environment.copy() if at_once else None
        for name, default in arg.pairs:
            value = self._arg(name, default)
            if before is not None and default is not None and name not in self._scope.given:
                value = widening.compare(name, value, before, default)
            if value is not None and name not in NOT_IN_ENV:
                self._environment.set(name, value)

    def _arg(self, name: str, default: str | None) -> Expanded | None:
        """Note one declared argument; the value that it has here, None where it leaves what an image has."""
        scope = self._scope
        given = scope.given.get(name)
        value = Expanded(given) if given is not None else None
        if value is None and default is not None:
            value = self._environment.expand(default)
        elif value is None and name in scope.values:
            value = scope.value(name)
            scope.use([name])
        self.found.args[name] = given  # the value that BuildKit itself gives one is noted by `use`
        return value

    def _transfer(self, transfer: Transfer, origins: tuple[State | None, ...]) -> None:
        expand = self._environment.expand
        flags = transfer.flags
        expand(flags.text("chown"))
        mode = expand(flags.text("chmod"))
        if mode.text and mode.is_known:
            check_mode(mode.text)
        checksum = expand(flags.text("checksum"))
        sources = [(source, expand(source)) for source in transfer.sources]
        expand(transfer.dest)
        for heredoc in transfer.inline:
            if heredoc.expand:
                expand(heredoc.text, BODY)
        _check_checksum(checksum, sources)
        context = self._context_of(origins[0], f"copy from {flags.text('from')}") if origins else ""
        for written, source in sources:
            if self._is_fetched(transfer, written, source, checksum) or context is None:
                continue
            selector = selectors.of_source(source.text, flags.list("exclude"), parents=flags.text("parents") == "true")
            self._read(ReadBy(transfer.name), transfer, written, self._widen(selector, source), context)

    def _is_fetched(self, transfer: Transfer, written: str, source: Expanded, checksum: Expanded) -> bool:
        """Whether a source is remote: only ADD may name one, and then it is noted."""
        # Of a source that is not known to its end, its written beginning says it.
        text = source.text if source.is_known else written
        if not is_remote(text):
            return False
        if transfer.name == "COPY":
            kind = "a git repository" if is_git(text) else "a URL"
            raise SyntaxProblemError(f"the source of a COPY cannot be {kind}: {text} (ADD fetches it)")
        reference, notice = self._remotes.reference(transfer, written, source, has_checksum=bool(checksum.text))
        self.found.references.append(reference)
        if notice is not None:
            self.found.notices.setdefault(f"{reference.text}:{reference.line}", notice)
        return True

    def _run(self, run: Run, origins: tuple[State | None, ...]) -> None:
        if run.json and not run.command:
            raise SyntaxProblemError("a RUN in JSON form needs a command")
        for text, origin in zip(run.flags.list("mount"), origins, strict=True):
            parts: list[Expanded] = []

            def expand(value: str, parts: list[Expanded] = parts) -> str:
                parts.append(self._environment.expand(value))
                return parts[-1].text

            try:
                mount = read_mount(text, expand)
            except SyntaxProblemError:
                if all(part.is_known for part in parts):
                    raise
                mount = Mount()  # what it is depends on an image or a machine: at its worst it shows the whole context
            if not self._environment.expand(type_as_written(text)).is_known:
                mount = mount._replace(kind="bind")
            self._mount(run, text, mount, origin, widening.join(parts))

    def _mount(self, run: Run, text: str, mount: Mount, origin: State | None, value: Expanded) -> None:
        if mount.secret is not None:
            self.found.secrets.append(mount.secret)
        if mount.kind in ("bind", "cache", "tmpfs") and value.is_known and self._environment.is_root(mount.target):
            raise SyntaxProblemError(f"invalid mount target {mount.target or '/'!r}: it is the root of the image")
        context: str | None = ""
        if origin is not None and (mount.origin or not value.is_known):
            context = self._context_of(origin, f"mount {mount.origin}", strict=mount.kind in ("bind", "cache"))
        if mount.kind in ("bind", "cache") and (context or (context == "" and mount.kind == "bind")):
            selector = self._widen(selectors.of_mount(mount.source), value)
            self._read(ReadBy.RUN, run, source_as_written(text), selector, context)

    def _context_of(self, origin: State | None, deed: str, *, strict: bool = True) -> str | None:
        """The local named context behind an origin; None for stages and images, which are noted."""
        if origin is None:
            return None
        if origin.stage is None:
            self._note(origin, deed.partition(" ")[0])
        elif strict and not origin.is_replaced and origin.index >= self._state.index:
            raise SyntaxProblemError(f"cannot {deed}: that stage must be defined before this one")
        if origin.context is None or not self._contexts.is_local(origin.context):
            return None
        return origin.context if origin.stage is None or origin.is_replaced else None

    # -- reads -----------------------------------------------------------------------------------------------------

    def _widen(self, selector: Selector, value: Expanded) -> tuple[Selector, str]:
        reason = widening.WINDOWS if self._is_windows[self._state.index] else widening.reason(value)
        return (selectors.EVERYTHING, reason) if reason else (selector, "")

    def _read(
        self, by: ReadBy, instruction: Transfer | Run, source: str, wanted: tuple[Selector, str], context: str
    ) -> None:
        lines = instruction.lines
        selector, widened = wanted
        location = Location(self._path, lines.start, lines.end)
        self.found.reads.append(ContextRead(by, location, _identity(self._state), source, selector, context, widened))


def _identity(state: State) -> StageId:
    if state.stage is None:
        raise AssertionError("only stages of the file read a context")
    return state.stage


def _check_checksum(checksum: Expanded, sources: list[tuple[str, Expanded]]) -> None:
    if not checksum.text:
        return
    if len(sources) != 1:
        raise SyntaxProblemError("--checksum takes exactly one source")
    written, source = sources[0]
    text = source.text if source.is_known else written
    if not is_remote(text):
        raise SyntaxProblemError("--checksum takes HTTP(S) or git sources only")
    if not is_git(text) and checksum.is_known:
        check_checksum(checksum.text)
