"""Landlock: from here on the process opens no file, binds and reaches no port.

Nothing at all is let through. Whatever a worker needs it has been given: its modules are loaded
before it is forked, and files reach it as open descriptors, which Landlock leaves alone.
"""

from __future__ import annotations

import ctypes
import os
import struct

from datacode.worker.sandbox.syscalls import syscall

_CREATE_RULESET, _RESTRICT_SELF = 444, 446
_ONLY_VERSION = 1

_FILE_RIGHTS = ((1, 13), (2, 14), (3, 15), (5, 16))
"""How many rights to files there are from each version on; every right is one bit."""


def version() -> int:
    """The version of Landlock that the kernel offers; 0 for none."""
    try:
        return syscall(_CREATE_RULESET, None, 0, _ONLY_VERSION)
    except OSError:
        return 0


def shut() -> int:
    """Forbid everything that this kernel's Landlock can; gives its version, 0 for none.

    ``no_new_privs`` has to be set before. Holds for this thread and all that it starts.
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
        syscall(_RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)
    return available
