"""What several tables take for their apps to look at."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING

from synth.ways.way import Do, commit, run, setenv, write

if TYPE_CHECKING:
    from synth.ways.world import World

SHARED = {"shared.json": "one\n"}
DATA = {"data/a.txt": "one\n"}
EDIT = write("shared.json")
BIGGER = setenv("APP_SIZE", "two")
SMALL = (setenv("APP_SIZE", "one"),)
GIT = (
    Do("no longer an empty .git", lambda world: world.at(".git").rmdir()),
    run("git", "init", "--quiet", "--initial-branch=main"),
    run("git", "add", "."),
    commit("first"),
)
READ = {"files": SHARED, "inputs": (EDIT,)}


def serve(family: socket.AddressFamily) -> Do:
    """A server that answers with one word and is no child of the synth."""

    def act(world: World) -> None:
        server = socket.socket(family)
        world.open.callback(server.close)
        server.bind(("127.0.0.1", 0) if family == socket.AF_INET else str(world.kept / "socket"))
        server.listen()
        where = server.getsockname()
        world.write("cdk/where.json", str(where[1]) if family == socket.AF_INET else f'"{where}"')
        threading.Thread(target=_answer, args=(server,), daemon=True).start()

    return Do("a server", act)


def _answer(server: socket.socket) -> None:
    while True:
        try:
            client, _ = server.accept()
        except OSError:
            return
        client.sendall(b"one")
        client.close()
