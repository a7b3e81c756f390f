"""Replacing a file on a share as it would have to be by any other client. Blocking.

A file that somebody else writes to, that is read-only, or that the account may not write, is
refused. The new content is written under another name and then takes the place of the old one, so
that nobody sees half of it, if what took its place would belong to the same account, with the same
permissions and attributes; otherwise it is written into the file itself, which nobody can open
meanwhile.

Source: server reference, 8.7; [MS-SMB2], 2.2.13, 2.2.37 to 2.2.40; [MS-DTYP], 2.4.6.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from datacode.smb import errors
from datacode.smb.client import pipelined_io
from datacode.smb.client.pipelined_io import ByteSource, Progress
from datacode.smb.client.smb_connection import Handle, ShareConnection
from datacode.smb.client.tree import PathParts, Tree
from datacode.smb.deadline import Deadline
from datacode.smb.errors import ShareError
from datacode.smb.protocol import messages
from datacode.smb.protocol.messages import AccessMask, CreateDisposition, CreateOptions

Result = TypeVar("Result")

_PAUSES = (0.1, 0.2, 0.4, 0.8)
"""Seconds between attempts at a file that somebody has open, perhaps for a moment."""

_SHARE_WITH_READERS = 0x1 | 0x4
_ALONE = 0
_TO_LOOK = AccessMask.WRITE_DATA | AccessMask.READ_ATTRIBUTES | AccessMask.SYNCHRONIZE
_OLD_OWNER = _TO_LOOK | AccessMask.READ_CONTROL
_TO_ADOPT = AccessMask.READ_CONTROL | AccessMask.WRITE_DAC | AccessMask.WRITE_ATTRIBUTES
_READ_ONLY = 0x1
_ARCHIVE = 0x20
_CAN_BE_SET = 0x2 | 0x4 | _ARCHIVE | 0x2000  # hidden, system, archive, not indexed
_PLAIN = _CAN_BE_SET | messages.ATTRIBUTE_NORMAL


@dataclass(frozen=True, slots=True)
class _Old:
    """The file that is to be replaced; ``security`` is None where that is not told."""

    handle: Handle
    security: messages.Security | None


class Replacement:
    """One file of a share and what is to become of it. ``first_name`` is where it is written."""

    def __init__(
        self, connection: ShareConnection, tree: Tree, parts: PathParts, first_name: PathParts
    ) -> None:
        self._connection = connection
        self._tree = tree
        self._parts = parts
        self._first_name = first_name

    def store(self, source: ByteSource, progress: Progress, deadline: Deadline) -> None:
        """Put the bytes of ``source`` into the file, old or new."""
        old = self._patiently(self._look, deadline)
        handle = self._new(old)
        if handle is None or not self._put_in_place(handle, old, source, progress, deadline):
            self._patiently(lambda: self._overwrite(source, progress), deadline)

    def _put_in_place(
        self,
        handle: Handle,
        old: _Old | None,
        source: ByteSource,
        progress: Progress,
        deadline: Deadline,
    ) -> bool:
        """Write a new file and give it the old one's name; False where it could not be the same."""
        try:
            self._write(handle, source, progress)
            if old is not None and not self._adopt(handle, old):
                self._tree.delete_unless_refused(handle)
                return False
            self._patiently(self._look, deadline)  # somebody may have opened it meanwhile
            self._patiently(lambda: self._tree.rename_over(handle, self._parts), deadline)
        except ShareError:
            self._tree.delete_unless_refused(handle)
            raise
        else:
            if old is not None:
                self._unhide(handle, old)
        finally:
            self._tree.close(handle)
        return True

    def _patiently(self, work: Callable[[], Result], deadline: Deadline) -> Result:
        """Do ``work``; again while a reader or a virus scanner has the file open."""
        for pause in _PAUSES:
            try:
                return work()
            except ShareError as error:
                if error.cause is not errors.LOCKED:
                    raise
            deadline.pause(pause)
        return work()

    def _look(self) -> _Old | None:
        """What is there, if anything; a ``ShareError`` where others could not write it now."""
        try:
            handle = self._opened(_OLD_OWNER)
        except ShareError as error:
            if error.cause is errors.MISSING:
                return None
            if error.cause is not errors.DENIED:
                raise
            # Who may write need not be one who may know the owner.
            handle = self._opened(_TO_LOOK)
            self._tree.close(handle)
            return _Old(handle, None)
        try:
            return _Old(handle, self._security(handle))
        finally:
            self._tree.close(handle)

    def _opened(self, access: int) -> Handle:
        try:
            handle = self._tree.open(
                self._parts,
                access,
                options=CreateOptions.NOT_DIRECTORY,
                sharing=_SHARE_WITH_READERS,
            )
        except ShareError as error:
            if error.cause is errors.DENIED and access == _TO_LOOK:
                raise self._why_denied(error) from None
            raise
        if handle.info.is_folder:
            self._tree.close(handle)
            raise ShareError(errors.IS_FOLDER)
        if handle.info.attributes & _READ_ONLY:  # some servers open it all the same
            self._tree.close(handle)
            raise ShareError(errors.FILE_READ_ONLY)
        return handle

    def _why_denied(self, failure: ShareError) -> ShareError:
        """Servers say "denied" of a folder, and of a file with the attribute read-only."""
        try:
            handle = self._tree.open(self._parts, AccessMask.READ_ATTRIBUTES)
        except ShareError as error:
            return error if error.cause.broken else failure
        self._tree.close(handle)
        if handle.info.is_folder:
            return ShareError(errors.IS_FOLDER)
        return ShareError(errors.FILE_READ_ONLY) if handle.info.attributes & _READ_ONLY else failure

    def _new(self, old: _Old | None) -> Handle | None:
        """A new file that can take the place of the old one; None where none can."""
        if old is None:
            return self._made(AccessMask.TO_REPLACE)
        if old.security is None or old.handle.info.attributes & ~_PLAIN:
            return None
        try:
            handle = self._made(AccessMask.TO_REPLACE | _TO_ADOPT)
        except ShareError as error:
            if error.cause is errors.DENIED:
                return None  # one may write the file, but make none beside it
            raise
        if self._is_same(handle, old.security):
            return handle
        self._tree.delete_unless_refused(handle)
        self._tree.close(handle)
        return None

    def _made(self, access: int) -> Handle:
        return self._tree.open(
            *(self._first_name, access, CreateDisposition.OVERWRITE_IF), CreateOptions.NOT_DIRECTORY
        )

    def _is_same(self, handle: Handle, security: messages.Security) -> bool:
        """Whether a new file has the owner and the permissions of the old one, or takes them."""
        own = self._security(handle)
        if own is None or (own.owner, own.group) != (security.owner, security.group):
            return False
        if own == security:
            return True
        try:
            self._connection.set_permissions(self._tree.number, handle, security.raw)
        except ShareError as error:
            if error.cause.broken:
                raise
            return False
        return self._security(handle) == security  # a server may make something else of them

    def _adopt(self, handle: Handle, old: _Old) -> bool:
        """Give a new file the attributes of the old one; whether it has them.

        At the end: a file that is hidden cannot be overwritten by a second attempt.
        """
        attributes = old.handle.info.attributes & _CAN_BE_SET
        basic = messages.basic_information(old.handle.created, attributes)
        try:
            self._connection.setInfo(self._tree.number, handle, messages.BASIC, basic)
        except ShareError as error:
            if error.cause.broken:
                raise
            return False
        return True

    def _unhide(self, handle: Handle, old: _Old) -> None:
        """Give the attributes once more to a file that has its name.

        Samba takes a name that begins with a dot for hidden and may have written that down. Other
        clients cannot overwrite a hidden file. To be archived is what every changed file is.
        """
        attributes = old.handle.info.attributes & _CAN_BE_SET | _ARCHIVE
        basic = messages.basic_information(0, attributes)
        try:
            self._connection.setInfo(self._tree.number, handle, messages.BASIC, basic)
        except ShareError as error:
            if error.cause.broken:
                raise

    def _security(self, handle: Handle) -> messages.Security | None:
        """Whose a file is, and who may what; None where the server does not say."""
        try:
            return self._connection.security(self._tree.number, handle)
        except ShareError as error:
            if error.cause.broken:
                raise
            return None

    def _overwrite(self, source: ByteSource, progress: Progress) -> None:
        """Write into the file that is there."""
        access = AccessMask.WRITE_DATA | AccessMask.READ_ATTRIBUTES | AccessMask.SYNCHRONIZE
        handle = self._tree.open(
            self._parts, access, options=CreateOptions.NOT_DIRECTORY, sharing=_ALONE
        )
        try:
            self._write(handle, source, progress)
            end = struct.pack("<Q", source.size)
            self._connection.setInfo(self._tree.number, handle, messages.END_OF_FILE, end)
        except ShareError as error:
            raise error.named(incomplete=True) from None
        finally:
            self._tree.close(handle)

    def _write(self, handle: Handle, source: ByteSource, progress: Progress) -> None:
        number = self._tree.number
        pipelined_io.write_file(self._connection.wire, number, handle, source, progress)
        self._connection.flush(number, handle)
