"""The system calls that a worker may make: those on a list, and no others.

The list is what Python, and Polars with its threads, need to compute and to talk on sockets that
are open already. It has no call that opens a file or looks at one by its path, makes a socket,
starts a program or a process, or looks at another process; an engine, which has a folder, gets
those on files. ``newfstatat`` and ``statx`` take a path even where they are told to look at an
open file, and a filter cannot see that it is empty; Python reads a file also where it cannot ask
about it. A call that is not on the list fails with EPERM, so that a library which tries one finds
out; ``clone3`` fails with ENOSYS, as do calls newer than the list, so that the C library falls
back on calls which the filter can look into.

The filter is a program of the kernel's classic packet filter (``seccomp(2)``).
"""

from __future__ import annotations

import ctypes
import errno
import struct
from dataclasses import dataclass
from functools import cache

from datacode.worker.sandbox.syscalls import PR_SET_SECCOMP, machine, prctl

# Numbers of system calls: x86_64, aarch64. None where the machine lacks the call.
_ALLOWED: dict[str, tuple[int | None, int | None]] = {
    "futex": (202, 98),
    "read": (0, 63),
    "write": (1, 64),
    "poll": (7, None),
    "ppoll": (271, 73),
    "recvfrom": (45, 207),
    "recvmsg": (47, 212),
    "sendto": (44, 206),
    "munmap": (11, 215),
    "mremap": (25, 216),
    "madvise": (28, 233),
    "brk": (12, 214),
    "sched_yield": (24, 124),
    "sched_getaffinity": (204, 123),
    "getcpu": (309, 168),
    "clock_gettime": (228, 113),
    "clock_getres": (229, 114),
    "clock_nanosleep": (230, 115),
    "nanosleep": (35, 101),
    "gettimeofday": (96, 169),
    "time": (201, None),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "sigaltstack": (131, 132),
    "restart_syscall": (219, 128),
    "setitimer": (38, 103),
    "getitimer": (36, 102),
    "readv": (19, 65),
    "writev": (20, 66),
    "pread64": (17, 67),
    "lseek": (8, 62),
    "close": (3, 57),
    "fstat": (5, 80),
    "select": (23, None),
    "pselect6": (270, 72),
    "set_robust_list": (273, 99),
    "rseq": (334, 293),
    "membarrier": (324, 283),
    "futex_waitv": (449, 449),
    "epoll_create1": (291, 20),
    "epoll_ctl": (233, 21),
    "epoll_wait": (232, None),
    "epoll_pwait": (281, 22),
    "eventfd2": (290, 19),
    "getrandom": (318, 278),
    "getpid": (39, 172),
    "gettid": (186, 178),
    "getppid": (110, 173),
    "getuid": (102, 174),
    "geteuid": (107, 175),
    "getgid": (104, 176),
    "getegid": (108, 177),
    "getrusage": (98, 165),
    "times": (100, 153),
    "sysinfo": (99, 179),
    "uname": (63, 160),
    "getrlimit": (97, 163),
    "exit": (60, 93),
    "exit_group": (231, 94),
}

_ON_FILES: dict[str, tuple[int | None, int | None]] = {
    "open": (2, None),
    "openat": (257, 56),
    "stat": (4, None),
    "lstat": (6, None),
    "newfstatat": (262, 79),
    "statx": (332, 291),
    "access": (21, None),
    "faccessat": (269, 48),
    "faccessat2": (439, 439),
    "readlink": (89, None),
    "readlinkat": (267, 78),
    "getcwd": (79, 17),
    "getdents64": (217, 61),
    "mkdir": (83, None),
    "mkdirat": (258, 34),
    "rmdir": (84, None),
    "unlink": (87, None),
    "unlinkat": (263, 35),
    "rename": (82, None),
    "renameat": (264, 38),
    "renameat2": (316, 276),
    "pwrite64": (18, 68),
    "ftruncate": (77, 46),
    "fallocate": (285, 47),
    "fsync": (74, 82),
    "fdatasync": (75, 83),
    "fadvise64": (221, 223),
    "statfs": (137, 43),
    "fstatfs": (138, 44),
}
"""What a process needs besides that has a folder to write files in. Landlock bounds it to that."""

