"""Neighbours of a session, with their real interfaces and no processes, sockets or shares."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.task import Clock

from datacode.errors import limit_error
from datacode.runtime.files import Entry
from datacode.runtime.in_steps import done
from datacode.runtime.interpreter import Outcome, VariableSummary
from datacode.server.files.sandboxed_files import AllowedFolders, SandboxedFiles
from datacode.server.files.session_folder import SessionFolder
from datacode.server.net.memory_budget import MemoryBudget
from datacode.server.ops.audit import NoAudit
from datacode.server.ops.metrics import Metrics
from datacode.server.options.settings import Bounds, Settings
from datacode.server.session import ClientIdentity, ServerContext, Session
from datacode.server.workspace import Workspace
from datacode.smb import errors
from datacode.smb.account_share import AccountShare
from datacode.smb.client.pipelined_io import Span
from datacode.smb.errors import Operation, ShareError
from datacode.smb.shares import FilePart, KnownShare
from datacode.smb.target import Target
from datacode.worker.pool import Completed
from datacode.worker.run_limits import too_much_waits
from datacode.worker.wire import Suggestion, TableShown


class FakeClient:
    """A connection: remembers what it was told."""

    def __init__(self, budget: MemoryBudget | None = None, address: str = "10.0.0.1") -> None:
        self.sent: list[dict[str, Any]] = []
        self.raw: list[bytes] = []
        self.closed: list[tuple[int, str]] = []
        self.paused = False
        self.dropped = False
        self.left = False
        self.session: Session | None = None
        self.probes: list[Deferred[bool]] = []
        self.account = (budget or MemoryBudget(Bounds())).account(address, self.close)

    def send_long(self, pieces: Iterator[bytes], sent: Callable[[], object]) -> None:
        self.send(b"".join(pieces))
        sent()

    def send(self, message: bytes) -> None:
        if not self.closed:
            self.raw.append(message)
            self.sent.append(json.loads(message))

    def pause_reading(self) -> None:
        assert not self.paused
        self.paused = True

    def resume_reading(self) -> None:
        assert self.paused
        self.paused = False

    def close(self, code: int, reason: str) -> None:
        self.closed.append((code, reason))

    def drop(self) -> None:
        self.dropped = True

    def serve(self, session: Session) -> None:
        self.session = session

    def leave(self, code: int, reason: str) -> None:
        self.left = True
        self.close(code, reason)

    def probe(self, seconds: float) -> Deferred[bool]:
        self.probes.append(Deferred())
        return self.probes[-1]


@dataclass
class FakeRun:
    """A program that runs until the test ends it."""

    code: str
    options: dict[str, Any]
    done: Deferred[Outcome] = field(default_factory=Deferred)

    def print(self, text: str) -> None:
        """The program prints."""
        if self.options["on_output"] is not None:
            self.options["on_output"](text)

    def show(self, table: TableShown) -> None:
        """The program shows a table."""
        if self.options["on_table"] is not None:
            self.options["on_table"](table)

    def finish(self, output: str = "", error: Any = None) -> None:
        """The program ends."""
        self.done.callback(Outcome(output, error))


class FakeInterpreter:
    """A worker's interpreter. Programs that begin with ``wait`` run until the test ends them."""

    def __init__(self, broker: Any) -> None:
        self.broker = broker
        self.runs: list[FakeRun] = []
        self.active: FakeRun | None = None
        self.paused = False
        self.closed = False
        self.writable = False
        self.resets = 0
        self.fails: Callable[[], Exception] | None = None

    async def run(self, code: str, **options: Any) -> Outcome:
        if self.fails is not None:
            raise self.fails()
        run = FakeRun(code, options)
        self.runs.append(run)
        if not code.startswith("wait"):
            run.print(code)
            return Outcome(code, None)
        self.active = run
        try:
            return await run.done
        finally:
            self.active = None

    @property
    def running(self) -> bool:
        return self.active is not None

    def cancel(self) -> bool:
        if self.active is None:
            return False
        self.active.finish("so far", limit_error("interrupted", "Execution was interrupted"))
        return True

    def end_for_memory(self) -> bool:
        if self.active is None:
            return False
        self.active.finish("", too_much_waits())
        return True

    def pause(self) -> None:
        self.paused = True

    def resume(self) -> None:
        self.paused = False

    async def inspect(self) -> list[VariableSummary]:
        return [VariableSummary("x", "Number", None, "1")]

    async def complete(self, text: str, position: int) -> Completed:
        quote = text.rfind('"', 0, position)
        if quote >= 0:
            return Completed(quote + 1, [], path=text[quote + 1 : position])
        return Completed(position - 2, [Suggestion("print", "builtin", "print(…)")])

    async def check(self, text: str) -> list[Any]:
        return []

    async def reset(self) -> None:
        self.resets += 1

    async def close(self) -> None:
        self.closed = True
        if self.active is not None:
            self.active.finish("", limit_error("interrupted", "Execution was interrupted"))


