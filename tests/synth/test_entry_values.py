"""What an entry of a list is worth, and that no list makes us follow links, open pipes or leave the checkout."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from rajee_deploy.synth.entry_values import EntryValues
from rajee_deploy.synth.tracing.depfile import TracedEntry

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    root = tmp_path / "checkout"
    root.mkdir()
    (root / "a").write_text("1")
    (root / "link").symlink_to("a")
    (root / "out").symlink_to(tmp_path)
    (tmp_path / "secret").write_text("1")
    (root / "d").mkdir()
    os.mkfifo(root / "pipe")
    return root


def value(root: Path, *entry, is_foreign: bool = False) -> str:
    entries = [TracedEntry(*entry)]
    return EntryValues(str(root), (), root, entries, is_foreign=is_foreign).of(entries[0])


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (("file", "./a"), "644 sha256:6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"),
        (("stat", "./a"), "644 1 bytes"),
        (("file", "./d"), "dir"),
        (("file", "./absent"), "absent"),
        (("file", "./absent/x"), "absent"),
        (("file", "./link"), "link a"),
        (("file", "./a/x"), "file in the way"),
        (("made", "./absent", "0"), "as made"),
    ],
)
def test_a_value(root, entry, expected):
    if entry[0] == "made":
        entry = (entry[0], entry[1], (entry[2],))
    assert value(root, *entry) == expected


@pytest.mark.parametrize("is_foreign", [True, False])
@pytest.mark.parametrize("kind", ["file", "stat", "list", "made"])
def test_no_list_leads_out_of_the_checkout_or_into_a_pipe(root, kind, is_foreign):
    but = ("0",) if kind == "made" else ()
    assert value(root, kind, "./out/secret", but, is_foreign=is_foreign).startswith("link in the way")
    assert value(root, kind, "./out/checkout/a", but, is_foreign=is_foreign).startswith("link in the way")
    assert value(root, kind, "./pipe", but, is_foreign=is_foreign) == "special"
    assert value(root, kind, "./pipe/x", but, is_foreign=is_foreign) == "special in the way"


@pytest.mark.parametrize("path", ["$TMPDIR/../secret", "./../secret", "./d/../../secret", "~/../secret"])
def test_no_list_leads_above_where_it_begins(root, monkeypatch, path):
    monkeypatch.setenv("TMPDIR", str(root))
    monkeypatch.setattr("tempfile.tempdir", None)
    for is_foreign in (True, False):
        assert value(root, "file", path, is_foreign=is_foreign) == "no place"


def test_no_module_outside_of_the_checkout_is_opened_for_its_words(root, tmp_path):
    """A package without a module counts where the app's own modules speak of it, and no list chooses other ones."""
    (root / "plugins").mkdir()
    (root / "plugins" / "data.txt").touch()
    (tmp_path / "secret.py").write_text("plugins")
    listing = TracedEntry("modules", "./")

    def names(*paths: str) -> str:
        entries = [listing, *(TracedEntry("file", path) for path in paths)]
        return EntryValues(str(root), (), root, entries, is_foreign=True).of(listing)

    unseen = names()
    for path in (f"{tmp_path}/secret.py", "./../secret.py", "./out/secret.py", "~/secret.py"):
        assert names(path) == unseen, path
    (root / "app.py").write_text("import plugins")
    assert names("./app.py") != names()


def test_a_made_entry_without_a_digest_is_a_file_like_any_other(root):
    (root / "cache.txt").write_text("x")
    assert value(root, "made", "./cache.txt").startswith("644 sha256:")
    assert value(root, "made", "./none.txt") == "as made"


def test_of_what_lies_elsewhere_a_foreign_list_learns_the_kind_alone(root, tmp_path):
    assert value(root, "file", f"{tmp_path}/secret", is_foreign=True) == "file"
    assert value(root, "file", f"{tmp_path}/secret").startswith("644 sha256:")


def test_names_count_but_those_that_come_by_themselves(root):
    before = value(root, "list", "./")
    (root / "__pycache__").mkdir()
    assert value(root, "list", "./") == before
    (root / "new").touch()
    assert value(root, "list", "./") != before
    assert value(root, "list", "./", ("new",)) == before


def test_modules_and_scripts_are_some_of_the_names(root):
    modules, scripts = value(root, "modules", "./d"), value(root, "scripts", "./d")
    (root / "d" / "text.md").touch()
    assert (value(root, "modules", "./d"), value(root, "scripts", "./d")) == (modules, scripts)
    (root / "d" / "m.py").touch()
    assert (value(root, "modules", "./d") == modules, value(root, "scripts", "./d") == scripts) == (False, True)
    (root / "d" / "s.ts").touch()
    assert value(root, "scripts", "./d") != scripts


def test_upward_is_sought_above_the_checkout_alone(root):
    assert [value(root, "upward", name) for name in ("a", "secret", "../x", "..", "")] == [
        "absent",
        "present",
        "no name",
        "no name",
        "no name",
    ]


def test_the_environment_counts_without_what_tells_nothing(root, monkeypatch):
    before = value(root, "environment", "")
    monkeypatch.setenv("GITHUB_RUN_ID", "1")
    assert value(root, "environment", "") == before
    monkeypatch.setenv("STAGE", "1")
    assert value(root, "environment", "") != before
