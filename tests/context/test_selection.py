"""Looking reads up: BuildKit's table, BuildKit's own constants, and errors that say why."""

from __future__ import annotations

import os

import pytest

from rajee_deploy.context import ContextRules, Modes, find_rules, look_up, stage_context
from rajee_deploy.dockerfile import resolve
from rajee_deploy.errors import DeployError
from rajee_deploy.model import (
    BuildOptions,
    ContextRead,
    Digest,
    Kind,
    Location,
    Platform,
    ReadBy,
    Selector,
    StageId,
)

CODES = {"not found": "source-not-found", "too many links": "source-loop", "invalid": "ignore-pattern"}


def reads_of(case):
    for use in case["uses"] or []:
        given = use["selector"]
        lists = {key: tuple(given.get(key, ())) for key in ("include", "exclude", "required")}
        selector = Selector(given["path"], given["wildcard"], given["follow"], **lists)
        kind = ReadBy.RUN if use["kind"].startswith("mount") else ReadBy.COPY
        yield ContextRead(kind, Location("Dockerfile", 2, 2), StageId(0, None), given["path"], selector), use


def answer(root, read, rules):
    try:
        return str(look_up(root, [read], rules, Modes.EXACT).uses[0].digest)
    except DeployError as error:
        return error.code


def names(selection):
    return [e.entry.path + ("/" if e.entry.kind is Kind.DIRECTORY else "") for e in selection.entries]


def test_buildkits_table(example, root, write, umask):
    umask(0o022)
    try:
        write(root, example["tree"])
    except PermissionError as error:
        pytest.skip(f"only root can make {error.filename}")
    ignored = example.get("dockerignore")
    rules = ContextRules(ignore=None if ignored is None else ignored.encode())
    pairs = list(reads_of(example))
    for read, use in pairs:
        code = next((code for text, code in CODES.items() if text in use.get("err", "")), None)
        assert answer(root, read, rules) == use.get("digest", code)
    if pairs and all("digest" in use for _, use in pairs):
        together = look_up(root, [read for read, _ in pairs], rules, Modes.EXACT)
        assert [str(use.digest) for use in together.uses] == [use["digest"] for _, use in pairs]
        assert set(names(together)) <= set(example["transferred"])


OWN_TREE = {
    "app/main": "1",
    "app/lib/a.so": "2",
    "app/lib/b.txt": "3",
    "a.conf": "4",
    "b.conf": "5",
    "notes.md": "6",
    "empty": None,
    "link": ("app",),
    "to-file": ("a.conf",),
}


def test_own_selection_case(own_selection_case, build, rules):
    root = build(OWN_TREE)
    options = BuildOptions(Platform.parse("linux/amd64"), None, {}, {})
    recipe = resolve(own_selection_case["dockerfile"].encode(), options, "Dockerfile")
    reads, ignore = recipe.reads, rules(*own_selection_case.get("ignore", ()))
    if "error" in own_selection_case:
        with pytest.raises(DeployError) as caught:
            look_up(root, reads, ignore, Modes.EXACT)
        assert caught.value.code == own_selection_case["error"]
        return
    assert sorted(names(look_up(root, reads, ignore, Modes.EXACT))) == own_selection_case["entries"]


D0 = {"d0/abc": "data0", "d0/def": ("abc",), "d0/ghi": ("nosuchfile",)}


@pytest.mark.parametrize(
    ("tree", "path", "selector", "wanted"),
    [
        ({"foo": "data0"}, "/foo", {}, "cd8e75bca50f2d695f220d0cb0997d8ead387e4f926e8669a92d7f104cc9885b"),
        ({"bar": "data1"}, "/bar", {}, "c2b5e234f5f38fc5864da7def04782f82501a40d46192e4207d5b3f0c3c4732b"),
        ({"a/foo": "data2"}, "/a/foo", {}, "1c67653c3cf95b12a0014e2c4cd1d776b474b3218aee54155d6ae27b9b999c54"),
        (D0, "/d0", {}, "d47454417d2c554067fbefe5f5719edc49f3cfe969c36b62e34a187a4da0cc9a"),
        (
            {"x/" + path: what for path, what in D0.items()},
            "/x/d?",
            {"wildcard": True},
            "6b612ad5c13159112ae26357ef7bd34df29916941ba40ec2ce38dfb70c6c60c3",
        ),
        (
            {"foo": "data0", "fox": "data2", "bar": "data1"},
            "/f*",
            {"wildcard": True},
            "0b6731924f0a32a812bf8a729202e55e54ded331f9e4ff2397f681e43694e086",
        ),
        (
            {"foo": "data0", "fox": "data2", "y1": ("foo",), "y2": ("fox",)},
            "/y*",
            {"wildcard": True},
            "982153600b9653a1decb0f961e09e2bc1be335cfcaac9b39dbd1120b65fdf92c",
        ),
        ({"foo/ghi": ("target",)}, "/foo", {}, "9b761577efcb1239cf4be971914c5d7404914dd32ff436401af1764dc5446b83"),
        (
            {"foo/ghi": ("target",)},
            "/foo",
            {"exclude": ("*.git",)},
            "9b761577efcb1239cf4be971914c5d7404914dd32ff436401af1764dc5446b83",
        ),
        (
            {"foo/ghi": ("target",)},
            "/fo?",
            {"wildcard": True},
            "2797e710c6d1a89ff2d91c834b828b1dc500f2982430a58241df8e146f4c4bb4",
        ),
        (
            {"prefix/a/b/c/foo/bar": "abc"},
            "/prefix/a",
            {"include": ("**/foo/**", "**/report")},
            "aa7448215bbf5b837b35ce64467857d8b9747965573d14d4b31b370586370971",
        ),
        (
            {"d0/foo/bar": "data0", "d0/foo-subdir": None, "d0/foo.subdir": "data1"},
            "/d0",
            {},
            "14276c302c940a80f82ca5477bf766c98a24702d6a9948ee71bb277cdad3ae05",
        ),
    ],
)
def test_constants_of_buildkits_own_tests(build, read, tree, path, selector, wanted):
    found = look_up(build(tree), [read(path, **selector)], ContextRules(), Modes.EXACT)
    assert found.uses[0].digest == Digest("sha256", wanted)


