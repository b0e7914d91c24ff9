"""No message repeats more of what it quotes than a person reads."""

from __future__ import annotations

import io

import pytest

from rajee_deploy import console
from rajee_deploy.console import Console
from rajee_deploy.console.documents import error_document
from rajee_deploy.dockerfile import resolve
from rajee_deploy.errors import DeployError
from rajee_deploy.model import BuildOptions, Platform
from rajee_deploy.text.lines import shorten

LONG = "x" * 30_000
FILES = {
    "expression": f"FROM scratch\nARG a=${{b:-{LONG}\n",
    "instruction": f"{LONG} x\n",
    "image": f"FROM {'a/' * 15_000}\n",
    "flag": f"FROM scratch\nCOPY --{LONG}=1 a /\n",
    "platform": f"FROM --platform={LONG}( x\n",
    "port": f"FROM scratch\nEXPOSE {LONG}\n",
    "mode": f"FROM scratch\nCOPY --chmod={LONG} a /\n",
    "escape": f"# escape={LONG}\nFROM scratch\n",
    "heredoc": f"FROM scratch\nRUN <<{LONG}\n",
}


def said(error: DeployError) -> str:
    stream = io.StringIO()
    Console(stderr=stream).error(error)
    return stream.getvalue()


@pytest.mark.parametrize("name", FILES)
def test_no_error_of_a_dockerfile_repeats_a_line_whole(name):
    with pytest.raises(DeployError) as caught:
        resolve(FILES[name].encode(), BuildOptions(Platform.parse("linux/amd64")), "Dockerfile")
    assert len(said(caught.value)) < 3000
    assert len(str(error_document(caught.value))) < 3000
    assert "…" in said(caught.value)


@pytest.mark.parametrize("field", ["cause", "hint"])
def test_every_field_that_quotes_is_cut(field):
    error = DeployError("x", "short", **{field: f"first\n{LONG}\nlast"})
    for text in (said(error), error_document(error)[field]):
        assert len(text) < 6000
        assert "first" in text
        assert "last" in text


def test_a_secret_is_hidden_before_a_line_is_cut_through_it(monkeypatch):
    monkeypatch.setattr(console, "_secrets", [])
    secret = "s3cret" * 1000
    console.hide([secret])
    error = DeployError("x", f"before {secret} behind {LONG}")
    assert "s3cret" not in said(error)
    assert "s3cret" not in error_document(error)["problem"]


def test_what_is_short_stays_as_it_is():
    assert shorten("a\n" + "b" * 10, 10) == "a\n" + "b" * 10
    assert shorten("a" * 11, 10) == "aaaaa … 1 characters left out … aaaaa"
