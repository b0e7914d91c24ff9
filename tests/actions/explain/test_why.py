"""Why a path is in the hash, or is not: one case for each answer, and the selection itself and git as judges."""

from __future__ import annotations

import io
import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sampled import examples

from rajee_deploy.actions.explain.documents import of_answers
from rajee_deploy.actions.explain.why import (
    Absent,
    Excluded,
    InHash,
    OnTheWay,
    Outside,
    RuledOut,
    Unread,
    deciding_rule,
    why,
)
from rajee_deploy.actions.explain.words import show_answer
from rajee_deploy.console import Console
from rajee_deploy.context.deployignore import DeployIgnored
from rajee_deploy.context.filtered import Filtered
from rajee_deploy.context.ignore import Matcher, Rule, read_rules
from rajee_deploy.context.tree import DiskTree
from rajee_deploy.errors import DeployError
from rajee_deploy.image.inputs import read_inputs
from rajee_deploy.model import Kind, parse_platforms

DOCKERFILE = """\
FROM scratch AS test
COPY tests /t
FROM scratch
COPY src /src
COPY --exclude=*.bak data/ /data/
COPY link/deep/file /f
COPY *.cfg /
"""
TREE = {
    "Dockerfile": DOCKERFILE,
    "src/a.py": "123",
    "src/b/c.py": "45",
    "src/log/x": "x",
    "src/.env": "s",
    "src/skip/keep.py": "k",
    "src/skip/drop.py": "d",
    "data/x": "1",
    "data/y.bak": "2",
    "tests/t.py": "t",
    "tests/cache/z": "z",
    "docs/d.md": "d",
    "link": ("real",),
    "real/deep/file": "f",
    "real/deep/other": "o",
    "a.cfg": "1",
    "b.cfg": "2",
    "via": ("src",),
    ".dockerignore": "# rules\nsrc/log\n\n**/skip\n!src/skip/keep.py\n  docs/  \n",
    ".deployignore": "\n# deploy\n.env\n*.cfg\n!a.cfg\ncache/\n",
}


def reads_of(answer):
    return [read.location.start for read in answer.reads]


def ask(found, path):
    (answer,) = why(found, path)
    return answer


@pytest.mark.parametrize(
    ("path", "lines", "files", "size"),
    [
        ("src/a.py", [4], 1, 3),
        ("./src//a.py", [4], 1, 3),
        ("src", [4], 3, 6),
        ("src/skip/keep.py", [4], 1, 1),
        ("src/skip", [4], 1, 1),  # ignored, but sent for the exception in it
        ("data/x", [5], 1, 1),
        ("real/deep/file", [6], 1, 1),
        ("a.cfg", [7], 1, 1),
    ],
)
def test_in_the_hash(inputs, path, lines, files, size):
    answer = ask(inputs(TREE), path)
    assert isinstance(answer, InHash)
    assert (reads_of(answer), answer.files, answer.size) == (lines, files, size)


@pytest.mark.parametrize(
    ("path", "lines", "files"),
    [("real", [6], 1), ("real/deep", [6], 1), ("link", [6], 0), ("", [4, 5, 6, 7], 6), (".", [4, 5, 6, 7], 6)],
)
def test_on_the_way(inputs, path, lines, files):
    answer = ask(inputs(TREE), path)
    assert isinstance(answer, OnTheWay)
    assert (reads_of(answer), answer.files) == (lines, files)


@pytest.mark.parametrize(
    ("path", "file", "line", "rule", "at"),
    [
        ("src/log", ".dockerignore", 2, "src/log", "src/log"),
        ("src/log/x", ".dockerignore", 2, "src/log", "src/log"),
        ("src/skip/drop.py", ".dockerignore", 4, "**/skip", "src/skip"),
        ("docs/d.md", ".dockerignore", 6, "docs/", "docs"),
        ("src/.env", ".deployignore", 3, ".env", "src/.env"),
        ("b.cfg", ".deployignore", 4, "*.cfg", "b.cfg"),
        ("tests/cache/z", ".deployignore", 6, "cache/", "tests/cache"),
    ],
)
def test_removed_by_a_rule(inputs, path, file, line, rule, at):
    answer = ask(inputs(TREE), path)
    assert isinstance(answer, RuledOut)
    assert (answer.file, answer.line, answer.rule, answer.at) == (file, line, rule, at)


