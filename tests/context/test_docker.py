"""The staged copy against a real engine: the same image as the original directory, and cached whatever the umask."""

from __future__ import annotations

import io
import os
import re
import subprocess
import tarfile
import uuid

import pytest

from rajee_deploy.context import Modes, find_rules, look_up, stage_context

pytestmark = pytest.mark.docker

TREE = {
    "app/main.py": "print('hello')",
    "app/run.sh": "#!/bin/sh\n",
    "app/empty": None,
    "app/link": ("main.py",),
    "app/skip.md": "no",
    "lib/one.txt": "1",
    "lib/two.txt": "2",
    "lib/deep/three.txt": "3",
    "current": ("lib",),
    "unread/secret": "s",
    ".dockerignore": "**/*.md\n",
}
DOCKERFILE = (
    b"FROM scratch\nCOPY app /app\nCOPY lib/*.txt /txt/\nCOPY current/deep /deep\nCOPY app/main.py /\nCOPY l* /all/\n"
)


def build(directory, dockerfile, *options):
    done = subprocess.run(
        ["docker", "buildx", "build", "--provenance=false", *options, "-f", str(dockerfile), str(directory)],
        check=False,
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done


def image(directory, dockerfile):
    data = build(directory, dockerfile, "--output=type=tar").stdout
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return {
            member.name: (member.type, member.mode, member.linkname, content(archive, member)) for member in archive
        }


def content(archive, member):
    return archive.extractfile(member).read() if member.isfile() else None


@pytest.fixture
def reads(read):
    return [
        read("/app"),
        read("/lib/*.txt", wildcard=True),
        read("/current/deep"),
        read("/app/main.py"),
        read("/l*", wildcard=True),
    ]


def write(root, *, salt):
    (root / "app/main.py").write_text(f"# {salt}\n")
    (root / "app/run.sh").chmod(0o755)
    (root / "Dockerfile").write_bytes(DOCKERFILE)


def test_the_same_image(build_tree, reads):
    root = build_tree(uuid.uuid4().hex)
    selection = look_up(root, reads, find_rules(root, root / "Dockerfile"), Modes.EXACT)
    assert not [entry for entry in selection.entries if entry.entry.path.startswith("unread")]
    with stage_context(selection, DOCKERFILE) as place:
        assert image(place.directory, place.dockerfile) == image(root, root / "Dockerfile")


def test_an_edit_that_keeps_the_size_reaches_the_image(build_tree, reads):
    for _ in range(3):  # the engine still holds the last context of this directory name
        salt = uuid.uuid4().hex
        root = build_tree(salt)
        with stage_context(look_up(root, reads, find_rules(root, root / "Dockerfile")), DOCKERFILE) as place:
            assert image(place.directory, place.dockerfile)["main.py"][3] == f"# {salt}\n".encode()


def test_a_directorys_mode_reaches_the_image(build_tree, read):
    root = build_tree(uuid.uuid4().hex)
    text = f"FROM scratch\nCOPY . /{uuid.uuid4().hex}/\n".encode()
    for mode in (0o755, 0o775, 0o700):
        (root / "app").chmod(mode)
        selection = look_up(root, [read("/")], find_rules(root, root / "Dockerfile"), Modes.EXACT)
        with stage_context(selection, text) as place:
            members = image(place.directory, place.dockerfile)
        assert {member[1] for name, member in members.items() if name.strip("/").endswith("/app")} == {mode}


def test_a_second_checkout_under_another_umask_is_cached(build_tree, reads, umask):
    salt = uuid.uuid4().hex
    digests = []
    for mask in (0o022, 0o002):
        umask(mask)
        root = build_tree(salt)
        for path in root.rglob("*"):
            if path.is_dir():
                path.chmod(0o777 & ~mask)
            elif not path.is_symlink():
                path.chmod((path.stat().st_mode & 0o111 | 0o666) & ~mask)
            os.utime(path, (mask, mask), follow_symlinks=False)
        selection = look_up(root, reads, find_rules(root, root / "Dockerfile"))
        digests.append([use.digest for use in selection.uses])
        with stage_context(selection, DOCKERFILE) as place:
            done = build(place.directory, place.dockerfile, "--progress=plain", "--output=type=cacheonly")
    assert digests[0] == digests[1]
    lines = done.stderr.decode().splitlines()
    steps = {line.split()[0] for line in lines if re.match(r"#\d+ \[.*\] COPY ", line)}
    cached = {line.split()[0] for line in lines if re.fullmatch(r"#\d+ CACHED", line)}
    assert len(steps) == 5
    assert steps <= cached, done.stderr.decode()


@pytest.fixture
def build_tree(tmp_path_factory, write_tree):
    def make(salt):
        root = tmp_path_factory.mktemp("checkout")
        root.chmod(0o755)
        write_tree(root, TREE)
        write(root, salt=salt)
        return root

    return make
