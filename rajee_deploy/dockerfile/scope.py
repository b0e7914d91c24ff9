"""Which variables have which value: before the first FROM, and inside a stage.

Owns scoping. Must never know what a value is used for. What an image's own ENV defines is unknown here (its registry
was not asked), and so is which machine builds (a plan asks no engine, and one tag must come of all of them): a stage's
environment says of every expansion whether it depends on either.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from rajee_deploy.dockerfile.golang import join_root
from rajee_deploy.dockerfile.words import Expansion, ExpansionError, Lexer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rajee_deploy.dockerfile.instructions import Arg
    from rajee_deploy.model import Platform

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_EPOCH = "SOURCE_DATE_EPOCH"
ANY = "="  # no variable has this name
NOT_IN_ENV = ("BUILDKIT_SBOM_SCAN_CONTEXT", "BUILDKIT_SBOM_SCAN_STAGE")
# The platform of the machine that builds: BuildKit takes that of its first worker (frontend/dockerui/config.go).
OF_THE_ENGINE = ("BUILDPLATFORM", "BUILDOS", "BUILDOSVERSION", "BUILDARCH", "BUILDVARIANT")


def automatic_args(platform: Platform, target: str, build_platform: Platform | None = None) -> dict[str, str]:
    """The arguments that BuildKit sets itself. Those of the build platform are stand-ins, which no decision follows:
    the target platform, or one that is given."""
    args: dict[str, str] = {}
    for side, its in (("BUILD", build_platform or platform), ("TARGET", platform)):
        args |= {
            f"{side}PLATFORM": str(its),
            f"{side}OS": its.os,
            f"{side}OSVERSION": "",
            f"{side}ARCH": its.architecture,
            f"{side}VARIANT": its.variant,
        }
    return {**args, "TARGETSTAGE": target or "default"}


class GlobalScope:
    """The variables that FROM sees, and which of them mattered."""

    def __init__(self, lexer: Lexer, automatic: Mapping[str, str], given: Mapping[str, str]) -> None:
        self.lexer = lexer
        self.given = given
        self.automatic = automatic
        self.values = {name: given.get(name, value) for name, value in automatic.items()}
        self.by_engine = {name for name in OF_THE_ENGINE if name not in given}  # whose values the engine decides
        self.declared: list[tuple[str, str | None]] = []
        self._needs: dict[str, frozenset[str]] = {}
        self.used: set[str] = {_EPOCH}  # it dates the image whether a stage declares it or not

    def declare(self, arg: Arg) -> None:
        """An ARG before the first FROM. ExpansionError for a default that cannot be expanded."""
        for name, default in arg.pairs:
            self.declared.append((name, default))
            if name in self.given:
                self.values[name] = self.given[name]
                self._needs[name] = frozenset()
                self.by_engine.discard(name)
            elif default is not None:
                result = self.lexer.expand(default, self.values)
                self.values[name] = result.text
                own = self._needs.get(name, frozenset()) if name in result.matched else frozenset()
                self._needs[name] = result.matched | result.unmatched | own
                self.by_engine = self.by_engine - {name} | ({name} if result.matched & self.by_engine else set())

    def expand(self, word: str) -> Expansion:
        return self.lexer.expand(word, self.values)

    def is_native(self, platform: Expansion) -> bool:
        """Whether a stage's platform is that of the machine that builds: $BUILDPLATFORM, the same put together of its
        parts, or `linux` alone, which containerd completes from the machine that it runs on."""
        if platform.text.lower() == "linux":
            return True
        native = (self.values["BUILDPLATFORM"], f"{self.values['BUILDOS']}/{self.values['BUILDARCH']}")
        return bool(platform.matched & self.by_engine) and platform.text in native

    def use(self, names: Iterable[str]) -> None:
        """Say that these names and all that their values came from matter."""
        waiting = [name for name in names if name not in self.used]
        while waiting:
            name = waiting.pop()
            self.used.add(name)
            waiting += self._needs.get(name, frozenset()) - self.used


class Expanded(NamedTuple):
    """An expanded word. `unknown` names the variables that an image's ENV decides, `doubtful` those that an ARG
    declares without a value: an image may define them too, though hardly any does; `by_engine` those that depend on
    the machine that builds."""

    text: str
    unknown: frozenset[str] = frozenset()
    doubtful: frozenset[str] = frozenset()
    words: tuple[str, ...] = ()
    by_engine: frozenset[str] = frozenset()

    @property
    def is_known(self) -> bool:
        """Whether no image and no machine can change it."""
        return not self.unknown and not self.doubtful and not self.by_engine


@dataclass(slots=True)
class Environment:
    """A stage's variables at one point. `is_open`: an image below may define more.

    `directory` is the working directory, None where an image decides it. `tainted` are variables whose value depends on
    what is not known (ANY: every one), `doubted` those whose value depends on an ARG without one, `unset` such ARGs,
    `by_engine` those whose value depends on the machine that builds. `asked` collects which of these were used.
    """

    lexer: Lexer
    variables: dict[str, str] = field(default_factory=dict)
    is_open: bool = False
    directory: str | None = None
    tainted: frozenset[str] = frozenset()
    doubted: frozenset[str] = frozenset()
    unset: frozenset[str] = frozenset()
    by_engine: frozenset[str] = frozenset()
    asked: set[str] = field(default_factory=set)

    def copy(self) -> Environment:
        """The environment that a stage on top starts with."""
        return replace(self, variables=dict(self.variables), asked=set())

    def set(self, name: str, value: Expanded) -> None:
        """Give a variable a value. The last one wins, be it ENV or ARG."""
        self.variables[name] = value.text
        self.tainted = self.tainted | {name} if value.unknown else self.tainted - {name}
        self.doubted = self.doubted | {name} if value.doubtful else self.doubted - {name}
        self.by_engine = self.by_engine | {name} if value.by_engine else self.by_engine - {name}

    def set_unknown(self) -> None:
        """A variable got a value, and its name depends on an image: from here on it could be any."""
        self.tainted |= {ANY}

    def enter(self, path: Expanded) -> None:
        """Change the working directory."""
        if not path.is_known:
            self.directory = None
        elif path.text.startswith("/") or self.directory is not None:
            self.directory = self._absolute(path.text)

    def is_root(self, path: str) -> bool:
        """Whether a path is the root of the image, as far as that is known."""
        return (path.startswith("/") or self.directory is not None) and self._absolute(path) == "/"

    def _absolute(self, path: str) -> str:
        return join_root(path if path.startswith("/") else f"{self.directory}/{path}")

    def declare(self, name: str) -> None:
        """An ARG without any value."""
        self.unset |= {name}

    def expand(self, word: str, lexer: Lexer | None = None) -> Expanded:
        """Expand a word. ExpansionError where BuildKit refuses it whatever an image defines."""
        try:
            found = (lexer or self.lexer).expand(word, self.variables)
        except ExpansionError as error:
            if error.by_value and self.by_engine:
                self.asked |= self.by_engine
                return Expanded("", frozenset(["?"]), by_engine=self.by_engine)
            if error.by_value and (self.is_open or self.tainted):
                return Expanded("", frozenset(["?"]))
            raise
        missing = found.unmatched if self.is_open else frozenset()
        by_engine = found.matched & self.by_engine
        self.asked |= by_engine
        if ANY in self.tainted:
            return Expanded(found.text, found.matched | found.unmatched, by_engine=by_engine)
        unknown = (found.matched & self.tainted) | (missing - self.unset)
        doubtful = (found.matched & self.doubted) | (missing & self.unset)
        return Expanded(found.text, unknown, doubtful, found.words, by_engine)
