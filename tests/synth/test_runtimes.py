"""The versions of what is installed: from files where they tell, else asked once, and never of the project itself."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import site
import sys
from pathlib import Path

import pytest

from rajee_deploy.synth import runtimes
from rajee_deploy.synth.runtimes import (
    asked_python,
    node_version,
    program_version,
    venv_configuration,
    virtual_environment,
)

ECHO = shutil.which("echo") or "/bin/echo"


@pytest.fixture(autouse=True)
def _place(tmp_path, monkeypatch):
    monkeypatch.setenv("RAJEE_DEPLOY_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path / "tool" / "bin"))


def install(path: Path, content: str | bytes = b"\x7fELF") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path.chmod(0o755)
    return path


def answering(text: str) -> str:
    """A script that says something, whatever it is asked, and leaves a trace."""
    return f"#!/bin/sh\n: > \"$0.ran\"\nprintf '%s\\n' '{text}'\n"


HEADER = "#define NODE_MAJOR_VERSION 20\n#define NODE_MINOR_VERSION 1\n#define NODE_PATCH_VERSION 12\n"


def test_nodes_version_is_in_its_headers(tmp_path):
    node = install(tmp_path / "opt" / "bin" / "node", answering("v1.0.0"))
    (tmp_path / "tool" / "bin").mkdir(parents=True)
    (tmp_path / "tool" / "bin" / "node").symlink_to(node)
    headers = tmp_path / "opt" / "include" / "node" / "node_version.h"
    assert node_version() is None, "a script is not run"
    install(headers, HEADER)
    assert node_version() == "v20.1.12"
    for name in ("MAJOR", "MINOR", "PATCH"):
        headers.write_text(HEADER.replace(f"NODE_{name}_VERSION", "NODE_OTHER"))
        assert node_version() is None
    headers.write_bytes(HEADER.encode() + b"\xff")
    assert node_version() is None
    assert not Path(f"{node}.ran").exists()


def test_a_node_without_headers_is_asked(tmp_path):
    assert node_version() is None, "there is none"
    install(tmp_path / "tool" / "bin" / "node", Path(ECHO).read_bytes())
    told = node_version()
    assert told
    assert told == told.strip()
    assert "version" in told, "what echo says of --version"


def test_a_program_is_told_by_its_content_unless_it_is_the_systems(tmp_path, monkeypatch):
    assert program_version("tool") is None
    tool = install(tmp_path / "real" / "tool", b"one")
    (tmp_path / "tool" / "bin").mkdir(parents=True)
    (tmp_path / "tool" / "bin" / "tool").symlink_to(tool)
    assert program_version("tool") == hashlib.sha256(b"one").hexdigest()
    tool.write_bytes(b"two")
    assert program_version("tool") == hashlib.sha256(b"two").hexdigest()
    (tmp_path / "tool" / "bin" / "sh").symlink_to("/bin/sh")
    assert program_version("sh") == "of the system"
    monkeypatch.setenv("PATH", "/usr/bin")
    assert program_version("env") == "of the system"


def test_a_python_is_asked_for_its_version_and_its_places():
    version, sites = asked_python(Path(sys.executable))
    assert version == platform.python_version()
    assert set(map(os.path.realpath, site.getsitepackages())) == set(sites)


@pytest.mark.parametrize("content", [answering("no json"), "#!/bin/sh\necho '[\"3.1\"]'; exit 1\n", answering("[]")])
def test_a_python_that_does_not_answer_is_unknown(tmp_path, content):
    assert asked_python(install(tmp_path / "python3", content)) == ("unknown", ())


def test_a_python_that_is_not_there_is_unknown(tmp_path):
    assert asked_python(tmp_path / "python3") == ("unknown", ())


def test_a_script_is_asked_each_time(tmp_path):
    python = install(tmp_path / "python3", answering('["3.1"]'))
    times = python.stat().st_mtime_ns
    assert asked_python(python)[0] == "3.1"
    with python.open("r+") as file:
        file.write(answering('["3.2"]'))
    os.utime(python, ns=(times, times))
    assert asked_python(python)[0] == "3.2"


def test_a_program_is_asked_once_as_long_as_its_file_is_the_same(tmp_path):
    echo = install(tmp_path / "echo", Path(ECHO).read_bytes())
    assert runtimes._ask(echo, ("one",)) == "one"
    echo.chmod(0o644)  # it does not start any more
    assert runtimes._ask(echo, ("one",)) == "one"
    echo.chmod(0o755)
    assert runtimes._ask(echo, ("two",)) == "two"
    other = install(tmp_path / "other", Path(ECHO).read_bytes())
    assert runtimes._ask(other, ("one",)) == "one"
    kept = list((tmp_path / "cache" / "cdk").glob("asked-*.json"))
    os.utime(echo, ns=(1, 1))
    assert runtimes._ask(echo, ("one",)) == "one"
    assert (len(kept), len(list((tmp_path / "cache" / "cdk").glob("asked-*.json")))) == (3, 4)


CONFIGURED = {
    "home = /usr/bin\nversion = 3.12.1\n": {"home": "/usr/bin", "version": "3.12.1"},
    "version_info = 3.12.2": {"version": "3.12.2", "version_info": "3.12.2"},
    "version_info = 3.12.2.final.0\nversion = 3.12.1": {"version": "3.12.1", "version_info": "3.12.2.final.0"},
    "Home=a=b\n\nno sign\n": {"home": "a=b"},
    "": {},
}


@pytest.mark.parametrize("text", CONFIGURED)
def test_what_a_virtual_environment_says_of_itself(tmp_path, text):
    (tmp_path / "pyvenv.cfg").write_text(text)
    assert venv_configuration(tmp_path / "pyvenv.cfg") == CONFIGURED[text]


def test_what_is_no_text_says_nothing(tmp_path):
    (tmp_path / "pyvenv.cfg").write_bytes(b"version = \xff\nhome = /x")
    assert venv_configuration(tmp_path / "pyvenv.cfg")["home"] == "/x"


def environment(tmp_path: Path, text: str) -> Path:
    """The interpreter of a virtual environment; its base offers /base."""
    for version in ("3.12", "3.11"):
        (tmp_path / "venv" / "lib" / f"python{version}" / "site-packages").mkdir(parents=True)
    base = install(tmp_path / "base" / "python3", answering('["3.12", "/base"]')).parent
    install(tmp_path / "venv" / "pyvenv.cfg", text.replace("BASE", str(base)))
    return tmp_path / "venv" / "bin" / "python"


ENVIRONMENTS = {
    "version = 3.12\nhome = BASE\ninclude-system-site-packages = false": ("3.12", False),
    "version = 3.12\nhome = BASE\ninclude-system-site-packages = True": ("3.12", True),
    "home = BASE": ("unknown", True),
    "version = 3.12": ("3.12", False),
}


@pytest.mark.parametrize("text", ENVIRONMENTS)
def test_a_virtual_environment_tells_by_its_files_alone(tmp_path, text):
    version, is_asked = ENVIRONMENTS[text]
    found = virtual_environment(environment(tmp_path, text), lambda _: True)
    own = [os.path.realpath(tmp_path / "venv" / "lib" / f"python{each}" / "site-packages") for each in ("3.11", "3.12")]
    assert found == (version, (*own, *(("/base",) if is_asked else ())))
    assert (tmp_path / "base" / "python3.ran").exists() is is_asked


def test_a_base_that_may_not_be_asked_is_not_run(tmp_path):
    asked = []
    found = virtual_environment(environment(tmp_path, "home = BASE"), lambda base: bool(asked.append(base)))
    assert found is not None
    assert "/base" not in found[1]
    assert asked == [tmp_path / "base" / "python3"]
    assert not (tmp_path / "base" / "python3.ran").exists()


def test_any_other_interpreter_is_no_virtual_environment(tmp_path):
    assert virtual_environment(tmp_path / "bin" / "python", lambda _: True) is None
