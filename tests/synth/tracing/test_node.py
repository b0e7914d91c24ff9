"""What is seen inside node: jsii's kernel, or an app in JavaScript."""

from __future__ import annotations

import json
import tempfile

import pytest

from rajee_deploy.synth.tracing.depfile import Depfile, Records
from rajee_deploy.synth.tracing.distil import App, distil

pytestmark = pytest.mark.cdk

READS = {
    "readFileSync": 'require("fs").readFileSync("../shared.json")',
    "readFile": 'require("fs").readFile("../shared.json", () => {})',
    "promises": 'require("fs/promises").readFile("../shared.json")',
    "stream": 'require("fs").createReadStream("../shared.json").resume()',
    "open": 'require("fs").openSync("../shared.json", "r")',
    "open by default": 'require("fs").openSync("../shared.json")',
    "copy": 'require("fs").copyFileSync("../shared.json", require("os").tmpdir() + "/copy")',
    "size": 'require("fs").statSync("../shared.json")',
    "module": 'import("node:fs").then((fs) => fs.readFileSync("../shared.json"))',
    "require": 'require("../shared.json")',
    "import": 'import("../shared.json", { with: { type: "json" } })',
    "blob": '(require("fs").openAsBlob ?? require("fs").readFileSync)("../shared.json")',
    "bytes as the path": 'require("fs").readFileSync(new TextEncoder().encode("../shared.json"))',
    "file of variables": 'process.loadEnvFile ? process.loadEnvFile("../shared.json") : require("../shared.json")',
    "worker": 'new (require("worker_threads").Worker)(`require("fs").readFileSync("../shared.json")`, { eval: true })',
    "library": 'require("reader")("../shared.json")',
}
READER = 'module.exports = (path) => require("fs").readFileSync(path); module.exports.ask = (name) => process.env[name]'


@pytest.fixture(autouse=True)
def _javascript(project):
    (project.app / "cdk.json").write_text('{"app": "node app.js", "versionReporting": false}')
    install(project, "reader", READER)


def install(project, name: str, code: str, version: str = "1.0.0") -> None:
    """A package in the app's node_modules, and the lock file that npm would write."""
    package = project.app / "node_modules" / name
    package.mkdir(parents=True, exist_ok=True)
    (package / "index.js").write_text(code)
    (package / "package.json").write_text(json.dumps({"name": name, "version": version}))
    lock(project.app, name, version)


def lock(folder, name: str, version: str) -> None:
    """Adds a package to the lock file."""
    path = folder / "package-lock.json"
    locked = json.loads(path.read_text())["packages"] if path.exists() else {"": {"name": "app"}}
    locked[f"node_modules/{name}"] = {"version": version}
    path.write_text(json.dumps({"lockfileVersion": 3, "packages": locked}))


@pytest.mark.parametrize("way", READS)
def test_a_file_that_is_read_counts_from_then_on(project, way):
    found = project.node(READS[way])
    assert str(project.root / "shared.json") in found.read
    assert found.impure == ()
    before = project.digest()
    (project.root / "shared.json").write_text("2")
    assert project.digest() != before


def test_an_absent_file_and_a_listed_directory_count(project):
    found = project.node('const fs = require("fs"); fs.existsSync("../absent"); fs.readdirSync("../data")')
    assert (found.read, found.listed) == ((str(project.root / "absent"),), (str(project.root / "data"),))


@pytest.mark.parametrize(
    "code",
    [
        'require("fs").readdirSync("..", { recursive: true })',
        'require("fs/promises").readdir("..", { recursive: true })',
        '(async () => { for await (const _ of await require("fs").promises.opendir("..", { recursive: true })); })()',
        'require("fs").cpSync("../data", require("os").tmpdir() + "/copy", { recursive: true })',
    ],
)
def test_a_file_that_is_new_below_a_directory_that_was_walked_counts(project, code):
    (project.root / "data" / "deep").mkdir()
    assert str(project.root / "data" / "deep") in project.node(code).listed
    before = project.digest()
    (project.root / "data" / "deep" / "two").touch()
    assert project.digest() != before


@pytest.mark.parametrize(
    "code",
    [
        "process.env.SIZE",
        '"SIZE" in process.env',
        "const { SIZE } = process.env",
        'process.env.hasOwnProperty("SIZE")',
        'Object.getOwnPropertyDescriptor(process.env, "SIZE")',
        'require("reader").ask("SIZE")',
        "new (require('worker_threads').Worker)('process.env.SIZE', { eval: true })",
        "Error.prepareStackTrace = (_error, calls) => calls; process.env.SIZE",
    ],
)
def test_a_variable_that_is_read_counts(project, code):
    assert project.node(code).variables == ("SIZE",)


