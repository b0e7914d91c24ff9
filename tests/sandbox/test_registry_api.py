"""The data plane, spoken to byte by byte; real engines are in test_with_docker.py."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import secrets
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
NOWHERE = f"sha256:{'0' * 64}"


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def basic(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "token",
    [
        "",
        basic("AWS:wrong"),
        basic("AWS:"),
        basic("root:x"),
        "%%%",
        basic("AWS:\u00fcber"),
        basic("\u00fcber:x"),
        basic("AWS"),
        base64.b64encode(b"AWS:\xff\xfe").decode(),
    ],
)
def test_wrong_logins_are_asked_for_a_login(token: str, registry: Any) -> None:
    stranger = replace(registry, token=token)
    for path in ("/v2/", "tags/list", f"blobs/{NOWHERE}"):
        status, headers, body = stranger.call("GET", path)
        assert (status, json.loads(body)["errors"][0]["code"]) == (401, "UNAUTHORIZED")
        assert headers["WWW-Authenticate"].startswith("Basic ")


def test_login_of_ecr_opens_the_registry(registry: Any) -> None:
    status, headers, _ = registry.call("GET", "/v2/")
    assert (status, headers["Docker-Distribution-Api-Version"]) == (200, "registry/2.0")


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/v2/no/such/repository/tags/list", (404, "NAME_UNKNOWN")),
        ("POST", "/v2/no/such/repository/blobs/uploads/", (404, "NAME_UNKNOWN")),
        ("GET", "/v2/_catalog", (404, "UNSUPPORTED")),
        ("GET", f"blobs/{NOWHERE}", (404, "BLOB_UNKNOWN")),
        ("GET", "blobs/sha256:..", (404, "BLOB_UNKNOWN")),
        ("GET", "blobs/sha256:..%2f..%2fetc", (404, "UNSUPPORTED")),
        ("DELETE", f"blobs/{NOWHERE}", (405, "UNSUPPORTED")),
        ("GET", "manifests/missing", (404, "MANIFEST_UNKNOWN")),
        ("DELETE", "manifests/missing", (405, "UNSUPPORTED")),
        ("PATCH", "blobs/uploads/missing", (404, "BLOB_UPLOAD_UNKNOWN")),
        ("GET", "blobs/uploads/", (405, "UNSUPPORTED")),
        ("POST", f"blobs/uploads/?digest={NOWHERE}", (400, "DIGEST_INVALID")),
        ("POST", "blobs/uploads/?digest=md5:0", (400, "DIGEST_INVALID")),
        ("PUT", "manifests/t", (400, "MANIFEST_INVALID")),
    ],
)
def test_refusals_speak_the_protocol(method: str, path: str, expected: tuple[int, str], registry: Any) -> None:
    assert registry.refused(method, path) == expected


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=st.lists(st.binary(max_size=400), max_size=4), last=st.binary(max_size=50), chunked=st.booleans())
def test_a_blob_is_the_same_however_it_comes(parts: list[bytes], last: bytes, *, chunked: bool, registry: Any) -> None:
    whole = b"".join(parts) + last
    status, headers, _ = registry.call("POST", "blobs/uploads/", b"")
    assert status == 202
    sent = 0
    for part in parts:
        place = {} if chunked else {"Content_Range": f"{sent}-{sent + max(len(part) - 1, 0)}"}
        status, headers, _ = registry.call("PATCH", headers["Location"], iter([part]) if chunked else part, **place)
        sent += len(part)
        assert (status, headers["Range"]) == (202, f"0-{max(sent - 1, 0)}")
    status, headers, _ = registry.call("PUT", f"{headers['Location']}?digest={digest_of(whole)}", last)
    assert (status, headers["Docker-Content-Digest"]) == (201, digest_of(whole))
    assert registry.call("GET", headers["Location"])[2] == whole


def test_ranges_and_sizes_of_a_blob(registry: Any) -> None:
    digest = registry.push_blob(b"0123456789")
    status, headers, body = registry.call("HEAD", f"blobs/{digest}")
    assert (status, headers["Content-Length"], headers["Docker-Content-Digest"], body) == (200, "10", digest, b"")
    status, headers, body = registry.call("GET", f"blobs/{digest}", Range="bytes=3-5")
    assert (status, headers["Content-Range"], body) == (206, "bytes 3-5/10", b"345")
    assert registry.call("GET", f"blobs/{digest}", Range="bytes=8-")[2] == b"89"


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ("bytes=10-", 416),
        ("bytes=99-120", 416),
        ("bytes=5-2", 200),
        ("bytes=-0", 416),
        ("chunks=1", 200),
        ("bytes=", 200),
        ("bytes=\u00b2-", 200),
        ("bytes=-4", 206),
        ("bytes=9-99", 206),
        ("bytes=0-1,4-5", 416),
    ],
)
def test_a_range_that_no_blob_has_is_no_failure_of_the_server(asked: str, status: int, registry: Any) -> None:
    digest = registry.push_blob(b"0123456789")
    found, headers, _ = registry.call("GET", f"blobs/{digest}", Range=asked)
    assert found == status or (found < 500 and status == 200), "what is not understood may be ignored or refused"
    if found == 416:
        assert headers["Content-Range"] == "bytes */10"


ODD = [
    b"[" * 100_000,
    b"{}",
    b"[]",
    b"null",
    b'"x"',
    b"\xff",
    b"{",
    *(
        json.dumps({"schemaVersion": 2, **more}).encode()
        for more in (
            {"layers": 5},
            {"layers": None},
            {"layers": ["x"]},
            {"layers": {}},
            {"layers": [[]]},
            {"layers": [{"digest": []}]},
            {"layers": [{"digest": {}}]},
            {"layers": [{"size": "x"}]},
            {"layers": [{"size": -1}]},
            {"layers": [{"size": 10**30}]},
            {"config": 5},
            {"config": []},
            {"config": {"digest": 5}},
            {"config": {"digest": None}},
            {"manifests": 5},
            {"manifests": [5]},
            {"manifests": [{"digest": {}}]},
            {"mediaType": 5},
            {"mediaType": []},
        )
    ),
]


@pytest.mark.parametrize("body", ODD, ids=lambda body: body[:60].decode("latin-1"))
def test_an_odd_manifest_is_refused_and_spoils_nothing(body: bytes, cloud: Any, registry: Any) -> None:
    status, _, said = registry.call("PUT", "manifests/c-1", body)
    assert status == 400 or (status, body) == (201, b"{}"), said
    ecr = cloud.client("ecr")
    if status != 201:
        with pytest.raises(ecr.exceptions.InvalidParameterException):
            ecr.put_image(repositoryName=cloud.name, imageManifest=body[:4_000_000].decode("latin-1"), imageTag="c-2")
    assert len(ecr.describe_images(repositoryName=cloud.name)["imageDetails"]) == (status == 201)


def test_two_puts_on_one_upload_make_one_blob(registry: Any) -> None:
    for _ in range(5):
        content = secrets.token_bytes(200_000)
        location = registry.call("POST", "blobs/uploads/", b"")[1]["Location"]
        path = f"{location}?digest={digest_of(content)}"
        with ThreadPoolExecutor(4) as pool:
            puts = [pool.submit(registry.call, "PUT", path, content) for _ in range(4)]
        assert sorted(put.result()[0] for put in puts) == [201, 404, 404, 404]
        assert registry.call("GET", f"blobs/{digest_of(content)}")[2] == content


def test_a_chunk_out_of_order_is_refused(registry: Any) -> None:
    location = registry.call("POST", "blobs/uploads/", b"")[1]["Location"]
    registry.call("PATCH", location, b"0123", Content_Range="0-3")
    assert registry.refused("PATCH", location, b"89", Content_Range="8-9") == (416, "BLOB_UPLOAD_INVALID")
    status, headers, _ = registry.call("GET", location)
    assert (status, headers["Range"]) == (204, "0-3")
    assert registry.call("DELETE", location)[0] == 204
    assert registry.refused("GET", location) == (404, "BLOB_UPLOAD_UNKNOWN")


def test_wrong_bytes_never_become_a_blob(registry: Any) -> None:
    location = registry.call("POST", "blobs/uploads/", b"")[1]["Location"]
    promised = digest_of(b"promised")
    assert registry.refused("PUT", f"{location}?digest={promised}", b"delivered") == (400, "DIGEST_INVALID")
    assert registry.call("HEAD", f"blobs/{promised}")[0] == 404


def test_blobs_belong_to_a_repository_and_can_be_mounted(cloud: Any, registry: Any) -> None:
    digest = registry.push_blob(b"shared")
    cloud.client("ecr").create_repository(repositoryName=f"{cloud.name}/other")
    other = replace(registry, repository=f"{cloud.name}/other")
    assert other.call("HEAD", f"blobs/{digest}")[0] == 404
    assert other.call("POST", f"blobs/uploads/?mount={NOWHERE}&from={cloud.name}", b"")[0] == 202
    assert other.call("POST", f"blobs/uploads/?mount={digest}&from={cloud.name}", b"")[0] == 201
    assert other.call("GET", f"blobs/{digest}")[2] == b"shared"


def test_a_pushed_image_is_in_ecr_with_its_digest(cloud: Any, registry: Any) -> None:
    digest = registry.push_image("c-1")
    found = cloud.client("ecr").describe_images(repositoryName=cloud.name, imageIds=[{"imageTag": "c-1"}])
    (image,) = found["imageDetails"]
    assert (image["imageDigest"], image["imageManifestMediaType"], image["imageSizeInBytes"]) == (
        digest,
        OCI_MANIFEST,
        1,
    )
    status, headers, body = registry.call("GET", "manifests/c-1")
    assert (status, headers["Content-Type"], headers["Docker-Content-Digest"]) == (200, OCI_MANIFEST, digest)
    assert digest_of(body) == digest
    assert registry.call("HEAD", f"manifests/{digest}")[1]["Content-Length"] == str(len(body))
    assert json.loads(registry.call("GET", "tags/list")[2])["tags"] == ["c-1"]


def test_an_immutable_tag_takes_one_digest(registry: Any) -> None:
    first = registry.push_image("c-1", "a")
    assert registry.push_image("c-1", "a") == first
    body = registry.call("GET", "manifests/c-1")[2] + b"\n"
    assert registry.refused("PUT", "manifests/c-1", body, Content_Type=OCI_MANIFEST) == (400, "TAG_INVALID")
    assert registry.push_image("live-1", "a") == first
    moved = registry.push_image("live-1", "b")
    assert registry.call("HEAD", "manifests/live-1")[1]["Docker-Content-Digest"] == moved != first
    assert registry.call("HEAD", "manifests/c-1")[1]["Docker-Content-Digest"] == first


def test_a_tag_set_by_ecr_can_be_pulled_and_a_deleted_one_cannot(cloud: Any, registry: Any) -> None:
    digest = registry.push_image("c-1")
    ecr, named = cloud.client("ecr"), {"repositoryName": cloud.name}
    (image,) = ecr.batch_get_image(**named, imageIds=[{"imageTag": "c-1"}])["images"]
    ecr.put_image(**named, imageManifest=image["imageManifest"], imageTag="live-prod")
    assert registry.call("HEAD", "manifests/live-prod")[1]["Docker-Content-Digest"] == digest
    ecr.batch_delete_image(**named, imageIds=[{"imageTag": "live-prod"}])
    assert [registry.call("HEAD", f"manifests/{tag}")[0] for tag in ("live-prod", "c-1")] == [404, 200]
    ecr.batch_delete_image(**named, imageIds=[{"imageDigest": digest}])
    assert registry.call("HEAD", "manifests/c-1")[0] == 404


def test_parts_come_before_the_whole(registry: Any) -> None:
    child = {"mediaType": OCI_MANIFEST, "digest": NOWHERE, "size": 1, "platform": {"os": "linux"}}
    index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [child]}
    body = json.dumps(index).encode()
    assert registry.refused("PUT", "manifests/c-1", body, Content_Type=OCI_INDEX) == (400, "MANIFEST_BLOB_UNKNOWN")
    manifest = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": {"digest": NOWHERE, "size": 1}, "layers": []}
    assert registry.refused("PUT", "manifests/c-1", json.dumps(manifest).encode()) == (400, "MANIFEST_BLOB_UNKNOWN")


def test_an_index_of_images_pushed_by_digest(cloud: Any, registry: Any) -> None:
    registry.push_image("c-child")
    body = registry.call("GET", "manifests/c-child")[2] + b" "
    child = digest_of(body)
    assert registry.refused("PUT", f"manifests/{NOWHERE}", body) == (400, "DIGEST_INVALID")
    assert registry.call("PUT", f"manifests/{child}", body, Content_Type=OCI_MANIFEST)[0] == 201
    assert registry.call("PUT", f"manifests/{child}", body, Content_Type=OCI_MANIFEST)[0] == 201
    parts = [{"mediaType": OCI_MANIFEST, "digest": child, "size": len(body)}]
    index = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": parts}).encode()
    assert registry.call("PUT", "manifests/c-1", index, Content_Type=OCI_INDEX)[0] == 201
    images = cloud.client("ecr").describe_images(repositoryName=cloud.name)["imageDetails"]
    assert {image["imageDigest"]: image.get("imageTags") for image in images} | {child: None} == {
        registry.call("HEAD", "manifests/c-child")[1]["Docker-Content-Digest"]: ["c-child"],
        digest_of(index): ["c-1"],
        child: None,
    }


def test_each_region_has_a_registry_of_its_own(cloud: Any, registry: Any) -> None:
    """A tag that is taken, and immutable, in one region is free in another."""
    ecr = cloud.client("ecr", "eu-west-1")
    made = ecr.create_repository(repositoryName=cloud.name, imageTagMutability="IMMUTABLE")["repository"]
    assert made["repositoryUri"] == f"localhost:{cloud.port}/eu-west-1/{cloud.name}"
    west = replace(registry, repository=f"eu-west-1/{cloud.name}")
    east, digest = registry.push_image("c-1", "a"), west.push_image("c-1", "b")
    assert east != digest
    assert west.call("HEAD", f"manifests/{east}")[0] == 404
    assert west.refused("GET", "/v2/eu-west-2/nothing/tags/list") == (404, "NAME_UNKNOWN")
    assert json.loads(west.call("GET", "tags/list")[2]) == {"name": f"eu-west-1/{cloud.name}", "tags": ["c-1"]}
    found = ecr.list_images(repositoryName=cloud.name)["imageIds"]
    assert found == [{"imageDigest": digest, "imageTag": "c-1"}]
    config = digest_of(b"{}")
    url = ecr.get_download_url_for_layer(repositoryName=cloud.name, layerDigest=config)["downloadUrl"]
    assert replace(west, token="").call("GET", url.partition(str(cloud.port))[2])[2] == b"{}"


def test_both_meanings_of_localhost_answer(registry: Any) -> None:
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        try:
            socket.create_server((host, 0), family=family).close()
        except OSError:
            continue  # this machine has no such loopback
        connection = http.client.HTTPConnection(host, registry.port, timeout=10)
        connection.request("GET", "/v2/")
        assert connection.getresponse().status == 401
        connection.close()


def test_a_greeting_in_tls_is_answered_as_by_an_http_server(registry: Any) -> None:
    """By these five bytes, and no others, BuildKit and containerd know that they may try plain HTTP."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    with pytest.raises(ssl.SSLWantReadError):
        ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="localhost").do_handshake()
    with socket.create_connection(("127.0.0.1", registry.port), timeout=10) as connection:
        connection.sendall(outgoing.read())
        assert connection.recv(5) == b"HTTP/"


