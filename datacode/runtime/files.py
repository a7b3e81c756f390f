"""What a program may ask of files: the interface, and its answer for a host's own disk.

Builtins call a ``Files``; they never open anything themselves. In a worker the answers come
from the server process (``worker.remote_files``). Paths are texts as the program wrote them;
what they mean, and whether they are allowed, is decided behind this interface.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from datacode.i18n.message import MessageError


@dataclass(frozen=True, slots=True)
class Entry:
    """A name in a folder. ``size`` in bytes and ``modified`` in seconds of the epoch, if known."""

    name: str
    is_folder: bool
    size: int | None = None
    modified: float | None = None


class FilesError(MessageError):
    """A request was refused or failed for a reason that has a sentence of its own.

    The builtin makes a Runtime Error of its message. Plain failures of the operating system are
    ``OSError`` with their ``errno`` instead.
    """


class Files(Protocol):
    """Files as a program sees them. Every method may raise ``OSError`` or ``FilesError``."""

    def working_folder(self) -> str:
        """The text that ``getcwd()`` gives: absolute, or empty in a session folder."""

    def open(self, path: str) -> BinaryIO:
        """The file for reading, seekable where it is a regular file."""

    def list_folder(self, path: str) -> list[Entry]:
        """The entries of a folder, sorted by name."""

    def match(self, pattern: str) -> list[str]:
        """The paths that match a pattern (tables and files reference, 3.2), in order."""

    def kind(self, path: str) -> str | None:
        """``"file"``, ``"folder"``, or None where nothing (allowed) is there."""

    def stat(self, path: str) -> Entry:
        """What is at a path, with size and time; an error where nothing is."""

    def write(self, path: str, content: bytes) -> None:
        """Replace a file by ``content``."""

    def write_parts(self, path: str, parts: Iterable[bytes]) -> None:
        """Replace a file by what these make together; nothing is changed before the last."""

    def copy(self, source: str, target: str) -> None:
        """Replace the file ``target`` by what the file ``source`` holds."""

    def make_folder(self, path: str) -> None:
        """Make a folder, and those above it; it may be there already."""

    def delete(self, path: str) -> None:
        """Delete a file, or a folder that is empty."""
