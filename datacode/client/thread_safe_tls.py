"""A TLS connection that one thread reads while another writes.

The blocking client of websockets reads in a thread of its own. OpenSSL forbids two threads in one
connection, and Python before 3.13 does nothing about it: where a TLS 1.3 server sends its session
tickets just as the first request is written, that request may be lost, or the process die.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import ssl
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

Result = TypeVar("Result")


class ThreadSafeTLSContext:
    """Makes TLS connections with the settings of an ``ssl.SSLContext``."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context

    def wrap_socket(self, sock: socket.socket, **options: Any) -> ThreadSafeTLSSocket:
        """Shake hands on a connected socket, within its timeout, as ``SSLContext`` does."""
        return ThreadSafeTLSSocket(self._context.wrap_socket(sock, **options))


class ThreadSafeTLSSocket:
    """A TLS socket of which each method may be called while another thread is in another.

    Every call of OpenSSL is made under a lock and returns at once; the waiting is done outside.
    Timeouts and errors are those of ``ssl.SSLSocket``, whose other methods and attributes it has.
    """

    def __init__(self, tls: ssl.SSLSocket) -> None:
        self._tls = tls
        self._lock = threading.Lock()
        self._timeout = tls.gettimeout()
        tls.setblocking(False)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tls, name)

    def gettimeout(self) -> float | None:
        """The seconds that a call may wait; None for ever."""
        return self._timeout

    def settimeout(self, seconds: float | None) -> None:
        """Let calls that begin from now on wait so long; None for ever."""
        self._timeout = seconds

    def recv(self, size: int) -> bytes:
        """At most ``size`` bytes, as soon as there are any; none at the end of the stream."""
        return self._when_ready(partial(self._tls.recv, size), self._deadline())

    def send(self, data: bytes) -> int:
        """Send the beginning of the data; gives how many bytes."""
        return self._when_ready(partial(self._tls.send, data), self._deadline())

    def sendall(self, data: bytes) -> None:
        """Send all of the data."""
        deadline = self._deadline()
        left = memoryview(data)
        while left:
            sent = self._when_ready(partial(self._tls.send, left), deadline)
            left = left[sent:]

    def shutdown(self, how: int) -> None:
        """End the connection below TLS, in one direction or both."""
        with self._lock:
            # SSLSocket's own would take what still comes for plain text.
            socket.socket.shutdown(self._tls, how)

    def close(self) -> None:
        """Close the socket. Whoever waits in it is woken."""
        with contextlib.suppress(OSError):
            self.shutdown(socket.SHUT_RDWR)
        with self._lock:
            self._tls.close()

    def _deadline(self) -> float | None:
        return None if self._timeout is None else time.monotonic() + self._timeout

    def _when_ready(self, call: Callable[[], Result], deadline: float | None) -> Result:
        """The result of a call that does not wait, made again until it has what it needs."""
        while True:
            with self._lock:
                try:
                    return call()
                except ssl.SSLWantReadError:
                    wanted = selectors.EVENT_READ
                except ssl.SSLWantWriteError:
                    wanted = selectors.EVENT_WRITE
                # A descriptor of our own, made under the lock: when the socket is closed meanwhile,
                # its number may be another's, and epoll would forget it without a word.
                own = os.dup(self._tls.fileno())
            try:
                _wait(own, wanted, deadline)
            finally:
                os.close(own)


def _wait(number: int, wanted: int, deadline: float | None) -> None:
    """Wait for a descriptor. Raises ``TimeoutError``."""
    left = None if deadline is None else max(0.0, deadline - time.monotonic())
    with selectors.DefaultSelector() as selector:
        selector.register(number, wanted)
        if not selector.select(left):
            raise TimeoutError("timed out")
