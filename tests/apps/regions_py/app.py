#!/usr/bin/env python3
import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
from constructs import Construct

ACCOUNT = "123456789012"
REGIONS = ("us-east-1", "eu-west-1")


class Edge(cdk.Stack):
    def __init__(self, scope: Construct, name: str, **kwargs) -> None:
        super().__init__(scope, name, **kwargs)
        task = ecs.FargateTaskDefinition(self, "Task")
        task.add_container(
            "edge",
            image=ecs.ContainerImage.from_asset("edge"),
            environment={"REGION": self.region},
        )
        cdk.CfnOutput(self, "TaskDefinition", value=task.task_definition_arn)


app = cdk.App()
for region in REGIONS:
    Edge(
        app,
        f"Edge-{region}",
        stack_name=f"acme-edge-{region}",
        env=cdk.Environment(account=ACCOUNT, region=region),
    )
app.synth()
