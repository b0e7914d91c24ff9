"""Owns what a CDK stack declares so that `rajee-deploy` can read its state and move its images without a synth.

Use it in any Python CDK app, in two lines:

    state = DeployState(self, images=("ImageTag",))
    tag = state.image_tags["ImageTag"]

The app passes `tag` to its container image. The template is then the same for every tag, so a new image is one
parameter update, and a raw `cdk deploy` of an existing stack keeps the tag that runs (the CDK CLI sends previous
values). This module imports aws_cdk; nothing else of the package may import this module.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import CfnOutput, CfnParameter, Fn
from constructs import Construct

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# The grammar of a tag in the distribution specification.
TAG_PATTERN = "[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"
INFRA_HASH = "RajeeInfraHash"
TEMPLATE_HASH = "RajeeTemplateHash"
REVISION = "RajeeRevision"
STATE = "RajeeState"
NOT_RECORDED = "-"


class DeployState(Construct):
    """Parameters and one output of the stack `scope`, with exactly these logical ids:

    - one String parameter per name in `images`. It has no default: a first deployment without a tag fails instead
      of running something nobody chose;
    - `RajeeInfraHash`, `RajeeTemplateHash` and `RajeeRevision`, by default "-", so that a raw `cdk deploy` of a new
      stack works without the tool;
    - the output `RajeeState`: those three and the tags in the order of `images`, joined by "/". Parameters that
      no resource or output reads do not make a real update; this output reads all of them.

    Declare it once per stack; CDK refuses a second one.
    """

    def __init__(self, scope: Construct, *, images: Sequence[str] = ()) -> None:
        super().__init__(scope, "RajeeDeployState")
        records = [
            self._parameter(name, f"{what}; written by rajee-deploy, never by hand.", default=NOT_RECORDED)
            for name, what in (
                (INFRA_HASH, "Digest of what synth read"),
                (TEMPLATE_HASH, "Digest of the template, tags, topics and protection that were deployed"),
                (REVISION, "Git revision that was deployed"),
            )
        ]
        self._image_tags = {name: self._image_tag(name) for name in images}
        output = CfnOutput(
            self,
            STATE,
            description="What rajee-deploy deployed: infra hash, template hash, revision and image tags.",
            value=Fn.join("/", [*records, *self._image_tags.values()]),
        )
        output.override_logical_id(STATE)

    @property
    def image_tags(self) -> Mapping[str, str]:
        """Parameter name → the tag, as a token that CloudFormation resolves when it deploys."""
        return self._image_tags

    def _image_tag(self, name: str) -> str:
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
