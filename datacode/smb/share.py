"""One share on one connection: list, look, read, write. Blocking, for one thread at a time.

Every failure is a ``ShareError`` that names share, path and host as the client spelled them.
Source: server reference, section 8.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from datacode.runtime.files import Entry
from datacode.smb import access, dfs, listing, messages, paths, reasons, spool, transfer
from datacode.smb.interrupt import Interrupt, Interrupted
from datacode.smb.link import Link
from datacode.smb.login import open_link
from datacode.smb.messages import Access, Command, Disposition, Option, Stamp
from datacode.smb.reasons import ShareError, Status, of_status, of_tree_status
from datacode.smb.target import Target
from datacode.smb.transfer import ALL, Progress, Span

MAX_NAMES = 200_000
"""How many names one listing may have."""

_DISK, _PIPE = 1, 2
"""Kinds of shares: one that holds files, and the one for talking ([MS-SMB2], 2.2.10)."""

_NOT_FOUND = (Status.OBJECT_NAME_NOT_FOUND, Status.OBJECT_PATH_NOT_FOUND, Status.NO_SUCH_FILE)
_ROUNDS = 3
_PAUSES = (0.1, 0.2, 0.4, 0.8)
"""Seconds between attempts to replace a file that somebody has open, perhaps for a moment."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that was read: what it was, and its bytes; no descriptor if it had not changed."""

    stamp: Stamp
    descriptor: int | None


def open_share(target: Target, name: str, rules: access.Access, interrupt: Interrupt) -> Share:
    """Connect, log in and open a share, in the time that ``interrupt`` gives."""
    try:
        if not name or any(c in name for c in "/\\\0") or len(name) > 255:
            raise ShareError(reasons.NO_SHARE)
        failures: list[ShareError] = []
        for account in target.accounts:
            try:
                return _open_share(account, name, rules, interrupt)
            except ShareError as error:
                failures.append(error)
                if error.reason not in (reasons.WRONG_LOGIN, reasons.DENIED):
                    break
        raise failures[0]
    except ShareError as error:
        raise error.named(ip=target.shown, share=name, path="") from None


def _open_share(target: Target, name: str, rules: access.Access, interrupt: Interrupt) -> Share:
    opened = open_link(target, rules, interrupt)
    link = opened.link
    try:
        with link.during(interrupt):
            tree = _open_tree(link, target.unc(name))
            question = opened.negotiated.question
            if question is not None and link.protected:
                _confirm(link, tree, question, opened.negotiated.confirms)
    except BaseException:
        link.drop()
        raise
    return Share(link, tree, name, target)


def ask_about_root(
    target: Target, name: str, rules: access.Access, interrupt: Interrupt
) -> dfs.Referral:
    """Where a domain's namespace of this name is; a ``ShareError`` where there is none."""
    link = open_link(target, rules, interrupt).link
    try:
        with link.during(interrupt):
            pipes = _open_tree(link, target.unc(dfs.PIPES), _PIPE)
            return dfs.ask(link, pipes, target.unc(name))
    finally:
        link.drop()


