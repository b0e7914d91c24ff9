"""What the CDK CLI, its files and our own settings hand on to an app."""

from __future__ import annotations

import json

from synth.ways.apps import node, python
from synth.ways.things import SHARED
from synth.ways.way import OTHER_HOME, OTHER_MACHINE, OTHER_PATH, OTHER_TEMPORARY, setenv, write

CONTEXT = 'json.loads(os.environ["CDK_CONTEXT_JSON"]).get("size")'
METADATA = 'json.loads(os.environ["CDK_CONTEXT_JSON"]).get("aws:cdk:enable-path-metadata")'
STAGING = 'json.loads(os.environ["CDK_CONTEXT_JSON"]).get("aws:cdk:disable-asset-staging")'
LARGE = "x" * 300_000
OVERFLOW = """
context = json.loads(os.environ["CDK_CONTEXT_JSON"])
if "CONTEXT_OVERFLOW_LOCATION_ENV" in os.environ:
    context.update(json.load(open(os.environ["CONTEXT_OVERFLOW_LOCATION_ENV"])))
"""


def configuration(size: str, large: str = "", **more: object) -> str:
    return json.dumps({"app": "python3 app.py", "context": {"size": size, "large": large}, **more})


WAYS = (
    python(
        "a context value",
        CONTEXT,
        by_cli=True,
        noise=OTHER_MACHINE,
        inputs=(
            write("cdk/cdk.json", configuration("two")),
            write("~/.cdk.json", '{"context": {"size": "two"}}'),
            write("cdk/cdk.context.json", '{"size": "two"}'),
        ),
    ),
    python(
        "a context too large for a variable",
        'context["size"]',
        OVERFLOW,
        by_cli=True,
        files={"cdk/cdk.json": configuration("one", LARGE)},
        noise=OTHER_MACHINE,
        inputs=(write("cdk/cdk.json", configuration("two", LARGE)),),
    ),
    python(
        "the app's command in the home directory",
        "1",
        by_cli=True,
        files={
            "cdk/cdk.json": "{}",
            "~/.cdk.json": '{"app": "python3 app.py"}',
            "cdk/other.py": "from assembly import write\nwrite(2)\n",
        },
        inputs=(write("~/.cdk.json", '{"app": "python3 other.py"}'),),
    ),
    python(
        "the build command of cdk.json",
        'open("built.txt").read()',
        by_cli=True,
        files={**SHARED, "cdk/cdk.json": configuration("one", build="cp ../shared.json built.txt")},
        inputs=(write("shared.json"),),
    ),
    python("CDK_CONTEXT", CONTEXT, by_cli=True, either=(setenv("CDK_CONTEXT", "size=two"),)),
    python(
        "CDK_APP",
        "1",
        by_cli=True,
        files={"cdk/other.py": "from assembly import write\nwrite(2)\n"},
        either=(setenv("CDK_APP", "python3 other.py"),),
    ),
    python("CDK_PATH_METADATA", METADATA, by_cli=True, either=(setenv("CDK_PATH_METADATA", "false"),)),
    python("CDK_STAGING", STAGING, by_cli=True, either=(setenv("CDK_STAGING", "false"),)),
    python(
        "CDK_DEFAULT_ACCOUNT",
        'os.environ.get("CDK_DEFAULT_ACCOUNT")',
        by_cli=True,
        either=(setenv("CDK_DEFAULT_ACCOUNT", "210987654321"),),
    ),
    python(
        "a variable of the project that is called like the CDK's",
        'os.environ.get("CDK_APP_SIZE")',
        by_cli=True,
        inputs=(setenv("CDK_APP_SIZE", "two"),),
    ),
    python("CDK_DEBUG", 'os.environ.get("CDK_DEBUG")', by_cli=True, either=(setenv("CDK_DEBUG", "true"),)),
    node(
        "TESTING_CDK and other names that harm nothing",
        "[process.env.TESTING_CDK, process.env.NODE_DEBUG]",
        by_cli=True,
        either=(setenv("TESTING_CDK", "1"),),
    ),
    python(
        "declared inputs with a name that is left out",
        'open("../shared/node_modules/x").read()',
        files={"shared/node_modules/x": "one\n"},
        settings={"inputs": ("shared",)},
        inputs=(write("shared/node_modules/x"),),
    ),
    python(
        "declared inputs that are not read",
        "1",
        files={"shared/x": "one\n"},
        settings={"inputs": ("shared",)},
        noise=OTHER_MACHINE,
    ),
    python(
        "what the user calls noise",
        'open("notes.local").read()',
        files={"cdk/notes.local": "one\n"},
        settings={"ignore": ("*.local",)},
        ignored=(write("cdk/notes.local"),),
    ),
    python("the checkout's path in the template", "os.getcwd()", inputs=(OTHER_PATH,)),
    python("the home directory in the template", 'os.path.expanduser("~/x")', inputs=(OTHER_HOME,)),
    python(
        "the place for temporary files in the template",
        "tempfile.gettempdir()",
        "import tempfile",
        inputs=(OTHER_TEMPORARY,),
    ),
    node("the app's own path in the template", "__filename", inputs=(OTHER_PATH,)),
)
