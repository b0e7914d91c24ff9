"""The contents of the build from the user's own directory against those of the build of what was selected."""

from __future__ import annotations

import io
import subprocess
import tarfile
import uuid
from dataclasses import dataclass, field, replace

import pytest

from rajee_deploy import context as contexts
from rajee_deploy.actions.verify.buildkit import check
from rajee_deploy.actions.verify.contents import compare
from rajee_deploy.context import Modes
from rajee_deploy.engine.probe import BuildxProbe, ProbeAnswer
from rajee_deploy.errors import DeployError
from rajee_deploy.image.inputs import read_inputs
from rajee_deploy.model import Platform, Selector
from rajee_deploy.settings import ImageSettings

AMD64 = Platform.parse("linux/amd64")
FILES = {"config/default/app.json": "d", "config/production/app.json": "p", "config/production/ca.pem": "c", "a": "a"}


@pytest.fixture
def project(tmp_path):
    root = tmp_path / "project"
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """A local image with ENV NODE_ENV and a shell, which nothing locks."""
    place = tmp_path_factory.mktemp("base")
    name = f"rajee-test-base:{uuid.uuid4().hex[:12]}"
    subprocess.run(["cp", "/bin/busybox", place / "sh"], check=True)
    (place / "Dockerfile").write_text("FROM scratch\nCOPY sh /bin/sh\nENV NODE_ENV=production\n")
    subprocess.run(["docker", "build", "--quiet", "--tag", name, place], check=True, capture_output=True)
    yield name
    subprocess.run(["docker", "rmi", name], check=True, capture_output=True)


def settings(root, *lines, **given):
    (root / "Dockerfile").write_text("\n".join([*lines, ""]))
    options = {"target": None, "build_args": {}, "build_contexts": {}, **given}
    return ImageSettings(
        name="app", context=root, dockerfile=root / "Dockerfile", repository="", platforms=(AMD64,), **options
    )


def planned(inputs, number, selector):
    """The inputs of a tool that takes one read for another: all that follows from the read does, too."""
    reads = list(inputs.recipe.reads)
    reads[number] = reads[number]._replace(selector=selector, widened="")
    recipe = replace(inputs.recipe, reads=tuple(reads))
    found = inputs.selections[""]
    selection = contexts.look_up(found.root, reads, found.rules, Modes.GIT)
    variants = (replace(inputs.variants[0], recipe=recipe, uses=selection.uses),)
    return replace(inputs, recipe=recipe, selections={"": selection}, uses=selection.uses, variants=variants)


CASE = ("ARG NODE_ENV", "COPY config/production/ca.pem /ca/", "COPY config/${NODE_ENV:-default} /config/")


@pytest.mark.docker
def test_what_only_the_base_decides_is_found(project, base):
    """The probe shares the mistake, since it has no base; the contents do not."""
    wrong = planned(read_inputs(settings(project, f"FROM {base}", *CASE)), 1, Selector("/config/default"))
    assert not check(wrong, BuildxProbe()).unchecked
    with pytest.raises(DeployError) as caught:
        compare(wrong, BuildxProbe())
    assert caught.value.code == "verify-mismatch"
    assert "/config/app.json is copied by a build of the directory" in caught.value.problem


@pytest.mark.docker
def test_the_same_for_what_a_run_mounts(project, base):
    run = "RUN --mount=source=config/${NODE_ENV:-default},target=/m cat /m/ca.pem"
    wrong = planned(
        read_inputs(settings(project, f"FROM {base}", CASE[0], CASE[1], run)), 1, Selector("/config/default")
    )
    with pytest.raises(DeployError) as caught:
        compare(wrong, BuildxProbe())
    assert caught.value.code == "verify-mismatch"
    assert "app.json is copied by a build of the directory" in caught.value.problem


@pytest.mark.docker
def test_a_build_that_only_works_from_the_directory_is_found(project):
    wrong = planned(
        read_inputs(settings(project, "FROM scratch", "COPY a /", "COPY config /c/")), 0, Selector("/config")
    )
    with pytest.raises(DeployError) as caught:
        compare(wrong, BuildxProbe())
    assert "fails, one of the directory does not" in caught.value.problem


@pytest.mark.docker
@pytest.mark.parametrize("mode", [0o644, 0o664, 0o600])
def test_what_is_right_agrees_whatever_the_modes(project, base, mode):
    (project / "a").chmod(mode)
    lines = ("FROM scratch AS one", "COPY a config /x/", f"FROM {base}", *CASE)
    right = read_inputs(settings(project, *lines, "RUN echo $RANDOM > /by-chance", "COPY --from=one / /one/"))
    assert [(one.how, one.reason) for one in compare(right, BuildxProbe())] == [("cached", "")]


@pytest.mark.docker
def test_what_deployignore_takes_out_is_no_difference(project):
    (project / ".deployignore").write_text("production/\n")
    right = read_inputs(settings(project, "FROM scratch", "COPY . /x/"))
    assert [one.how for one in compare(right, BuildxProbe())] == ["cached"]


@pytest.mark.docker
def test_what_the_engine_has_from_another_day_is_no_proof(project, base):
    """Both builds are CACHED in every step when a plain build and a wrong one were made before."""
    wrong = planned(read_inputs(settings(project, f"FROM {base}", *CASE)), 1, Selector("/config/default"))
    for _ in range(2):
        with pytest.raises(DeployError) as caught:
            compare(wrong, BuildxProbe())
        assert caught.value.code == "verify-mismatch"


