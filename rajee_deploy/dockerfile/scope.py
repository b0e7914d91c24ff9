"""Which variables have which value: before the first FROM, and inside a stage.

Owns scoping. Must never know what a value is used for. What an image's own ENV defines is unknown here (its registry
was not asked), and so is which machine builds (a plan asks no engine, and one tag must come of all of them): a stage's
environment says of every expansion whether it depends on either.
"""

from __future__ import annotations

from dataclasses import field, replace
from typing import TYPE_CHECKING, NamedTuple

from rajee_deploy.dataclass import dataclass
from rajee_deploy.dockerfile.golang import join_root
from rajee_deploy.dockerfile.variables import Variables
from rajee_deploy.dockerfile.words import Expansion, ExpansionError, Lexer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rajee_deploy.dockerfile.instructions import Arg
    from rajee_deploy.model import Platform

Version = tuple[int, int]

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_EPOCH = "SOURCE_DATE_EPOCH"
ANY = "="  # no variable has this name
# Docker's frontends (tags dockerfile/… of moby/buildkit) that expand the defaults of one ARG line one after the other,
# and that have TARGETSTAGE. All others expand the line's defaults at once, and take TARGETSTAGE for any name.
SINCE_ARG_ORDER: Version = (1, 8)
SINCE_STAGE_NAME: Version = (1, 11)
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

    def __init__(
        self, lexer: Lexer, automatic: Mapping[str, str], given: Mapping[str, str], version: Version | None = None
    ) -> None:
        self.lexer = lexer
        self.version = version
        self.given = given
        self.automatic = automatic
        self.values = {name: given.get(name, value) for name, value in automatic.items()}
        self.by_engine = {name for name in OF_THE_ENGINE if name not in given}  # whose values the engine decides
        self.declared: list[tuple[str, str | None]] = []
        self._needs: dict[str, frozenset[str]] = {}
        self.disputed: set[str] = set() if self.is_since(SINCE_STAGE_NAME) else {"TARGETSTAGE"}
        self.used: set[str] = {_EPOCH}  # it dates the image whether a stage declares it or not

    def declare(self, arg: Arg) -> None:
        """An ARG before the first FROM. ExpansionError for a default that cannot be expanded."""
        for name, default in arg.pairs:
            self.declared.append((name, default))
            if name in self.given:
                self.values[name] = self.given[name]
                self._needs[name] = frozenset()
                self.by_engine.discard(name)
                self.disputed.discard(name)
            elif default is not None:
                result = self.lexer.expand(default, self.values)
                self.values[name] = result.text
                own = self._needs.get(name, frozenset()) if name in result.matched else frozenset()
                self._needs[name] = result.matched | result.unmatched | own
                (self.by_engine.add if result.matched & self.by_engine else self.by_engine.discard)(name)
                (self.disputed.add if result.matched & self.disputed else self.disputed.discard)(name)

    def is_since(self, version: Version) -> bool:
        """Whether the frontend is known to be of this version or a newer one."""
        return self.version is not None and self.version >= version

    def value(self, name: str) -> Expanded:
        """What a stage's ARG of this name takes from here, where it has no value of its own."""
        own = frozenset([name])
        return Expanded(self.values[name], disputed=own & self.disputed, by_engine=own & self.by_engine)

    def expand(self, word: str) -> Expansion:
        """Expand a word of a FROM. ExpansionError where BuildKit refuses it."""
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
    """An expanded word. `unknown` names the variables that an image's ENV decides, `disputed` those that have another
    value for another version of Docker's frontend, `by_engine` those that depend on the machine that builds."""

    text: str
    unknown: frozenset[str] = frozenset()
    disputed: frozenset[str] = frozenset()
    words: tuple[str, ...] = ()
    by_engine: frozenset[str] = frozenset()

    @property
    def is_known(self) -> bool:
        """Whether no image, no frontend and no machine can change it."""
        return not self.unknown and not self.disputed and not self.by_engine


class Marks(NamedTuple):
    """What the value of a variable depends on: what is not known, the frontend's version, the machine that builds."""

    is_tainted: bool = False
    is_disputed: bool = False
    is_by_engine: bool = False


_PLAIN = Marks()


@dataclass(slots=True)
class Environment:
    """A stage's variables at one point. `is_open`: an image below may define more.

    An ARG without a value leaves what the image has: whatever is not set here is open there. `directory` is the working
    directory, None where an image decides it. `marks` has the variables whose value depends on more than the file (ANY:
    every one may be tainted). `asked` collects which of those that the machine decides were used.
    """

    lexer: Lexer
    variables: Variables[str] = field(default_factory=Variables)
    is_open: bool = False
    directory: str | None = None
    marks: Variables[Marks] = field(default_factory=Variables)
    asked: set[str] = field(default_factory=set)

    def copy(self) -> Environment:
        """The environment that a stage on top starts with."""
        return replace(self, variables=self.variables.copy(), marks=self.marks.copy(), asked=set())

    def set(self, name: str, value: Expanded) -> None:
        """Give a variable a value. The last one wins, be it ENV or ARG."""
        self.variables.set(name, value.text)
        marks = Marks(bool(value.unknown), bool(value.disputed), bool(value.by_engine))
        if marks != self.marks_of(name):
            self.marks.set(name, marks)

    def set_unknown(self) -> None:
        """A variable got a value, and its name depends on an image: from here on it could be any."""
        self.marks.set(ANY, Marks(is_tainted=True))

    def marks_of(self, name: str) -> Marks:
        """What the value of a variable depends on."""
        return self.marks.get(name) or _PLAIN

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
        joined = path if path.startswith("/") else f"{self.directory}/{path}"
        self.lexer.pay(len(joined))
        return join_root(joined)

    def expand(self, word: str, lexer: Lexer | None = None) -> Expanded:
        """Expand a word. ExpansionError where BuildKit refuses it whatever an image defines."""
        lexer = self.lexer if lexer is None else lexer._replace(budget=self.lexer.budget)
        try:
            found = lexer.expand(word, self.variables)
        except ExpansionError as error:
            if error.by_value:
                return self._without_value(error)
            raise
        disputed = frozenset(name for name in found.matched | found.unmatched if self.marks_of(name).is_disputed)
        by_engine = frozenset(name for name in found.matched if self.marks_of(name).is_by_engine)
        self.asked |= by_engine
        if self.marks.get(ANY) is not None:
            return Expanded(found.text, found.matched | found.unmatched, disputed, by_engine=by_engine)
        missing = found.unmatched if self.is_open else frozenset()
        tainted = frozenset(name for name in found.matched if self.marks_of(name).is_tainted)
        return Expanded(found.text, tainted | missing, disputed, found.words, by_engine)

    def _without_value(self, error: ExpansionError) -> Expanded:
        """What cannot be expanded with the values that are here, where it may have others in a build."""
        marks = self.marks.all()
        self.lexer.pay(len(marks))
        by_engine = frozenset(name for name, mark in marks.items() if mark.is_by_engine)
        if by_engine:
            self.asked |= by_engine
            return Expanded("", frozenset(["?"]), by_engine=by_engine)
        if self.is_open or any(mark.is_tainted for mark in marks.values()):
            return Expanded("", frozenset(["?"]))
        if any(mark.is_disputed for mark in marks.values()):
            return Expanded("", disputed=frozenset(["?"]))
        raise error
