"""The content of a file as it stands in an answer. Blocking: belongs in a thread.

Files are large and so are their texts: all is done in pieces, because what works on a whole one
keeps the interpreter's lock, and with it the reactor, for a good part of a second. A text that is
long is made only while it is sent.
"""

from __future__ import annotations

import codecs
import os

from datacode.server.api.long_answer import PIECE, JsonText, json_text


class TooLarge(Exception):
    """There are more bytes than an answer may have."""


def of_descriptor(descriptor: int, offset: int, length: int | None, most: int) -> JsonText:
    """The bytes of a file from ``offset`` on, as a JSON string; closes the descriptor.

    It is their text where they are UTF-8 and cannot be mistaken for base64, else ``base64:`` and
    base64. ``length`` is None for all of the file; ``most`` is 0 for no bound. Raises ``TooLarge``
    before anything is read, ``OSError``.
    """
    with open(descriptor, "rb") as file:
        size = os.fstat(descriptor).st_size if length is None else length
        if most and size > most:
            raise TooLarge
        file.seek(offset)
        data = file.read(size)
    return as_json(data)


def as_json(data: bytes) -> JsonText:
    """Bytes as a JSON string."""
    if not data.startswith(b"base64:") and _is_text(data):
        return json_text([data], base64=False)
    return json_text([data], base64=True, prefix=b"base64:")  # told apart by exactly this


def _is_text(data: bytes) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    view = memoryview(data)
    try:
        for start in range(0, len(view), PIECE):
            decoder.decode(view[start : start + PIECE])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
