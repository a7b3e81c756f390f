"""Work on shares in the thread of a test: all steps one after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from datacode.smb.client.dfs_namespace import DfsNamespace
from datacode.smb.client.reconnecting import ReconnectingShare
from datacode.smb.client.steps import Steps, UnopenedLink
from datacode.smb.deadline import Deadline

Result = TypeVar("Result")


def done(steps: Steps[Result], deadline: Deadline) -> Result:
    """What the steps come to."""
    try:
        step = next(steps)
        while True:
            try:
                result = step.call(deadline)
            except Exception as error:  # noqa: BLE001 - the steps know what becomes of it
                step = steps.throw(error)
            else:
                step = steps.send(result)
    except StopIteration as end:
        found: Result = end.value
        return found


def perform(
    connection: ReconnectingShare,
    work: Callable[[DfsNamespace, Deadline], Result],
    deadline: Deadline,
    *,
    again: bool,
) -> Result:
    """Do ``work`` on a share, as ``ReconnectingShare.steps``."""
    return done(connection.steps(work, again=again), deadline)


def through_links(work: Callable[[], Result], deadline: Deadline) -> Result:
    """Do ``work`` on a namespace, and open the links that it meets."""
    while True:
        try:
            return work()
        except UnopenedLink as link:
            link.open(deadline)
