"""The words of the operating system for its errors, the same on every machine.

Programs test these texts, so they cannot come from the C library, which speaks the language of
whoever started the process. Readers of Russian are told them in Russian; the number stays.
Source: tables and files reference, 2.1.
"""

from __future__ import annotations

import errno
import os

from datacode.i18n.message import Message

_TEXTS = {
    errno.EPERM: Message("eperm", "Operation not permitted"),
    errno.ENOENT: Message("enoent", "No such file or directory"),
    errno.EINTR: Message("eintr", "Interrupted system call"),
    errno.EIO: Message("eio", "Input/output error"),
    errno.ENXIO: Message("enxio", "No such device or address"),
    errno.EBADF: Message("ebadf", "Bad file descriptor"),
    errno.EAGAIN: Message("eagain", "Resource temporarily unavailable"),
    errno.ENOMEM: Message("enomem", "Cannot allocate memory"),
    errno.EACCES: Message("eacces", "Permission denied"),
    errno.EBUSY: Message("ebusy", "Device or resource busy"),
    errno.EEXIST: Message("eexist", "File exists"),
    errno.EXDEV: Message("exdev", "Invalid cross-device link"),
    errno.ENODEV: Message("enodev", "No such device"),
    errno.ENOTDIR: Message("enotdir", "Not a directory"),
    errno.EISDIR: Message("eisdir", "Is a directory"),
    errno.EINVAL: Message("einval", "Invalid argument"),
    errno.ENFILE: Message("enfile", "Too many open files in system"),
    errno.EMFILE: Message("emfile", "Too many open files"),
    errno.ETXTBSY: Message("etxtbsy", "Text file busy"),
    errno.EFBIG: Message("efbig", "File too large"),
    errno.ENOSPC: Message("enospc", "No space left on device"),
    errno.ESPIPE: Message("espipe", "Illegal seek"),
    errno.EROFS: Message("erofs", "Read-only file system"),
    errno.EPIPE: Message("epipe", "Broken pipe"),
    errno.ENAMETOOLONG: Message("enametoolong", "File name too long"),
    errno.ENOTEMPTY: Message("enotempty", "Directory not empty"),
    errno.ELOOP: Message("eloop", "Too many levels of symbolic links"),
    errno.EOVERFLOW: Message("eoverflow", "Value too large for defined data type"),
    errno.EILSEQ: Message("eilseq", "Invalid or incomplete multibyte or wide character"),
    errno.EOPNOTSUPP: Message("eopnotsupp", "Operation not supported"),
    errno.ENETUNREACH: Message("enetunreach", "Network is unreachable"),
    errno.ECONNABORTED: Message("econnaborted", "Software caused connection abort"),
    errno.ECONNRESET: Message("econnreset", "Connection reset by peer"),
    errno.ETIMEDOUT: Message("etimedout", "Connection timed out"),
    errno.ECONNREFUSED: Message("econnrefused", "Connection refused"),
    errno.EHOSTDOWN: Message("ehostdown", "Host is down"),
    errno.EHOSTUNREACH: Message("ehostunreach", "No route to host"),
    errno.ESTALE: Message("estale", "Stale file handle"),
    errno.EDQUOT: Message("edquot", "Disk quota exceeded"),
    errno.ECANCELED: Message("ecanceled", "Operation canceled"),
}

_OF_NAMES = {
    message.template: message
    for message in (
        Message("unknown_host_name", "Name or service not known"),
        Message("name_resolution_failure", "Temporary failure in name resolution"),
        Message("host_without_address", "No address associated with hostname"),
        Message("timed_out", "timed out"),
    )
}
"""What else is said where there is no connection, without a number of its own."""


def system_reason(error: OSError) -> Message:
    """The error's text: ``No such file or directory``."""
    known = None if error.errno is None else _TEXTS.get(error.errno)
    if known is not None:
        return known
    text = error.strerror or str(error)
    return _OF_NAMES.get(text) or (_other(text) if text else _TEXTS[errno.EIO])


def system_text(error: OSError) -> Message:
    """The error's text and number: ``No such file or directory (os error 2)``."""
    number = error.errno
    if number is None:
        return _other(str(error)) if str(error) else _TEXTS[errno.EIO]
    reason = _TEXTS.get(number) or _other(os.strerror(number))
    return Message("os_error", "{reason} (os error {number})").filled(reason=reason, number=number)


def _other(text: str) -> Message:
    return Message("other_os_error", "{text}", {"text": text})
