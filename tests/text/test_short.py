"""Digests and tags, short enough to be read."""

from __future__ import annotations

import pytest

from rajee_deploy.text.short import short

HEX = "166e49ac07e8" + "0123456789ab" * 5


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"c-{HEX[:40]}", "c-166e49ac07e8"),
        (f"sha256:{HEX[:64]}", "sha256:166e49ac07e8"),
        (HEX[:64], "166e49ac07e8"),
        (f"from c-{HEX[:40]} to c-{HEX[:40]}, then", "from c-166e49ac07e8 to c-166e49ac07e8, then"),
        (f"v1.2.3 is sha256:{HEX[:64]}", "v1.2.3 is sha256:166e49ac07e8"),
        ("c-166e49ac07e8", "c-166e49ac07e8"),
        ("v1.2.3 deadbeef", "v1.2.3 deadbeef"),
        (f"g{HEX[:40]}", f"g{HEX[:40]}"),
        (f"{HEX[:40]}z", f"{HEX[:40]}z"),
    ],
)
def test_what_is_long_is_cut_and_the_rest_stays(text, shown):
    assert short(text) == shown
