"""Names that the tool writes into stacks and images, and the choices that its settings offer.

Apart from `model`, since everybody who reads settings imports it. Must stay as light as it is: no dataclasses.
"""

from __future__ import annotations

from enum import Enum

# The stack parameter that records which infrastructure fingerprint a deployment was made of (rajee_deploy.cdk adds it).
INFRA_PARAMETER = "RajeeInfraHash"
# …what CloudFormation gave back of it (see `template_differences`), and from which git revision it was made.
TEMPLATE_PARAMETER = "RajeeTemplateHash"
REVISION_PARAMETER = "RajeeRevision"
RECORDS = (INFRA_PARAMETER, TEMPLATE_PARAMETER, REVISION_PARAMETER)
# …and the output that reads these (see `cdk`).
STATE_OUTPUT = "RajeeState"
NOT_RECORDED = "-"
# The parameter, and the output, with the tags of images that the CDK declares itself (see `tagged_templates`).
IMAGES_PARAMETER = "RajeeImages"
IMAGES_OUTPUT = "RajeeImageTags"


class InfraCheck(Enum):
    """On what "the infrastructure did not change" may stand.

    HASH: on hashes alone; whatever they do not prove is deployed. AUTO: on hashes, and where they do not prove it on a
    synth. SYNTH: on a synth alone.
    """

    HASH = "hash"
    AUTO = "auto"
    SYNTH = "synth"


# The label that records which fingerprint an image was built for.
FINGERPRINT_LABEL = "io.rajee-deploy.fingerprint"


class DeployBy(Enum):
    """What a stack's parameter says about an image: its tag, or the digest that was verified."""

    TAG = "tag"
    DIGEST = "digest"


class Drift(Enum):
    """What is done about a service that runs something else than its stack says: nothing; it is put back, unless the
    change is too young (as a setting); or it is put back in any case (somebody asks for it now)."""

    LEAVE = "leave"
    REPAIR = "repair"
    REPAIR_NOW = "repair now"


class Approval(Enum):
    """Who agrees to broader permissions: whoever sits at the terminal; somebody in any case (a terminal, or --yes); or
    nobody is asked."""

    INTERACTIVE = "interactive"
    BROADENING = "broadening"
    NEVER = "never"


class Who(Enum):
    """Who needs a policy: `plan` and the other verbs that only read, or `up`."""

    plan = "plan"
    up = "up"


# Begins the private name under which a tag is held that no stack parameter takes: no name of CloudFormation's has a
# colon.
GIVEN_PREFIX = "context:"
# …and the one of an image that the app declares as an asset, whose tag is text of the template.
ASSET_PREFIX = "asset:"
PRIVATE = (GIVEN_PREFIX, ASSET_PREFIX)
