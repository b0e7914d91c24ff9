"""What counts as an input of synth, and what does not."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from rajee_deploy.errors import DeployError
from rajee_deploy.fingerprint import Input
from rajee_deploy.settings import CdkSettings
from rajee_deploy.synth.assembly_cache import AssemblyStore
from rajee_deploy.synth.inputs import infra_fingerprint
from rajee_deploy.synth.toolchain import versions_of
from rajee_deploy.synth.tracing.depfile import Depfile


@pytest.fixture
def app(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("CDK_CONTEXT_JSON", raising=False)
    root = tmp_path / "project" / "cdk"
    (root / "stacks").mkdir(parents=True)
    (tmp_path / "home").mkdir()
    (root / "cdk.json").write_text('{"app": "node app.js"}')
    (root / "stacks" / "a.py").write_text("a")
    (root / "package-lock.json").write_text("{}")
    package = root / "node_modules" / "aws-cdk"
    package.mkdir(parents=True)
    (package / "package.json").write_text('{"version": "2.1.0"}')
    return root


def digest(app, **more) -> str:
    return str(infra_fingerprint(CdkSettings(app, ("A",), **more)).digest)


CHANGES = {
    "content": lambda app: (app / "stacks" / "a.py").write_text("b"),
    "rename": lambda app: (app / "stacks" / "a.py").rename(app / "stacks" / "b.py"),
    "new file": lambda app: (app / "stacks" / "b.py").write_text(""),
    "removed": lambda app: (app / "stacks" / "a.py").unlink(),
    "executable": lambda app: (app / "stacks" / "a.py").chmod(0o755),
    "lock file": lambda app: (app / "package-lock.json").write_text("{ }"),
    "cdk.json": lambda app: (app / "cdk.json").write_text('{"app": "node other.js"}'),
    "context file": lambda app: (app / "cdk.context.json").write_text("{}"),
    "hidden file": lambda app: (app / ".npmrc").write_text("a"),
    "cli version": lambda app: (app / "node_modules/aws-cdk/package.json").write_text('{"version": "2.2.0"}'),
    "personal cdk.json": lambda app: (app.parent.parent / "home" / ".cdk.json").write_text("{}"),
    "link": lambda app: (app / "link").symlink_to("stacks"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_counts(app, change):
    before = digest(app)
    CHANGES[change](app)
    assert digest(app) != before


def test_the_content_behind_a_link_counts(app, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "template.yaml").write_text("1")
    (app / "link").symlink_to(outside)
    (app / "file").symlink_to(outside / "template.yaml")
    before = digest(app)
    (outside / "template.yaml").write_text("2")
    assert digest(app) != before


def test_links_in_circles_end(app):
    (app / "stacks" / "up").symlink_to("..")
    (app / "broken").symlink_to("nowhere")
    assert digest(app) == digest(app)


@pytest.mark.parametrize(
    "name", ["cdk.out/x", "node_modules/other/x", "__pycache__/a.pyc", "stacks/a.pyc", ".venv/x", ".git/x"]
)
def test_outputs_and_caches_do_not_count(app, name):
    before = digest(app)
    (app / name).parent.mkdir(parents=True, exist_ok=True)
    (app / name).write_text("x")
    assert digest(app) == before


def test_what_the_settings_ignore_does_not_count_and_what_they_add_does(app):
    (app / "assets").mkdir()
    extra = app.parent / "shared.py"
    extra.write_text("1")
    before, with_extra = digest(app, ignore=("/assets/",)), digest(app, inputs=(extra,))
    (app / "assets" / "x").write_text("x")
    extra.write_text("2")
    assert digest(app, ignore=("/assets/",)) == before
    (app / "assets" / "x").unlink()
    (app / "assets").rmdir()
    assert digest(app, inputs=(extra,)) != with_extra


def test_context_and_declared_variables_count(app, monkeypatch):
    monkeypatch.delenv("SIZE", raising=False)
    seen = {digest(app), digest(app, context={"a": "1"}), digest(app, context={"a": "2"}), digest(app, env=("SIZE",))}
    monkeypatch.setenv("SIZE", "")
    seen.add(digest(app, env=("SIZE",)))
    monkeypatch.setenv("SIZE", "2")
    seen.add(digest(app, env=("SIZE",)))
    monkeypatch.setenv("CDK_CONTEXT_JSON", "{}")
    seen.add(digest(app))
    assert len(seen) == 7


def test_place_and_time_do_not_count(app, tmp_path):
    before = digest(app)
    moved = tmp_path / "elsewhere"
    app.rename(moved)
    (moved / "stacks" / "a.py").touch()
    assert digest(moved) == before


def test_python_libraries_count_also_behind_a_shim(app, tmp_path):
    environment = tmp_path / "venv"
    (environment / "bin").mkdir(parents=True)
    (environment / "pyvenv.cfg").touch()
    (environment / "bin" / "python").symlink_to(sys.executable)
    site = environment / "lib" / "python3.11" / "site-packages"
    site.mkdir(parents=True)
    (app / "cdk.json").write_text(f'{{"app": "{environment}/bin/python app.py"}}')
    before = digest(app)
    (site / "pytest-9.dist-info").mkdir()
    assert digest(app) == before
    (site / "aws_cdk_lib-2.275.0.dist-info").mkdir()
    assert digest(app) != before
    (app / "cdk.json").write_text('{"app": "python3 app.py"}')
    (environment / "pyvenv.cfg").unlink()
    inputs = infra_fingerprint(CdkSettings(app, ("A",))).inputs
    assert any(item.name == "version:python-libraries" for item in inputs)


@pytest.mark.parametrize("text", ["{", "[]", "\x00"])
def test_a_broken_cdk_json_is_named(app, text):
    (app / "cdk.json").write_text(text)
    with pytest.raises(DeployError) as caught:
        digest(app)
    assert caught.value.code == "bad-cdk-json"


def test_inputs_of_one_name_are_told_apart(app):
    first, second = app.parent / "a" / "c.json", app.parent / "b" / "c.json"
    for path, text in ((first, "1"), (second, "2")):
        path.parent.mkdir()
        path.write_text(text)
    before = digest(app, inputs=(first, second))
    first.write_text("2")
    second.write_text("1")
    assert digest(app, inputs=(first, second)) != before


def fake_environment(root, library: str) -> None:
    site = root / "lib" / "python3.11" / "site-packages"
    site.mkdir(parents=True)
    (site / f"{library}.dist-info").mkdir()
    (root / "bin").mkdir()
    (root / "bin" / "python").symlink_to(sys.executable)
    (root / "pyvenv.cfg").touch()


@pytest.mark.parametrize("command", [".venv/bin/python app.py", "uv run app.py", "env A=1 .venv/bin/python app.py"])
def test_libraries_count_wherever_the_command_is_run_from_and_behind_launchers(app, monkeypatch, command):
    (app / "cdk.json").write_text(json.dumps({"app": command}))
    fake_environment(app / ".venv", "datadog_cdk_constructs_v2-1.0")
    before = digest(app)
    monkeypatch.chdir(app.parent)
    assert digest(app) == before
    site = app / ".venv" / "lib" / "python3.11" / "site-packages"
    (site / "datadog_cdk_constructs_v2-1.0.dist-info").rename(site / "datadog_cdk_constructs_v2-1.1.dist-info")
    assert digest(app) != before


def test_a_library_that_npm_hoisted_counts(app):
    package = app.parent / "node_modules" / "aws-cdk-lib"
    package.mkdir(parents=True)
    (package / "package.json").write_text('{"version": "1"}')
    before = digest(app)
    (package / "package.json").write_text('{"version": "2"}')
    assert digest(app) != before


def test_an_empty_directory_counts(app):
    before = digest(app)
    (app / "stacks" / "empty").mkdir()
    assert digest(app) != before


@pytest.mark.parametrize("name", ["tools/python", ".venv/bin/python3"])
def test_a_program_of_the_project_is_not_started_to_decide(app, tmp_path, name):
    (app / name).parent.mkdir(parents=True)
    (app / name).write_text(f"#!/bin/sh\ntouch {tmp_path}/started\n")
    (app / name).chmod(0o755)
    (app / "cdk.json").write_text(json.dumps({"app": f"{name} app.py"}))
    inputs = infra_fingerprint(CdkSettings(app, ("A",))).inputs
    assert any(item.name == "impure:python" for item in inputs)
    assert not (tmp_path / "started").exists()


def test_an_interpreter_that_is_asked_imports_nothing_of_the_project(app, tmp_path):
    (app / "cdk.json").write_text(f'{{"app": "{sys.base_prefix}/bin/python3 app.py"}}')
    for name in ("platform.py", "importlib.py", "json.py", "sitecustomize.py"):
        (app / name).write_text(f"open({str(tmp_path / 'imported')!r}, 'w')")
    assert any(item.name == "version:python-libraries" for item in infra_fingerprint(CdkSettings(app, ("A",))).inputs)
    assert not (tmp_path / "imported").exists()


# As the interpreters before 3.11 answer a flag that came later.
OLD = f"""#!/bin/sh
case " $* " in *" -P "*) echo 'unknown option -P' >&2; exit 2;; esac
exec {sys.base_prefix}/bin/python3 "$@"
"""


def test_an_interpreter_that_is_asked_is_isolated_however_old_and_lists_what_a_synth_finds(app, tmp_path, monkeypatch):
    """Also where PYTHONPATH leads into the project; what lies there, and in the user's own site, still counts."""
    old = tmp_path / "old" / "python3"
    old.parent.mkdir()
    old.write_text(OLD)
    old.chmod(0o755)
    (app / "cdk.json").write_text(json.dumps({"app": f"{old} app.py"}))
    for name in ("platform.py", "site.py", "importlib/__init__.py", "os.py", "sitecustomize.py"):
        (app / name).parent.mkdir(exist_ok=True)
        (app / name).write_text(f"open({str(tmp_path / 'imported')!r}, 'w')")
    monkeypatch.setenv("PYTHONPATH", ".")
    monkeypatch.setenv("PYTHONUSERBASE", str(tmp_path / "user"))
    asked = [str(old), "-c", "import site; print(site.getusersitepackages())"]
    user_site = Path(subprocess.run(asked, check=True, capture_output=True, text=True, cwd=tmp_path).stdout.strip())
    for place, name in ((app, "cdk_of_path-1"), (user_site, "cdk_of_user-2")):
        (place / f"{name}.dist-info").mkdir(parents=True)
        (place / f"{name}.dist-info" / "METADATA").write_text("Name: {}\nVersion: {}\n".format(*name.split("-")))
    assert {"cdk_of_path-1", "cdk_of_user-2"} <= {*versions_of(app)["python-libraries"].split()}
    monkeypatch.setenv("PYTHONNOUSERSITE", "1")
    assert "cdk_of_user-2" not in versions_of(app)["python-libraries"]
    assert not (tmp_path / "imported").exists()


