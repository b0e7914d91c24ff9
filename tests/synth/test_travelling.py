"""A list that travels is the same one when it arrives."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rajee_deploy.fingerprint import TAKEN
from rajee_deploy.plan.carried import decode, encode
from rajee_deploy.settings import CdkSettings
from rajee_deploy.synth.inputs import infra_fingerprint
from rajee_deploy.synth.toolchain import toolchain_versions
from rajee_deploy.synth.tracing.depfile import Depfile, Toolchain, TracedEntry, TracedImage, read_depfile
from rajee_deploy.synth.travelling import from_document, to_document

WORDS = st.text(st.characters(blacklist_characters="\0/", blacklist_categories=["Cs"]), min_size=1, max_size=9).filter(
    lambda word: word != ".."
)
# Names of packages; and of directories that they lie in, which may be anything.
NAMES = st.lists(st.from_regex(r"[a-z0-9_./@-]{1,9}", fullmatch=True) | WORDS, max_size=3).map(tuple)
PACKAGES = NAMES.map(lambda names: tuple(f"{name}/node_modules/{name}" for name in names))
PLACES = st.sampled_from(["./", "./a/", "~/", "$TMPDIR/", "/opt/"])
KINDS = st.sampled_from(["file", "stat", "link", "list", "modules", "scripts", "made"])
BUT = st.lists(WORDS, max_size=2).map(tuple)
BARE = WORDS.filter(lambda word: not word.startswith(("~", "$TMPDIR")))
ENTRIES = st.builds(lambda kind, place, name, but: TracedEntry(kind, place + name, but), KINDS, PLACES, WORDS, BUT)
ENTRIES |= st.builds(TracedEntry, st.sampled_from(["upward", "self"]), BARE, st.just(()))
TABLES = st.dictionaries(BARE, BARE, max_size=2).map(lambda table: tuple(sorted(table.items())))
IMAGES = st.builds(TracedImage, WORDS, BARE, BARE, WORDS | st.just(""), WORDS | st.just(""), TABLES, TABLES)
DEPFILES = st.builds(
    lambda entries, variables, impure, used, images: Depfile(
        entries=tuple(entries),
        variables=tuple(variables),
        impure=tuple(impure),
        toolchain=used,
        is_whole=True,
        images=tuple(images),
    ),
    st.lists(ENTRIES, max_size=4),
    st.lists(WORDS, max_size=3),
    st.lists(WORDS, max_size=3),
    st.builds(Toolchain, NAMES, st.just(()), NAMES, PACKAGES, NAMES),
    st.lists(IMAGES, max_size=2),
)
VERSIONS = st.dictionaries(st.sampled_from(["toolchain:node", "toolchain:python", "toolchain:platform"]), WORDS)


@given(DEPFILES, VERSIONS)
def test_what_is_received_is_what_was_sent(depfile, versions):
    document = decode(encode(to_document(depfile, versions)))
    assert document is not None
    assert from_document(document) == (depfile, versions)
    assert document["schema"].endswith("/2" if depfile.images else "/1")


@given(DEPFILES)
def test_what_is_kept_is_what_was_found(depfile):
    with tempfile.TemporaryDirectory() as place:
        path = Path(place, "depfile.json")
        depfile.write(path)
        assert read_depfile(path) == depfile
        assert json.loads(path.read_text())["version"] == (4 if depfile.images else 3)


def test_directories_of_packages_stay_at_home():
    depfile = Depfile(is_whole=True, toolchain=Toolchain(("python",), ("/home/me/lib/site-packages",), ("jsii",)))
    assert "/home/me" not in encode(to_document(depfile, {}))
    assert from_document(to_document(depfile, {}))[0] == replace(
        depfile, toolchain=depfile.toolchain._replace(sites=())
    )


def test_what_lies_outside_keeps_others_from_deciding():
    depfile = Depfile(is_whole=True, entries=(TracedEntry("file", "~/x"), TracedEntry("file", "./a")), outside=("~/x",))
    found, _ = from_document(to_document(depfile, {}))
    assert found.entries == (TracedEntry("file", "./a"),)
    assert found.impure == ("what lies outside of the checkout: ~/x",)


def test_a_kind_that_is_not_known_keeps_us_from_deciding():
    document = {**to_document(Depfile(is_whole=True), {}), "entries": [["newer", "./a"], ["outside:file", "~/x"]]}
    found, _ = from_document(document)
    assert found.entries == (TracedEntry("file", "~/x"),)
    assert found.impure == ("an entry of a newer release: newer",)


def test_names_without_blanks_are_written_as_they_always_were():
    used = Toolchain(("python", "node"), (), ("jsii",), ("cdk/node_modules/a", "cdk/node_modules/@b/c"), ("[", "ls"))
    told = to_document(Depfile(is_whole=True, toolchain=used), {})["toolchain"]
    assert told["uses node"] == "cdk/node_modules/a cdk/node_modules/@b/c"
    assert told["uses programs"] == "[ ls"


@pytest.mark.parametrize("text", ['["', '["a", 1]', '["a\\u0000"]', '["a"]x', '["' * 100_000])
def test_a_toolchain_that_nobody_wrote_so_keeps_us_from_deciding(text):
    document = to_document(Depfile(is_whole=True), {})
    found, _ = from_document({**document, "toolchain": {"uses node": text}})
    assert (found.toolchain.node, found.impure) == ((), ("a toolchain that is not understood",))


def test_packages_in_a_directory_with_a_blank_in_its_name_are_found_by_a_list_that_travelled(tmp_path):
    (tmp_path / ".git").mkdir()
    app = tmp_path / "my cdk"
    package = app / "node_modules" / "lib" / "package.json"
    package.parent.mkdir(parents=True)
    (app / "cdk.json").write_text('{"app": "node app.js"}')
    package.write_text('{"version": "1"}')
    depfile = Depfile(is_whole=True, toolchain=Toolchain(("node",), node=("my cdk/node_modules/lib",)))
    there = toolchain_versions(app, depfile.toolchain)
    document = decode(encode(to_document(depfile, there)))
    assert document is not None
    before = infra_fingerprint(CdkSettings(app, ("App",)), *from_document(document))
    assert not any(item.name.startswith(TAKEN) for item in before.inputs)
    package.write_text('{"version": "2"}')
    assert infra_fingerprint(CdkSettings(app, ("App",)), *from_document(document)).digest != before.digest


def test_so_is_one_that_an_older_release_wrote():
    used = {"uses node": "my cdk/node_modules/lib"}
    found, _ = from_document({**to_document(Depfile(is_whole=True), {}), "toolchain": used})
    assert found.impure == ("a toolchain that is not understood",)