def test_the_dockerfiles_own_ignore_file_is_named_by_its_path(inputs):
    tree = {"docker/Dockerfile": "FROM scratch\nCOPY . /\n", "docker/Dockerfile.dockerignore": "a\n", "a": "", "b": ""}
    found = inputs({**tree, ".dockerignore": "b\n"}, dockerfile=Path("docker/Dockerfile").absolute())
    answer = ask(found, "a")
    assert isinstance(answer, RuledOut)
    assert (answer.file, answer.line) == ("docker/Dockerfile.dockerignore", 1)
    assert isinstance(ask(found, "b"), InHash)


def test_left_out_by_the_lines_own_exclude(inputs):
    answer = ask(inputs(TREE), "data/y.bak")
    assert isinstance(answer, Excluded)
    assert reads_of(answer) == [5]


def test_read_by_a_stage_that_the_target_does_not_reach(inputs):
    answer = ask(inputs(TREE), "tests/t.py")
    assert isinstance(answer, Unread)
    assert [(read.location.start, read.stage.name) for read in answer.elsewhere] == [(2, "test")]
    assert isinstance(ask(inputs(target="test"), "tests/t.py"), InHash)


def test_read_by_a_later_stage_without_a_name(inputs):
    found = inputs(
        {"Dockerfile": "FROM scratch AS app\nCOPY a /\nFROM scratch\nCOPY b /\n", "a": "", "b": ""}, target="app"
    )
    answer = ask(found, "b")
    assert isinstance(answer, Unread)
    assert [read.location.start for read in answer.elsewhere] == [4]


@pytest.mark.parametrize("path", ["for-amd64", "for-arm64"])
def test_another_stage_reads_it_for_one_of_the_platforms(inputs, path):
    text = "FROM scratch AS test\nARG TARGETARCH\nCOPY for-$TARGETARCH /\nFROM scratch\nCOPY a /\n"
    tree = {"Dockerfile": text, "a": "a", "for-amd64": "1", "for-arm64": "2"}
    answer = ask(inputs(tree, platforms=parse_platforms(["linux/amd64,linux/arm64"])), path)
    assert isinstance(answer, Unread)
    assert [read.location.start for read in answer.elsewhere] == [3]


def test_read_by_no_stage(inputs):
    assert ask(inputs(TREE), "real/deep/other") == Unread(ask(inputs(), "real/deep/other").place, ())


def test_a_path_that_does_not_exist_has_names_near_it(inputs):
    answer = ask(inputs(TREE), "src/a.pi")
    assert isinstance(answer, Absent)
    assert answer.near == ("src/a.py",)


def test_a_path_through_a_symlink_is_the_path_it_leads_to(inputs):
    answer = ask(inputs(TREE), "via/a.py")
    assert isinstance(answer, InHash)
    assert (answer.place.path, answer.place.through) == ("src/a.py", ("via",))


def test_a_loop_of_symlinks_leads_nowhere(inputs):
    assert isinstance(ask(inputs({**TREE, "loop": ("loop",)}), "loop/x"), Absent)


@pytest.mark.parametrize("path", ["/", "/dev/null", "..", "../elsewhere"])
def test_outside_of_every_context(inputs, path):
    assert ask(inputs(TREE), path) == Outside(path, (".",))


def test_a_path_starts_at_the_working_directory_or_at_the_context(inputs, root, monkeypatch):
    found = inputs({**TREE, "src/data/x": "here"})
    monkeypatch.chdir(root / "src")
    assert ask(found, "a.py").place.path == "src/a.py"
    assert ask(found, "data/x").place.path == "src/data/x"  # the shell's meaning goes first
    assert ask(found, "src/a.py").place.path == "src/a.py"
    assert ask(found, "../data/x").place.path == "data/x"
    assert ask(found, str(root / "data/x")).place.path == "data/x"
    assert ask(found, "a.pi").near == ("src/a.py",)


