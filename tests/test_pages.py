"""The console blocks of the pages: each that shows output is made by a command that the tests run, and each command
that a page shows is one that there is, with its flags."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pages
import pytest
from typer.main import get_command

from rajee_deploy.cli.line import command_line

STORY = (Path(__file__).parent / "e2e" / "test_pages.py").read_text()
SCENES = set(re.findall(r'\bScene\(\s*"([\w-]+)"', STORY))
OURS = sorted({line for block in pages.blocks() for line in block.commands if "rajee-deploy " in line})


def test_each_screen_of_a_page_is_a_scene_and_each_scene_is_on_a_page():
    named = {block.name for block in pages.blocks() if block.name}
    assert named == SCENES


@pytest.mark.parametrize("block", [one for one in pages.blocks() if one.shows_output], ids=lambda one: one.page.name)
def test_each_block_with_output_has_a_name(block):
    assert block.name, block.body


@pytest.mark.parametrize("line", OURS)
def test_each_command_of_a_page_is_taken(line):
    words = shlex.split(re.split(r" [|>]|>>| && | \|\| ", line)[0].replace('eval "$(', "").replace(')"', ""))
    words = words[words.index("rajee-deploy") + 1 :]
    group = get_command(command_line([]))
    context = click.Context(group)
    name, command, rest = group.resolve_command(context, words)
    command.make_context(name, list(rest), parent=context)


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("built in 1.23s, c-0123456789ab", "built in 2m 05s,\n   c-fedcba987650", True),
        ("since 28 Nov, 16:02", "since 1 Dec, 09:10", True),
        ("time 2s\nplan   12ms   ██\n", "time 4s\nbuild   3.10s   █████\n", True),
        ("1 image to build", "2 images to build", False),
        ("= keep  Api", "~ update  Api", False),
        ("Docker 26.1.5", "Docker 28.0.1+x", True),
    ],
)
def test_what_varies_is_no_part_of_a_screen(one, other, is_same):
    assert (pages.gist(one) == pages.gist(other)) is is_same
