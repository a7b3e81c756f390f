"""The words of the operating system for its errors, the same in every locale.

Programs test these texts, so they cannot come from the C library, which speaks the language of
whoever started the process. Source: tables and files reference, 2.1.
"""

from __future__ import annotations

import errno
import os

_TEXTS = {
    errno.EPERM: "Operation not permitted",
    errno.ENOENT: "No such file or directory",
    errno.EINTR: "Interrupted system call",
    errno.EIO: "Input/output error",
    errno.ENXIO: "No such device or address",
    errno.EBADF: "Bad file descriptor",
    errno.EAGAIN: "Resource temporarily unavailable",
    errno.ENOMEM: "Cannot allocate memory",
    errno.EACCES: "Permission denied",
    errno.EBUSY: "Device or resource busy",
    errno.EEXIST: "File exists",
    errno.EXDEV: "Invalid cross-device link",
    errno.ENODEV: "No such device",
    errno.ENOTDIR: "Not a directory",
    errno.EISDIR: "Is a directory",
    errno.EINVAL: "Invalid argument",
    errno.ENFILE: "Too many open files in system",
    errno.EMFILE: "Too many open files",
    errno.ETXTBSY: "Text file busy",
    errno.EFBIG: "File too large",
    errno.ENOSPC: "No space left on device",
    errno.ESPIPE: "Illegal seek",
    errno.EROFS: "Read-only file system",
    errno.EPIPE: "Broken pipe",
    errno.ENAMETOOLONG: "File name too long",
    errno.ENOTEMPTY: "Directory not empty",
    errno.ELOOP: "Too many levels of symbolic links",
    errno.EOVERFLOW: "Value too large for defined data type",
    errno.EILSEQ: "Invalid or incomplete multibyte or wide character",
    errno.EOPNOTSUPP: "Operation not supported",
    errno.ETIMEDOUT: "Connection timed out",
    errno.ESTALE: "Stale file handle",
    errno.EDQUOT: "Disk quota exceeded",
}


def system_text(error: OSError) -> str:
    """The error's text and number: ``No such file or directory (os error 2)``."""
    number = error.errno
    if number is None:
        return str(error) or _TEXTS[errno.EIO]
    return f"{_TEXTS.get(number) or os.strerror(number)} (os error {number})"
