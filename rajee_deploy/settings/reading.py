"""The settings file → values, each key checked: an unknown one, a wrong type or a missing file is a ConfigurationError
that names file and key. It reads the file and looks whether the paths in it exist; it decides nothing else.
"""

from __future__ import annotations

import os
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rajee_deploy.errors import ConfigurationError
from rajee_deploy.model import GIVEN_PREFIX, Repository, is_local_context, parse_platforms
from rajee_deploy.model.names import RECORDS, Approval, DeployBy, Drift, InfraCheck
from rajee_deploy.plan.stack_names import is_wild
from rajee_deploy.plan.tags import tag_problem
from rajee_deploy.settings.build_settings import BuildSettings, EngineSettings, parse_build, parse_engine
from rajee_deploy.system.regular_files import SMALL, read_regular
from rajee_deploy.text.foreign import parse_toml

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from rajee_deploy.model import Platform


from rajee_deploy.settings.lists import list_problem
from rajee_deploy.settings.parameters import Parameters, check_names, parse_parameters
from rajee_deploy.settings.problems import SettingError
from rajee_deploy.settings.values import DEFAULT_PLATFORM, LOCK_NAME, CdkSettings, ImageSettings, Settings

_STRINGS = "a table of strings"
_LIST = "a list of strings"
_STRING = "a string"
_TABLE = "a table"
_NUMBER = "a whole number"
_STRING_OR_FALSE = "a string or false"
_STRING_OR_LIST = "a string or a list of strings"
_BOOLEAN = "true or false"
PRODUCTION = ("prod", "production", "live")  # environments that are production unless they say otherwise

_IMAGE_KEYS = {
    "context": _STRING,
    "dockerfile": _STRING,
    "target": _STRING,
    "platform": _STRING_OR_LIST,
    "repository": _STRING,
    "stack": _STRING,
    "parameter": _STRING,
    "context-key": _STRING,
    "build-args": _STRINGS,
    "build-contexts": _STRINGS,
    "deploy-by": _STRING,
    "tags": _LIST,
    "labels": _STRINGS,
    "secrets": _STRINGS,
    "ssh": _LIST,
    "cache-from": _LIST,
    "cache-to": _LIST,
    "provenance": _STRING_OR_FALSE,
}
_CDK_KEYS = {
    "app": _STRING,
    "stacks": _LIST,
    "context": _STRINGS,
    "env": _LIST,
    "ignore": _LIST,
    "inputs": _LIST,
    "infra-check": _STRING,
    "approval": _STRING,
    "tag-only": _STRING,
    "parameters": _TABLE,
}
_ENGINE_KEYS = {"engine": _STRING, "builder": _STRING, "build-concurrency": _NUMBER}
_ENVIRONMENT_KEYS = {
    "profile": _STRING,
    "region": _STRING,
    "account": _STRING,
    "context": _STRINGS,
    "images": _TABLE,
    "cdk": _TABLE,
    "production": _BOOLEAN,
    "require-ancestry": _BOOLEAN,
    "drift": _STRING,
    "stack-accounts": _LIST,
    **_ENGINE_KEYS,
}
_TOP_KEYS = {
    "images": _TABLE,
    "cdk": _TABLE,
    "environments": _TABLE,
    "require-ancestry": _BOOLEAN,
    "drift": _STRING,
    "syntax-mirrors": _LIST,
    **_ENGINE_KEYS,
}


def find_settings(start: Path) -> Path:
    """The settings file that governs `start`: of the nearest directory upwards that has one."""
    for directory in (start, *start.parents):
        own = directory / "rajee-deploy.toml"
        if os.path.lexists(own) and not own.is_dir():
            return own  # whatever it is: to go on upwards would take other settings without a word
        project = directory / "pyproject.toml"
        if project.exists() and not project.is_dir() and _own_table(_read_toml(project)) is not None:
            return project
    raise ConfigurationError(
        "no-settings",
        "no settings were found here or in a directory above",
        where=str(start),
        hint="write a rajee-deploy.toml, or a [tool.rajee-deploy] table in pyproject.toml; docs/settings.md shows both",
    )


def document_of(path: Path) -> dict[str, Any]:
    """The settings as they stand in a file, unchecked. ConfigurationError where it cannot be read."""
    document = _read_toml(path)
    return _own_table(document) or {} if _is_project(path) else document


def _is_project(path: Path) -> bool:
    return path.name == "pyproject.toml"


