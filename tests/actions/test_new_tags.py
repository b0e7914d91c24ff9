"""What made a tag new: told where the record of the deployed image is found in time, and silence everywhere else."""

from __future__ import annotations

import threading

import pytest
from fakes import FakeContents
from run_worlds import World

from rajee_deploy.actions.explain.changes import Cause, ImageDifference
from rajee_deploy.actions.new_tag_lines import details, document_of
from rajee_deploy.actions.new_tags import NewTag, find_new_tags
from rajee_deploy.actions.plan import plan_run
from rajee_deploy.build_record.store import Record
from rajee_deploy.errors import DeployError


@pytest.fixture
def world(tmp_path) -> World:
    found = World(tmp_path)
    found.build_records = [FakeContents()]
    return found


def edited(world):
    """The plan after a deployment and an edit."""
    world.up()
    (world.root / "app").write_text("two")
    return plan_run(world.context())


def test_the_file_that_changed_with_the_line_that_reads_it(world):
    planned = edited(world)
    new = find_new_tags(planned)["app"]
    assert [(each.cause, each.subject, each.line) for each in new.changes] == [(Cause.CHANGED, "app", 2)]
    (line, count) = details(new, planned.inputs["app"], world.root, is_whole=False)
    assert (line.mark, line.name, line.right, count.name) == ("~", "app", "Dockerfile:2", "1 file counts")
    assert document_of(new, planned.inputs["app"], world.root)["changes"][0]["subject"] == "app"


def test_a_mode_that_changed_is_no_other_content(world):
    world.up()
    (world.root / "app").chmod(0o755)
    planned = plan_run(world.context())
    assert [each.cause for each in find_new_tags(planned)["app"].changes] == [Cause.MODE]


class Denied(FakeContents):
    def get(self, *_):
        raise DeployError("access-denied", "not allowed")


class Odd(FakeContents):
    def get(self, *_):
        return Record(b"no record")


class Slow(FakeContents):
    let_go = threading.Event()

    def get(self, *_):
        self.let_go.wait(20)


@pytest.mark.parametrize("store", [FakeContents, Denied, Odd])
def test_whatever_is_missing_is_silence(world, store):
    planned = edited(world)
    world.build_records = [store()]
    assert find_new_tags(planned) == {}


def test_a_plan_does_not_wait_for_it(world):
    planned = edited(world)
    world.build_records = [Slow()]
    try:
        assert find_new_tags(planned, seconds=0.01) == {}
    finally:
        Slow.let_go.set()


def test_this_machines_own_record_is_asked_first_and_the_other_where_it_has_none(world):
    planned = edited(world)
    (kept,) = world.build_records
    world.build_records = [Denied(), kept]
    assert find_new_tags(planned).keys() == {"app"}
    world.build_records = [kept, FakeContents()]
    assert find_new_tags(planned).keys() == {"app"}


def test_nobody_is_asked_where_nothing_is_built_or_nothing_was_deployed(world):
    class Untouched(FakeContents):
        def get(self, *_):
            raise AssertionError

    world.build_records = [Untouched()]
    assert find_new_tags(plan_run(world.context())) == {}
    world.build_records = [FakeContents()]
    world.up()
    world.build_records = [Untouched()]
    assert find_new_tags(plan_run(world.context())) == {}


def test_an_image_that_is_deployed_by_its_digest_has_its_tag_from_the_image_itself(world):
    path = world.root / "rajee-deploy.toml"
    path.write_text(path.read_text().replace('stack = "App"', 'stack = "App"\ndeploy-by = "digest"', 1))
    assert find_new_tags(edited(world)).keys() == {"app"}


@pytest.mark.parametrize(
    ("change", "mark", "name", "text"),
    [
        (ImageDifference(Cause.BASE, "from", "a:1", "a:2", 1), "~", "base", "a:1 → a:2"),
        (ImageDifference(Cause.INSTRUCTION, "RUN", "", "RUN make", 3), "+", "RUN", "RUN make"),
        (
            ImageDifference(Cause.ARGS, "V", "set", "set to another value"),
            "~",
            "build argument V",
            "set to another value",
        ),
        (ImageDifference(Cause.SECRET, "token", "used", ""), "-", "secret token", "used"),
        (ImageDifference(Cause.ADDED, "src/new.py", "", "12 B", 2), "+", "src/new.py", ""),
        (ImageDifference(Cause.REMOVED, "a.md", "12 B", "", 2, "a context that was taken out"), "-", "a.md", ""),
        (ImageDifference(Cause.MODE, "", "0755", "0700", 2, "a context that was taken out"), "~", ".", ""),
        (ImageDifference(Cause.LABEL, "x", "1" * 99, "2"), "~", "label x", "1" * 59 + "… → 2"),
    ],
)
def test_each_cause_has_words(world, change, mark, name, text):
    inputs = plan_run(world.context()).inputs["app"]
    (line, _) = details(NewTag("app", "c-1", (change,), 2), inputs, world.root, is_whole=False)
    assert (line.mark, line.name, line.text) == (mark, name, text)


def test_of_many_the_first_three_and_how_many_there_are_besides(world):
    inputs = plan_run(world.context()).inputs["app"]
    new = NewTag("app", "c-1", tuple(ImageDifference(Cause.ADDED, f"f{n}", "", "1 B", 2) for n in range(5)), 1204)
    names = [line.name for line in details(new, inputs, world.root, is_whole=False)]
    assert names == ["f0", "f1", "f2", "and 2 more: --explain shows them", "1,204 files count"]
    assert len(details(new, inputs, world.root, is_whole=True)) == 6


def test_every_cause_that_is_no_entry_has_a_name(world):
    inputs = plan_run(world.context()).inputs["app"]
    for cause in Cause:
        new = NewTag("app", "c-1", (ImageDifference(cause, "it"),), 1)
        (line, _) = details(new, inputs, world.root, is_whole=False)
        assert line.name
