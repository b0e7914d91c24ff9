"""The canonical encoding: injective, ordered, and free of values that must stay private."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rajee_deploy.fingerprint import (
    INFRA_SCHEME,
    Input,
    encode,
    kind_of,
    of_image,
    of_infrastructure,
    of_platforms,
    with_given,
)
from rajee_deploy.model import (
    BuildOptions,
    ContextRead,
    Digest,
    Location,
    Platform,
    ReadBy,
    Recipe,
    Reference,
    Selector,
    StageId,
    Use,
)

D1, D2 = Digest("sha256", "1" * 64), Digest("sha256", "2" * 64)
OPTIONS = BuildOptions(Platform("linux", "amd64"))
READ = ContextRead(ReadBy.COPY, Location("Dockerfile", 2, 2), StageId(0, None), "a", Selector("/a"))
RECIPE = Recipe("", (READ,), ('["FROM","scratch"]', '["COPY","a","/"]'), (("V", "1"),), (), (), ())

texts = st.text(max_size=6)
inputs = st.lists(st.builds(Input, name=texts, value=texts), max_size=4)


@given(inputs, inputs)
def test_the_encoding_is_injective(left, right):
    assert (encode(left) == encode(right)) == ([(i.name, i.text) for i in left] == [(i.name, i.text) for i in right])


def tag(recipe=RECIPE, options=OPTIONS, digest=D1, modes="git") -> str:
    return of_image(recipe, options, [Use(read, digest) for read in recipe.reads], modes).tag


def test_the_tag_is_readable_and_long_enough():
    assert tag().startswith("c-")
    assert len(tag()) >= len("c-") + 32
    assert set(tag()[2:]) <= set("0123456789abcdef")


@pytest.mark.parametrize(
    "other",
    [
        tag(digest=D2),
        tag(modes="exact"),
        tag(options=BuildOptions(Platform("linux", "arm64"))),
        tag(options=BuildOptions(Platform("linux", "amd64"), build_contexts={"b": "docker-image://x"})),
        tag(options=BuildOptions(Platform("linux", "amd64"), target="t")),
        tag(replace(RECIPE, instructions=RECIPE.instructions[:1])),
        tag(replace(RECIPE, instructions=RECIPE.instructions[::-1])),
        tag(replace(RECIPE, build_args=(("V", "2"),))),
        tag(replace(RECIPE, build_args=(("V", None),))),
        tag(replace(RECIPE, build_args=(("V", "unset"),))),
        tag(replace(RECIPE, references=(Reference("from", "a", 1),))),
        tag(replace(RECIPE, references=(Reference("copy", "a", 1),))),
        tag(replace(RECIPE, secrets=("secret:a",))),
        tag(replace(RECIPE, reads=())),
        tag(replace(RECIPE, reads=(READ, READ))),
        tag(replace(RECIPE, reads=(READ._replace(selector=Selector("/a", wildcard=True)),))),
    ],
)
def test_every_input_counts(other):
    assert other != tag()


def test_two_named_contexts_that_swap_their_images_are_another_build():
    references = (Reference("from", "a", 1), Reference("from", "b", 2))
    assert tag(replace(RECIPE, references=references)) != tag(replace(RECIPE, references=references[::-1]))


@pytest.mark.parametrize(
    "same",
    [
        tag(replace(RECIPE, reads=(READ._replace(location=Location("Other", 9, 9)),))),
        tag(replace(RECIPE, target="a-stage-that-was-renamed")),
        tag(options=BuildOptions(Platform("linux", "amd64"), build_contexts={"lib": "/somewhere"})),
        tag(options=BuildOptions(Platform("linux", "amd64"), build_args={"UNDECLARED": "1"})),
    ],
)
def test_places_and_undeclared_arguments_do_not_count(same):
    assert same == tag()


def test_build_argument_values_do_not_show():
    found = of_image(replace(RECIPE, build_args=(("TOKEN", "hunter2"),)), OPTIONS, [], "git")
    assert "hunter2" not in repr(found)
    assert "hunter2" not in encode(found.inputs).decode()


def test_a_widened_read_makes_a_superset():
    wide = Use(READ._replace(widened="unknown variable"), D1)
    assert of_image(RECIPE, OPTIONS, [wide], "git").precision == "superset"
    assert of_image(RECIPE, OPTIONS, [Use(READ, D1)], "git").precision == "exact"


def test_infrastructure_inputs_each_count():
    base = ([("a", "644", D1)], {"k": "v"}, {"E": None}, {"lib": "1"})
    variants = [
        base,
        ([("b", "644", D1)], *base[1:]),
        ([("a", "755", D1)], *base[1:]),
        ([("a", "644", D2)], *base[1:]),
        (base[0], {"k": "w"}, *base[2:]),
        (*base[:2], {"E": ""}, base[3]),
        (*base[:2], {"E": "x"}, base[3]),
        (*base[:3], {"lib": "2"}),
    ]
    assert len({of_infrastructure(*variant).digest for variant in variants}) == len(variants)


def test_a_recipe_that_was_widened_makes_a_superset():
    assert of_image(replace(RECIPE, widened=("unknown variable",)), OPTIONS, [], "git").precision == "superset"
    assert of_image(RECIPE, OPTIONS, [], "git").precision == "exact"


def test_one_platform_that_is_a_superset_makes_the_image_one():
    exact = (RECIPE, OPTIONS, [Use(READ, D1)])
    wide = (RECIPE, BuildOptions(Platform("linux", "arm64")), [Use(READ._replace(widened="x"), D1)])
    assert of_platforms([exact, wide], "git").precision == "superset"
    assert of_platforms([wide, exact], "git").precision == "superset"
    assert of_platforms([exact, exact], "git").precision == "exact"


def test_the_names_of_targets_have_no_case():
    """As BuildKit compares the names of stages."""

    def of(target):
        return tag(options=BuildOptions(Platform("linux", "amd64"), target=target))

    assert of("Build") == of("build") == of("BUILD")
    assert of(None) == of("") != of("build")


def test_secrets_are_a_set():
    def of(*secrets):
        return tag(replace(RECIPE, secrets=secrets))

    assert of("secret:a", "secret:b", "secret:a") == of("secret:b", "secret:a")
    assert len({of(), of("secret:a"), of("secret:b"), of("secret:a", "secret:b")}) == 4


def test_labels_and_build_contexts_count_by_name_and_value():
    def of(**changes):
        return tag(options=BuildOptions(Platform("linux", "amd64"), **changes))

    labels = [{}, {"a": "1"}, {"a": "2"}, {"b": "1"}, {"a": "1", "b": "1"}]
    contexts = [{}, {"a": "docker-image://x"}, {"a": "docker-image://y"}, {"b": "docker-image://x"}]
    assert len({of(labels=each) for each in labels}) == len(labels)
    assert len({of(build_contexts=each) for each in contexts}) == len(contexts)
    assert of(labels={"a": "1", "b": "2"}) == of(labels={"b": "2", "a": "1"})


def test_the_order_in_which_infrastructure_is_found_decides_nothing():
    files = [("a", "644", D1), ("b", "755", D2)]
    traced = [Input("traced:read:a", "1"), Input("traced:read:b", "2")]
    one = of_infrastructure(files, {"k": "1", "l": "2"}, {"E": "1", "F": None}, {"x": "1", "y": "2"}, traced)
    other = of_infrastructure(
        files[::-1], {"l": "2", "k": "1"}, {"F": None, "E": "1"}, {"y": "2", "x": "1"}, traced[::-1]
    )
    assert one == other
    assert one.precision == "exact"
    assert [item.name for item in one.inputs] == [
        "scheme",
        "file:a",
        "file:b",
        "context:k",
        "context:l",
        "env:E",
        "env:F",
        "version:x",
        "version:y",
        "traced:read:a",
        "traced:read:b",
    ]
    assert [item.value for item in one.inputs[:3]] == [INFRA_SCHEME, f"644 {D1}", f"755 {D2}"]


def test_what_was_traced_counts():
    def of(*traced):
        return of_infrastructure([], {}, {}, {}, traced).digest

    assert len({of(), of(Input("a", "1")), of(Input("a", "2")), of(Input("b", "1"))}) == 4


def test_given_tags_count_after_all_else_and_the_scheme_stays_once():
    base = of_infrastructure([], {"k": "v"}, {}, {})
    assert with_given(base, {}) is base
    found = with_given(base, {"b": "2", "a": "1"})
    assert [(item.name, item.text) for item in found.inputs] == [
        ("scheme", INFRA_SCHEME),
        ("context:k", "v"),
        ("given:a", "1"),
        ("given:b", "2"),
    ]
    assert (found.scheme, found.precision) == (base.scheme, base.precision)
    assert found == with_given(base, {"a": "1", "b": "2"})
    others = [with_given(base, {"a": value}) for value in "12"]
    assert len({each.digest for each in (base, found, *others)}) == 4


FULL = Recipe(
    "stage",
    (
        ContextRead(ReadBy.COPY, Location("D", 2, 2), StageId(0, "s"), "a", Selector("/a")),
        ContextRead(
            ReadBy.RUN,
            Location("D", 3, 3),
            StageId(0, "s"),
            "b",
            Selector("/b*", wildcard=True, follow=False, include=("i",), exclude=("e", "f"), required=("/r",)),
            "named",
            "why",
        ),
    ),
    ('["FROM","scratch"]', "second \udcff"),
    (("V", "1"), ("N", None), ("E", "")),
    (Reference("from", "b:1", 1), Reference("copy", "a:1", 2)),
    ("ssh:default", "secret:a", "ssh:default"),
    (),
)
FULL_OPTIONS = BuildOptions(
    Platform("linux", "arm", "v6"),
    "Stage",
    {"V": "1"},
    {"z": "docker-image://x", "dir": "./d", "g": "git@h:r"},
    labels={"b": "2", "a": "1"},
    source_policy=D2,
)


def keyed(name, value):
    return "sha256:" + hmac.new(name.encode(), value.encode(), "sha256").hexdigest()


def hashed(text):
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


OF_FULL = [
    ("platform", "linux/arm/v6"),
    ("target", "stage"),
    ("modes", "git"),
    ("instruction:0", hashed('["FROM","scratch"]')),
    ("instruction:1", hashed("second \udcff")),
    ("build-arg:E", keyed("build-arg:E", "")),
    ("build-arg:N", "unset"),
    ("build-arg:V", keyed("build-arg:V", "1")),
    ("reference:from", "b:1"),
    ("reference:copy", "a:1"),
    ("secret", "secret:a"),
    ("secret", "ssh:default"),
    ("build-context:g", "git@h:r"),
    ("build-context:z", "docker-image://x"),
    ("source-policy", str(D2)),
    ("label:a", "1"),
    ("label:b", "2"),
    ("use:0", f'["COPY", "", "/a", false, true, [], [], [], "{D1}"]'),
    ("use:1", f'["RUN", "named", "/b*", true, false, ["i"], ["e", "f"], ["/r"], "{D2}"]'),
]


def test_what_a_tag_stands_on_word_for_word():
    """A change here moves every tag of every user."""
    uses = [Use(FULL.reads[0], D1), Use(FULL.reads[1], D2)]
    found = of_image(FULL, FULL_OPTIONS, uses, "git")
    assert [(item.name, item.text) for item in found.inputs] == [("scheme", "rajee-deploy.image/1"), *OF_FULL]
    framed = "".join(
        f"{len(text.encode())}:{text}" for item in (("scheme", "rajee-deploy.image/1"), *OF_FULL) for text in item
    )
    assert encode(found.inputs) == framed.encode()
    assert str(found.digest) == hashed(framed)
    assert found.tag == "c-" + found.digest.hex[:40]
    assert (found.scheme, found.precision) == ("rajee-deploy.image/1", "superset")
    bare = of_image(replace(FULL, reads=()), replace(FULL_OPTIONS, target=None, source_policy=None), [], "exact")
    assert [(item.name, item.text) for item in bare.inputs[1:4]] == [*OF_FULL[:1], ("target", ""), ("modes", "exact")]
    assert [item.name for item in bare.inputs[13:]] == ["build-context:g", "build-context:z", "label:a", "label:b"]


def test_what_a_tag_of_several_platforms_stands_on():
    uses = [Use(FULL.reads[0], D1), Use(FULL.reads[1], D2)]
    other = (RECIPE, OPTIONS, [Use(READ, D1)])
    found = of_platforms([(FULL, FULL_OPTIONS, uses), other], "git")
    own = [(f"linux/arm/v6 {name}", text) for name, text in OF_FULL[1:]]
    second = [
        (f"linux/amd64 {item.name}", item.text)
        for item in of_image(*other, "git").inputs
        if item.name not in ("scheme", "platform")
    ]
    assert [(item.name, item.text) for item in found.inputs] == [
        ("scheme", "rajee-deploy.image/1"),
        ("platform", "linux/arm/v6,linux/amd64"),
        *own,
        *second,
    ]
    assert found.precision == "superset"
    assert of_platforms([other], "git") == of_image(*other, "git")


@pytest.mark.parametrize("kind", ["toolchain-taken:node", "ignored:./cdk/notes.md"])
def test_what_is_only_shown_does_not_count(kind):
    plain = of_infrastructure([], {}, {}, {"node": "20"})
    assert of_infrastructure([], {}, {}, {"node": "20"}, [Input(kind, "20")]).digest == plain.digest


def test_what_is_taken_as_recorded_is_shown_and_does_not_count():
    found = of_infrastructure([], {}, {}, {"node": "20"}, [Input("toolchain-taken:node", "20")])
    assert found.digest == of_infrastructure([], {}, {}, {"node": "20"}).digest
    assert (
        with_given(found, {"k": "v"}).digest
        == with_given(of_infrastructure([], {}, {}, {"node": "20"}), {"k": "v"}).digest
    )
    assert Input("toolchain-taken:node", "20") in found.inputs


def test_what_an_infrastructure_hash_stands_on():
    found = of_infrastructure([("p", "644", D1)], {"k": "v"}, {"E": "x", "N": None}, {"l": "1"}, [Input("t", "u")])
    listed = [
        ("scheme", "rajee-deploy.infra/4"),
        ("file:p", f"644 {D1}"),
        ("context:k", "v"),
        ("env:E", keyed("env:E", "x")),
        ("env:N", "unset"),
        ("version:l", "1"),
        ("t", "u"),
    ]
    assert [(item.name, item.text) for item in found.inputs] == listed
    assert (found.scheme, found.precision) == ("rajee-deploy.infra/4", "exact")
    assert found.inputs[4] == Input("env:N", "unset")


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("linux/amd64 use:0", ("linux/amd64", "use:0")),
        ("linux/arm/v6 label:a b", ("linux/arm/v6", "label:a b")),
        ("use:0", ("", "use:0")),
        ("label:a b", ("", "label:a b")),
        ("linux x", ("", "linux x")),
        ("a/b/c/d x", ("", "a/b/c/d x")),
        ("linux/amd64", ("", "linux/amd64")),
        ("Linux/amd64 x", ("", "Linux/amd64 x")),
    ],
)
def test_the_platform_that_an_input_belongs_to(name, wanted):
    assert kind_of(name) == wanted
