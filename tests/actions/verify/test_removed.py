"""What BuildKit must not see of a build context, as ignore patterns."""

from __future__ import annotations

import pytest

from rajee_deploy.actions.verify.removed import MOST, InexpressibleError, ignore_text
from rajee_deploy.context import ContextRules
from rajee_deploy.system.ours import make_place


@pytest.fixture
def root(tmp_path):
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a").write_text("a")
    return tmp_path


def test_nothing_to_say(root):
    assert ignore_text(root, ContextRules()) is None
    assert ignore_text(root, ContextRules(ignore=b"")) == b"# Nothing is ignored.\n"
    assert ignore_text(root, ContextRules(ignore=b"*.md\n")) == b"*.md\n"


def test_what_deployignore_removes_comes_behind_the_users_own_rules(root):
    (root / "src" / "b[1].md").write_text("b")
    text = ignore_text(root, ContextRules(ignore=b"*.log\n", deployignore=b"*.md\n"))
    assert text == b"*.log\n/src/b\\[1\\].md\n"


def test_what_the_tool_keeps_there_is_not_shown(root):
    """It is in no image of ours, so a plain build must not copy it either, or the two seem to differ."""
    make_place(root / ".state" / "cache")
    make_place(root / "mine", "history.jsonl")
    (root / "mine" / "history.jsonl").write_text("")
    (root / "mine" / "kept").write_text("")
    lines = set((ignore_text(root, ContextRules()) or b"").decode().split())
    assert lines == {"/.state", "/mine/.rajee-deploy", "/mine/history.jsonl"}


def test_too_many_are_told(root):
    for number in range(MOST + 1):
        (root / f"{number}.md").write_text("")
    with pytest.raises(InexpressibleError, match=f"more than {MOST} entries"):
        ignore_text(root, ContextRules(deployignore=b"*.md\n"))
