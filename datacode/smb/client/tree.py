"""A share that is open on a wire: names, handles, folders, renaming. Blocking.

The requests that ``share`` puts together, each by the names on the way to a place. Failures are
``ShareError`` without names: whoever knows the client's own words adds them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from datacode.runtime.files import Entry
from datacode.smb import errors, share_paths
from datacode.smb.deadline import Deadline
from datacode.smb.errors import ShareError, Status, of_status, of_tree_status
from datacode.smb.protocol import messages, query_directory
from datacode.smb.protocol.connection import WireConnection
from datacode.smb.protocol.messages import (
    AccessMask,
    Command,
    CreateDisposition,
    CreateOptions,
    FileInfo,
)

DISK, PIPE = 1, 2
"""Kinds of shares: one that holds files, and the one for talking ([MS-SMB2], 2.2.10)."""

MAX_NAMES = 200_000
"""How many names one listing may have."""

_PAUSES = (0.1, 0.2, 0.4, 0.8)
"""Seconds between attempts to replace a file that somebody has open, perhaps for a moment."""

_NOT_FOUND = (Status.OBJECT_NAME_NOT_FOUND, Status.OBJECT_PATH_NOT_FOUND, Status.NO_SUCH_FILE)

PathParts = tuple[str, ...]


def open_tree(wire: WireConnection, name: str, kind: int = DISK) -> Tree:
    """Open a share of some kind."""
    reply = wire.ask(Command.TREE_CONNECT, messages.tree_connect(name))
    if reply.status != Status.OK:
        raise of_tree_status(reply.status)
    with wire.parsing():
        if messages.parse_tree_connect(reply.body) != kind:
            raise ShareError(errors.NOT_A_DISK)
    return Tree(wire, reply.header.tree)


def validate_negotiate(
    wire: WireConnection, tree: Tree, question: bytes, confirms: Callable[[memoryview], bool]
) -> None:
    """Ask again, under a signature, what was negotiated without one.

    A server too old to know the question says so, and its signature under that is as good.
    """
    body = messages.ioctl(messages.FSCTL_VALIDATE_NEGOTIATE, question, 24)
    try:
        reply = wire.ask(Command.IOCTL, body, tree.number)
    except ShareError as error:
        if error.cause is errors.LOST:  # what a server does that was asked something else
            raise ShareError(errors.FORGED) from None
        raise
    if reply.status != Status.OK:
        return
    with wire.parsing():
        if not confirms(messages.parse_ioctl(reply.body)):
            wire.drop()
            raise ShareError(errors.FORGED)


class Tree:
    """An open share. ``number`` is what requests call it."""

    def __init__(self, wire: WireConnection, number: int) -> None:
        self.number = number
        self._wire = wire

    def open(
        self,
        parts: PathParts,
        access: int,
        disposition: int = CreateDisposition.OPEN,
        options: int = 0,
        sharing: int = messages.SHARE_ALL,
    ) -> tuple[bytes, FileInfo]:
        """Open by the name as it is written, or with its accents put otherwise."""
        failure = ShareError(errors.MISSING)
        for name in share_paths.spellings(share_paths.nt_path(parts)):
            body = messages.create(name, access, disposition, options, sharing=sharing)
            reply = self._wire.ask(Command.CREATE, body, self.number)
            if reply.status == Status.OK:
                with self._wire.parsing():
                    return messages.parse_create(reply.body)
            failure = of_status(reply.status)
            if disposition != CreateDisposition.OPEN or reply.status not in _NOT_FOUND:
                break
        raise failure

    def open_file(self, parts: PathParts) -> tuple[bytes, FileInfo]:
        """Open a file for reading."""
        rights = AccessMask.READ_DATA | AccessMask.READ_ATTRIBUTES | AccessMask.SYNCHRONIZE
        options = CreateOptions.NOT_DIRECTORY | CreateOptions.SEQUENTIAL
        handle, info = self.open(parts, rights, options=options)
        if info.is_folder:  # some servers open it all the same
            self.close(handle)
            raise ShareError(errors.IS_FOLDER)
        return handle, info

    def _open_folder(self, parts: PathParts) -> tuple[bytes, FileInfo]:
        rights = AccessMask.READ_DATA | AccessMask.READ_ATTRIBUTES | AccessMask.SYNCHRONIZE
        handle, info = self.open(parts, rights, options=CreateOptions.DIRECTORY)
        if parts and not info.is_folder:  # some servers open a file all the same
            self.close(handle)
            raise ShareError(errors.NOT_FOLDER)
        return handle, info

    def close(self, handle: bytes) -> FileInfo | None:
        """Give a handle back, whatever happened before; what it was of, if the server says."""
        if self._wire.broken:
            return None
        reply = self._wire.ask(Command.CLOSE, messages.close(handle), self.number)
        if reply.status != Status.OK:
            return None
        with self._wire.parsing():
            return messages.parse_close(reply.body)

    def close_quietly(self, handle: bytes) -> None:
        """Give a handle back when all is said: a connection that ends now gives it back, too."""
        with contextlib.suppress(ShareError):
            self.close(handle)

    def as_spelled_there(self, parts: PathParts) -> PathParts:
        """The path with its accents as they are in what exists of it.

        Otherwise there would soon be two files whose names look the same.
        """
        if "".join(parts).isascii():
            return parts
        for count in range(len(parts), 0, -1):
            for name in share_paths.spellings(share_paths.nt_path(parts[:count])):
                body = messages.create(name, AccessMask.READ_ATTRIBUTES, CreateDisposition.OPEN, 0)
                reply = self._wire.ask(Command.CREATE, body, self.number)
                if reply.status == Status.OK:
                    with self._wire.parsing():
                        handle, _ = messages.parse_create(reply.body)
                    self.close(handle)
                    return (*name.split("\\"), *parts[count:])
                if reply.status not in _NOT_FOUND:
                    return parts  # what was asked for will fail for the same reason
        return parts

    def listed(self, parts: PathParts) -> list[Entry]:
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
            room = self._wire.affordable(self._wire.sizes.listing)
            body = messages.query_directory(
                handle, query_directory.DIRECTORY_INFORMATION, "*", room, restart=restart
            )
            reply = self._wire.ask(Command.QUERY_DIRECTORY, body, self.number, room)
            if reply.status == Status.NO_MORE_FILES or (
                restart and reply.status == Status.NO_SUCH_FILE
            ):
                return
            if reply.status != Status.OK:
                raise of_status(reply.status)
            with self._wire.parsing():
                found = list(query_directory.entries(messages.parse_query_directory(reply.body)))
            count += len(found)
            if not found or count > MAX_NAMES:
                raise ShareError(errors.TOO_MANY_NAMES, limit=MAX_NAMES)
            yield from found
            restart = False

    def make_folder(self, parts: PathParts) -> None:
        """Make one folder; that it is there already is no failure."""
        try:
            handle, _ = self.open(
                parts,
                AccessMask.READ_ATTRIBUTES,
                CreateDisposition.OPEN_IF,
                CreateOptions.DIRECTORY,
            )
        except ShareError as error:
            if error.cause is errors.EXISTS:
                raise ShareError(errors.NOT_FOLDER, path="/".join(parts)) from None
            raise error.named(path="/".join(parts)) from None
        self.close(handle)

    def remove(self, parts: PathParts) -> None:
        """Delete a file, or a folder that is empty."""
        handle, _ = self.open(parts, AccessMask.DELETE | AccessMask.READ_ATTRIBUTES)
        try:
            status = self.delete(handle)
        finally:
            self.close_quietly(handle)
        if status != Status.OK:
            raise of_status(status)

    def delete(self, handle: bytes) -> int:
        """Mark an open file for deletion; the NT status of that."""
        if self._wire.broken:
            return Status.OK  # nobody is there to be told
        body = messages.set_info(handle, messages.DISPOSITION, b"\1")
        return self._wire.ask(Command.SET_INFO, body, self.number).status

    def flush(self, handle: bytes) -> None:
        """Have what was written stored."""
        reply = self._wire.ask(Command.FLUSH, messages.flush(handle), self.number)
        if reply.status != Status.OK:
            raise of_status(reply.status)

    def _rename_over(self, handle: bytes, parts: PathParts) -> None:
        """Give an open file the name of another, which it replaces; from the share's root."""
        target = messages.rename_to(share_paths.nt_path(parts), replace=True)
        body = messages.set_info(handle, messages.RENAME, target)
        reply = self._wire.ask(Command.SET_INFO, body, self.number)
        if reply.status == Status.OK:
            return
        failure = of_status(reply.status)
        if failure.cause in (errors.DENIED, errors.EXISTS):
            failure = self._why_not_replaced(parts, failure)
        raise failure

    def replace(self, handle: bytes, parts: PathParts, deadline: Deadline) -> None:
        """Give a new file its name, with some patience for readers and virus scanners."""
        for pause in _PAUSES:
            try:
                return self._rename_over(handle, parts)
            except ShareError as error:
                if error.cause is not errors.LOCKED:
                    raise
            deadline.pause(pause)
        return self._rename_over(handle, parts)

    def _why_not_replaced(self, parts: PathParts, failure: ShareError) -> ShareError:
        """Servers say "denied" also of a folder of that name, and of a file that is in use."""
        try:
            handle, info = self.open(parts, AccessMask.READ_ATTRIBUTES)
            self.close(handle)
            if info.is_folder:
                return ShareError(errors.IS_FOLDER)
            handle, _ = self.open(parts, AccessMask.DELETE, sharing=0)
            self.close(handle)
        except ShareError as error:
            return error if error.cause is errors.LOCKED else failure
        return failure
