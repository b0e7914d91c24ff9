"""A build cache that a team shares, seen at work: two engines that have nothing in common but the registry.

What RUN writes is by chance, so that a layer which comes out the same was taken from the cache and not made again.
"""

from __future__ import annotations

import os

import pytest
from engines import second_engine

from rajee_deploy.engine.buildx import Buildx
from rajee_deploy.errors import DeployError
from rajee_deploy.model.names import FINGERPRINT_LABEL
from rajee_deploy.settings.build_settings import BuildSettings

pytestmark = [pytest.mark.docker, pytest.mark.parametrize("rig", ["buildx"], indirect=True)]


@pytest.fixture(scope="module")
def another(tmp_path_factory):
    with second_engine(tmp_path_factory.mktemp("another"), containerd_store=True) as engine:
        yield engine


@pytest.fixture
def elsewhere(another, far_store):
    """Makes the rig build on the other engine, as on a colleague's machine."""
    another.add_context("another")

    def move() -> None:
        far_store.engine, far_store.events = Buildx("another"), []

    return move


PLAIN = ("FROM scratch", "COPY app /app")


def lines(rig, daily: str = "first", seldom: str = "first") -> tuple[str, ...]:
    """A RUN of this test alone, between a file that changes seldom and one that changes every day."""
    context = rig.folder / "context"
    context.mkdir(exist_ok=True)
    for name, text in {"seldom": f"{rig.folder} {seldom}", "daily": daily}.items():
        (context / name).write_text(text)
        os.utime(context / name, (0, 0))  # staging gives all files one time
    # At the root: a directory that COPY makes has the time at which it was made.
    run = 'RUN ["/busybox", "sh", "-c", "echo $RANDOM$RANDOM$RANDOM > /by-chance"]'
    return ("FROM scratch", "COPY busybox /busybox", "COPY seldom /seldom", run, "COPY daily /daily")


def layers(rig, tag: str) -> dict[str, str]:
    """The digest of the content of each layer of a pushed image."""
    names = ("busybox", "seldom", "run", "daily")
    return dict(zip(names, rig.find_config(tag)["rootfs"]["diff_ids"], strict=True))


def changed(rig) -> set[str]:
    """The layers that c-2 does not share with c-1."""
    first, second = layers(rig, "c-1"), layers(rig, "c-2")
    return {name for name in first if first[name] != second[name]}


def run_was_cached(rig) -> bool:
    (event,) = (event for event in rig.events if "RUN" in event.name and event.seconds is not None)
    return event.cached


def test_what_one_engine_has_done_no_other_does_again(far_store, elsewhere, cache):
    far_store.build(*lines(far_store), tag="c-1", settings=BuildSettings(cache_to=(cache,)))
    assert not run_was_cached(far_store)
    elsewhere()
    digest = far_store.build(*lines(far_store), tag="c-2", settings=BuildSettings(cache_from=(cache,)))
    assert run_was_cached(far_store)
    imported = f"importing cache manifest from {far_store.access.host}/{cache}:image"
    assert imported in [event.name for event in far_store.events]
    assert digest.startswith("sha256:")
    assert changed(far_store) == set()


@pytest.mark.proof
def test_without_the_cache_it_is_done_again(far_store, elsewhere, cache):
    far_store.build(*lines(far_store), tag="c-1", settings=BuildSettings(cache_to=(cache,)))
    elsewhere()
    far_store.build(*lines(far_store), tag="c-2")
    assert not run_was_cached(far_store)
    assert changed(far_store) == {"run"}


@pytest.mark.parametrize(
    ("change", "made_again"), [({"daily": "next"}, {"daily"}), ({"seldom": "next"}, {"seldom", "run"})]
)
def test_what_a_change_does_not_touch_comes_from_the_cache(far_store, elsewhere, cache, change, made_again):
    far_store.build(*lines(far_store), tag="c-1", settings=BuildSettings(cache_to=(cache,)))
    elsewhere()
    far_store.build(*lines(far_store, **change), tag="c-2", settings=BuildSettings(cache_from=(cache,)))
    assert changed(far_store) == made_again


def test_stages_that_are_in_no_image_are_in_the_cache(far_store, elsewhere, cache):
    """Where a team compiles. The second image puts the result elsewhere, so that the stage itself is needed again."""
    *stage, _ = lines(far_store)
    far_store.build(
        *stage, "FROM scratch", "COPY --from=0 /by-chance /a", tag="c-1", settings=BuildSettings(cache_to=(cache,))
    )
    elsewhere()
    far_store.build(
        *stage, "FROM scratch", "COPY --from=0 /by-chance /b", tag="c-2", settings=BuildSettings(cache_from=(cache,))
    )
    assert run_was_cached(far_store)


