"""The command line: flags, wiring, exit codes. Decides nothing."""

from rajee_deploy.cli.ending import main

__all__ = ["main"]
