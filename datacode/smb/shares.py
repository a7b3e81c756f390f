"""A session's shares, asynchronous: every call that blocks runs in a thread of our own.

``SharePool`` is the server's: the threads, the operator's policy. ``Shares`` is one session's:
what it has connected, and the files that it has read lately. A share has several connections,
each for one call at a time, opened when they are needed; so two files are read side by side, and
a file server that is slow keeps nobody waiting but those who asked it.

Every failure is a ``ShareError`` (a ``FilesError``). Cancelling the Deferred around a call ends
the call at once and closes its connection. Source: server reference, section 8.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from twisted.internet.defer import Deferred, DeferredList

from datacode.runtime.files import Entry
from datacode.smb import errors, share_paths, spool
from datacode.smb.account_share import AccountShare
from datacode.smb.client import pipelined_io
from datacode.smb.connected_share import ConnectedShare, SessionThreads, Work
from datacode.smb.deadline import Deadline
from datacode.smb.errors import Operation, ShareError
from datacode.smb.policy import SharePolicy
from datacode.smb.protocol.messages import FileInfo
from datacode.smb.refused_logins import RefusedLogins
from datacode.smb.target import Target
from datacode.smb.thread_quota import Reactor, ThreadQuota

if TYPE_CHECKING:  # loading this takes half a second, so a thread does it
    from datacode.smb.client.dfs_namespace import DfsNamespace
    from datacode.smb.client.share import Fetched

Progress = Callable[[int, int], object]
"""Called with the bytes done and the bytes in all, in the reactor's thread."""

_PROGRESS_EVERY = 0.1
_KINDS = {0: "disk", 1: "printer", 3: "pipe"}


@dataclass(frozen=True, slots=True)
class ShareName:
    """A share that a host says it has; ``kind`` is ``disk``, ``printer``, ``pipe`` or ``other``.

    ``hidden`` is what Windows calls administrative: ``C$``, ``IPC$``.
    """

    name: str
    kind: str
    remark: str
    hidden: bool


@dataclass(frozen=True, slots=True)
class KnownShare:
    """A share that a session has: connected by its client, or by the operator for its account."""

    name: str
    is_of_account: bool
    writes: bool


@dataclass(frozen=True, slots=True)
class FilePart:
    """Bytes of a file: ``length`` of them at ``offset`` of a descriptor that is the caller's.

    ``size`` (bytes) and ``modified`` (seconds of the epoch) are those of the whole file.
    """

    descriptor: int
    offset: int
    length: int
    size: int
    modified: float | None


class SharePool:
    """The server's part: threads and policy, for all sessions."""

    def __init__(self, reactor: Reactor, policy: SharePolicy | None = None) -> None:
        self.reactor = reactor
        self.policy = policy or SharePolicy()
        limits, grace = self.policy.limits, self.policy.timeouts.goodbye
        self.working = ThreadQuota(reactor, limits.threads, grace)
        self.room = spool.SpoolRoom(limits.spool_size, self.policy.spool_folder, limits.spool_spare)
        self.connecting = ThreadQuota(reactor, limits.connecting, grace, "smb-connect")
        self.refused = RefusedLogins()
        """Passwords of the operator's that were refused: for all sessions, as they are the same."""
        self._sessions: set[Shares] = set()

    def start(self) -> None:
        """Start the threads."""
        self.working.start(_load)
        self.connecting.start(lambda: None)

    async def stop(self) -> None:
        """Close every session's connections, then end the threads; takes two seconds at most."""
        await DeferredList([Deferred.fromCoroutine(s.close()) for s in list(self._sessions)])
        ends = [Deferred.fromCoroutine(quota.stop()) for quota in (self.working, self.connecting)]
        await DeferredList(ends)

    def session(self, address: str = "") -> Shares:
        """The shares of a new session: none yet. ``address`` is where the session comes from."""
        threads = SessionThreads(self.connecting.session(address), self.working.session(address))
        shares = Shares(self, threads)
        self._sessions.add(shares)
        return shares

    def gone(self, shares: Shares) -> None:
        """Called by a session that has closed its connections."""
        self._sessions.discard(shares)


