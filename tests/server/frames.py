"""WebSocket frames by hand: for tests that need to send what no decent client sends."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from dataclasses import dataclass

CONTINUATION = 0
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


def handshake(path: str = "/", **headers: str | None) -> bytes:
    """A good request for the upgrade; a header given as None is left out."""
    fields: dict[str, str | None] = {
        "Host": "127.0.0.1:8080",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": base64.b64encode(b"0123456789abcdef").decode(),
        "Sec-WebSocket-Version": "13",
    }
    fields.update({name.replace("_", "-"): value for name, value in headers.items()})
    lines = [f"{name}: {value}" for name, value in fields.items() if value is not None]
    return "\r\n".join([f"GET {path} HTTP/1.1", *lines, "", ""]).encode()


def frame(
    opcode: int,
    payload: bytes = b"",
    *,
    fin: bool = True,
    rsv: int = 0,
    masked: bool = True,
    length: int | None = None,
    long_form: int = 0,
) -> bytes:
    """A client's frame. ``length`` lies about the payload; ``long_form`` is 2 or 8 bytes."""
    claimed = len(payload) if length is None else length
    first = (0x80 if fin else 0) | rsv << 4 | opcode
    mask_bit = 0x80 if masked else 0
    if long_form == 8 or (not long_form and claimed > 0xFFFF):
        head = bytes((first, mask_bit | 127)) + claimed.to_bytes(8, "big")
    elif long_form == 2 or claimed > 125:
        head = bytes((first, mask_bit | 126)) + claimed.to_bytes(2, "big")
    else:
        head = bytes((first, mask_bit | claimed))
    if not masked:
        return head + payload
    mask = os.urandom(4)
    keys = (mask * (len(payload) // 4 + 1))[: len(payload)]
    hidden = int.from_bytes(payload, "big") ^ int.from_bytes(keys, "big")
    return head + mask + hidden.to_bytes(len(payload), "big")


def close(code: int | None = None, reason: bytes = b"") -> bytes:
    """A client's close frame."""
    return frame(CLOSE, b"" if code is None else code.to_bytes(2, "big") + reason)


@dataclass(frozen=True)
class Frame:
    """A server's frame."""

    fin: bool
    rsv: int
    opcode: int
    payload: bytes

    @property
    def code(self) -> int | None:
        """The code of a close frame."""
        return int.from_bytes(self.payload[:2], "big") if self.payload else None


class Reader:
    """Cuts what a server sends into the head of its HTTP answer and frames."""

    def __init__(self) -> None:
        self.head: bytes | None = None
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Frames that are whole now. What is masked, or broken, is an AssertionError."""
        self._buffer += data
        if self.head is None:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            self.head = bytes(self._buffer[: end + 4])
            del self._buffer[: end + 4]
        while self.head.startswith(b"HTTP/1.1 101 ") and (found := self._next()) is not None:
            yield found

    @property
    def rest(self) -> bytes:
        """What is no frame: the body of an HTTP answer."""
        return bytes(self._buffer)

    def _next(self) -> Frame | None:
        data = self._buffer
        if len(data) < 2:
            return None
        assert not data[1] & 0x80, "a server does not mask"
        size, start = data[1], 2
        if size > 125:
            start = 4 if size == 126 else 10
            if len(data) < start:
                return None
            size = int.from_bytes(data[2:start], "big")
        if len(data) < start + size:
            return None
        found = Frame(
            bool(data[0] & 0x80), data[0] >> 4 & 7, data[0] & 15, bytes(data[start : start + size])
        )
        del data[: start + size]
        return found
