"""What changed since the build of a tag: which source is asked when, and what is said of those that had nothing."""

from __future__ import annotations

import io
import json
import zlib
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from fakes import FakeContents, FakeStacks

from rajee_deploy.actions.explain.compare import compare
from rajee_deploy.actions.explain.documents import of_since
from rajee_deploy.actions.explain.past import Origin
from rajee_deploy.actions.explain.tags import Checkouts, Sources, is_tag, since_tag
from rajee_deploy.actions.explain.words import show_since
from rajee_deploy.build_record import groups
from rajee_deploy.build_record.decode import decode
from rajee_deploy.build_record.encode import encode
from rajee_deploy.build_record.keep import keep
from rajee_deploy.build_record.of_image import contents_of
from rajee_deploy.build_record.store import Record
from rajee_deploy.console import Console
from rajee_deploy.errors import ConfigurationError, DeployError
from rajee_deploy.plan.state import StackPresent

TREE = {"Dockerfile": "FROM base:1\nCOPY src /src\n", "src/a": "1", "src/b/c": "22"}
AT = datetime(2026, 11, 25, 12, tzinfo=UTC)


class World:
    """Two stores, a stack and labels, and the image as it is now."""

    def __init__(self, root, inputs) -> None:
        self.root, self.inputs = root, inputs
        self.registry, self.local, self.stacks = FakeContents(), FakeContents(), FakeStacks()
        self.labels: dict[str, str] = {}
        self.asked: list[str] = []

    def build(self, stores=None, **tree) -> str:
        """Write files, keep a record as a push does, and say the tag."""
        found = self.inputs(tree)
        assert keep([self.registry, self.local] if stores is None else stores, found, AT) == []
        return found.fingerprint.tag

    def since(self, asked, images=("app",), **settings):
        def find_label(repository, tag, name):
            self.asked.append(f"label {repository} {tag} {name}")
            return self.labels.get(tag, "")

        stores = (("the registry", self.registry), ("this machine", self.local))
        sources = Sources(stores, self.stacks.describe, find_label)
        present = {name: self.inputs({}, **settings) for name in images}
        return since_tag(Checkouts(present, Origin(None, None, lambda image: image), self.root), asked, sources)

    def deployed(self, tag, status="UPDATE_COMPLETE"):
        self.stacks.stacks["App"] = StackPresent(status, {"ImageTag": tag}, {})


@pytest.fixture
def world(root, inputs):
    found = World(root, inputs)
    inputs(TREE)
    return found


def rows(found, image="app"):
    return [
        (change.cause.value, change.subject, change.before, change.after, change.line)
        for change in found.comparisons[image].changes
    ]


def shown(found):
    out, talk = io.StringIO(), io.StringIO()
    show_since(Console(stdout=out, stderr=talk), found)
    return out.getvalue(), talk.getvalue()


CHANGED = [("changed", "src/a", "1 B", "3 B", 2)]


def test_a_record_of_the_registry(world, write):
    tag = world.build(stores=[world.registry])
    write({"src/a": "333"})
    found = world.since(tag)
    assert rows(found) == CHANGED
    assert (found.comparisons["app"].before, found.notes) == (tag, {})
    assert (found.thens["app"].known_from, found.thens["app"].at) == ("the registry", "2026-11-25T12:00:00+00:00")
    assert world.asked == []
    out, talk = shown(found)
    assert out.startswith(f"app · {tag[:14]} (built 2026-11-25T12:00:00+00:00; known from the registry), c-")
    assert talk == ""


def test_the_document(world, write):
    tag = world.build()
    write({"src/a": "333"})
    document = of_since(world.since(tag))
    assert (document["schema"], document["revision"], document["commit"]) == ("rajee-deploy.explain-since/1", tag, "")
    image = document["images"]["app"]
    assert (image["before"], image["same"], image["known_from"], image["dirty"]) == (tag, False, "the registry", False)
    assert image["changes"] == [
        {"why": "changed", "what": "src/a", "context": "", "before": "1 B", "after": "3 B", "line": 2}
    ]


