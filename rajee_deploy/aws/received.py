"""What came in place of an answer, looked at before botocore's parsers see it.

They take a page of a proxy for a fault of their own, whose text is the whole page, or for bytes that no setting can
have; and they try nothing again then. So a body that cannot be one of AWS's is taken away: what stays is its status,
which botocore knows how to handle. Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.parsers.expat import ExpatError, ParserCreate

from rajee_deploy.text.foreign import parse_json

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

_SERVERS_FAULT = 500
_JSON = ("json", "rest-json")
_XML = ("query", "ec2", "rest-xml")


class NotAnAnswerError(Exception):
    """Bytes that are no answer of AWS: `status` is HTTP's, the text says what is wrong with them."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


def examine(response: MutableMapping[str, Any], protocol: str) -> None:
    """botocore's `before-parse`. NotAnAnswerError, or an empty body where a server's failure is tried again."""
    body, status = response["body"], response["status_code"]
    if not isinstance(body, bytes) or protocol not in (*_JSON, *_XML):
        return  # a stream, or what none of our calls speaks
    why = _trouble(body, protocol)
    if not why or (not body.strip() and status >= _SERVERS_FAULT):
        return
    if status >= _SERVERS_FAULT:
        response["body"] = b""
        return
    kind = str(_header(response["headers"], "content-type") or "no type")
    raise NotAnAnswerError(status, f"{len(body)} bytes ({kind[:60]}): {why}")


def _trouble(body: bytes, protocol: str) -> str:
    if protocol in _JSON:
        try:
            document = parse_json(body or b"{}", errors="surrogatepass")  # `shaped` looks at the texts
        except UnicodeDecodeError:
            return "not in UTF-8"
        except ValueError:
            return "not JSON"
        return "" if isinstance(document, dict) else "no JSON object"
    try:
        ParserCreate().Parse(body, True)  # noqa: FBT003 -- expat takes no name
    except ExpatError as error:
        return f"not XML ({error})"
    return ""


def _header(headers: Mapping[str, Any], wanted: str) -> Any:
    return next((value for name, value in headers.items() if name.lower() == wanted), None)
