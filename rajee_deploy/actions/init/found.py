"""What `init` sees of a project, as values. Pure."""

from __future__ import annotations

from dataclasses import field

from rajee_deploy.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class FoundApp:
    """The CDK app: its directory as the settings name it, in which language it is, what pins its packages, and the CDK
    CLI that will be used."""

    directory: str
    language: str
    lock_files: tuple[str, ...]
    cli: str  # its version
    is_own_cli: bool  # the project's, and not one of the machine


@dataclass(frozen=True, slots=True)
class FoundStack:
    """A stack of the app: its id, and where it lives ("" for wherever the caller is).

    `parameters` are those that `DeployState` declares for images. `repositories` are the ECR repositories that the
    template makes under a name of its own.
    """

    id: str
    account: str = ""
    region: str = ""
    parameters: tuple[str, ...] = ()
    repositories: tuple[str, ...] = ()
    is_pipeline: bool = False

    @property
    def stage(self) -> str:
        """The outermost stage that it is in, "" for none."""
        return self.id.partition("/")[0] if "/" in self.id else ""


@dataclass(frozen=True, slots=True)
class ReadEntry:
    """Something that a build reads of its context."""

    path: str
    is_directory: bool = False


@dataclass(frozen=True, slots=True)
class CopiedSource:
    """What one instruction names of its build context: a path ("" for all of it) or a wildcard, and patterns."""

    path: str
    is_wild: bool = False
    patterns: tuple[str, ...] = ()
    is_guess: bool = False  # more is read than is written, since a variable decides


@dataclass(frozen=True, slots=True)
class FoundImage:
    """An image that the app builds of a directory.

    `context` is the directory it is staged from, from the settings file on; "" where that is not known. `obstacle`
    says why it is left to the CDK CLI, `problem` why nothing is known of what it reads.
    """

    name: str
    stacks: tuple[str, ...]
    dockerfile: str
    context: str = ""
    platform: str = ""
    obstacle: str = ""
    problem: str = ""
    files: int = 0  # in the build context, as it was staged
    entries: tuple[ReadEntry, ...] = ()  # what the Dockerfile reads of it
    sources: tuple[CopiedSource, ...] = ()

    @property
    def reads(self) -> int:
        """How many files count."""
        return sum(not entry.is_directory for entry in self.entries)


@dataclass(frozen=True, slots=True)
class FoundContext:
    """A build context in the project, and what is known of its files beside what images read of it.

    `mentions` are words of what may be ignored → the file that names it.
    """

    directory: str
    mentions: dict[str, str] = field(default_factory=dict)
    has_own_rules: bool = False  # a .deployignore that is there
    hides_rules: str = ""  # the rule of .dockerignore that would keep a .deployignore out of the staged copy


@dataclass(frozen=True, slots=True)
class LoneDockerfile:
    """A Dockerfile that the app makes no image of, with the build context that it fits."""

    path: str
    context: str


@dataclass(frozen=True, slots=True)
class Found:
    """All of it."""

    app: FoundApp
    stacks: tuple[FoundStack, ...]
    images: tuple[FoundImage, ...] = ()
    contexts: tuple[FoundContext, ...] = ()
    dockerfiles: tuple[LoneDockerfile, ...] = ()
    account: str = ""
    region: str = ""
    nobody: str = ""  # why nobody is logged in to AWS
    log_in: str = ""  # and what to do
