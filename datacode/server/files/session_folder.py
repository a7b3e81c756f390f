"""One session's folder on disk: what clients upload and programs write.

Every method blocks and is called in a thread. Nobody but the server writes there, so the folder
knows what it holds and the quota needs no walk over the disk. All steps go from one open folder
to the next, never by a path as a whole, and a file appears under its name when it is complete.

Source: server reference, 7.1 and 7.3.
"""

from __future__ import annotations

import binascii
import contextlib
import errno
import os
import secrets
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from datacode.i18n.message import Message, MessageError
from datacode.i18n.os_errors import system_text
from datacode.runtime.files import FilesError
from datacode.runtime.name_patterns import composed
from datacode.runtime.shipped_files import refuse_shipped
from datacode.server.api import texts
from datacode.server.api.messages import FileDetails
from datacode.server.files.folder_journal import FolderJournal
from datacode.server.files.sandboxed_files import SandboxedFiles, SessionArea

Piece = bytes | memoryview
"""Bytes on their way into a file."""

MIB = 1 << 20
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_PIECE = 1 << 20  # of base64 text; a multiple of 4
_TEMPORARY = ".datacode-new-"
_MAX_PARTS = 64
"""Folders on the way to a file: each is a descriptor opened and a folder made."""
_NEVER = threading.Event()
_FOR_PROGRAMS = {
    texts.QUOTA_EXCEEDED.code: Message(
        "session_bytes_full", "The session folder is full (limit {limit} MiB)"
    ),
    texts.TOO_MANY_FILES.code: Message(
        "session_files_full", "The session folder is full (limit {limit} files)"
    ),
    texts.NO_SESSION_FOLDER.code: Message(
        "no_session_folder_to_write", "Access denied: there is no session folder", russian=True
    ),
}


class StoreError(MessageError):
    """A file was not stored."""

    def for_program(self) -> Exception:
        """The error that a program is told: the system's own where there was one."""
        if isinstance(self.__cause__, OSError):
            return self.__cause__
        message = _FOR_PROGRAMS.get(self.message.code)
        if message is None:
            return OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        return FilesError(message.filled(**self.message.params))


@dataclass(frozen=True, slots=True)
class Usage:
    """How full a session folder is."""

    files: int
    bytes: int


