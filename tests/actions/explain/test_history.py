"""Real repositories: what changed since a revision, and how many commits need a rebuild."""

from __future__ import annotations

import json
import os
from functools import partial
from pathlib import Path

import pytest
from forked import run_command
from histories import SETTINGS, TREE, replayed, rows

from rajee_deploy.actions.explain.past import Origin
from rajee_deploy.actions.explain.since import since
from rajee_deploy.errors import DeployError
from rajee_deploy.git.checkout import private_checkout
from rajee_deploy.git.revisions import find_commit, find_repository, first_parents
from rajee_deploy.image.inputs import read_inputs
from rajee_deploy.settings import load


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """The place for temporary files, empty."""
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setenv("TMPDIR", str(place))
    return place


def test_what_changed_since_a_commit(write, commit, compared, root, temporary):
    write(TREE)
    first = commit()
    write({"src/a": "2", "src/untracked": "u", "README": "other"})
    (root / "docker/Dockerfile").write_text("FROM base:1\nCOPY src /src\n")
    found = compared("HEAD")
    assert found.commit == first
    assert rows(found) == [
        ("base", "from", 1),
        ("instruction", "FROM", 1),
        ("added", "src/untracked", 2),
        ("changed", "src/a", 2),
    ]
    assert list(temporary.iterdir()) == []


def test_the_same_tag(write, commit, compared):
    write(TREE)
    commit()
    write({"README": "other"})
    commit()
    found = compared("HEAD~1").comparisons["app"]
    assert found.is_same
    assert found.changes == ()


def test_entries_that_git_ignores_are_said_to_be_of_no_commit(write, commit, compared):
    write({**TREE, ".gitignore": "*.o\n/src/out/\n"})
    commit()
    write({"src/x.o": "1", "src/out/y": "2", "src/new": "3", "other.o": "not read"})
    found = compared("HEAD")
    assert [row[1] for row in rows(found)] == ["src/new", "src/out/y", "src/x.o"]
    assert found.notes["app"].startswith("2 of the added entries are ignored by git")


def test_the_settings_of_then_count(write, commit, compared):
    write(TREE)
    commit()
    write({"rajee-deploy.toml": SETTINGS + 'platform = "linux/arm64"\nbuild-args = { V = "1" }\n'})
    found = compared("HEAD")
    assert rows(found) == [("platform", "platform", 0)]
    assert found.notes == {}


@pytest.mark.parametrize(
    ("then", "note"),
    [
        (None, "the settings file does not exist"),
        (SETTINGS.replace("app", "old"), "have no image app"),
        ("[images.app]\nno-key-of-ours = 1\n", "unknown key"),
        ('[images.app]\nrepository = "a"\ncontext = "nowhere"\n', "the directory nowhere does not exist"),
    ],
)
def test_settings_that_cannot_be_used_give_way_to_those_of_now(write, commit, compared, root, then, note):
    write(TREE)
    (root / "rajee-deploy.toml").unlink()
    if then is not None:
        write({"rajee-deploy.toml": then})
    commit()
    write({"rajee-deploy.toml": SETTINGS, "src/a": "2"})
    found = compared("HEAD")
    assert rows(found) == [("changed", "src/a", 2)]
    assert note in found.notes["app"]
    assert "rajee-deploy-" not in found.notes["app"]


def test_named_contexts_and_settings_in_a_folder(write, commit, compared, root):
    settings = 'context = "app"\nbuild-contexts = { lib = "../lib" }\n'
    write(
        {
            "deploy/rajee-deploy.toml": '[images.app]\nrepository = "a"\n' + settings.replace("app", "../app", 1),
            "app/Dockerfile": "FROM scratch\nCOPY --from=lib x /\n",
            "lib/x": "1",
        }
    )
    commit()
    write({"lib/x": "2"})
    found = compared("HEAD", settings="deploy/rajee-deploy.toml")
    assert rows(found) == [("changed", "x", 2)]
    assert found.notes == {}
    assert root == Path.cwd()


