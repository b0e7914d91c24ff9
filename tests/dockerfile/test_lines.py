"""Lines: what the parser keeps, joins and refuses beyond the public table."""

import pytest

from rajee_deploy.dockerfile.parser import parse
from rajee_deploy.errors import DeployError


def names_and_args(text):
    data = text if isinstance(text, bytes) else text.encode()
    return [(node.name, node.args) for node in parse(data, "Dockerfile").nodes]


@pytest.mark.parametrize(
    ("text", "args"),
    [
        pytest.param("COPY\u00a0a b /\n", None, id="a no-break space separates nothing"),
        pytest.param("COPY a\vb\fc /\n", ("a", "b", "c", "/"), id="vertical tab and form feed do"),
        pytest.param("COPY a \\\n\n# comment\n  \t\n b /\n", ("a", "b", "/"), id="blank lines and comments inside"),
        pytest.param("COPY a\\\nb /\n", ("ab", "/"), id="no space is inserted"),
        pytest.param("COPY a \\ \t\n b /\n", ("a", "b", "/"), id="blanks behind the mark"),
        pytest.param("COPY a b \\", ("a", "b"), id="the end of the file ends it"),
        pytest.param("COPY a b /\\\\\nRUN x\n", ("a", "b", "/\\\\"), id="a doubled mark is none"),
        pytest.param("COPY a b # c\n", ("a", "b", "#", "c"), id="no comment behind an instruction"),
        pytest.param('COPY ["a b", "\\ud83d"]\n', ("a b", "\ufffd"), id="a lone surrogate in JSON"),
        pytest.param('COPY ["a", "b"', ('["a",', '"b"'), id="JSON that is none"),
        pytest.param('COPY ["a", 1e999]', ('["a",', "1e999]"), id="a number too large for Go is no JSON"),
        pytest.param(b'COPY ["\xff", "b"]\n', ("\ufffd", "b"), id="broken UTF-8 in JSON"),
        pytest.param(b"COPY \xff b\n", ("\udcff", "b"), id="broken UTF-8 elsewhere is kept"),
    ],
)
def test_arguments(text, args):
    found = names_and_args((b"FROM scratch\n" if isinstance(text, bytes) else "FROM scratch\n") + text)
    if args is None:
        assert found[1][0] != "COPY"
    else:
        assert found[1] == ("COPY", args)


@pytest.mark.parametrize(
    ("line", "flags", "args"),
    [
        ("COPY --from=a --link b c", ("--from=a", "--link"), ("b", "c")),
        ("COPY --from='a b' c d", ("--from=a b",), ("c", "d")),
        ('COPY "--from=a" c', (), ('"--from=a"', "c")),
        ("COPY --chown=\\u\\ v c d", ("--chown=u v",), ("c", "d")),
        ("COPY -- --from=a c", (), ("--from=a", "c")),
        ("COPY --exclude=é a b", ("--exclude=Ã©",), ("a", "b")),
        ("RUN --mount=type=bind,source=x,target=/y ls", ("--mount=type=bind,source=x,target=/y",), ("ls",)),
        ("RUN -v", (), ("-v",)),
    ],
)
def test_flags(line, flags, args):
    node = parse(f"FROM a\n{line}\n".encode(), "Dockerfile").nodes[1]
    assert (node.flags, node.args) == (flags, args)


def test_the_escape_token_also_escapes_in_flags():
    node = parse(b"# escape=`\nFROM a\nCOPY --chown=a` b c d\n", "Dockerfile").nodes[1]
    assert node.flags == ("--chown=a b",)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", None, "empty"),
        ("\n\n# only a comment\n", None, "no instructions"),
        ("# escape=x\nFROM a\n", 1, "escape token"),
        ("# syntax=docker/dockerfile\n# SYNTAX=b\nFROM a\n", 2, "only one syntax"),
        ("FROM a\nRUN <<E\nx\n", 2, "heredoc"),
        ("FROM a\n\nCOPY [1, 2]\n", 3, "strings only"),
        ("FROM a\nENV a\n", 2, "two arguments"),
        ("FROM a\nENV a=b c\n", 2, "no ="),
        ("FROM a\nRUN " + "x" * 65536 + "\n", 2, "65535"),
        ("FROM a\nRUN <<'E F' <<'G\nE F\n", None, ""),
    ],
)
def test_what_is_refused(text, line, words):
    if not words:
        assert parse(text.encode(), "Dockerfile").nodes[1].heredocs == ()
        return
    with pytest.raises(DeployError, match=words) as caught:
        parse(text.encode(), "Dockerfile")
    assert caught.value.code == "dockerfile-syntax"
    assert caught.value.where == (f"Dockerfile:{line}" if line else "Dockerfile")


def test_a_line_of_the_greatest_length_passes():
    assert len(parse(b"FROM a\nRUN " + b"x" * 65531 + b"\n", "Dockerfile").nodes) == 2


def test_lines_of_nodes_include_continuations_and_heredocs():
    nodes = parse(b"# c\nFROM a\n\nRUN x \\\n  y\nCOPY <<E /\nx\nE\n", "Dockerfile").nodes
    assert [(node.start, node.end) for node in nodes] == [(2, 2), (4, 5), (6, 8)]
