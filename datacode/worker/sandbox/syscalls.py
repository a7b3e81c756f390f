"""The few system calls that a worker needs and Python does not offer, through ``ctypes``."""

from __future__ import annotations

import ctypes
import os

_libc = ctypes.CDLL(None, use_errno=True)

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_NAME = 15
PR_SET_SECCOMP = 22
PR_SET_CHILD_SUBREAPER = 36
PR_GET_CHILD_SUBREAPER = 37
PR_SET_NO_NEW_PRIVS = 38

NAMESPACES = {
    "user": 0x10000000,
    "net": 0x40000000,
    "ipc": 0x08000000,
    "uts": 0x04000000,
    "mount": 0x00020000,
}

_CAPSET = {"x86_64": 126, "aarch64": 91}
_CAPABILITY_VERSION_3 = 0x20080522


def machine() -> str:
    """The name of the processor's family: ``x86_64``, ``aarch64``, …"""
    return os.uname().machine


def _checked(result: int, name: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
    return result


def prctl(option: int, *arguments: int) -> int:
    """``prctl(2)``; raises OSError."""
    padded = [ctypes.c_ulong(a) for a in (*arguments, 0, 0, 0, 0)[:4]]
    return _checked(_libc.prctl(ctypes.c_int(option), *padded), "prctl")


def call_process(name: str) -> None:
    """The name under which ``ps`` and ``top`` show this process; 15 characters are kept."""
    text = ctypes.create_string_buffer(name.encode("ascii"))
    prctl(PR_SET_NAME, ctypes.addressof(text))


def child_subreaper() -> bool:
    """Do orphans among this process's descendants become its own children?"""
    answer = ctypes.c_int(0)
    prctl(PR_GET_CHILD_SUBREAPER, ctypes.addressof(answer))
    return bool(answer.value)


def syscall(number: int, *arguments: int | ctypes.Array[ctypes.c_char] | None) -> int:
    """Any system call; buffers are passed by address. Raises OSError."""
    passed = [ctypes.c_ulong(a) if isinstance(a, int) else a for a in arguments]
    return _checked(int(_libc.syscall(ctypes.c_long(number), *passed)), f"system call {number}")


def unshare(names: tuple[str, ...]) -> None:
    """Leave the namespaces of these names for new ones; all or none. Raises OSError."""
    flags = sum(NAMESPACES[name] for name in names)
    _checked(_libc.unshare(ctypes.c_int(flags)), "unshare")


def drop_capabilities() -> None:
    """Give up every privilege that the process may have, in its own user namespace too."""
    number = _CAPSET.get(machine())
    if number is None:
        return
    header = ctypes.create_string_buffer(_CAPABILITY_VERSION_3.to_bytes(4, "little") + bytes(4), 8)
    nothing = ctypes.create_string_buffer(24)
    syscall(number, header, nothing)