def test_a_revision_that_cannot_be_built(write, commit, compared, git, temporary):
    write({"README": "r"})
    commit()
    git("tag", "old")
    write(TREE)
    commit()
    with pytest.raises(DeployError) as caught:
        compared("old")
    error = caught.value
    assert (error.code, error.where, error.cause) == (
        "revision-not-buildable",
        "docker/Dockerfile",
        "the Dockerfile does not exist",
    )
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("revision", ["nothing", "c-" + "a" * 40, "--help", "", "HEAD:README", "HEAD~9"])
def test_what_git_does_not_know(write, commit, root, revision):
    write(TREE)
    commit()
    with pytest.raises(DeployError) as caught:
        find_commit(find_repository(root), revision)
    assert caught.value.code == "unknown-revision"
    assert ("image's tag is no git revision" in caught.value.hint) == revision.startswith("c-")


def test_no_repository(tmp_path, git):
    with pytest.raises(DeployError) as caught:
        find_repository(tmp_path)
    assert caught.value.code == "no-checkout"
    assert git("rev-parse", "--is-inside-work-tree") == "true"


def test_the_repository_is_left_as_it_was(write, commit, compared, git, root):
    write(TREE)
    commit()
    write({"src/a": "2", "staged": "s"})
    git("add", "staged")
    (root / ".git/hooks").mkdir(exist_ok=True)
    for hook in ("post-checkout", "post-index-change"):
        (root / ".git/hooks" / hook).write_text(f"#!/bin/sh\ntouch {root}/hook-ran\n")
        (root / ".git/hooks" / hook).chmod(0o755)
    before = everything(root)
    compared("HEAD")
    assert everything(root) == before


def everything(root):
    """Every file of the project and of its repository."""
    return {str(path): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def test_the_checkout_is_what_git_would_check_out(write, commit, git, root):
    write(
        {
            ".gitattributes": "*.txt text eol=crlf\nkept export-ignore\n",
            "a.txt": "one\ntwo\n",
            "kept": "k",
            "run": "r",
            "link": ("run",),
        }
    )
    (root / "run").chmod(0o755)
    commit()
    (root / "new").mkdir()
    (root / "new/file").write_text("n")
    (root / "run").unlink()
    later = commit()
    repository = find_repository(root)
    with private_checkout(repository) as checkout:
        checkout.move_to(find_commit(repository, "HEAD~1"))
        assert (checkout.directory / "a.txt").read_bytes() == b"one\r\ntwo\r\n"
        assert (checkout.directory / "kept").exists()
        assert os.access(checkout.directory / "run", os.X_OK)
        assert (checkout.directory / "link").readlink() == Path("run")
        checkout.move_to(later)
        names = sorted(path.name for path in checkout.directory.iterdir())
        place = checkout.directory.parent
    assert names == [".gitattributes", "a.txt", "kept", "link", "new"]
    assert not place.exists()
    assert git("status", "--porcelain") == ""


def test_from_a_linked_worktree(write, commit, git, tmp_path, monkeypatch):
    write(TREE)
    commit()
    git("worktree", "add", "--quiet", "--detach", str(tmp_path / "second"))
    monkeypatch.chdir(tmp_path / "second")
    (tmp_path / "second/src/a").write_text("2")
    path = tmp_path / "second/rajee-deploy.toml"
    present = {image.name: read_inputs(image) for image in load(path).images}
    found = since(present, Origin(path, None, lambda image: image), tmp_path / "second", "HEAD")
    assert rows(found) == [("changed", "src/a", 2)]


@pytest.fixture
def history(write, commit, git):
    """Seven commits: nothing to build, a first image, a README, a source, its revert, a comment, a merged branch."""
    write({"README": "r"})
    ids = [commit("empty")]
    write(TREE)
    ids.append(commit("first"))
    write({"README": "other"})
    ids.append(commit("readme"))
    write({"src/a": "2"})
    ids.append(commit("source"))
    write({"src/a": "1"})
    ids.append(commit("revert"))
    write({"docker/Dockerfile": "# why\nFROM scratch\nCOPY src /src\n"})
    ids.append(commit("comment"))
    git("checkout", "--quiet", "-b", "branch", "HEAD~1")
    for text in ("3", "4"):
        write({"src/b": text})
        commit("on the branch")
    git("checkout", "--quiet", "main")
    git("merge", "--quiet", "--no-ff", "--message=merge", "branch")
    return [*ids, git("rev-parse", "HEAD")]


def test_replay_counts_rebuilds(history, root, temporary):
    found = replayed(root)
    assert [outcome.commit.id for outcome in found.outcomes] == history
    assert [bool(outcome.error) for outcome in found.outcomes] == [True] + [False] * 6
    assert {count.way: count.new for count in found.counts} == {
        "tag": (history[1], history[3], history[6]),
        # the revert is the tree of the commit before it
        "whole context": (history[1], history[2], history[3], history[5], history[6]),
        "commit": tuple(history[1:]),
    }
    assert list(temporary.iterdir()) == []


def test_replay_of_the_last_commits_alone(history, root):
    found = replayed(root, last=2)
    assert [outcome.commit.subject for outcome in found.outcomes] == ["comment", "merge"]
    assert [len(count.new) for count in found.counts] == [2, 2, 2]
    assert found.outcomes[-1].commit.id == history[-1]


def test_a_tag_of_then_is_the_tag_that_a_checkout_of_then_gives(history, git, root):
    outcomes = {outcome.commit.id: outcome for outcome in replayed(root).outcomes}
    for commit in history[1:]:
        git("checkout", "--quiet", commit)
        (image,) = load(root / "rajee-deploy.toml").images
        assert outcomes[commit].tag == read_inputs(image).fingerprint.tag


def test_the_whole_context_leaves_out_what_dockerignore_does_and_not_what_deployignore_does(write, commit, root):
    write({**TREE, ".dockerignore": "ignored\n", ".deployignore": "removed\n"})
    commit()
    for name in ("ignored", "removed"):
        write({name: "1"})
        commit()
    assert [len(count.new) for count in replayed(root).counts] == [1, 2, 3]


def test_an_empty_repository(git, write, root):
    write(TREE)
    with pytest.raises(DeployError) as caught:
        first_parents(find_repository(root), 5)
    assert caught.value.code == "git-failed"
    assert git("status", "--porcelain")


def command(project, *arguments):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "RAJEE_"))}
    return run_command(*arguments, cwd=project, environment=kept)


