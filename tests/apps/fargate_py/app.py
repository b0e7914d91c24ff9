#!/usr/bin/env python3
import aws_cdk as cdk
from infrastructure.guestbook_stack import GuestbookStack

app = cdk.App()
GuestbookStack(app, "Guestbook", description="A guestbook behind a load balancer")
app.synth()
