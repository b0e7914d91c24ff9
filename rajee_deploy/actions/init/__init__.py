"""`init`: looks at a CDK app, and writes the settings for it. `cli/init.py` has the order of it."""
