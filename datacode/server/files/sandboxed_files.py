"""Files of this machine, as far as a program may see them.

Every function here blocks; the broker calls them in a thread. What may be seen is decided
twice: by the text of a path, so that nothing can be learnt about what lies elsewhere, and by
what was really opened, so that neither a symbolic link nor a race leads out. A file is opened
without any effect first (``O_PATH``), looked at, and only then opened for reading; pipes,
sockets and devices are refused.

Source: server reference, D4 and 7.2; tables and files reference, 3.2 and 4.2.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from datacode.i18n.message import Message
from datacode.runtime.files import Entry, FilesError
from datacode.runtime.in_steps import EVERY, Steps, done, sorted_in_steps
from datacode.runtime.patterns import searching
from datacode.runtime.shipped_files import is_shipped, kind_of_shipped, open_shipped
from datacode.server.files.protected_files import ProtectedFiles, open_without_magic
from datacode.values import paths

MAX_ENTRIES = 200_000
"""Names in one folder that are listed."""

_LOOK = getattr(os, "O_PATH", os.O_RDONLY | os.O_NONBLOCK) | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC

OUTSIDE_ALLOWED = Message(
    "outside_allowed", "Access denied: the path is outside of the allowed folder", russian=True
)
OUTSIDE_SESSION = Message(
    "outside_session", "Access denied: the path is outside of the session folder", russian=True
)
LEADS_OUT = Message(
    "leads_out", "Access denied: '..' must not lead out of the session folder", russian=True
)
RESOLVES_OUTSIDE = Message(
    "resolves_outside", "Access denied: the path leads out of the session folder", russian=True
)
NOT_A_FILE = Message("not_regular", "Access denied: '{path}' is not a regular file", russian=True)
TOO_MANY_NAMES = Message(
    "too_many_names_here", "Folder '{path}' holds too many names (limit {limit})", russian=True
)


PROTECTED = Message(
    "protected_file", "Access denied: the file belongs to the server itself", russian=True
)


class Area(Protocol):
    """Which files a program may see, and what its paths mean: with and without ``--use-ve``."""

    @property
    def working_folder(self) -> str:
        """What ``getcwd()`` gives."""

    def locate(self, path: str) -> str:
        """The absolute path that a program's path means; ``FilesError`` where it is refused."""

    def admits(self, real: str) -> bool:
        """Whether a file whose path has no symbolic links may be seen."""

    def refusal(self) -> FilesError:
        """The error for a file that may not be seen."""


@dataclass(frozen=True)
class AllowedFolders:
    """Without ``--use-ve``: the start folder and the folders that the operator allowed.

    ``roots`` is None where every file may be read.
    """

    start: str
    roots: tuple[str, ...] | None
    spelled: tuple[str, ...] = ()

    @classmethod
    def of(cls, start: Path, folders: Sequence[Path] | None) -> AllowedFolders:
        """The folders as they are spelled, and as they really are.

        Symbolic links on the way to them are the operator's own.
        """
        real = os.path.realpath(start)
        if folders is None:
            return cls(real, None)
        every = (start, *folders)
        return cls(
            real,
            tuple(os.path.realpath(folder) for folder in every),
            tuple(os.path.abspath(folder) for folder in every),
        )

    @property
    def working_folder(self) -> str:
        """The start folder: relative paths begin there."""
        return self.start

    def locate(self, path: str) -> str:
        absolute = os.path.normpath(os.path.join(self.start, _usable(path)))
        if not self.admits(absolute) and not any(_inside(absolute, root) for root in self.spelled):
            raise self.refusal()
        return absolute

    def admits(self, real: str) -> bool:
        return self.roots is None or any(_inside(real, root) for root in self.roots)

    def refusal(self) -> FilesError:
        return FilesError(OUTSIDE_ALLOWED)


@dataclass(frozen=True)
class SessionArea:
    """With ``--use-ve``: one session's own folder, whose name programs never see."""

    folder: str
    working_folder: str = ""

    def locate(self, path: str) -> str:
        absolute = os.path.normpath(os.path.join(self.folder, _usable(path)))
        with_slashes = os.path.normpath(os.path.join(self.folder, path.replace("\\", "/")))
        if _inside(absolute, self.folder) and _inside(with_slashes, self.folder):
            return absolute
        raise FilesError(OUTSIDE_SESSION if os.path.isabs(path) else LEADS_OUT)

    def admits(self, real: str) -> bool:
        return _inside(real, self.folder)

    def refusal(self) -> FilesError:
        return FilesError(RESOLVES_OUTSIDE)


