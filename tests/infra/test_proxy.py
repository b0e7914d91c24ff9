"""The rendered configuration in the real Envoy, between a client and a stand-in for S3 and the token issuer.

Only ports and the address of S3 are changed: names, certificates, tokens and signatures are checked as in earnest.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import socket
import ssl
import subprocess
import threading
import time
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import yaml
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

REGION, BUCKET = "eu-central-1", "reports"
S3_HOST = f"{BUCKET}.s3.{REGION}.amazonaws.com"
ISSUER, AUDIENCE = "https://issuer.example.com/", "rajee"
KEY = Credentials("AKIDEXAMPLE", "not-a-secret")


def encoded(data: bytes | dict) -> str:
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def number(value: int) -> str:
    return encoded(value.to_bytes((value.bit_length() + 7) // 8, "big"))


@dataclass
class Issuer:
    """Signs tokens, and certificates for the stand-in's names."""

    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))

    def jwks(self) -> dict:
        public = self.key.public_key().public_numbers()
        return {"keys": [{"kty": "RSA", "alg": "RS256", "kid": "k", "n": number(public.n), "e": number(public.e)}]}

    def token(self, **claims: object) -> str:
        claims = {"iss": ISSUER, "aud": AUDIENCE, "exp": int(time.time()) + 600} | claims
        text = f"{encoded({'alg': 'RS256', 'kid': 'k'})}.{encoded(claims)}"
        return f"{text}.{encoded(self.key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))}"

    def certificate(self) -> bytes:
        """Key and certificate as PEM; a wildcard for buckets, as S3 has one."""
        now = dt.datetime.now(dt.UTC)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "stand-in")])
        names = [x509.DNSName("localhost"), x509.DNSName(f"*.s3.{REGION}.amazonaws.com")]
        certificate = (
            x509.CertificateBuilder(name, name, self.key.public_key(), x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(hours=1))
            .not_valid_after(now + dt.timedelta(hours=1))
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(self.key, hashes.SHA256())
        )
        key = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return key + certificate.public_bytes(serialization.Encoding.PEM)


@pytest.fixture(scope="module")
def issuer():
    return Issuer()


@pytest.fixture(scope="module")
def pem(issuer, tmp_path_factory):
    path = tmp_path_factory.mktemp("tls") / "stand-in.pem"
    path.write_bytes(issuer.certificate())
    return path


@pytest.fixture(scope="module")
def upstream(issuer, pem):
    """An HTTPS server that is S3 and the issuer; `seen` has what it was asked as S3."""
    seen: list[tuple[str, str, dict[str, str]]] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            body = json.dumps(issuer.jwks()).encode() if self.path == "/jwks" else b"an object"
            if self.path != "/jwks":
                names = {name.lower() for name in self.headers}
                headers = {name: ", ".join(self.headers.get_all(name)) for name in names}
                seen.append((self.command, self.path, headers))
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.seen = seen
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def moved(rendered: str, ports: list[int], s3_port: int) -> dict:
    """The configuration with other ports of its own, and S3 at the stand-in."""
    config = yaml.safe_load(rendered)
    listening = [config["admin"], *config["static_resources"]["listeners"]]
    for one, port in zip(listening, ports, strict=True):
        one["address"]["socket_address"].update(address="127.0.0.1", port_value=port)
    s3 = config["static_resources"]["clusters"][0]
    endpoint = s3["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]
    endpoint["address"]["socket_address"].update(address="127.0.0.1", port_value=s3_port)
    return config


@dataclass
class Proxy:
    port: int
    health_port: int

    def get(self, path: str, *, method: str = "GET", health: bool = False, **headers: str) -> tuple[int, bytes]:
        connection = HTTPConnection("127.0.0.1", self.health_port if health else self.port, timeout=20)
        try:
            connection.request(method, path, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def is_ready(self) -> bool:
        try:
            return self.get("/ready", health=True)[0] == 200
        except OSError:
            return False


@pytest.fixture(scope="module")
def start(request, envoy, tmp_path_factory):
    """Start Envoy on a rendered configuration; it is ended after the module's tests."""

    def run(rendered: str, s3_port: int, credentials: Credentials | None = KEY) -> Proxy:
        ports = free_ports(3)
        config = tmp_path_factory.mktemp("envoy") / "envoy.json"
        config.write_text(json.dumps(moved(rendered, ports, s3_port)))
        environment = {"AWS_EC2_METADATA_DISABLED": "true"}
        if credentials:
            environment["AWS_ACCESS_KEY_ID"] = credentials.access_key
            environment["AWS_SECRET_ACCESS_KEY"] = credentials.secret_key
        log = (config.parent / "log").open("wb")
        request.addfinalizer(log.close)
        options = ["--disable-hot-restart", "--concurrency", "1"]
        process = subprocess.Popen([envoy, "-c", config, *options], env=environment, stdout=log, stderr=log)
        request.addfinalizer(process.wait)
        request.addfinalizer(process.terminate)
        proxy = Proxy(ports[1], ports[2])
        for _ in range(200):
            if proxy.is_ready():
                return proxy
            assert process.poll() is None, (config.parent / "log").read_text()
            time.sleep(0.05)
        raise AssertionError((config.parent / "log").read_text())

    return run


@pytest.fixture(scope="module")
def guarded(entrypoint, upstream, pem, start):
    """With authentication, as it is deployed."""
    port = upstream.server_address[1]
    rendered = entrypoint(
        "render",
        AWS_REGION=REGION,
        S3_BUCKET=BUCKET,
        JWT_ISSUER=ISSUER,
        JWT_AUDIENCE=AUDIENCE,
        JWKS_URI=f"https://localhost:{port}/jwks",
        CA_FILE=str(pem),
    )
    return start(rendered.stdout, port)


@pytest.fixture(scope="module")
def unguarded(entrypoint, upstream, pem, start):
    """Without authentication, as on a developer's machine."""
    options = {"AWS_REGION": REGION, "S3_BUCKET": BUCKET, "AUTH_DISABLED": "true", "CA_FILE": str(pem)}
    return start(entrypoint("render", **options).stdout, upstream.server_address[1])


@pytest.fixture(scope="module")
def unsigned(entrypoint, upstream, pem, start):
    """Where no credentials are found."""
    options = {"AWS_REGION": REGION, "S3_BUCKET": BUCKET, "AUTH_DISABLED": "true", "CA_FILE": str(pem)}
    return start(entrypoint("render", **options).stdout, upstream.server_address[1], None)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_without_a_token_nothing_passes(guarded, upstream, method):
    before = len(upstream.seen)
    assert guarded.get("/key", method=method)[0] == 401
    assert len(upstream.seen) == before


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({"iss": "https://somebody.example.com/"}, 401),
        ({"aud": "another service"}, 403),
        ({"exp": 1}, 401),
    ],
    ids=["issuer", "audience", "expired"],
)
def test_another_token_does_not_pass(guarded, upstream, issuer, claims, status):
    before = len(upstream.seen)
    assert guarded.get("/key", Authorization=f"Bearer {issuer.token(**claims)}")[0] == status
    assert len(upstream.seen) == before


