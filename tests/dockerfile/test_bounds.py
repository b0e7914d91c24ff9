"""Every Dockerfile ends: values have a bound, and below it the work is linear.

The table runs in one process of its own with a limit on its processor time and its memory: what is quadratic or
exponential takes minutes or gigabytes there, and is ended by the kernel.
"""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sampled import some

from rajee_deploy.dockerfile import patterns, resolve
from rajee_deploy.dockerfile.patterns import Budget, TooMuchError
from rajee_deploy.dockerfile.variables import Variables
from rajee_deploy.dockerfile.words import Lexer, WordTooLargeError
from rajee_deploy.errors import DeployError
from rajee_deploy.model import BuildOptions, Platform

CPU_SECONDS = 60  # of all cases together, on the slowest machine: they take 8 on a usual one
MEMORY = 1 << 30
OPTIONS = BuildOptions(Platform.parse("linux/amd64"))
TOO_LARGE = "expansion-too-large"


def doubled(kind: str, lines: int = 19) -> str:
    head = f"{kind} a0=0123456789\n"
    return head + "".join(f"{kind} a{n}=${{a{n - 1}}}${{a{n - 1}}}\n" for n in range(1, lines + 1))


def many(line: str, times: int) -> str:
    return "".join(line.format(n, n - 1) for n in range(1, times + 1))


def continued(head: str, word: str, times: int, tail: str = "") -> str:
    return head + "".join(" \\\n" + word.format(n) for n in range(1, times + 1)) + tail + "\n"


S = "FROM scratch\n"
A = S + "ARG a=" + "a" * 60_000 + "\n"
CASES = {
    # values that grow with each line
    "arg": (S + doubled("ARG") + "COPY $a19 /\n", TOO_LARGE),
    "arg-long": (S + doubled("ARG", 60), TOO_LARGE),
    "env": (S + doubled("ENV"), TOO_LARGE),
    "global": (doubled("ARG") + S, TOO_LARGE),
    "global-from": (doubled("ARG", 12) + many("FROM x$a12 AS s{0}\n", 3000), TOO_LARGE),
    "label": (S + doubled("ARG", 12) + "LABEL" + " l=$a12" * 5000 + "\n", TOO_LARGE),
    "copy": (S + doubled("ARG", 12) + "COPY" + " $a12" * 5000 + " /\n", TOO_LARGE),
    "workdir": (S + many("WORKDIR d{0:05}\n", 5_000), TOO_LARGE),
    "heredoc": (S + doubled("ARG", 14) + "COPY <<E /x\n" + "$a14\n" * 9000 + "E\n", TOO_LARGE),
    "onbuild": (S + doubled("ONBUILD ARG") + "ONBUILD COPY $a19 /\nFROM 0\nCOPY x /\n", None),
    "onbuild-fired": ("FROM scratch AS b\n" + doubled("ONBUILD ARG") + "FROM b\n", TOO_LARGE),
    "mount": (S + doubled("ARG", 12) + "RUN" + " --mount=type=bind,source=$a12,target=/x" * 1500 + " x\n", TOO_LARGE),
    "replacement": (A + "ARG b=${a//?/" + "x" * 5000 + "}\n", TOO_LARGE),
    "nested": (S + "ARG a=" + "${a:-" * 98 + "x" + "}" * 98 + "\nCOPY $a /\n", None),
    "nested-too-deep": (S + "ARG a=" + "${a:-" * 9000 + "\n", "dockerfile-syntax"),
    # patterns that backtrack
    "stars": (A + "ARG b=${a#" + "*a" * 500 + "*b}\nARG c=${a%b" + "*a" * 500 + "*}\n", None),
    "stars-inside": (A + "ARG b=${a/" + "*a" * 50 + "*b/x}\nARG c=${a//a*a*b/x}\n", None),
    "any": (A + "ARG b=${a//" + "?" * 3000 + "b/x}\n", None),
    "any-of-many": (A + ("ARG b=${a//" + "?" * 5000 + "b/x}\n") * 50, TOO_LARGE),
    # many of one kind
    "16,000 RUN": (S + "RUN x\n" * 16_000, None),
    "600,000 ARG": (S + "ARG a\n" * 600_000, "dockerfile-syntax"),
    "100,000 ARG": (S + many("ARG a{0}=1\n", 100_000), "dockerfile-syntax"),
    "chained ARG": ("ARG a0=1\n" + many("ARG a{0}=$a{1}\n", 8_000) + "FROM scratch:$a8000\n", None),
    "ARG of two": (S + many("ARG a{0}=1 b{0}=2\n", 8_000), None),
    "ARG of the machine": (many("ARG a{0}=$BUILDARCH\n", 8_000) + S, None),
    "ENV of the machine": ("FROM x\nARG BUILDARCH\n" + many("ENV a{0}=$BUILDARCH\nRUN y$a{0}\n", 5000), None),
    "ENV unknown": ("FROM x\n" + many("ENV a{0}=$z\n", 8_000), None),
    "stages": ("FROM scratch AS s0\n" + many("FROM s{1} AS s{0}\nENV e{0}=1\n", 5_000), None),
    "stages by number": (S + many("FROM scratch AS s{0}\nCOPY --from={1} / /\n", 5_000), None),
    "unknown stages": (S + many("COPY --from=img{0} / /\n", 5_000), None),
    "COPY": (S + many("COPY f{0} /\n", 8_000), None),
    "COPY of many": (continued(S + "COPY", "f{0}", 5_000, " /"), None),
    "COPY of very many": (S + ("COPY " + "f " * 5_000 + "/x/\n") * 7, "dockerfile-syntax"),
    "exclude": (continued(S + "COPY", "--exclude=f{0}", 20_000, " a /"), None),
    "mounts": (continued(S + "RUN", "--mount=type=secret,id=f{0}", 5_000, " x"), None),
    "heredocs": (S + many("COPY <<E{0} /x\nhello\nE{0}\n", 5_000), None),
    "heredocs of one": (S + "RUN" + many(" <<E{0}", 5000) + "\n" + many("E{0}\n", 5000), None),
    "comments": (S + "# x\n" * 50_000 + "RUN \\\n" + "# x\n" * 50_000 + "x\n", None),
    "one long value": (S + "ENV a=" + ("\\\n" + "x" * 50) * 20_000 + "\n", None),
    "one long quoted value": (S + 'ENV a="' + ("\\\n" + "x" * 50) * 20_000 + '"\nRUN $a\n', None),
}


