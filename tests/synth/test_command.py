"""The command of cdk.json, and the interpreter behind it."""

from __future__ import annotations

import json

import pytest

from rajee_deploy.errors import DeployError
from rajee_deploy.synth.command import (
    above,
    app_command,
    command_text,
    configuration,
    interpreter_of,
    is_command_of,
    is_in_project,
    is_own_program,
    python_of,
    variables_of_command,
)


@pytest.fixture
def app(tmp_path):
    (tmp_path / "project" / ".git").mkdir(parents=True)
    app = tmp_path / "project" / "cdk"
    app.mkdir()
    return app


def say(place, /, **document) -> None:
    (place / "cdk.json").write_text(json.dumps(document))


@pytest.mark.parametrize(
    ("command", "names"),
    [
        ("python3 app.py", []),
        ("$PYTHON app.py ${STAGE} $_x1", ["PYTHON", "STAGE", "_x1"]),
        ("${STAGE:-dev} $1 $? $(ls) $$", ["STAGE"]),
    ],
)
def test_variables_that_the_command_names(app, command, names):
    say(app, app=command)
    assert variables_of_command(app) == names


COMMANDS = {
    ("node app.js", None, "node app.js"): True,
    ("node app.js", None, "exec node app.js -c x"): True,
    ("  node app.js ", None, "node app.js"): True,
    ("node app.js", None, "node other.js"): False,
    ("node app.js", "make", "make"): True,
    ("node app.js", "", "npm view aws-cdk"): False,
    ("", None, "anything"): False,
}


@pytest.mark.parametrize(("command", "build", "text"), COMMANDS)
def test_what_the_cdk_cli_runs_for_the_app(app, command, build, text):
    say(app, app=command, **({} if build is None else {"build": build}))
    assert is_command_of(app, text) is COMMANDS[command, build, text]


def test_the_words_of_the_command(app):
    say(app, app="python3 'my app.py'  -x")
    assert command_text(app) == "python3 'my app.py'  -x"
    assert app_command(app) == ["python3", "my app.py", "-x"]
    say(app, output="x")
    assert (command_text(app), app_command(app), configuration(app)) == ("", [], {"output": "x"})


@pytest.mark.parametrize("content", ["", "[]", '"app"', '{"app": "python3 \'app"}', "{", b"\xff"])
def test_a_cdk_json_that_cannot_be_used(app, content):
    (app / "cdk.json").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DeployError) as caught:
        configuration(app)
    assert (caught.value.code, caught.value.where) == ("bad-cdk-json", str(app / "cdk.json"))


def test_a_cdk_json_that_is_not_there(app):
    with pytest.raises(DeployError) as caught:
        configuration(app)
    assert (caught.value.code, caught.value.where) == ("no-cdk-json", str(app))


@pytest.mark.parametrize(
    ("command", "python"),
    [
        ("python3 app.py", "python3"),
        ("env A=1 .venv/bin/python3.12 -m app", ".venv/bin/python3.12"),
        ("pypy3 app.py", "pypy3"),
        ("uv run app.py", "python3"),
        ("./app.py", "python3"),
        ("python3 app.py python2", "python3"),
        ("node app.js", ""),
        ("/opt/python/node app.pyc", ""),
        ("", ""),
    ],
)
def test_the_python_behind_a_command(app, command, python):
    say(app, app=command)
    assert python_of(app, app_command(app)) == python


def test_behind_a_launcher_it_is_the_environment_that_lies_nearest(app):
    for place in (app.parent, app):
        python = place / ".venv" / "bin" / "python"
        python.parent.mkdir(parents=True)
        python.touch()
        assert python_of(app, ["uv", "run", "app.py"]) == str(python)
        assert python_of(app, ["python3", "app.py"]) == "python3"
        assert python_of(app, ["uv", "run", "app"]) == ""


def test_a_path_is_meant_from_the_apps_directory(app, monkeypatch):
    python = app / "bin" / "python"
    python.parent.mkdir()
    python.touch()
    assert interpreter_of(app, "bin/python") is None, "it is no program"
    python.chmod(0o755)
    assert interpreter_of(app, "bin/python") == python
    assert interpreter_of(app, str(python)) == python
    monkeypatch.setenv("PATH", str(app))
    assert interpreter_of(app, "python") is None
    monkeypatch.setenv("PATH", str(python.parent))
    assert interpreter_of(app, "python") == python


def test_a_program_of_the_project_itself(app, tmp_path):
    outside, inside = tmp_path / "opt" / "bin" / "python", app.parent / "tools" / "bin" / "python"
    for each in (outside, inside):
        each.parent.mkdir(parents=True)
        each.touch()
    (app / "to-outside").symlink_to(outside)
    (tmp_path / "to-inside").symlink_to(inside)
    for program in (inside, app / "to-outside", tmp_path / "to-inside", app / ".." / "tools" / "bin" / "python"):
        assert is_own_program(app, program)
        assert is_in_project(app, program)
    for program in (outside, tmp_path / "project-2", app / ".." / ".." / "opt" / "bin" / "python"):
        assert not is_own_program(app, program)
        assert not is_in_project(app, program)


def test_a_submodule_lies_in_the_project_and_a_worktree_in_none(app, tmp_path):
    beside = app.parent / "tools" / "bin" / "python"
    for text, is_inside in (
        ("gitdir: ../.git/modules/cdk\n", True),
        (f"gitdir: {tmp_path}/.git/worktrees/cdk\n", False),
    ):
        (app / ".git").write_text(text)
        assert is_in_project(app, beside) is is_inside


def test_without_git_where_we_are_is_the_border_and_the_home_is_none(tmp_path, monkeypatch):
    app = tmp_path / "project" / "cdk"
    app.mkdir(parents=True)
    beside = tmp_path / "project" / "python"
    assert not is_in_project(app, beside)
    assert is_in_project(app, app / ".." / "python")
    monkeypatch.chdir(tmp_path / "project")
    assert is_in_project(app, beside)
    monkeypatch.setenv("HOME", str(tmp_path / "project"))
    assert not is_in_project(app, beside)


def test_a_virtual_environments_is_installed_and_lies_in_the_project_all_the_same(app):
    python = app / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch()
    assert is_own_program(app, python)
    (app / ".venv" / "pyvenv.cfg").touch()
    assert not is_own_program(app, python)
    assert is_in_project(app, python)


def test_above_is_nearest_first(app):
    found = list(above(app, "x/y"))
    assert found[:2] == [app / "x" / "y", app.parent / "x" / "y"]
    assert str(found[-1]) == "/x/y"
