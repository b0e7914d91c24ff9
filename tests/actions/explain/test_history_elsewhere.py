"""Real repositories: what lies behind a link, in a submodule, or in no commit at all, as a revision has it."""

from __future__ import annotations

import os

import pytest
from histories import TREE, replayed, rows

from rajee_deploy.errors import DeployError
from rajee_deploy.image.inputs import read_inputs
from rajee_deploy.settings import load


@pytest.mark.parametrize("absolute", [False, True])
@pytest.mark.parametrize("place", ["link", "deep/er/link"])
def test_a_context_behind_a_link_is_that_of_then(write, commit, compared, root, absolute, place):
    """Followed by the system, an absolute link leads to the files of now, which are then compared with themselves."""
    target = str(root / "app") if absolute else os.path.relpath(root / "app", (root / place).parent)
    settings = f'[images.app]\nrepository = "a"\ncontext = "{place}"\n'
    write(
        {
            "rajee-deploy.toml": settings,
            "app/Dockerfile": "FROM scratch\nCOPY src /\n",
            "app/src/a": "1",
            place: (target,),
        }
    )
    commit()
    for text in ("2", "3"):
        write({"app/src/a": text})
        commit()
    assert rows(compared("HEAD~1")) == [("changed", "src/a", 2)]
    assert len(replayed(root).counts[0].new) == 3


def test_a_link_that_led_elsewhere_then(write, commit, compared, root):
    write(
        {
            "rajee-deploy.toml": '[images.app]\nrepository = "a"\ncontext = "now"\n',
            "now": ("one",),
            "one/Dockerfile": "FROM scratch\nCOPY a /\n",
            "one/a": "1",
            "two/Dockerfile": "FROM scratch\nCOPY a /\n",
            "two/a": "2",
        }
    )
    commit()
    (root / "now").unlink()
    write({"now": ("two",)})
    assert rows(compared("HEAD")) == [("changed", "a", 2)]


@pytest.mark.parametrize("key", ["context", "dockerfile", "build-contexts.lib"])
def test_what_no_commit_holds_is_refused(write, commit, compared, root, key, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/Dockerfile").write_text("FROM scratch\nCOPY --from=lib x /\n")
    (tmp_path / "elsewhere/x").write_text("1")
    value = "../elsewhere/Dockerfile" if key == "dockerfile" else "../elsewhere"
    write(
        {
            "rajee-deploy.toml": f'[images.app]\nrepository = "a"\n{key} = "{value}"\nbuild-contexts.lib2 = "."\n',
            "Dockerfile": "FROM scratch\nCOPY --from=lib2 x /\n",
            "x": "1",
        }
    )
    if key == "context":
        write({"rajee-deploy.toml": '[images.app]\nrepository = "a"\ncontext = "../elsewhere"\n'})
        (tmp_path / "elsewhere/Dockerfile").write_text("FROM scratch\nCOPY x /\n")
    if key == "dockerfile":
        (tmp_path / "elsewhere/Dockerfile").write_text("FROM scratch\nCOPY x /\n")
    commit()
    with pytest.raises(DeployError) as caught:
        compared("HEAD")
    assert caught.value.code == "outside-repository"
    with pytest.raises(DeployError, match="no commit"):
        replayed(root)


@pytest.fixture
def library(tmp_path, git, monkeypatch):
    """A repository that others have as a submodule; `library("2")` makes a commit and tells its id."""
    place = tmp_path / "library"
    place.mkdir()
    monkeypatch.setenv("GIT_ALLOW_PROTOCOL", "file")
    git("-C", str(place), "init", "--quiet", "--initial-branch=main")

    def make(text):
        (place / "file").write_text(text)
        git("-C", str(place), "add", ".")
        git("-C", str(place), "commit", "--quiet", "--message", text)
        return git("-C", str(place), "rev-parse", "HEAD")

    make("1")
    return make


@pytest.fixture
def with_submodule(write, commit, git, library, tmp_path, root):
    """A project that copies a submodule: at its first commit as it was, at its second with an edit in it."""
    write({**TREE, "docker/Dockerfile": "FROM scratch\nCOPY . /src\n", ".dockerignore": ".git\n"})
    commit()
    git("submodule", "--quiet", "add", str(tmp_path / "library"), "lib")
    first = commit("with the submodule")
    later = library("2")
    git("-C", str(root / "lib"), "fetch", "--quiet")
    git("-C", str(root / "lib"), "checkout", "--quiet", later)
    return first, commit("a newer submodule")


def test_a_submodule_is_what_it_was(with_submodule, compared, root):
    first, second = with_submodule
    assert rows(compared(second)) == []
    assert rows(compared(first)) == [("changed", "lib/file", 2)]
    assert [outcome.error for outcome in replayed(root).outcomes] == ["", "", ""]
    assert len(replayed(root).counts[0].new) == 3


def test_the_tag_of_then_with_a_submodule_is_a_checkout_s(with_submodule, git, root):
    outcomes = {outcome.commit.id: outcome.tag for outcome in replayed(root).outcomes}
    for commit in with_submodule:
        git("checkout", "--quiet", commit)
        git("submodule", "--quiet", "update")
        (image,) = load(root / "rajee-deploy.toml").images
        assert outcomes[commit] == read_inputs(image).fingerprint.tag


@pytest.mark.usefixtures("with_submodule")
def test_a_submodule_that_is_not_here_is_told(compared, root, git):
    git("update-index", "--cacheinfo", f"160000,{'1' * 40},lib")
    git("commit", "--quiet", "--message", "from somewhere")
    with pytest.raises(DeployError) as caught:
        compared("HEAD")
    assert (caught.value.code, caught.value.where) == ("revision-not-buildable", "lib")
    assert "which this machine does not have" in caught.value.cause
    assert "submodule-missing" in replayed(root).outcomes[-1].error
    (root / "docker/Dockerfile").write_text("FROM scratch\nCOPY src /src\n")
    git("commit", "--quiet", "--all", "--message", "not read any more")
    assert compared("HEAD").comparisons["app"].is_same
