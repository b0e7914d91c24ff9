"""The short path: the few read calls of a run with nothing to do, made of botocore's own parts without its clients.

botocore's signer, serializers and parsers do the work, on shapes cut from its own service models; the requests travel
over the standard library's HTTP. It makes one attempt, and believes only a whole answer of status 200 that is plainly
the one asked for. Everything else (an error, something cut off, a redirect, a lost connection) it gives up without a
word, and whoever asked asks again through boto3, which knows retries, proxies and what errors mean. All calls are
reads, so asking twice changes nothing. Must never conclude anything from an answer, nor raise for one.
"""

from __future__ import annotations

import http.client
import re
import threading
import weakref
import zlib
from collections import OrderedDict, defaultdict
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import HeadersDict, create_request_object, prepare_request_dict
from botocore.exceptions import BotoCoreError
from botocore.parsers import ResponseParserError, create_parser
from botocore.serialize import create_serializer

from rajee_deploy import __version__
from rajee_deploy.aws.shaped import with_shape
from rajee_deploy.aws.short.shapes import Shapes
from rajee_deploy.system.requests_sent import note_request
from rajee_deploy.text.foreign import parse_json

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping, Sequence
    from urllib.parse import SplitResult

    from botocore.awsrequest import AWSPreparedRequest
    from botocore.model import OperationModel, StructureShape

    from rajee_deploy.aws.short.plain import PlainSettings

_OK = 200
# What botocore's parts, the network and the standard library raise for what is not an answer. (A missing key, a wrong
# type or attribute: botocore's parsers on JSON that is not what its model says. A RuntimeError: a date that no calendar
# has, or JSON that is nested without end.)
_NO_ANSWER = (
    http.client.HTTPException,
    BotoCoreError,
    ResponseParserError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    RuntimeError,
    ArithmeticError,
)


class NotOursError(Exception):
    """An answer that says nothing to this path."""


class Short:
    """The calls of one run. Safe to use from several threads; a connection serves one call at a time, and the next."""

    def __init__(self, plain: PlainSettings, calls: Mapping[str, Sequence[str]], connect: float, read: float) -> None:
        self.plain = plain
        self._connect_seconds, self._read_seconds = connect, read
        self._shapes = Shapes(calls)
        self._kept: defaultdict[str, list[http.client.HTTPConnection]] = defaultdict(list)
        self._tls: ssl.SSLContext | None = None
        self._lock = threading.Lock()
        self._is_lost = False
        weakref.finalize(self, _close, self._kept)

    def ask(self, service: str, operation: str, arguments: Mapping[str, Any], region: str) -> dict[str, Any] | None:
        """The answer as boto3's client gives it; None when boto3 has to be asked."""
        url = self.plain.endpoint(service, region)
        if url is None or self._is_lost:
            return None
        try:
            model = self._shapes.operation(service, operation)
            return _answer(model, *self._send(self._signed(model, url, arguments, (service, region))))
        except OSError:
            self._is_lost = True  # a network that fails once would cost the time-out of each call twice
        except (*_NO_ANSWER, NotOursError):
            pass  # of this call alone
        return None

    def _signed(
        self, model: OperationModel, url: str, arguments: Mapping[str, Any], scope: tuple[str, str]
    ) -> AWSPreparedRequest:
        serializer = create_serializer(model.service_model.metadata["protocol"])
        asked = serializer.serialize_to_request(dict(arguments), model)
        prepare_request_dict(asked, url, user_agent=f"rajee-deploy/{__version__}")
        request = create_request_object(asked)
        SigV4Auth(cast("Any", self.plain.keys), *scope).add_auth(request)
        prepared: AWSPreparedRequest = request.prepare()
        return prepared

    def _send(self, request: AWSPreparedRequest) -> tuple[http.client.HTTPResponse, bytes]:
        address = urlsplit(request.url)
        with self._lock:
            kept = self._kept[address.netloc].pop() if self._kept[address.netloc] else None
        if kept is not None:
            try:
                return self._exchange(kept, address, request)
            except (ConnectionError, http.client.BadStatusLine):
                pass  # the server closed it in the meantime
        return self._exchange(self._connected(address), address, request)

    def _exchange(
        self, connection: http.client.HTTPConnection, address: SplitResult, request: AWSPreparedRequest
    ) -> tuple[http.client.HTTPResponse, bytes]:
        headers = {name: _text(value) for name, value in request.headers.items()}
        target = address.path + (f"?{address.query}" if address.query else "")
        note_request()
        try:
            connection.request(request.method, target, cast("bytes | str | None", request.body), headers)
            with connection.getresponse() as response:  # it holds the socket as well as the connection does
                body = response.read()
        except BaseException:
            connection.close()
            raise
        if not response.will_close:
            with self._lock:
                self._kept[address.netloc].append(connection)
        return response, body

    def _connected(self, address: SplitResult) -> http.client.HTTPConnection:
        host, port, seconds = address.hostname or "", address.port, self._connect_seconds
        connection = (
            http.client.HTTPSConnection(host, port, timeout=seconds, context=self._trusted())
            if address.scheme == "https"
            else http.client.HTTPConnection(host, port, timeout=seconds)
        )
        connection.connect()
        connection.sock.settimeout(self._read_seconds)
        return connection

    def _trusted(self) -> ssl.SSLContext:
        """What boto3's own connections trust, read once for all hosts."""
        from botocore.httpsession import create_urllib3_context, get_cert_path

        with self._lock:
            if self._tls is None:
                self._tls = create_urllib3_context()
                self._tls.check_hostname = True
                self._tls.load_verify_locations(get_cert_path(cast("bool", self.plain.authorities or True)))
            return self._tls