class SessionFolder:
    """Made on disk when it is first needed, gone after ``remove``.

    Its path has no links in it. ``on_made`` is called in the thread that makes it.
    """

    def __init__(
        self,
        path: Path,
        *,
        max_bytes: int,
        max_files: int,
        on_made: Callable[[Path], object] = lambda path: None,
    ) -> None:
        self.path = path
        self._on_made = on_made
        self.files = SandboxedFiles(SessionArea(str(path)))
        self._max_bytes = max_bytes
        self._max_files = max_files
        self._sizes: dict[str, int] = {}
        self._folders: set[tuple[str, ...]] = set()
        # Requests and the session's program write from several threads; between the check of the
        # quota and the new file nobody else may come.
        self._lock = threading.Lock()
        self._made = False
        self._removed = False
        self._journal: FolderJournal | None = None
        self.changes = 0
        """How often a file was stored, deleted or put back."""

    @property
    def exists(self) -> bool:
        """Whether the folder is on the disk."""
        return self._made and not self._removed

    def usage(self) -> Usage:
        """How many files it holds, and how many bytes they have."""
        sizes = list(self._sizes.values())
        return Usage(len(sizes), sum(sizes))

    def make(self) -> bool:
        """Put the folder on the disk; True if it was not there before."""
        with self._lock:
            return self._make()

    def upload(
        self, filename: str, content: bytes | bytearray, given_up: threading.Event = _NEVER
    ) -> None:
        """Store what ``upload_file`` brings, in UTF-8: text, or ``base64:`` and base64.

        Nothing is stored where it is ``given_up`` before the file has its name.
        """
        if content.startswith(b"base64:"):
            encoded = memoryview(content)[len(b"base64:") :]
            self._store(
                filename, len(encoded) * 3 // 4, lambda: _until(given_up, _decoded(encoded))
            )
        else:
            self._store(filename, len(content), lambda: _until(given_up, _pieces(content)))

    def write(self, path: str, content: bytes | int) -> None:
        """Store what a program writes, under a path as programs name it.

        ``content`` may be a descriptor of a file, all of which is taken; it stays open.
        """
        with self._for_program():
            inside = self._inside(path)
            if isinstance(content, int):
                self._store(inside, os.fstat(content).st_size, lambda: _read_all(content))
            else:
                self._store(inside, len(content), lambda: iter((content,)))

    def put(self, filename: str, descriptor: int) -> None:
        """Store all of an open file under a name as clients give it; it stays open."""
        size = os.fstat(descriptor).st_size
        self._store(filename, size, lambda: _read_all(descriptor))

    def copy_all(self, other: SessionFolder) -> None:
        """Store all that another folder holds. Raises ``StoreError`` and ``OSError``."""
        for each in other.listing():
            descriptor = other.files.open(each.name)
            try:
                self.put(each.name, descriptor)
            finally:
                os.close(descriptor)

    def take_in(self, files: Iterable[tuple[str, Path]]) -> None:
        """Have files that were kept elsewhere, and stay there, under these names: the very same
        where that can be, for no file is ever changed. Raises ``StoreError`` and ``OSError``."""
        for filename, source in files:
            descriptor = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                self._take_in(filename, source, descriptor)
            finally:
                os.close(descriptor)

    def _take_in(self, filename: str, source: Path, descriptor: int) -> None:
        parts = _parts(filename)
        name = "/".join(parts)
        size = os.fstat(descriptor).st_size
        with self._lock:
            self._make()
            self._check_quota(name, size)
            folder = self._folder_of(parts[:-1])
            try:
                try:
                    os.link(source, parts[-1], dst_dir_fd=folder, follow_symlinks=False)
                except OSError:  # another file system, or one without second names
                    size = _write(folder, parts[-1], _read_all(descriptor))
            finally:
                os.close(folder)
            self._sizes[name] = size
            self.changes += 1

    def paths(self) -> list[tuple[str, Path]]:
        """Every file: its name, and where it is."""
        return [(name, self.path / name) for name in list(self._sizes)]

    def copy(self, source: str, target: str) -> None:
        """Replace a file by a copy of another, for a program."""
        descriptor = self.files.open(source)
        try:
            self.write(target, descriptor)
        finally:
            os.close(descriptor)

    def make_folder(self, path: str) -> None:
        """Make a folder for a program, and those above it."""
        with self._for_program(), self._lock:
            parts = _parts(self._inside(path))
            self._make()
            os.close(self._folder_of(parts))

    def delete(self, path: str) -> None:
        """Delete a file, or an empty folder, for a program."""
        with self._for_program():
            self.discard(self._inside(path))

    def discard(self, filename: str) -> None:
        """Delete a file, or an empty folder, as clients name it. Raises ``OSError`` too."""
        parts = _parts(filename)
        with self._lock:
            self._make()
            folder = self._existing(parts[:-1])
            try:
                if _is_folder(folder, parts[-1]):
                    os.rmdir(parts[-1], dir_fd=folder)
                    self._folders.discard(parts)
                    if self._journal is not None:
                        self._journal.before_folder(parts, exists=True)
                else:
                    if self._journal is not None and "/".join(parts) in self._sizes:
                        self._journal.before_file("/".join(parts), exists=True)
                    os.unlink(parts[-1], dir_fd=folder)
                    self._sizes.pop("/".join(parts), None)
                    self.changes += 1
            finally:
                os.close(folder)

    def listing(self) -> list[FileDetails]:
        """Every file, by its path in the folder."""
        found: list[FileDetails] = []
        for name in sorted(list(self._sizes)):  # noqa: C414 - a copy: another thread may write
            with contextlib.suppress(OSError):  # deleted meanwhile
                status = os.stat(self.path / name, follow_symlinks=False)
                found.append(FileDetails(name, "file", status.st_size, status.st_mtime))
        return found

    # A program whose changes may have to be taken back ----------------------------------------

    def begin_changes(self) -> None:
        """From here on keep what is changed, until ``end_changes``."""
        with self._lock:
            self._journal = FolderJournal(self.path)

    def end_changes(self, *, keep: bool) -> None:
        """Keep the changes, or put back what was there. Raises ``OSError``."""
        with self._lock:
            journal, self._journal = self._journal, None
            if journal is None or not self.exists:
                return
            if keep:
                journal.forget()
                return
            self.changes += 1
            back, gone = journal.restore()
            self._sizes.update(back)
            for name in gone:
                self._sizes.pop(name, None)
            for parts, existed in journal.folders().items():
                if existed:
                    self._folders.add(parts)
                else:
                    self._folders.discard(parts)

    def remove(self) -> bool:
        """Delete it and all it holds, for good; True if there was anything to delete."""
        with self._lock:
            was_there = self.exists
            self._removed = True
            self._sizes.clear()
            self._folders.clear()
            if self._journal is not None:
                self._journal.forget()
                self._journal = None
            if was_there:
                shutil.rmtree(self.path, ignore_errors=False)
            return was_there

    def _make(self) -> bool:
        if self._removed:
            raise StoreError(texts.NO_SESSION_FOLDER)
        if self._made:
            return False
        try:
            os.mkdir(self.path, 0o700)
        except OSError as error:
            raise StoreError(texts.NO_PARENT.filled(reason=system_text(error))) from error
        self._made = True
        self._on_made(self.path)
        return True

    def _store(self, filename: str, size: int, pieces: Callable[[], Iterator[Piece]]) -> None:
        parts = _parts(filename)
        name = "/".join(parts)
        with self._lock:
            self._make()
            self._check_quota(name, size)
            folder = self._folder_of(parts[:-1])
            try:
                if self._journal is not None:
                    self._journal.before_file(name, exists=name in self._sizes)
                self._sizes[name] = _write(folder, parts[-1], pieces())
                self.changes += 1
            except OSError as error:
                raise StoreError(texts.CANNOT_WRITE.filled(reason=system_text(error))) from error
            finally:
                os.close(folder)

    def _check_quota(self, name: str, size: int) -> None:
        others = sum(self._sizes.values()) - self._sizes.get(name, 0)
        if self._max_bytes and others + size > self._max_bytes:
            raise StoreError(texts.QUOTA_EXCEEDED.filled(limit=f"{self._max_bytes / MIB:g}"))
        if self._max_files and name not in self._sizes and len(self._sizes) >= self._max_files:
            raise StoreError(texts.TOO_MANY_FILES.filled(limit=self._max_files))

    def _folder_of(self, parts: tuple[str, ...]) -> int:
        """A descriptor of a folder, made if missing; at most ``max_files`` folders are made."""
        new = {parts[: i + 1] for i in range(len(parts))} - self._folders
        if self._max_files and len(self._folders) + len(new) > self._max_files:
            raise StoreError(texts.TOO_MANY_FILES.filled(limit=self._max_files))
        try:
            return self._existing(parts, make=True)
        except OSError as error:
            raise StoreError(texts.NO_PARENT.filled(reason=system_text(error))) from error

    def _existing(self, parts: tuple[str, ...], *, make: bool = False) -> int:
        """A descriptor of a folder below; with ``make`` those that are missing are made."""
        folder = os.open(self.path, _FOLDER)
        try:
            for depth, part in enumerate(parts, 1):
                if make:
                    with contextlib.suppress(FileExistsError):
                        os.mkdir(part, 0o700, dir_fd=folder)
                        if self._journal is not None:
                            self._journal.before_folder(parts[:depth], exists=False)
                        self._folders.add(parts[:depth])
                below = os.open(part, _FOLDER, dir_fd=folder)
                os.close(folder)
                folder = below
        except OSError:
            os.close(folder)
            raise
        return folder

    def _inside(self, path: str) -> str:
        """A program's path, relative to the folder."""
        refuse_shipped(path)
        return os.path.relpath(SessionArea(str(self.path)).locate(path), self.path)

    @contextlib.contextmanager
    def _for_program(self) -> Iterator[None]:
        try:
            yield
        except StoreError as error:
            raise error.for_program() from None


