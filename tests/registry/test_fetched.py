"""What a URL and a git reference hold now: against a real server and a real repository."""

from __future__ import annotations

import hashlib
import http.server
import os
import subprocess
import threading

import pytest
from fakes import FakeImages

from rajee_deploy.errors import DeployError
from rajee_deploy.model import Digest, RemoteSource
from rajee_deploy.registry.remote import RemoteImages

BODY = b"content" * 1000


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        match self.path:
            case "/file":
                self._answer(BODY, len(BODY))
            case "/moved":
                self.send_response(302)
                self.send_header("Location", "/file")
                self.end_headers()
            case "/cut":
                self._answer(BODY[:10], len(BODY))
            case _:
                self.send_error(404)

    def _answer(self, body, length):
        self.send_response(200)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def server():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_address[1]}"
        running.shutdown()
        thread.join()


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A repository with two commits: a branch and a tag of one name apart, an annotated tag of the first."""
    own = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    own |= {f"GIT_{role}_{what}": "tests@localhost" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    for name, value in own.items():
        monkeypatch.setenv(name, value)

    def git(*arguments):
        ended = subprocess.run(["git", *arguments], cwd=tmp_path, capture_output=True, text=True, check=True)
        return ended.stdout.strip()

    git("init", "--quiet", "--initial-branch=main")
    git("commit", "--quiet", "--allow-empty", "--message=one")
    git("tag", "--annotate", "--message=v1", "v1")
    first = git("rev-parse", "HEAD")
    git("commit", "--quiet", "--allow-empty", "--message=two")
    return str(tmp_path), first, git("rev-parse", "HEAD")


def code_of(call):
    with pytest.raises(DeployError) as caught:
        call()
    return caught.value.code


@pytest.mark.parametrize("path", ["/file", "/moved"])
@pytest.mark.parametrize("kind", ["fake", "real"])
def test_a_url_is_what_its_body_is(server, path, kind):
    expected = Digest("sha256", hashlib.sha256(BODY).hexdigest())
    source = RemoteImages() if kind == "real" else FakeImages(remotes={server + path: expected})
    assert source.find_remote(RemoteSource(server + path, None, server + path)) == expected


@pytest.mark.parametrize("kind", ["fake", "real"])
def test_what_is_not_there_is_an_error(server, kind):
    source = RemoteImages() if kind == "real" else FakeImages()
    url = f"{server}/nothing"
    assert code_of(lambda: source.find_remote(RemoteSource(url, None, url))).startswith("remote-")


@pytest.mark.parametrize("address", ["/cut", "/nothing"])
def test_half_a_body_is_none(server, address):
    source = RemoteSource(server + address, None, server + address)
    assert code_of(lambda: RemoteImages().find_remote(source)) == "remote-unreachable"


def test_a_login_in_an_address_is_never_shown(server):
    secret = server.replace("://", "://name:hunter2@") + "/nothing"
    with pytest.raises(DeployError) as caught:
        RemoteImages().find_remote(RemoteSource(secret, None, f"{server}/nothing"))
    error = caught.value
    assert "hunter2" not in f"{error} {error.cause} {error.where} {error.hint}"


@pytest.mark.parametrize(
    ("ref", "number"),
    [("main", 2), ("HEAD", 2), ("v1", 1), ("refs/tags/v1", 1), ("refs/heads/main", 2), ("tags/v1", 1)],
)
def test_a_git_reference_names_a_commit(repository, ref, number):
    found = RemoteImages().find_remote(RemoteSource(repository[0], ref, repository[0]))
    assert found == Digest("git", repository[number])


def test_git_references_that_are_not_there(repository, tmp_path):
    place = repository[0]
    assert code_of(lambda: RemoteImages().find_remote(RemoteSource(place, "none", place))) == "remote-missing"
    nowhere = str(tmp_path / "nowhere")
    assert code_of(lambda: RemoteImages().find_remote(RemoteSource(nowhere, "main", nowhere))) == "remote-unreachable"
