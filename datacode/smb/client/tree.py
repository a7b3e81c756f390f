"""A share that is open on a link: names, handles, folders, renaming. Blocking.

The requests that ``share`` puts together, each by the names on the way to a place. Failures are
``ShareError`` without names: whoever knows the client's own words adds them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from datacode.runtime.files import Entry
from datacode.smb import errors, share_paths
from datacode.smb.deadline import Interrupt
from datacode.smb.errors import ShareError, Status, of_status, of_tree_status
from datacode.smb.protocol import messages, query_directory
from datacode.smb.protocol.connection import Link
from datacode.smb.protocol.messages import Access, Command, Disposition, Option, Stamp

DISK, PIPE = 1, 2
"""Kinds of shares: one that holds files, and the one for talking ([MS-SMB2], 2.2.10)."""

MAX_NAMES = 200_000
"""How many names one listing may have."""

_PAUSES = (0.1, 0.2, 0.4, 0.8)
"""Seconds between attempts to replace a file that somebody has open, perhaps for a moment."""

_NOT_FOUND = (Status.OBJECT_NAME_NOT_FOUND, Status.OBJECT_PATH_NOT_FOUND, Status.NO_SUCH_FILE)

Names = tuple[str, ...]


def open_tree(link: Link, name: str, kind: int = DISK) -> Tree:
    """Open a share of some kind."""
    reply = link.ask(Command.TREE_CONNECT, messages.tree_connect(name))
    if reply.status != Status.OK:
        raise of_tree_status(reply.status)
    with link.parsing():
        if messages.parse_tree_connect(reply.body) != kind:
            raise ShareError(errors.NOT_A_DISK)
    return Tree(link, reply.header.tree)


def confirm(
    link: Link, tree: Tree, question: bytes, confirms: Callable[[memoryview], bool]
) -> None:
    """Ask again, under a signature, what was negotiated without one.

    A server too old to know the question says so, and its signature under that is as good.
    """
    body = messages.ioctl(messages.FSCTL_VALIDATE_NEGOTIATE, question, 24)
    try:
        reply = link.ask(Command.IOCTL, body, tree.number)
    except ShareError as error:
        if error.reason is errors.LOST:  # what a server does that was asked something else
            raise ShareError(errors.FORGED) from None
        raise
    if reply.status != Status.OK:
        return
    with link.parsing():
        if not confirms(messages.parse_ioctl(reply.body)):
            link.drop()
            raise ShareError(errors.FORGED)


class Tree:
    """An open share. ``number`` is what requests call it."""

    def __init__(self, link: Link, number: int) -> None:
        self.number = number
        self._link = link

    def open(
        self,
        parts: Names,
        access: int,
        disposition: int = Disposition.OPEN,
        options: int = 0,
        sharing: int = messages.SHARE_ALL,
    ) -> tuple[bytes, Stamp]:
        """Open by the name as it is written, or with its accents put otherwise."""
        failure = ShareError(errors.MISSING)
        for name in share_paths.spellings(share_paths.nt_path(parts)):
            body = messages.create(name, access, disposition, options, sharing=sharing)
            reply = self._link.ask(Command.CREATE, body, self.number)
            if reply.status == Status.OK:
                with self._link.parsing():
                    return messages.parse_create(reply.body)
            failure = of_status(reply.status)
            if disposition != Disposition.OPEN or reply.status not in _NOT_FOUND:
                break
        raise failure

    def open_file(self, parts: Names) -> tuple[bytes, Stamp]:
        """Open a file for reading."""
        rights = Access.READ_DATA | Access.READ_ATTRIBUTES | Access.SYNCHRONIZE
        options = Option.NOT_DIRECTORY | Option.SEQUENTIAL
        handle, stamp = self.open(parts, rights, options=options)
        if stamp.is_folder:  # some servers open it all the same
            self.close(handle)
            raise ShareError(errors.IS_FOLDER)
        return handle, stamp

    def _open_folder(self, parts: Names) -> tuple[bytes, Stamp]:
        rights = Access.READ_DATA | Access.READ_ATTRIBUTES | Access.SYNCHRONIZE
        handle, stamp = self.open(parts, rights, options=Option.DIRECTORY)
        if parts and not stamp.is_folder:  # some servers open a file all the same
            self.close(handle)
            raise ShareError(errors.NOT_FOLDER)
        return handle, stamp

    def close(self, handle: bytes) -> Stamp | None:
        """Give a handle back, whatever happened before; what it was of, if the server says."""
        if self._link.broken:
            return None
        reply = self._link.ask(Command.CLOSE, messages.close(handle), self.number)
        if reply.status != Status.OK:
            return None
        with self._link.parsing():
            return messages.parse_close(reply.body)

    def leave(self, handle: bytes) -> None:
        """Give a handle back when all is said: a connection that ends now gives it back, too."""
        with contextlib.suppress(ShareError):
            self.close(handle)

    def as_spelled_there(self, parts: Names) -> Names:
        """The path with its accents as they are in what exists of it.

        Otherwise there would soon be two files whose names look the same.
        """
        if "".join(parts).isascii():
            return parts
        for count in range(len(parts), 0, -1):
            for name in share_paths.spellings(share_paths.nt_path(parts[:count])):
                body = messages.create(name, Access.READ_ATTRIBUTES, Disposition.OPEN, 0)
                reply = self._link.ask(Command.CREATE, body, self.number)
                if reply.status == Status.OK:
                    with self._link.parsing():
                        handle, _ = messages.parse_create(reply.body)
                    self.close(handle)
                    return (*name.split("\\"), *parts[count:])
                if reply.status not in _NOT_FOUND:
                    return parts  # what was asked for will fail for the same reason
        return parts

    def listed(self, parts: Names) -> list[Entry]:
        """The entries of a folder that are to be shown, sorted by name, case folded."""
        handle, _ = self._open_folder(parts)
        try:
            found = [entry for entry in self._entries(handle) if share_paths.is_shown(entry.name)]
        finally:
            self.close(handle)
        found.sort(key=lambda entry: share_paths.order(entry.name))
        return found

    def _entries(self, handle: bytes) -> Iterator[Entry]:
        restart, count = True, 0
        while True:
            room = self._link.affordable(self._link.sizes.listing)
            body = messages.query_directory(
                handle, query_directory.DIRECTORY_INFORMATION, "*", room, restart=restart
            )
            reply = self._link.ask(Command.QUERY_DIRECTORY, body, self.number, room)
            if reply.status == Status.NO_MORE_FILES or (
                restart and reply.status == Status.NO_SUCH_FILE
            ):
                return
            if reply.status != Status.OK:
                raise of_status(reply.status)
            with self._link.parsing():
                found = list(query_directory.entries(messages.parse_query_directory(reply.body)))
            count += len(found)
            if not found or count > MAX_NAMES:
                raise ShareError(errors.TOO_MANY_NAMES, limit=MAX_NAMES)
            yield from found
            restart = False

    def make_folder(self, parts: Names) -> None:
        """Make one folder; that it is there already is no failure."""
        try:
            handle, _ = self.open(
                parts, Access.READ_ATTRIBUTES, Disposition.OPEN_IF, Option.DIRECTORY
            )
        except ShareError as error:
            if error.reason is errors.EXISTS:
                raise ShareError(errors.NOT_FOLDER, path="/".join(parts)) from None
            raise error.named(path="/".join(parts)) from None
        self.close(handle)

    def remove(self, parts: Names) -> None:
        """Delete a file, or a folder that is empty."""
        handle, _ = self.open(parts, Access.DELETE | Access.READ_ATTRIBUTES)
        try:
            status = self.delete(handle)
        finally:
            self.leave(handle)
        if status != Status.OK:
            raise of_status(status)

    def delete(self, handle: bytes) -> int:
        """Mark an open file for deletion; the NT status of that."""
        if self._link.broken:
            return Status.OK  # nobody is there to be told
        body = messages.set_info(handle, messages.DISPOSITION, b"\1")
        return self._link.ask(Command.SET_INFO, body, self.number).status

    def flush(self, handle: bytes) -> None:
        """Have what was written stored."""
        reply = self._link.ask(Command.FLUSH, messages.flush(handle), self.number)
        if reply.status != Status.OK:
            raise of_status(reply.status)

    def _rename_over(self, handle: bytes, parts: Names) -> None:
        """Give an open file the name of another, which it replaces; from the share's root."""
        target = messages.rename_to(share_paths.nt_path(parts), replace=True)
        body = messages.set_info(handle, messages.RENAME, target)
        reply = self._link.ask(Command.SET_INFO, body, self.number)
        if reply.status == Status.OK:
            return
        failure = of_status(reply.status)
        if failure.reason in (errors.DENIED, errors.EXISTS):
            failure = self._why_not_replaced(parts, failure)
        raise failure

    def replace(self, handle: bytes, parts: Names, interrupt: Interrupt) -> None:
        """Give a new file its name, with some patience for readers and virus scanners."""
        for pause in _PAUSES:
            try:
                return self._rename_over(handle, parts)
            except ShareError as error:
                if error.reason is not errors.LOCKED:
                    raise
            interrupt.pause(pause)
        return self._rename_over(handle, parts)

    def _why_not_replaced(self, parts: Names, failure: ShareError) -> ShareError:
        """Servers say "denied" also of a folder of that name, and of a file that is in use."""
        try:
            handle, stamp = self.open(parts, Access.READ_ATTRIBUTES)
            self.close(handle)
            if stamp.is_folder:
                return ShareError(errors.IS_FOLDER)
            handle, _ = self.open(parts, Access.DELETE, sharing=0)
            self.close(handle)
        except ShareError as error:
            return error if error.reason is errors.LOCKED else failure
        return failure
