"""The command as users and scripts meet it: exit codes, stdout and stderr, messages for every kind of bad input."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from forked import run_command

SETTINGS = """
[images.app]
repository = "team/app"
stack = "App"
[cdk]
app = "cdk"
stacks = ["App"]
[environments.guarded]
account = "123456789012"
"""


@pytest.fixture
def project(tmp_path):
    root = tmp_path / "project"
    (root / "cdk").mkdir(parents=True)
    (root / "cdk" / "cdk.json").write_text("{}")
    (root / "rajee-deploy.toml").write_text(SETTINGS)
    (root / "Dockerfile").write_text("FROM scratch\nCOPY app /app\n")
    (root / "app").write_text("one")
    return root


def surroundings(project: Path, **environment: str) -> dict[str, str]:
    """No AWS settings but those given, and a home of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "RAJEE_", "DOCKER_"))}
    own = {
        "HOME": str(project.parent),
        "RAJEE_DEPLOY_STATE_DIR": str(project.parent / "state"),
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    return {**kept, **own, **environment}


def command(project: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a project."""
    return run_command(*arguments, cwd=project, environment=surroundings(project, **environment))


def installed(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The same by the program that is installed, in an interpreter of its own."""
    return subprocess.run(
        [str(Path(sys.executable).with_name("rajee-deploy")), *arguments],
        cwd=project,
        env=surroundings(project),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


NOWHERE = {
    "AWS_ACCESS_KEY_ID": "a",
    "AWS_SECRET_ACCESS_KEY": "b",
    "AWS_REGION": "us-east-1",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
}


def test_version(project):
    ended = installed(project, "--version")
    assert (ended.returncode, ended.stdout) == (0, "rajee-deploy 0.1.0\n")


@pytest.mark.parametrize("verb", ["up", "plan", "fingerprint", "explain", "replay", "verify", "report", "sandbox"])
def test_help_teaches_by_example(project, verb):
    ended = installed(project, verb, "--help")
    assert ended.returncode == 0
    assert f"rajee-deploy {verb}" in ended.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["uq"],
        ["up", "--no-such-flag"],
        ["plan", "--image"],
        ["up", "--wait", "soon"],
        ["fingerprint", "--modes", "odd"],
    ],
)
def test_a_typo_is_usage_and_never_means_changes(project, arguments):
    ended = command(project, *arguments)
    assert (ended.returncode, ended.stdout) == (64, "")
    assert ended.stderr


def test_fingerprint_prints_the_tag_alone(project):
    ended = installed(project, "fingerprint")
    assert ended.returncode == 0
    assert ended.stdout.startswith("c-")
    assert ended.stdout.count("\n") == 1
    assert command(project, "fingerprint", ".").stdout == ended.stdout


def test_fingerprint_of_several_images_names_them(project):
    (project / "rajee-deploy.toml").write_text(
        SETTINGS + '[images.other]\nrepository = "team/other"\nplatform = "linux/arm64"\n'
    )
    lines = command(project, "fingerprint").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["app", "other"]
    assert len({line.split()[1] for line in lines}) == 2


def test_fingerprint_document(project):
    document = json.loads(command(project, "fingerprint", "--json").stdout)
    assert document["schema"] == "rajee-deploy.fingerprint/1"
    assert document["tag"] == command(project, "fingerprint").stdout.strip()
    (use,) = document["uses"]
    assert (use["instruction"], use["line"], use["selector"]["path"], use["context"]) == ("COPY", [2, 2], "/app", "")
    (entry,) = document["entries"]
    assert (entry["path"], entry["kind"], entry["mode"], entry["size"]) == ("app", "file", "0644", 3)


def test_what_the_image_does_not_read_does_not_count(project):
    before = command(project, "fingerprint").stdout
    (project / "README.md").write_text("text")
    (project / "Dockerfile").write_text("# a comment\nFROM scratch\n\ncopy   app  /app\n")
    assert command(project, "fingerprint").stdout == before
    (project / "app").write_text("two")
    assert command(project, "fingerprint").stdout != before


def test_platforms_are_given_at_once_or_one_by_one(project):
    def tag(*flags: str) -> str:
        return command(project, "fingerprint", *flags).stdout

    both = tag("--platform", "linux/amd64,linux/arm64")
    assert tag("--platform", "linux/arm64", "--platform", "linux/amd64") == both
    assert both not in ("", tag(), tag("--platform", "linux/arm64"))
    assert tag("--platform", "") == tag("--platform", "linux/amd64") == tag()


def test_the_epoch_that_buildx_takes_from_the_environment_counts(project):
    plain, dated = command(project, "fingerprint"), command(project, "fingerprint", SOURCE_DATE_EPOCH="1")
    assert plain.stdout != dated.stdout
    assert command(project, "fingerprint", "--build-arg", "SOURCE_DATE_EPOCH=1").stdout == dated.stdout


@pytest.mark.parametrize("verb", ["fingerprint", "plan"])
def test_a_date_that_no_build_takes_is_refused_before_anything_is_built(project, verb):
    """In milliseconds, as JavaScript has it."""
    ended = command(project, verb, SOURCE_DATE_EPOCH="1700000000000", **NOWHERE)
    assert (ended.returncode, "bad-epoch" in ended.stderr, "1700000000" in ended.stderr) == (64, True, True)
    given = command(project, "fingerprint", "--build-arg", "SOURCE_DATE_EPOCH=1.5")
    assert (given.returncode, "build-args.SOURCE_DATE_EPOCH" in given.stderr) == (64, True)
    # What is given goes before the environment's, which no build sees then.
    assert command(project, "fingerprint", "--build-arg", "SOURCE_DATE_EPOCH=1", SOURCE_DATE_EPOCH="x").returncode == 0


def test_a_mirror_of_docker_hub_has_docker_s_frontend(project):
    (project / "Dockerfile").write_text("# syntax=mirror.test/hub/docker/dockerfile:1\nFROM scratch\nCOPY app /app\n")
    (project / "rajee-deploy.toml").write_text('[images.app]\nrepository = "team/app"\n')
    unknown = command(project, "fingerprint", "--json")
    assert '"superset"' in unknown.stdout
    assert "say syntax-mirrors" in unknown.stdout
    (project / "rajee-deploy.toml").write_text(
        'syntax-mirrors = ["mirror.test/hub"]\n[images.app]\nrepository = "team/app"\n'
    )
    known = command(project, "fingerprint", "--json")
    assert '"exact"' in known.stdout


def test_the_proxies_that_docker_passes_to_builds_count_where_declared(project):
    config = project.parent / ".docker"
    config.mkdir()

    def tag(proxy: str) -> str:
        (config / "config.json").write_text(json.dumps({"proxies": {"default": {"httpsProxy": proxy}}}))
        return command(project, "fingerprint").stdout

    assert tag("http://one") == tag("http://two")
    (project / "Dockerfile").write_text("FROM scratch\nARG HTTPS_PROXY\nCOPY app /app\n")
    assert tag("http://one") != tag("http://two")


def test_no_secret_shows(project):
    (project / "Dockerfile").write_text("FROM scratch\nARG TOKEN\nCOPY app /app\n")
    ended = command(project, "fingerprint", "--json", "--build-arg", "TOKEN=hunter2")
    assert ended.returncode == 0
    assert "hunter2" not in ended.stdout + ended.stderr


@pytest.mark.parametrize(
    ("arguments", "environment", "code", "exit_code"),
    [
        (["plan"], {"AWS_REGION": "us-east-1"}, "no-credentials", 1),
        (["plan"], {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}, "no-region", 64),
        (["plan", "--profile", "nobody"], {}, "no-profile", 64),
        (["plan"], NOWHERE, "aws-unreachable", 1),
        (["plan", "--image", "nothing"], NOWHERE, "unknown-image", 64),
        (["plan", "-e", "nothing"], NOWHERE, "bad-settings", 64),
        (["plan", "--config", "nothing.toml"], NOWHERE, "no-settings", 64),
        (["fingerprint", "nowhere"], {}, "context-missing", 1),
        (["fingerprint", ".", "--build-arg", "=x"], {}, "bad-flag", 64),
        (["fingerprint", ".", "--platform", "amd"], {}, "bad-platform", 64),
        (["fingerprint", ".", "--target", "nothing"], {}, "target-not-found", 1),
        (["fingerprint", ".", "-f", "Nofile"], {}, "dockerfile-missing", 1),
        (["fingerprint", ".", "--build-context", "Shared=."], {}, "bad-context-name", 64),
        (["sandbox", "env"], {}, "sandbox-not-running", 1),
    ],
)
def test_bad_input_is_named_with_its_next_step(project, arguments, environment, code, exit_code):
    ended = command(project, *arguments, **environment)
    assert ended.returncode == exit_code, ended.stderr
    assert f"explain-error {code}\n" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert ended.stdout == ""


@pytest.mark.parametrize(("leads_to", "is_followed"), [("Dockerfile", True), ("../elsewhere", False)])
def test_a_dockerfile_that_is_a_link_is_followed_inside_its_directory(project, leads_to, is_followed):
    """As BuildKit does: what lies outside is not there for it."""
    (project.parent / "elsewhere").write_bytes((project / "Dockerfile").read_bytes())
    (project / "linked").symlink_to(leads_to)
    ended = command(project, "fingerprint", ".", "-f", "linked")
    assert ended.returncode == (0 if is_followed else 1)
    assert ("explain-error dockerfile-link\n" in ended.stderr) is not is_followed
    (project / "linked").unlink()
    (project / "linked").symlink_to("nowhere")
    assert "explain-error dockerfile-missing\n" in command(project, "fingerprint", ".", "-f", "linked").stderr


def test_a_missing_copy_source_names_the_line(project):
    (project / "app").unlink()
    ended = command(project, "fingerprint", "--json")
    assert ended.returncode == 1
    document = json.loads(ended.stdout)
    assert (document["schema"], document["code"], document["where"]) == (
        "rajee-deploy.error/1",
        "source-not-found",
        "Dockerfile:2",
    )


def test_a_source_that_deployignore_removes(project):
    (project / ".deployignore").write_text("app\n")
    ended = command(project, "fingerprint")
    assert ended.returncode == 1
    assert "source-deployignored" in ended.stderr
    assert "Dockerfile:2" in ended.stderr


def test_an_unreadable_file_is_named(project):
    (project / "app").chmod(0)
    # root reads everything, unless it gives up the two capabilities that let it
    drop = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all", "--"]
    program = [sys.executable, "-m", "rajee_deploy", "fingerprint", "."]
    ended = subprocess.run(
        [*(drop if os.geteuid() == 0 else []), *program],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 1, ended.stderr
    assert "explain-error unreadable\n" in ended.stderr
    assert "app" in ended.stderr


def test_a_report_without_runs(project):
    ended = command(project, "report")
    assert ended.returncode == 0
    assert "No run was recorded" in ended.stdout
    assert json.loads(command(project, "report", "--json").stdout)["runs"] == 0


def test_names_cannot_write_to_the_terminal(project):
    (project / "Dockerfile").write_text("FROM scratch\nCOPY no\x1bc\x07 /app\n")
    ended = command(project, "fingerprint")
    assert ended.returncode == 1
    assert "\x1b" not in ended.stderr


def test_importing_the_command_takes_nothing_heavy():
    heavy = {"boto3", "rich", "docker", "pathspec", "moto", "concurrent.futures"}
    code = f"import sys, rajee_deploy.cli.ending; print(*sorted({heavy!r} & set(sys.modules)))"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == ""


def test_before_an_early_interrupt_is_waited_for_next_to_nothing_is_imported():
    """A Ctrl-C in these moments shows a traceback of Python's."""
    code = "import sys; before = {*sys.modules}; import rajee_deploy.cli; print(*sorted({*sys.modules} - before))"
    ended = subprocess.run(
        [sys.executable, "-S", "-P", "-c", code],
        cwd=Path(__file__).parents[2],
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        check=True,
    )
    assert {*ended.stdout.split()} <= {
        "__future__",
        "os",
        "stat",
        "posixpath",
        "genericpath",
        "_collections_abc",
        "os.path",
        "abc",
        "_abc",
        "_stat",
        "rajee_deploy",
        "rajee_deploy.began",
        "rajee_deploy.cli",
    }


@pytest.mark.parametrize("words", [("fingerprint", "."), ("explain", "--context", "."), ("replay", "--context", ".")])
def test_an_image_of_the_settings_and_a_build_context_do_not_go_together(project, words):
    ended = command(project, *words, "--image", "app")
    assert ended.returncode == 64
    assert "--image app" in ended.stderr
    assert ended.stdout == ""


def test_a_region_that_contradicts_the_environment_is_refused(project):
    with (project / "rajee-deploy.toml").open("a") as file:
        file.write('[environments.prod]\nregion = "eu-central-1"\n')
    ended = command(project, "plan", "-e", "prod", "--region", "us-east-1", **NOWHERE)
    assert ended.returncode == 64
    assert "wrong-region" in ended.stderr
    assert "environments.prod.region" in ended.stderr


def test_no_app_is_run_to_learn_which_images_it_has_where_hashes_are_to_decide(project):
    """The checkout may be a stranger's; nobody is asked either."""
    settings = '[cdk]\nstacks = ["One"]\nimage-assets = "adopt"\n'
    (project / "rajee-deploy.toml").write_text(settings)
    (project / "cdk.json").write_text(json.dumps({"app": "touch canary"}))
    ended = command(project, "plan", "--infra-check=hash", "--image", "web", **NOWHERE)
    assert (ended.returncode, "unknown-image" in ended.stderr) == (64, True)
    assert "--infra-check=auto" in ended.stderr
    assert not (project / "canary").exists()
