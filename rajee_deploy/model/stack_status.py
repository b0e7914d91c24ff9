"""What a status of CloudFormation means: the one table, for whatever is asked of a stack, and the words of its events.

Pure, of texts alone. No other room but the sandbox, which plays CloudFormation, names a status; a new one is a row
here, and nothing else. A status that is not in the table is of a newer CloudFormation: it is never deployed over, and
nothing good is believed of it.
"""

from __future__ import annotations

from enum import Enum, Flag, auto

from rajee_deploy.dataclass import dataclass
from rajee_deploy.errors import DeployError, Quote


class Answer(Enum):
    """What a stack's status allows."""

    COMPARE = "compare what is recorded"
    CREATE = "create"
    RECREATE = "delete and create again"
    DEPLOY = "deploy whatever is recorded"
    WAIT = "wait"
    ROLL_BACK = "an operator has to roll it back"
    STOP = "an operator has to look"


class About(Flag):
    """What else is known of a stack by its status."""

    NOTHING = 0
    RUNS = auto()  # it runs what its parameters say
    FAILED = auto()  # its last operation failed: what its parameters say may not be what runs
    UNDONE = auto()  # the failed operation was, or is, or should have been taken back
    EMPTY = auto()  # it may hold no resource: not yet, or not any more
    MOVING = auto()  # CloudFormation may have no template to give
    REVIEWED = auto()  # only a change set was made: nobody deployed its parameters


@dataclass(frozen=True, slots=True)
class _Meaning:
    answer: Answer
    about: About


def _of(answer: Answer, *about: About) -> _Meaning:
    found = About.NOTHING
    for each in about:
        found |= each
    return _Meaning(answer, found)


_A, _B = Answer, About
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html lists the statuses.
_TABLE = {
    "CREATE_COMPLETE": _of(_A.COMPARE, _B.RUNS),
    "UPDATE_COMPLETE": _of(_A.COMPARE, _B.RUNS),
    "IMPORT_COMPLETE": _of(_A.COMPARE, _B.RUNS),
    # The update failed and was undone. Whether DescribeStacks then shows the old parameters is not documented, so what
    # it shows proves nothing.
    "UPDATE_ROLLBACK_COMPLETE": _of(_A.DEPLOY, _B.FAILED, _B.UNDONE),
    "IMPORT_ROLLBACK_COMPLETE": _of(_A.DEPLOY, _B.FAILED, _B.UNDONE),
    # An unexecuted first change set: the stack has no resources yet.
    "REVIEW_IN_PROGRESS": _of(_A.CREATE, _B.REVIEWED, _B.EMPTY, _B.MOVING),
    "DELETE_COMPLETE": _of(_A.CREATE, _B.EMPTY),
    # Can never be updated; `cdk deploy` deletes and creates it by itself.
    "ROLLBACK_COMPLETE": _of(_A.RECREATE, _B.FAILED, _B.UNDONE, _B.EMPTY),
    "ROLLBACK_FAILED": _of(_A.RECREATE, _B.FAILED, _B.UNDONE, _B.EMPTY),
    "CREATE_IN_PROGRESS": _of(_A.WAIT, _B.MOVING, _B.EMPTY),
    "ROLLBACK_IN_PROGRESS": _of(_A.WAIT, _B.MOVING, _B.FAILED, _B.UNDONE, _B.EMPTY),
    "UPDATE_IN_PROGRESS": _of(_A.WAIT, _B.MOVING),
    # All resources are the new ones; only what they replaced is still there.
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": _of(_A.WAIT, _B.MOVING, _B.RUNS),
    "UPDATE_ROLLBACK_IN_PROGRESS": _of(_A.WAIT, _B.MOVING, _B.FAILED, _B.UNDONE),
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": _of(_A.WAIT, _B.MOVING, _B.FAILED, _B.UNDONE),
    "IMPORT_IN_PROGRESS": _of(_A.WAIT, _B.MOVING),
    "IMPORT_ROLLBACK_IN_PROGRESS": _of(_A.WAIT, _B.MOVING, _B.FAILED, _B.UNDONE),
    "CREATE_FAILED": _of(_A.ROLL_BACK, _B.FAILED, _B.EMPTY),
    "UPDATE_FAILED": _of(_A.ROLL_BACK, _B.FAILED),
    "UPDATE_ROLLBACK_FAILED": _of(_A.ROLL_BACK, _B.FAILED, _B.UNDONE),
    "IMPORT_ROLLBACK_FAILED": _of(_A.STOP, _B.FAILED, _B.UNDONE),
    "DELETE_IN_PROGRESS": _of(_A.STOP, _B.MOVING, _B.EMPTY),
    "DELETE_FAILED": _of(_A.STOP, _B.FAILED, _B.EMPTY),
}
STATUSES = frozenset(_TABLE)
_NOT_KNOWN = _Meaning(Answer.STOP, About.MOVING)


