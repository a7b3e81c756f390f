"""The process that workers are forked from.

It is started once, imports everything a worker may ever need, and forks on request: a worker so
costs milliseconds and shares the memory of what it does not change. It never runs a program.

A worker is made by forking twice. The process in between ends at once, whereupon the worker is
the server's own child (the server is a "child subreaper"): the kernel kills it when the server
ends, the server learns how it ended, and the zygote may die without harm to it. A worker begins
only when the server has been told its number: what has answered is not lost with the zygote.

``python -c "…; main()" FD SANDBOX ENTRY`` is how ``zygote_client`` starts it; FD is the socket on
which requests come, with two descriptors each.
"""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import importlib
import mmap
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from datacode.i18n.catalog import mark
from datacode.worker import wire
from datacode.worker.sandbox import syscalls
from datacode.worker.sandbox import walls as sandbox
from datacode.worker.sandbox.walls import Ground

Entry = Callable[[socket.socket, socket.socket, wire.Fork], None]
"""What a worker does with its two sockets once its walls stand."""

ENTRY = "datacode.worker.child.main:serve"

_PATIENCE = 2.0

FAILED, OUT_OF_MEMORY, NOT_BEGUN = 70, 71, 72
"""Exit statuses of a worker: it could not go on; it had no memory left even to say so; the zygote
ended before it had told of it, and no program was run."""


