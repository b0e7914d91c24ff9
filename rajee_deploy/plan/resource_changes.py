"""Which resources a deployment changes: added, updated, replaced or removed, which of their settings move, and what is
allowed that was not. Pure: two templates in, values out.

It knows no more than the templates and the CDK CLI's list of properties whose change replaces a resource: without a
change set nobody does. It never decides whether anything is deployed.
"""

from __future__ import annotations

from dataclasses import field
from enum import Enum
from typing import TYPE_CHECKING, Any

from rajee_deploy.dataclass import dataclass
from rajee_deploy.model.names import IMAGES_OUTPUT, IMAGES_PARAMETER, RECORDS, STATE_OUTPUT
from rajee_deploy.plan.allowances import allowances
from rajee_deploy.plan.broader import broader
from rajee_deploy.plan.parameters import slots_of
from rajee_deploy.plan.property_changes import PropertyChange, property_changes, same
from rajee_deploy.plan.rendered_values import fill_in, names_of, path_of, references
from rajee_deploy.plan.replacement import REVISIONS, STATEFUL, Replacement, Specification
from rajee_deploy.plan.tagged_templates import NESTED, NESTED_CONTENT, resources_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

_ATTRIBUTES = ("Condition", "CreationPolicy", "UpdatePolicy", "DeletionPolicy", "UpdateReplacePolicy")
_KEPT, _SNAPSHOT = ("Retain", "RetainExceptOnCreate"), "Snapshot"
_SECTIONS = ("Parameters", "Conditions", "Mappings", "Outputs", "Rules", "Transform", "Hooks")
OWN_TEMPLATE, _ADDRESS = "its own template", "TemplateURL"
_CDK_METADATA = "AWS::CDK::Metadata"
_OWN = {*RECORDS, IMAGES_PARAMETER, STATE_OUTPUT, IMAGES_OUTPUT}


class Action(Enum):
    """What becomes of a resource."""

    ADD = "add"
    UPDATE = "update"
    REPLACE = "replace"
    MAY_REPLACE = "may-replace"
    REMOVE = "remove"
    KEEP = "keep"  # it leaves the stack and stays


@dataclass(frozen=True, slots=True)
class ResourceChange:
    """What becomes of one resource. `name` is what people call it. `because` are the properties by which it is
    replaced; `replacement` says of an update whether that is known. `is_revision`: another one of its kind takes its
    place, and that is all that an update of it can be. `keeps_old`: what is replaced stays, without the stack; or a
    snapshot of what is replaced or removed does (`keeps_snapshot`).
    `broader` are lines on what is allowed and was not."""

    action: Action
    logical_id: str
    name: str
    type: str
    properties: tuple[PropertyChange, ...] = ()
    because: tuple[str, ...] = ()
    replacement: Replacement = Replacement.NO
    broader: tuple[str, ...] = ()
    is_revision: bool = False
    keeps_old: bool = False
    keeps_snapshot: bool = False

    @property
    def is_dangerous(self) -> bool:
        """Whether somebody should look at it before anything else."""
        return bool(self.broader) or self.action in (Action.REPLACE, Action.REMOVE)

    @property
    def is_stateful(self) -> bool:
        """Whether it holds what cannot be made anew."""
        return self.type in STATEFUL


@dataclass(frozen=True, slots=True)
class StackChanges:
    """What becomes of a stack's resources, in the order of its template, what is removed last. `others` are lines on
    what else of its template differs; `unknown` says why nothing is known."""

    resources: tuple[ResourceChange, ...] = ()
    others: tuple[str, ...] = ()
    unknown: str = ""

    @property
    def broader(self) -> tuple[str, ...]:
        """All lines on what is allowed and was not."""
        return tuple(line for each in self.resources for line in each.broader)


@dataclass(frozen=True, slots=True)
class Side:
    """A template with the values of its parameters, as it is or as it is to be."""

    template: Any
    values: Mapping[str, str] = field(default_factory=dict, repr=False)


def stack_changes(
    before: Side, after: Side, specification: Specification, hide: Callable[[str], str] = str, stack: str = ""
) -> StackChanges:
    """What becomes of the resources of a stack (its id) between one side and the other. `values` are those that the
    sides do not share, and those that are the same wherever they stand; of hidden ones something else, not equal where
    they differ. `hide` takes out of texts what nobody may see."""
    if not isinstance(before.template, dict) or not isinstance(after.template, dict):
        return StackChanges(unknown="its template is not JSON")
    return _ResourceComparison(before, after, specification, hide, stack).changes()


