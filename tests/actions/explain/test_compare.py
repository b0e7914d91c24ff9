"""What makes two fingerprints differ: every kind of change, each told as what it is, the first cause on top."""

from __future__ import annotations

import copy
import json

import pytest

from rajee_deploy.actions.explain.changes import ImageDifference
from rajee_deploy.actions.explain.compare import compare
from rajee_deploy.build_record.decode import decode
from rajee_deploy.build_record.encode import encode
from rajee_deploy.build_record.of_image import contents_of
from rajee_deploy.model import Platform

DOCKERFILE = """\
ARG BASE=base:1
FROM ${BASE} AS app
ARG VERSION
COPY src /src
RUN make
COPY conf /conf
RUN --mount=type=secret,id=token true
"""
TREE = {"src/a": "1", "src/d/b": "22", "conf": "c", "link-target": ""}


@pytest.fixture
def changed(inputs, root):
    """Compare a project with what it becomes by `edit`."""

    def make(edit, before=None, tree=None, **after):
        first = copy.copy(inputs({"Dockerfile": DOCKERFILE, **TREE, **(tree or {})}, **(before or {})))
        edit(root)
        past, present = (contents_of(each, with_bytes=True) for each in (first, inputs(**{**(before or {}), **after})))
        found = compare(past, present)
        assert compare(decode(past.tag, encode(past)), present) == found, "a record tells what live inputs tell"
        assert found.is_same or found.changes
        return found

    return make


def told(comparison):
    return [
        (change.cause.value, change.subject, change.before, change.after, change.line) for change in comparison.changes
    ]


def nothing(_):
    pass


def replace_in(name, old, new):
    def edit(root):
        text = (root / name).read_text()
        assert old in text
        (root / name).write_text(text.replace(old, new))

    return edit


def relink(root):
    (root / "src/l").unlink()
    (root / "src/l").symlink_to("d")


def to_link(root):
    (root / "conf").unlink()
    (root / "conf").symlink_to("link-target")


def drop(root):
    (root / "src/d/b").unlink()
    (root / "src/d").rmdir()


def add(root):
    (root / "src/e/f").mkdir(parents=True)
    (root / "src/e/f/g").write_text("new")


@pytest.mark.parametrize(
    ("edit", "wanted"),
    [
        (lambda root: (root / "src/a").write_text("333"), [("changed", "src/a", "1 B", "3 B", 4)]),
        (lambda root: (root / "src/a").chmod(0o755), [("mode", "src/a", "0644", "0755", 4)]),
        (add, [("added", "src/e/f/g", "", "3 B", 4)]),
        (drop, [("removed", "src/d/b", "2 B", "", 4)]),
        (lambda root: (root / "src/empty").mkdir(), [("added", "src/empty", "", "dir", 4)]),
        (relink, [("link", "src/l", "a", "d", 4)]),
        (
            lambda root: ((root / "src/a").unlink(), (root / "src/a").symlink_to("d")),
            [("kind", "src/a", "file", "symlink", 4)],
        ),
        (
            replace_in("Dockerfile", "RUN make", "RUN  make all"),
            [("instruction", "RUN", "RUN make", "RUN make all", 5)],
        ),
        (replace_in("Dockerfile", "RUN make\n", ""), [("instruction", "RUN", "RUN make", "", 5)]),
        (
            replace_in("Dockerfile", "RUN make", "# more\nRUN make\nUSER 1"),
            [("instruction", "USER", "", "USER 1", 7)],
        ),
        (
            replace_in("Dockerfile", "id=token", "id=other"),
            [
                ("secret", "secret:other", "", "used", 0),
                ("secret", "secret:token", "used", "", 0),
                (
                    "instruction",
                    "RUN",
                    "RUN --mount=type=secret,id=token true",
                    "RUN --mount=type=secret,id=other true",
                    7,
                ),
            ],
        ),
        (
            replace_in("Dockerfile", "FROM ${BASE}", "FROM other:1"),
            [
                ("args", "BASE", "not set", "", 0),
                ("instruction", "ARG", "ARG BASE=base:1", "", 1),
                ("base", "from", "base:1", "other:1", 2),
                ("instruction", "FROM", "FROM ${BASE} AS app", "FROM other:1 AS app", 2),
            ],
        ),
        (
            replace_in("Dockerfile", "COPY conf /conf", "COPY --from=tool:2 /t /t"),
            [
                ("reference", "copy", "", "tool:2", 6),
                ("instruction", "COPY", "COPY conf /conf", "COPY --from=tool:2 /t /t", 6),
                ("removed", "conf", "1 B", "", 6),
            ],
        ),
    ],
)
def test_edits(changed, edit, wanted):
    found = told(changed(edit, tree={"src/l": ("a",)}))
    assert found == wanted


