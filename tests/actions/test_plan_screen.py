"""A plan on the screen, whole: the result, what happens in order and why, what made a tag new, then what to know."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from fakes import FakeContents
from past_runs import run_at
from run_worlds import World

import rajee_deploy.actions.json_documents as documents
from rajee_deploy.actions.insight import look_behind
from rajee_deploy.actions.json_documents import of_bases, of_plan
from rajee_deploy.actions.plan import plan_run
from rajee_deploy.actions.render import show_plan
from rajee_deploy.console import Console
from rajee_deploy.report.history import History, real_project

SCHEMA = json.loads((Path(documents.__file__).parent / "plan.schema.json").read_text("utf-8"))


@pytest.fixture
def world(tmp_path, tmp_path_factory, monkeypatch) -> World:
    """A machine that never ran us: another test may have synthesised these very inputs."""
    monkeypatch.setenv("RAJEE_DEPLOY_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
    found = World(tmp_path)
    found.build_records = [FakeContents()]
    return found


def shown(world, *, is_whole: bool = False, **flags) -> str:
    """The screen of a plan, without what no two runs share."""
    screen = io.StringIO()
    run = replace(world.context(**flags), console=Console(stderr=screen))
    show_plan(run, plan_run(run), is_whole=is_whole)
    run.close()
    text = re.sub(r"\bc-[0-9a-f]{12}(?![0-9a-f])", "c-TAG", screen.getvalue())
    return re.sub(r"in [\d.]+m?s\b.*", "in TIME", text)


def document(world, **flags):
    """The document of a plan, held against the published schema: no key is missing, and each is named there."""
    run = world.context(**flags)
    planned = plan_run(run)
    found = json.loads(json.dumps(of_plan(planned, 1.0, look_behind(run, planned))))
    run.close()
    jsonschema.Draft4Validator(SCHEMA).validate(found)
    assert unsaid(found, SCHEMA) == []
    return found


def unsaid(value, schema, at: str = "") -> list[str]:
    """The keys of a document that its schema does not name."""
    choices = [each for word in ("oneOf", "anyOf") for each in schema.get(word, ())]
    if choices:
        fitting = [each for each in choices if jsonschema.Draft4Validator(each).is_valid(value)]
        return min((unsaid(value, each, at) for each in fitting), key=len)
    if isinstance(value, list):
        return [key for each in value for key in unsaid(each, schema.get("items", {}), f"{at}[]")]
    named, free = schema.get("properties", {}), schema.get("additionalProperties")
    if not isinstance(value, dict) or (not named and free is None):
        return []
    found = [f"{at}.{key}" for key in value if key not in named and not free]
    for name, each in value.items():
        found += unsaid(each, named.get(name) or free or {}, f"{at}.{name}")
    return found


FIRST = """
  1 image to build, 2 stacks to create

  + create  Registry  the stack does not exist
  + build   app       c-TAG
            the repository team/app does not exist yet
  + create  App       the stack does not exist

  a synth was needed: Registry: it is not deployed yet, and no synth of these inputs is known … and 1 more: --explain
  decided in TIME
"""
NOTHING = """
  Nothing to do.

  = app       c-TAG is in team/app
  = Registry  UPDATE_COMPLETE; infrastructure unchanged by its hash
  = App       UPDATE_COMPLETE, and it records ImageTag c-TAG; infrastructure unchanged by its hash

  decided by hash in TIME
"""
CODE = """
  1 image to build, 1 stack to update, 1 unchanged

  + build   app       c-TAG
            ~ app                                  Dockerfile:2
            1 file counts
  ~ update  App       the image only
            ~ app     c-TAG → c-TAG
  = keep    Registry  UPDATE_COMPLETE; infrastructure unchanged by its hash

  decided by hash in TIME
