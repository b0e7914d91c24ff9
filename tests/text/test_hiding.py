"""Which texts are hidden for a secret."""

from __future__ import annotations

import base64
import json
import re
import shlex
import shutil
import subprocess
import time
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rajee_deploy import console
from rajee_deploy.text.hiding import HIDDEN, hider_of


@pytest.mark.parametrize(
    ("secret", "text", "shown"),
    [
        ("plain-one", "a plain-one b", "a *** b"),
        ("one-line\nother\r\nabc\n", "one-line abc other", "*** abc ***"),
        (" with-blanks ", "x with-blanks y", "x *** y"),
        ("ab", "pw=ab, tab ab_c 'ab'", "pw=***, tab ab_c '***'"),
        ("a", "a b", "a b"),
        ("", "a b", "a b"),
        ("{}", "f({})", "f({})"),
        ("abab", "ababab", "***"),
    ],
)
def test_a_secret_is_hidden_by_line_and_a_short_one_as_a_word(secret, text, shown):
    assert hider_of([secret])(text) == shown


def test_what_overlaps_is_hidden_whole():
    assert hider_of(["abcdef", "efghij"])("x abcdefghij y") == "x *** y"
    assert hider_of(["long", "longer"])("longer long") == "*** ***"
    hide = hider_of(["hunter2"], [("http://ann:hunter2@x", "$PROXY"), ("hunter2", "$SAME"), ("abc", "$SHORT")])
    assert hide("http://ann:hunter2@x hunter2 abc") == "$PROXY *** abc"


@pytest.fixture
def _nothing_hidden(monkeypatch):
    monkeypatch.setattr(console, "_secrets", [])


@pytest.mark.usefixtures("_nothing_hidden")
def test_what_is_said_is_without_escaped_ones():
    for _ in range(3):
        console.hide(["pass\\word'1"])
    assert console.printable("argv: [ 'pass\\\\word\\'1', \"pass\\\\word'1\" ]") == "argv: [ '***', \"***\" ]"
    assert len(console._secrets) == 1


def coded(data: bytes) -> list[str]:
    return [base64.b64encode(data).decode(), base64.urlsafe_b64encode(data).decode()]


def leaks(secret: str, text: str) -> bool:
    """Whether what is shown of a text still has four bytes of a secret one after the other, in any base64 of it."""
    data = secret.encode()
    for letters in (text, text.replace("-", "+").replace("_", "/")):
        for at in range(4):
            word = "".join(c for c in letters[at:] if c.isalnum() or c in "+/")
            decoded = base64.b64decode(word[: len(word) // 4 * 4])
            if any(data[i : i + 4] in decoded for i in range(len(data) - 3)):
                return True
    return False


SECRETS = ["hunter2hunter2", "päß wörd/+?&=%", 'it\'s "a" $x `y` <b>&', "x" * 200, "a\\b'c", "tokens", "\x01\x02abc"]


@pytest.mark.parametrize("secret", SECRETS)
def test_encoded_ones_are_hidden(secret):
    hide = hider_of([secret])
    data = secret.encode()
    texts = [
        quote(secret),
        quote(secret, safe=""),
        quote_plus(secret),
        re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), quote(secret)),
        json.dumps({"a": secret}),
        json.dumps(secret, ensure_ascii=False),
        json.dumps(json.dumps([secret])),
        json.dumps(secret).replace("/", "\\/"),
        json.dumps(secret).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"),
        repr(secret),
        shlex.quote(secret),
        "'" + secret.replace("'", "'\\''") + "'",
        data.hex(),
        data.hex().upper(),
        (data + b"\n").hex(),
    ]
    for text in texts:
        shown = hide(f"x {text} y")
        assert HIDDEN in shown, text
        assert secret not in shown
        assert len(shown) < 20, shown


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("around", ["{}", "{}\n", "u:{}", "us:{}", "user:{}", "ü {} more", "\n{}\n\n", '{{"p":"{}"}}'])
def test_base64_is_hidden_wherever_the_secret_stands_in_what_is_coded(secret, around):
    hide = hider_of([secret])
    for text in coded(around.format(secret).encode()):
        for whole in (text, text.rstrip("=")):
            shown = hide(f"Basic {whole}.")
            assert HIDDEN in shown, whole
            assert not leaks(secret, shown.removeprefix("Basic ")), shown


@given(secret=st.text(min_size=6, max_size=40), before=st.binary(max_size=5), after=st.binary(max_size=5))
@settings(max_examples=60, deadline=None)
def test_base64_of_anything_around(secret, before, after):
    secret = "".join(c for c in secret if c.isprintable()).strip()
    if len(secret) < 5:
        return
    for text in coded(before + secret.encode() + after):
        assert HIDDEN in hider_of([secret])(text)


KEY = (
    "-----BEGIN KEY-----\n"
    + "\n".join("abcdefghijklmnopqrstuvwxyz0123456789"[n:] + "ABCDEF" * n for n in range(9))
    + "\n"
)


@pytest.mark.parametrize(
    "command", [["base64"], ["base64", "-w", "64"], ["base64", "-w0"], ["openssl", "base64"], ["xxd", "-p"]]
)
def test_every_line_of_what_programs_make_of_a_long_one_is_hidden(command):
    if command[0] == "base64" or shutil.which(command[0]):
        printed = subprocess.run(command, input=KEY.encode(), capture_output=True, check=True).stdout.decode()
    else:  # what it would print
        width, text = (
            (64, base64.b64encode(KEY.encode()).decode()) if command[0] == "openssl" else (60, KEY.encode().hex())
        )
        printed = "\n".join(text[at : at + width] for at in range(0, len(text), width))
    hide = hider_of([KEY])
    for line in printed.splitlines():
        assert hide(line) == HIDDEN, line


def test_what_is_no_secret_is_left_alone():
    text = (
        "exit code 1: /usr/lib/node_modules/aws-cdk/bin/cdk c-8ad764333f7022c9716216aebb1de19a6c9d1733 SGVsbG8gV29ybGQ="
    )
    assert hider_of(["hunter2hunter2", "x1", "{", "password", "a" * 4])(text) == text


def test_large_ones_take_no_long_time():
    hide = hider_of(["\n".join(f"line number {number} of a large file" for number in range(20_000))])
    began = time.monotonic()
    assert hide("a line number 777 of a large file b") == "a *** b"
    assert hide("x" * 10_000) == "x" * 10_000
    # As many lines as a build says, beside a secret that is known in all spellings.
    many = hider_of(["\n".join(f"key_{number}: {number:040x}" for number in range(100))])
    for number in range(3_000):
        many(f"#12 0.5 Collecting package-{number} from https://example.com/simple/package-{number}.tar.gz")
    assert time.monotonic() - began < 30
