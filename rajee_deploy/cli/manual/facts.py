"""What a verb reads, what it changes, how it ends, and where more is said; and how flags are grouped. Facts alone."""

from __future__ import annotations

from typing import NamedTuple

from rajee_deploy.errors import Exit


class Facts(NamedTuple):
    """Of one verb. `exits` are codes whose meaning is not the usual one."""

    reads: str
    changes: str
    see: tuple[str, ...]
    exits: dict[int, str] = {}  # noqa: RUF012 -- a NamedTuple's default, which nobody changes


_NOTHING = "nothing"
_IMAGES = "the settings, and the files that the Dockerfiles copy"
_CLOUD = f"{_IMAGES}; the CDK app; CloudFormation, ECS, Lambda and the registry"

FACTS = {
    "init": Facts(
        "the CDK app, by one synth; its Dockerfiles and ignore files; AWS, for the plan at the end",
        "writes rajee-deploy.toml, its schema, and a .deployignore where it helps; no file that is there",
        ("docs/getting-started.md", "docs/settings.md"),
    ),
    "plan": Facts(
        _CLOUD,
        _NOTHING,
        ("docs/deploying.md", "docs/infrastructure.md"),
        {Exit.CHANGES: "with --detailed-exitcode: there is something to do"},
    ),
    "up": Facts(
        _CLOUD,
        "images and tags in the registry, the stacks of the settings, this machine's history of runs",
        ("docs/deploying.md", "docs/ci.md"),
    ),
    "rollback": Facts(
        "CloudFormation, ECS, Lambda and the registry; git, for an image that the registry lost",
        "the stacks that run the images, and tags; with --plan nothing",
        ("docs/deploying.md",),
        {Exit.CHANGES: "with --plan --detailed-exitcode: there is something to do"},
    ),
    "status": Facts(_CLOUD, _NOTHING, ("docs/deploying.md",)),
    "doctor": Facts(
        "this machine's engine, node, CDK CLI, disks and credentials; the settings, where there are some; AWS",
        _NOTHING,
        ("docs/doctor.md", "rajee-deploy explain-error"),
        {Exit.FAILED: "a run would fail with something that was found (✗)"},
    ),
    "report": Facts(
        "this machine's history of runs",
        "nothing but the files that flags name",
        ("docs/deploying.md",),
    ),
    "fingerprint": Facts(_IMAGES, "this machine's stat cache", ("docs/hash.md",)),
    "explain": Facts(
        f"{_IMAGES}; for a tag and for deployed also the registry and the stack",
        "this machine's stat cache",
        ("docs/hash.md", "rajee-deploy fingerprint --json"),
    ),
    "replay": Facts("commits of a git repository, from its objects", _NOTHING, ("docs/hash.md",)),
    "verify": Facts(
        f"{_IMAGES}, each anew; builds without output, by a BuildKit that is there",
        "nothing but the engine's build cache",
        ("docs/hash.md",),
        {
            Exit.FAILED: "the hash and BuildKit do not agree",
            Exit.CHANGES: "with --detailed-exitcode: something was not checked or not compared",
        },
    ),
    "lock": Facts(
        f"{_IMAGES}; the registries of base images",
        "writes rajee-deploy.lock, with --check nothing",
        ("docs/hash.md",),
        {Exit.FAILED: "with --check: the lock does not fit the Dockerfiles"},
    ),
    "permissions": Facts(
        "the settings, and what the last synth here said of stacks", _NOTHING, ("docs/permissions.md",)
    ),
    "explain-error": Facts("a file of this package", _NOTHING, ("docs/troubleshooting.md",)),
    "completion": Facts(
        "SHELL",
        "writes the script, and a line in .bashrc or .zshrc that reads it; with --print nothing",
        ("rajee-deploy help",),
    ),
    "help": Facts("nothing", _NOTHING, ("docs/verbs.md",)),
    "sandbox start": Facts("nothing", "starts a process that goes on", ("docs/tour.md", "rajee-deploy sandbox stop")),
    "sandbox stop": Facts("where it runs", "ends the process; what it held is gone", ("docs/tour.md",)),
    "sandbox status": Facts("where it runs, and what it holds", _NOTHING, ("docs/tour.md",)),
    "sandbox env": Facts("where it runs", _NOTHING, ("docs/tour.md",)),
}

EXITS: dict[int, str] = {
    Exit.OK: "done, or nothing to do",
    Exit.FAILED: "it failed; the error says why, and what to do next",
    Exit.BUG: "a bug of rajee-deploy; the error names a report to send",
    Exit.USAGE: "the command line or the settings are wrong",
    Exit.INTERRUPTED: "interrupted; run again to go on",
}

# Heading → the parameters below it, in this order; those of none stand first, as what the verb itself is about.
GROUPS = {
    "Which project, and where": ("environment", "image", "config", "profile", "region"),
    "The build": ("context", "file", "target", "platform", "build_arg", "build_context", "modes", "no_cache"),
    "What is said": ("as_json", "as_markdown", "quiet", "verbose", "help"),
}

# Verbs as the first screen shows them.
CHAPTERS = {
    "Start": ("init", "doctor", "completion", "sandbox"),
    "Deploy": ("plan", "up", "status", "rollback", "report"),
    "Look into the hash": ("fingerprint", "explain", "replay", "verify", "lock"),
    "Help": ("permissions", "explain-error", "help"),
}

# Variables that every verb heeds.
VARIABLES = {
    "NO_COLOR, FORCE_COLOR": "no colour, or always",
    "COLUMNS, CI": "how wide; nothing moves, and nobody is asked",
    "RAJEE_DEPLOY_STATE_DIR": "where this machine remembers runs",
    "RAJEE_DEPLOY_CACHE_DIR": "where it keeps what can be made again",
}
VALUES = {"environment": "NAME", "image": "NAME", "profile": "NAME", "path": "PATH"}  # the words for what is given
DIRECTORIES = frozenset({"context", "app", "checkout"})  # parameters that name one