def _parts(filename: str) -> tuple[str, ...]:
    """The parts of a file name, in NFC. Raises ``StoreError`` where it could lead elsewhere.

    macOS sends names with accents taken apart (NFD): they would be other files of the same look.
    """
    parts = tuple(composed(filename).split("/"))
    if (
        "\\" in filename
        or "\0" in filename
        or len(parts) > _MAX_PARTS
        or any(part in ("", ".", "..") for part in parts)
        or (len(parts[0]) > 1 and parts[0][1] == ":" and parts[0][0].isalpha())
    ):
        raise StoreError(texts.BAD_FILENAME)
    return parts


def _pieces(data: bytes | bytearray) -> Iterator[Piece]:
    view = memoryview(data)
    for start in range(0, len(view), _PIECE):
        yield view[start : start + _PIECE]


def _until(given_up: threading.Event, pieces: Iterator[Piece]) -> Iterator[Piece]:
    """The same pieces; ECANCELED once ``given_up`` is set."""
    for piece in chain(pieces, (b"",)):
        yield piece
        if given_up.is_set():
            raise OSError(errno.ECANCELED, os.strerror(errno.ECANCELED))


def _decoded(encoded: memoryview) -> Iterator[Piece]:
    """Base64 decoded piece by piece: ``binascii`` does not release the interpreter's lock."""
    for start in range(0, len(encoded), _PIECE):
        piece = bytes(encoded[start : start + _PIECE])
        try:
            if b"=" in piece and start + _PIECE < len(encoded):
                raise ValueError("padding before the end")
            yield binascii.a2b_base64(piece, strict_mode=True)
        except ValueError:
            raise StoreError(texts.BAD_BASE64.filled(reason=texts.BASE64_ALPHABET)) from None


def _read_all(descriptor: int) -> Iterator[Piece]:
    """All bytes of a file, wherever its position is."""
    offset = 0
    while piece := os.pread(descriptor, _PIECE, offset):
        yield piece
        offset += len(piece)


def _write(folder: int, name: str, pieces: Iterator[Piece]) -> int:
    """Write a file under another name, then rename it; gives its size in bytes."""
    with contextlib.suppress(FileNotFoundError):
        if _is_folder(folder, name):
            raise StoreError(texts.BAD_FILENAME)
    temporary = _TEMPORARY + secrets.token_hex(8)
    descriptor = os.open(temporary, _NEW_FILE, 0o600, dir_fd=folder)
    try:
        with open(descriptor, "wb", buffering=0) as file:
            size = sum(_write_all(file.fileno(), piece) for piece in pieces)
        os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        os.unlink(temporary, dir_fd=folder)
        raise
    return size


def _write_all(descriptor: int, data: Piece) -> int:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
    return len(data)


def _is_folder(folder: int, name: str) -> bool:
    try:
        below = os.open(name, _FOLDER, dir_fd=folder)
    except OSError as error:
        if error.errno in (errno.ENOTDIR, errno.ELOOP):
            return False
        raise
    os.close(below)
    return True
