"""Monotonic time for the reactor."""

from __future__ import annotations

import time
from typing import Any


def use_steady_clock(reactor: Any) -> bool:
    """Let the reactor count time by the monotonic clock, where that is still possible.

    Twisted counts by the time of day: when an administrator or a time server sets it forward,
    every client would be found not to have answered its ping, and every program to have run too
    long. False where calls are planned already, whose times are those of the other clock.
    """
    if reactor.getDelayedCalls():
        return False
    reactor.seconds = time.monotonic
    return True
