"""`rajee-deploy verify`: agreement, every way to disagree, and what is not checked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from rajee_deploy.actions.verify.buildkit import check
from rajee_deploy.actions.verify.probe import make_probe
from rajee_deploy.actions.verify.rehash import rehash
from rajee_deploy.context import Modes
from rajee_deploy.engine.probe import BuildxProbe, ProbeAnswer
from rajee_deploy.errors import DeployError
from rajee_deploy.image.inputs import read_inputs
from rajee_deploy.model import Platform, Selector, parse_platforms
from rajee_deploy.settings import ImageSettings

DOCKERFILE = """# escape=`
ARG P=app
FROM debian:13 AS base
ARG P
ENV A=lib B="lib/sp ace.txt"
RUN --mount=source=lib,target=/x ls
COPY $P /srv
COPY --chown=nobody ["$B", "/z/"]
FROM base
ENV OLD some words
COPY *ib/* `
  app/sub /x/
ADD https://example.org/y /
ADD <<EOF app/sub/b /y/
text
EOF
COPY --from=base /srv /srv
COPY --from=data . /data
"""


@pytest.fixture
def project(tmp_path):
    """A build with a file for every rule: ignored, removed, linked, named."""
    root = tmp_path / "project"
    for name in ("app/sub", "lib", "data"):
        (root / name).mkdir(parents=True)
    for name, text in {
        "app/a": "a",
        "app/sub/b": "b",
        "app/skip [1].pyc": "p",
        "app/x.md": "m",
        "lib/sp ace.txt": "c",
        "data/d": "d",
        "data/no": "n",
        "data/.dockerignore": "no\n",
        ".dockerignore": "**/*.md\ndata",
        ".deployignore": "skip*\n",
        "Dockerfile": DOCKERFILE,
    }.items():
        (root / name).write_text(text)
    (root / "app/link").symlink_to("sub")
    (root / "app/sub/b").chmod(0o640)
    return root


@pytest.fixture
def inputs(project):
    def read(modes=Modes.GIT):
        return read_inputs(settings(project), modes)

    return read


def settings(root):
    return ImageSettings(
        name="app",
        context=root,
        dockerfile=root / "Dockerfile",
        repository="",
        platforms=(Platform.parse("linux/amd64"),),
        target=None,
        build_args={},
        build_contexts={"data": str(root / "data")},
    )


@dataclass
class FakeProbeEngine:
    """Answers every build alike, and keeps what it was shown."""

    answer: ProbeAnswer = field(default_factory=lambda: ProbeAnswer(""))
    ignored: list[bytes] = field(default_factory=list)

    def check(self):
        return "fake"

    def probe(self, request):
        ignore = request.dockerfile.with_name("Dockerfile.dockerignore")
        self.ignored.append(ignore.read_bytes() if ignore.exists() else b"")
        return self.answer

    def export(self, _request, _consume):
        return self.answer


def test_the_probe_keeps_words_for_buildkit_to_expand(inputs):
    probe = make_probe(inputs().recipe, "salt", lambda _: "")
    assert probe.text.splitlines() == [
        "# escape=`",
        "ARG P=app",
        "FROM scratch AS s0",
        "ARG P",
        'ENV A=lib B="lib/sp ace.txt"',
        'COPY ["\'/lib\'", "/salt/0/"]',
        'COPY ["$P", "/salt/1/"]',
        'COPY ["$B", "/salt/2/"]',
        "FROM s0 AS s1",
        "ENV OLD some words",
        'COPY ["*ib/*", "app/sub", "/salt/3/"]',
        'COPY ["app/sub/b", "/salt/4/"]',
        'COPY --from=data [".", "/salt/5/"]',
        "FROM scratch",
        "COPY --from=s1 / /1/",
    ]
    assert [len(step.reads) for step in probe.steps] == [1, 1, 1, 2, 1, 1]
    assert not probe.unchecked


@pytest.mark.docker
@pytest.mark.parametrize("modes", list(Modes))
def test_a_real_engine_agrees(inputs, modes):
    found = check(inputs(modes), BuildxProbe())
    assert len(found.agreed) == len(inputs().uses) == 7
    assert not found.unchecked


