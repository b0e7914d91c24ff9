from aws_cdk import CfnOutput, Duration, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_ecs_patterns as patterns
from constructs import Construct


class GuestbookStack(Stack):
    def __init__(self, scope: Construct, name: str, **kwargs) -> None:
        super().__init__(scope, name, **kwargs)

        vpc = ec2.Vpc(self, "Vpc", max_azs=2, nat_gateways=1)
        cluster = ecs.Cluster(self, "Cluster", vpc=vpc)
        service = patterns.ApplicationLoadBalancedFargateService(
            self,
            "Web",
            cluster=cluster,
            cpu=256,
            memory_limit_mib=512,
            desired_count=2,
            min_healthy_percent=100,
            health_check_grace_period=Duration.seconds(30),
            task_image_options=patterns.ApplicationLoadBalancedTaskImageOptions(
                # The whole repository is the build context; .dockerignore keeps some of it out.
                image=ecs.ContainerImage.from_asset("."),
                container_port=8000,
                environment={"GREETING": "Welcome"},
            ),
        )
        service.target_group.configure_health_check(path="/healthz")
        CfnOutput(self, "Address", value=service.load_balancer.load_balancer_dns_name)