class Shares:
    """One session's shares, by name. Paths are those on a share: the rest of ``lib://share/rest``."""

    def __init__(self, pool: SharePool, threads: SessionThreads) -> None:
        self._pool = pool
        self._refused = RefusedLogins()
        self._policy = replace(
            pool.policy, connection=replace(pool.policy.connection, refused=self._refused)
        )
        self._threads = threads
        self._connected: dict[str, ConnectedShare] = {}
        limits = pool.policy.limits
        self._room = spool.SpoolPart(pool.room)
        self._cache = spool.Cache(limits.cache_size, limits.cache_files, self._room.give)
        self._closed = False

    def names(self) -> list[str]:
        """The account's shares, then those that the client has connected, spelled as it spelled
        them, in the order of connecting."""
        return [share.name for share in self._connected.values() if share.is_open]

    def known(self) -> list[KnownShare]:
        """The same with what is known of them."""
        return [
            KnownShare(share.name, share.is_of_account, share.writes)
            for share in self._connected.values()
            if share.is_open
        ]

    def connections(self) -> list[tuple[str, str, Target]]:
        """The name, the share's own name, and the target of each share the client connected."""
        return [
            (share.name, share.share, share.target)
            for share in self._connected.values()
            if share.is_open and not share.is_of_account
        ]

    def add_of_account(self, shares: Iterable[AccountShare]) -> None:
        """Have the operator's shares for the session's account. Nothing is connected yet."""
        for each in shares:
            policy = self._pool.policy
            hosts = policy.connection.hosts.also(each.target.host, each.target.port)
            connection = replace(policy.connection, hosts=hosts, refused=self._pool.refused)
            connected = ConnectedShare(
                self._threads,
                replace(policy, connection=connection, writes=each.writes),
                each.target,
                each.share,
                each.name,
                is_of_account=True,
            )
            self._connected.setdefault(connected.key, connected)

    async def connect(self, target: Target, share: str, *, alias: str | None = None) -> None:
        """Connect, log in and open a share; all within ten seconds (server reference, 8.1).

        ``alias`` is the name that programs use for it, by default its own: with it, shares of
        the same name on two servers can be used side by side. A share whose password its server
        has refused is connected anew.
        """
        name = share if alias is None else alias
        key = share_paths.same_share(name)
        limit = self._pool.policy.limits.shares
        old = self._connected.get(key)
        if old is not None and not (old.is_open and self._refused.has(old.target)):
            raise ShareError(errors.CONNECTED, share=name)
        if self._closed:
            raise ShareError(errors.NOT_CONNECTED, share=name)
        if old is None and sum(not s.is_of_account for s in self._connected.values()) >= limit:
            raise ShareError(errors.TOO_MANY_SHARES, limit=limit).during(Operation.CONNECT)
        self._refused.forget(target)
        connected = ConnectedShare(self._threads, self._policy, target, share, name)
        self._connected[key] = connected
        try:
            await connected.call(
                lambda share, deadline: None,
                self._pool.policy.timeouts.connect,
                operation=Operation.CONNECT,
            )
        except Exception:
            if self._connected.get(key) is connected:
                del self._connected[key]
                if old is not None:
                    self._connected[key] = old
            await connected.close()
            raise
        connected.is_open = True
        if old is not None:
            self._cache.forget_share(key)
            await old.close()

    async def disconnect(self, share: str) -> None:
        """Close the connections of a share; ``NOT_CONNECTED`` if there is none of that name,
        ``OF_ACCOUNT`` if it is the operator's."""
        connected = self._find(share)
        if connected.is_of_account:
            raise ShareError(errors.OF_ACCOUNT, share=share)
        del self._connected[connected.key]
        self._cache.forget_share(connected.key)
        await connected.close()

    async def close(self) -> None:
        """End all calls, log off and close everything; within a second, whatever the servers do."""
        self._closed = True
        shares, self._connected = list(self._connected.values()), {}
        self._cache.clear()
        self._room.forget()
        closing = [Deferred.fromCoroutine(share.close()) for share in shares]
        await DeferredList(closing, consumeErrors=True)
        self._pool.gone(self)

    def program_ended(self) -> None:
        """No program has a file open any more that was fetched for one."""
        self._room.forget()

    async def share_names(self, target: Target) -> list[ShareName]:
        """The shares that a host says it has, sorted by name."""
        policy, seconds = self._policy.connection, self._policy.timeouts.connect
        self._refused.forget(target)

        def work(deadline: Deadline) -> list[tuple[str, int, str]]:
            # Late, as in ``client.reconnecting``.
            from datacode.smb.client.session_setup import share_names

            return share_names(target, policy, deadline)

        try:
            call = self._threads.connecting.run(work, seconds, seconds)
            found = await self._threads.connecting.bounded(call.result, seconds)
        except ShareError as error:
            raise error.named(ip=target.shown, share="").during(Operation.SHARES) from None
        names = [
            ShareName(name, _KINDS.get(kind & 0xFF, "other"), remark, kind >> 31 != 0)
            for name, kind, remark in found
        ]
        return sorted(names, key=lambda share: share_paths.order(share.name))

    async def list_folder(self, share: str, path: str) -> list[Entry]:
        """A folder's entries, sorted by name, case folded (server reference, 8.3)."""
        return await self._find(share).call(
            lambda opened, deadline: opened.list_folder(path, deadline),
            self._pool.policy.timeouts.call,
            operation=Operation.LIST,
            path=path,
        )

    async def match(self, share: str, pattern: str) -> list[str]:
        """The paths ``lib://share/…`` that match a pattern, in order."""
        return [
            share_paths.join(share, [entry.name]) for entry in await self.search(share, pattern)
        ]

    async def search(self, share: str, pattern: str) -> list[Entry]:
        """What matches a pattern, named by the paths on the share, in order.

        Wildcards are ``*``, ``?``, ``[…]`` and ``**`` for any number of folders; case does not
        count. A ``FilesError`` for a malformed pattern.
        """
        connected = self._find(share)
        parsed = share_paths.Pattern.parse(share, pattern)
        return await connected.call(
            lambda opened, deadline: opened.match(parsed, pattern, deadline),
            self._pool.policy.timeouts.transfer,
            operation=Operation.LIST,
            path=pattern,
        )

    async def tree(self, share: str, path: str) -> list[Entry]:
        """All that is in a folder and in those inside it, by the paths from there, in order."""
        return await self._find(share).call(
            lambda opened, deadline: opened.tree(path, deadline),
            self._pool.policy.timeouts.transfer,
            operation=Operation.LIST,
            path=path,
        )

    async def fetch(
        self, share: str, path: str, *, limit: int | None = None, progress: Progress | None = None
    ) -> int:
        """A descriptor with a file's bytes: read-only, at position 0, the caller's to close.

        ``limit`` is the most bytes that the file may have. A file that the session has read
        before is not moved again if the server says that it is still the same.
        """
        return (await self._fetch(share, path, pipelined_io.ALL, limit, progress)).descriptor

    async def fetch_part(
        self,
        share: str,
        path: str,
        span: pipelined_io.Span,
        *,
        limit: int | None = None,
        progress: Progress | None = None,
    ) -> FilePart:
        """Some bytes of a file, of at most ``limit`` bytes; only they are moved."""
        return await self._fetch(share, path, span, limit, progress)

    async def _fetch(
        self,
        share: str,
        path: str,
        span: pipelined_io.Span,
        limit: int | None,
        progress: Progress | None,
    ) -> FilePart:
        try:
            return await self._fetch_anew(share, path, span, limit, progress)
        except ShareError as error:
            if error.cause is not errors.SPOOL_FULL or not self._cache:
                raise
        self._cache.clear()  # what is kept only to be quicker makes room
        return await self._fetch_anew(share, path, span, limit, progress)

    async def _fetch_anew(
        self,
        share: str,
        path: str,
        span: pipelined_io.Span,
        limit: int | None,
        progress: Progress | None,
    ) -> FilePart:
        connected = self._find(share)
        name = "/".join(_components(path, Operation.READ))
        kept = self._cache.get(connected.key, name)
        spare = spool.reopened(kept.descriptor) if kept is not None else None
        report, taken = _Report(self._pool.reactor, progress), spool.Taken(self._room)
        known = kept.info if kept and spare else None
        try:
            fetched = await connected.call(
                self._fetching(path, span, limit, report, known, taken),
                self._pool.policy.timeouts.transfer,
                operation=Operation.READ,
                path=path,
                unwanted=_close_fetched,
            )
        except Exception:
            taken.free()
            if spare is not None:
                os.close(spare)
            raise
        finally:
            report.over = True
        info, length = fetched.info, span.length_in(fetched.info.size)
        if fetched.descriptor is None:
            assert spare is not None
            return FilePart(spare, span.offset, length, info.size, info.modified)
        if spare is not None:
            os.close(spare)
        still_connected = self._connected.get(connected.key) is connected
        if not (
            span == pipelined_io.ALL
            and still_connected
            and info.is_exact
            and self._cache.put(connected.key, name, info, fetched.descriptor)
        ):
            self._room.give_away(taken.size)
        return FilePart(fetched.descriptor, 0, length, info.size, info.modified)

    def _fetching(
        self,
        path: str,
        span: pipelined_io.Span,
        limit: int | None,
        report: pipelined_io.Progress,
        known: FileInfo | None,
        taken: spool.Taken,
    ) -> Work[Fetched]:
        policy = self._pool.policy
        bounds = [size for size in (limit, policy.limits.file_size) if size is not None]

        def work(opened: DfsNamespace, deadline: Deadline) -> Fetched:
            return opened.fetch(
                path,
                deadline,
                known=known,
                part=span,
                limit=min(bounds, default=None),
                folder=policy.spool_folder,
                take=taken.take,
                progress=report,
            )

        return work

    async def stat(self, share: str, path: str) -> Entry | None:
        """Name, kind, size and time of the last write of what is there; None if nothing is."""
        connected = self._find(share)
        try:
            parts = share_paths.components(path)
        except ShareError as error:
            if error.cause is errors.BAD_NAME:
                return None  # nothing can have such a name
            raise
        info = await connected.call(
            lambda opened, deadline: opened.stat(path, deadline),
            self._pool.policy.timeouts.call,
            operation=Operation.LOOK,
            path=path,
        )
        if info is None:
            return None
        size = None if info.is_folder else info.size
        return Entry(parts[-1] if parts else "", info.is_folder, size, info.modified)

    async def kind(self, share: str, path: str) -> str | None:
        """``"file"``, ``"folder"``, or None where nothing is."""
        entry = await self.stat(share, path)
        return None if entry is None else "folder" if entry.is_folder else "file"

    async def write(
        self, share: str, path: str, content: bytes | int, *, progress: Progress | None = None
    ) -> None:
        """Replace a file by bytes, or by all of a local file (a descriptor, which stays open).

        The bytes go to another name first and get theirs when all are there, so that nobody who
        reads meanwhile sees half a file.
        """
        source = (
            pipelined_io.BytesSource(content)
            if isinstance(content, bytes)
            else pipelined_io.FileSource(content)
        )
        token, report = secrets.token_hex(6), _Report(self._pool.reactor, progress)
        try:
            await self._changing(share, path, Operation.WRITE).call(
                lambda opened, deadline: opened.store(
                    path, source, deadline, token=token, progress=report
                ),
                self._pool.policy.timeouts.transfer,
                operation=Operation.WRITE,
                path=path,
                undo=lambda opened, deadline: opened.discard(path, deadline, token=token),
            )
        finally:
            report.over = True

    async def make_folder(self, share: str, path: str) -> None:
        """Make a folder and those above it; it may be there already."""
        await self._changing(share, path, Operation.MAKE_FOLDER).call(
            lambda opened, deadline: opened.make_folder(path, deadline),
            self._pool.policy.timeouts.call,
            operation=Operation.MAKE_FOLDER,
            path=path,
        )

    async def delete(self, share: str, path: str) -> None:
        """Delete a file, or a folder that is empty."""
        await self._changing(share, path, Operation.DELETE).call(
            lambda opened, deadline: opened.remove(path, deadline),
            self._pool.policy.timeouts.call,
            operation=Operation.DELETE,
            path=path,
            again=False,
        )

    def _find(self, share: str) -> ConnectedShare:
        connected = self._connected.get(share_paths.same_share(share))
        if connected is None or not connected.is_open:
            raise ShareError(errors.NOT_CONNECTED, share=share)
        return connected

    def _changing(self, share: str, path: str, operation: Operation) -> ConnectedShare:
        connected = self._find(share)
        if not connected.writes:
            cause = errors.NO_WRITES_HERE if connected.is_of_account else errors.NO_WRITES
            raise ShareError(cause, share=share, path=path).during(operation)
        return connected