class SandboxedFiles:
    """``Files`` of an area that only reads. Every method blocks.

    ``protected`` is what no program may read, though it lies in the area.
    """

    def __init__(self, area: Area, protected: ProtectedFiles | None = None) -> None:
        self._area = area
        self._protected = protected

    def working_folder(self) -> str:
        """What ``getcwd()`` gives."""
        return self._area.working_folder

    def open(self, path: str) -> int:
        """A descriptor of a regular file, for reading, at its start."""
        if is_shipped(path):
            with open_shipped(path) as shipped:
                return os.dup(shipped.fileno())
        look, mode = self._look(path)
        try:
            if stat.S_ISDIR(mode):
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            if not stat.S_ISREG(mode):
                raise FilesError(NOT_A_FILE.filled(path=path))
            descriptor = _reopen(look, _READ)
        finally:
            os.close(look)
        if self._protected is not None and self._protected.is_secret(descriptor):
            os.close(descriptor)
            raise FilesError(PROTECTED)
        return descriptor

    def list_folder(self, path: str) -> list[Entry]:
        """The entries of a folder by name; what is neither file nor folder is left out."""
        return done(self.listing(path))

    def match(self, pattern: str) -> list[str]:
        """The paths that match a pattern, in order."""
        return done(self.searching(pattern))

    def listing(self, path: str) -> Steps[list[Entry]]:
        """``list_folder`` in steps."""
        look, mode = self._look(path)
        try:
            if not stat.S_ISDIR(mode):
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
            folder = _reopen(look, _READ | os.O_DIRECTORY)
        finally:
            os.close(look)
        try:
            return (yield from self._entries(folder, path))
        finally:
            os.close(folder)

    def searching(self, pattern: str) -> Steps[list[str]]:
        """``match`` in steps."""
        return (yield from searching(pattern, self.listing))

    def kind(self, path: str) -> str | None:
        """``"file"``, ``"folder"``, or None where nothing is."""
        if is_shipped(path):
            return kind_of_shipped(path)
        try:
            look, mode = self._look(path)
        except OSError:
            return None
        os.close(look)
        return _kind(mode)

    def stat(self, path: str) -> Entry:
        """Name, kind, size and time of what is there."""
        look, mode = self._look(path)
        try:
            kind, status = _kind(mode), os.fstat(look)
        finally:
            os.close(look)
        if kind is None:
            raise FilesError(NOT_A_FILE.filled(path=path))
        size = None if kind == "folder" else status.st_size
        return Entry(os.path.basename(path.rstrip("/")), kind == "folder", size, status.st_mtime)

    def _look(self, path: str) -> tuple[int, int]:
        """A descriptor that only points at something allowed, and what it is (``st_mode``)."""
        look = self._open(path)
        try:
            real, status = _real_path(look), os.fstat(look)
            if not self._area.admits(real):
                raise self._area.refusal()
            if self._protected is not None and self._protected.holds(look, real, status):
                raise FilesError(PROTECTED)
            return look, status.st_mode
        except BaseException:
            os.close(look)
            raise

    def _open(self, path: str) -> int:
        """Point at what is there, by the path as it is spelled or by its other normal forms."""
        failure: OSError = FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        for spelling in paths.spellings(path):
            try:
                return open_without_magic(self._area.locate(spelling), _LOOK)
            except FileNotFoundError as error:
                failure = error
        raise failure

    def _entries(self, folder: int, path: str) -> Steps[list[Entry]]:
        found: list[Entry] = []
        with os.scandir(folder) as names:
            for number, name in enumerate(names):
                if number % EVERY == 0:
                    yield
                if len(found) == MAX_ENTRIES:
                    raise FilesError(TOO_MANY_NAMES.filled(path=path, limit=MAX_ENTRIES))
                entry = _entry(name)
                if entry is not None:
                    found.append(entry)
        return (yield from sorted_in_steps(found, lambda entry: entry.name))


def _entry(found: os.DirEntry[str]) -> Entry | None:
    """One name in a folder, None for sockets, devices and links to nothing."""
    try:
        status = found.stat()
    except OSError:
        return None
    kind = _kind(status.st_mode)
    if kind is None:
        return None
    return Entry(found.name, kind == "folder", status.st_size, status.st_mtime)


def _kind(mode: int) -> str | None:
    if stat.S_ISDIR(mode):
        return "folder"
    return "file" if stat.S_ISREG(mode) else None


def _usable(path: str) -> str:
    """The path; ``FileNotFoundError`` for one with a NUL, which the system does not take."""
    if "\0" in path:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    return path


def _inside(path: str, root: str) -> bool:
    return path == root or path.startswith(root.rstrip("/") + "/")


def _reopen(look: int, flags: int) -> int:
    """The file that ``look`` points at, opened for reading: its path may have changed meanwhile."""
    descriptor = os.open(f"/proc/self/fd/{look}", flags) if hasattr(os, "O_PATH") else os.dup(look)
    os.set_blocking(descriptor, True)
    return descriptor


def _real_path(descriptor: int) -> str:
    """Where an open file is, with no symbolic links in it."""
    if hasattr(os, "O_PATH"):
        return os.readlink(f"/proc/self/fd/{descriptor}")
    # Only what asks on macOS: not every system has this module.
    import fcntl

    found = fcntl.fcntl(descriptor, fcntl.F_GETPATH, bytes(1024))  # type: ignore[attr-defined,unused-ignore]
    return os.fsdecode(bytes(found).rstrip(b"\0"))