@pytest.mark.parametrize(
    ("before", "after", "wanted"),
    [
        ({}, {"platforms": (Platform("linux", "arm64"),)}, ("platform", "platform", "linux/amd64", "linux/arm64", 0)),
        ({}, {"target": "app"}, ("target", "target", "the last stage", "app", 0)),
        ({}, {"build_args": {"VERSION": "hunter2"}}, ("args", "VERSION", "not set", "set", 0)),
        ({"build_args": {"VERSION": "hunter2"}}, {"build_args": {}}, ("args", "VERSION", "set", "not set", 0)),
        (
            {"build_args": {"VERSION": "hunter2"}},
            {"build_args": {"VERSION": "hunter3"}},
            ("args", "VERSION", "set", "set to another value", 0),
        ),
        (
            {"build_contexts": {"x": "docker-image://a"}},
            {"build_contexts": {"x": "docker-image://b"}},
            ("build-context", "x", "docker-image://a", "docker-image://b", 0),
        ),
    ],
)
def test_options(changed, before, after, wanted):
    comparison = changed(nothing, before, **after)
    assert told(comparison) == [wanted]
    assert "hunter" not in json.dumps(told(comparison))


def test_a_base_that_an_argument_changes_has_the_argument_for_its_first_cause(changed):
    found = told(changed(nothing, build_args={"BASE": "base:2"}))
    assert [row[0] for row in found] == ["args", "base", "instruction"]
    assert found[1] == ("base", "from", "base:1", "base:2", 2)
    assert "base:1" in found[2][2]
    assert "base:2" in found[2][3]


def test_the_first_line_of_the_build_is_on_top_though_lines_moved(changed):
    def edit(root):
        replace_in("Dockerfile", "FROM ${BASE}", "# some\n# more\n# lines\nFROM ${BASE}")(root)
        replace_in("Dockerfile", "COPY conf /conf\n", "")(root)  # line 6 of the former file
        (root / "src/a").write_text("changed")  # read by line 7 of the present one

    found = told(changed(edit))
    assert [(row[0], row[4]) for row in found] == [("changed", 7), ("instruction", 6), ("removed", 6)]


def test_nothing_to_tell(changed):
    def edit(root):
        (root / "unread").write_text("1")
        replace_in("Dockerfile", "RUN make", "# why\nrun   make")(root)
        (root / "src/a").touch()

    comparison = changed(edit)
    assert comparison.is_same
    assert comparison.changes == ()


def test_a_source_that_stands_for_other_entries_of_the_same_list(changed):
    """Two symlinks that swap what they lead to: every entry is there before and after, another one is copied first."""

    def edit(root):
        for name, target in (("one", "src"), ("two", "other")):
            (root / name).unlink()
            (root / name).symlink_to(target)

    tree = {"Dockerfile": "FROM scratch\nCOPY one /a\nCOPY two /b\n", "other/x": "x"}
    found = changed(edit, tree={**tree, "one": ("other",), "two": ("src",)})
    assert not found.is_same
    assert [(row[0], row[1], row[4]) for row in told(found)] == [("reads", "one", 2), ("reads", "two", 3)]


def test_the_git_directory_is_told_once_and_last(changed):
    def edit(root):
        (root / ".git/index").write_text("new")
        (root / ".git/HEAD").write_text("other")
        (root / "a").write_text("a")

    tree = {"Dockerfile": "FROM scratch\nCOPY . /\n", ".git/HEAD": "main"}
    found = changed(edit, tree=tree)
    assert [(row[0], row[1]) for row in told(found)] == [("added", "a"), ("git", ".git")]


def test_a_named_context_is_named(changed, tmp_path):
    lib = tmp_path / "lib"
    lib.mkdir()
    (lib / "x").write_text("1")
    before = {"build_contexts": {"lib": str(lib)}}
    tree = {"Dockerfile": "FROM scratch\nCOPY --from=lib x /\n"}
    (change,) = changed(lambda _: (lib / "x").write_text("22"), before, tree).changes
    assert (change.context, change.subject, change.line) == ("lib", "x", 2)
    assert isinstance(change, ImageDifference)