TAKEN = some("Dockerfiles at a bound", CASES, 7)


def outcome(name: str) -> str | None:
    try:
        resolve(CASES[name][0].encode(), OPTIONS, "Dockerfile")
    except DeployError as error:
        return error.code if error.where.startswith("Dockerfile:") else f"{error.code} without a line"
    return None


def test_all_end():
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))

    program = [sys.executable, __file__, *TAKEN]
    own = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    found = subprocess.run(program, capture_output=True, text=True, check=False, preexec_fn=limit, env=own)
    lines = [json.loads(line) for line in found.stdout.split("\n") if line]
    assert dict(lines) == {name: CASES[name][1] for name in TAKEN}, found.stderr


def test_what_is_too_large_is_told_with_its_line_and_a_way_out():
    with pytest.raises(DeployError) as caught:
        resolve(CASES["arg"][0].encode(), OPTIONS, "Dockerfile")
    error = caught.value
    assert (error.code, error.where) == (TOO_LARGE, "Dockerfile:19")
    assert "more than 1 MB" in error.problem
    assert "file" in error.hint


def test_what_is_written_by_hand_has_no_bound_but_the_files():
    body = "x" * (patterns.MAX_VALUE + 1) + "$a"
    assert len(Lexer().expand(body, {"a": "y"}).text) == patterns.MAX_VALUE + 2
    with pytest.raises(WordTooLargeError):
        Lexer().expand("$a$a", {"a": "y" * (patterns.MAX_VALUE // 2 + 10)})


def test_a_budget_is_spent():
    budget = Budget(3)
    budget.pay(3)
    with pytest.raises(TooMuchError):
        budget.pay(1)


# -- the same as before: Python's own expressions, which backtrack, say what a pattern matches ------------------------


def expression(pattern: str, *, greedy: bool = True) -> str:
    tokens = re.findall(r"(?s)\\.|.", pattern)
    meaning = {"*": ".*" if greedy else ".*?", "?": "."}
    return "".join(meaning.get(token) or re.escape(token[-1]) for token in tokens)


PATTERNS = st.lists(st.sampled_from(["a", "b", "*", "?", "\n", "\\*", "*a", "\\?"]), max_size=7).map("".join)
VALUES = st.text(alphabet="aab\n*?", max_size=14)


@given(PATTERNS, VALUES)
def test_prefixes_are_those_of_the_expression(pattern, value):
    for greedy in (True, False):
        found = re.match(expression(pattern, greedy=greedy), value)
        wanted = value[found.end() :] if found else value
        assert patterns.trim_prefix(pattern, value, Budget(), greedy=greedy) == wanted


@given(PATTERNS, VALUES)
def test_replacements_are_those_of_the_expression(pattern, value):
    assert patterns.replace_first(pattern, "<>", value, Budget()) == re.sub(expression(pattern), "<>", value, count=1)
    parts, end = [], 0
    for found in re.finditer(expression(pattern), value):
        if found.end() > end or found.start() == 0:  # Go leaves out an empty match right behind another one
            parts += value[end : found.start()], f"<{found[0]}>"
            end = found.end()
    wanted = "".join([*parts, value[end:]])
    assert patterns.replace_all(pattern, "<$0>", value, Budget()) == wanted


NAMES = st.sampled_from([f"n{number}" for number in range(6)])


@given(st.lists(st.tuples(st.integers(0, 3), NAMES, st.integers())))
def test_variables_are_dictionaries_that_are_copied(deeds):
    """Each deed sets a name in one of the copies; every fourth makes a copy of one."""
    ours, theirs = [Variables[int]()], [dict[str, int]()]
    for number, (which, name, value) in enumerate(deeds):
        at = which % len(ours)
        if number % 4 == 0:
            ours.append(ours[at].copy())
            theirs.append(dict(theirs[at]))
        ours[at].set(name, value)
        theirs[at][name] = value
    assert [one.all() for one in ours] == theirs
    assert all(one.get(name) == other.get(name) for one, other in zip(ours, theirs, strict=True) for name in other)


if __name__ == "__main__":
    for each in sys.argv[1:]:
        sys.stdout.write(json.dumps([each, outcome(each)]) + "\n")
