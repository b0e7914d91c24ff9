"""Files and directories, looked at by apps in Python."""

from __future__ import annotations

import io
import os
import sqlite3
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from synth.ways.apps import python
from synth.ways.things import DATA, EDIT, SHARED
from synth.ways.way import (
    NOISE,
    OTHER_MACHINE,
    OTHER_MODES,
    OTHER_PATH,
    OTHER_TIMES,
    Do,
    chmod,
    directory_instead,
    link,
    make,
    remove,
    rename,
    write,
)

if TYPE_CHECKING:
    from synth.ways.world import World

# What a log of system calls has to quote, and what is longer than it prints of other strings.
ODD = ("../o\"dd na'me", "../new\nline\\", "../" + "long" * 60, "../<unfinished ...>", "../) = -1 ENOENT (x)")


def attribute(value: bytes) -> Do:
    def act(world: World) -> None:
        try:
            os.setxattr(world.at("shared.json"), "user.acme", value)
        except OSError:
            pytest.skip("files have no extended attributes here")

    return Do(f"an attribute is {value!r}", act)


LINKED = {"v1/config.json": "one\n", "v2/config.json": "two\n", "same/config.json": "one\n"}
LINK = link("current", "v1")
ELSEWHERE = link("current", "v2")
ASSET = """
def walk(top):
    for folder, folders, files in sorted(os.walk(top)):
        for name in sorted(files):
            path = os.path.join(folder, name)
            yield os.path.relpath(path, top), os.readlink(path) if os.path.islink(path) else open(path).read()
"""


