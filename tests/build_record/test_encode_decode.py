"""The document of what a tag was made of: whole or refused, the same bytes each time, and never a private value."""

from __future__ import annotations

import json
import os
import random
import tempfile
import zlib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sampled import examples

from rajee_deploy.actions.explain.compare import compare
from rajee_deploy.build_record.decode import decode
from rajee_deploy.build_record.encode import encode
from rajee_deploy.build_record.groups import groups_of, within_bound
from rajee_deploy.build_record.of_image import contents_of
from rajee_deploy.build_record.packing import MOST_BYTES
from rajee_deploy.context import Modes
from rajee_deploy.errors import DeployError
from rajee_deploy.image.inputs import read_inputs
from rajee_deploy.model import Platform
from rajee_deploy.settings import ImageSettings

DOCKERFILE = """\
ARG BASE=base:1
FROM ${BASE} AS app
ARG TOKEN
ARG UNSET
ENV SHOWN=$TOKEN
LABEL token=${TOKEN}
ADD https://user:${TOKEN}@files.test/${TOKEN}/a.tgz /a
COPY src /src
RUN --mount=type=secret,id=netrc echo $TOKEN
COPY <<EOF /motd
$TOKEN
EOF
"""
TREE = {"Dockerfile": DOCKERFILE, "src/a": "1", "src/d/b": "22", "src/link": ("a",)}
CANARY = "hunter2-0451"
REFUSED = {"contents-unusable", "contents-not-believed"}


@pytest.fixture
def contents(inputs):
    return contents_of(inputs(TREE, build_args={"TOKEN": CANARY}))


def unpacked(packed):
    return zlib.decompress(packed, 31)


def packed(document):
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return packer.compress(json.dumps(document).encode()) + packer.flush()


def refused(tag, data):
    with pytest.raises(DeployError) as caught:
        decode(tag, data)
    assert caught.value.code in REFUSED
    return caught.value


def test_back_and_forth(contents):
    assert decode(contents.tag, encode(contents)) == contents


def test_it_says_what_was_asked_for(contents):
    document = json.loads(unpacked(encode(contents)))
    assert document["schema"] == "rajee-deploy.contents/2"
    assert document["tag"] == "c-" + document["digest"].removeprefix("sha256:")[:40]
    named = {item["name"]: item.get("value", item.get("digest")) for item in document["inputs"]}
    assert (named["platform"], named["modes"], named["secret"]) == ("linux/amd64", "git", "secret:netrc")
    assert named["build-arg:UNSET"] == "unset"
    assert named["build-arg:TOKEN"].startswith("sha256:")
    assert [one["line"] for one in document["instructions"]] == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    entries = {entry["path"]: entry for entry in document["entries"]}
    assert sorted(entries) == ["src", "src/a", "src/d", "src/d/b", "src/link"]
    assert entries["src/link"] == {"path": "src/link", "kind": "symlink", "mode": "0777", "link": "a"}
    assert (entries["src/d/b"]["size"], entries["src/d/b"]["mode"], len(entries["src/d/b"]["record"])) == (
        2,
        "0644",
        64,
    )
    assert document["uses"][0]["takes"] == [["", "src", True]]


def test_the_same_bytes_each_time(inputs, root):
    first = encode(contents_of(inputs(TREE)))
    for path in sorted(root.rglob("*")):
        os.utime(path, (1, 1), follow_symlinks=False)
    assert encode(contents_of(inputs({}))) == first


def test_no_value_of_a_build_argument(contents):
    assert contents.is_private
    text = unpacked(encode(contents)).decode()
    assert CANARY not in text
    (added,) = [one["text"] for one in json.loads(text)["references"] if one["role"] == "add"]
    assert added == "https://…@files.test/${TOKEN}/a.tgz"


EVERYWHERE = """\
ARG V
FROM base:$V
ARG V
ENV A=$V
WORKDIR /w/$V
USER $V
LABEL l=$V
COPY $V /x/$V
COPY --chown=$V:0 $V /y/
RUN --mount=type=bind,source=$V,target=/z echo $V
RUN --mount=type=secret,id=$V true
ADD https://h.test/$V /c
HEALTHCHECK CMD $V
"""


