"""The files are new ones, whole, and none is left of what cannot be."""

from __future__ import annotations

import pytest

from rajee_deploy.actions.init.write import write_beside, write_settings
from rajee_deploy.errors import ConfigurationError, DeployError

TEXT = '[cdk]\nstacks = ["Api"]\n'


@pytest.fixture
def path(tmp_path):
    (tmp_path / "cdk.json").write_text("{}")
    return tmp_path / "rajee-deploy.toml"


def names(path):
    return sorted(each.name for each in path.parent.iterdir())


def test_it_is_written_as_it_is(path):
    write_settings(path, TEXT, [])
    assert path.read_text() == TEXT
    assert names(path) == ["cdk.json", "rajee-deploy.toml"]


def test_a_file_that_came_meanwhile_stays(path):
    path.write_text("mine")
    with pytest.raises(ConfigurationError) as caught:
        write_settings(path, TEXT, [])
    assert caught.value.code == "settings-exist"
    assert path.read_text() == "mine"
    assert names(path) == ["cdk.json", "rajee-deploy.toml"]


def test_a_link_is_not_written_through(path):
    path.symlink_to("elsewhere")
    with pytest.raises(ConfigurationError):
        write_settings(path, TEXT, [])
    assert not (path.parent / "elsewhere").exists()


@pytest.mark.parametrize(("text", "environments"), [("[cdk]\n", []), (TEXT, ["prod"]), ("nonsense = 1", [])])
def test_what_the_reader_refuses_is_not_left_there(path, text, environments):
    with pytest.raises(ConfigurationError):
        write_settings(path, text, environments)
    assert names(path) == ["cdk.json"]


def test_a_place_that_takes_no_file_is_told(path):
    with pytest.raises(DeployError) as caught:
        write_settings(path.parent / "gone" / "rajee-deploy.toml", TEXT, [])
    assert caught.value.code == "settings-not-written"
    assert "--print" in caught.value.hint


def test_an_ignore_file_that_is_there_stays(path):
    own = path.parent / ".deployignore"
    assert write_beside(own, "a\n")
    assert not write_beside(own, "b\n")
    assert own.read_text() == "a\n"
    with pytest.raises(DeployError):
        write_beside(path.parent / "gone" / ".deployignore", "a\n")
