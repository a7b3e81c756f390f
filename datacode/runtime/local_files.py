"""The files of the computer that the interpreter runs on, for a host without other rules.

Relative paths begin at the working directory of the process.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
import tempfile
from collections.abc import Iterable
from typing import BinaryIO

from datacode.i18n.message import Message
from datacode.runtime import patterns
from datacode.runtime.files import Entry, FilesError
from datacode.runtime.shipped_files import is_shipped, kind_of_shipped, open_shipped, refuse_shipped
from datacode.values import paths

_NO_SHARES = Message(
    "no_shares_here", "SMB manager not available. Share '{share}' may not be connected."
)


class LocalFiles:
    """Everything that the user of this process may read and write."""

    def working_folder(self) -> str:
        """The working directory."""
        return os.getcwd()

    def open(self, path: str) -> BinaryIO:
        """The file for reading."""
        if is_shipped(path):
            return open_shipped(path)
        _refuse_share(path)
        return open(_spelled(path), "rb")

    def list_folder(self, path: str) -> list[Entry]:
        """Files and folders, hidden ones included; links to nothing and devices are left out."""
        _refuse_share(path)
        with os.scandir(_spelled(path) or ".") as scan:
            found = [entry for each in scan if (entry := _entry(each)) is not None]
        return sorted(found, key=lambda entry: entry.name)

    def match(self, pattern: str) -> list[str]:
        """The paths that match."""
        _refuse_share(pattern)
        return patterns.matching(pattern, self.list_folder)

    def kind(self, path: str) -> str | None:
        """File, folder, or nothing that a program could use."""
        if is_shipped(path):
            return kind_of_shipped(path)
        if path.startswith("lib://"):
            return None
        try:
            mode = os.stat(_spelled(path)).st_mode
        except (OSError, ValueError):
            return None
        return "folder" if stat.S_ISDIR(mode) else "file"

    def write(self, path: str, content: bytes | int) -> None:
        """Replace the file by bytes, or by all that a descriptor holds, which stays open."""
        if path.startswith("lib://"):
            raise OSError(errno.ENOENT, os.strerror(errno.ENOENT))
        refuse_shipped(path)
        with open(_spelled(path), "wb") as file:
            if isinstance(content, int):
                with open(content, "rb", closefd=False) as source:
                    shutil.copyfileobj(source, file)
            else:
                file.write(content)

    def write_parts(self, path: str, parts: Iterable[bytes]) -> None:
        """Replace the file; the parts are kept in a temporary one, as making them may fail."""
        with tempfile.TemporaryFile() as file:
            file.writelines(parts)
            file.flush()
            file.seek(0)
            self.write(path, file.fileno())

    def stat(self, path: str) -> Entry:
        """Name, kind, size and time of what is there."""
        _refuse_share(path)
        status = os.stat(_spelled(path))
        is_folder = stat.S_ISDIR(status.st_mode)
        size = None if is_folder else status.st_size
        return Entry(paths.name(path), is_folder, size, status.st_mtime)

    def copy(self, source: str, target: str) -> None:
        """Copy a file; onto itself it stays what it is."""
        _refuse_share(source)
        _refuse_share(target)
        refuse_shipped(target)
        with contextlib.suppress(shutil.SameFileError):
            shutil.copyfile(_spelled(source), _spelled(target))

    def make_folder(self, path: str) -> None:
        """Make a folder and those above it."""
        _refuse_share(path)
        refuse_shipped(path)
        os.makedirs(_spelled(path) or ".", exist_ok=True)

    def delete(self, path: str) -> None:
        """Delete a file or link, or a folder that is empty."""
        _refuse_share(path)
        refuse_shipped(path)
        if stat.S_ISDIR(os.lstat(_spelled(path)).st_mode):
            os.rmdir(_spelled(path))
        else:
            os.unlink(_spelled(path))


def _spelled(path: str) -> str:
    """The path, unless the system could not take it for a name."""
    if "\0" in path or not _is_encodable(path):
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
    return path if path.isascii() else _as_it_is_there(path)


def _as_it_is_there(path: str) -> str:
    """The path in the Unicode normal forms of those names that exist (``paths.spellings``)."""
    with contextlib.suppress(OSError):  # a name that is too long
        for spelling in paths.spellings(path):
            if os.path.lexists(spelling):
                return spelling
    folder, name = os.path.split(path)
    return os.path.join(_as_it_is_there(folder), name) if folder and name else path


def _is_encodable(path: str) -> bool:
    """Whether the name has bytes; half a surrogate pair has none."""
    try:
        os.fsencode(path)
    except UnicodeEncodeError:
        return False
    return True


def _refuse_share(path: str) -> None:
    if path.startswith("lib://"):
        share = path.removeprefix("lib://").partition("/")[0]
        raise FilesError(_NO_SHARES.filled(share=share))


def _entry(found: os.DirEntry[str]) -> Entry | None:
    try:
        status = found.stat()
    except OSError:
        return None
    is_folder = stat.S_ISDIR(status.st_mode)
    if not is_folder and not stat.S_ISREG(status.st_mode):
        return None
    return Entry(found.name, is_folder, None if is_folder else status.st_size, status.st_mtime)
