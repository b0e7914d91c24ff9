"""What a person has to run or to write to help a CDK app: commands that work where they are pasted, and declarations in
the app's own language. It reads files of the app and starts nothing; it must never fail, since it speaks of what did.
"""

from __future__ import annotations

import re
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from rajee_deploy.errors import DeployError
from rajee_deploy.synth.command import app_command, python_of
from rajee_deploy.system.nearby import is_file
from rajee_deploy.system.regular_files import open_regular

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_MOST_BYTES = 1 << 26  # of a lock file of node's; the lock files of large monorepos take some MB
# The name as a whole: not aws-cdk-lib, nor a package of @aws-cdk.
_IN_LOCK = re.compile(rb"(?<![\w@-])aws-cdk(?![\w/-])")
_NODE = re.compile(r"(ts-node|tsx|node|bun|deno|npm|npx|pnpm|yarn)\b|.*\.[cm]?[jt]s\b")
_UNKNOWN_PARAMETERS = re.compile(r"Parameters: \[([^\]]*)\] do not exist in the template")
# What is found in a program's last words → what to do; the first counts.
_SIGNS = (
    (r"No module named '?aws_cdk", "python3 -m pip install aws-cdk-lib   # or activate the environment that has it"),
    (r"Cannot find module '[^./]", "{modules}   # the app's own packages are not installed"),
    (
        r"no credentials have been configured|Unable to resolve AWS account",
        "the app looks something up in AWS: log in first, or set AWS_PROFILE; what it finds stays in cdk.context.json",
    ),
    (r"ExpiredToken", "the keys ended before the deployment did, and CloudFormation goes on: log in and run again"),
    (r"(?s)ENOENT.*manifest\.json", "the app wrote no cloud assembly: its last line has to be app.synth()"),
    (
        r"[Cc]loud assembly schema version mismatch|CLI is not compatible with the CDK library",
        "{cli}   # the app's aws-cdk-lib is newer than the CLI",
    ),
    (r"\| (CREATE|UPDATE|DELETE)_FAILED +\| ", "correct what CloudFormation names, and run again"),
    (r"not found\s*$", "cdk.json's app names a program that is not installed, or not on PATH"),
)
# Lock file → what installs what it names, and what adds the CLI; both with the directory of the lock file.
_INSTALLERS: dict[str, tuple[Callable[[str], str], Callable[[str], str]]] = {
    "package-lock.json": (lambda at: f"npm ci --prefix {at}", lambda at: f"npm install -D aws-cdk@2 --prefix {at}"),
    "npm-shrinkwrap.json": (lambda at: f"npm ci --prefix {at}", lambda at: f"npm install -D aws-cdk@2 --prefix {at}"),
    "pnpm-lock.yaml": (lambda at: f"pnpm -C {at} install", lambda at: f"pnpm -C {at} add -D aws-cdk@2"),
    "yarn.lock": (lambda at: f"(cd {at} && yarn install)", lambda at: f"(cd {at} && yarn add -D aws-cdk@2)"),
    "bun.lock": (lambda at: f"(cd {at} && bun install)", lambda at: f"(cd {at} && bun add -d aws-cdk@2)"),
}


def cdk_command(app: Path, *words: str) -> str:
    """A command of the CDK CLI for this app, from wherever it is pasted."""
    return f"(cd {quote(str(app))} && npx cdk {' '.join(map(quote, words))})"


def install_cli(app: Path) -> str:
    """The command that brings the CDK CLI: what the nearest lock file names is installed; a lock file that names no
    CLI would bring none, so there it is added."""
    for directory in (app, *app.parents):
        for name, (install, add) in _INSTALLERS.items():
            lock = directory / name
            if is_file(lock):
                return (install if _names_cli(lock) else add)(quote(str(directory)))
    return f"npm install -D aws-cdk@2 --prefix {quote(str(app))}"


def declaring(app: Path, names: Sequence[str], *, is_digest: bool = False) -> str:
    """How a stack declares parameters that it takes an image's tag by."""
    listed = ", ".join(names)
    match _language(app):
        case "python":
            given = "".join(f'"{name}", ' for name in names)
            by = ', deploy_by="digest"' if is_digest else ""
            return (
                f"declare {listed} in the stack: DeployState(self, images=({given.strip()}){by}), of rajee_deploy.cdk"
            )
        case "node":
            lines = " ".join(f"new CfnParameter(this, '{name}', {{ type: 'String' }});" for name in names)
            return f"declare {listed} in the stack, and use it where the image is named: {lines}"
        case _:
            return (
                f"declare {listed} in the stack as a CfnParameter of type String, and use it where the image is named"
            )


def instead_of(app: Path, name: str, *, is_digest: bool = False) -> str:
    """What to do about an image's parameter that no template takes."""
    otherwise = "or name the parameter that it has, in the settings: images.*.parameter"
    return f"{declaring(app, [name], is_digest=is_digest)}; {otherwise}"


def declaring_records(app: Path, names: Sequence[str]) -> str:
    """How a stack declares the parameters that we record in."""
    match _language(app):
        case "python":
            return "let the stack declare them: DeployState(self, …), of rajee_deploy.cdk"
        case "node":
            lines = " ".join(f"new CfnParameter(this, '{name}', {{ type: 'String', default: '-' }});" for name in names)
            return f"let the stack declare them, and an output that names them (docs/your-service.md): {lines}"
        case _:
            return "let the stack declare them, and an output that names them (docs/your-service.md)"


def reading_context(app: Path, key: str) -> str:
    """How the app reads a context value."""
    match _language(app):
        case "python":
            return f'self.node.try_get_context("{key}")'
        case "node":
            return f"this.node.tryGetContext('{key}')"
        case _:
            return f"the node's context value {key} (tryGetContext)"


def after_failure(app: Path, said: str) -> str:
    """What to do after the CDK CLI, or the app that it ran, ended with these last words."""
    unknown = _UNKNOWN_PARAMETERS.search(said)
    if unknown:
        return declaring(app, [name.strip() for name in unknown[1].split(",")])
    for sign, what in _SIGNS:
        if re.search(sign, said):
            return what.format(cli=install_cli(app), modules=f"npm install --prefix {quote(str(app))}")
    return "the lines above are the program's own last words; run again when it is mended"


def _language(app: Path) -> str:
    """`python`, `node`, or "" for another, and where cdk.json does not tell."""
    try:
        command = app_command(app)
    except DeployError:
        return ""
    if python_of(app, command):
        return "python"
    return "node" if any(_NODE.fullmatch(Path(word).name) for word in command) else ""


def _names_cli(lock: Path) -> bool:
    try:
        with open_regular(lock) as file:
            return _IN_LOCK.search(file.read(_MOST_BYTES)) is not None
    except OSError:
        return True  # whoever installs by it hears what is wrong with it
