"""The builds of one run: several at a time, each told by name, and one that fails does not lose the others.

Owns the order within one build (bases, staging, build and push, the registry's word) and what is said of it. Must never
decide whether an image is needed; returns only when every image is in the registry.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import field
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from rajee_deploy.actions.observe import image_state
from rajee_deploy.dataclass import dataclass
from rajee_deploy.dockerfile import image_of
from rajee_deploy.engine.failures import CACHE_NOT_WRITTEN
from rajee_deploy.errors import DeployError
from rajee_deploy.image.labels import source_labels
from rajee_deploy.image.request import build_request
from rajee_deploy.image.triggers import base_images, not_counted
from rajee_deploy.plan import image_check
from rajee_deploy.plan.state import ImagePresent
from rajee_deploy.report.timings import duration
from rajee_deploy.system import process
from rajee_deploy.text.lines import lines_of
from rajee_deploy.text.short import short

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from rajee_deploy.build_record.store import ContentsStore
    from rajee_deploy.console import Console
    from rajee_deploy.console.activity_view import StepShown
    from rajee_deploy.engine import BuildEvent, Engine
    from rajee_deploy.image.inputs import ImageInputs
    from rajee_deploy.model import BaseConfig, Platform
    from rajee_deploy.model.repository import PushAccess
    from rajee_deploy.plan.state import WantedImage
    from rajee_deploy.plan.steps import BuildAndPush
    from rajee_deploy.registry import Registry
    from rajee_deploy.settings import Settings

_MIB = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """What builds are done with, and for which images. `phase` names, times and shows a piece of work,
    `step` shows a whole build, whose part `timed` only times; `build_records`
    keep what an image was made of. `labels` has, by image, those of another revision than the one that is checked out;
    what such an image was made of is recorded already: from there its revision is known."""

    settings: Settings
    engine: Engine
    registry: Registry
    console: Console
    phase: Callable[[str], AbstractContextManager[None]]
    step: Callable[[BuildAndPush], AbstractContextManager[StepShown]]
    timed: Callable[[str], AbstractContextManager[None]]
    wanted: Mapping[str, WantedImage]
    build_records: Callable[[], Sequence[ContentsStore]]
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    references: dict[str, str] = field(default_factory=dict)  # filled by image: what the registry has now


def build_all(shop: Workshop, steps: Sequence[BuildAndPush], inputs: Mapping[str, ImageInputs]) -> None:
    """Build and push every image, as many at a time as the settings say.

    DeployError when any failed: the one, or `builds-failed` with all of them. The others are pushed and confirmed.
    """
    labels = dict(shop.labels)
    here = [step.image for step in steps if step.image not in labels]
    if here:
        labels |= dict.fromkeys(here, source_labels(shop.settings.root, partial(_no_source, shop.console)))
    if len(steps) == 1:
        _build(shop, steps[0], inputs[steps[0].image], labels[steps[0].image], "")
        return
    with _threads(min(shop.settings.engine.concurrency, len(steps))) as pool:
        futures = {
            step.image: pool.submit(_build, shop, step, inputs[step.image], labels[step.image], f"{step.image}: ")
            for step in steps
        }
        wait(futures.values())
    _raise_failures(futures)


def _no_source(console: Console, error: DeployError) -> None:
    console.warn("labels", f"they do not tell the revision: {error}: {' '.join(error.cause.split())}")


@contextmanager
def _threads(count: int) -> Iterator[ThreadPoolExecutor]:
    """A pool whose programs end with whatever interrupts us, and whose threads clean up before we go on."""
    pool = ThreadPoolExecutor(max_workers=count, thread_name_prefix="build")
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        process.end_all()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        process.allow()


def _raise_failures(futures: Mapping[str, Future[None]]) -> None:
    failed: dict[str, DeployError] = {}
    for image, future in futures.items():
        error = future.exception()
        if isinstance(error, DeployError):
            failed[image] = error
        elif error is not None:
            raise error
    if len(failed) == 1:
        (error,) = failed.values()
        raise error
    if failed:
        raise DeployError(
            "builds-failed",
            f"{len(failed)} of {len(futures)} images were not built",
            where=", ".join(failed),
            cause="\n".join(line for image, error in failed.items() for line in _problem_lines(image, error)),
            hint="nothing was deployed; images that were pushed are not built again; correct the causes and run again",
        )


def _problem_lines(image: str, error: DeployError) -> Iterator[str]:
    yield f"{image}: {error}"
    yield from (f"  {line}" for line in lines_of(error.cause))
    if error.hint:
        yield f"  next: {error.hint}"


def _build(shop: Workshop, step: BuildAndPush, inputs: ImageInputs, labels: Mapping[str, str], prefix: str) -> None:
    with shop.step(step) as shown:
        shown.text = short(_build_one(shop, step, inputs, labels, prefix))


def _build_one(shop: Workshop, step: BuildAndPush, inputs: ImageInputs, labels: Mapping[str, str], prefix: str) -> str:
    """Build it; returns the digest that the registry has."""
    access = shop.registry.push_access(inputs.settings.repository)
    bases = base_images(inputs)
    if bases:
        with shop.phase(f"{prefix}look at base images"):
            found = {base: _base_config(shop.engine, *base, access) for base in bases}
            _check_bases(not_counted(inputs, found), step)
    wanted = shop.wanted[step.image]
    with shop.timed(f"build and push {step.image}"), build_request(inputs, access.uri, labels) as request:
        try:
            shop.engine.build_and_push(request, access, BuildView(shop.console, prefix).tell)
        except DeployError as error:
            if inputs.settings.is_asset:
                from rajee_deploy.image.originals import place_in_checkout  # of one that the app declares

                staged = request.shown_dockerfile
                error.where = place_in_checkout(shop.settings, inputs.settings, staged, error.where)
            digest = _confirm_pushed(shop, wanted, request.reference, error)
        else:
            digest = _confirm_pushed(shop, wanted, request.reference, None)
    if step.image not in shop.labels:
        _keep_contents(shop, inputs)
    return digest


def _confirm_pushed(shop: Workshop, image: WantedImage, reference: str, failure: DeployError | None) -> str:
    """The registry is believed, not the engine: what is there must be ours.

    After a failure it may be there too: an immutable tag refuses the second of two machines that build one commit, and
    a shared cache is written after the push.
    """
    try:
        found = image_state(shop.registry, image)
    except DeployError as error:
        raise failure or error from error
    problem = image_check.find_refusal(image, found)
    if problem is not None:
        raise problem from failure
    if not isinstance(found, ImagePresent):
        raise failure or DeployError(
            "push-not-confirmed",
            f"the engine said it pushed {image.tag}, but the registry does not have it",
            where=reference,
            hint="run again; if it stays, look at the repository's permissions and events",
        )
    if failure is not None and failure.code == CACHE_NOT_WRITTEN:
        why = "; ".join((failure.problem, _last_word(failure.cause), failure.hint))
        shop.console.warn(f"image {image.name}", why, failure.code)
    elif failure is not None:
        shop.console.warn("", f"another run pushed {image.tag} first; its image is used")
    shop.references[image.name] = f"{reference}@{found.digest}"
    if shop.console.verbose:
        shop.console.detail(f"{reference} is {found.digest}")
    return str(found.digest)


def _last_word(cause: str) -> str:
    """The engine's own last word of an error."""
    lines = lines_of(cause)
    return next((line for line in reversed(lines) if line.startswith("ERROR")), "".join(lines[-1:]))


