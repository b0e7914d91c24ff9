"""Where the scripts go; nothing is written twice."""

from __future__ import annotations

import pytest

from rajee_deploy.cli.shells.install import install, shell_of
from rajee_deploy.cli.shells.scripts import SCRIPTS
from rajee_deploy.errors import ConfigurationError


@pytest.mark.parametrize(
    ("shell", "more", "files"),
    [
        ("bash", {}, [".local/share/rajee-deploy/completion.bash", ".bashrc"]),
        ("zsh", {}, [".local/share/rajee-deploy/completion.zsh", ".zshrc"]),
        ("zsh", {"ZDOTDIR": "{home}/z"}, [".local/share/rajee-deploy/completion.zsh", "z/.zshrc"]),
        ("bash", {"XDG_DATA_HOME": "{home}/it's"}, ["it's/rajee-deploy/completion.bash", ".bashrc"]),
        ("bash", {"XDG_DATA_HOME": "relative"}, [".local/share/rajee-deploy/completion.bash", ".bashrc"]),
        ("fish", {}, [".config/fish/completions/rajee-deploy.fish"]),
        ("fish", {"XDG_CONFIG_HOME": "{home}/c"}, ["c/fish/completions/rajee-deploy.fish"]),
    ],
)
def test_each_shell_finds_its_script(tmp_path, shell, more, files):
    environment = {"HOME": str(tmp_path), **{name: text.format(home=tmp_path) for name, text in more.items()}}
    assert install(shell, environment) == [tmp_path / each for each in files]
    assert (tmp_path / files[0]).read_text() == SCRIPTS[shell]
    assert install(shell, environment) == []


def test_what_a_profile_has_stays(tmp_path):
    repository = tmp_path / "dotfiles"
    repository.write_text("alias ll='ls -l'")
    (tmp_path / ".bashrc").symlink_to(repository)
    install("bash", {"HOME": str(tmp_path)})
    first, second = repository.read_text().splitlines()
    assert first == "alias ll='ls -l'"
    assert second.startswith("[ -r ")
    assert (tmp_path / ".bashrc").is_symlink()


@pytest.mark.parametrize(
    ("path", "shell"), [("/bin/zsh", "zsh"), ("/usr/bin/fish", "fish"), ("/bin/csh", ""), ("", "")]
)
def test_the_shell_of_the_login(path, shell):
    assert shell_of({"SHELL": path}) == shell


def test_an_unknown_shell_is_told(monkeypatch):
    from rajee_deploy.cli.completion import completion

    monkeypatch.setenv("SHELL", "/bin/csh")
    with pytest.raises(ConfigurationError) as raised:
        completion()
    assert "/bin/csh" in raised.value.problem


@pytest.mark.parametrize("shell", SCRIPTS)
def test_no_script_gives_an_answer_to_eval(shell):
    assert "eval" not in SCRIPTS[shell]
