"""A user's Dockerfile as a Dialect: which base images it uses, and the whole of it in plain words.

Owns the order: the bases are known before a word is expanded. Must never look at an image itself.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from rajee_deploy import dockerfile as dockerfiles
from rajee_deploy.dockerfile.bases import Bases
from rajee_deploy.dockerfile.plain import PlainWalk
from rajee_deploy.dockerfile.references import NamedContexts
from rajee_deploy.dockerfile.remotes import Remotes
from rajee_deploy.dockerfile.scope import OF_THE_ENGINE, automatic_args
from rajee_deploy.errors import DeployError
from rajee_deploy.model import BUILD_PLATFORM, BaseConfig, Platform
from rajee_deploy.model.dialect import BaseImage

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from rajee_deploy.dockerfile.stages import State
    from rajee_deploy.model import BuildOptions, Reference
    from rajee_deploy.model.dialect import Base, PlainDockerfile


class SeenBases(Bases):
    """Bases whose configuration was looked at, whatever a lock says of them: `seen` has it by image and platform."""

    def __init__(
        self,
        options: BuildOptions,
        contexts: NamedContexts,
        stages: Collection[str],
        seen: Mapping[Base, BaseImage],
        builder: Platform,
    ) -> None:
        super().__init__(options, contexts, stages)
        self._looked = seen
        self._builder = builder

    def config(self, state: State) -> BaseConfig | None:
        """See Bases."""
        found = self.image(state)
        return BaseConfig(found.env, found.onbuild) if found is not None else None

    def image(self, state: State) -> BaseImage | None:
        """What lies below a state; None where nobody looked."""
        found = self.reference(state, "from")
        return BaseImage() if found is None else self._looked.get(_used_base(found, self._builder))


class Spoken:
    """See Dialect: one Dockerfile, with the options of each platform; `path` is how the user names it."""

    def __init__(self, text: bytes, options: Iterable[BuildOptions], path: str) -> None:
        self._text = text
        self._options = {each.platform: each for each in options}
        self._path = path

    def bases(self, platform: Platform, builder: Platform) -> tuple[Base, ...]:
        """See Dialect."""
        recipe = dockerfiles.resolve(self._text, self._for(platform, builder), self._path)
        if recipe.widened:
            raise DeployError(
                "engine-cannot",
                f"{recipe.widened}, and buildah knows no other",
                where=self._path,
                hint="use the engine buildx",
            )
        return tuple(dict.fromkeys(_used_base(one, builder) for one in recipe.references if one.role == "from"))

    def plain(self, platform: Platform, builder: Platform, bases: Mapping[Base, BaseImage]) -> PlainDockerfile:
        """See Dialect."""
        options = self._for(platform, builder)
        contexts = NamedContexts(options.build_contexts, str(platform))
        make_bases = partial(SeenBases, seen=bases, builder=builder)
        opened = dockerfiles.open_stages(self._text, options, self._path, contexts, make_bases)
        sources = opened.bases, Remotes(self._text, options.locked)
        walk = PlainWalk(opened.scope, contexts, sources, self._path, windows=platform.os == "windows")
        walk.begin({state.index: number for number, state in enumerate(opened.own)}, opened.bases.image)
        for state in opened.own:
            walk.stage(state, is_target=state is opened.target)
        return walk.written()

    def _for(self, platform: Platform, builder: Platform) -> BuildOptions:
        """The options, with what the machine that builds decides: here it is known."""
        options = self._options[platform]
        automatic = automatic_args(platform, "", builder)
        own = {name: automatic[name] for name in OF_THE_ENGINE}
        return replace(options, build_platform=builder, build_args={**own, **options.build_args})


def _used_base(base: Reference, builder: Platform) -> Base:
    """A base with the platform it is used for; what is not said of that, the machine that builds fills in."""
    is_native = base.platform in ("", BUILD_PLATFORM)
    return base.text, builder if is_native else Platform.parse(base.platform)
