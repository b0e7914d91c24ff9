"""Base images for random builds: made in the engine under names of this run alone, and taken out at its end."""

from __future__ import annotations

import shutil
import subprocess
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# What they have besides busybox and a file; names and values are those that the drawn Dockerfiles use.
CONFIGURATIONS: tuple[tuple[str, ...], ...] = (
    (),
    ("ENV MODE=production",),
    ("ENV MODE=* NAME=a",),
    ("ENV NAME=config/production MODE=",),
    ("ENV DIR=..",),
    ("ENV MODE=production", "ONBUILD ENV NAME=b", "ONBUILD ARG VERSION"),
    ("ONBUILD COPY . /base/app/",),
    ("ONBUILD ARG VERSION", 'ONBUILD RUN test -n "$VERSION"', "ONBUILD COPY a /base/"),
    ("ENV MODE=default", "ONBUILD COPY config/$MODE /base/config/"),
    ("ONBUILD COPY <<E /base/hello", "hello $NAME", "E", "ONBUILD RUN echo --mount > /base/said"),
    ("ONBUILD RUN --mount=target=/m cp /m/b /base-b",),
)


@dataclass(frozen=True)
class BaseImage:
    """An image of the engine, and the lines that make it."""

    name: str
    lines: tuple[str, ...]


class BaseImages:
    """One for each of the configurations; each is made when it is first needed."""

    def __init__(self) -> None:
        run = uuid.uuid4().hex[:10]
        self.all = tuple(BaseImage(f"rajee-draw-{run}:{at}", lines) for at, lines in enumerate(CONFIGURATIONS))
        self.made: set[str] = set()

    def make(self, text: str) -> None:
        """Make those that a Dockerfile names."""
        for base in self.all:
            if base.name not in self.made and f"{base.name} " in text:
                _make(base)
                self.made.add(base.name)


@contextmanager
def base_images() -> Iterator[BaseImages]:
    """They are taken out of the engine at the end."""
    bases = BaseImages()
    try:
        yield bases
    finally:
        if bases.made:
            subprocess.run(["docker", "image", "rm", "--force", *bases.made], check=False, capture_output=True)


def _make(base: BaseImage) -> None:
    with TemporaryDirectory() as folder:
        root = Path(folder)
        shutil.copy2("/bin/busybox", root / "busybox")
        (root / "busybox").chmod(0o755)
        links = ("cat", "cp", "echo", "ls", "mkdir", "sh", "test", "touch")
        for name in links:
            (root / name).symlink_to("busybox")
        lines = ("FROM scratch", "COPY busybox " + " ".join(links) + " /bin/", *base.lines)
        (root / "Dockerfile").write_text("\n".join((*lines, "")))
        argv = ["docker", "buildx", "build", "--quiet", "--load", "--provenance=false", f"--tag={base.name}", folder]
        done = subprocess.run(argv, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
