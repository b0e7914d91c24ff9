"""A package is what its installer says of it, wherever and however it was installed."""

from __future__ import annotations

import json
import shutil

import pytest

from rajee_deploy.synth.tracing import installed
from rajee_deploy.synth.tracing.installed import is_locked, node_packages, python_packages


def install(site, line="jsii/__init__.py,sha256=aa,1", script="sha256=s1"):
    info = site / "jsii-1.0.dist-info"
    info.mkdir(parents=True, exist_ok=True)
    lines = [line, f"../../../bin/jsii,{script},9", "jsii-1.0.dist-info/RECORD,,", "jsii-1.0.dist-info/INSTALLER,x,1"]
    (info / "RECORD").write_text("\n".join(lines))
    return python_packages([str(site)], ("jsii",))


def test_a_python_package_counts_by_its_record(tmp_path):
    before = install(tmp_path / "a")
    assert before is not None
    assert install(tmp_path / "b", script="sha256=s2") == before, "a script names the interpreter"
    assert install(tmp_path / "a", "jsii/__init__.py,sha256=bb,1") != before
    assert install(tmp_path / "a") == before, "the same, installed again"
    (tmp_path / "a" / "pip-1.dist-info").mkdir()
    assert install(tmp_path / "a") == before
    (tmp_path / "a" / "new.py").touch()
    assert install(tmp_path / "a") != before, "a name that an import may find"
    assert python_packages([str(tmp_path / "none")], ("jsii",)) is None


@pytest.fixture
def node(tmp_path):
    package = tmp_path / "node_modules" / "x"
    package.mkdir(parents=True)
    (package / "package.json").write_text('{"version": "1"}')

    def digest(integrity="sha512-a"):
        lock = {"packages": {"node_modules/x": {"integrity": integrity}}}
        (package.parent / ".package-lock.json").write_text(json.dumps(lock))
        installed._lock_entries.cache_clear()
        return node_packages(str(tmp_path), ("node_modules/x",))

    return package, digest


def test_a_node_package_counts_by_its_version_its_lock_and_its_neighbours(node):
    package, digest = node
    before = digest()
    assert before is not None
    (package / "index.js").touch()
    assert digest() == before
    assert digest("sha512-b") != before
    (package.parent / "y").mkdir()
    assert digest() != before
    (package.parent / "y").rmdir()
    (package / "package.json").write_text('{"version": "2"}')
    assert digest() != before
    shutil.rmtree(package.parent)
    assert node_packages(str(package.parents[1]), ("node_modules/x",)) is None


def test_what_npm_locked_may_be_large(tmp_path):
    folder = tmp_path / "node_modules"
    folder.mkdir()
    text = '{"packages": {"node_modules/a": {"integrity": "x"}}}'
    (folder / ".package-lock.json").write_text(text + " " * (40 << 20))
    assert is_locked(str(tmp_path), "node_modules/a")
