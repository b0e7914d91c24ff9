"""What of this machine matters to a run: the engine, node, strace, room on disks, our own directories. Looks only."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from rajee_deploy.actions.doctor import judgements
from rajee_deploy.actions.doctor.findings import Finding, Health, of_error, unknown
from rajee_deploy.errors import DeployError
from rajee_deploy.synth.cli_files import node_missing
from rajee_deploy.synth.runtimes import node_version
from rajee_deploy.synth.tracing.kernel import find_strace, strace_obstacle
from rajee_deploy.system.places import cache_directory, state_directory
from rajee_deploy.system.process import find_program

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rajee_deploy.settings import ImageSettings


def check_engine(check: Callable[[], str]) -> Iterator[Finding]:
    """Whether an engine answers that can build; `check` is the engine's own."""
    try:
        yield Finding("engine", Health.OK, check())
    except DeployError as error:
        yield of_error("engine", error)


def check_image_store(images: Sequence[ImageSettings], has_classic_store: Callable[[], bool]) -> Iterator[Finding]:
    """Whether the engine can do what the images' settings ask for and not every engine can; it is asked only then."""
    cached = [image.name for image in images if judgements.needs_export(image.build.cache_to)]
    several = [image.name for image in images if len(image.platforms) > 1]
    if not cached and not several:
        return
    try:
        is_classic = has_classic_store()
    except DeployError:
        return  # why it does not answer, the engine's own row says
    if is_classic:
        yield judgements.judge_classic_store(cached, several)


def check_node() -> Iterator[Finding]:
    """Whether there is a node for the CDK CLI."""
    found = find_program("node")
    if found is None:
        yield of_error("node", node_missing())
        return
    version = node_version()
    if version is None:
        yield unknown("node", f"{found} is a version manager's script, or fails: it is not run to find out its version")
    else:
        yield judgements.judge_node(version)


def check_strace(obstacle: Callable[[], str] = strace_obstacle) -> Iterator[Finding]:
    """Whether the kernel can tell what a synth reads; nothing where the system has no such thing."""
    told = obstacle()
    if told:
        why, _, fix = told.rpartition("; ")
        text = f"{why}: after more edits than needed only a synth can tell whether the infrastructure changed"
        yield Finding("strace", Health.WARNING, text, fix)
    elif program := find_strace():
        yield Finding("strace", Health.OK, f"{program} tells what a synth reads")


def check_disk(data_root: Callable[[], Path | None] | None) -> Iterator[Finding]:
    """Room where private copies, caches, and the engine's images go."""
    places = (
        ("cache", cache_directory(), "make room there, or let RAJEE_DEPLOY_CACHE_DIR name a directory elsewhere"),
        ("temporary files", Path(tempfile.gettempdir()), "make room there, or let TMPDIR name a directory elsewhere"),
    )
    for subject, place, fix in places:
        yield from _space(place, subject, fix)
    if data_root is None:
        return
    try:
        root = data_root()
    except DeployError as error:
        if error.code == "docker-missing":
            return  # whether that matters, the engine's own row says
        yield unknown("disk", f"engine: whether it has room is not known: {error.problem}", "engine")
        return
    if root is None:
        text = "engine: whether it has room is not known: none answers that keeps its images on this machine's own disk"
        yield unknown("disk", text, "engine", "docker system df shows what its images take")
        return
    yield from _space(root, "engine", "docker buildx prune", is_of_builds=True)


def _space(place: Path, subject: str, fix: str, *, is_of_builds: bool = False) -> Iterator[Finding]:
    try:
        free = shutil.disk_usage(_nearest(place)).free
    except OSError as error:
        yield unknown("disk", f"{subject}: the room in {place} is not known: {error.strerror}", subject)
        return
    yield judgements.judge_space(free, str(place), subject, fix, is_of_builds=is_of_builds)


def check_directories() -> Iterator[Finding]:
    """Whether we may write where we keep what we know. Nothing is written to find out."""
    places = (
        ("cache", cache_directory(), "RAJEE_DEPLOY_CACHE_DIR", "each run hashes and synthesises anew"),
        ("state", state_directory(), "RAJEE_DEPLOY_STATE_DIR", "no history is kept, so report knows nothing"),
    )
    for check, place, variable, loss in places:
        problem = _write_problem(place)
        if problem:
            fix = f"let {variable} name a directory that you may write to"
            yield Finding(check, Health.WARNING, f"{problem}: {loss}", fix)
        else:
            yield Finding(check, Health.OK, str(place))


def _write_problem(place: Path) -> str:
    nearest = _nearest(place)
    if not nearest.is_dir():
        return f"{nearest} is no directory"
    is_open = os.access(nearest, os.W_OK | os.X_OK)
    return "" if is_open else f"{place} may not be written to"


def _nearest(place: Path) -> Path:
    """The place, or what there is of the way to it."""
    return next((each for each in (place, *place.parents) if os.path.lexists(each)), place)