class _Report:
    """Called in a thread for every piece; calls ``progress`` every 0.1 s in the reactor's thread.

    Nothing is said once it is ``over``: whoever asked has an answer by then.
    """

    def __init__(self, reactor: Reactor, progress: Progress | None) -> None:
        self.over = False
        self._reactor = reactor
        self._progress = progress
        self._last = 0.0

    def __call__(self, done: int, total: int) -> None:
        """So many bytes are done. Called in a thread."""
        if self._progress is None:
            return
        now = time.monotonic()
        if done == total or now - self._last >= _PROGRESS_EVERY:
            self._last = now
            self._reactor.callFromThread(self._tell, done, total)

    def _tell(self, done: int, total: int) -> None:
        if not self.over and self._progress is not None:
            self._progress(done, total)


def _components(path: str, operation: Operation) -> tuple[str, ...]:
    try:
        return share_paths.components(path)
    except ShareError as error:
        raise error.during(operation) from None


def _close_fetched(fetched: Fetched) -> None:
    if fetched.descriptor is not None:
        os.close(fetched.descriptor)


def _load() -> None:
    """Load what speaks SMB, before somebody waits for it."""
    # Late, as in ``client.reconnecting``: in a thread, once somebody is about to connect.
    import datacode.smb.client.dfs_namespace  # noqa: F401
