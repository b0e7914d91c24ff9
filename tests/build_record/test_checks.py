"""What a record proves by its own digests: whatever is changed in one is noticed, or is a word that decides nothing."""

from __future__ import annotations

import copy
import json
import shutil
import zlib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rajee_deploy.actions.explain.compare import compare
from rajee_deploy.build_record.checks import DIRECTORIES, OLDER, PRIVATE, WAYS
from rajee_deploy.build_record.decode import decode
from rajee_deploy.build_record.encode import encode
from rajee_deploy.build_record.groups import within_bound
from rajee_deploy.build_record.of_image import contents_of, proved_by
from rajee_deploy.build_record.takes import read_takes
from rajee_deploy.context import Modes
from rajee_deploy.errors import DeployError

TREE = {
    "src/a": "1",
    "src/a-b": "22",
    "src/d/b.txt": "22",
    "src/d/e/c.txt": "",
    "src/link": ("a",),
    "one.txt": "x",
    "two.txt": "y",
    "way": ("src/d",),
    "more/one.txt": ("../one.txt",),
}
# What copies it, and what of that no digest proves.
COPIES = [
    ("COPY src /src", ""),
    ("COPY . /", ""),
    ("COPY src/a one.txt /x/", ""),
    ("COPY src/link /x", WAYS),  # the link is followed, and what it leads to is copied
    ("COPY way /x", WAYS),
    ("COPY *.txt /x/", ""),
    ("COPY o*.txt /x/", ""),
    ("COPY */one.txt /x/", WAYS),
    ("COPY src/*/b.txt /x/", WAYS),
    ("COPY way/*.txt /x/", WAYS),
    ("COPY --exclude=d src /x", ""),
    ("COPY --exclude=**/*.txt . /x", WAYS),
    ("COPY --exclude=**/*.txt --exclude=way . /x", ""),
    ("COPY --parents src/d/b.txt src/a /x/", ""),
    ("RUN --mount=type=bind,source=src/d,target=/x true", ""),
    ("COPY src /src\nCOPY --exclude=a src /more\nCOPY src/d/e one.txt /e/", ""),
    ("COPY --from=lib . /lib\nCOPY src/d /d", ""),
]


def unpacked(data):
    return json.loads(zlib.decompress(data, 31))


def packed(document):
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    return packer.compress(json.dumps(document).encode()) + packer.flush()


def image(inputs, root, copies, modes=None, **more):
    lib = root.parent / "lib"
    lib.mkdir(exist_ok=True)
    (lib / "of-it").write_text("lib")
    text = f"# syntax=docker/dockerfile:1-labs\nFROM base:1\n{copies}\n"
    return inputs({**TREE, "Dockerfile": text, **more}, modes, build_contexts={"lib": str(lib)})


@pytest.mark.parametrize("modes", [Modes.GIT, Modes.EXACT])
@pytest.mark.parametrize(("copies", "unproved"), COPIES)
def test_entries_give_the_digests_of_their_uses(inputs, root, copies, unproved, modes):
    made = contents_of(image(inputs, root, copies, modes))
    found = decode(made.tag, encode(made))
    assert found == made
    assert found.unproved == ((unproved,) if unproved else ())
    assert all(use.takes is not None for use in found.uses)


def test_keeping_a_record_reads_no_file(inputs, root):
    found = image(inputs, root, "COPY src /src")
    before = encode(contents_of(found))
    shutil.rmtree(root / "src")
    assert encode(contents_of(found)) == before


def believed(tag, document):
    """The contents, or None where they were refused as they should be."""
    try:
        return decode(tag, packed(document))
    except DeployError as error:
        return None if error.code in {"contents-unusable", "contents-not-believed"} else error


