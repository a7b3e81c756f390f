"""How many files and sockets the server may have open at once."""

from __future__ import annotations

import resource

_MOST = 1 << 20
"""More is of no use, and some systems have no limit at all."""

_FOR_SESSION = 4
"""The connection, two channels to the interpreter, a file that is being read. Shares take more."""
_FOR_SERVER = 64
_LAST = 8
"""So many are kept for those who are in, and to tell a newcomer in a sentence."""


def raise_limit() -> int:
    """Raise the soft limit as far as the hard one allows; gives the limit that holds."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST if hard == resource.RLIM_INFINITY else min(hard, _MOST)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        return wanted
    return _MOST if soft == resource.RLIM_INFINITY else soft


def is_one_of_the_last(descriptor: int) -> bool:
    """Whether nearly all are in use: the kernel gives out the lowest that is free."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return soft != resource.RLIM_INFINITY and descriptor >= soft - _LAST


def needed(connections: int) -> int:
    """How many a server with so many sessions may need; 0 sessions are any number."""
    return connections * _FOR_SESSION + _FOR_SERVER if connections else 0
