"""What the synthesised templates promise, for both environments."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest
from sampled import some

pytestmark = pytest.mark.cdk

STACK = "RajeeEnvoyStack"
PROFILES = {
    "dev": {"tasks": 1, "minimum": 0, "interval": 5, "timeout": 2, "unhealthy": 2, "drain": "5", "stop": 5, "days": 7},
    "prod": {
        "tasks": 2,
        "minimum": 100,
        "interval": 10,
        "timeout": 5,
        "unhealthy": 3,
        "drain": "30",
        "stop": 30,
        "days": 90,
    },
}


@pytest.fixture(params=sorted(PROFILES))
def environment(request):
    return request.param


@pytest.fixture
def expected(environment):
    return PROFILES[environment]


@pytest.fixture
def template(environment, synths):
    return synths[environment].template(STACK)


@pytest.fixture
def asserted(template, assertions):
    return assertions.Template.from_json(template)


def resources(template, kind):
    return [resource["Properties"] for resource in template["Resources"].values() if resource["Type"] == kind]


def container(template):
    (task,) = resources(template, "AWS::ECS::TaskDefinition")
    (only,) = task["ContainerDefinitions"]
    return only


def references(node, name, path=()):
    """The paths of everything that refers to the parameter `name`."""
    if node == {"Ref": name}:
        return [path]
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [found for key, child in children for found in references(child, name, (*path, key))]


def test_the_tag_parameter_reaches_the_container_and_the_state_and_nothing_else(template):
    task = next(key for key, value in template["Resources"].items() if value["Type"] == "AWS::ECS::TaskDefinition")
    in_image, in_state = sorted(references(template, "ImageTag"), key=len, reverse=True)
    assert in_image[:6] == ("Resources", task, "Properties", "ContainerDefinitions", 0, "Image")
    assert in_state[:3] == ("Outputs", "RajeeState", "Value")
    assert container(template)["Image"]["Fn::Join"][1][-2:] == ["/raja/envoy:", {"Ref": "ImageTag"}]


def test_the_tag_has_no_default_and_a_pattern(asserted, assertions):
    asserted.has_parameter("ImageTag", {"Type": "String", "Default": assertions.Match.absent()})
    asserted.has_parameter("ImageTag", {"AllowedPattern": "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$"})
    asserted.has_parameter("RajeeInfraHash", {"Type": "String", "Default": "-"})


def test_the_state_is_what_the_stack_records_and_the_tag(asserted):
    names = ("RajeeInfraHash", "RajeeTemplateHash", "RajeeRevision", "ImageTag")
    asserted.has_output("RajeeState", {"Value": {"Fn::Join": ["/", [{"Ref": name} for name in names]]}})


def test_the_template_is_the_same_for_every_tag_and_every_run_and_the_default_environment_is_dev(
    synths, run_app, tmp_path
):
    """There is no way for a tag into the template, whatever name one tries, and nothing else moves in it."""
    again = run_app(tmp_path, imageTag="c-1", ImageTag="c-2", image_tag="c-3")
    assert again.templates == synths["dev"].templates


def test_no_parameter_makes_the_cdk_cli_deploy_an_unchanged_stack(synths):
    for synth in synths.values():
        for stack in synth.templates:
            template = synth.template(stack)
            assert [name for name, one in template["Parameters"].items() if one["Type"] != "String"] == []
            assert "Rules" not in template


def test_templates_are_ascii_without_account_region_or_lookup(synths):
    """CloudFormation gives any other character back as '?', and the CDK CLI then never sees an unchanged template."""
    for synth in synths.values():
        for text in synth.templates.values():
            assert text.isascii()
            assert "dummy" not in text


def test_stacks_export_nothing(synths):
    for synth in synths.values():
        for stack in synth.templates:
            assert not [output for output in synth.template(stack)["Outputs"].values() if "Export" in output]


def test_the_task(asserted, template, expected):
    asserted.has_resource_properties(
        "AWS::ECS::TaskDefinition",
        {
            "Cpu": "256",
            "Memory": "512",
            "RequiresCompatibilities": ["FARGATE"],
            "RuntimePlatform": {"CpuArchitecture": "X86_64", "OperatingSystemFamily": "LINUX"},
        },
    )
    only = container(template)
    assert only["Name"] == "EnvoyProxy"
    assert only["ReadonlyRootFilesystem"] is True
    assert only["StopTimeout"] == expected["stop"]
    assert only["LogConfiguration"]["LogDriver"] == "awslogs"
    asserted.has_resource_properties("AWS::Logs::LogGroup", {"RetentionInDays": expected["days"]})


def test_authentication_is_configured_and_never_disabled(template):
    environment = {entry["Name"]: entry["Value"] for entry in container(template)["Environment"]}
    assert set(environment) == {"AWS_REGION", "S3_BUCKET", "JWT_ISSUER", "JWKS_URI"}
    assert environment["JWKS_URI"].startswith("https://")


def test_the_admin_port_is_never_exposed(template):
    """No port mapping, security group or health check names it, and nothing moves it off the loopback address."""
    assert "9901" not in json.dumps(template)
    assert "ENVOY_ADMIN_ADDRESS" not in json.dumps(template)
    assert [mapping["ContainerPort"] for mapping in container(template)["PortMappings"]] == [10000, 10001]


def test_tasks_admit_the_load_balancer_only(template):
    groups = resources(template, "AWS::EC2::SecurityGroup")
    open_ports = [rule["FromPort"] for group in groups for rule in group.get("SecurityGroupIngress", ())]
    assert open_ports == [80]
    rules = resources(template, "AWS::EC2::SecurityGroupIngress")
    assert sorted(rule["FromPort"] for rule in rules) == [10000, 10001]
    assert all("SourceSecurityGroupId" in rule and "CidrIp" not in rule for rule in rules)


def test_the_service(asserted, assertions, expected):
    asserted.has_resource_properties(
        "AWS::ECS::Service",
        {
            "LaunchType": "FARGATE",
            "DesiredCount": assertions.Match.absent(),
            "HealthCheckGracePeriodSeconds": assertions.Match.any_value(),
            "DeploymentConfiguration": {
                "DeploymentCircuitBreaker": {"Enable": True, "Rollback": True},
                "MinimumHealthyPercent": expected["minimum"],
                "MaximumPercent": 200,
            },
        },
    )


def test_scaling(asserted, expected):
    asserted.has_resource_properties(
        "AWS::ApplicationAutoScaling::ScalableTarget", {"MinCapacity": expected["tasks"], "MaxCapacity": 10}
    )
    asserted.has_resource_properties(
        "AWS::ApplicationAutoScaling::ScalingPolicy",
        {
            "TargetTrackingScalingPolicyConfiguration": {
                "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}
            }
        },
    )


def test_health_checks(asserted, template, expected):
    asserted.has_resource_properties(
        "AWS::ElasticLoadBalancingV2::TargetGroup",
        {
            "Port": 10000,
            "HealthCheckPath": "/ready",
            "HealthCheckPort": "10001",
            "HealthCheckIntervalSeconds": expected["interval"],
            "HealthCheckTimeoutSeconds": expected["timeout"],
            "HealthyThresholdCount": 2,
            "UnhealthyThresholdCount": expected["unhealthy"],
        },
    )
    (group,) = resources(template, "AWS::ElasticLoadBalancingV2::TargetGroup")
    drain = {"Key": "deregistration_delay.timeout_seconds", "Value": expected["drain"]}
    assert drain in group["TargetGroupAttributes"]
    check = container(template)["HealthCheck"]
    assert (check["Interval"], check["Timeout"]) == (expected["interval"], expected["timeout"])
    assert check["Command"][0] == "CMD"


def test_the_task_role_reads_its_bucket_and_nothing_else(sealed, assertions):
    template = sealed.template(STACK)
    policies = resources(template, "AWS::IAM::Policy")
    (policy,) = [policy for policy in policies if "s3:" in json.dumps(policy)]
    granted = {statement["Action"]: statement["Resource"] for statement in policy["PolicyDocument"]["Statement"]}
    arn = ["arn:", {"Ref": "AWS::Partition"}]
    assert granted == {
        "s3:GetObject": {"Fn::Join": ["", [*arn, ":s3:::reports/*"]]},
        "s3:ListBucket": {"Fn::Join": ["", [*arn, ":s3:::reports"]]},
    }
    assert {"Name": "S3_BUCKET", "Value": "reports"} in container(template)["Environment"]
    # It has a certificate, too: HTTPS, and plain HTTP only to send clients there.
    asserted = assertions.Template.from_json(template)
    asserted.has_resource_properties("AWS::ElasticLoadBalancingV2::Listener", {"Port": 443, "Protocol": "HTTPS"})
    asserted.has_resource_properties(
        "AWS::ElasticLoadBalancingV2::Listener", {"Port": 80, "DefaultActions": [{"Type": "redirect"}]}
    )


def test_managed_policies_are_not_attached(template):
    assert [role for role in resources(template, "AWS::IAM::Role") if role.get("ManagedPolicyArns")] == []


def test_the_network(asserted):
    asserted.resource_count_is("AWS::EC2::Subnet", 2)
    asserted.resource_count_is("AWS::EC2::NatGateway", 0)
    asserted.has_resource_properties("AWS::EC2::VPCEndpoint", {"VpcEndpointType": "Gateway"})
    asserted.resource_count_is("AWS::Lambda::Function", 0)


def test_outputs(asserted):
    asserted.has_output("EnvoyPlatform", {"Value": "linux/amd64"})
    asserted.has_output("EnvoyEndpoint", {})
    asserted.has_output("EnvoyRepositoryUri", {})


def test_the_repository(synths, assertions):
    asserted = assertions.Template.from_json(synths["dev"].template("RajeeRegistryStack"))
    filters = [
        {"ImageTagMutabilityExclusionFilterType": "WILDCARD", "ImageTagMutabilityExclusionFilterValue": pattern}
        for pattern in ("live-*", "prev-*")
    ]
    asserted.has_resource(
        "AWS::ECR::Repository",
        {
            "DeletionPolicy": "Retain",
            "UpdateReplacePolicy": "Retain",
            "Properties": {
                "RepositoryName": "raja/envoy",
                "ImageScanningConfiguration": {"ScanOnPush": True},
                "ImageTagMutability": "IMMUTABLE_WITH_EXCLUSION",
                "ImageTagMutabilityExclusionFilters": filters,
            },
        },
    )


def test_the_lifecycle_shields_moving_tags_and_releases_before_it_counts(synths):
    repository = next(
        each
        for each in resources(synths["prod"].template("RajeeRegistryStack"), "AWS::ECR::Repository")
        if each["RepositoryName"] == "raja/envoy"
    )
    rules = json.loads(repository["LifecyclePolicy"]["LifecyclePolicyText"])["rules"]
    seen = [
        (
            rule["rulePriority"],
            rule["selection"].get("tagPatternList", rule["selection"]["tagStatus"]),
            rule["selection"]["countType"],
            rule["selection"]["countNumber"],
        )
        for rule in rules
    ]
    assert seen == [
        (1, ["live-*"], "imageCountMoreThan", 9999),
        (2, ["prev-*"], "imageCountMoreThan", 9999),
        (3, ["v*.*.*"], "imageCountMoreThan", 9999),
        (4, "untagged", "sinceImagePushed", 1),
        (5, ["m-*"], "imageCountMoreThan", 100),
        (6, ["c-*"], "imageCountMoreThan", 10),
    ]


def test_both_environments_have_the_same_registry(synths):
    assert synths["dev"].templates["RajeeRegistryStack"] == synths["prod"].templates["RajeeRegistryStack"]


@pytest.mark.parametrize(
    ("context", "said"),
    some(
        "wrong contexts of the reference service",
        [
            ({"environment": "production"}, "environment 'production' is not known; choose one of: dev, prod"),
            ({"jwtIssuer": ""}, "the context value 'jwtIssuer' is missing"),
            ({"jwksUri": ""}, "the context value 'jwksUri' is missing"),
            (
                {"jwksUri": "http://issuer.example.com/keys"},
                "the context value 'jwksUri' is 'http://issuer.example.com/keys'",
            ),
            ({"bucket": "My_Bucket"}, "3 to 63 of a-z"),
        ],
        3,
    ),
)
def test_a_wrong_context_is_one_clear_line(context, said, run_app, tmp_path):
    synth = run_app(tmp_path, **context)
    assert synth.status == 1
    assert said in synth.stderr
    assert "Traceback" not in synth.stderr
    assert synth.templates == {}


def warnings(directory):
    artifacts = json.loads((directory / "manifest.json").read_text())["artifacts"]
    found = []
    for artifact in artifacts.values():
        more = artifact.get("additionalMetadataFile")
        entries = artifact.get("metadata", {}) | (json.loads((directory / more).read_text()) if more else {})
        found += [entry["data"] for each in entries.values() for entry in each if entry["type"] == "aws:cdk:warning"]
    return found


def test_production_without_a_certificate_is_warned_of(synths, sealed):
    (told,) = warnings(synths["prod"].directory)
    assert ("plain HTTP" in told, "certificateArn=" in told) == (True, True)
    assert warnings(sealed.directory) == []


TARGETS = "AWS::ElasticLoadBalancingV2::TargetGroup"
# A row of the page → the value in a template.
ROWS = {
    "minimum healthy, %": lambda it: it("AWS::ECS::Service")["DeploymentConfiguration"]["MinimumHealthyPercent"],
    "maximum healthy, %": lambda it: it("AWS::ECS::Service")["DeploymentConfiguration"]["MaximumPercent"],
    "tasks": lambda it: it("AWS::ApplicationAutoScaling::ScalableTarget")["MinCapacity"],
    "container check: interval, s": lambda it: task_of(it)["HealthCheck"]["Interval"],
    "container check: timeout, s": lambda it: task_of(it)["HealthCheck"]["Timeout"],
    "container check: retries": lambda it: task_of(it)["HealthCheck"]["Retries"],
    "container check: start period, s": lambda it: task_of(it)["HealthCheck"]["StartPeriod"],
    "target group: interval, s": lambda it: it(TARGETS)["HealthCheckIntervalSeconds"],
    "target group: healthy threshold": lambda it: it(TARGETS)["HealthyThresholdCount"],
    "target group: unhealthy threshold": lambda it: it(TARGETS)["UnhealthyThresholdCount"],
    "grace period, s": lambda it: it("AWS::ECS::Service")["HealthCheckGracePeriodSeconds"],
    "deregistration delay, s": lambda it: next(
        each["Value"]
        for each in it(TARGETS)["TargetGroupAttributes"]
        if each["Key"] == "deregistration_delay.timeout_seconds"
    ),
    "stop timeout, s": lambda it: task_of(it)["StopTimeout"],
}


def task_of(it):
    (found,) = it("AWS::ECS::TaskDefinition")["ContainerDefinitions"]
    return found


def test_the_page_has_the_values_that_are_deployed(synths):
    """docs/rajee.md sets them beside those of the proposal."""
    page = (Path(__file__).parents[2] / "docs" / "rajee.md").read_text()
    table = page.partition("| setting |")[2].partition("\n\n")[0]
    rows = {row[0]: (row[3], row[5]) for line in table.splitlines()[2:] for row in [line.strip("| ").split(" | ")]}

    def it(environment, kind):
        (found,) = resources(synths[environment].template(STACK), kind)
        return found

    assert rows == {
        name: tuple(str(value(partial(it, environment))) for environment in ("dev", "prod"))
        for name, value in ROWS.items()
    }
