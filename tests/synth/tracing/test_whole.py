"""The list of one synth: what of the record, of the hooks and of the assembly becomes what of it."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path

import pytest

from rajee_deploy.synth.tracing import installed
from rajee_deploy.synth.tracing.depfile import Depfile, Records, TracedEntry
from rajee_deploy.synth.tracing.distil import App
from rajee_deploy.synth.tracing.looks import Look, Looks, Program
from rajee_deploy.synth.tracing.whole import distil_whole

AFTER = 1 << 62
SITE = "/opt/py/lib/python3.12/site-packages"
PYTHON = ("python", "3.12.1", "/opt/py/lib/python3.12", "/opt/py", SITE, "/opt/py/lib/x")
NODE = ("/opt/nodejs/bin/node", "node", "app.js")


class Place:
    def __init__(self, top: Path) -> None:
        self.top = os.path.realpath(top)
        self.root, self.app = f"{self.top}/checkout", f"{self.top}/checkout/cdk"
        self.assembly = Path(self.top, "cdk.out")
        for path in (self.app, self.assembly, self.assembly / "nested"):
            Path(path).mkdir(parents=True)

    def write(self, path: str, text: str = "") -> str:
        place = Path(self.root, path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, "utf-8")
        return str(place)

    def list(
        self, *reads: str, told=(), programs=(), listed=(), asked=(), processes=(0,), obstacles=(), env=()
    ) -> Depfile:
        """The list of a synth that read these files; `told` is what the hooks did."""
        looks = Looks(obstacles=list(obstacles))
        looks.looks |= {path: Look(os.path.lexists(path)) for path in asked}
        looks.looks |= {path: Look(found=True, is_read=True) for path in reads}
        for path in listed:
            looks.listed[path] = Counter({1: 1})
            looks.listers[path] = {"/bin/ls"}
        looks.programs = [Program(number, path, tuple(words)) for number, (path, *words) in enumerate(programs)]
        app = App(
            Path(self.app),
            lambda _: False,
            is_python=True,
            is_known_library=lambda _: False,
            root=Path(self.root),
            env=tuple(env),
        )
        return distil_whole(app, Records(tuple(told), self.assembly, AFTER, frozenset(processes), looks), looks)


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", "/home/somebody-here")
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.delenv("JSII_RUNTIME_PACKAGE_CACHE_ROOT", raising=False)
    installed._lock_entries.cache_clear()
    return Place(tmp_path)


def test_what_the_record_and_the_hooks_tell_is_one_list(place):
    file = place.write("shared.json")
    found = place.list(
        file,
        told=[PYTHON, ("env", "SIZE"), ("impure", "asks for the time", f"{place.app}/app.py", "3")],
        obstacles=["connects to the network"],
    )
    assert found.is_whole
    assert (found.entries, found.variables) == ((TracedEntry("file", "./shared.json"),), ("SIZE",))
    assert found.impure == ("app.py:3 asks for the time", "connects to the network")


@pytest.mark.parametrize(
    ("what", "file", "expected"),
    [
        ("asks for the time", "{root}/lib/x.py", ("../lib/x.py:3 asks for the time",)),
        ("asks for the time", "<string>", ("<string>:3 asks for the time",)),
        ("asks for the time", "", ("asks for the time",)),
        *(
            (what, "{root}/x.py", ())
            for what in (
                "starts a program",
                "forks",
                "loads a library of C",
                "opens a database",
                "connects a socket",
                "copies the whole environment",
            )
        ),
    ],
)
def test_of_what_the_hooks_report_that_which_the_kernel_does_not(place, what, file, expected):
    assert place.list(told=[("impure", what, file.format(root=place.root), "3")]).impure == expected


def test_the_host_that_jsiis_own_kernel_asks_for_is_in_no_template(place):
    own, other = f"{place.top}/tmp/kernel", f"{place.top}/kernel"
    for root, expected in ((own, 0), (other, 1)):
        main = f"{root}/bin/jsii-runtime.js"
        told = [("node", "v20", main, "1"), ("impure", "asks for the host's name", f"{root}/lib/x.js", "3")]
        assert len(place.list(told=told).impure) == expected


ENVIRONMENT = {
    "a copy of it": ([("impure", "copies the whole environment", "/x.py", "1")], ()),
    "a library of C": ([("impure", "loads a library of C", "/x.py", "1")], ()),
    "a program that nobody knows": ([], [("/opt/tool", "tool")]),
    "a node that no hook saw": ([], [("/bin/sh", "sh"), NODE]),
}


@pytest.mark.parametrize("what", ENVIRONMENT)
def test_all_variables_count_for(place, what):
    told, programs = ENVIRONMENT[what]
    assert TracedEntry("environment", "") in place.list(told=told, programs=programs).entries


def test_only_then(place):
    told = [("impure", "starts a program", "/x.py", "1")]
    assert place.list(told=told, programs=[NODE, ("/bin/cat", "cat")]).entries == ()


@pytest.mark.parametrize(
    ("name", "text", "env", "expected"),
    [
        ("SIZE", "", (), True),
        ("CDK_OUTDIR", "CDK_OUTDIR", (), False),
        ("HOME", "", (), False),
        ("HOME", "process.env.HOME", (), True),
        ("AWS_PROFILE", "AWS_PROFILE", (), False),
        ("AWS_PROFILE", "", ("AWS_PROFILE",), True),
    ],
)
def test_variables_that_count(place, name, text, env, expected):
    found = place.list(place.write("app.ts", text), told=[("env", name)], env=env)
    assert found.variables == ((name,) if expected else ())


@pytest.mark.parametrize(
    "name",
    [
        "CDK_DEBUG",
        "CDK_DEBUG_DEPS",
        "CDK_DISABLE_STACK_TRACE",
        "CDK_NO_PERF_BUILTINS",
        "CDK_PERF_COUNTERS_FILE",
        "TESTING_CDK",
        "NODE_V8_COVERAGE",
        "NODE_DEBUG",
        "NODE_ENV",
        "__MINIMATCH_TESTING_PLATFORM__",
    ],
)
def test_what_the_cdk_asks_for_counts_where_the_project_speaks_of_it(place, name):
    assert place.list(told=[("env", name)]).variables == ()
    assert place.list(place.write("app.ts", f"process.env.{name}"), told=[("env", name)]).variables == (name,)


def test_variables_of_a_shell_count_and_its_text_is_the_projects(place):
    found = place.list(place.write("run.sh", "echo $SIZE"), programs=[("/bin/sh", "sh")])
    assert "SIZE" in found.variables
    asked = place.list(asked=[place.write("run.sh", "echo $SIZE")], programs=[("/bin/sh", "sh")])
    assert "SIZE" not in asked.variables, "it was not read"
    beside = str(place.write("../tools/run.sh", "echo $SIZE"))
    assert "SIZE" in place.list(os.path.realpath(beside), programs=[("/bin/sh", "sh")]).variables


SEARCHES = {
    "once, in search of modules": ([("modules", "{root}/lib")], "modules"),
    "by a link to it": ([("modules", "{root}/link")], "modules"),
    "and by the app itself": ([("modules", "{root}/lib"), ("list", "{root}/lib")], "list"),
    "by another program alone": ([], "list"),
}


@pytest.mark.parametrize("what", SEARCHES)
def test_a_directory_is_listed(place, what):
    told, kind = SEARCHES[what]
    place.write("lib/x.py")
    Path(place.root, "link").symlink_to("lib")
    told = [(each, path.format(root=place.root)) for each, path in told]
    assert place.list(told=told, listed=[f"{place.root}/lib"]).entries == (TracedEntry(kind, "./lib"),)


SAID = {
    "the checkout": ('{{"x": "{root}/data"}}', {"checkout"}),
    "the checkout alone": ('{{"x": "{root}"}}', {"checkout"}),
    "a directory beside it": ('{{"x": "{root}2 {root}-b {root}.c"}}', set()),
    "the home directory": ('{{"x": "/home/somebody-here/x"}}', {"home"}),
    "another's": ('{{"x": "/home/somebody-here2"}}', set()),
    "the place for temporary files": ('{{"x": "a:{top}/tmp/x"}}', {"temporary"}),
    "the host": ('{{"x": "on {host}"}}', {"host"}),
    "the host in a word": ('{{"x": "{host}2 {host}-a a-{host} b/{host} :{host} x.{host}"}}', set()),
    "nothing": ("{{}}", set()),
}


@pytest.mark.parametrize("what", SAID)
def test_what_a_template_says_of_its_maker(place, what, monkeypatch):
    text, expected = SAID[what]
    uname = os.uname()
    monkeypatch.setattr("os.uname", lambda: os.uname_result((uname[0], "a-host", *uname[2:])))
    for path in ("App.template.json", "nested/App.nested.template.json"):
        template = place.assembly / path
        template.write_text(text.format(root=place.root, top=place.top, host="a-host"))
        assert place.list().entries == tuple(TracedEntry("self", name) for name in sorted(expected))
        template.rename(template.with_name("App.json"))
        assert place.list().entries == ()


def test_a_checkout_in_the_home_directory_says_nothing_of_that(place, monkeypatch):
    monkeypatch.setenv("HOME", place.top)
    template = place.assembly / "App.template.json"
    template.write_text(f"{place.root}/x")
    assert place.list().entries == (TracedEntry("self", "checkout"),)
    template.write_text(f"{place.root}/x {place.top}/y")
    assert place.list().entries == (TracedEntry("self", "checkout"), TracedEntry("self", "home"))


@pytest.mark.parametrize("path", ["manifest.json", "assembly-Stage/manifest.json", "asset.1/manifest.json"])
def test_what_a_stacks_tags_say_of_its_maker(place, path):
    """They are deployed, and in no template."""
    manifest = place.assembly / path
    manifest.parent.mkdir(exist_ok=True)
    properties = {"templateFile": "App.template.json", "tags": {"made-in": f"{place.root}/cdk"}}
    manifest.write_text(json.dumps({"artifacts": {"App": {"properties": properties}, "Tree": {}}}))
    expected = (TracedEntry("self", "checkout"),) if "asset" not in path else ()
    assert place.list().entries == expected
    manifest.write_text(json.dumps({"artifacts": {"App": {"properties": {}, "metadata": place.root}}}))
    assert place.list().entries == (), "that is not deployed"


def package(place: Place, name: str, lock: str = "") -> str:
    """A package of node, with what its installer kept beside it."""
    path = place.write(f"node_modules/{name}/index.js")
    if lock:
        place.write(f"node_modules/{lock}", json.dumps({"packages": {f"node_modules/{name}": {"integrity": "a"}}}))
    return path


def test_files_of_a_package_count_one_by_one_where_nothing_says_that_it_was_installed(place):
    path = package(place, "x")
    found = place.list(path, f"{place.root}/node_modules/x", f"{place.root}/node_modules/x/none")
    assert found.entries == (TracedEntry("file", "./node_modules/x/index.js"),)
    assert found.toolchain.node == ("node_modules/x",)


def test_and_where_its_directory_was_listed(place):
    path = package(place, "x", ".package-lock.json")
    assert place.list(path).entries == ()
    assert place.list(path, listed=[f"{place.root}/node_modules/x"]).entries == (
        TracedEntry("file", "./node_modules/x/index.js"),
    )
    assert place.list(path, listed=[f"{place.root}/node_modules/y"]).entries == ()


def test_packages_that_were_read(place):
    modules = f"{place.root}/node_modules"
    paths = [
        package(place, name) for name in ("x", "@scope/y", ".bin/z", ".pnpm/p@1/node_modules/p", "x/node_modules/deep")
    ]
    found = place.list(*paths, asked=[f"{place.app}/node_modules", f"{modules}/absent/package.json"])
    assert found.toolchain.node == (
        "cdk/node_modules/",
        "node_modules/.pnpm/p@1/node_modules/p",
        "node_modules/@scope/y",
        "node_modules/absent",
        "node_modules/x",
        "node_modules/x/node_modules/deep",
    )


def test_packages_above_the_checkout_are_installed_where_they_are(place):
    path = f"{place.top}/node_modules/x/index.js"
    assert place.list(asked=[path]).toolchain.node == ()
    place.write("../node_modules/x/index.js")
    found = place.list(path)
    assert (found.entries, found.toolchain.node) == ((), ("../node_modules/x",))


def test_a_text_of_a_package_does_not_speak_for_the_project(place):
    path = place.write("node_modules/x/index.js", "process.env.HOME")
    assert place.list(path, told=[("env", "HOME")]).variables == ()


def test_what_is_used_of_what_is_installed(place, monkeypatch):
    tools, site = f"{place.top}/tools", SITE
    monkeypatch.setenv("PATH", f"{tools}::/opt/x")
    Path(tools).mkdir()
    found = place.list(
        f"{site}/lib_of_one/__init__.py",
        "/opt/py/lib/x/no_site.py",
        told=[PYTHON],
        programs=[("/opt/py/bin/python3.12", "python3"), ("/bin/cat", "cat")],
        asked=[f"{tools}/jq", f"{tools}/cat", f"{tools}/a b", f"{tools}/deep/x", "/opt/y/absent"],
    )
    told = found.toolchain
    assert (told.runs, told.sites, told.python, told.node) == (("python",), (site,), ("/lib_of_one",), ())
    assert told.programs == ("a b", "jq")
    assert {entry.path for entry in found.entries} == {"/opt/y/absent", f"{tools}/deep/x"}


@pytest.mark.parametrize(
    ("program", "runs"),
    [
        ("/x/bin/python3.12", ("python",)),
        ("/x/bin/pypy3.10", ("python",)),
        ("/x/bin/node", ("node",)),
        ("/x/bin/nodejs", ("node",)),
        ("/x/bin/mypython", ()),
        ("/x/python/cat", ()),
    ],
)
def test_interpreters_that_ran(place, program, runs):
    assert place.list(programs=[(program, "x")]).toolchain.runs == runs


def test_what_lies_where_a_program_was_installed_is_its_installation(place):
    tool, other = f"{place.top}/opt/tool", f"{place.top}/other/lib/x"
    for path in (f"{tool}/lib/x", f"{tool}/notes", other):
        place.write(os.path.relpath(path, place.root))
    reads = (f"{tool}/lib/x", f"{tool}/notes", other)
    found = place.list(*reads, programs=[(f"{tool}/bin/tool", "tool"), (f"{place.root}/bin/own", "own"), ("/sh", "sh")])
    assert {entry.path for entry in found.entries if entry.kind == "file"} == {f"{tool}/notes", other}
    own = place.write("lib/own")
    assert TracedEntry("file", "./lib/own") in place.list(own, programs=[(f"{place.root}/bin/own", "own")]).entries


def test_our_own_places_are_no_input(place, monkeypatch):
    cache = f"{place.top}/jsii"
    monkeypatch.setenv("JSII_RUNTIME_PACKAGE_CACHE_ROOT", cache)
    hook = Path(distil_whole.__code__.co_filename).parent / "in_node" / "trace.js"
    place.write("../jsii/x")
    (place.assembly / "manifest.json").write_text("{}")
    assert place.list(f"{cache}/x", str(hook), str(place.assembly / "manifest.json")).entries == ()