class Share:
    """A share that is open. Paths are as clients write them (server reference, 8.2)."""

    def __init__(self, link: Link, tree: int, name: str, target: Target) -> None:
        self.target = target
        self._link = link
        self._tree = tree
        self._name = name
        self._pipes: int | None = None

    @property
    def broken(self) -> bool:
        """Whether the connection is gone."""
        return self._link.broken

    @property
    def dialect(self) -> int:
        """The dialect that is spoken, such as 0x0311."""
        return self._link.dialect

    @property
    def encrypted(self) -> bool:
        """Whether everything is encrypted."""
        return self._link.encrypts

    def close(self, interrupt: Interrupt) -> None:
        """Log off and close; never fails."""
        with contextlib.suppress(ShareError, Interrupted), self._link.during(interrupt):
            self._link.log_off()
        self._link.drop()

    def drop(self) -> None:
        """Close the connection without a word."""
        self._link.drop()

    # Reading

    def list_folder(self, path: str, interrupt: Interrupt) -> list[Entry]:
        """The entries of a folder, sorted by name, case folded (server reference, 8.3)."""
        with self._working(path, interrupt):
            return self._list(paths.components(path))

    def look(self, path: str, interrupt: Interrupt) -> Stamp | None:
        """What is there; None if nothing is."""
        with self._working(path, interrupt):
            try:
                handle, stamp = self._open(paths.components(path), Access.READ_ATTRIBUTES)
            except ShareError as error:
                # A share's root can be forbidden to look at, and so be nothing to us.
                if error.reason in (reasons.MISSING, reasons.BAD_NAME):
                    return None
                raise
            self._close(handle)
            return stamp

    def fetch(
        self,
        path: str,
        interrupt: Interrupt,
        *,
        known: Stamp | None = None,
        part: Span = ALL,
        limit: int | None = None,
        folder: str | None = None,
        progress: Progress = lambda done, total: None,
    ) -> Fetched:
        """A file's bytes, or a part of them, in an unlinked temporary file in ``folder``.

        Nothing is read where the file is still what ``known`` says. ``limit`` is the most bytes
        that are read. A file that changes meanwhile is read again, twice at most; one that
        only grows is given as long as it was.
        """
        with self._working(path, interrupt):
            for rounds_left in reversed(range(_ROUNDS)):
                last = not rounds_left
                got = self._fetch(path, known, part, limit, folder, progress, last=last)
                if got is not None:
                    return got
            raise ShareError(reasons.CHANGED)

    def referral(self, path: str, interrupt: Interrupt) -> dfs.Referral:
        """Where the link on the way to a path leads; a ``ShareError`` if the server cannot say."""
        with self._working(path, interrupt):
            if self._pipes is None:
                self._pipes = _open_tree(self._link, self.target.unc(dfs.PIPES), _PIPE)
            rest = paths.nt_path(paths.components(path))
            unc = self.target.unc(self._name)
            return dfs.ask(self._link, self._pipes, f"{unc}\\{rest}" if rest else unc)

    # Writing

    def store(
        self,
        path: str,
        source: transfer.Source,
        interrupt: Interrupt,
        *,
        token: str,
        progress: Progress = lambda done, total: None,
    ) -> None:
        """Replace a file: under another name first, so that nobody sees half of it.

        ``token`` makes that name. A second attempt with the same one takes over what the first
        has left behind.
        """
        with self._working(path, interrupt):
            parts = self._as_spelled_there(_file_parts(path))
            handle, _ = self._open(
                _unfinished(parts, token),
                Access.WRITE_DATA | Access.DELETE | Access.READ_ATTRIBUTES | Access.SYNCHRONIZE,
                Disposition.OVERWRITE_IF,
                Option.NOT_DIRECTORY,
            )
            try:
                transfer.write_file(self._link, self._tree, handle, source, progress)
                self._ask(Command.FLUSH, messages.flush(handle))
                self._replace(handle, parts, interrupt)
            except ShareError:
                self._delete(handle)
                raise
            finally:
                self._close(handle)

    def discard(self, path: str, interrupt: Interrupt, *, token: str) -> None:
        """Remove what a ``store`` with this token has left behind, on a connection that broke."""
        with self._working(path, interrupt):
            self._remove(_unfinished(self._as_spelled_there(_file_parts(path)), token))

    def make_folder(self, path: str, interrupt: Interrupt) -> None:
        """Make a folder, and those above it; one that is there already is no failure."""
        with self._working(path, interrupt):
            parts = self._as_spelled_there(paths.components(path))
            for depth in range(1, len(parts) + 1):
                self._make_folder(parts[:depth])

    def remove(self, path: str, interrupt: Interrupt) -> None:
        """Delete a file, or a folder that is empty."""
        with self._working(path, interrupt):
            self._remove(_file_parts(path))

    def rename(self, path: str, new: str, interrupt: Interrupt) -> None:
        """Give a file or folder another name or place on the same share."""
        with self._working(path, interrupt):
            handle, _ = self._open(_file_parts(path), Access.DELETE | Access.READ_ATTRIBUTES)
            try:
                there = self._as_spelled_there(_file_parts(new))
                self._rename(handle, there, replace=False)
            except ShareError as error:
                if error.reason in (reasons.EXISTS, reasons.MISSING):
                    raise error.named(path=new) from None
                raise
            finally:
                self._leave(handle)

    def check(self, interrupt: Interrupt) -> None:
        """Ask for a sign of life; a ``ShareError`` if there is none."""
        with self._working("", interrupt):
            self._link.ask(Command.ECHO, messages.plain())

    # The parts of these

    @contextlib.contextmanager
    def _working(self, path: str, interrupt: Interrupt) -> Iterator[None]:
        """While inside, requests have the time of ``interrupt``, and failures get their names."""
        try:
            with self._link.during(interrupt):
                yield
        except ShareError as error:
            raise error.named(ip=self.target.shown, share=self._name, path=path) from None

    def _ask(self, command: int, body: bytes, moves: int = 0) -> memoryview:
        reply = self._link.ask(command, body, self._tree, moves)
        if reply.status != Status.OK:
            raise of_status(reply.status)
        return reply.body

    def _open(
        self,
        parts: tuple[str, ...],
        access: int,
        disposition: int = Disposition.OPEN,
        options: int = 0,
        sharing: int = messages.SHARE_ALL,
    ) -> tuple[bytes, Stamp]:
        """Open by the name as it is written, or with its accents put otherwise."""
        failure = ShareError(reasons.MISSING)
        for name in paths.spellings(paths.nt_path(parts)):
            body = messages.create(name, access, disposition, options, sharing=sharing)
            reply = self._link.ask(Command.CREATE, body, self._tree)
            if reply.status == Status.OK:
                with self._link.parsing():
                    return messages.parse_create(reply.body)
            failure = of_status(reply.status)
            if disposition != Disposition.OPEN or reply.status not in _NOT_FOUND:
                break
        raise failure

    def _as_spelled_there(self, parts: tuple[str, ...]) -> tuple[str, ...]:
        """The path with its accents as they are in what exists of it.

        Otherwise there would soon be two files whose names look the same.
        """
        if "".join(parts).isascii():
            return parts
        for count in range(len(parts), 0, -1):
            for name in paths.spellings(paths.nt_path(parts[:count])):
                body = messages.create(name, Access.READ_ATTRIBUTES, Disposition.OPEN, 0)
                reply = self._link.ask(Command.CREATE, body, self._tree)
                if reply.status == Status.OK:
                    with self._link.parsing():
                        handle, _ = messages.parse_create(reply.body)
                    self._close(handle)
                    return (*name.split("\\"), *parts[count:])
                if reply.status not in _NOT_FOUND:
                    return parts  # what was asked for will fail for the same reason
        return parts

    def _close(self, handle: bytes) -> Stamp | None:
        """Give a handle back, whatever happened before; what it was of, if the server says."""
        if self._link.broken:
            return None
        reply = self._link.ask(Command.CLOSE, messages.close(handle), self._tree)
        if reply.status != Status.OK:
            return None
        with self._link.parsing():
            return messages.parse_close(reply.body)

    def _leave(self, handle: bytes) -> None:
        """Give a handle back when all is said: a connection that ends now gives it back, too."""
        with contextlib.suppress(ShareError):
            self._close(handle)

    def _list(self, parts: tuple[str, ...]) -> list[Entry]:
        handle, _ = self._open_folder(parts)
        try:
            found = [entry for entry in self._entries(handle) if paths.is_shown(entry.name)]
        finally:
            self._close(handle)
        found.sort(key=lambda entry: paths.order(entry.name))
        return found

    def _open_folder(self, parts: tuple[str, ...]) -> tuple[bytes, Stamp]:
        rights = Access.READ_DATA | Access.READ_ATTRIBUTES | Access.SYNCHRONIZE
        handle, stamp = self._open(parts, rights, options=Option.DIRECTORY)
        if parts and not stamp.is_folder:  # some servers open a file all the same
            self._close(handle)
            raise ShareError(reasons.NOT_FOLDER)
        return handle, stamp

    def _entries(self, handle: bytes) -> Iterator[Entry]:
        restart, count = True, 0
        while True:
            room = self._link.affordable(self._link.sizes.listing)
            body = messages.query_directory(
                handle, listing.DIRECTORY_INFORMATION, "*", room, restart=restart
            )
            reply = self._link.ask(Command.QUERY_DIRECTORY, body, self._tree, room)
            if reply.status == Status.NO_MORE_FILES or (
                restart and reply.status == Status.NO_SUCH_FILE
            ):
                return
            if reply.status != Status.OK:
                raise of_status(reply.status)
            with self._link.parsing():
                found = list(listing.entries(messages.parse_query_directory(reply.body)))
            count += len(found)
            if not found or count > MAX_NAMES:
                raise ShareError(reasons.TOO_MANY_NAMES, limit=MAX_NAMES)
            yield from found
            restart = False

    def _fetch(
        self,
        path: str,
        known: Stamp | None,
        part: Span,
        limit: int | None,
        folder: str | None,
        progress: Progress,
        *,
        last: bool,
    ) -> Fetched | None:
        """One round of ``fetch``; None where the file changed under it."""
        handle, before = self._open_file(path)
        output: spool.Spooled | None = None
        try:
            if before == known:
                return Fetched(before, None)
            length = part.length_in(before.size)
            if limit is not None and length > limit:
                raise ShareError(reasons.TOO_LARGE, size=length, limit=limit)
            output = spool.spooled(folder)
            transfer.read_file(
                *(self._link, self._tree, handle, length, output.output, progress),
                start=part.offset,
            )
            after = self._close(handle)
            handle = b""
            grown = after is not None and last and after.size > before.size
            if after is not None and not grown and not _same_content(before, after):
                return None
            reader, output = output.finish(), None
            return Fetched(before, reader)
        except transfer.Shrunk:
            return None
        finally:
            if output is not None:
                output.discard()
            if handle:
                self._close(handle)

    def _open_file(self, path: str) -> tuple[bytes, Stamp]:
        rights = Access.READ_DATA | Access.READ_ATTRIBUTES | Access.SYNCHRONIZE
        options = Option.NOT_DIRECTORY | Option.SEQUENTIAL
        handle, stamp = self._open(_file_parts(path), rights, options=options)
        if stamp.is_folder:  # some servers open it all the same
            self._close(handle)
            raise ShareError(reasons.IS_FOLDER)
        return handle, stamp

    def _make_folder(self, parts: tuple[str, ...]) -> None:
        try:
            handle, _ = self._open(
                parts, Access.READ_ATTRIBUTES, Disposition.OPEN_IF, Option.DIRECTORY
            )
        except ShareError as error:
            if error.reason is reasons.EXISTS:
                raise ShareError(reasons.NOT_FOLDER, path="/".join(parts)) from None
            raise error.named(path="/".join(parts)) from None
        self._close(handle)

    def _replace(self, handle: bytes, parts: tuple[str, ...], interrupt: Interrupt) -> None:
        """Give a new file its name, with some patience for readers and virus scanners."""
        for pause in _PAUSES:
            try:
                return self._rename(handle, parts, replace=True)
            except ShareError as error:
                if error.reason is not reasons.LOCKED:
                    raise
            interrupt.pause(pause)
        return self._rename(handle, parts, replace=True)

    def _rename(self, handle: bytes, parts: tuple[str, ...], *, replace: bool) -> None:
        target = messages.rename_to(paths.nt_path(parts), replace=replace)
        body = messages.set_info(handle, messages.RENAME, target)
        reply = self._link.ask(Command.SET_INFO, body, self._tree)
        if reply.status == Status.OK:
            return
        failure = of_status(reply.status)
        if replace and failure.reason in (reasons.DENIED, reasons.EXISTS):
            failure = self._why_not_replaced(parts, failure)
        raise failure

    def _why_not_replaced(self, parts: tuple[str, ...], failure: ShareError) -> ShareError:
        """Servers say "denied" also of a folder of that name, and of a file that is in use."""
        try:
            handle, stamp = self._open(parts, Access.READ_ATTRIBUTES)
            self._close(handle)
            if stamp.is_folder:
                return ShareError(reasons.IS_FOLDER)
            handle, _ = self._open(parts, Access.DELETE, sharing=0)
            self._close(handle)
        except ShareError as error:
            return error if error.reason is reasons.LOCKED else failure
        return failure

    def _remove(self, parts: tuple[str, ...]) -> None:
        handle, _ = self._open(parts, Access.DELETE | Access.READ_ATTRIBUTES)
        try:
            status = self._delete(handle)
        finally:
            self._leave(handle)
        if status != Status.OK:
            raise of_status(status)

    def _delete(self, handle: bytes) -> int:
        """Mark an open file for deletion; the NT status of that."""
        if self._link.broken:
            return Status.OK  # nobody is there to be told
        body = messages.set_info(handle, messages.DISPOSITION, b"\1")
        return self._link.ask(Command.SET_INFO, body, self._tree).status


