"""The row, which every screen is made of: its columns hold at every width, and no word of it is lost."""

from __future__ import annotations

import io
import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from rajee_deploy.console import Console
from rajee_deploy.console.rows import Detail, Row, cells, headline_of, lay_out, map_texts, plain

BUILD = Row(
    "+",
    "build",
    "envoy",
    "c-ebb2bba14535",
    details=(
        Detail("~", "infra/raja_poc/assets/envoy/envoy.yaml", right="Dockerfile:12"),
        Detail(name="2 of 1,204 files count"),
    ),
)
UPDATE = Row(
    "~",
    "update",
    "RajeeEnvoyStack",
    "the template differs",
    details=(
        Detail("~", "TaskRole", "AWS::IAM::Role       broader permissions"),
        Detail(text="+ s3:GetObject on arn:aws:s3:::data/*"),
    ),
)
KEEP = Row("=", "keep", "RajeeRegistryStack", "as deployed on 21 Nov, 09:40", "4 d")
LONG = Row("!", name="busybox:1.37.0-musl", text="is not pinned, and 1 more", right="rajee-deploy lock --update")


@pytest.mark.parametrize(
    ("width", "rows", "shown"),
    [
        (
            80,
            [BUILD, UPDATE, KEEP],
            """\
  + build   envoy               c-ebb2bba14535
            ~ infra/raja_poc/assets/envoy/envoy.yaml               Dockerfile:12
            2 of 1,204 files count
  ~ update  RajeeEnvoyStack     the template differs
            ~ TaskRole          AWS::IAM::Role       broader permissions
                                + s3:GetObject on arn:aws:s3:::data/*
  = keep    RajeeRegistryStack  as deployed on 21 Nov, 09:40                 4 d""",
        ),
        (
            40,
            [BUILD, KEEP],
            """\
  + build   envoy
              c-ebb2bba14535
            ~ infra/raja_poc/assets/envoy/envoy.yaml
              Dockerfile:12
            2 of 1,204 files count
  = keep    RajeeRegistryStack
              as deployed on 21 Nov,
              09:40                  4 d""",
        ),
        (
            200,
            [BUILD, KEEP],
            """\
  + build   envoy               c-ebb2bba14535
            ~ infra/raja_poc/assets/envoy/envoy.yaml                                   Dockerfile:12
            2 of 1,204 files count
  = keep    RajeeRegistryStack  as deployed on 21 Nov, 09:40                                     4 d""",
        ),
        (
            80,
            [LONG],
            """\
  ! busybox:1.37.0-musl  is not pinned, and 1 more    rajee-deploy lock --update""",
        ),
        (
            60,
            [LONG],
            """\
  ! busybox:1.37.0-musl  is not pinned, and 1 more
                         rajee-deploy lock --update""",
        ),
        (
            40,
            [LONG],
            """\
  ! busybox:1.37.0-musl
      is not pinned, and 1 more
      rajee-deploy lock --update""",
        ),
        (80, [Row(name="where", text="Service"), Row(name="next")], "  where  Service\n  next"),
        (30, [Row("✗", name="一二三", text="四五六 " * 9)], "  ✗ 一二三\n" + "      四五六 四五六 四五六\n" * 3),
        (80, [Row("+", "build", "x" * 41, "its tag")], f"  + build   {'x' * 41}\n              its tag"),
        (80, [], ""),
    ],
)
def test_the_lines_of_a_block(width, rows, shown):
    assert [plain(line) for line in lay_out(rows, width)] == shown.rstrip("\n").split("\n") * bool(rows)


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (80, [f"  1 image to build{' ' * 47}usually 3m 10s"[:80]]),
        (200, [f"  1 image to build{' ' * 68}usually 3m 10s"]),
        (30, ["  1 image to build", "  usually 3m 10s"]),
        (12, ["  1 image to", "  build", "  usually 3m", "  10s"]),
    ],
)
def test_a_headline_has_its_second_text_at_the_edge(width, shown):
    lines = [plain(line) for line in headline_of("1 image to build", "usually 3m 10s", width, indent=2)]
    assert [" ".join(line.split()) for line in lines] == [" ".join(line.split()) for line in shown]
    if len(lines) == 1:
        assert len(lines[0]) == min(width, 100)


WORDS = st.lists(st.text("aZ09-/._[]é·→一🙂", min_size=1, max_size=30), max_size=8).map(" ".join)
BEFORE = {"+", "✗", "~", "±", "build", "confirm"}  # stand where they stand, whatever the width
DETAILS = st.builds(Detail, st.sampled_from(["", "~", "±"]), WORDS, WORDS, WORDS)
VERBS = st.sampled_from(["", "build", "confirm"])
ROWS = st.builds(Row, st.sampled_from(["", "+", "✗"]), VERBS, WORDS, WORDS, WORDS, st.tuples(DETAILS) | st.just(()))


@given(st.lists(ROWS, max_size=5), st.integers(1, 220))
def test_no_line_is_wider_than_the_screen_and_no_word_is_lost(rows, width):
    lines = [plain(line) for line in lay_out(rows, width)]
    texts: list[str] = []
    for row in rows:
        map_texts(row, lambda text: texts.append(text) or text)
    assert sorted(" ".join(lines).split()) == sorted(" ".join(texts).split())
    for line in lines:
        assert line == line.rstrip()
        alone = [word for word in line.split() if word not in BEFORE]
        assert cell_len(line) <= width or len(alone) <= 1, "a single word cannot be broken"


@given(st.lists(ROWS, min_size=1, max_size=5))
def test_the_texts_of_a_block_begin_in_one_column(rows):
    named = [Row(row.mark, row.verb, f"n{number}", "TEXT") for number, row in enumerate(rows)]
    columns = {plain(line).index("TEXT") for line in lay_out(named, 100)}
    assert len(columns) == 1


def test_every_character_that_is_not_measured_takes_one_cell():
    every = [chr(number) for number in range(0x20, 0x3000)]
    ours = [c for c in every if c.isprintable() and cells(c) != cell_len(c)]
    assert ours == []
    assert cells("一") == 2
    assert cells("e\u0301") == 1


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def _shown(stream: io.StringIO) -> str:
    console = Console(stderr=stream)
    console.headline("plan · prod", "main@03fb9fa")
    console.blank()
    console.rows([BUILD, UPDATE, KEEP, Row("!", name="[red]a[/red]\x1b[2J\n", text="b\tc")])
    return stream.getvalue()


def test_a_terminal_with_colours_shows_the_characters_that_a_log_does(monkeypatch):
    for name, value in (("TERM", "xterm-256color"), ("COLUMNS", "80")):
        monkeypatch.setenv(name, value)
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    coloured, log = _shown(Terminal()), _shown(io.StringIO())
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == log
    assert r"[red]a[/red]\x1b[2J\n" in log


def test_a_log_is_as_wide_as_it_may_be_and_needs_no_rich():
    program = (
        "import sys; from rajee_deploy.console import Console; from rajee_deploy.console.rows import Row\n"
        "console = Console()\n"
        "console.headline('a · b', 'c@d'); console.rows([Row('✓', 'build', 'api', 'é → ' + 'x ' * 90)])\n"
        "print(any(name == 'rich' for name in sys.modules), console.width)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env={"PYTHONUTF8": "1"}
    )
    assert done.stdout == "False 160\n"
    assert [len(line) <= 160 for line in done.stderr.splitlines()] == [True] * 3
