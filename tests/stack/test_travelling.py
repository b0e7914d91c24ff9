"""A list that travels is the same one when it arrives."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from rajee_deploy.carried import decoded, encoded
from rajee_deploy.stack.tracing.depfile import Depfile, Entry, Toolchain
from rajee_deploy.stack.travelling import received, sent

WORDS = st.text(st.characters(blacklist_characters="\0/", blacklist_categories=["Cs"]), min_size=1, max_size=9).filter(
    lambda word: word != ".."
)
NAMES = st.lists(st.from_regex(r"[a-z0-9_./@-]{1,9}", fullmatch=True), max_size=3).map(tuple)
PLACES = st.sampled_from(["./", "./a/", "~/", "$TMPDIR/", "/opt/"])
KINDS = st.sampled_from(["file", "stat", "link", "list", "modules", "scripts", "made"])
BUT = st.lists(WORDS, max_size=2).map(tuple)
BARE = WORDS.filter(lambda word: not word.startswith(("~", "$TMPDIR")))
ENTRIES = st.builds(lambda kind, place, name, but: Entry(kind, place + name, but), KINDS, PLACES, WORDS, BUT)
ENTRIES |= st.builds(Entry, st.sampled_from(["upward", "self"]), BARE, st.just(()))
DEPFILES = st.builds(
    lambda entries, variables, impure, used: Depfile(
        entries=tuple(entries), variables=tuple(variables), impure=tuple(impure), toolchain=used, is_whole=True
    ),
    st.lists(ENTRIES, max_size=4),
    st.lists(WORDS, max_size=3),
    st.lists(WORDS, max_size=3),
    st.builds(Toolchain, NAMES, st.just(()), NAMES, NAMES, NAMES),
)
VERSIONS = st.dictionaries(st.sampled_from(["toolchain:node", "toolchain:python", "toolchain:platform"]), WORDS)


@given(DEPFILES, VERSIONS)
def test_what_is_received_is_what_was_sent(depfile, versions):
    document = decoded(encoded(sent(depfile, versions)))
    assert document is not None
    assert received(document) == (depfile, versions)


def test_directories_of_packages_stay_at_home():
    depfile = Depfile(is_whole=True, toolchain=Toolchain(("python",), ("/home/me/lib/site-packages",), ("jsii",)))
    assert "/home/me" not in encoded(sent(depfile, {}))
    assert received(sent(depfile, {}))[0] == replace(depfile, toolchain=depfile.toolchain._replace(sites=()))


def test_what_lies_outside_keeps_others_from_deciding():
    depfile = Depfile(is_whole=True, entries=(Entry("file", "~/x"), Entry("file", "./a")), outside=("~/x",))
    found, _ = received(sent(depfile, {}))
    assert found.entries == (Entry("file", "./a"),)
    assert found.impure == ("what lies outside of the checkout: ~/x",)


def test_a_kind_that_is_not_known_keeps_us_from_deciding():
    document = {**sent(Depfile(is_whole=True), {}), "entries": [["newer", "./a"], ["outside:file", "~/x"]]}
    found, _ = received(document)
    assert found.entries == (Entry("file", "~/x"),)
    assert found.impure == ("an entry of a newer release: newer",)
