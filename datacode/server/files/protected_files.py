"""What no program may read, wherever programs may read: the server's own files, and the kernel's.

The server's own are its configuration, accounts, keys, tickets, logs and session folders. They are
known by their names, with what editors and log rotation make of these (``server.toml~``,
``audit.jsonl.1``), and by what they are, so that a hard link is no way in. The kernel's are the
files of procfs, sysfs and their like: the environment of the server is among them, and so is
whatever it has open.

Source: server reference, 7.2.
"""

from __future__ import annotations

import ctypes
import errno
import os
import re
import stat
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

SERVER_FOLDER = "datacode-sessions-"
"""How the name of the folder begins in which a server has its session folders."""

NEW_FOLDER = "datacode-new-"
"""How it begins until that folder is locked."""

_KERNEL_FILES: Final = frozenset(
    {
        0x9FA0,  # procfs
        0x62656572,  # sysfs
        0x64626720,  # debugfs
        0x74726163,  # tracefs
        0x73636673,  # securityfs
        0x62656570,  # configfs
        0x27E0EB,  # cgroup
        0x63677270,  # cgroup2
        0x1CD1,  # devpts
        0xCAFE4A11,  # bpf
        0x6165676C,  # pstore
        0xDE5E81E4,  # efivarfs
        0xF97CFF8C,  # selinuxfs
        0x43415D53,  # smackfs
        0x42494E4D,  # binfmt_misc
        0x19800202,  # mqueue
        0x6E736673,  # nsfs
        0x65735543,  # fusectl
        0x67596969,  # rpc_pipefs
        0x6C6F6F70,  # binderfs
    }
)
"""File systems in which the kernel shows itself and processes (``statfs(2)``, ``magic.h``)."""

_HEAD = 512
_PRIVATE_KEY = re.compile(rb"^-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----", re.MULTILINE)
_PEM = re.compile(rb"^(-----BEGIN |Bag Attributes)", re.MULTILINE)
_PEM_BYTES = 1 << 18
_KEY_FORMATS = (b"PuTTY-User-Key-File-", b"\x05\x02\x00\x00\x00", b"\x05\x04\x00\x0c")
"""Keys of PuTTY, keytabs and ticket caches of Kerberos."""
_OPENAT2 = 437
_NO_MAGIC_LINKS = 0x02
_STANDARD_STREAMS = (0, 1, 2)
_MARKS = "~.#"
"""What stands behind a name where an editor or log rotation keeps another version of the file."""

KEY_FOLDERS = (".ssh", ".gnupg", ".aws", ".kube", ".docker", ".azure", ".netrc", ".pgpass")
"""What a home folder has where somebody keeps keys in it."""


class ProtectedFiles:
    """The files and folders of one server that no program reads, and those of the kernel."""

    def __init__(self, files: Iterable[Path] = (), folders: Iterable[Path] = ()) -> None:
        self._files = tuple(sorted({str(path.absolute()) for path in files}))
        self._folders = tuple(sorted({os.path.realpath(path) for path in folders}))
        self._names = [
            (os.path.realpath(os.path.dirname(path)), os.path.basename(path))
            for path in (*self._files, *map(os.path.realpath, self._files))
        ]

    def holds(self, descriptor: int, real: str, status: os.stat_result) -> bool:
        """Whether an open file or folder, whose path has no links in it, is a protected one."""
        if _is_of_kernel(descriptor) or (stat.S_ISREG(status.st_mode) and not status.st_nlink):
            return True
        folder, name = os.path.split(real)
        if any(part.startswith((SERVER_FOLDER, NEW_FOLDER)) for part in real.split("/")):
            return True
        if any(real == each or real.startswith(each + "/") for each in self._folders):
            return True
        if any(folder == place and _is_version(name, own) for place, own in self._names):
            return True
        return stat.S_ISREG(status.st_mode) and self._is_one_of_ours(status)

    def is_secret(self, descriptor: int) -> bool:
        """Whether a file begins as private keys and files of accounts do, whosever it is.

        In a file of PEM, or one that begins as OpenSSL describes keys, the key may stand behind
        certificates.
        """
        head = os.pread(descriptor, _HEAD, 0)
        if head.startswith(_KEY_FORMATS) or b":$argon2" in head:
            return True
        if _PEM.search(head):
            head = os.pread(descriptor, _PEM_BYTES, 0)
        return _PRIVATE_KEY.search(head) is not None

    def _is_one_of_ours(self, status: os.stat_result) -> bool:
        """Whether it is a protected file by another name, or what our own output goes to."""
        places: tuple[str | int, ...] = (*self._files, *_STANDARD_STREAMS)
        for place in places:
            try:
                own = os.stat(place)
            except OSError:
                continue  # not there now
            if os.path.samestat(own, status):
                return True
        return False


def _is_version(name: str, own: str) -> bool:
    bare = name.lstrip(_MARKS)
    return bare == own or (bare.startswith(own) and bare[len(own)] in _MARKS)


class _StatFs(ctypes.Structure):
    """The beginning of ``struct statfs``, and room for the rest."""

    _fields_ = (("kind", ctypes.c_long), ("rest", ctypes.c_char * 248))


class _OpenHow(ctypes.Structure):
    """``struct open_how`` of openat2(2)."""

    _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))


_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def _is_of_kernel(descriptor: int) -> bool:
    if _libc is None:
        return False
    found = _StatFs()
    if _libc.fstatfs(descriptor, ctypes.byref(found)) != 0:
        return True  # what cannot be told is refused
    return found.kind & 0xFFFFFFFF in _KERNEL_FILES


def open_without_magic(path: str, flags: int) -> int:
    """``os.open`` that follows no link of procfs: those lead to what other processes have open.

    On systems without ``openat2`` it follows them; then only what they lead to is looked at.
    Raises ``OSError``.
    """
    if _libc is not None:
        how = _OpenHow(flags, 0, _NO_MAGIC_LINKS)
        found = _libc.syscall(
            ctypes.c_long(_OPENAT2),
            ctypes.c_int(-100),  # AT_FDCWD
            ctypes.c_char_p(os.fsencode(path)),
            ctypes.byref(how),
            ctypes.c_size_t(ctypes.sizeof(how)),
        )
        if found >= 0:
            return int(found)
        number = ctypes.get_errno()
        if number not in (errno.ENOSYS, errno.EPERM):
            raise OSError(number, os.strerror(number), path)
    return os.open(path, flags)


def exposed_keys(folders: Iterable[Path]) -> list[Path]:
    """Those of the folders that are the root of the disk, or a home with keys in it."""
    found = []
    for folder in folders:
        real = Path(os.path.realpath(folder))
        if real == real.parent or any(os.path.lexists(real / name) for name in KEY_FOLDERS):
            found.append(folder)
    return found