def test_a_forged_token_does_not_pass(guarded, upstream):
    before = len(upstream.seen)
    assert guarded.get("/key", Authorization=f"Bearer {Issuer().token()}")[0] == 401
    assert len(upstream.seen) == before


def test_a_good_token_passes_and_stays_here(guarded, upstream, issuer):
    token = issuer.token()
    assert guarded.get("/key", Authorization=f"Bearer {token}") == (200, b"an object")
    _, _, headers = upstream.seen[-1]
    assert token not in json.dumps(headers)
    assert headers["authorization"].startswith("AWS4-HMAC-SHA256 ")


def expected_signature(method: str, path: str, headers: dict[str, str]) -> str:
    """What botocore signs, with the time and the choice of headers that Envoy made."""
    signed = headers["authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
    request = AWSRequest(method, f"https://{S3_HOST}{path}", headers={name: headers[name] for name in signed})
    request.context["timestamp"] = headers["x-amz-date"]
    auth = S3SigV4Auth(KEY, "s3", REGION)
    return auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)


@pytest.mark.parametrize(
    "path", ["/key", "/a/b.txt", "/a%20b", "/a//b", "/?list-type=2&prefix=a%2Fb", "/%C3%BC", "/a%2Bb%3Dc"]
)
def test_every_request_carries_a_good_signature_for_the_bucket(unguarded, upstream, path):
    assert unguarded.get(path, **{"X-Forwarded-For": "203.0.113.9", "X-Amzn-Trace-Id": "Root=1"})[0] == 200
    method, asked, seen = upstream.seen[-1]
    assert (method, asked, seen["host"]) == ("GET", path, S3_HOST)
    assert seen["x-amz-content-sha256"] == "UNSIGNED-PAYLOAD"
    assert f"Credential={KEY.access_key}/" in seen["authorization"]
    assert f"/{REGION}/s3/aws4_request" in seen["authorization"]
    assert seen["authorization"].partition("Signature=")[2] == expected_signature(method, path, seen)


OWN = ("authorization", "x-amz-content-sha256", "x-amz-date", "x-amz-security-token")


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("proxy", ["unguarded", "unsigned"])
def test_what_a_client_signed_for_itself_stays_here(request, upstream, proxy, name):
    """Also where Envoy has nothing to sign with and passes the request on as it is."""
    assert request.getfixturevalue(proxy).get("/key", **{name: "forged"})[0] == 200
    assert "forged" not in upstream.seen[-1][2].get(name, "")


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "OPTIONS"])
def test_only_reading_passes(unguarded, upstream, method):
    before = len(upstream.seen)
    assert unguarded.get("/key", method=method)[0] == 405
    assert len(upstream.seen) == before


@pytest.mark.parametrize(
    ("path", "status"), [("/ready", 200), ("/", 404), ("/config_dump", 404), ("/quitquitquit", 404)]
)
def test_the_health_listener_answers_one_question_only(guarded, path, status):
    assert guarded.get(path, health=True)[0] == status
