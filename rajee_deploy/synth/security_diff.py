"""What a deployment would allow that was not allowed before, as the CDK CLI tells it: IAM and network, for a person to
read before it happens. Decides nothing: who may say yes is a setting.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.errors import DeployError, Quote

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rajee_deploy.system.process import Completed

# Only what broadens permissions is printed, and the exit code says whether anything was.
DIFF = ("--security-only", "--fail", "--method=template")
# In a narrow terminal the CLI breaks the names of permissions apart; it prints into a pipe, where any width will do.
WHOLE = {"COLUMNS": ""}
_END = "(NOTE:"


def security_changes(stack: str, ended: Completed, printed: Sequence[str]) -> str:
    """The tables of changes that broaden permissions; "" when there are none. DeployError `diff-failed`.

    `printed` is all that `cdk diff` of the stack with DIFF said: warnings, a headline with the stack's name, the tables
    and a note.
    """
    if ended.code == 0:
        return ""
    start = next((i for i, line in enumerate(printed) if line.startswith(f"Stack {stack}")), None)
    if start is None:
        raise DeployError(
            "diff-failed",
            f"cdk diff of {stack} failed",
            where=f"stack {stack}",
            quote=Quote(ended.tail[-10:]),
            hint='run again; approval = "never" in the settings deploys without asking',
        )
    shown = []
    for line in printed[start + 1 :]:
        if line.startswith(_END):
            break
        shown.append(line.rstrip())
    return "\n".join(shown).strip()
