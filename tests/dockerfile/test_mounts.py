"""Mounts: which type takes which field with which value, and what BuildKit refuses."""

import pytest

from rajee_deploy.dockerfile.arguments import SyntaxProblemError
from rajee_deploy.dockerfile.golang import parse_bool
from rajee_deploy.dockerfile.mounts import (
    Mount,
    check_static,
    fields_of,
    read_mount,
    source_as_written,
    static_origin,
    type_as_written,
)

ALL, NONE = "bind cache tmpfs secret ssh", ""
TABLE = [
    *((f"{key}={value}", ALL) for key in ("ro", "rw", "readonly", "readwrite") for value in ("true", "0", "F")),
    *((key, ALL) for key in ("ro", "rw", "readonly", "readwrite", "READONLY")),
    *((f"{key}=maybe", NONE) for key in ("ro", "rw", "readonly", "readwrite", "required")),
    ("required", "secret ssh"),
    ("required=true", "secret ssh"),
    ("Required=false", "secret ssh"),
    *((f"size={value}", "tmpfs") for value in ("1", "10k", "1.5 GiB", "2mb", "3TB", "4p", "5B")),
    *((f"size={value}", NONE) for value in ("", "x", "1.", "1kk", "-1", "1 x")),
    *((f"sharing={value}", "cache") for value in ("shared", "private", "LOCKED")),
    ("sharing=mine", NONE),
    ("sharing=", NONE),
    *((f"mode={value}", "cache secret ssh") for value in ("0", "755", "0600", "37777777777")),
    *((f"mode={value}", NONE) for value in ("", "8", "rwx", "40000000000", "7" * 21)),
    *((f"{key}={value}", "cache secret ssh") for key in ("uid", "gid") for value in ("0", "1000", "4294967295")),
    *((f"{key}={value}", NONE) for key in ("uid", "gid") for value in ("", "me", "4294967296", "-1", "9" * 21)),
    ("from=x", "bind cache tmpfs ssh"),
    ("from=", ALL),
    ("source=", ALL),
    ("source=a", "bind cache tmpfs"),
    ("src=a", "bind cache tmpfs"),
    ("id=b", ALL),
    ("env=B", ALL),
    ("env=", ALL),
    *((f"{key}={value}", ALL) for key in ("target", "dst", "destination", "TARGET") for value in ("", "/x", "x/")),
    *((f"{key}={value}", "secret ssh") for key in ("target", "dst", "destination") for value in ("/", "//")),
    ("tagret=/x", NONE),
    ("nothing", NONE),
    ("source", NONE),
    ("id", NONE),
    ("type", NONE),
    ("", NONE),
    ("=x", NONE),
]


def unchanged(value):
    return value


def is_taken(text):
    try:
        read_mount(text, unchanged)
    except SyntaxProblemError:
        return False
    return True


@pytest.mark.parametrize(("field", "kinds"), TABLE)
def test_which_type_takes_which_field(field, kinds):
    texts = {kind: f"type={kind.title()},{'id=i,' if kind == 'secret' else ''}{field}" for kind in ALL.split()}
    assert [kind for kind, text in texts.items() if is_taken(text)] == kinds.split()


@pytest.mark.parametrize(
    ("text", "mount"),
    [
        ("target=/x", Mount("bind", "", "", "/x", "")),
        ("dst=/x,src=a,from=b,id=c", Mount("bind", "b", "a", "/x", "c")),
        ("destination=/x,source=a", Mount("bind", "", "a", "/x", "")),
        ("source=a,src=b,target=/1,dst=/2", Mount("bind", "", "b", "/2", "")),
        ("type=SSH", Mount("ssh", "", "", "", "")),
        ("id=c,type=cache", Mount("cache", "", "", "", "c")),
        ("type=secret,target=/run/", Mount("secret", "", "", "/run/", "")),
        ("type=cache,target=X/X", Mount("cache", "", "", "X/X", "")),
        ("target=X", Mount("bind", "", "", "X", "")),
        ('"target=/a,b","source=""q"""', Mount("bind", "", '"q"', "/a,b", "")),
    ],
)
def test_what_a_mount_says(text, mount):
    assert read_mount(text, unchanged) == mount


def test_values_are_expanded_and_nothing_else():
    assert read_mount("type=a,target=b,ro", lambda value: {"a": "cache", "b": "/c"}[value]) == Mount(
        "cache", target="/c"
    )


