"""The shapes of the calls that the short path makes, cut from botocore's own models and kept on this machine.

A whole service model takes longer to read than a call takes. What is kept is of this botocore and of these operations,
and carries its own digest: what is damaged, or of another release, is cut anew. Losing it costs a few milliseconds.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import botocore
from botocore.model import ServiceModel

from rajee_deploy import __version__
from rajee_deploy.system.places import cache_directory
from rajee_deploy.system.sealed import read_sealed, write_sealed
from rajee_deploy.text.foreign import parse_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from botocore.model import OperationModel

_TALK = ("documentation", "errors", "examples", "auth", "deprecatedMessage", "deprecatedSince")


class Shapes:
    """The models of some calls (names by service), read when the first is asked for."""

    def __init__(self, calls: Mapping[str, Sequence[str]]) -> None:
        self._models = {name: ServiceModel(model, name) for name, model in _models(calls).items()}

    def operation(self, service: str, operation: str) -> OperationModel:
        """The model of a call, which is named as boto3's clients name it."""
        return self._models[service].operation_model(_shape_name(operation))


def place() -> Path:
    """Where they are kept."""
    return cache_directory() / "aws" / f"shapes-{botocore.__version__}.json"


def _models(calls: Mapping[str, Sequence[str]]) -> dict[str, dict[str, Any]]:
    question = f"{__version__} {botocore.__version__} {calls}".encode()
    kept = read_sealed(place(), question)
    known = _parse(kept) if kept is not None else {}
    if set(known) == set(calls):
        return known
    models = {service: cut(_whole(service), set(map(_shape_name, names))) for service, names in calls.items()}
    write_sealed(place(), question, json.dumps(models, separators=(",", ":")).encode())
    return models


def _parse(kept: bytes) -> dict[str, dict[str, Any]]:
    """The models that were kept; none where something else lies there."""
    try:
        found = parse_json(kept)
    except ValueError:
        return {}
    parts = {"metadata", "operations", "shapes"}
    is_sound = isinstance(found, dict) and all(isinstance(one, dict) and set(one) == parts for one in found.values())
    return found if is_sound else {}


def _shape_name(operation: str) -> str:
    return operation.title().replace("_", "")


def _whole(service: str) -> Mapping[str, Any]:
    from botocore.loaders import Loader

    whole: Mapping[str, Any] = Loader().load_service_model(service, "service-2")
    return whole


def cut(model: Mapping[str, Any], operations: set[str]) -> dict[str, Any]:
    """The model with these operations alone, the shapes that they reach, and no documentation."""
    kept = {name: _terse(model["operations"][name]) for name in sorted(operations)}
    reached: dict[str, Any] = {}
    waiting = [kept[name][side]["shape"] for name in kept for side in ("input", "output") if side in kept[name]]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached[name] = _terse(model["shapes"][name])
            waiting += _references(reached[name])
    return {"metadata": model["metadata"], "operations": kept, "shapes": reached}


def _references(shape: Mapping[str, Any]) -> Iterator[str]:
    for each in (*shape.get("members", {}).values(), *(shape.get(side) for side in ("member", "key", "value"))):
        if each is not None:
            yield each["shape"]


def _terse(part: Mapping[str, Any]) -> dict[str, Any]:
    terse = {key: value for key, value in part.items() if key not in _TALK}
    if isinstance(terse.get("members"), dict):
        terse["members"] = {name: _terse(member) for name, member in terse["members"].items()}
    for side in ("member", "key", "value", "input", "output"):
        if isinstance(terse.get(side), dict):
            terse[side] = _terse(terse[side])
    return terse
