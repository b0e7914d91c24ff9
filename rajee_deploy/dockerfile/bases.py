"""What a lock says of the images that a Dockerfile names: their digests, and the ENV and ONBUILD of bases.

Owns which references a lock may stand for. Must never ask a registry: what is locked comes in as values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.dockerfile.references import RESERVED, SCRATCH, parse_image
from rajee_deploy.errors import ConfigurationError
from rajee_deploy.model import BUILD_PLATFORM, MACHINES, BaseConfig, Platform, Reference, is_local_context

if TYPE_CHECKING:
    from collections.abc import Collection

    from rajee_deploy.dockerfile.references import NamedContexts
    from rajee_deploy.dockerfile.stages import State
    from rajee_deploy.model import BuildOptions, LockedImage

_IMAGE = "docker-image://"
_NOTHING = BaseConfig()
# What containerd takes for an architecture where a platform is one word; the rest of it is the engine's, so Linux.
_ARCHITECTURES = (
    "386",
    "amd64",
    "arm",
    "arm64",
    "loong64",
    "mips64",
    "mips64le",
    "ppc64le",
    "riscv64",
    "s390x",
    "i386",
    "x86_64",
    "x86-64",
    "aarch64",
    "armhf",
    "armel",
)


class Bases:
    """The images of one build. `stages` are the names of the file's stages.

    A locked image is handed to the build as a named context of its name. BuildKit looks for such a context by the
    names of stages too and would put it in the stage's place, so an image that shares its name with a stage
    (`FROM python AS python`) cannot be locked.
    """

    def __init__(self, options: BuildOptions, contexts: NamedContexts, stages: Collection[str]) -> None:
        self._locked = options.locked
        self._platform = options.platform
        self._contexts = contexts
        self._stages = stages
        self._seen = options.seen

    def syntax(self, text: str, line: int) -> Reference:
        """The frontend's image, which no named context replaces."""
        return self._reference("syntax", text, line, _familiar(text))

    def reference(self, state: State, role: str) -> Reference | None:
        """The source outside of the file that a state stands on; None for another stage, scratch or a directory."""
        context = state.context or ""
        text = self._contexts.value(context).removeprefix(_IMAGE) if context else state.base
        if state.below is not None or text == SCRATCH or (context and self._contexts.is_local(context)):
            return None
        key = _familiar(text)
        if not context and (key in self._stages or key in RESERVED):
            key = ""
        return self._reference(role, text, state.line, key, context, self._platform_of(state) if role == "from" else "")

    def config(self, state: State) -> BaseConfig | None:
        """The ENV and ONBUILD below a state that stands on no other stage; None where they are not known."""
        found = self.reference(state, "from")
        if found is None:
            return _NOTHING
        configs = self._configs(found)
        if any(config.onbuild != configs[0].onbuild for config in configs):
            return None  # the machine that builds decides what it reads
        return configs[0] if configs else None

    def differing(self, state: State) -> frozenset[str]:
        """The variables of the ENV below a state whose values depend on the machine that builds."""
        found = self.reference(state, "from")
        environments = [dict(config.env) for config in self._configs(found)] if found is not None else []
        names = {name for each in environments for name in each}
        return frozenset(name for name in names if len({each.get(name) for each in environments}) > 1)

    def _configs(self, found: Reference) -> list[BaseConfig]:
        """What is known of a base: what was seen, else what the lock has; of a stage on the build platform, what any
        machine gets that the lock knows."""
        seen = self._seen.get((found.text, found.platform))
        if seen is not None:
            return [seen]
        image = self._locked.get(found.key)
        platforms = MACHINES if found.platform == BUILD_PLATFORM else (found.platform,)
        return [image.configs[each] for each in platforms if each in image.configs] if image is not None else []

    def _reference(self, role: str, text: str, line: int, key: str, context: str = "", platform: str = "") -> Reference:
        image: LockedImage | None = self._locked.get(key)  # nothing is locked under the name ""
        if image is None or "@" in text:
            return Reference(role, text, line, key, platform, context)
        return Reference(role, f"{text}@{image.digest}", line, key, platform, context, image.digest)

    def _platform_of(self, state: State) -> str:
        if state.is_native:
            return BUILD_PLATFORM
        if state.platform is None:
            return str(self._platform)
        text = state.platform.lower()
        try:
            return str(Platform.parse(f"linux/{text}" if text in _ARCHITECTURES else text))
        except ConfigurationError:
            return ""  # like `windows`: BuildKit fills it up from the machine that builds


def _familiar(text: str) -> str:
    if "://" in text or not is_local_context(text):
        return ""
    try:
        return parse_image(text).familiar
    except ValueError:
        return ""
