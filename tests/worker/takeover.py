"""A worker that has been taken over: it runs Python that it is sent, behind the real walls.

The zygote is started with ``serve`` as its entry, so that everything up to there is the code that
real workers go through. Not part of the server, which has no message that runs Python.
"""

from __future__ import annotations

import contextlib
import io
import json  # noqa: F401 - what tests import must have been imported before the fork
import mmap  # noqa: F401
import os
import random  # noqa: F401
import socket
import threading  # noqa: F401
import traceback

from datacode.worker import wire


def serve(run: socket.socket, control: socket.socket, fork: wire.Fork) -> None:
    """Run what comes as Python; its output and traceback go back."""
    frames = wire.FrameSplitter(wire.MAX_FROM_SERVER)
    decode = wire.Decoder[wire.ToWorker](wire.ToWorker)
    names = {"run_channel": run, "control_channel": control, "fork": fork}
    while data := run.recv(1 << 16):
        for frame in frames.feed(data):
            message = decode(frame)
            assert isinstance(message, wire.RunProgram)
            run.sendall(wire.encode(wire.Finished(message.run, _output(message.code, names), None)))
    os._exit(0)


def _output(code: str, names: dict[str, object]) -> str:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        try:
            exec(code, names)
        except BaseException:  # noqa: BLE001 - whatever it is, it is printed
            traceback.print_exc(file=printed)
    return printed.getvalue()
