"""A revision and its text go into each other."""

from __future__ import annotations

from pathlib import Path

import pytest

import rajee_deploy
from rajee_deploy.model.revision import commit_of, is_dirty, short_commit, with_state

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize("dirty", [False, True])
@pytest.mark.parametrize("commit", [COMMIT, "-", ""])
def test_what_is_put_on_is_taken_off(commit, dirty):
    text = with_state(commit, is_dirty=dirty)
    assert (commit_of(text), is_dirty(text)) == (commit, dirty)
    assert text == (f"{commit}-dirty" if dirty else commit)


def test_short_is_twelve_digits():
    assert short_commit(COMMIT) == "0123456789ab"


def test_nobody_else_spells_the_suffix():
    root = Path(rajee_deploy.__file__).parent
    found = [str(p.relative_to(root)) for p in root.rglob("*.py") if '"-dirty"' in p.read_text()]
    assert found == ["model/revision.py"]
