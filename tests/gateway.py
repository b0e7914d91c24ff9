"""An HTTP gateway before the sandbox that knows which AWS call each request is, writes it down, and can refuse it, or
answer it otherwise.

It stands where IAM stands: a call is an IAM action on a resource, signed by somebody (the user, or a role that cdk
assumed), and what is refused is answered as AWS does. The image registry's protocol counts as the
actions that ECR asks for it.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import threading
from dataclasses import dataclass
from fnmatch import fnmatchcase
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_CREDENTIAL = re.compile(r"Credential=([^/]+)/\d+/[^/]*/([^/]+)/aws4_request")
# https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-push-iam.html, and the pull's counterpart
_REGISTRY = (
    ("(GET|HEAD) .*/manifests/.*", "ecr:BatchGetImage"),
    ("HEAD .*/blobs/.*", "ecr:BatchCheckLayerAvailability"),
    ("GET .*/blobs/.*", "ecr:GetDownloadUrlForLayer"),
    ("POST .*/blobs/uploads/.*", "ecr:InitiateLayerUpload"),
    ("PATCH .*/blobs/uploads/.*", "ecr:UploadLayerPart"),
    ("PUT .*/blobs/uploads/.*", "ecr:CompleteLayerUpload"),
    ("PUT .*/manifests/.*", "ecr:PutImage"),
)


# https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html
_LAMBDA = (
    ("GET /2015-03-31/functions/([^/]+)", "lambda:GetFunction"),
    ("PUT /2015-03-31/functions/([^/]+)/code", "lambda:UpdateFunctionCode"),
)


@dataclass(frozen=True)
class Call:
    """A call of AWS. `resource` is the end of its ARN, "" for a call that is asked of nothing in particular."""

    action: str
    resource: str = ""
    is_users: bool = True  # signed with the user's own keys

    def is_allowed_by(self, policy: dict[str, Any]) -> bool:
        """As IAM decides, for the user's own calls."""
        return not self.is_users or any(
            self.action in statement["Action"]
            and any(fnmatchcase(self.resource, arn.split(":", 5)[-1]) for arn in statement["Resource"])
            for statement in policy["Statement"]
        )


