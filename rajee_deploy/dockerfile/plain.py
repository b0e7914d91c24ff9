"""A Dockerfile → the same in plain words: every variable expanded, every stage, argument and heredoc made explicit.

For engines that read Dockerfiles otherwise than BuildKit does (dialect.py says why). Owns what of a Dockerfile can be
said so that both understand the same; what cannot is refused with its line. Must never know an engine's command line.
Whether the two do agree is tested by building with both (tests/conformance/test_engines.py).
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn

from rajee_deploy.dataclass import dataclass
from rajee_deploy.dockerfile import writing
from rajee_deploy.dockerfile.instructions import Arg, Assign, OnBuild, PlainInstruction, Run, Transfer, WordsInstruction
from rajee_deploy.dockerfile.mounts import fields_of
from rajee_deploy.dockerfile.references import is_remote
from rajee_deploy.dockerfile.stage_reads import BODY, StageWalk
from rajee_deploy.dockerfile.writing import UnwritableError
from rajee_deploy.errors import DeployError
from rajee_deploy.model.dialect import FILES, BaseImage, PlainDockerfile, PlainRun, PlainStage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from rajee_deploy.dockerfile.nodes import Heredoc
    from rajee_deploy.dockerfile.scope import Environment
    from rajee_deploy.dockerfile.stages import StageStep, State

_SHELL = ("/bin/sh", "-c")
# What a trigger of an image may not hold: the engine runs it by itself, and reads it in its own way.
_UNPLAIN = re.compile(
    r"[$`\\'\"]|<<|--mount|^\s*(WORKDIR|EXPOSE|ARG|CMD|ENTRYPOINT|SHELL|VOLUME|USER)\b", re.IGNORECASE
)
_BY_DEFAULT = {"secret": "/run/secrets/name", "ssh": "/run/buildkit/socket"}  # where it is mounted
_ONLY_BUILDKIT = ("link", "exclude", "parents", "unpack", "keep-git-dir")  # what the flag does cannot be compared


@dataclass(slots=True)
class _Stage:
    """What a stage hands down besides its variables: the names that ENV and ARG gave a value, USER, SHELL, WORKDIR and,
    by line, VOLUME."""

    envs: frozenset[str] = frozenset()
    args: Mapping[str, str] | None = None
    user: str = ""
    shell: tuple[str, ...] = ()
    workdir: str = "/"
    volumes: tuple[tuple[int, str], ...] = ()


def _target(fields: list[str]) -> str:
    """Where a RUN mounts something, as it is written or as it is by default."""
    named = dict(field.partition("=")[::2] for field in fields)
    given = next((named[key] for key in ("target", "dst", "destination") if key in named), "")
    return given or _BY_DEFAULT.get(named.get("type", ""), "")


class PlainWalk(StageWalk):
    """Walks the needed stages as StageWalk does, and writes down what each instruction comes to."""

    def begin(self, order: Mapping[int, int], image: Callable[[State], BaseImage | None]) -> None:
        """Say in which place each needed stage stands, and what the images below them bring (None: not known)."""
        self._order = order
        self._image = image
        self._stages: dict[int, _Stage] = {}
        self._lines: list[str] = []
        self._from: list[int] = []
        self._files: dict[str, bytes] = {}
        self._varies = ""
        self._spoils = False
        self._written_stages: list[PlainStage] = []
        self._runs: list[PlainRun] = []
        self._skipped = 0
        self._is_target = False

    def written(self) -> PlainDockerfile:
        """All that was written."""
        text = "\n".join([*self._lines, ""])
        stages = tuple(self._written_stages)
        return PlainDockerfile(text, tuple(self._from), self._files, self._varies, self._spoils, stages)

    # -- stages ----------------------------------------------------------------------------------------------------

    def stage(self, state: State, *, is_target: bool) -> None:
        """See StageWalk."""
        self._is_target = is_target
        super().stage(state, is_target=is_target)
        # A note in the configuration to BuildKit. buildah makes the directories, so what others put there comes first.
        for line, text in self._own.volumes if is_target else ():
            self._put(line, text)
        for line, text in self._triggers:  # last too: what is built in parts would run them
            self._put(line, text)
        self._written_stages[-1] = self._written_stages[-1]._replace(runs=tuple(self._runs))

    def _open(self, state: State, *, is_target: bool) -> None:
        super()._open(state, is_target=is_target)
        if state.is_replaced:
            self._refuse(state.line, "a build context in place of a stage is BuildKit's alone")
        base = f"s{self._order[state.below.index]}" if state.below is not None else state.base
        platform = f"--platform={state.platform} " if state.platform else ""
        name = f"s{self._order[state.index]}"
        below = self._order[state.below.index] if state.below is not None else None
        image = (self._image(state) if below is None else None) or BaseImage()
        self._written_stages.append(PlainStage(len(self._lines), name, below, image))
        self._put(state.line, f"FROM {platform}{base} AS {name}")
        self._skipped = 0
        self._runs = []
        self._triggers: list[tuple[int, str]] = []
        if state.below is not None:
            self._own = replace(self._stages[state.below.index])
            self._inherit(state)
        else:
            self._own = self._fresh(state)
        self._stages[state.index] = self._own

    def _fresh(self, state: State) -> _Stage:
        image = self._image(state)
        if image is None:
            self._refuse(state.line, f"what {state.base} brings (its ENV, its USER) is not known")
        if image.shell:
            self._refuse(state.line, f"{state.base} has a SHELL of its own, which buildah does not use for CMD")
        for trigger in image.onbuild:
            if _UNPLAIN.search(trigger):
                self._refuse(state.line, f"{state.base} adds {trigger!r} by ONBUILD")
        self._skipped = len(image.onbuild)
        return _Stage(frozenset(name for name, _ in image.env), {}, image.user, workdir=image.workdir or "/")

    def _inherit(self, state: State) -> None:
        """An engine may forget a stage's arguments in the stages that stand on it."""
        for name, value in (self._own.args or {}).items():
            self._put(state.line, self._argument(name, value))

    # -- instructions ----------------------------------------------------------------------------------------------

    def _step(self, step: StageStep) -> None:
        before = self._environment.copy()
        super()._step(step)
        if self._skipped:
            self._skipped -= 1  # a trigger of the image: the engine runs it by itself
            return
        line = step.instruction.lines.start
        try:
            for text in self._written(step, before):
                self._put(line, text)
        except UnwritableError as error:
            self._refuse(line, str(error))

    def _written(self, step: StageStep, before: Environment) -> Iterator[str]:  # noqa: PLR0911 -- one arm for each kind
        match step.instruction:
            case Transfer() as transfer:
                return self._copied(transfer, step, before)
            case Run() as run:
                return iter([self._ran(run, step, before)])
            case Assign() as assign:
                return self._assigned(assign, before)
            case Arg() as arg:
                return self._declared(arg, before)
            case WordsInstruction() as words:
                return self._worded(words, before)
            case PlainInstruction() as plain:
                return iter([self._plain(plain)])
            case OnBuild() as trigger:
                self._triggered(trigger)
                return iter(())
            case _:
                raise AssertionError("FROM opens a stage and is no step of one")

    def _known(self, word: str, before: Environment) -> str:
        found = before.expand(word)
        if not found.is_known:
            names = ", ".join(f"${name}" for name in sorted(found.unknown | found.disputed))
            raise UnwritableError(f"the value of {names} is not known")
        return found.text

    def _copied(self, transfer: Transfer, step: StageStep, before: Environment) -> Iterator[str]:
        flags = transfer.flags
        for name in _ONLY_BUILDKIT:
            if flags.text(name) not in ("", "false") or flags.list(name):
                raise UnwritableError(f"{transfer.name} --{name} is BuildKit's alone")
        options = [
            f"--{name}={writing.flag(self._known(flags.text(name), before))}"
            for name in ("chown", "chmod", "checksum")
            if flags.text(name)
        ]
        dest = writing.destination(self._known(transfer.dest, before))
        sources = [self._known(word, before) or "/" for word in transfer.sources]
        if len(sources) + len(transfer.inline) > 1 and not dest.endswith("/"):
            raise UnwritableError(f"several sources need a directory: write {transfer.dest}/")
        if any(map(is_remote, sources)):
            self._varies = self._varies or "a source is fetched from elsewhere"
        if options and transfer.name == "ADD":
            self._varies = self._varies or "ADD with flags"
            self._spoils = True  # buildah takes the layer of an ADD whatever its flags were
        origin = [f"--from={self._origin(step.origins[0], flags.text('from'))}"] if step.origins else []
        if sources:
            yield writing.exec_form([transfer.name, *origin, *options], [*sources, dest])
        for heredoc in transfer.inline:
            path = self._inline(heredoc, before)
            yield writing.exec_form(["COPY", f"--from={FILES}", *options], [path, dest])

    def _inline(self, heredoc: Heredoc, before: Environment) -> str:
        text = heredoc.text
        if heredoc.expand:
            found = before.expand(text, BODY)
            if not found.is_known:
                raise UnwritableError(f"the heredoc {heredoc.name} has a variable whose value is not known")
            text = found.text
        if "/" in heredoc.name or heredoc.name in (".", ".."):
            raise UnwritableError(f"the heredoc {heredoc.name!r} is no name of a file")
        path = f"{len(self._files)}/{heredoc.name}"
        self._files[path] = text.encode("utf-8", "surrogateescape")
        self._varies = self._varies or "a file stands in the Dockerfile"
        return "/" + re.sub(r"[*?[]", r"[\g<0>]", path)

    def _origin(self, state: State | None, name: str) -> str:
        if state is None or state.stage is None:
            return name
        return f"s{self._order[state.index]}"

    def _ran(self, run: Run, step: StageStep, before: Environment) -> str:
        mounts = [
            self._mounted(text, origin, before)
            for text, origin in zip(run.flags.list("mount"), step.origins, strict=True)
        ]
        options = [f"--mount={','.join(map(writing.mount_field, fields))}" for fields in mounts]
        workdir = self._own.workdir
        targets = tuple(posixpath.join(workdir, _target(fields)) for fields in mounts)
        self._runs.append(PlainRun(workdir, targets))
        if run.flags.text("network"):
            options.append(f"--network={run.flags.text('network')}")
        if run.flags.text("security") or run.flags.list("device"):
            raise UnwritableError("RUN --security and --device are BuildKit's alone")
        if not run.heredocs:
            return writing.command(["RUN", *options], run.command, json=run.json)
        return writing.exec_form(
            ["RUN", *options], [*(self._own.shell or _SHELL), writing.script(run.command[0], run.heredocs)], words=False
        )

    def _mounted(self, text: str, origin: State | None, before: Environment) -> list[str]:
        found = []
        for part in fields_of(text):
            key, sign, value = part.partition("=")
            value = self._origin(origin, value) if key.lower() == "from" else self._known(value, before)
            if value or not sign:  # nothing is the default to BuildKit, and an error to others
                found.append(f"{key.lower()}{sign}{value}")
        return found

    def _assigned(self, assign: Assign, before: Environment) -> Iterator[str]:
        pairs = [(self._known(key, before), self._known(value, before)) for key, value in assign.pairs]
        yield " ".join([assign.name, *(f"{writing.key(key)}={writing.quote(value)}" for key, value in pairs)])
        if assign.name == "ENV":
            names = frozenset(key for key, _ in pairs)
            self._own.envs |= names
            self._own.args = {name: value for name, value in (self._own.args or {}).items() if name not in names}

    def _declared(self, arg: Arg, before: Environment) -> Iterator[str]:
        for name in dict.fromkeys(name for name, _ in arg.pairs):
            value = self._environment.variables.get(name)
            if self._environment.marks_of(name).is_disputed:
                raise UnwritableError(f"versions of BuildKit differ in ARG {name}: write it on a line of its own")
            if name in self._own.envs:
                if value != before.variables.get(name):
                    raise UnwritableError(f"ARG {name} replaces an ENV of that name, which buildah does not do")
                continue
            if value is None:
                yield f"ARG {name}"
                continue
            if name in self._scope.automatic and value != self._scope.automatic[name]:
                raise UnwritableError(f"ARG {name} has a value of its own, and buildah keeps the platform's")
            self._own.args = {**(self._own.args or {}), name: value}
            yield self._argument(name, value)

    def _argument(self, name: str, value: str) -> str:
        """What is given to the build goes past the file: it may be private."""
        is_given = name in self._scope.given or name in self._scope.automatic
        return f"ARG {name}" if is_given else f"ARG {name}={writing.quote(value)}"

    def _worded(self, words: WordsInstruction, before: Environment) -> Iterator[str]:
        texts = [self._known(word, before) for word in words.args]
        match words.name:
            case "WORKDIR":
                yield from self._entered(texts[0])
            case "EXPOSE":
                found = [port for word in words.args for port in before.expand(word).words]
                yield " ".join(["EXPOSE", *writing.ports(found)])
            case "VOLUME":
                text = writing.exec_form(["VOLUME"], texts)
                self._own.volumes = (*self._own.volumes, (words.lines.start, text))
            case _:
                if words.name == "USER":
                    self._own.user = texts[0]
                yield f"{words.name} {writing.quote(texts[0])}"

    def _entered(self, path: str) -> Iterator[str]:
        """BuildKit makes the directory, and makes it the user's; others wait until something is put into it."""
        if not path:
            raise UnwritableError("WORKDIR expands to nothing")
        self._own.workdir = posixpath.join(self._own.workdir, path)
        yield f"WORKDIR {writing.quote(path)}"
        self._files.setdefault("", b"")
        owner = [f"--chown={writing.flag(self._own.user)}"] if self._own.user else []
        yield writing.exec_form(["COPY", f"--from={FILES}", *owner], ["/empty/", "./"])

    def _plain(self, plain: PlainInstruction) -> str:
        shell = self._own.shell
        if plain.name == "SHELL":
            self._own.shell = plain.args
        if plain.name in ("CMD", "ENTRYPOINT") and not plain.json and plain.args and shell:
            return writing.exec_form([plain.name], [*shell, *plain.args], words=False)
        if plain.name == "HEALTHCHECK":
            options = [f"--{name}={writing.flag(value)}" for name, value in plain.flags.texts.items() if value]
            kind, *rest = plain.args
            return writing.command(["HEALTHCHECK", *options, kind], rest, json=plain.json)
        return writing.command([plain.name], plain.args, json=plain.json)

    def _triggered(self, trigger: OnBuild) -> None:
        """A trigger of a stage that others stand on was put in front of theirs; one of the target is for later."""
        if self._is_target:
            if trigger.child.heredocs or "\n" in trigger.trigger:
                raise UnwritableError("buildah loses the text of a heredoc behind ONBUILD")
            self._triggers.append((trigger.lines.start, f"ONBUILD {trigger.trigger}"))

    def _put(self, line: int, text: str) -> None:
        if re.search(r"[\r\n]|\\[ \t]*\Z", text):
            self._refuse(line, "a line that ends with a backslash, or a value with a line break, cannot be written")
        self._lines.append(text)
        self._from.append(line)

    def _refuse(self, line: int, problem: str) -> NoReturn:
        raise DeployError(
            "engine-cannot",
            problem,
            where=f"{self._path}:{line}",
            hint="write it in plainer words (docs/registry-and-engines.md), or use the engine buildx",
        )