def _file_parts(path: str) -> tuple[str, ...]:
    """The names on the way to a file; the share's root is none."""
    parts = paths.components(path)
    if not parts:
        raise ShareError(reasons.IS_FOLDER)
    return parts


def _unfinished(parts: tuple[str, ...], token: str) -> tuple[str, ...]:
    """The name that a file has until all of it is there."""
    return (*parts[:-1], f".~{token}.tmp")


def _same_content(before: Stamp, after: Stamp) -> bool:
    return (before.size, before.written, before.changed) == (
        after.size,
        after.written,
        after.changed,
    )


def _open_tree(link: Link, name: str, kind: int = _DISK) -> int:
    """Open a share of some kind; its number for later requests."""
    number = link.send(Command.TREE_CONNECT, messages.tree_connect(name))
    reply = link.receive()
    if reply.header.message != number:
        raise ShareError(reasons.NONSENSE)
    if reply.status != Status.OK:
        raise of_tree_status(reply.status)
    with link.parsing():
        if messages.parse_tree_connect(reply.body) != kind:
            raise ShareError(reasons.NOT_A_DISK)
    return reply.header.tree


def _confirm(
    link: Link, tree: int, question: bytes, confirms: Callable[[memoryview], bool]
) -> None:
    """Ask again, under a signature, what was negotiated without one.

    A server too old to know the question says so, and its signature under that is as good.
    """
    body = messages.ioctl(messages.FSCTL_VALIDATE_NEGOTIATE, question, 24)
    try:
        reply = link.ask(Command.IOCTL, body, tree)
    except ShareError as error:
        if error.reason is reasons.LOST:  # what a server does that was asked something else
            raise ShareError(reasons.FORGED) from None
        raise
    if reply.status != Status.OK:
        return
    with link.parsing():
        if not confirms(messages.parse_ioctl(reply.body)):
            link.drop()
            raise ShareError(reasons.FORGED)
