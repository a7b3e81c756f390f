"""DFS referrals: which server and share have a folder that a namespace links to.

A link in a namespace leads to a folder of some share, often on several servers. Source:
[MS-DFSC], 2.2.2 and 2.2.4; [MS-SMB2], 3.2.4.20.3.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from datacode.smb.protocol.messages import Malformed
from datacode.smb.share_paths import decode_name, encode_name

FSCTL_DFS_GET_REFERRALS = 0x00060194
ROOM = 1 << 14
"""Bytes: how long an answer may be."""

PIPES = "IPC$"
"""The share that answers for all others of a server."""

_NEWEST_VERSION = 4
_MAX_PLACES = 8
_LIST_OF_NAMES = 0x2
_HEAD = struct.Struct("<HHI")
_ENTRY = struct.Struct("<HHHH")


@dataclass(frozen=True, slots=True)
class ReferralTarget:
    """A target of a link: ``host`` may have a port, ``folder`` is empty for a share's root."""

    host: str
    share: str
    folder: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Referral:
    """A referral response: its targets stand for the first ``names`` names of the requested path.

    ``places`` are equal in what they hold, the nearest first.
    """

    names: int
    places: tuple[ReferralTarget, ...]


def request(unc: str) -> bytes:
    """2.2.2: where does ``\\\\server\\share\\folder`` lie?"""
    return struct.pack("<H", _NEWEST_VERSION) + encode_name(_single(unc) + "\0")


def _single(unc: str) -> str:
    """The path as it is here: one backslash leads, not two."""
    return "\\" + unc.lstrip("\\")


def parse(path: str, data: memoryview) -> Referral:
    """2.2.4: the answer about ``\\server\\share\\folder``; ``Malformed`` where it is none."""
    if len(data) < _HEAD.size:
        raise Malformed
    consumed, count, _ = _HEAD.unpack_from(data)
    if not 0 < consumed <= len(encode_name(path)) or consumed % 2:
        raise Malformed
    names = _names(decode_name(encode_name(path)[:consumed]))
    places: list[ReferralTarget] = []
    start = _HEAD.size
    for _ in range(min(count, _MAX_PLACES)):
        if start + _ENTRY.size > len(data):
            raise Malformed
        version, size, _, flags = _ENTRY.unpack_from(data, start)
        if size < _ENTRY.size:
            raise Malformed
        if not flags & _LIST_OF_NAMES:
            places.append(_place(data, start, version))
        start += size
    if len(names) < 2 or not places:
        raise Malformed
    return Referral(len(names) - 2, tuple(places))


def _place(data: memoryview, start: int, version: int) -> ReferralTarget:
    """2.2.5.2 to 2.2.5.4: one entry."""
    at = {2: 20, 3: 16, 4: 16}.get(version)
    if at is None or start + at + 2 > len(data):
        raise Malformed
    (offset,) = struct.unpack_from("<H", data, start + at)
    names = _names(_text(data, start + offset))
    if len(names) < 2:
        raise Malformed
    return ReferralTarget(names[0], names[1], names[2:])


def _text(data: memoryview, start: int) -> str:
    """A text that ends with a NUL."""
    units = bytes(data[start : start + len(data[start:]) // 2 * 2])
    for end in range(0, len(units), 2):
        if units[end : end + 2] == b"\0\0":
            return decode_name(units[:end])
    raise Malformed


def _names(path: str) -> tuple[str, ...]:
    return tuple(name for name in path.split("\\") if name)