def _answer(model: OperationModel, response: http.client.HTTPResponse, body: bytes) -> dict[str, Any]:
    """The parsed answer. NotOursError for what is no whole answer to this very question."""
    if response.status != _OK or not _is_whole(response, body) or not _is_of(model, body):
        raise NotOursError
    parser = create_parser(model.service_model.metadata["protocol"])
    raw = {"status_code": response.status, "headers": HeadersDict(response.getheaders()), "body": body}
    answer: dict[str, Any] = parser.parse(raw, _output(model))
    if model.name == "GetTemplate" and "TemplateBody" in answer:
        answer["TemplateBody"] = _template(answer["TemplateBody"])
    found: dict[str, Any] = with_shape(f"{model.service_model.service_name}:{model.name}", answer, _output(model))
    return found


def _is_whole(response: http.client.HTTPResponse, body: bytes) -> bool:
    """Whether all came that was sent: only a length or chunks tell; http.client itself raises for chunks cut off."""
    length, checksum = response.getheader("Content-Length"), response.getheader("x-amz-crc32")
    if response.getheader("Content-Encoding", "identity") != "identity":
        return False
    is_chunked = response.getheader("Transfer-Encoding", "").lower() == "chunked"
    if not is_chunked and length != str(len(body)):
        return False
    return checksum is None or checksum == str(zlib.crc32(body))


def _is_of(model: OperationModel, body: bytes) -> bool:
    """Whether a body is this operation's, from its first byte to its last: botocore's parsers take more than that."""
    if model.service_model.metadata["protocol"] in ("json", "rest-json"):
        document = parse_json(body)
        return isinstance(document, dict) and bool(document.keys() & _output(model).members.keys())
    name = model.name.encode()
    pattern = rb"\s*(<\?xml[^>]*\?>\s*)?<%sResponse[\s>].*</%sResponse>\s*" % (name, name)
    return re.fullmatch(pattern, body, re.DOTALL) is not None


def _output(model: OperationModel) -> StructureShape:
    if model.output_shape is None:
        raise NotOursError
    return model.output_shape


def _template(text: str) -> Any:
    """As boto3's client gives it: parsed where it is JSON (botocore.handlers.json_decode_template_body)."""
    try:
        return parse_json(text, pairs=OrderedDict, errors="surrogatepass")
    except (ValueError, TypeError):
        return text


def _close(kept: Mapping[str, Sequence[http.client.HTTPConnection]]) -> None:
    for connections in kept.values():
        for connection in connections:
            connection.close()


def _text(value: Any) -> str:
    return value.decode("ascii") if isinstance(value, bytes) else str(value)
