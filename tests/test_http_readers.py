"""Nobody reads HTTP but under a clock (see `system/http_limits`): the source is searched for all others.

A new reader opens one, and stands here with it; `test_slow_answers` then has it among its places.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "rajee_deploy"

# Packages that read HTTP, or make something that does; and their parts that read nothing.
_READERS = (
    *("http", "urllib", "urllib3", "requests", "aiohttp", "httpx", "pycurl", "websocket", "websockets", "xmlrpc"),
    *("botocore", "boto3", "s3transfer", "docker", "socket", "socketserver", "ssl", "asyncio", "ftplib", "telnetlib"),
)
_HARMLESS = (
    "urllib.error",
    "urllib.parse",
    "urllib.request.getproxies",
    "urllib3.exceptions",
    "urllib3.util.retry.Retry",
    "urllib3.util.Retry",
    "requests.adapters.HTTPAdapter",
    "requests.RequestException",
    "botocore.auth",
    "botocore.awsrequest",
    "botocore.config.Config",
    "botocore.configloader",
    "botocore.exceptions",
    "botocore.httpsession.create_urllib3_context",
    "botocore.httpsession.get_cert_path",
    "botocore.loaders",
    "botocore.model",
    "botocore.parsers",
    "botocore.serialize",
    "botocore.utils.get_environ_proxies",
    "docker.auth",  # files, and programs that keep passwords
    "docker.context",
    "docker.errors",
)
# (file, what it imports) → the functions that open the clock for what it reads.
CLOCKS = {
    ("aws/client.py", "boto3"): ["aws/client.py ask", "aws/client.py _translated"],
    ("aws/client.py", "botocore.session"): ["aws/client.py ask", "aws/client.py _translated"],
    ("aws/elsewhere.py", "botocore.credentials.RefreshableCredentials"): ["aws/client.py ask"],
    ("aws/short/__init__.py", "http.client"): ["aws/client.py ask"],
    ("aws/download.py", "botocore.httpsession.URLLib3Session"): ["aws/client.py download"],
    ("registry/http.py", "requests"): ["registry/http.py ask"],
    ("registry/oci.py", "requests"): ["registry/oci.py _call"],
    ("registry/fetched.py", "requests"): ["registry/fetched.py _checksum"],
    ("engine/docker_engine.py", "docker"): ["engine/docker_engine.py _version"],
    ("sandbox/control.py", "http.client"): ["sandbox/control.py _ask"],
    ("telemetry/collector.py", "http.client"): ["telemetry/collector.py _post"],
    ("telemetry/collector.py", "urllib.request"): ["telemetry/collector.py _post"],
    ("telemetry/collector.py", "ssl"): ["telemetry/collector.py _post"],
}
# What reads nothing that comes from elsewhere.
NOT_READ = {
    ("aws/short/shapes.py", "botocore"): "its own directory",
    ("system/http_answers.py", "http.client"): "the clock itself",
    ("sandbox/server.py", "socket"): "listens",
    ("sandbox/corrections/waiting.py", "requests"): "in the sandbox's own process, which answers and decides nothing",
}
_METHODS = {
    *("request", "getresponse", "urlopen", "send", "recv", "create_connection", "HTTPConnection", "HTTPSConnection"),
    *("client", "resource", "create_client", "get_credentials", "get_frozen_credentials", "URLLib3Session"),
    *("Session", "DockerClient", "APIClient", "from_env", "build_opener"),
}
# Where something is asked, or made that asks: file, function, methods.
CALLS = {
    ("aws/client.py", "_opened", "Session"),  # boto3's
    ("aws/client.py", "client", "client"),
    ("aws/client.py", "_answer", "client"),  # our own
    ("aws/caller.py", "caller", "client"),  # our own
    ("aws/caller.py", "keys_of", "get_credentials"),
    ("aws/resolved.py", "of_session", "get_credentials get_frozen_credentials"),
    ("aws/short/__init__.py", "_connected", "HTTPConnection HTTPSConnection"),
    ("aws/short/__init__.py", "_exchange", "getresponse request"),
    ("aws/download.py", "_get", "send"),
    ("registry/http.py", "_session", "Session"),
    ("registry/http.py", "_exchange", "request"),
    ("registry/oci.py", "_session", "Session"),
    ("registry/oci.py", "_call", "request"),
    ("registry/fetched.py", "_checksum", "get"),
    ("engine/docker_engine.py", "_version", "DockerClient"),
    ("sandbox/control.py", "_ask", "HTTPConnection getresponse request"),
    ("telemetry/collector.py", "_opener", "build_opener"),
}


@cache
def trees() -> dict[str, ast.Module]:
    """Of the files that could meet any of it: parsing all takes seconds."""
    texts = {str(path.relative_to(ROOT)): path.read_text("utf-8") for path in sorted(ROOT.rglob("*.py"))}
    likely = re.compile(rf"(import|from) ({'|'.join(_READERS)})\b|\.({'|'.join(_METHODS)})\(|\bwithin\(")
    return {file: ast.parse(text) for file, text in texts.items() if likely.search(text)}


def imports(tree: ast.AST) -> set[str]:
    """What is imported from a package that reads, but for what is there to please the type checker."""
    typing = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for node in ast.walk(block)
    }
    found = set()
    for node in (each for each in ast.walk(tree) if id(each) not in typing):
        if isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{each.name}" for each in node.names}
    return {name for name in found if name.split(".")[0] in _READERS and not f"{name}.".startswith(_AS_PREFIXES)}


_AS_PREFIXES = tuple(f"{each}." for each in _HARMLESS)


def calls(tree: ast.AST) -> set[tuple[str, str]]:
    """(function, methods) of all that looks like asking; of `requests`, whatever is called."""
    found = set()
    for function in (each for each in ast.walk(tree) if isinstance(each, ast.FunctionDef)):
        called = (
            each.func
            for each in ast.walk(function)
            if isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute)
        )
        names = {each.attr for each in called if each.attr in _METHODS or ast.unparse(each.value) == "requests"}
        found |= {(function.name, " ".join(sorted(names)))} if names else set()
    return found


def opens(tree: ast.AST) -> set[str]:
    """The functions with `with within(…)`."""
    return {
        function.name
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef)
        for block in ast.walk(function)
        if isinstance(block, ast.With)
        for item in block.items
        if ast.unparse(item.context_expr).startswith("within(")
    }


def test_whoever_meets_http_is_under_a_clock():
    source = trees()
    found = {(file, name) for file, tree in source.items() for name in imports(tree)}
    assert found == {*CLOCKS, *NOT_READ}
    open_here = {f"{file} {name}" for file, tree in source.items() for name in opens(tree)}
    assert {clock for named in CLOCKS.values() for clock in named} == open_here


def test_no_other_function_asks():
    assert {(file, *call) for file, tree in trees().items() for call in calls(tree)} == CALLS


@pytest.mark.parametrize(
    "line",
    ["requests.post(url)", "session.request('GET', url)", "urllib.request.urlopen(url)", "pool.urlopen('GET', url)"],
)
def test_a_new_place_is_seen(line):
    planted = ast.parse(
        f"def fetch(url, session, pool):\n    import requests, urllib.request\n    return {line}.text\n"
    )
    assert {name for name, _ in calls(planted)} == {"fetch"}
    assert imports(planted) == {"requests", "urllib.request"}
    assert opens(planted) == set()
