"""WSGI: an application that answers one request after the other.

Only the work is done in turn. The request's body is read before, so that a client that sends slowly, or stops in the
middle, keeps nobody waiting; the answer is complete when the next request begins.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rajee_deploy.sandbox.turns import Turns


class InTurn:
    """`application`, one request at a time."""

    def __init__(self, application: Any, turns: Turns) -> None:
        self._application = application
        self._turns = turns

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        environ["wsgi.input"] = io.BytesIO(_body(environ))
        with self._turns.take():
            answer = self._application(environ, start_response)
            try:
                return [b"".join(answer)]
            finally:
                if hasattr(answer, "close"):
                    answer.close()


def _body(environ: dict[str, Any]) -> bytes:
    """All of the body; less than was announced when the client went away, which the application sees as before."""
    stream = environ["wsgi.input"]
    if environ.get("wsgi.input_terminated"):  # sent in chunks
        return bytes(stream.read())
    return bytes(stream.read(int(environ.get("CONTENT_LENGTH") or 0)))