@pytest.mark.parametrize(
    "text",
    [
        "type=secret",
        "type=secret,required",
        "type=secret,source=a,id=b",
        "type=ssh,source=a",
        "size=1,type=tmpfs",
        "required,type=secret,id=i",
        "type=secret,id=a,from=b",
        "type=",
        "type=other",
        "type=bind,sharing=shared",
    ],
)
def test_fields_that_do_not_go_together(text):
    with pytest.raises(SyntaxProblemError):
        read_mount(text, unchanged)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("type=bnd", "unsupported mount type 'bnd' (did you mean bind?)"),
        ("type=qqqq", "unsupported mount type 'qqqq'"),
        ("tagret=x", "unexpected key 'tagret' in the mount field 'tagret=x' (did you mean target?)"),
        ("Qqqq=x", "unexpected key 'Qqqq' in the mount field 'Qqqq=x'"),
        ("nothing", "invalid field 'nothing' of a mount: it must be a key=value pair"),
        ("size=1", "unexpected key 'size' for mount type 'bind'"),
        ("type=tmpfs,required", "unexpected key 'required' for mount type 'tmpfs'"),
        ("ro=x", "invalid value for readonly of a mount: 'x'"),
        ("uid=1", "uid is not allowed for mounts of type 'bind'"),
        ("sharing=shared", "sharing is not allowed for mounts of type 'bind'"),
        ("target=/", "invalid mount target '/'"),
    ],
)
def test_the_words_of_a_refusal(text, problem):
    with pytest.raises(SyntaxProblemError) as caught:
        read_mount(text, unchanged)
    assert str(caught.value) == problem


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("", ("",)),
        ("a", ("a",)),
        ("a,b", ("a", "b")),
        ("a,", ("a", "")),
        (",", ("", "")),
        ("a,,b", ("a", "", "b")),
        ('"a,b"', ("a,b",)),
        ('"a""b",c', ('a"b', "c")),
        ('"a","b"', ("a", "b")),
        ('"",x', ("", "x")),
        ('"a",', ("a", "")),
        ('x,"a"', ("x", "a")),
        ('"a\nb"', ("a\nb",)),
    ],
)
def test_fields(text, fields):
    assert fields_of(text) == fields


@pytest.mark.parametrize("text", ['a"b', '"a', '"a"b', 'x,"a', 'a,b"c"', '"a"""b'])
def test_misplaced_quotes(text):
    with pytest.raises(SyntaxProblemError):
        fields_of(text)


@pytest.mark.parametrize(
    ("text", "origin", "source", "kind"),
    [
        ("target=/x", "", "/", ""),
        ("type=Cache,from=a,source=b", "a", "b", "Cache"),
        ("TYPE=bind,FROM=a,SRC=b", "a", "b", "bind"),
        ("from=a,from=B,src=b,source=c,type=x,type=y", "B", "c", "y"),
        ("source=c,src=b", "", "b", ""),
        ("from,source,type", "", "/", ""),
        ("from=,source=,type=", "", "/", ""),
        ("from=$", "$", "/", ""),
    ],
)
def test_what_a_mount_says_before_it_is_expanded(text, origin, source, kind):
    assert (static_origin(text), source_as_written(text), type_as_written(text)) == (origin, source, kind)
    check_static(text)


@pytest.mark.parametrize("text", ["from=$x", "From=a$x", "target=/x,from=${x}", "from=$$"])
def test_an_origin_has_no_variables(text):
    with pytest.raises(SyntaxProblemError):
        check_static(text)


def test_other_fields_may_have_variables():
    check_static("target=$x,source=$y,id=from=$z")


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("type=secret,id=a,target=/b/c", "secret:a"),
        ("type=secret,source=a,target=/b/c", "secret:a"),
        ("type=secret,target=/b/c//", "secret:c"),
        ("type=secret,target=cX", "secret:cX"),
        ("type=ssh", "ssh:default"),
        ("type=ssh,id=a", "ssh:a"),
        ("id=a,target=/x", None),
        ("type=cache,id=a,target=/x", None),
    ],
)
def test_the_secret_of_a_mount(text, secret):
    assert read_mount(text, unchanged).secret == secret


@pytest.mark.parametrize(
    ("texts", "wanted"),
    [
        (("1", "t", "T", "TRUE", "true", "True"), True),
        (("0", "f", "F", "FALSE", "false", "False"), False),
        (("", "yes", "tRUE", "fALSE", "no", "2", "XXTXX"), None),
    ],
)
def test_truth_values(texts, wanted):
    assert {parse_bool(text) for text in texts} == {wanted}