TREE = {
    "a.txt": "A",
    "b.txt": "B",
    "dir/x.txt": "X",
    "dir/sub/y.txt": "Y",
    "dir/sub/z.md": "Z",
    "dir/in": ("../a.txt",),
    "empty": None,
    "ln": ("a.txt",),
    "lnd": ("dir",),
}


@pytest.mark.parametrize(
    ("path", "selector", "wanted"),
    [
        ("/a.txt", {}, ["a.txt"]),
        ("/ln", {}, ["a.txt", "ln"]),
        ("/lnd/sub", {}, ["dir/", "dir/sub/", "dir/sub/y.txt", "dir/sub/z.md", "lnd"]),
        ("/*.txt", {"wildcard": True}, ["a.txt", "b.txt"]),
        ("/**/*.txt", {"wildcard": True}, ["dir/", "dir/x.txt"]),
        ("/lnd/*.txt", {"wildcard": True}, ["dir/", "dir/x.txt", "lnd"]),
        ("/l*/x.txt", {"wildcard": True}, []),
        ("/nope*", {"wildcard": True}, []),
        ("/empt?", {"wildcard": True}, ["empty/"]),
        ("/l?", {"wildcard": True}, ["a.txt", "ln"]),
        ("/dir", {"exclude": ("sub", "in")}, ["dir/", "dir/x.txt"]),
        ("/dir", {"exclude": ("**", "!sub/y.txt")}, ["dir/", "dir/sub/", "dir/sub/y.txt"]),
        ("/", {"include": ("dir/**/*.txt",)}, ["dir/", "dir/sub/", "dir/sub/y.txt", "dir/x.txt"]),
        ("/dir", {"include": ("sub/*",)}, ["dir/", "dir/sub/", "dir/sub/y.txt", "dir/sub/z.md"]),
        ("/", {"include": ("empty",), "required": ("/empty",)}, ["empty/"]),
    ],
)
def test_what_is_staged(build, read, path, selector, wanted):
    assert names(look_up(build(TREE), [read(path, **selector)], ContextRules())) == wanted


def test_the_directory_a_wildcard_begins_at_is_staged_though_nothing_matches(build, read, rules):
    root = build({"d/e/f.txt": "f", "x/f.txt": "f"})
    reads = [read("/**/f.txt", wildcard=True), read("/d/*.zip", wildcard=True)]
    assert names(look_up(root, reads, rules())) == ["d/", "x/", "x/f.txt"]


@pytest.mark.parametrize(
    ("path", "selector", "lines", "code", "told"),
    [
        ("/a.tx", {}, [], "source-not-found", "there is a.txt"),
        ("/dir/sub/Y.txt", {}, [], "source-not-found", "there is dir/sub/y.txt"),
        ("/a.txt", {}, ["# x", "*.txt"], "source-not-found", ".dockerignore:2 ignores it: *.txt"),
        ("/dir/sub/y.txt", {}, ["dir"], "source-not-found", ".dockerignore:1 ignores it: dir"),
        ("/lnd", {}, ["dir"], "source-not-found", ".dockerignore:1 ignores it: dir"),
        ("/", {"include": ("lnd/x.txt",), "required": ("/lnd/x.txt",)}, [], "source-not-found", ""),
        ("/", {"include": ("nope",), "required": ("/nope",)}, [], "source-not-found", ""),
        ("/[a", {"wildcard": True}, [], "ignore-pattern", ""),
        ("/dir", {"exclude": ("[a",)}, [], "ignore-pattern", ""),
    ],
)
def test_errors_say_why(build, read, rules, path, selector, lines, code, told):
    with pytest.raises(DeployError) as caught:
        look_up(build(TREE), [read(path, line=7, **selector)], rules(*lines))
    error = caught.value
    assert (error.code, error.where) == (code, "Dockerfile:7")
    assert told in f"{error.cause} {error.hint}"


