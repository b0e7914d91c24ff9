"""Apps that are a script of the shell, and commands of cdk.json that a shell reads."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from synth.ways.apps import python, shell
from synth.ways.things import BIGGER, DATA, EDIT, GIT, READ, SHARED, SMALL
from synth.ways.way import (
    NOISE,
    OTHER_MACHINE,
    Do,
    chmod,
    commit,
    directory_instead,
    link,
    make,
    remove,
    rename,
    setenv,
    unset,
    write,
)

if TYPE_CHECKING:
    from synth.ways.world import World

TOOL = "#!/bin/sh\necho one\n"
OTHER_TOOL = "#!/bin/sh\necho two\n"
OF_SIZE = "#!/bin/sh\necho $APP_SIZE\n"


def variable(name: str, value: str, more: str = "", **way):
    return shell(name, value, more, prepare=SMALL, **{"inputs": (BIGGER, unset("APP_SIZE")), **way})


def path(*names: str) -> Do:
    """Directories beside the checkout go first on PATH, `nearer` before all."""

    def act(world: World) -> None:
        first = [str(world.root / name) for name in ("nearer", *names)]
        world.set_variables({"PATH": os.pathsep.join([*first, os.environ["PATH"]])})

    return Do(f"{', '.join(names)} on PATH", act)


FILES = (
    shell("cat", "$(cat ../shared.json)", noise=NOISE, **READ),
    shell("a redirection", "$line", "read -r line < ../shared.json", **READ),
    shell(
        "test -e",
        "$([ -e ../local ] && echo yes)",
        "set +e",
        inputs=(write("local"), make("local")),
        noise=OTHER_MACHINE,
    ),
    shell("test -x", "$([ -x ../tool ] && echo yes)", "set +e", files={"tool": "x"}, inputs=(chmod("tool", 0o755),)),
    shell(
        "test -s and -d",
        "$([ -s ../a ] && echo full; [ -d ../a ] && echo directory)",
        "set +e",
        files={"a": ""},
        inputs=(write("a"), directory_instead("a")),
    ),
    shell(
        "a pattern of files",
        "$(echo ../*/service.yaml)",
        files={"a/service.yaml": "one\n"},
        inputs=(write("b/service.yaml"), remove("a/service.yaml")),
        noise=(write("a/service.yaml"),),
    ),
    shell("ls", "$(ls -A ../data)", files=DATA, inputs=(write("data/.hidden"), rename("data/a.txt", "data/A.txt"))),
    shell(
        "find",
        "$(find ../data -type f | sort)",
        files=DATA,
        noise=(write("data/a.txt"), *OTHER_MACHINE),
        inputs=(write("data/deep/b.txt"), directory_instead("data/a.txt")),
    ),
    shell(
        "tools of a shell",
        "$(wc -c < ../wc) $(find ../xargs -name '*.txt' -print0 | sort -z | xargs -0 cat)"
        "$(awk '{print $1}' ../awk) $(sed s/o/0/ ../sed | sort) $(grep -r e ../grep)"
        "$(cd ../sum && find . -type f | sort | xargs sha256sum)",
        files={"wc": "one\n", "xargs/a.txt": "one\n", "awk": "one\n", "sed": "one\n", "grep/a": "one\n", "sum/a": ""},
        inputs=(
            write("wc", "1"),
            write("xargs/a.txt"),
            write("xargs/b.txt"),
            write("awk"),
            write("sed"),
            write("grep/b", "e\n"),
            write("sum/b", ""),
            write("sum/a"),
        ),
    ),
    shell(
        "several processes at once",
        "$(ls ../data/* | xargs -P 4 -n 1 cat | sort | cksum)",
        files={f"data/{n}": f"{n}\n" for n in range(40)},
        inputs=(write("data/17"), write("data/new")),
    ),
    shell(
        "tar of a directory",
        "$(tar -C ../data --sort=name --mtime=@0 --owner=0 --group=0 --mode=a=r -cf - . | cksum)",
        files=DATA,
        inputs=(write("data/a.txt"), write("data/b.txt"), make("data/c")),
    ),
    shell("readlink", "$(readlink ../current)", prepare=(link("current", "v1"),), inputs=(link("current", "v2"),)),
    shell("stat", "$(stat -c %s ../shared.json)", files=SHARED, inputs=(write("shared.json", "1"),)),
    shell(
        "make",
        "$(make -s -f ../Makefile)",
        files={**SHARED, "Makefile": "all:\n\t@cat ../shared.json\n"},
        inputs=(EDIT, write("Makefile", "all:\n\t@echo other\n")),
        needs="make",
    ),
    shell(
        "make that includes what is there",
        "$(make -s)",
        needs="make",
        inputs=(write("cdk/local.mk", "SIZE = two\n"),),
        files={"cdk/Makefile": "SIZE = one\n-include local.mk\nall:\n\t@echo $(SIZE)\n"},
    ),
    shell(
        "source",
        "$SIZE",
        ". ../vars.env",
        program="bash",
        files={"vars.env": "SIZE=one\n"},
        inputs=(write("vars.env", "SIZE=two\n"),),
        noise=NOISE,
    ),
    shell("git rev-parse", "$(git rev-parse HEAD)", prepare=GIT, inputs=(commit(),), noise=(write("docs/new.md"),)),
    shell("git ls-files", "$(git -C .. ls-files --others)", prepare=GIT, inputs=(write("new.txt"),)),
    shell(
        "a program of the project",
        "$(PATH=../bin:$PATH; tool)",
        files={"bin/tool": TOOL},
        inputs=(write("bin/tool", OTHER_TOOL),),
    ),
    shell(
        "a program that a nearer one hides",
        "$(PATH=../near:../bin:$PATH; tool)",
        files={"bin/tool": TOOL, "near/x": ""},
        inputs=(write("near/tool", OTHER_TOOL),),
    ),
)

VARIABLES = (
    variable("a variable that is exported", "$APP_SIZE"),
    variable("a default", "${APP_SIZE:-none}", inputs=(BIGGER, unset("APP_SIZE")), noise=OTHER_MACHINE),
    variable(
        "env and grep", "$(env | grep ^APP_ || true)", inputs=(BIGGER, setenv("APP_NEW", "1")), noise=OTHER_MACHINE
    ),
    variable("printenv", "$(printenv APP_SIZE || true)"),
    variable("names by a prefix", "${!APP_@}", program="bash", inputs=(unset("APP_SIZE"), setenv("APP_NEW", "1"))),
    variable("awk's ENVIRON", "$(awk 'BEGIN {print ENVIRON[\"APP_SIZE\"]}')"),
    variable("a name made of parts", "$value", "name=APP_\nname=${name}SIZE\neval value=\\$$name"),
    variable("a script's own -c", "$APP_SIZE", command="./synth.sh -c stage=prod"),
    variable("export and grep", "$(export | grep APP_ || true)"),
    variable("env without one of them, and grep", "$(env -u APP_NEW | grep ^APP_ || true)"),
    variable("a script beside the checkout", "$(../../tools/tool)", files={"../tools/tool": OF_SIZE}),
    variable("a text beside the checkout", "$size", ". ../../tools/vars", files={"../tools/vars": "size=$APP_SIZE\n"}),
    variable("an applet of busybox", "$(busybox awk 'BEGIN {print ENVIRON[\"APP_SIZE\"]}')", needs="busybox"),
    shell("the home directory's name", "$HOME", inputs=(setenv("HOME", "/nowhere"),)),
    shell("the user's name", "${USER}", inputs=(setenv("USER", "somebody"),)),
    shell("a run of CI by its name", "$GITHUB_RUN_ID", inputs=(setenv("GITHUB_RUN_ID", "7"),)),
    shell("a script that looks at nothing", "1", noise=NOISE),
)

COMMANDS = (
    python("the command's own substitution", "sys.argv[1]", command="python3 app.py $(cat ../shared.json)", **READ),
    python(
        "the command's variable", "sys.argv[1:]", command="python3 app.py $APP_SIZE", prepare=SMALL, inputs=(BIGGER,)
    ),
    python(
        "the command's pattern",
        "sys.argv[1:]",
        command="python3 app.py ../data/*",
        files=DATA,
        inputs=(write("data/b.txt"),),
    ),
    python(
        "variables of a file before the app",
        'os.environ["SIZE"]',
        command=". ../vars.env; python3 app.py",
        files={"vars.env": "export SIZE=one\n"},
        inputs=(write("vars.env", "export SIZE=two\n"),),
        noise=OTHER_MACHINE,
    ),
    python(
        "the same in a subshell",
        "sys.argv[1]",
        command='(. ../vars.env; python3 app.py "$size")',
        files={"vars.env": "size=$APP_SIZE\n"},
        prepare=SMALL,
        inputs=(BIGGER,),
    ),
    python(
        "an assignment before the app",
        'os.environ["SIZE"]',
        command="SIZE=$(cat ../shared.json) python3 app.py",
        **READ,
    ),
    python(
        "a choice by what is there",
        "sys.argv[1:]",
        command="python3 app.py $(test -e ../local && echo more)",
        inputs=(write("local"),),
    ),
    python("input from a file", "sys.stdin.read()", command="python3 app.py < ../shared.json", **READ),
    python("another directory", 'open("shared.json").read()', command="cd .. && python3 cdk/app.py", **READ),
    python(
        "a script that exports what it read",
        'os.environ["SIZE"]',
        command="./synth.sh",
        files={**SHARED, "cdk/synth.sh": "#!/bin/sh\nexport SIZE=$(cat ../shared.json)\nexec python3 app.py\n"},
        inputs=(EDIT,),
        noise=OTHER_MACHINE,
    ),
)

MACHINE = (
    shell(
        "a program on PATH",
        "$(tool)",
        files={"../tools/tool": TOOL},
        prepare=(path("tools"),),
        inputs=(write("../tools/tool", OTHER_TOOL), write("../nearer/tool", OTHER_TOOL)),
        noise=(path("unrelated"),),
    ),
    shell("CI by its name", "${CI:-no}", inputs=(setenv("CI", "true"),), noise=(setenv("GITHUB_RUN_ID", "7"),)),
    shell("date of a file that never changes", "$(date -d @0 +%H)", inputs=(setenv("TZ", "UTC-5"),)),
)
WAYS = (*FILES, *VARIABLES, *COMMANDS, *MACHINE)
