"""`buildah build` and `buildah push`: a build without an engine that runs in the background.

Images and cached layers live in the user's own container storage, as with buildah by hand. buildah reads a Dockerfile
otherwise than BuildKit in many small things, mostly without a word; so it is given one in plain words, in which
nothing is left to interpret (buildah_files.py), and what no such words say is refused with its line.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rajee_deploy.engine.buildah_files import BUILDER, Written, base_image, write_files
from rajee_deploy.engine.buildah_flags import LOOPBACK, build_flags, check_settings, layer_flags, proxy_flags
from rajee_deploy.engine.buildah_parts import Hands, Parts
from rajee_deploy.engine.buildx import build_arg_flags
from rajee_deploy.engine.failures import failure
from rajee_deploy.engine.leftovers import Cleaned, remove_leftovers
from rajee_deploy.engine.login import private_docker_config
from rajee_deploy.engine.secrets import Redactor
from rajee_deploy.engine.steps import Steps
from rajee_deploy.errors import ConfigurationError, DeployError, Quote
from rajee_deploy.model import BaseConfig, Platform
from rajee_deploy.system.process import find_program, run
from rajee_deploy.system.regular_files import read_text
from rajee_deploy.system.temporary import private_directory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from rajee_deploy.engine import BuildEvent, BuildRequest
    from rajee_deploy.engine.leftovers import Stage
    from rajee_deploy.model.dialect import BaseImage
    from rajee_deploy.model.repository import PushAccess

OLDEST = (1, 33)  # the first with heredocs
_CHECK_SECONDS = 20.0
# Where short names like `busybox:1` are looked up when the machine does not say: where BuildKit does.
_REGISTRIES = 'unqualified-search-registries = ["docker.io"]\nshort-name-mode = "disabled"\n'
_OWN_REGISTRIES = ("~/.config/containers/registries.conf", "/etc/containers/registries.conf")


class Buildah:
    """buildah, or a program with its commands (`podman`), which CDK_DOCKER may name."""

    def __init__(self, program: str = "buildah") -> None:
        self._name = program

    def check(self) -> str:
        """See Engine."""
        version = run([self._program(), "--version"], time_limit=_CHECK_SECONDS)
        found = re.search(r"(\d+)\.(\d+)(\.\d+)*", " ".join(version.tail)) if version.code == 0 else None
        if found is None:
            raise DeployError(
                "buildah-broken",
                f"{self._name} does not tell its version",
                where=self._program(),
                quote=Quote(version.tail[-3:]),
                hint=f"run {self._name} --version",
            )
        if (int(found[1]), int(found[2])) < OLDEST:
            raise DeployError(
                "buildah-old",
                f"{self._name} {found[0]} is too old",
                where=self._program(),
                hint="install buildah {}.{} or newer".format(*OLDEST),
            )
        return f"{self._name} {found[0]}"

    def platform(self) -> Platform:
        """See Engine."""
        return BUILDER

    def base_config(
        self, image: str, platform: Platform, access: PushAccess, registry: Callable[[], BaseConfig]
    ) -> BaseConfig:
        """See Engine: buildah fetches the image as its build would, and tells of it; no registry is asked besides."""
        del registry
        with private_docker_config(access) as login, _registries() as registries:
            environment = {**login, **registries}
            found = self._base(environment, _auth(login), image, platform)
            return BaseConfig(found.env, found.onbuild)

    def build_and_push(self, request: BuildRequest, access: PushAccess, on_event: Callable[[BuildEvent], None]) -> str:
        """See Engine."""
        check_settings(request)
        redacted = Redactor(request.settings.secrets, {**request.proxies, **request.build_args})
        with (
            private_docker_config(access) as login,
            _registries() as registries,
            private_directory("build") as scratch,
        ):
            environment = {**login, **registries}
            if not request.settings.ssh:  # whose socket needs a short path
                environment["TMPDIR"] = str(scratch)  # what buildah leaves there when it is killed goes with it
            made, pushed = scratch / "image", scratch / "digest"
            given = list(proxy_flags(request, scratch))
            images = []
            for platform in request.platforms:
                named = str(platform) if len(request.platforms) > 1 else ""
                steps = Steps(redacted.events(on_event), platform=named)
                own = [f"--platform={platform}", f"--iidfile={made}", _auth(login), *given]
                look = partial(self._base, environment, _auth(login))
                with write_files(request, platform, look) as files:
                    build = partial(self._build, own=own, environment=environment, words=(steps, redacted))
                    hands = self._hands(request, made, build, environment)
                    layers = tuple(layer_flags(request, files, access.host))
                    images.append(Parts(files, layers, hands, platform, BUILDER).build())
            with self._pushable(images, environment) as (push, image):
                self._push(
                    request, access, ([*push, f"--digestfile={pushed}", _auth(login)], image), environment, on_event
                )
            return read_text(pushed).strip() if pushed.exists() else ""

    def _hands(
        self, request: BuildRequest, made: Path, build: Callable[..., None], environment: Mapping[str, str]
    ) -> Hands:
        def build_one(files: Written, flags: tuple[str, ...], is_last: bool) -> str:  # noqa: FBT001 -- one of the Hands
            build(request if is_last else replace(request, labels={}), files, flags)
            return read_text(made).strip()

        def is_right(image: str, platform: Platform, must: bool) -> bool:  # noqa: FBT001 -- one of the Hands
            found = self._platform(image, environment)
            if must:
                self._check_platform(request, platform, found)
            return found == platform

        return Hands(
            build_one,
            is_right,
            partial(self._clean, environment),
            lambda image: base_image(self._inspect(image, environment)).layers,
            request.shown_dockerfile,
        )

    def _clean(self, environment: Mapping[str, str], image: str, stage: Stage) -> tuple[str, Cleaned]:
        """An image as BuildKit would have left it."""
        with private_directory("image") as own:
            place = own / "image"
            whole = [] if Path(self._name).name == "podman" else ["--disable-compression"]  # podman never does, there
            ended = run([self._program(), "push", "--quiet", *whole, image, f"dir:{place}"], env=environment)
            cleaned = remove_leftovers(place, stage) if ended.code == 0 else Cleaned()
            if cleaned.removed:
                ended = run([self._program(), "pull", "--quiet", f"dir:{place}"], env=environment)
                image = ended.tail[-1] if ended.tail else image
            if ended.code != 0:
                raise DeployError(
                    "build-failed",
                    f"{self._name} could not hand over an image",
                    where=stage.where,
                    quote=Quote(ended.tail[-5:]),
                    hint=f"run {self._name} push {image} dir:/tmp/x to see why",
                )
            return image, cleaned

    def _base(self, environment: Mapping[str, str], auth: str, image: str, platform: Platform) -> BaseImage:
        """What an image brings. DeployError `base-unknown`."""
        name = re.sub(r":[^:/@]+@", "@", image)  # a digest goes before a tag, and both are too much for some
        pull = [self._program(), "pull", "--quiet", f"--platform={platform}", *_trust(name), auth, name]
        pulled = run(pull, env=environment)
        if pulled.code == 0:
            return base_image(self._inspect(pulled.tail[-1], environment))
        raise DeployError(
            "base-unknown",
            f"the base image {image} cannot be used",
            where=image,
            quote=Quote(pulled.tail[-5:]),
            hint="check its name, its platform and your login to its registry",
        )

    @contextmanager
    def _pushable(self, images: list[str], environment: Mapping[str, str]) -> Iterator[tuple[list[str], str]]:
        """The command that pushes one image, or several under an index, and what it is given."""
        if len(images) == 1:
            yield ["push"], images[0]
            return
        # A name of our own, for as long as the push takes: an index has no id to be pushed by.
        name = f"localhost/rajee-deploy-index:{secrets.token_hex(8)}"
        made = run([self._program(), "manifest", "create", name, *images], env=environment)
        try:
            if made.code != 0:
                raise DeployError(
                    "build-failed",
                    f"{self._name} made no index of {len(images)} images",
                    where=name,
                    quote=Quote(made.tail[-5:]),
                    hint=f"run {self._name} manifest create by hand to see why",
                )
            yield ["manifest", "push", "--all"], name
        finally:
            run([self._program(), "manifest", "rm", name], env=environment, cleans_up=True)

    def _build(
        self,
        request: BuildRequest,
        files: Written,
        layers: tuple[str, ...],
        *,
        own: list[str],
        environment: Mapping[str, str],
        words: tuple[Steps, Redactor],
    ) -> None:
        steps, redacted = words
        flags, arguments = build_arg_flags(request.build_args, frozenset(s.variable for s in request.settings.secrets))
        argv = [
            self._program(),
            "build",
            *files.flags,
            *build_flags(request),
            *layers,
            *own,
            *flags,
            str(request.context),
        ]
        ended = run(argv, env={**environment, **arguments}, on_line=steps.line)
        if ended.code == 0:
            steps.done()
            return
        where, cause = steps.failure(files.text, request.shown_dockerfile, files.lines)
        raise failure(f"{self._name} build ended with {ended.code}", request.reference, redacted(cause), where)

    def _push(
        self,
        request: BuildRequest,
        access: PushAccess,
        what: tuple[list[str], str],
        environment: Mapping[str, str],
        on_event: Callable[[BuildEvent], None],
    ) -> None:
        command, image = what
        steps = Steps(on_event)
        steps.begin(f"pushing {request.reference}")
        # By the image's id, not by a name in the user's storage: two runs cannot take each other's image.
        argv = [self._program(), *command, *_trust(access.uri), image, f"docker://{request.reference}"]
        ended = run(argv, env=environment, on_line=steps.pushing)
        if ended.code != 0:
            # What it tried again it says too; how the last try ended is what counts.
            said = [line for line in ended.tail if "Failed, retrying" not in line][-10:]
            cause = "\n".join((f"step: pushing {request.reference}", *said))
            raise failure(f"{self._name} push ended with {ended.code}", request.reference, cause)
        steps.done()

    def _inspect(self, image: str, environment: Mapping[str, str]) -> dict[str, Any]:
        """What the storage knows of an image, in buildah's form or podman's."""
        lines: list[str] = []
        run([self._program(), "inspect", "--type=image", image], env=environment, on_line=lines.append)
        start = next((number for number, line in enumerate(lines) if line.strip() in ("{", "[")), len(lines))
        try:
            found, _ = json.JSONDecoder().raw_decode("\n".join(lines[start:]))
            document: dict[str, Any] = dict(found[0] if isinstance(found, list) else found)
        except (ValueError, TypeError, LookupError, RecursionError) as error:
            raise DeployError(
                "image-unknown",
                f"{self._name} tells nothing about an image",
                where=image,
                quote=Quote(tuple(lines[-5:])),
                hint=f"{self._name} inspect --type=image {image}   # shows what it says",
            ) from error
        return document

    def _platform(self, made: str, environment: Mapping[str, str]) -> Platform | None:
        document = self._inspect(made, environment)
        image = document.get("OCIv1") or {"os": document.get("Os"), "architecture": document.get("Architecture")}
        try:
            parts = (image.get("os", ""), image.get("architecture", ""), image.get("variant", ""))
            return Platform.parse("/".join(part for part in parts if part))
        except (ConfigurationError, TypeError):
            return None

    def _check_platform(self, request: BuildRequest, wanted: Platform, found: Platform | None) -> None:
        if found != wanted:
            raise DeployError(
                "wrong-platform",
                f"{self._name} built for {found}, not for {wanted}",
                where=request.reference,
                hint="nothing was pushed; check the platform of the base image",
            )

    def _program(self) -> str:
        found = find_program(self._name)
        if found is None:
            if self._name == os.environ.get("CDK_DOCKER"):
                raise DeployError(
                    "buildah-missing",
                    f"the program that CDK_DOCKER names is not there: {self._name}",
                    where=f"CDK_DOCKER={self._name}",
                    hint="unset CDK_DOCKER   # then what is installed is taken; or let it name a program on PATH",
                )
            raise DeployError(
                "buildah-missing",
                f"the {Path(self._name).name} command is not installed",
                hint="install buildah (Debian, Ubuntu, Fedora: the package buildah), or use the engine buildx",
            )
        return found


def _trust(reference: str) -> list[str]:
    """Plain HTTP for a registry on this very machine, as Docker Engine does by itself; for no other."""
    return ["--tls-verify=false"] if LOOPBACK.match(reference.removeprefix("docker://")) else []


def _auth(login: Mapping[str, str]) -> str:
    return f"--authfile={login['DOCKER_CONFIG']}/config.json"


@contextmanager
def _registries() -> Iterator[dict[str, str]]:
    """Where short image names are looked up, for a machine whose own configuration does not say."""
    if os.environ.get("CONTAINERS_REGISTRIES_CONF") or any(
        os.path.exists(Path(path).expanduser())  # noqa: PTH110 -- a home that may not be entered has none
        for path in _OWN_REGISTRIES
    ):
        yield {}
        return
    with private_directory("registries") as directory:
        path = directory / "registries.conf"
        path.write_text(_REGISTRIES, "utf-8")
        yield {"CONTAINERS_REGISTRIES_CONF": str(path)}
