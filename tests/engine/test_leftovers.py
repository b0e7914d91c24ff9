"""What buildah leaves where a RUN mounted something is taken out of an image, and nothing else is."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile

import pytest

from rajee_deploy.engine.leftovers import Cleaned, Stage, remove_leftovers
from rajee_deploy.errors import DeployError
from rajee_deploy.model.dialect import BaseImage, PlainRun

STUBS = ("etc/", "etc/hosts", "etc/resolv.conf", "run/", "dev/", "proc/", "sys/")
COPY, RUN = "/bin/sh -c #(nop) COPY file:1 in /a ", "/bin/sh -c true"


def archive(entries):
    """A layer of paths: `d/`, `f` (empty), `f=text`, `l>target`."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as file:
        for entry in entries:
            name, _, text = entry.partition("=")
            name, arrow, target = name.partition(">")
            member = tarfile.TarInfo(name)
            member.mode = 0o755
            member.size = len(text)
            if arrow:
                member.type, member.linkname = tarfile.SYMTYPE, target
            elif name.endswith("/"):
                member.type = tarfile.DIRTYPE
            file.addfile(member, io.BytesIO(text.encode()))
    return made.getvalue()


def put(place, content):
    digest = hashlib.sha256(content).hexdigest()
    (place / digest).write_bytes(content)
    return {"digest": f"sha256:{digest}", "size": len(content)}


def write(place, *layers):
    """An image of (step, entries)."""
    found = [put(place, archive(entries)) for _, entries in layers]
    history = [{"created_by": step} for step, _ in layers]
    history.insert(1, {"created_by": "/bin/sh -c #(nop) ENV A=1", "empty_layer": True})
    config = {"config": {"Cmd": ["x"]}, "rootfs": {"diff_ids": [each["digest"] for each in found]}, "history": history}
    manifest = {"config": put(place, json.dumps(config).encode()), "layers": found}
    (place / "manifest.json").write_text(json.dumps(manifest))


