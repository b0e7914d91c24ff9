"""The JSON documents of `plan`, `up` and `fingerprint`; other verbs have theirs beside what they show.

Each names its schema and version; within one, keys are only added. Pure.
"""

from __future__ import annotations

from base64 import b64encode
from os import fsencode
from typing import TYPE_CHECKING, Any, assert_never

from rajee_deploy.actions.insight import Insight
from rajee_deploy.plan.amounts import amounts, headline
from rajee_deploy.plan.steps import BuildAndPush, ConfirmRollout, DeployStack, MoveTag, RepairService, WaitForStack
from rajee_deploy.report.history import document_of
from rajee_deploy.rollout.standing import Standing, standing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rajee_deploy.actions.bases import Base
    from rajee_deploy.actions.planned import Planned
    from rajee_deploy.actions.watch import TimeSpent
    from rajee_deploy.context import SelectedEntry
    from rajee_deploy.fingerprint import Fingerprint, Input
    from rajee_deploy.image.inputs import ImageInputs
    from rajee_deploy.model import Use
    from rajee_deploy.plan.steps import Skip, Step
    from rajee_deploy.report.history import PastRun
    from rajee_deploy.rollout.spans import Span
    from rajee_deploy.rollout.standing import Running


def of_fingerprint(image: ImageInputs) -> dict[str, Any]:
    """`rajee-deploy.fingerprint/1`: one image's fingerprint and all that is in it."""
    fingerprint = image.fingerprint
    entries = [(fsencode(e.entry.path), name, e) for name, found in image.selections.items() for e in found.entries]
    return {
        "schema": "rajee-deploy.fingerprint/1",
        "tag": fingerprint.tag,
        "digest": str(fingerprint.digest),
        "precision": fingerprint.precision,
        "uses": [_use(use) for use in image.uses],
        "entries": [_entry(name, entry) for _, name, entry in sorted(entries, key=lambda one: one[:2])],
        "inputs": [_input(item) for item in fingerprint.inputs],
        "warnings": [{"code": n.code, "message": n.message, "line": n.line} for n in image.notices],
    }


def of_fingerprints(images: Mapping[str, ImageInputs]) -> dict[str, Any]:
    """`rajee-deploy.fingerprints/1`: several images by name."""
    return {
        "schema": "rajee-deploy.fingerprints/1",
        "images": {name: of_fingerprint(image) for name, image in images.items()},
    }


def of_plan(planned: Planned, seconds: float, insight: Insight | None = None) -> dict[str, Any]:
    """`rajee-deploy.plan/1`: what would be done, what not, and on what evidence; with an insight also what is known
    besides."""
    insight = insight or Insight()
    return {
        "schema": "rajee-deploy.plan/1",
        "account": planned.identity.account,
        "region": planned.identity.region,
        "kind": planned.plan.kind,
        "changes": not planned.plan.is_empty,
        "environment": planned.run.settings.environment,
        "headline": headline(planned.plan),
        "amounts": amounts(planned.plan),
        "usual_seconds": round(insight.usual, 3) if insight.usual is not None else None,
        "images": {
            image.name: {"tag": image.tag, "repository": str(image.repository), **_summary(image.fingerprint)}
            for image in planned.wanted.images
        },
        "infrastructure": _infrastructure(planned),
        "steps": [{**of_step(step), **_behind(step, planned, insight)} for step in planned.plan.steps],
        "warnings": [
            *(
                {"image": image, "code": notice.code, "message": notice.message, "line": notice.line}
                for image, notices in planned.image_notices.items()
                for notice in notices
            ),
            *(
                {"image": image, "code": notice.code, "message": notice.message}
                for image, notice in planned.plan.notices
            ),
            *({"subject": one.subject, "code": one.code, "message": one.text} for one in planned.plan.cautions),
        ],
        "skipped": [_skip(skip) for skip in planned.plan.skipped],
        "drift": [
            _drift(stack, one) for stack, found in planned.observed.services.items() for one in found if _drifts(one)
        ],
        "seconds": round(seconds, 3),
    }


def of_bases(bases: Sequence[Base]) -> list[dict[str, Any]]:
    """What `plan --bases` adds to the plan."""
    return [
        {
            "reference": base.reference,
            "state": base.state,
            "why": base.why,
            "locked": str(base.locked) if base.locked else None,
            "now": str(base.now) if base.now else None,
        }
        for base in bases
    ]


def of_run(planned: Planned, run: PastRun, times_spent: Mapping[str, TimeSpent]) -> dict[str, Any]:
    """`rajee-deploy.up/1`: what was done, with every phase's time, and by stack where a deployment's time went."""
    return {
        **of_plan(planned, run.seconds),
        "schema": "rajee-deploy.up/1",
        "outcome": run.outcome,
        "run": run_in_document(run),
        "phases": [{"name": p.name, "start": round(p.start, 3), "seconds": round(p.seconds, 3)} for p in run.phases],
        "deployments": {
            stack: {
                "resources": [_span(span) for span in spent.resources],
                "services": {name: [_span(span) for span in spans] for name, spans in spent.phases.items()},
                "advice": list(spent.advice),
                "unconfirmed": [{"service": name, "controller": by} for name, by in spent.elsewhere],
            }
            for stack, spent in times_spent.items()
        },
    }


def run_in_document(run: PastRun) -> dict[str, Any]:
    """A run as the history has it: `report --from` reads it."""
    return {**document_of(run), "project": _text(run.project)}


def _span(span: Span) -> dict[str, Any]:
    return {"name": span.name, "seconds": round(span.seconds, 3)}


