"""The resources of nested stacks among those of the stack around them: the deployed template of each nested stack that
differs beside the one that a synth made. What cannot be read is not known, and the nested stack's own line stays.
"""

from __future__ import annotations

from dataclasses import field, replace
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from rajee_deploy.dataclass import dataclass
from rajee_deploy.errors import DeployError
from rajee_deploy.plan.replacement import Specification
from rajee_deploy.plan.resource_changes import OWN_TEMPLATE, Action, Side, stack_changes
from rajee_deploy.plan.tagged_templates import NESTED, replace_texts, resources_of
from rajee_deploy.system.regular_files import LARGE, read_json

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

    from rajee_deploy.plan.resource_changes import ResourceChange, StackChanges

_DEEPEST = 5  # levels, as far as services are looked for in them
_ASSET = "aws:asset:path"


@dataclass(frozen=True, slots=True)
class TemplateComparison:
    """What a comparison of templates takes, in a stack (its id) and in those that are nested in it.

    `deployed` gives the template of a nested stack by the logical ids that lead to it, None where there is none.
    `directory` has the templates that a synth made, None without a synth; `tags` stand there in the places of others.
    """

    specification: Callable[[Collection[str]], Specification | None]
    deployed: Callable[[Sequence[str]], Any | None]
    hide: Callable[[str], str]
    stack: str = ""
    directory: Path | None = None
    tags: Mapping[str, str] = field(default_factory=dict)

    def changes(self, before: Side, after: Side, path: tuple[str, ...] = ()) -> StackChanges:
        """What becomes of the resources between one side and the other, with those of nested stacks."""
        types = {str(each.get("Type")) for side in (before, after) for each in resources_of(side.template).values()}
        known = self.specification(types) if resources_of(before.template) else None
        found = stack_changes(before, after, known or Specification(), self.hide, self.stack)
        if self.directory is None or len(path) == _DEEPEST:
            return found
        made = resources_of(after.template)
        inner = {
            each.logical_id: self._nested(each, made[each.logical_id], after, path)
            for each in found.resources
            if each.type == NESTED and each.action is not Action.ADD and _has_other_template(each)
        }
        resources = [part for each in found.resources for part in _told(each, inner.get(each.logical_id))]
        return replace(found, resources=tuple(resources))

    def _nested(
        self, change: ResourceChange, made: Mapping[str, Any], around: Side, path: tuple[str, ...]
    ) -> StackChanges | None:
        """Of one nested stack; None where one of its templates cannot be read."""
        lead = (*path, change.logical_id)
        metadata = made.get("Metadata")
        name = metadata.get(_ASSET) if isinstance(metadata, dict) else None
        if self.directory is None or not isinstance(name, str) or PurePath(name).name != name:
            return None
        try:
            template = read_json(self.directory / name, LARGE, errors="surrogatepass")
            deployed = self.deployed(lead)
        except (DeployError, OSError, ValueError):
            return None
        if not isinstance(deployed, dict):
            return None
        pseudo = {key: value for key, value in around.values.items() if key.startswith("AWS::")}
        found = self.changes(Side(deployed, pseudo), Side(replace_texts(template, self.tags), pseudo), lead)
        return None if found.unknown else found


def _has_other_template(change: ResourceChange) -> bool:
    return any(each.path == OWN_TEMPLATE for each in change.properties)


def _told(change: ResourceChange, inner: StackChanges | None) -> list[ResourceChange]:
    """A nested stack's own line where something else of it moves, and what becomes of its resources."""
    if inner is None:
        return [change]
    rest = tuple(each for each in change.properties if each.path != OWN_TEMPLATE)
    own = [replace(change, properties=rest)] if rest or change.broader or change.because else []
    below = [replace(each, logical_id=f"{change.logical_id}/{each.logical_id}") for each in inner.resources]
    return [*own, *below] or [change]