def test_a_path_of_a_named_context(inputs, tmp_path):
    lib = tmp_path / "lib"
    lib.mkdir()
    (lib / "one").write_text("1")
    (lib / "two").write_text("2")
    dockerfile = "FROM scratch\nCOPY a /\nCOPY --from=lib one /\n"
    found = inputs({"Dockerfile": dockerfile, "a": ""}, build_contexts={"lib": str(lib)})
    answer = ask(found, "../lib/one")
    assert isinstance(answer, InHash)
    assert (answer.place.context, answer.place.path, reads_of(answer)) == ("lib", "one", [3])
    assert isinstance(ask(found, str(lib / "two")), Unread)


def test_a_file_that_arrives_empty(inputs):
    tree = {"Dockerfile": "FROM scratch\nCOPY d /d\n", "d/x": "bytes", ".dockerignore": "d\n!d/x\nd\n"}
    answer = ask(inputs(tree), "d/x")
    assert isinstance(answer, InHash)
    assert (answer.withheld, answer.size) == (True, 0)


ANSWERS = {
    "src/a.py": """in-hash
  + src/a.py is in the hash of app (1 file, 3 B)
    Dockerfile:4: COPY src /src
""",
    "real": """on-the-way
  + real is in the hash of app in part: 1 file below it
    Dockerfile:6: COPY link/deep/file /f
""",
    "src/log/x": """ignored
  - src/log/x is not in the hash of app: .dockerignore:2 removes it with all of src/log: src/log
""",
    "data/y.bak": """excluded
  - data/y.bak is not in the hash of app: --exclude leaves it out of
    Dockerfile:5: COPY --exclude=*.bak data/ /data/
""",
    "tests/t.py": """unread
  - tests/t.py is not in the hash of app: the target needs no instruction that reads it; others do:
    Dockerfile:2: COPY tests /t (stage test)
""",
    "src/a.pi": """absent
  - src/a.pi is not in the hash of app: it does not exist; there is src/a.py
""",
    "/": """outside
  - / is not in the hash of app: it lies in none of its build contexts (.)
""",
}


@pytest.mark.parametrize("path", ANSWERS)
def test_what_people_and_programs_read(inputs, path):
    found, stream = inputs(TREE), io.StringIO()
    answers = why(found, path)
    show_answer(Console(stdout=stream, stderr=io.StringIO()), "app", found, answers[0])
    (answer,) = of_answers(path, {"app": answers})["images"]["app"]
    assert f"{answer['verdict']}\n{stream.getvalue()}" == ANSWERS[path]


NAMES = st.sampled_from(["a", "b", "ab", "c"])
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
PIECES = st.sampled_from(["a", "b", "ab", "c", "*", "**", "a*", "?"])
PATTERNS = st.lists(PIECES, min_size=1, max_size=3).map("/".join)
RULES = st.lists(
    st.tuples(st.sampled_from(["", "", "!"]), PATTERNS, st.sampled_from(["", "", "/"])).map("".join), max_size=6
)
FILES = st.sets(PATHS, min_size=1, max_size=8)


def plant(root: Path, files: set[str]) -> None:
    """The files, but for those whose name another needs as a directory."""
    for name in sorted(files, key=len, reverse=True):
        path = root / name
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(name)


def everything(tree: DiskTree, path: str = "") -> dict[str, Kind]:
    found = {}
    for name, kind in tree.children(path).items():
        below = f"{path}/{name}".lstrip("/")
        found[below] = kind
        if kind is Kind.DIRECTORY:
            found |= everything(tree, below)
    return found


