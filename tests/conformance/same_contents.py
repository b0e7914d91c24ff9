"""One random build, proved: our image has the contents of a plain build, and an equal fingerprint means equal contents.

The plain build is `docker buildx build` of the user's own directory, before the tool keeps anything in it; ours is what
`up` would do: plan, a look at the base images, and a build of the staged copy. Contents are all entries of the result
without times and with the modes that we give; directories count too.
"""

from __future__ import annotations

import os
import random
import subprocess
import tarfile
import uuid
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING

from conformance.drafts import make_draft
from conformance.laid_out import add_ours, change, remove_ours, write_draft
from conformance.served import body

from rajee_deploy.context import Modes
from rajee_deploy.context.missing import NotSentError
from rajee_deploy.dockerfile.selectors import EVERYTHING
from rajee_deploy.engine.buildx import Buildx
from rajee_deploy.errors import DeployError
from rajee_deploy.image.inputs import read_inputs, read_recipe
from rajee_deploy.image.request import build_request
from rajee_deploy.image.triggers import base_images, not_counted
from rajee_deploy.lock import Lock, LockLine, write
from rajee_deploy.model import BUILD_PLATFORM, Digest, Kind, Platform
from rajee_deploy.model.repository import PushAccess
from rajee_deploy.settings import ImageSettings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from conformance.base_images import BaseImages
    from conformance.drafts import Draft

    from rajee_deploy.image.inputs import ImageInputs
    from rajee_deploy.model import BaseConfig, Reference

Contents = dict[str, tuple[object, ...]]

DAY, ANY = "2026-11-25", Digest("sha256", "0" * 64)
PLATFORM = "--platform"  # stands among the build arguments, which have no such name
ACCESS = PushAccess("localhost:9/team/app", "AWS", "x")


class RefusedError(Exception):
    """A build that failed, or that we refuse before it begins. `is_lockable`: the lock is the remedy."""

    def __init__(self, message: str, *, is_lockable: bool = False) -> None:
        super().__init__(message)
        self.is_lockable = is_lockable


def prove(seed: int, root: Path, bases: BaseImages, served: str = "") -> str:
    """Prove the draft of a seed, with a server or without; what became of it."""
    draft = make_draft(seed, f"/{uuid.uuid4().hex[:8]}", bases.all, served)
    bases.make(draft.dockerfile)
    return prove_draft(draft, root)


def prove_draft(draft: Draft, root: Path) -> str:
    """Prove one draft, whose base images are there; what became of it. Fails with the draft in its words."""
    write_draft(draft, root)
    plain = _attempt(lambda: plain_build(draft, root))
    if draft.is_locked:
        _lock(draft, root)
    _check_ours(draft, root)
    outcome = ("locked, " if draft.is_locked else "") + _compared(draft, root, plain, is_locked=draft.is_locked)
    if outcome == "refused: the lock is the remedy":
        _lock(draft, root)
        outcome = f"locked, {_compared(draft, root, plain, is_locked=True)}"
    if not outcome.endswith("equal"):
        return outcome
    return f"{outcome}, {_after_a_change(draft, root, plain)}"


def _check_ours(draft: Draft, root: Path) -> None:
    """Have the tool keep its own in the build context: no tag moves, and nothing is refused."""
    before = _attempt(lambda: inputs_of(draft, root).fingerprint)
    add_ours(draft, root)
    after = _attempt(lambda: inputs_of(draft, root).fingerprint)
    is_equal = before == after or [str(before), type(before)] == [str(after), type(after)]
    assert is_equal, tell(draft, f"what the tool keeps in {draft.ours} counts: {before} / {after}")


def _compared(draft: Draft, root: Path, plain: Contents | RefusedError, *, is_locked: bool) -> str:
    ours = _attempt(lambda: our_build(draft, root))
    if isinstance(ours, RefusedError):
        if ours.is_lockable and not is_locked:
            return "refused: the lock is the remedy"
        assert isinstance(plain, RefusedError), tell(draft, f"we refuse what is built: {ours}")
        return "refused by both"
    assert not isinstance(plain, RefusedError), tell(draft, f"we build what is refused: {plain}")
    assert ours == plain, tell(draft, difference(plain, ours))
    return "equal"


