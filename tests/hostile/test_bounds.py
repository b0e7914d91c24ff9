"""However much a checkout holds, and wherever it leads: a verb that only looks ends in a typed answer, soon."""

from __future__ import annotations

import os

import pytest
from hostile_projects import SETTINGS
from hostile_verbs import FINGERPRINT, PLAN, check
from sampled import some

DOUBLING = "FROM scratch\nARG a0=0123456789\n" + "".join(f"ARG a{n + 1}=${{a{n}}}${{a{n}}}\n" for n in range(40))
MANY_NAMES = {f"src/{'a' * (n % 100)}{n}": "" for n in range(1000)}
BOUNDS = {
    "ARG doubling": {"Dockerfile": DOUBLING + "COPY src /src\n"},
    "ENV doubling": {"Dockerfile": DOUBLING.replace("ARG", "ENV") + "COPY src /src\n"},
    "global ARG": {"Dockerfile": DOUBLING.replace("FROM scratch\n", "") + "FROM scratch\nCOPY src /src\n"},
    "COPY of it": {"Dockerfile": DOUBLING + "COPY $a40 /src\n"},
    "many ARGs": {"Dockerfile": "FROM scratch\n" + "ARG a\n" * 20_000 + "COPY src /src\n"},
    "many stages": {
        "Dockerfile": "FROM scratch AS s0\n" + "".join(f"FROM s{n} AS s{n + 1}\n" for n in range(5000)) + "COPY src /\n"
    },
    "a long line": {"Dockerfile": "FROM scratch\nCOPY " + "src " * 100_000 + "/src/\n"},
    "many heredocs": {"Dockerfile": "FROM scratch\nRUN " + "<<E " * 5000 + "\n"},
    "stars": {".deployignore": "a*a*a*a*a*a*a*a*ab\n", "src/" + "a" * 200: ""},
    "stars of the CDK": {
        "rajee-deploy.toml": SETTINGS + 'ignore = ["a*a*a*a*a*a*a*a*ab"]\n',
        "cdk/" + "a" * 200: "",
    },
    "a long expression": {"Dockerfile": "FROM ${" + "x" * 50_000 + "\n"},
    "nested variables": {"Dockerfile": "FROM scratch\nARG a=" + "${a:-" * 2000 + "}" * 2000 + "\nCOPY src /src\n"},
    "stars of docker": {".dockerignore": "src/a*a*a*a*a*a*a*a*ab\n", "src/" + "a" * 200: ""},
    "stars in COPY": {
        "Dockerfile": "FROM scratch\nCOPY src/a*a*a*a*a*a*a*ab* /src/\nCOPY src /s\n",
        "src/" + "a" * 200: "",
    },
    "many patterns": {".deployignore": "".join(f"**/x{n}/**\n" for n in range(2000))},
    "many patterns of many stars": {".deployignore": "a*a*a*a*b*\n" * 30_000, **MANY_NAMES},
    "many patterns of many stars for docker": {
        ".dockerignore": "".join(f"src/a*a*a*a*{n}*\n!src/a*a*{n}*\n" for n in range(20_000)),
        **MANY_NAMES,
    },
    "the same pattern for docker": {".dockerignore": "src/*a*a*a*a*\n" * 30_000, **MANY_NAMES},
    "many lines for docker": {".dockerignore": "x\n" * 1_000_000},
    "many stars of the CDK": {"rajee-deploy.toml": SETTINGS + f"ignore = {['a*a*a*b*'] * 30_000}\n", "cdk/aaaa": ""},
    "many stars in many COPY": {
        "Dockerfile": "FROM scratch\n" + "".join(f"COPY src/a*a*{n}* /x/\n" for n in range(9000)),
        **MANY_NAMES,
    },
    "as many instructions as there may be": {"Dockerfile": "FROM scratch\n" + "COPY src /src\n" * 16_000},
    "more instructions": {"Dockerfile": "FROM scratch\n" + "ARG a\n" * 131_072},
    "a set without an end": {".deployignore": "[a\n"},
    "nested JSON": {"cdk/cdk.json": '{"app": ' + "[" * 100_000 + "]" * 100_000 + "}"},
    "nested TOML": {"rajee-deploy.toml": "a = " + "[" * 5000 + "]" * 5000},
    "a name of many parts": {"rajee-deploy.toml": "a" + ".a" * 100_000 + " = 1"},
    "a large number": {"cdk/cdk.json": '{"app": "x", "context": {"a": 1e400, "b": NaN, "c": ' + "9" * 5000 + "}}"},
    "half a character": {"cdk/cdk.json": '{"app": "\\ud800"}'},
    "a lock that is nested": {"rajee-deploy.lock": "[" * 100_000},
    "no object": {"cdk/package.json": "[]", "cdk/cdk.json": "[]"},
    "a tool that is a number": {"rajee-deploy.toml": None, "pyproject.toml": "tool = 1\n"},
    "names that are no text": {b"src/\xff\xfe": "", "src/\n::error::x": "", "src/\x1b[2J": ""},
    "the whole machine": {"cdk/root": "/", "src/proc": "/proc"},
    "links in a ring": {"src/ring": "..", "cdk/ring": ".."},
}


@pytest.mark.parametrize("bound", some("bounds of hostile checkouts", sorted(BOUNDS), 3))
def test_every_bound(hostile, bound):
    for name, text in BOUNDS[bound].items():
        path = hostile.root / os.fsdecode(name)
        if text is None:
            path.unlink()
        elif text in ("/", "/proc", ".."):
            path.symlink_to(text)
        else:
            path.write_text(text)
    check(hostile, PLAN if "cdk" in str(BOUNDS[bound]) else FINGERPRINT)


# -- directories beyond the checkout


def with_context(value):
    return SETTINGS.replace("[cdk]", f'context = {value}\ndockerfile = "Dockerfile"\n[cdk]'), FINGERPRINT


def with_named_context(value):
    return SETTINGS.replace("[cdk]", f"build-contexts = {{x = {value}}}\n[cdk]"), FINGERPRINT


def with_inputs(value):
    return SETTINGS + f"inputs = [{value}]\n", PLAN


@pytest.mark.parametrize(
    ("settings", "place", "error"),
    [
        (with_context, "/", "whole-machine"),
        (with_context, "link", "whole-machine"),
        (with_context, "../" * 40, "whole-machine"),
        (with_context, "/proc/self", "whole-machine"),
        (with_named_context, "/", "whole-machine"),
        (with_named_context, "/sys", "whole-machine"),
        (with_inputs, "/", "whole-machine"),
        (with_inputs, "cdk/link", "whole-machine"),
        (with_inputs, "../large", "outside-too-large"),
        (with_context, "../large", "outside-too-large"),
        (with_named_context, "../large", "outside-too-large"),
        (with_context, "../beside", ""),
        (with_named_context, "../beside", ""),
        (with_inputs, "../beside", ""),
    ],
)
def test_a_directory_beyond_the_checkout(hostile, settings, place, error):
    (hostile.root / "link").symlink_to("/")
    (hostile.root / "cdk/link").symlink_to("/")
    for name in ("beside", "large"):
        (hostile.root.parent / name).mkdir()
        (hostile.root.parent / name / "a").write_text("1")
    with (hostile.root.parent / "large/b").open("wb") as file:
        file.truncate(1 << 30)
    text, words = settings(f'"{place}"')
    hostile.write("rajee-deploy.toml", text)
    named = "COPY --from=x . /y\n" if "contexts" in text else ""
    hostile.write("Dockerfile", f"FROM scratch\nCOPY . /x\n{named}")
    assert check(hostile, words).error == error
