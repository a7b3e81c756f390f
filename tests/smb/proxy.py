"""A TCP proxy on loopback that does to connections what bad networks do.

    proxy = FaultProxy(server.port)
    proxy.fault(Fault("cut", 5000))       # for the next connection only
    proxy.every(Fault("stall", 5000))     # for every connection from now on

Counted are the bytes that the server has sent on that connection.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """What happens when ``at`` bytes have come from the server.

    ``cut`` closes the connection, ``stall`` sends nothing more, ``flip`` inverts ``bit`` of the
    next byte, ``delay`` waits ``seconds`` once, ``none`` does nothing.
    """

    kind: str
    at: int = 0
    bit: int = 0
    seconds: float = 0.0


class FaultProxy:
    """Passes connections on to ``port``, faults and all."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self._target = port
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, 0), family=family)
        self.port: int = self._listener.getsockname()[1]
        self.connections = 0
        self.received = 0
        self._next: deque[Fault] = deque()
        self._always = Fault("none")
        self._open: set[socket.socket] = set()
        self._held: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._closed = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def fault(self, *faults: Fault) -> None:
        """These for the next connections, one each."""
        self._next.extend(faults)

    def every(self, fault: Fault) -> None:
        """This for every connection that has none of its own."""
        self._always = fault

    @property
    def open(self) -> int:
        """How many connections are open on both sides."""
        with self._lock:
            return len(self._open) // 2

    def hold_all(self) -> None:
        """On the connections that are open nothing arrives any more, in either direction, and
        nobody is told: as after a change of networks. New ones work."""
        with self._lock:
            self._held |= self._open

    def drop_all(self) -> None:
        """Close every connection that is open."""
        with self._lock:
            connections, self._open = self._open, set()
        for sock in connections:
            _shut(sock)

    def close(self) -> None:
        """End the proxy."""
        self._closed.set()
        _shut(self._listener)
        self.drop_all()

    def _accept(self) -> None:
        while not self._closed.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            fault = self._next.popleft() if self._next else self._always
            try:
                server = socket.create_connection(("127.0.0.1", self._target), 10)
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            with self._lock:
                self._open |= {client, server}
            for sock in (client, server):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._up, args=(client, server), daemon=True).start()
            threading.Thread(target=self._down, args=(server, client, fault), daemon=True).start()

    def _up(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(1 << 16):
                self._wait_if_held(client)
                server.sendall(data)
        self._end(client, server)

    def _down(self, server: socket.socket, client: socket.socket, fault: Fault) -> None:
        passed = 0
        with contextlib.suppress(OSError):
            while data := server.recv(1 << 16):
                self._wait_if_held(server)
                self.received += len(data)
                at = fault.at - passed
                passed += len(data)
                if 0 <= at < len(data):
                    data = self._faulty(client, data, at, fault)
                if data is None:
                    break
                client.sendall(data)
        self._end(client, server)

    def _wait_if_held(self, sock: socket.socket) -> None:
        while sock in self._held and not self._closed.wait(0.05):
            pass

    def _faulty(self, client: socket.socket, data: bytes, at: int, fault: Fault) -> bytes | None:
        """What is to be sent on; None to end the connection."""
        if fault.kind == "flip":
            return data[:at] + bytes((data[at] ^ 1 << fault.bit,)) + data[at + 1 :]
        if fault.kind == "none":
            return data
        client.sendall(data[:at])
        if fault.kind == "delay":
            self._closed.wait(fault.seconds)
            return data[at:]
        if fault.kind == "stall":
            # Until whoever waits for the rest has given up and closed.
            with contextlib.suppress(OSError):
                while client.fileno() >= 0 and not self._closed.wait(0.05):
                    if client.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] != 1:
                        break
        return None

    def _end(self, *sockets: socket.socket) -> None:
        with self._lock:
            self._open -= set(sockets)
            is_held = not self._held.isdisjoint(sockets)
        if is_held:
            self._closed.wait()  # that one side has closed does not reach the other either
        for sock in sockets:
            _shut(sock)


def _shut(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
    sock.close()
