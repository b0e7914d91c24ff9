"""Names that only one history has: who gets which, and what a name says of the contexts."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

import pytest

from rajee_deploy.context import Modes, Roots, cache, look_up, stage_context
from rajee_deploy.context.lineage import EPOCH_NS, Name, lineage, new_name
from rajee_deploy.image.inputs import read_inputs
from rajee_deploy.image.request import build_request
from rajee_deploy.model import Platform
from rajee_deploy.settings import ImageSettings

TREE = {"a": "A", "d/x": "X", "d/deep/y": "Y", "e/z": "Z"}


def token(place, owner="app", *, lend=False, keep=False):
    with lineage(place, owner) as line:
        if lend:
            line.lend()
        if keep:
            line.keep()
        return line.token


def test_builds_that_follow_one_another_share_a_name(tmp_path):
    first = token(tmp_path / "cache")
    assert token(tmp_path / "cache", lend=True, keep=True) == first
    assert token(tmp_path / "cache") == first


def test_a_name_is_not_shared(tmp_path):
    first = token(tmp_path)
    assert token(tmp_path, "other") != first
    assert token(tmp_path / "other") != first
    assert token(None) != token(None)


def test_of_builds_at_a_time_one_has_the_name(tmp_path):
    first = token(tmp_path)
    with lineage(tmp_path, "app") as one, lineage(tmp_path, "app") as other:
        assert one.token == first != other.token
    assert token(tmp_path) == first  # laid back last


def test_what_the_engine_did_not_end_is_never_used_again(tmp_path):
    first = token(tmp_path)
    assert token(tmp_path, lend=True) == first
    assert token(tmp_path) != first


@pytest.mark.parametrize("end", [OSError, KeyboardInterrupt])
def test_an_interrupt_is_no_end(tmp_path, end):
    first = token(tmp_path)
    with pytest.raises(end):
        raise_while_lent(tmp_path, end)
    assert token(tmp_path) != first


def raise_while_lent(place, end):
    with lineage(place, "app") as line:
        line.lend()
        raise end


def test_a_killed_run_takes_its_name_with_it(tmp_path):
    first = token(tmp_path)
    held = lineage(tmp_path, "app")
    held.__enter__().lend()
    assert token(tmp_path) != first


def test_before_the_engine_is_asked_nothing_is_lost(tmp_path):
    first = token(tmp_path)
    with pytest.raises(ZeroDivisionError), lineage(tmp_path, "app"):
        raise ZeroDivisionError
    assert token(tmp_path) == first


@pytest.mark.parametrize("parts", [[b"x" * 64, b"boot"], [b"\xff"], [], [b"0" * 64, b"another start of the machine"]])
def test_what_does_not_hold_is_not_believed(tmp_path, parts):
    cache.save(cache.file_for(tmp_path, "app", "engine"), "app", parts)
    found = token(tmp_path)
    assert found.encode() not in parts
    assert token(tmp_path) == found


def test_a_place_that_cannot_be_written_to(tmp_path):
    (tmp_path / "cache").write_text("a file")
    assert token(tmp_path / "cache") != token(tmp_path / "cache")


def name_of(root, read, rules, modes=Modes.EXACT, reads=("/",)):
    with lineage(root.parent / "cache", "app") as line:
        return line.name({"": look_up(root, [read(each) for each in reads], rules(), modes).records}).text


def make_directory(root):
    (root / "new").mkdir()


def edit(root):
    (root / "a").write_text("AA")


def mode_of_file(root):
    (root / "a").chmod(0o700)


def mode_of_root(root):
    root.chmod(0o700)


def replace_directory(root):
    (root / "e").rename(root.parent / "e")
    (root / "e").write_text("a file")


def mode_of_directory(root):
    (root / "d").chmod(0o700)


def mode_of_all_directories(root):
    for path in (root / "d/deep", root / "d", root / "e"):
        path.chmod(0o775)


def empty(root):
    for path in root.iterdir():
        path.rename(root.parent / path.name)


def attribute(root):
    os.setxattr(root / "d", "user.note", b"1")


@pytest.mark.parametrize("change", [make_directory, edit, mode_of_file, mode_of_root, replace_directory])
@pytest.mark.parametrize("modes", list(Modes))
def test_what_the_engine_sees_keeps_the_name(build, read, rules, change, modes):
    root = build(TREE)
    before = name_of(root, read, rules, modes)
    change(root)
    assert name_of(root, read, rules, modes) == before


@pytest.mark.parametrize("change", [mode_of_directory, mode_of_all_directories, attribute, empty])
def test_what_it_does_not_see_makes_another_name(build, read, rules, change):
    root = build(TREE)
    before = name_of(root, read, rules)
    try:
        change(root)
    except OSError:
        pytest.skip("this file system has no extended attributes")
    assert name_of(root, read, rules) != before


@pytest.mark.parametrize("change", [mode_of_directory, mode_of_all_directories])
def test_modes_that_do_not_count_keep_the_name(build, read, rules, change):
    root = build(TREE)
    before = name_of(root, read, rules, Modes.GIT)
    change(root)
    assert name_of(root, read, rules, Modes.GIT) == before


def test_a_directory_that_differs_is_known_by_its_path(build, read, rules):
    root = build(TREE)
    (root / "d").chmod(0o700)
    before = name_of(root, read, rules)
    (root / "d").chmod(0o755)
    (root / "e").chmod(0o700)
    assert name_of(root, read, rules) != before


def image(root, repository="", target=None):
    return ImageSettings(
        name="app",
        context=root / "main",
        dockerfile=root / "Dockerfile",
        repository=repository,
        platforms=(Platform.parse("linux/amd64"),),
        target=target,
        build_args={},
        build_contexts={"named": str(root / "named")},
    )


def names_of(settings, modes=Modes.EXACT):
    with Roots(settings.context.parent / "cache") as roots:
        inputs = read_inputs(settings, modes, roots)
    with build_request(inputs, "registry.test/app") as request:
        request.on_loaded()
        return request.context.name, Path(request.build_contexts["named"]).name


@pytest.fixture
def project(build):
    root = build({"main/a": "A", "named/d/x": "X"})
    (root / "Dockerfile").write_text("FROM scratch AS base\nCOPY a /\nCOPY --from=named . /n/\n")
    return root


def test_all_contexts_of_a_build_have_one_name(project):
    """buildx 0.13 names all by the main one's directory: a named one's directory must not change under it."""
    before = names_of(image(project))
    assert names_of(image(project)) == before
    assert len(set(before)) == 1
    (project / "named/d").chmod(0o700)
    after = names_of(image(project))
    assert len({*before, *after}) == 2


def test_images_targets_and_repositories_have_names_of_their_own(project):
    one = image(project)
    assert len({names_of(each) for each in (one, image(project, "other"), image(project, None, "base"))}) == 3


def test_a_build_that_was_not_loaded_has_no_successor(project):
    with Roots(project / "cache") as roots:
        inputs = read_inputs(image(project), Modes.GIT, roots)
    with build_request(inputs, "registry.test/app") as request:
        before = request.context.name
    with build_request(inputs, "registry.test/app") as request:
        assert request.context.name != before


def test_without_a_cache_nothing_is_shared(project):
    inputs = read_inputs(image(project), Modes.GIT)
    with build_request(inputs, "registry.test/app") as one, build_request(inputs, "registry.test/app") as other:
        assert one.context.name != other.context.name


def test_times(tmp_path):
    with lineage(tmp_path, "app") as one, lineage(tmp_path, "other") as other:
        names = [line.name({"": ()}) for line in (one, other)]
    digests = [sha256(text).hexdigest() for text in (b"1", b"2", b"3")]
    times = [[name.time_ns(digest) for digest in digests] for name in (*names, new_name())]
    assert len({moment for each in times for moment in each}) == 9
    assert len({tuple(moment // 1_000_000_000 for moment in each) for each in times}) == 1  # in layers all are alike
    assert times[2] == [EPOCH_NS + (int(digest[:12], 16)) for digest in digests]


def test_the_dockerfile_has_a_time_of_its_bytes_too(build, read, rules):
    """Of two that are written within one tick of the clock, equally long, the engine would take one for the other."""
    selection = look_up(build(TREE), [read("/")], rules())
    name = Name("one", b"key")
    seen = []
    for text in (b"FROM a\n", b"FROM b\n", b"FROM a\n"):
        with stage_context(selection, text, None, name) as place:
            assert place.directory.name == "one"
            seen.append(place.dockerfile.stat().st_mtime_ns)
    assert seen[0] == seen[2] != seen[1]
    assert seen[0] == name.time_ns(sha256(b"FROM a\n").hexdigest())
