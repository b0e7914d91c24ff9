"""What ADD fetches, through the shell with a real engine: told, locked, and built as it was locked."""

from __future__ import annotations

import http.server
import json
import os
import socket
import subprocess
import threading
import time
import uuid
from functools import partial

import pytest
from lock_rows import changes, row

pytestmark = pytest.mark.docker


@pytest.fixture
def served(tmp_path):
    """A folder that an HTTP server shows, and its address."""
    folder = tmp_path / "served"
    folder.mkdir()

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield folder, f"http://127.0.0.1:{running.server_address[1]}"
        running.shutdown()
        thread.join()


@pytest.fixture
def repository(tmp_path):
    """A git repository that a daemon serves: its address, and a way to commit."""
    place = tmp_path / "git" / "tool.git"
    place.mkdir(parents=True)
    own = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    own |= {f"GIT_{role}_{what}": "tests@localhost" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}

    def git(*arguments):
        return subprocess.run(
            ["git", *arguments], cwd=place, env={**os.environ, **own}, capture_output=True, text=True, check=True
        ).stdout.strip()

    def commit(text):
        (place / "file").write_text(text)
        git("add", ".")
        git("commit", "--quiet", f"--message={text}")
        return git("rev-parse", "HEAD")

    git("init", "--quiet", "--initial-branch=main")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    argv = ["git", "daemon", f"--base-path={tmp_path / 'git'}", "--export-all", "--listen=127.0.0.1", f"--port={port}"]
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as daemon:
        for _ in range(100):
            with socket.socket() as asked:
                if asked.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield f"git://127.0.0.1:{port}/tool.git", commit
        daemon.terminate()


def tag_of(shop):
    return shop.run("rajee-deploy fingerprint").stdout.strip()


def test_a_file_that_changes(shop, project, served):
    folder, address = served
    (folder / "tool").write_text("first")
    project("FROM BASE:1", f"ADD {address}/tool /tool")
    shop.push_base("1", "which")
    assert "[remote-unpinned]" in shop.run("rajee-deploy fingerprint").stderr
    shop.run("rajee-deploy lock --check", code=1)
    assert any(f"+ add {address}/tool sha256:" in line for line in changes(shop.run("rajee-deploy lock").stdout))
    shop.run("rajee-deploy lock --check")
    assert "remote-unpinned" not in shop.run("rajee-deploy fingerprint").stderr
    locked = tag_of(shop)
    shop.run("rajee-deploy up")
    assert shop.files(locked, "/tool") == ["first"]
    (folder / "tool").write_text("other")
    assert tag_of(shop) == locked
    said = json.loads(shop.run("rajee-deploy plan --bases --json").stdout)
    assert "moved" in {base["state"] for base in said["bases"]}
    assert changes(shop.run(f"rajee-deploy lock --upgrade {address}/tool").stdout)[0].startswith(
        f"~ move {address}/tool"
    )
    assert tag_of(shop) != locked
    shop.run("rajee-deploy up")
    assert shop.files(tag_of(shop), "/tool") == ["other"]


def test_a_file_that_is_not_what_was_locked_is_never_built(shop, project, served):
    folder, address = served
    (folder / "tool").write_text(uuid.uuid4().hex)  # new to the engine, which keeps what it once fetched by its digest
    shop.push_base("1", "which")
    project("FROM BASE:1", f"ADD {address}/tool /tool")
    shop.run("rajee-deploy lock")
    (folder / "tool").write_text("other")
    ended = shop.run("rajee-deploy up", code=1)
    assert "digest mismatch" in ended.stderr


@pytest.mark.proof
def test_a_branch_that_moves(shop, project, repository):
    address, commit = repository
    first = commit("first")
    shop.push_base("1", "which")
    project("FROM BASE:1", f"ADD {address}#main /src")
    assert row(f"+ add {address}#main", f"git:{first}") in changes(shop.run("rajee-deploy lock").stdout)
    locked = tag_of(shop)
    second = commit("second")
    assert tag_of(shop) == locked
    shop.run("rajee-deploy up")
    assert shop.files(locked, "/src/file") == ["first"]
    moved = row(f"~ move {address}#main", f"git:{first}", f"git:{second}")
    assert moved in changes(shop.run("rajee-deploy lock --upgrade").stdout)
    assert tag_of(shop) != locked
    shop.run("rajee-deploy up")
    assert shop.files(tag_of(shop), "/src/file") == ["second"]
