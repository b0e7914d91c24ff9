"""Which inputs count, and how they become one digest and a tag. Pure: values in, values out.

The encoding frames every name and value with its length, so no two different lists of inputs give the same bytes.
A change of what is encoded moves every tag of every user: bump SCHEME and say so in CHANGELOG.md.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from rajee_deploy.dataclass import dataclass
from rajee_deploy.model import Digest, is_local_context

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rajee_deploy.model import BuildOptions, Recipe, Use

SCHEME = "rajee-deploy.image/1"
INFRA_SCHEME = "rajee-deploy.infra/4"
TAG_PREFIX = "c-"
TAG_HEX = 40
# An input of this kind says what stands for something that is not here: it is shown, and never encoded.
TAKEN = "toolchain-taken:"
IGNORED = "ignored:"  # before what a synth read and cdk.ignore takes out: shown, and never encoded, too
RECORD = "record"  # the input that says that the list of inputs is the kernel's record of a synth, and so whole
_PRECISIONS = ("exact", "superset")
_OF_PLATFORM = re.compile(r"[a-z0-9_.-]+(/[a-z0-9_.-]+){1,2}")


@dataclass(frozen=True, slots=True)
class Input:
    """One named input. `value` is what may be shown; `digest` what is encoded when the value is long or private."""

    name: str
    value: str | None = None
    digest: Digest | None = None

    @property
    def text(self) -> str:
        """What enters the encoding."""
        return self.value if self.value is not None else str(self.digest)


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Our digest over all inputs of an image. `precision` is `exact`, or `superset` where more than is read counts."""

    scheme: str
    digest: Digest
    inputs: tuple[Input, ...]
    precision: str = "exact"

    @property
    def tag(self) -> str:
        """The image tag: a prefix and the first hex digits of the digest (160 bits)."""
        return TAG_PREFIX + self.digest.hex[:TAG_HEX]


def of_image(recipe: Recipe, options: BuildOptions, uses: Sequence[Use], modes: str) -> Fingerprint:
    """The fingerprint of one image: everything that decides its build except what no build can declare."""
    return _fingerprint(SCHEME, _image_inputs(recipe, options, uses, modes), _precision(recipe, uses))


def of_platforms(parts: Sequence[tuple[Recipe, BuildOptions, Sequence[Use]]], modes: str) -> Fingerprint:
    """The fingerprint of an image for several platforms: of what decides it on each. For one, the same as `of_image`.

    The inputs of a platform have its name before theirs (see `kind_of`), so no two lists of inputs look alike.
    """
    if len(parts) == 1:
        return of_image(*parts[0], modes)
    inputs = [Input("platform", ",".join(str(options.platform) for _, options, _ in parts))]
    for recipe, options, uses in parts:
        own = _image_inputs(recipe, options, uses, modes)[1:]
        inputs += [replace(item, name=f"{options.platform} {item.name}") for item in own]
    precisions = {_precision(recipe, uses) for recipe, _, uses in parts}
    return _fingerprint(SCHEME, inputs, max(precisions, key=_PRECISIONS.index))


def kind_of(name: str) -> tuple[str, str]:
    """An input's name apart: the platform it belongs to ("" for all of them), and the name that it has there."""
    platform, space, own = name.partition(" ")
    return (platform, own) if space and _OF_PLATFORM.fullmatch(platform) else ("", name)


def _precision(recipe: Recipe, uses: Sequence[Use]) -> str:
    return _PRECISIONS[bool(recipe.widened) or any(use.read.widened for use in uses)]