def test_a_name_that_only_looks_the_same_is_shown_by_its_code_points(build, read, rules):
    root = build({"d/cafe\u0301.txt": "decomposed, as some Macs write it"})
    with pytest.raises(DeployError) as caught:
        look_up(root, [read("/d/caf\u00e9.txt")], rules())
    assert r"there is 'd/cafe\u0301.txt', which looks the same as 'd/caf\xe9.txt'" in caught.value.hint


def test_a_dangling_link_at_the_top_of_a_filtered_directory_fails(build, read, rules):
    root = build({"a": "A", "broken": ("nope",), "d/broken": ("nope",)})
    assert look_up(root, [read("/d", exclude=("x",))], rules()).uses
    for path, selector in (("/", {"exclude": ("x",)}), ("/*", {"wildcard": True})):
        with pytest.raises(DeployError, match='"/broken": not found'):
            look_up(root, [read(path, **selector)], rules())


def test_a_symlink_is_followed_for_one_path_only(build, read, rules):
    root = build({"d/a": "a", "d/b": "b", "l": ("d",)})
    assert look_up(root, [read("/l/a")], rules()).uses
    with pytest.raises(DeployError, match='"/l/b": not found') as caught:
        look_up(root, [read("/l/a"), read("/l/b")], rules())
    assert "once" in caught.value.hint
    assert len(look_up(root, [read("/l/a"), read("/l/b"), read("/")], rules()).uses) == 2 + 1


def test_names_that_read_as_patterns_cannot_be_copied(build, read, rules):
    root = build({"!x": "x", "axb": "x"})
    with pytest.raises(DeployError, match='"/!x": not found'):
        look_up(root, [read("/!x")], rules())
    assert names(look_up(root, [read("/a**b", wildcard=True)], rules())) == []
    assert names(look_up(root, [read("/a**b", wildcard=True), read("/")], rules())) == ["!x", "axb"]


def test_a_file_refused_when_it_is_opened_arrives_empty(build, read, rules):
    selection = look_up(build({"d/x": "secret", "a": "A"}), [read("/")], rules("d", "!d/x", "d"))
    withheld = [entry for entry in selection.entries if entry.withheld]
    assert [entry.entry.path for entry in withheld] == ["d/x"]
    with stage_context(selection, b"FROM scratch\n") as place:
        assert (place.directory / "d/x").read_bytes() == b""
        assert (place.directory / "a").read_bytes() == b"A"


def test_names_that_are_no_text(root, read, rules):
    name = os.fsdecode(b"\xff\xfe")
    (root / name).write_bytes(b"x")
    (root / "\uff5e").write_bytes(b"y")
    selection = look_up(root, [read("/")], rules("*.md", "a[b]"))
    assert [entry.entry.path for entry in selection.entries] == ["\uff5e", name]
    with stage_context(selection, b"") as place:
        found = sorted(os.fsencode(path.name) for path in place.directory.iterdir())
        assert found == [b"\xef\xbd\x9e", b"\xff\xfe"]


def test_no_reads_no_entries(build, rules):
    selection = look_up(build(TREE), [], rules())
    assert (selection.uses, selection.entries, selection.notices) == ((), (), ())


def test_notices(build, read, rules):
    root = build({"key": "k", "run": "r", "ok": "o"})
    (root / "key").chmod(0o600)
    (root / "run").chmod(0o4711)
    selection = look_up(root, [read("/")], rules())
    assert [(notice.code, notice.message.partition(": ")[2]) for notice in selection.notices] == [
        ("mode-normalised", "key (0600 → 0644), run (4711 → 0755)")
    ]
    assert look_up(root, [read("/")], rules(), Modes.EXACT).notices == ()
    assert [notice.code for notice in look_up(root, [read("/")], rules("*")).notices] == ["empty-context"]


def test_the_dockerfiles_own_ignore_file_wins(build, tmp_path):
    root = build(
        {".dockerignore": "root", "Dockerfile": "", "sub/Dockerfile.dockerignore": "own", ".deployignore": "x"}
    )
    assert find_rules(root, root / "Dockerfile").ignore == b"root"
    found = find_rules(root, root / "sub/Dockerfile")
    assert (found.ignore, found.deployignore) == (b"own", b"x")
    assert found.ignore_path.endswith("sub/Dockerfile.dockerignore")
    named = find_rules(root, root / "sub/Dockerfile", main=False)
    assert (named.ignore, named.deployignore) == (b"root", None)
    assert find_rules(tmp_path, tmp_path / "missing/Dockerfile") == ContextRules()


def test_ignore_files_may_be_links_but_only_inside(build, tmp_path):
    (tmp_path / "outside").write_text("secret")
    root = build({"rules": "inside", ".dockerignore": ("rules",), "d/.dockerignore": ("../../outside",)})
    assert find_rules(root, root / "Dockerfile").ignore == b"inside"
    assert find_rules(root / "d", root / "Dockerfile").ignore is None


def test_an_empty_own_ignore_file_is_told(build, read):
    root = build({"Dockerfile.dockerignore": "", ".dockerignore": "*", "a": "A"})
    selection = look_up(root, [read("/a")], find_rules(root, root / "Dockerfile"))
    assert [notice.code for notice in selection.notices] == ["empty-ignore-file"]
