"""The table of the CDK app, with what an environment lays over it, as values."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from rajee_deploy.model.names import Approval
from rajee_deploy.settings.keys import CDK_KEYS
from rajee_deploy.settings.parameters import Parameters, parse_parameters
from rajee_deploy.settings.problems import SettingError
from rajee_deploy.settings.settings_file import SettingsFile, overlay
from rajee_deploy.settings.values import CdkSettings
from rajee_deploy.system.regular_files import read_regular

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from rajee_deploy.errors import ConfigurationError


def read_cdk(file: SettingsFile, table: Mapping[str, Any] | None, environment: Mapping[str, Any]) -> CdkSettings:
    """The CDK app; without a table there are no stacks, and images are only built and pushed."""
    if table is None:
        if "cdk" in environment or "context" in environment:
            raise file.fail("cdk", "an environment overrides it, but it is not there")
        return CdkSettings(file.root, (), project=file.root)
    file.check(table, CDK_KEYS, "cdk.")
    merged = overlay(table, environment.get("cdk", {}))
    app = file.root / merged.get("app", ".")
    if file.looks and not (app / "cdk.json").is_file():
        raise _no_app(file, app) if not os.path.lexists(app / "cdk.json") else _bad_app(file, app)
    if not merged.get("stacks"):
        raise file.fail("cdk.stacks", "name the stacks to deploy, in their order")
    inputs = tuple(file.root / path for path in merged.get("inputs", ()))
    for path in inputs:
        if file.looks and not path.exists():
            raise file.fail("cdk.inputs", f"{path} does not exist")
    check = _choice(file, merged, "infra-check", "auto")
    approval = Approval(_choice(file, merged, "approval", "interactive"))
    by = _choice(file, merged, "tag-only", "cdk")
    builder = _choice(file, merged, "image-assets", "cdk")
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
        _parameters(file, table, environment.get("cdk", {}), merged["stacks"]),
        file.root,
        builder == "adopt",
    )


def _choice(file: SettingsFile, table: Mapping[str, Any], name: str, default: str) -> str:
    return file.one_of(f"cdk.{name}", table.get(name, default), [str(each) for each in CDK_KEYS[name].among])


def _bad_app(file: SettingsFile, app: Path) -> ConfigurationError:
    """For a cdk.json that is no file, with what it is instead."""
    try:
        read_regular(app / "cdk.json")
    except OSError as error:
        return file.fail("cdk.app", f"the cdk.json in {app} cannot be read: {error.strerror}")
    return file.fail("cdk.app", f"the cdk.json in {app} was no file a moment ago")


def _no_app(file: SettingsFile, app: Path) -> ConfigurationError:
    """For a directory without a cdk.json, with the ones that have one."""
    from rajee_deploy.system.nearby import elsewhere

    there = [os.path.relpath(each, file.root) for each in elsewhere(app, "cdk.json")]
    what = f"there is no cdk.json in {app}" if app.is_dir() else f"there is no directory {app}, and so no cdk.json"
    hint = "\n".join(f'there is one here: app = "{each}"' for each in there)
    return file.fail("cdk.app", what, hint or "it is the directory of the CDK app, from the settings file's")


def _parameters(
    file: SettingsFile, table: Mapping[str, Any], over: Mapping[str, Any], stacks: Sequence[str]
) -> Parameters:
    """The values for the stacks of this environment: tables of those of others are left out."""
    known = {*table.get("stacks", ()), *over.get("stacks", ())}
    try:
        found = parse_parameters(known, table.get("parameters", {}), over.get("parameters", {}))
        return {name: values for name, values in found.items() if name in stacks or name not in known}
    except SettingError as error:
        raise file.fail(f"cdk.parameters.{error.key}", error.problem) from error
