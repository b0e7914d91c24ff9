"""Nobody, as far as AWS is concerned: for a program that is to run without credentials. It asks AWS nothing."""

from __future__ import annotations

from rajee_deploy.aws.client import Aws
from rajee_deploy.errors import ConfigurationError


class Nobody(Aws):
    """The region in force, if there is one, and no keys."""

    def resolved_environment(self) -> dict[str, str]:
        """Without a region and keys a child program would look for them, and wait for what a machine of EC2 says."""
        return {"AWS_EC2_METADATA_DISABLED": "true", **self._told_region()}

    def _told_region(self) -> dict[str, str]:
        try:
            region = self.region
        except ConfigurationError:
            return {}
        return {"AWS_REGION": region, "AWS_DEFAULT_REGION": region}
