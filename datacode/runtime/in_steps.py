"""Long work in steps, so that whoever runs it can do something else in between, or end it.

It is a generator that yields after every few milliseconds of work, and whose return value is the
result. Nothing in a step holds the interpreter's lock for longer: a sort of many names would.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Generator, Iterable
from itertools import islice
from typing import Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
Steps = Generator[None, None, Result]

EVERY = 512
"""After how many small things a step ends."""

_SORTED_AT_ONCE = 4096


def done(steps: Steps[Result]) -> Result:
    """Do all the steps: the result."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: Result = end.value
            return result


def emptied(items: list[Any]) -> Steps[None]:
    """Let go of what only this list holds: many objects at once take as long as a long sort."""
    while items:
        del items[-EVERY:]
        yield


def sorted_in_steps(items: Iterable[Item], key: Callable[[Item], Any]) -> Steps[list[Item]]:
    """The items in order, as ``sorted`` gives them."""
    rest = iter(items)
    runs: list[list[Item]] = []
    while run := list(islice(rest, _SORTED_AT_ONCE)):
        run.sort(key=key)
        runs.append(run)
        yield
    if len(runs) < 2:
        return runs[0] if runs else []
    found: list[Item] = []
    merged = heapq.merge(*runs, key=key)
    while more := list(islice(merged, EVERY)):
        found += more
        yield
    return found
