"""The walls around a worker, put up before it sees the first byte of a program.

A worker has no ambient authority: what it may know of the world it is sent on its two sockets.
The walls are there for the day on which a program takes the worker over. They need no root, no
container and nothing but the kernel:

- the zygote leaves the network, the file systems' mounts and the IPC of the machine for empty
  ones of its own; every worker inherits that;
- a worker sees an empty, removed folder as its root, is an ordinary user that exists nowhere
  else (where the server is root), has its memory, files and cores limited, and dies with the
  server;
- Landlock forbids it every file and port, and signals to others;
- seccomp forbids it every system call but those that it needs to compute.

What a kernel or a container does not allow is left out and reported.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import tempfile
import time
from dataclasses import dataclass

from datacode.i18n.catalog import mark
from datacode.worker.sandbox import landlock, seccomp, syscalls
from datacode.worker.wire import SandboxReport

NICE = 10
DESCRIPTORS = 64
THREADS = 64
STACK = 64 << 20
ADDRESSES = 16 << 30
"""Bytes of addresses beyond the memory: mapped and only read they are no data, but the tables
that the kernel keeps of them are memory all the same, and belong to nobody's limit."""

ADDRESSES_UNFILTERED = 2 << 30
"""The same beyond those of the start, where nothing keeps a process from making memory read-only
that it has filled, which then is no data any more: room for stacks and arenas of threads."""

_FIRST_USER = 0x70000000
"""Users of workers of a server that is root are numbered from here on, one for each process."""
_NOBODY = 65534


class SandboxFailed(Exception):
    """A wall that the kernel offers did not come up."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What the zygote has prepared for its workers.

    ``root`` is a descriptor of the empty folder, -1 if there is none. ``data`` is how many bytes
    of data a process has at its start, which the limit on memory comes on top of, and
    ``addresses`` how many bytes it has mapped.
    """

    walls: bool
    namespaces: tuple[str, ...]
    root: int
    server: int
    data: int = 0
    addresses: int = 0


def prepare(walls: bool) -> Ground:
    """What the zygote does once, while it has one thread: its namespaces, the empty folder.

    ``server`` is the process that everything here belongs to: the caller's parent.
    """
    root = _empty_folder() if walls else -1
    namespaces: tuple[str, ...] = ()
    if walls:
        seccomp.prepare()
        user, group = os.geteuid(), os.getegid()
        rest = ("net", "ipc", "uts", "mount")
        for names in (rest, ("user", *rest)) if os.geteuid() == 0 else (("user", *rest),):
            with contextlib.suppress(OSError):
                syscalls.unshare(names)
                namespaces = names
                break
        if "user" in namespaces:
            _keep_numbers(user, group)
    return Ground(walls, namespaces, root, os.getppid())


def _keep_numbers(user: int, group: int) -> None:
    """In a new user namespace, have the same numbers; without any it could have no inner one."""
    with contextlib.suppress(OSError):
        for name, text in (
            ("setgroups", "deny"),
            ("uid_map", f"{user} {user} 1"),
            ("gid_map", f"{group} {group} 1"),
        ):
            with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
                file.write(text)


def _empty_folder() -> int:
    """A descriptor of a folder that is removed already: nothing is in it or ever will be."""
    try:
        path = tempfile.mkdtemp(prefix="datacode-")
    except OSError:
        return -1
    try:
        return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    finally:
        os.rmdir(path)


def mapped_bytes() -> tuple[int, int]:
    """How much data and how many addresses this process has, as the kernel's limits count them."""
    try:
        with open("/proc/self/status", encoding="ascii") as status:
            sizes = dict(line.split(":", 1) for line in status if line.startswith("Vm"))
    except OSError:
        return 0, 0
    data, addresses = (int(sizes.get(name, "0 kB").split()[0]) for name in ("VmData", "VmSize"))
    return data * 1024, addresses * 1024


