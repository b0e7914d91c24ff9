"""The only door to boto3 and botocore: one session, short time-outs, and AWS's errors told apart."""

from rajee_deploy.aws.client import ATTEMPTS, CONNECT_SECONDS, READ_SECONDS, SHORT_CALLS, Aws, Identity, Patience
from rajee_deploy.aws.errors import error_code, translate_errors, unknown
from rajee_deploy.aws.pages import pages

__all__ = [
    "ATTEMPTS",
    "CONNECT_SECONDS",
    "READ_SECONDS",
    "SHORT_CALLS",
    "Aws",
    "Identity",
    "Patience",
    "error_code",
    "pages",
    "translate_errors",
    "unknown",
]