def of_infrastructure(
    files: Iterable[tuple[str, str, Digest]],
    context: Mapping[str, str],
    environment: Mapping[str, str | None],
    versions: Mapping[str, str],
    traced: Iterable[Input] = (),
) -> Fingerprint:
    """The fingerprint of what synth reads: files as (path, mode, digest), CDK context, environment, versions; and what
    a synth was seen to read beyond these.

    An environment variable that is not set (None) differs from one that is empty.
    """
    inputs = [Input(f"file:{path}", f"{mode} {digest}") for path, mode, digest in sorted(files)]
    inputs += [Input(f"context:{key}", value) for key, value in sorted(context.items())]
    inputs += [private_input("env", name, value) for name, value in sorted(environment.items())]
    inputs += [Input(f"version:{name}", version) for name, version in sorted(versions.items())]
    inputs += sorted(traced, key=lambda item: item.name)
    return _fingerprint(INFRA_SCHEME, inputs, "exact")


def with_given(fingerprint: Fingerprint, given: Mapping[str, str]) -> Fingerprint:
    """The fingerprint of what synth reads, with the tags that it is given as context values, by key."""
    if not given:
        return fingerprint
    inputs = [*fingerprint.inputs[1:], *(Input(f"given:{key}", value) for key, value in sorted(given.items()))]
    return _fingerprint(fingerprint.scheme, inputs, fingerprint.precision)


def encode(inputs: Sequence[Input]) -> bytes:
    """Canonical bytes of a list of inputs: `<length>:<name><length>:<text>` each, in order. Injective."""
    framed = bytearray()
    for item in inputs:
        for text in (item.name, item.text):
            raw = text.encode("utf-8", "surrogateescape")
            framed += b"%d:" % len(raw) + raw
    return bytes(framed)


def _fingerprint(scheme: str, inputs: Sequence[Input], precision: str) -> Fingerprint:
    everything = (Input("scheme", scheme), *inputs)
    counted = [item for item in everything if not item.name.startswith((TAKEN, IGNORED))]
    return Fingerprint(scheme, _sha256(encode(counted)), everything, precision)


def _image_inputs(recipe: Recipe, options: BuildOptions, uses: Sequence[Use], modes: str) -> list[Input]:
    inputs = [
        Input("platform", str(options.platform)),
        # As asked for: the name of a last stage that nobody asked for by name decides nothing.
        Input("target", (options.target or "").lower()),
        Input("modes", modes),
    ]
    inputs += [
        Input(f"instruction:{number}", digest=_sha256(_bytes(text))) for number, text in enumerate(recipe.instructions)
    ]
    inputs += [private_input("build-arg", name, value) for name, value in sorted(recipe.build_args)]
    # In file order, not as a set: two named contexts that swap their images swap what two stages stand on.
    inputs += [Input(f"reference:{reference.role}", reference.text) for reference in recipe.references]
    inputs += [Input("secret", name) for name in sorted(set(recipe.secrets))]
    inputs += [
        Input(f"build-context:{name}", reference)
        for name, reference in sorted(options.build_contexts.items())
        if not is_local_context(reference)  # those count by what is read of them, not by where they lie
    ]
    inputs += [Input("source-policy", digest=options.source_policy)] if options.source_policy is not None else []
    inputs += [Input(f"label:{name}", value) for name, value in sorted(options.labels.items())]
    inputs += [Input(f"use:{number}", _describe(use)) for number, use in enumerate(uses)]
    return inputs


def _describe(use: Use) -> str:
    """A use as canonical text: what it selects and the digest of that."""
    selector = use.read.selector
    return json.dumps(
        [
            use.read.instruction.value,
            use.read.context,
            selector.path,
            selector.wildcard,
            selector.follow,
            selector.include,
            selector.exclude,
            selector.required,
            str(use.digest),
        ],
    )


def private_input(kind: str, name: str, value: str | None) -> Input:
    """An input whose value must not be shown or stored: its keyed digest stands for it."""
    if value is None:
        return Input(f"{kind}:{name}", "unset")
    return Input(
        f"{kind}:{name}",
        digest=Digest("sha256", hmac.new(_bytes(f"{kind}:{name}"), _bytes(value), "sha256").hexdigest()),
    )


def _sha256(data: bytes) -> Digest:
    return Digest("sha256", hashlib.sha256(data).hexdigest())


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
