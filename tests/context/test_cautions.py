"""What is said of entries that are built as they are, and probably should not be."""

from __future__ import annotations

import pytest

from rajee_deploy.context import Modes, look_up

POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{1:064d}\nsize 12345\n"


@pytest.fixture
def codes(root, build, rules, read):
    """The notices about a tree, as (code, line)."""

    def ask(tree, *reads, ignore=()):
        build(tree)
        found = look_up(root, reads or [read("/")], rules(*ignore), Modes.GIT)
        return {notice.code: (notice.line, notice.message) for notice in found.notices}

    return ask


def test_git_s_own_directory_is_named_with_the_line_that_takes_it(codes, read):
    found = codes({".git/HEAD": "ref", "a": "A"}, read("/a", line=2), read("/", line=3))
    assert found["git-directory"][0] == 3
    assert found["git-directory"][1].startswith(".git counts")


def test_of_a_submodule_s_too(codes):
    assert "lib/.git counts" in codes({"lib/.git/HEAD": "ref"})["git-directory"][1]


@pytest.mark.parametrize(
    ("tree", "ignore"),
    [
        ({".git/HEAD": "ref", "a": "A"}, [".git"]),
        ({".git": "gitdir: ../.git/modules/a", "a": "A"}, []),  # a file that never moves
        ({".gitignore": "x", ".github/a": "A"}, []),
    ],
)
def test_what_does_not_move_by_itself_is_not(codes, tree, ignore):
    assert "git-directory" not in codes(tree, ignore=ignore)


def test_pointers_of_git_lfs(codes, read):
    found = codes(
        {"d/model.bin": POINTER, "other": POINTER.replace("git-lfs", "git-other"), "a": "A"}, read("/d", line=5)
    )
    assert found["lfs-pointer"] == (5, "these are pointers of Git LFS and not the files: d/model.bin (git lfs pull)")


@pytest.mark.parametrize(
    ("name", "text", "is_told"),
    [
        ("run.sh", "#!/bin/sh\r\necho\r\n", True),
        ("run.sh", "#!/bin/sh\necho\r\n", False),
        ("run.sh", "echo\r\n", False),
        ("notes.txt", "#!/bin/sh\r\n", False),
    ],
)
def test_scripts_that_no_linux_starts(codes, name, text, is_told):
    assert ("crlf-script" in codes({name: text})) is is_told


def test_scripts_without_an_ending_are_known_by_their_mode(codes, root, build):
    build({"entrypoint": "#!/bin/sh\r\n"})
    (root / "entrypoint").chmod(0o755)
    assert "crlf-script" in codes({"a": "A"})


def test_many_are_counted(codes):
    found = codes({f"{number}.sh": "#!/bin/sh\r\n" for number in range(5)})
    assert "0.sh, 1.sh, 2.sh and 2 more" in found["crlf-script"][1]