class _ResourceComparison:
    """The two sides, filled in."""

    def __init__(
        self, before: Side, after: Side, specification: Specification, hide: Callable[[str], str], stack: str
    ) -> None:
        self._specification, self._hide = specification, hide
        self._templates = before.template, after.template
        self._before, self._after = _filled(before), _filled(after)
        self._names = {key: hide(name) for key, name in names_of(stack, self._before, self._after).items()}
        self._moved = {key: self._moved_names(key) for key in self._after if key in self._before}
        self._followed: dict[tuple[str, str], str] = {}
        self._propagate()

    def changes(self) -> StackChanges:
        before, after = allowances(self._before, self._names), allowances(self._after, self._names)
        allowed = broader(before, after, self._names)
        added = [key for key in self._after if key not in self._before]
        removed = [key for key in self._before if key not in self._after]
        pairs = self._renamed(added, removed)
        found = [self._added(key) for key in added if key not in pairs]
        found += [self._made_anew(old, new) for new, old in pairs.items()]
        found += [each for key in self._after if key in self._before and (each := self._updated(key)) is not None]
        order = {key: number for number, key in enumerate(self._after)}
        found.sort(key=lambda each: order[each.logical_id])
        found += [self._removed(key) for key in removed if key not in pairs.values()]
        of_cdk = [each for each in found if each.type == _CDK_METADATA]
        shown = tuple(self._with(each, allowed, pairs) for each in found if each.type != _CDK_METADATA)
        others = (*_others(*self._templates, self._hide), *(["the CDK's own metadata"] if of_cdk else []))
        return StackChanges(shown, others)

    def _with(
        self, change: ResourceChange, allowed: Mapping[str, tuple[str, ...]], pairs: Mapping[str, str]
    ) -> ResourceChange:
        lines = (*allowed.get(change.logical_id, ()), *allowed.get(pairs.get(change.logical_id, ""), ()))
        return _replace(change, broader=tuple(map(self._hide, lines))) if lines else change

    def _moved_names(self, key: str) -> dict[str, Replacement]:
        """The properties that differ, with what that does."""
        before, after = self._before[key], self._after[key]
        if before.get("Type") != after.get("Type"):
            return {"Type": Replacement.YES}
        olds, news = _properties(before), _properties(after)
        kind = str(after.get("Type"))
        return {
            name: self._specification.of(kind, name)
            for name in {**olds, **news}
            if not same(olds.get(name), news.get(name)) or (name in olds) != (name in news)
        }

    def _propagate(self) -> None:
        """What refers to a resource that is replaced gets another value."""
        done: set[str] = set()
        while waiting := {key for key, moved in self._moved.items() if Replacement.YES in moved.values()} - done:
            for key, moved in self._moved.items():
                kind = str(self._after[key].get("Type"))
                for name, value in _properties(self._after[key]).items():
                    if name not in moved and (found := waiting.intersection(references(value))):
                        moved[name] = self._specification.of(kind, name)
                        self._followed[key, name] = self._names[min(found)]
            done |= waiting

    def _renamed(self, added: list[str], removed: list[str]) -> dict[str, str]:
        """What has another logical id and is the same construct: by the new id the old one."""
        olds = {(path, self._before[key].get("Type")): key for key in removed if (path := path_of(self._before[key]))}
        places = {key: (path_of(self._after[key]), self._after[key].get("Type")) for key in added}
        return {key: olds[place] for key, place in places.items() if place in olds}

    def _added(self, key: str) -> ResourceChange:
        return ResourceChange(Action.ADD, key, self._names[key], self._kind(self._after[key]))

    def _removed(self, key: str) -> ResourceChange:
        resource = self._before[key]
        action = Action.KEEP if resource.get("DeletionPolicy") in _KEPT else Action.REMOVE
        is_copied = resource.get("DeletionPolicy") == _SNAPSHOT
        return ResourceChange(action, key, self._names[key], self._kind(resource), keeps_snapshot=is_copied)

    def _made_anew(self, old: str, new: str) -> ResourceChange:
        before, after = self._before[old], self._after[new]
        kind = self._kind(after)
        moved = property_changes(_properties(before), _properties(after), self._names, self._hide)
        if kind in REVISIONS:
            return ResourceChange(Action.UPDATE, new, self._names[new], kind, moved, is_revision=True)
        kept = before.get("DeletionPolicy") in _KEPT
        because = ("another logical id",)
        return ResourceChange(
            Action.REPLACE, new, self._names[new], kind, moved, because, Replacement.YES, keeps_old=kept
        )

    def _updated(self, key: str) -> ResourceChange | None:
        before, after, moved = self._before[key], self._after[key], self._moved[key]
        olds = {**_properties(before), **_attributes(before)}
        news = {**_properties(after), **_attributes(after)}
        changes = list(property_changes(olds, news, self._names, self._hide))
        followed = {name: self._followed[key, name] for name in moved if (key, name) in self._followed}
        changes += [PropertyChange(self._hide(name), follows=other) for name, other in followed.items()]
        kind = self._kind(after)
        if kind == NESTED:
            changes = _of_nested(changes, is_other=_content(before) != _content(after))
        if not changes and not moved:
            return None
        action, replacement = _verdict(moved)
        is_revision = kind in REVISIONS
        return ResourceChange(
            Action.UPDATE if is_revision else action,
            key,
            self._names[key],
            kind,
            tuple(changes),
            _because(moved, replacement, self._hide) if action in _ANEW and not is_revision else (),
            Replacement.NO if is_revision else replacement,
            is_revision=is_revision,
            keeps_old=before.get("UpdateReplacePolicy") in _KEPT,
            keeps_snapshot=before.get("UpdateReplacePolicy") == _SNAPSHOT,
        )

    def _kind(self, resource: Mapping[str, Any]) -> str:
        return self._hide(str(resource.get("Type", "")))


