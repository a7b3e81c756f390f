"""One share on one connection: list, look, read, write. Blocking, for one thread at a time.

Every failure is a ``ShareError`` that names share, path and host as the client spelled them.
Source: server reference, section 8.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from datacode.runtime.files import Entry
from datacode.smb import errors, share_paths, spool
from datacode.smb.client import pipelined_io
from datacode.smb.client.pipelined_io import ALL, Progress, Span
from datacode.smb.client.replacing import Replacement
from datacode.smb.client.session_setup import log_in
from datacode.smb.client.smb_connection import DISK, PIPE, ShareConnection
from datacode.smb.client.tree import PathParts, Tree
from datacode.smb.deadline import CallCancelled, Deadline
from datacode.smb.errors import ShareError
from datacode.smb.policy import ConnectionPolicy
from datacode.smb.protocol import dfs
from datacode.smb.protocol.messages import FileInfo
from datacode.smb.target import Target

_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that was read: what it was, and its bytes; no descriptor if it had not changed."""

    info: FileInfo
    descriptor: int | None


def open_share(target: Target, name: str, policy: ConnectionPolicy, deadline: Deadline) -> Share:
    """Connect, log in and open a share, in the time that ``deadline`` gives."""
    try:
        if not name or any(c in name for c in "/\\\0") or len(name) > 255:
            raise ShareError(errors.NO_SHARE)
        failures: list[ShareError] = []
        for account in target.accounts:
            try:
                return _open_share(account, name, policy, deadline)
            except ShareError as error:
                failures.append(error)
                if error.cause not in (*errors.LOGIN_REFUSED, errors.DENIED):
                    break
        raise failures[0]
    except ShareError as error:
        raise error.named(ip=target.shown, share=name, path="") from None


def _open_share(target: Target, name: str, policy: ConnectionPolicy, deadline: Deadline) -> Share:
    connection = log_in(target, policy, deadline)
    try:
        with connection.wire.during(deadline):
            tree = Tree(connection, connection.connectTree(name, DISK))
    except BaseException:
        connection.wire.drop()
        raise
    return Share(connection, tree, name, target)


def ask_about_root(
    target: Target, name: str, policy: ConnectionPolicy, deadline: Deadline
) -> dfs.Referral:
    """Where a domain's namespace of this name is; a ``ShareError`` where there is none."""
    connection = log_in(target, policy, deadline)
    try:
        with connection.wire.during(deadline):
            return _ask(connection, connection.connectTree(dfs.PIPES, PIPE), target.unc(name))
    finally:
        connection.wire.drop()


def _ask(connection: ShareConnection, pipes: int, unc: str) -> dfs.Referral:
    """Ask through ``IPC$`` where a folder lies; a ``ShareError`` where the server does not know."""
    code, request = dfs.FSCTL_DFS_GET_REFERRALS, dfs.request(unc)
    answer = connection.control(pipes, code, request, dfs.ROOM)
    with connection.wire.parsing():
        return dfs.parse(unc, memoryview(answer))