def test_this_machine_knows_when_the_registry_does_not(world, write):
    tag = world.build(stores=[world.local])
    write({"src/a": "333"})
    found = world.since(tag)
    assert rows(found) == CHANGED
    assert found.thens["app"].known_from == "this machine"
    assert found.notes["app"] == f"the registry has no record of {tag}"


@pytest.mark.parametrize("broken", ["unreachable", "cut", "foreign"])
def test_a_registry_that_cannot_be_believed_is_told_and_passed_over(world, write, broken):
    tag = world.build()
    key = ("team/app", tag)
    if broken == "unreachable":
        world.registry.fails = True
    elif broken == "cut":
        world.registry.records[key] = Record(world.registry.records[key].document[:-1])
    else:
        write({"src/a": "other"})
        world.registry.records[key] = Record(encode(contents_of(world.inputs({}))))
    write({"src/a": "333"})
    found = world.since(tag)
    assert rows(found) == CHANGED
    assert found.thens["app"].known_from == "this machine"
    assert found.notes["app"].startswith("the registry: ")


def forged(record):
    """The record with another file in it than the tag was made of."""
    document = json.loads(zlib.decompress(record.document, 31))
    entry = next(one for one in document["entries"] if one["path"] == "src/b/c")
    entry["record"] = "0" * 64
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return Record(packer.compress(json.dumps(document).encode()) + packer.flush(), record.notes)


@pytest.mark.parametrize("places", [["registry"], ["registry", "local"]])
def test_a_record_that_its_digests_contradict_counts_as_missing(world, write, commit, places):
    first = commit()
    tag = world.build()
    for place in places:
        records = getattr(world, place).records
        records["team/app", tag] = forged(records["team/app", tag])
    write({"src/a": "333"})
    found = world.since(tag)
    assert rows(found) == CHANGED  # and src/b/c is not among them
    assert "[contents-not-believed]: its entries do not give the digest of what line 2 takes" in found.notes["app"]
    then = found.thens["app"]
    assert (then.known_from, then.commit) == ("git" if "local" in places else "this machine", first)


@pytest.mark.parametrize("login", ["secret", "other"])
def test_what_of_a_record_is_not_proved_is_said(world, write, login):
    """A login in an address is not in the record; the present one proves it, if that is the same."""
    dockerfile = "FROM base:1\nADD https://me:{}@files.test/a /a\nCOPY src /src\n"
    tag = world.build(Dockerfile=dockerfile.format("secret"))
    write({"src/a": "333", "Dockerfile": dockerfile.format(login)})
    found = world.since(tag)
    assert ("changed", "src/a") in [row[:2] for row in rows(found)]
    said = found.notes.get("app", "")
    assert said.startswith("not all of the record is proved: it hides a login") == (login == "other"), said


def test_the_commit_of_the_image_comes_last(world, write, commit):
    first = commit()
    tag = world.build(stores=[])
    world.labels[tag] = first
    write({"src/a": "333"})
    found = world.since(tag)
    assert rows(found) == CHANGED
    assert (found.thens["app"].known_from, found.thens["app"].commit) == ("git", first)
    for word in ("the registry has no record", "this machine has no record", f"the files of {first}"):
        assert word in found.notes["app"]
    assert "differed" not in found.notes["app"]


def test_a_commit_that_was_not_what_was_built_is_said_to_be(world, write, commit):
    first = commit()
    tag = world.build(stores=[], **{"src/a": "uncommitted"})
    world.labels[tag] = first
    write({"src/a": "333"})
    found = world.since(tag)
    assert rows(found) == CHANGED
    assert "what was built differed from them" in found.notes["app"]
    assert found.comparisons["app"].before != tag


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("", "no image of this tag that names its commit"),
        ("f" * 40, "git knows no revision"),
    ],
)
def test_nothing_is_known(world, write, commit, label, said):
    commit()
    tag = world.build(stores=[], **{"src/a": "uncommitted"})
    world.labels[tag] = label
    write({"src/a": "333"})
    with pytest.raises(DeployError) as caught:
        world.since(tag)
    assert caught.value.code == "no-contents"
    for word in ("the registry has no record", "this machine has no record", said, "none of the last 50 commits"):
        assert word in caught.value.cause


