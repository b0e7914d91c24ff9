"""Whatever bytes stand in a Dockerfile or in an ignore file: an answer, or an error that says where.

RAJEE_FUZZ_EXAMPLES makes a longer run.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sampled import examples

from rajee_deploy.context import Modes
from rajee_deploy.errors import DeployError
from rajee_deploy.image.inputs import read_inputs
from rajee_deploy.model import Platform
from rajee_deploy.settings import ImageSettings

if TYPE_CHECKING:
    import random

pytestmark = pytest.mark.slow
LONG = settings(
    max_examples=int(os.environ.get("RAJEE_FUZZ_EXAMPLES", examples(150))),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
PIECES = st.sampled_from(
    [
        b"*",
        b"**",
        b"?",
        b"[",
        b"]",
        b"[a-",
        b"-",
        b"^",
        b"!",
        b"\\",
        b"/",
        b"a",
        b"d",
        b".",
        b"..",
        b"\n",
        b"\r\n",
        b" ",
        b"#",
        b"\xff",
        b"\xc3\xa9",
        b"\0",
        b"{",
        b"}",
        b"(",
        b")",
        b"|",
        b"+",
        b"$",
        b"\\d",
        b"\\p{L}",
        b"[[:alpha:]]",
        b"[z-a]",
        b"\\x",
        b"\\Q",
        b"\\E",
        b"\xef\xbb\xbf",
        b"\t",
        b"d/",
        b"/d/",
        b"!d/x",
        b"d/**",
        b"**/",
        b"\xe2\x80\xa8",
    ]
)
RULES = st.one_of(st.binary(max_size=40), st.lists(PIECES, max_size=14).map(b"".join))
LINES = st.sampled_from(
    [
        b"FROM scratch",
        b"FROM scratch AS s",
        b"FROM s",
        b"FROM image",
        b"COPY . /",
        b"COPY d a /x/",
        b"COPY * /",
        b"ADD d/* /",
        b"COPY --from=s / /",
        b"COPY --from=named . /",
        b"RUN --mount=target=/x y",
        b"ARG A=d",
        b"ENV A=$A",
        b"COPY $A /",
        b"ONBUILD COPY a /",
        b"COPY <<E /f",
        b"E",
        b"# escape=`",
        b"COPY --exclude=*x d /",
        b"COPY --parents d/x /",
        b"\\",
        b"",
    ]
)
TEXTS = st.one_of(
    st.lists(LINES, max_size=8).map(b"\n".join),
    st.tuples(st.lists(LINES, max_size=5).map(b"\n".join), st.binary(max_size=30), st.randoms()).map(
        lambda parts: spliced(*parts)
    ),
)


def spliced(text: bytes, noise: bytes, rng: random.Random) -> bytes:
    """The text with some noise put into it somewhere."""
    place = rng.randint(0, len(text))
    return text[:place] + noise + text[place + rng.randint(0, 3) :]


@pytest.fixture(scope="module")
def root():
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        for directory in ("d/e", "named"):
            (place / directory).mkdir(parents=True)
        for file in ("a", "d/x", "d/e/y", "named/n"):
            (place / file).write_text(file)
        (place / "d/l").symlink_to("../a")
        (place / "loop").symlink_to("loop")
        yield place


def answer(root: Path) -> None:
    """Read the build; nothing but located errors may come of it."""
    image = ImageSettings(
        name="app",
        context=root,
        dockerfile=root / "Dockerfile",
        repository="",
        platforms=(Platform.parse("linux/arm64"),),
        target=None,
        build_args={},
        build_contexts={"named": str(root / "named")},
    )
    try:
        inputs = read_inputs(image, Modes.EXACT)
    except DeployError as error:
        assert error.where or error.cause, error.problem  # noqa: PT017 -- an error is one of the answers
        assert error.exit_code == 1  # noqa: PT017
    else:
        assert len(inputs.uses) == len(inputs.recipe.reads)


@LONG
@given(ignore=RULES, deploy=RULES, named=RULES)
def test_ignore_files_of_any_bytes(root, ignore, deploy, named):
    (root / "Dockerfile").write_bytes(b"FROM scratch\nCOPY a* d /x/\nCOPY --from=named . /y/\n")
    (root / ".dockerignore").write_bytes(ignore)
    (root / ".deployignore").write_bytes(deploy)
    (root / "named/.dockerignore").write_bytes(named)
    answer(root)


@LONG
@given(text=TEXTS)
def test_dockerfiles_of_any_bytes(root, text):
    for name in (".dockerignore", ".deployignore", "named/.dockerignore"):
        (root / name).unlink(missing_ok=True)
    (root / "Dockerfile").write_bytes(text)
    answer(root)
