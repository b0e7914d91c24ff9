"""What a document of a run says of errors and warnings, cut to what a reader takes and without secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rajee_deploy.at_work import as_pasted
from rajee_deploy.console import without_secrets
from rajee_deploy.errors import DeployError
from rajee_deploy.text.lines import shorten

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rajee_deploy.warned import Warned


_MOST_OF_A_LINE = 800  # characters of one line of an error

MOST_OF_A_COMMAND = 4000  # of what is to be pasted


def with_shown(said: Sequence[dict[str, Any]], shown: Sequence[Warned]) -> list[dict[str, Any]]:
    """The warnings of a document, and those that were shown and are not among them."""
    there = {(str(one.get("subject") or f"image {one.get('image', '')}"), one["code"], one["message"]) for one in said}
    others = [one for one in dict.fromkeys(shown) if one not in there]
    return [*said, *({"subject": one.subject, "code": one.code, "message": one.message} for one in others)]


def error_document(error: DeployError) -> dict[str, Any]:
    """An expected failure as `rajee-deploy.error/1`."""
    shown = shown_error(error)
    document: dict[str, Any] = {
        "schema": "rajee-deploy.error/1",
        "code": shown.code,
        "problem": shown.problem,
        "where": shown.where,
        "cause": shown.cause,
        "hint": shown.hint,
    }
    if shown.quote is not None:
        document["quote"] = {"lines": list(shown.quote.lines), "of": shown.quote.of, "what": shown.quote.what}
    if shown.step is not None:
        step = shown.step
        document["step"] = {"verb": step.verb, "name": step.name, "seconds": round(step.seconds, 3)}
        document |= {"done": list(step.done), "notBegun": list(step.left)}
    return document


def shown_error(error: DeployError) -> DeployError:
    """The error as it may be shown: without secrets, no text longer than a reader takes, and with commands that mean
    where they are pasted what they mean here."""
    said = error.quote
    shown = DeployError(
        error.code,
        quote(error.problem),
        where=error.where,
        cause=quote(error.why),
        hint=quote(as_pasted(error.hint), MOST_OF_A_COMMAND),
        quote=said._replace(lines=tuple(quote(line) for line in said.lines)) if said is not None else None,
    )
    shown.step = error.step
    return shown


def quote(text: str, most: int = _MOST_OF_A_LINE) -> str:
    return shorten(without_secrets(text), most)
