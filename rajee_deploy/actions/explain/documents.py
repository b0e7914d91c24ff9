"""The JSON documents of `explain` and `replay`. Each names its schema and version; within one, keys are only added."""

from __future__ import annotations

from os import fsencode
from typing import TYPE_CHECKING, Any, assert_never

from rajee_deploy.actions.explain.reads import by_line, other_inputs
from rajee_deploy.actions.explain.why import Absent, Excluded, InHash, OnTheWay, Outside, RuledOut, Unread

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rajee_deploy.actions.explain.changes import ImageDifference
    from rajee_deploy.actions.explain.reads import LineReads
    from rajee_deploy.actions.explain.replay import CommitOutcome, Replay
    from rajee_deploy.actions.explain.since import Since, Then
    from rajee_deploy.actions.explain.why import Answer, ContextPath
    from rajee_deploy.fingerprint import Input
    from rajee_deploy.image.inputs import ImageInputs
    from rajee_deploy.model import ContextRead


def of_explanations(images: Mapping[str, ImageInputs]) -> dict[str, Any]:
    """`rajee-deploy.explain/1`: by image, what its lines read, biggest first, and its other inputs."""
    return {
        "schema": "rajee-deploy.explain/1",
        "images": {name: _of_image(inputs) for name, inputs in images.items()},
    }


def of_answers(path: str, answers: Mapping[str, tuple[Answer, ...]]) -> dict[str, Any]:
    """`rajee-deploy.explain-path/1`: by image, an answer for each build context that the path lies in."""
    return {
        "schema": "rajee-deploy.explain-path/1",
        "path": text_of(path),
        "images": {name: [_answer(answer) for answer in found] for name, found in answers.items()},
    }


def _answer(answer: Answer) -> dict[str, Any]:
    match answer:
        case InHash():
            document = {
                "verdict": "in-hash",
                "reads": _reads(answer.reads),
                "files": answer.files,
                "bytes": answer.size,
                "withheld": answer.withheld,
            }
        case OnTheWay():
            document = {"verdict": "on-the-way", "reads": _reads(answer.reads), "files": answer.files}
        case RuledOut():
            rule = {"file": text_of(answer.file), "line": answer.line, "text": text_of(answer.rule)}
            document = {"verdict": "ignored", "rule": rule, "at": text_of(answer.at)}
        case Excluded():
            document = {"verdict": "excluded", "reads": _reads(answer.reads)}
        case Unread():
            document = {"verdict": "unread", "elsewhere": _reads(answer.elsewhere)}
        case Absent():
            document = {"verdict": "absent", "near": [text_of(name) for name in answer.near]}
        case Outside():
            return {"verdict": "outside", "contexts": [text_of(root) for root in answer.roots]}
        case _:
            assert_never(answer)
    return {**_place(answer.place), **document}


def _place(place: ContextPath) -> dict[str, Any]:
    through = [text_of(link) for link in place.through]
    return {"context": place.context, "path": text_of(place.path), "through": through}


def _reads(reads: tuple[ContextRead, ...]) -> list[dict[str, Any]]:
    return [
        {
            "file": text_of(read.location.path),
            "line": [read.location.start, read.location.end],
            "instruction": read.instruction.value,
            "stage": {"index": read.stage.index, "name": read.stage.name},
            "source": text_of(read.source),
        }
        for read in reads
    ]


def _of_image(inputs: ImageInputs) -> dict[str, Any]:
    return {
        "tag": inputs.fingerprint.tag,
        "precision": inputs.fingerprint.precision,
        "lines": [_line(line) for line in by_line(inputs)],
        "instructions": len(inputs.recipe.instructions),
        "inputs": [_input(item) for item in other_inputs(inputs)],
        "warnings": [{"code": n.code, "message": text_of(n.message), "line": n.line} for n in inputs.notices],
    }


def _line(line: LineReads) -> dict[str, Any]:
    first = line.reads[0]
    return {
        "line": [first.location.start, first.location.end],
        "instruction": first.instruction.value,
        "text": text_of(line.text),
        "stage": {"index": first.stage.index, "name": first.stage.name},
        "sources": [{"source": text_of(read.source), "context": read.context} for read in line.reads],
        "widened": next((read.widened for read in line.reads if read.widened), ""),
        "files": line.files,
        "bytes": line.size,
    }


def _input(item: Input) -> dict[str, Any]:
    """An input by its name; a build argument's digest is left out, it says nothing to a reader."""
    return {"name": text_of(item.name), "value": None if item.value is None else text_of(item.value)}


def of_since(found: Since) -> dict[str, Any]:
    """`rajee-deploy.explain-since/1`: by image, its tags then and now and what changed, the first cause on top."""
    return {
        "schema": "rajee-deploy.explain-since/1",
        "revision": found.revision,
        "commit": found.commit,
        "images": {
            name: {
                "before": comparison.before,
                "after": comparison.after,
                "same": comparison.is_same,
                "changes": [_change(change) for change in comparison.changes],
                "note": text_of(found.notes.get(name, "")),
                **_then(found.thens.get(name)),
            }
            for name, comparison in found.comparisons.items()
        },
    }


def _then(then: Then | None) -> dict[str, Any]:
    """How it is known what a tag was made of; nothing for a git revision."""
    if then is None:
        return {}
    return {"known_from": then.known_from, "commit": then.commit, "dirty": then.dirty, "at": then.at}


def _change(change: ImageDifference) -> dict[str, Any]:
    return {
        "why": change.cause.value,
        "what": text_of(change.subject),
        "context": change.context,
        "before": text_of(change.before),
        "after": text_of(change.after),
        "line": change.line,
    }


def of_replays(found: tuple[Replay, ...]) -> dict[str, Any]:
    """`rajee-deploy.replay/1`: by image, the rebuilds that each way of naming images needs, and every commit."""
    return {"schema": "rajee-deploy.replay/1", "images": {one.image: _replay(one) for one in found}}


def _replay(found: Replay) -> dict[str, Any]:
    tag, whole, commit = ({"rebuilds": len(count.new), "commits": list(count.new)} for count in found.counts)
    return {
        "buildable": len(found.built),
        "tag": tag,
        "whole_context": whole,
        "commit": commit,
        "commits": [_outcome(outcome) for outcome in found.outcomes],
    }


def _outcome(outcome: CommitOutcome) -> dict[str, Any]:
    return {
        "commit": outcome.commit.id,
        "subject": text_of(outcome.commit.subject),
        "tag": outcome.tag or None,
        "whole_context": outcome.whole or None,
        "error": text_of(outcome.error),
        "note": text_of(outcome.note),
    }


def text_of(text: str) -> str:
    """Text that is valid Unicode: bytes of a name that are not UTF-8 become U+FFFD."""
    return fsencode(text).decode("utf-8", "replace")