_LOOKED_INTO: dict[str, tuple[int, int]] = {
    "mmap": (9, 222),
    "mprotect": (10, 226),
    "clone": (56, 220),
    "fcntl": (72, 25),
    "ioctl": (16, 29),
    "prctl": (157, 167),
    "prlimit64": (302, 261),
}

_SIGNALS: dict[str, tuple[int, int]] = {"kill": (62, 129), "tgkill": (234, 131)}
"""Allowed to the process itself only."""

_CLONE3 = 435
_NEWEST = 450
_X32 = 0x40000000
_ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}

_ALLOW, _KILL = 0x7FFF0000, 0x80000000
_REFUSE = 0x00050000 | errno.EPERM
_UNKNOWN = 0x00050000 | errno.ENOSYS

_LOAD, _RETURN, _AND = 0x20, 0x06, 0x54
_IF_EQUAL, _IF_AT_LEAST, _IF_ANY_BIT = 0x15, 0x35, 0x45

_PROT_WRITE, _PROT_EXEC = 0x2, 0x4
_MAP_SHARED, _MAP_ANONYMOUS, _MAP_GROWSDOWN = 0x01, 0x20, 0x100
_THREAD = 0x00000100 | 0x00000800 | 0x00010000
"""CLONE_VM, CLONE_SIGHAND, CLONE_THREAD: a thread of this process, and nothing else."""
_NEW_NAMESPACE = 0x7E020080

_FCNTL = (1, 2, 3, 1030)
"""F_GETFD, F_SETFD, F_GETFL, F_DUPFD_CLOEXEC."""
_FCNTL_ON_FILES = (5, 6, 7)
"""F_GETLK, F_SETLK, F_SETLKW."""
_IOCTL = (0x5401, 0x5421, 0x541B, 0x5450, 0x5451)
"""TCGETS, FIONBIO, FIONREAD, FIONCLEX, FIOCLEX."""
_PRCTL = (15, 16, 0x53564D41)
"""PR_SET_NAME, PR_GET_NAME, PR_SET_VMA: names of threads and of memory."""


@dataclass(frozen=True, slots=True)
class _Step:
    """One instruction; the jumps count instructions that are left out."""

    code: int
    value: int
    if_true: int = 0
    if_false: int = 0

    def packed(self) -> bytes:
        return struct.pack("=HBBI", self.code, self.if_true, self.if_false, self.value)


def _low(argument: int) -> _Step:
    """Load the low half of an argument (both machines are little-endian)."""
    return _Step(_LOAD, 16 + 8 * argument)


def _high(argument: int) -> _Step:
    return _Step(_LOAD, 20 + 8 * argument)


_YES, _NO = _Step(_RETURN, _ALLOW), _Step(_RETURN, _REFUSE)


def _one_of(argument: int, values: tuple[int, ...]) -> list[_Step]:
    """Allowed where the argument is one of these."""
    steps = [_low(argument)]
    for value in values:
        steps += [_Step(_IF_EQUAL, value, 0, 1), _YES]
    return [*steps, _NO]