def _summary(fingerprint: Fingerprint) -> dict[str, Any]:
    return {"fingerprint": str(fingerprint.digest), "precision": fingerprint.precision}


def _infrastructure(planned: Planned) -> dict[str, Any] | None:
    """`tier` is the dearest that a decision stood on: hash, synth or deploy; null where no stack was decided on.
    `reasons` are why a synth had to decide."""
    wanted = planned.wanted
    if wanted.infrastructure is None:
        return None
    tier = planned.plan.tier
    return {
        **_summary(wanted.infrastructure),
        "check": wanted.check.value,
        "tier": tier.value if tier else None,
        "impure": list(wanted.impurities),
        "reasons": list(planned.reasons),
        "taken": list(wanted.taken),
        "ignored": list(wanted.ignored),
        # Of the stacks that record something else, as far as this machine knows what that was made of.
        "changed_inputs": {
            stack: [{"name": _text(one.what), "change": one.how} for one in changes]
            for stack, changes in wanted.input_changes.items()
        },
    }


def _skip(skip: Skip) -> dict[str, Any]:
    tier = {"tier": skip.tier.value} if skip.tier else {}
    return {"subject": skip.subject, "reason": skip.reason, **tier}


def of_step(step: Step) -> dict[str, Any]:
    match step:
        case BuildAndPush():
            return {"step": "build-and-push", "image": step.image, "tag": step.tag, "reason": step.reason}
        case MoveTag():
            return {
                "step": "tag",
                "image": step.image,
                "repository": str(step.repository),
                "tag": step.tag,
                "target": step.target,
                "reason": step.reason,
            }
        case DeployStack():
            return {
                "step": "deploy",
                "stack": step.stack,
                "reason": step.reason,
                "parameters": {**dict(step.parameters), **{value.name: value.shown for value in step.values}},
                "changes": [change.value for change in step.changes],
                "adopt": step.imports_existing,
                "tags": {move.tag: move.target for move in step.before},
                "tier": step.tier.value,
                "via": step.via.value,
            }
        case WaitForStack():
            return {"step": "wait", "stack": step.stack, "reason": step.reason}
        case RepairService():
            return {
                "step": "repair",
                "stack": step.stack,
                "service": step.service,
                "runs": step.runs,
                "task_definition": step.task_definition,
                "reason": step.reason,
            }
        case ConfirmRollout():
            return {"step": "confirm", "stack": step.stack, "reason": step.reason}
        case _:
            assert_never(step)


def _behind(step: Step, planned: Planned, insight: Insight) -> dict[str, Any]:
    """What is known of a step besides: what made the tag new, and which resources change."""
    if isinstance(step, BuildAndPush) and step.image in insight.new_tags:
        from rajee_deploy.actions.new_tag_lines import document_of

        found = document_of(insight.new_tags[step.image], planned.inputs[step.image], planned.run.settings.root)
        return {"since": {**found, "changes": [_texts(change) for change in found["changes"]]}}
    changes = planned.resources.get(step.stack) if isinstance(step, DeployStack) else None
    if changes is not None and not changes.unknown:
        from rajee_deploy.actions.resource_lines import document_of as of_resource

        return {"resources": [of_resource(each) for each in changes.resources]}
    return {}


def _texts(document: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _text(value) if isinstance(value, str) else value for key, value in document.items()}


def _drifts(one: Running) -> bool:
    return standing(one.own, one.service) not in (Standing.RUNS, Standing.NOT_JUDGED)


def _drift(stack: str, one: Running) -> dict[str, Any]:
    """A service that does not run what its stack says, with both task definitions and the images of those."""
    images = dict(one.images)

    def of(task_definition: str) -> dict[str, Any]:
        return {"task_definition": task_definition or None, "images": list(images.get(task_definition, ()))}

    return {
        "stack": stack,
        "service": one.service.name,
        "standing": standing(one.own, one.service).name.lower(),
        "runs": of(one.task_definition),
        "stack_says": of(one.own.task_definition),
    }


def _use(use: Use) -> dict[str, Any]:
    read, selector = use.read, use.read.selector
    return {
        "instruction": read.instruction.value,
        "line": [read.location.start, read.location.end],
        "stage": {"index": read.stage.index, "name": read.stage.name},
        "context": read.context,
        "selector": {
            "path": _text(selector.path),
            "wildcard": selector.wildcard,
            "follow": selector.follow,
            "include": [_text(p) for p in selector.include],
            "exclude": [_text(p) for p in selector.exclude],
            "required": [_text(p) for p in selector.required],
        },
        "digest": str(use.digest),
    }


def _entry(context: str, selected: SelectedEntry) -> dict[str, Any]:
    entry = selected.entry
    document: dict[str, Any] = {
        "path": _text(entry.path),
        "kind": entry.kind.value,
        "mode": f"{entry.mode:04o}",
        "size": entry.size,
    }
    if _text(entry.path) != entry.path:
        document["path_b64"] = b64encode(fsencode(entry.path)).decode()
    if context:
        document["context"] = context
    if selected.digest is not None:
        document["digest"] = str(selected.digest)
    if entry.link:
        document["link"] = _text(entry.link)
    return document


def _input(item: Input) -> dict[str, Any]:
    if item.value is not None:
        return {"name": _text(item.name), "value": _text(item.value)}
    return {"name": _text(item.name), "digest": str(item.digest)}


def _text(text: str) -> str:
    """Text that is valid Unicode: bytes of a name that are not UTF-8 become U+FFFD (path_b64 has them all)."""
    return fsencode(text).decode("utf-8", "replace")