def load(path: Path, environment: str | None = None) -> Settings:
    """Read the settings file and lay the named environment over it."""
    table = document_of(path)
    prefix = "tool.rajee-deploy." if _is_project(path) else ""
    settings = _settings(_Reader(path, prefix), table, environment)
    for other in settings.environments:
        if other != settings.environment:
            _check_other(_Reader(path, prefix, looks=False), table, other)
    return settings


def _settings(reader: _Reader, table: Mapping[str, Any], environment: str | None) -> Settings:
    reader.check(table, _TOP_KEYS, "")
    chosen = reader.environment(table.get("environments", {}), environment)
    engine = reader.engine({**table, **chosen})
    mirrors = reader.mirrors(table.get("syntax-mirrors", ()))
    images = tuple(
        replace(image, build=replace(image.build, builder=engine.builder), syntax_mirrors=mirrors)
        for image in reader.images(table.get("images", {}), chosen.get("images", {}), f"environments.{environment}.")
    )
    cdk = reader.cdk(table.get("cdk"), chosen)
    reader.check_stacks(images, cdk)
    return Settings(
        reader.path,
        images,
        cdk,
        environment or "",
        chosen.get("profile"),
        chosen.get("region"),
        chosen.get("account"),
        tuple(table.get("environments", {})),
        engine,
        chosen.get("production", environment in PRODUCTION),
        chosen.get("require-ancestry", table.get("require-ancestry", False)),
        reader.drift({**table, **chosen}),
        tuple(chosen.get("stack-accounts", ())),
    )


def _own_table(document: Mapping[str, Any]) -> Any:
    """Our part of a pyproject.toml; None where it has none."""
    tools = document.get("tool", {})
    return tools.get("rajee-deploy") if isinstance(tools, dict) else None


