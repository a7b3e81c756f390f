"""The walls around an engine: as a worker's, but for one folder in which it has its files.

It is sent data and plans by a worker, which a program may have taken over; the walls are there for
the day on which one of these takes over the engine. Without Landlock nothing would keep it to its
folder, so there is none then.
"""

from __future__ import annotations

import os
import resource
import signal

from datacode.worker.sandbox import landlock, seccomp, syscalls

_NICE = 10
_DESCRIPTORS = 512
_ADDRESSES = 64 << 30


class NoWalls(Exception):
    """The kernel cannot keep an engine to its folder."""


def limit(memory: int, largest_file: int) -> None:
    """Limit the memory beyond what the process has now, and the size of its files."""
    now = _data_bytes()
    wanted = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: largest_file,
        resource.RLIMIT_NOFILE: _DESCRIPTORS,
        resource.RLIMIT_DATA: now + memory,
        resource.RLIMIT_AS: now + memory + _ADDRESSES,
    }
    for name, value in wanted.items():
        hard = resource.getrlimit(name)[1]
        if hard != resource.RLIM_INFINITY:
            value = min(value, hard)
        resource.setrlimit(name, (value, value))


def _data_bytes() -> int:
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmData:"))


def shut(folder: str, parent: int) -> None:
    """Put up the walls around this process, which has one thread. It ends with its parent.

    Raises ``NoWalls`` where there is no Landlock.
    """
    os.nice(_NICE)
    syscalls.prctl(syscalls.PR_SET_NO_NEW_PRIVS, 1)
    syscalls.prctl(syscalls.PR_SET_DUMPABLE, 0)
    syscalls.drop_capabilities()
    end_with(parent)
    if not landlock.shut(folder):
        raise NoWalls("Landlock")
    seccomp.shut(os.getpid(), on_files=True)


def end_with(parent: int) -> None:
    """Let the kernel kill this process when its parent ends, however it ends."""
    syscalls.prctl(syscalls.PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)