class Share:
    """A share that is open. Paths are as clients write them (server reference, 8.2)."""

    def __init__(self, connection: ShareConnection, tree: Tree, name: str, target: Target) -> None:
        self.target = target
        self._connection = connection
        self._wire = connection.wire
        self._tree = tree
        self._name = name
        self._pipes: int | None = None

    @property
    def broken(self) -> bool:
        """Whether the connection is of no more use."""
        return self._wire.broken

    def close(self, deadline: Deadline) -> None:
        """Log off and close; never fails."""
        with contextlib.suppress(ShareError, CallCancelled), self._wire.during(deadline):
            self._connection.close()
        self._wire.drop()

    def drop(self) -> None:
        """Close the connection without LOGOFF."""
        self._wire.drop()

    # Reading

    def list_folder(self, path: str, deadline: Deadline) -> list[Entry]:
        """The entries of a folder, sorted by name, case folded (server reference, 8.3)."""
        with self._working(path, deadline):
            return self._tree.listed(share_paths.components(path))

    def stat(self, path: str, deadline: Deadline) -> FileInfo | None:
        """What is there; None if nothing is."""
        with self._working(path, deadline):
            try:
                return self._tree.look(share_paths.components(path)).info
            except ShareError as error:
                # A share's root can be forbidden to look at, and so be nothing to us.
                if error.cause in (errors.MISSING, errors.BAD_NAME):
                    return None
                raise

    def fetch(
        self,
        path: str,
        deadline: Deadline,
        *,
        known: FileInfo | None = None,
        part: Span = ALL,
        limit: int | None = None,
        folder: str | None = None,
        take: Callable[[int], object] = lambda size: None,
        progress: Progress = lambda done, total: None,
    ) -> Fetched:
        """A file's bytes, or a part of them, in an unlinked temporary file in ``folder``.

        Nothing is read where the file is still what ``known`` says. ``limit`` is the most bytes
        that are read; ``take`` is told how many, before, and may refuse them.
        A file that changes meanwhile is read again, twice at most; one that
        only grows is given as long as it was.
        """
        with self._working(path, deadline):
            for attempts_left in reversed(range(_ATTEMPTS)):
                last = not attempts_left
                got = self._fetch(path, known, part, limit, folder, take, progress, last=last)
                if got is not None:
                    return got
            raise ShareError(errors.CHANGED)

    def referral(self, path: str, deadline: Deadline) -> dfs.Referral:
        """Where the link on the way to a path leads; a ``ShareError`` if the server cannot say."""
        with self._working(path, deadline):
            if self._pipes is None:
                self._pipes = self._connection.connectTree(dfs.PIPES, PIPE)
            rest = share_paths.nt_path(share_paths.components(path))
            unc = self.target.unc(self._name)
            return _ask(self._connection, self._pipes, f"{unc}\\{rest}" if rest else unc)

    # Writing

    def store(
        self,
        path: str,
        source: pipelined_io.ByteSource,
        deadline: Deadline,
        *,
        token: str,
        progress: Progress = lambda done, total: None,
    ) -> None:
        """Replace a file, as ``Replacement`` does; nobody sees half of it.

        ``token`` makes that name. A second attempt with the same one takes over what the first
        has left behind.
        """
        with self._working(path, deadline):
            parts = self._tree.as_spelled_there(_file_parts(path))
            first_name = _unfinished(parts, token)
            replacement = Replacement(self._connection, self._tree, parts, first_name)
            replacement.store(source, progress, deadline)

    def discard(self, path: str, deadline: Deadline, *, token: str) -> None:
        """Remove what a ``store`` with this token has left behind, on a connection that broke."""
        with self._working(path, deadline):
            self._tree.remove(_unfinished(self._tree.as_spelled_there(_file_parts(path)), token))

    def make_folder(self, path: str, deadline: Deadline) -> None:
        """Make a folder, and those above it; one that is there already is no failure."""
        with self._working(path, deadline):
            parts = self._tree.as_spelled_there(share_paths.components(path))
            for depth in range(1, len(parts) + 1):
                self._tree.make_folder(parts[:depth])

    def remove(self, path: str, deadline: Deadline) -> None:
        """Delete a file, or a folder that is empty."""
        with self._working(path, deadline):
            self._tree.remove(_file_parts(path))

    def check(self, deadline: Deadline) -> None:
        """ECHO (2.2.28); a ``ShareError`` where the server does not answer."""
        with self._working("", deadline):
            self._connection.session.echo()

    # The parts of these

    @contextlib.contextmanager
    def _working(self, path: str, deadline: Deadline) -> Iterator[None]:
        """While inside, requests have the time of ``deadline``, and failures get their names."""
        try:
            with self._wire.during(deadline):
                yield
        except ShareError as error:
            raise error.named(ip=self.target.shown, share=self._name, path=path) from None

    def _fetch(
        self,
        path: str,
        known: FileInfo | None,
        part: Span,
        limit: int | None,
        folder: str | None,
        take: Callable[[int], object],
        progress: Progress,
        *,
        last: bool,
    ) -> Fetched | None:
        """One attempt of ``fetch``; None where the file changed meanwhile."""
        handle = self._tree.open_file(_file_parts(path))
        before, is_open = handle.info, True
        output: spool.Spooled | None = None
        try:
            if before == known:
                return Fetched(before, None)
            length = part.length_in(before.size)
            if limit is not None and length > limit:
                raise ShareError(errors.TOO_LARGE, size=length, limit=limit)
            take(length)
            output = spool.spooled(folder)
            pipelined_io.read_file(
                *(self._wire, self._tree.number, handle, length, output.output, progress),
                start=part.offset,
            )
            after, is_open = self._tree.close(handle), False
            grown = after is not None and last and after.size > before.size
            if after is not None and not grown and not _same_content(before, after):
                return None
            reader, output = output.finish(), None
            return Fetched(before, reader)
        except pipelined_io.Shrunk:
            return None
        finally:
            if output is not None:
                output.discard()
            if is_open:
                self._tree.close(handle)


def _file_parts(path: str) -> PathParts:
    """The names on the way to a file; the share's root is none."""
    parts = share_paths.components(path)
    if not parts:
        raise ShareError(errors.IS_FOLDER)
    return parts


def _unfinished(parts: PathParts, token: str) -> PathParts:
    """The name that a file has until all of it is there."""
    return (*parts[:-1], f".~{token}.tmp")


def _same_content(before: FileInfo, after: FileInfo) -> bool:
    return (before.size, before.written, before.changed) == (
        after.size,
        after.written,
        after.changed,
    )