def _keep_contents(shop: Workshop, inputs: ImageInputs) -> None:
    """Keep what the pushed image was made of. No run fails for want of it."""
    stores = shop.build_records()
    if not stores:
        return
    from rajee_deploy.build_record.keep import keep

    name = inputs.settings.name
    with shop.phase(f"record what {name} was made of"):
        checkout = shop.settings.root if inputs.settings.is_asset else None  # its build context is a staged copy
        for problem in keep(stores, inputs, datetime.now(UTC), checkout):
            shop.console.warn(f"image {name}", problem)


def _base_config(engine: Engine, image: str, used_for: Platform | None, access: PushAccess) -> BaseConfig:
    """ENV and ONBUILD of a base, from where the build takes it."""
    platform = used_for or engine.platform()
    from rajee_deploy.registry import layout
    from rajee_deploy.registry.image_layout import SCHEME
    from rajee_deploy.registry.logins import Login, find_login
    from rajee_deploy.registry.remote import RemoteImages

    if image.startswith(SCHEME):
        return layout.describe(image, platform)

    def login(host: str) -> Login | None:
        return Login(access.username, access.password) if host == access.host else find_login(host)

    def registry() -> BaseConfig:
        return RemoteImages(login).describe(image_of(image), [str(platform)]).configs[str(platform)]

    return engine.base_config(image, platform, access, registry)


def _check_bases(found: Mapping[tuple[str, Platform | None], Sequence[str]], step: BuildAndPush) -> None:
    """What a base image's ONBUILD reads is not in the hash and not in the staged copy: such a build is refused."""
    for (base, _), triggers in found.items():
        raise DeployError(
            "base-has-onbuild",
            f"the base image {base} reads the build context or a build argument by ONBUILD",
            where=f"image {step.image}",
            cause="\n".join(triggers),
            hint="rajee-deploy lock records them and so makes them count; or write them into the Dockerfile yourself",
        )


class BuildView:
    """Shows how one build goes: what goes on is shown while it does; of what ended only who asks for it is told."""

    def __init__(self, console: Console, prefix: str = "") -> None:
        self._console = console
        self._prefix = prefix
        self._going_on: dict[str, str] = {}  # by step, what is said of it

    def tell(self, event: BuildEvent) -> None:
        """One event of the build."""
        if event.seconds is not None:
            self._going_on.pop(event.name, None)
            if self._console.verbose:
                took = "cached" if event.cached else duration(event.seconds)
                self._console.detail(f"{took:>7}  {self._prefix}{event.name}")
            if self._going_on:
                self._console.progress([*self._going_on.values()][-1])
        elif event.moved or event.layers:
            self._going_on[event.name] = f"{event.name}  {_amount(event)}".strip()
            self._console.progress(self._going_on[event.name])
        else:
            self._going_on[event.name] = event.name
            self._console.working(f"{self._prefix}{event.name}")


def _amount(event: BuildEvent) -> str:
    layers = f"{event.layers} part{'s' if event.layers != 1 else ''}"
    if not event.moved:
        return layers
    size = f" of {event.size / _MIB:.1f}" if event.size >= event.moved else ""
    return f"{event.moved / _MIB:.1f}{size} MiB in {layers}"
