"""An error's fields, its line, and its exit code."""

from __future__ import annotations

import io

from rajee_deploy.console import Console
from rajee_deploy.errors import ConfigurationError, DeployError, Exit


def test_every_field_is_kept():
    error = DeployError("a-code", "a problem", where="w", cause="c", hint="h")
    assert (error.code, error.problem, error.where, error.cause, error.hint) == ("a-code", "a problem", "w", "c", "h")
    assert (str(error), error.args, error.exit_code) == ("w: a problem [a-code]", ("a problem",), Exit.FAILED)


def test_what_is_not_given_is_empty():
    error = ConfigurationError("a-code", "a problem")
    assert (error.where, error.cause, error.hint) == ("", "", "")
    assert (str(error), error.exit_code) == ("a problem [a-code]", Exit.USAGE)


def test_what_another_program_said_begins_at_once_and_its_tabs_are_blanks():
    stream = io.StringIO()
    Console(stderr=stream).error(DeployError("a-code", "a problem", cause="\nfirst\n\tsecond\n", hint="h"))
    assert [line.split() for line in stream.getvalue().split("\n")[2:4]] == [["why", "first"], ["second"]]
