"""HTTP to one image registry, as the distribution API asks for it: logins, tokens, redirects, retries, limits.

https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md and, for tokens,
https://distribution.github.io/distribution/spec/auth/token/. Owns the connection and its credentials: they are sent to
the registry and to the token server it names, over TLS or to this machine, and never logged. Knows no manifests.

`requests` is what docker-py is built on, so it is there anyway: it follows proxies and certificate bundles of the
environment, leaves credentials behind when it is redirected to another host, and urllib3 below it retries.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from rajee_deploy.dataclass import dataclass
from rajee_deploy.registry.logins import DOCKER_HUB, Login, find_login
from rajee_deploy.registry.refusals import denied_read, odd_answer, of_read, unreachable
from rajee_deploy.system.http_limits import REGISTRY_ANSWER, Limit, within
from rajee_deploy.system.requests_sent import note_request
from rajee_deploy.text.foreign import parse_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from requests import PreparedRequest, Response, Session

    from rajee_deploy.errors import DeployError

# Seconds to connect, and between two packets of an answer. With the retries below, a registry that swallows everything
# is given up after half a minute.
_TIMEOUTS = (5.0, 10.0)
_RETRIES = 4
_LONGEST_WAIT = 15.0  # seconds, whatever a Retry-After says
_TOKEN_BYTES = 1 << 20
_CLIENT = "rajee-deploy"
_LOOPBACK = re.compile(r"(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?")
_UNAUTHORIZED, _TOO_MANY = 401, 429


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A whole answer of status 200 to 299. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class RegistryHttp:
    """One registry. DeployErrors, none of which says that something is absent but the first: `not-in-registry`,
    `registry-denied`, `registry-throttled`, `registry-unreachable`, `registry-answer` (anything else)."""

    def __init__(
        self, host: str, login: Callable[[str], Login | None] = find_login, answer: Limit = REGISTRY_ANSWER
    ) -> None:
        self.host = host
        self._limit = answer
        self._address = f"{'http' if _LOOPBACK.fullmatch(host) else 'https'}://{_api_host(host)}"
        self._find_login = login
        self._session = _session(is_local=bool(_LOOPBACK.fullmatch(host)))
        self._authorization: dict[str, str] = {}  # by scope

    def ask(self, method: str, path: str, *, scope: str, accept: Sequence[str] = (), limit: int = 0) -> HttpAnswer:
        """Ask `/v2/<path>`. `scope` is what a token is asked for (`repository:team/app:pull`); of a body at most
        `limit` bytes are taken."""
        with within(self._limit, self._odd):
            return self._ask(method, path, scope, accept, limit)

    def _ask(self, method: str, path: str, scope: str, accept: Sequence[str], limit: int) -> HttpAnswer:
        answer = self._send(method, path, scope, accept, limit)
        if answer.status == _UNAUTHORIZED:
            self._authorization[scope] = self._authorize(answer.headers.get("www-authenticate", ""), scope)
            answer = self._send(method, path, scope, accept, limit)
        if not 200 <= answer.status < 300:  # noqa: PLR2004 -- HTTP's success
            raise of_read(answer.status, self.host, f"{self.host}/{path}", _words(answer.body))
        return answer

    def _send(self, method: str, path: str, scope: str, accept: Sequence[str], limit: int) -> HttpAnswer:
        headers = {"Accept": ", ".join(accept) or "*/*"}
        if scope in self._authorization:
            headers["Authorization"] = self._authorization[scope]
        return self._exchange(method, f"{self._address}/v2/{path}", headers, limit)

    def _exchange(
        self, method: str, url: str, headers: Mapping[str, str], limit: int, data: Mapping[str, str] | None = None
    ) -> HttpAnswer:
        import requests

        host = urlsplit(url).netloc
        note_request()
        try:
            with self._session.request(
                method, url, headers=headers, data=data, stream=True, timeout=_TIMEOUTS, allow_redirects=True
            ) as response:
                named = {name.lower(): value for name, value in response.headers.items()}
                return HttpAnswer(response.status_code, named, _body(response, limit, host))
        except requests.RequestException as error:
            raise unreachable(host, str(error)) from error

    # -- credentials -----------------------------------------------------------------------------------------------

    def _authorize(self, challenge: str, scope: str) -> str:
        """The Authorization header that answers a challenge."""
        login = self._find_login(self.host)
        bearer = re.search(r"(?i)\bbearer\s+(.+)", challenge)
        if bearer:
            return f"Bearer {self._token(bearer[1], scope, login)}"
        if re.match(r"(?i)basic\b", challenge) and login is not None and not login.identity_token:
            return _basic(login)
        raise denied_read(self.host, f"{self.host} asks for a login")

    def _token(self, challenge: str, scope: str, login: Login | None) -> str:
        asked = {name.lower(): value for name, value in re.findall(r'(\w+)="([^"]*)"', challenge)}
        try:
            realm = urlsplit(asked.get("realm", ""))
        except ValueError as error:
            raise self._odd(f"its token server's address is none: {error}") from error
        local = _LOOPBACK.fullmatch(self.host) and _LOOPBACK.fullmatch(realm.netloc)
        if realm.scheme != "https" and not (realm.scheme == "http" and local):
            raise self._odd(f"its token server is {asked.get('realm', '')!r}, to which no password is sent")
        wanted = {"service": asked.get("service", ""), "scope": asked.get("scope") or scope}
        url = realm.geturl()
        if login is not None and login.identity_token:
            form = {
                "grant_type": "refresh_token",
                "refresh_token": login.identity_token,
                "client_id": _CLIENT,
                **wanted,
            }
            answer = self._exchange("POST", url, {}, _TOKEN_BYTES, form)
        else:
            headers = {"Authorization": _basic(login)} if login is not None else {}
            answer = self._exchange("GET", _with_query(url, wanted), headers, _TOKEN_BYTES)
        if answer.status != 200:  # noqa: PLR2004 -- HTTP's OK
            raise of_read(answer.status, self.host, realm.netloc, _words(answer.body))
        return self._read_token(answer.body)

    def _read_token(self, body: bytes) -> str:
        try:
            document = parse_json(body)
        except ValueError as error:
            raise self._odd("its token server answered with something else than JSON") from error
        found = (document.get("token") or document.get("access_token")) if isinstance(document, dict) else None
        if not isinstance(found, str) or not re.fullmatch(r"[\x21-\x7e]+", found):
            raise self._odd("its token server answered without a token")
        return found

    def _odd(self, cause: str) -> DeployError:
        return odd_answer(self.host, cause)


def _session(*, is_local: bool) -> Session:
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3.util.retry import Retry

    class Patience(Retry):
        """Retries with growing pauses, and waits no longer than we like when a server names a time."""

        def get_retry_after(self, response: Any) -> float | None:
            asked = super().get_retry_after(response)
            return None if asked is None else min(asked, _LONGEST_WAIT)

    patience = Patience(
        total=_RETRIES,
        connect=2,
        read=2,
        backoff_factor=0.25,
        status_forcelist=(_TOO_MANY, 500, 502, 503, 504),
        raise_on_status=False,
    )
    session = requests.Session()
    session.trust_env = not is_local  # no proxy stands between this machine and itself
    session.auth = _as_it_is  # without it, requests puts what ~/.netrc has in the place of our header
    session.headers.update({"User-Agent": _CLIENT, "Accept-Encoding": "identity"})
    session.mount("https://", HTTPAdapter(max_retries=patience))
    session.mount("http://", HTTPAdapter(max_retries=patience))
    return session


def _as_it_is(request: PreparedRequest) -> PreparedRequest:
    return request


def _body(response: Response, limit: int, host: str) -> bytes:
    body = bytearray()
    for chunk in response.iter_content(1 << 16):
        body += chunk
        if len(body) > limit:
            if response.ok:
                raise odd_answer(host, f"more than {limit} bytes")
            break  # the beginning of an error says enough
    return bytes(body)


def _api_host(host: str) -> str:
    return "registry-1.docker.io" if host == DOCKER_HUB else host


def _basic(login: Login) -> str:
    from base64 import b64encode

    return "Basic " + b64encode(f"{login.username}:{login.password}".encode()).decode()


def _with_query(url: str, wanted: Mapping[str, str]) -> str:
    from urllib.parse import urlencode

    query = urlencode({name: value for name, value in wanted.items() if value})
    return f"{url}{'&' if urlsplit(url).query else '?'}{query}"


def _words(body: bytes) -> str:
    """What an error document says, in one line; "" where it is none."""
    try:
        errors = cast("Any", parse_json(body))["errors"]
        return "; ".join(f"{error['code']}: {error.get('message', '')}" for error in errors)[:500]
    except (ValueError, LookupError, TypeError, AttributeError):
        return ""
