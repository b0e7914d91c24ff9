"""Correction to stack events: which request caused them."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

from moto.cloudformation.models import Event
from moto.cloudformation.responses import CloudFormationResponse

_request_token: ContextVar[str | None] = ContextVar("request_token", default=None)


def apply() -> None:
    """Apply the correction. It wraps what other corrections replace, so it comes last."""
    echo_request_tokens()


def echo_request_tokens() -> None:
    """Events carry the ClientRequestToken of the request that caused them (moto: none)."""
    original = Event.__init__

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807 -- replaces that very method
        original(self, *args, **kwargs)
        self.client_request_token = _request_token.get()

    Event.__init__ = __init__
    for action in ("create_stack", "update_stack", "delete_stack", "execute_change_set"):
        setattr(CloudFormationResponse, action, _with_token(getattr(CloudFormationResponse, action)))


def _with_token(action: Any) -> Any:
    def with_token(self: Any) -> Any:
        reset = _request_token.set(self._get_param("ClientRequestToken"))
        try:
            return action(self)
        finally:
            _request_token.reset(reset)

    return with_token
