"""The first line of a screen, completed: where the command acts, and what is checked out. It must never ask anybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.model.revision import checkout_text

if TYPE_CHECKING:
    from rajee_deploy.actions.run import CurrentRun
    from rajee_deploy.aws import Identity


def complete_heading(run: CurrentRun, who: Identity) -> None:
    """Say where it acts, as soon as that is known; once, however often it is known."""

    def checkout() -> str:
        from rajee_deploy.git.head import find_head  # by who shows a screen

        head = find_head(run.settings.root)
        return checkout_text(*head) if head is not None else ""

    run.console.complete(f"{who.account} {who.region}", checkout)
