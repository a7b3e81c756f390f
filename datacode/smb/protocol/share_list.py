"""The answer of a host that was asked for its shares. Pure.

What the answer of a server costs is what it has in bytes: each is looked at once. Source:
[MS-SRVS], 2.2.4.23, 2.2.4.38, 3.1.4.8; [C706], 14 (NDR).
"""

from __future__ import annotations

import struct

from datacode.smb.protocol.messages import Malformed
from datacode.smb.share_paths import decode_name

DENIED = 5
"""ERROR_ACCESS_DENIED, as the answer's status."""

_HEAD = struct.Struct("<IIIIII")
_ENTRY = struct.Struct("<III")
_TEXT = struct.Struct("<III")
_STATUS = struct.Struct("<I")


def status(data: bytes) -> int:
    """The Windows error at the end of an answer, 0 for none."""
    if len(data) < _STATUS.size:
        raise Malformed
    return int(_STATUS.unpack_from(data, len(data) - _STATUS.size)[0])


def parse(data: bytes) -> list[tuple[str, int, str]]:
    """Name, kind and remark of each share; ``Malformed`` for what is no list of level 1."""
    try:
        level, tag, container, count, array, size = _HEAD.unpack_from(data)
        if (level, tag) != (1, 1):
            raise Malformed
        if not container or not count or not array:
            return []
        if size != count or count * _ENTRY.size > len(data):
            raise Malformed
        at = _HEAD.size + count * _ENTRY.size
        found: list[tuple[str, int, str]] = []
        for name_, kind, remark_ in _ENTRY.iter_unpack(data[_HEAD.size : at]):
            name, at = _text(data, at) if name_ else ("", at)
            remark, at = _text(data, at) if remark_ else ("", at)
            found.append((name, kind, remark))
    except struct.error:
        raise Malformed from None
    return found


def _text(data: bytes, at: int) -> tuple[str, int]:
    """A text, and where the next one begins."""
    _, offset, units = _TEXT.unpack_from(data, at)
    start = at + _TEXT.size
    end = start + 2 * units
    if offset or end > len(data):
        raise Malformed
    return decode_name(data[start:end]).rstrip("\0"), end + (-end) % 4
