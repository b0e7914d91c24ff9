"""Which CDK app is meant, and where its settings go."""

from __future__ import annotations

import os

import pytest

from rajee_deploy.actions.init.place import check_absent, check_app, find_apps, settings_directory, several_apps
from rajee_deploy.errors import ConfigurationError, DeployError


@pytest.fixture
def root(tmp_path, monkeypatch):
    made = tmp_path / "project"
    (made / ".git").mkdir(parents=True)
    monkeypatch.chdir(made)
    return made


def apps(root, *names: str) -> None:
    for name in names:
        (root / name).mkdir(parents=True, exist_ok=True)
        (root / name / "cdk.json").write_text("{}")


@pytest.mark.parametrize(
    ("there", "here", "meant"),
    [
        (["."], ".", ["."]),
        (["infra"], ".", ["infra"]),
        ([".", "infra"], ".", ["."]),
        ([".", "infra"], "infra", ["infra"]),
        (["."], "src/deep", ["."]),
        (["b", "a"], ".", ["a", "b"]),
        ([".", "services/a", "services/b"], "services", ["services/a", "services/b"]),
        (["deep/inside/infra"], ".", ["deep/inside/infra"]),
        (["deep/infra", "node_modules/a"], ".", ["deep/infra"]),
        (["infra", "node_modules", ".hidden", "cdk.out"], ".", ["infra"]),
    ],
)
def test_the_nearest_is_meant(root, there, here, meant):
    apps(root, *there)
    (root / here).mkdir(parents=True, exist_ok=True)
    assert [os.path.relpath(each, root) for each in find_apps(root / here)] == meant


def test_a_directory_called_so_is_no_app(root):
    (root / "cdk.json").mkdir()
    with pytest.raises(ConfigurationError):
        find_apps(root)


def test_without_one_it_is_said_where_there_are_some(root):
    apps(root, "deep/inside/infra")
    with pytest.raises(ConfigurationError) as caught:
        check_app(root / "nope")
    assert caught.value.code == "no-cdk-json"
    assert caught.value.hint == "rajee-deploy init --app deep/inside/infra"


def test_beside_the_app_it_is_found_too(root, monkeypatch):
    apps(root, "infra")
    (root / "web").mkdir()
    monkeypatch.chdir(root / "web")
    with pytest.raises(ConfigurationError) as caught:
        find_apps(root / "web")
    assert caught.value.hint == "rajee-deploy init --app ../infra"


def test_where_nothing_is_the_hint_says_how_to_go_on(root):
    with pytest.raises(ConfigurationError) as caught:
        find_apps(root)
    assert "--app DIR" in caught.value.hint


def test_of_several_each_has_its_command(root):
    apps(root, "a", "b c")
    error = several_apps(root, find_apps(root))
    assert error.hint == "rajee-deploy init --app a\nrajee-deploy init --app 'b c'"


def test_settings_lie_where_one_works_or_beside_the_app_above(root):
    assert settings_directory(root, root / "infra") == root
    assert settings_directory(root, root) == root
    assert settings_directory(root / "a/b", root) == root
    assert settings_directory(root / "web", root / "infra") == root / "web"


@pytest.mark.parametrize("name", ["rajee-deploy.toml", "pyproject.toml"])
def test_settings_that_are_there_stay(root, name):
    apps(root, "infra")
    text = '[cdk]\napp = "infra"\n' if name == "rajee-deploy.toml" else "[tool.rajee-deploy.cdk]\napp = 'infra'\n"
    (root / name).write_text(text)
    for directory in (root, root / "infra"):
        with pytest.raises(ConfigurationError) as caught:
            check_absent(directory, root / "infra")
        assert (caught.value.code, caught.value.where) == ("settings-exist", str(root / name))


def test_settings_of_another_app_above_are_no_obstacle(root):
    apps(root, "infra", "other")
    (root / "rajee-deploy.toml").write_text('[cdk]\napp = "other"\n')
    check_absent(root / "infra", root / "infra")


def test_a_pyproject_of_others_is_none(root):
    (root / "pyproject.toml").write_text("[project]\nname = 'a'\n")
    check_absent(root, root)


def test_what_is_no_file_is_not_passed_by(root):
    (root / "rajee-deploy.toml").symlink_to("/nowhere")
    with pytest.raises(DeployError):
        check_absent(root, root)
