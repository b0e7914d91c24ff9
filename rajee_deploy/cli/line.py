"""The command line: which verbs there are, and where each is. Only what was asked for is imported and built: typer
builds every verb it is given, and all of them together cost more than hashing a small service."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rajee_deploy import __version__
from rajee_deploy.cli.commands import Verb, Verbs

if TYPE_CHECKING:
    from collections.abc import Sequence

# In the order of --help, with the module of this package that has a function of the verb's name (_ for -).
VERBS = {
    "init": "init",
    "plan": "plan",
    "up": "up",
    "rollback": "rollback",
    "status": "status",
    "doctor": "doctor",
    "report": "report",
    "fingerprint": "fingerprint",
    "explain": "explain",
    "replay": "explain",
    "verify": "verify",
    "lock": "lock",
    "permissions": "permissions",
    "explain-error": "explain_error",
    "completion": "completion",
    "help": "help",
}


def command_line(argv: Sequence[str]) -> typer.Typer:
    """The application as far as these arguments need it: whole, unless they begin with a verb or ask for the version
    alone."""
    app = typer.Typer(
        cls=Verbs,
        no_args_is_help=True,
        # Typer's own rich help imports rich and markdown; plain help starts faster and reads the same in a log.
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        add_completion=False,  # typer's scripts give names of the settings to `eval`; see `shells`
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_root)
    first = argv[0] if argv else ""
    is_version = list(argv) == ["--version"]
    for verb, module in VERBS.items():
        if verb == first or not (first in VERBS or is_version):
            app.command(cls=Verb)(getattr(import_module(f"rajee_deploy.cli.{module}"), verb.replace("-", "_")))
    if not (first in VERBS or is_version):
        from rajee_deploy.cli.sandbox import sandbox

        app.add_typer(sandbox, name="sandbox")
    return app


def click_command(verb: str) -> Any:
    """One verb, as click has it; it knows its parameters."""
    group: Any = typer.main.get_command(command_line([verb]))
    return group.commands[verb]


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"rajee-deploy {__version__}")
        raise typer.Exit


def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Deploy containers with AWS CDK. Build only what changed, deploy only when something did.

    \b
    rajee-deploy init        once, in the repository of a CDK app
    rajee-deploy plan        what would happen, and why
    rajee-deploy up          do it
    rajee-deploy up -e prod  the same with an environment of the settings
    """
