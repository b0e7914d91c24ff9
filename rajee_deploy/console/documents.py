"""What a document of a run says of errors and warnings, cut to what a reader takes and without secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rajee_deploy.at_work import as_pasted
from rajee_deploy.console import without_secrets
from rajee_deploy.text.lines import shorten

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rajee_deploy.errors import DeployError
    from rajee_deploy.warned import Warned


_MOST_OF_A_LINE = 800  # characters of one line of an error

MOST_OF_A_COMMAND = 4000  # of what is to be pasted


def with_shown(said: Sequence[dict[str, Any]], shown: Sequence[Warned]) -> list[dict[str, Any]]:
    """The warnings of a document, and those that were shown and are not among them."""
    there = {(str(one.get("subject") or f"image {one.get('image', '')}"), one["code"], one["message"]) for one in said}
    others = [one for one in dict.fromkeys(shown) if one not in there]
    return [*said, *({"subject": one.subject, "code": one.code, "message": one.message} for one in others)]


def error_document(error: DeployError) -> dict[str, str]:
    """An expected failure as `rajee-deploy.error/1`."""
    return {
        "schema": "rajee-deploy.error/1",
        "code": error.code,
        "problem": quote(error.problem),
        "where": error.where,
        "cause": quote(error.cause),
        "hint": quote(as_pasted(error.hint), MOST_OF_A_COMMAND),
    }


def quote(text: str, most: int = _MOST_OF_A_LINE) -> str:
    return shorten(without_secrets(text), most)
