"""Whatever a checkout holds, a verb that only looks ends in a typed answer, soon, in little memory, and runs nothing.

Contents that count are hashed, however long they are: gigabytes lie only where something is read as a text.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import sys

import git_programs
import pytest
from hostile_projects import SECONDS, SETTINGS, git, run_in_child, slowness
from sampled import some

PLAN = ("plan", "--infra-check=hash", "--json")
FINGERPRINT = ("fingerprint", "--json")
ROLLBACK = ("rollback", "--plan", "--infra-check=hash", "--json")
SINCE = ("explain", "--since", "HEAD~1", "--json")
# Of a run that was not fit to end as it did.
NO_ANSWER = {"bug", "machine"}


def check(hostile, words, **environment):
    """It ended by itself, as any run may end."""
    ended = hostile.run(*words, **environment)
    told = f"{ended.code} after {ended.seconds:.1f}s\n{ended.out[:2000]}\n{ended.err[:3000]}"
    assert ended.code in (0, 1, 2, 64), told
    assert (ended.code in (0, 2)) == (not ended.error), told
    assert ended.error not in NO_ANSWER, told
    assert "Traceback" not in ended.err, told
    assert len(ended.err) + len(ended.out) * bool(ended.error) < 20_000, told  # what is quoted is cut
    assert hostile.plants.ran == [], told
    assert ended.seconds < SECONDS * slowness(), told
    return ended


# -- every special file, in every place that is opened


def fifo(path, _outside):
    os.mkfifo(path)


def a_socket(path, _outside):
    with socket.socket(socket.AF_UNIX) as made, contextlib.chdir(path.parent):  # a path of a socket is short
        made.bind(path.name)


def directory(path, _outside):
    path.mkdir()


def link_to_zero(path, _outside):
    path.symlink_to("/dev/zero")


def link_to_full(path, _outside):
    path.symlink_to("/dev/full")


def link_to_tty(path, _outside):
    path.symlink_to("/dev/tty")


def link_to_itself(path, _outside):
    path.symlink_to(path.name)


def link_to_nothing(path, _outside):
    path.symlink_to("nothing/there")


def link_outside(path, outside):
    path.symlink_to(outside / "secret")


def link_to_the_root(path, _outside):
    path.symlink_to("/")


def link_to_proc(path, _outside):
    path.symlink_to("/proc")


def gigabytes(path, _outside):
    with path.open("wb") as file:
        file.truncate(3 << 30)


def no_text(path, _outside):
    path.write_bytes(bytes(range(256)) * 64)


KINDS = [
    fifo,
    a_socket,
    directory,
    link_to_zero,
    link_to_full,
    link_to_tty,
    link_to_itself,
    link_to_nothing,
    link_outside,
    link_to_the_root,
    link_to_proc,
    gigabytes,
    no_text,
]
QUICK_PLACES = [
    "Dockerfile",
    "Dockerfile.dockerignore",
    ".dockerignore",
    ".deployignore",
    "rajee-deploy.toml",
    "pyproject.toml",
    "rajee-deploy.lock",
    "src/a",
    "src",
]
PLACES = [
    "cdk",
    "cdk/cdk.json",
    "cdk/cdk.context.json",
    "cdk/package.json",
    "cdk/package-lock.json",
    "cdk/app.py",
    "cdk/requirements.txt",
    "cdk/node_modules",
    "cdk/.venv",
    "cdk/pyvenv.cfg",
]
GIT_PLACES = [
    ".git",
    ".git/HEAD",
    ".git/config",
    ".git/index",
    ".git/objects",
    ".git/refs",
    ".git/packed-refs",
    ".git/commondir",
    ".git/config.worktree",
    ".git/shallow",
    ".git/info/attributes",
    ".git/info/exclude",
    ".git/info/grafts",
    ".git/objects/info/alternates",
    ".git/refs/heads/main",
    ".git/refs/heads/deep/er",
    ".git/objects/pack/pack-1.idx",
    ".git/included",
    "svc/.gitattributes",
    ".gitattributes",
    ".gitignore",
    ".gitmodules",
    ".mailmap",
]
OURS = ["history.jsonl", "verdicts.json", "secret-values.json"]


def put(hostile, name, kind):
    path = hostile.root / name
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.is_dir():
        path.rename(hostile.outside / "away")
    path.parent.mkdir(parents=True, exist_ok=True)
    kind(path, hostile.outside)


CONTENTS = {"src/a", "src", *(name for name in PLACES if name != "cdk/cdk.json")}
QUICK = [(place, kind) for place in QUICK_PLACES for kind in KINDS if kind is not gigabytes or place not in CONTENTS]
SOME = [fifo, link_to_zero, link_to_proc, gigabytes]
PLANNED = [(place, kind) for place in PLACES for kind in SOME if kind is not gigabytes or place not in CONTENTS]
OF_GIT = [(place, kind) for place in GIT_PLACES for kind in (fifo, link_to_zero, gigabytes)]


def named(cases, step):
    cases = some("hostile checkouts", cases, step)
    return pytest.mark.parametrize(("place", "kind"), cases, ids=[f"{kind.__name__}-{place}" for place, kind in cases])


@named(QUICK, 3)
def test_a_special_file_in_the_place_of_one_that_every_verb_reads(hostile, place, kind):
    if place == "pyproject.toml":
        (hostile.root / "rajee-deploy.toml").unlink()
    put(hostile, place, kind)
    check(hostile, FINGERPRINT)


@named(PLANNED, 2)
def test_a_special_file_in_the_place_of_one_that_a_plan_reads(hostile, place, kind):
    put(hostile, place, kind)
    check(hostile, PLAN)


@named(OF_GIT, 2)
def test_a_special_file_in_the_place_of_one_that_git_reads(hostile, place, kind):
    put(hostile, place, kind)
    check(hostile, SINCE)


# The other verbs that only look; of what each reads all is in the places above.
LOOKS = [
    ("status", "--json"),
    ("verify", "--json"),
    ("rollback", "--plan", "--infra-check=hash", "--json"),
    ("lock", "--check", "--json"),
    ("replay", "--last", "2", "--json"),
    ("explain", "src/a", "--json"),
]
LOOKED = [(words, place, kind) for place, kind in (*QUICK, *PLANNED, *OF_GIT) for words in LOOKS]


@pytest.mark.parametrize(
    ("words", "place", "kind"),
    some("hostile checkouts and other verbs", LOOKED, 43),
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_a_special_file_before_every_other_verb_that_looks(hostile, words, place, kind):
    if place == "pyproject.toml":
        (hostile.root / "rajee-deploy.toml").unlink()
    put(hostile, place, kind)
    check(hostile, words)


@pytest.mark.parametrize("kind", [fifo, directory, link_to_zero, gigabytes, no_text])
@pytest.mark.parametrize("directory_of_ours", ["state", "cache"])
def test_special_files_where_we_keep_things(hostile, directory_of_ours, kind):
    check(hostile, PLAN)
    place = hostile.root.parent / directory_of_ours
    for path in [path for path in place.rglob("*") if path.is_file()] + [place / name for name in OURS]:
        path.unlink(missing_ok=True)
        kind(path, hostile.outside)
    check(hostile, PLAN)


# -- every program of git's


@pytest.mark.parametrize("setting", some("settings of git", sorted(git_programs.PROGRAMS), 5))
def test_a_program_of_gits(hostile, setting):
    """All of them at once: see below."""
    for number, line in enumerate(git_programs.PROGRAMS[setting]):
        key, _, value = line.partition("=")
        git(hostile.root, "config", "--add", key, value.format(hostile.plants.program(f"{setting} {number}")))
    hostile.write(".gitattributes", "* filter=x diff=x merge=x\nsrc/* filter=y\n")
    os.utime(hostile.root / "src/a", (1, 1))
    assert check(hostile, SINCE).code == 0


def test_all_of_them_in_a_plan(hostile):
    hostile.plants.write(hostile.root / ".git/config")
    hostile.plants.hooks(hostile.root / ".git/hooks")
    hostile.write("rajee-deploy.toml", SETTINGS.replace("[cdk]", 'tags = ["{short-revision}"]\n[cdk]'))
    hostile.write(".gitattributes", "* filter=x diff=x merge=x\nsrc/* filter=y\n")
    os.utime(hostile.root / "src/a", (1, 1))
    assert check(hostile, PLAN).code == 0


@pytest.mark.parametrize("name", ["Other", "Dev/Other", "*"])
def test_a_name_of_a_stack_that_a_synth_alone_could_tell(hostile, name):
    hostile.write("rajee-deploy.toml", SETTINGS.replace('"App"', f'"{name}"'))
    assert check(hostile, PLAN).error == ("" if name == "Other" else "names-unknown")
    # There is no stack of that name, which CloudFormation says.
    assert check(hostile, ROLLBACK).error == ("not-deployed" if name == "Other" else "names-unknown")


def embed(hostile):
    """In svc/, as plain files of a commit, with programs of their own."""
    shutil.copytree(hostile.root / ".git", hostile.root / "svc", dirs_exist_ok=True)
    hostile.plants.write(hostile.root / "svc/config")
    hostile.plants.hooks(hostile.root / "svc/hooks")
    git(hostile.root / "svc", "config", "--file", "config", "core.worktree", "..")
    hostile.write("svc/.gitattributes", "* filter=x\n")
    hostile.write("svc/rajee-deploy.toml", SETTINGS.replace('app = "cdk"', 'app = "../cdk"'))
    hostile.write("svc/Dockerfile", "FROM scratch\nCOPY b /b\n")
    hostile.write("svc/HEAD", "ref: refs/heads/theirs\n")


@pytest.mark.parametrize(
    "words", [PLAN, ("explain", "--since", "theirs", "--json"), ("explain", "--since", "HEAD", "--json")]
)
def test_a_repository_of_plain_files(hostile, words):
    embed(hostile)
    git(hostile.root, "update-ref", "--no-deref", "refs/heads/kept", "HEAD")
    (hostile.root / "svc/refs/heads/theirs").write_text(git(hostile.root, "rev-parse", "HEAD~1") + "\n")
    hostile.root /= "svc"
    ended = check(hostile, words)
    hostile.root = hostile.root.parent
    if "theirs" in words:
        assert ended.error == "unknown-revision"
    elif words is PLAN:
        assert ended.code == 0


# -- programs that a project holds, under names that are looked for


APPS = [
    "python3 app.py",
    ".venv/bin/python app.py",
    "../.venv/bin/python3 app.py",
    "npx ts-node app.ts",
    "node app.js",
    "./app.sh",
    "uv run app.py",
    "poetry run python app.py",
    "bun app.ts",
    "mvn exec:java",
    "sh -c 'python3 app.py'",
]
PROGRAMS = [
    "cdk/.venv/bin/python",
    "cdk/.venv/bin/python3",
    ".venv/bin/python",
    ".venv/bin/python3",
    "cdk/app.sh",
    "cdk/node_modules/.bin/cdk",
    "cdk/node_modules/aws-cdk/bin/cdk",
    "node_modules/.bin/cdk",
    "cdk/python3",
    "python3",
    "cdk/node",
    "git",
    "cdk/git",
    "cdk/npx",
    "docker-buildx",
    "strace",
    "cdk/uv",
    "sh",
]
MODULES = ["typing.py", "docker/__init__.py", "boto3.py", "json/__init__.py", "sitecustomize.py", "usercustomize.py"]


@pytest.mark.parametrize(
    ("app", "words"), some("apps of hostile checkouts", [(app, words) for words in (PLAN, *LOOKS) for app in APPS], 7)
)
def test_programs_under_names_that_are_looked_for(hostile, app, words):
    program = hostile.plants.program("program")
    hostile.write("cdk/cdk.json", f'{{"app": {json.dumps(app)}, "build": "{program}"}}')
    for name in PROGRAMS:
        path = hostile.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(program, path)
    for name in MODULES:
        for place in ("", "cdk/"):
            hostile.write(place + name, f"import os; os.system({program!r})\n")
    for place in ("cdk/.venv/", ".venv/"):
        hostile.write(f"{place}pyvenv.cfg", "home = /usr/bin\nversion = 3.11.2\n")
    hostile.write("cdk/.npmrc", f"script-shell={program}\nnode-options=--require={program}\n")
    hostile.write("cdk/node_modules/aws-cdk/package.json", '{"version": "2.1148.1"}')
    assert (check(hostile, words).code == 0) is (words[0] != "rollback")  # nothing ran before


def is_a_submodule(hostile):
    """The app's directory; git makes this file, and no commit can hold one."""
    hostile.write("cdk/.git", "gitdir: ../.git/modules/cdk\n")


