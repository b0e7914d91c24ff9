"""The table of usual mistakes. For each: what is said of it leads out of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
import pytest
from mistaken import Person, get_out
from mistakes_offline import OFFLINE, PROJECT
from mistakes_online import ONLINE
from sandboxes import own_cloud


@pytest.fixture(scope="session")
def checkout(tmp_path_factory):
    """A repository with one commit, to be copied."""
    root = tmp_path_factory.mktemp("checkout")
    for argv in (["init", "-q"], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x", "--allow-empty"]):
        subprocess.run(["git", "-C", str(root), *argv], check=True)
    return root


@pytest.fixture
def person(tmp_path, checkout, monkeypatch, capsys):
    shutil.copytree(checkout, tmp_path / "project")
    found = Person(tmp_path / "project", monkeypatch, capsys, {})
    found.write(PROJECT)
    return found


@pytest.mark.parametrize("mistake", OFFLINE, ids=lambda mistake: mistake.name)
def test_a_mistake_in_files_and_flags(person, mistake):
    get_out(person, mistake)


@pytest.fixture(scope="module")
def cloud(tmp_path_factory):
    """An AWS on this machine with the one repository."""
    home = tmp_path_factory.mktemp("cloud")
    with own_cloud(home) as variables:
        boto3.client(
            "ecr",
            region_name="us-east-1",
            endpoint_url=variables["AWS_ENDPOINT_URL"],
            aws_access_key_id="a",
            aws_secret_access_key="b",
        ).create_repository(repositoryName="team/api")
        yield {**variables, "RAJEE_DEPLOY_STATE_DIR": str(home)}


class _Refusing(BaseHTTPRequestHandler):
    """AWS, which answers everything with the error that the variable REFUSED names."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        code = os.environ["REFUSED"]
        body = f"<ErrorResponse><Error><Code>{code}</Code><Message>you are not authorized, or expired</Message></Error>"
        self.send_response(400)
        self.send_header("Content-Type", "text/xml")
        self.end_headers()
        self.wfile.write(f"{body}</ErrorResponse>".encode())

    def log_message(self, *_what):
        pass


@pytest.fixture(scope="module")
def refusing():
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Refusing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("mistake", ONLINE, ids=lambda mistake: mistake.name)
def test_a_mistake_before_aws(person, cloud, refusing, mistake):
    is_refused = "REFUSED" in mistake.environment
    person.environment = {**cloud, **({"AWS_ENDPOINT_URL": refusing} if is_refused else {})}
    get_out(person, mistake)


def test_there_are_enough_of_them():
    names = [mistake.name for mistake in (*OFFLINE, *ONLINE)]
    assert len(names) == len(set(names)) >= 60
    verbs = {mistake.run.split()[0] for mistake in (*OFFLINE, *ONLINE)}
    assert verbs >= {"up", "plan", "fingerprint", "explain", "verify", "lock", "rollback", "sandbox"}