@pytest.mark.docker
def test_every_platforms_reads_are_checked(project):
    (project / "Dockerfile").write_text("FROM scratch\nARG TARGETARCH\nCOPY for-$TARGETARCH app /\n")
    for name in ("for-amd64", "for-arm64"):
        (project / name).write_text(name)
    both = replace(settings(project), platforms=parse_platforms(["linux/amd64,linux/arm64"]))
    found = check(read_inputs(both), BuildxProbe())
    assert [read.source for read in found.agreed] == ["for-$TARGETARCH", "for-$TARGETARCH", "app"]
    assert not found.unchecked


def narrowed(inputs, number, selector):
    reads = list(inputs.recipe.reads)
    reads[number] = reads[number]._replace(selector=selector)
    recipe = replace(inputs.recipe, reads=tuple(reads))
    return replace(inputs, recipe=recipe, variants=(replace(inputs.variants[0], recipe=recipe),))


@pytest.mark.docker
@pytest.mark.parametrize(
    ("number", "selector"),
    [(1, Selector("/app/sub")), (6, Selector("/d"))],
)
def test_a_use_that_we_read_wrongly_is_found(inputs, number, selector):
    with pytest.raises(DeployError) as caught:
        check(narrowed(inputs(), number, selector), BuildxProbe())
    assert caught.value.code == "verify-mismatch"


@pytest.mark.docker
def test_the_line_and_the_path_of_a_wrong_use_are_named(project, inputs):
    (project / "Dockerfile").write_text("FROM scratch\nCOPY lib /\nCOPY a* /x/\n")
    with pytest.raises(DeployError) as caught:
        check(narrowed(inputs(), 1, Selector("/app/s*", wildcard=True)), BuildxProbe())
    assert (caught.value.where.rpartition("/")[2], caught.value.cause) == ("Dockerfile:3", "a differs")


def test_a_path_that_is_read_but_not_counted_is_named(project, inputs):
    believed = inputs()
    (project / "app/later").write_text("x")
    with pytest.raises(DeployError) as caught:
        check(believed, FakeProbeEngine())
    assert (caught.value.code, caught.value.where) == ("verify-mismatch", "app/later")


def test_what_is_removed_becomes_literal_patterns_behind_the_users_own(inputs):
    engine = FakeProbeEngine(ProbeAnswer("no"))
    with pytest.raises(DeployError):
        check(inputs(), engine)
    assert engine.ignored == [b"**/*.md\ndata\n/app/skip \\[1\\].pyc\n"]


def test_a_refusal_is_a_mismatch(inputs):
    with pytest.raises(DeployError) as caught:
        check(inputs(), FakeProbeEngine(ProbeAnswer("a refusal")))
    assert (caught.value.code, caught.value.cause) == ("verify-mismatch", "a refusal")


def test_flags_that_the_engine_lacks_are_told(project, inputs):
    (project / "Dockerfile").write_text("FROM scratch\nCOPY --exclude=x app /\nCOPY --parents app/a /p/\n")
    found = check(inputs(), FakeProbeEngine(ProbeAnswer("dockerfile parse error: unknown flag: --exclude")))
    assert not found.agreed
    assert [one.reason for one in found.unchecked] == [
        "this engine's own frontend lacks --exclude",
        "this engine's own frontend lacks --parents",
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("FROM debian\nCOPY $X /\n", "superset: the base image may define $X"),
        ("# syntax=example.org/other\nwhatever\n", "superset: the frontend example.org/other is not Docker's"),
        ("FROM scratch\nRUN --mount=source=lib/sp*,target=/x y\n", "a COPY would read its path as a pattern"),
    ],
)
def test_what_cannot_be_asked_is_never_passed_over(project, inputs, text, reason):
    (project / "Dockerfile").write_text(text)
    (project / "lib/sp*").write_text("x")
    found = check(inputs(), FakeProbeEngine())
    assert {one.reason for one in found.unchecked} == {reason}
    assert not found.agreed


