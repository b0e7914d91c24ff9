"""In which language an app is, by the command of its cdk.json, and what pins its packages."""

from __future__ import annotations

import json

import pytest

from rajee_deploy.synth.language import language_of, lock_files


@pytest.fixture
def app(tmp_path):
    root = tmp_path / "project" / "infra"
    root.mkdir(parents=True)
    (root.parent / ".git").mkdir()
    return root


@pytest.mark.parametrize(
    ("command", "language"),
    [
        ("python3 app.py", "Python"),
        (".venv/bin/python -m app", "Python"),
        ("uv run app.py", "Python"),
        ("npx ts-node --prefer-ts-exts bin/app.ts", "TypeScript"),
        ("npx tsx bin/app.ts", "TypeScript"),
        ("node bin/app.js", "JavaScript"),
        ("npm run synth-app", "JavaScript"),
        ("mvn -e -q compile exec:java", "Java"),
        ("./gradlew run", "Java"),
        ("dotnet run --project src/App/App.csproj", "C#"),
        ("go mod download && go run app.go", "Go"),
        ("./synth", ""),
        ("", ""),
    ],
)
def test_the_command_tells(app, command, language):
    (app / "cdk.json").write_text(json.dumps({"app": command}))
    assert language_of(app) == language


def test_compiled_typescript_is_typescript(app):
    (app / "cdk.json").write_text('{"app": "node bin/app.js"}')
    (app / "tsconfig.json").write_text("{}")
    assert language_of(app) == "TypeScript"


@pytest.mark.parametrize(
    ("there", "language", "found"),
    [
        (["infra/uv.lock", "package-lock.json"], "Python", ["infra/uv.lock", "package-lock.json"]),
        (["uv.lock", "infra/requirements.txt"], "Python", ["infra/requirements.txt"]),
        (["pnpm-lock.yaml"], "TypeScript", ["pnpm-lock.yaml"]),
        (["infra/go.sum"], "Go", ["infra/go.sum"]),
        (["infra/uv.lock"], "", []),
        (["../uv.lock"], "Python", []),
    ],
)
def test_the_nearest_of_the_project_pins(app, there, language, found):
    for name in there:
        (app.parent / name).write_text("")
    assert [str(path.relative_to(app.parent)) for path in lock_files(app, language)] == found
