"""Apps in TypeScript, compiled while they run (tsx, ts-node) or by the command before (tsc, esbuild)."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

from synth.ways.apps import typescript
from synth.ways.things import BIGGER, EDIT, SHARED, SMALL
from synth.ways.way import OTHER_HOME, OTHER_PATH, OTHER_TEMPORARY, UNREAD, Do, write
from synth.ways.world import INFRA

if TYPE_CHECKING:
    from synth.ways.world import World


def _install(world: World) -> None:
    """What `npm ci` of the reference service's lock file installs, but for the CDK CLI itself."""
    shutil.copytree(
        INFRA / "node_modules",
        world.at("cdk/node_modules"),
        symlinks=True,
        ignore=shutil.ignore_patterns("aws-cdk", "cdk", ".ready"),
    )
    shutil.copy(INFRA / "package-lock.json", world.at("cdk/package-lock.json"))


MACHINE = (OTHER_PATH, OTHER_HOME, OTHER_TEMPORARY, UNREAD)  # each change costs a compilation
INSTALLED = (Do("npm ci", _install),)
TSX = "node_modules/.bin/tsx app.ts"
NODE = "node_modules/.bin/ts-node --transpile-only app.ts"
READ = 'fs.readFileSync("../shared.json", "utf8")'
CHECKED = 'import write = require("./assembly");\nimport one = require("./one");\nwrite(one.value);\n'
CONF = {"conf/index.ts": "export default 1;\n"}
IMPORT = 'import conf from "../conf";'


def paths(folder: str) -> str:
    return json.dumps({"compilerOptions": {"baseUrl": ".", "paths": {"conf": [f"./{folder}/conf"]}}})


def way(name: str, command: str, value: str, more: str = "", **rest):
    return typescript(name, command, value, more, prepare=(*INSTALLED, *rest.pop("prepare", ())), **rest)


WAYS = (
    way("tsx and a file", TSX, READ, files=SHARED, inputs=(EDIT,), noise=MACHINE),
    way(
        "tsx and a module that another shadows",
        TSX,
        "conf",
        IMPORT,
        files=CONF,
        noise=(OTHER_PATH,),
        inputs=(write("conf.ts", "export default 2;\n"), write("conf/index.ts", "export default 3;\n")),
    ),
    way(
        "tsx and the paths of tsconfig.json",
        TSX,
        "conf",
        'import conf from "conf";',
        files={
            "cdk/tsconfig.json": paths("one"),
            "cdk/one/conf.ts": "export default 1;\n",
            "cdk/two/conf.ts": "export default 2;\n",
        },
        inputs=(write("cdk/tsconfig.json", paths("two")),),
    ),
    way(
        "tsx and the base of tsconfig.json",
        TSX,
        "conf",
        'import conf from "conf";',
        files={
            "cdk/tsconfig.json": '{"extends": "../base.json"}',
            "base.json": paths("one"),
            "one/conf.ts": "export default 1;\n",
            "two/conf.ts": "export default 2;\n",
        },
        inputs=(write("base.json", paths("two")),),
        noise=(OTHER_PATH,),
    ),
    way("tsx and a variable", TSX, "process.env.APP_SIZE", prepare=SMALL, inputs=(BIGGER,), noise=(OTHER_PATH,)),
    way("tsx and an optional file", TSX, 'fs.existsSync("../local.json")', inputs=(write("local.json"),)),
    way("tsx, imported by node", "node --import tsx app.ts", READ, files=SHARED, inputs=(EDIT,)),
    way("tsx by npx", "npx tsx app.ts", READ, files=SHARED, inputs=(EDIT,), noise=(OTHER_PATH,)),
    way("ts-node and a file", NODE, READ, files=SHARED, inputs=(EDIT,), noise=MACHINE),
    way(
        "ts-node and a module that another shadows",
        NODE,
        "conf",
        IMPORT,
        files=CONF,
        inputs=(write("conf.ts", "export default 2;\n"), write("conf/index.ts", "export default 3;\n")),
    ),
    way(
        "ts-node and an optional module",
        NODE,
        "conf",
        'let conf = 1;\ntry { conf = require("../local").value; } catch {}',
        inputs=(write("local.ts", "export const value = 2;\n"), write("local/index.js", "exports.value = 3;\n")),
    ),
    way(
        "ts-node and the target of tsconfig.json",
        NODE,
        "(class { static x = 1; }).toString().length",
        inputs=(write("cdk/tsconfig.json", '{"compilerOptions": {"module": "commonjs", "target": "es5"}}'),),
    ),
    way(
        "ts-node that checks types",
        "node_modules/.bin/ts-node app.ts",
        "1",
        files={"cdk/app.ts": CHECKED, "cdk/one.ts": "export = { value: 1 };\n"},
        inputs=(write("cdk/one.ts", "export = { value: 2 };\n"),),
    ),
    way(
        "tsc before node",
        "node_modules/.bin/tsc --outDir built && cp assembly.js built && node built/app.js",
        "1",
        files={"cdk/app.ts": CHECKED, "cdk/one.ts": "export = { value: 1 };\n"},
        inputs=(write("cdk/one.ts", "export = { value: 2 };\n"),),
    ),
    way(
        "esbuild before node",
        "node_modules/.bin/esbuild app.ts --bundle --platform=node --outfile=built/app.js "
        "--log-level=error && node built/app.js",
        "conf",
        IMPORT,
        files=CONF,
        noise=MACHINE,
        inputs=(write("conf.ts", "export default 2;\n"), write("conf/index.ts", "export default 3;\n")),
    ),
)
