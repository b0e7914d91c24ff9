"""Pure parts: shared caches, the place of a failure, buildah's output, hidden secrets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rajee_deploy.engine import BuildEvent
from rajee_deploy.engine.cache import cache_flags, layer_cache_flags, mounts_files
from rajee_deploy.engine.location import line_of_step, locate_failure
from rajee_deploy.engine.secrets import Redactor, secret_flags
from rajee_deploy.engine.steps import Steps
from rajee_deploy.settings.build_settings import Secret
from rajee_deploy.text.hiding import HIDDEN

HOST = "1.dkr.ecr.eu-west-1.amazonaws.com"
GITHUB = {"GITHUB_ACTIONS": "true", "ACTIONS_RUNTIME_TOKEN": "t", "ACTIONS_RESULTS_URL": "https://x"}
TO = "mode=max,image-manifest=true,oci-mediatypes=true"


@pytest.mark.parametrize(
    ("text", "source", "target"),
    [
        ("team/cache", f"type=registry,ref={HOST}/team/cache:api", f"type=registry,ref={HOST}/team/cache:api,{TO}"),
        ("cache:main", f"type=registry,ref={HOST}/cache:main", f"type=registry,ref={HOST}/cache:main,{TO}"),
        ("ghcr.io/a/b", "type=registry,ref=ghcr.io/a/b:api", f"type=registry,ref=ghcr.io/a/b:api,{TO}"),
        ("localhost:5000/a:x", "type=registry,ref=localhost:5000/a:x", f"type=registry,ref=localhost:5000/a:x,{TO}"),
        ("type=local,src=x", "type=local,src=x", "type=local,src=x"),
        ("gha", "type=gha,scope=api", "type=gha,scope=api,mode=max"),
    ],
)
def test_short_forms_of_a_cache(text, source, target):
    assert cache_flags([text], [text], HOST, "api", GITHUB) == [f"--cache-from={source}", f"--cache-to={target}"]


@pytest.mark.parametrize("missing", sorted(GITHUB))
def test_githubs_cache_counts_only_there(missing):
    assert cache_flags(["gha"], ["gha"], HOST, "api", {**GITHUB, missing: ""}) == []


@pytest.mark.parametrize(
    ("text", "repository"),
    [
        ("team/cache", f"{HOST}/team/cache"),
        ("cache:main", f"{HOST}/cache"),
        ("localhost:5000/a", "localhost:5000/a"),
        ("localhost:5000/a:x", "localhost:5000/a"),
    ],
)
def test_buildah_takes_repositories_without_a_tag(text, repository):
    wanted = [f"--cache-from={repository}", f"--cache-to={repository}"]
    assert layer_cache_flags(["gha", text], ["type=local,dest=x", text], HOST) == wanted


@pytest.mark.parametrize(
    ("mounts", "files"),
    [
        ("", False),
        ("--mount=type=cache,target=/c --mount=type=secret,id=x", False),
        ("--mount=type=ssh", False),
        ("--mount=type=tmpfs,target=/t", False),
        ("--mount=type=bind,target=/m", True),
        ("--mount=target=/m", True),
        ("--mount=source=type,target=/m", True),
        ("--mount=type=cache,from=seed,target=/c", True),
        ("--mount=type=cache,target=/c \\\n  --mount=from=stage,target=/m", True),
        ("--mount=type=cache,target=/c,\\\nfrom=stage", True),
    ],
)
def test_whether_run_mounts_files(mounts, files):
    assert mounts_files(f"FROM scratch AS stage\nCOPY a /b\nRUN {mounts} make\n") is files


def test_where_buildkit_says_it_failed():
    text = "step: RUN x\nDockerfile:7\n-----\n   7 | >>> RUN x\n-----\nERROR: failed"
    where, told = locate_failure(text, "Dockerfile", "docker/api.Dockerfile")
    assert where == "docker/api.Dockerfile:7"
    assert told.splitlines()[1] == "docker/api.Dockerfile:7"
    assert locate_failure("ERROR: dockerfile parse error on line 3: unknown", "Dockerfile", "D")[0] == "D:3"
    assert locate_failure("ERROR: no\nother:3", "Dockerfile", "D") == ("", "ERROR: no\nother:3")


DOCKERFILE = """# comment
FROM scratch
RUN a && \\
    # between
    b
