"""Every use, asked of a real BuildKit: the original build context and our copy of it must have the same cache keys.

First the probe (see probe.py) is built from the user's own directory with the user's own ignore files, then from the
private copy, which holds exactly what we selected. A step of the second build that is CACHED has the content digest of
the first: the same paths, kinds, modes, link texts and bytes. Both sides take modes as they are; that the image's own
selection holds the same entries is compared besides. Owns that experiment. Must never pass over a use in silence.
"""

from __future__ import annotations

import secrets
import tarfile
from contextlib import ExitStack
from typing import TYPE_CHECKING

from rajee_deploy import context as contexts
from rajee_deploy.actions.verify.probe import make_probe
from rajee_deploy.actions.verify.rehash import MISMATCH
from rajee_deploy.actions.verify.removed import InexpressibleError, ignore_text
from rajee_deploy.context import Modes
from rajee_deploy.dataclass import dataclass
from rajee_deploy.dockerfile import unite
from rajee_deploy.engine.probe import ProbeRequest
from rajee_deploy.errors import DeployError, Quote
from rajee_deploy.model import ReadBy
from rajee_deploy.system.temporary import private_directory

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from rajee_deploy.actions.verify.probe import Probe, ProbeStep, Unchecked
    from rajee_deploy.context import Selection
    from rajee_deploy.engine.probe import ProbeAnswer, ProbeEngine
    from rajee_deploy.image.inputs import ImageInputs
    from rajee_deploy.model import ContextRead

_HINT = "please report it with this Dockerfile line: the fingerprint may miss what the build reads"


@dataclass(frozen=True, slots=True)
class Checked:
    """What BuildKit was asked: the reads that agree, and those that could not be asked, with the reason."""

    agreed: tuple[ContextRead, ...]
    unchecked: tuple[Unchecked, ...]


def check(inputs: ImageInputs, engine: ProbeEngine) -> Checked:
    """Check every use of an image that the engine can express. DeployError `verify-mismatch` names line and path.

    Platforms that read the same are asked about once: what is read decides a use, not for what it is built.
    """
    each = {one.recipe.reads: one for one in inputs.of_each_platform()}
    found = [_check(one, engine) for one in each.values()]
    return Checked(unite([one.agreed for one in found]), unite([one.unchecked for one in found]))


def _check(inputs: ImageInputs, engine: ProbeEngine) -> Checked:
    """The same for one platform."""
    refusal = _refusals(inputs, engine)
    probe = make_probe(inputs.recipe, secrets.token_hex(8), refusal)
    if probe.steps:
        with private_directory("probe") as place:
            _Experiment(inputs, engine, probe, place).run()
    return Checked(tuple(read for step in probe.steps for read in step.reads), probe.unchecked)


def _refusals(inputs: ImageInputs, engine: ProbeEngine) -> Callable[[ContextRead], str]:
    """Says of a read why the engine cannot be asked about it; "" when it can."""
    lacks = _lacking(inputs, engine)
    hidden = {name: _obstacle(selection) for name, selection in inputs.selections.items()}

    def refusal(read: ContextRead) -> str:
        if read.widened:
            return f"superset: {read.widened}"
        flag = "parents" if read.selector.include else "exclude" if read.selector.exclude else ""
        if flag in lacks:
            return f"this engine's own frontend lacks --{flag}"
        if read.selector.path == "/" and not inputs.selections[read.context].entries:
            return "nothing is left of the build context, and every engine digests that in its own way"
        return hidden[read.context]

    return refusal


def _lacking(inputs: ImageInputs, engine: ProbeEngine) -> set[str]:
    """Those of the needed COPY flags that the engine does not know: it is asked by building nothing with them."""
    needed = {"parents" for read in inputs.recipe.reads if read.selector.include}
    needed |= {"exclude" for read in inputs.recipe.reads if read.selector.exclude}
    flags = {"parents": "--parents", "exclude": "--exclude=x"}
    lacks = set()
    for name in sorted(needed):
        with private_directory("probe") as place:
            dockerfile = place / "Dockerfile"
            dockerfile.write_text(f"FROM scratch\nCOPY {flags[name]} Dockerfil* /\n", "utf-8")
            request = ProbeRequest(place, dockerfile, str(inputs.options.platform))
            if "nknown flag" in engine.probe(request).failure:
                lacks.add(name)
    return lacks


def _obstacle(selection: Selection) -> str:
    """Why nothing of a build context can be compared; "" when it can."""
    if any(entry.withheld for entry in selection.entries):
        return "the ignore rules send a file without its bytes, which no copy can repeat"
    try:
        ignore_text(selection.root, selection.rules)
    except InexpressibleError as error:
        return str(error)
    return ""


