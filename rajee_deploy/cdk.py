"""Owns what a CDK stack declares so that `rajee-deploy` can read its state and move its images without a synth.

Use it in any Python CDK app, in two lines:

    state = DeployState(self, images=("ImageTag",))
    tag = state.image_tags["ImageTag"]

The app passes `tag` to whatever takes a tag or digest of a repository, such as a container image. The template is then
the same for every tag, so a new image is one parameter update, and a raw `cdk deploy` of an existing stack keeps the
tag that runs (the CDK CLI sends previous values). This module imports aws_cdk; nothing else of the package may import
this module.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from aws_cdk import CfnOutput, CfnParameter, Fn, Stack
from constructs import Construct

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aws_cdk.aws_ecr import IRepository

# The grammar of a tag in the distribution specification.
TAG_PATTERN = "[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"
DIGEST_PATTERN = "sha256:[0-9a-f]{64}"
INFRA_HASH = "RajeeInfraHash"
TEMPLATE_HASH = "RajeeTemplateHash"
REVISION = "RajeeRevision"
STATE = "RajeeState"
NOT_RECORDED = "-"
_NAME = (
    "[A-Za-z0-9]+"  # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
)
_OWN = (INFRA_HASH, TEMPLATE_HASH, REVISION, STATE)


class DeployState(Construct):
    """Parameters and one output of the stack `scope`, with exactly these logical ids:

    - one String parameter per name in `images`. It has no default: a first deployment without a tag fails instead
      of running something nobody chose;
    - `RajeeInfraHash`, `RajeeTemplateHash` and `RajeeRevision`, by default "-", so that a raw `cdk deploy` of a new
      stack works without the tool;
    - the output `RajeeState`: those three and the tags in the order of `images`, joined by "/". Parameters that
      no resource or output reads do not make a real update; this output reads all of them.

    `deploy_by` is what the parameters receive: the "tag", or the "digest" of the image that was verified; the same
    as `deploy-by` of the images in the settings. A parameter takes nothing but the one, so that a tool and a template
    of two minds fail before anything changes.

    Declare it once per stack; CDK refuses a second one. TypeError or ValueError for `images` that are no parameters'
    names, and for a scope that is no stack of its own: a nested one is deployed by the stack that holds it.
    """

    def __init__(self, scope: Construct, *, images: Sequence[str] = (), deploy_by: str = "tag") -> None:
        names = _check_names(images)
        if deploy_by not in ("tag", "digest"):
            raise ValueError(f"deploy_by is 'tag' or 'digest', not {deploy_by!r}")
        _check_scope(scope)
        super().__init__(scope, "RajeeDeployState")
        self._by_digest = deploy_by == "digest"
        records = [
            self._parameter(name, f"{what}; written by rajee-deploy, never by hand.", default=NOT_RECORDED)
            for name, what in (
                (INFRA_HASH, "Digest of what synth read"),
                (TEMPLATE_HASH, "Digest of the template, tags, topics and protection that were deployed"),
                (REVISION, "Git revision that was deployed"),
            )
        ]
        values = {name: self._image_value(name) for name in names}
        self._image_tags = {name: self._reference(value) for name, value in values.items()}
        output = CfnOutput(
            self,
            STATE,
            description="What rajee-deploy deployed: infra hash, template hash, revision and images.",
            value=Fn.join("/", [*records, *values.values()]),
        )
        output.override_logical_id(STATE)

    @property
    def image_tags(self) -> Mapping[str, str]:
        """Parameter name → the tag or digest, with a token that CloudFormation resolves when it deploys. For whatever
        of CDK takes either: `ContainerImage.from_ecr_repository`, `DockerImageCode.from_ecr`, …"""
        return self._image_tags

    def image_uri(self, repository: IRepository, name: str) -> str:
        """The reference of the image that the parameter `name` chooses: `repository:tag` or `repository@sha256:…`."""
        return repository.repository_uri_for_tag_or_digest(self._image_tags[name])

    def _reference(self, value: str) -> str:
        """CDK joins with `@` what begins with `sha256:`, and a token does not, whatever it will be. So the digest's
        algorithm is written here and only its digits are left to CloudFormation."""
        return f"sha256:{Fn.select(1, Fn.split(':', value))}" if self._by_digest else value

    def _image_value(self, name: str) -> str:
        if self._by_digest:
            return self._parameter(
                name,
                "Digest of the image to run.",
                pattern=f"^{DIGEST_PATTERN}$",
                constraint="an image digest, sha256: and 64 hexadecimal digits (deploy-by of the settings)",
            )
        return self._parameter(
            name,
            "Tag of the image to run.",
            pattern=f"^{TAG_PATTERN}$",
            constraint="an image tag: letters, digits, '_', '.', '-', at most 128, not starting with '.' or '-'",
        )

    def _parameter(
        self,
        name: str,
        description: str,
        *,
        default: str | None = None,
        pattern: str | None = None,
        constraint: str | None = None,
    ) -> str:
        parameter = CfnParameter(
            self,
            name,
            type="String",
            description=description,
            default=default,
            allowed_pattern=pattern,
            constraint_description=constraint,
        )
        # The tool finds parameters by name, so the construct's path must not leak into it.
        parameter.override_logical_id(name)
        return parameter.value_as_string


def _check_names(images: object) -> tuple[str, ...]:
    """The names of parameters. A single text would be taken for one name a letter."""
    if isinstance(images, str):
        raise TypeError(f"images is a list of parameters' names: images=({images!r},), not images={images!r}")
    if not isinstance(images, Iterable):
        raise TypeError(f'images is a list of parameters\' names, like images=("ImageTag",), not {images!r}')
    names = tuple(images)
    for name in names:
        if not isinstance(name, str) or not re.fullmatch(_NAME, name) or name in _OWN:
            raise ValueError(
                f"images has {name!r}, which cannot be a parameter's name: letters and digits, and none of"
                f" {', '.join(_OWN)}, which DeployState declares itself"
            )
    if len(set(names)) < len(names):
        raise ValueError(f"images has a name twice: {', '.join(names)}")
    return names


def _check_scope(scope: object) -> None:
    stacks = [each for each in scope.node.scopes if Stack.is_stack(each)] if isinstance(scope, Construct) else []
    if not stacks:
        raise TypeError(f"DeployState is declared in a stack, not in {scope!r}: DeployState(self) in its __init__")
    if Stack.of(stacks[-1]).nested:
        raise ValueError(
            f"{stacks[-1].node.path} is a nested stack, whose parameters the stack around it decides: declare"
            " DeployState there, and hand its image_tags on"
        )
