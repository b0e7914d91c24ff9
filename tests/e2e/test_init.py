"""`init` in a repository with a CDK app, as a new user types it: real CDK CLI, real apps, the sandbox's AWS.

The Python app is of the CDK's library; the JavaScript one writes its assembly itself, since that library is not
installed for node here.
"""

from __future__ import annotations

import json
import os
import pty
import subprocess

import given
import pytest
from e2e.shop import write_shop
from projects import TOP, Project, steps
from sandboxes import own_cloud

pytestmark = pytest.mark.cdk

JAVASCRIPT = """
const fs = require('fs'), path = require('path');
const out = process.env.CDK_OUTDIR;
fs.mkdirSync(out, { recursive: true });
const write = (name, value) => fs.writeFileSync(path.join(out, name), JSON.stringify(value));
const artifacts = {};
for (const stack of process.env.STACKS.split(',')) {
  const [stage, name] = stack.split('/');
  write(`${name}.template.json`, { Resources: { Topic: { Type: 'AWS::SNS::Topic' } } });
  artifacts[`${stage}${name}`] = {
    type: 'aws:cloudformation:stack', environment: 'aws://unknown-account/unknown-region', displayName: stack,
    properties: { templateFile: `${name}.template.json`, stackName: `${stage}-${name}` },
  };
}
write('manifest.json', { version: '36.0.0', artifacts });
"""


@pytest.fixture(scope="module")
def cloud(tmp_path_factory):
    with own_cloud(tmp_path_factory.mktemp("cloud")) as variables:
        given.bootstrap(variables)
        yield variables


@pytest.fixture
def project(tmp_path, cloud):
    found = Project(tmp_path / "project", cloud)
    found.root.mkdir()
    subprocess.run(["git", "init", "-q", str(found.root)], check=True)
    (found.root / "node_modules").symlink_to(TOP / "infra" / "node_modules")
    return found


def nobody(project) -> dict[str, str]:
    """Variables of somebody who is not logged in."""
    none = str(project.root.parent / "none")
    names = {name: "" for name in project.environment if name.startswith("AWS_")}
    files = {"AWS_CONFIG_FILE": none, "AWS_SHARED_CREDENTIALS_FILE": none, "AWS_EC2_METADATA_DISABLED": "true"}
    return {**names, **files}


def test_an_app_that_nobody_edited_is_planned_at_once(project):
    write_shop(project.root)
    before = (project.root / "infra" / "app.py").read_text()
    made = project.document("init")
    assert made["app"]["language"] == "Python"
    assert [(image["name"], image["context"], image["adopted"]) for image in made["images"]] == [("Web", ".", True)]
    assert (made["account"], made["region"]) == ("123456789012", "us-east-1")
    assert steps(made["plan"]) == ["build-and-push Web", "deploy Shop"]
    assert (project.root / "infra" / "app.py").read_text() == before

    patterns = (project.root / ".deployignore").read_text()
    assert {".git/", "/README*", "/docs/", "/rajee-deploy.toml"} <= set(patterns.split("\n"))
    again = project.run("init", code=64)
    assert "settings-exist" in again.stderr


@pytest.mark.proof
def test_what_the_ignore_file_hides_is_in_no_hash(project):
    write_shop(project.root)
    tag = project.document("init")["plan"]["images"]["Web"]["tag"]
    project.write("docs/index.md", "other\n")
    project.write("README.md", "other\n")
    assert project.document("plan")["images"]["Web"]["tag"] == tag
    project.write("app.py", "print(2)\n")
    assert project.document("plan")["images"]["Web"]["tag"] != tag


@pytest.mark.proof
def test_nobody_who_is_logged_in_has_settings_all_the_same(project):
    write_shop(project.root)
    made = json.loads(project.run("init", "--json", **nobody(project)).stdout)
    assert made["settings"]["written"]
    assert (made["account"], made["plan"]) == ("", None)
    assert steps(project.document("plan")) == ["build-and-push Web", "deploy Shop"]


def test_an_app_in_javascript_without_images(project):
    project.write("cdk.json", '{"app": "node app.js"}')
    project.write("app.js", JAVASCRIPT.replace("process.env.STACKS", "'Only/Api'"))
    made = project.document("init")
    assert (made["app"]["language"], made["images"], made["deployignore"]) == ("JavaScript", [], [])
    assert "image-assets" not in made["settings"]["text"]
    assert steps(made["plan"]) == ["deploy Only-Api"]


@pytest.mark.proof
def test_an_error_of_the_plan_does_not_hide_what_was_written(project):
    project.write("cdk.json", '{"app": "node app.js"}')
    project.write(
        "app.js",
        JAVASCRIPT.replace(
            "process.env.STACKS",
            "(process.env.CDK_OUTDIR.includes('assembly') ? (() => { throw new Error('only once') })() : 'A/B')",
        ),
    )
    ended = project.run("init", "--json", code=1)
    made = json.loads(ended.stdout)
    assert made["settings"]["written"]
    assert made["planError"]["code"] == "synth-failed"
    assert "only once" in ended.stderr


def test_a_person_is_asked_which_stage_it_is(project):
    """On a terminal; elsewhere it is an error (tests/cli)."""
    project.write("cdk.json", '{"app": "node app.js"}')
    project.write("app.js", JAVASCRIPT.replace("process.env.STACKS", "'Dev/Api,Prod/Api'"))
    shown = answer(project, "2\n", "init", "--no-plan")
    assert "1  Dev" in shown
    assert "Which stage does `rajee-deploy up` deploy? [1-3]" in shown
    text = (project.root / "rajee-deploy.toml").read_text()
    assert 'stacks = ["Prod/Api"]' in text
    assert "[environments.dev]" in text


def answer(project, keys: str, *words: str) -> str:
    """What is shown on a terminal to somebody who types this."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        ["rajee-deploy", *words],
        cwd=project.root,
        env={**project.environment, "TERM": "dumb"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    ) as running:
        os.close(theirs)
        os.write(ours, keys.encode())
        shown = b""
        while True:
            try:
                piece = os.read(ours, 4096)
            except OSError:  # the other end is closed
                break
            shown += piece
        assert running.wait() == 0, shown.decode()
    os.close(ours)
    return shown.decode()
