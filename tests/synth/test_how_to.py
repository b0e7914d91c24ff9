"""What a person is told to run and to write: in the language of the app, and so that it works where it is pasted."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from rajee_deploy.synth.how_to import (
    after_failure,
    cdk_command,
    declaring,
    declaring_records,
    install_cli,
    reading_context,
)

ROOM = Path(__file__).parents[2] / "rajee_deploy"
PYTHON, NODE, OTHER = "python3 app.py", "npx ts-node --prefer-ts-exts bin/app.ts", "mvn -e -q compile exec:java"


def app_of(root: Path, command: str) -> Path:
    (root / "cdk.json").write_text(json.dumps({"app": command}))
    return root


@pytest.mark.parametrize(
    ("command", "language"),
    [
        (PYTHON, "python"),
        ("uv run app.py", "python"),
        (".venv/bin/python app.py", "python"),
        (NODE, "node"),
        ("node bin/app.js", "node"),
        ("npx tsx app.mts", "node"),
        ("bun run app.ts", "node"),
        ("deno run -A app.ts", "node"),
        (OTHER, ""),
        ("go mod download && go run app.go", ""),
        ("dotnet run", ""),
        ("", ""),
    ],
)
def test_an_app_is_told_in_its_own_language(tmp_path, command, language):
    app = app_of(tmp_path, command)
    told = "\n".join(
        (declaring(app, ["ApiTag", "WebTag"]), declaring_records(app, ["RajeeInfraHash"]), reading_context(app, "tag"))
    )
    assert ("DeployState" in told, "try_get_context" in told) == (language == "python", language == "python")
    assert ("new CfnParameter(this, 'ApiTag'" in told, "this.node.tryGet" in told) == (
        language == "node",
        language == "node",
    )
    assert "ApiTag" in told


def test_what_a_python_app_is_told_is_python(tmp_path):
    app = app_of(tmp_path, PYTHON)
    assert 'DeployState(self, images=("ApiTag",))' in declaring(app, ["ApiTag"])
    assert 'DeployState(self, images=("A", "B",), deploy_by="digest")' in declaring(app, ["A", "B"], is_digest=True)


@pytest.mark.parametrize("text", ["{", "[]", '{"app": 1}', None])
def test_a_cdk_json_that_does_not_tell_is_no_failure(tmp_path, text):
    if text is not None:
        (tmp_path / "cdk.json").write_text(text)
    assert "CfnParameter" in declaring(tmp_path, ["ApiTag"])


LOCKED = {
    "package-lock.json": (
        '{"packages": {"node_modules/aws-cdk": {}}}',
        '{"packages": {"node_modules/aws-cdk-lib": {}}}',
    ),
    "npm-shrinkwrap.json": ('{"dependencies": {"aws-cdk": {}}}', '{"dependencies": {"@aws-cdk/asset-awscli-v1": {}}}'),
    "pnpm-lock.yaml": ("packages:\n\n  aws-cdk@2.1148.1:\n", "packages:\n\n  aws-cdk-lib@2.200.0:\n"),
    "yarn.lock": ('aws-cdk@^2.0.0:\n  version "2.1148.1"\n', 'aws-cdk-lib@^2.0.0:\n  version "2.200.0"\n'),
    "bun.lock": ('"aws-cdk": ["aws-cdk@2.1148.1"]', '"aws-cdk-lib": ["aws-cdk-lib@2.200.0"]'),
}


@pytest.mark.parametrize("name", LOCKED)
@pytest.mark.parametrize("is_above", [False, True])
def test_a_lock_file_that_names_no_cli_is_not_installed_by(tmp_path, name, is_above):
    app = tmp_path / "an app"
    app.mkdir()
    place = tmp_path if is_above else app
    having, lacking = LOCKED[name]
    (place / name).write_text(having)
    assert "aws-cdk@2" not in install_cli(app)
    (place / name).write_text(lacking)
    command = install_cli(app)
    assert "aws-cdk@2" in command
    assert re.search(rf"(prefix|-C|cd) '?{place}'?( |$)", command), command
    assert name.split("-")[0].split(".")[0].replace("package", "npm").replace("npm-shrinkwrap", "npm") in command


def test_without_a_lock_file_npm_adds_it(tmp_path):
    assert install_cli(tmp_path) == f"npm install -D aws-cdk@2 --prefix {tmp_path}"


def test_a_command_of_the_cli_works_from_anywhere():
    assert cdk_command(Path("/a b"), "bootstrap", "aws://1/x") == "(cd '/a b' && npx cdk bootstrap aws://1/x)"


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        ("ModuleNotFoundError: No module named 'aws_cdk'", "pip install aws-cdk-lib"),
        ("Error: Cannot find module 'aws-cdk-lib'", "npm install --prefix"),
        ("Error: Cannot find module './stack'", "own last words"),
        ("Parameters: [A, B] do not exist in the template", 'images=("A", "B",)'),
        ("ExpiredToken: the token", "log in"),
        ("ENOENT: no such file or directory, open '/x/cdk.out/manifest.json'", "app.synth()"),
        ("This CDK CLI is not compatible with the CDK library used by your application.", "aws-cdk@2"),
        ("Cloud assembly schema version mismatch: Maximum schema version supported is 38", "aws-cdk@2"),
        ("/bin/sh: 1: python: not found", "not installed"),
        ("Shop | 5:38:31 PM | UPDATE_FAILED | AWS::ECS::Service | Api", "what CloudFormation names"),
        ("Error: something {odd} {0}", "own last words"),
    ],
)
def test_what_the_cli_said_is_followed_by_what_helps(tmp_path, said, hint):
    assert hint in after_failure(app_of(tmp_path, PYTHON), said)


def test_nobody_else_speaks_of_the_apps_language():
    """A TypeScript app was told to use a Python construct."""
    words = re.compile(
        r'"[^"\n]*(DeployState\(|rajee_deploy\.cdk\b|try_get_context|tryGetContext|CfnParameter\()[^"\n]*"'
    )
    own = {ROOM / "synth" / "how_to.py", ROOM / "cdk.py"}
    found = [str(path) for path in ROOM.rglob("*.py") if path not in own and words.search(path.read_text())]
    assert found == []
