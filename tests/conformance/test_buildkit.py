"""Random builds against the real BuildKit: refused alike, cached alike, and the same image from the private copy.

RAJEE_PROOF_CASES and RAJEE_PROOF_SEED make a longer run, or another one; a failure prints its seed and its world.
"""

from __future__ import annotations

import os
import random
import re
import uuid
from collections import Counter
from dataclasses import replace
from pprint import pformat

import pytest
from conformance.builds import build
from conformance.worlds import make_world, mutate, write_world

from rajee_deploy.context import Modes, stage_context
from rajee_deploy.errors import DeployError
from rajee_deploy.image.inputs import read_inputs
from rajee_deploy.model import Kind, Platform
from rajee_deploy.settings import ImageSettings

pytestmark = pytest.mark.docker

CASES = int(os.environ.get("RAJEE_PROOF_CASES", "20"))
FIRST = int(os.environ.get("RAJEE_PROOF_SEED", "1"))
OLD = "the engine follows symlinks inside what a wildcard matches when it computes the cache key"
COPYING = "it has a cache key and fails only while it is copied (a file onto a directory)"


def settings(root, world):
    return ImageSettings(
        name="app",
        context=root / "context",
        dockerfile=root / "context/Dockerfile",
        repository="",
        platforms=(Platform.parse("linux/amd64"),),
        target=None,
        build_args=world.args,
        build_contexts={"named": str(root / "named")} if world.named else {},
    )


def ours(root, world):
    try:
        return read_inputs(settings(root, world), Modes.EXACT)
    except DeployError as error:
        return error


def theirs(root, world, image=None):
    named = root / "named" if world.named else None
    # By a name that the engine has never seen: it keeps contexts by their names, and another tree's misleads it.
    context = root / uuid.uuid4().hex
    context.symlink_to(root / "context")
    return build(context, root / "context/Dockerfile", args=world.args, named=named, image=image)


def of_the_copy(inputs, world, image):
    with (
        stage_context(inputs.selections[""], inputs.dockerfile) as main,
        stage_context(inputs.selections.get("named", inputs.selections[""]), b"") as named,
    ):
        extra = named.directory if world.named else None
        if world.named and "named" not in inputs.selections:
            extra = None  # nobody reads it
        return build(main.directory, main.dockerfile, args=world.args, named=extra, image=image)


def tell(world, *facts):
    shown = [fact if isinstance(fact, (str, DeployError, dict, list, frozenset)) else "accepted" for fact in facts]
    return f"seed {world.seed}: {shown}\n{pformat(replace(world, dockerfile=''))}\n{world.dockerfile}"


def prove(seed, root, old):
    """One world, proved; what became of it. `old`: the engine follows symlinks inside what a wildcard matches."""
    world = make_world(seed, uuid.uuid4().hex[:8])
    write_world(world, root)
    before, built = ours(root, world), theirs(root, world, root / "image.tar")
    if old and not isinstance(before, DeployError) and has_nested_links(before):
        return "not checked: " + OLD
    if isinstance(before, DeployError) or built.error:
        if is_refused_while_copying(before, built.error):
            return "explained: " + COPYING
        assert isinstance(before, DeployError), tell(world, built.error)
        assert built.error, tell(world, before)
        return "refused"
    copied = of_the_copy(before, world, root / "copy.tar")
    assert not copied.error, tell(world, copied.error)
    assert copied.image == built.image, tell(world, difference(built.image, copied.image))
    withheld = any(entry.withheld for found in before.selections.values() for entry in found.entries)
    assert withheld or not copied.ran, tell(world, "not cached", copied.ran, [n.code for n in before.notices])
    return after_a_change(world, root, before)


def after_a_change(world, root, before):
    deed = mutate(world, root, random.Random(world.seed))  # noqa: S311 -- a change, no secret
    after, rebuilt = ours(root, world), theirs(root, world)
    if isinstance(after, DeployError) or rebuilt.error:
        if is_refused_while_copying(after, rebuilt.error):
            return "explained: " + COPYING
        assert isinstance(after, DeployError), tell(world, deed, rebuilt.error)
        assert rebuilt.error, tell(world, deed, after)
        return "refused after the change"
    if after.fingerprint == before.fingerprint:
        assert not rebuilt.ran, tell(world, deed, "equal fingerprint, but not cached", rebuilt.ran)
        return "equal and cached"
    assert rebuilt.ran, tell(world, deed, "another fingerprint, but everything is cached")
    return "changed and rebuilt"


def has_nested_links(inputs):
    """Whether a wildcard takes a symlink that is not at its top."""
    kinds = {name: {e.entry.path: e.entry.kind for e in found.entries} for name, found in inputs.selections.items()}
    return any(
        one.read.selector.wildcard and any(kinds[name].get(item.path) is Kind.SYMLINK for item in one.items)
        for name, found in inputs.selections.items()
        for one in found.chosen
    )


def is_refused_while_copying(found, error):
    return not isinstance(found, DeployError) and re.search(r"cannot (replace|copy) to", error)


def difference(one, other):
    return {name: (one.get(name), other.get(name)) for name in {*one, *other} if one.get(name) != other.get(name)}


@pytest.fixture(scope="session")
def old_engine(tmp_path_factory):
    """Whether this engine follows symlinks inside what a wildcard matches."""
    root = tmp_path_factory.mktemp("old")
    (root / "d").mkdir()
    (root / "d/broken").symlink_to("nowhere")
    (root / "Dockerfile").write_text(f"FROM scratch\nCOPY d* /{uuid.uuid4().hex}/\n")
    return bool(build(root, root / "Dockerfile", args={}, named=None).error)


FEATURES = {
    "COPY --exclude": "COPY --exclude=x a* /",
    "COPY --parents": "COPY --parents a* /",
    "ADD --unpack": "ADD --unpack=false a* /",
    "RUN --device": "FROM scratch\nRUN --device=x y\nFROM scratch",
    "RUN --mount=type=secret,env=": "RUN --mount=type=secret,id=x,env=Y z",
    "# check=": "# check=skip=all\n# escape=`\nFROM scratch\nCOPY a* `\n /",
}


def test_what_this_engine_cannot_be_asked(tmp_path, note, old_engine):
    """No feature that the engine lacks is passed over: each is named in the summary of the run."""
    lacking = [OLD] if old_engine else []
    for name, text in FEATURES.items():
        (tmp_path / "Dockerfile").write_text(text if text.startswith("#") else f"FROM scratch\n{text}\n")
        error = build(tmp_path, tmp_path / "Dockerfile", args={}, named=None).error
        if re.search(r"unknown flag|unexpected key|unknown instruction|no build stage|parse error", error):
            lacking.append(f"the engine does not know {name}")
    for line in lacking:
        note(f"not checked: {line}")
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY a* /\n")
    assert not build(tmp_path, tmp_path / "Dockerfile", args={}, named=None).error  # the engine can be asked at all


def test_random_builds(tmp_path, note, old_engine):
    outcomes = Counter()
    for seed in range(FIRST, FIRST + CASES):
        root = tmp_path / str(seed)
        root.mkdir()
        outcomes[prove(seed, root, old_engine)] += 1
    note(f"{CASES} random builds from seed {FIRST}:")
    for outcome, count in outcomes.most_common():
        note(f"  {count} {outcome}")
    assert outcomes["equal and cached"]
    assert outcomes["changed and rebuilt"]
    assert outcomes["refused"]
