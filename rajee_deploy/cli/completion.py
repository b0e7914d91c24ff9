"""`completion`: the script that lets a shell complete verbs, flags and names, put where the shell reads it."""

from __future__ import annotations

import os
from enum import StrEnum
from typing import Annotated

import typer

from rajee_deploy.errors import ConfigurationError


class Shell(StrEnum):
    """The shells that there is a script for."""

    bash = "bash"
    zsh = "zsh"
    fish = "fish"


def completion(
    shell: Annotated[Shell | None, typer.Argument(help="The shell (default: the one that SHELL names).")] = None,
    print_only: Annotated[bool, typer.Option("--print", help="Print the script on stdout, and write nothing.")] = False,
) -> None:
    """Let your shell complete verbs, flags and names. Names are those of the settings (environments, images, stacks),
    of AWS's files (profiles), and the tags that were deployed from here; nobody is asked over the network.

    \b
    rajee-deploy completion                         from the next shell on
    eval "$(rajee-deploy completion bash --print)"  in this one alone
    """
    from rajee_deploy.cli.shells.install import install, shell_of
    from rajee_deploy.cli.shells.scripts import SCRIPTS
    from rajee_deploy.console import Console
    from rajee_deploy.console.rows import Row

    name = shell.value if shell is not None else shell_of(os.environ)
    if not name:
        raise ConfigurationError(
            "bad-flag",
            f"there is no completion for the shell {os.environ.get('SHELL') or 'that SHELL does not name'}",
            hint="\n".join(f"rajee-deploy completion {each}" for each in SCRIPTS),
        )
    console = Console()
    if print_only:
        console.data(SCRIPTS[name].removesuffix("\n"))
        return
    changed = install(name, os.environ)
    if not changed:
        console.headline(f"{name} completes rajee-deploy already.", indent=2)
        return
    console.rows(
        [
            *(Row("✓", "wrote", str(path)) for path in changed),
            Row("→", "next", f"open a new {name}, or: exec {name}"),
        ]
    )