def test_the_history_has_a_commit_that_gives_the_tag(world, write, commit):
    write({"README": "nothing to build", "Dockerfile": "FROM nothing("})
    commit()
    write(TREE)
    tag, wanted = world.build(stores=[]), commit()
    for text in ("2", "3"):
        write({"src/a": text})
        commit()
    write({"src/a": "333"})
    found = world.since(tag)
    assert rows(found) == CHANGED
    assert (found.comparisons["app"].before, found.thens["app"].commit) == (tag, wanted)
    assert "no image of this tag that names its commit" in found.notes["app"]


def test_a_commit_that_gives_the_tag_goes_before_the_one_that_the_build_was_at(world, write, commit):
    """Built before it was committed: the image names the commit below."""
    below = commit()
    tag = world.build(stores=[], **{"src/a": "2"})
    world.labels[tag], wanted = below, commit()
    write({"src/a": "333"})
    found = world.since(tag)
    assert (found.comparisons["app"].before, found.thens["app"].commit) == (tag, wanted)
    assert "differed" not in found.notes["app"]


def test_outside_of_a_repository(world, write):
    tag = world.build(stores=[])
    write({"src/a": "333"})
    with pytest.raises(DeployError) as caught:
        world.since(tag)
    assert caught.value.code == "no-contents"
    assert "no checkout of a git repository" in caught.value.cause


def test_since_what_is_deployed(world, write):
    tag = world.build()
    world.deployed(tag)
    write({"src/a": "333"})
    found = world.since("deployed", stack="App")
    assert rows(found) == CHANGED
    assert (found.comparisons["app"].before, found.notes) == (tag, {})
    assert "(deployed; built 2026" in shown(found)[0]


def test_since_what_is_deployed_by_its_digest(world, write):
    """The stack records the image's digest; the image says what it was made of."""
    tag, digest = world.build(), "sha256:" + "d" * 64
    world.labels[digest] = str(world.inputs({}).fingerprint.digest)
    world.deployed(digest)
    write({"src/a": "333"})
    found = world.since("deployed", stack="App")
    assert rows(found) == CHANGED
    assert found.comparisons["app"].before == tag
    assert world.asked == [f"label team/app {digest} io.rajee-deploy.fingerprint"]
    world.labels[digest] = ""
    with pytest.raises(DeployError) as caught:
        world.since("deployed", stack="App")
    assert caught.value.code == "not-deployed"
    assert digest in caught.value.cause


def test_the_deployed_image_is_that_of_the_present_files(world):
    tag = world.build(stores=[])
    world.deployed(tag)
    found = world.since("deployed", stack="App")
    assert found.comparisons["app"].is_same
    assert "same tag" in shown(found)[0]


def test_a_stack_that_was_rolled_back_is_said_to_be(world, write):
    tag = world.build()
    world.deployed(tag, "UPDATE_ROLLBACK_COMPLETE")
    write({"src/a": "333"})
    assert "UPDATE_ROLLBACK_COMPLETE" in world.since("deployed", stack="App").notes["app"]


@pytest.mark.parametrize(("stack", "tag"), [("", None), ("App", None), ("App", "-"), ("App", ""), ("App", "latest")])
def test_nothing_is_deployed(world, stack, tag):
    if tag is not None:
        world.deployed(tag)
    with pytest.raises(DeployError) as caught:
        world.since("deployed", stack=stack)
    assert caught.value.code == "not-deployed"


def test_a_tag_is_of_one_image(world):
    with pytest.raises(ConfigurationError) as caught:
        world.since("c-" + "a" * 40, images=("app", "web"))
    each = [f"rajee-deploy explain --since c-{'a' * 40} --image {name}" for name in ("app", "web")]
    assert (caught.value.code, caught.value.hint.split("\n")) == ("bad-flag", each)


