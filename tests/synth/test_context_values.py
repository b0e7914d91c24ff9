"""Context values reach the CDK CLI as `-c` would give them, and no list of processes shows them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from rajee_deploy.aws import Aws
from rajee_deploy.settings import CdkSettings
from rajee_deploy.synth.cdk_cli import Cdk
from rajee_deploy.synth.context_values import handing
from rajee_deploy.synth.inputs import describe_app
from rajee_deploy.synth.tracing import Tracer
from rajee_deploy.synth.tracing.distil import distil

MODULES = Path(__file__).parents[2] / "infra" / "node_modules"
VALUES = {"size": "canary = large", "list": "a,b\n", "groß": "'\"\\", "empty": "", "shared": "ours", "deep": "[1]"}
# What an app finds: its context, its variables, and all arguments of the programs above it.
APP = """
const fs = require('fs');
const lines = [];
for (let pid = process.ppid; pid > 1;) {
  lines.push(fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
  pid = Number(/^PPid:\\s*(\\d+)/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);
}
const variables = Object.keys(process.env).filter((name) => name.startsWith('RAJEE_'));
fs.writeFileSync(process.env.SAID, JSON.stringify({
  context: JSON.parse(process.env.CDK_CONTEXT_JSON), lines, variables, options: process.env.NODE_OPTIONS ?? '' }));
const out = process.env.CDK_OUTDIR;
fs.writeFileSync(`${out}/App.json`, JSON.stringify({ Resources: { A: { Type: 'AWS::SNS::Topic' } } }));
fs.writeFileSync(`${out}/manifest.json`, JSON.stringify({ version: '36.0.0', artifacts: { App: {
  type: 'aws:cloudformation:stack', environment: 'aws://unknown-account/unknown-region',
  properties: { templateFile: 'App.json' } } } }));
"""


@pytest.fixture
def app(tmp_path, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SAID", str(tmp_path / "said"))
    root = tmp_path / "cdk"
    root.mkdir()
    (root / "cdk.json").write_text(json.dumps({"app": "node app.js", "context": {"shared": "cdk.json", "own": 1}}))
    (root / "cdk.context.json").write_text(json.dumps({"shared": "cdk.context.json", "size": "small"}))
    (tmp_path / ".cdk.json").write_text(json.dumps({"context": {"shared": "home", "size": "tiny", "user": True}}))
    (root / "app.js").write_text(APP)
    return root


def synthesise(app: Path) -> list[str]:
    settings = CdkSettings(app, ("App",), VALUES)
    tracer = Tracer(app.parent / "depfile.json", lambda records: distil(describe_app(settings), records))
    said: list[str] = []
    Cdk(settings, Aws(), tracer).synth(app.parent / "out", said.append, {})
    return said


def test_the_real_cli_takes_them_as_it_does_arguments_and_nobody_sees_them(app, tmp_path, monkeypatch):
    monkeypatch.setenv("NODE_OPTIONS", "--max-old-space-size=999")
    (app / "node_modules").symlink_to(MODULES)
    words = [f"--context={key}={value}" for key, value in VALUES.items()]
    command = [str(MODULES / ".bin/cdk"), "synth", "-q", "--output", str(tmp_path / "plain"), *words]
    subprocess.run(command, cwd=app, check=True, capture_output=True)
    expected = json.loads((tmp_path / "said").read_text())
    assert "canary" in str(expected["lines"]), "the app sees the arguments of what started it"
    synthesise(app)
    found = json.loads((tmp_path / "said").read_text())
    assert found["context"] == expected["context"]
    assert (found["context"]["shared"], found["context"]["user"]) == ("ours", True)
    assert "canary" not in str(found["lines"])
    assert "RAJEE_DEPLOY_PARAMETERS" not in found["variables"]
    assert "parameters.cjs" not in found["options"]
    assert "--max-old-space-size=999" in found["options"]


# A CLI by its place, which no script of ours gets into.
SHELL = """#!/bin/sh
echo "$@" >> "$SAID"
for word; do case $word in --output) out=1;; *) if [ "$out" = 1 ]; then mkdir -p "$word"; out=$word; fi;; esac; done
echo '{"version": "36.0.0", "artifacts": {}}' > "$out/manifest.json"
"""


@pytest.mark.parametrize("name", ["aws-cdk/bin/cdk", "other/cdk"])
def test_a_cli_that_cannot_be_given_them_so_gets_arguments(app, tmp_path, name):
    program = app / "node_modules" / name
    for path in (program, app / "node_modules/.bin/cdk", app / "node_modules/aws-cdk/package.json"):
        path.parent.mkdir(parents=True, exist_ok=True)
    program.write_text(SHELL)
    program.chmod(0o755)
    (app / "node_modules/.bin/cdk").symlink_to(program)
    (app / "node_modules/aws-cdk/package.json").write_text('{"version": "2.1148.1"}')
    synthesise(app)
    *without, last = (tmp_path / "said").read_text().split("synth ")[1:]
    assert "--context=size=canary = large --context=list=a,b\n" in last
    assert len(without) == (1 if name.startswith("aws-cdk") else 0)
    assert not any("canary" in each for each in without)


def test_a_package_manager_s_script_before_the_cli_is_no_obstacle(tmp_path):
    (tmp_path / "cdk").write_text('#!/bin/sh\nexec node  "$basedir/../aws-cdk/bin/cdk" "$@"\n')
    for path in (tmp_path / "cdk", tmp_path / "none"):
        with handing({"a": "canary"}, path, "") as handed:
            assert bool(handed.environment) is (path.name == "cdk")
            assert "canary" not in str(handed)
    with handing({}, tmp_path / "cdk", "") as handed:
        assert (handed.arguments, handed.environment, handed.is_lost) == ((), {}, False)
