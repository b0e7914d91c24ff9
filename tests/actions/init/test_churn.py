"""What a `.deployignore` gets: never what an instruction names, and a comment where somebody may need it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rajee_deploy.actions.init.churn import GIT, IgnoreFile, ignore_file, ignore_files
from rajee_deploy.actions.init.decide import Choice, ImageTable
from rajee_deploy.actions.init.found import CopiedSource, Found, FoundApp, FoundContext, FoundImage, ReadEntry
from rajee_deploy.context.deployignore import DeployIgnored
from rajee_deploy.model import Kind

ALL = CopiedSource("")
FILES = (
    "app.py",
    "README.md",
    "docs/index.md",
    "docs/en/a.txt",
    "tests/test_app.py",
    "src/docs/kept.txt",
    ".git/HEAD",
    "src/__pycache__/app.pyc",
    ".github/workflows/ci.yml",
    "src/notes.md",
    "node_modules/left-pad/index.js",
    ".env",
)


def image(*sources: CopiedSource, files=FILES, **more) -> FoundImage:
    folders = {name.rpartition("/")[0] for name in files} - {""}
    entries = [*(ReadEntry(name, is_directory=True) for name in sorted(folders)), *map(ReadEntry, files)]
    return FoundImage("api", ("Api",), "Dockerfile", ".", entries=tuple(entries), sources=sources or (ALL,), **more)


def made(*images: FoundImage, **context) -> IgnoreFile:
    return ignore_file(FoundContext(".", **context), images)


def active(found: IgnoreFile) -> set[str]:
    return {one.text for one in found.patterns if not one.doubt}


def doubts(found: IgnoreFile) -> dict[str, str]:
    return {one.text: one.doubt for one in found.patterns if one.doubt}


def test_what_churns_is_taken_out_where_a_copy_takes_in_all():
    found = made(image())
    assert active(found) == {".git/", ".github/", "__pycache__/", "/README*", "/docs/", "/tests/"}
    assert set(doubts(found)) == {"*.md", "node_modules/", ".env"}
    assert found.ours == ("/.deployignore", "/rajee-deploy.toml", "/rajee-deploy.schema.json", "/rajee-deploy.lock")


def test_only_what_is_there_has_a_line():
    found = made(image(files=("app.py", "docs/a.txt")))
    assert active(found) == {"/docs/"}
    assert doubts(found) == {}


@pytest.mark.parametrize(
    ("source", "pattern"),
    [
        (CopiedSource("README.md"), "/README*"),
        (CopiedSource("docs"), "/docs/"),
        (CopiedSource("docs/en"), "/docs/"),
        (CopiedSource("docs/en/a.txt"), "/docs/"),
        (CopiedSource("tests/test_app.py"), "/tests/"),
        (CopiedSource(".git/HEAD"), ".git/"),
        (CopiedSource("src/__pycache__"), "__pycache__/"),
        (CopiedSource("node_modules"), "node_modules/"),
        (CopiedSource("src/notes.md"), "*.md"),
    ],
)
def test_what_an_instruction_names_is_never_mentioned(source, pattern):
    assert pattern in {one.text for one in made(image()).patterns}
    assert pattern not in {one.text for one in made(image(ALL, source)).patterns}
    assert pattern not in {one.text for one in made(image(ALL), image(source)).patterns}, "of another image"


@pytest.mark.parametrize(
    ("source", "pattern"),
    [
        (CopiedSource("*.md", is_wild=True), "/README*"),
        (CopiedSource("d*", is_wild=True), "/docs/"),
        (CopiedSource("", patterns=("docs/**",)), "/docs/"),
    ],
)
def test_what_a_wildcard_matches_is_a_comment(source, pattern):
    assert doubts(made(image(ALL, source)))[pattern] == "an instruction matches it by a wildcard"


def test_a_variable_in_a_source_makes_all_of_it_comments():
    found = made(image(CopiedSource("", is_guess=True)))
    assert found.text == ""
    assert ".git/" in found.reason


@pytest.mark.parametrize(
    ("word", "pattern"), [("README", "/README*"), ("docs", "/docs/"), ("tests", "/tests/"), (GIT, ".git/")]
)
def test_what_another_file_names_is_a_comment(word, pattern):
    found = made(image(), mentions={word: "pyproject.toml"})
    assert doubts(found)[pattern] == "pyproject.toml names it"
    assert f"# pyproject.toml names it:\n#{pattern}\n" in found.text


def test_a_narrow_copy_needs_no_file():
    found = made(image(CopiedSource("app.py"), files=("app.py",)))
    assert found.text == ""
    assert found.reason == "nothing that surely churns is read"


def test_a_directory_that_is_copied_alone_hides_nothing_of_ours():
    found = made(image(CopiedSource("src"), files=("src/app.py", "src/__pycache__/a.pyc")))
    assert active(found) == {"__pycache__/"}
    assert found.ours == ()


@pytest.mark.parametrize(
    ("context", "images", "reason"),
    [
        ({"has_own_rules": True}, [image()], "it is there already, and stays as it is"),
        ({"hides_rules": "'.*' (.dockerignore:1)"}, [image()], "'.*' (.dockerignore:1) keeps it out of what is built"),
        ({}, [image(), image(problem="no such stage")], "what api reads is not known"),
    ],
)
def test_where_none_is_written(context, images, reason):
    found = made(*images, **context)
    assert (found.text, found.reason) == ("", reason)


def reasons(images, tables=()) -> dict[str, str]:
    """Why the contexts of these images get no file."""
    app = FoundApp(".", "Python", (), "2.1", is_own_cli=True)
    contexts = tuple(FoundContext(name) for name in dict.fromkeys(one.context for one in images) if name)
    seen = Found(app, (), tuple(images), contexts)
    choice = Choice(("Api",), images=tuple(tables), adopted=tuple(one.name for one in images if not one.obstacle))
    return {one.context: one.reason for one in ignore_files(seen, choice)}


def test_each_context_has_its_own():
    other = replace(image(), name="web", context="web", entries=())
    assert reasons([image(), other]) == {".": "", "web": "nothing that surely churns is read"}


def test_an_image_of_an_unknown_directory_may_be_of_any():
    lost = replace(image(), name="lost", context="")
    assert reasons([image(), lost]) == {".": "which directory lost is built of is not known, and it may be this one"}
    assert reasons([image(), replace(lost, obstacle="a program")]) == {".": ""}


def test_an_image_of_the_settings_may_name_what_would_be_hidden():
    table = ImageTable("api", "Api", "ImageTag", "team/api", ".", "Dockerfile")
    assert reasons([image()], [table]) == {".": "images.api is built of it, too: write it by hand"}


def test_what_is_left_to_the_cdk_gets_none():
    assert reasons([replace(image(), obstacle="a program")]) == {}


class Tree:
    """A tree of these files, as the ignore rules see it."""

    def __init__(self, files) -> None:
        self._files = files

    def children(self, path):
        base = f"{path}/" if path else ""
        names = [name.removeprefix(base) for name in self._files if name.startswith(base)]
        return {name.split("/")[0]: Kind.DIRECTORY if "/" in name else Kind.FILE for name in names}

    def link(self, path):
        raise AssertionError(path)


def left(text: str, files) -> set[str]:
    """What the real reader of `.deployignore` leaves."""
    tree, found, level = DeployIgnored(Tree(files), text.encode(), ".deployignore"), set(), [""]
    while level:
        base = level.pop()
        for name, kind in tree.children(base).items():
            path = f"{base}/{name}".lstrip("/")
            (level.append if kind is Kind.DIRECTORY else found.add)(path)
    return found


def test_the_file_means_to_its_reader_what_was_decided():
    found = made(image())
    own = (".deployignore", "rajee-deploy.toml", "rajee-deploy.schema.json", "rajee-deploy.lock")
    kept = {"app.py", "src/docs/kept.txt", "src/notes.md", "node_modules/left-pad/index.js", ".env"}
    assert left(found.text, (*FILES, *own)) == kept


def test_a_name_with_a_line_break_writes_no_rule():
    found = made(image(), mentions={"docs": "a\n*\nb"})
    assert "*" not in found.text.split("\n")
    assert "# a?*?b names it:" in found.text