def test_a_cache_does_not_decide_what_an_image_is(far_store, elsewhere, cache):
    """Label, environment and command are this build's, though all layers were made for another image."""
    ours, theirs = {FINGERPRINT_LABEL: "sha256:" + "a" * 64}, {FINGERPRINT_LABEL: "sha256:" + "b" * 64}
    more = ("ENV WHO=theirs", 'CMD ["/busybox", "theirs"]')
    settings = BuildSettings(cache_from=(cache,), cache_to=(cache,))
    far_store.build(*lines(far_store), *more, tag="c-1", settings=settings, labels=theirs)
    elsewhere()
    more = ("ENV WHO=ours", 'CMD ["/busybox", "ours"]')
    far_store.build(*lines(far_store), *more, tag="c-2", settings=settings, labels=ours)
    assert changed(far_store) == set()
    config = far_store.find_config("c-2")["config"]
    assert config["Labels"] == ours
    assert config["Cmd"] == ["/busybox", "ours"]
    assert "WHO=ours" in config["Env"]


@pytest.mark.proof
def test_an_image_may_carry_its_own_cache(far_store, elsewhere):
    """`type=inline`, for who wants no repository for caches."""
    name = far_store.access.uri.partition("/")[2]
    far_store.build(*lines(far_store), tag="c-1", settings=BuildSettings(cache_to=("type=inline",)))
    elsewhere()
    far_store.build(*lines(far_store), tag="c-2", settings=BuildSettings(cache_from=(f"{name}:c-1",)))
    assert changed(far_store) == set()


@pytest.mark.parametrize("place", ["there", "not there"])
def test_nothing_to_take_from_is_no_error(far_store, cache, place):
    """On the first run the cache is empty; and one that was deleted must stop nobody."""
    name = cache if place == "there" else "team/nowhere"
    far_store.build(*lines(far_store), settings=BuildSettings(cache_from=(name,)))
    assert not run_was_cached(far_store)
    assert far_store.find_config("c-1")


def test_a_cache_that_cannot_be_written_leaves_the_image_pushed(far_store):
    with pytest.raises(DeployError) as caught:
        far_store.build(*lines(far_store), settings=BuildSettings(cache_to=("team/nowhere",)))
    assert caught.value.code == "cache-not-written"
    assert "team/nowhere" in caught.value.cause
    assert "the image itself was pushed" in caught.value.hint
    assert far_store.find_config("c-1")


def test_an_engine_that_cannot_export_a_cache_builds_without_one(classic):
    """The classic image store; docs/registry-and-engines.md says that it is told and stops nothing."""
    with pytest.raises(DeployError) as caught:
        classic.build(*PLAIN, settings=BuildSettings(cache_to=("team/cache",), cache_from=("team/cache",)))
    assert caught.value.code == "cache-not-written"
    assert "containerd image store" in caught.value.hint
    assert "not supported" in caught.value.cause
    assert classic.find_config("c-1"), "the image is pushed all the same"


def test_every_engine_can_let_the_image_carry_its_cache(classic, another):
    """The one kind of cache that the classic store can write; docs/registry-and-engines.md says so."""
    name = classic.access.uri.partition("/")[2]
    settings = BuildSettings(cache_from=(f"{name}:live-App",), cache_to=("type=inline",))
    classic.build(*lines(classic), tag="live-App", settings=settings)
    another.add_context("another")
    classic.engine, classic.events = Buildx("another"), []
    classic.build(*lines(classic, daily="next"), tag="c-2", settings=settings)
    assert run_was_cached(classic)


def test_an_engine_that_can_write_no_cache_can_take_from_one(far_store, classic_engine, cache):
    """What CI wrote with a builder of its own serves the machines of a team, whatever engine they have."""
    far_store.build(*lines(far_store), tag="c-1", settings=BuildSettings(cache_to=(cache,)))
    if classic_engine is not None:
        classic_engine.add_context("classic")
    far_store.engine, far_store.events = Buildx("classic" if classic_engine is not None else None), []
    far_store.build(*lines(far_store, daily="next"), tag="c-2", settings=BuildSettings(cache_from=(cache,)))
    assert run_was_cached(far_store)
