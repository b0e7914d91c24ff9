"""A checkout with an app, a home and a place for temporary files; and the judgement of our fingerprint over it.

The synth is the tool's own (`synthesise`), with the real CDK CLI. After each change the fingerprint is made by hash
alone, and then the app itself says whether its template has changed, so that no case can be vacuous.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from rajee_deploy.actions.synthesise import Synthesis, Synthesiser, synthesise
from rajee_deploy.aws import Identity
from rajee_deploy.errors import ConfigurationError
from rajee_deploy.settings import CdkSettings
from rajee_deploy.synth.app import CdkApp
from rajee_deploy.synth.cdk_cli import CDK_ENVIRONMENT, Cdk

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from synth.ways.way import Do, Way

    from rajee_deploy.fingerprint import Fingerprint

INFRA = Path(__file__).parents[3] / "infra"
US = Identity("123456789012", "us-east-1")


@dataclass
class FakeAws:
    """What `Cdk` asks of `Aws` for a synth."""

    profile: str = ""
    region: str = US.region

    def child_environment(self) -> dict[str, str]:
        chosen = {"AWS_REGION": self.region, "AWS_DEFAULT_REGION": self.region}
        return chosen | ({"AWS_PROFILE": self.profile} if self.profile else {})

    def resolved_environment(self) -> dict[str, str]:
        return {"AWS_REGION": self.region, "AWS_DEFAULT_REGION": self.region}

    def identity(self) -> Identity:
        return US


@dataclass
class World:
    """`root` holds all that a change may touch; `kept` is for what stays: caches and assemblies."""

    way: Way
    root: Path
    kept: Path
    open: ExitStack
    aws: FakeAws = field(default_factory=FakeAws)
    number: int = 0

    def __post_init__(self) -> None:
        self.project = self.root / "checkout"
        (self.project / ".git").mkdir(parents=True)
        self.kept.mkdir()
        for name in ("home", "tmp"):
            (self.root / name).mkdir()
        self.write("cdk/cdk.json", json.dumps({"app": self.way.command}))
        for path, content in self.way.files.items():
            self.write(path, content)
        for do in self.way.prepare:
            do.act(self)
        if (self.project / "cdk" / "app.c").exists() and "cc " not in self.way.command:
            subprocess.run(["cc", "-w", "-o", "app", "app.c"], cwd=self.project / "cdk", check=True)

    def at(self, path: str) -> Path:
        return self.root / "home" / path[2:] if path.startswith("~/") else Path(os.path.normpath(self.project / path))

    def write(self, path: str, content: str | bytes) -> None:
        place = self.at(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)  # it may be a link to the same file in the backup
        place.write_bytes(content if isinstance(content, bytes) else content.encode())
        if bytes(content[:2] if isinstance(content, bytes) else content[:2].encode()) == b"#!":
            place.chmod(0o755)

    def set_variables(self, values: Mapping[str, str]) -> None:
        os.environ.update(values)

    def move(self, place: Path) -> None:
        """The checkout goes to another place, and what is known of its app with it, as a deployed template takes it to
        another machine."""
        place.parent.mkdir(parents=True, exist_ok=True)
        old = self._app()
        self.project.rename(place)
        self.project = place
        new = self._app()
        if old._depfile.exists():
            new._depfile.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(old._depfile, new._depfile)

    # -- the tool ------------------------------------------------------------------------------------------------------

    @property
    def settings(self) -> CdkSettings:
        more = dict(self.way.settings)
        inputs = tuple(self.at(path) for path in more.pop("inputs", ()))
        return CdkSettings(self.project / "cdk", ("App",), inputs=inputs, **more)

    def _app(self, environment: str = "") -> CdkApp:
        return CdkApp(self.settings, environment)

    def fingerprint(self) -> Fingerprint:
        return self._app().fingerprint()

    def synthesise(self, environment: str = "", on_line=lambda _line: None) -> tuple[Synthesis, str]:
        """The tool's synth, and its template."""
        app = self._app(environment)
        by = Synthesiser(Cdk(self.settings, self.aws, app.tracer), app.fingerprint, app.store)
        self.number += 1
        time.sleep(0.02)  # what was written just now would pass for what changes during the synth
        made = synthesise(by, app.fingerprint(), US, self.kept / f"cdk.out-{self.number}", on_line)
        return made, (made.assembly / "App.template.json").read_text()

    def template(self) -> str:
        """What a synth of the world as it is would make."""
        if self.way.by_cli:
            return self.synthesise("truth")[1]
        self.number += 1
        out = self.kept / f"direct-{self.number}"
        told = {"CDK_OUTDIR": str(out), "CDK_CONTEXT_JSON": "{}", "CDK_DEFAULT_REGION": US.region}
        ended = subprocess.run(
            ["/bin/sh", "-c", self.way.command],
            cwd=self.project / "cdk",
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, **CDK_ENVIRONMENT, **self.aws.child_environment(), **told},
        )
        assert ended.returncode == 0, ended.stderr
        return (out / "App.template.json").read_text()

    # -- changes, each undone ------------------------------------------------------------------------------------------

    @contextmanager
    def changed(self, do: Do) -> Iterator[None]:
        """The world after a change; before the next one it is as it was, but for the times and numbers of its files."""
        backup = self.root.with_name("backup")
        project, aws, variables = self.project, FakeAws(**vars(self.aws)), dict(os.environ)
        umask = os.umask(0o022)
        os.umask(umask)
        shutil.copytree(self.root, backup, symlinks=True, copy_function=_keep)
        try:
            do.act(self)
            yield
        finally:
            os.umask(umask)
            self.project, self.aws = project, aws
            for name in set(os.environ) - set(variables):
                del os.environ[name]
            os.environ.update(variables)
            tempfile.tempdir = None
            shutil.rmtree(self.root)
            backup.rename(self.root)


