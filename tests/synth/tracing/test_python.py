"""What is seen of a Python app, through the interpreter itself."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace

import pytest

from rajee_deploy.synth import tracing

READS = {
    "open": 'open("../shared.json").read()',
    "pathlib": 'import pathlib; pathlib.Path("../shared.json").read_text()',
    "os": 'import os; os.read(os.open("../shared.json", os.O_RDONLY), 9)',
    "json": 'import json; json.load(open("../shared.json"))',
    "linecache": 'import linecache; linecache.getlines("../shared.json")',
    "exists": 'import os; os.path.exists("../shared.json")',
    "a thread": 'import threading; t = threading.Thread(target=open, args=("../shared.json",)); t.start(); t.join()',
    "update": 'open("../shared.json", "r+").read()',
}


@pytest.mark.parametrize("way", READS)
def test_a_file_that_is_read_counts_from_then_on(project, way):
    found = project.python(READS[way])
    assert found.read == (str(project.root / "shared.json"),)
    before = project.digest()
    (project.root / "shared.json").write_text("2")
    assert project.digest() != before
    (project.root / "shared.json").unlink()
    assert project.digest() != before


@pytest.mark.parametrize(
    "code",
    [
        'import os; os.path.exists("../absent.json")',
        'import pathlib; pathlib.Path("../absent.json").is_file()',
        "try:\n    open('../absent.json')\nexcept OSError:\n    pass",
    ],
)
def test_a_file_that_was_looked_for_and_not_there_counts_when_it_comes(project, code):
    assert project.python(code).read == (str(project.root / "absent.json"),)
    before = project.digest()
    (project.root / "absent.json").touch()
    assert project.digest() != before


@pytest.mark.parametrize(
    "code",
    [
        'import os; os.listdir("../data")',
        'import pathlib; list(pathlib.Path("../data").iterdir())',
        'import glob; glob.glob("../data/*")',
        'import os; list(os.walk("../data"))',
    ],
)
def test_a_directory_that_is_listed_counts_by_its_names(project, code):
    assert str(project.root / "data") in project.python(code).listed
    before = project.digest()
    (project.root / "data" / "two").touch()
    assert project.digest() != before


@pytest.mark.parametrize(
    "code",
    [
        'import os; os.listdir("..")',
        'import pathlib; list(pathlib.Path("..").glob("*/name"))',
        'import os; os.listdir(os.open("..", os.O_RDONLY))',
    ],
)
@pytest.mark.parametrize("temporary", ["tmp", "", "../elsewhere/deep"])
def test_so_do_the_names_in_a_directory_above_the_app(project, monkeypatch, code, temporary):
    """Also in a checkout that lies in the place for temporary files."""
    place = project.root.parent / temporary
    place.mkdir(parents=True, exist_ok=True)
    monkeypatch.setenv("TMPDIR", str(place))
    monkeypatch.setattr("tempfile.tempdir", None)
    assert str(project.root) in project.python(code).listed
    before = project.digest()
    (project.root / "README.md").touch()
    assert project.digest() != before


BY_DESCRIPTOR = "import os; os.listdir(os.open('../data', os.O_RDONLY))"


def test_a_directory_that_is_listed_by_its_descriptor_counts_by_its_names_too(project):
    found = project.python(BY_DESCRIPTOR)
    assert (found.listed, found.impure) == ((str(project.root / "data"),), ())


REMOVES = """
import os, tempfile
with tempfile.TemporaryDirectory() as made:
    os.makedirs(made + "/deep/deeper")
    open(made + "/deep/file", "w").close()