def read(place):
    """The paths of each layer, where every digest and size is right."""
    manifest = json.loads((place / "manifest.json").read_text())
    layers = []
    for described in (manifest["config"], *manifest["layers"]):
        content = (place / described["digest"].partition(":")[2]).read_bytes()
        assert described["size"] == len(content)
        assert described["digest"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
        layers.append(content)
    config = json.loads(layers.pop(0))
    assert config["rootfs"]["diff_ids"] == [each["digest"] for each in manifest["layers"]]
    assert config["config"] == {"Cmd": ["x"]}
    return [[member.name for member in tarfile.open(fileobj=io.BytesIO(layer))] for layer in layers]


def stage(below=0, mounts=((),), volumes=(), workdir="", at="/", *, is_one=False):
    base = BaseImage(volumes=volumes, workdir=workdir)
    return Stage(below, tuple(PlainRun(at, each) for each in mounts), base, is_one, "Dockerfile:1")


KEPT = ["dev", "proc", "sys"]


@pytest.mark.parametrize(
    ("layers", "targets", "expected"),
    [
        pytest.param([(COPY, ["a"]), (RUN, [*STUBS, "f=x"])], [()], [["a"], [*KEPT, "f"]], id="all"),
        pytest.param(
            [(COPY, ["etc/", "run/"]), (RUN, STUBS)],
            [()],
            [["etc", "run"], ["etc", "run", *KEPT]],
            id="directories of the base",
        ),
        pytest.param(
            [(COPY, ["etc/hosts", "run/x"]), (RUN, STUBS)],
            [()],
            [["etc/hosts", "run/x"], ["etc", "etc/hosts", "run", *KEPT]],
            id="a directory without an entry",
        ),
        pytest.param([(COPY, []), (RUN, [*STUBS, "etc/f=x"])], [()], [[], ["etc", *KEPT, "etc/f"]], id="written into"),
        pytest.param(
            [(COPY, ["etc/"]), (RUN, ["etc/hosts"]), (RUN, ["etc/x"])],
            [(), ()],
            [["etc"], [], ["etc/x"]],
            id="a file, and more",
        ),
        pytest.param(
            [(COPY, ["etc/hosts"]), (COPY, ["etc/.wh.hosts"]), (RUN, ["etc/hosts"])],
            [()],
            [["etc/hosts"], ["etc/.wh.hosts"], []],
            id="removed before",
        ),
        pytest.param(
            [(COPY, ["etc/hosts"]), (COPY, ["etc/.wh..wh..opq"]), (RUN, ["etc/hosts"])],
            [()],
            [["etc/hosts"], ["etc/.wh..wh..opq"], []],
            id="emptied before",
        ),
        pytest.param([(COPY, ["etc>/x"]), (RUN, ["x/", "x/hosts"])], [()], [["etc"], []], id="behind a link"),
        pytest.param(
            [(COPY, ["etc/resolv.conf>../r/f"]), (RUN, ["r/", "r/f"])],
            [()],
            [["etc/resolv.conf"], []],
            id="a link to nowhere",
        ),
        pytest.param([(COPY, []), (RUN, ["m/", "m/n/", "o/"])], [("/m/n/f",)], [[], ["o"]], id="a mount"),
        pytest.param([(RUN, ["m/"]), (RUN, ["o/"])], [("/o/x",), ("/m/x",)], [["m"], ["o"]], id="each its own mounts"),
        pytest.param([(RUN, ["m/"]), (RUN, ["n/"])], [("/n/x",)], [["m"], []], id="a trigger first"),
        pytest.param([(COPY, []), (RUN, ["m/", "m/.wh.x"])], [("/m/x",)], [[], ["m", "m/.wh.x"]], id="not empty"),
    ],
)
def test_what_is_taken_out(tmp_path, layers, targets, expected):
    write(tmp_path, *layers)
    cleaned = remove_leftovers(tmp_path, stage(mounts=tuple(targets)))
    assert read(tmp_path) == expected
    assert cleaned == Cleaned(sum(len(entries) for _, entries in layers) - sum(map(len, expected)))


def test_an_image_that_is_built_on_stays_as_it_is(tmp_path):
    write(tmp_path, (RUN, STUBS), (RUN, ["f"]))
    assert remove_leftovers(tmp_path, stage(below=1)) == Cleaned()
    assert len(read(tmp_path)[0]) == len(STUBS)


def test_the_only_layer_of_a_run_needs_no_history(tmp_path):
    write(tmp_path, (COPY, ["etc/", "run/"]), (COPY, ["etc/hosts", "etc/f", "m/"]))
    assert remove_leftovers(tmp_path, stage(below=1, mounts=(("/m/x",),), is_one=True)) == Cleaned(2)
    assert read(tmp_path)[1] == ["etc/f"]


@pytest.mark.parametrize(
    ("layers", "mounts", "cut"),
    [
        ([(RUN, ["etc/"]), (COPY, ["etc/", "etc/f"])], [()], 0),
        ([(RUN, ["f"]), (RUN, ["m/"]), (RUN, ["run/"])], [(), ("/m/x",), ()], 1),
        ([(RUN, ["etc/", "etc/f=x"]), (RUN, ["run/"]), (COPY, ["a"])], [(), ()], 1),
    ],
)
def test_what_follows_a_directory_that_is_not_there_is_built_anew(tmp_path, layers, mounts, cut):
    write(tmp_path, *layers)
    assert remove_leftovers(tmp_path, stage(mounts=tuple(mounts))) == Cleaned(cut=cut)


@pytest.mark.parametrize(
    ("layers", "given", "problem"),
    [
        ([(RUN, ["etc/"]), (COPY, ["a"])], {"mounts": ()}, "ONBUILD leaves"),
        ([(COPY, ["a"])], {"volumes": ("/v",), "mounts": (), "below": 1}, "VOLUME /v"),
        ([(COPY, ["v"]), (RUN, ["f"])], {"volumes": ("/v",), "below": 1}, "VOLUME /v"),
        ([(COPY, ["a"])], {}, "which layers a RUN made"),
        ([(COPY, ["run/.containerenv"]), (RUN, ["run/", "run/.wh..containerenv"])], {}, "and buildah removes it"),
        ([(COPY, ["w"])], {"workdir": "/w", "mounts": (), "below": 1}, "WORKDIR /w"),
        ([(COPY, ["w/"]), (RUN, [".wh.w"])], {"at": "/w"}, "takes its own working directory"),
        ([(COPY, ["v/"]), (RUN, [".wh.v"])], {"volumes": ("/v",), "below": 1}, "takes the base's VOLUME /v away"),
        ([(COPY, ["l>/x/y"]), (COPY, ["x/", "x/y/", "x/y/a"])], {"mounts": ()}, "/l is a link to nowhere"),
    ],
)
def test_what_cannot_be_undone_is_refused(tmp_path, layers, given, problem):
    write(tmp_path, *layers)
    with pytest.raises(DeployError) as caught:
        remove_leftovers(tmp_path, stage(**given))
    assert (caught.value.code, caught.value.where) == ("engine-cannot", "Dockerfile:1")
    assert problem in caught.value.problem


@pytest.mark.parametrize("volume", ["/v", "/v/", "/l", "/", "/v/../l"])
def test_a_volume_that_is_a_directory_already(tmp_path, volume):
    write(tmp_path, (COPY, ["v/", "l>v"]))
    assert remove_leftovers(tmp_path, stage(below=1, mounts=(), volumes=(volume,))) == Cleaned()
