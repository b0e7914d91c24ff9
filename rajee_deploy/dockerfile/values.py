"""Values that BuildKit checks once they are expanded: modes, checksums, ports, signals, volumes.

Owns what is well-formed. Must never expand anything. Every check raises SyntaxProblemError.
"""

from __future__ import annotations

import re

from rajee_deploy.dockerfile.arguments import SyntaxProblemError

_CHANGE = r"[ugoa]*(?:[-+=](?:[rwxXst]*|[ugo]))+"
_CHECKSUM = r"sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}"
_SIGNALS = (
    r"ABRT|ALRM|BUS|CHLD|CLD|CONT|FPE|HUP|ILL|INT|IOT?|KILL|PIPE|POLL|PROF|PWR|QUIT|SEGV|STKFLT|STOP|SYS|TERM|TRAP|"
    r"TSTP|TTIN|TTOU|URG|USR[12]|VTALRM|WINCH|XCPU|XFSZ|RTMIN(?:\+(?:[1-9]|1[0-5]))?|RTMAX(?:-(?:[1-9]|1[0-4]))?"
)
_DURATION = r"[-+]?(?:0|(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:ns|us|µs|μs|ms|s|m|h))+)\Z"
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_MAX_MODE = 0o7777
_MAX_PORT = 65535


def check_mode(text: str) -> None:
    """The mode of --chmod: octal, or symbolic as chmod(1) takes it."""
    octal = re.fullmatch(r"[0-7]+", text)
    if (octal and int(text, 8) > _MAX_MODE) or (not octal and not re.fullmatch(rf"{_CHANGE}(?:,{_CHANGE})*", text)):
        raise SyntaxProblemError(f"--chmod={text} is no mode: write it like 755 or u+x")


def check_checksum(text: str) -> None:
    """The digest that a file from the net must have."""
    if not re.fullmatch(_CHECKSUM, text):
        raise SyntaxProblemError(f"--checksum={text} is no digest: write it like sha256:…")


def check_duration(name: str, text: str) -> None:
    """A duration of HEALTHCHECK as Go writes it: nothing and zero are the default, all else is 1ms at least."""
    if not re.match(_DURATION, text):
        raise SyntaxProblemError(f"--{name} must be a duration like 30s or 1m30s, not {text!r}")
    parts = re.findall(r"([0-9]*\.?[0-9]*)(ns|us|µs|μs|ms|s|m|h)", text)
    seconds = sum(float(number) * _SECONDS[unit] for number, unit in parts)
    if seconds and (text.startswith("-") or seconds < _SECONDS["ms"]):
        raise SyntaxProblemError(f"--{name} cannot be less than 1ms: {text}")


def check_port(text: str) -> None:
    """One port of EXPOSE: `80`, `80/udp`, `8000-8010`; what stands before a colon is for others."""
    ports, _, protocol = text.partition("/")
    first, _, last = ports.rpartition(":")[2].partition("-")
    numbers = [int(number) if re.fullmatch(r"[0-9]{1,5}", number) else -1 for number in (first, last or first)]
    right = 0 <= numbers[0] <= numbers[1] <= _MAX_PORT
    if not right or protocol.lower() not in ("", "tcp", "udp", "sctp"):
        raise SyntaxProblemError(f"EXPOSE {text} is no port: write it like 80, 53/udp or 8000-8010")


def check_signal(text: str) -> None:
    """The signal of STOPSIGNAL: a number or a Linux name, with or without SIG."""
    name = text.upper().removeprefix("SIG")
    number = re.fullmatch(r"[-+]?[0-9]{1,18}", text)
    if (int(text) == 0) if number else not re.fullmatch(_SIGNALS, name):
        raise SyntaxProblemError(f"STOPSIGNAL {text} is no signal: write it like SIGTERM or 15")


def check_volume(text: str) -> None:
    """A path of VOLUME."""
    if not text:
        raise SyntaxProblemError("VOLUME can not be an empty string")
