"""Owns the service: network, load balancer, Fargate tasks. It must never know which image tag is deployed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aws_cdk import Annotations, Aws, CfnOutput, Duration, RemovalPolicy, Stack
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs

from rajee_deploy.cdk import DeployState
from stacks.rajee_registry_stack import REPOSITORY_NAME

if TYPE_CHECKING:
    from constructs import Construct

    from stacks.profiles import Profile

CONTAINER_NAME = "EnvoyProxy"
PLATFORM = "linux/amd64"
PROXY_PORT = 10000
HEALTH_PORT = 10001
READY_PATH = "/ready"
MAX_TASKS = 10
CPU_TARGET_PERCENT = 60
PLAIN_HTTP = (
    "prod without a certificate is a public listener of plain HTTP: whoever is on the way reads the bearer tokens."
    " Give it one: cdk -c certificateArn=arn:aws:acm:…"
)
# Envoy answers within a second; a quarter of a CPU on a cold host may take a few.
START_SECONDS = 10

# Names a program that is in the image: it has no curl, and no shell or wget but this one. The check's own timeout ends
# it; wget's -T crashes in some builds of busybox (1.35 of Debian 12 is one).
HEALTH_COMMAND = ("CMD", "/bin/busybox", "wget", "-q", "-O", "/dev/null", f"http://127.0.0.1:{HEALTH_PORT}{READY_PATH}")


@dataclass(frozen=True, slots=True)
class ProxySettings:
    """What is proxied and for whom. `jwt_audience` and `certificate_arn` may be empty.

    Without a certificate the listener is plain HTTP: bearer tokens then travel in the clear between the client and
    the load balancer, which is for trying things out only.
    """

    bucket: str
    jwt_issuer: str
    jwks_uri: str
    jwt_audience: str = ""
    certificate_arn: str = ""


class RajeeEnvoyStack(Stack):
    """Envoy on Fargate behind a load balancer, in front of one S3 bucket."""

    def __init__(self, scope: Construct, construct_id: str, *, profile: Profile, settings: ProxySettings) -> None:
        super().__init__(scope, construct_id, description="Rajee: Envoy in front of an S3 bucket")
        state = DeployState(self, images=("ImageTag",))
        # By name, not by a cross-stack export: an export would tie the two stacks' updates together.
        repository = ecr.Repository.from_repository_name(self, "Repository", REPOSITORY_NAME)
        image = ecs.ContainerImage.from_ecr_repository(repository, state.image_tags["ImageTag"])
        vpc = self._network()
        task = self._task(image, profile, settings)
        service = self._service(vpc, task, profile)
        balancer = self._balancer(vpc, service, profile, settings)
        if profile.name == "prod" and not settings.certificate_arn:
            Annotations.of(self).add_warning_v2("raja:plainHttp", PLAIN_HTTP)
        scheme = "https" if settings.certificate_arn else "http"
        CfnOutput(self, "EnvoyEndpoint", value=f"{scheme}://{balancer.load_balancer_dns_name}")
        CfnOutput(self, "EnvoyRepositoryUri", value=repository.repository_uri)
        CfnOutput(self, "EnvoyPlatform", value=PLATFORM)

    def _network(self) -> ec2.Vpc:
        """Two zones, public subnets only.

        Tasks reach ECR and the token issuer over their own public address and S3 over a gateway endpoint, which is
        free. The other way, private subnets, needs NAT gateways that cost by the hour and by every proxied byte
        that misses the endpoint, in each zone. What keeps the tasks private is their security group: it admits the
        load balancer and nobody else.
        """
        return ec2.Vpc(
            self,
            "Vpc",
            max_azs=2,
            nat_gateways=0,
            subnet_configuration=[ec2.SubnetConfiguration(name="Public", subnet_type=ec2.SubnetType.PUBLIC)],
            gateway_endpoints={"S3": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.S3)},
            # Emptying the default group takes a custom resource (a Lambda function); nothing here uses that group.
            restrict_default_security_group=False,
        )

    def _task(self, image: ecs.ContainerImage, profile: Profile, settings: ProxySettings) -> ecs.FargateTaskDefinition:
        task = ecs.FargateTaskDefinition(
            self,
            "Task",
            cpu=256,
            memory_limit_mib=512,
            runtime_platform=ecs.RuntimePlatform(
                cpu_architecture=ecs.CpuArchitecture.X86_64, operating_system_family=ecs.OperatingSystemFamily.LINUX
            ),
        )
        self._grant_reading(task, settings.bucket)
        task.add_container(
            CONTAINER_NAME,
            image=image,
            environment=_environment(settings),
            health_check=ecs.HealthCheck(
                command=list(HEALTH_COMMAND),
                interval=Duration.seconds(profile.check_interval),
                timeout=Duration.seconds(profile.check_timeout),
                retries=profile.unhealthy_threshold,
                start_period=Duration.seconds(START_SECONDS),
            ),
            logging=self._logging(profile),
            # The admin port is bound to the task's loopback and is not among these.
            port_mappings=[ecs.PortMapping(container_port=port) for port in (PROXY_PORT, HEALTH_PORT)],
            readonly_root_filesystem=True,
            stop_timeout=Duration.seconds(profile.stop_timeout),
        )
        return task

    def _grant_reading(self, task: ecs.FargateTaskDefinition, bucket: str) -> None:
        """Exactly what Envoy's routes let through: reading objects of this bucket, and listing it."""
        bucket_arn = f"arn:{Aws.PARTITION}:s3:::{bucket}"
        task.add_to_task_role_policy(iam.PolicyStatement(actions=["s3:GetObject"], resources=[f"{bucket_arn}/*"]))
        task.add_to_task_role_policy(iam.PolicyStatement(actions=["s3:ListBucket"], resources=[bucket_arn]))

    def _logging(self, profile: Profile) -> ecs.LogDriver:
        group = logs.LogGroup(self, "Logs", retention=profile.log_retention, removal_policy=RemovalPolicy.DESTROY)
        return ecs.LogDrivers.aws_logs(stream_prefix="envoy", log_group=group)

    def _service(self, vpc: ec2.Vpc, task: ecs.FargateTaskDefinition, profile: Profile) -> ecs.FargateService:
        """Has no desired count: autoscaling owns it, and a number in the template would undo scaling on each update."""
        service = ecs.FargateService(
            self,
            "Service",
            cluster=ecs.Cluster(self, "Cluster", vpc=vpc),
            task_definition=task,
            assign_public_ip=True,
            min_healthy_percent=profile.minimum_healthy_percent,
            max_healthy_percent=200,
            circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
            health_check_grace_period=Duration.seconds(profile.grace_period),
        )
        scaling = service.auto_scale_task_count(min_capacity=profile.tasks, max_capacity=MAX_TASKS)
        scaling.scale_on_cpu_utilization("Cpu", target_utilization_percent=CPU_TARGET_PERCENT)
        return service

    def _balancer(
        self, vpc: ec2.Vpc, service: ecs.FargateService, profile: Profile, settings: ProxySettings
    ) -> elb.ApplicationLoadBalancer:
        balancer = elb.ApplicationLoadBalancer(self, "Balancer", vpc=vpc, internet_facing=True)
        self._listener(balancer, settings).add_targets(
            "Envoy",
            port=PROXY_PORT,
            protocol=elb.ApplicationProtocol.HTTP,
            targets=[service.load_balancer_target(container_name=CONTAINER_NAME, container_port=PROXY_PORT)],
            deregistration_delay=Duration.seconds(profile.deregistration_delay),
            health_check=elb.HealthCheck(
                path=READY_PATH,
                port=str(HEALTH_PORT),
                interval=Duration.seconds(profile.check_interval),
                timeout=Duration.seconds(profile.check_timeout),
                healthy_threshold_count=profile.healthy_threshold,
                unhealthy_threshold_count=profile.unhealthy_threshold,
            ),
        )
        service.connections.allow_from(balancer, ec2.Port.tcp(HEALTH_PORT), "health checks of the load balancer")
        return balancer

    def _listener(self, balancer: elb.ApplicationLoadBalancer, settings: ProxySettings) -> elb.ApplicationListener:
        if not settings.certificate_arn:
            return balancer.add_listener("Http", protocol=elb.ApplicationProtocol.HTTP)
        balancer.add_redirect()
        certificate = acm.Certificate.from_certificate_arn(self, "Certificate", settings.certificate_arn)
        return balancer.add_listener("Https", protocol=elb.ApplicationProtocol.HTTPS, certificates=[certificate])


def _environment(settings: ProxySettings) -> dict[str, str]:
    """What the image's entrypoint reads. Authentication cannot be turned off from here."""
    environment = {
        "AWS_REGION": Aws.REGION,
        "S3_BUCKET": settings.bucket,
        "JWT_ISSUER": settings.jwt_issuer,
        "JWKS_URI": settings.jwks_uri,
    }
    if settings.jwt_audience:
        environment["JWT_AUDIENCE"] = settings.jwt_audience
    return environment
