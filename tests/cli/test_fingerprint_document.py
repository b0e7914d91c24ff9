"""`rajee-deploy fingerprint` as other programs call it: every key of its documents, to the letter."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from pathlib import Path

import pytest
from forked import run_command

DOCKERFILE = """# syntax=docker/dockerfile:1
ARG TAG=1
FROM debian:$TAG AS Build
ARG TOKEN
ONBUILD COPY src/a /fired
RUN --mount=type=secret,id=key --mount=source=src,target=/s --mount=type=cache,target=/c make
COPY --exclude=*.md src lib/* ./lib/* nothing* /x/
ADD https://example.org/f <<TEXT /y/
one
TEXT
FROM build
COPY --parents ./src/./sub/b \\
  # a comment
  /z/
COPY --from=data . /data/
COPY --from=build /x /x
FROM scratch AS unreachable
COPY nowhere /
FROM build AS last
COPY --from=1 /z /z
"""
SELECTOR = {"wildcard": False, "follow": True, "include": [], "exclude": [], "required": []}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    root = tmp_path_factory.mktemp("project")
    for name in ("src/sub", "lib", "data"):
        (root / name).mkdir(parents=True)
    for name, text in {
        "src/a": "a",
        "src/sub/b": "b",
        "src/x.md": "m",
        "lib/1": "1",
        "data/d": "d",
        "data/no": "n",
        "data/.dockerignore": "no\n",
        ".deployignore": "*.pyc\n",
        "src/c.pyc": "c",
        "Dockerfile": DOCKERFILE,
    }.items():
        (root / name).write_text(text)
    (root / "src/a").chmod(0o600)
    (root / "src/link").symlink_to("sub/b")
    Path(os.fsdecode(os.fsencode(root / "src") + b"/\xff")).write_bytes(b"raw")
    os.mkfifo(root / "src/pipe")
    (root / "rajee-deploy.toml").write_text("this is no TOML")
    return root


def fingerprint(root, *arguments):
    kept = {name: value for name, value in os.environ.items() if name != "SOURCE_DATE_EPOCH"}
    return run_command("fingerprint", *arguments, cwd=root, environment={**kept, "HOME": str(root / "home")})


@pytest.fixture(scope="module")
def document(project):
    ended = fingerprint(project, ".", "--json", "--build-arg", "TOKEN=hunter2", "--build-context", "data=data")
    assert ended.returncode == 0, ended.stderr
    assert "hunter2" not in ended.stdout
    return json.loads(ended.stdout)


def test_the_documents_own_keys(document):
    assert list(document) == ["schema", "tag", "digest", "precision", "uses", "entries", "inputs", "warnings"]
    assert (document["schema"], document["precision"]) == ("rajee-deploy.fingerprint/1", "exact")
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", document["digest"])
    digits = document["tag"].rpartition("-")[2]
    assert len(digits) >= 16
    assert document["digest"].startswith(f"sha256:{digits}")


def uses():
    """(instruction, lines, stage, context, selector beyond the usual) of each use, in order."""
    build, last = {"index": 0, "name": "build"}, {"index": 3, "name": "last"}
    first = {"index": 1, "name": None}
    return [
        ("RUN", [6, 6], build, "", {"path": "/src"}),
        ("COPY", [7, 7], build, "", {"path": "/src", "exclude": ["*.md"]}),
        ("COPY", [7, 7], build, "", {"path": "/lib/*", "wildcard": True, "exclude": ["*.md"]}),
        ("COPY", [7, 7], build, "", {"path": "/lib/*", "wildcard": True, "exclude": ["*.md"]}),
        ("COPY", [7, 7], build, "", {"path": "/nothing*", "wildcard": True, "exclude": ["*.md"]}),
        ("COPY", [5, 5], first, "", {"path": "/src/a"}),
        ("COPY", [12, 14], first, "", {"path": "/src", "include": ["sub/b"], "required": ["/src/sub/b"]}),
        ("COPY", [15, 15], first, "data", {"path": "/"}),
        ("COPY", [5, 5], last, "", {"path": "/src/a"}),
    ]


def test_uses(document):
    assert all(
        list(use) == ["instruction", "line", "stage", "context", "selector", "digest"] for use in document["uses"]
    )
    found = [
        (use["instruction"], use["line"], use["stage"], use["context"], use["selector"]) for use in document["uses"]
    ]
    assert found == [(*rest, {**SELECTOR, **selector}) for *rest, selector in uses()]
    assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", use["digest"]) for use in document["uses"])
    assert document["uses"][4]["digest"] == f"sha256:{hashlib.sha256().hexdigest()}"


def test_entries(document):
    entries = document["entries"]
    raw = [base64.b64decode(entry["path_b64"]) if "path_b64" in entry else entry["path"].encode() for entry in entries]
    assert raw == sorted(raw)
    assert raw == [
        b".dockerignore",
        b"d",
        b"lib",
        b"lib/1",
        b"src",
        b"src/a",
        b"src/link",
        b"src/pipe",
        b"src/sub",
        b"src/sub/b",
        b"src/x.md",
        b"src/\xff",
    ]
    by_path = {entry["path"]: entry for entry in entries}
    sha = hashlib.sha256
    assert by_path["src/a"] == {
        "path": "src/a",
        "kind": "file",
        "mode": "0644",
        "size": 1,
        "digest": f"sha256:{sha(b'a').hexdigest()}",
    }
    assert by_path["src/link"] == {"path": "src/link", "kind": "symlink", "mode": "0777", "size": 0, "link": "sub/b"}
    assert by_path["src"] == {"path": "src", "kind": "dir", "mode": "0755", "size": 0}
    assert by_path["src/pipe"]["kind"] == "fifo"
    assert by_path["src/\ufffd"]["path_b64"] == base64.b64encode(b"src/\xff").decode()


def test_inputs(document):
    assert all(set(item) in ({"name", "value"}, {"name", "digest"}) for item in document["inputs"])
    found = {item["name"]: item.get("value") for item in document["inputs"]}
    for name, value in {
        "scheme": "rajee-deploy.image/1",
        "platform": "linux/amd64",
        "target": "",
        "modes": "git",
        "secret": "secret:key",
        "reference:from": "debian:1",
        "reference:add": "https://example.org/f",
        "reference:syntax": "docker/dockerfile:1",
        "build-arg:TOKEN": None,
    }.items():
        assert name in found
        assert found[name] == value


def test_warnings(document):
    assert all(list(one) == ["code", "message", "line"] for one in document["warnings"])
    found = {(one["code"], one["line"]) for one in document["warnings"]}
    assert {("base-config-unknown", 3), ("base-unpinned", 3), ("base-unpinned", 1), ("mode-normalised", 0)} <= found


def test_modes_count_and_are_an_input(project, document):
    exact = json.loads(
        fingerprint(
            project, ".", "--json", "--modes", "exact", "--build-arg", "TOKEN=hunter2", "--build-context", "data=data"
        ).stdout
    )
    assert exact["tag"] != document["tag"]
    assert {entry["path"]: entry["mode"] for entry in exact["entries"]}["src/a"] == "0600"
    assert {"name": "modes", "value": "exact"} in exact["inputs"]
    assert "mode-normalised" not in {one["code"] for one in exact["warnings"]}


def small(root, text, **files):
    root.mkdir(exist_ok=True)
    (root / "Dockerfile").write_text(text)
    for name, content in files.items():
        (root / name).write_text(content)
    return root


def test_settings_do_not_count_with_a_context_but_deployignore_does(tmp_path):
    root = small(tmp_path / "p", "FROM scratch\nCOPY . /\n", one="1", two="2")
    (root / ".dockerignore").write_text(".*\nDockerfile\nrajee-deploy.toml\n")
    (root / "rajee-deploy.toml").write_text("[broken")
    before = json.loads(fingerprint(root, ".", "--json").stdout)
    assert [entry["path"] for entry in before["entries"]] == ["one", "two"]
    (root / ".deployignore").write_text("two\n")
    after = json.loads(fingerprint(root, ".", "-f", "Dockerfile", "--json").stdout)
    assert [entry["path"] for entry in after["entries"]] == ["one"]


def test_an_empty_root_has_a_digest_and_a_warning(tmp_path):
    root = small(tmp_path / "p", "FROM scratch\nCOPY . /\n")
    (root / ".dockerignore").write_text("*\n")
    found = json.loads(fingerprint(root, ".", "--json").stdout)
    header = f"sha256:{hashlib.sha256().hexdigest()}".encode()
    assert found["uses"][0]["digest"] == f"sha256:{hashlib.sha256(bytes(1) + header).hexdigest()}"
    assert [(one["code"], one["line"]) for one in found["warnings"]] == [("empty-context", 2)]


def test_a_superset_takes_everything_and_says_why(tmp_path):
    root = small(tmp_path / "p", "FROM debian\nCOPY $WHERE /\n", one="1")
    found = json.loads(fingerprint(small(root, "FROM debian\nCOPY $WHERE /\n"), ".", "--json").stdout)
    assert found["precision"] == "superset"
    assert found["uses"][0]["selector"] == {"path": "/", **SELECTOR}
    (warning,) = (one for one in found["warnings"] if one["code"] == "superset")
    assert warning["line"] == 2
    assert "$WHERE" in warning["message"]


@pytest.mark.parametrize(
    ("text", "code", "where"),
    [
        ("FROM scratch\n\nCOPY gone /\n", "source-not-found", "Dockerfile:3"),
        ("FROM scratch\nCPY a /\n", "unknown-instruction", "Dockerfile:2"),
        ("FROM scratch\nCOPY --form=a a /\n", "dockerfile-syntax", "Dockerfile:2"),
        ("FROM scratch AS a\nCOPY --from=b / /\nFROM a AS b\nCOPY --from=b / /\n", "stage-circular", "Dockerfile:4"),
        ("", "dockerfile-syntax", "Dockerfile"),
    ],
)
def test_what_buildkit_refuses_is_an_error_document(tmp_path, text, code, where):
    ended = fingerprint(small(tmp_path / "p", text), ".", "--json")
    assert ended.returncode == 1
    found = json.loads(ended.stdout)
    assert list(found) == ["schema", "code", "problem", "where", "cause", "hint"]
    assert (found["schema"], found["code"], found["where"]) == ("rajee-deploy.error/1", code, where)


def test_plain_output_is_the_tag_alone(project, document):
    ended = fingerprint(project, ".", "--build-arg", "TOKEN=hunter2", "--build-context", "data=data", "--no-cache")
    assert ended.stdout == f"{document['tag']}\n"


def test_several_images_are_documents_by_name(tmp_path):
    root = small(tmp_path / "p", "FROM scratch\nCOPY one /\n", one="1")
    (root / "cdk").mkdir()
    (root / "cdk/cdk.json").write_text("{}")
    image = 'repository = "r"\nstack = "S"\n'
    (root / "rajee-deploy.toml").write_text(
        f'[images.a]\n{image}[images.b]\n{image}platform = "linux/arm64"\nparameter = "B"\n'
        '[cdk]\napp = "cdk"\nstacks = ["S"]\n'
    )
    found = json.loads(fingerprint(root, "--json").stdout)
    assert (list(found), found["schema"]) == (["schema", "images"], "rajee-deploy.fingerprints/1")
    assert {one["schema"] for one in found["images"].values()} == {"rajee-deploy.fingerprint/1"}
    assert list(found["images"]) == ["a", "b"]
    assert fingerprint(root).stdout == "".join(f"{name} {one['tag']}\n" for name, one in found["images"].items())
