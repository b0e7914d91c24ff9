"""Which inputs of the infrastructure moved: names, never values; kept where the hash was made, and of no weight."""

from __future__ import annotations

import json
import os

import pytest

from rajee_deploy.fingerprint import RECORD, TAKEN, Input, of_infrastructure, private_input, with_given
from rajee_deploy.model import Digest
from rajee_deploy.plan.input_changes import (
    SHOWN,
    FormerInputs,
    InputChange,
    changed_inputs,
    digests_of,
    in_words,
    input_name,
)
from rajee_deploy.synth.input_store import InputStore
from rajee_deploy.system.ours import without_ours

CANARY = "canary-of-a-secret"


def fingerprint(files=(), context=None, variables=None, versions=None, traced=()):
    of = [(name, "644", Digest("sha256", number * 64)) for name, number in files]
    return of_infrastructure(of, context or {}, variables or {}, versions or {}, traced)


BEFORE = fingerprint(
    [("app.py", "a"), ("old.py", "a"), ("same.py", "a"), ("lock:infra/package-lock.json", "a")],
    {"size": CANARY, "kept": "1"},
    {"TOKEN": CANARY, "KEPT": None},
    {"cdk-cli": "2.1"},
    [Input("traced:list:lib", "x"), Input("impure:0", "app.py:1 forks")],
)
AFTER = fingerprint(
    [("app.py", "b"), ("new.py", "a"), ("same.py", "a"), ("lock:infra/package-lock.json", "b")],
    {"size": "small", "kept": "1"},
    {"TOKEN": "another", "KEPT": None, "NEW": "1"},
    {"cdk-cli": "2.2"},
    [Input("traced:list:lib", "y"), Input("impure:0", "app.py:2 forks"), Input(f"{TAKEN}node", "x")],
)


def former(fingerprint, app="infra") -> FormerInputs:
    return FormerInputs(digests_of(fingerprint), app)


def test_files_come_first_and_nothing_is_named_that_did_not_move():
    assert [tuple(each) for each in changed_inputs(former(BEFORE), AFTER)] == [
        ("infra/app.py", "changed"),
        ("infra/package-lock.json", "changed"),
        ("infra/new.py", "new"),
        ("infra/old.py", "gone"),
        ("context value size", "changed"),
        ("variable TOKEN", "changed"),
        ("version of cdk-cli", "changed"),
        ("variable NEW", "new"),
        ("names in lib", "changed"),
    ]
    assert changed_inputs(former(BEFORE), BEFORE) == ()


def test_a_tag_that_synth_is_given_is_called_by_its_key():
    one, other = (with_given(BEFORE, {"imageTag": tag}) for tag in ("c-1", "c-2"))
    assert [each.what for each in changed_inputs(former(one), other)] == ["context value imageTag"]


def test_lists_of_two_kinds_are_compared_by_what_both_have():
    whole = fingerprint(versions={"cdk-cli": "2.2"}, traced=[Input(RECORD, "whole"), Input("traced:file:./a", "x")])
    assert [each.what for each in changed_inputs(former(BEFORE), whole)] == ["version of cdk-cli"]


def test_what_lies_outside_of_the_checkout_is_in_no_list_that_travels():
    more = [Input("traced:file:/usr/lib/a.py", "x"), Input("traced:stat:~/.npmrc", "x"), Input("traced:file:./a", "x")]
    long, short = fingerprint(traced=more), fingerprint(traced=[Input("traced:file:./a", "y")])
    assert [each.what for each in changed_inputs(former(long), short)] == ["a"]
    assert [each.what for each in changed_inputs(former(short), long)] == ["a"]
    moved = fingerprint(traced=[Input("traced:file:/usr/lib/a.py", "y"), *more[1:]])
    assert [each.what for each in changed_inputs(former(long), moved)] == ["/usr/lib/a.py"]


# Every kind of input there is (see stack.inputs), as people call it.
NAMES = {
    "file:cdk.json": "infra/cdk.json",
    "file:~/.cdk.json": "~/.cdk.json",
    "file:input:3:sizes.py": "sizes.py (of cdk.inputs)",
    "file:lock:package-lock.json": "package-lock.json",
    "traced:file:./infra/app.py": "infra/app.py",
    "traced:file:/etc/x": "/etc/x",
    "traced:read:shared/a.py": "shared/a.py",
    "traced:stat:./a": "a",
    "traced:link:./a": "a",
    "traced:made:./a": "a",
    "traced:list:./a": "names in a",
    "traced:list:./": "names in .",
    "traced:modules:./a": "modules in a",
    "traced:scripts:./a": "scripts in a",
    "traced:upward:tsconfig.json": "tsconfig.json above the checkout",
    "traced:self:host": "the host of this machine",
    "traced:environment:": "the environment (synth reads all variables)",
    "traced:env:SIZE": "variable SIZE",
    "traced:library:boto3": "library boto3",
    "traced:package:node_modules/a": "package node_modules/a",
    "env:SIZE": "variable SIZE",
    "context:size": "context value size",
    "given:imageTag": "context value imageTag",
    "version:cdk-cli": "version of cdk-cli",
}


@pytest.mark.parametrize("name", NAMES)
def test_each_kind_of_input_has_a_name_for_people(name):
    assert input_name(name, "infra") == NAMES[name]


