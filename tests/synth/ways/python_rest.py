"""Programs, variables, libraries and the machine, looked at by apps in Python."""

from __future__ import annotations

import os
import py_compile
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from synth.ways.apps import python
from synth.ways.things import BIGGER, EDIT, GIT, SHARED, SMALL, serve
from synth.ways.way import NOISE, OTHER_MACHINE, RUN_OF_CI, Do, commit, remove, setenv, unset, write

if TYPE_CHECKING:
    from synth.ways.world import World


def variable(name: str, value: str, more: str = "", **way):
    return python(name, value, more, prepare=SMALL, **{"inputs": (BIGGER, unset("APP_SIZE")), **way})


PROGRAMS = (
    python(
        "subprocess cat",
        'subprocess.run(["cat", "../shared.json"], capture_output=True).stdout',
        "import subprocess",
        files=SHARED,
        inputs=(EDIT,),
        noise=NOISE,
    ),
    python(
        "os.popen of a shell",
        'os.popen("wc -c < ../shared.json").read()',
        files=SHARED,
        inputs=(write("shared.json", "1"),),
        noise=OTHER_MACHINE,
    ),
    python(
        "os.posix_spawn",
        "os.read(there, 99)",
        "there, here = os.pipe()\n"
        "child = os.posix_spawnp('cat', ['cat', '../shared.json'], {},"
        " file_actions=[(os.POSIX_SPAWN_DUP2, here, 1)])\n"
        "os.waitpid(child, 0)",
        files=SHARED,
        inputs=(EDIT,),
    ),
    python(
        "os.fork",
        "read()",
        "def read():\n    there, here = os.pipe()\n    if not os.fork():\n"
        "        os.write(here, open('../shared.json', 'rb').read())\n        os._exit(0)\n"
        "    os.wait()\n    return os.read(there, 99)",
        files=SHARED,
        inputs=(EDIT,),
    ),
    python(
        "a pool of processes",
        'pool.map(str.upper, [open("../shared.json").read()])',
        "import multiprocessing\npool = multiprocessing.Pool(1)",
        files=SHARED,
        inputs=(EDIT,),
    ),
    python(
        "git --version",
        "bool(subprocess.check_output(['git', '--version']))",
        "import subprocess",
        noise=(*NOISE, write("shared.json")),
    ),
    python(
        "git rev-parse",
        "subprocess.check_output(['git', 'rev-parse', 'HEAD'])",
        "import subprocess",
        prepare=GIT,
        inputs=(commit(),),
        noise=(write("docs/new.md"),),
    ),
    python(
        "git describe",
        "subprocess.check_output(['git', 'describe', '--always', '--dirty'])",
        "import subprocess",
        prepare=GIT,
        files=SHARED,
        inputs=(commit(), EDIT, remove("shared.json")),
        noise=(write("untracked.txt"),),
    ),
    python(
        "a launcher before the interpreter",
        'open("../shared.json").read()',
        command="env python3 app.py",
        files=SHARED,
        inputs=(EDIT,),
        noise=NOISE,
    ),
    python(
        "a program of the project that runs Python",
        "1",
        command="./launch",
        inputs=(EDIT,),
        noise=NOISE,
        files={
            **SHARED,
            "cdk/launch": "#!/bin/sh\nexec python3 other.py\n",
            "cdk/other.py": 'from assembly import write\nwrite(open("../shared.json").read())',
        },
    ),
)

