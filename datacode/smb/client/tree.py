"""A share that is open on a connection: names, handles, folders, replacing. Blocking.

The requests that ``share`` puts together, each by the names on the way to a place. Failures are
``ShareError`` without names: whoever knows the client's own words adds them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TypeVar

from datacode.runtime.files import Entry
from datacode.runtime.in_steps import done, sorted_in_steps
from datacode.smb import errors, share_paths
from datacode.smb.client.smb_connection import CLOSE, Handle, ShareConnection, change
from datacode.smb.errors import ShareError, Status, of_status
from datacode.smb.protocol import messages
from datacode.smb.protocol.connection import Related, RelatedResponses
from datacode.smb.protocol.messages import AccessMask, CreateDisposition, CreateOptions, FileInfo
from datacode.values import paths

PathParts = tuple[str, ...]
Opened = TypeVar("Opened")


class Tree:
    """An open share. ``number`` is what requests call it."""

    def __init__(self, connection: ShareConnection, number: int) -> None:
        self.number = number
        self._connection = connection

    def open(
        self,
        parts: PathParts,
        access: int,
        disposition: int = CreateDisposition.OPEN,
        options: int = 0,
        sharing: int = messages.SHARE_ALL,
    ) -> Handle:
        """CREATE (2.2.13) by the name as written, or by its other Unicode normal forms."""
        how = (access, sharing, options, disposition)

        def opened(name: str) -> Handle:
            handle: Handle = self._connection.openFile(self.number, name, *how, 0)
            return handle

        return _by_any_spelling(parts, disposition, opened)

    def open_then(
        self,
        parts: PathParts,
        access: int,
        *then: Related,
        disposition: int = CreateDisposition.OPEN,
        options: int = 0,
        sharing: int = messages.SHARE_ALL,
    ) -> tuple[Handle, RelatedResponses]:
        """The same, with requests about what is opened in the same frame.

        The answers begin with that to CREATE. Where the last of the requests is ``CLOSE``, what
        was opened is closed, whatever the server makes of the others.
        """
        how = (access, sharing, options, disposition)

        def opened(name: str) -> tuple[Handle, RelatedResponses]:
            return self._connection.open_then(self.number, name, how, then)

        handle, replies = _by_any_spelling(parts, disposition, opened)
        if then and then[-1] is CLOSE:
            self.see_closed(handle, replies)
        return handle, replies

    def open_file(self, parts: PathParts) -> Handle:
        """Open a file for reading."""
        options = CreateOptions.NOT_DIRECTORY | CreateOptions.SEQUENTIAL
        handle = self.open(parts, AccessMask.TO_READ, options=options)
        if handle.info.is_folder:  # some servers open it all the same
            self.close(handle)
            raise ShareError(errors.IS_FOLDER)
        return handle

    def _open_folder(self, parts: PathParts) -> Handle:
        handle = self.open(parts, AccessMask.TO_READ, options=CreateOptions.DIRECTORY)
        if parts and not handle.info.is_folder:  # some servers open a file all the same
            self.close(handle)
            raise ShareError(errors.NOT_FOLDER)
        return handle

    def close(self, handle: bytes) -> FileInfo | None:
        """CLOSE (2.2.15), where there is a connection; what the handle was of, if that is said."""
        if self._connection.broken:
            return None
        info: FileInfo | None = self._connection.closeFile(self.number, handle)
        return info

    def close_quietly(self, handle: bytes) -> None:
        """The same, ignoring failures: a server closes the handles of a lost connection."""
        with contextlib.suppress(ShareError):
            self.close(handle)

    def see_closed(self, handle: bytes, replies: RelatedResponses) -> None:
        """Close what the last of some requests, ``CLOSE``, should have closed and has not."""
        if not self._connection.broken and replies[-1].status != Status.OK:
            self.close_quietly(handle)

    def as_spelled_there(self, parts: PathParts) -> PathParts:
        """The path in the Unicode normal forms of those names that exist.

        Otherwise there would soon be two files whose names look the same.
        """
        if "".join(parts).isascii():
            return parts
        for count in range(len(parts), 0, -1):
            try:
                handle = self.look(parts[:count])
            except ShareError as error:
                if self._connection.broken:
                    raise
                if error.cause is not errors.MISSING:
                    return parts  # what was asked for will fail for the same cause
            else:
                return (*handle.name.split("\\"), *parts[count:])
        return parts

    def look(
        self, parts: PathParts, access: int = AccessMask.READ_ATTRIBUTES, **how: int
    ) -> Handle:
        """Open and close: what is there, and may be opened so."""
        return self.open_then(parts, access, CLOSE, **how)[0]

    def listed(self, parts: PathParts) -> list[Entry]:
        """The entries of a folder that are to be shown, sorted by name, case folded."""
        handle = self._open_folder(parts)
        try:
            found = [
                entry
                for entry in self._connection.entries(self.number, handle)
                if share_paths.is_shown(entry.name)
            ]
        finally:
            self.close(handle)
        return done(sorted_in_steps(found, lambda entry: share_paths.order(entry.name)))

    def make_folder(self, parts: PathParts) -> None:
        """Make one folder; that it is there already is no failure."""
        try:
            self.look(parts, disposition=CreateDisposition.OPEN_IF, options=CreateOptions.DIRECTORY)
        except ShareError as error:
            if error.cause is errors.EXISTS:
                raise ShareError(errors.NOT_FOLDER, path="/".join(parts)) from None
            raise error.named(path="/".join(parts)) from None

    def remove(self, parts: PathParts) -> None:
        """Delete a file, or a folder that is empty."""
        deleting = change(messages.DISPOSITION, b"\1")
        reply = self.open_then(parts, AccessMask.TO_DELETE, deleting, CLOSE)[1][1]
        if reply.status != Status.OK:
            raise of_status(reply.status)

    def ask(self, handle: bytes, *requests: Related) -> RelatedResponses:
        """Requests about an open file in one frame; their answers."""
        return self._connection.wire.ask_related(requests, self.number, handle)

    def close_after(self, handle: bytes, *requests: Related) -> None:
        """Do some things more, and close; that the server refuses is no failure."""
        if self._connection.broken:
            return
        self.see_closed(handle, self.ask(handle, *requests, CLOSE))

    def discard(self, handle: bytes) -> None:
        """Delete an open file and close it; that the server refuses it is no failure."""
        self.close_after(handle, change(messages.DISPOSITION, b"\1"))

    def rename(self, handle: bytes, parts: PathParts, *, replacing: bool) -> None:
        """Give an open file another name, from the share's root; ``replacing`` what has it."""
        status = self.ask(handle, rename(parts, replacing=replacing))[0].status
        if status == Status.OK:
            return
        failure = of_status(status)
        if replacing and failure.cause in (errors.DENIED, errors.EXISTS):
            failure = self._why_not_replaced(parts, failure)
        raise failure

    def _why_not_replaced(self, parts: PathParts, failure: ShareError) -> ShareError:
        """Servers say "denied" also of a folder of that name, and of a file that is in use."""
        try:
            if self.look(parts).info.is_folder:
                return ShareError(errors.IS_FOLDER)
            self.look(parts, AccessMask.DELETE, sharing=0)
        except ShareError as error:
            return error if error.cause is errors.LOCKED else failure
        return failure


def rename(parts: PathParts, *, replacing: bool) -> Related:
    """A request that gives an open file another name, from the share's root."""
    target = messages.new_name(share_paths.nt_path(parts), replacing=replacing)
    return change(messages.RENAME, target)


def _by_any_spelling(parts: PathParts, disposition: int, opened: Callable[[str], Opened]) -> Opened:
    """What ``opened`` gives for the name, or for the first of its normal forms that exists."""
    failure: ShareError | None = None
    for name in paths.spellings(share_paths.nt_path(parts), "\\"):
        try:
            return opened(name)
        except ShareError as error:
            failure = error
        if disposition != CreateDisposition.OPEN or failure.cause is not errors.MISSING:
            break
    raise failure or ShareError(errors.MISSING)
