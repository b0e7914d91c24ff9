"""Flags of instructions: which each takes, and what of them counts."""

import pytest

from rajee_deploy.dockerfile.arguments import (
    SyntaxProblemError,
    blank_separated,
    healthcheck,
    json_array,
    pairs_of,
    split_flags,
    split_words,
)
from rajee_deploy.dockerfile.flags import FLAGS, FlagKind, Flags, read_flags
from rajee_deploy.dockerfile.golang import join_root, nearest

BYTE = "\udcff"  # a byte that is no UTF-8


@pytest.mark.parametrize(
    ("text", "flags", "rest"),
    [
        ("a --b c", (), "a --b c"),
        ("--a=b  --c d", ("--a=b", "--c"), "d"),
        ("  --a\tb", ("--a",), "b"),
        ("--a", ("--a",), ""),
        ("--a -- --b", ("--a",), " --b"),
        ("--a=\"b c\"'d e' f", ("--a=b cd e",), "f"),
        ("--a='b\"c' f", ('--a=b"c',), "f"),
        ("--a=b\\ c\\\\ f", ("--a=b c\\",), "f"),
        ("--a=b\\", ("--a=b",), ""),
        ("--a='b\\", ("--a=b",), ""),
        ("--a=é ü", ("--a=Ã©",), "ü"),
        (f"--a={BYTE} {BYTE}", ("--a=ÿ",), BYTE),
        ("--a  ", ("--a",), ""),
    ],
)
def test_flags_stand_in_front(text, flags, rest):
    assert split_flags(text, "\\") == (flags, rest)


def test_the_escape_token_is_the_files_own():
    assert split_flags("--a=`b\\c d", "`") == (("--a=b\\c",), "d")


@pytest.mark.parametrize(
    ("words", "texts", "lists"),
    [
        ((), {}, {}),
        (("--from=a", "--link", "--exclude=x", "--exclude=y"), {"from": "a", "link": "true"}, {"exclude": ("x", "y")}),
        (("--link=FALSE", "--parents=True"), {"link": "false", "parents": "true"}, {}),
        (("--from=", "--chown=a=b"), {"from": "", "chown": "a=b"}, {}),
    ],
)
def test_what_is_read(words, texts, lists):
    assert read_flags("COPY", words) == Flags(texts, lists)


def test_each_instruction_takes_its_own():
    for instruction, flags in FLAGS.items():
        for name, kind in flags.items():
            found = read_flags(instruction, (f"--{name}" if kind is FlagKind.SWITCH else f"--{name}=x",))
            wanted = {FlagKind.SWITCH: ("true", ()), FlagKind.TEXT: ("x", ()), FlagKind.LIST: ("", ("x",))}[kind]
            assert (found.text(name), found.list(name)) == wanted
            for other in FLAGS.keys() - {instruction}:
                if name not in FLAGS[other]:
                    with pytest.raises(SyntaxProblemError):
                        read_flags(other, (f"--{name}=true",))


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("--form=x",), "COPY knows no flag --form (did you mean --from?)"),
        (("--qqqqqq",), "COPY knows no flag --qqqqqq"),
        (("from=x",), "COPY knows no flag --from=x (did you mean --from?)"),
        (("-from",), "COPY knows no flag ---from (did you mean --from?)"),
        (("--link", "--link"), "COPY takes --link only once"),
        (("--link=1",), "--link is true or false, not '1'"),
        (("--link=",), "--link is true or false, not ''"),
        (("--exclude",), "--exclude needs a value: --exclude=…"),
    ],
)
def test_what_is_refused(words, problem):
    with pytest.raises(SyntaxProblemError) as caught:
        read_flags("COPY", words)
    assert str(caught.value) == problem


