"""Mistakes that are found with AWS, or with a CDK app."""

from __future__ import annotations

import json

from mistaken import Mistake
from mistakes_offline import GOOD, STACK, settings

ROLE = {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "ImageTag"}}}
PARAMETERS = {"ImageTag": {"Type": "String"}}
CDK = "node_modules/.bin/cdk"
# As the CDK CLI: what it makes lies ready.
SYNTH = '#!/bin/sh\nwhile [ $# -gt 0 ]; do [ "$1" = --output ] && out=$2; shift; done\ncp -r made "$out"\n'
PYTHON, NODE = '{"app": "python3 app.py"}', '{"app": "npx ts-node bin/app.ts"}'
APP = {"infra/cdk.json": PYTHON, "infra/app.py": ""}


def failing(words: str) -> dict[str, str | None]:
    return app() | {CDK: f'#!/bin/sh\necho "{words}" >&2\nexit 1\n'}


def app(
    stack: str = "Api",
    *,
    cdk_json: str = PYTHON,
    version: str = "2.1148.1",
    more: dict | None = None,
    **template: object,
) -> dict[str, str | None]:
    """An installed CLI whose app makes one stack."""
    made = {"Parameters": PARAMETERS, "Resources": {"Topic": ROLE}, **template}
    properties = {"templateFile": f"{stack}.template.json", **(more or {})}
    artifact = {
        "type": "aws:cloudformation:stack",
        "environment": "aws://unknown-account/unknown-region",
        "properties": properties,
        "displayName": stack,
    }
    return {
        **settings(STACK),
        **APP,
        "infra/cdk.json": cdk_json,
        CDK: SYNTH,
        "node_modules/aws-cdk/package.json": json.dumps({"version": version}),
        "infra/made/manifest.json": json.dumps({"version": "48.0.0", "artifacts": {stack: artifact}}),
        f"infra/made/{stack}.template.json": json.dumps(made),
    }


BOOTSTRAP = {"bootstrapStackVersionSsmParameter": "/cdk-bootstrap/none/version", "requiresBootstrapStackVersion": 6}
LOCKS = "infra/package-lock.json"
PROD = GOOD + '[environments.prod]\naccount = "999999999999"\nregion = "us-east-1"\n'

