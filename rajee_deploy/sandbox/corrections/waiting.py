"""Correction to how moto waits: whoever waits for something outside lends the turn.

Moto answers one request at a time here (`turns`). What it waits for may ask this very server: an HTTP subscriber of a
topic, a Lambda function in a container, a sender to the queue that somebody polls. None of them may wait for ever.
"""

from __future__ import annotations

from typing import Any

import requests
from moto.awslambda.models import LambdaFunction
from moto.sqs.models import Queue

from rajee_deploy.sandbox.turns import MOTO


def apply() -> None:
    """Apply the correction."""
    for owner, name in ((requests.Session, "send"), (LambdaFunction, "_invoke_lambda"), (Queue, "wait_for_messages")):
        setattr(owner, name, _lending(getattr(owner, name)))


def _lending(wait: Any) -> Any:
    def lending(*args: Any, **kwargs: Any) -> Any:
        with MOTO.lend():
            return wait(*args, **kwargs)

    return lending