class _Experiment:
    """The two builds of one probe."""

    def __init__(self, inputs: ImageInputs, engine: ProbeEngine, probe: Probe, scratch: Path) -> None:
        self._inputs = inputs
        self._engine = engine
        self._probe = probe
        self._scratch = scratch
        reads = [read for step in probe.steps for read in step.reads]
        self._selections = {
            name: contexts.look_up(
                inputs.selections[name].root,
                [read for read in reads if read.context == name],
                inputs.selections[name].rules,
                Modes.EXACT,
            )
            for name in dict.fromkeys(["", *(read.context for read in reads)])
        }

    def run(self) -> None:
        self._compare_entries()
        with ExitStack() as stack:
            copies = {
                name: stack.enter_context(contexts.stage_context(selection, self._probe.text.encode()))
                for name, selection in self._selections.items()
            }
            original = self._request(self._dockerfile(), self._originals())
            copied = self._request(copies[""].dockerfile, {name: copy.directory for name, copy in copies.items()})
            self._build(original, "BuildKit refuses to copy from the build context")
            answer = self._build(copied, "BuildKit refuses to copy from what was selected of the build context")
            for step in self._probe.steps:
                if not any(step.place in name for name in answer.cached):
                    raise self._mismatch(step, original, copied)

    def _originals(self) -> dict[str, Path]:
        """The build contexts as they are, under names that no engine knows: of one that it knows, it does not notice
        when only the mode of a directory changed."""
        found = {}
        for number, (name, selection) in enumerate(self._selections.items()):
            found[name] = self._scratch / f"{secrets.token_hex(8)}-{number}"
            found[name].symlink_to(selection.root.absolute())
        return found

    def _compare_entries(self) -> None:
        """With all modes set aside, the entries of the probe are among those that the image's fingerprint counts."""
        for name, selection in self._selections.items():
            counted = _contents(self._inputs.selections[name])
            for path, content in _contents(selection).items():
                if counted.get(path) != content:
                    raise DeployError(MISMATCH, f"{path} is read, but not counted as it is", where=path, hint=_HINT)

    def _dockerfile(self) -> Path:
        path = self._scratch / "Dockerfile"
        path.write_text(self._probe.text, "utf-8")
        main = self._selections[""]
        ignored = ignore_text(main.root, main.rules) if main.uses else None
        if ignored is not None:
            path.with_name("Dockerfile.dockerignore").write_bytes(ignored)
        return path

    def _request(self, dockerfile: Path, places: Mapping[str, Path], image: Path | None = None) -> ProbeRequest:
        options = self._inputs.options
        declared = {name for name, _ in self._inputs.recipe.build_args}
        given = {name: value for name, value in options.build_args.items() if name in declared}
        named = {name: str(place.absolute()) for name, place in places.items() if name}
        return ProbeRequest(places[""].absolute(), dockerfile, str(options.platform), given, named, image)

    def _build(self, request: ProbeRequest, problem: str) -> ProbeAnswer:
        answer = self._engine.probe(request)
        if answer.failure:
            first = self._probe.steps[0].reads[0]
            said = Quote(tuple(answer.failure.split("\n")), what="what the engine said")
            raise DeployError(MISMATCH, problem, where=str(first.location), hint=_HINT, quote=said)
        return answer

    def _mismatch(self, step: ProbeStep, original: ProbeRequest, copied: ProbeRequest) -> DeployError:
        sides = [self._image(original, step), self._image(copied, step)]
        differing = (path for path in sorted({*sides[0], *sides[1]}) if sides[0].get(path) != sides[1].get(path))
        path = next(differing, "")
        read = step.reads[0]
        told = f"{path} differs" if path else "no file differs, but an attribute or a directory that was copied from"
        sources = " ".join(one.source for one in step.reads)
        return DeployError(
            MISMATCH,
            f"BuildKit reads something else than we do for {read.instruction.value} {sources}",
            where=str(read.location),
            cause=told,
            hint=_HINT,
        )

    def _image(self, request: ProbeRequest, step: ProbeStep) -> dict[str, tuple[object, ...]]:
        """The files of one step's place by their path in it."""
        image = self._scratch / "image.tar"
        self._build(
            ProbeRequest(
                request.context, request.dockerfile, request.platform, request.build_args, request.build_contexts, image
            ),
            "BuildKit refuses to copy",
        )
        found: dict[str, tuple[object, ...]] = {}
        with tarfile.open(image) as archive:
            for member in archive:
                _, place, path = member.name.partition(step.place.lstrip("/"))
                if place:
                    file = archive.extractfile(member) if member.isfile() else None
                    found[path] = (member.type, member.mode, member.linkname, file.read() if file else b"")
        return found


def _contents(selection: Selection) -> dict[str, tuple[object, ...]]:
    return {
        entry.entry.path: (entry.entry.kind, entry.entry.size, entry.entry.link, entry.digest)
        for entry in selection.entries
    }


def how(read: ContextRead) -> str:
    """How a read was asked about."""
    return "as a COPY of the same path" if read.instruction is ReadBy.RUN else ""
