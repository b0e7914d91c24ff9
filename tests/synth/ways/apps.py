"""Small CDK apps that write their own cloud assembly, in several languages. The template holds what each looked at.

None needs aws-cdk-lib, so that a synth costs little more than the start of the CDK CLI.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from synth.ways.way import Way

if TYPE_CHECKING:
    from typing import Any

MANIFEST = json.dumps(
    {
        "version": "36.0.0",
        "artifacts": {
            "App": {
                "type": "aws:cloudformation:stack",
                "environment": "aws://unknown-account/unknown-region",
                "properties": {"templateFile": "App.template.json"},
            }
        },
    }
)
_BEFORE, _AFTER = '{"Resources":{"Queue":{"Type":"AWS::SQS::Queue","Properties":{"QueueName":', "}}}}"
_PYTHON = f"""
import json, os
def write(value):
    out = os.environ["CDK_OUTDIR"]
    os.makedirs(out, exist_ok=True)
    with open(out + "/manifest.json", "w") as file:
        file.write({MANIFEST!r})
    with open(out + "/App.template.json", "w") as file:
        file.write({_BEFORE!r} + json.dumps(str(value)) + {_AFTER!r})
"""
_NODE = f"""
module.exports = (value) => {{
  const fs = require("fs");
  const out = process.env.CDK_OUTDIR;
  fs.mkdirSync(out, {{ recursive: true }});
  fs.writeFileSync(out + "/manifest.json", {MANIFEST!r});
  fs.writeFileSync(out + "/App.template.json", {_BEFORE!r} + JSON.stringify(String(value)) + {_AFTER!r});
}};
"""
# The value as hexadecimal digits: any bytes can stand in it.
_SHELL = f"""
write() {{
  mkdir -p "$CDK_OUTDIR"
  printf '%s' '{MANIFEST}' > "$CDK_OUTDIR/manifest.json"
  printf '%s"%s"%s' '{_BEFORE}' "$(printf '%s' "$1" | od -An -tx1 | tr -d ' \\n')" '{_AFTER}' \\
    > "$CDK_OUTDIR/App.template.json"
}}
"""
_QUOTED_MANIFEST, _QUOTED_BEFORE, _QUOTED_AFTER = map(json.dumps, (MANIFEST, _BEFORE, _AFTER))
_C = f"""
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
static FILE *output(const char *name) {{
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", getenv("CDK_OUTDIR"), name);
  return fopen(path, "w");
}}
static void write_value(const char *value) {{
  mkdir(getenv("CDK_OUTDIR"), 0755);
  FILE *file = output("manifest.json");
  fputs({_QUOTED_MANIFEST}, file);
  fclose(file);
  file = output("App.template.json");
  fputs({_QUOTED_BEFORE} "\\"", file);
  for (; *value; value++) fprintf(file, "%02x", (unsigned char) *value);
  fputs("\\"" {_QUOTED_AFTER}, file);
  fclose(file);
}}
"""


def python(name: str, value: str, more: str = "", **way: Any) -> Way:
    """`value` is an expression, `more` statements before it."""
    text = f"import json, os, sys\nfrom pathlib import Path\nfrom assembly import write\n{more}\nwrite({value})\n"
    return _way(name, "python3 app.py", {"cdk/app.py": text, "cdk/assembly.py": _PYTHON}, way)


def node(name: str, value: str, more: str = "", **way: Any) -> Way:
    """`value` is an expression or a promise."""
    text = (
        'const fs = require("fs"), os = require("os"), path = require("path"), children = require("child_process");\n'
        f'{more}\nPromise.resolve({value}).then(require("./assembly"));\n'
    )
    return _way(name, "node app.js", {"cdk/app.js": text, "cdk/assembly.js": _NODE}, way)


def module(name: str, value: str, more: str = "", **way: Any) -> Way:
    """An ES module."""
    text = f'import write from "./assembly.js";\n{more}\nwrite({value});\n'
    return _way(name, "node app.mjs", {"cdk/app.mjs": text, "cdk/assembly.js": _NODE}, way)


def typescript(name: str, command: str, value: str, more: str = "", **way: Any) -> Way:
    text = f'import * as fs from "fs";\nimport write = require("./assembly");\n{more}\nwrite({value});\n'
    types = "declare function write(value: unknown): void;\nexport = write;\n"
    options = {"compilerOptions": {"module": "commonjs", "target": "es2022", "types": [], "skipLibCheck": True}}
    files = {
        "cdk/app.ts": text,
        "cdk/assembly.js": _NODE,
        "cdk/assembly.d.ts": types,
        "cdk/tsconfig.json": json.dumps(options),
        "cdk/package.json": '{"name": "app", "private": true}',
    }
    return _way(name, command, files, way)


def shell(name: str, value: str, more: str = "", **way: Any) -> Way:
    """`value` is a word of the shell, often a command's output."""
    program = way.pop("program", "sh")
    text = f'#!/usr/bin/env {program}\nset -e\n. ./assembly.sh\n{more}\nwrite "{value}"\n'
    return _way(name, "./synth.sh", {"cdk/synth.sh": text, "cdk/assembly.sh": _SHELL}, way)


def compiled(name: str, body: str, head: str = "", **way: Any) -> Way:
    """In C. `body` fills `char value[4096]`; the program is compiled before the synth, if the command does not."""
    text = (
        f'#define _GNU_SOURCE\n#include "assembly.h"\n{head}\nint main(void) {{\n  static char value[4096];\n{body}\n'
        "  write_value(value);\n  return 0;\n}\n"
    )
    return _way(name, "./app", {"cdk/app.c": text, "cdk/assembly.h": _C}, {"needs": "cc", **way})


def _way(name: str, command: str, files: dict[str, str], way: dict[str, Any]) -> Way:
    more = way.pop("files", {})
    return Way(name, way.pop("command", command), {**files, **more}, **way)
