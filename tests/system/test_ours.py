"""What the tool keeps on disk is no input, by name and below its own marker; everything else stays the user's."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from rajee_deploy.build_record.local import LocalContents
from rajee_deploy.build_record.store import Record
from rajee_deploy.context import ContextRules, Modes, Roots, look_up
from rajee_deploy.model import ContextRead, Digest, Location, Platform, ReadBy, Selector, StageId
from rajee_deploy.plan.state import ImageContent
from rajee_deploy.registry.known_images import KnownImages
from rajee_deploy.report.history import History, PastRun
from rajee_deploy.synth.assembly_cache import AssemblyStore
from rajee_deploy.synth.tracing.depfile import Depfile
from rajee_deploy.system.ours import MARKER, is_ours_alone, make_place, without_ours

if TYPE_CHECKING:
    from pathlib import Path

TAG = "c-" + "0123456789abcdef" * 2
ALL = ContextRead(ReadBy.COPY, Location("Dockerfile", 2, 2), StageId(0, None), "/", Selector("/"))


def digest(context: Path, cache: Path | None = None) -> str:
    with Roots(cache) as roots:
        (use,) = look_up(context, [ALL], ContextRules(), Modes.GIT, roots).uses
    return str(use.digest)


def write_everything(place: Path, number: int) -> None:
    """Whatever a run may keep, below one place."""
    KnownImages(place / "verdicts.json").remember(
        Digest("sha256", f"{number:064x}"), Platform.parse("linux/amd64"), ImageContent("linux/amd64", "f")
    )
    History(place / "history.jsonl").append(PastRun("t", "p", "", "noop", "done", 0.1, (), (), {}, ()))
    LocalContents(place / "contents").put(None, f"{TAG}{number:08x}", Record(b"{}", {}))
    app = place / "cache" / "cdk" / f"{number:016x}"
    Depfile(read=(str(number),)).write(app / "depfile.json")
    assembly = place.parent / "assembly"
    assembly.mkdir(exist_ok=True)
    (assembly / "manifest.json").write_text("{}")
    AssemblyStore(app / "assemblies").keep(str(number), assembly, {})
    (assembly / "manifest.json").unlink()
    assembly.rmdir()


@pytest.fixture
def project(tmp_path):
    context = tmp_path / "project"
    (context / "src").mkdir(parents=True)
    (context / "src" / "a").write_text("a")
    return context


def test_nothing_that_runs_keep_below_the_context_counts(project):
    before, state = digest(project), project / ".state"
    for number in range(3):
        write_everything(state, number)
        digest(project, state / "cache")
        assert len(list(state.rglob("*"))) > 10
        assert digest(project, state / "cache") == before
    assert is_ours_alone(state)
    assert ".state" not in without_ours(project)


def test_a_place_that_somebody_made_before_counts_with_what_is_the_users(project):
    state = project / ".state"
    state.mkdir()
    (state / "keep.txt").write_text("mine")
    before = digest(project)
    write_everything(state, 1)
    assert digest(project, state / "cache") == before
    (state / "keep.txt").write_text("other")
    assert digest(project) != before


@pytest.mark.parametrize(
    "name", ["history.json", "verdicts.json.bak", "c-1.record", "notes", "depfile.json", "0" * 40, ".new-abcdefgh"]
)
def test_other_names_below_the_marker_are_the_users(project, name):
    make_place(project)
    before = digest(project)
    (project / name).write_text("mine")
    assert digest(project) != before


def test_the_same_names_without_a_marker_are_the_users(project):
    before = digest(project)
    (project / "history.jsonl").write_text("mine")
    assert digest(project) != before


def test_a_setting_that_names_the_context_itself_hides_no_directory(project):
    """RAJEE_DEPLOY_STATE_DIR=. : the user's directories keep counting, whatever they are called."""
    write_everything(project, 1)
    before = digest(project)
    (project / "contents" / "page.html").write_text("mine")
    after = digest(project)
    assert after != before
    (project / "src" / "a").write_text("b")
    assert digest(project) not in {before, after}


def test_a_link_with_a_marker_behind_it_counts(project, tmp_path):
    make_place(tmp_path / "elsewhere")
    before = digest(project)
    (project / "link").symlink_to(tmp_path / "elsewhere")
    assert digest(project) != before
    assert not is_ours_alone(project / "link")


def test_it_is_said_once(project):
    write_everything(project / ".state", 1)
    notices = look_up(project, [ALL, ALL], ContextRules(), Modes.GIT).notices
    assert [(each.code, each.message) for each in notices] == [
        ("own-files", "what rajee-deploy itself keeps in .state is no input, and is in no image")
    ]


def test_a_marker_is_left_also_in_what_is_made_above(tmp_path):
    make_place(tmp_path / "a" / "b")
    make_place(tmp_path / "a" / "b")
    assert [(tmp_path / each / MARKER).is_file() for each in (".", "a", "a/b")] == [False, True, True]


@pytest.mark.parametrize("made_before", [False, True])
@pytest.mark.parametrize("place", [".state", "deep/er/.state"])
def test_the_tag_of_the_first_run_is_that_of_all_others(project, made_before, place):
    """As a user has it: the state lies in the checkout, and the Dockerfile copies everything."""
    (project / "Dockerfile").write_text("FROM scratch\nCOPY . /app\n")
    if made_before:
        (project / place).mkdir(parents=True)
    environment = {**os.environ, "RAJEE_DEPLOY_STATE_DIR": place, "RAJEE_DEPLOY_CACHE_DIR": ""}
    command = [sys.executable, "-m", "rajee_deploy", "fingerprint", "."]
    tags = []
    for number in range(3):
        done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=True)
        tags.append(done.stdout)
        write_everything(project / place, number)
    assert len(set(tags)) == 1


PLAIN = ["verdicts.json", "history.jsonl", "sandbox.json", "sandbox.log", "sandbox.lock", "depfile.json"]


@pytest.mark.parametrize("name", PLAIN)
def test_a_file_of_the_users_that_is_called_like_one_of_ours_counts(project, name):
    """A chosen place may be a directory of the user's: a checkout, with RAJEE_DEPLOY_STATE_DIR=."""
    (project / name).write_text("mine")
    before = digest(project)
    make_place(project, *PLAIN)
    assert digest(project) == before
    (project / name).write_text("mine, edited")
    assert digest(project) != before
    others = [other for other in PLAIN if other != name]
    after = digest(project)
    for other in others:
        (project / other).write_text("ours")
    assert digest(project) == after


@pytest.mark.parametrize("name", PLAIN)
def test_a_file_that_appears_in_a_marked_place_is_the_users_until_we_write_it(project, name):
    make_place(project)
    before = digest(project)
    (project / name).write_text("mine")
    assert digest(project) != before


def test_what_older_releases_left_is_ours_from_the_first_write_on(project):
    state = project / ".state"
    state.mkdir()
    before = digest(project)
    for name, start in (
        ("verdicts.json", '{"schema": "rajee-deploy.verdicts/1", "images": {}}'),
        ("history.jsonl", '{"schema": "rajee-deploy.run/1"}'),
        ("sandbox.lock", ""),
    ):
        (state / name).write_text(start)
        make_place(state, name)
    assert digest(project) == digest_without(project, state)
    assert before != digest(project)  # an empty directory of the user's was an entry; now it is ours alone


def digest_without(project, state):
    for path in state.iterdir():
        path.unlink()
    state.rmdir()
    return digest(project)