def leaves(value, path=()):
    """Where every text, number and switch of a document stands."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from leaves(one, (*path, key))
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from leaves(one, (*path, number))
    else:
        yield path


def other(value, at):
    """A value that differs a little: one character, or one."""
    if isinstance(value, bool) or value is None:
        return not value
    if isinstance(value, int):
        return value + 1
    at = at % len(value) if value else 0
    swapped = "1" if value[at : at + 1] != "1" else "0"
    return value[:at] + swapped + value[at + 1 :]


def changed(document, path, at=-1):
    made = copy.deepcopy(document)
    place = made
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = other(place[path[-1]], at)
    return made


def essence(contents):
    """All that decides whether something differs. The rest says how it looked: texts, lines, sizes, modes of files."""
    return (
        contents.tag,
        contents.fingerprint.scheme,
        contents.fingerprint.inputs,
        [one.canonical for one in contents.instructions],
        {(one.role, one.text) for one in contents.references},
        [use.selects for use in contents.uses],
        {(item.context, item.path): item.record for item in contents.items},
    )


@pytest.mark.parametrize("copies", [copies for copies, unproved in COPIES if not unproved][::3])
def test_whatever_is_changed_in_a_record_is_noticed_or_decides_nothing(inputs, root, copies):
    made = contents_of(image(inputs, root, copies))
    document = unpacked(encode(made))
    harmless = set()
    for path in leaves(document):
        found = believed(made.tag, changed(document, path))
        if found is not None:
            assert essence(found) == essence(made) or found.unproved, path
            harmless.add(path[-1] if isinstance(path[-1], str) else "takes")
    # `private` is its own word for "not proved"; whether a file is taken with all that is in it is all the same; the
    # others are how it looked.
    assert harmless <= {"private", "takes", "text", "line", "source", "size", "mode", "precision", "withheld"}


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_no_two_records_of_a_tag_with_other_entries(proved, data):
    """Any character of any text, any number, any entry left out, doubled or moved."""
    made, document = proved
    forged = copy.deepcopy(document)
    entries = forged["entries"]
    number = data.draw(st.integers(0, len(entries) - 1))
    match data.draw(st.sampled_from(["leave out", "double", "swap", "a character"])):
        case "leave out":
            del entries[number]
        case "double":
            entries.append(entries[number])
        case "swap":
            fellow = data.draw(st.integers(0, len(entries) - 1))
            entries[number]["path"], entries[fellow]["path"] = entries[fellow]["path"], entries[number]["path"]
        case _:
            path = data.draw(st.sampled_from(list(leaves(forged))))
            forged = changed(forged, path, data.draw(st.integers(0, 200)))
    found = believed(made.tag, forged)
    assert found is None or essence(found) == essence(made) or found.unproved


@pytest.fixture(scope="module")
def proved(tmp_path_factory):
    from rajee_deploy.image.inputs import read_inputs
    from rajee_deploy.model import Platform
    from rajee_deploy.settings import ImageSettings

    root = tmp_path_factory.mktemp("proved")
    (root / "src" / "d").mkdir(parents=True)
    for name in ("src/a", "src/b", "src/d/c"):
        (root / name).write_text(name)
    (root / "Dockerfile").write_text("FROM base:1\nCOPY src /src\nCOPY --exclude=d src /more\n")
    image = ImageSettings("app", root, root / "Dockerfile", "team/app", (Platform("linux", "amd64"),))
    made = contents_of(read_inputs(image))
    return made, unpacked(encode(made))


def test_a_file_that_is_said_to_be_the_present_one_is_so(proved):
    """The size and mode of a file are the record's word; that it differs, or does not, is not."""
    made, document = proved
    (number,) = (at for at, entry in enumerate(document["entries"]) if entry["path"] == "src/a")
    forged = copy.deepcopy(document)
    forged["entries"][number] |= {"mode": "0755", "size": 99}
    found = decode(made.tag, packed(forged))
    differing = [old.path for old, new in zip(found.items, made.items, strict=True) if old.record != new.record]
    assert differing == []


def refused(tag, document):
    with pytest.raises(DeployError) as caught:
        decode(tag, packed(document))
    return caught.value


def test_what_contradicts_its_digests_is_not_believed(proved):
    made, document = proved
    forged = copy.deepcopy(document)
    forged["entries"][1]["record"] = "0" * 64
    error = refused(made.tag, forged)
    assert (error.code, "line 2" in error.cause) == ("contents-not-believed", True)


def test_a_name_that_may_be_two(inputs, root):
    """BuildKit's list has names and digests behind one another: a directory may have a digest in its name."""
    odd = f"src/a{'sha256:' + 'f' * 64}/b"
    made = contents_of(image(inputs, root, "COPY --exclude=none src /src", None, **{odd: "1"}))
    assert refused(made.tag, unpacked(encode(made))).code == "contents-not-believed"


def test_two_files_are_not_one_with_a_zero_in_its_name(proved):
    """BuildKit's digest of a directory has zeros between its names."""
    made, document = proved
    forged = copy.deepcopy(document)
    forged["uses"][1]["takes"] = None  # the list is another matter
    one, two = (next(each for each in forged["entries"] if each["path"] == path) for path in ("src/a", "src/b"))
    one |= {"path": f"src/a{'sha256:' + one['record']}\0b", "record": two["record"]}
    forged["entries"].remove(two)
    del forged["uses"][1], forged["inputs"][-1], forged["instructions"][-1]
    assert refused(made.tag, forged).cause == "a path is none"


def test_an_entry_that_no_line_takes(proved):
    made, document = proved
    forged = copy.deepcopy(document)
    forged["entries"].append({**forged["entries"][1], "path": "elsewhere"})
    error = refused(made.tag, forged)
    assert (error.code, error.cause) == ("contents-not-believed", "it has 'elsewhere', which no line takes")


