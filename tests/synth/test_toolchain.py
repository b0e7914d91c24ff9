"""What is installed, as items of the fingerprint."""

from __future__ import annotations

import os
import platform
import sys

from rajee_deploy.synth.toolchain import NONE, toolchain_versions
from rajee_deploy.synth.tracing.depfile import Toolchain


def test_the_platform_is_part_of_the_toolchain(tmp_path, monkeypatch):
    (tmp_path / "cdk.json").write_text('{"app": "node app.js"}')
    here = toolchain_versions(tmp_path, Toolchain())["toolchain:platform"]
    assert here == f"{sys.platform}-{platform.machine()}"
    other = os.uname_result((*os.uname()[:4], "riscv64"))
    monkeypatch.setattr("os.uname", lambda: other)
    assert toolchain_versions(tmp_path, Toolchain())["toolchain:platform"] == f"{sys.platform}-riscv64"


def test_what_is_not_installed_is_none(tmp_path):
    (tmp_path / "cdk.json").write_text('{"app": "node app.js"}')
    found = toolchain_versions(tmp_path, Toolchain(node=("node_modules/x",), programs=("no-such-program",)))
    assert (found["toolchain:node-packages"], found["toolchain:program no-such-program"]) == (NONE, NONE)


def test_nothing_of_the_project_is_run_for_what_its_virtual_environment_names_as_base(tmp_path):
    """Whoever writes a pull request may put one into it."""
    (tmp_path / ".git").mkdir()
    app = tmp_path / "cdk"
    (app / ".venv" / "bin").mkdir(parents=True)
    (app / "cdk.json").write_text('{"app": ".venv/bin/python app.py"}')
    ran = tmp_path / "ran"
    for path in (app / ".venv" / "bin" / "python", app / "base" / "python3"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n: > {ran}\necho '[\"3.1\"]'\n")
        path.chmod(0o755)
    (app / "pyvenv.cfg").touch()
    for home in (app / "base", app / ".." / "cdk" / "base", "base"):
        (app / ".venv" / "pyvenv.cfg").write_text(f"version = 3.12\nhome = {home}\n")
        found = toolchain_versions(app, Toolchain(runs=("python",)))
        assert found["toolchain:python"] == "3.12"
        assert not ran.exists()
