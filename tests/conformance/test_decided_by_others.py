"""What a base image or an old frontend decides, against the engine: each case that once gave a wrong image."""

from __future__ import annotations

import uuid

import pytest
from conformance.base_images import CONFIGURATIONS, base_images
from conformance.drafts import FILES, Draft
from conformance.same_contents import inputs_of, our_build, plain_build, prove_draft
from sampled import some

pytestmark = pytest.mark.docker

PRODUCTION = CONFIGURATIONS.index(("ENV MODE=production",))
TEST = 'ONBUILD RUN test -n "$VERSION"'
BEHIND = next(at for at, lines in enumerate(CONFIGURATIONS) if TEST in lines)
WORDS = next(at for at, lines in enumerate(CONFIGURATIONS) if "ONBUILD RUN echo --mount > /base/said" in lines)
CA = "COPY config/production/ca.pem /ca/"


@pytest.fixture(scope="module")
def bases():
    with base_images() as found:
        yield found


@pytest.fixture
def draft(bases):
    def make(base: int, *lines: str, **given) -> Draft:
        place = f"/{uuid.uuid4().hex[:8]}"
        opening = f"FROM {bases.all[base].name} AS s" if base >= 0 else "FROM scratch AS s"
        made = Draft(1, place, bases.all, {name: f"{name}\n" for name in FILES}, [opening, *lines, f"ENV P={place}"])
        for name, value in given.items():
            setattr(made, name, value)
        bases.make(made.dockerfile)
        return made

    return make


@pytest.mark.parametrize(
    "lines",
    some(
        "ENVs behind an ARG",
        [
            ("ARG MODE", CA, "COPY config/${MODE:-default} /config/"),
            ("ARG MODE", CA, "ADD config/${MODE:-default} /config/"),
            ("ARG MODE", "ARG M=${MODE:-default}", CA, "COPY config/$M /config/"),
            ("ARG MODE", CA, "FROM s", "COPY config/${MODE:-default} /config/"),
            ("ARG MODE", CA, "RUN --mount=source=config/${MODE:-default},target=/m cp -r /m /config"),
            ("ARG MODE", CA, "COPY config/${MODE:+production} /config/"),
            ("ARG MODE", "COPY ${MODE:-default}.md /x/"),
        ],
        4,
    ),
)
def test_env_behind_a_valueless_arg(lines, draft, tmp_path):
    """Of the directory that the base's ENV names, another instruction stages a part."""
    made = draft(PRODUCTION, *lines)
    assert prove_draft(made, tmp_path).startswith("equal")
    before = inputs_of(made, tmp_path).fingerprint
    for name in ("config/production/app.json", "production.md"):
        (tmp_path / "context" / name).write_text("edited\n")
    assert inputs_of(made, tmp_path).fingerprint != before
    assert our_build(made, tmp_path) == plain_build(made, tmp_path)


def test_a_trigger_behind_one_that_needs_an_argument(draft, tmp_path):
    made = draft(BEHIND, "COPY x.py /x/", args={"VERSION": "1"})
    assert prove_draft(made, tmp_path).startswith("locked, equal")


def test_triggers_that_read_no_build_context(draft, tmp_path):
    assert prove_draft(draft(WORDS, "COPY a /x/"), tmp_path).startswith("equal")


@pytest.mark.parametrize(
    "lines",
    some(
        "lines that frontends expand otherwise",
        [
            ("ARG ONE=a TWO=$ONE", "COPY $TWO* /x/"),
            ("ARG ONE=config TWO=$ONE", "COPY ${TWO:-opt} /x/"),
            ("ENV ONE=config", "ARG ONE=a TWO=$ONE", CA, "COPY $TWO /x/"),
            ("ARG TARGETSTAGE", "COPY $TARGETSTAGE* /x/"),
            ("ARG TARGETSTAGE", "COPY ${TARGETSTAGE:-config} /x/"),
            ("ARG MODE=opt", "COPY $MODE /x/"),
        ],
        3,
    ),
)
def test_what_frontends_expand_otherwise(lines, draft, tmp_path):
    assert prove_draft(draft(-1, *lines), tmp_path).startswith("equal")
