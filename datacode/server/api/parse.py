"""JSON to a request: what a client sent, or the sentence that says what is wrong with it.

Source: server reference, 5.1. A decoder of JSON that is strict about everything but repeated
keys and nesting does the work; ``json_limits`` looks at those two.

A decoder cannot be interrupted, and whoever else is connected waits for it. So a message may be
long only where that costs next to nothing: in the ``content`` of an upload, which is not decoded
here. ``benchmarks/hostile_json.py`` measures the longest wait.
"""

from __future__ import annotations

import re
import secrets
from typing import Any

import msgspec
from msgspec import UNSET, Raw, Struct, structs

from datacode.i18n.message import Message, MessageError
from datacode.server.api import json_limits, texts
from datacode.server.api.messages import (
    LONGEST_DAYS,
    MAX_ID_BYTES,
    MAX_ROWS,
    REQUESTS,
    Answer,
    Cancel,
    Executed,
    Id,
    LargeRestoreState,
    LargeUpload,
    Request,
    RestoreState,
    UploadFile,
)
from datacode.server.api.texts import Locale

_ABSENT: Any = UNSET


class BadRequest(MessageError):
    """A message that is no request we know. ``shape`` is the class of its answer."""

    def __init__(
        self, message: Message, shape: type[Answer], head: _Head | None = None, **params: object
    ) -> None:
        super().__init__(message.filled(**params))
        self.shape = shape
        self.id: Any = head.safe_id() if head else UNSET
        self.locale: Locale | None = head.safe_locale() if head else None


class _Head(Struct):
    """The fields that are looked at before it is known what a message is."""

    type: Raw = _ABSENT
    code: Raw = _ABSENT
    id: Raw = _ABSENT
    locale: Raw = _ABSENT

    def safe_id(self) -> Raw:
        """The ``id`` if it is one that may be repeated, else none; without the message."""
        return self.id.copy() if self.id and _is_id(self.id) else _ABSENT

    def safe_locale(self) -> Locale | None:
        """The ``locale`` if it is one that we know."""
        known: dict[bytes, Locale] = {b'"ru"': "ru", b'"en"': "en"}
        return known.get(bytes(self.locale)) if self.locale else None


_head_decoder = msgspec.json.Decoder(_Head)
_decoders = {request.__struct_config__.tag: msgspec.json.Decoder(request) for request in REQUESTS}
_classes = {request.__struct_config__.tag: request for request in REQUESTS}
_keys = {
    request.__struct_config__.tag: json_limits.Keys.of(("type", *request.__struct_fields__))
    for request in REQUESTS
}
_LONGEST_TYPE_SHOWN = 100

_BESIDE = 1 << 20
"""Bytes that a message above the limit may have beside its one long text."""

_LONG_FIELD = re.compile(rb'"(?:content|code)"[ \t\r\n]*+:[ \t\r\n]*+(?=")')
"""A field that may be long. ``code`` may not, but the answer is to have the request's ``id``."""


def parse(data: bytes, limit: int = 0) -> Request:
    """The request in a text message of a client.

    Nothing but an upload may have more than ``limit`` bytes, 0 for no limit. Raises
    ``BadRequest``, which knows the sentence and the shape of the answer.
    """
    if limit and len(data) > limit:
        return _parse_large(data, limit)
    try:
        head = _head_decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise BadRequest(texts.UNREADABLE, Executed) from None
    except RecursionError:  # far deeper than what is taken
        raise BadRequest(texts.TOO_NESTED, Executed, limit=json_limits.MAX_DEPTH) from None
    tag = _tag(head)
    try:
        request = _decoders[tag].decode(data)
        json_limits.check(data, _keys[tag])
    except json_limits.RepeatedKey as repeated:
        shape = Executed if repeated.args[0] == "type" else _classes[tag].answer
        raise BadRequest(texts.REPEATED_FIELD, shape, head, field=repeated.args[0]) from None
    except json_limits.LimitExceeded as exceeded:
        raise BadRequest(exceeded.message, _classes[tag].answer, head) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        if not _is_utf8(data):
            raise BadRequest(texts.UNREADABLE, Executed) from None
        raise _wrong_field(data, _classes[tag], head) from None
    if (request.id and not _is_id(request.id)) or (
        isinstance(request, Cancel) and request.request and not _is_id(request.request)
    ):
        raise _wrong_field(data, _classes[tag], head)
    if request.id and len(data) > _BESIDE:
        # As it is decoded it keeps the whole message in memory.
        structs.force_setattr(request, "id", request.id.copy())
    return request


def _parse_large(data: bytes, limit: int) -> Request:
    """The upload that a message above the limit must be.

    What is parsed is the message with another text in the place of the long one. As nobody can
    guess that text, ``content`` is the long one exactly where it has it.
    """
    too_large = texts.TOO_LARGE.filled(limit=f"{limit / (1 << 20):g}")
    begin, end = _long_text(data, min(limit, _BESIDE))
    if not end:
        raise BadRequest(too_large, Executed)
    stand_in = secrets.token_hex(16)
    request = parse(b'%b"%b"%b' % (data[:begin], stand_in.encode(), data[end:]))
    if isinstance(request, UploadFile) and request.content == stand_in:
        return LargeUpload(
            filename=request.filename,
            content="",
            written=memoryview(data)[begin:end],
            id=request.id,
            locale=request.locale,
        )
    if isinstance(request, RestoreState) and request.content == stand_in:
        return LargeRestoreState(
            filename=request.filename,
            content="",
            written=memoryview(data)[begin:end],
            id=request.id,
            locale=request.locale,
        )
    refused = BadRequest(too_large, request.answer)
    refused.id, refused.locale = request.id, request.locale
    raise refused