def document(project, *arguments):
    ended = command(project, *arguments, "--json")
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def test_the_verbs_on_the_command_line(history, root, write, tmp_path):
    run, asked = partial(command, root), partial(document, root)
    write({"src/a": "now"})
    ended = run("explain", "--since", "HEAD")
    assert ended.returncode == 0, ended.stderr
    assert "~ changed src/a  1 B → 3 B" in ended.stdout
    assert asked("explain", "--since", "HEAD~2")["schema"] == "rajee-deploy.explain-since/1"
    assert asked("explain", "--since", "HEAD")["images"]["app"]["changes"] == [
        {"why": "changed", "what": "src/a", "context": "", "before": "1 B", "after": "3 B", "line": 3}
    ]
    (root / "src/a").write_text("1")
    assert "same tag" in run("explain", "--since", "HEAD").stdout
    assert asked("explain")["schema"] == "rajee-deploy.explain/1"
    assert run("explain", "README").stdout == "  - README is not in the hash of app: no instruction reads it\n"
    assert asked("explain", "nothing")["images"]["app"][0]["verdict"] == "absent"
    assert "7 commits" not in run("replay").stdout
    replayed = document(tmp_path, "replay", str(root))
    assert replayed["schema"] == "rajee-deploy.replay/1"
    app = replayed["images"]["app"]
    assert (app["buildable"], app["tag"]["rebuilds"], app["commit"]["rebuilds"]) == (6, 3, 6)
    assert len(app["commits"]) == len(history)
    by_flags = asked("replay", "--context", ".", "-f", "docker/Dockerfile", "--last", "2")
    assert by_flags["images"]["project"]["tag"]["rebuilds"] == 2


@pytest.mark.parametrize(
    ("arguments", "code", "exit_code"),
    [
        (["explain", "--since", "nothing"], "unknown-revision", 1),
        (["explain", "src", "--since", "HEAD"], "bad-flag", 64),
        (["explain", "--context", "nowhere"], "context-missing", 1),
        (["replay", "nowhere"], "no-checkout", 1),
        (["replay", "--last", "0"], "usage", 64),
    ],
)
def test_bad_input(write, commit, root, arguments, code, exit_code):
    write(TREE)
    commit()
    ended = command(root, *arguments, "--json")
    assert ended.returncode == exit_code, ended.stderr
    assert json.loads(ended.stdout)["code"] == code


def test_outside_of_a_repository(root, write):
    write(TREE)
    ended = command(root, "explain", "--since", "HEAD")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "no-checkout" in ended.stderr
