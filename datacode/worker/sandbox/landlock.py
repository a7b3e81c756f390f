"""Landlock: from here on the process opens no file, binds and reaches no port.

Nothing at all is let through, but for one folder where a process has to write files. Whatever a
worker needs it has been given: its modules are loaded before it is forked, and files reach it as
open descriptors, which Landlock leaves alone.
"""

from __future__ import annotations

import ctypes
import os
import struct

from datacode.worker.sandbox.syscalls import syscall

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_PATH_BENEATH = 1
_ONLY_VERSION = 1

_FILE_RIGHTS = ((1, 13), (2, 14), (3, 15), (5, 16))
"""How many rights to files there are from each version on; every right is one bit."""


def version() -> int:
    """The version of Landlock that the kernel offers; 0 for none."""
    try:
        return syscall(_CREATE_RULESET, None, 0, _ONLY_VERSION)
    except OSError:
        return 0


def shut(folder: str | None = None) -> int:
    """Forbid everything that this kernel's Landlock can; gives its version, 0 for none.

    What is in ``folder`` stays free. ``no_new_privs`` has to be set before. Holds for this thread
    and all that it starts.
    """
    available = version()
    if not available:
        return 0
    files = (1 << max(count for since, count in _FILE_RIGHTS if since <= available)) - 1
    fields = [files]
    if available >= 4:
        fields.append(0b11)  # bind and connect TCP
    if available >= 6:
        fields.append(0b11)  # abstract UNIX sockets of others, signals to others
    rules = struct.pack(f"={len(fields)}Q", *fields)
    attributes = ctypes.create_string_buffer(rules, len(rules))
    ruleset = syscall(_CREATE_RULESET, attributes, len(rules), 0)
    try:
        if folder is not None:
            _allow_beneath(ruleset, folder, files)
        syscall(_RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)
    return available


def _allow_beneath(ruleset: int, folder: str, rights: int) -> None:
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        rule = struct.pack("=Qi", rights, descriptor)
        attributes = ctypes.create_string_buffer(rule, len(rule))
        syscall(_ADD_RULE, ruleset, _PATH_BENEATH, attributes, 0)
    finally:
        os.close(descriptor)