def zipped(text: str) -> bytes:
    """An archive with one module."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr(zipfile.ZipInfo("inside.py"), f"VALUE = {text!r}\n")
    return whole.getvalue()


def database(text: str) -> bytes:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "db")
        with sqlite3.connect(path) as connection:
            connection.execute("create table t (v)")
            connection.execute("insert into t values (?)", (text,))
        connection.close()
        return path.read_bytes()


LISTED = (
    python(
        "os.listdir of the directory above",
        'sorted(n for n in os.listdir("..") if n[0] not in "._")',
        files=SHARED,
        inputs=(write("new.txt"), make("new"), remove("shared.json"), rename("shared.json", "s.json")),
        noise=(EDIT, *OTHER_MACHINE, OTHER_MODES, OTHER_TIMES, write("__pycache__/x.pyc"), write("../beside.txt")),
    ),
    python(
        "Path.glob for services",
        'sorted(p.parent.name for p in Path("..").glob("*/service.yaml"))',
        files={"a/service.yaml": "one\n"},
        inputs=(write("b/service.yaml"), remove("a/service.yaml")),
        noise=(write("a/service.yaml"), *OTHER_MACHINE),
    ),
    python(
        "glob with **",
        'sorted(glob.glob("../services/**/*.yaml", recursive=True))',
        "import glob",
        files={"services/a/x.yaml": ""},
        inputs=(write("services/b/c/d.yaml"),),
        noise=(write("other/b/d.yaml"),),
    ),
    python(
        "os.scandir and kinds",
        'sorted((e.name, e.is_dir()) for e in os.scandir("../data"))',
        files=DATA,
        inputs=(directory_instead("data/a.txt"), write("data/.hidden")),
        noise=(write("data/a.txt"),),
    ),
    python(
        "os.walk of names",
        'sorted(os.walk("../data"))',
        files=DATA,
        inputs=(make("data/empty"), write("data/deep/b.txt"), remove("data/a.txt")),
        noise=(write("data/a.txt"),),
    ),
    python(
        "os.fwalk",
        'sorted((top, files) for top, _, files, _ in os.fwalk("../data"))',
        files=DATA,
        inputs=(write("data/b.txt"), write("data/deep/b.txt")),
        noise=OTHER_MACHINE,
    ),
    python(
        "os.listdir of a descriptor",
        "sorted(os.listdir(os.open('../data', os.O_RDONLY)))",
        files=DATA,
        inputs=(write("data/b.txt"),),
    ),
    python(
        "a look in any case",
        '[n for n in os.listdir("../data") if n.lower() == "a.txt"]',
        files=DATA,
        inputs=(rename("data/a.txt", "data/A.TXT"),),
    ),
    python(
        "shutil.copytree of an asset",
        'list(walk(os.environ["CDK_OUTDIR"] + "/asset"))',
        ASSET + 'import shutil\nshutil.rmtree(os.environ["CDK_OUTDIR"], ignore_errors=True)\n'
        'shutil.copytree("../data", os.environ["CDK_OUTDIR"] + "/asset")',
        files=DATA,
        inputs=(write("data/a.txt"), write("data/deep/b.txt")),
    ),
    python(
        "a layer's site-packages",
        'list(walk("layer"))',
        ASSET,
        files={"cdk/layer/python/lib/python3.11/site-packages/m.py": "one\n"},
        inputs=(
            write("cdk/layer/python/lib/python3.11/site-packages/m.py"),
            write("cdk/layer/python/lib/python3.11/site-packages/n/__init__.py"),
        ),
    ),
    python(
        "a layer's node_modules outside of the app",
        'list(walk("../layer"))',
        ASSET,
        files={"layer/nodejs/node_modules/x/index.js": "one\n"},
        inputs=(write("layer/nodejs/node_modules/x/index.js"), write("layer/nodejs/node_modules/y/index.js")),
    ),
    python(
        "names that are outputs elsewhere",
        'list(walk("../built"))',
        ASSET,
        files={"built/venv/x": "one\n", "built/cdk.out/x": "one\n", "cdk/.venv/x": "one\n"},
        inputs=(write("built/venv/x"), write("built/cdk.out/x")),
        noise=(write("cdk/.venv/x"),),
    ),
)

LINKS = (
    python("readlink", 'os.readlink("../current")', files=LINKED, prepare=(LINK,), inputs=(ELSEWHERE,)),
    python(
        "os.path.realpath",
        'os.path.relpath(os.path.realpath("../current"), os.path.realpath(".."))',
        files=LINKED,
        prepare=(LINK,),
        inputs=(ELSEWHERE, link("current", "same")),
        noise=OTHER_MACHINE,
    ),
    python("Path.resolve", 'Path("../current").resolve().name', files=LINKED, prepare=(LINK,), inputs=(ELSEWHERE,)),
    python(
        "a component that is a link",
        'open("../current/config.json").read()',
        files=LINKED,
        prepare=(LINK,),
        inputs=(ELSEWHERE, write("v1/config.json")),
        noise=OTHER_MACHINE,
    ),
    python(
        "a link in an asset that is walked",
        'list(walk("asset"))',
        ASSET,
        files={**SHARED, "cdk/asset/x": ""},
        prepare=(link("cdk/asset/link", "../../shared.json"),),
        inputs=(link("cdk/asset/link", "../../other.json"),),
    ),
    python(
        "a link in an asset elsewhere",
        'list(walk("../asset"))',
        ASSET,
        files={**SHARED, "asset/x": ""},
        prepare=(link("asset/link", "../shared.json"),),
        inputs=(link("asset/link", "../cdk/app.py"),),
    ),
    python("lexists of a link to nothing", 'os.path.lexists("../gone")', inputs=(link("gone", "nowhere"),)),
    python(
        "a link out of the app's directory",
        'open("conf/x").read()',
        files={"conf-a/x": "one\n", "conf-b/x": "two\n"},
        prepare=(link("cdk/conf", "../conf-a"),),
        inputs=(link("cdk/conf", "../conf-b"), write("conf-a/x")),
    ),
)

ABSENT = (
    python("an absent file", 'os.path.exists("../local.json")', inputs=(write("local.json"),), noise=OTHER_MACHINE),
    python(
        "an absent file in an absent directory",
        'os.path.exists("../local/conf/x.json")',
        inputs=(write("local/conf/x.json"),),
        noise=(make("local"), make("local/conf")),
    ),
    python(
        "an absent file below the place for temporary ones",
        'os.path.exists(tempfile.gettempdir() + "/flag")',
        "import tempfile",
        inputs=(write("../tmp/flag"),),
    ),
    python(
        "an absent module",
        "value",
        "try:\n    from local_settings import value\nexcept ImportError:\n    value = 1",
        inputs=(write("cdk/local_settings.py", "value = 2"), write("cdk/local_settings/__init__.py", "value = 2")),
        noise=OTHER_MACHINE,
    ),
    python(
        "an absent package without a file of its own",
        "value",
        "try:\n    import acme_plugins as found\n    value = found.__name__\nexcept ImportError:\n    value = 1",
        inputs=(write("cdk/acme_plugins/data.txt"),),
        noise=OTHER_MACHINE,
    ),
    python(
        "a module that another shadows",
        "conf.value",
        'sys.path[:0] = ["../near", "../far"]\nimport conf',
        files={"near/x.py": "", "far/conf.py": "value = 1"},
        inputs=(
            write("near/conf.py", "value = 2"),
            write("near/conf/__init__.py", "value = 2"),
            write("far/conf.py", "value = 3"),
        ),
    ),
    python(
        "a namespace package",
        "sorted(m.name for m in pkgutil.iter_modules(plugins.__path__))",
        'sys.path.append("..")\nimport pkgutil, plugins',
        files={"plugins/a.py": ""},
        inputs=(write("plugins/b.py", ""), rename("plugins/a.py", "plugins/c.py")),
        noise=(write("plugins/x.txt"),),
    ),
    python(
        "configuration of the home directory, absent",
        'os.path.exists(os.path.expanduser("~/.acme"))',
        inputs=(write("~/.acme"),),
        noise=OTHER_MACHINE,
    ),
    python(
        "configuration of the home directory",
        'open(os.path.expanduser("~/.acme")).read()',
        files={"~/.acme": "one\n"},
        inputs=(write("~/.acme"),),
        noise=(write("~/.other"),),
    ),
    python(
        "files beside the checkout",
        '[os.path.exists("../../org.json"), open("../../team.json").read()]',
        files={"../team.json": "one\n"},
        inputs=(write("../org.json"), write("../team.json")),
    ),
    python(
        "a name sought upward",
        "[p.joinpath('acme.toml').exists() for p in Path.cwd().parents].count(True)",
        inputs=(write("acme.toml"), write("../acme.toml")),
        noise=OTHER_MACHINE,
    ),
)

LOOKED_AT = (
    python("os.stat's size", 'os.stat("../shared.json").st_size', files=SHARED, inputs=(write("shared.json", "1"),)),
    python(
        "os.stat by a directory's descriptor",
        'os.stat("a.txt", dir_fd=os.open("../data", os.O_RDONLY)).st_size',
        files=DATA,
        inputs=(write("data/a.txt", "1"),),
    ),
    python(
        "os.access",
        'os.access("../tool", os.X_OK) or os.stat("../tool").st_mode & 0o111',
        files={"tool": "x"},
        inputs=(chmod("tool", 0o755),),
        noise=(chmod("tool", 0o600),),
    ),
    python(
        "isfile",
        'os.path.isfile("../shared.json")',
        files=SHARED,
        inputs=(directory_instead("shared.json"), remove("shared.json")),
    ),
    python("samefile", 'os.path.samefile("../current", "../v1")', files=LINKED, prepare=(LINK,), inputs=(ELSEWHERE,)),
    python(
        "os.open by a directory's descriptor",
        'os.read(os.open("a.txt", os.O_RDONLY, dir_fd=os.open("../data", os.O_RDONLY)), 99)',
        files=DATA,
        inputs=(write("data/a.txt"),),
    ),
    python("through /proc/self/cwd", 'open("/proc/self/cwd/../shared.json").read()', files=SHARED, inputs=(EDIT,)),
    python(
        "through the directory of another process, by the kernel's links",
        'open(f"/proc/{os.getppid()}/cwd/../shared.json").read()',
        files=SHARED,
        inputs=(EDIT,),
        obstacle="always",
    ),
    python(
        "mmap",
        "mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)[:]",
        'import mmap\nfile = open("../shared.json", "rb")',
        files=SHARED,
        inputs=(EDIT,),
    ),
    python(
        "sqlite3",
        'sqlite3.connect("file:../data.db?mode=ro", uri=True).execute("select v from t").fetchall()',
        "import sqlite3",
        files={"data.db": database("one")},
        inputs=(write("data.db", database("two")),),
    ),
    python(
        "C's own open",
        "buffer.raw",
        "import ctypes\nlibc = ctypes.CDLL(None)\n"
        "buffer = ctypes.create_string_buffer(9)\n"
        'libc.read(libc.open(b"../shared.json", 0), buffer, 8)',
        files=SHARED,
        inputs=(EDIT,),
    ),
    python(
        "readline, which is C",
        "readline.get_history_item(1)",
        'import readline\nreadline.read_history_file("../shared.json")',
        files=SHARED,
        inputs=(EDIT,),
    ),
    python(
        "a thread",
        "found",
        "import threading\nfound = []\nthread = threading.Thread(\n"
        '    target=lambda: found.append(open("../shared.json").read()))\nthread.start()\nthread.join()',
        files=SHARED,
        inputs=(EDIT,),
    ),
    python(
        "odd names",
        "[open(n, errors='ignore').read() for n in names]",
        f"names = {[*ODD]!r}",
        files={n[3:]: "one\n" for n in ODD},
        inputs=tuple(write(n[3:]) for n in ODD),
        noise=(OTHER_PATH,),
    ),
    python(
        "many threads at once",
        "list(pool.map(lambda n: open(f'../data/{n}').read(), range(60)))",
        "from concurrent.futures import ThreadPoolExecutor\npool = ThreadPoolExecutor(12)",
        files={f"data/{n}": "one\n" for n in range(60)},
        inputs=(write("data/17"), write("data/59")),
    ),
    python(
        "a descriptor as the current directory",
        "value",
        'os.fchdir(os.open("../data", os.O_RDONLY))\nvalue = [open("a.txt").read(), os.path.exists("b.txt")]',
        files=DATA,
        inputs=(write("data/a.txt"), write("data/b.txt")),
    ),
    python(
        "a listing to which the app adds",
        'sorted(n for n in os.listdir("..") if n[0] not in "._")',
        'open("../made.txt", "w").close()',
        inputs=(write("new.txt"),),
    ),
    python(
        "a cache of the app's own",
        'open("../cache.txt").read()',
        'if not os.path.exists("../cache.txt"):\n    Path("../cache.txt").write_text("one")',
        inputs=(write("cache.txt"),),
        noise=(remove("cache.txt"),),
    ),
    python(
        "an extended attribute",
        'os.getxattr("../shared.json", "user.acme")',
        files=SHARED,
        obstacle="sometimes",
        prepare=(attribute(b"one"),),
        inputs=(attribute(b"two"),),
    ),
    python(
        "another directory as the current one",
        "value",
        'os.chdir("../data")\nvalue = open("a.txt").read()',
        files=DATA,
        inputs=(write("data/a.txt"),),
    ),
    python(
        "a file of the app's directory",
        'open("conf.txt").read()',
        files={"cdk/conf.txt": "one\n"},
        inputs=(write("cdk/conf.txt"),),
        noise=NOISE,
    ),
    python(
        "our own settings",
        'open("rajee-deploy.toml").read()',
        files={"cdk/rajee-deploy.toml": "[cdk]\n"},
        inputs=(write("cdk/rajee-deploy.toml", "[cdk]\n\n"),),
    ),
    python(
        "an archive of modules",
        "inside.VALUE",
        'sys.path.append("../lib.zip")\nimport inside',
        files={"lib.zip": zipped("one")},
        inputs=(write("lib.zip", zipped("two")),),
    ),
    python(
        "importlib.resources",
        'resources.files("pack").joinpath("data.txt").read_text()',
        'sys.path.append("..")\nfrom importlib import resources',
        files={"pack/__init__.py": "", "pack/data.txt": "1"},
        inputs=(write("pack/data.txt"),),
    ),
    python(
        "runpy",
        'runpy.run_path("../extra.py")["value"]',
        "import runpy",
        files={"extra.py": "value = 1"},
        inputs=(write("extra.py", "value = 2"),),
    ),
    python(
        "a module that is run",
        "1",
        command="python3 -m service",
        inputs=(write("cdk/service/__main__.py", "from assembly import write\nwrite(2)"),),
        files={"cdk/service/__main__.py": "from assembly import write\nwrite(1)"},
    ),
)
WAYS = (*LISTED, *LINKS, *ABSENT, *LOOKED_AT)
