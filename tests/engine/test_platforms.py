"""One tag for several platforms: an index of images, each built for its own, on every engine that can."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import subprocess
import tarfile
import urllib.request
from functools import partial

import pytest
from engines import docker

from rajee_deploy.engine.buildah import Buildah
from rajee_deploy.errors import DeployError
from rajee_deploy.model import parse_platforms

pytestmark = pytest.mark.docker
BOTH = parse_platforms(["linux/amd64,linux/arm64"])
INDEXES = ("application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json")
IMAGES = ("application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json")
LABEL = {"io.rajee-deploy.fingerprint": "sha256:0"}


each_engine = pytest.mark.parametrize("rig", ["buildx", "buildah"], indirect=True)


@pytest.fixture
def able(rig, request):
    """The rig, whose engine can build for several platforms at once: Docker's own needs containerd's image store."""
    return rig if isinstance(rig.engine, Buildah) else request.getfixturevalue("far_store")


def ask(rig, path):
    host, _, name = rig.access.uri.partition("/")
    login = base64.b64encode(f"AWS:{rig.access.password}".encode()).decode()
    headers = {"Authorization": f"Basic {login}", "Accept": ", ".join((*INDEXES, *IMAGES))}
    with urllib.request.urlopen(urllib.request.Request(f"http://{host}/v2/{name}/{path}", headers=headers)) as answer:
        return answer.read()


def children(rig, tag):
    """The images under a tag: platform → manifest. Fails unless the tag names an index."""
    index = json.loads(ask(rig, f"manifests/{tag}"))
    assert index["mediaType"] in INDEXES
    found = {}
    for item in index["manifests"]:
        name = "/".join(item["platform"][key] for key in ("os", "architecture"))
        found[name] = json.loads(ask(rig, f"manifests/{item['digest']}"))
    return found


def files(rig, manifest):
    """What an image's files hold, as text."""
    found = {}
    for layer in manifest["layers"]:
        with tarfile.open(fileobj=io.BytesIO(ask(rig, f"blobs/{layer['digest']}"))) as archive:
            found |= {
                member.name: archive.extractfile(member).read().decode("utf-8", "replace")
                for member in archive
                if member.isfile() and member.size < 100
            }
    return found


def config(rig, manifest):
    return json.loads(ask(rig, f"blobs/{manifest['config']['digest']}"))


@each_engine
def test_each_platform_has_an_image_of_its_own(able):
    able.build(
        "FROM scratch",
        "ARG TARGETARCH",
        "ARG BUILDPLATFORM",
        "COPY app-$TARGETARCH /app",
        "ENV FOR=$TARGETARCH",
        platforms=BOTH,
        labels=LABEL,
        more={"app-amd64": "one", "app-arm64": "two"},
    )
    found = children(able, "c-1")
    assert {name: files(able, manifest)["app"] for name, manifest in found.items()} == {
        "linux/amd64": "one",
        "linux/arm64": "two",
    }
    for name, manifest in found.items():
        made = config(able, manifest)
        assert f"{made['os']}/{made['architecture']}" == name
        assert made["config"]["Labels"] == LABEL
        assert f"FOR={made['architecture']}" in made["config"]["Env"]


@each_engine
def test_the_digest_is_that_of_the_index(able):
    digest = able.build("FROM scratch", "COPY app /app", platforms=BOTH)
    assert digest == "sha256:" + hashlib.sha256(ask(able, "manifests/c-1")).hexdigest()


@each_engine
def test_every_platform_stands_on_its_own_base(able):
    base = base_of_both(able)
    able.build(f"FROM {base}", "COPY app /app", platforms=BOTH)
    assert {name: files(able, manifest)["which"] for name, manifest in children(able, "c-1").items()} == {
        "linux/amd64": "one",
        "linux/arm64": "two",
    }


@pytest.mark.parametrize("rig", ["buildah"], indirect=True)
def test_a_tool_for_the_machine_alone_serves_another_platform(rig):
    """Its base has no image for the platform that is built, and its ENV is the machine's."""
    amd64, arm64 = BOTH
    made = rig.request("FROM scratch", "COPY app /app", "ENV D=of-the-machine", platforms=(amd64,), tag="image")
    rig.engine.build_and_push(made, rig.access, rig.events.append)
    name = rig.access.uri
    buildah = ("buildah", "manifest")
    creds = f"--creds=AWS:{rig.access.password}"
    run = partial(subprocess.run, check=True, capture_output=True)
    run([*buildah, "create", "localhost/tool-alone"])
    try:
        run([*buildah, "add", "--tls-verify=false", creds, "localhost/tool-alone", f"docker://{name}:image"])
        run([*buildah, "push", "--all", "--tls-verify=false", creds, "localhost/tool-alone", f"docker://{name}:tool"])
    finally:
        run([*buildah, "rm", "localhost/tool-alone"])
    lines = (f"FROM --platform=$BUILDPLATFORM {name}:tool AS b", "COPY app /$D/", "FROM scratch", "COPY --from=b / /")
    rig.build(*lines, platforms=(arm64,), tag="c-arm")
    assert files(rig, json.loads(ask(rig, "manifests/c-arm")))["of-the-machine/app"] == "app"


