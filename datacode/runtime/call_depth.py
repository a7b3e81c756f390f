"""How many more calls may be active: what functions of a program hand on to those they call.

A number would have to be counted down for each call. Instead it is a chain: a link stands for one
call that is left, and holds the link for one call less; None is the end, where no call is left.
"""

from __future__ import annotations

from functools import lru_cache

Depth = tuple["Depth"] | None
"""So many calls are left as there are tuples in one another."""


@lru_cache(maxsize=4)
def depth(calls: int) -> Depth:
    """The chain for so many calls. It takes 56 bytes for each, and is kept for all interpreters."""
    chain: Depth = None
    for _ in range(calls):
        chain = (chain,)
    return chain