VARIABLES = (
    variable("os.environ", 'os.environ["APP_SIZE"]', inputs=(BIGGER,), noise=(setenv("APP_OTHER", "1"), RUN_OF_CI)),
    variable("os.environ.get", 'os.environ.get("APP_SIZE", "none")', noise=(setenv("APP_OTHER", "1"),)),
    python("an absent variable", 'os.getenv("APP_SIZE")', inputs=(BIGGER, setenv("APP_SIZE", ""))),
    variable("in os.environ", '"APP_SIZE" in os.environ', inputs=(unset("APP_SIZE"),)),
    variable("os.environb", 'os.environb.get(b"APP_SIZE")'),
    variable("os.environ.copy", 'os.environ.copy().get("APP_SIZE")', noise=OTHER_MACHINE),
    variable(
        "names by a prefix",
        '[n + os.environ[n] for n in sorted(os.environ) if n.startswith("APP_")]',
        inputs=(BIGGER, setenv("APP_NEW", "1")),
        noise=OTHER_MACHINE,
    ),
    variable("os.path.expandvars", 'os.path.expandvars("$APP_SIZE")'),
    variable("the environment of a started program", 'os.popen("printenv APP_SIZE").read()', noise=OTHER_MACHINE),
    variable(
        "/proc/self/environ",
        'b"APP_SIZE=one" in open("/proc/self/environ", "rb").read().split(bytes(1))',
        obstacle="sometimes",
    ),
    variable(
        "C's own getenv",
        "libc.getenv(b'APP_SIZE')",
        "import ctypes\nlibc = ctypes.CDLL(None)\nlibc.getenv.restype = ctypes.c_char_p",
        obstacle="sometimes",
    ),
    python("the user's name by its variable", 'os.environ["USER"]', inputs=(setenv("USER", "somebody"),)),
    python("the home directory's name", 'os.environ["HOME"]', inputs=(setenv("HOME", "/nowhere"),)),
    python("TZ", 'time.strftime("%H", time.localtime(0))', "import time", inputs=(setenv("TZ", "UTC-5"),)),
    python(
        "TZ by dateutil",
        "tz.gettz().utcoffset(datetime(2020, 1, 1))",
        "from datetime import datetime\nfrom dateutil import tz",
        inputs=(setenv("TZ", "UTC-5"),),
    ),
    python(
        "LC_ALL",
        'locale.setlocale(locale.LC_ALL, "")',
        "import locale",
        by_cli=True,
        either=(setenv("LC_ALL", "C"), setenv("LANG", "C"), setenv("LC_NUMERIC", "C")),
    ),
    python(
        "PYTHONPATH",
        "conf.value",
        "import conf",
        prepare=(setenv("PYTHONPATH", "../one"),),
        files={"one/conf.py": "value = 1", "two/conf.py": "value = 2"},
        inputs=(setenv("PYTHONPATH", "../two"),),
    ),
    python(
        "PYTHONHASHSEED",
        'hash("a") % 1000',
        prepare=(setenv("PYTHONHASHSEED", "1"),),
        inputs=(setenv("PYTHONHASHSEED", "2"),),
    ),
    python("PYTHONOPTIMIZE", "__debug__", inputs=(setenv("PYTHONOPTIMIZE", "1"),)),
    python(
        "a profile as we set it",
        'os.environ.get("AWS_PROFILE")',
        by_cli=True,
        either=(Do("another profile", lambda world: setattr(world.aws, "profile", "other")),),
    ),
    python(
        "another variable of AWS",
        'os.environ.get("AWS_APP_THING")',
        by_cli=True,
        either=(setenv("AWS_APP_THING", "1"),),
    ),
    python(
        "a variable that the settings name",
        "1",
        'os.environ.get("APP_SIZE")',
        settings={"env": ("APP_SIZE",)},
        noise=(setenv("APP_OTHER", "1"),),
    ),
)


def environment_of(name: str, value: str) -> Do:
    """A virtual environment beside the checkout, first on PATH, with a library in it."""

    def act(world: World) -> None:
        place = world.root / name
        site = place / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
        base = Path(getattr(sys, "_base_executable", sys.executable))
        (place / "bin").mkdir(parents=True)
        for program in ("python3", "python"):
            (place / "bin" / program).symlink_to(base)
        world.write(f"../{name}/pyvenv.cfg", f"home = {base.parent}\nversion = {sys.version.split()[0]}\n")
        install(world, site, "acme", value)
        install(world, site, "acme_cdk_lib", value)
        world.set_variables({"PATH": f"{place / 'bin'}{os.pathsep}{os.environ['PATH']}"})

    return Do(f"environment {name} is on PATH", act)


