"""A project with a CDK app's directory, and its records made by the real hooks."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from rajee_deploy.settings import CdkSettings
from rajee_deploy.synth.inputs import describe_app, infra_fingerprint
from rajee_deploy.synth.tracing import Tracer
from rajee_deploy.synth.tracing.depfile import Depfile, read_depfile
from rajee_deploy.synth.tracing.distil import distil

if TYPE_CHECKING:
    from pathlib import Path


@dataclass
class Project:
    """The checkout, the CDK app in it, and something outside of the app that a synth may read."""

    root: Path
    settings: CdkSettings
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def app(self) -> Path:
        return self.settings.app

    def trace(self, program: str, *argv: str, code: str = "") -> Depfile:
        """Run a program in the app's directory as the CDK CLI would; what is left of its records."""
        tracer = Tracer(self.root / "depfile.json", lambda records: distil(describe_app(self.settings), records))
        with tracer.tracing(self.root / "cdk.out") as trace:
            ended = subprocess.run(
                [program, *argv, *([] if not code else ["-c" if program == sys.executable else "-e", code])],
                cwd=self.app,
                env={**os.environ, **self.environment, **trace.environment},
                capture_output=True,
                text=True,
                check=False,
            )
            assert ended.returncode == 0, ended.stderr
        return read_depfile(self.root / "depfile.json")

    def python(self, code: str) -> Depfile:
        (self.app / "app.py").write_text(code)
        return self.trace(sys.executable, "app.py")

    def node(self, code: str) -> Depfile:
        """As every CDK app in JavaScript, it asks where its assembly goes."""
        (self.app / "app.js").write_text(f'{code}\n"CDK_OUTDIR" in process.env')
        return self.trace("node", "app.js")

    def digest(self) -> str:
        """The fingerprint with the depfile as it is."""
        return str(infra_fingerprint(self.settings, read_depfile(self.root / "depfile.json")).digest)


@pytest.fixture
def project(tmp_path, monkeypatch):
    root = tmp_path / "project"
    (root / ".git").mkdir(parents=True)
    app = root / "cdk"
    app.mkdir()
    (app / "cdk.json").write_text('{"app": "python3 app.py", "versionReporting": false}')
    (app / "app.py").touch()
    (root / "shared.json").write_text("1")
    (root / "data").mkdir()
    (root / "data" / "one").touch()
    # Files of this test must not count as temporary ones of the synth.
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "NODE_OPTIONS", "CDK_CONTEXT_JSON"):
        monkeypatch.delenv(name, raising=False)
    return Project(root, CdkSettings(app, ("App",)))
