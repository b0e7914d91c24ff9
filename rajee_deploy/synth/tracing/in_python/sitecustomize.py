"""Runs inside the Python that runs a CDK app, before the app: records what it reads into a file, one JSON array a line.

It is put first on PYTHONPATH by `rajee_deploy.synth.tracing`, may meet any Python from 3.8 on, imports nothing that the
interpreter has not loaded already, and never changes what the app sees. Records are written at once, so that no way to
end loses any. The `sitecustomize` that it hides is run after it.

    ["python", version, stdlib, prefix, place, …]   a traced interpreter, and where it takes modules from
    ["read", path]                        opened for reading, or tried to
    ["stat", path]                        asked about
    ["list", path]                        a directory whose names were read
    ["modules", path]                     the same, in search of modules; once for each time
    ["package", path]                     a package of node, of which something was read
    ["env", name]                         a variable that was read (or was missing)
    ["started", how]                      a program that is no news: jsii's kernel, whose node is traced by itself
    ["impure", what, file, line]          a call that no record can stand for
"""

import _thread
import os
import sys

# jsii starts its node with a copy of the environment; what it reads of it is the kernel's business.
_OWN = ("jsii", "typeguard", "cattrs", "cattr", "attr", "attrs", "publication", "constructs", "dateutil", "aws_cdk")
_DISTRIBUTIONS = {"attr": "attrs", "cattr": "cattrs", "dateutil": "python_dateutil"}
_FOREIGN = {
    "subprocess.Popen": "starts a program",
    "os.system": "starts a program",
    "os.exec": "starts a program",
    "os.posix_spawn": "starts a program",
    "os.spawn": "starts a program",
    "os.fork": "forks",
    "os.forkpty": "forks",
    "pty.spawn": "starts a program",
    "socket.connect": "connects a socket",
    "socket.sendto": "sends to a socket",
    "socket.getaddrinfo": "asks the resolver",
    "socket.gethostbyname": "asks the resolver",
    "socket.gethostbyaddr": "asks the resolver",
    "socket.gethostname": "asks for the host's name",
    "ctypes.dlopen": "loads a library of C",
    "sqlite3.connect": "opens a database",
}


