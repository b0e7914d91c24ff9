"""An error's fields, its line, and its exit code."""

from __future__ import annotations

from rajee_deploy.errors import ConfigurationError, DeployError, Exit


def test_every_field_is_kept():
    error = DeployError("a-code", "a problem", where="w", cause="c", hint="h")
    assert (error.code, error.problem, error.where, error.cause, error.hint) == ("a-code", "a problem", "w", "c", "h")
    assert (str(error), error.args, error.exit_code) == ("w: a problem [a-code]", ("a problem",), Exit.FAILED)


def test_what_is_not_given_is_empty():
    error = ConfigurationError("a-code", "a problem")
    assert (error.where, error.cause, error.hint) == ("", "", "")
    assert (str(error), error.exit_code) == ("a problem [a-code]", Exit.USAGE)
