"""What Lambda answers of functions that are made of an image, read. Pure.

https://docs.aws.amazon.com/lambda/latest/api/API_GetFunction.html
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from rajee_deploy.aws import unknown
from rajee_deploy.rollout import Deployment, FunctionImage, Service, rollout_state

if TYPE_CHECKING:
    from collections.abc import Mapping


def is_of_image(answer: Mapping[str, Any]) -> bool:
    """Whether a function is made of an image, and not of a zip file."""
    return bool((answer.get("Code") or {}).get("ImageUri"))


def function_of(name: str, answer: Mapping[str, Any], says: str = "") -> Service:
    """A function of an answer of GetFunction, as a service with one deployment. `says` is the end of the address that
    the stack has for its image: it stands for the whole, where it is one. DeployError when the answer lacks what a
    decision stands on."""
    configuration, code = answer.get("Configuration") or {}, answer.get("Code") or {}
    address, update = code.get("ImageUri", ""), configuration.get("LastUpdateStatus")
    if configuration.get("FunctionName") != name or not address or not update:
        raise unknown(f"lambda:GetFunction {name}", "the answer lacks the function's image or state")
    state = configuration.get("State", "")
    told = "LastUpdateStatus" if rollout_state.is_updatable(state) else "State"
    own = Deployment(
        configuration.get("RevisionId", ""),
        "PRIMARY",
        says if says and address.endswith(says) else address,
        desired=1,
        pending=0,
        running=1,
        state=rollout_state.of_function(state, update),
        reason=configuration.get(f"{told}Reason", ""),
        began=_began(configuration.get("LastModified", "")),
        code=configuration.get(f"{told}ReasonCode", ""),
    )
    architecture = next(iter(configuration.get("Architectures") or ()), "")
    return Service(name, (own,), image=FunctionImage(address, code.get("ResolvedImageUri", ""), architecture))


def no_function(code: str, _message: str) -> bool | None:
    """Lambda's error for a function that is not there."""
    return True if code == "ResourceNotFoundException" else None


def gone(name: str) -> Service:
    """A function that Lambda says is not there."""
    return Service(name, (), status=rollout_state.MISSING)


def _began(moment: str) -> float:
    """Lambda's LastModified, as seconds since the epoch."""
    try:
        return datetime.fromisoformat(moment).timestamp()
    except ValueError:
        return 0.0
