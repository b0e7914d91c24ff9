"""The verb that goes back. Thin as the others: flags to what is asked, one call, one way to print."""

from __future__ import annotations

from typing import Annotated

import typer

from rajee_deploy.cli.flags import (  # noqa: TC001 -- typer reads the annotations while the program runs
    Config,
    Environment,
    Images,
    Json,
    Profile,
    Region,
    Verbose,
)


def rollback(
    tag: Annotated[
        str | None, typer.Argument(metavar="TAG", help="The image's tag to go back to (default: what ran before).")
    ] = None,
    environment: Environment = None,
    profile: Profile = None,
    region: Region = None,
    image: Images = None,
    config: Config = None,
    wait: Annotated[int, typer.Option(help="Seconds to wait for somebody else's operation on a stack.")] = 1800,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="For scripts: a rollback asks nothing anyway.")] = False,  # noqa: ARG001 -- accepted, so that scripts need not tell the verbs apart
    verbose: Verbose = False,
    as_json: Json = False,
) -> None:
    """Run the image again that ran before, or the one of a tag. The infrastructure stays as it is.

    \b
    rajee-deploy rollback                        what ran before the last deployment; once more: forth again
    rajee-deploy rollback c-0a1b… -e prod        the image of a tag
    rajee-deploy rollback --image api            one of several images

    CloudFormation alone does it, with no synth and no node (but where only a synth can tell which stack a name in the
    settings means). An image that the registry lost is built again from the
    git revision that it was made of.
    """
    from rajee_deploy.cli.wiring import make_context
    from rajee_deploy.explain.past import Origin
    from rajee_deploy.rollback import Asked
    from rajee_deploy.rollback.recorded import of_rollback, recorded_rollback

    run = make_context((environment, image, config), profile, region, verbose=verbose)
    origin = Origin(run.settings.path, environment, lambda settings: settings)
    deployed = [each for each in run.settings.images if each.stack]
    names = [each.name for each in deployed]
    asked = Asked(run.images if image else deployed, tag, origin, bool(image), wait, deployed=names)
    returns, record = recorded_rollback(run, asked)
    if as_json:
        run.console.document(of_rollback(returns, record))
