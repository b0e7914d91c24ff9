"""One Dockerfile for several platforms: what is asked for on each, and in all."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from rajee_deploy.dockerfile import merge, resolve, unite
from rajee_deploy.model import BUILD_PLATFORM, BuildOptions, parse_platforms

AMD64, ARM64 = parse_platforms(["linux/arm64,linux/amd64"])
lists = st.lists(st.lists(st.integers(0, 5), max_size=6), min_size=1, max_size=3)


def is_within(part, whole):
    rest = iter(whole)
    return all(item in rest for item in part)


@given(lists)
def test_each_list_is_in_the_united_one_in_its_order(given_lists):
    found = unite(given_lists)
    assert all(is_within(each, found) for each in given_lists)
    assert set(found) == {item for each in given_lists for item in each}


@given(st.lists(st.integers(0, 5), max_size=6), st.integers(1, 3))
def test_equal_lists_are_there_once_with_their_repeats(one, times):
    assert unite([one] * times) == tuple(one)


@given(lists)
def test_nothing_is_there_more_often_than_all_lists_have_it(given_lists):
    most = sum((Counter(each) for each in given_lists), Counter())
    assert Counter(unite(given_lists)) <= most


def recipes(text, build=AMD64):
    return [resolve(text.encode(), BuildOptions(each, build_platform=build), "Dockerfile") for each in (AMD64, ARM64)]


def paths(recipe):
    return [read.selector.path for read in recipe.reads]


def test_platforms_that_ask_for_the_same_have_one_recipe():
    one, other = recipes("FROM scratch\nCOPY a b /\nCOPY a /\n")
    assert merge([one, other]) == one == other


def test_what_any_platform_reads_is_read():
    text = "FROM scratch\nCOPY first /\nARG TARGETARCH\nCOPY app-$TARGETARCH /\nCOPY last /\n"
    assert paths(merge(recipes(text))) == ["/first", "/app-amd64", "/app-arm64", "/last"]


def test_what_any_platform_builds_on_is_needed():
    text = "FROM base-amd64 AS for-amd64\nCOPY a /\nFROM base-arm64 AS for-arm64\nCOPY b /\nFROM for-$TARGETARCH\n"
    found = merge(recipes("ARG TARGETARCH\n" + text))
    assert paths(found) == ["/a", "/b"]
    assert [(one.text, one.platform) for one in found.references] == [
        ("base-amd64", "linux/amd64"),
        ("base-arm64", "linux/arm64"),
    ]


def test_every_part_is_of_all_platforms():
    text = (
        "ARG V=1\nFROM base-$TARGETARCH AS for-amd64\nARG A\nFROM scratch AS for-arm64\nARG B\n"
        "RUN --mount=type=secret,id=of-arm --mount=type=ssh x\nFROM for-$TARGETARCH\nARG V\nCOPY a /\n"
    )
    one, other = recipes("ARG TARGETARCH\n" + text)
    found = merge([one, other])
    assert [name for name, _ in found.build_args] == ["A", "TARGETARCH", "B", "TARGETARCH", "V"]
    assert (found.secrets, found.widened, found.target) == (("secret:of-arm", "ssh:default"), "", "")
    assert [one.line for one in found.notices] == [3, 3]
    assert found.instruction_lines == (1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
    assert merge([one, replace(other, widened="why")]).widened == "why"
    assert merge([replace(one, widened="one"), replace(other, widened="why")]).widened == "one"


def test_a_base_counts_for_each_platform_it_is_used_for():
    found = merge(recipes("FROM base:1\nCOPY a /\n"))
    assert [one.platform for one in found.references] == ["linux/amd64", "linux/arm64"]


def test_a_stage_of_the_build_platform_stands_on_one_base():
    found = merge(
        recipes("FROM --platform=$BUILDPLATFORM tools:1 AS make\nCOPY a /\nFROM scratch\nCOPY --from=make / /\n")
    )
    assert [(one.text, one.platform) for one in found.references] == [("tools:1", BUILD_PLATFORM)]
