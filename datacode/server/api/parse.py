"""JSON to a request: what a client sent, or the sentence that says what is wrong with it.

Source: server reference, 5.1. A decoder of JSON that is strict about everything but repeated
keys and nesting does the work; ``json_text`` looks at those two.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import msgspec
from msgspec import UNSET, Raw, Struct

from datacode.server.api import json_limits, json_steps, texts
from datacode.server.api.messages import (
    MAX_ID_BYTES,
    MAX_ROWS,
    REQUESTS,
    Answer,
    Cancel,
    Executed,
    Id,
    Request,
)
from datacode.server.api.texts import Locale, Text

_ABSENT: Any = UNSET


class BadRequest(Exception):
    """A message that is no request we know. ``shape`` is the class of its answer."""

    def __init__(
        self, text: Text, shape: type[Answer], head: _Head | None = None, **params: object
    ) -> None:
        super().__init__(text.template)
        self.text = text
        self.shape = shape
        self.params = params
        self.id: Any = head.safe_id() if head else UNSET
        self.locale: Locale | None = head.safe_locale() if head else None

    def render(self, locale: str) -> str:
        """The sentence for the client."""
        return self.text.render(locale, **self.params)


class _Head(Struct):
    """The fields that are looked at before it is known what a message is."""

    type: Raw = _ABSENT
    code: Raw = _ABSENT
    id: Raw = _ABSENT
    locale: Raw = _ABSENT

    def safe_id(self) -> Raw:
        """The ``id`` if it is one that may be repeated, else none."""
        return self.id if self.id and _is_id(self.id) else _ABSENT

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
_all_keys = json_limits.Keys.of({name.decode() for keys in _keys.values() for name in keys.plain})
_LONGEST_TYPE_SHOWN = 100

LARGE = 1 << 18
"""Bytes from which on a message is read in steps: some milliseconds of a decoder's time."""


def parse(data: bytes) -> Request:
    """The request in a text message of a client.

    Raises ``BadRequest``, which knows the sentence and the shape of the answer.
    """
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
    except json_limits.TooDeep:
        raise BadRequest(
            texts.TOO_NESTED, _classes[tag].answer, head, limit=json_limits.MAX_DEPTH
        ) from None
    except json_limits.TooManyFields:
        raise BadRequest(
            texts.TOO_MANY_FIELDS, _classes[tag].answer, head, limit=json_limits.MAX_FIELDS
        ) from None
    except json_limits.TooMany:
        raise BadRequest(
            texts.TOO_MANY_VALUES, _classes[tag].answer, head, limit=json_limits.MAX_VALUES
        ) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        if not _is_utf8(data):
            raise BadRequest(texts.UNREADABLE, Executed) from None
        raise _wrong_field(data, _classes[tag], head) from None
    if (request.id and not _is_id(request.id)) or (
        isinstance(request, Cancel) and request.request and not _is_id(request.request)
    ):
        raise _wrong_field(data, _classes[tag], head)
    return request


def parse_in_steps(data: bytes) -> Generator[None, None, Request]:
    """As ``parse``, for a large message. Yields where others may have their turn.

    Where a message is refused for its size, the answer has the id and the language only if they
    stood in front of what is too much: the rest is not read.
    """
    try:
        short = yield from json_steps.shortened(data, _all_keys)
    except json_steps.TooMuch as much:
        raise _refused(much) from None
    return parse(short)


def _refused(much: json_steps.TooMuch) -> BadRequest:
    try:
        head = _head_decoder.decode(much.before)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return BadRequest(texts.UNREADABLE, Executed)
    # Without a type there may be one further on.
    shape = _classes[_tag(head)].answer if head.type else Executed
    if isinstance(much.cause, json_limits.TooManyFields):
        return BadRequest(texts.TOO_MANY_FIELDS, shape, head, limit=json_limits.MAX_FIELDS)
    return BadRequest(texts.TOO_MANY_VALUES, shape, head, limit=json_limits.MAX_VALUES)


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
    try:
        msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return True


def _expected(name: str, kind: Any) -> Text:
    """What a field must be, to stand behind "must be"."""
    if kind is Id:
        return texts.AN_ID.filled(limit=MAX_ID_BYTES)
    if kind is bool:
        return texts.A_FLAG
    if name in ("max_steps", "limit", "length"):
        return texts.A_COUNT
    if name == "count":
        return texts.A_BOUNDED_COUNT.filled(limit=MAX_ROWS)
    if name == "columns":
        return texts.COLUMNS
    if name == "filters":
        return texts.FILTERS
    if name in ("position", "offset", "sort"):
        return texts.A_POSITION
    if name == "locale":
        return texts.ONE_OF.filled(choices='"ru", "en"')
    if name == "export":
        return texts.ONE_OF.filled(choices='"sqlite"')
    return texts.A_STRING
