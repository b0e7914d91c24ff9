"""The CDK app of the reference service: reads the context, builds the two stacks. Run by `cdk` from `infra/`.

Context (`-c key=value`, or cdk.json): `environment` (dev or prod, default dev), `bucket` (what is proxied),
`jwtIssuer`, `jwksUri` and `jwtAudience` (whose tokens are accepted), `certificateArn` (turns on HTTPS).

The stacks name no account and no region: synth then needs neither credentials nor lookups, and gives the same
template on every machine. One environment per account and region; the names do not tell environments apart.
"""

from __future__ import annotations

import sys

from aws_cdk import App, Aws, DefaultStackSynthesizer
from stacks.profiles import get_profile
from stacks.rajee_envoy_stack import ProxySettings, RajeeEnvoyStack
from stacks.rajee_registry_stack import RajeeRegistryStack


def build(app: App) -> None:
    """Add both stacks to `app`; ValueError when the context is wrong."""
    profile = get_profile(app.node.try_get_context("environment") or "dev")
    settings = ProxySettings(
        bucket=_text(app, "bucket") or f"rajee-{profile.name}-{Aws.ACCOUNT_ID}-{Aws.REGION}",
        jwt_issuer=_required(app, "jwtIssuer"),
        jwks_uri=_required(app, "jwksUri"),
        jwt_audience=_text(app, "jwtAudience"),
        certificate_arn=_text(app, "certificateArn"),
    )
    RajeeRegistryStack(app, "RajeeRegistryStack")
    RajeeEnvoyStack(app, "RajeeEnvoyStack", profile=profile, settings=settings)


def _text(app: App, key: str) -> str:
    return str(app.node.try_get_context(key) or "")


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
