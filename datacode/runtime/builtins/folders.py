"""Making folders; copying, deleting and inspecting files (builtins reference, 12).

They work on shares (``lib://…``) as on the disk, as far as whoever runs the program allows it.
"""

from __future__ import annotations

import errno
import os
from datetime import UTC, datetime, timedelta

from datacode.i18n.message import Message
from datacode.runtime.builtins.file_errors import carried_out, failures, path_text
from datacode.runtime.builtins.registry import builtin
from datacode.runtime.file_operations import Copy, Delete, MakeFolder, Stat
from datacode.runtime.files import Entry
from datacode.runtime.host import Host
from datacode.values.types import Value

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@builtin("files")
def make_folder(host: Host, path: Value) -> None:
    """Make a folder, and the folders above it. It may be there already.

    Example::

        make_folder("reports/2024")
        print(path("reports/2024").is_dir)      # true
    """
    carried_out(host, MakeFolder(_usable(path, MakeFolder.failed)))


@builtin("files")
def copy_file(host: Host, source: Value, target: Value) -> None:
    """Replace the file ``target`` by a copy of the file ``source``, on the disk or on a share.

    On a share and in a session folder the copy gets its name when it is complete, so nobody sees
    half a file. Folders are not created.

    Example::

        write_file("a.txt", "text")
        copy_file("a.txt", "b.txt")
        print(read_file("b.txt"))       # text
    """
    from_, to = _usable(source, Copy.failed), _usable(target, Copy.failed)
    carried_out(host, Copy(from_, to))


@builtin("files")
def delete_file(host: Host, path: Value) -> None:
    """Delete a file, or a folder that is empty; an error where nothing is.

    Example::

        write_file("old.txt", "text")
        delete_file("old.txt")
        print(path("old.txt").exists)       # false
    """
    carried_out(host, Delete(_usable(path, Delete.failed)))


@builtin("files")
def file_size(host: Host, path: Value) -> float | None:
    """The size of a file in bytes; null for a folder, an error where nothing is.

    Example::

        write_file("note.txt", "привет")
        print(file_size("note.txt"))        # 12
    """
    size = _look(host, path).size
    return None if size is None else float(size)


@builtin("files")
def file_modified(host: Host, path: Value) -> str | None:
    """When a file or folder was last written: the time in UTC, in the form that ``now`` gives.

    Two such texts compare as the times do. Null where the time is not known.

    Example::

        write_file("note.txt", "here")
        print(file_modified("note.txt") > "2024-01-01")     # true
    """
    modified = _look(host, path).modified
    if modified is None:
        return None
    try:
        return (_EPOCH + timedelta(seconds=modified)).isoformat(timespec="microseconds")
    except OverflowError:
        return None


def _look(host: Host, path: Value) -> Entry:
    return carried_out(host, Stat(_usable(path, Stat.failed)))


def _usable(path: Value, failed: Message) -> str:
    """The text of a path, if it can be one at all."""
    where = path_text(path, "Path or String")
    with failures(failed):
        if "\0" in where:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
    return where
