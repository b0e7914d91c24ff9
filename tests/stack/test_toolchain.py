"""What is installed, as items of the fingerprint."""

from __future__ import annotations

import os
import platform
import sys

from rajee_deploy.stack.toolchain import NONE, toolchain_versions
from rajee_deploy.stack.tracing.depfile import Toolchain


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
