"""What one run has at hand: its settings, the outside world behind small interfaces, and what it tells the user with.

Must never know the order of a run: `up` does.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rajee_deploy.places import cache_directory
from rajee_deploy.report.timings import Timings
from rajee_deploy.scratch import private_directory
from rajee_deploy.stack.store import AssemblyStore
from rajee_deploy.synthesis import Synthesiser

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from rajee_deploy.aws import Identity
    from rajee_deploy.console import Console
    from rajee_deploy.engine import Engine
    from rajee_deploy.fingerprint import Fingerprint
    from rajee_deploy.registry import Registry
    from rajee_deploy.registry.contents import ContentsStore
    from rajee_deploy.settings import ImageSettings, Settings
    from rajee_deploy.stack import StackDeployer, StackReader


@dataclass(frozen=True, slots=True)
class Ports:
    """The outside world, each part behind its small interface."""

    registry: Registry
    reader: StackReader
    deployer: StackDeployer
    engine: Engine
    identity: Callable[[], Identity]
    infrastructure: Callable[[], Fingerprint]
    # Where it is kept what pushed images were made of, for people who ask later. Never asked by a run, and made only
    # when something was pushed.
    contents: Callable[[], Sequence[ContentsStore]] = tuple
    revision: Callable[[], str] = lambda: "-"
    store: AssemblyStore = field(default_factory=lambda: AssemblyStore(cache_directory() / "assemblies"))

    @property
    def synthesiser(self) -> Synthesiser:
        """What a synth takes."""
        return Synthesiser(self.deployer, self.infrastructure, self.store)


@dataclass(slots=True)
class Context:
    """What one run has at hand."""

    settings: Settings
    images: Sequence[ImageSettings]
    ports: Ports
    console: Console
    also_tags: tuple[str, ...] = ()
    timings: Timings = field(default_factory=Timings)
    _scratch: ExitStack = field(default_factory=ExitStack)

    def scratch(self) -> Path:
        """A new private directory, there until `close`."""
        return self._scratch.enter_context(private_directory("assembly"))

    def close(self) -> None:
        """Remove what the run kept on disk for itself."""
        self._scratch.close()

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """A named, timed and visible piece of work."""
        with self.console.spinner(name), self.timings.phase(name):
            yield
