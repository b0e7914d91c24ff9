"""The CDK app of the reference service: reads the context, builds the two stacks. Run by `cdk` from `infra/`.

Context (`-c key=value`, or cdk.json): `environment` (dev or prod, default dev), `bucket` (what is proxied),
`jwtIssuer`, `jwksUri` and `jwtAudience` (whose tokens are accepted), `certificateArn` (turns on HTTPS).

The stacks name no account and no region: synth then needs neither credentials nor lookups, and gives the same
template on every machine. One environment per account and region; the names do not tell environments apart.
"""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

from aws_cdk import App, Aws, DefaultStackSynthesizer
from stacks.checks import check_bucket, check_certificate, check_jwks_uri, check_words
from stacks.profiles import get_profile
from stacks.rajee_envoy_stack import ProxySettings, RajeeEnvoyStack
from stacks.rajee_registry_stack import RajeeRegistryStack

if TYPE_CHECKING:
    from collections.abc import Callable


def build(app: App) -> None:
    """Add both stacks to `app`; ValueError when the context is wrong."""
    profile = get_profile(app.node.try_get_context("environment") or "dev")
    settings = ProxySettings(
        bucket=_text(app, "bucket", check_bucket) or f"rajee-{profile.name}-{Aws.ACCOUNT_ID}-{Aws.REGION}",
        jwt_issuer=check_words("jwtIssuer", _required(app, "jwtIssuer")),
        jwks_uri=check_jwks_uri(_required(app, "jwksUri")),
        jwt_audience=_text(app, "jwtAudience", partial(check_words, "jwtAudience")),
        certificate_arn=_text(app, "certificateArn", check_certificate),
    )
    RajeeRegistryStack(app, "RajeeRegistryStack")
    RajeeEnvoyStack(app, "RajeeEnvoyStack", profile=profile, settings=settings)


def _text(app: App, key: str, check: Callable[[str], str] = str) -> str:
    """A context value; "" where there is none. ValueError for one that `check` refuses, or that is no text."""
    value = app.node.try_get_context(key)
    if value is not None and not isinstance(value, str):
        raise ValueError(f"the context value {key!r} has to be a text, and is {value!r}")
    return check(value) if value else ""


def _required(app: App, key: str) -> str:
    value = _text(app, key)
    if not value:
        raise ValueError(f"the context value {key!r} is missing; set it in cdk.json or with cdk -c {key}=…")
    return value


def main() -> None:
    # The rule and its SSM-typed parameter make `cdk deploy` update a stack that did not change.
    app = App(default_stack_synthesizer=DefaultStackSynthesizer(generate_bootstrap_version_rule=False))
    try:
        build(app)
    except ValueError as wrong:
        sys.exit(f"raja_poc: {wrong}")
    app.synth()


if __name__ == "__main__":
    main()
