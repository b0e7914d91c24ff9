"""`explain-error`: what the documentation says of a code. Offline: it reads one file of this package."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from rajee_deploy.cli.flags import Json  # noqa: TC001 -- typer reads the annotations
from rajee_deploy.console.rows import Row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rajee_deploy.actions.error_codes import ErrorCode
    from rajee_deploy.console import Console


def _complete(incomplete: str) -> list[tuple[str, str]]:
    """The codes that begin so, for the shell."""
    from rajee_deploy.actions.error_codes import all_codes

    return [(each.code, each.meaning) for each in all_codes() if each.code.startswith(incomplete)]


def explain_error(
    code: Annotated[
        str | None,
        typer.Argument(
            help="The code that an error or a warning is shown with (default: all of them).",
            autocompletion=_complete,
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Say what an error or a warning means, and what to do about it. Offline.

    \b
    rajee-deploy explain-error no-region
    rajee-deploy explain-error               every code, a line each
    """
    from rajee_deploy.actions.error_codes import all_codes
    from rajee_deploy.console import Console

    console = Console()
    codes = all_codes()
    if code is not None:
        codes = (_find(code, codes),)
    if as_json:
        console.document({"schema": "rajee-deploy.explain-error/1", "codes": [each._asdict() for each in codes]})
    elif code is not None:
        show(console, codes[0])
    else:
        console.result_rows([Row("✗" if each.kind == "error" else "!", "", each.code, each.meaning) for each in codes])


def _find(text: str, codes: Sequence[ErrorCode]) -> ErrorCode:
    """ConfigurationError `unknown-code`. The brackets may be copied, too."""
    from rajee_deploy.actions.error_codes import near_codes
    from rajee_deploy.errors import ConfigurationError

    wanted = text.strip("[]`").lower()
    found = next((each for each in codes if each.code.lower() == wanted), None)
    if found is not None:
        return found
    near = near_codes(wanted, [each.code for each in codes])
    raise ConfigurationError(
        "unknown-code",
        f"there is no error and no warning with the code {text!r}",
        hint="\n".join(f"rajee-deploy explain-error {each}" for each in near)
        or "rajee-deploy explain-error   # without a code: all of them",
    )


def show(console: Console, code: ErrorCode) -> None:
    """As an error is shown: what it is, and what comes next."""
    console.result_rows([Row("✗" if code.kind == "error" else "!", name=code.meaning)])
    console.result_blank()
    where = f"docs/troubleshooting.md, {code.chapter}"
    console.result_rows(
        [Row(name="next", text=code.remedy), Row(name="code", text=code.code), Row(name="more", text=where)]
    )
