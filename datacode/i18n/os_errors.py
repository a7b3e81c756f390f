"""The words of the operating system for its errors, the same on every machine.

Programs test these texts, so they cannot come from the C library, which speaks the language of
whoever started the process. Readers of Russian are told them in Russian; the number stays.
Source: tables and files reference, 2.1.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from typing import Any

from datacode.i18n.catalog import mark, translate

_TEXTS = {
    errno.EPERM: mark("Operation not permitted"),
    errno.ENOENT: mark("No such file or directory"),
    errno.EINTR: mark("Interrupted system call"),
    errno.EIO: mark("Input/output error"),
    errno.ENXIO: mark("No such device or address"),
    errno.EBADF: mark("Bad file descriptor"),
    errno.EAGAIN: mark("Resource temporarily unavailable"),
    errno.ENOMEM: mark("Cannot allocate memory"),
    errno.EACCES: mark("Permission denied"),
    errno.EBUSY: mark("Device or resource busy"),
    errno.EEXIST: mark("File exists"),
    errno.EXDEV: mark("Invalid cross-device link"),
    errno.ENODEV: mark("No such device"),
    errno.ENOTDIR: mark("Not a directory"),
    errno.EISDIR: mark("Is a directory"),
    errno.EINVAL: mark("Invalid argument"),
    errno.ENFILE: mark("Too many open files in system"),
    errno.EMFILE: mark("Too many open files"),
    errno.ETXTBSY: mark("Text file busy"),
    errno.EFBIG: mark("File too large"),
    errno.ENOSPC: mark("No space left on device"),
    errno.ESPIPE: mark("Illegal seek"),
    errno.EROFS: mark("Read-only file system"),
    errno.EPIPE: mark("Broken pipe"),
    errno.ENAMETOOLONG: mark("File name too long"),
    errno.ENOTEMPTY: mark("Directory not empty"),
    errno.ELOOP: mark("Too many levels of symbolic links"),
    errno.EOVERFLOW: mark("Value too large for defined data type"),
    errno.EILSEQ: mark("Invalid or incomplete multibyte or wide character"),
    errno.EOPNOTSUPP: mark("Operation not supported"),
    errno.ENETUNREACH: mark("Network is unreachable"),
    errno.ECONNABORTED: mark("Software caused connection abort"),
    errno.ECONNRESET: mark("Connection reset by peer"),
    errno.ETIMEDOUT: mark("Connection timed out"),
    errno.ECONNREFUSED: mark("Connection refused"),
    errno.EHOSTDOWN: mark("Host is down"),
    errno.EHOSTUNREACH: mark("No route to host"),
    errno.ESTALE: mark("Stale file handle"),
    errno.EDQUOT: mark("Disk quota exceeded"),
    errno.ECANCELED: mark("Operation canceled"),
}

_OF_NAMES = (
    mark("Name or service not known"),
    mark("Temporary failure in name resolution"),
    mark("No address associated with hostname"),
    mark("timed out"),
)
"""What else is said where there is no connection, without a number of its own."""

_KNOWN = frozenset((*_TEXTS.values(), *_OF_NAMES))
_NUMBER = " (os error "


def system_reason(error: OSError) -> str:
    """The error's text: ``No such file or directory``."""
    known = None if error.errno is None else _TEXTS.get(error.errno)
    return known or error.strerror or str(error) or _TEXTS[errno.EIO]


def system_text(error: OSError) -> str:
    """The error's text and number: ``No such file or directory (os error 2)``."""
    number = error.errno
    if number is None:
        return str(error) or _TEXTS[errno.EIO]
    return f"{_TEXTS.get(number) or os.strerror(number)}{_NUMBER}{number})"


def said_in(locale: str, text: str) -> str:
    """What ``system_reason`` or ``system_text`` gave, in a language; any other text as it is."""
    reason, number, rest = text.partition(_NUMBER)
    return translate(reason, locale) + number + rest if reason in _KNOWN else text


def reason_in(locale: str, error: OSError) -> str:
    """``system_reason`` in a language."""
    return said_in(locale, system_reason(error))


def with_reason_in(locale: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """The parameters of a sentence; its ``reason`` in a language, where that is the system's."""
    reason = params.get("reason")
    return {**params, "reason": said_in(locale, reason)} if isinstance(reason, str) else params