def _after_a_change(draft: Draft, root: Path, plain: Contents | RefusedError) -> str:
    before = inputs_of(draft, root).fingerprint
    deed = change(draft, root, random.Random(draft.seed))  # noqa: S311 -- a change, no secret
    after = _attempt(lambda: inputs_of(draft, root))
    remove_ours(draft, root)
    rebuilt = _attempt(lambda: plain_build(draft, root))
    if isinstance(after, RefusedError):
        assert isinstance(rebuilt, RefusedError), tell(draft, deed, f"we refuse what is built: {after}")
        return "then refused by both"
    if after.fingerprint == before:
        assert rebuilt == plain, tell(draft, deed, "the same tag", difference(plain, rebuilt))
        return "then the same tag"
    return "then another tag"


def _attempt(act):
    try:
        return act()
    except RefusedError as error:
        return error
    except DeployError as error:
        return RefusedError(f"{error.code}: {error.problem} {error.cause}")


# -- the two builds ------------------------------------------------------------------------------------------------


def inputs_of(draft: Draft, root: Path) -> ImageInputs:
    """What plan sees."""
    return read_inputs(_settings(draft, root))


def _settings(draft: Draft, root: Path) -> ImageSettings:
    return ImageSettings(
        "app",
        root / "context",
        root / "context/Dockerfile",
        "team/app",
        (Platform.parse(draft.platform),),
        build_args=draft.args,
        build_contexts={"dir": str(root / "dir")} if draft.named else {},
        lock=root / "rajee-deploy.lock",
    )


def plain_build(draft: Draft, root: Path) -> Contents:
    named = {"dir": str(root / "dir")} if draft.named else {}
    # As the user writes the platform: docker has its own names for it.
    args = {**draft.args, PLATFORM: draft.platform}
    # By a name that the engine has never seen, since it keeps contexts by their names.
    context = root / uuid.uuid4().hex
    context.symlink_to(root / "context")
    return build(context, root / "context/Dockerfile", args, named, root / "plain.tar")


def our_build(draft: Draft, root: Path) -> Contents:
    try:
        inputs = inputs_of(draft, root)
    except NotSentError as error:
        raise RefusedError(str(error), is_lockable=_triggers_read_more(draft, root)) from error
    _check_remotes(draft, inputs)
    configs = {base: base_config(*base) for base in base_images(_unpinned(inputs))}
    if not_counted(_unpinned(inputs), configs):
        raise RefusedError("base-has-onbuild", is_lockable=True)
    with build_request(inputs, "localhost:9/team/app") as request:
        # The images are in no registry, so the digests of the lock are left out.
        named = {name: where for name, where in request.build_contexts.items() if "://" not in where}
        args = {**request.build_args, PLATFORM: str(request.platforms[0])}
        return build(request.context, request.dockerfile, args, named, root / "ours.tar")


def base_config(name: str, platform: Platform | None) -> BaseConfig:
    return Buildx().base_config(name, platform or Buildx().platform(), ACCESS, _no_registry)


def _no_registry():
    raise DeployError("registry-unreachable", "no registry is needed here")


def _unpinned(inputs: ImageInputs) -> ImageInputs:
    """The inputs with references as they are written: the lock's digest is none that the engine knows."""
    variants = []
    for variant in inputs.variants:
        references = (one._replace(text=one.text.partition("@")[0]) for one in variant.recipe.references)
        locked = {key: replace(image, digest=ANY) for key, image in variant.options.locked.items()}
        recipe = replace(variant.recipe, references=tuple(references))
        variants.append(replace(variant, recipe=recipe, options=replace(variant.options, locked=locked)))
    return replace(inputs, variants=tuple(variants))


def _lock(draft: Draft, root: Path) -> None:
    write(root / "rajee-deploy.lock", _lock_of(draft, root))


def _lock_of(draft: Draft, root: Path) -> Lock:
    """What `rajee-deploy lock` would write, of images that are in the engine alone, and of what the server has."""
    lock, before = Lock(), None
    while lock != before:  # in rounds: a base's ENV may say what ADD fetches
        before = lock
        references = read_recipe(_settings(draft, root), lock.images).references
        lock = Lock(tuple(dict.fromkeys([*lock.entries, *map(_entry, filter(_is_lockable, references))])))
    return lock