def test_the_value_of_an_argument_is_where_it_makes_a_name_and_nowhere_else(inputs):
    found = contents_of(
        inputs({"Dockerfile": EVERYWHERE, f"{CANARY}/f": "x"}, build_args={"V": CANARY}), with_bytes=True
    )
    document = json.loads(unpacked(encode(found)))
    has_names = {"entries", "references", "uses"}  # paths, and names of images
    has_names_of = [item for item in document["inputs"] if CANARY in item.get("value", "")]
    assert {item["name"].partition(":")[0] for item in has_names_of} == {"reference", "secret", "use"}
    canonical = [one["canonical"] for one in document["instructions"] if CANARY in json.dumps(one)]
    assert [text.partition(",")[0] for text in canonical] == ['["FROM"']
    assert {key for key, part in document.items() if CANARY in json.dumps(part)} == {
        *has_names,
        "inputs",
        "instructions",
    }


def test_a_login_in_an_address_is_left_out(inputs):
    tree = {"Dockerfile": "FROM lib\nADD https://me:hunter2@files.test/a.tgz /a\n"}
    contexts = {"lib": "https://me:hunter2@git.test/lib.git"}
    found = contents_of(inputs(tree, build_contexts=contexts))
    document = json.loads(unpacked(encode(found)))
    assert "hunter2" not in json.dumps([document["references"], document["inputs"]])
    assert "hunter2" not in document["instructions"][0]["canonical"]
    assert decode(found.tag, encode(found)) == found


def test_every_offset(contents):
    data = encode(contents)
    for cut in range(len(data)):
        refused(contents.tag, data[:cut])
    refused(contents.tag, data + b"\0")


