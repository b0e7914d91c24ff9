"""Values that are checked once they are expanded: what BuildKit takes and what it refuses."""

import pytest

from rajee_deploy.dockerfile.arguments import SyntaxProblemError
from rajee_deploy.dockerfile.values import (
    check_checksum,
    check_duration,
    check_mode,
    check_port,
    check_signal,
    check_volume,
)

A = "a"
TABLE = [
    (
        check_mode,
        "0 755 7777 0644 u+x =r a-w u=rwX,go=u +t -s u+ u+r-w ugo+rwxXst,a=g",
        "8 10000 u x+u u+z u+x, ,u+x u+ug",
    ),
    (
        check_checksum,
        f"sha256:{A * 64} sha384:{A * 96} sha512:{A * 128}",
        (
            f"sha256:{A * 63} sha256:{A * 65} sha384:{A * 95} sha512:{A * 127} md5:{A * 32} SHA256:{A * 64} {A * 64} "
            f"sha256:{'A' * 64}"
        ),
    ),
    (
        check_port,
        "0 80 65535 80/tcp 80/UDP 1/sctp 80-80 8000-8010/udp 1.2.3.4:80:81 x:80 80/ 80-",
        "-1 65536 x 80/icmp 81-80 80-65536 -80 000080 80-x",
    ),
    (
        check_signal,
        "9 SIGTERM term 15 +1 -1 SIGRTMIN RTMIN+1 RTMIN+15 RTMAX RTMAX-14 USR1 SIGIO IOT sigkill",
        "0 +0 SIG RTMIN+0 RTMIN+16 RTMAX-15 RTMAX+1 USR3 1.5 SIGSIGTERM TERMX",
    ),
    (check_volume, "/ a .", ""),
]
GOOD_DURATIONS = (
    "0 -0 +0 1s 1ms 1000us 1000000ns 1000µs 1000μs 1.5h 1m30s .5s 1.s 0s -0s 0.001s 0h0m 00.5ms1ms 1h1m1s1ms1us1ns"
)
BAD_DURATIONS = "1 s 1d 1S soon 1ns 999us 999999ns 999µs 999μs -1s -1ms 0.0009s 1s1 1,5s 0.9ms -1h 1ms- 1s0"


@pytest.mark.parametrize(("check", "good"), [(check, good) for check, good, _ in TABLE])
def test_taken(check, good):
    for text in good.split():
        check(text)


@pytest.mark.parametrize(("check", "bad"), [(check, text) for check, _, bad in TABLE for text in (*bad.split(), "")])
def test_refused(check, bad):
    with pytest.raises(SyntaxProblemError):
        check(bad)


def test_durations_taken():
    for text in GOOD_DURATIONS.split():
        check_duration("timeout", text)


@pytest.mark.parametrize("text", BAD_DURATIONS.split())
def test_durations_refused(text):
    with pytest.raises(SyntaxProblemError, match=f"^--timeout .*{text}"):
        check_duration("timeout", text)
