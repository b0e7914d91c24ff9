"""A checkout whose CDK app makes image assets, each from a build context of its own, and its fingerprint by hash alone.

One synth serves many cases: a synth costs seconds, a fingerprint none. What a case edits is put back.
"""

from __future__ import annotations

import os
import shutil
import sys
import tarfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from synth.ways.world import INFRA, FakeAws

from rajee_deploy.image.originals import digest_originals
from rajee_deploy.settings import CdkSettings, Settings
from rajee_deploy.synth.app import CdkApp
from rajee_deploy.synth.cdk_cli import Cdk

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    from rajee_deploy.synth.tracing.depfile import Depfile

SCHEMA = "@aws-cdk/cloud-assembly-schema"
# What every build context has: its Dockerfile reads `src`, and nobody reads README.md.
CONTEXT = {
    "Dockerfile": "FROM scratch\nCOPY src /src/\n",
    "README.md": "one\n",
    "src/main": "one\n",
    ".dockerignore": "*.log\n",
}


@dataclass
class Checkout:
    """`root` is the checkout, the app lies in `infra`. `adopts` as the settings say it."""

    root: Path
    kept: Path
    adopts: bool = True
    number: int = field(default=0)

    def write(self, path: str, text: str) -> None:
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, "utf-8")

    def add_context(self, name: str, **files: str) -> None:
        for path, text in {**CONTEXT, "about.txt": f"{name}\n", **files}.items():  # the CDK takes equal ones for one
            self.write(f"{name}/{path}", text)

    @property
    def settings(self) -> CdkSettings:
        return CdkSettings(self.root / "infra", ("App",), adopts_images=self.adopts, project=self.root)

    def app(self) -> CdkApp:
        whole = Settings(self.root / "rajee-deploy.toml", (), self.settings)
        return CdkApp(self.settings, "", partial(digest_originals, whole))

    def synthesise(self) -> Path:
        self.number += 1
        app, assembly = self.app(), self.kept / f"cdk.out-{self.number}"
        time.sleep(0.02)  # what was written just now would pass for what changes during the synth
        Cdk(self.settings, FakeAws(), app.tracer).synth(assembly, lambda _line: None, {})
        assert not app.tracer.obstacle, app.tracer.obstacle
        return assembly

    def depfile(self) -> Depfile:
        return self.app()._read()

    def images(self) -> set[str]:
        return {image.name for image in self.depfile().images}

    def digest(self) -> str:
        return str(self.app().fingerprint().digest)

    def notices(self, path: str, text: str | None = "two\n", mode: int | None = None) -> bool:
        """Whether the fingerprint is another one when a file is written (None: removed), or gets a mode."""
        before = self.digest()
        with self.changed(path, text, mode):
            now = self.digest()
        assert self.digest() == before
        return now != before

    @contextmanager
    def changed(self, path: str, text: str | None = "two\n", mode: int | None = None) -> Iterator[None]:
        place = self.root / path
        old = place.read_bytes() if place.exists() else None
        old_mode = place.stat().st_mode if old is not None else 0o644
        above = [each for each in place.parents if not each.exists()]
        if mode is not None:
            place.chmod(mode)
        elif text is None:
            place.unlink()
        else:
            self.write(path, text)
        try:
            yield
        finally:
            if old is None:
                place.unlink()
                for each in above:
                    each.rmdir()
            else:
                place.write_bytes(old)
                place.chmod(old_mode)


def prepare(environment: pytest.MonkeyPatch, place: Path) -> Checkout:
    """An empty checkout, and the environment for its synths."""
    checkout = Checkout(place / "checkout", place / "kept")
    (checkout.root / ".git").mkdir(parents=True)
    for name in ("kept", "home", "tmp"):
        (place / name).mkdir()
    path = [str(Path(sys.executable).parent), str(INFRA / "node_modules" / ".bin"), os.environ["PATH"]]
    environment.setenv("PATH", os.pathsep.join(path))
    environment.setenv("HOME", str(place / "home"))
    environment.setenv("TMPDIR", str(place / "tmp"))
    environment.setenv("RAJEE_DEPLOY_CACHE_DIR", str(place / "cache"))
    environment.setattr("tempfile.tempdir", None)
    for name in ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "NODE_OPTIONS", "CDK_CONTEXT_JSON"):
        environment.delenv(name, raising=False)
    return checkout


def unpack_cdk(modules: Path) -> None:
    """aws-cdk-lib and what it stands on as npm installs them, out of the Python packages that carry them."""
    packages = {"aws_cdk": "aws-cdk-lib", "constructs": "constructs", "aws_cdk/cloud_assembly_schema": SCHEMA}
    for package, name in packages.items():
        archives = f"{package}/_jsii/*.jsii.tgz"
        found = next(path for entry in sys.path for path in Path(entry or ".").glob(archives))
        with tarfile.open(found) as archive:
            archive.extractall(modules)  # noqa: S202 -- of a package that is installed; `filter` came with 3.11.4
        (modules / name).parent.mkdir(exist_ok=True)
        shutil.move(modules / "package", modules / name)
