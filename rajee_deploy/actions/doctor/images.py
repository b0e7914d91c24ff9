"""What of the images' Dockerfiles and settings is not as one would want it: bases that may move, secrets where others
can read them, settings without an effect. By files alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rajee_deploy import lock as locks
from rajee_deploy.actions import bases
from rajee_deploy.actions.doctor.findings import Finding, Health, no_synth, of_error
from rajee_deploy.actions.doctor.judgements import is_secret_name
from rajee_deploy.errors import DeployError
from rajee_deploy.image.inputs import read_recipe
from rajee_deploy.model.names import DeployBy
from rajee_deploy.settings import LOCK_NAME
from rajee_deploy.settings.values import DEFAULT_PARAMETER
from rajee_deploy.text.foreign import parse_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from rajee_deploy.lock import Lock
    from rajee_deploy.model import Recipe
    from rajee_deploy.settings import ImageSettings, Settings

_SHOWN = 3
# Arguments that BuildKit knows without an ARG, and those that it reads itself:
# https://docs.docker.com/reference/dockerfile/#predefined-args
_PREDEFINED = ("http_proxy", "https_proxy", "ftp_proxy", "no_proxy", "all_proxy", "source_date_epoch")
_OF_ENGINE = ("BUILDKIT_", "SOURCE_DATE_EPOCH")


def check_images(settings: Settings, ask: Callable[[], Sequence[ImageSettings] | None]) -> Iterator[Finding]:
    """All of it, for each image. `ask` gives them: None where the app declares some that no synth here tells of."""
    try:
        lock, images = locks.read(settings.root / LOCK_NAME), ask()
    except DeployError as error:
        yield of_error("bases", error)
        return
    if images is None:
        yield no_synth("bases")
        images = settings.images
    recipes: dict[str, Recipe] = {}
    for image in images:
        try:
            recipes[image.name] = read_recipe(image, lock.images)
        except DeployError as error:
            yield of_error("dockerfile", error, image.name)
    if recipes:
        yield check_bases(recipes, lock)
    yield from find_unused_mirrors(settings.images, recipes)
    for image in images:
        if image.name in recipes:
            yield check_secrets(image, recipes[image.name])
            yield from find_unused(image, recipes[image.name])


def check_bases(recipes: Mapping[str, Recipe], lock: Lock) -> Finding:
    """Whether what builds take from elsewhere is the same tomorrow."""
    lacking = (need.reference for need in bases.missing(lock, bases.needs(recipes.values())))
    floating = [each for each in dict.fromkeys(lacking) if bases.is_floating(each)]
    if not floating:
        return Finding("bases", Health.OK, "what builds take from elsewhere is pinned, or locked")
    more = f", and {len(floating) - _SHOWN} more" if len(floating) > _SHOWN else ""
    are = "is" if len(floating) == 1 else "are"
    text = f"{', '.join(floating[:_SHOWN])}{more} {are} not locked: the next build may take another image"
    return Finding("bases", Health.WARNING, text, "rajee-deploy lock")


def check_secrets(image: ImageSettings, recipe: Recipe) -> Finding:
    """Whether an argument or a variable with a value is called as a secret is. No value is shown."""
    named = [name for name in dict.fromkeys((*image.build_args, *_named_values(recipe))) if is_secret_name(name)]
    if not named:
        text = f"{image.name}: no argument or variable of the build is called as a secret is"
        return Finding("secrets", Health.OK, text, subject=image.name)
    be = "looks like a secret" if len(named) == 1 else "look like secrets"
    text = f"{image.name}: {', '.join(named)} {be}, and who may pull the image can read what an ARG or ENV holds"
    by = "build_secrets of the asset" if image.is_asset else f'secrets = {{ {named[0].lower()} = "env:{named[0]}" }}'
    fix = f"give it as a secret: {by}, and RUN --mount=type=secret where it is used"
    return Finding("secrets", Health.WARNING, text, fix, image.name)


def _named_values(recipe: Recipe) -> Iterator[str]:
    """The names that the Dockerfile itself gives a value, by its instructions as the recipe writes them."""
    for text in recipe.instructions:
        match parse_json(text, errors="surrogatepass"):
            case ["ARG" | "ENV", list(pairs)]:
                yield from (str(name) for name, value in pairs if value)
            case _:
                pass


def find_unused(image: ImageSettings, recipe: Recipe) -> Iterator[Finding]:
    """Keys of the settings that change nothing."""
    if image.is_asset:
        return  # the app says it all
    unused = list(_unused(image, recipe))
    for key, why in unused:
        text = f"{image.name}: {key} has no effect: {why}"
        yield Finding(
            "unused", Health.WARNING, text, f"take it out of [images.{image.name}], or correct it", image.name
        )


def find_unused_mirrors(images: Sequence[ImageSettings], recipes: Mapping[str, Recipe]) -> Iterator[Finding]:
    """Mirrors of Dockerfile frontends that no Dockerfile asks for, where all of them could be read."""
    references = [each for recipe in recipes.values() for each in recipe.references]
    is_asked = any(each.role == "syntax" for each in references)
    if any(image.syntax_mirrors for image in images) and len(recipes) >= len(images) and not is_asked:
        text = "syntax-mirrors has no effect: no Dockerfile has a # syntax line"
        yield Finding("unused", Health.WARNING, text, "take it out of the settings")


def _unused(image: ImageSettings, recipe: Recipe) -> Iterator[tuple[str, str]]:
    declared = {name for name, _ in recipe.build_args}
    for name in image.build_args:
        if name not in declared and not name.startswith(_OF_ENGINE) and name.lower() not in _PREDEFINED:
            yield f"build-args.{name}", "no ARG of a stage that is built declares it"
    used = {read.context for read in recipe.reads} | {reference.context for reference in recipe.references}
    for name in image.build_contexts:
        if name not in used:
            yield f"build-contexts.{name}", "nothing of a stage that is built takes anything from it"
    mounted = {secret.partition(":")[2] for secret in recipe.secrets}
    for secret in image.build.secrets:
        if secret.id not in mounted:
            yield f"secrets.{secret.id}", "no RUN of a stage that is built mounts it"
    if not image.stack:
        if image.deploy_by is not DeployBy.TAG:
            yield "deploy-by", "no stack receives the image"
        if image.parameter != DEFAULT_PARAMETER:
            yield "parameter", "no stack receives the image"
