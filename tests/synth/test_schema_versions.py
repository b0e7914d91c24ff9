"""Which assemblies a CLI reads and a library writes, by files as packages have them."""

from __future__ import annotations

import json
from pathlib import Path

import given
import pytest

from rajee_deploy.synth.cli_files import CdkCli, find_cli
from rajee_deploy.synth.schema_versions import Library, newest_readable, written_schema

# As esbuild leaves the schema's version file in the CLI's one file: plain, minified, and of schemas before 37.
BUNDLES = {
    "plain": (
        (
            'var require_version = __commonJS({\n  "../@aws-cdk/cloud-assembly-schema/schema/version.json"(exports2, '
            'module2) {\n    module2.exports = {\n      schemaHash: "b006",\n      $comment: "Do not hold back "\n'
            '"the version: it is so.",\n      revision: 55\n    };'
        ),
        55,
    ),
    "minified": (
        'x=a({"../@aws-cdk/cloud-assembly-schema/schema/version.json"(e,t){t.exports={schemaHash:"b0",revision:48}}})',
        48,
    ),
    "of old": (
        'a({"../../@aws-cdk/cloud-assembly-schema/schema/cloud-assembly.version.json"(e,t){t.exports={version:"34.0.0"}}',
        34,
    ),
    "twice the same": ('"cloud-assembly-schema/schema/version.json"(e){revision:5}' * 2, 5),
    "two of them": (
        (
            '"cloud-assembly-schema/schema/version.json"(e){revision:5};'
            '"cloud-assembly-schema/schema/version.json"(e){revision:6}'
        ),
        None,
    ),
    "none": ("nothing", None),
    "far away": ('"cloud-assembly-schema/schema/version.json"' + " " * 700 + "revision:5", None),
    "a number that is too long": ('"cloud-assembly-schema/schema/version.json"(e){revision:12345678}', None),
}


def install(tmp_path, bundle: str | None):
    package = tmp_path / "node_modules" / "aws-cdk"
    (package / "lib").mkdir(parents=True)
    (package / "bin").mkdir()
    (package / "package.json").write_text('{"version": "2.1000.0"}')
    (package / "bin" / "cdk").write_text("")
    if bundle is not None:
        (package / "lib" / "index.js").write_text(bundle)
    (tmp_path / "node_modules" / ".bin").mkdir()
    (tmp_path / "node_modules" / ".bin" / "cdk").symlink_to("../aws-cdk/bin/cdk")
    return find_cli(tmp_path)


@pytest.mark.parametrize("case", BUNDLES)
def test_what_a_cli_reads(tmp_path, case):
    bundle, newest = BUNDLES[case]
    assert newest_readable(install(tmp_path, bundle)) == newest


def test_a_cli_without_its_file(tmp_path):
    assert newest_readable(install(tmp_path, None)) is None
    assert newest_readable(CdkCli(tmp_path / "no" / "cdk", "2.1")) is None


def node_app(tmp_path, **packages: str):
    (tmp_path / "cdk.json").write_text('{"app": "npx tsx app.ts"}')
    for name, version in packages.items():
        folder = tmp_path / "node_modules" / name.replace("__", "/").replace("schema", "@aws-cdk/cloud-assembly-schema")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text(json.dumps({"version": version}))
    return tmp_path


def test_what_a_library_of_node_writes(tmp_path):
    app = node_app(tmp_path, **{"aws-cdk-lib": "2.200.0", "schema": "45.1.0"})
    assert written_schema(app) == Library("2.200.0", 45)


def test_a_library_that_brings_its_own_schema(tmp_path):
    app = node_app(
        tmp_path, **{"aws-cdk-lib": "2.200.0", "schema": "45.1.0", "aws-cdk-lib__node_modules__schema": "44.0.0"}
    )
    assert written_schema(app) == Library("2.200.0", 44)


@pytest.mark.parametrize("version", ["x", "", "4500000000.1"])
def test_a_version_that_says_nothing(tmp_path, version):
    app = node_app(tmp_path, **{"aws-cdk-lib": "2.200.0", "schema": version})
    assert written_schema(app) == Library("2.200.0", None)


def test_an_app_without_a_library(tmp_path):
    assert written_schema(node_app(tmp_path)) == Library("", None)


def python_app(tmp_path, *distributions: str):
    (tmp_path / "cdk.json").write_text('{"app": "python3 app.py"}')
    site = tmp_path / ".venv" / "lib" / "python3.11" / "site-packages"
    for each in distributions:
        (site / f"{each}.dist-info").mkdir(parents=True)
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python3").symlink_to("/bin/true")
    (tmp_path / ".venv" / "pyvenv.cfg").write_text("version = 3.11.7\n")
    (tmp_path / "cdk.json").write_text('{"app": ".venv/bin/python3 app.py"}')
    return tmp_path


def test_what_a_library_of_python_writes(tmp_path):
    app = python_app(tmp_path, "aws_cdk_lib-2.275.0", "aws_cdk_cloud_assembly_schema-55.4.0", "constructs-10.0.0")
    assert written_schema(app) == Library("2.275.0", 55)


def test_as_newer_tools_spell_names(tmp_path):
    app = python_app(tmp_path, "aws-cdk-lib-2.275.0", "aws_cdk.cloud_assembly_schema-55.4.0")
    assert written_schema(app) == Library("2.275.0", 55)


def test_a_python_without_the_library(tmp_path):
    assert written_schema(python_app(tmp_path, "constructs-10.0.0")) == Library("", None)


@pytest.mark.cdk
def test_the_cli_here_reads_what_the_library_here_writes():
    """By the files of the reference service, and by an assembly that it made."""
    app = Path(__file__).parents[2] / "infra"
    written = json.loads((given.reference_service() / "manifest.json").read_text())["version"]
    library = written_schema(app)
    assert f"{library.schema}.0.0" == written
    assert newest_readable(find_cli(app)) >= library.schema


def test_a_python_of_the_project_itself_is_not_started(tmp_path):
    """Whoever can change the project could let it do anything."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "cdk.json").write_text('{"app": "./python3 app.py"}')
    (tmp_path / "python3").write_text(f"#!/bin/sh\n: > {tmp_path / 'ran'}\n")
    (tmp_path / "python3").chmod(0o700)
    assert written_schema(tmp_path) == Library("", None)
    assert not (tmp_path / "ran").exists()
