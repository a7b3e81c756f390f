"""The connection of a worker to the engine that has its large tables; the server starts that."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from datacode.plans.client import Connection, Unavailable
from datacode.worker import wire
from datacode.worker.child.interrupts import InterruptGate
from datacode.worker.child.remote_files import RunChannel


class EngineConnection(Connection):
    """Waits as ``RemoteFiles`` does: a run may be interrupted in ``wait``, nowhere else.

    The thread of the control channel, which shows rows of tables, is never interrupted.
    """

    def __init__(self, stream: socket.socket, gate: InterruptGate) -> None:
        super().__init__(stream)
        self._gate = gate

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Within this only ``wait`` can be interrupted."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        with self._gate.closed():
            yield

    def wait(self) -> None:
        """Wait until there is something to receive."""
        if threading.current_thread() is not threading.main_thread():
            self._readable.poll()
            return
        self._gate.open()
        try:
            self._readable.poll()
        finally:
            self._gate.close()


def connector(
    channel: RunChannel, gate: InterruptGate, before: Callable[[], None]
) -> Callable[[], Connection]:
    """What asks the server for an engine. ``before`` is called before, the gate closed."""

    def connect() -> Connection:
        with gate.closed():
            before()
            request = channel.next_request()
            channel.send(wire.EngineRequest(request))
            answer, file = channel.answer(request)
            gate.close()
            if file is None:
                told = answer.message if isinstance(answer, wire.Failed) else None
                raise Unavailable(told)
            with file:
                descriptor = os.dup(file.fileno())
            return EngineConnection(
                socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, descriptor), gate
            )

    return connect
