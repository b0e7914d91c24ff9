"""One POST to a collector: it arrives, or it is said in a few words why not. Never longer than its time, and no error.

Looking up a name, a handshake with each of several addresses and a proxy may all take their time beside the answer, and
what looks up names cannot be interrupted: so it is done by a thread that nobody waits for any longer than that.
Redirects are not followed: what is sent has keys in its headers.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from rajee_deploy import __version__
from rajee_deploy.system.http_limits import Limit, within
from rajee_deploy.text.foreign import parse_json
from rajee_deploy.text.numbers import whole

if TYPE_CHECKING:
    from urllib.request import OpenerDirector

    from rajee_deploy.telemetry.variables import Receiver

MOST_ANSWER = 1 << 16  # bytes
_MOST_WORDS = 200
_LOOPBACK = ("localhost", "127.", "::1")
_HINTS = {
    404: "the path is not a collector's; a base address gets /v1/traces",
    415: "it may not take JSON",
}


def send(receiver: Receiver, body: bytes) -> str:
    """Send a request of OTLP/JSON. Why it did not arrive; "" where it did."""
    said: list[str] = []
    thread = threading.Thread(target=lambda: said.append(_post(receiver, body)), name="send traces", daemon=True)
    try:
        thread.start()
    except RuntimeError:
        return "the machine starts no more threads"
    thread.join(receiver.seconds)
    return said[0] if said else f"it had not answered after {receiver.seconds:g} s"


def _post(receiver: Receiver, body: bytes) -> str:
    import http.client
    import urllib.request

    headers = {
        "User-Agent": f"rajee-deploy/{__version__}",
        **receiver.headers,
        "Content-Type": "application/json",
        "Accept": "application/json",
    }
    request = urllib.request.Request(receiver.url, data=body, headers=headers, method="POST")  # noqa: S310 -- http or https, as read
    seconds = receiver.seconds
    try:
        with (
            within(Limit(seconds, MOST_ANSWER), TimeoutError),
            _opener(receiver).open(request, timeout=seconds) as answer,
        ):
            kind = answer.headers.get_content_type()
            return _verdict(answer.status, kind, answer.read())
    except OSError as error:
        return _words_of(error)
    except (http.client.HTTPException, ValueError) as error:
        return f"it does not speak HTTP ({type(error).__name__})"


def _opener(receiver: Receiver) -> OpenerDirector:
    """What takes each answer as it is, through the proxy that the environment names, but to this machine."""
    import ssl
    import urllib.request

    class AsItIs(urllib.request.HTTPErrorProcessor):
        def http_response(self, _request, response):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202
            return response

        https_response = http_response

    handlers: list[urllib.request.BaseHandler] = [AsItIs()]
    host = receiver.url.partition("//")[2].strip("[")
    if host.startswith(_LOOPBACK):
        handlers.append(urllib.request.ProxyHandler({}))
    if receiver.url.startswith("https:") and (receiver.certificate or receiver.client_certificate):
        context = ssl.create_default_context(cafile=receiver.certificate or None)
        if receiver.client_certificate:
            context.load_cert_chain(receiver.client_certificate, receiver.client_key or None)
        handlers.append(urllib.request.HTTPSHandler(context=context))
    return urllib.request.build_opener(*handlers)


def _verdict(status: int, kind: str, body: bytes) -> str:
    """Why spans were not taken, by an answer; "" where all were."""
    words = _said(body)
    if not 200 <= status < 300:  # noqa: PLR2004 -- HTTP's success
        hint = "redirects are not followed" if 300 <= status < 400 else _HINTS.get(status, "")  # noqa: PLR2004
        return "; ".join(part for part in (f"it answered {status}", words, hint) if part)
    if kind == "text/html":
        return "a page answered, which is no collector's"
    rejected = _rejected(body)
    return f"it rejected {rejected} of the spans; {words}".removesuffix("; ") if rejected else ""


def _said(body: bytes) -> str:
    """The message of a Status, or of a partial success."""
    try:
        document = parse_json(body)
        message = document.get("message") or document.get("partialSuccess", {}).get("errorMessage")
    except (ValueError, AttributeError):
        return ""
    return message[:_MOST_WORDS] if isinstance(message, str) else ""


def _rejected(body: bytes) -> int:
    try:
        number = parse_json(body)["partialSuccess"]["rejectedSpans"]
    except (ValueError, LookupError, TypeError):
        return 0
    return number if isinstance(number, int) else whole(number) or 0 if isinstance(number, str) else 0


def _words_of(error: OSError) -> str:
    import ssl
    import urllib.error

    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    match reason:
        case ssl.SSLCertVerificationError():
            return f"its certificate is not trusted: {reason.verify_message}"
        case ssl.SSLError():
            return f"no connection over TLS: {reason.reason or reason}"
        case OSError():
            return reason.strerror or str(reason) or type(reason).__name__
        case _:
            return str(reason)
