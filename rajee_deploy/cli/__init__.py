"""The command line: flags, wiring, exit codes. Decides nothing."""

import rajee_deploy.began  # noqa: F401 -- first: it looks at the clock
from rajee_deploy.cli.ending import main

__all__ = ["main"]
