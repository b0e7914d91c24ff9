#!/usr/bin/env python3
import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
from constructs import Construct


def task(scope: Construct, name: str, directory: str) -> ecs.FargateTaskDefinition:
    definition = ecs.FargateTaskDefinition(scope, f"{name}Task")
    definition.add_container("main", image=ecs.ContainerImage.from_asset(directory), environment={"PART": name})
    return definition


class Part(cdk.NestedStack):
    def __init__(self, scope: Construct, name: str, directory: str) -> None:
        super().__init__(scope, name)
        self.definition = task(self, name, directory)


class Platform(cdk.Stack):
    def __init__(self, scope: Construct, name: str) -> None:
        super().__init__(scope, name)
        gateway = task(self, "Gateway", "images/gateway")
        catalogue = Part(self, "Catalogue", "images/catalogue")
        search = Part(self, "Search", "images/search")
        cdk.CfnOutput(self, "GatewayRevision", value=gateway.task_definition_arn)
        cdk.CfnOutput(self, "CatalogueRevision", value=catalogue.definition.task_definition_arn)
        cdk.CfnOutput(self, "SearchRevision", value=search.definition.task_definition_arn)


app = cdk.App()
Platform(app, "Platform")
app.synth()
