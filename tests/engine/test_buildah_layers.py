"""Which layers of earlier builds buildah takes, its own and those that a team shares. Each machine is a storage."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest
from sampled import some

from rajee_deploy.errors import DeployError
from rajee_deploy.settings.build_settings import BuildSettings

pytestmark = [pytest.mark.docker, pytest.mark.parametrize("rig", ["buildah"], indirect=True)]

BASE = ("FROM scratch", "COPY busybox /busybox")
BY_CHANCE = 'RUN ["/busybox", "sh", "-c", "echo $RANDOM$RANDOM$RANDOM > /by-chance"]'


@pytest.fixture(autouse=True)
def machine(tmp_path, monkeypatch):
    """Makes the rig's builds happen in another storage, at first in an empty one."""

    def move(name: str) -> None:
        place = tmp_path / name
        conf = tmp_path / f"{name}.conf"
        paths = (
            f'driver = "overlay"\ngraphroot = {json.dumps(f"{place}/graph")}\nrunroot = {json.dumps(f"{place}/run")}\n'
        )
        conf.write_text(f"[storage]\n{paths}")
        monkeypatch.setenv("CONTAINERS_STORAGE_CONF", str(conf))

    move("first")
    yield move
    for storage in tmp_path.glob("*/graph"):
        # Nothing is mounted there any more, unless a container was left behind.
        subprocess.run(["umount", "--recursive", storage / "overlay"], check=False, capture_output=True)
        shutil.rmtree(storage.parent)


def run_layer(rig, tag: str) -> str:
    return rig.find_config(tag)["rootfs"]["diff_ids"][1]


@pytest.mark.parametrize("sources", ["from the cache", pytest.param("from nowhere", marks=pytest.mark.proof)])
def test_a_shared_cache(rig, machine, sources, cache):
    rig.build(*BASE, BY_CHANCE, tag="c-1", settings=BuildSettings(cache_to=(cache,)))
    machine("second")
    settings = BuildSettings(cache_from=(cache,) if sources == "from the cache" else ("team/nowhere", "gha"))
    rig.build(*BASE, BY_CHANCE, "COPY app /app", tag="c-2", settings=settings, labels={"mine": "yes"})
    assert (run_layer(rig, "c-1") == run_layer(rig, "c-2")) == (sources == "from the cache")
    assert rig.find_config("c-2")["config"]["Labels"] == {"mine": "yes"}


@pytest.mark.proof
@pytest.mark.parametrize("root", ["", "COPY etc/x /etc/hosts"])
def test_what_is_built_in_parts_comes_from_the_cache_too(rig, root):
    """Stages, and steps behind one that left a directory, with another label each time."""
    (rig.folder / "context/etc").mkdir(parents=True)
    (rig.folder / "context/etc/x").touch()
    chance = 'RUN ["/busybox", "sh", "-c", "echo $RANDOM$RANDOM$RANDOM > /{}"]'
    lines = (
        "FROM scratch AS one",
        "COPY busybox /busybox",
        root,
        chance.format("a"),
        chance.format("b"),
        "FROM one",
        "COPY app /app",
        chance.format("c"),
        "FROM one",
        "COPY --from=1 /a /b /c /d/",
        chance.format("e"),
        "COPY app /app",
    )
    for tag in ("c-1", "c-2"):
        rig.build(*lines, tag=tag, labels={"tag": tag})
    first, second = (rig.find_config(tag) for tag in ("c-1", "c-2"))
    assert first["rootfs"]["diff_ids"] == second["rootfs"]["diff_ids"]
    assert second["config"]["Labels"] == {"tag": "c-2"}


def containers() -> str:
    return subprocess.run(["buildah", "containers", "--quiet"], check=True, capture_output=True, text=True).stdout


def test_a_build_that_fails_leaves_no_container(rig):
    with pytest.raises(DeployError):
        rig.build(*BASE, 'RUN ["/busybox", "false"]')
    assert containers() == ""


def test_nowhere_to_write_to(rig):
    with pytest.raises(DeployError) as caught:
        rig.build(*BASE, settings=BuildSettings(cache_to=("team/nowhere",)))
    assert "team/nowhere" in caught.value.cause
    assert "cache-to" in caught.value.hint
    assert containers() == ""


def test_what_run_mounts_is_never_of_an_earlier_build(rig):
    """The third build has nothing new but its last line, and two layers to choose from for the RUN before it."""
    context = rig.folder / "context"
    context.mkdir()
    (context / "files").write_text("one")
    run = 'RUN --mount=from=files,target=/m ["/busybox", "cp", "/m/files", "/made"]'
    lines = ("FROM scratch AS files", "COPY files /files", *BASE, run)
    rig.build(*lines)
    (context / "files").write_text("two")
    rig.build(*lines)
    rig.build(*lines, 'RUN ["/busybox", "grep", "two", "/made"]')
    assert rig.find_config("c-1")


LINES = (
    "COPY app /$M/",
    "ADD app /$M/",
    "WORKDIR /$M",
    "COPY --from=one /app /$M/",
    "ENV X=/$M",
    "LABEL x=$M",
    "COPY <<E /e\n$M\nE",
    "COPY --chown=$M app /app",
    "ADD --chown=$M app /app",
    "VOLUME /$M",
    "USER $M",
    'RUN ["/busybox", "sh", "-c", "echo $M > /made"]',
)


@pytest.mark.parametrize("line", some("instructions with an argument, built by buildah", LINES, 4))
def test_a_layer_of_another_value_is_never_taken(rig, line):
    """The same Dockerfile twice, with two values of its argument, and once more with the first."""
    lines = ("FROM scratch AS one", "COPY app /app", *BASE, "ARG M", line, "ENV LAST=1")
    made = {}
    for tag, value in (("c-1", "5"), ("c-2", "6"), ("c-3", "5")):
        rig.build(*lines, tag=tag, build_args={"M": value})
        config = rig.find_config(tag)
        said = {
            name: value for name, value in config["config"].items() if name != "Hostname"
        }  # a container's, by chance
        made[tag] = (config["rootfs"]["diff_ids"], said)
    assert made["c-1"] != made["c-2"]
    assert made["c-1"][1] == made["c-3"][1]
