"""What a lock says of the images that a Dockerfile names: their digests, and the ENV and ONBUILD of bases.

Owns which references a lock may stand for. Must never ask a registry: what is locked comes in as values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy.dockerfile.references import RESERVED, SCRATCH, parse_image
from rajee_deploy.errors import ConfigurationError
from rajee_deploy.model import BaseConfig, Platform, Reference, is_local_context

if TYPE_CHECKING:
    from collections.abc import Collection

    from rajee_deploy.dockerfile.references import NamedContexts
    from rajee_deploy.dockerfile.stages import State
    from rajee_deploy.model import BuildOptions, LockedImage

_IMAGE = "docker-image://"
_NOTHING = BaseConfig()


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
        seen = self._seen.get((found.text, found.platform))
        if seen is not None:
            return seen
        image = self._locked.get(found.key)
        return image.configs.get(found.platform) if image is not None else None

    def _reference(self, role: str, text: str, line: int, key: str, context: str = "", platform: str = "") -> Reference:
        image: LockedImage | None = self._locked.get(key) if key else None
        if image is None or "@" in text:
            return Reference(role, text, line, key, platform, context)
        return Reference(role, f"{text}@{image.digest}", line, key, platform, context, image.digest)

    def _platform_of(self, state: State) -> str:
        if state.platform is None:
            return str(self._platform)
        try:
            return str(Platform.parse(state.platform))
        except ConfigurationError:
            return ""  # like `linux`: BuildKit fills it up from the machine that builds


def _familiar(text: str) -> str:
    if "://" in text or not is_local_context(text):
        return ""
    try:
        return parse_image(text).familiar
    except ValueError:
        return ""
