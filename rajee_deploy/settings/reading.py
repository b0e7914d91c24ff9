"""The settings file → values, each key checked: an unknown one, a wrong type or a missing file is a ConfigurationError
that names file and key. It reads the file and looks whether the paths in it exist; it decides nothing else.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rajee_deploy.errors import ConfigurationError
from rajee_deploy.model.names import RECORDS, Drift
from rajee_deploy.plan.stack_names import is_wild
from rajee_deploy.settings.build_settings import EngineSettings, parse_engine
from rajee_deploy.settings.cdk_table import read_cdk
from rajee_deploy.settings.document import document_of, is_project
from rajee_deploy.settings.image_tables import read_images
from rajee_deploy.settings.keys import CDK_KEYS, ENVIRONMENT_KEYS, TOP_KEYS
from rajee_deploy.settings.parameters import check_names
from rajee_deploy.settings.problems import SettingError
from rajee_deploy.settings.settings_file import SettingsFile, known_names
from rajee_deploy.settings.values import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from rajee_deploy.settings.values import CdkSettings, ImageSettings


PRODUCTION = ("prod", "production", "live")  # environments that are production unless they say otherwise


def load(path: Path, environment: str | None = None) -> Settings:
    """Read the settings file and lay the named environment over it."""
    table = document_of(path)
    prefix = "tool.rajee-deploy." if is_project(path) else ""
    settings = _settings(SettingsFile(path, prefix), table, environment)
    for other in settings.environments:
        if other != settings.environment:
            _check_other(SettingsFile(path, prefix, looks=False), table, other)
    return settings


def _settings(file: SettingsFile, table: Mapping[str, Any], environment: str | None) -> Settings:
    file.check(table, TOP_KEYS, "")
    chosen = _environment(file, table.get("environments", {}), environment)
    engine = _engine(file, {**table, **chosen})
    mirrors = _mirrors(file, table.get("syntax-mirrors", ()))
    images = tuple(
        replace(image, build=replace(image.build, builder=engine.builder), syntax_mirrors=mirrors)
        for image in read_images(
            file, table.get("images", {}), chosen.get("images", {}), f"environments.{environment}."
        )
    )
    cdk = read_cdk(file, table.get("cdk"), chosen)
    _check_receivers(file, images, cdk)
    return Settings(
        file.path,
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
        _drift(file, {**table, **chosen}),
        tuple(chosen.get("stack-accounts", ())),
        mirrors,
    )


def _check_other(file: SettingsFile, table: Mapping[str, Any], environment: str) -> None:
    """An environment that nobody chose: a mistake below it is told by every run, not only by the one that needs it."""
    try:
        _settings(file, table, environment)
    except ConfigurationError as error:
        raise ConfigurationError(
            error.code,
            f"with -e {environment}: {error.problem}",
            where=error.where,
            cause=error.cause,
            hint=error.hint,
        ) from error


def _environment(file: SettingsFile, table: Mapping[str, Any], name: str | None) -> Mapping[str, Any]:
    """The chosen environment's table, empty when none was asked for; all of them are checked."""
    for each, value in table.items():
        file.check(value, ENVIRONMENT_KEYS, f"environments.{each}.")
        file.check(value.get("cdk", {}), CDK_KEYS, f"environments.{each}.cdk.")
        for key, accounts in (
            ("account", [value["account"]] if "account" in value else []),
            ("stack-accounts", value.get("stack-accounts", [])),
        ):
            if not all(re.fullmatch(r"\d{12}", account) for account in accounts):
                raise file.fail(f"environments.{each}.{key}", "must be the 12 digits of an AWS account, as a string")
    if name is None:
        return {}
    if name not in table:
        hint = (
            known_names(table)
            if table
            else f"leave -e out, or write [{file.prefix}environments.{name}] in the settings"
        )
        raise file.fail(f"environments.{name}", "no such environment", hint)
    chosen: Mapping[str, Any] = table[name]
    return chosen


def _mirrors(file: SettingsFile, given: Sequence[str]) -> tuple[str, ...]:
    """Places that mirror Docker Hub. The frontend's own name may be left on."""
    found = tuple(text.removesuffix("/docker/dockerfile") for text in given)
    for text in found:
        if not re.fullmatch(r"([a-z0-9-]+\.[a-z0-9.-]+|localhost)(:\d+)?(/[a-z0-9]+([._/-]+[a-z0-9]+)*)?", text):
            hint = "for example 123456789012.dkr.ecr.eu-west-1.amazonaws.com/docker-hub"
            problem = f"{text!r}: must be a registry's host, with the path that stands before docker/dockerfile"
            raise file.fail("syntax-mirrors", problem, hint)
    return found


def _engine(file: SettingsFile, table: Mapping[str, Any]) -> EngineSettings:
    try:
        return parse_engine(table)
    except SettingError as error:
        raise file.fail(error.key, error.problem) from error


def _drift(file: SettingsFile, table: Mapping[str, Any]) -> Drift:
    """What is done by itself about services that run something else than their stack says."""
    known = [str(each) for each in TOP_KEYS["drift"].among]
    return Drift(file.one_of("drift", table.get("drift", Drift.LEAVE.value), known))


def _check_receivers(file: SettingsFile, images: tuple[ImageSettings, ...], cdk: CdkSettings) -> None:
    """A stack that receives a tag must be one that is deployed, and each parameter has one image."""
    if not images and not cdk.stacks:
        raise file.fail("images", "no image and no stack is set", "docs/settings.md shows a small example")
    try:
        check_names(cdk.parameters, images)
    except SettingError as error:
        raise file.fail(f"cdk.parameters.{error.key}", error.problem) from error

    taken: dict[tuple[str, str], str] = {}
    for image in images:
        if image.context_key:
            _check_context_key(file, image, images, cdk)
        elif image.parameter in RECORDS or not re.fullmatch(r"[A-Za-z0-9]+", image.parameter):
            raise file.fail(f"images.{image.name}.parameter", f"{image.parameter!r} cannot be the parameter of a tag")
        other = taken.setdefault((image.stack, image.parameter), image.name) if image.stack else image.name
        if other != image.name:
            hint = f"images.{other} has the same stack and parameter; give each its own, and declare both in the stack"
            raise file.fail(f"images.{image.name}.parameter", f"{image.parameter} is taken", hint)
    for image in images:
        # What a wildcard means is known later.
        if image.stack and image.stack not in cdk.stacks and not any(map(is_wild, cdk.stacks)):
            hint = known_names(cdk.stacks) if cdk.stacks else f'name it there: stacks = ["{image.stack}"] in [cdk]'
            raise file.fail(f"images.{image.name}.stack", f"{image.stack!r} is not in cdk.stacks", hint)


def _check_context_key(
    file: SettingsFile, image: ImageSettings, images: Sequence[ImageSettings], cdk: CdkSettings
) -> None:
    """A context value is seen by the whole app, so it has one meaning; and only a synth takes it."""
    at = f"images.{image.name}.context-key"
    if not image.stack:
        raise file.fail(at, "name the stack that takes it")
    if image.context_key in cdk.context or sum(each.context_key == image.context_key for each in images) > 1:
        raise file.fail(at, f"{image.context_key} is given twice")
    if cdk.by_cloudformation:
        raise file.fail(at, "the tag lies in the template, so cdk.tag-only cannot be 'cloudformation'")