def test_paths_of_an_app_at_the_top_are_as_they_are():
    assert input_name("file:cdk.json", ".") == input_name("file:cdk.json", "") == "cdk.json"


def test_a_sentence_names_the_first_and_counts_the_rest():
    many = [InputChange(f"f{number}", "changed") for number in range(SHOWN + 2)]
    assert in_words(many) == "f0, f1, f2 … and 2 more inputs"
    assert in_words([InputChange("a", "changed"), InputChange("b", "new")]) == "a, b (new)"


# -- the store -----------------------------------------------------------------------------------------------------


def test_what_is_kept_is_found_and_holds_no_value(tmp_path):
    store = InputStore(tmp_path / "place", "infra")
    assert (store.find(str(BEFORE.digest)), store.latest()) == (None, None)
    store.keep(BEFORE)
    assert store.find(str(BEFORE.digest)) == store.latest() == former(BEFORE)
    (path,) = (tmp_path / "place").glob("inputs-*")
    assert CANARY not in path.read_text()
    assert path.stat().st_mode & 0o077 == 0
    assert without_ours(tmp_path / "place") == [], "it is no input of anything"


def test_names_that_are_no_unicode_come_back(tmp_path):
    odd = fingerprint([(os.fsdecode(b"\xff.py"), "a")])
    InputStore(tmp_path).keep(odd)
    assert InputStore(tmp_path).find(str(odd.digest)) == former(odd, "")


def test_few_are_kept_and_what_is_asked_for_stays(tmp_path):
    store = InputStore(tmp_path)
    moments = iter(range(10**9, 2 * 10**9))

    def keep(number):
        made = fingerprint(context={"n": str(number)})
        store.keep(made)
        for path in tmp_path.glob("inputs-*"):
            if path.stat().st_mtime > 2 * 10**9:
                os.utime(path, (moment := next(moments), moment))
        return made

    first = keep(0)
    for number in range(1, 40):
        keep(number)
        assert store.find(str(first.digest)) is not None
        assert len(list(tmp_path.glob("inputs-*"))) <= 16


def plain(path):
    path.write_text("nothing")


def nested(path):
    path.write_text("[" * 100_000)


def other_values(path):
    path.write_text(json.dumps({"schema": "rajee-deploy.infra-inputs/1", "inputs": {"a": 1}}))


def a_list(path):
    path.write_text("[]")


def pipe(path):
    os.mkfifo(path)


def endless(path):
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize("damage", [plain, nested, other_values, a_list, pipe, endless, lambda path: path.mkdir()])
def test_a_damaged_or_foreign_file_is_as_good_as_none(tmp_path, damage):
    store = InputStore(tmp_path)
    store.keep(BEFORE)
    (path,) = tmp_path.glob("inputs-*")
    path.unlink()
    damage(path)
    assert (store.find(str(BEFORE.digest)), store.latest()) == (None, None)
    store.keep(BEFORE)
    store.keep(AFTER)
    assert store.find(str(AFTER.digest)) is not None


@pytest.mark.parametrize("place", ["/dev/null/below", "/proc/rajee"])
def test_a_place_that_cannot_be_written_costs_the_names_alone(place):
    from pathlib import Path

    store = InputStore(Path(place))
    store.keep(BEFORE)
    assert (store.find(str(BEFORE.digest)), store.latest()) == (None, None)


def test_a_value_of_a_variable_is_a_keyed_digest_before_it_is_one():
    assert private_input("env", "TOKEN", CANARY).value is None


def test_a_setting_that_chooses_other_inputs_is_named(tmp_path):
    """Another choice of stacks is another list of what synth reads, so names on one side alone say nothing."""
    before, after = InputStore(tmp_path, "", {"cdk.stacks": "A"}), InputStore(tmp_path, "", {"cdk.stacks": "A, B"})
    whole, partial = fingerprint([("app.py", "a")], traced=[Input(RECORD, "whole")]), fingerprint([("app.py", "a")])
    before.keep(whole)
    changed = InputChange("cdk.stacks of the settings", "changed")
    assert changed_inputs(after.find(str(whole.digest)), partial) == (changed,)
    assert after.latest().settings == ("cdk.stacks",)
    assert changed_inputs(before.find(str(whole.digest)), partial) == ()
    after.keep(whole)  # the same inputs, with this choice: from now on it is none that changed
    assert changed_inputs(after.find(str(whole.digest)), partial) == ()


def image(definition, digest, name="api"):
    return Input(f"image:{definition * 64}:{name}", digest)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ([image("a", "1")], [image("a", "2")], [("image api", "changed")]),
        ([image("a", "1")], [image("b", "2")], [("image api", "changed")]),  # by another Dockerfile
        ([], [image("a", "1")], [("image api", "new")]),
        ([image("a", "1")], [], [("image api", "gone")]),
        ([image("a", "1")], [image("a", "1"), image("b", "1", "web")], [("image web", "new")]),
        ([], [Input("image-assets", "adopt")], [("cdk.image-assets of the settings", "new")]),
    ],
)
def test_an_image_is_called_by_its_name(before, after, told):
    assert [
        tuple(each) for each in changed_inputs(former(fingerprint(traced=before)), fingerprint(traced=after))
    ] == told
