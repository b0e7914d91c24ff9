"""From flags to the real ports, for the verbs that meet AWS."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from rajee_deploy.actions.locate import find_key, infrastructure_of, look_up
from rajee_deploy.actions.observe import check_account
from rajee_deploy.actions.run import CurrentRun, Ports, check_flags
from rajee_deploy.aws import Aws
from rajee_deploy.began import process_began
from rajee_deploy.cli.images import choose_among, choose_images, settings_path
from rajee_deploy.console import Console
from rajee_deploy.engine.choice import choose_engine
from rajee_deploy.errors import ConfigurationError, DeployError
from rajee_deploy.model.repository import ecr_address
from rajee_deploy.plan.ancestry import Rules
from rajee_deploy.plan.state import StackAbsent
from rajee_deploy.plan.tags import tag_problem
from rajee_deploy.registry.ecr import Ecr
from rajee_deploy.registry.known_images import KnownImages
from rajee_deploy.report.timings import Timings
from rajee_deploy.settings import load, with_flags
from rajee_deploy.stack.deployment_record import RecordedStacks
from rajee_deploy.stack.located import LocatedRecords, LocatedServices, LocatedStacks, LocatedUpdates, LocatedWatching
from rajee_deploy.stack.task_logs import TaskLogs
from rajee_deploy.stack.whereabouts import Whereabouts
from rajee_deploy.synth.app import CdkApp
from rajee_deploy.synth.cdk_cli import Cdk
from rajee_deploy.synth.cli_endpoint import check_endpoint
from rajee_deploy.synth.cli_files import get_cli
from rajee_deploy.system.places import state_directory

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from rajee_deploy.actions.explain.tags import Sources
    from rajee_deploy.aws import Identity, Patience
    from rajee_deploy.build_record.store import ContentsStore
    from rajee_deploy.image.inputs import ImageInputs
    from rajee_deploy.model.repository import Repository
    from rajee_deploy.plan.expiry import LifecycleRule
    from rajee_deploy.plan.replacement import Specification
    from rajee_deploy.plan.state import Ancestry, RepositoryAbsent, StackState, Synthesised
    from rajee_deploy.settings import Settings
    from rajee_deploy.stack import StackReader
    from rajee_deploy.synth.tracing.depfile import TracedImage


_YEAR_9999 = 253370764800  # its first second since 1970: what no clock says, and no history takes


def make_context(
    flags: tuple[str | None, Sequence[str] | None, Path | None],
    profile: str | None,
    region: str | None,
    *,
    also_tags: Sequence[str] | None = None,
    verbose: bool = False,
    infra_check: str | None = None,
    allow_rollback: bool = False,
    parameters: Sequence[str] | None = None,
) -> CurrentRun:
    """Settings, images and ports of one run. `flags` are the environment, the images and the settings file."""
    tags = _check_tags(also_tags or ())
    environment, names, config = flags
    settings = load(settings_path(config), environment)
    own, assets = choose_among(settings, names)
    images = choose_images(settings, own) if own or assets is None else []
    if infra_check:
        settings = replace(settings, cdk=replace(settings.cdk, infra_check=infra_check))
    if parameters:
        settings = replace(settings, cdk=replace(settings.cdk, parameters=with_flags(settings, parameters)))
    ports = _ports(settings, make_aws(settings, profile, region))
    rules = Rules(allow_rollback, settings.require_ancestry)
    timings = Timings(began=process_began())
    timings.mark("start")
    run = CurrentRun(settings, images, ports, Console(verbose=verbose), tags, rules, timings=timings)
    run.chosen_assets = assets
    check_flags(run, parameters or ())
    return run


def _ports(settings: Settings, aws: Aws) -> Ports:
    ecr, where = _ecr(aws), Whereabouts(aws)
    app = CdkApp(settings.cdk, settings.environment, partial(_digest_images, settings))
    deployer = Cdk(settings.cdk, aws, app.tracer, where)
    return Ports(
        registry=ecr,
        reader=_reader(settings, where),
        deployer=deployer,
        engine=choose_engine(settings.engine),
        watcher=LocatedWatching(where),
        task_log=TaskLogs(where.at).find,
        updater=LocatedUpdates(where),
        services=LocatedServices(where),
        identity=aws.identity,
        infrastructure=app.fingerprint,
        build_records=lambda: [store for _, store in _stores(ecr)],
        commit=partial(_commit, settings.root),
        ancestry=partial(_ancestry, settings.root),
        is_changed=partial(_is_changed, settings.root),
        committed=partial(_committed, settings.root),
        project_id=partial(_project_id, settings.root),
        publishable=app.publishable,
        obstacle=lambda: app.tracer.obstacle,
        proofs=partial(_proofs, ecr),
        check_cli=partial(_check_cli, settings.cdk.app),
        specification=partial(_specification, settings.cdk.app),
        nested_template=partial(_nested_template, where),
        store=app.store,
        inputs=app.inputs,
        records=LocatedRecords(where),
        address=partial(_address, ecr),
        last_failure=app.last_failure,
        lifecycle=partial(_lifecycle, aws),
        bind_names=where.bind_names,
        bind_roles=ecr.bind_roles,
        adopt=partial(_adopt, settings, deployer) if settings.cdk.adopts_images else None,
    )


def _address(ecr: Ecr, repository: Repository, who: Identity) -> str:
    """What stands in for AWS has registries under addresses of its own, and is asked for them."""
    if not {"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_ECR"}.isdisjoint(os.environ):
        with suppress(DeployError):
            return ecr.address(repository)
    return ecr_address(repository, who)


def _specification(app: Path, types: Collection[str]) -> Specification:
    from rajee_deploy.synth.resource_specification import read_specification  # where a template differs alone

    return read_specification(app, types)


def _nested_template(where: Whereabouts, stack: str, path: Sequence[str]) -> Any | None:
    from rajee_deploy.stack.nested_templates import find_nested_template  # where one differs alone

    return find_nested_template(where.reading(stack), where.place(stack).name, path)


def _lifecycle(aws: Aws, repository: Repository) -> tuple[LifecycleRule, ...] | RepositoryAbsent:
    from rajee_deploy.registry.repository_rules import EcrRules

    return EcrRules(aws).find_lifecycle(repository)


def _check_cli(app: Path) -> None:
    check_endpoint(app, get_cli(app), os.environ)


def _digest_images(settings: Settings, root: Path, images: Sequence[TracedImage]) -> Sequence[str]:
    from rajee_deploy.image.originals import digest_originals

    return digest_originals(settings, root, images)


def _adopt(settings: Settings, deployer: Cdk, assembly: Path) -> Mapping[str, Synthesised]:
    from rajee_deploy.actions.adopted import adopt

    return adopt(settings, deployer, assembly)


def _commit(root: Path) -> str:
    from rajee_deploy.stack.revision import checkout_commit

    return checkout_commit(root)


def _is_changed(root: Path) -> bool:
    from rajee_deploy.stack.revision import is_checkout_changed

    return is_checkout_changed(root)


def _committed(root: Path, commit: str) -> str:
    from datetime import UTC, datetime

    from rajee_deploy.git.revisions import commit_time

    seconds = commit_time(root, commit)
    return datetime.fromtimestamp(seconds, UTC).isoformat() if 0 < seconds < _YEAR_9999 else ""


def _project_id(root: Path) -> str:
    from rajee_deploy.git.origin import find_project_id

    return find_project_id(root)


def _ancestry(root: Path, one: str, other: str) -> Ancestry:
    from rajee_deploy.git.revisions import ancestry

    return ancestry(root, one, other)


def make_aws(
    settings: Settings,
    profile: str | None,
    region: str | None,
    patience: Patience | None = None,
    *,
    is_short: bool = True,
) -> Aws:
    """The client of the profile and region in force. ConfigurationError `wrong-region` when a flag contradicts the
    environment, whose region is a guard as its account is."""
    if region and settings.region and region != settings.region:
        raise ConfigurationError(
            "wrong-region",
            f"--region {region} contradicts the environment, which is {settings.region}",
            where=f"environments.{settings.environment}.region",
            hint="leave --region out, or use an environment without a region",
        )
    return Aws(profile or settings.profile, region or settings.region, patience, is_short=is_short)


def make_sources(settings: Settings | None, profile: str | None, region: str | None) -> Sources:
    """Where `explain` learns what a tag was made of. Without settings only this machine knows anything."""
    from rajee_deploy.actions.explain.tags import Sources
    from rajee_deploy.registry.labels import RegistryLabels

    if settings is None:
        return Sources(_stores(None), _no_stack, lambda _repository, _tag, _name: "")
    aws = make_aws(settings, profile, region)
    ecr = _ecr(aws)

    written = _as_written(settings)

    def describe(stack: str) -> StackState:
        run = CurrentRun(written, written.images, _ports(written, aws), Console())
        if settings.account is not None:
            check_account(settings, aws.identity())
        return run.ports.reader.describe(find_key(run, stack))

    return Sources(_stores(ecr), describe, RegistryLabels(ecr.push_access).find_label)


def near_their_stacks(
    images: Mapping[str, ImageInputs], settings: Settings | None, profile: str | None, region: str | None
) -> Mapping[str, ImageInputs]:
    """The images with the registries of where their stacks live, as far as that is known here; nobody is asked where
    the last synth had no stack elsewhere."""
    if settings is None:
        return images
    written = _as_written(settings)
    run = CurrentRun(written, written.images, _ports(written, make_aws(settings, profile, region)), Console())
    images = _near_assets(run, images)
    places = [made.place for made in run.ports.store.latest()[1].values()]
    if not any(place.account or place.region for place in places if place is not None):
        return images
    try:
        look_up(run, infrastructure_of(run), run.ports.identity())
    except DeployError:
        return images  # as they are written, then
    near = {image.name: image.repository for image in run.settings.images}
    return {
        name: replace(image, settings=replace(image.settings, repository=near.get(name, image.settings.repository)))
        for name, image in images.items()
    }


def _as_written(settings: Settings) -> Settings:
    """The settings without the images that the app declares: those say nothing of what names mean."""
    return replace(settings, images=tuple(each for each in settings.images if not each.is_asset))


def _near_assets(run: CurrentRun, images: Mapping[str, ImageInputs]) -> Mapping[str, ImageInputs]:
    """The images with the repositories of those that the app declares, as its last synth here has them."""
    assembly = run.ports.store.latest_assembly() if any(each.settings.is_asset for each in images.values()) else None
    if assembly is None:
        return images
    from rajee_deploy.actions.adopted import located_images

    try:
        located = located_images(run.settings, assembly, run.ports.identity())
    except DeployError:
        return images  # without a repository: then this machine and git are asked alone
    places = {(each.stack, each.parameter): each.repository for each in located}
    near = {name: (each.settings.stack, each.settings.parameter) for name, each in images.items()}
    return {
        name: replace(each, settings=replace(each.settings, repository=places[near[name]]))
        if near[name] in places
        else each
        for name, each in images.items()
    }


def _reader(settings: Settings, where: Whereabouts) -> StackReader:
    """CloudFormation, with the records of the stacks that have no parameter for a tag."""
    taken = [image for image in settings.images if image.stack and image.context_key]

    def recorded(stack: str) -> dict[str, str]:
        return {image.name: image.parameter for image in taken if where.is_called(stack, image.stack)}

    with_parameters = [stack for stack, values in settings.cdk.parameters.items() if values]
    return RecordedStacks(LocatedStacks(where, with_parameters), LocatedRecords(where), recorded)


def _ecr(aws: Aws) -> Ecr:
    return Ecr(aws, KnownImages(state_directory() / "verdicts.json"))


def _stores(ecr: Ecr | None) -> list[tuple[str, ContentsStore]]:
    """Where it is kept what tags were made of, with names, in the order in which they are asked."""
    from rajee_deploy.build_record.local import LocalContents
    from rajee_deploy.build_record.store import RegistryContents

    registry = [("the registry", RegistryContents(ecr.push_access))] if ecr is not None else []
    return [*registry, ("this machine", LocalContents())]


def _proofs(ecr: Ecr) -> ContentsStore:
    from rajee_deploy.build_record.store import RegistryContents

    return RegistryContents(ecr.push_access)


def _no_stack(_stack: str) -> StackAbsent:
    return StackAbsent()


def _check_tags(tags: Sequence[str]) -> tuple[str, ...]:
    for tag in tags:
        problem = tag_problem(tag)
        if problem:
            hint = "write it like --also-tag v1.2.3, or --also-tag {short-revision}"
            raise ConfigurationError("bad-tag", f"--also-tag {tag!r}: {problem}", hint=hint)
    return tuple(tags)
