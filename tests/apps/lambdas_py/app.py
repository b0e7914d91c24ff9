#!/usr/bin/env python3
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_

HERE = Path(__file__).parent


class ShopStack(cdk.Stack):
    def __init__(self, scope, name: str, **kwargs) -> None:
        super().__init__(scope, name, **kwargs)

        orders = self._function("Orders", "shop", cmd=["orders.handler"])
        self._function("Refunds", "shop", cmd=["refunds.handler"])
        thumbnails = self._function("Thumbnails", "thumbnails", memory_size=512)

        live = lambda_.Alias(self, "Live", alias_name="live", version=orders.current_version)
        cdk.CfnOutput(self, "OrdersLive", value=live.function_arn)
        cdk.CfnOutput(self, "ThumbnailsName", value=thumbnails.function_name)

    def _function(self, name: str, directory: str, cmd: list[str] | None = None, **options) -> lambda_.Function:
        code = lambda_.DockerImageCode.from_image_asset(str(HERE / "functions" / directory), cmd=cmd)
        return lambda_.DockerImageFunction(self, name, code=code, timeout=cdk.Duration.seconds(10), **options)


app = cdk.App()
ShopStack(app, "Shop")
app.synth()