def install(world: World, site: Path, name: str, value: str, version: str = "1.0") -> None:
    """As pip installs a library: the RECORD has the digest of each file."""
    info = f"{site}/{name}-{version}.dist-info"
    world.write(f"{site}/{name}/__init__.py", f"value = {value!r}\n")
    world.write(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    world.write(f"{info}/entry_points.txt", f"[acme.plugins]\n{name} = {name}\n")
    world.write(f"{info}/RECORD", f"{name}/__init__.py,sha256={value},9\n{info.rpartition('/')[2]}/RECORD,,\n")


def installed(name: str, value: str, version: str = "1.0") -> Do:
    def act(world: World) -> None:
        (site,) = (world.root / "env").glob("lib/*/site-packages")
        for old in site.glob(f"{name}-*.dist-info"):
            for path in old.iterdir():
                path.unlink()
            old.rmdir()
        install(world, site, name, value, version)

    return Do(f"{name} {version} is installed, {value}", act)


def compiled(value: str) -> Do:
    def act(world: World) -> None:
        world.write("lib/conf.py", f"value = {value!r}\n")
        py_compile.compile(str(world.at("lib/conf.py")), str(world.at("lib/conf.pyc")), doraise=True)
        world.at("lib/conf.py").unlink()

    return Do(f"lib/conf.pyc is compiled from {value}", act)


ENVIRONMENT = (environment_of("env", "one"),)
ANOTHER = environment_of("another", "two")
SAME = environment_of("same", "one")
LIBRARIES = (
    python(
        "a library",
        "acme.value",
        "import acme",
        prepare=ENVIRONMENT,
        noise=OTHER_MACHINE,
        inputs=(ANOTHER, installed("acme", "two"), installed("acme", "three", "2.0")),
    ),
    python(
        "a library of the CDK behind a program",
        "1",
        prepare=ENVIRONMENT,
        command="./launch",
        inputs=(ANOTHER, installed("acme_cdk_lib", "two"), installed("acme_cdk_lib", "three", "2.0")),
        files={
            "cdk/launch": "#!/usr/bin/env python3\nimport sys\nsys.path[:0] = ['.']\nimport acme_cdk_lib\n"
            "from assembly import write\nwrite(acme_cdk_lib.value)\n"
        },
    ),
    python(
        "plugins that are found by their entry points",
        'sorted(e.name for e in metadata.entry_points(group="acme.plugins"))',
        "from importlib import metadata",
        prepare=ENVIRONMENT,
        inputs=(installed("acme_more", "one"),),
        noise=OTHER_MACHINE,
    ),
    python(
        "a library's version",
        'metadata.version("acme")',
        "from importlib import metadata",
        prepare=ENVIRONMENT,
        inputs=(installed("acme", "one", "2.0"),),
    ),
    python(
        "an optional library",
        "value",
        "try:\n    from acme_extra import value\nexcept ImportError:\n    value = 1",
        prepare=ENVIRONMENT,
        inputs=(installed("acme_extra", "two"),),
    ),
    python(
        "code in a directory called like a library of jsii's",
        "attrs_like.value()",
        'sys.path.append("lib/site-packages/attrs")\nimport attrs_like',
        prepare=SMALL,
        inputs=(BIGGER,),
        files={
            "cdk/lib/site-packages/attrs/attrs_like.py": 'import os\ndef value():\n    return os.environ["APP_SIZE"]\n'
        },
    ),
    python(
        "a module without its source",
        "conf.value",
        'sys.path.append("../lib")\nimport conf',
        prepare=(compiled("one"),),
        inputs=(compiled("two"),),
    ),
    python(
        "files in a directory called like jsii's",
        'open("../jsii-kernel-a/x").read()',
        files={"jsii-kernel-a/x": "one\n"},
        inputs=(write("jsii-kernel-a/x"),),
    ),
)


ASK = "import socket\nclient = socket.socket({})\nclient.connect({})\nvalue = client.recv(9)"
MACHINE = (
    python("the host's name", "bool(socket.gethostname())", "import socket", obstacle="always"),
    python("the host's name by uname", "os.uname().nodename", obstacle="always"),
    python(
        "a server on this machine",
        "value",
        ASK.format("", '("127.0.0.1", json.load(open("where.json")))'),
        prepare=(serve(socket.AF_INET),),
        obstacle="always",
    ),
    python(
        "a daemon's socket",
        "value",
        ASK.format("socket.AF_UNIX", 'json.load(open("where.json"))'),
        prepare=(serve(socket.AF_UNIX),),
        obstacle="always",
    ),
    python(
        "a refused connection",
        "value",
        'import socket\ntry:\n    socket.create_connection(("127.0.0.1", 9))\nexcept OSError as error:\n    value = 1',
    ),
)
WAYS = (*PROGRAMS, *VARIABLES, *LIBRARIES, *MACHINE)
