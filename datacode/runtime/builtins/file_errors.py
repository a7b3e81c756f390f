"""Errors of file operations as Runtime Errors, and arguments that are paths.

Source: tables and files reference, 2.1.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from datacode.errors import DataCodeError, Kind, type_error
from datacode.i18n.message import Message
from datacode.i18n.os_errors import system_text
from datacode.runtime.file_operations import Answer, FileOperation
from datacode.runtime.files import FilesError
from datacode.runtime.host import Host
from datacode.values import paths
from datacode.values.types import Path, PathPattern, Value

_MISSING = Message("missing_path", "{reason}: '{path}'")

SHARE = "lib://"
"""Paths that begin so lie on a share that the session has connected."""


def path_text(value: Value, expected: str = "Path") -> str:
    """The text of a path; a text may stand for a path everywhere."""
    if value.__class__ is Path or value.__class__ is PathPattern:
        # The name of a file may have brackets in it.
        return str(value.text)
    if value.__class__ is str:
        return str(value)
    raise type_error(expected)


def extension(path: str) -> str:
    """The extension that decides how a file is read, in small letters."""
    return paths.stem_and_extension(path)[1].lower()


@contextmanager
def failures(message: Message, path: str = "") -> Iterator[None]:
    """Make Runtime Errors of what ``Files`` raises.

    A ``FilesError`` keeps its message; an ``OSError`` is the ``{reason}`` in ``message``, with the
    ``path`` where nothing is there.
    """
    try:
        yield
    except FilesError as refusal:
        raise DataCodeError(Kind.RUNTIME, refusal.message) from None
    except OSError as error:
        reason = system_text(error)
        if path and error.errno == errno.ENOENT:
            reason = _MISSING.filled(reason=reason, path=path)
        raise DataCodeError(Kind.RUNTIME, message.filled(reason=reason)) from None


def carried_out(host: Host, operation: FileOperation[Answer]) -> Answer:
    """What an operation gives. Raises a Runtime Error in its own words."""
    with failures(operation.failed, getattr(operation, "path", "")):
        found: Answer = operation.on(host.files)
    return found