def answer(status: str) -> Answer:
    """What the status allows; a status of a newer CloudFormation is for an operator to look at."""
    return _meaning(status).answer


def is_known(status: str) -> bool:
    """Whether the status is in the table."""
    return status in STATUSES


def is_busy(status: str) -> bool:
    """Whether an operation is under way that has to end before anything can be decided."""
    return answer(status) is Answer.WAIT


def is_settled(status: str) -> bool:
    """Whether the stack stands still after an operation that succeeded."""
    return answer(status) is Answer.COMPARE


def is_updatable(status: str) -> bool:
    """Whether CloudFormation takes an update of it."""
    return answer(status) in (Answer.COMPARE, Answer.DEPLOY)


def is_made_anew(status: str) -> bool:
    """Whether a deployment creates it, so that no parameter keeps a former value."""
    return answer(status) in (Answer.CREATE, Answer.RECREATE)


def runs_what_it_says(status: str) -> bool:
    """Whether what its parameters say is what runs."""
    return About.RUNS in _meaning(status).about


def has_failed(status: str) -> bool:
    """Whether its last operation failed, so that what its parameters say may not be what runs."""
    return About.FAILED in _meaning(status).about


def is_undone(status: str) -> bool:
    """Whether its last operation failed and was taken back, or is being, or could not be."""
    return About.UNDONE in _meaning(status).about


def may_be_empty(status: str) -> bool:
    """Whether it may hold no resource at all: not yet, or not any more."""
    return About.EMPTY in _meaning(status).about


def may_lack_template(status: str) -> bool:
    """Whether CloudFormation may have no template of it to give. While it is so, nothing is decided by a template."""
    return About.MOVING in _meaning(status).about


def is_reviewed(status: str) -> bool:
    """Whether only a change set of it was made: it has parameters that nobody deployed."""
    return About.REVIEWED in _meaning(status).about


def _meaning(status: str) -> _Meaning:
    return _TABLE.get(status, _NOT_KNOWN)


# -- events: a stack's and its resources', whose statuses are an action and how far it is ----------------------------

_GOES_ON, _FAILED = "_IN_PROGRESS", "_FAILED"
_BEGINS = frozenset({"CREATE", "UPDATE", "IMPORT"})
_DELETES = "DELETE"


def action_of(event: str) -> str:
    """What an event's status says is being done: CREATE, UPDATE, DELETE, UPDATE_ROLLBACK, …"""
    return event.removesuffix(_GOES_ON) if goes_on(event) else event.rpartition("_")[0]


def goes_on(event: str) -> bool:
    """Whether what the event tells of is not over."""
    return event.endswith(_GOES_ON)


def is_failure(event: str) -> bool:
    """Whether the event tells of a failure."""
    return event.endswith(_FAILED)


def is_deletion(event: str) -> bool:
    """Whether a resource is gone, or is going."""
    return action_of(event) == _DELETES


def begins_operation(event: str) -> bool:
    """Whether a stack's own event tells that somebody began to change it."""
    return goes_on(event) and action_of(event) in _BEGINS


# -- what CloudFormation says of a status when it refuses something ---------------------------------------------------


def is_refused_for_now(message: str) -> bool:
    """Whether CloudFormation refuses a change since another operation is under way."""
    return "IN_PROGRESS" in message


def tells_of_refusal_for_now(lines: str) -> bool:
    """The same for the lines of a program, which has also reported an operation of its own."""
    return "IN_PROGRESS state and can not be updated" in lines or "OperationInProgress" in lines


def is_refused_since_reviewed(message: str) -> bool:
    """Whether CloudFormation has no answer since only a change set of the stack was made."""
    return any(About.REVIEWED in meaning.about and status in message for status, meaning in _TABLE.items())


def stack_busy(
    stack: str,
    what: str = "is under way",
    *,
    cause: str = "",
    hint: str = "run again: rajee-deploy waits until it has ended, then plans everything again",
    quote: Quote | None = None,
) -> DeployError:
    """The one error for a stack on which somebody else works."""
    problem = f"another operation on stack {stack} {what}"
    return DeployError("stack-busy", problem, where=f"stack {stack}", cause=cause, hint=hint, quote=quote)
