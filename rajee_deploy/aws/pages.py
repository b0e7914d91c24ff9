"""Answers that come in pages. The only place that follows a token to the next one."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from rajee_deploy.aws.errors import unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from rajee_deploy.aws.elsewhere import Asks

T = TypeVar("T")


class Most(NamedTuple):
    """What the pages of one answer may be, and take, all together."""

    pages: int = 1000
    seconds: float = 600


MOST = Most()


def pages(
    aws: Asks,
    service: str,
    operation: str,
    arguments: Mapping[str, Any],
    expected: Callable[[str, str], T | None] | None = None,
    most: Most = MOST,
) -> Iterator[dict[str, Any] | T]:
    """Each page of a call, as long as its reader wants more; what `expected` makes of an error ends them. DeployError
    where a page is said to be followed by one that came before, or after so many, or so long: it would never end."""
    began = time.monotonic()
    seen: set[str] = set()
    more: dict[str, str] = {}
    for _ in range(most.pages):
        answer = aws.ask(service, operation, {**arguments, **more}, expected)
        yield answer
        # CloudFormation and ECR, each in its own spelling.
        name = next((each for each in ("NextToken", "nextToken") if isinstance(answer, dict) and each in answer), "")
        token = answer[name] if name and isinstance(answer, dict) else None
        if not token:
            return
        if token in seen:
            raise unknown(_call_name(service, operation), "its pages come again and again")
        if time.monotonic() - began > most.seconds:
            raise unknown(_call_name(service, operation), f"its pages had not ended after {most.seconds:g} s")
        seen.add(token)
        more = {name: token}
    raise unknown(_call_name(service, operation), f"it has more than {most.pages:,} pages")


def _call_name(service: str, operation: str) -> str:
    return f"{service}:{operation.title().replace('_', '')}"
