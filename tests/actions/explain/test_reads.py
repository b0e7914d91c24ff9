"""What each line of the Dockerfile reads, biggest first, and the other inputs."""

from __future__ import annotations

import io
import json

import pytest

from rajee_deploy.actions.explain.documents import of_explanations
from rajee_deploy.actions.explain.reads import by_line, other_inputs
from rajee_deploy.actions.explain.words import show_image, size_text
from rajee_deploy.build_record.reads import lines_by_entry
from rajee_deploy.console import Console

DOCKERFILE = """\
FROM scratch AS tools
COPY tools/t /t

FROM base:1
ARG VERSION
ARG NEVER
COPY --chown=0:0 \\
  one two/ \\
  # both of them
  /dst/
RUN --mount=type=bind,source=big,target=/big \\
    --mount=type=secret,id=token cat /big
COPY <<EOF /etc/motd
one two three
EOF
"""
TREE = {
    "Dockerfile": DOCKERFILE,
    "one": "1",
    "two/a": "22",
    "two/b": "333",
    "two/empty": None,
    "big": "b" * 50,
    "tools/t": "t",
    "unread": "u",
}


def test_the_lines_come_biggest_first(inputs):
    found = by_line(inputs(TREE))
    assert [(line.line, line.files, line.size) for line in found] == [(11, 1, 50), (7, 3, 6)]
    assert [read.source for read in found[1].reads] == ["one", "two/"]
    assert found[1].text == "COPY --chown=0:0 one two/ /dst/"


def test_lines_of_equal_size_come_in_their_order(inputs):
    found = by_line(inputs({"Dockerfile": "FROM scratch\nCOPY b /\nCOPY a /\n", "a": "1", "b": "2"}))
    assert [line.line for line in found] == [2, 3]


@pytest.mark.parametrize(
    ("line", "files", "size"),
    [
        ("COPY . /", 7, 15),
        ("COPY *.txt /", 2, 6),
        ("COPY d l /", 3, 8),  # the symlink l leads to d/x, which is a file of d already
        ("COPY --exclude=**/x d /", 2, 4),
        ("COPY --parents d/./s/z /", 1, 4),
        ("COPY nothing* /", 0, 0),
    ],
)
def test_files_that_each_form_of_copy_reads(inputs, line, files, size):
    tree = {"a.txt": "123", "b.txt": "456", "c": "7", "d/x": "89ab", "d/y": ("x",), "d/s/z": "1234", "l": ("d/x",)}
    own = {"Dockerfile": f"FROM scratch\n{line}\n", ".dockerignore": "Dockerfile\n.dockerignore\n"}
    (found,) = by_line(inputs({**tree, **own}))
    assert (found.files, found.size) == (files, size)


def test_every_entry_has_the_first_line_that_reads_it(inputs):
    found = lines_by_entry(inputs({"Dockerfile": "FROM scratch\nCOPY a /\nCOPY a d /\n", "a": "1", "d/x": "2"}))
    assert found == {("", "a"): 2, ("", "d"): 3, ("", "d/x"): 3}


def test_other_inputs_are_named_and_arguments_keep_their_values_private(inputs):
    found = inputs(TREE, build_args={"VERSION": "hunter2"}, target=None)
    names = [item.name for item in other_inputs(found)]
    assert names == [
        "scheme",
        "platform",
        "target",
        "modes",
        "build-arg:NEVER",
        "build-arg:VERSION",
        "reference:from",
        "secret",
    ]
    document = of_explanations({"app": found})
    stream = io.StringIO()
    show_image(Console(stdout=stream, stderr=io.StringIO()), "app", found)
    assert "hunter2" not in stream.getvalue() + json.dumps(document)
    assert "build-arg:VERSION" in stream.getvalue()


def test_the_document(inputs):
    document = of_explanations({"app": inputs(TREE)})
    assert document["schema"] == "rajee-deploy.explain/1"
    app = document["images"]["app"]
    assert [line["line"] for line in app["lines"]] == [[11, 12], [7, 10]]
    assert [(line["files"], line["bytes"]) for line in app["lines"]] == [(1, 50), (3, 6)]
    assert app["lines"][1]["sources"] == [{"source": "one", "context": ""}, {"source": "two/", "context": ""}]
    assert {"name": "reference:from", "value": "base:1"} in app["inputs"]


def test_named_contexts_are_told_apart(inputs, tmp_path):
    lib = tmp_path / "lib"
    lib.mkdir()
    (lib / "one").write_text("abcdef")
    dockerfile = "FROM scratch\nCOPY one /\nCOPY --from=lib one /lib\n"
    found = by_line(inputs({"Dockerfile": dockerfile, "one": "1"}, build_contexts={"lib": str(lib)}))
    assert [(line.line, line.size, line.reads[0].context) for line in found] == [(3, 6, "lib"), (2, 1, "")]


def test_a_foreign_frontend_reads_everything_for_a_reason(inputs):
    found = inputs({"Dockerfile": "# syntax=example.com/other:1\nanything\n", "a": "1"})
    (line,) = by_line(found)
    assert (line.line, line.files) == (1, 2)
    assert "not Docker's" in line.text


def test_the_table_is_on_stdout_and_safe_to_print(inputs):
    stream = io.StringIO()
    found = inputs({"Dockerfile": "FROM scratch\nCOPY a\x1b31m /\n", "a\x1b31m": "1"})
    show_image(Console(stdout=stream, stderr=io.StringIO()), "app", found)
    assert found.fingerprint.tag[:14] in stream.getvalue()
    assert "\x1b" not in stream.getvalue()


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (9949, "9.9 kB"),
        (9950, "10 kB"),
        (999_499, "999 kB"),
        (999_500, "1.0 MB"),
        (1_500_000_000, "1.5 GB"),
    ],
)
def test_sizes(size, text):
    assert size_text(size) == text