class FakeWorkers:
    """Opens fake interpreters."""

    def __init__(self) -> None:
        self.opened: list[FakeInterpreter] = []

    def open(self, broker: Any, limits: Any, store: Any = None) -> FakeInterpreter:
        self.opened.append(FakeInterpreter(broker))
        return self.opened[-1]


class AtOnce:
    """Stands in for threads: does everything when it is asked for."""

    def run(self, function: Any, *arguments: Any) -> Deferred[Any]:
        """What a function returns, or a generator in the end."""

        def work() -> Any:
            found = function(*arguments)
            return done(found) if isinstance(found, Generator) else found

        return maybeDeferred(work)

    def give_up(self) -> None:
        """Nothing is ever under way."""


class FakeShares:
    """A session's shares: ``data`` holds what ``tree`` says; connecting to ``slow`` never ends."""

    def __init__(self) -> None:
        self.contents: dict[str, dict[str, bytes]] = {}
        self.connected: dict[str, tuple[Target, str]] = {}
        self.closed = False
        self.writable = False
        self.waiting: list[Deferred[None]] = []

    def names(self) -> list[str]:
        return [name for _, name in self.connected.values()]

    def known(self) -> list[KnownShare]:
        return [KnownShare(name, False, self.writable) for name in self.names()]

    def add_of_account(self, shares: Iterable[AccountShare]) -> None:
        """An account has none here."""
        assert not list(shares)

    def program_ended(self) -> None:
        """Nothing is kept for programs."""

    async def connect(self, target: Target, share: str, *, alias: str | None = None) -> None:
        name = share if alias is None else alias
        if target.host == "slow":
            self.waiting.append(Deferred())
            await self.waiting[-1]
        if name.casefold() in self.connected:
            raise ShareError(errors.CONNECTED, share=name)
        if target.password != "right":
            raise ShareError(errors.WRONG_LOGIN).during(Operation.CONNECT)
        self.connected[name.casefold()] = (target, name)

    async def disconnect(self, share: str) -> None:
        self._check(share)
        del self.connected[share.casefold()]

    async def list_folder(self, share: str, path: str) -> list[Entry]:
        self._check(share)
        try:
            names = self.contents[path]
        except KeyError:
            raise ShareError(errors.MISSING, path=path).during(Operation.LIST) from None
        return [Entry(name, False, len(names[name]), 1.5) for name in sorted(names)]

    async def search(self, share: str, pattern: str) -> list[Entry]:
        self._check(share)
        folder, _, name = pattern.rpartition("/")
        if folder.endswith("**"):
            raise NotImplementedError("the real shares are asked for that")
        prefix = f"{folder}/" if folder else ""
        return [
            Entry(prefix + each, False, len(self.contents[folder][each]), 1.5)
            for each in sorted(self.contents[folder])
            if each.endswith(name[1:])
        ]

    async def kind(self, share: str, path: str) -> str | None:
        return "folder" if path in self.contents else None

    async def fetch(self, share: str, path: str, *, limit: Any = None, progress: Any = None) -> int:
        part = await self.fetch_part(share, path, Span(), limit=limit, progress=progress)
        return part.descriptor

    async def fetch_part(
        self, share: str, path: str, span: Span, *, limit: Any = None, progress: Any = None
    ) -> FilePart:
        self._check(share)
        folder, _, name = path.rpartition("/")
        data = self.contents[folder][name]
        if progress is not None:
            progress(len(data), len(data))
        length = span.length_in(len(data))
        if limit is not None and length > limit:
            raise ShareError(errors.TOO_LARGE, path=path, size=length, limit=limit).during(
                Operation.READ
            )
        descriptor, place = tempfile.mkstemp()
        os.unlink(place)
        os.write(descriptor, data)
        os.lseek(descriptor, 0, os.SEEK_SET)
        return FilePart(descriptor, span.offset, length, len(data), 1.5)

    async def stat(self, share: str, path: str) -> Entry | None:
        self._check(share)
        folder, _, name = path.rpartition("/")
        data = self.contents[folder].get(name)
        return None if data is None else Entry(name, False, len(data), 1.5)

    async def write(self, share: str, path: str, content: bytes | int) -> None:
        self._check(share)
        if not self.writable:
            raise ShareError(errors.NO_WRITES).during(Operation.WRITE)
        if isinstance(content, int):
            content = os.pread(content, 1 << 20, 0)
        folder, _, name = path.rpartition("/")
        self.contents[folder][name] = content

    async def close(self) -> None:
        self.closed = True

    def _check(self, share: str) -> None:
        if share.casefold() not in self.connected:
            raise ShareError(errors.NOT_CONNECTED, share=share)


