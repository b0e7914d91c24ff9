"""Files that travel with the code: what builds ignore, which CDK CLI is pinned."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from pathspec import GitIgnoreSpec

from rajee_deploy.cli.line import click_command

TOP = Path(__file__).parents[2]
INFRA = TOP / "infra"


@pytest.fixture(scope="module")
def ignored():
    return GitIgnoreSpec.from_lines((TOP / ".deployignore").read_text().splitlines()).match_file


def test_what_the_dockerfile_copies_is_kept(ignored):
    dockerfile = (INFRA / "raja_poc" / "assets" / "envoy" / "Dockerfile").read_text()
    copied = re.findall(r"^COPY (?!.*--from)(?:--\S+ )*(\S+) \S+$", dockerfile, re.MULTILINE)
    assert len(copied) == 2
    assert [path for path in copied if ignored(path) or not (TOP / path).is_file()] == []


@pytest.mark.parametrize(
    "path",
    [
        ".git/HEAD",
        ".venv/bin/python",
        "rajee_deploy/__pycache__/model.cpython-311.pyc",
        "infra/node_modules/aws-cdk/package.json",
        "infra/cdk.out/manifest.json",
        ".idea/workspace.xml",
        "docs/tour.md",
        "README.md",
        "specs/one.md",
        "tests/infra/conftest.py",
        ".ci/machine",
        ".github/workflows/test.yml",
        ".pre-commit-config.yaml",
        "infra/notes.tmp",
        "infra/.env",
    ],
)
def test_what_no_image_needs_is_ignored(ignored, path):
    assert ignored(path)


def test_the_cdk_cli_is_pinned_exactly():
    """The release that npm calls the latest, 3.0.0, is an accident that cannot read today's assemblies."""
    wanted = json.loads((INFRA / "package.json").read_text())["devDependencies"]["aws-cdk"]
    locked = json.loads((INFRA / "package-lock.json").read_text())["packages"]
    assert (wanted, locked["node_modules/aws-cdk"]["version"]) == ("2.1148.1", "2.1148.1")


def test_the_lock_file_names_no_registry():
    lock = (INFRA / "package-lock.json").read_text()
    assert "integrity" in lock
    assert "resolved" not in lock
    assert "://" not in lock


# What a reader meets first; everything else at the top is hidden.
AT_THE_TOP = {
    "CHANGELOG.md",
    "LICENSE",
    "Makefile",
    "README.md",
    "docs",
    "infra",
    "pyproject.toml",
    "rajee_deploy",
    "tests",
}


def test_nothing_else_lies_at_the_top():
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=TOP, check=True, capture_output=True, text=True).stdout
    first = {path.partition("/")[0] for path in tracked.split("\0") if path}
    assert {name for name in first if not name.startswith(".")} == AT_THE_TOP


YAML = sorted([*TOP.glob(".github/**/*.yml"), TOP / ".pre-commit-config.yaml"])


@pytest.mark.parametrize("path", YAML, ids=lambda path: path.name)
def test_yaml_can_be_read(path):
    assert isinstance(yaml.safe_load(path.read_text()), dict)


@pytest.mark.parametrize("path", sorted(TOP.glob(".github/workflows/*.yml")), ids=lambda path: path.name)
def test_workflows_pin_their_actions_and_may_little(path):
    workflow = yaml.safe_load(path.read_text())
    assert workflow["permissions"] == {"contents": "read"}  # more of it where one job needs it
    steps = [step for job in workflow["jobs"].values() for step in job.get("steps", ())]
    used = [step["uses"] for step in steps if "uses" in step]
    assert used
    assert [name for name in used if not re.fullmatch(r"[\w.-]+(/[\w.-]+)+@(v\d+|release/v\d+)", name)] == []
    needed = [each for job in workflow["jobs"].values() for each in [job.get("needs")] if each]
    assert set(needed) <= set(workflow["jobs"])
    assert all("timeout-minutes" in job or "uses" in job for job in workflow["jobs"].values())


def test_workflows_run_targets_that_there_are():
    made = [
        word for path in TOP.glob(".github/workflows/*.yml") for word in re.findall(r"make (\w+)", path.read_text())
    ]
    targets = re.findall(r"^(\w+):", (TOP / "Makefile").read_text(), re.MULTILINE)
    assert made
    assert set(made) <= set(targets)


def notes(tmp_path, tag, changelog):
    """What the release's own step makes of a changelog: its exit code and the text."""
    jobs = yaml.safe_load((TOP / ".github" / "workflows" / "release.yml").read_text())["jobs"]
    script = next(step["run"] for step in jobs["build"]["steps"] if "notes.md" in step.get("run", ""))
    (tmp_path / "CHANGELOG.md").write_text(changelog)
    (tmp_path / "rajee_deploy").mkdir()
    (tmp_path / "rajee_deploy" / "__init__.py").write_text('__version__ = "1.2.0"\n')
    environment = {"GITHUB_REF_NAME": tag, "PATH": "/usr/bin:/bin"}
    ended = subprocess.run(["bash", "-e", "-c", script], cwd=tmp_path, env=environment, check=False)
    written = tmp_path / "notes.md"
    return ended.returncode, written.read_text().strip() if written.exists() else ""


def test_a_release_has_the_changelogs_section_of_its_tag(tmp_path):
    changelog = "# Changelog\n\n## 1.2.0 (2027-01-01)\n\n- new\n\n## 1.1.0\n\n- old\n"
    assert notes(tmp_path, "v1.2.0", changelog) == (0, "- new")


@pytest.mark.parametrize(
    ("tag", "head"), [("v1.2.0", "1.2.0 (unreleased)"), ("v1.2.0", "1.2.01"), ("v1.3.0", "1.3.0"), ("v1.2.0", "1.1.0")]
)
def test_a_tag_without_its_version_and_section_is_no_release(tmp_path, tag, head):
    assert notes(tmp_path, tag, f"# Changelog\n\n## {head}\n\n- new\n")[0] != 0


def test_hooks_before_a_commit_are_the_checks_of_the_makefile():
    hooks = yaml.safe_load((TOP / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    said = [hook["entry"].replace(".venv", "$(VENV)") for hook in hooks]
    check = re.search(r"^check:.*\n((?:\t.*\n)+)", (TOP / "Makefile").read_text(), re.MULTILINE)
    assert check is not None
    assert [line.strip().removesuffix(" .") for line in check[1].strip().split("\n")] == said


def test_each_task_is_one_line_over_the_tool():
    """`poe build-envoy` and `poe deploy`, as the scripts that they take the place of were called."""
    tasks = tomllib.loads((TOP / "pyproject.toml").read_text())["tool"]["poe"]["tasks"]
    assert set(tasks) == {"build-envoy", "deploy"}
    for task in tasks.values():
        program, verb, *rest = shlex.split(task["cmd"])
        assert program == "rajee-deploy"
        with click_command(verb).make_context(verb, rest, resilient_parsing=False) as context:
            assert context.params