_ANEW = (Action.REPLACE, Action.MAY_REPLACE)


def _verdict(moved: Mapping[str, Replacement]) -> tuple[Action, Replacement]:
    found = {*moved.values()}
    if Replacement.YES in found:
        return Action.REPLACE, Replacement.YES
    if Replacement.MAYBE in found:
        return Action.MAY_REPLACE, Replacement.MAYBE
    return Action.UPDATE, Replacement.UNKNOWN if Replacement.UNKNOWN in found else Replacement.NO


def _because(moved: Mapping[str, Replacement], replacement: Replacement, hide: Callable[[str], str]) -> tuple[str, ...]:
    return tuple(hide(name) for name, each in moved.items() if each is replacement)


def _filled(side: Side) -> dict[str, dict[str, Any]]:
    """The resources with the values of parameters in them. What a macro is to write (`Fn::ForEach`) is none."""
    kinds = {name: str(slot.get("Type", "")) for name, slot in slots_of(side.template).items()}
    found = {key: each for key, each in resources_of(side.template).items() if not key.startswith("Fn::")}
    return {
        key: {**each, "Properties": fill_in(each.get("Properties", {}), side.values, kinds)}
        for key, each in found.items()
    }


def _properties(resource: Mapping[str, Any]) -> dict[str, Any]:
    found = resource.get("Properties")
    return found if isinstance(found, dict) else {}


def _attributes(resource: Mapping[str, Any]) -> dict[str, Any]:
    return {name: resource[name] for name in _ATTRIBUTES if name in resource}


def _of_nested(changes: Sequence[PropertyChange], *, is_other: bool) -> list[PropertyChange]:
    """What moved of a nested stack: the address of its template says no more than that it is another one. Which of its
    parameters are secrets, that one knows."""
    rest = [_hidden(each) if each.path.startswith("Parameters.") else each for each in changes if each.path != _ADDRESS]
    return [*rest, PropertyChange(OWN_TEMPLATE)] if is_other or len(rest) < len(changes) else rest


def _hidden(change: PropertyChange) -> PropertyChange:
    before, after = (None if each is None else "" for each in (change.before, change.after))
    return PropertyChange(change.path, before, after, change.follows)


def _content(resource: Mapping[str, Any]) -> Any:
    """What is told beside a nested stack of what its template holds."""
    metadata = resource.get("Metadata")
    return metadata.get(NESTED_CONTENT) if isinstance(metadata, dict) else None


def _others(before: Mapping[str, Any], after: Mapping[str, Any], hide: Callable[[str], str]) -> Iterator[str]:
    """What else differs, section by section. The record of a deployment differs with each. A new stack has no former
    description."""
    if before.get("Resources") and not same(before.get("Description"), after.get("Description")):
        yield "description changed"
    for section in _SECTIONS:
        olds, news = before.get(section), after.get(section)
        names = [*_differing(olds, news)] if isinstance(olds or {}, dict) and isinstance(news or {}, dict) else []
        if names:
            yield f"{section.lower()} changed: {', '.join(map(hide, names))}"
        elif not isinstance(olds or {}, dict) and not same(olds, news):
            yield f"{section.lower()} changed"
    loops = [*_differing(_loops(before), _loops(after))]
    if loops:
        yield f"loops changed: {', '.join(map(hide, loops))}"


def _differing(olds: Any, news: Any) -> Iterator[str]:
    olds, news = olds or {}, news or {}
    for name in {**olds, **news}:
        is_same = (name in olds) == (name in news) and same(olds.get(name), news.get(name))
        if not is_same and name not in _OWN:
            yield str(name)


def _loops(template: Mapping[str, Any]) -> dict[str, Any]:
    resources = template.get("Resources")
    found = resources if isinstance(resources, dict) else {}
    return {key: each for key, each in found.items() if key.startswith("Fn::")}


def _replace(change: ResourceChange, **values: Any) -> ResourceChange:
    from dataclasses import replace

    return replace(change, **values)
