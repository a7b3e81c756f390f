"""The entries of a folder, as an answer to QUERY_DIRECTORY holds them. Pure.

Source: [MS-FSCC], 2.4.10 (FileDirectoryInformation).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from datacode.runtime.files import Entry
from datacode.runtime.name_patterns import LONGEST_NAME
from datacode.smb.protocol.messages import ATTRIBUTE_DIRECTORY, Malformed, seconds
from datacode.smb.share_paths import decode_name

DIRECTORY_INFORMATION = 1
_UNSPEAKABLE = frozenset("/\\\0")
"""No name can hold these; a server that sends one wants to be taken for another folder."""

_FIXED = struct.Struct("<II QQQQ QQ II")


def entries(data: memoryview) -> Iterator[Entry]:
    """Every entry in ``data``, in the server's order; ``Malformed`` for what is not a list."""
    start, end = 0, len(data)
    while start < end:
        if end - start < _FIXED.size:
            raise Malformed
        following, _, _, _, written, _, size, _, attributes, length = _FIXED.unpack_from(
            data, start
        )
        first = start + _FIXED.size
        if length % 2 or first + length > end or length > 2 * LONGEST_NAME:
            raise Malformed
        folder = bool(attributes & ATTRIBUTE_DIRECTORY)
        name = decode_name(data[first : first + length])
        if not _UNSPEAKABLE & set(name):
            yield Entry(name, folder, None if folder else size, seconds(written))
        if not following:
            return
        if following < _FIXED.size + length:
            raise Malformed
        start += following