def is_in_a_submodule_of_a_submodule(hostile):
    is_a_submodule(hostile)
    hostile.write("cdk/app/.git", "gitdir: ../../.git/modules/cdk/modules/app\n")
    shutil.copy(hostile.root / "cdk/cdk.json", hostile.root / "cdk/app/cdk.json")
    hostile.write("rajee-deploy.toml", SETTINGS.replace('app = "cdk"', 'app = "cdk/app"'))


def is_no_repository(hostile):
    """A checkout as an archive, or with its `.git` left out."""
    shutil.rmtree(hostile.root / ".git")


@pytest.mark.parametrize(
    ("how", "spelled"),
    [
        (is_a_submodule, "../evil/python3"),
        (is_in_a_submodule_of_a_submodule, "../../evil/python3"),
        (is_in_a_submodule_of_a_submodule, "{}"),
        (is_no_repository, "{}"),
        (is_no_repository, "/proc/self/cwd/evil/python3"),
    ],
)
def test_a_python_of_the_project_beyond_what_looks_like_its_border(hostile, how, spelled):
    """What cdk.json names is asked for its version, unless the project holds it."""
    program = hostile.root / "evil/python3"
    program.parent.mkdir()
    shutil.copy(hostile.plants.program("evil"), program)
    hostile.write("cdk/cdk.json", json.dumps({"app": spelled.format(program) + " app.py"}))
    how(hostile)
    check(hostile, PLAN)


