#!/usr/bin/env python3
import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_sqs as sqs
from constructs import Construct


class Jobs(cdk.Stack):
    def __init__(self, scope: Construct, name: str) -> None:
        super().__init__(scope, name)
        self.queue = sqs.Queue(self, "Queue", visibility_timeout=cdk.Duration.seconds(60))
        self.task = ecs.FargateTaskDefinition(self, "Task")
        self.task.add_container("runner", image=ecs.ContainerImage.from_asset("runner"))
        self.queue.grant_consume_messages(self.task.task_role)


class Api(cdk.Stack):
    def __init__(self, scope: Construct, name: str, queue: sqs.IQueue) -> None:
        super().__init__(scope, name)
        task = ecs.FargateTaskDefinition(self, "Task")
        image = ecs.ContainerImage.from_asset("api", build_args={"EDITION": "full"})
        task.add_container("api", image=image, environment={"QUEUE_URL": queue.queue_url})
        queue.grant_send_messages(task.task_role)


class Deployment(cdk.Stage):
    def __init__(self, scope: Construct, name: str, **kwargs) -> None:
        super().__init__(scope, name, **kwargs)
        jobs = Jobs(self, "Jobs")
        Api(self, "Api", jobs.queue)


app = cdk.App()
Deployment(app, "Prod", env=cdk.Environment(account="123456789012", region="us-east-1"))
app.synth()
