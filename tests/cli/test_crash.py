"""What is written down when the tool itself fails: enough to find the fault, and nothing that anybody keeps secret."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from rajee_deploy import at_work
from rajee_deploy.cli.crash import KEPT, keep_crash, report
from rajee_deploy.system.ours import MARKER, without_ours

SETTINGS = """
engine = "buildx"
[images.api]
repository = "team/private-name"
platform = "linux/arm64"
build-args = { TOKEN = "settings-secret-1" }
stack = "ApiStack"
[cdk]
app = "cdk"
stacks = ["ApiStack"]
[cdk.parameters.ApiStack]
Password = { env = "DB_PASSWORD" }
"""
SECRETS = [
    "settings-secret-1",
    "environment-secret",
    "argument-secret",
    "positional-secret",
    "private-name",
    "pw-of-url",
    "AKIAIOSFODNN7EXAMPLE",
    "eyJhbGciOiJIUzI1NiJ9.e30.abc",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "local-secret",
]
ARGV = ["up", "-e", "argument-secret", "--parameters=Db=argument-secret", "positional-secret", "--wait", "30", "--yes"]


@pytest.fixture
def place(tmp_path, monkeypatch):
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "rajee-deploy.toml").write_text(SETTINGS)
    (tmp_path / "project" / "cdk").mkdir()
    (tmp_path / "project" / "cdk" / "cdk.json").write_text("{}")
    monkeypatch.chdir(tmp_path / "project")
    monkeypatch.setenv("RAJEE_DEPLOY_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("DB_PASSWORD", "environment-secret")
    monkeypatch.delenv("CI", raising=False)
    return tmp_path / "state" / "crashes"


inside = pytest.mark.usefixtures("place")


def fault(words: str = "") -> Exception:
    def deep(number: int, local: str) -> None:
        if number:
            deep(number - 1, local)
        raise KeyError(words)

    try:
        try:
            deep(80, SECRETS[-1])
        except KeyError as error:
            raise RuntimeError(words) from error
    except RuntimeError as error:
        return error


@inside
def test_it_says_what_whoever_mends_it_needs():
    at_work.note("deploy ApiStack")
    text = report(fault("'NoneType' object has no attribute 'parameters'"), ARGV)
    for words in (
        "rajee-deploy 0.",
        "Python 3.",
        "boto3 1.",
        "rajee-deploy up -e *** --parameters=*** *** --wait 30 --yes",
        "deploy ApiStack",
        "images.api.build-args.TOKEN = text",
        "images.api.platform = linux/arm64",
        "engine = buildx",
        "cdk.stacks = [1]",
        "RAJEE_DEPLOY_STATE_DIR",
        "RuntimeError: 'NoneType' object has no attribute 'parameters'",
        "because of",
        "builtins.KeyError",
        " more …",
        "raise KeyError(words)",
    ):
        assert words in text, words
    assert len(text) < 20_000


def test_no_secret_is_in_it(place):
    said = [
        json.dumps({"auth": "x"}),
        *SECRETS,
        "https://user:pw-of-url@host/",
        repr(SECRETS),
        json.dumps({"auth": SECRETS}),
        "hunter2",
        "Hunter",
    ]
    text = "".join(report(fault(each), ARGV) for each in said)
    assert '"auth"' in text
    assert "unter" not in text
    assert [secret for secret in SECRETS if secret in text] == []
    assert str(place.parent) not in text


@inside
def test_words_without_end_are_cut():
    assert len(report(fault("x y " * 100_000), ARGV)) < 20_000


def test_the_file_is_this_users_alone_and_only_the_last_few_are_kept(place):
    for _ in range(KEPT + 3):
        error = keep_crash(fault(), ARGV)
    files = list(place.glob("*.txt"))
    assert (len(files), {path.stat().st_mode & 0o777 for path in files}) == (KEPT, {0o600})
    named = max(files, key=lambda path: path.stat().st_mtime_ns)
    assert (error.code, str(named) in error.hint) == ("bug", True)
    assert error.where.startswith(("", "rajee_deploy/"))
    assert "RuntimeError" in error.cause


def test_it_is_known_as_ours(place):
    keep_crash(fault(), ARGV)
    assert (place / MARKER).exists()
    assert without_ours(place) == []


@inside
def test_a_directory_that_takes_no_file_is_no_reason_to_say_nothing(tmp_path):
    (tmp_path / "state").write_text("a file")
    error = keep_crash(fault("it is odd"), ARGV)
    assert "because of" in error.cause
    assert "the lines above" in error.hint


@inside
def test_a_log_of_ci_has_it_all(monkeypatch):
    monkeypatch.setenv("CI", "true")
    assert "because of" in keep_crash(fault("it is odd"), ARGV).cause


@inside
def test_settings_that_cannot_be_read_are_no_second_fault(tmp_path):
    (tmp_path / "project" / "rajee-deploy.toml").write_text("[")
    assert "none that could be read" in report(fault(), ARGV)


BROKEN = """
import sys
import rajee_deploy.image.inputs
def broken(*_given, **_named):
    raise LookupError("a phase")
rajee_deploy.image.inputs.read_all_inputs = broken
sys.argv = ["rajee-deploy", *sys.argv[1:]]
from rajee_deploy.cli import main
main()
"""


def test_a_run_ends_with_it(place):
    ended = subprocess.run(
        [sys.executable, "-c", BROKEN, "fingerprint", "--json"], capture_output=True, text=True, check=False, timeout=60
    )
    document = json.loads(ended.stdout)
    (file,) = place.glob("*.txt")
    assert (ended.returncode, document["code"], str(file) in ended.stderr) == (3, "bug", True)
    assert "Traceback" not in ended.stderr
    assert "in broken: raise" not in file.read_text()  # a line of -c has no source
    assert "LookupError: a phase" in file.read_text()