def state_of(place):
    """Every entry with all that a write would change; of times none, for reading moves one."""
    found = {}
    for path in sorted(place.rglob("*")):
        status = path.lstat()
        held = path.read_bytes() if path.is_file() else b""
        found[str(path)] = status.st_mode, status.st_ino, status.st_mtime_ns, status.st_ctime_ns, held
    return found


@pytest.mark.parametrize("words", [PLAN, FINGERPRINT, SINCE, ("status", "--json"), ("explain", "src/a")])
def test_who_only_looks_leaves_the_checkout_and_the_home_as_they_are(hostile, words):
    """Git's index, too, though its notes are stale; ours lie in the state and cache directories."""
    hostile.write("cdk/cdk.json", '{"app": "python3 app.py", "context": {}}')
    git(hostile.root, "add", "--all")
    os.utime(hostile.root / "src/a", (1, 1))
    home = hostile.root.parent / "home"
    before = state_of(hostile.root), state_of(home)
    check(hostile, words)
    assert (state_of(hostile.root), state_of(home)) == before


OFFLINE = [
    "fingerprint --json",
    "explain",
    "explain src/a",
    "lock --check",
    "permissions plan",
    "permissions up",
    "report",
]


def write_reaches(path):
    """In this process, from now on: a line for each program that is started and each address that is looked for."""
    events = {"subprocess.Popen", "os.exec", "os.posix_spawn", "os.system", "socket.connect", "socket.getaddrinfo"}

    def hear(event, arguments):
        if event in events:
            with path.open("a") as file:
                file.write(f"{event} {arguments[:2]!r}\n")

    sys.addaudithook(hear)


