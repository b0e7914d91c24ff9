"""Sources that are patterns: what is told of those that match nothing, or not what has their name."""

from __future__ import annotations

import pytest

from rajee_deploy.context import Roots, find_rules, look_up
from rajee_deploy.dockerfile import resolve
from rajee_deploy.errors import DeployError
from rajee_deploy.model import BuildOptions, Platform

TREE = {
    "a": "a",
    "opt/k.md": "k",
    "app/s": "s",
    "app/[slug]/page": "p",
    "new/[slug].ts": "n",
    "star/*": "x",
    "ign/x": "i",
    "empty": None,
    "loose": ("nowhere",),
    ".dockerignore": "ign\n",
}


@pytest.fixture
def selected(root, write_tree):
    write_tree(root, TREE)

    def look(text):
        recipe = resolve(f"FROM scratch\n{text}\n".encode(), BuildOptions(Platform.parse("linux/amd64")), "Dockerfile")
        return look_up(root, recipe.reads, find_rules(root, root / "Dockerfile", main=True))

    return look


@pytest.mark.parametrize(
    "source",
    ["opt/*.cfg", "nope/*", "nope/x/y*", "star/[*]", "empty/*", "loose/*", "ign/*", "opt/k.md/*", "new/[slug]"],
)
@pytest.mark.parametrize("line", ["COPY {} /x/", "COPY a {} /x/", "ADD {} /x/", "COPY --exclude=y {} /x/"])
def test_a_pattern_without_a_directory_to_look_in_is_refused(source, line, selected):
    with pytest.raises(DeployError) as caught:
        selected(f"COPY a /\n{line.format(source)}")
    assert (caught.value.code, caught.value.where) == ("source-not-found", "Dockerfile:3")
    assert source in caught.value.problem
    assert source.rpartition("/")[0] in caught.value.cause
    assert caught.value.hint


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("COPY *.cfg /x/", "source-matches-nothing"),
        ("COPY a nope* /x/", "source-matches-nothing"),
        ("COPY a /\nCOPY a/* /x/", "source-matches-nothing"),
        ("COPY opt /\nCOPY opt/*.cfg /x/", "source-matches-nothing"),
        ("COPY . /\nCOPY opt/*.cfg empty/* /x/", "source-matches-nothing"),
        ("COPY a /\nCOPY --parents **/*.cfg /x/", "source-matches-nothing"),
        ("COPY app/[slug] /x/", "source-is-pattern"),
        ("COPY app/[slug]/page app /x/", "source-is-pattern"),
    ],
)
def test_a_pattern_that_copies_nothing_is_told(text, code, selected):
    found = selected(text).notices
    assert {notice.code for notice in found} == {code}
    assert {notice.line for notice in found} == {text.count("\n") + 2}


@pytest.mark.parametrize(
    "text",
    [
        "COPY opt/* /x/",
        "COPY app/[[]slug] /x/",
        "COPY star/* /x/",
        "COPY star/? /x/",
        "COPY --parents **/s /x/",
        "COPY empty /x/",
    ],
)
def test_of_a_pattern_that_copies_what_it_names_nothing_is_told(text, selected):
    assert selected(text).notices == ()


def test_how_to_write_a_name_with_brackets_is_told(selected):
    with pytest.raises(DeployError) as caught:
        selected("COPY a /\nCOPY new/[slug].ts /x/")
    assert "write new/[[]slug].ts" in caught.value.hint
    (notice,) = selected("COPY app/[slug] /x/").notices
    assert "write app/[[]slug]" in notice.message


@pytest.mark.usefixtures("selected")
def test_a_notice_is_remembered_with_the_answer(root, tmp_path):
    recipe = resolve(
        b"FROM scratch\nCOPY app/[slug] *.cfg /x/\n", BuildOptions(Platform.parse("linux/amd64")), "Dockerfile"
    )
    rules = find_rules(root, root / "Dockerfile", main=True)
    found = []
    for _ in range(2):
        with Roots(tmp_path / "cache", clock=lambda: 1 << 62) as roots:
            found.append(look_up(root, recipe.reads, rules, roots=roots).notices)
    assert found[0] == found[1]
    (root / "app/[slug]/page").unlink()
    (root / "app/[slug]").rmdir()
    with Roots(tmp_path / "cache", clock=lambda: 1 << 62) as roots:
        codes = [notice.code for notice in look_up(root, recipe.reads, rules, roots=roots).notices]
    assert codes == ["source-matches-nothing"]
