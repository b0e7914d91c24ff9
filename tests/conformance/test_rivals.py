"""What other tools get wrong about a build's inputs, a row each: stale images, needless rebuilds, refusals.

A row is a build before and after an edit, and what its tag must do: OTHER, SAME, or fail with an error's code. The
names in `who` are those of the tools whose behaviour the row is the opposite of.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from rajee_deploy.context import Modes
from rajee_deploy.errors import DeployError
from rajee_deploy.image.inputs import read_inputs
from rajee_deploy.model import Platform
from rajee_deploy.settings import ImageSettings

if TYPE_CHECKING:
    from pathlib import Path

OTHER, SAME = "another tag", "the same tag"
COPY_ALL = "FROM scratch\nCOPY . /\n"
COPY_APP = "FROM scratch\nCOPY app /\n"
IGNORE_ALL_BUT_APP = "*\n!app\n"


@dataclass(frozen=True)
class Row:
    """`tree` by path: text or bytes are a file's, (text,) is a symlink, None a directory, an int a file of that mode.
    `edit` is laid over it (... removes). `flags` and `flags_after` are settings of the image."""

    who: str
    what: str
    outcome: str
    tree: dict
    edit: dict
    flags: dict = field(default_factory=dict)
    flags_after: dict | None = None


ROWS = [
    Row("CDK", "an executable bit", OTHER, {"Dockerfile": COPY_APP, "app/run": "x"}, {"app/run": 0o755}),
    Row("CDK", "CRLF for LF", OTHER, {"Dockerfile": COPY_APP, "app/run": "#!/bin/sh\n"}, {"app/run": "#!/bin/sh\r\n"}),
    Row("CDK", "bytes that are no UTF-8", OTHER, {"Dockerfile": COPY_APP, "app/a": b"caf\xe9"}, {"app/a": b"caf\xe8"}),
    Row(
        "CDK",
        "other bytes that are no UTF-8",
        OTHER,
        {"Dockerfile": COPY_APP, "app/a": b"\xff\x81\x90"},
        {"app/a": b"\xfe\x99\xa7"},
    ),
    Row(
        "CDK",
        "unicode forms of a name",
        OTHER,
        {"Dockerfile": COPY_APP, "app/\xe9": "a"},
        {"app/\xe9": ..., "app/e\u0301": "a"},
    ),
    Row(
        "CDK", "a byte for another of the same size", OTHER, {"Dockerfile": COPY_APP, "app/a": "one"}, {"app/a": "two"}
    ),
    Row(
        "CDK",
        "the platform, when nobody names it",
        OTHER,
        {"Dockerfile": COPY_APP, "app/a": "a"},
        {},
        {"platform": Platform.parse("linux/amd64")},
        {"platform": Platform.parse("linux/arm64")},
    ),
    Row("CDK", "an empty directory", OTHER, {"Dockerfile": COPY_APP, "app/a": "a"}, {"app/empty": None}),
    Row(
        "CDK",
        "files that no COPY reads",
        SAME,
        {"Dockerfile": COPY_APP, "app/a": "a"},
        {"README.md": "new", "cdk.out/x": "y", "infra/app.py": "z"},
    ),
    Row(
        "CDK",
        "a comment in the ignore file",
        SAME,
        {"Dockerfile": COPY_ALL, ".dockerignore": IGNORE_ALL_BUT_APP, "app/a": "a"},
        {".dockerignore": "# why\n" + IGNORE_ALL_BUT_APP},
    ),
    Row(
        "CDK",
        "an ignore file of the Dockerfile's own",
        SAME,
        {"Dockerfile": COPY_ALL, "Dockerfile.dockerignore": IGNORE_ALL_BUT_APP, "app/a": "a"},
        {"other": "x"},
    ),
    Row(
        "CDK",
        "an exception in an ignore file",
        OTHER,
        {"Dockerfile": COPY_ALL, ".dockerignore": "app/*\n!app/keep\n", "app/keep": "a"},
        {"app/keep": "b"},
    ),
    Row(
        "CDK",
        "a symlink to a sibling whose name begins alike",
        "source-not-found",
        {"Dockerfile": "FROM scratch\nCOPY link /\n", "a": "a"},
        {"link": ("../context-other/secret",)},
    ),
    Row(
        "Skaffold, Earthly",
        "a file under another directory",
        OTHER,
        {"Dockerfile": COPY_ALL, "app/a": "a"},
        {"app/a": ..., "app/b": "a"},
    ),
    Row(
        "Skaffold, Earthly",
        "the same name in another directory",
        OTHER,
        {"Dockerfile": COPY_ALL, "x/a": "1", "y/a": "2"},
        {"x/a": "2", "y/a": "1"},
    ),
    Row(
        "Skaffold, Pulumi",
        "where a symlink leads",
        OTHER,
        {"Dockerfile": COPY_APP, "app/a": "a", "app/b": "a", "app/l": ("a",)},
        {"app/l": ("b",)},
    ),
    Row(
        "Pulumi",
        "where a symlink to a directory leads",
        OTHER,
        {"Dockerfile": COPY_APP, "app/a/x": "a", "app/b/x": "a", "app/l": ("a",)},
        {"app/l": ("b",)},
    ),
    Row(
        "Skaffold",
        "a build argument's value",
        OTHER,
        {"Dockerfile": "FROM scratch\nARG V\nCOPY app /\n", "app/a": "a"},
        {},
        {"build_args": {"V": "1"}},
        {"build_args": {"V": "2"}},
    ),
    Row(
        "Skaffold",
        "the target",
        OTHER,
        {"Dockerfile": "FROM scratch AS a\nCOPY app /\nFROM scratch AS b\nCOPY app /b\n", "app/a": "a"},
        {},
        {"target": "a"},
        {"target": "b"},
    ),
    Row(
        "Skaffold, werf",
        "a file that a RUN mounts",
        OTHER,
        {"Dockerfile": "FROM a\nRUN --mount=type=bind,source=lock,target=/l x\n", "lock": "1"},
        {"lock": "2"},
    ),
    Row(
        "Skaffold, buildah",
        "a mount without a type or a source",
        OTHER,
        {"Dockerfile": "FROM a\nRUN --mount=target=. x\n", "any/where": "1"},
        {"any/where": "2"},
    ),
    Row(
        "werf",
        "a rename below a wildcard",
        OTHER,
        {"Dockerfile": "FROM scratch\nCOPY a* /\n", "ab/x": "1"},
        {"ab/x": ..., "ab/y": "1"},
    ),
    Row(
        "werf",
        "an executable bit beside an ignore file",
        OTHER,
        {"Dockerfile": COPY_ALL, ".dockerignore": "*.md\n", "run": "x"},
        {"run": 0o755},
    ),
    Row(
        "Pulumi",
        "a named context behind the main one's ignore file",
        OTHER,
        {"Dockerfile": "FROM scratch\nCOPY --from=data . /\n", ".dockerignore": "*\n", "../data/a": "1"},
        {"../data/a": "2"},
        {"build_contexts": {"data": "../data"}},
    ),
    Row(
        "Pulumi",
        "what a named context's own ignore file leaves out",
        SAME,
        {"Dockerfile": "FROM scratch\nCOPY --from=data . /\n", "../data/a": "1", "../data/.dockerignore": "no\n"},
        {"../data/no": "2"},
        {"build_contexts": {"data": "../data"}},
    ),
    Row(
        "Pulumi",
        "a Dockerfile that is not there",
        "dockerfile-missing",
        {"Dockerfile": COPY_APP, "app/a": "a"},
        {"Dockerfile": ...},
    ),
    Row("Skaffold", "a file that is not there", "source-not-found", {"Dockerfile": COPY_APP, "app": "a"}, {"app": ...}),
    Row(
        "Pulumi, Skaffold",
        "another umask",
        SAME,
        {"Dockerfile": COPY_APP, "app/a": "a", "app/b": 0o755},
        {"app/a": 0o664, "app/b": 0o775},
    ),
    Row(
        "Skaffold",
        "files of a stage that the target never reaches",
        SAME,
        {"Dockerfile": "FROM scratch AS test\nCOPY tests /\nFROM scratch\nCOPY app /\n", "tests/a": "1", "app/a": "a"},
        {"tests/a": "2"},
    ),
    Row(
        "Skaffold",
        "missing files of a stage that the target never reaches",
        SAME,
        {"Dockerfile": "FROM scratch AS test\nCOPY tests /\nFROM scratch\nCOPY app /\n", "tests/a": "1", "app/a": "a"},
        {"tests/a": ...},
    ),
    Row(
        "Skaffold",
        "what --exclude leaves out",
        SAME,
        {"Dockerfile": "FROM scratch\nCOPY --exclude=*.md app /\n", "app/a": "a", "app/x.md": "1"},
        {"app/x.md": "2"},
    ),
    Row(
        "Skaffold, CDK",
        "comments, blank lines and layout",
        SAME,
        {"Dockerfile": COPY_APP, "app/a": "a"},
        {"Dockerfile": "# now with a comment\n\nfrom   scratch\ncopy \\\n  # here\n  app  /\n"},
    ),
    Row(
        "Skaffold",
        "COPY --parents with **",
        OTHER,
        {"Dockerfile": "FROM scratch\nCOPY --parents src/**/x /\n", "src/a/b/x": "1"},
        {"src/a/b/x": "2"},
    ),
    Row(
        "Skaffold",
        "ADD of a git repository",
        SAME,
        {"Dockerfile": "FROM scratch\nADD git@example.org:a/b.git /\n"},
        {"other": "x"},
    ),
    Row(
        "Skaffold",
        "the text of a heredoc",
        OTHER,
        {"Dockerfile": "FROM scratch\nCOPY <<E /f\none\nE\n"},
        {"Dockerfile": "FROM scratch\nCOPY <<E /f\ntwo\nE\n"},
    ),
    Row("Skaffold", "a wildcard without a match", SAME, {"Dockerfile": "FROM scratch\nCOPY none* /\n"}, {"other": "x"}),
    Row(
        "Skaffold",
        "a source that only the base image's ENV decides",
        OTHER,
        {"Dockerfile": "FROM a\nCOPY $DIR /\n", "x/y": "1"},
        {"x/y": "2"},
    ),
    Row(
        "Skaffold",
        "a Dockerfile for another frontend",
        OTHER,
        {"Dockerfile": "# syntax=example.org/x\nanything\n", "x/y": "1"},
        {"x/y": "2"},
    ),
    Row(
        "docker-source-checksum",
        "the JSON form of COPY",
        OTHER,
        {"Dockerfile": 'FROM scratch\nCOPY ["a b", "/"]\n', "a b": "1"},
        {"a b": "2"},
    ),
    Row(
        "Earthly",
        "an ignored directory of any size",
        SAME,
        {"Dockerfile": COPY_ALL, ".dockerignore": "node_modules\n", "app/a": "a"},
        {"node_modules/x/y": "z"},
    ),
    Row(
        "Garden",
        "a rule of an ignore file that removes nothing",
        SAME,
        {"Dockerfile": COPY_ALL, ".dockerignore": ".dockerignore\nno\n", "app/a": "a"},
        {".dockerignore": ".dockerignore\nno\nnothing\n"},
    ),
    Row(
        "CDK, Pulumi",
        "a build argument that nobody declares",
        SAME,
        {"Dockerfile": COPY_APP, "app/a": "a"},
        {},
        {"build_args": {"CI_JOB_ID": "1"}},
        {"build_args": {"CI_JOB_ID": "2"}},
    ),
    Row(
        "CDK, Pulumi",
        "a build argument of a stage that is not reached",
        SAME,
        {"Dockerfile": "FROM scratch AS t\nARG V\nFROM scratch\nCOPY app /\n", "app/a": "a"},
        {},
        {"build_args": {"V": "1"}},
        {"build_args": {"V": "2"}},
    ),
    Row(
        "all",
        "the digest of a base image",
        OTHER,
        {"Dockerfile": f"FROM a@sha256:{'1' * 64}\n"},
        {"Dockerfile": f"FROM a@sha256:{'2' * 64}\n"},
    ),
    Row(
        "all",
        "the id of a secret",
        OTHER,
        {"Dockerfile": "FROM a\nRUN --mount=type=secret,id=x y\n"},
        {"Dockerfile": "FROM a\nRUN --mount=type=secret,id=z y\n"},
    ),
    Row(
        "all",
        "an image that COPY --from names",
        OTHER,
        {"Dockerfile": "FROM scratch\nCOPY --from=tool:1 /t /\n"},
        {"Dockerfile": "FROM scratch\nCOPY --from=tool:2 /t /\n"},
    ),
]


def lay(root: Path, tree: dict) -> None:
    for name, what in tree.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if what is ... or (isinstance(what, (str, bytes, tuple)) and os.path.lexists(path)):
            path.unlink()
        match what:
            case str():
                path.write_bytes(what.encode())
            case bytes():
                path.write_bytes(what)
            case (link,):
                path.symlink_to(link)
            case None:
                path.mkdir()
            case int():
                path.touch()
                path.chmod(what)
            case _:
                pass


def tag(root: Path, flags: dict) -> str:
    contexts = {name: str(root / place) for name, place in flags.get("build_contexts", {}).items()}
    image = ImageSettings(
        name="app",
        context=root,
        dockerfile=root / "Dockerfile",
        repository="",
        platforms=(flags.get("platform", Platform.parse("linux/amd64")),),
        target=flags.get("target"),
        build_args=flags.get("build_args", {}),
        build_contexts=contexts,
    )
    return read_inputs(image, Modes.GIT).fingerprint.tag


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.who}: {row.what}")
def test_what_others_get_wrong(row, tmp_path):
    root = tmp_path / "context"
    root.mkdir()
    (tmp_path / "context-other").mkdir()
    (tmp_path / "context-other/secret").write_text("s")
    lay(root, row.tree)
    before = None if row.what.startswith("a symlink to a sibling") else tag(root, row.flags)
    lay(root, row.edit)
    try:
        after = tag(root, row.flags if row.flags_after is None else row.flags_after)
    except DeployError as error:
        assert error.code == row.outcome  # noqa: PT017 -- rows that succeed raise nothing
        return
    assert (SAME if after == before else OTHER) == row.outcome


def test_a_tag_has_enough_digits(tmp_path):
    lay(tmp_path, {"Dockerfile": "FROM scratch\n"})
    assert len(tag(tmp_path, {}).rpartition("-")[2]) * 4 >= 64
