"""Names that complete: of the settings, of AWS's files, of this machine's runs. Nobody is asked over the network.

The settings are read as they stand, unchecked: while somebody is at work on them, one mistake should not hide all
names. Whatever cannot be read raises, and then nothing completes.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rajee_deploy.cli.shells.answer import Candidate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from rajee_deploy.cli.shells.answer import Typed

    Source = Callable[[Typed], Iterator[Candidate]]


def _environments(given: Typed) -> Iterator[Candidate]:
    for name, table in _tables(_document(given), "environments"):
        yield Candidate(name, str(table.get("region", "")))


def _images(given: Typed) -> Iterator[Candidate]:
    document = _document(given)
    for name, table in _tables(document, "images"):
        yield Candidate(name, str(table.get("stack", "")))
    if _table(document, "cdk").get("image-assets") == "adopt":
        yield from _adopted(given)


def _stacks(given: Typed) -> Iterator[Candidate]:
    document = _document(given)
    for table in (document, *(each for _, each in _tables(document, "environments"))):
        for name in _table(table, "cdk").get("stacks", ()):
            yield Candidate(str(name))


def _parameters(given: Typed) -> Iterator[Candidate]:
    document = _document(given)
    for table in (document, *(each for _, each in _tables(document, "environments"))):
        for stack, values in _tables(_table(table, "cdk"), "parameters"):
            yield from (Candidate(f"{stack}:{key}=") for key in values)


def _profiles(_given: Typed) -> Iterator[Candidate]:
    from rajee_deploy.aws.profiles import profile_names

    yield from map(Candidate, profile_names(os.environ))


def _regions(given: Typed) -> Iterator[Candidate]:
    from rajee_deploy.aws.profiles import region_names

    known = region_names()
    if _is_there(given):
        for _, table in _tables(_document(given), "environments"):
            name = str(table.get("region", ""))
            yield Candidate(name, known.get(name, ""))
    yield from (Candidate(name, where) for name, where in known.items())


def _tags(given: Typed) -> Iterator[Candidate]:
    """The tags that this machine deployed in this project, newest first."""
    from rajee_deploy.report.history import History, is_of_project

    environment = _environment(given) or ""
    root, wanted = _path(given).parent, given.values.get("image")
    for run in reversed(History().runs()[0]):
        if run.environment == environment and is_of_project(run, root):
            for image, tag in run.tags.items():
                if not wanted or image in wanted:
                    yield Candidate(tag, f"{image}, {run.at[:16].replace('T', ' ')}")


def _since(given: Typed) -> Iterator[Candidate]:
    yield Candidate("deployed", "the image that the stack runs")
    yield Candidate("HEAD", "the last commit")
    yield from _tags(given)


def _codes(_given: Typed) -> Iterator[Candidate]:
    from rajee_deploy.actions.error_codes import all_codes

    yield from (Candidate(each.code, each.meaning) for each in all_codes())


def _references(given: Typed) -> Iterator[Candidate]:
    from rajee_deploy.lock import read
    from rajee_deploy.settings import LOCK_NAME

    context = given.last("context")
    lock = read((Path(context) if context else _path(given).parent) / LOCK_NAME)
    yield from (Candidate(line.reference) for line in lock.entries)


def _platforms(_given: Typed) -> Iterator[Candidate]:
    yield from map(Candidate, ("linux/amd64", "linux/arm64", "linux/amd64,linux/arm64"))


def _targets(given: Typed) -> Iterator[Candidate]:
    """The stages of the Dockerfile of the flags, else of each image that is meant."""
    from rajee_deploy.dockerfile.instructions import From, parse_instruction
    from rajee_deploy.dockerfile.parser import parse
    from rajee_deploy.system.regular_files import DOCKERFILE_BYTES, read_regular

    for path in _dockerfiles(given):
        for node in parse(read_regular(path, DOCKERFILE_BYTES), str(path)).nodes:
            stage = parse_instruction(node, str(path)) if node.name == "FROM" else None
            if isinstance(stage, From) and stage.name:
                yield Candidate(stage.name, stage.base)


def _dockerfiles(given: Typed) -> Iterator[Path]:
    file, context = given.last("file"), given.last("context")
    if file or context:
        yield Path(file) if file else Path(context or ".") / "Dockerfile"
        return
    root, wanted = _path(given).parent, given.values.get("image")
    for name, table in _tables(_document(given), "images"):
        if not wanted or name in wanted:
            own = root / str(table.get("context", ".")) / "Dockerfile"
            yield root / str(table["dockerfile"]) if "dockerfile" in table else own


def _verbs(_given: Typed) -> Iterator[Candidate]:
    from rajee_deploy.cli.line import VERBS

    yield from map(Candidate, (*VERBS, "sandbox"))


# (verb, parameter) → its names; a verb of "" is every verb that has the parameter.
SOURCES: Mapping[tuple[str, str], Source] = {
    ("", "environment"): _environments,
    ("", "image"): _images,
    ("", "profile"): _profiles,
    ("", "region"): _regions,
    ("", "platform"): _platforms,
    ("", "target"): _targets,
    ("", "parameters"): _parameters,
    ("init", "stacks"): _stacks,
    ("rollback", "tag"): _tags,
    ("explain", "since"): _since,
    ("explain-error", "code"): _codes,
    ("lock", "reference"): _references,
    ("help", "verb"): _verbs,
}
DIRECTORIES = frozenset({"context", "app", "checkout"})


def _document(given: Typed) -> Mapping[str, Any]:
    from rajee_deploy.settings.document import document_of

    return document_of(_path(given))


def _path(given: Typed) -> Path:
    from rajee_deploy.settings import find_settings

    config = given.last("config") or os.environ.get("RAJEE_DEPLOY_CONFIG")
    return Path(config).expanduser().absolute() if config else find_settings(Path.cwd())


def _environment(given: Typed) -> str | None:
    return given.last("environment") or os.environ.get("RAJEE_DEPLOY_ENVIRONMENT")


def _is_there(given: Typed) -> bool:
    from rajee_deploy.errors import ConfigurationError

    try:
        _document(given)
    except ConfigurationError:
        return False
    return True


def _adopted(given: Typed) -> Iterator[Candidate]:
    """The images that the app declares, as its last synth here knows them; none where the settings are not whole."""
    from rajee_deploy.actions.adopted import with_known_images
    from rajee_deploy.errors import DeployError
    from rajee_deploy.settings import load

    try:
        images = with_known_images(load(_path(given), _environment(given))).images
    except DeployError:
        return
    yield from (Candidate(image.name, image.stack) for image in images if image.is_asset)


def _table(table: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = table.get(name)
    return found if isinstance(found, dict) else {}


def _tables(table: Mapping[str, Any], name: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The tables in a table, with their names."""
    yield from ((key, each) for key, each in _table(table, name).items() if isinstance(each, dict))