class Gateway:
    """Forwards to the sandbox at `server_port`. `user` is the access key of whom calls are written down for."""

    def __init__(self, user: str = "") -> None:
        self.user = user
        self.server_port = 0
        self._made: list[Call] = []
        self._refuses: Callable[[Call], bool] = lambda _call: False
        self._says: dict[str, Callable[[Any], None]] = {}
        self._sends: dict[str, tuple[Callable[[bytes], bytes], int]] = {}
        self._acts: dict[str, tuple[Callable[[], None], Callable[[], bool]]] = {}
        gateway = self

        class Handler(_Handler):
            owner = gateway

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def made(self) -> set[str]:
        """The IAM actions of the user's own calls since the last look."""
        made, self._made = self._made, []
        return {call.action for call in made if call.is_users}

    @contextlib.contextmanager
    def refusing(self, refuses: Callable[[Call], bool]) -> Iterator[None]:
        """Answer AccessDenied to these calls."""
        self._refuses, before = refuses, self._refuses
        try:
            yield
        finally:
            self._refuses = before

    @contextlib.contextmanager
    def before(self, action: str, act: Callable[[], None], when: Callable[[], bool] = lambda: True) -> Iterator[None]:
        """Let somebody act just before the first call of this action that comes `when` it is time, whoever makes it."""
        self._acts[action] = act, when
        try:
            yield
            assert action not in self._acts, f"nobody called {action}"
        finally:
            self._acts.pop(action, None)

    @contextlib.contextmanager
    def saying(self, action: str, change: Callable[[Any], None]) -> Iterator[None]:
        """Let the JSON answers to a call be changed, as somebody else's doing would change them."""
        self._says[action] = change
        try:
            yield
        finally:
            del self._says[action]

    @contextlib.contextmanager
    def sending(self, action: str, change: Callable[[bytes], bytes], status: int = 0) -> Iterator[None]:
        """Let the bytes that answer a call be others (and the status, where one is given)."""
        self._sends[action] = change, status
        try:
            yield
        finally:
            del self._sends[action]

    def sent(self, call: Call | None, status: int, data: bytes) -> tuple[int, bytes]:
        """What goes out where the sandbox answers so."""
        change, instead = self._sends.get(call.action if call is not None else "", (None, 0))
        return (status, data) if change is None else (instead or status, change(data))

    def answer(self, call: Call | None, data: bytes) -> bytes:
        """What is answered where the sandbox answers `data`."""
        change = self._says.get(call.action) if call is not None else None
        if change is None:
            return data
        document = json.loads(data)
        change(document)
        return json.dumps(document).encode()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def admits(self, call: Call) -> bool:
        """Write the call down; whether it may pass."""
        act, when = self._acts.get(call.action, (None, None))
        if act is not None and when is not None and when():
            del self._acts[call.action]
            act()
        self._made.append(call)
        return not self._refuses(call)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # What is no HTTP is answered with a status line: by that an engine knows that it may try plain HTTP.
    default_request_version = "HTTP/1.0"
    owner: Gateway

    def log_message(self, *_arguments: object) -> None:
        pass

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError):
            super().handle()

    def _serve(self) -> None:
        body = self._body()
        call = self._call(body)
        if call is None or self.owner.admits(call):
            self._forward(call, body)
        else:
            self._refuse(call.action)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815 -- the names that http.server looks for

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", "").lower():
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        received = bytearray()
        while size := int(self.rfile.readline().split(b";")[0], 16):
            received += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return bytes(received)

    def _call(self, body: bytes) -> Call | None:
        """None for a request that is no call of AWS."""
        signed = _CREDENTIAL.search(self.headers.get("Authorization", ""))
        if signed is None:
            asked = f"{self.command} {self.path.partition('?')[0]}"
            action = next((action for form, action in _REGISTRY if re.fullmatch(form, asked)), "")
            name = re.sub("^/v2/|/(manifests|blobs)/.*", "", asked.split()[1])
            return Call(action, f"repository/{name}") if action else None
        key, service = signed.groups()
        if service == "lambda":
            return self._call_of_lambda(is_users=key == self.owner.user)
        target = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
        if target:
            arguments = json.loads(body)
        else:
            arguments = {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
        action = target or arguments.get("Action", f"{self.command} {self.path}")
        return Call(f"{service}:{action}", _resource(arguments), key == self.owner.user)

    def _call_of_lambda(self, *, is_users: bool) -> Call:
        asked = f"{self.command} {self.path.partition('?')[0]}"
        found = ((re.fullmatch(form, asked), action) for form, action in _LAMBDA)
        return next(
            (Call(act, f"function:{form[1]}", is_users) for form, act in found if form), Call(f"lambda:{asked}")
        )

    def _forward(self, call: Call | None, body: bytes) -> None:
        kept = {
            name: value
            for name, value in self.headers.items()
            if name.lower() not in ("transfer-encoding", "content-length", "expect", "connection")
        }
        connection = http.client.HTTPConnection("127.0.0.1", self.owner.server_port, timeout=120)
        try:
            connection.request(self.command, self.path, body, {**kept, "Content-Length": str(len(body))})
            answer = connection.getresponse()
            status, data = self.owner.sent(call, answer.status, self.owner.answer(call, answer.read()))
        finally:
            connection.close()
        headers = [
            (name, value)
            for name, value in answer.getheaders()
            if name.lower() not in ("transfer-encoding", "connection", "content-length")
        ]
        length = answer.getheader("Content-Length") if self.command == "HEAD" else str(len(data))
        self._reply(status, [*headers, ("Content-Length", length or "0")], data)

    def _refuse(self, action: str) -> None:
        if "X-Amz-Target" in self.headers or self.path.startswith(("/v2/", "/2015-03-31/")):
            document = {"__type": "AccessDeniedException", "message": f"not authorized to perform: {action}"}
            data = json.dumps(document).encode()
        else:
            told = f"<Code>AccessDenied</Code><Message>not authorized to perform: {action}</Message>"
            data = f"<ErrorResponse><Error><Type>Sender</Type>{told}</Error></ErrorResponse>".encode()
        self._reply(403, [("Content-Length", str(len(data)))], data)

    def _reply(self, status: int, headers: list[tuple[str, str]], data: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)


def _resource(arguments: dict[str, Any]) -> str:
    """The end of the ARN of what a call is asked of."""
    if "StackName" in arguments:
        return f"stack/{arguments['StackName']}/an-id"
    if "service" in arguments:
        return str(arguments["service"].split(":", 5)[-1])
    if "services" in arguments or "tasks" in arguments:
        return str((arguments.get("services") or arguments["tasks"])[0].split(":", 5)[-1])
    if "RoleArn" in arguments:
        return str(arguments["RoleArn"].split(":", 5)[-1])
    names = arguments.get("repositoryNames") or [arguments.get("repositoryName")]
    if names[0]:
        return f"repository/{names[0]}"
    return f"parameter/{arguments['Name'].lstrip('/')}" if "Name" in arguments else ""
