"""Where images come from and go: names of images, ECR repositories, and the login for a push. Pure values."""

from __future__ import annotations

import re
from dataclasses import field
from typing import Protocol

from rajee_deploy.dataclass import dataclass

# The grammar of a tag in the distribution specification. `cdk.py` has it once more, since apps import that alone.
LONGEST_TAG = 128
TAG = rf"[A-Za-z0-9_][A-Za-z0-9_.-]{{0,{LONGEST_TAG - 1}}}"


@dataclass(frozen=True, slots=True)
class ImageName:
    """An image in a registry: `host[:port]`, the repository in it, and a tag or a digest (`latest` without either)."""

    host: str
    repository: str
    tag: str = ""
    digest: str = ""

    @property
    def version(self) -> str:
        """What a registry is asked for: the digest goes before the tag."""
        return self.digest or self.tag or "latest"

    def __str__(self) -> str:
        return f"{self.host}/{self.repository}{'@' if self.digest else ':'}{self.version}"


class RegistryOwner(Protocol):
    """Whose account and region are in force."""

    @property
    def account(self) -> str: ...

    @property
    def region(self) -> str: ...


@dataclass(frozen=True, slots=True, order=True)
class Repository:
    """An ECR repository. `host` is its registry's, "" for the registry of the account and region in force."""

    name: str
    host: str = ""

    @classmethod
    def parse(cls, text: str) -> Repository:
        """Read `team/api` or `123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/api`; ValueError otherwise."""
        host, _, name = text.partition("/") if _REGISTRY.match(text) else ("", "", text)
        # https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html
        if ".dkr" in name or not re.fullmatch(r"[a-z0-9]+([._/-][a-z0-9]+)*", name):
            raise ValueError(f"not an ECR repository: {text!r}")
        return cls(name, host)

    @property
    def account(self) -> str:
        """The account that the host names; "" without a host."""
        found = _REGISTRY.match(self.host + "/")
        return found["account"] if found else ""

    @property
    def region(self) -> str:
        """The region that the host names; "" without a host."""
        found = _REGISTRY.match(self.host + "/")
        return found["region"] if found else ""

    def __str__(self) -> str:
        return f"{self.host}/{self.name}" if self.host else self.name


# https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html, with its FIPS and dual-stack forms
_REGISTRY = re.compile(
    r"(?P<account>\d{12})\.dkr[.-]ecr(-fips)?\.(?P<region>[a-z0-9-]+)"
    r"\.(amazonaws\.com(\.cn)?|on\.aws|on\.amazonwebservices\.com\.cn)/"
)


def registry_host(account: str, region: str) -> str:
    """The host of ECR's registry of an account in a region."""
    return f"{account}.dkr.ecr.{region}.amazonaws.com{'.cn' if region.startswith('cn-') else ''}"


def ecr_address(repository: Repository, who: RegistryOwner) -> str:
    """Where docker pulls from, without a tag: ECR names its registries by account and region."""
    return f"{repository.host or registry_host(who.account, who.region)}/{repository.name}"


@dataclass(frozen=True, slots=True)
class PushAccess:
    """Where and with which login a repository is pushed to. The password is a secret: it is kept out of repr."""

    uri: str  # host[:port]/name, without a tag
    username: str
    password: str = field(repr=False)

    @property
    def host(self) -> str:
        """The registry's host, with its port."""
        return self.uri.split("/", 1)[0]
