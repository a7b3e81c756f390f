"""Replacing a file on a share as it would have to be by any other client. Blocking.

A file that somebody else writes to, that is read-only, or that the account may not write, is
refused. The new content is written under another name and then takes the place of the old one, so
that nobody sees half of it, if what took its place would belong to the same account, with the same
permissions and attributes; otherwise it is written into the file itself, which nobody can open
meanwhile.

Source: server reference, 8.7; [MS-SMB2], 2.2.13, 2.2.37 to 2.2.40; [MS-DTYP], 2.4.6.
"""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from datacode.smb import errors
from datacode.smb.client import pipelined_io
from datacode.smb.client.pipelined_io import ByteSource, Progress
from datacode.smb.client.smb_connection import (
    ASK_SECURITY,
    CLOSE,
    FLUSH,
    Handle,
    ShareConnection,
    change,
    change_permissions,
)
from datacode.smb.client.tree import PathParts, Tree, rename
from datacode.smb.deadline import Deadline
from datacode.smb.errors import ShareError, Status, of_status
from datacode.smb.protocol import messages
from datacode.smb.protocol.connection import Related, RelatedResponses
from datacode.smb.protocol.messages import AccessMask, CreateDisposition, CreateOptions, Response

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
    """The file that is to be replaced.

    ``security`` is the descriptor that says whose it is and who may what with it; None where that
    is not told.
    """

    handle: Handle
    security: bytes | None


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
        if old is None:
            self._make(source, progress, deadline)
            return
        handle = self._new(old)
        if handle is None or not self._put_in_place(handle, old, source, progress, deadline):
            self._patiently(lambda: self._overwrite(source, progress), deadline)

    def _make(self, source: ByteSource, progress: Progress, deadline: Deadline) -> None:
        """Write a new file, and give it a name that nobody had when it was looked for."""
        whole = pipelined_io.whole_write(self._connection.wire, source)
        requests = [] if whole is None else [whole, FLUSH]
        handle, replies = self._first_opened(AccessMask.TO_REPLACE, *requests)
        with self._discarding(handle):
            if whole is None:
                self._write(handle, source, progress)
            else:
                self._check_stored(handle, replies[1], replies[2], source, progress)
            left = self._rename_and_close(handle, replacing=False)
        if left is not None:
            self._replace(left, deadline)  # somebody may have made one meanwhile

    def _put_in_place(
        self, handle: Handle, old: _Old, source: ByteSource, progress: Progress, deadline: Deadline
    ) -> bool:
        """Write a new file and give it the old one's name; False where it could not be the same.

        Its attributes come late: a file that is hidden cannot be overwritten by a second attempt.
        They come once more when it has its name, since Samba takes a name that begins with a dot
        for hidden and may have written that down. Other clients cannot overwrite a hidden file. To
        be archived is what every changed file is.
        """
        attributes = old.handle.info.attributes & _CAN_BE_SET
        basic = messages.basic_information(old.handle.created, attributes)
        again = messages.basic_information(0, attributes | _ARCHIVE)
        with self._discarding(handle):
            is_same = self._write(handle, source, progress, change(messages.BASIC, basic))
        if is_same:
            self._replace(handle, deadline, change(messages.BASIC, again))
        else:
            self._tree.discard(handle)
        return is_same

    def _replace(self, handle: Handle, deadline: Deadline, *then: Related) -> None:
        """Give a new file the name of the old one, unless somebody has opened that meanwhile.

        Do ``then`` with it, and close it.
        """
        with self._discarding(handle):
            self._patiently(self._look_again, deadline)
            left = self._rename_and_close(handle, *then, replacing=True)
        if left is None:
            return
        with self._discarding(left):
            self._patiently(lambda: self._tree.rename(left, self._parts, replacing=True), deadline)
        self._tree.close_after(left, *then)

    def _rename_and_close(self, handle: Handle, *then: Related, replacing: bool) -> Handle | None:
        """Give a new file its name, do ``then`` with it and close it, in one frame.

        None where that is done. A server may refuse because of somebody else, or because it has
        to wait and does not do so before other requests; for another attempt the new file is what
        is returned, open still or once more: the last request of the frame may have closed it.
        """
        replies = self._tree.ask(handle, rename(self._parts, replacing=replacing), *then, CLOSE)
        if not _refused(replies[0]):
            self._tree.see_closed(handle, replies)
            return None
        if _refused(replies[-1]):
            return handle
        return self._first_again(of_status(replies[0].status))

    def _first_again(self, failure: ShareError) -> Handle:
        """Open the new file once more; ``failure`` where it is there no longer."""
        access = AccessMask.TO_REPLACE | AccessMask.WRITE_ATTRIBUTES
        try:
            return self._tree.open(self._first_name, access, options=CreateOptions.NOT_DIRECTORY)
        except ShareError as error:
            raise error if error.cause.broken else failure from None

    @contextlib.contextmanager
    def _discarding(self, handle: Handle) -> Iterator[None]:
        """While inside, any failure also deletes the new file."""
        try:
            yield
        except BaseException:
            self._tree.discard(handle)
            raise

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
            handle, replies = self._opened(_OLD_OWNER, ASK_SECURITY)
        except ShareError as error:
            if error.cause is errors.MISSING:
                return None
            if error.cause is not errors.DENIED:
                raise
            # Who may write need not be one who may know the owner.
            return _Old(self._opened(_TO_LOOK)[0], None)
        return _Old(handle, self._security(replies[1]))

    def _look_again(self) -> None:
        """The same, where only the failures matter."""
        try:
            self._opened(_TO_LOOK)
        except ShareError as error:
            if error.cause is not errors.MISSING:
                raise

    def _opened(self, access: int, *then: Related) -> tuple[Handle, RelatedResponses]:
        """Open the file to write it, and close it again."""
        try:
            handle, replies = self._tree.open_then(
                self._parts,
                access,
                *then,
                CLOSE,
                options=CreateOptions.NOT_DIRECTORY,
                sharing=_SHARE_WITH_READERS,
            )
        except ShareError as error:
            if error.cause is errors.DENIED and access == _TO_LOOK:
                raise self._why_denied(error) from None
            raise
        if handle.info.is_folder:
            raise ShareError(errors.IS_FOLDER)
        if handle.info.attributes & _READ_ONLY:  # some servers open it all the same
            raise ShareError(errors.FILE_READ_ONLY)
        return handle, replies

    def _why_denied(self, failure: ShareError) -> ShareError:
        """Servers say "denied" of a folder, and of a file with the attribute read-only."""
        try:
            handle = self._tree.look(self._parts)
        except ShareError as error:
            return error if error.cause.broken else failure
        if handle.info.is_folder:
            return ShareError(errors.IS_FOLDER)
        return ShareError(errors.FILE_READ_ONLY) if handle.info.attributes & _READ_ONLY else failure

    def _new(self, old: _Old) -> Handle | None:
        """A new file that can take the place of the old one; None where none can."""
        if old.security is None or old.handle.info.attributes & ~_PLAIN:
            return None
        try:
            access = AccessMask.TO_REPLACE | _TO_ADOPT
            handle, replies = self._first_opened(access, ASK_SECURITY)
        except ShareError as error:
            if error.cause is errors.DENIED:
                return None  # one may write the file, but make none beside it
            raise
        if self._is_same(handle, self._security(replies[1]), old.security):
            return handle
        self._tree.discard(handle)
        return None

    def _first_opened(self, access: int, *then: Related) -> tuple[Handle, RelatedResponses]:
        """Open the new file under its first name, for more requests about it."""
        return self._tree.open_then(
            self._first_name,
            access,
            *then,
            disposition=CreateDisposition.OVERWRITE_IF,
            options=CreateOptions.NOT_DIRECTORY,
        )

    def _is_same(self, handle: Handle, own: bytes | None, wanted: bytes) -> bool:
        """Whether a new file has the owner and the permissions of the old one, or takes them."""
        if own is None or own == wanted:
            return own is not None
        with self._connection.wire.parsing():
            of_new, of_old = messages.parse_security(own), messages.parse_security(wanted)
            if (of_new.owner, of_new.group) != (of_old.owner, of_old.group):
                return False
            if of_new == of_old:
                return True
            replies = self._tree.ask(handle, change_permissions(wanted), ASK_SECURITY)
            if _refused(replies[0]):
                return False
            set_now = self._security(replies[1])  # a server may make something else of them
            return set_now is not None and messages.parse_security(set_now) == of_old

    def _security(self, reply: Response) -> bytes | None:
        """The descriptor that says whose a file is; None where the server does not say."""
        return None if _refused(reply) else self._connection.told_security(reply)

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

    def _write(
        self,
        handle: Handle,
        source: ByteSource,
        progress: Progress,
        changing: Related | None = None,
    ) -> bool:
        """Write all of a file, change it, have it stored; False where the change was refused."""
        wire, number = self._connection.wire, self._tree.number
        whole = pipelined_io.whole_write(wire, source)
        if whole is None:
            pipelined_io.write_file(wire, number, handle, source, progress)
        requests = [each for each in (whole, changing, FLUSH) if each is not None]
        replies = self._tree.ask(handle, *requests)
        if whole is not None:
            self._check_stored(handle, replies[0], replies[-1], source, progress)
        elif replies[-1].status != Status.OK:
            raise of_status(replies[-1].status)
        return changing is None or not _refused(replies[-2])

    def _check_stored(
        self,
        handle: Handle,
        written: Response,
        flushed: Response,
        source: ByteSource,
        progress: Progress,
    ) -> None:
        """See that one request has written all of a file; otherwise write all of it again."""
        wire, number = self._connection.wire, self._tree.number
        if not pipelined_io.is_whole(wire, written, source, progress):
            pipelined_io.write_file(wire, number, handle, source, progress)
            self._connection.flush(number, handle)
        elif flushed.status != Status.OK:
            raise of_status(flushed.status)


def _refused(reply: Response) -> bool:
    """Whether a server has said no; a ``ShareError`` where that ends the connection."""
    if reply.status == Status.OK:
        return False
    failure = of_status(reply.status)
    if failure.cause.broken:
        raise failure
    return True
