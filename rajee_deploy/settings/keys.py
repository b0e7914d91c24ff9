"""Every key of the settings: what it takes, and how docs/settings.md shows it. Pure.

Reading checks by these tables, `reference` makes the page of them and `schema` what editors complete by, so none knows
a key that another does not.
A new key: its line here; its field in `values` (of a build or an engine: `build_settings`); it is read in `reading`,
`cdk_table`, `image_tables` or `build_settings`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

STRINGS = "a table of strings"
LIST = "a list of strings"
STRING = "a string"
TABLE = "a table"
NUMBER = "a whole number"
STRING_OR_FALSE = "a string or false"
STRING_OR_LIST = "a string or a list of strings"
BOOLEAN = "true or false"


class Key(NamedTuple):
    """One key: the kind of value that it takes (one of those above), and lines of the reference. A line is what stands
    behind the key, as TOML, and a comment. No lines: its own table shows it, or that of another key."""

    takes: str
    lines: tuple[tuple[str, str], ...] = ()
    is_alternative: bool = False  # to the key before it: only one of the two may be set
    among: tuple[str, ...] | range = ()  # the texts, or the numbers, that there are to choose from; (): any


def _key(
    takes: str,
    value: str,
    comment: str = "",
    *,
    is_alternative: bool = False,
    among: tuple[str, ...] | range = (),
) -> Key:
    return Key(takes, ((f" = {value}", comment),), is_alternative, among)


_ENGINE_KEYS = {
    "engine": _key(
        STRING,
        '"auto"',
        "where images are built: buildx, else buildah; or one of them by name",
        among=("auto", "buildx", "buildah"),
    ),
    "builder": _key(STRING, '"far"', "a builder of `docker buildx ls`, or a docker context (none)"),
    "build-concurrency": _key(NUMBER, "2", "images that build at a time, 1 to 32", among=range(1, 33)),
}
_ANCESTRY = "true: refuse to deploy where git cannot tell which revision is the newer"
_DRIFT = _key(
    STRING,
    '"leave"',
    '"repair": put services back that run something else than their stack says',
    among=("leave", "repair"),
)
TOP_KEYS = {
    **_ENGINE_KEYS,
    "require-ancestry": _key(BOOLEAN, "false", _ANCESTRY),
    "drift": _DRIFT,
    "syntax-mirrors": _key(
        LIST,
        '["registry.example.com/hub"]',
        "what stands before docker/dockerfile in a mirror of Docker Hub (none)",
    ),
    "images": Key(TABLE),
    "cdk": Key(TABLE),
    "environments": Key(TABLE),
}
IMAGE_KEYS = {
    "repository": _key(STRING, '"team/api"', "ECR repository, or the URI of one in another account or region"),
    "context": _key(STRING, '"."', "build context"),
    "dockerfile": _key(STRING, '"Dockerfile"', "default: Dockerfile in the context"),
    "target": _key(STRING, '"runtime"', "default: the last stage"),
    "platform": _key(
        STRING_OR_LIST,
        '"linux/amd64"',
        'never the machine\'s own; several: ["linux/amd64", "linux/arm64"]',
    ),
    "build-args": _key(STRINGS, '{ VERSION = "3" }'),
    "build-contexts": _key(STRINGS, '{ lib = "../lib" }', "named contexts: directories, docker-image://…"),
    "labels": _key(STRINGS, '{ team = "payments" }', "in the image, and in the hash"),
    "stack": _key(STRING, '"ApiStack"', "the stack that receives the tag (none: only built and pushed)…"),
    "parameter": _key(STRING, '"ImageTag"', "…in this parameter"),
    "context-key": _key(STRING, '"imageTag"', "instead of parameter: as this CDK context value", is_alternative=True),
    "deploy-by": _key(STRING, '"tag"', 'or "digest"', among=("tag", "digest")),
    "tags": _key(
        LIST,
        '["branch-{branch}"]',
        "more tags: {revision}, {short-revision}, {branch}, {image}; none that begins with\n"
        "c-, m-, live- or prev-, which are the tool's own",
    ),
    "secrets": _key(
        STRINGS, '{ npmrc = "env:NPM_TOKEN", key = "file:.secrets/key" }', "where the value is, never the value"
    ),
    "ssh": _key(LIST, '["default"]'),
    "cache-from": _key(LIST, '["team/cache", "gha"]'),
    "cache-to": _key(LIST, '["team/cache"]'),
    "provenance": _key(STRING_OR_FALSE, "false", 'or "min", "max"', among=("min", "max")),
}
CDK_KEYS = {
    "app": _key(STRING, '"infra"', "the directory with cdk.json (default: the settings file's)"),
    "stacks": _key(
        LIST,
        '["RegistryStack", "ApiStack"]',
        'deployed in this order: ids, names, wildcards ("Dev/*"), see below',
    ),
    "context": _key(STRINGS, '{ size = "small" }', "as cdk's -c"),
    "env": _key(LIST, '["FEATURE_X"]', "environment variables that the app reads"),
    "ignore": _key(LIST, '["/docs/"]', ".gitignore syntax: what synth does not read"),
    "inputs": _key(LIST, '["shared/sizes.py"]', "what synth reads outside of the app's directory"),
    "infra-check": _key(
        STRING, '"auto"', 'or "hash", "synth": see docs/infrastructure.md', among=("auto", "hash", "synth")
    ),
    "approval": _key(
        STRING,
        '"interactive"',
        'or "broadening", "never": see docs/deploying.md',
        among=("interactive", "broadening", "never"),
    ),
    "tag-only": _key(
        STRING,
        '"cdk"',
        '"cloudformation": a new image, or parameter, alone goes without the CDK CLI',
        among=("cdk", "cloudformation"),
    ),
    "image-assets": _key(
        STRING,
        '"cdk"',
        'who builds the app\'s image assets: the CDK CLI; or "adopt": rajee-deploy does',
        among=("cdk", "adopt"),
    ),
    "parameters": Key(
        TABLE,
        (
            ('.ApiStack.Size = "large"', "a parameter of the app's own (any number of stacks), or"),
            ('.ApiStack.DbPassword = { env = "DB_PASSWORD" }', "what this variable has"),
        ),
    ),
}
ENVIRONMENT_KEYS = {
    "profile": _key(STRING, '"production"'),
    "region": _key(STRING, '"eu-central-1"'),
    "account": _key(STRING, '"123456789012"', "a guard: other credentials are refused, and stacks in other accounts…"),
    "stack-accounts": _key(LIST, '["210987654321"]', "…but for these"),
    "production": _key(BOOLEAN, "true", "the default where it is called prod, production or live"),
    "require-ancestry": _key(BOOLEAN, "true"),
    "drift": _DRIFT,
    **_ENGINE_KEYS,
    "context": _key(STRINGS, '{ size = "large" }', "laid over cdk.context"),
    "images": Key(TABLE, (('.api.platform = "linux/arm64"', "any key of an image…"),)),
    "cdk": Key(
        TABLE,
        (
            ('.approval = "broadening"', "…or of cdk, for this environment"),
            ('.parameters.ApiStack.Size = "huge"', "laid over key by key"),
        ),
    ),
}

_CHECKS: Mapping[str, Callable[[Any], bool]] = {
    BOOLEAN: lambda value: isinstance(value, bool),
    STRING: lambda value: isinstance(value, str),
    NUMBER: lambda value: isinstance(value, int) and not isinstance(value, bool),
    STRING_OR_FALSE: lambda value: value is False or isinstance(value, str),
    LIST: lambda value: isinstance(value, list) and all(isinstance(item, str) for item in value),
    STRING_OR_LIST: lambda value: isinstance(value, str) or _CHECKS[LIST](value),
    STRINGS: lambda value: isinstance(value, dict) and all(isinstance(item, str) for item in value.values()),
    TABLE: lambda value: isinstance(value, dict),
}


def is_taken(value: Any, key: Key) -> bool:
    """Whether a key takes a value of this kind."""
    return _CHECKS[key.takes](value)


# Lines of an ignore file: a blank one means nothing there, and one may stand twice, since the last that matches wins.
# Platforms are read as a set (see model.parse_platforms).
FREE = frozenset({"ignore", "platform"})


def list_problem(key: str, value: Any) -> str:
    """What is wrong with a list; "" where nothing is, or where it is none."""
    if not isinstance(value, list) or key in FREE:
        return ""
    if any(isinstance(each, str) and not each.strip() for each in value):
        return "an entry is empty: write a name there, or take it out"
    twice = next((each for number, each in enumerate(value) if each in value[:number]), None)
    return f"{twice!r} is in the list twice: take one of them out" if twice is not None else ""