"""


def test_a_temporary_directory_that_is_removed_leaves_nothing(project):
    found = project.python(REMOVES)
    assert found.read + found.listed + found.impure == ()


@pytest.fixture
def without_proc(tmp_path, monkeypatch):
    """The hooks as they are where no /proc names what is open (macOS)."""
    here = tmp_path / "hooks"
    shutil.copytree(tracing._HERE, here)
    hook = here / "in_python" / "sitecustomize.py"
    text = hook.read_text()
    assert "/proc/self/fd/" in text
    hook.write_text(text.replace("/proc/self/fd/", "/proc/none/"))
    monkeypatch.setattr(tracing, "_HERE", here)


@pytest.mark.usefixtures("without_proc")
def test_without_proc_a_listing_by_descriptor_is_a_call_that_no_hash_can_follow(project):
    assert project.python(BY_DESCRIPTOR).impure == ("app.py:1 lists a directory by its descriptor",)


IN_JSII = """
import aws_cdk as cdk
app = cdk.App()
cdk.Stack(app, "App")
app.synth()
"""


@pytest.mark.cdk
def test_an_app_of_the_cdk_does_nothing_that_no_hash_can_follow(project):
    """jsii removes the directory that its kernel ran in, by descriptors."""
    assert project.python(IN_JSII).impure == ()


@pytest.mark.cdk
@pytest.mark.usefixtures("without_proc")
@pytest.mark.proof
def test_neither_does_it_without_proc(project):
    assert project.python(IN_JSII).impure == ()


def test_a_module_from_elsewhere_counts_by_its_source_also_when_it_is_compiled_already(project):
    (project.root / "data" / "helper.py").write_text("x = 1")
    code = 'import sys; sys.path.append("../data"); import helper'
    helper = str(project.root / "data" / "helper.py")
    assert project.python(code).read == (helper,)
    assert (project.root / "data" / "__pycache__").is_dir()
    assert project.python(code).read == (helper,)
    before = project.digest()
    (project.root / "data" / "helper.py").write_text("x = 2")
    assert project.digest() != before


@pytest.mark.parametrize(
    "code",
    [
        'import os; os.environ.get("SIZE")',
        'import os; os.getenv("SIZE")',
        'import os; "SIZE" in os.environ',
        'import os; os.environb.get(b"SIZE")',
        'import os; os.path.expandvars("$SIZE")',
        'from os import environ; environ.setdefault("SIZE", "1")',
        'import os; os.environ.pop("SIZE", 0)',
    ],
)
def test_a_variable_that_is_read_counts_by_its_value(project, monkeypatch, code):
    monkeypatch.delenv("SIZE", raising=False)
    found = project.python(code)
    assert (found.variables, found.impure) == (("SIZE",), ())
    seen = {project.digest()}
    for value in ("", "1", "2"):
        monkeypatch.setenv("SIZE", value)
        seen.add(project.digest())
    assert len(seen) == 4


def test_a_variable_that_the_settings_declare_or_that_cannot_matter_is_no_news(project):
    assert project.python('import os; os.environ.get("CDK_DEFAULT_ACCOUNT")').variables == ()


IMPURE = {
    "import os; dict(os.environ)": "copies the whole environment",
    "import os; os.environ.copy()": "copies the whole environment",
    "import os; {**os.environ}": "copies the whole environment",
    "import os; list(os.environ.items())": "copies the whole environment",
    'import subprocess; subprocess.run(["true"])': "starts a program",
    'import subprocess; subprocess.check_output(["true"], env={})': "starts a program",
    'import os; os.system("true")': "starts a program",
    "import os\nif os.fork() == 0:\n    os._exit(0)\nos.wait()": "forks",
    "import socket; socket.gethostname()": "asks for the host's name",
    'import socket\ntry:\n    socket.create_connection(("127.0.0.1", 9), 1)\nexcept OSError:\n    pass': (
        "connects a socket"
    ),
    "import threading, subprocess\n"
    't = threading.Thread(target=subprocess.run, args=(["true"],)); t.start(); t.join()': "starts a program",
}


@pytest.mark.parametrize("code", IMPURE)
def test_a_call_that_no_hash_can_follow_is_named_with_its_place(project, code):
    impure = project.python(code).impure
    assert any(IMPURE[code] in call for call in impure)
    assert any(call.startswith(("app.py:", "a thread:")) for call in impure)


def test_the_machine_is_no_input_that_a_hash_could_follow(project):
    assert project.python('open("/proc/uptime").read()').impure == ("/proc/uptime is read",)


def test_an_app_that_reads_nothing_else_leaves_nothing(project):
    (project.app / "helper.py").write_text("import json, os, tempfile, subprocess, socket, ssl, logging")
    found = project.python("import helper; open('app.py').read(); open('cdk.json').read()")
    assert found.read + found.listed + found.variables + found.libraries + found.impure == ()
    assert set(found.searched) <= set(sys.path), "what an editable installation put there"


def test_what_a_synth_writes_for_itself_is_no_input(project):
    code = "import tempfile; f = tempfile.NamedTemporaryFile(delete=False); f.close(); open(f.name).read()"
    found = project.python(code)
    assert (found.read, found.impure) == ((), ())


def test_a_file_elsewhere_that_the_synth_changes_is_no_input_to_rely_on(project):
    found = project.python('open("../made.json", "w").write("1"); open("../made.json").read()')
    assert found.impure == (f"{project.root}/made.json changed during the synth",)


def test_a_library_counts_by_its_version(project):
    site = project.root / "lib" / "site-packages"
    (site / "shapes-1.0.dist-info").mkdir(parents=True)
    (site / "shapes-1.0.dist-info" / "RECORD").write_text("shapes/__init__.py,,\nshapes-1.0.dist-info/RECORD,,\n")
    (site / "shapes").mkdir()
    (site / "shapes" / "__init__.py").touch()
    (site / "loose.py").touch()
    code = f"import sys; sys.path.append({str(site)!r}); import shapes, loose"
    found = project.python(code)
    assert found.libraries == ((str(site), "shapes"),)
    assert found.read == (str(site / "loose.py"),)
    before = project.digest()
    (site / "shapes-1.0.dist-info").rename(site / "shapes-1.1.dist-info")
    assert project.digest() != before


def test_an_app_that_keeps_the_hook_out_cannot_be_decided_by_a_hash(project):
    found = project.trace(sys.executable, "-I", "app.py")
    assert found.impure == ("the app's Python, which could not be traced",)


def test_a_kernel_that_keeps_the_hook_out_cannot_be_decided_by_a_hash(project):
    site = project.root / "lib" / "site-packages" / "jsii"
    site.mkdir(parents=True)
    (site / "__init__.py").write_text("import subprocess; subprocess.run(['true'])")
    (site.parent / "jsii-1.0.dist-info").mkdir()
    code = f"import sys; sys.path.insert(0, {str(site.parent)!r}); import jsii"
    assert project.python(code).impure == ("jsii's node, which could not be traced",)


def test_what_the_settings_ignore_and_the_app_reads_counts_all_the_same(project):
    project.settings = replace(project.settings, ignore=("/docs/",))
    (project.app / "docs").mkdir()
    (project.app / "docs" / "a").write_text("1")
    assert project.python('open("docs/a").read()').read == (str(project.app / "docs" / "a"),)
    before = project.digest()
    (project.app / "docs" / "a").write_text("2")
    assert project.digest() != before


def test_the_hook_changes_nothing_that_the_app_sees(project):
    code = (
        "import os, sys, shutil, tempfile\n"
        "d = tempfile.mkdtemp(); open(os.path.join(d, 'x'), 'w').close(); shutil.rmtree(d)\n"
        "assert not os.path.exists(d) and os.stat(__file__).st_size and os.access(__file__, os.R_OK)\n"
        "os.environ['A'] = 'b'; assert os.environ['A'] == 'b'; del os.environ['A']\n"
        "assert 'json' not in sys.modules, 'the hook imports nothing'\n"
        "with open('cdk.json') as f: os.stat(f.fileno())\n"
    )
    project.python(code)


def test_a_hook_of_the_user_is_run_too(project, monkeypatch):
    (project.root / "hooks").mkdir()
    (project.root / "hooks" / "sitecustomize.py").write_text("import builtins; builtins.hooked = True")
    monkeypatch.setenv("PYTHONPATH", str(project.root / "hooks"))
    project.python("assert hooked")


def test_names_with_any_bytes_survive(project):
    name = 'ä "quoted" \\ \U0001f600.json'
    (project.root / name).write_text("1")
    assert project.python(f"open({'../' + name!r}).read()").read == (str(project.root / name),)


def test_without_the_variable_the_hook_does_nothing():
    hook = tracing._HERE / "in_python"
    ended = subprocess.run(
        [sys.executable, "-c", "import os; print(os.stat.__name__, hasattr(os.stat, '__wrapped__'))"],
        env={"PYTHONPATH": str(hook)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout == "stat False\n"