def test_a_build_command_is_named_as_what_no_hash_can_follow(app):
    (app / "cdk.json").write_text('{"app": "node app.js", "build": "make"}')
    assert Input("impure:build", "the build command of cdk.json") in infra_fingerprint(CdkSettings(app, ("A",))).inputs


@pytest.mark.parametrize("command", ["STAGE=$(cat ../stage) node app.js", "node app.js `cat ../stage`"])
def test_programs_that_the_app_command_asks_are_named_as_what_no_hash_can_follow(app, command):
    (app / "cdk.json").write_text(json.dumps({"app": command}))
    assert any(item.name == "impure:command" for item in infra_fingerprint(CdkSettings(app, ("A",))).inputs)


@pytest.mark.parametrize("command", ["node app.js $STAGE", 'SIZE="${STAGE:-dev}" node app.js'])
def test_a_variable_that_the_shell_puts_into_the_app_command_counts(app, command, monkeypatch):
    monkeypatch.delenv("STAGE", raising=False)
    (app / "cdk.json").write_text(json.dumps({"app": command}))
    before = digest(app)
    monkeypatch.setenv("STAGE", "prod")
    assert digest(app) != before


def test_the_version_of_python_counts_where_the_template_names_it(app):
    fake_environment(app / ".venv", "aws_cdk_lib-2.0")
    reporting: dict[str, object]
    for reporting, counts in (({}, True), ({"versionReporting": True}, True), ({"versionReporting": False}, False)):
        (app / "cdk.json").write_text(json.dumps({"app": ".venv/bin/python app.py", **reporting}))
        seen = set()
        for version in ("3.11.7", "3.12.1"):
            (app / ".venv" / "pyvenv.cfg").write_text(f"home = /usr/bin\nversion = {version}\n")
            seen.add(digest(app))
        assert len(seen) == 1 + counts


@pytest.mark.parametrize("place", [".", ".state", "stacks/.state"])
def test_what_the_tool_itself_keeps_in_the_app_does_not_count(app, place):
    """A place for caches below the app moved the hash with every run, so every run took a synth."""
    before = digest(app)
    for number in range(2):
        Depfile(read=(str(number),)).write(app / place / "cache" / "depfile.json")
        AssemblyStore(app / place / "assemblies").keep(str(number), app / "stacks", {})
        assert digest(app) == before
    (app / place / "mine").write_text("")
    assert digest(app) != before


def test_nor_does_it_in_a_directory_that_the_app_was_seen_to_list(app):
    depfile = Depfile(listed=(str(app / "stacks"),))
    settings = CdkSettings(app, ("A",))
    before = infra_fingerprint(settings, depfile)
    depfile.write(app / "stacks" / ".state" / "depfile.json")
    assert infra_fingerprint(settings, depfile) == before