def test_what_hides_nothing_is_proved_beside_what_does(inputs, root):
    made = contents_of(image(inputs, root, "ADD https://me:secret@files.test/a /a\nCOPY src /src"))
    forged = unpacked(encode(made))
    copied = next(one for one in forged["instructions"] if "COPY" in one["canonical"])
    copied["canonical"] = copied["canonical"].replace("/src", "/other")
    assert refused(made.tag, forged).cause == "its instructions are not those of its inputs"


def test_what_uses_take_has_a_bound(proved):
    made, document = proved
    with pytest.raises(ValueError, match="its uses take more than"):
        read_takes([[0, len(document["entries"]), ""]] * 3, made.items, 10)


def test_paths_may_be_very_deep(proved):
    made, document = proved
    forged = copy.deepcopy(document)
    names = ["src/d" + "/d" * depth for depth in range(1, 500)]
    forged["entries"] += [{"path": name, "kind": "dir", "mode": "0755"} for name in names]
    assert refused(made.tag, forged).code == "contents-not-believed"


# -- what nothing proves is said --------------------------------------------------------------------------------------


def test_directories_alone_prove_nothing(inputs, root):
    made = within_bound(contents_of(image(inputs, root, "COPY src /src")), 2)
    assert decode(made.tag, encode(made)).unproved == (DIRECTORIES,)


def test_an_address_that_hides_something_proves_nothing(inputs, root):
    made = contents_of(image(inputs, root, "ADD https://me:secret@files.test/a /a\nCOPY src /src"))
    found = decode(made.tag, encode(made))
    assert (found.is_private, found.unproved) == (True, (PRIVATE,))


HIDING = "ARG V\nFROM lib2\nARG V\nADD https://me:secret@files.test/$V /a\nCOPY src /src\n"


@pytest.mark.parametrize(
    ("changed", "is_proved"),
    [
        ({}, True),
        ({"src/a": "another"}, True),  # a file's change hides nothing
        ({"build_args": {"V": "2"}}, False),
        ({"build_contexts": {"lib2": "https://me:other@git.test/lib.git"}}, False),
        ({"Dockerfile": HIDING.replace("secret", "other")}, False),
    ],
)
def test_what_is_hidden_proves_it_where_it_is_still_there(inputs, changed, is_proved):
    settings = {"build_args": {"V": "1"}, "build_contexts": {"lib2": "https://me:secret@git.test/lib.git"}}
    made = contents_of(inputs({**TREE, "Dockerfile": HIDING}, **settings))
    found = decode(made.tag, encode(made))
    assert found.unproved == (PRIVATE,)
    settings |= {key: value for key, value in changed.items() if key in settings}
    now = inputs({key: value for key, value in changed.items() if key not in settings}, **settings)
    assert proved_by(now, found).unproved == (() if is_proved else (PRIVATE,))
    forged = replace(
        found, instructions=(replace(found.instructions[0], canonical='["FROM","…@"]'), *found.instructions[1:])
    )
    assert proved_by(now, forged).unproved == (PRIVATE,)


# Records as a release before contents/2 wrote them, of the project below.
OLDER_TAG = "c-ce9a09a6eeb5dc4be918dd9cccd6ff24e54d4749"


def older(name):
    return json.loads((Path(__file__).parent / "older" / f"{name}.json").read_text())


@pytest.fixture
def of_then(inputs):
    """The project that the older record is of, with edits."""

    def make(**edits):
        tree = {"Dockerfile": "FROM base:1\nCOPY src /src\n", "src/a": "1", "src/b/c": "22"}
        return inputs({**tree, **edits})

    return make


def test_a_record_of_an_older_release_is_read(of_then, root):
    found = decode(OLDER_TAG, packed(older("entries")))
    assert (found.unproved, found.is_older) == ((OLDER,), True)
    assert of_then().fingerprint.tag == OLDER_TAG  # no tag moved
    (root / "src/b/c").chmod(0o755)
    present = contents_of(of_then(**{"src/a": "333"}), with_bytes=True)
    told = [(one.cause.value, one.subject, one.before, one.after) for one in compare(found, present).changes]
    assert told == [("changed", "src/a", "1 B", "3 B"), ("mode", "src/b/c", "0644", "0755")]


def test_directories_of_an_older_release_are_compared_as_it_made_them(of_then):
    found = decode(OLDER_TAG, packed(older("directories")))
    present = contents_of(of_then(**{"src/b/c": "333"}), with_bytes=True)
    told = [(one.cause.value, one.subject) for one in compare(found, present).changes]
    assert told == [("changed", "src/")]