@pytest.mark.parametrize("name", ["PATH", "NEW"])
def test_a_variable_can_be_set_as_ever(project, name):
    code = f'process.env.{name} = 1; if (process.env.{name} !== "1") throw new Error("it is not")'
    assert project.node(code).variables == (name,)


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ('require("child_process").execSync("true")', "starts a program"),
        ('require("child_process").spawnSync("true")', "starts a program"),
        ('require("net").connect(9, "127.0.0.1").on("error", () => {})', "connects a socket"),
        ('require("http").get("http://127.0.0.1:9").on("error", () => {})', "connects a socket"),
        ('fetch("http://127.0.0.1:47999").catch(() => {})', "connects a socket"),
        ('require("dns").promises.lookup("127.0.0.1")', "asks the resolver"),
        (
            'const d = new (require("dns").Resolver)(); d.resolveTxt("x.invalid", () => {}); d.cancel()',
            "asks the resolver",
        ),
        ('require("os").hostname()', "asks for the host's name"),
        ('require("os").userInfo()', "asks who the user is"),
        ("({ ...process.env })", "copies the whole environment"),
        ("Object.keys(process.env)", "copies the whole environment"),
    ],
)
def test_a_call_that_no_hash_can_follow_is_named_with_its_place(project, code, what):
    assert f"app.js:1 {what}" in project.node(code).impure


def test_what_is_written_is_no_input_and_libraries_are_not_looked_into(project):
    code = 'require("reader"); require("fs").writeFileSync(require("os").tmpdir() + "/x", "1"); require("./cdk.json")'
    assert project.node(code) == Depfile()


def test_what_a_compiler_asks_and_keeps_is_no_input(project):
    """What it asks for differs between terminals, and what it keeps between machines."""
    install(project, "aws-cdk-lib/node_modules/files", "process.env.GRACEFUL_FS_PLATFORM")
    install(project, "typescript", "process.env.TERM; ({ ...process.env })")
    cache = project.root.parent / "tmp" / "tsx-0"
    cache.mkdir()
    (cache / "compiled").touch()
    code = f"""
        require("typescript"); require("aws-cdk-lib/node_modules/files");
        require("fs").readFileSync("{cache}/compiled");
        require("fs").existsSync(__filename.toUpperCase().replace("APP.JS", "NODE_MODULES/X"));
        require("fs").existsSync(process.cwd().toUpperCase())
    """
    assert project.node(code) == Depfile()


def test_a_package_counts_where_no_lock_tells_its_version(project):
    lock(project.app, "reader", "2.0.0")  # `npm ci` comes later than the first synth
    assert project.node('require("reader")').packages == (str(project.app / "node_modules" / "reader"),)
    before = project.digest()
    (project.app / "node_modules/reader/package.json").write_text('{"version": "2.0.0"}')
    assert project.digest() != before


def test_a_package_of_a_workspace_counts(project):
    """Its lock file lies above the app, where it is no declared input."""
    package = project.root / "node_modules" / "@team" / "shapes"
    package.mkdir(parents=True)
    (package / "index.js").touch()
    (package / "package.json").write_text('{"version": "1.0.0"}')
    lock(project.root, "@team/shapes", "1.0.0")
    assert project.node('require("@team/shapes")').packages == (str(package),)
    before = project.digest()
    (package / "package.json").write_text('{"version": "1.0.1"}')
    assert project.digest() != before


def test_an_app_that_keeps_the_hook_out_is_not_believed(project):
    (project.app / "app.js").write_text('process.env.CDK_OUTDIR; require("fs").readFileSync("../shared.json")')
    found = project.trace("sh", "-c", "NODE_OPTIONS=--no-warnings node app.js")
    assert "which could not be traced" in found.impure[0]


def test_an_app_in_a_directory_that_is_called_like_the_cli_is_traced(project):
    (project.app / "aws-cdk" / "bin").mkdir(parents=True)
    (project.app / "aws-cdk" / "bin" / "app.js").write_text("process.env.CDK_OUTDIR; process.env.SIZE")
    assert project.trace("node", "aws-cdk/bin/app.js") == Depfile(variables=("SIZE",))


HOST = "asks for the host's name"


@pytest.mark.parametrize(
    ("main", "asked", "is_told"),
    [
        ("{tmp}/tmpabc123/lib/program.js", "{tmp}/tmpabc123/lib/program.js", False),
        ("{tmp}/tmpabc123/bin/jsii-runtime.js", "{tmp}/tmpabc123/lib/program.js", False),
        ("{tmp}/tmpabc123/lib/program.js", "{app}/lib/thing.js", True),  # the app's own, run by the kernel
        ("{app}/lib/program.js", "{app}/lib/program.js", True),  # called like the kernel
        ("{tmp}/tmpabc123/lib/program.js", "{tmp}/tmpabc1234/lib/program.js", True),
    ],
)
def test_jsii_s_kernel_may_ask_for_the_host(tmp_path, main, asked, is_told):
    """It does where its cache of libraries is new: the first run of every newcomer."""
    places = {"tmp": tempfile.gettempdir(), "app": str(tmp_path)}
    lines = [("node", "v20", main.format(**places), ""), ("impure", HOST, asked.format(**places), "1")]
    lines += [("python", "3.11", "/usr/lib/python3.11", "/usr")]
    records = Records(tuple(lines), tmp_path / "cdk.out", 0)
    app = App(tmp_path, lambda _: False, is_python=True, is_known_library=lambda _: False)
    assert any(HOST in call for call in distil(app, records).impure) is is_told