def _rules(on_files: bool) -> dict[str, list[_Step]]:
    """What is allowed of the calls that are allowed in part."""
    return {
        # No new code, no memory that the limit on data does not count.
        "mmap": [
            _low(2),
            _Step(_IF_ANY_BIT, _PROT_EXEC, 0, 1),
            _NO,
            _low(3),
            _Step(_IF_ANY_BIT, _MAP_GROWSDOWN, 0, 1),
            _NO,
            _Step(_AND, _MAP_SHARED | _MAP_ANONYMOUS),
            _Step(_IF_EQUAL, _MAP_SHARED | _MAP_ANONYMOUS, 0, 1),
            _NO,
            _YES,
        ],
        # No new code; and memory that has been filled does not become read-only: the limit on
        # data does not count that any more.
        "mprotect": [
            _low(2),
            _Step(_IF_ANY_BIT, _PROT_EXEC, 0, 1),
            _NO,
            _Step(_IF_ANY_BIT, _PROT_WRITE, 0, 1),
            _YES,
            _NO,
        ],
        "clone": [
            _low(0),
            _Step(_IF_ANY_BIT, _NEW_NAMESPACE, 0, 1),
            _NO,
            _Step(_AND, _THREAD),
            _Step(_IF_EQUAL, _THREAD, 0, 1),
            _YES,
            _NO,
        ],
        "fcntl": _one_of(1, _FCNTL + (_FCNTL_ON_FILES if on_files else ())),
        "ioctl": _one_of(1, _IOCTL),
        "prctl": _one_of(0, _PRCTL),
        # Its own limits, to read: the pointer to new ones is null.
        "prlimit64": [
            _low(0),
            _Step(_IF_EQUAL, 0, 1, 0),
            _NO,
            _low(2),
            _Step(_IF_EQUAL, 0, 1, 0),
            _NO,
            _high(2),
            _Step(_IF_EQUAL, 0, 1, 0),
            _NO,
            _YES,
        ],
    }


def _block(number: int, rule: list[_Step]) -> list[_Step]:
    """What is done with one call; every path through a rule returns."""
    return [_Step(_IF_EQUAL, number, 0, len(rule)), *rule]


def _packed(steps: list[_Step]) -> bytes:
    return b"".join(step.packed() for step in steps)


@cache
def _fixed(name: str, on_files: bool = False) -> tuple[bytes, bytes]:
    """The beginning and the end of a machine's filter, which are the same for every process."""
    column, architecture = _ARCHITECTURES[name]
    steps = [
        _Step(_LOAD, 4),
        _Step(_IF_EQUAL, architecture, 1, 0),
        _Step(_RETURN, _KILL),
        _Step(_LOAD, 0),
        _Step(_IF_AT_LEAST, _X32, 0, 1),
        _Step(_RETURN, _UNKNOWN),
    ]
    allowed = _ALLOWED | (_ON_FILES if on_files else {})
    for numbers in allowed.values():
        if (number := numbers[column]) is not None:
            steps += _block(number, [_YES])
    rules = _rules(on_files)
    for call, both in _LOOKED_INTO.items():
        steps += _block(both[column], rules[call])
    end = [
        *_block(_CLONE3, [_Step(_RETURN, _UNKNOWN)]),
        _Step(_IF_AT_LEAST, _NEWEST, 0, 1),
        _Step(_RETURN, _UNKNOWN),
        _NO,
    ]
    return _packed(steps), _packed(end)


def program(name: str, process: int, *, on_files: bool = False) -> bytes:
    """The filter for a machine and for the process of that number. KeyError: no such machine."""
    beginning, end = _fixed(name, on_files)
    column = _ARCHITECTURES[name][0]
    to_itself = [
        step for both in _SIGNALS.values() for step in _block(both[column], _one_of(0, (process,)))
    ]
    return beginning + _packed(to_itself) + end


def prepare() -> None:
    """Make what every process's filter has in common, before many of them need it."""
    if machine() in _ARCHITECTURES:
        _fixed(machine())


class _FilterProgram(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_void_p))


def shut(process: int, *, on_files: bool = False) -> bool:
    """Install the filter for good; False on a machine that it has no numbers for.

    With ``on_files`` it lets calls through that open and change files. ``no_new_privs`` has to be
    set before, and no other thread may run. Raises OSError where the kernel has no such filters.
    """
    if machine() not in _ARCHITECTURES:
        return False
    code = program(machine(), process, on_files=on_files)
    steps = ctypes.create_string_buffer(code, len(code))
    filter_ = _FilterProgram(len(code) // 8, ctypes.addressof(steps))
    prctl(PR_SET_SECCOMP, 2, ctypes.addressof(filter_))
    return True
