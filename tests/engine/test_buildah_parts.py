"""In which parts buildah builds a Dockerfile: what is built on what, and what is looked at in between."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from rajee_deploy.engine.buildah_files import StagePart, Written
from rajee_deploy.engine.buildah_parts import UNLAYERED, Hands, Parts
from rajee_deploy.engine.leftovers import Cleaned, Stage
from rajee_deploy.errors import DeployError
from rajee_deploy.model import Platform
from rajee_deploy.model.dialect import BaseImage, PlainRun, PlainStage

AMD64, ARM64 = Platform.parse("linux/amd64"), Platform.parse("linux/arm64")
LAYERED = ("--layers=true",)


@dataclass
class Yard:
    """Builds nothing: an image is the number of its build, a clean one has a `c` behind it."""

    cuts: list[int | None] = field(default_factory=list)
    wrong: int = 0  # so many builds are for another platform
    built: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    lines: list[tuple[int, ...]] = field(default_factory=list)
    labelled: list[bool] = field(default_factory=list)
    platforms: list[str] = field(default_factory=list)
    cleaned: list[tuple[str, Stage]] = field(default_factory=list)

    def build(self, files, flags, is_last):
        self.labelled.append(is_last)
        self.built.append((files.text, flags))
        self.lines.append(files.lines)
        return str(len(self.built))

    def is_right(self, image, platform, must):
        self.platforms.append(str(platform))
        right = int(image) > self.wrong
        assert right or not must
        return right

    def clean(self, image, stage):
        self.cleaned.append((image, stage))
        cut = self.cuts.pop(0) if self.cuts else None
        return (image, Cleaned(cut=cut)) if cut is not None else (f"{image}c", Cleaned(1))

    def run(self, *stages, flags=LAYERED, target=AMD64):
        files = Written(tuple(stages), (), "")
        hands = Hands(self.build, self.is_right, self.clean, lambda _: 7, "Dockerfile")
        return Parts(files, flags, hands, target, AMD64).build()

    def texts(self):
        return [text.splitlines() for text, _ in self.built]


def part(name, *texts, below=None, base=None):
    count = len([text for text in texts if text.startswith("RUN ")])
    runs = tuple(PlainRun("/", (f"/m{number}",)) for number in range(count))
    whole = (f"FROM x AS {name}", *texts)
    return StagePart(whole, tuple(range(1, len(whole) + 1)), PlainStage(0, name, below, base or BaseImage(), runs))


def test_a_file_that_nobody_read_is_built_at_once():
    yard = Yard()
    assert yard.run(StagePart(("FROM x\nRUN y",)), flags=UNLAYERED) == "1"
    assert not yard.cleaned


def test_stages_in_which_nothing_can_be_left_are_built_together():
    yard = Yard()
    assert yard.run(part("s0", 'COPY ["a", "/b/"]'), part("s1", 'COPY ["a", "/b/"]')) == "1"
    assert not yard.cleaned


@pytest.mark.parametrize(
    ("texts", "base"),
    [
        (["RUN a"], BaseImage()),
        (['COPY ["a", "/b"]'], BaseImage()),
        (["ENV A=1"], BaseImage(volumes=("/v",))),
        (["ENV A=1"], BaseImage(workdir="/w")),
        (["ENV A=1"], BaseImage(onbuild=("run x",))),
    ],
)
def test_a_stage_is_clean_before_others_stand_on_it(texts, base):
    yard = Yard()
    base = base._replace(layers=3)
    assert yard.run(part("s0", *texts, base=base), part("s1", "ENV B=1", below=0)) == "2"
    assert yard.texts() == [["FROM x AS s0", *texts], ["FROM 1c AS s0", "FROM x AS s1", "ENV B=1"]]
    ((image, stage),) = yard.cleaned
    assert (image, stage.below, stage.base, stage.is_one) == ("1", 3, base, False)


def test_a_volume_of_the_base_counts_for_all_that_stand_on_it():
    yard = Yard(cuts=[0])
    base = BaseImage(volumes=("/v",), workdir="/w")
    yard.run(part("s0", "RUN a", "RUN b", base=base), part("s1", "RUN c", below=0))
    volumes = BaseImage(volumes=("/v",))
    assert [stage.base for _, stage in yard.cleaned] == [base, base, volumes, volumes]


def test_layers_of_stages_below_are_counted():
    yard = Yard()
    three = part("s0", "ENV A=1", base=BaseImage(layers=3)), part("s1", "RUN a", below=0), part("s2", "RUN b", below=1)
    assert yard.run(*three) == "2c"
    assert [stage.below for _, stage in yard.cleaned] == [3, 7]
    assert [stage.runs for _, stage in yard.cleaned] == [(PlainRun("/", ("/m0",)),)] * 2


def test_what_follows_a_directory_that_is_not_there_is_built_on_the_clean_image():
    yard = Yard(cuts=[1])
    stage = part("s0", "ARG A", "RUN a", "SHELL [x]", "CMD c", "ARG B", "RUN b", "CMD d", "RUN e")
    assert yard.run(stage) == "3c"
    assert yard.texts()[1:] == [
        ["FROM x AS s0", "ARG A", "RUN a", "SHELL [x]", "CMD c", "ARG B", "RUN b"],
        ["FROM 2c AS s0", "ARG A", "ARG B", "SHELL [x]", "CMD c", "CMD d", "RUN e"],
    ]
    assert yard.labelled == [True, False, True]
    assert yard.lines[2] == (1, 2, 6, 4, 5, 8, 9)
    assert [len(stage.runs) for _, stage in yard.cleaned] == [3, 2, 1]
    assert yard.cleaned[2][1].runs == (PlainRun("/", ("/m2",)),)


def test_without_layers_each_run_is_a_part_of_its_own():
    yard = Yard()
    assert yard.run(part("s0", "ENV A=1", "RUN a", 'ADD ["f", "/d/"]', "RUN b"), flags=UNLAYERED) == "3c"
    assert yard.texts() == [
        ["FROM x AS s0", "ENV A=1", "RUN a"],
        ["FROM 1c AS s0", 'ADD ["f", "/d/"]'],
        ["FROM 2c AS s0", "RUN b"],
    ]
    assert all(stage.is_one for _, stage in yard.cleaned)


def test_a_layer_of_another_platform_is_not_taken_twice():
    yard = Yard(wrong=1)
    assert yard.run(part("s0", 'COPY ["f", "/d/"]', "RUN b")) == "3c"
    assert [flags for _, flags in yard.built] == [LAYERED, UNLAYERED, UNLAYERED]


def test_layers_of_another_architecture_are_kept_where_nothing_is_run():
    """The first stage is for the machine that builds, and so is what stands on it."""
    yard = Yard()
    first = part("s0", "RUN a")
    first = replace(first, texts=("FROM --platform=linux/amd64 x AS s0", *first.texts[1:]))
    stages = first, part("s1", "RUN b", below=0), part("s2", "RUN c"), part("s3", 'COPY ["a", "/b"]')
    assert yard.run(*stages, target=ARM64) == "4c"
    assert yard.platforms == ["linux/amd64", "linux/amd64", "linux/arm64", "linux/arm64"]
    assert [flags for _, flags in yard.built] == [LAYERED, LAYERED, UNLAYERED, LAYERED]
    assert yard.texts()[1][0] == "FROM --platform=linux/amd64 1c AS s0"


def test_a_trigger_that_runs_something_needs_layers():
    with pytest.raises(DeployError) as caught:
        Yard().run(part("s0", "ENV A=1", base=BaseImage(onbuild=("RUN x",))), flags=UNLAYERED)
    assert (caught.value.code, caught.value.where) == ("engine-cannot", "Dockerfile:1")
