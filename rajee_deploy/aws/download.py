"""Downloads from addresses that AWS signed: botocore's own HTTP client, so its proxies and certificates hold.

A signed address is a secret for as long as it is valid: no error and no cause may show it.
"""

from __future__ import annotations

import os
import time
from typing import Any

from rajee_deploy.errors import DeployError
from rajee_deploy.text.numbers import whole

ATTEMPTS = 4
CONNECT_SECONDS = 3
READ_SECONDS = 10
LAST_ATTEMPT_SECONDS = 15  # no attempt begins later
_PAUSE_SECONDS = 0.2  # doubled after each attempt
_CHUNK = 1 << 16


def download(asked: str, url: str, limit: int) -> bytes:
    """The body of a GET, whole or not at all, at most `limit` bytes; tried again after what may pass."""
    began = time.monotonic()
    for attempt in range(ATTEMPTS):
        try:
            status, data = _get(url, limit)
        except OSError as error:
            failure = DeployError(
                "aws-unreachable",
                "AWS's storage could not be reached",
                where=asked,
                cause=str(error),
                hint="check the network and its proxies",
            )
        else:
            if status == 200:  # noqa: PLR2004 -- HTTP
                return data
            failure = DeployError(
                "aws-error",
                f"AWS's storage answered HTTP {status}",
                where=asked,
                hint="run again; a proxy or a bucket policy for VPC endpoints may be in the way",
            )
            if status < 500:  # noqa: PLR2004 -- HTTP
                raise failure
        if time.monotonic() - began > LAST_ATTEMPT_SECONDS:
            break
        time.sleep(_PAUSE_SECONDS * 2**attempt if attempt + 1 < ATTEMPTS else 0)
    raise failure


def _get(url: str, limit: int) -> tuple[int, bytes]:
    """Status and body. OSError, whose text never has the address, when there is no whole answer."""
    from botocore.awsrequest import AWSRequest
    from botocore.exceptions import HTTPClientError
    from botocore.httpsession import URLLib3Session
    from botocore.utils import get_environ_proxies

    try:
        sessions: Any = URLLib3Session  # its stubs know only one form of its arguments
        session = sessions(
            verify=os.environ.get("AWS_CA_BUNDLE") or os.environ.get("REQUESTS_CA_BUNDLE") or True,
            proxies=get_environ_proxies(url),
            timeout=(CONNECT_SECONDS, READ_SECONDS),
            max_pool_connections=1,
        )
        try:
            request = AWSRequest(method="GET", url=url, stream_output=True)
            answer = session.send(request.prepare())
            return answer.status_code, _body(answer, limit)
        finally:
            session.close()
    except HTTPClientError as error:
        raise OSError(type(error).__name__) from None


def _body(answer: Any, limit: int) -> bytes:
    from urllib3.exceptions import HTTPError

    received = bytearray()
    try:
        for chunk in answer.raw.stream(_CHUNK):
            received += chunk
            if len(received) > limit:
                raise OSError(f"more than {limit} bytes came")
    except HTTPError as error:
        raise OSError(f"the answer broke off ({type(error).__name__})") from None
    promised = whole(answer.headers.get("Content-Length", ""))
    if promised not in (None, len(received)):
        raise OSError(f"{len(received)} of {promised} bytes came")
    return bytes(received)