def test_any_flipped_bit_is_seen_or_changes_nothing(contents):
    data, chance = encode(contents), random.Random(1)  # noqa: S311 -- no secret
    for _ in range(500):
        changed = bytearray(data)
        changed[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        try:
            assert decode(contents.tag, bytes(changed)) == contents
        except DeployError as error:
            assert error.code in REFUSED  # noqa: PT017 -- most flips are refused, those of the header are not


@pytest.mark.slow
def test_a_bomb_is_not_unpacked(contents):
    bomb = zlib.compressobj(9, zlib.DEFLATED, 31)
    data = bomb.compress(b" " * (MOST_BYTES + 1)) + bomb.flush()
    assert "too long" in refused(contents.tag, data).cause


@pytest.mark.parametrize(
    "edit",
    [
        lambda d: d.update(schema="rajee-deploy.contents/3"),
        lambda d: d.update(schema="rajee-deploy.contents/1"),
        lambda d: d.update(tag="c-" + "0" * 40),
        lambda d: d.update(scheme="rajee-deploy.image/2"),
        lambda d: d["references"][0].update(text="base:2"),
        lambda d: d["references"].clear(),
        lambda d: d["uses"][0].update(takes=[]),
        lambda d: d["uses"][0].update(takes=[["", "src/d", True]]),
        lambda d: d["uses"][0].update(takes=[["", "src", False]]),
        lambda d: d["uses"][0].update(takes=[["/src", "src", True]]),
        lambda d: d["uses"][0].update(takes=[["", "nowhere", True]]),
        lambda d: d["uses"][0].update(takes=[["", 5, True]]),
        lambda d: d["uses"][0].update(takes=[[0, 5, ""]]),
        lambda d: d["uses"][0].update(takes=[[0, 50_000, ""]]),
        lambda d: d["uses"][0].update(takes=[[0, 0, ""]] * 3),
        lambda d: d["uses"][0].update(alone=False),
        lambda d: d["uses"][0].update(line=2) or d["uses"][0].pop("takes"),
        lambda d: d.update(tag="c-" + "0" * 40, digest="sha256:" + "0" * 64),
        lambda d: d["inputs"].pop(),
        lambda d: d["inputs"][1].update(value="linux/arm64"),
        lambda d: d["instructions"].pop(),
        lambda d: d["instructions"][0].update(canonical='["ARG"]'),
        lambda d: d["uses"].clear(),
        lambda d: d["uses"][0].update(selects="[]"),
        lambda d: d["entries"][0].update(kind="folder"),
        lambda d: d["entries"][0].update(mode="rw"),
        lambda d: d["entries"][0].update(path=5),
        lambda d: d["entries"].append([]),
        lambda d: d.pop("directories"),
        lambda d: d.update(inputs=None),
        lambda d: d.update(private=1),
        lambda d: d.update(depth=-1),
        lambda d: d.update(depth=2),
        lambda d: d["uses"][0].update(line=1.5),
        lambda d: d["uses"][0].update(line=True),
        lambda d: d["entries"][1].update(record="0" * 64),
        lambda d: d["entries"][1].update(record="0"),
        lambda d: d["entries"][1].pop("record"),
        lambda d: d["entries"][0].update(record="0" * 64),  # a directory's follows from what it is
        lambda d: d["entries"][0].update(mode="0700"),
        lambda d: d["entries"][1].update(path="src/b"),
        lambda d: d["entries"][1].update(path="src/./a"),
        lambda d: d["entries"][1].update(path="src/a\0"),
        lambda d: d["entries"][-1].update(link="b"),
        lambda d: d["entries"].pop(),
        lambda d: d["entries"].append(d["entries"][1]),
        lambda d: d["entries"].append({**d["entries"][1], "path": "other"}),
        lambda d: d["entries"].append({**d["entries"][1], "path": "src/a/below"}),
        lambda d: d["entries"][0].update(context="other"),
        lambda d: d["entries"][0].update(size=-1),
        lambda d: d["entries"][0].update(size=1 << 70),
        lambda d: d["entries"][0].update(digest="../../x"),
        lambda d: d["entries"][0].update(path="half \ud800"),
        lambda d: d["entries"].extend(d["entries"] * 20_000),
        lambda d: d.update(directories=[{"context": "", "path": "", "entries": 1, "digest": "aa", "line": 3}]),
    ],
)
def test_a_record_that_does_not_prove_itself(inputs, edit):
    contents = contents_of(inputs({**TREE, "Dockerfile": "ARG X\nFROM base:1\nCOPY src /src\n"}))
    document = json.loads(unpacked(encode(contents)))
    assert decode(contents.tag, packed(document)) == contents
    edit(document)
    refused(contents.tag, packed(document))


@pytest.mark.parametrize(
    "edit",
    [
        lambda d: d["instructions"][0].update(canonical="no JSON"),
        lambda d: d["instructions"][0].update(canonical="{}"),
        lambda d: d["instructions"][0].update(canonical="[]"),
        lambda d: d["instructions"][0].update(canonical='["' + "[" * 100_000),
        lambda d: (
            u := next(i for i in d["inputs"] if i["name"] == "use:0"),
            u.update(value="[1e400]"),
            d["uses"][0].update(selects="[1e400]"),
        ),
        lambda d: (
            u := next(i for i in d["inputs"] if i["name"] == "use:0"),
            u.update(value="5"),
            d["uses"][0].update(selects="5"),
        ),
    ],
)
def test_a_private_record_that_no_digest_proves_has_the_whole_shape_all_the_same(contents, edit):
    assert contents.is_private
    document = json.loads(unpacked(encode(contents)))
    assert decode(contents.tag, packed(document)) == contents
    edit(document)
    refused(contents.tag, packed(document))


@pytest.mark.parametrize(
    "text", [b'{"schema": NaN}', b'{"depth": 1e400}', b"[" * 200_000, b'{"a":' * 200_000, b"9" * 5000, b"\xff"]
)
def test_json_that_nobody_can_use(text):
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    refused("c-" + "a" * 40, packer.compress(text) + packer.flush())


@pytest.mark.parametrize("data", [b"", b"{}", packed([]), packed(None), packed({}), packed("text"), packed(5)])
def test_nonsense(data):
    refused("c-" + "a" * 40, data)


def test_the_record_of_another_tag(contents):
    assert contents.tag in refused("c-" + "a" * 40, encode(contents)).cause


def test_names_that_are_not_utf8(inputs, root):
    inputs(TREE)
    (root / os.fsdecode(b"src/\xff\xfe\n")).write_text("odd")
    (root / "src" / "to").symlink_to(os.fsdecode(b"\xff"))
    found = contents_of(inputs({}))
    again = decode(found.tag, encode(found))
    assert again == found
    assert os.fsdecode(b"src/\xff\xfe\n") in {item.path for item in again.items}


def test_exact_modes_keep_what_other_fields_do_not_show(inputs):
    assert {item.extra for item in contents_of(inputs(TREE), with_bytes=True).items} == {""}
    assert "" not in {item.extra for item in contents_of(inputs({}, Modes.EXACT), with_bytes=True).items}


# -- very many entries ---------------------------------------------------------------------------------------------


def many(inputs, *paths):
    return contents_of(inputs({"Dockerfile": "FROM base:1\nCOPY . /\n", **dict.fromkeys(paths, "1")}))


def test_few_entries_stay_entries(inputs):
    found = many(inputs, "a", "b")
    assert within_bound(found, 3) is found  # with the Dockerfile
    assert within_bound(found, 2).items == ()


@pytest.mark.parametrize(
    ("limit", "depth", "paths"),
    [
        (1, 0, [""]),
        (3, 1, ["", "a", "b"]),
        (5, 2, ["", "a", "a/x", "a/y", "b"]),
        (6, 3, ["", "a", "a/x", "a/x/p", "a/y", "b"]),
    ],
)
def test_groups_are_as_deep_as_the_limit_allows(inputs, limit, depth, paths):
    found = within_bound(many(inputs, "top", "a/x/p/1", "a/x/p/2", "a/x/3", "a/y/4", "b/5", "b/6", "b/7"), limit)
    assert (found.depth, [group.path for group in found.groups]) == (depth, paths)
    assert decode(found.tag, encode(found)) == found


def test_every_difference_of_an_entry_changes_its_group_alone(inputs):
    items = many(inputs, "a/1", "b/1").items
    before = {group.path: group.digest for group in groups_of(items, 1)}
    (at,) = (number for number, item in enumerate(items) if item.path == "a/1")
    names = {"path": "a/2", "record": f"sha256:{'0' * 64}"}
    of_an_older_release = {"mode": 0o755, "size": 9, "digest": "0", "link": "x", "withheld": True, "extra": "1"}
    older = {group.path: group.digest for group in groups_of(items, 1, as_older=True)}
    for name, value in {**names, **of_an_older_release}.items():
        as_older = name in of_an_older_release
        changed = [*items[:at], replace(items[at], **{name: value}), *items[at + 1 :]]
        after = {group.path: group.digest for group in groups_of(changed, 1, as_older=as_older)}
        was = older if as_older else before
        assert {path for path in was if was[path] != after[path]} == {"a"}, name
    assert groups_of(tuple(reversed(items)), 1) == groups_of(items, 1)


# -- properties ----------------------------------------------------------------------------------------------------

names = st.sampled_from(["a", "b", "d/a", "d/e/a", "d/e/b", "f/a", "f/g/h"])
trees = st.dictionaries(names, st.tuples(st.sampled_from(["1", "22", ""]), st.sampled_from([0o644, 0o755])))


def made(tree, *, with_bytes=False):
    """The contents of a tree that one line copies."""
    with tempfile.TemporaryDirectory() as made_here:
        root = Path(made_here)
        (root / "src").mkdir()
        (root / "Dockerfile").write_text("FROM base:1\nCOPY src /src\n")
        for name, (text, mode) in tree.items():
            path = root / "src" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            path.chmod(mode)
        return contents_of(
            read_inputs(ImageSettings("app", root, root / "Dockerfile", "r", (Platform("linux", "amd64"),))),
            with_bytes=with_bytes,
        )


@pytest.mark.slow
@settings(max_examples=examples(60), deadline=None)
@given(before=trees, after=trees, limit=st.integers(1, 12))
def test_a_record_tells_a_difference_exactly_where_there_is_one(before, after, limit):
    past, present = made(before), made(after, with_bytes=True)
    record = decode(past.tag, encode(within_bound(past, limit)))
    whole, found = compare(past, present), compare(record, present)
    assert bool(found.changes) == bool(whole.changes) == (past.tag != present.tag) == (before != after)
    if record.depth is not None:
        changed = {item.path for item in set(past.items) ^ set(present.items)}
        for change in found.changes:
            assert any(f"{path}/".startswith(change.subject.lstrip("/")) for path in changed), change
    else:
        assert found == whole
    back = {tuple(reversed((c.before, c.after))) for c in compare(present, past).changes}
    assert back == {(c.before, c.after) for c in whole.changes}
