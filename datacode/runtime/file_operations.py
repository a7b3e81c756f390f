"""What a program may ask of files, each operation defined once; it travels as it is.

A builtin calls a method of ``Files``. In a worker, and where there are shares, that makes one of
these structs (``OperationFiles``), which goes through the worker's channel and the router of
shares to whoever carries it out: there it calls the method of the same name (``on``). What is on
the way knows no operation by name, but for ``Open`` and ``Write``, whose bytes go beside it.

Paths are those of the program. Source: tables and files reference, 3 and 4.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, BinaryIO, ClassVar, Generic, TypeVar, get_args

from msgspec import Struct, structs

from datacode.i18n.message import Message
from datacode.runtime.files import Entry

_LIST_FAILED = Message("list_failed", "Failed to read dir: {reason}")
_SHARE_LIST_FAILED = Message("share_list_failed", "Failed to list files: {reason}", russian=True)
_SHARE_LOOK_FAILED = Message(
    "share_look_failed", "Failed to look up the file: {reason}", russian=True
)

Answer = TypeVar("Answer")


class FileOperation(Struct, Generic[Answer], frozen=True, tag_field="do"):
    """One operation; its first field is the path that it is about."""

    changes: ClassVar[bool] = False
    """Whether it wants the permission to write; all others want that to read."""
    refused: ClassVar[Message] = Message(
        "write_outside",
        "Access denied: files can be written in the session folder only, and there is none: "
        "the server was started without --use-ve",
        russian=True,
    )
    """What is said where it may not change anything, as there is no session folder."""
    failed: ClassVar[Message]
    """What a program is told when the operating system refuses; ``{reason}`` is the system's.

    ``Open`` has none: each reader of a format says it in its own words.
    """
    failed_on_share: ClassVar[Message]
    """The same on a share; ``{reason}`` is a cause of ``smb.errors``. A copy reads and writes."""

    @property
    def place(self) -> str:
        """The path that decides who carries it out, and whether that is allowed."""
        fields = structs.astuple(self)
        return str(fields[0]) if fields else ""

    def on(self, files: Any) -> Any:
        """Have it carried out by the method of its name: what that returns."""
        return getattr(files, self.method())(*structs.astuple(self))

    @classmethod
    def method(cls) -> str:
        """The name of the method of ``Files``."""
        return str(cls.__struct_config__.tag)

    @classmethod
    def answer_type(cls) -> Any:
        """The type of what it gives, as it is decoded on the other side of a channel."""
        return get_args(cls.__orig_bases__[0])[0]  # type: ignore[attr-defined]


class WorkingFolder(FileOperation[str], tag="working_folder", frozen=True):
    """The text that ``getcwd()`` gives: absolute, or empty in a session folder."""

    failed = _LIST_FAILED


class Open(FileOperation[BinaryIO], tag="open", frozen=True):
    """The file for reading; between processes and threads its descriptor, the receiver's."""

    path: str

    failed_on_share = Message(
        "share_read_failed", "Failed to read the file: {reason}", russian=True
    )


class ListFolder(FileOperation[list[Entry]], tag="list_folder", frozen=True):
    """The entries of a folder, sorted by name."""

    path: str

    failed = _LIST_FAILED
    failed_on_share = _SHARE_LIST_FAILED


class Match(FileOperation[list[str]], tag="match", frozen=True):
    """The paths that match a pattern, in order."""

    pattern: str

    failed = _LIST_FAILED
    failed_on_share = _SHARE_LIST_FAILED


class FindKind(FileOperation[str | None], tag="kind", frozen=True):
    """``"file"``, ``"folder"``, or None where nothing (allowed) is there."""

    path: str

    failed = _LIST_FAILED
    failed_on_share = _SHARE_LOOK_FAILED


class Stat(FileOperation[Entry], tag="stat", frozen=True):
    """What is at a path, with size and time; an error where nothing is."""

    path: str

    failed = Message("look_failed", "Failed to look at file: {reason}")
    failed_on_share = _SHARE_LOOK_FAILED


class Write(FileOperation[None], tag="write", frozen=True):
    """Replace a file by ``content``."""

    path: str
    content: bytes

    changes = True
    failed = Message("write_failed", "Failed to write file: {reason}")
    failed_on_share = Message(
        "share_write_failed", "Failed to write the file: {reason}", russian=True
    )


class WriteFrom(FileOperation[None], tag="write", frozen=True):
    """Replace a file by all that a descriptor holds, which stays open. Crosses no channel."""

    path: str
    descriptor: int

    changes = True


class Copy(FileOperation[None], tag="copy", frozen=True):
    """Replace the file ``target`` by what the file ``source`` holds."""

    source: str
    target: str

    changes = True
    failed = Message("copy_failed", "Failed to copy file: {reason}")

    @property
    def place(self) -> str:
        """Where something is changed."""
        return self.target


class MakeFolder(FileOperation[None], tag="make_folder", frozen=True):
    """Make a folder, and those above it; it may be there already."""

    path: str

    changes = True
    failed = Message("make_folder_failed", "Failed to make folder: {reason}")
    failed_on_share = Message(
        "share_make_folder_failed", "Failed to make the folder: {reason}", russian=True
    )


class Delete(FileOperation[None], tag="delete", frozen=True):
    """Delete a file, or a folder that is empty."""

    path: str

    changes = True
    failed = Message("delete_failed", "Failed to delete file: {reason}")
    failed_on_share = Message("share_delete_failed", "Failed to delete: {reason}", russian=True)


AnyFileOperation = (
    WorkingFolder | Open | ListFolder | Match | FindKind | Stat | Write | Copy | MakeFolder | Delete
)
"""Those that a worker may ask for."""


class OperationFiles:
    """``Files`` of which each method makes an operation and hands it to ``do``."""

    def do(self, operation: FileOperation[Answer]) -> Answer:
        """Have it carried out. Raises ``OSError`` or ``FilesError``."""
        raise NotImplementedError

    def working_folder(self) -> str:
        """``WorkingFolder``."""
        return self.do(WorkingFolder())

    def open(self, path: str) -> BinaryIO:
        """``Open``."""
        return self.do(Open(path))

    def list_folder(self, path: str) -> list[Entry]:
        """``ListFolder``."""
        return self.do(ListFolder(path))

    def match(self, pattern: str) -> list[str]:
        """``Match``."""
        return self.do(Match(pattern))

    def kind(self, path: str) -> str | None:
        """``FindKind``."""
        return self.do(FindKind(path))

    def stat(self, path: str) -> Entry:
        """``Stat``."""
        return self.do(Stat(path))

    def write(self, path: str, content: bytes) -> None:
        """``Write``."""
        self.do(Write(path, content))

    def write_parts(self, path: str, parts: Iterable[bytes]) -> None:
        """``Write``."""
        self.write(path, b"".join(parts))

    def copy(self, source: str, target: str) -> None:
        """``Copy``."""
        self.do(Copy(source, target))

    def make_folder(self, path: str) -> None:
        """``MakeFolder``."""
        self.do(MakeFolder(path))

    def delete(self, path: str) -> None:
        """``Delete``."""
        self.do(Delete(path))