def _keep(source: str, target: str) -> None:
    """Installed packages are many, and only ever replaced."""
    (os.link if "/node_modules/" in source else shutil.copy2)(source, target)


def obstacles(fingerprint: Fingerprint) -> list[str]:
    """What no hash can follow: with any of these a synth decides; and what ties a template to its machine."""
    tied = [item.name for item in fingerprint.inputs if item.name.startswith("traced:self:")]
    return [*(str(item.value) for item in fingerprint.inputs if item.name.startswith("impure:")), *tied]


def judge(world: World) -> list[str]:
    """The faults that the way shows: `false no-op: …` and `needless synth: …`."""
    made, template = world.synthesise()
    assert world.template() == template, "the app makes another template than its synth"
    recorded = made.fingerprint
    tied = obstacles(recorded)
    held = tied if world.way.obstacle == "always" else [each for each in tied if not each.startswith("traced:self:")]
    faults = [f"needless synth: always, for {', '.join(held)}"] if held and world.way.obstacle == "never" else []
    if world.way.obstacle == "always" and not held:
        faults.append("false no-op: always, for no obstacle is seen")
    if world.fingerprint().digest != recorded.digest:
        faults.append("needless synth: without any change")
    for do in (*world.way.inputs, *world.way.noise, *world.way.either, *world.way.ignored):
        with world.changed(do):
            faults += _judge_change(world, do, recorded, template)
        if world.fingerprint().digest != recorded.digest:
            faults.append(f"needless synth: after {do.label}, undone")
    return faults


def _judge_change(world: World, do: Do, recorded: Fingerprint, template: str) -> list[str]:
    way = world.way
    try:
        now = world.fingerprint()
        differs = world.template() != template
    except ConfigurationError:
        assert do in way.either, f"refused: {do.label}"
        return []
    changes = (*way.inputs, *way.ignored)
    assert do in way.either or differs == (do in changes), f"vacuous: {do.label}"
    is_noticed = now.digest != recorded.digest
    if differs and do not in way.ignored:
        return [] if is_noticed or obstacles(now) else [f"false no-op: {do.label}"]
    return [f"needless synth: {do.label}: {_difference(recorded, now)}"] if is_noticed else []


def _difference(one: Fingerprint, other: Fingerprint) -> str:
    names = sorted({item.name for item in set(one.inputs) ^ set(other.inputs)})
    return ", ".join(names[:3])