@pytest.mark.parametrize(
    ("headers", "is_answered"),
    [
        ({}, True),
        ({"Host": "localhost"}, True),
        ({"Host": "127.0.0.1:4566"}, True),
        ({"Host": "bucket.localhost:4566"}, True),
        ({"Host": "sync-127.0.0.1"}, True),
        ({"Host": "[::1]:80"}, True),
        ({"Host": "evil.example:4566"}, False),  # a name that leads to 127.0.0.1
        ({"Host": "127.0.0.1.evil.example"}, False),
        ({"Host": "localhost.evil.example"}, False),
        ({"Host": "evillocalhost"}, False),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": "http://localhost:3000"}, False),  # somebody's page on another port
        ({"Origin": "null"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Host": "localhost:4566", "Origin": "http://localhost:4566", "Sec-Fetch-Site": "same-origin"}, True),
    ],
)
def test_pages_of_a_browser_are_not_answered(headers: dict[str, str], *, is_answered: bool, registry: Any) -> None:
    """Neither the registry, nor AWS, nor moto's own switches, nor the question before a request."""
    token = {"X-Amz-Target": "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken"}
    signed = "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/ecr/aws4_request, SignedHeaders=host, Signature=0"
    for method, path, more in (
        ("GET", "/v2/", {}),
        ("POST", "/", {**token, "Authorization": signed}),
        ("POST", "/moto-api/seed?a=1", {}),
        ("GET", "/rajee-sandbox/state", {}),
        ("OPTIONS", "/", {"Access-Control-Request-Method": "POST"}),
    ):
        status, found, said = registry.call(method, path, b"{}" if method == "POST" else None, **{**headers, **more})
        assert said.startswith(b"the sandbox answers") is not is_answered, (method, path)
        if not is_answered:
            assert status == 403
            assert not [name for name in found if name.lower().startswith("access-control")]


@pytest.mark.parametrize("host", ["host.docker.internal:4566", "HOST.containers.internal"])
def test_an_engine_in_a_machine_of_its_own_reaches_the_registry_alone(host: str, registry: Any) -> None:
    """Docker Desktop's and podman's name for our loopback; AWS admits whoever comes, so it is not reached by it."""
    assert registry.call("GET", "/v2/", None, Host=host)[0] == 200
    for method, path in (("POST", "/"), ("POST", "/moto-api/seed?a=1"), ("GET", "/rajee-sandbox/state")):
        status, _, said = registry.call(method, path, b"{}" if method == "POST" else None, Host=host)
        assert (status, b"its registry to host.docker.internal" in said) == (403, True)
    assert registry.call("GET", "/v2/", None, Host=f"evil.{host}")[0] == 403
    assert registry.call("GET", "/v2/", None, Host=host, Origin="https://evil.example")[0] == 403
