"""The numbers of requests in a session that outlives its connection: ``seq`` and ``seen``.

They are read apart from the request, and only where the session was attached: to all other clients
these are keys that no request knows. Source: server reference, 5.7.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, Raw, Struct

from datacode.i18n.message import Message
from datacode.server.api import json_limits, texts
from datacode.server.api.messages import Position
from datacode.server.api.parse import without_long_text

_ABSENT: Any = UNSET


class RequestNumbers(Struct, frozen=True):
    """``seq`` is the request's number, ``seen`` the last one whose answer the client has."""

    seq: int | None = None
    seen: int | None = None


class WrongNumber(Exception):
    """A number is not what it must be; ``message`` says so."""

    def __init__(self, message: Message) -> None:
        super().__init__(message.code)
        self.message = message


class _Written(Struct):
    seq: Raw = _ABSENT
    seen: Raw = _ABSENT


_written = msgspec.json.Decoder(_Written)
_keys = json_limits.Keys.of(("seq", "seen"))
_NONE = RequestNumbers()


def read_numbers(data: bytes, limit: int = 0) -> RequestNumbers:
    """The numbers in a text message; none where it is no JSON object, as the request will say.

    Raises ``WrongNumber``. ``limit`` is that of ``parse``.
    """
    if limit and len(data) > limit:
        data = without_long_text(data, limit)
    try:
        written = _written.decode(data)
        json_limits.check(data, _keys)
    except json_limits.RepeatedKey as repeated:
        raise WrongNumber(texts.REPEATED_FIELD.filled(field=repeated.args[0])) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, json_limits.LimitExceeded):
        return _NONE
    if not written.seq and not written.seen:
        return _NONE
    seq = _number("seq", written.seq, texts.A_COUNT)
    if seq == 0:
        raise WrongNumber(texts.WRONG_FIELD.filled(field="seq", expected=texts.A_COUNT))
    return RequestNumbers(seq, _number("seen", written.seen, texts.A_POSITION))


def _number(field: str, raw: Raw, expected: Message) -> int | None:
    if not raw:
        return None
    try:
        return msgspec.json.decode(raw, type=Position)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise WrongNumber(texts.WRONG_FIELD.filled(field=field, expected=expected)) from None
