"""Files that count by themselves, and what of them the walk is said to cover: both have to say the same."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from rajee_deploy.errors import DeployError
from rajee_deploy.settings import CdkSettings
from rajee_deploy.synth.inputs import infra_fingerprint
from rajee_deploy.synth.tracing.depfile import Depfile
from rajee_deploy.synth.walked import LEFT_OUT, Beyond, Coverage, declared_files, files_of_cli
from rajee_deploy.system.ours import MARKER


@pytest.fixture
def app(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("RAJEE_DEPLOY_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "home").mkdir()
    (tmp_path / "project" / ".git").mkdir(parents=True)
    return write(tmp_path / "project" / "cdk" / "app.py").parent


def write(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def sha(text: str | bytes) -> str:
    return hashlib.sha256(text if isinstance(text, bytes) else text.encode()).hexdigest()


def walked(app: Path, **more) -> dict[str, tuple[str, str]]:
    found = list(declared_files(CdkSettings(app, ("A",), **more)))
    assert len({name for name, _, _ in found}) == len(found), "one name is two files"
    return {name: (kind, digest.hex) for name, kind, digest in found}


def beside(app: Path, *inputs: Path) -> dict[str, str]:
    return {name: kind for name, kind, _ in files_of_cli(CdkSettings(app, ("A",), inputs=inputs))}


def test_a_file_is_its_name_its_bit_and_its_content(app):
    write(app / "run.sh", "x").chmod(0o700)
    write(app / "deep" / "er" / "y", "y").chmod(0o655)
    (app / "empty").mkdir()
    assert walked(app) == {
        "app.py": ("644", sha("")),
        "run.sh": ("755", sha("x")),
        "deep/er/y": ("644", sha("y")),
        "empty/": ("empty", sha("")),
    }


def test_an_app_without_a_file_is_none(app):
    (app / "app.py").unlink()
    assert walked(app) == {}


def test_a_link_is_its_text_and_what_it_leads_to(app):
    write(app.parent / "shared" / "x", "x")
    (app / "way").symlink_to("../shared")
    (app / "file").symlink_to("app.py")
    (app / "broken").symlink_to("nowhere")
    (app / "loop").symlink_to(".")
    os.mkfifo(app / "pipe")
    assert walked(app) == {
        "app.py": ("644", sha("")),
        "way@": ("link", sha("../shared")),
        "way/x": ("644", sha("x")),
        "file@": ("link", sha("app.py")),
        "file": ("644", sha("")),
        "broken@": ("link", sha("nowhere")),
        "loop@": ("link", sha(".")),
    }


def test_inputs_are_told_apart_though_they_have_one_name(app, tmp_path):
    one, two = write(tmp_path / "one" / "x.json", "1"), write(tmp_path / "two" / "x.json", "2")
    folder = write(tmp_path / "three" / "x" / "y", "3").parent
    found = walked(app, inputs=(one, two, folder))
    assert found["input:0:x.json"] == ("644", sha("1"))
    assert found["input:1:x.json"] == ("644", sha("2"))
    assert found["input:2:x/y"] == ("644", sha("3"))
    assert beside(app, one, folder) == {"input:0:x.json": "644", "input:1:x/y": "644"}


def test_the_personal_cdk_json_counts(app, tmp_path):
    assert "~/.cdk.json" not in walked(app)
    write(tmp_path / "home" / ".cdk.json", "x")
    assert walked(app)["~/.cdk.json"] == ("644", sha("x"))
    assert beside(app) == {"~/.cdk.json": "644"}


@pytest.mark.usefixtures("app")
def test_what_cannot_be_read_is_said(tmp_path):
    with pytest.raises(DeployError) as caught:
        walked(tmp_path / "none")
    assert (caught.value.code, caught.value.where) == ("unreadable", str(tmp_path / "none"))


def test_beside_the_record_the_cdk_clis_files_and_what_is_locked_count(app, tmp_path):
    for path in ("cdk.json", "cdk.context.json", "uv.lock", "requirements.txt", "../yarn.lock", "deep/uv.lock"):
        write(app / path)
    write(tmp_path / "poetry.lock")  # above the checkout
    (app / "poetry.lock").mkdir()
    assert beside(app) == {
        "cdk.json": "644",
        "cdk.context.json": "644",
        "lock:cdk/uv.lock": "644",
        "lock:cdk/requirements.txt": "644",
        "lock:yarn.lock": "644",
    }
    (app / "cdk.json").unlink()
    (app / "cdk.json").symlink_to("nowhere")
    assert beside(app)["cdk.json@"] == "link"


def test_outside_of_a_checkout_only_what_is_locked_beside_the_app_counts(tmp_path):
    write(tmp_path / "app" / "uv.lock")
    write(tmp_path / "uv.lock")
    assert beside(tmp_path / "app") == {"lock:uv.lock": "644"}


# What lies where, and whether the walk covers it.
COVERED = {
    "app.py": True,
    "deep/er/x": True,
    "node_modules/x": False,
    "deep/node_modules/x": False,
    "deep/cdk.out/x": False,
    "x.pyc": False,
    ".pyc": False,
    "folder.pyc/x": False,
    "notes.md": False,
    "deep/keep.md": True,
    "build/x": False,
    "deep/build/x": False,
    "build": True,  # the pattern means a directory
    "../shared.json": False,
    "../cdk2/x": False,
    "../one/x": True,
    "../one/deep/x": True,
    "../one/notes.md": False,
    "../one/node_modules/x": False,
    "../one/x.pyc": False,
    "../one/folder.pyc/x": False,
    "../one/build/x": False,
    "../one.json": True,
    "../one.json2": False,
    "~/.cdk.json": True,
    "~/cdk.json": False,
}
IGNORE = ("*.md", "!keep.md", "build/")


@pytest.mark.parametrize("name", COVERED)
def test_what_is_said_to_be_covered_is_walked(app, tmp_path, name):
    path = Path(os.path.normpath(tmp_path / "home" / name[2:] if name.startswith("~") else app / name))
    settings = CdkSettings(app, ("A",), ignore=IGNORE, inputs=(app.parent / "one", app.parent / "one.json"))
    for each in settings.inputs:
        write(each if each.suffix else each / "y")
    write(path, "before")
    before = list(declared_files(settings))
    path.write_text("after")
    assert (list(declared_files(settings)) != before) is COVERED[name]
    assert Coverage(settings)(str(path)) is COVERED[name]


@pytest.mark.parametrize("name", sorted(LEFT_OUT))
def test_left_out(app, name):
    before = walked(app)
    write(app / name / "x")
    assert walked(app) == before
    assert not Coverage(CdkSettings(app, ("A",)))(str(app / name / "x"))


def test_the_app_and_an_input_are_covered_themselves(app, tmp_path):
    is_covered = Coverage(CdkSettings(app, ("A",), inputs=(tmp_path / "in",)))
    assert is_covered(str(app))
    assert is_covered(str(tmp_path / "in"))
    assert not is_covered(str(app.parent))
    (tmp_path / "way").symlink_to(app)
    assert is_covered(str(tmp_path / "way" / "app.py"))


def test_a_directory_that_is_reached_twice_is_walked_where_no_rule_leaves_anything_out(app):
    """By one name something in it is ignored, by the other it is covered."""
    data = write(app / "shared" / "deep" / "x.txt", "1")
    (app / "a").symlink_to("shared")
    settings = CdkSettings(app, ("A",), ignore=("a/deep/x.txt",))
    before = list(declared_files(settings))
    assert Coverage(settings)(str(data))
    data.write_text("2")
    assert list(declared_files(settings)) != before
    assert "shared/deep/x.txt" in walked(app, ignore=("a/deep/x.txt",))
    assert "shared/deep/x.txt" not in walked(app), "it is a/deep/x.txt already"


def test_a_circle_in_which_something_is_ignored_ends(app):
    write(app / "deep" / "notes.md")
    (app / "deep" / "loop").symlink_to("..")
    assert walked(app, ignore=("*.md",)) == {
        "app.py": ("644", sha("")),
        "deep/loop@": ("link", sha("..")),
    }


def test_our_own_notes_are_none(app):
    write(app / "cache" / MARKER)
    write(app / "cache" / f"{'a' * 32}.answers")
    assert "cache/" not in walked(app)
    write(app / "cache" / "mine")
    assert {name for name in walked(app) if name.startswith("cache")} == {"cache/mine"}


@pytest.mark.parametrize(
    "target", ["/", "/proc", "/proc/kmsg", "/dev", "/dev/zero", "../..", "../../beyond", "../../vast"]
)
def test_a_link_out_of_the_project_is_told_and_not_followed(app, target):
    """What leads beyond the checkout's border is no input, and the hash alone decides nothing any more."""
    write(app.parent.parent / "beyond" / "deep" / "x")
    os.truncate(write(app.parent.parent / "vast"), 1 << 40)
    (app / "root").symlink_to(target)
    write(app / "cdk.json", '{"app": "true"}')
    (app / "again").symlink_to("root")
    beyond: list[Beyond] = []
    found = {name: digest.hex for name, _, digest in declared_files(CdkSettings(app, ("A",)), beyond)}
    assert {*found} == {"app.py", "cdk.json", "root@", "again@"}
    assert found["root@"] == sha(target)
    assert beyond == [Beyond("again", "root"), Beyond("root", target)]
    inputs = infra_fingerprint(CdkSettings(app, ("A",))).inputs
    said = [item.text for item in inputs if item.name.startswith("impure:link:")]
    assert len(said) == len(beyond)
    assert f"leads out of the project to {target} (name what synth reads there in cdk.inputs" in said[1]


