"""Canonical instructions: what counts and what does not."""

import itertools
import json

import pytest

from rajee_deploy.dockerfile import resolve
from rajee_deploy.model import BuildOptions, Platform

BOTH = "RUN --mount=from=s,target=/1 --mount=from=t,target=/2 x\n"
BASE = "FROM scratch AS a\nCOPY x /\nFROM python:3\nENV K=v\nCOPY --from=a /x /\nRUN echo  hi\n"


@pytest.mark.parametrize(
    "text",
    [
        "# c\n\nfrom scratch as a\n\ncopy   x\t/\nFrom python:3\nenv  K=v \nCOPY --from=a /x /\nRUN   echo  hi  \n",
        BASE.replace("COPY x /", "COPY x \\\n# c\n\n /").replace("FROM ", "FROM \\\n ").replace("echo ", "echo \\\n"),
        BASE.replace("AS a", "AS other").replace("from=a", "from=other"),
        BASE.replace("from=a", "from=0"),
        BASE.replace("from=a", "from=A"),
        BASE.replace("\n", "\r\n"),
        "ARG V=3\n" + BASE,
        "FROM python:2 AS unreached\nRUN x\n" + BASE,
        BASE.replace("ENV K=v", "ENV K v"),
        BASE.replace("COPY x /", 'COPY ["x", "/"]'),
    ],
)
def test_what_does_not_count(text, recipe):
    assert recipe(text).instructions == recipe(BASE).instructions


def test_different_meanings_have_different_texts(recipe):
    texts = [
        "RUN a b",
        "RUN a  b",
        'RUN ["a", "b"]',
        'RUN ["a b"]',
        "RUN --network=none a b",
        "CMD a b",
        'CMD ["a", "b"]',
        "ENTRYPOINT a b",
        "RUN <<E\na b\nE",
        "RUN <<E\na b\n\nE",
        "RUN <<-E\na b\nE",
        "RUN <<F\na b\nF",
        "ENV a=b",
        "ENV a=b c=d",
        "LABEL a=b",
        'ENV a="b"',
        "ARG a=b",
        "ARG a",
        "ARG a=",
        "COPY a b",
        "COPY a b c",
        'COPY ["a b", "c"]',
        "COPY --link a b",
        "COPY --from=x a b",
        "COPY --from=y a b",
        "ADD a b",
        "COPY --exclude=a a b",
        "COPY --exclude=b a b",
        "COPY <<E b\na\nE",
        "COPY <<E b\nb\nE",
        "COPY <<'E' b\na\nE",
        "COPY <<F b\na\nF",
        "RUN --mount=target=/a a b",
        "RUN --mount=target=/b a b",
        "RUN --mount=target=/a,from=x a b",
        "WORKDIR a",
        "USER a",
        "VOLUME a",
        "VOLUME a b",
        "EXPOSE 1",
        "EXPOSE 1 2",
        'SHELL ["a"]',
        'SHELL ["a", "b"]',
        "STOPSIGNAL 1",
        "HEALTHCHECK NONE",
        "HEALTHCHECK CMD a",
        'HEALTHCHECK CMD ["a"]',
        "HEALTHCHECK --retries=1 CMD a",
        "MAINTAINER a",
        "ONBUILD RUN a",
        "ONBUILD RUN b",
        "ONBUILD FOO a",
        "ONBUILD FOO b",
        "ONBUILD COPY <<E /\na\nE",
        "ONBUILD COPY <<E /\nb\nE",
        "CMD",
        "CMD []",
        "COPY --chown=a a b",
        "COPY --chmod=1 a b",
    ]
    found = [recipe(f"FROM scratch\n{text}\n").instructions for text in texts]
    for (one, first), (other, second) in itertools.combinations(zip(texts, found, strict=True), 2):
        assert first != second, (one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("FROM a\n", "FROM b\n"),
        ("FROM scratch\n", "FROM --platform=linux/arm64 scratch\n"),
        ("ARG V=1\nFROM a:$V\n", "ARG V=2\nFROM a:$V\n"),
        ("ARG V=1\nFROM a\nARG V\n", "ARG V=2\nFROM a\nARG V\n"),
        ("FROM a\nCOPY x`y z\n", "# escape=`\nFROM a\nCOPY x`y z\n"),
        (
            "FROM a AS s\nFROM b AS t\nFROM c\nCOPY --from=s / /\nCOPY --from=t / /\n",
            "FROM a AS s\nFROM b AS t\nFROM c\nCOPY --from=t / /\nCOPY --from=s / /\n",
        ),
        (
            f"FROM u\nFROM a AS s\nFROM b AS t\nFROM c\n{BOTH}COPY --from=1 / /\n",
            f"FROM a AS s\nFROM b AS t\nFROM u\nFROM c\n{BOTH}COPY --from=1 / /\n",
        ),
        ("FROM a AS s\nONBUILD RUN x\nFROM s\n", "FROM a AS s\nFROM s\n"),
        ("FROM a AS s\nFROM s\nRUN x\n", "FROM a\nRUN x\n"),
    ],
)
def test_what_counts_beyond_one_instruction(one, other, recipe):
    assert recipe(one).instructions != recipe(other).instructions


def test_named_contexts_count_by_name_or_reference(recipe):
    def instructions(**contexts):
        return recipe("FROM a\nCOPY --from=b / /\n", contexts=contexts).instructions

    assert instructions(a="one") == instructions(a="two")
    assert len({instructions(), instructions(a="d"), instructions(a="docker-image://x"), instructions(b="d")}) == 4


def test_every_instruction_knows_its_line():
    text = b"ARG V=1\nARG UNUSED\n# why\nFROM base:$V AS a\nONBUILD RUN x\n\nFROM a\nCOPY b \\\n  c /\nUSER 1\n"
    recipe = resolve(text, BuildOptions(Platform("linux", "amd64")), "Dockerfile")
    names = [json.loads(text)[0] for text in recipe.instructions]
    assert list(zip(names, recipe.instruction_lines, strict=True)) == [
        ("ARG", 1),
        ("FROM", 4),
        ("ONBUILD", 5),
        ("FROM", 7),
        ("RUN", 5),
        ("COPY", 8),
        ("USER", 10),
    ]