AWS = [
    Mistake(
        "no sandbox",
        "sandbox env",
        "sandbox-not-running",
        ("no sandbox is running", "rajee-deploy sandbox start"),
        1,
        environment={"RAJEE_DEPLOY_STATE_DIR": "/nowhere"},
        restored=("RAJEE_DEPLOY_STATE_DIR",),
    ),
    Mistake(
        "no region",
        "plan",
        "no-region",
        ("export AWS_REGION=",),
        environment={"AWS_REGION": "", "AWS_DEFAULT_REGION": ""},
    ),
    Mistake(
        "a region with underscores",
        "plan",
        "bad-region",
        ("'us_east_1'", "AWS_REGION", "us-east-1"),
        environment={"AWS_REGION": "us_east_1"},
    ),
    Mistake(
        "a region of the settings with underscores",
        "plan -e x",
        "bad-region",
        ("'US East 1'", '"us-east-1"'),
        files=settings(GOOD + '[environments.x]\nregion = "US East 1"\n'),
        mended=settings(GOOD + '[environments.x]\nregion = "us-east-1"\n'),
    ),
    Mistake(
        "an availability zone",
        "plan",
        "bad-region",
        ("'us-east-1a'", "availability zone of us-east-1"),
        environment={"AWS_REGION": "us-east-1a"},
    ),
    Mistake(
        "a local zone of the settings",
        "plan -e x",
        "bad-region",
        ("zone of us-west-2", '"us-west-2"'),
        files=settings(GOOD + '[environments.x]\nregion = "us-west-2-lax-1a"\n'),
        mended=settings(GOOD + '[environments.x]\nregion = "us-east-1"\n'),
    ),
    Mistake(
        "nobody is logged in",
        "plan",
        "no-credentials",
        ("AWS_PROFILE", "rajee-deploy sandbox start"),
        1,
        environment={"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""},
        leaves="-",
    ),
    Mistake(
        "a profile that is not there", "plan --profile nobody", "no-profile", ("'nobody'", "list-profiles"), leaves="-"
    ),
    Mistake(
        "no way to AWS",
        "plan",
        "aws-unreachable",
        ("AWS_ENDPOINT_URL", "network"),
        1,
        environment={"AWS_ENDPOINT_URL": "http://127.0.0.1:9"},
        leaves="-",
    ),
    Mistake(
        "an endpoint without a scheme",
        "plan",
        "bad-endpoint",
        ("AWS_ENDPOINT_URL",),
        environment={"AWS_ENDPOINT_URL": "localhost:4566"},
        leaves="-",
    ),
    Mistake(
        "another account",
        "plan -e prod",
        "wrong-account",
        ("123456789012", "999999999999", "environments.prod"),
        1,
        files=settings(PROD),
        mended=settings(PROD.replace("9" * 12, "123456789012")),
    ),
    Mistake(
        "another region",
        "plan -e prod --region eu-west-1",
        "wrong-region",
        ("eu-west-1", "us-east-1", "--region"),
        files=settings(PROD),
        leaves="-",
    ),
    Mistake(
        "a repository that is not there",
        "plan",
        "no-repository",
        ("team/none", "images.*.repository", "aws ecr create-repository --repository-name team/none"),
        1,
        files=settings(GOOD.replace("team/api", "team/none")),
        mended=settings(GOOD),
    ),
    Mistake(
        "a repository of another registry",
        "plan",
        "no-repository",
        ("docker.io is looked for in ECR", "like team/api"),
        1,
        files=settings(GOOD.replace("team/api", "docker.io/team/api")),
        mended=settings(GOOD),
    ),
    Mistake(
        "expired keys",
        "plan",
        "expired-credentials",
        ("expired", "aws sso login"),
        1,
        environment={"REFUSED": "ExpiredToken"},
        leaves="-",
    ),
    Mistake(
        "a role that may not",
        "plan",
        "access-denied",
        ("not authorized", "permissions"),
        1,
        environment={"REFUSED": "AccessDenied"},
        leaves="-",
    ),
    Mistake(
        "keys of nobody",
        "plan",
        "bad-credentials",
        ("profile", "clock"),
        1,
        environment={"REFUSED": "InvalidClientTokenId"},
        leaves="-",
    ),
    Mistake(
        "a wrong clock",
        "plan",
        "clock-skew",
        ("timedatectl",),
        1,
        environment={"REFUSED": "RequestTimeTooSkewed"},
        leaves="-",
    ),
    Mistake(
        "too many questions",
        "plan",
        "throttled",
        ("in a minute",),
        1,
        environment={"REFUSED": "ThrottlingException"},
        leaves="-",
    ),
    Mistake(
        "a rollback before the first deployment",
        "rollback",
        "not-deployed",
        ("Api", "rajee-deploy up"),
        1,
        files=app(),
        environment={"CDK_DOCKER": "nope"},
        leaves="docker-missing",
    ),
    Mistake(
        "what is deployed of an image without a stack",
        "explain --since deployed",
        "not-deployed",
        ("images.api.stack", "rajee-deploy explain --since HEAD~1"),
        1,
        leaves="unknown-revision",
    ),
    Mistake(
        "a tag that nobody built",
        f"explain --since c-{'0' * 40}",
        "no-contents",
        ("rajee-deploy explain --since",),
        1,
        given={"REF": "HEAD"},
        leaves="revision-not-buildable",
    ),
    Mistake(
        "a program that is not there",
        "up",
        "docker-missing",
        ("CDK_DOCKER", "nope", "unset CDK_DOCKER"),
        1,
        environment={"CDK_DOCKER": "nope"},
        leaves="-",
    ),
    Mistake(
        "a builder that is not there",
        "up",
        "no-builder",
        ("far", "docker buildx ls"),
        1,
        files=settings('builder = "far"\n' + GOOD),
        leaves="-",
    ),
]

CDK_APPS = [
    Mistake(
        "no CDK CLI",
        "plan",
        "cdk-missing",
        ("npm install -D aws-cdk@2 --prefix",),
        1,
        files={**settings(STACK), **APP},
        mended=app(),
    ),
    Mistake(
        "a lock file without the CLI",
        "plan",
        "cdk-missing",
        ("npm install -D aws-cdk@2 --prefix",),
        1,
        files={**settings(STACK), **APP, LOCKS: '{"packages": {"node_modules/aws-cdk-lib": {}}}'},
        mended=app(),
    ),
    Mistake(
        "a lock file with the CLI",
        "plan",
        "cdk-missing",
        ("npm ci --prefix",),
        1,
        files={**settings(STACK), **APP, LOCKS: '{"packages": {"node_modules/aws-cdk": {}}}'},
        mended=app(),
    ),
    Mistake(
        "the release that is none",
        "plan",
        "cdk-version",
        ("3.0.0", "npm install -D aws-cdk@2"),
        1,
        files=app(version="3.0.0"),
        mended=app(),
    ),
    Mistake(
        "a CLI that would go to the real AWS",
        "plan",
        "cdk-ignores-endpoint",
        ("2.166.0", "AWS_ENDPOINT_URL", "npm install -D aws-cdk@2"),
        1,
        files=app(version="2.166.0"),
        mended=app(),
    ),
    Mistake(
        "no node", "plan", "node-missing", ("Node.js",), 1, files=app(), environment={"PATH": "/nowhere"}, leaves="-"
    ),
    Mistake(
        "no library",
        "plan",
        "synth-failed",
        ("No module named", "pip install aws-cdk-lib"),
        1,
        files=failing("ModuleNotFoundError: No module named 'aws_cdk'"),
        mended=app(),
    ),
    Mistake(
        "an old CLI",
        "plan",
        "synth-failed",
        ("not compatible", "aws-cdk@2"),
        1,
        files=failing("This CDK CLI is not compatible with the CDK library used"),
        mended=app(),
    ),
    Mistake(
        "a forgotten app.synth()",
        "plan",
        "synth-failed",
        ("app.synth()",),
        1,
        files=failing("ENOENT: no such file or directory, open '/x/cdk.out/manifest.json'"),
        mended=app(),
    ),
    Mistake(
        "a stack that the app does not have",
        "plan",
        "no-such-stack",
        ("Api", "it has: Web"),
        files=app("Web"),
        mended=settings(STACK.replace('"Api"', '"Web"')),
    ),
    Mistake(
        "no bootstrap",
        "up",
        "not-bootstrapped",
        ("npx cdk bootstrap aws://123456789012/us-east-1",),
        1,
        files=app(more=BOOTSTRAP),
        leaves="-",
    ),
    Mistake(
        "an image's parameter that is misspelt",
        "plan",
        "no-such-parameter",
        ("the parameter ImgTag", "it declares ImageTag", "images.*.parameter"),
        files=app() | settings(STACK.replace("[cdk]", 'parameter = "ImgTag"\n[cdk]')),
        mended=settings(STACK),
    ),
    Mistake(
        "no parameter in a Python app",
        "up",
        "no-such-parameter",
        ('DeployState(self, images=("ImageTag",))',),
        files=app(Parameters={}, Resources={"Topic": {"Type": "AWS::SNS::Topic"}}),
        leaves="-",
    ),
    Mistake(
        "no parameter in a TypeScript app",
        "up",
        "no-such-parameter",
        ("new CfnParameter(this, 'ImageTag'",),
        files=app(cdk_json=NODE, Parameters={}, Resources={"Topic": {"Type": "AWS::SNS::Topic"}}),
        leaves="-",
    ),
    Mistake(
        "a parameter without a value",
        "plan",
        "missing-parameter",
        ("Size", "cdk.parameters.Api", "write in"),
        files=app(Parameters={**PARAMETERS, "Size": {"Type": "String"}}),
        mended=settings(STACK + 'parameters.Api.Size = "x"\n'),
    ),
    Mistake(
        "a secret on the command line",
        "plan --parameters Api:Password=hunter2",
        "secret-parameter",
        ("NoEcho", "variable", "env ="),
        leaves="-",
        files=app(Parameters={**PARAMETERS, "Password": {"Type": "String", "NoEcho": True}}),
    ),
    Mistake(
        "a parameter that is misspelt",
        "plan --parameters Api:Sise=x",
        "no-such-parameter",
        ("Sise", "Size"),
        leaves="-",
        files=app(Parameters={**PARAMETERS, "Size": {"Type": "String", "Default": "s"}}),
    ),
    Mistake(
        "a stack that is misspelt in a flag",
        "plan --parameters Apo:Size=x",
        "bad-flag",
        ("known: Api",),
        files=app(),
        leaves="-",
    ),
    Mistake(
        "an option of the CLI in a variable",
        "plan",
        "cdk-option-in-environment",
        ("unset CDK_REQUIRE_APPROVAL",),
        files=app(),
        environment={"CDK_REQUIRE_APPROVAL": "never"},
    ),
    Mistake(
        "a cdk.json with a comma too many",
        "plan",
        "bad-cdk-json",
        ("cdk.json", "json.tool"),
        1,
        files=app(cdk_json='{"app": "x",}'),
        mended=app(),
    ),
]

ONLINE = [*AWS, *CDK_APPS]
