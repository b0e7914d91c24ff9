"""Several builds of one run: the limit, what a failure leaves, and an interrupt on all threads."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
import threading
import time
from dataclasses import dataclass, field

import pytest
from fakes import FakeEngine, FakeRegistry

from rajee_deploy.actions.build import BuildView, Workshop, build_all
from rajee_deploy.console import Console
from rajee_deploy.engine import BuildEvent
from rajee_deploy.errors import DeployError
from rajee_deploy.image.inputs import read_inputs
from rajee_deploy.plan.state import WantedImage
from rajee_deploy.plan.steps import BuildAndPush
from rajee_deploy.settings import load
from rajee_deploy.system import process

NAMES = ("api", "web", "job")


@dataclass
class Slow(FakeEngine):
    """Counts how many builds are under way; fails for the images that are named."""

    at_once: int = 0
    most: int = 0
    failing: tuple[str, ...] = ()
    meet: threading.Barrier | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def build_and_push(self, request, access, on_event):
        with self._lock:
            self.at_once += 1
            self.most = max(self.most, self.at_once)
        try:
            if self.meet is not None:
                self.meet.wait(10)
            if request.name in self.failing:
                raise DeployError("build-failed", f"{request.name} is broken", cause="its last words")
            return super().build_and_push(request, access, on_event)
        finally:
            with self._lock:
                self.at_once -= 1


@dataclass
class Sleeping(FakeEngine):
    """Builds by a program that does not end by itself."""

    pids: list[str] = field(default_factory=list)

    def build_and_push(self, request, access, on_event):
        on_event(BuildEvent(f"{request.name} to {access.host}"))
        code = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
        process.run([sys.executable, "-c", code], on_line=self.pids.append)
        raise DeployError("build-failed", "its program was ended")


class Site:
    def __init__(self, root, limit: int) -> None:
        lines = [f"build-concurrency = {limit}"]
        for name in NAMES:
            (root / name).mkdir()
            (root / name / "Dockerfile").write_text("FROM scratch\nCOPY app /app\n")
            (root / name / "app").write_text(name)
            lines += [f"[images.{name}]", f'context = "{name}"', f'repository = "team/{name}"']
        (root / "rajee-deploy.toml").write_text("\n".join(lines))
        self.settings = load(root / "rajee-deploy.toml")
        self.registry = FakeRegistry({f"team/{name}": {} for name in NAMES})
        self.inputs = {image.name: read_inputs(image) for image in self.settings.images}
        self.talk = io.StringIO()
        self.phases: list[str] = []

    def build(self, engine) -> None:
        console = Console(stderr=self.talk)

        @contextlib.contextmanager
        def phase(name):
            self.phases.append(name)
            yield

        wanted = {image.name: self.wanted(image) for image in self.settings.images}
        shop = Workshop(
            settings=self.settings,
            engine=engine,
            registry=self.registry,
            console=console,
            phase=phase,
            step=lambda step: console.step("build", step.image),
            timed=phase,
            wanted=wanted,
            build_records=lambda: (),
        )
        build_all(shop, [BuildAndPush(n, self.inputs[n].fingerprint.tag, "") for n in NAMES], self.inputs)

    def wanted(self, image) -> WantedImage:
        fingerprint = self.inputs[image.name].fingerprint
        return WantedImage(image.name, fingerprint, image.repository, image.stack, image.parameter, image.platforms)

    @property
    def pushed(self) -> set[str]:
        return {name for name in NAMES if self.registry.repositories[f"team/{name}"]}


class Seen(Console):
    """Remembers what a build is busy with."""

    def progress(self, text):
        self.doing = text
        return True


def test_what_goes_on_in_a_build_is_what_began_last_of_what_has_not_ended():
    console = Seen(stderr=io.StringIO())
    view = BuildView(console)
    found = []
    for event in (
        BuildEvent("[1/2] FROM a"),
        BuildEvent("[2/2] RUN b"),
        BuildEvent("load build context", moved=1 << 20, size=2 << 20, layers=1),
        BuildEvent("load build context", 0.1),
        BuildEvent("[1/2] FROM a", 1.0),
        BuildEvent("[2/2] RUN b", 2.0),
        BuildEvent("exporting", layers=2),
    ):
        view.tell(event)
        found.append(console.doing)
    assert found == [
        "[1/2] FROM a",
        "[2/2] RUN b",
        "load build context  1.0 of 2.0 MiB in 1 part",
        "[2/2] RUN b",
        "[2/2] RUN b",
        "[2/2] RUN b",
        "exporting  2 parts",
    ]
    assert console._stderr.stream.getvalue() == "", "nobody asked for each step"


def test_each_step_that_ended_is_told_to_who_asks_for_it():
    talk = io.StringIO()
    view = BuildView(Console(stderr=talk, verbose=True), "api: ")
    for event in (BuildEvent("one"), BuildEvent("one", 1.5), BuildEvent("two", 0.0, cached=True)):
        view.tell(event)
    assert talk.getvalue().splitlines() == ["    api: one", "      1.50s  api: one", "     cached  api: two"]


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_no_more_at_a_time_than_the_limit(tmp_path, limit):
    site = Site(tmp_path, limit)
    engine = Slow(site.registry)
    site.build(engine)
    assert engine.most <= limit
    assert site.pushed == set(NAMES)


def test_they_do_build_at_the_same_time(tmp_path):
    site = Site(tmp_path, 3)
    engine = Slow(site.registry, meet=threading.Barrier(3))  # breaks, and fails them all, unless three come together
    site.build(engine)
    assert engine.most == 3


def test_one_that_fails_does_not_lose_the_others(tmp_path):
    site = Site(tmp_path, 2)
    with pytest.raises(DeployError) as caught:
        site.build(Slow(site.registry, failing=("api",)))
    assert (caught.value.code, caught.value.problem) == ("build-failed", "api is broken")
    assert site.pushed == {"web", "job"}
    assert "✓ build   web" in site.talk.getvalue()


class WithoutCache(FakeEngine):
    """Pushes every image, and then cannot write the shared cache."""

    def build_and_push(self, request, access, on_event):
        super().build_and_push(request, access, on_event)
        raise DeployError("cache-not-written", "no cache", cause="step: exporting cache\nERROR: 404")


def test_a_cache_that_cannot_be_written_is_told_and_stops_nothing(tmp_path):
    site = Site(tmp_path, 2)
    site.build(WithoutCache(site.registry))
    assert site.pushed == set(NAMES)
    said = site.talk.getvalue()
    assert said.count("no cache") == said.count("ERROR: 404") == len(NAMES)
    assert "another run" not in said


def test_all_failures_are_told(tmp_path):
    site = Site(tmp_path, 2)
    with pytest.raises(DeployError) as caught:
        site.build(Slow(site.registry, failing=("api", "job")))
    error = caught.value
    assert (error.code, error.where) == ("builds-failed", "api, job")
    assert "2 of 3" in error.problem
    assert [line for line in error.cause.splitlines() if "broken" in line or "last words" in line] == [
        "api: api is broken [build-failed]",
        "  its last words",
        "job: job is broken [build-failed]",
        "  its last words",
    ]
    assert site.pushed == {"web"}


def test_a_push_that_left_nothing_counts_as_a_failure_of_its_image(tmp_path):
    site = Site(tmp_path, 2)
    with pytest.raises(DeployError) as caught:
        site.build(Slow(site.registry, loses_pushes=True))
    assert caught.value.cause.count("push-not-confirmed") == 3


def test_an_interrupt_ends_every_program(tmp_path):
    site = Site(tmp_path, 3)
    engine = Sleeping(site.registry)
    stop = threading.Thread(target=interrupt_when, args=(lambda: len(engine.pids) == 3,))
    stop.start()
    with pytest.raises(KeyboardInterrupt):
        site.build(engine)
    stop.join()
    assert [line for line in engine.pids if line.isdigit() and is_alive(int(line))] == []
    assert process.run([sys.executable, "-c", ""]).code == 0, "programs can be started again"


def interrupt_when(ready) -> None:
    deadline = time.monotonic() + 30
    while not ready() and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGINT)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