def test_a_link_out_of_the_project_that_is_ignored_named_or_recorded_needs_no_word(app):
    write(app.parent.parent / "beyond" / "x", "x")
    (app / "way").symlink_to("../../beyond")
    write(app / "cdk.json", '{"app": "true"}')
    beyond: list[Beyond] = []
    list(declared_files(CdkSettings(app, ("A",), ignore=("/way/",)), beyond))
    assert not beyond
    settings = CdkSettings(app, ("A",), inputs=(app.parent.parent / "beyond",))
    found = {name for name, _, _ in declared_files(settings, beyond)}
    assert (found >= {"way/x"}, beyond) == (True, [])
    whole = infra_fingerprint(CdkSettings(app, ("A",)), Depfile(is_whole=True)).inputs
    assert not [item for item in whole if item.name.startswith("impure:")]


def test_a_file_behind_a_link_out_of_the_project_counts(app):
    outside = write(app.parent.parent / "one.json", "1")
    (app / "one.json").symlink_to("../../one.json")
    before = walked(app)
    outside.write_text("2")
    assert walked(app) != before
    outside.unlink()
    assert "one.json" not in walked(app)


def test_a_file_of_gigabytes_is_an_error_that_says_so_and_is_not_read(app):
    with write(app / "huge.bin").open("wb") as file:
        file.truncate(5 << 30)
    with pytest.raises(DeployError, match="an input of the CDK app cannot be read") as caught:
        walked(app)
    assert caught.value.code == "unreadable"
    assert caught.value.cause == "it is 5.0 GiB long, and at most 1.0 GiB are read"
    assert "cdk.ignore" in caught.value.hint
