"""The synth of one run: made at most once, taken from what is kept where it can be, kept for the next.

It knows when a synth is the one that a fingerprint stands for; whether one is needed is decided in `plan`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import field
from typing import TYPE_CHECKING, Any

from rajee_deploy.dataclass import dataclass
from rajee_deploy.errors import DeployError
from rajee_deploy.fingerprint import IGNORED, RECORD, TAKEN
from rajee_deploy.plan.stack_names import key_of
from rajee_deploy.synth.tracing.depfile import DURING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from rajee_deploy.aws import Identity
    from rajee_deploy.fingerprint import Fingerprint, Input
    from rajee_deploy.plan.state import Synthesised, Wanted
    from rajee_deploy.stack import StackDeployer
    from rajee_deploy.synth.assembly_cache import AssemblyStore
    from rajee_deploy.synth.input_store import InputStore

# Found out by the synth itself, so it may appear with it; and the file that the CLI writes for its look-ups.
_WRITTEN = ("impure:", "file:cdk.context.json", TAKEN, IGNORED)
_BY_SYNTH = ("traced:", "image:", *_WRITTEN)


@dataclass(frozen=True, slots=True)
class Synthesiser:
    """What a synth takes: the CLI, the fingerprint of the app as it is now, what is kept, and who we are to AWS."""

    deployer: StackDeployer
    fingerprint: Callable[[], Fingerprint]
    store: AssemblyStore
    given: Mapping[str, str] = field(default_factory=dict)  # context values: tags that no stack parameter takes
    publishable: Callable[[], Mapping[str, Any] | None] = lambda: None  # the list of the last synth, see Ports
    inputs: InputStore | None = None  # where it is kept what the fingerprint is made of
    # Takes image assets out of the CDK CLI's hands (see `adopted`), and says what the stacks are then.
    adopt: Callable[[Path], Mapping[str, Synthesised]] | None = None


@dataclass(frozen=True, slots=True)
class Synthesis:
    """A synth that was made or taken: the fingerprint it stands for, its assembly, and its stacks by key.

    `document` is the list that the fingerprint was made with, where it may travel.
    """

    fingerprint: Fingerprint
    assembly: Path
    stacks: Mapping[str, Synthesised] = field(default_factory=dict)
    document: Mapping[str, Any] | None = None


def find_remembered(by: Synthesiser, fingerprint: Fingerprint, who: Identity) -> Mapping[str, Synthesised]:
    """The stacks that an earlier synth of these inputs made on this machine; empty when none is known."""
    return by.store.remember(_key(by, fingerprint, who))


def local_infrastructure(wanted: Wanted) -> Fingerprint:
    """The infrastructure by this machine's own list."""
    if wanted.infrastructure is None:
        raise AssertionError("stacks are planned with the fingerprint of their infrastructure")
    return wanted.infrastructure


def find_kept(
    by: Synthesiser,
    wanted: Wanted,
    lists: Mapping[str, Mapping[str, Any]],
    who: Identity,
    into: Path,
    *,
    whole: bool = True,
) -> Synthesis | None:
    """The kept synth of what is wanted, its assembly copied to `into`; None where there is none. `lists` are those of
    others by the digest that they give. Not `whole`: of the assembly what a look at its templates takes, and no more.
    """
    local = local_infrastructure(wanted)
    made_with = [(local, by.publishable())]
    made_with += [(each, lists.get(str(each.digest))) for each in wanted.infrastructures.values()]
    for fingerprint, document in made_with:
        stacks = _take(by, fingerprint, who, into, whole=whole)
        if stacks:
            return Synthesis(fingerprint, into, stacks, document)
    return None


def _take(
    by: Synthesiser, fingerprint: Fingerprint, who: Identity, into: Path, *, whole: bool
) -> Mapping[str, Synthesised]:
    """The stacks of the kept synth of this fingerprint, its assembly copied; none where none is kept, or where what the
    app does cannot be followed, so that the fingerprint stands for no synth."""
    if any(item.name.startswith("impure:") for item in fingerprint.inputs):
        return {}
    key = _key(by, fingerprint, who)
    stacks = by.store.remember(key)
    return stacks if stacks and by.store.take(key, into, whole=whole) else {}


def synthesise(
    by: Synthesiser, planned: Fingerprint, who: Identity, into: Path, on_line: Callable[[str], None]
) -> Synthesis:
    """Synthesise into the (absent) directory `into`, and keep it. What was synthesised must be what was hashed: when
    the app changed meanwhile, it is done once more, beside it, and then DeployError `file-changed`.

    An app whose command compiles (`tsc && node app.js`) changes itself after each edit; the second time it does not.
    """
    before = by.fingerprint()
    _check_unchanged(planned, before)
    stacks = _made(by, into, on_line, who)
    after = by.fingerprint()
    if _changes(before, after) or _is_moving(after):
        before, into = after, into.with_name(f"{into.name}-again")
        stacks = _made(by, into, on_line, who)
        after = by.fingerprint()
        _check_unchanged(before, after)
    by.store.keep(_key(by, after, who), into, stacks, who.account)
    if by.inputs is not None:
        by.inputs.keep(after)
    return Synthesis(after, into, stacks, by.publishable())


def _made(by: Synthesiser, into: Path, on_line: Callable[[str], None], who: Identity) -> dict[str, Synthesised]:
    made = by.deployer.synth(into, on_line, by.given)
    return _by_key(by.adopt(into) if by.adopt is not None else made, who)


def _by_key(stacks: Mapping[str, Synthesised], who: Identity) -> dict[str, Synthesised]:
    """The stacks of a synth by what they go by here, in their order. Where an app gives several the same name in the
    same place (stages of which one at a time is deployed), each goes by its id besides."""
    keys = {
        name: key_of(stack.place, who.account, who.region) if stack.place is not None else name
        for name, stack in stacks.items()
    }
    shared = {key for key, count in Counter(keys.values()).items() if count > 1}
    return {f"{keys[name]} [{name}]" if keys[name] in shared else keys[name]: stack for name, stack in stacks.items()}


def _key(by: Synthesiser, fingerprint: Fingerprint, who: Identity) -> str:
    # The CDK CLI tells the app for which account and region it is. What names placeholders for images must never be
    # deployed by a run that puts no tags in their places.
    kind = "adopted/" if by.adopt is not None else ""
    return f"{kind}{who.account}/{who.region}/{fingerprint.digest}"


def _changes(planned: Fingerprint, now: Fingerprint) -> set[Input]:
    """The inputs that changed in between. A name on one side alone is news where the synth itself finds such names, and
    where one side is the first to stand on a whole record, which names everything anew."""
    before, after = ({item.name: item for item in each.inputs} for each in (planned, now))
    both = before.keys() & after.keys()
    alone = before.keys() ^ after.keys() if (RECORD in before) == (RECORD in after) else set()
    missed = {name for name in alone if not name.startswith(_BY_SYNTH)}
    differing = {name for name in both if before[name] != after[name] and not name.startswith(_WRITTEN)}
    return {side[name] for side in (before, after) for name in (*differing, *missed) if name in side}


def _is_moving(fingerprint: Fingerprint) -> bool:
    """Whether something changed while the first synth that looked at it ran."""
    return any(item.text.endswith(DURING) for item in fingerprint.inputs if item.name.startswith("impure:"))


def _check_unchanged(planned: Fingerprint, now: Fingerprint) -> None:
    differing = _changes(planned, now)
    if differing:
        raise DeployError(
            "file-changed",
            "the CDK app changed while it was synthesised",
            where=min(item.name for item in differing),
            hint="nothing was deployed; run again when nothing writes to it",
        )