class Room:
    """A session with fakes all around it."""

    def __init__(
        self,
        root: Path,
        settings: Settings | None = None,
        *,
        folder: bool = False,
        authenticator: Any = None,
        locale: str = "ru",
    ) -> None:
        root.mkdir(parents=True, exist_ok=True)
        root = root.resolve()
        self.clock = Clock()
        self.client = FakeClient()
        self.workers = FakeWorkers()
        self.shares = FakeShares()
        self.metrics = Metrics()
        self.folder = (
            SessionFolder(root / "user", max_bytes=1 << 20, max_files=10) if folder else None
        )
        files = self.folder.files if self.folder else SandboxedFiles(AllowedFolders.of(root, []))
        self.workspace = Workspace(
            workers=self.workers,
            shares=self.shares,
            share_names=self._share_names,
            files=files,
            folder=self.folder,
            work=AtOnce(),
            limits=(settings or Settings()).limits,
        )
        context = ServerContext(settings or Settings(), self.clock, self.metrics, NoAudit())
        identity = ClientIdentity(1, "10.0.0.1", locale)
        self.session = Session(self.client, self.workspace, identity, context, authenticator)

    @property
    def interpreter(self) -> FakeInterpreter:
        """The session's interpreter."""
        return self.workers.opened[0]

    def ask(self, **request: Any) -> None:
        """Send a request."""
        self.session.receive(json.dumps(request).encode(), is_text=True)

    def answer(self, **request: Any) -> dict[str, Any]:
        """Send a request that is answered at once."""
        before = len(self.client.sent)
        self.ask(**request)
        assert len(self.client.sent) == before + 1, self.client.sent[before:]
        return self.client.sent[-1]

    async def _share_names(self, target: Target) -> list[Any]:
        from datacode.smb.shares import ShareName

        if target.password != "right":
            raise ShareError(errors.WRONG_LOGIN).during(Operation.SHARES)
        return [ShareName("data", "disk", "note", False), ShareName("IPC$", "pipe", "", True)]