def test_the_order_of_different_flags_means_nothing():
    flags = Flags({"b": "1", "a": "2"}, {"c": ("y", "x")})
    assert list(flags.canonical().items()) == [("a", "2"), ("b", "1"), ("c", ("y", "x"))]
    assert flags.canonical("a", "c") == {"b": "1"}
    assert (flags.text("c"), flags.list("a"), flags.text("z"), flags.list("z")) == ("", (), "", ())


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('["a", "b"]', (("a", "b"), True)),
        (' \t["a"]', (("a",), True)),
        ("[]", ((), True)),
        ("a", None),
        ("[a]", None),
        ('["a"', None),
        ('["a"] b', None),
        ('"a"', None),
        ("[NaN]", None),
        ("[1e999]", None),
        ("[Infinity]", None),
        ('["\\ud800"]', (("\ufffd",), True)),
        (f"[{'9' * 400}]", None),
    ],
)
def test_arrays(text, wanted):
    assert json_array(text) == wanted


@pytest.mark.parametrize("text", ["[1]", "[1.5]", "[null]", '["a", 1]', "[[]]", "[" * 100_000])
def test_arrays_of_something_else(text):
    with pytest.raises(SyntaxProblemError):
        json_array(text)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", ((), False)),
        ("NONE", (("NONE",), False)),
        ("CMD a  b", (("CMD", "a  b"), False)),
        ('CMD \t["a", "b"]', (("CMD", "a", "b"), True)),
        ("CMD\x85a", (("CMD\udcc2", "a"), False)),
        (f"CMD {BYTE}", (("CMD", BYTE), False)),
        (f"{BYTE}", ((BYTE,), False)),
        ("CMD  ", (("CMD",), False)),
    ],
)
def test_healthchecks(text, wanted):
    assert healthcheck(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", ()),
        ("a=b c=d", ("a", "b", "c", "d")),
        ("a b  c", ("a", "b  c")),
        ("a\tb=c", ("a", "b=c")),
        ("a=b=c", ("a", "b=c")),
        ("a=", ("a", "")),
        ('a=\'b c\' d="e\\" f"', ("a", "'b c'", "d", '"e\\" f"')),
        ("a=b\\ c", ("a", "b\\ c")),
    ],
)
def test_pairs(text, wanted):
    assert pairs_of(text, "ENV", "\\") == wanted


@pytest.mark.parametrize(
    ("text", "problem"),
    [("a", "LABEL must have two arguments"), ("a=b c", "there is no = in 'c'; write LABEL name=value")],
)
def test_what_is_no_pair(text, problem):
    with pytest.raises(SyntaxProblemError) as caught:
        pairs_of(text, "LABEL", "\\")
    assert str(caught.value) == problem


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", ()),
        (" a  b ", ("a", "b")),
        ("'a b' c", ("'a b'", "c")),
        ("''", ("''",)),
        ("'' a", ("''", "a")),
        ('a"b c"d', ('a"b c"d',)),
        ("a\\ b", ("a\\ b",)),
        ("a\\", ("a",)),
        ("'a\\' b", ("'a\\'", "b")),
        ('"a\\" b" c', ('"a\\" b"', "c")),
        ("'a b", ("'a b",)),
        ("a'\"'b c", ("a'\"'b", "c")),
        ("\\", ()),
    ],
)
def test_words(text, wanted):
    assert split_words(text, "\\") == wanted


def test_blanks():
    assert blank_separated("") == ()
    assert blank_separated("a \t\v\f\r b\x85c") == ("a", "b\x85c")


@pytest.mark.parametrize(
    ("path", "wanted"),
    [("", "/"), ("X", "/X"), ("/X/", "/X"), ("//a//b", "/a/b"), ("../../a", "/a"), (".", "/"), ("X/../Xa/.", "/Xa")],
)
def test_paths_begin_at_the_root(path, wanted):
    assert join_root(path) == wanted


@pytest.mark.parametrize(
    ("word", "wanted"),
    [
        ("from", None),
        ("form", "from"),
        ("fro", "from"),
        ("froms", "from"),
        ("fr", "from"),
        ("f", None),
        ("lik", "link"),
        ("qqqqq", None),
        ("mm", None),
        ("fromab", "from"),
        ("fromabc", None),
        ("lnk", "link"),
        ("linked", "link"),
        ("lrnk", "link"),
        ("frxmx", "from"),
    ],
)
def test_the_nearest_option(word, wanted):
    assert nearest(word, ("link", "from")) == wanted


def test_the_first_of_the_nearest():
    assert nearest("ab", ("abcd", "abc", "abd")) == "abc"
