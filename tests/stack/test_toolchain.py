"""What is installed, as items of the fingerprint."""

from __future__ import annotations

import platform
import sys

from rajee_deploy.stack.toolchain import NONE, toolchain_versions
from rajee_deploy.stack.tracing.depfile import Toolchain


def test_the_platform_is_part_of_the_toolchain(tmp_path, monkeypatch):
    (tmp_path / "cdk.json").write_text('{"app": "node app.js"}')
    here = toolchain_versions(tmp_path, Toolchain())["toolchain:platform"]
    assert here == f"{sys.platform}-{platform.machine()}"
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    assert toolchain_versions(tmp_path, Toolchain())["toolchain:platform"] == f"{sys.platform}-riscv64"


def test_what_is_not_installed_is_none(tmp_path):
    (tmp_path / "cdk.json").write_text('{"app": "node app.js"}')
    found = toolchain_versions(tmp_path, Toolchain(node=("node_modules/x",), programs=("no-such-program",)))
    assert (found["toolchain:node-packages"], found["toolchain:program no-such-program"]) == (NONE, NONE)
