"""The sandbox's server with slow subnets: time enough for others to look at a stack while it is being created.

What is slowed is moto's; the server is the product's own, started as `python slow_server.py --port 0 --note FILE`.
"""

from __future__ import annotations

import sys
import time
from typing import Any

from moto.ec2.models.subnets import Subnet

from rajee_deploy.sandbox.__main__ import main

SECONDS = 0.1

_create = Subnet.create_from_cloudformation_json.__func__


def _create_slowly(cls: Any, *args: Any, **kwargs: Any) -> Any:
    time.sleep(SECONDS)
    return _create(cls, *args, **kwargs)


Subnet.create_from_cloudformation_json = classmethod(_create_slowly)

if __name__ == "__main__":
    sys.exit(main())