@pytest.mark.parametrize(
    ("revision", "wanted"),
    [
        ("deployed", True),
        ("c-" + "a" * 40, True),
        ("c-" + "a" * 39, False),
        ("c-" + "A" * 40, False),
        ("HEAD", False),
        ("refs/heads/deployed", False),
        ("m-" + "a" * 40, False),
        ("c-" + "a" * 40 + "\n", False),
    ],
)
def test_what_is_a_tag(revision, wanted):
    assert is_tag(revision) is wanted


def test_the_record_names_the_commit_and_whether_the_tree_was_clean(world, write, commit):
    first = commit()
    clean = world.build()
    write({"README": "not in the hash"})
    dirty = world.build(**{"src/a": "2"})
    write({"src/a": "333"})
    thens = [world.since(tag).thens["app"] for tag in (clean, dirty)]
    assert [(then.commit, then.dirty) for then in thens] == [(first, False), (first, True)]
    assert f"at {first[:12]} with uncommitted changes" in shown(world.since(dirty))[0]


# -- a record of directories alone ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("edit", "wanted"),
    [
        ({"src/a": "333"}, [("changed", "src/", "2 entries", "2 entries", 2)]),
        ({"src/b/d": "4"}, [("changed", "src/b/", "1 entry", "2 entries", 2)]),
        ({"src/new/x/y": "4"}, [("added", "src/new/", "", "2 entries", 2)]),
        ({"Dockerfile": "FROM base:2\nCOPY src /src\n"}, ["base", "instruction"]),
    ],
)
def test_directories_are_named(world, write, edit, wanted):
    before = groups.within_bound(contents_of(world.inputs({})), 3)
    assert before.depth is not None
    write(edit)
    found = compare(decode(before.tag, encode(before)), contents_of(world.inputs({})))
    told = [(c.cause.value, c.subject, c.before, c.after, c.line) for c in found.changes]
    if isinstance(wanted[0], str):
        assert [row[0] for row in told] == wanted
    else:
        assert set(wanted) <= set(told)
        assert {row[1].partition("/")[0] for row in told} == {"src"}


def test_directories_on_both_sides(world, write):
    one = contents_of(world.inputs({}))
    write({"src/a": "333"})
    two = contents_of(world.inputs({}))
    found = compare(groups.within_bound(one, 3), groups.within_bound(two, 3))
    assert [change.subject for change in found.changes] == ["src/"]
    deeper = replace(groups.within_bound(two, 3), depth=9)
    assert [change.cause.value for change in compare(groups.within_bound(one, 3), deeper).changes] == ["reads"]


# -- differences that nothing else shows ---------------------------------------------------------------------------


def test_an_input_of_a_kind_that_nobody_knows_is_told(world):
    from rajee_deploy.fingerprint import Input
    from rajee_deploy.model import Digest

    one = contents_of(world.inputs({}))
    inputs = (*one.fingerprint.inputs, Input("colour:team", "a"))
    two = replace(one, fingerprint=replace(one.fingerprint, inputs=inputs, digest=Digest("sha256", "0" * 64)))
    assert [(c.cause.value, c.subject, c.after) for c in compare(one, two).changes] == [("input", "colour:team", "a")]


def test_a_login_that_differs_is_told_without_itself(world):
    def at(login):
        return contents_of(world.inputs({"Dockerfile": f"FROM base:1\nADD https://{login}@files.test/a /\n"}))

    def of(context):
        return contents_of(world.inputs({"Dockerfile": "FROM lib\n"}, build_contexts={"lib": context}))

    (change,) = compare(of("https://hunter2@git.test/a.git"), of("https://hunter3@git.test/a.git")).changes
    assert (change.cause.value, "hunter" in json.dumps(change.after)) == ("input", False)
    assert compare(at("hunter2"), at("hunter3")).changes