@pytest.mark.parametrize("words", OFFLINE)
def test_an_offline_verb_asks_nobody_and_starts_nothing(hostile, words):
    reaches = hostile.root.parent / "reaches"
    hostile.write("cdk/cdk.json", '{"app": "python3 app.py"}')
    ended = run_in_child(hostile.root, words.split(), hostile.environment, lambda: write_reaches(reaches))
    assert ended.code == 0, ended.err
    assert not reaches.exists() or reaches.read_text() == ""


def test_a_verb_that_asks_somebody_is_seen_to(hostile):
    reaches = hostile.root.parent / "reaches"
    run_in_child(hostile.root, PLAN, hostile.environment, lambda: write_reaches(reaches))
    assert "socket.connect" in reaches.read_text()
    assert "subprocess.Popen" in reaches.read_text()


# -- every bound


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


@pytest.mark.parametrize("words", [PLAN, SINCE, ("explain", "--since", "HEAD~1", "src/a", "--json")])
@pytest.mark.parametrize("what", some("objects of hostile checkouts", ["HEAD", "HEAD~1", "HEAD:src/a", "included"], 2))
def test_git_is_not_waited_for(hostile, what, words):
    """A pipe wherever it may be named, also where only a look through everything finds it."""
    if what == "included":
        git(hostile.root, "config", "include.path", "../src/pipe")
        os.mkfifo(hostile.root / "src/pipe")
    else:
        found = git(hostile.root, "rev-parse", what)
        path = hostile.root / ".git/objects" / found[:2] / found[2:]
        path.unlink()
        os.mkfifo(path)
    check(hostile, words)
