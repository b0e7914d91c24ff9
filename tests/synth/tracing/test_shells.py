"""A shell's words and texts: what it is told to run, and which variables that may read."""

from __future__ import annotations

import pytest

from rajee_deploy.synth.tracing.shells import Task, goes_on_elsewhere, program_of, reads_all, task_of, variables_in

TASKS = {
    ("sh",): Task(None, ""),
    ("sh", "-"): Task(None, ""),
    ("sh", "run.sh", "one"): Task(None, "run.sh"),
    ("sh", "-c", "echo a", "b"): Task("echo a b", ""),
    ("sh", "-ec", "echo a"): Task("echo a", ""),
    ("sh", "-c", "-e", "echo a"): Task("echo a", ""),
    ("sh", "-c", "--", "-x"): Task("-x", ""),
    ("sh", "run.sh", "-c", "prod"): Task(None, "run.sh"),
    ("sh", "-e", "run.sh", "-c", "prod"): Task(None, "run.sh"),
    ("sh", "+c", "run.sh"): Task(None, "run.sh"),
    ("sh", "--", "-c"): Task(None, "-c"),
    ("bash", "-euo", "pipefail", "run.sh"): Task(None, "run.sh"),
    ("bash", "-o", "errexit", "-O", "extglob", "-c", "echo a"): Task("echo a", ""),
    ("bash", "+O", "extglob", "run.sh"): Task(None, "run.sh"),
    ("bash", "--norc", "--rcfile", "-c", "run.sh"): Task(None, "run.sh"),
    ("bash", "--init-file", "-c", "run.sh"): Task(None, "run.sh"),
    ("bash", "-s", "/opt/word"): Task(None, ""),
    ("sh", "", "one"): Task(None, ""),
    ("zsh", "--emulate", "sh", "-c", "echo a"): Task("echo a", ""),
    (): Task(None, ""),
}


@pytest.mark.parametrize("words", TASKS)
def test_what_a_shell_is_task_of(words):
    assert task_of(words) == TASKS[words]


@pytest.mark.parametrize(
    ("name", "words", "expected"),
    [
        ("bash", ("sh", "x"), ("bash", ("sh", "x"))),
        ("busybox", ("/bin/sh", "-c", "x"), ("sh", ("/bin/sh", "-c", "x"))),
        ("busybox", ("/bin/busybox", "sh", "x"), ("sh", ("sh", "x"))),
        ("toybox", ("env",), ("env", ("env",))),
        ("busybox", ("busybox",), ("busybox", ("busybox",))),
        ("busybox", (), ("busybox", ())),
    ],
)
def test_a_program_that_is_many_is_the_one_that_its_words_name(name, words, expected):
    assert program_of(name, words) == expected


def test_variables_that_a_text_names():
    text = '$A ${B:-$C} ${#D} ${=E} "${F}" $1 $? $$ ${10} $G_1x ${+H} plain $-I'
    assert variables_in(text) == {"A", "B", "C", "D", "E", "F", "G_1x", "H"}


LISTING = [
    "${!APP_@}",
    "${!name}",
    "${(P)name}",
    "export -p",
    "export | grep APP_",
    "x=`export`",
    "export",
    "{ export; }",
    "export 2>&1",
    "declare -x",
    "declare -n ref=x",
    "declare -i n",
    "declare -p",
    "declare",
    "declare > list",
    "local -n ref=x",
    "local -i n=SIZE",
    "typeset x",
    "compgen -e",
    "eval x",
    "set",
    "set | sort",
    "(set)",
    "set\nx",
    "`set`",
    "set # all",
    "$((SIZE + 1))",
    "((SIZE))",
    "$[SIZE]",
    "let n=SIZE",
    "[ -v SIZE ]",
    "[[ 1 -eq SIZE ]]",
    "[[ SIZE -lt 1 ]]",
    "${list[SIZE]}",
    "${text:SIZE}",
]
NAMING = [
    "echo $A",
    "set -e",
    "set -- $A",
    "export A=1",
    "export A",
    "declare -r A=1",
    "declare -a list",
    "local n=1",
    "reset",
    "settle",
    '[ "$A" -eq 1 ]',
    "[ -n $A ]",
    "${A:-b}",
    "${list[@]}",
    "${list[*]}",
    "outlet x",
    "evaluate x",
]


@pytest.mark.parametrize("text", LISTING)
def test_a_text_that_may_read_any_variable(text):
    assert reads_all(f"true\n{text}\n")


@pytest.mark.parametrize("text", NAMING)
def test_a_text_that_names_what_it_reads(text):
    assert not reads_all(f"true\n{text}\n")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (". ./x", True),
        ("source x", True),
        ("a; . x", True),
        ("a && . x", True),
        ("(. x; y)", True),
        ("`. x`", True),
        ("{ . x; }", True),
        ("a\n. x", True),
        ("! source x", True),
        ("cat ./x", False),
        ("a.b c", False),
        ("./x", False),
        ("resource x", False),
        ("ls ..", False),
        ("ls .. x", False),
    ],
)
def test_a_text_that_goes_on_in_another_file(text, expected):
    assert goes_on_elsewhere(text) is expected
