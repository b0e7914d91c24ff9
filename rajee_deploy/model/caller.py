"""Who asks AWS, and by which credentials. Pure values; no key is in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.dataclass import dataclass

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class HeldKeys:
    """Credentials. `source` is botocore's name for where they come from (env, sso…). `ends` is None where nobody says;
    those that are not `is_temporary` never end, and those that are `is_renewed` are replaced in time by themselves."""

    source: str
    is_temporary: bool
    is_renewed: bool = False
    ends: datetime | None = None


@dataclass(frozen=True, slots=True)
class Caller:
    """What STS says of us: `arn` is the user or role. ""s where it said no."""

    account: str
    region: str
    arn: str