def without_long_text(data: bytes, limit: int) -> bytes:
    """A message above the limit with an empty text in the place of the long one; an empty object
    where there is no such text."""
    begin, end = _long_text(data, min(limit, _BESIDE))
    return b'%b""%b' % (data[:begin], data[end:]) if end else b"{}"


def _long_text(data: bytes, beside: int) -> tuple[int, int]:
    """Where the one text begins and ends, quotes included, that all but ``beside`` bytes are of.

    Both are 0 where there is none. A text with escaped quotes is taken to reach to what may stand
    behind it; if it does not, its decoder will find out.
    """
    for field in _LONG_FIELD.finditer(data, 0, beside):
        begin = field.end()
        if not json_limits.ends_within(data, begin, beside):
            end = json_limits.long_string_end(data, begin, len(data) - beside + begin)
            return (begin, end) if begin + len(data) - end <= beside else (0, 0)
    return 0, 0


def _tag(head: _Head) -> str:
    """The name of a request's type; a message without one, but with code, is the old form."""
    written = bytes(head.type) if head.type else b""
    if not written:
        if head.code:
            return "execute"
        raise BadRequest(texts.MISSING_FIELD, Executed, head, field="type")
    try:
        value = msgspec.json.decode(written) if written[:1] == b'"' else None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise BadRequest(texts.UNREADABLE, Executed) from None
    if isinstance(value, str) and value in _classes:
        return value
    shown = value if isinstance(value, str) else written.decode("utf-8", "replace")
    if len(shown) > _LONGEST_TYPE_SHOWN:
        shown = shown[:_LONGEST_TYPE_SHOWN] + "…"
    raise BadRequest(texts.UNKNOWN_TYPE, Executed, head, type=shown)


def _is_utf8(data: bytes) -> bool:
    """Whether bytes are UTF-8; msgspec's exception tells it only up to version 0.22."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _is_id(written: Raw) -> bool:
    """Whether this JSON text is a string or a number, and short enough to repeat."""
    text = bytes(written)
    return text[:1] in b'"-0123456789' and 0 < len(text) <= MAX_ID_BYTES


def _wrong_field(data: bytes, request: type[Request], head: _Head) -> BadRequest:
    """What to say of a request whose JSON is right and whose fields are not.

    Fields are tried one by one, in the order of the documentation, so that the same
    request is always answered with the same sentence.
    """
    written = msgspec.json.decode(data, type=_raw_fields(request))
    for field in msgspec.structs.fields(request):
        raw = getattr(written, field.name)
        if not raw:
            if field.required:
                return BadRequest(texts.MISSING_FIELD, request.answer, head, field=field.name)
            continue
        if not _accepts(field.type, raw):
            return BadRequest(
                texts.WRONG_FIELD,
                request.answer,
                head,
                field=field.name,
                expected=_expected(field.name, field.type),
            )
    return BadRequest(texts.UNREADABLE, request.answer, head)


def _raw_fields(request: type[Request]) -> type[Struct]:
    """A class that takes the fields of a request as they are written."""
    return msgspec.defstruct(
        "Written", [(name, Raw, _ABSENT) for name in request.__struct_fields__]
    )


def _accepts(kind: Any, raw: Raw) -> bool:
    if kind is Id:
        return _is_id(raw)
    if len(raw) > _BESIDE and bytes(memoryview(raw)[:1]) != b'"':
        return False  # no list that we take is so long; decoding it once more takes too long
    try:
        msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return True


def _expected(name: str, kind: Any) -> Message:
    """What a field must be, to stand behind "must be"."""
    if kind is Id:
        return texts.AN_ID.filled(limit=MAX_ID_BYTES)
    if kind is bool:
        return texts.A_FLAG
    if name in ("max_steps", "limit", "length"):
        return texts.A_COUNT
    if name == "days":
        return texts.A_BOUNDED_COUNT.filled(limit=LONGEST_DAYS)
    if name == "count":
        return texts.A_BOUNDED_COUNT.filled(limit=MAX_ROWS)
    if name == "columns":
        return texts.COLUMNS
    if name == "filters":
        return texts.FILTERS
    if name == "then_by":
        return texts.SORT_KEYS
    if name in ("position", "offset", "sort", "column"):
        return texts.A_POSITION
    if name == "locale":
        return texts.ONE_OF.filled(choices='"ru", "en"')
    if name == "on_error":
        return texts.ONE_OF.filled(choices='"keep", "rollback"')
    if name == "export":
        return texts.ONE_OF.filled(choices='"sqlite"')
    return texts.A_STRING
