"""The resources that a deployment changes, as lines below its step. Pure: values in, values out; it decides nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rajee_deploy.console.rows import Detail
from rajee_deploy.plan.resource_changes import Action, ResourceChange, StackChanges

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from rajee_deploy.plan.property_changes import PropertyChange

MOST = 12  # lines, unless all are asked for
_MOST_PROPERTIES = 3
_MOST_LINES = 3  # on what is allowed, of one resource
_WIDEST_TYPE = 24
_MARKS = {
    Action.ADD: "+",
    Action.UPDATE: "~",
    Action.REPLACE: "±",
    Action.MAY_REPLACE: "±",
    Action.REMOVE: "-",
    Action.KEEP: "-",
}
_RED = "bold red"
_HOW_FAR = "what is replaced: as the templates tell, without a change set"


def details(changes: StackChanges, *, verbose: bool = False) -> Sequence[Detail]:
    """What becomes of the resources, the dangerous ones whatever else is left out. `verbose`: all of it."""
    if changes.unknown:
        return [Detail("", "", f"which resources change is not known: {changes.unknown}")]
    shown = changes.resources if verbose else _that_matter(changes.resources)
    if not verbose and shown and all(each.action is Action.ADD for each in shown) and len(shown) > MOST:
        return [Detail("+", f"{len(shown)} new resources", _counted(shown))]
    chosen = shown if verbose else _chosen(shown)
    wide = min(max((len(_kind(each, verbose=verbose)) for each in chosen), default=0), _WIDEST_TYPE)
    lines = [line for each in chosen for line in _of_resource(each, wide, verbose=verbose)]
    left = len(shown) - len(chosen)
    lines += [Detail("", "", f"and {left} more: --explain")] if left else []
    if any(each.action in (Action.REPLACE, Action.MAY_REPLACE) for each in shown):
        lines.append(Detail("", "", _HOW_FAR, "", "dim"))
    is_all = verbose or not shown
    return [*lines, *(Detail("", "", text) for text in (changes.others if is_all else ()))]


def _that_matter(changes: Sequence[ResourceChange]) -> list[ResourceChange]:
    """Without what only follows a new revision that is shown."""
    revised = {each.name for each in changes if each.is_revision}
    found = [replace(each, properties=_own(each, revised)) for each in changes]
    return [each for each, before in zip(found, changes, strict=True) if _is_news(each, before)]


def _own(change: ResourceChange, revised: Collection[str]) -> tuple[PropertyChange, ...]:
    return tuple(each for each in change.properties if each.follows not in revised)


def _is_news(change: ResourceChange, whole: ResourceChange) -> bool:
    is_follower = bool(whole.properties) and not change.properties
    return change.action is not Action.UPDATE or bool(change.broader) or not is_follower


def _chosen(changes: Sequence[ResourceChange]) -> list[ResourceChange]:
    """As many as there is room for, in their order: what is dangerous comes before the rest."""
    chosen: set[str] = set()
    room = MOST
    for each in sorted(changes, key=lambda one: not one.is_dangerous):
        room -= 1 + min(len(each.broader), _MOST_LINES)
        if room >= 0 or not chosen:
            chosen.add(each.logical_id)
    return [each for each in changes if each.logical_id in chosen]


def _of_resource(change: ResourceChange, wide: int, *, verbose: bool) -> Iterator[Detail]:
    style = _RED if change.is_dangerous else ""
    text = f"{_kind(change, verbose=verbose):<{wide}}  {_what(change, verbose=verbose)}".rstrip()
    yield Detail(_MARKS[change.action], change.name, text, "", style)
    lines = change.broader if verbose else change.broader[:_MOST_LINES]
    for line in lines:
        yield Detail("", "", line, "", "red")
    if len(change.broader) > len(lines):
        yield Detail("", "", f"and {len(change.broader) - len(lines)} more: --explain", "", "red")


def _kind(change: ResourceChange, *, verbose: bool) -> str:
    """Its type; what all have in common is left out where the room is needed for what differs."""
    return change.type if verbose else change.type.removeprefix("AWS::")


def _what(change: ResourceChange, *, verbose: bool) -> str:
    """What becomes of it, in words."""
    because = [each for each in change.properties if each.path.partition(".")[0] in change.because]
    rest = [each for each in change.properties if each not in because] if change.because else change.properties
    words = [_fate(change, _texts(because, verbose=verbose) or ", ".join(change.because))]
    words += ["broader permissions"] if change.broader else []
    words += [_texts(rest, verbose=verbose)] if verbose or not change.broader else []
    return ", ".join(filter(None, words))


def summary_of(changes: StackChanges) -> str:
    """How many resources change, and how many of them dangerously, in a few words."""
    count = len(changes.resources)
    replaced = sum(each.action is Action.REPLACE for each in changes.resources)
    removed = sum(each.action is Action.REMOVE for each in changes.resources)
    broader = sum(bool(each.broader) for each in changes.resources)
    words = [f"{count} resource{' changes' if count == 1 else 's change'}"]
    words += [f"{number} {word}" for number, word in ((replaced, "replaced"), (removed, "removed")) if number]
    words += [f"{broader} with broader permissions"] if broader else []
    return ", ".join(words)


def table_of(changes: StackChanges) -> list[tuple[str, str, str]]:
    """Each resource with its mark, its type, and all that is said of it."""
    return [
        (f"{_MARKS[each.action]} {each.name}", each.type, "; ".join((_what(each, verbose=True), *each.broader)))
        for each in changes.resources
    ]


def _fate(change: ResourceChange, because: str) -> str:
    match change.action:
        case Action.ADD:
            return "" if change.broader else "new"
        case Action.REMOVE:
            return "removed"
        case Action.KEEP:
            return "kept, no longer managed"
        case Action.REPLACE:
            return f"replaced ({because})" + (", the old one is kept" if change.keeps_old else "")
        case Action.MAY_REPLACE:
            return f"may be replaced ({because})"
        case Action.UPDATE:
            return "a new revision" if change.is_revision and not change.properties else ""


def _texts(changes: Sequence[PropertyChange], *, verbose: bool) -> str:
    """The settings that moved; of a container, its name once."""
    shown = changes if verbose else changes[:_MOST_PROPERTIES]
    words, before = [], ""
    for each in shown:
        owner = each.path.partition(": ")[0] if ": " in each.path else ""
        words.append(each.text.removeprefix(f"{owner}: ") if owner and owner == before else each.text)
        before = owner
    return ", ".join((*words, *([f"and {len(changes) - len(shown)} more"] if len(changes) > len(shown) else [])))


def _counted(changes: Sequence[ResourceChange]) -> str:
    """Many new resources, by type."""
    counts: dict[str, int] = {}
    for each in changes:
        counts[each.type] = counts.get(each.type, 0) + 1
    most = sorted(counts, key=lambda kind: -counts[kind])[:_MOST_PROPERTIES]
    named = ", ".join(f"{counts[kind]} {kind.removeprefix('AWS::')}" for kind in most)
    return f"{named}{', …' if len(counts) > len(most) else ''}"


def document_of(change: ResourceChange) -> dict[str, Any]:
    """For `rajee-deploy.plan/1`. A setting that is not shown has a path alone."""
    return {
        "action": change.action.value,
        "logicalId": change.logical_id,
        "name": change.name,
        "type": change.type,
        "replacement": change.replacement.value,
        "because": list(change.because),
        "properties": [
            {
                "path": each.path,
                **({} if each.before == each.after == "" else {"before": each.before, "after": each.after}),
            }
            for each in change.properties
        ],
        "broader": list(change.broader),
    }