def _install(directory):
    stdlib = os.path.dirname(os.__file__)
    file = os.open(
        os.path.join(directory, "python-%d.jsonl" % os.getpid()), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600
    )
    seen = set()
    main = _thread.get_ident()

    def record(*fields):
        if fields not in seen or fields[0] == "modules":
            seen.add(fields)
            # No json: its import would be the app's.
            line = ",".join('"%s"' % _escaped(field) for field in fields)
            os.write(file, ("[" + line + "]\n").encode("utf-8"))

    def _escaped(field):
        text = os.fsdecode(field) if isinstance(field, bytes) else str(field)
        return "".join(
            c
            if " " <= c < "\x7f" and c not in '"\\'
            else "\\u%04x" % ord(c)
            if ord(c) < 0x10000
            else "\\u%04x\\u%04x" % (0xD800 + (ord(c) - 0x10000 >> 10), 0xDC00 + (ord(c) - 0x10000 & 0x3FF))
            for c in text
        )

    def caller():
        """The nearest frame outside of the standard library: (file, line); None where the interpreter starts, where it
        is the kernel's own, or where the standard library reads while it is imported."""
        frame = sys._getframe(2)
        while frame is not None:
            name = frame.f_code.co_filename
            if name.startswith(("<frozen importlib", "<frozen site")):
                return None
            is_library = name.startswith(stdlib + os.sep) and "site-packages" not in name
            if name == __file__ or name.startswith("<frozen") or is_library:
                frame = frame.f_back
                continue
            return None if _is_own(name) else (name, frame.f_lineno)
        return None if _thread.get_ident() == main else ("a thread", 0)

    readlink = os.readlink  # the one that the app gets, below, leaves a record

    def place_of(descriptor):
        """The path of an open directory; "" where the system does not tell (macOS)."""
        try:
            return readlink("/proc/self/fd/%d" % descriptor)
        except OSError:
            return ""

    installed = {}

    def _is_own(name):
        head, found, tail = name.replace(os.sep, "/").rpartition("-packages/")
        top = tail.split("/", 1)[0].split(".")[0]
        if not found or top not in _OWN:
            return False
        # A directory that is only called so was installed by nobody.
        if (head, top) not in installed:
            installed[head, top] = False  # its listing is seen here, too
            begins = _DISTRIBUTIONS.get(top, top) + ("_" if top == "aws_cdk" else "-")
            installed[head, top] = any(
                each.lower().startswith(begins) and each.endswith("-info") for each in os.listdir(head + found[:-1])
            )
        return installed[head, top]

    def audit(event, arguments):
        try:
            if event == "open":
                path, mode, flags = arguments
                if isinstance(path, (str, bytes)) and not _writes(mode, flags):
                    record("read", os.path.abspath(os.fsdecode(path)))
            elif event in ("os.listdir", "os.scandir"):
                path = arguments[0]
                if isinstance(path, int):
                    place = place_of(path)
                    if place:
                        record("list", place)
                    else:
                        blame("lists a directory by its descriptor")
                else:
                    asking = sys._getframe(1).f_code.co_filename
                    kind = "modules" if "importlib" in asking or "pkgutil" in asking else "list"
                    record(kind, os.path.abspath(os.fsdecode(path) if path else "."))
            elif event in ("socket.getaddrinfo", "socket.gethostbyname") and _is_address(arguments[0]):
                pass
            elif event in _FOREIGN:
                if not blame(_FOREIGN[event]) and event == "subprocess.Popen":
                    record("started", "by jsii or while importing")
        except Exception as error:  # a trace that has a hole says so
            record("impure", "a call that could not be traced (%s: %s)" % (event, error), "", 0)

    def _is_address(host):
        """Whether nobody has to be asked where that is."""
        text = os.fsdecode(host) if isinstance(host, (str, bytes)) else ""
        return text in ("", "localhost") or ":" in text or not text.strip("0123456789.")

    def _writes(mode, flags):
        if isinstance(mode, str):
            return bool(set(mode) & set("wx")) or ("a" in mode and "+" not in mode)
        return isinstance(flags, int) and (flags & 3 == os.O_WRONLY or bool(flags & (os.O_EXCL | os.O_TRUNC)))

    def blame(what):
        where = caller()
        if where is not None:
            record("impure", what, where[0], where[1])
        return where is not None

    def wrapped(original):
        def call(path, *arguments, **more):
            if isinstance(path, (str, bytes)) or hasattr(path, "__fspath__"):
                if more.get("dir_fd") is None:
                    record("stat", os.path.abspath(os.fsdecode(path)))
            return original(path, *arguments, **more)

        call.__name__ = call.__qualname__ = original.__name__
        call.__wrapped__ = original
        for group in (os.supports_dir_fd, os.supports_fd, os.supports_follow_symlinks, os.supports_effective_ids):
            if original in group:
                group.add(call)
        return call

    for name in ("stat", "lstat", "access", "readlink"):
        setattr(os, name, wrapped(getattr(os, name)))

    environment = type(os.environ)
    get, iterate = environment.__getitem__, environment.__iter__

    def __getitem__(self, key):
        if caller() is not None:
            record("env", key)
        return get(self, key)

    def __iter__(self):
        blame("copies the whole environment")
        return iterate(self)

    environment.__getitem__, environment.__iter__ = __getitem__, __iter__
    sys.addaudithook(audit)
    # The last: an interpreter that cannot be watched leaves no record, and is then known to be untraced.
    record("python", "%d.%d.%d" % sys.version_info[:3], stdlib, sys.prefix, *sys.path)


def _run_hidden():
    """Run the sitecustomize that this file hides (some systems have one)."""
    here = os.path.dirname(os.path.abspath(__file__))
    import importlib.machinery

    path = [entry for entry in sys.path if os.path.abspath(entry or ".") != here]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", path)
    if spec is not None and spec.loader is not None:
        exec(compile(spec.loader.get_data(spec.origin), spec.origin, "exec"), {"__name__": "sitecustomize"})


if os.environ.get("RAJEE_DEPLOY_TRACE") and hasattr(sys, "addaudithook"):
    _install(os.environ["RAJEE_DEPLOY_TRACE"])
_run_hidden()
