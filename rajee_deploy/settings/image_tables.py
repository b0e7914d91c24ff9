"""The tables of images, each with what an environment lays over it, as values."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from rajee_deploy.errors import ConfigurationError
from rajee_deploy.model import is_local_context, parse_platforms
from rajee_deploy.model.names import GIVEN_PREFIX, DeployBy
from rajee_deploy.model.repository import Repository
from rajee_deploy.plan.tags import tag_problem
from rajee_deploy.settings.build_settings import BuildSettings, parse_build
from rajee_deploy.settings.keys import IMAGE_KEYS
from rajee_deploy.settings.problems import SettingError
from rajee_deploy.settings.settings_file import SettingsFile, known_names, overlay
from rajee_deploy.settings.values import DEFAULT_PARAMETER, DEFAULT_PLATFORM, LOCK_NAME, ImageSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rajee_deploy.model import Platform


def read_images(
    file: SettingsFile, table: Mapping[str, Any], overrides: Mapping[str, Any], over: str
) -> tuple[ImageSettings, ...]:
    """All images, each with the environment's table for it (whose keys begin with `over`) laid over its own."""
    for name in overrides:
        if name not in table:
            raise file.fail(f"{over}images.{name}", "there is no such image to override", known_names(table))
    for at, values in ((f"images.{name}.", table[name]) for name in table):
        file.check(values, IMAGE_KEYS, at)
    for at, values in ((f"{over}images.{name}.", overrides[name]) for name in overrides):
        file.check(values, IMAGE_KEYS, at)
    return tuple(_image(file, name, overlay(values, overrides.get(name, {}))) for name, values in table.items())


def _image(file: SettingsFile, name: str, table: Mapping[str, Any]) -> ImageSettings:
    at = f"images.{name}."
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
        raise file.fail(f"images.{name}", "an image's name has letters, digits, '.', '_' and '-' only")
    repository = _repository(file, at, table)
    context = file.root / table.get("context", ".")
    if file.looks and not context.is_dir():
        hint = f"it starts at the settings file's directory, {file.root}"
        raise file.fail(at + "context", f"the directory {context} does not exist", hint)
    dockerfile = file.root / table["dockerfile"] if "dockerfile" in table else context / "Dockerfile"
    return ImageSettings(
        name,
        context,
        dockerfile,
        repository,
        _platforms(file, at, table),
        table.get("target"),
        dict(table.get("build-args", {})),
        _build_contexts(file, table),
        table.get("stack", ""),
        _parameter(file, at, table),
        file.root / LOCK_NAME,
        _deploy_by(file, at, table),
        _tags(file, at, table),
        dict(table.get("labels", {})),
        _build(file, at, table),
        table.get("context-key", ""),
    )


def _parameter(file: SettingsFile, at: str, table: Mapping[str, Any]) -> str:
    """The stack parameter that takes the tag; with `context-key` the private name under which it is recorded."""
    if "context-key" not in table:
        parameter: str = table.get("parameter", DEFAULT_PARAMETER)
        return parameter
    key = str(table["context-key"])
    if "parameter" in table:
        raise file.fail(at + "context-key", "an image has a parameter or a context-key, not both")
    if not re.fullmatch(r"[A-Za-z0-9._-]+", key):
        raise file.fail(at + "context-key", f"{key!r}: letters, digits, '.', '_' and '-' only")
    if table.get("deploy-by", "tag") != "tag":
        hint = "the digest is known only after the build, and synth comes first; give the stack a parameter for it"
        raise file.fail(at + "context-key", "goes with deploy-by = 'tag' only", hint)
    return f"{GIVEN_PREFIX}{key}"


def _repository(file: SettingsFile, at: str, table: Mapping[str, Any]) -> Repository:
    try:
        return Repository.parse(table.get("repository", ""))
    except ValueError as error:
        hint = "another account's or region's: 123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/service"
        problem = "must be the name of an ECR repository, like 'team/service', or its URI without a tag"
        raise file.fail(at + "repository", problem, hint) from error


def _deploy_by(file: SettingsFile, at: str, table: Mapping[str, Any]) -> DeployBy:
    try:
        return DeployBy(table.get("deploy-by", DeployBy.TAG.value))
    except ValueError as error:
        raise file.fail(at + "deploy-by", "must be 'tag' or 'digest'") from error


def _tags(file: SettingsFile, at: str, table: Mapping[str, Any]) -> tuple[str, ...]:
    """Additional tags, placeholders and all; those that the tool itself gives are refused."""
    tags = tuple(table.get("tags", ()))
    for tag in tags:
        problem = tag_problem(tag)
        if problem:
            raise file.fail(at + "tags", f"{tag!r}: {problem}")
    return tags


def _build(file: SettingsFile, at: str, table: Mapping[str, Any]) -> BuildSettings:
    try:
        return parse_build(table, file.root)
    except SettingError as error:
        raise file.fail(f"{at}{error.key}", error.problem) from error


def _build_contexts(file: SettingsFile, table: Mapping[str, Any]) -> dict[str, str]:
    """Named contexts; directories become absolute, references stay as they are."""
    return {
        name: str(file.root / reference) if is_local_context(reference) else reference
        for name, reference in table.get("build-contexts", {}).items()
    }


def _platforms(file: SettingsFile, at: str, table: Mapping[str, Any]) -> tuple[Platform, ...]:
    given = table.get("platform", DEFAULT_PLATFORM)
    try:
        return parse_platforms([given] if isinstance(given, str) else given)
    except ConfigurationError as error:
        raise file.fail(at + "platform", error.problem, error.hint) from error
