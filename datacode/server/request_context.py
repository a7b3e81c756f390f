"""What handlers of requests are given besides their request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from datacode.server.api.messages import SessionForked
from datacode.server.shared_views import SharedViews
from datacode.server.workspace import Workspace
from datacode.worker.wire import WorkProgress


@dataclass(frozen=True, slots=True)
class RequestContext:
    """What a handler is given besides its request.

    ``output`` sends a piece of a running program's output, ``progress`` tells how far a read is.
    ``message_bytes`` bounds files that are sent whole; 0 is no bound. ``about`` is what ``info``
    says of the server and the session. ``hold`` counts memory, in bytes, that the request takes
    until it is answered. ``fork`` makes a second session. ``views`` are those that anybody has
    published, ``owner`` is whose limits count, ``account`` who is shown as having published.
    """

    workspace: Workspace
    locale: str
    output: Callable[[str], None]
    progress: Callable[[str, int, int | None], None]
    work_progress: Callable[[WorkProgress], None]
    message_bytes: int
    about: Callable[[], dict[str, Any]]
    hold: Callable[[int], None]
    fork: Callable[[], Awaitable[SessionForked]]
    views: SharedViews
    owner: str
    account: str | None
