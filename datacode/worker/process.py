"""The server's side of the workers: start them, talk to them, end them.

``Workers`` is one for a server; it owns the zygote, from which workers are forked.
``WorkerInterpreter`` is one for a session and has the interface of the in-process
``Interpreter``, made asynchronous: run, cancel, inspect, complete, check, reset, close.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from datacode.runtime.files import Entry
from datacode.worker.limits import Limits
from datacode.worker.wire import (
    Problem,
    SandboxReport,
    Suggestion,
    TableShown,
    Variable,
)

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred

    from datacode.runtime.interpreter import Outcome


class Broker(Protocol):
    """What a session's programs may ask of the server. All may raise OSError or FilesError."""

    async def open(self, path: str) -> int:
        """A descriptor of the file, read-only; it is closed once it has been sent."""

    async def list_folder(self, path: str) -> list[Entry]:
        """The entries of a folder, sorted by name."""

    async def match(self, pattern: str) -> list[str]:
        """The paths that match a pattern, in order."""

    async def kind(self, path: str) -> str | None:
        """``"file"``, ``"folder"`` or None."""

    async def write(self, path: str, content: bytes) -> None:
        """Replace a file by ``content``."""

    async def working_folder(self) -> str:
        """The text that ``getcwd()`` gives."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How workers are made. Times in seconds.

    With ``sandbox`` False a worker is not shut in at all, and ``start`` does not insist on it.
    ``cancel_grace`` and ``limit_grace`` are how long a worker may take to heed a cancel or the
    time limit by itself before it is killed.
    """

    sandbox: bool = True
    cancel_grace: float = 0.2
    limit_grace: float = 1.0
    reply_seconds: float = 5.0
    polars_threads: int = 2


class SandboxError(Exception):
    """The kernel offers none of the walls; the server must not start."""


class WorkerUnavailable(Exception):
    """No interpreter can be had: the workers have been stopped, or none can be made."""


@dataclass(frozen=True, slots=True)
class Completed:
    """What may stand at a position: each suggestion replaces the text from ``start`` on.

    ``path`` is the beginning of a path, as written, if the position is inside one: what files
    could follow, the caller knows.
    """

    start: int
    suggestions: list[Suggestion]
    path: str | None = None


class Workers:
    """Every worker of a server, and the zygote that they come from."""

    def __init__(self, reactor: Any, settings: Settings = Settings()) -> None: ...

    def start(self) -> Deferred[SandboxReport]:
        """Start the zygote; fires when workers can be made, with the walls they stand behind.

        Fails with ``SandboxError`` where neither Landlock nor namespaces nor seccomp work and
        the settings do not say that this is all right. To be called after daemonising.
        """
        raise NotImplementedError

    def stop(self) -> Deferred[None]:
        """End every worker and the zygote; fires when the last process is gone."""
        raise NotImplementedError

    @property
    def report(self) -> SandboxReport:
        """The walls around every worker, once started."""
        raise NotImplementedError

    def open(self, broker: Broker, limits: Limits = Limits()) -> WorkerInterpreter:
        """An interpreter for a new session. Its process is made at the first run."""
        raise NotImplementedError


class WorkerInterpreter:
    """One session's interpreter, in a process of its own.

    Runs follow one another: a ``run`` that is called while another is active waits for it. After
    a process has died the next run has a fresh one, with no variables.
    """

    async def run(
        self,
        code: str,
        *,
        on_output: Callable[[str], None] | None = None,
        on_table: Callable[[TableShown], None] | None = None,
        max_steps: int | None = None,
    ) -> Outcome:
        """Run a program. Never raises for what the program or its process does.

        ``on_output`` receives the output piece by piece while the program runs; the Outcome has
        all of it all the same. ``on_table`` receives each table that the program shows.
        Raises ``WorkerUnavailable`` when no process can be had at all.
        """
        raise NotImplementedError

    @property
    def running(self) -> bool:
        """Is a program running?"""
        raise NotImplementedError

    def cancel(self) -> bool:
        """End the running program; ``run`` then gives its Outcome. False if nothing runs."""
        raise NotImplementedError

    def pause(self) -> None:
        """Read nothing more of the program's output, and so make it wait: its reader is slow."""
        raise NotImplementedError

    def resume(self) -> None:
        """Go on reading."""
        raise NotImplementedError

    async def inspect(self) -> list[Variable]:
        """The variables, also while a program runs. Raises DataCodeError if too busy to tell."""
        raise NotImplementedError

    async def complete(self, text: str, position: int) -> Completed:
        """What may stand at a position of a text, also while a program runs."""
        raise NotImplementedError

    async def check(self, text: str) -> list[Problem]:
        """The errors and warnings of a text, also while a program runs."""
        raise NotImplementedError

    async def reset(self) -> None:
        """Forget every variable and function; a running program is cancelled first."""
        raise NotImplementedError

    async def close(self) -> None:
        """End the process, whatever it is doing. For good; twice is no harm."""
        raise NotImplementedError
