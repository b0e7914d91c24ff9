"""`sandbox`: an AWS on this machine, started, stopped and shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from rajee_deploy.cli.commands import Verb, Verbs
from rajee_deploy.cli.flags import Json  # noqa: TC001 -- typer reads the annotations while the program runs

if TYPE_CHECKING:
    from rajee_deploy.console import Console

sandbox = typer.Typer(
    cls=Verbs,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Run an AWS on this machine, to try things. It is moto, plus an image registry.",
)


@sandbox.command("start", cls=Verb)
def sandbox_start(
    port: Annotated[int | None, typer.Option(help="The port (default: a free one).", min=0, max=65535)] = None,
) -> None:
    """Start it, and print what to export.

    \b
    eval "$(rajee-deploy sandbox start)"
    """
    from rajee_deploy.sandbox import control

    state = control.start(port)
    if port and state.port != port:
        from rajee_deploy.errors import ConfigurationError

        raise ConfigurationError(
            "bad-flag",
            f"the sandbox runs already, at another port than {port}",
            where=state.endpoint,
            hint="rajee-deploy sandbox env   # what to export for that one\n"
            "rajee-deploy sandbox stop   # ends it, with all that it holds; then start it at that port",
        )
    console = _console()
    console.say(f"The sandbox answers at {state.endpoint}.")
    _print_exports(console)


@sandbox.command("stop", cls=Verb)
def sandbox_stop() -> None:
    """Stop it; what it held is gone.

    \b
    rajee-deploy sandbox stop
    """
    from rajee_deploy.sandbox import control

    _console().say("The sandbox has stopped." if control.stop() else "The sandbox was not running.")


@sandbox.command("status", cls=Verb)
def sandbox_status(as_json: Json = False) -> None:
    """Show whether it runs, and which repositories it holds.

    \b
    rajee-deploy sandbox status
    """
    from rajee_deploy.sandbox import control

    state, console = control.status(), _console()
    if as_json:
        endpoint, repositories = (state.endpoint, list(state.repositories)) if state else (None, [])
        console.document({"schema": "rajee-deploy.sandbox/1", "endpoint": endpoint, "repositories": repositories})
    elif state is None:
        console.data("not running")
    else:
        console.data(f"running at {state.endpoint}, process {state.pid}")
        for repository in state.repositories:
            console.data(f"  {repository}")


@sandbox.command("env", cls=Verb)
def sandbox_env() -> None:
    """Print the variables that make AWS tools talk to it.

    \b
    eval "$(rajee-deploy sandbox env)"
    """
    _print_exports(_console())


def _print_exports(console: Console) -> None:
    import os
    import shlex

    from rajee_deploy.sandbox import control

    exported = control.environment(os.environ)
    for name in control.in_the_way(os.environ):
        console.data(f"unset {name}")
    for name, value in exported.items():
        console.data(f"export {name}={shlex.quote(value)}")


def _console() -> Console:
    from rajee_deploy.console import Console

    return Console()