"""


def test_the_first_plan_then_nothing_then_a_change_of_the_code(world, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    assert _alike(shown(world), FIRST)
    world.up()
    assert _alike(shown(world), NOTHING)
    (world.root / "app").write_text("two")
    assert _alike(shown(world), CODE)


def _alike(found: str, picture: str) -> bool:
    """But for how far the columns are apart: `test_rows` holds that."""
    lines = [[re.sub(r"  +", "  ", line) for line in text.strip("\n").split("\n")] for text in (found, picture)]
    assert lines[0] == lines[1]
    return True


def test_with_everything_behind_it_no_digest_is_cut_and_each_proof_is_there(world):
    world.up()
    (world.root / "app").write_text("two")
    found = shown(world, is_whole=True)
    assert len(re.findall(r"c-[0-9a-f]{40}", found)) == 4
    assert "team/app has no image" in found
    assert "3 B → 3 B" not in found, "that a size stays says nothing"


def test_the_usual_time_is_said_where_three_such_runs_are_known_and_something_is_to_be_done(world):
    world.up()
    for day in range(3):
        History().append(run_at(day, seconds=190.0, project=real_project(world.root), environment=""))
    assert "usually" not in shown(world)
    (world.root / "app").write_text("two")
    assert "usually 3m 10s" in shown(world)
    assert document(world)["usual_seconds"] == 190.0
    assert "usually" not in shown(world, environment="prod"), "there nobody ran it"


def test_a_warning_is_shown_once_in_a_run_though_the_plan_is_shown_again(world):
    (world.root / "Dockerfile").write_text("FROM busybox:1\nCOPY app /app\n")
    run = world.context()
    for _ in range(2):
        show_plan(run, plan_run(run))
    said = world.talk.getvalue()
    assert said.count("busybox:1 is not pinned") == 1
    assert said.index("1 image to build") < said.index("busybox:1 is not pinned"), "after what it is about"
    assert [one.code for one in run.console.warned].count("base-unpinned") == 1


def test_a_plan_that_fails_shows_what_was_held_back_for_it(world):
    run = world.context()

    def plan():
        with run.console.hold_warnings():
            run.console.warn("App", "it is odd", "odd")
            assert world.talk.getvalue() == ""
            raise RuntimeError

    with pytest.raises(RuntimeError):
        plan()
    assert "! App: it is odd" in world.talk.getvalue()


def test_little_is_the_headline_and_a_line_for_each_step(world):
    world.up()
    (world.root / "app").write_text("two")
    screen = io.StringIO()
    run = replace(world.context(), console=Console(stderr=screen, quiet=True))
    show_plan(run, plan_run(run))
    assert [line.split()[:3] for line in screen.getvalue().splitlines()] == [
        ["1", "image", "to"],
        ["+", "build", "app"],
        ["~", "update", "App"],
    ]


# -- the document --------------------------------------------------------------------------------------------------


def test_the_document_of_each_kind_of_plan_is_as_its_schema_says(world):
    first = document(world)
    assert (first["headline"], first["amounts"]["create"]) == ("1 image to build, 2 stacks to create", 2)
    world.up()
    assert document(world)["headline"] == "Nothing to do."
    (world.root / "app").write_text("two")
    build, deploy = document(world)["steps"]
    assert [(one["cause"], one["subject"], one["line"]) for one in build["since"]["changes"]] == [("changed", "app", 2)]
    assert build["since"]["files"] == 1
    assert deploy["changes"] == ["code"]
    world.infra = "2"
    assert document(world, check="hash")["steps"]


def test_the_schema_is_one_and_the_bases_have_a_place_in_it():
    jsonschema.Draft4Validator.check_schema(SCHEMA)
    assert SCHEMA["properties"]["bases"]["items"]["properties"].keys() == {"reference", "state", "why", "locked", "now"}
    assert of_bases([]) == []


def test_a_key_that_the_schema_does_not_name_would_be_found():
    assert unsaid(
        {"a": 1, "b": [{"c": 1, "d": 2}]},
        {
            "type": "object",
            "properties": {"b": {"items": {"type": "object", "properties": {"c": {}}}}},
        },
    ) == [".a", ".b[].d"]
