"""Which variables count, by the programs that ran."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rajee_deploy.synth.tracing.looks import Looks, Program
from rajee_deploy.synth.tracing.regions import Regions
from rajee_deploy.synth.tracing.variables import Texts, VariablesRead, find_variables, is_known_program, is_own_text

OF_SCRIPTS = {"BASHOPTS", "CDPATH", "POSIXLY_CORRECT", "SHELLOPTS"}


class Place:
    """A checkout, and scripts beside it."""

    def __init__(self, top) -> None:
        self.top = os.path.realpath(top)
        self.root = f"{self.top}/checkout"
        self.regions = Regions(self.root, (f"{self.top}/installed",), (f"{self.root}/node_modules",))

    def write(self, path: str, text: str) -> str:
        place = f"{self.root}/{path}"
        Path(place).parent.mkdir(parents=True, exist_ok=True)
        Path(place).write_text(text, "utf-8")
        return os.path.realpath(place)

    def found(self, *programs: tuple[str, ...], texts: tuple[str, ...] = (), copies: bool = False) -> VariablesRead:
        """The variables of programs, each given by its path and its words; the first process is hooked."""
        looks = Looks(programs=[Program(number, path, words) for number, (path, *words) in enumerate(programs)])
        return find_variables(looks, frozenset({0}), self.regions, Texts(texts), copies=copies)


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


HOOKED = ("/opt/python3.12", "python3", "app.py")
QUIET = {
    "one of everybody's": ("/usr/bin/cat", "cat"),
    "by the name that it is called by": ("/usr/bin/coreutils", "/usr/bin/tr"),
    "one without words": ("/usr/bin/cat",),
    "env before a program": ("/usr/bin/env", "env", "-i", "A=1", "cat"),
    "env that takes one away, before a program": ("/usr/bin/env", "env", "-u", "A", "cat"),
    "a binary of a package": ("{root}/node_modules/esbuild/bin/esbuild", "esbuild"),
    "an applet": ("/bin/busybox", "cat", "x"),
}
ANYTHING = {
    "an unknown one": ("/usr/bin/awk", "awk"),
    "one without words": ("/usr/bin/awk",),
    "env alone": ("/usr/bin/env", "env"),
    "env alone, in another program": ("/usr/bin/coreutils", "env"),
    "env that takes one away": ("/usr/bin/env", "env", "-u", "A"),
    "env that takes one away, in full": ("/usr/bin/env", "env", "--unset", "A"),
    "env elsewhere": ("/usr/bin/env", "env", "-C", "/x"),
    "env elsewhere, in full": ("/usr/bin/env", "env", "--chdir", "/x"),
    "env with one more": ("/usr/bin/env", "env", "A=1", "-0"),
    "a node without the hook": ("/usr/bin/node", "node", "app.js"),
    "a python without the hook": ("/usr/bin/python3.12", "python3", "-I"),
    "bun": ("/opt/bun", "bun", "app.ts"),
    "bun, of a package": ("{root}/node_modules/bun/bin/bun.exe", "bun"),
    "deno, of a package": ("{root}/node_modules/deno/deno", "deno"),
    "a program of the project, whatever its name": ("{root}/tools/patch", "tools/patch"),
    "an applet": ("/bin/busybox", "awk", "BEGIN {}"),
    "an applet that lists": ("/bin/busybox", "busybox", "env"),
}


@pytest.mark.parametrize("name", ["python3.12", "pypy3", "node", "nodejs"])
def test_what_a_hook_tells_of_reads_what_it_tells(place, name):
    program = (f"/opt/{name}", name, "app")
    assert not place.found(program).is_all
    assert place.found(program, program).is_all, "the second has no hook"


@pytest.mark.parametrize("what", QUIET)
def test_reads_no_variable(place, what):
    path, *words = QUIET[what]
    found = place.found(HOOKED, (path.format(root=place.root), *words))
    assert (found.names, found.is_all) == (set(), False)


@pytest.mark.parametrize("what", ANYTHING)
def test_may_read_all(place, what):
    path, *words = ANYTHING[what]
    assert place.found(HOOKED, (path.format(root=place.root), *words)).is_all


def test_where_one_hook_tells_of_a_copy_all_are_read(place):
    assert place.found(HOOKED, copies=True).is_all


COMMANDS = {
    ("sh", "-c", "echo $A"): {"A"},
    ("bash", "-ec", "echo $A"): {"A"},
    ("sh", "-c", "(. ./vars; x)"): {"IN_TEXT"},
    ("sh",): {"IN_TEXT", *OF_SCRIPTS},
    ("bash", "-s", "/opt/word"): {"IN_TEXT", *OF_SCRIPTS},
    ("sh", "/no/such/script"): {"IN_TEXT", *OF_SCRIPTS},
}


@pytest.mark.parametrize("words", COMMANDS)
def test_of_a_shell_its_text(place, words):
    """And, where it runs more than is in its words, all texts of the project."""
    text = place.write("some.ts", "$IN_TEXT")
    found = place.found(HOOKED, ("/bin/dash", *words), texts=(text,))
    assert (found.names, found.is_all) == (COMMANDS[words], False)
    assert place.found(("/bin/dash", *words), texts=(text,)).names == COMMANDS[words], "no hook is in a shell"


@pytest.mark.parametrize("words", [("sh",), ("/bin/busybox", "sh", "-e")])
@pytest.mark.parametrize(
    ("path", "is_own"),
    [
        ("run.sh", True),
        ("node_modules/.bin/x", True),
        ("../tools/run.sh", True),
        ("../above.sh", True),
        ("../installed/bin/x", False),
        ("../.pyenv/bin/x", False),
        ("../shims/x", False),
    ],
)
def test_a_script_counts_unless_somebody_installed_it(place, path, is_own, words):
    program = "/bin/busybox" if "busybox" in words[0] else "/bin/dash"
    script = place.write(path, "echo $A")
    found = place.found((program, *words, script, "-c", "prod"))
    assert found.names == ({"A", *OF_SCRIPTS} if is_own else set())
    listing = place.found((program, *words, place.write(path, "set")))
    assert listing.is_all is is_own


def test_a_text_that_a_script_may_go_on_in_may_read_all(place):
    text = place.write("vars", "export | grep A")
    assert place.found(("/bin/sh", "sh", "-c", ". ./vars"), texts=(text,)).is_all
    assert not place.found(("/bin/sh", "sh", "-c", "cat vars"), texts=(text,)).is_all


def test_where_all_are_read_those_that_tell_nothing_are_where_the_project_speaks_of_them(place, monkeypatch):
    for name in ("SHLVL", "GITHUB_SHA", "OLDPWD", "APP_SIZE"):
        monkeypatch.setenv(name, "1")
    text = place.write("app.ts", "SHLVL or process.env.GITHUB_SHA, and APP_SIZE")
    assert place.found(("/opt/deno", "deno"), texts=(text,)).names == {"SHLVL", "GITHUB_SHA"}
    assert place.found(HOOKED, texts=(text,)).names == set()


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("{root}/a", True),
        ("{top}/a", True),
        ("{top}/b/a", True),
        ("{top}/.nvm/a", False),
        ("{top}/libexec/a", False),
        ("{root}/libexec/a", True),
        ("{root}/node_modules/a", False),
        ("{top}/installed/bin/a", False),
    ],
)
def test_texts_that_may_speak_for_the_project(place, path, expected):
    assert is_own_text(path.format(root=place.root, top=place.top), place.regions) is expected


COUNTS = {
    ("APP_SIZE", ()): True,
    ("SHLVL", ()): False,
    ("SHLVL", ("SHLVL",)): True,
    ("SPOKEN", ()): True,
    ("HOME", ()): True,  # of which the text speaks
    ("CI_COMMIT_SHA", ()): True,
    ("GITHUB_SHA", ()): False,
    ("GITHUB_SHA", ("GITHUB_SHA",)): True,
    ("AWS_PROFILE", ()): False,
    ("AWS_PROFILE", ("AWS_PROFILE",)): True,
    ("LANG", ()): False,  # of which the text speaks, too
}


@pytest.mark.parametrize(("name", "env"), COUNTS)
def test_which_names_count(place, name, env):
    texts = Texts([place.write("a", "HOME=CI_COMMIT_SHA;LANG"), f"{place.root}/absent"])
    assert VariablesRead(texts).counts(name, env) is COUNTS[name, env]


def test_words_are_whole(place):
    texts = Texts([place.write("a", "x-ab_1.cé"), place.write("b", "b2")])
    assert [word in texts for word in ("ab_1", "ab", "c", "b2", "x")] == [True, False, True, True, True]
    assert texts.in_shell() == ["x-ab_1.cé", "b2"]


@pytest.mark.parametrize(
    "name",
    [
        "sh",
        "bash",
        "dash",
        "ash",
        "zsh",
        "ksh",
        "busybox",
        "cat",
        "git",
        "env",
        "python3.12",
        "pypy3",
        "node",
        "node20",
    ],
)
def test_an_interpreter_or_one_of_everybodys_is_no_input_by_itself(name):
    assert is_known_program(name)


@pytest.mark.parametrize("name", ["bun", "deno", "jq", "awk", "mypython", "envoy"])
def test_any_other_program_is(name):
    assert not is_known_program(name)
