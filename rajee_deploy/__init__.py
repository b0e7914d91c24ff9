"""rajee-deploy: build an image only when its inputs changed, deploy a stack only when something did."""

__version__ = "0.1.0"
