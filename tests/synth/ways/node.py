"""Apps in JavaScript, run by node."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING

from synth.ways.apps import module, node
from synth.ways.things import BIGGER, DATA, EDIT, READ, SHARED, SMALL, serve
from synth.ways.way import (
    NOISE,
    OTHER_MACHINE,
    OTHER_PATH,
    RUN_OF_CI,
    Do,
    chmod,
    directory_instead,
    link,
    make,
    remove,
    setenv,
    unset,
    write,
)

if TYPE_CHECKING:
    from synth.ways.world import World

PACKAGE = '{"name": "acme", "version": "1.0.0", "main": "index.js"}'


def installed(value: str) -> Do:
    """As npm installs a library: both lock files have the digest of its archive."""

    def act(world: World) -> None:
        told = {"node_modules/acme": {"version": "1.0.0", "integrity": f"sha512-{value}"}}
        world.write("cdk/node_modules/acme/package.json", PACKAGE)
        world.write("cdk/node_modules/acme/index.js", f"module.exports = {value!r};")
        world.write("cdk/node_modules/.package-lock.json", json.dumps({"lockfileVersion": 3, "packages": told}))
        world.write("cdk/package-lock.json", json.dumps({"lockfileVersion": 3, "packages": {"": {}, **told}}))

    return Do(f"acme is installed, {value}", act)


def variable(name: str, value: str, more: str = "", **way):
    return node(name, value, more, prepare=SMALL, **{"inputs": (BIGGER, unset("APP_SIZE")), **way})


def worker(value: str) -> str:
    code = f'require("worker_threads").parentPort.postMessage({value})'
    return (
        'const { Worker } = require("worker_threads");\n'
        f"const asked = new Promise((resolve) => new Worker(`{code}`, {{ eval: true }}).on('message', resolve));"
    )


FILES = (
    node(
        "readdirSync",
        'fs.readdirSync("..").filter((n) => n[0] !== ".")',
        files=SHARED,
        noise=(EDIT, *OTHER_MACHINE),
        inputs=(write("new.txt"), make("new"), remove("shared.json")),
    ),
    node(
        "readdirSync of kinds",
        'fs.readdirSync("../data", {withFileTypes: true}).map((e) => [e.name, e.isDirectory()])',
        files=DATA,
        inputs=(directory_instead("data/a.txt"), make("data/empty")),
    ),
    node(
        "opendir",
        "read()",
        "const read = async () => { const all = [];"
        'for await (const e of fs.opendirSync("../data"))'
        " all.push(e.name); return all.sort(); };",
        files=DATA,
        inputs=(write("data/b.txt"),),
    ),
    node(
        "a recursive listing",
        'fs.readdirSync("../data", {recursive: true}).sort()',
        files=DATA,
        inputs=(write("data/deep/er/b.txt"),),
    ),
    node(
        "an optional file",
        "value",
        'let value = 1;\ntry { value = require("../local.json"); } catch {}',
        inputs=(write("local.json", "2"),),
        noise=NOISE,
    ),
    node(
        "a file that shadows a directory",
        'require("./conf")',
        files={"cdk/conf/index.js": "module.exports = 1;"},
        inputs=(write("cdk/conf.js", "module.exports = 2;"), write("cdk/conf/index.js", "module.exports = 2;")),
    ),
    node(
        "a file elsewhere that shadows a directory",
        'require("../conf")',
        files={"conf/index.js": "module.exports = 1;"},
        inputs=(
            write("conf.js", "module.exports = 2;"),
            write("conf.json", "2"),
            write("conf/index.js", "module.exports = 3;"),
        ),
    ),
    node("fs.promises.readFile", 'fs.promises.readFile("../shared.json")', **READ),
    node(
        "a stream",
        "read()",
        'const read = async () => { let all = ""; for await (const part of '
        'fs.createReadStream("../shared.json")) all += part; return all; };',
        **READ,
    ),
    node("a worker", "asked", worker('require("fs").readFileSync("../shared.json", "utf8")'), **READ),
    node("statSync's size", 'fs.statSync("../shared.json").size', files=SHARED, inputs=(write("shared.json", "1"),)),
    node(
        "accessSync",
        "can",
        "let can = true;\n"
        "try { fs.accessSync('../tool', fs.constants.X_OK); fs.accessSync('../gone'); }"
        " catch { can = false; }",
        files={"tool": "x", "gone": ""},
        prepare=(chmod("tool", 0o755),),
        inputs=(remove("gone"), remove("tool")),
    ),
    node(
        "readlinkSync",
        'fs.readlinkSync("../current")',
        prepare=(link("current", "v1"),),
        inputs=(link("current", "v2"),),
    ),
    node(
        "realpathSync",
        'path.basename(fs.realpathSync("../current"))',
        files={"v1/x": "", "v2/x": ""},
        prepare=(link("current", "v1"),),
        inputs=(link("current", "v2"),),
        noise=OTHER_MACHINE,
    ),
    node(
        "realpathSync by the system",
        'path.basename(fs.realpathSync.native("../current"))',
        files={"v1/x": "", "v2/x": ""},
        prepare=(link("current", "v1"),),
        inputs=(link("current", "v2"),),
    ),
    node(
        "cpSync of an asset",
        'fs.readdirSync(process.env.CDK_OUTDIR + "/asset").map((n) => '
        'fs.readFileSync(process.env.CDK_OUTDIR + "/asset/" + n))',
        'fs.cpSync("../data", process.env.CDK_OUTDIR + "/asset", {recursive: true});',
        files=DATA,
        inputs=(write("data/a.txt"), write("data/b.txt")),
    ),
    node(
        "a layer's node_modules",
        'fs.readFileSync("layer/nodejs/node_modules/x/index.js")',
        files={"cdk/layer/nodejs/node_modules/x/index.js": "one\n"},
        inputs=(write("cdk/layer/nodejs/node_modules/x/index.js"),),
    ),
    node(
        "many files at once",
        "Promise.all([...Array(60).keys()].map((n) => fs.promises.readFile(`../data/${n}`)))",
        files={f"data/{n}": "one\n" for n in range(60)},
        inputs=(write("data/17"), write("data/59")),
    ),
    node(
        "names beyond ASCII",
        'fs.readFileSync("../\u00fc\u2603\u2028\u0085.json")',
        files={"\u00fc\u2603\u2028\u0085.json": "one\n"},
        inputs=(write("\u00fc\u2603\u2028\u0085.json"),),
        noise=(OTHER_PATH,),
    ),
    node(
        "io_uring",
        'fs.promises.readFile("../shared.json")',
        command="UV_USE_IO_URING=1 node app.js",
        obstacle="sometimes",
        **READ,
    ),
    node(
        "our own settings",
        'fs.readFileSync("rajee-deploy.toml")',
        files={"cdk/rajee-deploy.toml": "[cdk]\n"},
        inputs=(write("cdk/rajee-deploy.toml", "[cdk]\n\n"),),
        noise=(write("cdk/README.md"),),
    ),
    module(
        "dynamic import",
        '(await import("../conf.mjs")).default',
        files={"conf.mjs": "export default 1;"},
        inputs=(write("conf.mjs", "export default 2;"),),
    ),
    module(
        "import of JSON",
        "conf.value",
        'import { createRequire } from "node:module";\nconst conf = createRequire(import.meta.url)("../conf.json");',
        files={"conf.json": '{"value": 1}'},
        inputs=(write("conf.json", '{"value": 2}'),),
    ),
    node(
        "loadEnvFile",
        "process.env.APP_SIZE",
        'process.loadEnvFile("../app.env");',
        files={"app.env": "APP_SIZE=one\n"},
        inputs=(write("app.env", "APP_SIZE=two\n"),),
    ),
    node(
        "--env-file",
        "process.env.APP_SIZE",
        command="node --env-file=../app.env app.js",
        files={"app.env": "APP_SIZE=one\n"},
        inputs=(write("app.env", "APP_SIZE=two\n"),),
    ),
    node(
        "--require",
        "globalThis.conf",
        command="node --require ../conf.js app.js",
        files={"conf.js": "globalThis.conf = 1;"},
        inputs=(write("conf.js", "globalThis.conf = 2;"),),
    ),
)

PROGRAMS = (
    node("execSync cat", 'children.execSync("cat ../shared.json")', noise=NOISE, **READ),
    node("spawnSync", 'children.spawnSync("head", ["-1", "../shared.json"]).stdout', **READ),
    node(
        "a fork of node",
        "asked",
        'const asked = new Promise((resolve) => children.fork("./child.js").on("message", resolve));',
        files={**SHARED, "cdk/child.js": 'process.send(require("fs").readFileSync("../shared.json", "utf8"))'},
        inputs=(EDIT,),
    ),
    node(
        "npm run",
        "1",
        'const value = fs.readFileSync("../shared.json");',
        command="npm run -s synth",
        files={
            **SHARED,
            "cdk/package.json": '{"scripts": {"synth": "node other.js"}}',
            "cdk/other.js": 'require("./assembly")(require("fs").readFileSync("../shared.json"))',
        },
        inputs=(EDIT, write("cdk/package.json", '{"scripts": {"synth": "node app.js"}}')),
        noise=OTHER_MACHINE,
    ),
)

VARIABLES = (
    variable("process.env", "process.env.APP_SIZE", noise=(setenv("APP_OTHER", "1"), RUN_OF_CI)),
    variable("in process.env", '"APP_SIZE" in process.env', inputs=(unset("APP_SIZE"),)),
    variable("a spread of process.env", "({...process.env}).APP_SIZE", noise=OTHER_MACHINE),
    variable(
        "Object.keys of process.env",
        'Object.keys(process.env).filter((n) => n.startsWith("APP_"))',
        inputs=(unset("APP_SIZE"), setenv("APP_NEW", "1")),
        noise=OTHER_MACHINE,
    ),
    variable("process.env in a worker", "asked", worker("String(process.env.APP_SIZE)")),
    variable("the environment of a child", 'children.execSync("printenv APP_SIZE || echo none")', noise=OTHER_MACHINE),
    variable("a report of the process", "process.report.getReport().environmentVariables.APP_SIZE"),
    node("NODE_ENV", "process.env.NODE_ENV", inputs=(setenv("NODE_ENV", "production"),)),
    node(
        "NODE_OPTIONS",
        '(process.env.NODE_OPTIONS || "").includes("old-space")',
        inputs=(setenv("NODE_OPTIONS", "--max-old-space-size=512"),),
    ),
    node(
        "NODE_OPTIONS that loads a file",
        "globalThis.conf",
        prepare=(setenv("NODE_OPTIONS", "--require ../conf.js"),),
        files={"cdk/x/x": "", "conf.js": "globalThis.conf = 1;"},
        inputs=(write("conf.js", "globalThis.conf = 2;"),),
    ),
    node(
        "NODE_PATH",
        'require("acme")',
        prepare=(setenv("NODE_PATH", "../one"),),
        files={"one/acme.js": "module.exports = 1;", "two/acme.js": "module.exports = 2;"},
        inputs=(setenv("NODE_PATH", "../two"), write("one/acme.js", "module.exports = 3;")),
    ),
    node("TZ", "new Date(0).getHours()", inputs=(setenv("TZ", "UTC-5"),)),
    node(
        "LANG by Intl",
        "Intl.DateTimeFormat().resolvedOptions().locale",
        by_cli=True,
        prepare=(setenv("LANG", "en_US.UTF-8"),),
        either=(setenv("LC_ALL", "de_DE.UTF-8"), setenv("LANG", "fr_FR")),
    ),
    node("npm's name of the starting directory", "process.env.INIT_CWD", inputs=(setenv("INIT_CWD", "/nowhere"),)),
)

LIBRARIES = (
    node(
        "a library, installed anew under its version",
        'require("acme")',
        prepare=(installed("one"),),
        files={"cdk/package.json": '{"name": "app", "dependencies": {"acme": "1.0.0"}}'},
        inputs=(installed("two"),),
        noise=OTHER_MACHINE,
    ),
    node(
        "a library that no installer wrote down",
        'require("acme")',
        files={"cdk/node_modules/acme/package.json": PACKAGE, "cdk/node_modules/acme/index.js": "module.exports = 1;"},
        inputs=(write("cdk/node_modules/acme/index.js", "module.exports = 2;"),),
    ),
    node(
        "a nearer library that appears",
        'require("acme")',
        files={"node_modules/acme/package.json": PACKAGE, "node_modules/acme/index.js": "module.exports = 1;"},
        inputs=(write("cdk/node_modules/acme/index.js", "module.exports = 2;"),),
    ),
    node(
        "a package of the workspace",
        'require("acme")',
        files={
            "packages/acme/package.json": PACKAGE,
            "packages/acme/index.js": "module.exports = 1;",
            "node_modules/x": "",
        },
        prepare=(link("node_modules/acme", "../packages/acme"),),
        noise=OTHER_MACHINE,
        inputs=(write("packages/acme/index.js", "module.exports = 2;"),),
    ),
    node(
        "an optional library",
        "value",
        'let value = 1;\ntry { value = require("acme"); } catch {}',
        inputs=(
            write("cdk/node_modules/acme/index.js", "module.exports = 2;"),
            write("node_modules/acme/index.js", "module.exports = 3;"),
        ),
    ),
)

MACHINE = (
    node("os.hostname", "os.hostname().length > 0", obstacle="always"),
    node("the user's name by the system", "os.userInfo().username.length > 0", obstacle="sometimes"),
    node(
        "an HTTP request",
        "fetch(`http://127.0.0.1:${require('./where.json')}`).catch(() => 1)",
        prepare=(serve(socket.AF_INET),),
        obstacle="always",
    ),
)
WAYS = (*FILES, *PROGRAMS, *VARIABLES, *LIBRARIES, *MACHINE)