@given(files=FILES, rules=RULES)
def test_a_file_has_a_deciding_rule_exactly_when_it_is_not_sent(tmp_path_factory, files, rules):
    root = tmp_path_factory.mktemp("tree")
    plant(root, files)
    matcher = Matcher(read_rules("\n".join(rules).encode(), ".dockerignore"))
    with DiskTree(root) as tree:
        view = Filtered(tree, matcher)
        for path, kind in everything(tree).items():
            parts = path.split("/")
            decided = deciding_rule(matcher, ["/".join(parts[:end]) for end in range(1, len(parts) + 1)])
            if kind is Kind.FILE:
                assert (decided is None) == (view.kind(path) is not None), (path, rules)
            if decided is not None:
                # The rule is no exception, alone it removes the path, and nothing behind it takes it back.
                rule, at = decided
                assert not rule.text.startswith("!")
                assert f"{path}/".startswith(f"{at}/")
                assert Matcher([rule]).matches(at)


@given(files=FILES, rules=RULES)
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=examples(60))
def test_rules_of_deployignore_are_those_that_git_names(tmp_path_factory, files, rules):
    root = tmp_path_factory.mktemp("tree")
    plant(root, files)
    text = "\n".join(["# a comment", "", *rules, ""])
    alone = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "PATH": os.environ["PATH"], "HOME": str(root)}
    subprocess.run(["git", "init", "--quiet", str(root)], check=True, env=alone, timeout=60)
    (root / ".git/info").mkdir(exist_ok=True)
    (root / ".git/info/exclude").write_text(text)
    with DiskTree(root) as tree:
        entries = {path: kind for path, kind in everything(tree).items() if not f"{path}/".startswith(".git/")}
        try:
            removed = DeployIgnored(tree, text.encode(), "exclude")
        except DeployError:
            return  # "!" alone: git takes it for nothing, we refuse it
        argv = ["git", "check-ignore", "--verbose", "--no-index", "--stdin", "-z"]
        asked = "".join(f"{path}\0" for path in entries).encode()
        ended = subprocess.run(argv, cwd=root, input=asked, capture_output=True, check=False, env=alone, timeout=60)
    fields = ended.stdout.decode().split("\0")[:-1]
    told = {fields[i + 3]: (int(fields[i + 1]), fields[i + 2]) for i in range(0, len(fields), 4)}
    for path, kind in entries.items():
        mine = first_rule(removed, path, entries)
        theirs = told.get(path)
        if theirs is not None and theirs[1].startswith("!"):
            theirs = None
        assert (mine and int(mine.where.rpartition(":")[2])) == (theirs and theirs[0]), (path, kind, rules)


def first_rule(removed: DeployIgnored, path: str, entries: dict[str, Kind]) -> Rule | None:
    parts = path.split("/")
    steps = ["/".join(parts[:end]) for end in range(1, len(parts) + 1)]
    return next((rule for step in steps if (rule := removed.rule_for(step, entries[step])) is not None), None)


@given(files=FILES, ignore=RULES, deploy=RULES, sources=st.lists(PATTERNS, min_size=1, max_size=2))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None)
def test_in_the_hash_means_that_its_bytes_count(tmp_path_factory, image, files, ignore, deploy, sources):
    root = tmp_path_factory.mktemp("tree")
    plant(root, files)
    sources = [source.replace("**", "*") + "*" for source in sources]  # a wildcard that matches nothing is no error
    (root / "Dockerfile").write_text("FROM scratch\n" + "".join(f"COPY {source} /\n" for source in sources))
    (root / ".dockerignore").write_text("\n".join(ignore))
    (root / ".deployignore").write_text("\n".join(deploy))
    changed = image(context=root, dockerfile=root / "Dockerfile")
    try:
        found = read_inputs(changed)
    except DeployError:
        return  # "!" alone is a malformed rule
    for path in sorted(files):
        if not (root / path).is_file():
            continue
        (answer,) = why(found, str(root / path))
        before = (root / path).read_text()
        (root / path).write_text(before + "!")
        counts = read_inputs(changed).fingerprint.tag != found.fingerprint.tag
        (root / path).write_text(before)
        assert isinstance(answer, InHash) == counts, (path, answer)
        assert isinstance(answer, InHash | RuledOut | Unread)