@pytest.fixture
def trigger(base, tmp_path):
    """An image that copies everything by ONBUILD."""
    name = f"rajee-test-trigger:{uuid.uuid4().hex[:12]}"
    (tmp_path / "Dockerfile").write_text(f"FROM {base}\nONBUILD COPY . /all/\n")
    subprocess.run(["docker", "build", "--quiet", "--tag", name, tmp_path], check=True, capture_output=True)
    yield name
    subprocess.run(["docker", "rmi", name], check=True, capture_output=True)


@pytest.mark.docker
def test_what_a_base_copies_by_itself_is_found_again_and_again(project, trigger):
    inputs = read_inputs(settings(project, f"FROM {trigger}", "COPY a /x/"))
    for _ in range(2):
        with pytest.raises(DeployError) as caught:
            compare(inputs, BuildxProbe())
        assert "is copied by a build of the directory, but was not selected" in caught.value.problem


@pytest.mark.docker
def test_a_build_that_fails_is_not_compared(project):
    (one,) = compare(read_inputs(settings(project, "FROM localhost:9/none:1", "COPY a /")), BuildxProbe())
    assert not one.how
    assert one.reason.startswith("without its RUN instructions the stage verify-stage-0 is not built: ")


@dataclass
class Answers:
    """An engine whose second build of each stage has steps that ran, and whose exports are these tars."""

    exports: list[dict[str, bytes]]
    ran: frozenset[str] = frozenset(["[2/2] COPY a /x"])
    texts: list[str] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)
    built: int = 0

    def check(self):
        return "fake"

    def probe(self, _request):
        self.built += 1
        return ProbeAnswer("", frozenset(), self.ran if self.built % 2 == 0 else frozenset())

    def export(self, request, consume):
        self.texts.append(request.dockerfile.read_text())
        self.targets.append(request.target)
        made = io.BytesIO()
        with tarfile.open(fileobj=made, mode="w") as archive:
            for name, content in self.exports.pop(0).items():
                entry = tarfile.TarInfo(name)
                entry.size, entry.mtime, entry.mode = (
                    len(content),
                    self.built * len(self.texts),
                    0o600 + len(self.texts),
                )
                archive.addfile(entry, io.BytesIO(content))
        made.seek(0)
        consume(made)
        return ProbeAnswer("")


LINES = (
    "FROM scratch AS build",
    "COPY --chown=no:body a \\",
    "  /x/",
    "RUN <<F",
    "make",
    "F",
    "USER nobody",
    "ENV K=1",
    "FROM scratch",
    "RUN --mount=source=config/$K,target=/m --mount=type=cache,target=/c make",
    "COPY --from=build /x /y",
    "COPY a /z",
)


def test_nothing_is_run_and_every_stage_is_compared(project):
    (project / "config/1").write_text("1")
    engine = Answers([{"x": b"1"}] * 4)
    (one,) = compare(read_inputs(settings(project, *LINES)), engine)
    assert one.how == "contents"
    assert engine.targets == ["build", "build", "verify-stage-1", "verify-stage-1"]
    (place,) = {line.split('"')[3] for line in engine.texts[0].splitlines() if '"' in line}
    new = f"WORKDIR {place.removesuffix('/1/')}"
    assert [line for line in engine.texts[0].splitlines() if line] == [
        "FROM scratch AS build",
        new,
        "COPY a \\",
        "  /x/",
        "ENV K=1",
        "FROM scratch AS verify-stage-1",
        new,
        f'COPY ["config/$K", "{place}"]',
        "COPY a /z",
    ]


@pytest.mark.parametrize(
    ("exports", "problem"),
    [
        ([{"x": b"1"}, {"x": b"2"}], "/x differs"),
        ([{"x": b"1", "y": b""}, {"x": b"1"}], "/y was selected, but a build of the directory does not copy it"),
        ([{}, {"d/z": b""}], "/d/z is copied by a build of the directory, but was not selected"),
    ],
)
def test_the_first_path_that_differs_is_named(project, exports, problem):
    with pytest.raises(DeployError) as caught:
        compare(read_inputs(settings(project, "FROM scratch", "COPY a /x")), Answers(exports))
    assert (caught.value.code, caught.value.problem) == ("verify-mismatch", problem)
    assert caught.value.cause == "not CACHED:\n[2/2] COPY a /x"


@pytest.mark.parametrize(("size", "how"), [(10_000, "contents"), (9_000, ""), (0, "")])
def test_an_image_that_is_too_large_is_not_compared(project, size, how):
    engine = Answers([{"x": b"1" * 9000}] * 2)
    (one,) = compare(read_inputs(settings(project, "FROM scratch", "COPY a /x")), engine, size)
    assert one.how == how
    assert how or "--max-size" in one.reason


def test_a_mount_that_no_copy_can_say_is_told(project):
    (project / "q*").mkdir()
    engine = Answers([{}, {}])
    lines = ("FROM scratch", "RUN --mount=source=q*,target=/m x")
    (one,) = compare(read_inputs(settings(project, *lines)), engine)
    assert (one.how, one.reason) == ("", "line 2: RUN --mount of q* was not compared")