def _check_other(reader: _Reader, table: Mapping[str, Any], environment: str) -> None:
    """An environment that nobody chose: a mistake below it is told by every run, not only by the one that needs it."""
    try:
        _settings(reader, table, environment)
    except ConfigurationError as error:
        raise ConfigurationError(
            error.code,
            f"with -e {environment}: {error.problem}",
            where=error.where,
            cause=error.cause,
            hint=error.hint,
        ) from error


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return parse_toml(read_regular(path, SMALL))
    except FileNotFoundError as error:
        raise ConfigurationError(
            "no-settings",
            "the settings file does not exist",
            where=str(path),
            hint="name the one that is meant; rajee-deploy.toml and pyproject.toml are found without --config",
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        cause = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ConfigurationError(
            "settings-unreadable",
            "the settings cannot be read",
            where=str(path),
            cause=cause,
            hint="it has to be a file of UTF-8 text that you may read",
        ) from error
    except ValueError as error:
        raise ConfigurationError(
            "settings-syntax",
            "the settings are not valid TOML",
            where=str(path),
            cause=str(error),
            hint="correct that line: tables stand in [brackets], texts in quotes; docs/settings.md shows each key",
        ) from error


_EVERY_KEY = "docs/settings.md shows each key and what it takes"


class _Reader:
    """Turns tables of one settings file into values; holds the file's path for paths and messages. `looks`: whether
    the paths that are named must be there; those of another environment may be made for that one alone."""

    def __init__(self, path: Path, prefix: str, *, looks: bool = True) -> None:
        self.path = path
        self.prefix = prefix
        self.looks = looks

    def fail(self, key: str, problem: str, hint: str = "") -> ConfigurationError:
        return ConfigurationError(
            "bad-settings", f"{self.prefix}{key}: {problem}", where=str(self.path), hint=hint or _EVERY_KEY
        )

    def check(self, table: Any, keys: Mapping[str, str], at: str) -> None:
        """Every key known, every value of its type."""
        if not isinstance(table, dict):
            raise self.fail(at.rstrip("."), "must be a table")
        for key, value in table.items():
            if key not in keys:
                import difflib

                near = difflib.get_close_matches(key, keys, 1)
                known = f"did you mean {near[0]!r}?" if near else "known keys: " + ", ".join(sorted(keys))
                raise self.fail(at + key, "unknown key", known)
            if not _is(value, keys[key]):
                raise self.fail(at + key, f"must be {keys[key]}")
            problem = list_problem(key, value)
            if problem:
                raise self.fail(at + key, problem)

    def environment(self, table: Mapping[str, Any], name: str | None) -> Mapping[str, Any]:
        """The chosen environment's table, empty when none was asked for; all of them are checked."""
        for each, value in table.items():
            self.check(value, _ENVIRONMENT_KEYS, f"environments.{each}.")
            self.check(value.get("cdk", {}), _CDK_KEYS, f"environments.{each}.cdk.")
            for key, accounts in (
                ("account", [value["account"]] if "account" in value else []),
                ("stack-accounts", value.get("stack-accounts", [])),
            ):
                if not all(re.fullmatch(r"\d{12}", account) for account in accounts):
                    raise self.fail(
                        f"environments.{each}.{key}", "must be the 12 digits of an AWS account, as a string"
                    )
        if name is None:
            return {}
        if name not in table:
            hint = (
                _known(table) if table else f"leave -e out, or write [{self.prefix}environments.{name}] in the settings"
            )
            raise self.fail(f"environments.{name}", "no such environment", hint)
        chosen: Mapping[str, Any] = table[name]
        return chosen

    def images(self, table: Mapping[str, Any], overrides: Mapping[str, Any], over: str) -> tuple[ImageSettings, ...]:
        """All images, each with the environment's table for it (whose keys begin with `over`) laid over its own."""
        for name in overrides:
            if name not in table:
                raise self.fail(f"{over}images.{name}", "there is no such image to override", _known(table))
        for at, values in ((f"images.{name}.", table[name]) for name in table):
            self.check(values, _IMAGE_KEYS, at)
        for at, values in ((f"{over}images.{name}.", overrides[name]) for name in overrides):
            self.check(values, _IMAGE_KEYS, at)
        return tuple(self.image(name, _overlay(values, overrides.get(name, {}))) for name, values in table.items())

    def image(self, name: str, table: Mapping[str, Any]) -> ImageSettings:
        at = f"images.{name}."
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
            raise self.fail(f"images.{name}", "an image's name has letters, digits, '.', '_' and '-' only")
        repository = self.repository(at, table)
        context = self.root / table.get("context", ".")
        if self.looks and not context.is_dir():
            hint = f"it starts at the settings file's directory, {self.root}"
            raise self.fail(at + "context", f"the directory {context} does not exist", hint)
        dockerfile = self.root / table["dockerfile"] if "dockerfile" in table else context / "Dockerfile"
        return ImageSettings(
            name,
            context,
            dockerfile,
            repository,
            self.platforms(at, table),
            table.get("target"),
            dict(table.get("build-args", {})),
            self.build_contexts(table),
            table.get("stack", ""),
            self.parameter(at, table),
            self.root / LOCK_NAME,
            self.deploy_by(at, table),
            self.tags(at, table),
            dict(table.get("labels", {})),
            self.build(at, table),
            table.get("context-key", ""),
        )

    def parameter(self, at: str, table: Mapping[str, Any]) -> str:
        """The stack parameter that takes the tag; with `context-key` the private name under which it is recorded."""
        if "context-key" not in table:
            parameter: str = table.get("parameter", "ImageTag")
            return parameter
        key = str(table["context-key"])
        if "parameter" in table:
            raise self.fail(at + "context-key", "an image has a parameter or a context-key, not both")
        if not re.fullmatch(r"[A-Za-z0-9._-]+", key):
            raise self.fail(at + "context-key", f"{key!r}: letters, digits, '.', '_' and '-' only")
        if table.get("deploy-by", "tag") != "tag":
            hint = "the digest is known only after the build, and synth comes first; give the stack a parameter for it"
            raise self.fail(at + "context-key", "goes with deploy-by = 'tag' only", hint)
        return f"{GIVEN_PREFIX}{key}"

    def repository(self, at: str, table: Mapping[str, Any]) -> Repository:
        try:
            return Repository.parse(table.get("repository", ""))
        except ValueError as error:
            hint = "another account's or region's: 123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/service"
            problem = "must be the name of an ECR repository, like 'team/service', or its URI without a tag"
            raise self.fail(at + "repository", problem, hint) from error

    def deploy_by(self, at: str, table: Mapping[str, Any]) -> DeployBy:
        try:
            return DeployBy(table.get("deploy-by", DeployBy.TAG.value))
        except ValueError as error:
            raise self.fail(at + "deploy-by", "must be 'tag' or 'digest'") from error

    def tags(self, at: str, table: Mapping[str, Any]) -> tuple[str, ...]:
        """Additional tags, placeholders and all; those that the tool itself gives are refused."""
        tags = tuple(table.get("tags", ()))
        for tag in tags:
            problem = tag_problem(tag)
            if problem:
                raise self.fail(at + "tags", f"{tag!r}: {problem}")
        return tags

    def build(self, at: str, table: Mapping[str, Any]) -> BuildSettings:
        try:
            return parse_build(table, self.root)
        except SettingError as error:
            raise self.fail(f"{at}{error.key}", error.problem) from error

    def mirrors(self, given: Sequence[str]) -> tuple[str, ...]:
        """Places that mirror Docker Hub. The frontend's own name may be left on."""
        found = tuple(text.removesuffix("/docker/dockerfile") for text in given)
        for text in found:
            if not re.fullmatch(r"([a-z0-9-]+\.[a-z0-9.-]+|localhost)(:\d+)?(/[a-z0-9]+([._/-]+[a-z0-9]+)*)?", text):
                hint = "for example 123456789012.dkr.ecr.eu-west-1.amazonaws.com/docker-hub"
                problem = f"{text!r}: must be a registry's host, with the path that stands before docker/dockerfile"
                raise self.fail("syntax-mirrors", problem, hint)
        return found

    def engine(self, table: Mapping[str, Any]) -> EngineSettings:
        try:
            return parse_engine(table)
        except SettingError as error:
            raise self.fail(error.key, error.problem) from error

    def build_contexts(self, table: Mapping[str, Any]) -> dict[str, str]:
        """Named contexts; directories become absolute, references stay as they are."""
        return {
            name: str(self.root / reference) if is_local_context(reference) else reference
            for name, reference in table.get("build-contexts", {}).items()
        }

    def platforms(self, at: str, table: Mapping[str, Any]) -> tuple[Platform, ...]:
        given = table.get("platform", DEFAULT_PLATFORM)
        try:
            return parse_platforms([given] if isinstance(given, str) else given)
        except ConfigurationError as error:
            raise self.fail(at + "platform", error.problem, error.hint) from error

    def cdk(self, table: Mapping[str, Any] | None, environment: Mapping[str, Any]) -> CdkSettings:
        """The CDK app; without a table there are no stacks, and images are only built and pushed."""
        if table is None:
            if "cdk" in environment or "context" in environment:
                raise self.fail("cdk", "an environment overrides it, but it is not there")
            return CdkSettings(self.root, (), project=self.root)
        self.check(table, _CDK_KEYS, "cdk.")
        merged = _overlay(table, environment.get("cdk", {}))
        app = self.root / merged.get("app", ".")
        if self.looks and not (app / "cdk.json").is_file():
            raise self.no_app(app) if not os.path.lexists(app / "cdk.json") else self.bad_app(app)
        if not merged.get("stacks"):
            raise self.fail("cdk.stacks", "name the stacks to deploy, in their order")
        inputs = tuple(self.root / path for path in merged.get("inputs", ()))
        for path in inputs:
            if self.looks and not path.exists():
                raise self.fail("cdk.inputs", f"{path} does not exist")
        check = self.one_of(
            "cdk.infra-check", merged.get("infra-check", "auto"), sorted(each.value for each in InfraCheck)
        )
        asked = [each.value for each in Approval]
        approval = Approval(self.one_of("cdk.approval", merged.get("approval", "interactive"), asked))
        by = self.one_of("cdk.tag-only", merged.get("tag-only", "cdk"), ["cdk", "cloudformation"])
        return CdkSettings(
            app,
            tuple(merged["stacks"]),
            {**merged.get("context", {}), **environment.get("context", {})},
            tuple(merged.get("env", ())),
            tuple(merged.get("ignore", ())),
            inputs,
            check,
            approval,
            by == "cloudformation",
            self.parameters(table, environment.get("cdk", {}), merged["stacks"]),
            self.root,
        )

    def bad_app(self, app: Path) -> ConfigurationError:
        """For a cdk.json that is no file, with what it is instead."""
        try:
            read_regular(app / "cdk.json")
        except OSError as error:
            return self.fail("cdk.app", f"the cdk.json in {app} cannot be read: {error.strerror}")
        return self.fail("cdk.app", f"the cdk.json in {app} was no file a moment ago")

    def no_app(self, app: Path) -> ConfigurationError:
        """For a directory without a cdk.json, with the ones that have one."""
        from rajee_deploy.system.nearby import elsewhere

        there = [os.path.relpath(each, self.root) for each in elsewhere(app, "cdk.json")]
        what = f"there is no cdk.json in {app}" if app.is_dir() else f"there is no directory {app}, and so no cdk.json"
        hint = "\n".join(f'there is one here: app = "{each}"' for each in there)
        return self.fail("cdk.app", what, hint or "it is the directory of the CDK app, from the settings file's")

    def drift(self, table: Mapping[str, Any]) -> Drift:
        """What is done by itself about services that run something else than their stack says."""
        known = [Drift.LEAVE.value, Drift.REPAIR.value]
        return Drift(self.one_of("drift", table.get("drift", Drift.LEAVE.value), known))

    def parameters(self, table: Mapping[str, Any], over: Mapping[str, Any], stacks: Sequence[str]) -> Parameters:
        """The values for the stacks of this environment: tables of those of others are left out."""
        known = {*table.get("stacks", ()), *over.get("stacks", ())}
        try:
            found = parse_parameters(known, table.get("parameters", {}), over.get("parameters", {}))
            return {name: values for name, values in found.items() if name in stacks or name not in known}
        except SettingError as error:
            raise self.fail(f"cdk.parameters.{error.key}", error.problem) from error

    def one_of(self, key: str, value: str, known: Sequence[str]) -> str:
        if value not in known:
            raise self.fail(key, f"{value!r} is none of {', '.join(known)}")
        return value

    def check_stacks(self, images: tuple[ImageSettings, ...], cdk: CdkSettings) -> None:
        """A stack that receives a tag must be one that is deployed, and each parameter has one image."""
        if not images and not cdk.stacks:
            raise self.fail("images", "no image and no stack is set", "docs/settings.md shows a small example")
        try:
            check_names(cdk.parameters, images)
        except SettingError as error:
            raise self.fail(f"cdk.parameters.{error.key}", error.problem) from error

        taken: dict[tuple[str, str], str] = {}
        for image in images:
            if image.context_key:
                self.check_context_key(image, images, cdk)
            elif image.parameter in RECORDS or not re.fullmatch(r"[A-Za-z0-9]+", image.parameter):
                raise self.fail(
                    f"images.{image.name}.parameter", f"{image.parameter!r} cannot be the parameter of a tag"
                )
            other = taken.setdefault((image.stack, image.parameter), image.name) if image.stack else image.name
            if other != image.name:
                hint = (
                    f"images.{other} has the same stack and parameter; give each its own, and declare both in the stack"
                )
                raise self.fail(f"images.{image.name}.parameter", f"{image.parameter} is taken", hint)
        for image in images:
            # What a wildcard means is known later.
            if image.stack and image.stack not in cdk.stacks and not any(map(is_wild, cdk.stacks)):
                raise self.fail(
                    f"images.{image.name}.stack", f"{image.stack!r} is not in cdk.stacks", _known(cdk.stacks)
                )

    def check_context_key(self, image: ImageSettings, images: Sequence[ImageSettings], cdk: CdkSettings) -> None:
        """A context value is seen by the whole app, so it has one meaning; and only a synth takes it."""
        at = f"images.{image.name}.context-key"
        if not image.stack:
            raise self.fail(at, "name the stack that takes it")
        if image.context_key in cdk.context or sum(each.context_key == image.context_key for each in images) > 1:
            raise self.fail(at, f"{image.context_key} is given twice")
        if cdk.by_cloudformation:
            raise self.fail(at, "the tag lies in the template, so cdk.tag-only cannot be 'cloudformation'")

    @property
    def root(self) -> Path:
        return self.path.parent


def _overlay(table: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`over` laid on `table`: tables are merged key by key, everything else is replaced."""
    merged = dict(table)
    for key, value in over.items():
        merged[key] = {**merged.get(key, {}), **value} if isinstance(value, dict) else value
    return merged


_CHECKS: Mapping[str, Callable[[Any], bool]] = {
    _BOOLEAN: lambda value: isinstance(value, bool),
    _STRING: lambda value: isinstance(value, str),
    _NUMBER: lambda value: isinstance(value, int) and not isinstance(value, bool),
    _STRING_OR_FALSE: lambda value: value is False or isinstance(value, str),
    _LIST: lambda value: isinstance(value, list) and all(isinstance(item, str) for item in value),
    _STRING_OR_LIST: lambda value: isinstance(value, str) or _CHECKS[_LIST](value),
    _STRINGS: lambda value: isinstance(value, dict) and all(isinstance(item, str) for item in value.values()),
    _TABLE: lambda value: isinstance(value, dict),
}


def _is(value: Any, wanted: str) -> bool:
    return _CHECKS[wanted](value)


def _known(names: Any) -> str:
    return "known: " + (", ".join(names) or "none")