RUN ["x", "y"]
RUN <<EOF
lines
EOF
COPY a /
COPY a /
"""


@pytest.mark.parametrize(
    ("step", "line"),
    [
        ("FROM scratch", 2),
        ("RUN a &&     b", 3),
        ("RUN x y", 6),
        ('RUN ["x", "y"]', 6),
        ("RUN <<EOF (lines)", 7),
        ("COPY a /", 0),
        ("COPY b /", 0),
        ("", 0),
    ],
)
def test_the_line_of_a_step(step, line):
    assert line_of_step(step, DOCKERFILE) == line


@given(st.text(), st.text())
def test_no_text_stops_the_search(step, dockerfile):
    assert line_of_step(step, dockerfile) >= 0
    locate_failure(step, "Dockerfile", "D")


def test_buildahs_steps():
    events = []
    clock = iter(range(100))
    steps = Steps(events.append, lambda: float(next(clock)))
    for line in ("[1/2] STEP 1/2: FROM scratch AS a", "--> Using cache 17", "STEP 2/2: COPY x /x", "COMMIT", "--> 2"):
        steps.line(line)
    steps.done()
    assert [(e.name, e.cached) for e in events if e.seconds is not None] == [
        ("[stage 1/2, 1/2] FROM scratch AS a", True),
        ("[2/2] COPY x /x", False),
        ("committing the image", False),
    ]


def test_buildahs_steps_of_one_platform_of_several():
    events = []
    steps = Steps(events.append, platform="linux/arm64")
    steps.line("[1/2] STEP 1/2: FROM scratch AS a")
    steps.line("STEP 2/2: RUN false")
    assert events[-1].name == "[linux/arm64 2/2] RUN false"
    assert events[0].name == "[linux/arm64 stage 1/2, 1/2] FROM scratch AS a"
    assert steps.failure("FROM scratch\nRUN false\n", "D") == ("D:2", "step: [linux/arm64 2/2] RUN false\n")


def test_hidden_secrets(tmp_path, monkeypatch):
    monkeypatch.setenv("TOKEN", "hunter2hunter2")
    (tmp_path / "npmrc").write_text("//x/:_authToken=abcdef\n\nok\n")
    secrets = [Secret.parse("t", "env:TOKEN", tmp_path), Secret.parse("n", "file:npmrc", tmp_path)]
    assert Redactor(secrets)("a hunter2hunter2 //x/:_authToken=abcdef ok") == f"a {HIDDEN} {HIDDEN} ok"
    named = Redactor(secrets, {"PROXY": "http://ann:hunter2hunter2@x", "V": "1", "SAME": "hunter2hunter2"})
    assert named("RUN --proxy http://ann:hunter2hunter2@x -v 1 hunter2hunter2") == f"RUN --proxy $PROXY -v 1 {HIDDEN}"
    events = []
    named.events(events.append)(BuildEvent("RUN x http://ann:hunter2hunter2@x", 1.0, cached=True))
    assert events == [BuildEvent("RUN x $PROXY", 1.0, cached=True)]
    assert secret_flags(secrets) == ["--secret=id=t,env=TOKEN", f"--secret=id=n,src={tmp_path}/npmrc"]


def test_every_line_of_a_secret_is_hidden(tmp_path):
    """A key of many lines: each of them would tell a part of it."""
    (tmp_path / "key").write_text("-----BEGIN-----\n  first-line  \nsecond-line\n\nlast-line")
    hide = Redactor([Secret.parse("k", "file:key", tmp_path)])
    assert hide("a first-line b second-line c last-line d -----BEGIN-----") == (
        f"a {HIDDEN} b {HIDDEN} c {HIDDEN} d {HIDDEN}"
    )


def test_every_secret_is_hidden_the_longest_first(tmp_path, monkeypatch):
    for name, value in {"ONE": "abcd", "TWO": "abcdefgh", "THREE": "wxyz"}.items():
        monkeypatch.setenv(name, value)
    secrets = [Secret.parse(name.lower(), f"env:{name}", tmp_path) for name in ("ONE", "TWO", "THREE")]
    assert Redactor(secrets)("abcdefgh wxyz abcd") == f"{HIDDEN} {HIDDEN} {HIDDEN}"


@pytest.mark.parametrize(
    ("value", "is_hidden", "is_hidden_inside"),
    [("a", False, False), ("ab", True, False), ("abc", True, False), ("abcd", True, True), ("abcde", True, True)],
)
def test_what_is_too_short_to_be_a_secret_is_shown(tmp_path, monkeypatch, value, is_hidden, is_hidden_inside):
    """A single character; and below four what is a part of a word."""
    monkeypatch.setenv("S", value)
    hide = Redactor([Secret.parse("s", "env:S", tmp_path)])
    assert hide(f"x={value} y") == (f"x={HIDDEN} y" if is_hidden else f"x={value} y")
    assert hide(f"x{value}y") == (f"x{HIDDEN}y" if is_hidden_inside else f"x{value}y")
    assert Redactor([], {"ARG": value})(f"x {value} y") == ("x $ARG y" if is_hidden_inside else f"x {value} y")