def enter(ground: Ground, memory_bytes: int) -> SandboxReport:
    """Put up every wall around this process, which has one thread; says which stand.

    Nothing may be open but its own sockets and the descriptors of ``ground``. Raises
    ``SandboxFailed`` if the server has gone.
    """
    missing: list[str] = []
    os.setpgid(0, 0)
    os.nice(NICE)
    user, empty_root = "", False
    if ground.walls:
        own_user = "user" in ground.namespaces and _own_user_namespace(missing)
        empty_root = _empty_root(ground.root, missing)
        if not own_user:
            user = _drop_user(missing)
        _limit_threads(own_user or user not in ("", str(_NOBODY)), missing)
    _limit(ground, memory_bytes)
    syscalls.prctl(syscalls.PR_SET_NO_NEW_PRIVS, 1)
    syscalls.prctl(syscalls.PR_SET_DUMPABLE, 0)
    syscalls.drop_capabilities()
    _die_with(ground.server)
    if not ground.walls:
        return SandboxReport(missing=(mark("the sandbox is off"),))
    version = landlock.shut()
    if not version:
        missing.append("Landlock")
    if not ground.namespaces:
        missing.append(mark("namespaces"))
    filtered = _filter_calls(missing)
    if not filtered and memory_bytes:
        _bound(resource.RLIMIT_AS, ground.addresses + memory_bytes + ADDRESSES_UNFILTERED)
    return SandboxReport(version, ground.namespaces, filtered, user, empty_root, tuple(missing))


def _own_user_namespace(missing: list[str]) -> bool:
    """A user namespace for this worker alone, in which its threads are counted."""
    try:
        syscalls.unshare(("user",))
    except OSError:
        missing.append(mark("a user namespace of its own"))
        return False
    return True


def _empty_root(folder: int, missing: list[str]) -> bool:
    """Make the empty folder the root, so that no path leads anywhere."""
    try:
        os.fchdir(folder)
        os.chroot(".")
    except OSError:
        missing.append(mark("an empty root"))
        return False
    finally:
        if folder >= 0:
            os.close(folder)
    return True


def _drop_user(missing: list[str]) -> str:
    """Where the server is root, become a user that nobody else is; gives its number or ''."""
    if os.geteuid() != 0:
        return ""
    for user in (_FIRST_USER + os.getpid(), _NOBODY):
        try:
            os.setgroups([])
            os.setresgid(user, user, user)
            os.setresuid(user, user, user)
        except OSError:
            continue
        return str(user)
    missing.append(mark("a user other than root"))
    return ""


def _limit_threads(alone: bool, missing: list[str]) -> None:
    """Bound the threads; only where none but this process are counted with them."""
    if alone:
        resource.setrlimit(resource.RLIMIT_NPROC, (THREADS, THREADS))
    else:
        missing.append(mark("a limit on threads"))


def _limit(ground: Ground, memory_bytes: int) -> None:
    """Memory, descriptors, no files to write, no core dumps. Lower limits that exist stay."""
    wanted = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NOFILE: DESCRIPTORS,
        resource.RLIMIT_STACK: STACK,
    }
    if memory_bytes:
        wanted[resource.RLIMIT_DATA] = ground.data + memory_bytes
        wanted[resource.RLIMIT_AS] = ground.data + memory_bytes + ADDRESSES
    for name, value in wanted.items():
        _bound(name, value)


def _bound(name: int, value: int) -> None:
    hard = resource.getrlimit(name)[1]
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(name, (value, value))


def _die_with(server: int) -> None:
    """Let the kernel kill this process when the server ends, however it ends.

    The process between the zygote and this one ends at once, and then the server is the parent.
    """
    until = time.monotonic() + 10
    while os.getppid() != server:
        if time.monotonic() > until:
            raise SandboxFailed("the server has gone")
        time.sleep(0.0001)
    syscalls.prctl(syscalls.PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != server:
        raise SandboxFailed("the server has gone")


def _filter_calls(missing: list[str]) -> bool:
    """The filter of system calls; False where there is none."""
    try:
        filtered = seccomp.shut(os.getpid())
    except OSError:
        filtered = False
    if not filtered:
        missing.append("seccomp")
    return filtered