def main() -> None:
    """Prepare, report, and fork until the server closes the socket."""
    descriptor, walls, entry_name = int(sys.argv[1]), sys.argv[2] == "on", sys.argv[3]
    server = os.getppid()
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        # Whoever stops a service signals all of its processes; the server decides when we end.
        signal.signal(number, signal.SIG_IGN)
    os.setsid()
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:
        score.write("500")  # if memory runs out, a worker goes before the server
    control = socket.socket(fileno=descriptor)
    ground = sandbox.prepare(walls)
    syscalls.prctl(syscalls.PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != server:
        return
    syscalls.call_process("datacode-zygote")
    entry = _preload(entry_name)
    _settle()
    gc.collect()
    gc.freeze()
    data, addresses = sandbox.mapped_bytes()
    ground = dataclasses.replace(ground, data=data, addresses=addresses)
    control.sendall(wire.encode(wire.Ready(_tried(ground))))
    _serve(control, ground, entry)


def _preload(entry_name: str) -> Entry:
    """Import the module that workers run and let it prepare itself; gives its function."""
    module_name, _, name = entry_name.partition(":")
    module = importlib.import_module(module_name)
    prepare = getattr(module, "prepare", None)
    if prepare is not None:
        prepare()
    entry: Entry = getattr(module, name)
    return entry


def _settle() -> None:
    """Wait until threads that libraries have started sleep: a fork copies the locks they hold."""
    own = str(threading.get_native_id())
    quiet = 0
    until = time.monotonic() + _PATIENCE
    while quiet < 3 and time.monotonic() < until:
        states = []
        with contextlib.suppress(OSError):
            for thread in set(os.listdir("/proc/self/task")) - {own}:
                with open(f"/proc/self/task/{thread}/stat", encoding="ascii") as stat:
                    states.append(stat.read().rpartition(")")[2].split()[0])
        quiet = quiet + 1 if set(states) <= {"S"} else 0
        time.sleep(0.002)


def _tried(ground: Ground) -> wire.SandboxReport:
    """Which walls stand around a worker: one is made, reports and ends."""
    reading, writing = os.pipe()
    process = os.fork()
    if process == 0:
        status = FAILED
        with contextlib.suppress(Exception):
            own = dataclasses.replace(ground, server=os.getppid())
            report = sandbox.enter(own, 0)
            os.write(writing, wire.encode(wire.Ready(report)))
            status = 0
        os._exit(status)
    os.close(writing)
    with open(reading, "rb") as pipe:
        frames = list(wire.FrameSplitter(wire.MAX_FROM_WORKER).feed(pipe.read()))
    os.waitpid(process, 0)
    if not frames:
        return wire.SandboxReport(missing=(mark("a worker could not be made"),))
    ready = wire.from_zygote(frames[0])
    return ready.sandbox if isinstance(ready, wire.Ready) else wire.SandboxReport()


def _serve(control: socket.socket, ground: Ground, entry: Entry) -> None:
    """Fork a worker for each request."""
    frames = wire.FrameSplitter(wire.MAX_FROM_WORKER)
    nothing = os.open(os.devnull, os.O_RDWR)
    waiting: list[int] = []
    while True:
        data, descriptors, _, _ = socket.recv_fds(control, 4096, 16)
        if not data:
            return
        waiting += descriptors
        for frame in frames.feed(data):
            request = wire.to_zygote(frame)
            channels = (waiting.pop(0), waiting.pop(0))
            told, tell = os.pipe()
            answer = _fork(_ToFork(request, channels, told, nothing, ground, entry))
            for descriptor in (*channels, told):
                os.close(descriptor)
            control.sendall(wire.encode(answer))
            _let_begin(tell)


@dataclass(frozen=True, slots=True)
class _ToFork:
    """A worker that is asked for.

    ``channels`` are its two sockets. ``told`` is a pipe on which the zygote says that the server
    knows of it; ``nothing`` is the null device. ``ground`` are its walls and ``entry`` is what it
    does inside them.
    """

    request: wire.Fork
    channels: tuple[int, int]
    told: int
    nothing: int
    ground: Ground
    entry: Entry


def _fork(worker: _ToFork) -> wire.Forked:
    """Make a worker: a child of a child, whose number comes back in shared memory."""
    with mmap.mmap(-1, 8) as number:
        try:
            between = os.fork()
            if between == 0:
                _in_between(number, worker)
            os.waitpid(between, 0)
        except OSError as error:
            return wire.Forked(worker.request.request, 0, str(error))
        process = int.from_bytes(number[:8], "little")
    if not process:
        return wire.Forked(worker.request.request, 0, "a second process could not be made")
    return wire.Forked(worker.request.request, process)


def _let_begin(tell: int) -> None:
    """Say to a new worker that the server knows of it."""
    with contextlib.suppress(BrokenPipeError):  # it may have ended meanwhile
        os.write(tell, b"1")
    os.close(tell)


def _in_between(number: mmap.mmap, worker: _ToFork) -> None:
    """The process between zygote and worker: fork, tell the number, end. Never returns."""
    with contextlib.suppress(OSError):
        process = os.fork()
        if process == 0:
            _begin(worker)
        number[:8] = process.to_bytes(8, "little")
    os._exit(0)


def _begin(worker: _ToFork) -> None:
    """The worker's first steps: nothing open but its sockets, walls up, then the entry.

    ``told`` closes without a byte if the zygote ended before it told of this worker: the server
    has another made then, and this one must not run what that one will run.
    """
    try:
        for standard in (0, 1, 2):
            os.dup2(worker.nothing, standard)
        _close_others((*worker.channels, worker.told, worker.ground.root))
        run, control = (socket.socket(fileno=descriptor) for descriptor in worker.channels)
        syscalls.call_process("datacode-worker")
        sandbox.enter(worker.ground, worker.request.memory_bytes)
        if not os.read(worker.told, 1):
            os._exit(NOT_BEGUN)
        os.close(worker.told)
        worker.entry(run, control, worker.request)
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    except BaseException as error:  # noqa: BLE001 - nothing may get back into the zygote's loop
        with contextlib.suppress(Exception):
            trouble = f"a worker could not go on: {type(error).__name__}: {error}"
            os.write(worker.channels[0], wire.encode(wire.Trouble(trouble)))
        os._exit(FAILED)
    os._exit(0)


def _close_others(kept: tuple[int, ...]) -> None:
    """Close every descriptor from 3 on but these."""
    low = 3
    for descriptor in sorted(d for d in kept if d >= 0):
        os.closerange(low, descriptor)
        low = descriptor + 1
    os.closerange(low, os.sysconf("SC_OPEN_MAX"))