@each_engine
@pytest.mark.proof
def test_what_ran_for_one_platform_is_not_taken_for_another(able):
    """Though both start from the same layers, and though the machine's own program runs for either."""
    lines = (
        "FROM scratch",
        "COPY busybox /bin/busybox",
        f'ENV AT="{able.folder}"',
        'RUN ["/bin/busybox", "sh", "-c", "echo $RANDOM$RANDOM$RANDOM > /by-chance"]',
        "ARG TARGETARCH",
        "COPY app-$TARGETARCH /app",
    )
    more = {"app-amd64": "one", "app-arm64": "two"}
    able.build(*lines, platforms=BOTH, more=more)
    found = {name: files(able, manifest) for name, manifest in children(able, "c-1").items()}
    assert found["linux/amd64"]["by-chance"] != found["linux/arm64"]["by-chance"]
    # Built again, the machine's own may come from its cache, and still not from the other's.
    able.build(*lines, platforms=BOTH, more=more, tag="c-2")
    again = {name: files(able, manifest) for name, manifest in children(able, "c-2").items()}
    assert again["linux/amd64"] == found["linux/amd64"]
    assert again["linux/arm64"]["by-chance"] != found["linux/amd64"]["by-chance"]


@pytest.mark.parametrize("rig", ["buildah"], indirect=True)
@pytest.mark.proof
def test_what_was_built_in_parts_for_another_platform_is_not_taken(rig):
    """Each part of a foreign stage is an image with one layer, as a step of the machine's own build would be."""
    chance = 'RUN ["/bin/busybox", "sh", "-c", "echo $RANDOM$RANDOM$RANDOM > /by-chance"]'
    lines = ("FROM scratch", "COPY busybox own /bin/", chance, "COPY app /app")
    made = {}
    for name, number in (("arm64", 1), ("amd64", 0), ("amd64", 0)):
        rig.build(*lines, platforms=(BOTH[number],), tag=f"c-{name}", more={"own": str(rig.folder)})
        manifest = json.loads(ask(rig, f"manifests/c-{name}"))
        assert config(rig, manifest)["architecture"] == name
        made[name] = files(rig, manifest)["by-chance"]
    assert made["arm64"] != made["amd64"]


@pytest.mark.parametrize("rig", ["buildah"], indirect=True)
def test_a_stage_for_the_machine_runs_for_another_platform(rig):
    lines = (
        "FROM --platform=$BUILDPLATFORM scratch AS tool",
        "COPY busybox /bin/busybox",
        "ARG TARGETARCH",
        'RUN ["/bin/busybox", "sh", "-c", "echo $TARGETARCH > /for"]',
        "FROM scratch",
        "COPY --from=tool / /",
    )
    rig.build(*lines, platforms=(BOTH[1],))
    manifest = json.loads(ask(rig, "manifests/c-1"))
    assert config(rig, manifest)["architecture"] == "arm64"
    assert files(rig, manifest)["for"] == "arm64\n"
    assert not {"etc/hosts", "etc/resolv.conf"} & files(rig, manifest).keys()


def base_of_both(rig):
    """A base image for both platforms, as the rig's engine finds it. BuildKit speaks TLS alone to registries, so its
    engine has to have the image already."""
    lines = ("FROM scratch", "ARG TARGETARCH", "COPY which-$TARGETARCH /which")
    request = rig.request(*lines, platforms=BOTH, tag="base", more={"which-amd64": "one", "which-arm64": "two"})
    if isinstance(rig.engine, Buildah):
        rig.engine.build_and_push(request, rig.access, rig.events.append)
        return request.reference
    docker(
        "--context=store",
        "buildx",
        "build",
        "--builder=store",
        "--provenance=false",
        "--load",
        "--tag=base:both",
        f"--platform={','.join(map(str, BOTH))}",
        f"--file={request.dockerfile}",
        str(request.context),
    )
    return "base:both"


@pytest.mark.parametrize("rig", ["buildx"], indirect=True)
def test_an_engine_that_cannot_says_what_to_do(classic):
    with pytest.raises(DeployError) as caught:
        classic.build("FROM scratch", "COPY app /app", platforms=BOTH)
    assert caught.value.code == "build-failed"
    assert "containerd" in caught.value.hint
    assert "`builder`" in caught.value.hint
    assert classic.find_config("c-1") is None


@pytest.mark.parametrize("rig", ["buildah"], indirect=True)
def test_a_failing_platform_pushes_nothing_and_no_index_stays_in_the_users_storage(rig):
    lines = ("FROM scratch", "ARG TARGETARCH", "COPY app-$TARGETARCH /app")
    with pytest.raises(DeployError) as caught:
        rig.build(*lines, platforms=BOTH, more={"app-amd64": "one"})
    assert caught.value.code == "build-failed"
    assert rig.find_config("c-1") is None
    rig.build("FROM scratch", "COPY app /app", platforms=BOTH)
    names = subprocess.run(["buildah", "images", "--format={{.Name}}"], check=True, capture_output=True, text=True)
    assert "rajee-deploy-index" not in names.stdout


@each_engine
def test_a_program_of_another_architecture_is_told_as_such(able):
    with pytest.raises(DeployError) as caught:  # the kernel knows no program like this one, as it knows none of another
        able.build("FROM scratch", "COPY --chmod=755 app /app", 'RUN ["/app"]')
    assert "exec format error" in caught.value.cause
    assert "emulator" in caught.value.hint