def _is_lockable(one: Reference) -> bool:
    return bool(one.key) and one.role in ("from", "add")


def _entry(one: Reference) -> LockLine:
    if one.role == "add":
        return LockLine(one.key, Digest("sha256", sha256(body(one.key)).hexdigest()), DAY)
    platform = None if one.platform == BUILD_PLATFORM else Platform.parse(one.platform)
    return LockLine(one.key, ANY, DAY, str(platform or Buildx().platform()), base_config(one.key, platform))


def _triggers_read_more(draft: Draft, root: Path) -> bool:
    """Whether no lock knows the bases yet, and their triggers read what the Dockerfile itself does not: `up` would
    refuse the build, were it not for what was not found before."""
    if (root / "rajee-deploy.lock").exists():
        return False
    settings = _settings(draft, root)
    own = {(read.context, read.selector) for read in read_recipe(settings, {}).reads}
    locked = read_recipe(settings, _lock_of(draft, root).images)
    return any(not own & {(read.context, read.selector), (read.context, EVERYTHING)} for read in locked.reads)


def _check_remotes(draft: Draft, inputs: ImageInputs) -> None:
    """What ADD fetches is pinned where it can be and a lock is there; the user is told of all that is not."""
    loose = [one for one in inputs.recipe.references if one.role == "add" and one.locked is None]
    is_told = any(notice.code == "remote-unpinned" for notice in inputs.notices)
    assert is_told == bool(loose), tell(draft, f"unpinned: {loose}; told: {is_told}")
    if draft.is_locked:
        assert not [one for one in loose if one.key], tell(draft, f"locked, and not pinned: {loose}")


def build(context: Path, dockerfile: Path, args: Mapping[str, str], named: Mapping[str, str], image: Path) -> Contents:
    """Build with buildx; the entries of the result. RefusedError with BuildKit's words."""
    argv = ["docker", "buildx", "build", "--progress=plain", "--provenance=false", f"--output=type=tar,dest={image}"]
    argv += [
        f"--build-arg={name}={value}" if name != PLATFORM else f"--platform={value}" for name, value in args.items()
    ]
    argv += [f"--build-context={name}={where}" for name, where in named.items()]
    argv += [f"--file={dockerfile}", str(context)]
    done = subprocess.run(
        argv, check=False, capture_output=True, text=True, env={**os.environ, "SOURCE_DATE_EPOCH": ""}
    )
    if done.returncode:
        raise RefusedError(done.stderr.strip().rpartition("ERROR: ")[2])
    try:
        with tarfile.open(image) as archive:
            return {member.name.strip("/"): _content(archive, member) for member in archive}
    finally:
        image.unlink()


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> tuple[object, ...]:
    kind = Kind.DIRECTORY if member.isdir() else Kind.FILE
    mode = 0 if member.issym() else Modes.GIT.apply(kind, member.mode)
    file = archive.extractfile(member) if member.isfile() else None
    return member.type, mode, member.linkname, sha256(file.read()).hexdigest() if file else ""


# -- in words ------------------------------------------------------------------------------------------------------


def difference(one: object, other: object) -> str:
    """What only one of them has, or has otherwise."""
    if not isinstance(one, dict) or not isinstance(other, dict):
        return " / ".join("built" if isinstance(each, dict) else str(each) for each in (one, other))
    return str(sorted(name for name in {*one, *other} if one.get(name) != other.get(name)))


def tell(draft: Draft, *facts: str) -> str:
    bases = "\n".join(f"{base.name}: {list(base.lines)}" for base in draft.bases if base.name in draft.dockerfile)
    return "\n".join(
        (
            f"seed {draft.seed}: {'; '.join(facts)}",
            f"{draft.platform} {draft.args} locked: {draft.is_locked}, ours: {draft.ours}",
            str(sorted(draft.files)),
            str(draft.ignore),
            bases,
            draft.dockerfile,
        )
    )
