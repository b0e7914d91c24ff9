"""Which changes make a resource anew, and of which resources that loses what they hold. Values only."""

from __future__ import annotations

from dataclasses import field
from enum import Enum
from typing import TYPE_CHECKING

from rajee_deploy.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

# Made anew with each change, beside what runs: another revision takes over, and nothing is lost.
REVISIONS = (
    "AWS::ECS::TaskDefinition",
    "AWS::Lambda::Version",
    "AWS::ApiGateway::Deployment",
    "AWS::Lambda::LayerVersion",
)
_IN_PLACE = (
    ("AWS::Lambda::Function", "Code"),
    ("AWS::ECS::Service", "TaskDefinition"),
)  # so an image alone needs no list
# What holds something that nobody can make anew.
STATEFUL = frozenset(
    f"AWS::{name}"
    for name in (
        "Backup::BackupVault", "CloudFormation::Stack", "Cognito::UserPool", "DAX::Cluster", "DocDB::DBCluster",
        "DocDB::DBInstance", "DynamoDB::GlobalTable", "DynamoDB::Table", "EC2::Volume", "ECR::Repository",
        "EFS::FileSystem", "EMR::Cluster", "ElastiCache::CacheCluster", "ElastiCache::ReplicationGroup",
        "ElastiCache::ServerlessCache", "Elasticsearch::Domain", "FSx::FileSystem", "KMS::Key", "Kinesis::Stream",
        "Logs::LogGroup", "MSK::Cluster", "MemoryDB::Cluster", "Neptune::DBCluster", "Neptune::DBInstance",
        "OpenSearchService::Domain", "RDS::DBCluster", "RDS::DBInstance", "Redshift::Cluster", "S3::Bucket",
        "SDB::Domain", "SQS::Queue", "SecretsManager::Secret", "Timestream::Database", "Timestream::Table",
    )
)  # fmt: skip


class Replacement(Enum):
    """Whether another value of a property makes a resource anew."""

    NO = "no"
    MAYBE = "maybe"
    YES = "yes"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Specification:
    """By type and property, which changes replace a resource. A type that is not there is not known, but for those of
    which each change makes another revision."""

    types: Mapping[str, Mapping[str, Replacement]] = field(default_factory=dict)

    def of(self, kind: str, name: str) -> Replacement:
        """What another value of this property does."""
        if kind.startswith("Custom::"):
            return Replacement.NO  # as its provider has it
        known = self.types.get(kind)
        if known is None and (kind, name) in _IN_PLACE:
            return Replacement.NO
        if known is None:
            return Replacement.YES if kind in REVISIONS and name != "Tags" else Replacement.UNKNOWN
        return known.get(name, Replacement.NO)
