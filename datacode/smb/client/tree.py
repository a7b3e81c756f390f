"""A share that is open on a connection: names, handles, folders, replacing. Blocking.

The requests that ``share`` puts together, each by the names on the way to a place. Failures are
``ShareError`` without names: whoever knows the client's own words adds them.
"""

from __future__ import annotations

import contextlib

from datacode.runtime.files import Entry
from datacode.runtime.in_steps import done, sorted_in_steps
from datacode.smb import errors, share_paths
from datacode.smb.client.smb_connection import Handle, ShareConnection
from datacode.smb.errors import ShareError
from datacode.smb.protocol import messages
from datacode.smb.protocol.messages import AccessMask, CreateDisposition, CreateOptions, FileInfo
from datacode.values import paths

PathParts = tuple[str, ...]


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
        failure = ShareError(errors.MISSING)
        for name in paths.spellings(share_paths.nt_path(parts), "\\"):
            how = (access, sharing, options, disposition, 0)
            try:
                handle: Handle = self._connection.openFile(self.number, name, *how)
            except ShareError as error:
                failure = error
            else:
                return handle
            if disposition != CreateDisposition.OPEN or failure.cause is not errors.MISSING:
                break
        raise failure

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

    def as_spelled_there(self, parts: PathParts) -> PathParts:
        """The path in the Unicode normal forms of those names that exist.

        Otherwise there would soon be two files whose names look the same.
        """
        if "".join(parts).isascii():
            return parts
        for count in range(len(parts), 0, -1):
            try:
                handle = self.open(parts[:count], AccessMask.READ_ATTRIBUTES)
            except ShareError as error:
                if self._connection.broken:
                    raise
                if error.cause is not errors.MISSING:
                    return parts  # what was asked for will fail for the same cause
            else:
                self.close(handle)
                return (*handle.name.split("\\"), *parts[count:])
        return parts

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
            handle = self.open(
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
        handle = self.open(parts, AccessMask.TO_DELETE)
        try:
            self._delete(handle)
        finally:
            self.close_quietly(handle)

    def delete_unless_refused(self, handle: bytes) -> None:
        """Delete an open file; that the server refuses it is no failure."""
        try:
            if not self._connection.broken:
                self._delete(handle)
        except ShareError:
            if self._connection.broken:
                raise

    def _delete(self, handle: bytes) -> None:
        self._connection.setInfo(self.number, handle, messages.DISPOSITION, b"\1")

    def rename_over(self, handle: bytes, parts: PathParts) -> None:
        """Give an open file the name of another, which it replaces; from the share's root."""
        target = messages.rename_over(share_paths.nt_path(parts))
        try:
            self._connection.setInfo(self.number, handle, messages.RENAME, target)
        except ShareError as error:
            failure = error
        else:
            return
        if failure.cause in (errors.DENIED, errors.EXISTS):
            failure = self._why_not_replaced(parts, failure)
        raise failure

    def _why_not_replaced(self, parts: PathParts, failure: ShareError) -> ShareError:
        """Servers say "denied" also of a folder of that name, and of a file that is in use."""
        try:
            handle = self.open(parts, AccessMask.READ_ATTRIBUTES)
            self.close(handle)
            if handle.info.is_folder:
                return ShareError(errors.IS_FOLDER)
            handle = self.open(parts, AccessMask.DELETE, sharing=0)
            self.close(handle)
        except ShareError as error:
            return error if error.cause is errors.LOCKED else failure
        return failure
