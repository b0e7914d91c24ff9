"""The verbs that look into a hash. Thin as the others: flags to images, one call, one way to print."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 -- typer reads the annotations while the program runs
from typing import TYPE_CHECKING, Annotated

import typer

from rajee_deploy.cli.flags import (  # noqa: TC001 -- typer reads the annotations while the program runs
    BuildArgs,
    BuildContexts,
    Config,
    ContextFlag,
    Environment,
    File,
    Images,
    Json,
    PlatformFlag,
    Profile,
    Quiet,
    Region,
    Target,
)
from rajee_deploy.console.manner import choose_quiet
from rajee_deploy.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rajee_deploy.actions.explain.past import Origin
    from rajee_deploy.actions.explain.since import Since
    from rajee_deploy.cli.images import BuildFlags, SettingsFlags
    from rajee_deploy.console import Console
    from rajee_deploy.image.inputs import ImageInputs
    from rajee_deploy.settings import ImageSettings, Settings


def explain(
    path: Annotated[str | None, typer.Argument(help="A path: why it is, or is not, in the hash.")] = None,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="REF|TAG",
            help="A git revision, an image's tag, or `deployed`: what changed from it to the present files.",
        ),
    ] = None,
    context: ContextFlag = None,
    file: File = None,
    target: Target = None,
    platform: PlatformFlag = None,
    build_arg: BuildArgs = None,
    build_context: BuildContexts = None,
    environment: Environment = None,
    profile: Profile = None,
    region: Region = None,
    image: Images = None,
    config: Config = None,
    quiet: Quiet = None,
    as_json: Json = False,
) -> None:
    """Show what is in an image's hash, and why. By line of the Dockerfile, biggest first. Offline, but for --since TAG.

    \b
    rajee-deploy explain                   what each line reads, and the rest
    rajee-deploy explain src/app.py        why this path is in the hash, or is not
    rajee-deploy explain --since HEAD~1    what changed since that commit
    rajee-deploy explain --since deployed  …since the image that the stack runs
    rajee-deploy explain --since c-0a1b…   …since a tag, built on any machine
    """
    choose_quiet(quiet=quiet)
    from rajee_deploy.cli.images import BuildFlags, SettingsFlags
    from rajee_deploy.console import Console
    from rajee_deploy.errors import ConfigurationError
    from rajee_deploy.image.inputs import read_inputs

    if path is not None and since is not None:
        raise ConfigurationError("bad-flag", "a path and --since are two questions", hint="ask one after the other")
    build = BuildFlags(file, target, platform, build_arg, build_context)
    # A path may be an input of the infrastructure alone.
    chosen = _choose("explain" if path is None else "", context, SettingsFlags(environment, image, config), build)
    console = Console()
    found = {each.name: read_inputs(each) for each in chosen.images}
    if path is not None:
        _explain_path(console, found, path, chosen.settings, as_json=as_json)
    elif since is not None:
        compared = _since(console, found, chosen, since, (profile, region))
        _tell_since(console, compared, as_json=as_json)
    else:
        _explain(console, found, as_json=as_json)


def replay(
    checkout: Annotated[Path | None, typer.Argument(help="A checkout of a git repository (default: here).")] = None,
    last: Annotated[int, typer.Option(min=1, help="How many commits to look at.")] = 50,
    context: ContextFlag = None,
    file: File = None,
    target: Target = None,
    platform: PlatformFlag = None,
    build_arg: BuildArgs = None,
    build_context: BuildContexts = None,
    environment: Environment = None,
    image: Images = None,
    config: Config = None,
    quiet: Quiet = None,
    as_json: Json = False,
) -> None:
    """Count the commits of a repository that needed a rebuild. By our tag, by hashing the whole build context (what
    .dockerignore leaves), and by tagging with the commit. Offline.

    \b
    rajee-deploy replay                      the last 50 commits of this repository
    rajee-deploy replay ../other --last 200
    rajee-deploy replay --json | jq '.images[].tag.rebuilds'
    """
    choose_quiet(quiet=quiet)
    from rajee_deploy.actions.explain import documents, words
    from rajee_deploy.actions.explain.replay import replay as replay_images
    from rajee_deploy.cli.images import BuildFlags, SettingsFlags
    from rajee_deploy.console import Console
    from rajee_deploy.settings import find_settings

    if checkout is not None and context is None:
        config = config or find_settings(checkout.absolute())
    build = BuildFlags(file, target, platform, build_arg, build_context)
    chosen = _choose("replay", context, SettingsFlags(environment, image, config), build)
    console = Console()
    with console.spinner(f"the last {words.count_text(last, 'commit')}"):
        found = replay_images(chosen.images, chosen.origin, checkout or chosen.start, last, console.working)
    for one in found:
        words.warn_replay(console, one)
    if as_json:
        console.document(documents.of_replays(found))
        return
    for one in found:
        words.show_replay(console, one)


@dataclass(frozen=True, slots=True)
class _Chosen:
    """The images that were asked for, where they come from, and a directory of their repository."""

    images: Sequence[ImageSettings]
    origin: Origin
    start: Path
    settings: Settings | None = None


def _choose(verb: str, context: Path | None, flags: SettingsFlags, build: BuildFlags) -> _Chosen:
    """The images to look at; a verb "" goes on without any."""
    from functools import partial

    from rajee_deploy.actions.explain.past import Origin
    from rajee_deploy.cli.images import hashed_images, image_of_flags, laid_over, read_settings

    lay_over = partial(laid_over, build=build)
    if context is not None:
        return _Chosen([image_of_flags(context, build, flags.images)], Origin(None, None, lay_over), context)
    settings, images = hashed_images(flags, verb) if verb else read_settings(flags)
    origin = Origin(settings.path, flags.environment, lay_over)
    return _Chosen([lay_over(image) for image in images], origin, settings.root, settings)


def _explain(console: Console, found: Mapping[str, ImageInputs], *, as_json: bool) -> None:
    from rajee_deploy.actions.explain import documents, words

    if as_json:
        console.document(documents.of_explanations(found))
        return
    for name, inputs in found.items():
        words.show_image(console, name, inputs)


def _explain_path(
    console: Console, found: Mapping[str, ImageInputs], path: str, settings: Settings | None, *, as_json: bool
) -> None:
    from rajee_deploy.actions.explain import documents, infrastructure, words
    from rajee_deploy.actions.explain.why import why

    answers = {name: why(inputs, path) for name, inputs in found.items()}
    given = {each.settings.context_key: each.fingerprint.tag for each in found.values() if each.settings.context_key}
    of_stacks = infrastructure.of_infrastructure(settings, given, path) if settings is not None else None
    if settings is not None and not found and of_stacks is None:
        from rajee_deploy.cli.no_images import no_images

        raise no_images(settings, "explain")
    if as_json:
        more = {"infrastructure": infrastructure.document(of_stacks)} if of_stacks is not None else {}
        console.document({**documents.of_answers(path, answers), **more})
        return
    for name, inputs in found.items():
        for answer in answers[name]:
            words.show_answer(console, name, inputs, answer)
    if of_stacks is not None:
        is_read = of_stacks.is_input or bool(of_stacks.has_changed)
        words.say(console, infrastructure.sentence(of_stacks), is_read=is_read)


def _since(
    console: Console,
    found: Mapping[str, ImageInputs],
    chosen: _Chosen,
    asked: str,
    aws: tuple[str | None, str | None],
) -> Since:
    """Compare; `aws` are the profile and the region, for tags alone: revisions need no network."""
    from rajee_deploy.actions.explain.since import since
    from rajee_deploy.actions.explain.tags import Checkouts, is_tag, since_tag

    if not is_tag(asked):
        return since(found, chosen.origin, chosen.start, asked)
    from rajee_deploy.cli.wiring import make_sources, near_their_stacks

    with console.spinner(f"ask what {asked} was made of"):
        near = near_their_stacks(found, chosen.settings, *aws)
        return since_tag(Checkouts(near, chosen.origin, chosen.start), asked, make_sources(chosen.settings, *aws))


def _tell_since(console: Console, compared: Since, *, as_json: bool) -> None:
    from rajee_deploy.actions.explain import documents, words

    words.warn_since(console, compared)
    if as_json:
        console.document(documents.of_since(compared))
    else:
        words.show_since(console, compared)
