"""The AWS profile that a project's cdk.json, or the user's, gives to the CDK CLI.

The CLI would take it before any credentials of the environment, and deploy as somebody else than was asked who we are.
Every start of ours says `--profile=`, which leaves what we give it in force. Where the profile is known to be another
account's, somebody meant that one, and it is not ours to say who is right.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rajee_deploy.dataclass import dataclass
from rajee_deploy.errors import ConfigurationError
from rajee_deploy.system.regular_files import read_json

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class NamedProfile:
    """A profile, and the file that names it."""

    name: str
    file: Path


def named_profile(app: Path) -> NamedProfile | None:
    """What the CLI would take in this directory; None where no file says one.

    What is wrong with a file, the CLI tells."""
    for file in (app / "cdk.json", Path.home() / ".cdk.json"):  # the project's goes before the user's
        try:
            told = read_json(file)
        except (OSError, ValueError):
            continue
        name = told.get("profile") if isinstance(told, dict) else None
        if isinstance(name, str) and name:
            return NamedProfile(name, file)
    return None


def check_account(app: Path, ours: str | None, account: str, account_of: Callable[[str], str | None]) -> None:
    """ConfigurationError `profile-contradiction` where a profile that is not `ours` leads to another account.

    `account_of` asks AWS who a profile is; None where that cannot be found out. It is not used in any case.
    """
    named = named_profile(app)
    if named is None or named.name == ours:
        return
    other = account_of(named.name)
    if other is not None and other != account:
        raise ConfigurationError(
            "profile-contradiction",
            f"the profile {named.name} is account {other}, and this run is account {account}",
            where=str(named.file),
            hint=f"--profile {named.name} deploys there; or take the profile out of {named.file.name}",
        )