def test_a_removed_name_that_no_pattern_can_say_is_told(project, inputs):
    (project / "app/skip\n").write_text("x")
    (project / "Dockerfile").write_text("FROM scratch\nCOPY lib /\n")
    found = check(inputs(), FakeProbeEngine())
    assert "no ignore pattern can name" in found.unchecked[0].reason


def test_rehashing_agrees(inputs):
    assert rehash(inputs, inputs).fingerprint == inputs().fingerprint


def test_a_cache_that_is_wrong_is_named_with_line_and_path(project, inputs):
    believed = inputs()
    (project / "app/sub/b").write_text("other")
    with pytest.raises(DeployError) as caught:
        rehash(lambda: believed, inputs)
    assert caught.value.code == "verify-mismatch"
    assert caught.value.where.endswith("Dockerfile:7")
    assert "app/sub/b differs" in caught.value.problem


def test_an_input_that_is_wrong_is_named(project, inputs):
    believed = inputs()
    (project / "Dockerfile").write_text(DOCKERFILE.replace("nobody", "root"))
    with pytest.raises(DeployError, match="instruction:7 differs"):
        rehash(lambda: believed, inputs)


def command(root, *arguments, **environment):
    program = Path(sys.executable).with_name("rajee-deploy")
    return subprocess.run(
        [str(program), "verify", *arguments],
        cwd=root,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_without_an_engine_it_says_so(project):
    flags = (".", "--build-context", "data=data")
    ended = command(project, *flags, DOCKER_HOST="tcp://127.0.0.1:9")
    assert ended.returncode == 0, ended.stderr
    assert "only re-hashed, not checked against BuildKit" in ended.stderr
    document = json.loads(command(project, *flags, "--json", DOCKER_HOST="tcp://127.0.0.1:9").stdout)
    (image,) = document["images"].values()
    assert (document["schema"], image["engine"], image["checked"]) == ("rajee-deploy.verify/1", None, [])
    assert len(image["not_checked"]) == 7


@pytest.mark.docker
def test_the_verb(project):
    ended = command(project, ".", "--build-context", "data=data", "--json")
    assert ended.returncode == 0, ended.stderr
    (image,) = json.loads(ended.stdout)["images"].values()
    assert [one["line"][0] for one in image["checked"]] == [6, 7, 8, 11, 11, 14, 18]
    assert image["not_checked"] == []
    assert "7 checked against Docker Engine" in command(project, ".", "--build-context", "data=data").stdout


@pytest.mark.docker
@pytest.mark.parametrize(
    ("lines", "flags", "code", "result", "word"),
    [
        ("FROM scratch\nCOPY app /x/\nRUN nothing\n", ("--max-size=0",), 0, "same", "contents the same"),
        ("FROM localhost:9/none:1\nCOPY app /x/\n", (), 2, "not-compared", "contents not compared"),
    ],
)
def test_what_was_not_compared_has_a_word_and_an_exit_code(project, lines, flags, code, result, word):
    (project / "Dockerfile").write_text(lines)
    ended = command(project, ".", *flags, "--detailed-exitcode", "--json")
    (image,) = json.loads(ended.stdout)["images"].values()
    assert (ended.returncode, image["contents"]["result"]) == (code, result)
    assert image["contents"]["schema"] == "rajee-deploy.verify-contents/1"
    ended = command(project, ".", *flags)
    assert ended.returncode == 0
    assert word in ended.stdout
    assert (result == "same") == ("contents not compared (linux/amd64): " not in ended.stderr)


def test_a_size_that_is_none_is_refused(project):
    ended = command(project, ".", "--max-size", "much")
    assert ended.returncode == 64
    assert "bad-size" in ended.stderr


def test_what_no_build_would_accept_is_an_error_document(project):
    (project / "lib/sp ace.txt").unlink()
    ended = command(project, ".", "--build-context", "data=data", "--json")
    assert ended.returncode == 1
    assert json.loads(ended.stdout)["code"] == "source-not-found"


@pytest.mark.docker
def test_an_engine_that_knows_the_directory_notices_its_new_mode(project, inputs):
    for mode in (0o755, 0o775, 0o700):
        (project / "app/sub").chmod(mode)
        assert not check(inputs(Modes.EXACT), BuildxProbe()).unchecked
