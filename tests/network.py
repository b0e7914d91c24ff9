"""A TCP proxy whose network can be lost, or can stand still, after a number of bytes."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading


class Network:
    """Forwards connections on 127.0.0.1 to a server. Counts only what clients send: an upload, mostly."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.server_port = 0
        self._open: list[socket.socket] = []
        self._changed = threading.Condition()
        self._left: int | None = None
        self._stands_still = self._once = False
        self.reached = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def lose_after(self, count: int) -> None:
        """Cut every connection after `count` bytes, and answer no new one until `mend`."""
        self._trouble(count)

    def cut_once_after(self, count: int) -> None:
        """Cut every connection after `count` bytes; new ones are answered."""
        self._trouble(count, once=True)

    def stand_still_after(self, count: int) -> None:
        """Forward nothing more after `count` bytes until `mend`."""
        self._trouble(count, stands_still=True)

    def mend(self) -> None:
        with self._changed:
            self._left = None
            self._changed.notify_all()

    def close(self) -> None:
        self._listening.close()
        self.mend()
        self._cut()  # else the collector warns of them in somebody else's test

    def _trouble(self, count: int, *, stands_still: bool = False, once: bool = False) -> None:
        with self._changed:
            self.reached.clear()
            self._left, self._stands_still, self._once = count, stands_still, once

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client = self._listening.accept()[0]
                try:
                    server = socket.create_connection(("127.0.0.1", self.server_port))
                except OSError:
                    client.close()
                    continue
                with self._changed:
                    is_lost = self._left == 0 and not self._stands_still
                    self._open += [client, server]
                if is_lost:
                    self._cut()
                    continue
                threading.Thread(target=self._forward, args=(client, server, True), daemon=True).start()
                threading.Thread(target=self._forward, args=(server, client, False), daemon=True).start()

    def _forward(self, source: socket.socket, target: socket.socket, is_upload: bool) -> None:  # noqa: FBT001
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 14):
                allowed = self._allowed(len(data)) if is_upload else len(data)
                target.sendall(data[:allowed])
                if allowed < len(data):
                    self.reached.set()
                    if not self._stands_still:
                        self._cut()
                        return
                    with self._changed:
                        self._changed.wait_for(lambda: self._left is None)
                    target.sendall(data[allowed:])
            target.shutdown(socket.SHUT_WR)

    def _allowed(self, count: int) -> int:
        with self._changed:
            if self._left is None:
                return count
            allowed = min(count, self._left)
            self._left -= allowed
            return allowed

    def _cut(self) -> None:
        self.reached.set()
        with self._changed:
            cut, self._open = self._open, []
            if self._once:
                self._left = None
        for each in cut:
            with contextlib.suppress(OSError):
                each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset, no farewell
                each.shutdown(socket.SHUT_RDWR)
            each.close()
