"""JSON to a request: server reference, 5.1."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET
from twisted.trial.unittest import SynchronousTestCase

from datacode.server.api import json_limits, messages
from datacode.server.api.parse import BadRequest, parse

UNREADABLE = (
    "Ошибка парсинга запроса. Ожидается JSON с полями: type, code"
    " (или smb_connect, smb_list_files, smb_read_file)"
)
CONNECT = {
    "type": "smb_connect",
    "ip": "h",
    "login": "l",
    "password": "p",
    "domain": "",
    "share_name": "s",
}


def encoded(**fields: object) -> bytes:
    return json.dumps(fields).encode()


class RequestTests(SynchronousTestCase):
    def refused(self, data: bytes, locale: str = "ru") -> tuple[type, str]:
        """The shape and the text of the answer to a message that is no request."""
        bad = self.assertRaises(BadRequest, parse, data)
        return bad.shape, bad.render(locale)

    def test_execute(self) -> None:
        """The documented request gives its code, and no extension."""
        request = parse(b'{"type": "execute", "code": "print(1)"}')
        self.assertEqual(request, messages.Execute(code="print(1)"))

    def test_old_form(self) -> None:
        """Code without a type is run."""
        self.assertEqual(parse(b'{"code": "x"}'), messages.Execute(code="x"))

    def test_documented_requests(self) -> None:
        """Each documented type is read field by field, in any order, with white space around."""
        for fields, expected in (
            (CONNECT, messages.SmbConnect),
            ({"path": "p", "type": "smb_list_files", "share_name": "s"}, messages.SmbListFiles),
            ({"type": "smb_read_file", "share_name": "s", "file_path": "f"}, messages.SmbReadFile),
            ({"type": "upload_file", "filename": "f", "content": "c"}, messages.UploadFile),
        ):
            request = parse(b" \r\n\t" + json.dumps(fields).encode() + b"\n ")
            self.assertIsInstance(request, expected)
            for name, value in fields.items():
                if name != "type":
                    self.assertEqual(getattr(request, name), value)

    def test_unreadable(self) -> None:
        """What is no JSON object is answered in the shape of execute, with the exact text."""
        for data in (
            b"",
            b"print(1)",
            b'{"code": "x"',
            b'{"code": "x"} {}',
            b'{"code": "x"}x',
            b"{'code': 'x'}",
            b'{"code": "x"} // note',
            b'{"code": "x", "y": NaN}',
            b'{"code": "x", "y": Infinity}',
            b'{"code": "x", "y": 01}',
            b'{"code": "x",}',
            b'\xef\xbb\xbf{"code": "x"}',
            b'{"code": "a\nb"}',
            b'{"code": "\\ud800"}',
            b'{"code": "\\udc00"}',
            b'{"code": "\\ud800\\u0041"}',
            b'{"code": "\xff"}',
            b'{"code": "\\x41"}',
            b"null",
            b"1",
            b'"x"',
            b"[]",
            b'["print(1)"]',
            b'["execute", "print(1)"]',
            b"\0",
        ):
            self.assertEqual(self.refused(data), (messages.Executed, UNREADABLE), data)

    def test_bytes_that_are_no_letters(self) -> None:
        """Whoever calls may not have looked whether it is UTF-8."""
        for data in (b'{"type": "\xd1"}', b'{"type": "execute", "code": "\xd1"}'):
            self.assertEqual(self.refused(data), (messages.Executed, UNREADABLE))

    def test_surrogate_pair(self) -> None:
        """A pair of surrogate escapes is one character."""
        self.assertEqual(parse(b'{"code": "\\ud83d\\ude00"}'), messages.Execute(code="😀"))

    def test_unknown_type(self) -> None:
        """An unknown type runs nothing, even with code."""
        for written, shown in (
            ('"exekute"', "exekute"),
            ('"Execute"', "Execute"),
            ("null", "null"),
            ("1", "1"),
            ("true", "true"),
            ('["execute"]', '["execute"]'),
            ('""', ""),
            (f'"{"x" * 1000}"', "x" * 100 + "…"),
        ):
            shape, text = self.refused(f'{{"type": {written}, "code": "x"}}'.encode())
            self.assertIs(shape, messages.Executed)
            self.assertEqual(text, f"Ошибка парсинга запроса: неизвестный тип '{shown}'")

    def test_no_type(self) -> None:
        """Neither type nor code: the type is what is missing."""
        for data in (b"{}", b'{"filename": "x"}'):
            shape, text = self.refused(data)
            self.assertIs(shape, messages.Executed)
            self.assertEqual(text, "Ошибка парсинга запроса: отсутствует поле 'type'")

    def test_missing_field(self) -> None:
        """A missing field is named, in the shape of the request's own type."""
        for name in ("ip", "login", "password", "domain", "share_name"):
            fields = {key: value for key, value in CONNECT.items() if key != name}
            fields["code"] = "print(1)"
            shape, text = self.refused(json.dumps(fields).encode())
            self.assertIs(shape, messages.Done)
            self.assertEqual(text, f"Ошибка парсинга запроса: отсутствует поле '{name}'")

    def test_wrong_type_of_field(self) -> None:
        """A field of the wrong type is named, with what it must be."""
        for value in (1, None, [], {}, True, 1.5):
            shape, text = self.refused(
                encoded(type="smb_read_file", share_name="s", file_path=value)
            )
            self.assertIs(shape, messages.Content)
            self.assertEqual(text, "Ошибка парсинга запроса: поле 'file_path' должно быть строкой")
        self.assertEqual(
            self.refused(b'{"code": 1}')[1],
            "Ошибка парсинга запроса: поле 'code' должно быть строкой",
        )

    def test_extensions_of_wrong_type(self) -> None:
        """Extensions are checked like documented fields."""
        for fields, expected in (
            ({"stream": 1}, "поле 'stream' должно быть true или false"),
            ({"export": "csv"}, "поле 'export' должно быть одним из: \"sqlite\""),
            ({"on_error": "x"}, 'поле \'on_error\' должно быть одним из: "keep", "rollback"'),
            ({"max_steps": 0}, "поле 'max_steps' должно быть целым положительным числом"),
            ({"max_steps": 1.5}, "поле 'max_steps' должно быть целым положительным числом"),
            ({"locale": "fr"}, 'поле \'locale\' должно быть одним из: "ru", "en"'),
            ({"id": []}, "поле 'id' должно быть строкой или числом не длиннее 256 байт"),
            ({"id": "x" * 256}, "поле 'id' должно быть строкой или числом не длиннее 256 байт"),
            ({"id": None}, "поле 'id' должно быть строкой или числом не длиннее 256 байт"),
        ):
            _, text = self.refused(encoded(code="x", **fields))
            self.assertEqual(text, f"Ошибка парсинга запроса: {expected}")

    def test_repeated_field(self) -> None:
        """A field that we read must not appear twice, however it is written."""
        for data, name in (
            (b'{"code": "a", "code": "b"}', "code"),
            (b'{"type": "execute", "type": "execute", "code": "b"}', "type"),
            (b'{"c\\u006fde": "a", "code": "b"}', "code"),
            (b'{"id": 1, "code": "\\"}", "x": {"id": 3}, "id": 2}', "id"),
        ):
            self.assertEqual(
                self.refused(data)[1], f"Ошибка парсинга запроса: поле '{name}' повторяется"
            )

    def test_repeated_field_that_nobody_reads(self) -> None:
        """Repeated keys elsewhere are nobody's business."""
        data = b'{"x": 1, "x": {"code": 1, "code": 2}, "code": "c", "y": "\\"code\\":"}'
        self.assertEqual(parse(data), messages.Execute(code="c"))

    def test_nesting(self) -> None:
        """512 levels are read, the message's own among them; 513 are refused."""
        for levels in (511, 512, 513, 100_000):
            inner = levels - 1
            data = b'{"code": "x", "y": ' + b"[" * inner + b"]" * inner + b"}"
            if levels <= json_limits.MAX_DEPTH:
                self.assertEqual(parse(data), messages.Execute(code="x"))
            else:
                self.assertEqual(
                    self.refused(data)[1], "Ошибка парсинга запроса: вложенность больше 512 уровней"
                )

    def test_many_values(self) -> None:
        """Fields that nobody reads cost no memory, and not without bound time."""
        wide = b'{"code": "x", "y": [' + b"[]," * 100_000 + b"0]}"
        self.assertEqual(parse(wide), messages.Execute(code="x"))
        wider = b'{"code": "x", "y": [' + b"[]," * 200_000 + b"0]}"
        self.assertIn("вложенных значений", self.refused(wider)[1])

    def test_many_fields(self) -> None:
        """A message of nothing but fields is refused before they are all looked at."""
        few = b'{"code": "x"' + b',"":1' * 9_000 + b"}"
        self.assertEqual(parse(few), messages.Execute(code="x"))
        for field in (b',"":1', b',"code2":"\\u0041"', b',"":[]'):
            many = b'{"code": "x"' + field * 20_000 + b"}"
            self.assertEqual(
                self.refused(many)[1], "Ошибка парсинга запроса: больше 10000 полей", field
            )

    def test_large(self) -> None:
        """In a large message a repeated key is found behind whatever text is in between."""
        for text in (b"x" * 100_000, b'\\"code\\": ' * 10_000, b"\\\\" * 50_000):
            once = b'{"code": "' + text + b'", "' + b"\\u0041" * 20_000 + b'": 1}'
            self.assertEqual(len(parse(once).code), len(json.loads(once)["code"]))  # type: ignore[attr-defined]
            twice = once[:-1] + b', "c\\u006fde": ""}'
            self.assertEqual(
                self.refused(twice)[1], "Ошибка парсинга запроса: поле 'code' повторяется"
            )

    def test_id_is_kept_to_the_letter(self) -> None:
        """Whatever number or string it is, it is repeated as it was written."""
        for written in (b"1", b"-0", b"1e2", b"18446744073709551616", b'"a\\u0000b"', b"1.50"):
            request = parse(b'{"code": "x", "id": ' + written + b"}")
            self.assertEqual(bytes(request.id), written)

    def test_id_of_a_bad_request(self) -> None:
        """A request that makes no sense keeps its id and language, if they make sense."""
        bad = self.assertRaises(BadRequest, parse, b'{"type": "x", "id": "seven", "locale": "en"}')
        self.assertEqual(bytes(bad.id), b'"seven"')
        self.assertEqual(bad.render(bad.locale or "ru"), "Request error: unknown type 'x'")
        self.assertIs(self.assertRaises(BadRequest, parse, b'{"id": {}}').id, UNSET)

    def test_braces_in_a_name(self) -> None:
        """What a client wrote is never taken for a template."""
        self.assertEqual(
            self.refused(b'{"type": "{0}{field}"}')[1],
            "Ошибка парсинга запроса: неизвестный тип '{0}{field}'",
        )

    def test_passwords_are_not_shown(self) -> None:
        """No request that holds a secret shows it in its repr."""
        for fields in (
            {**CONNECT, "password": "topsecret"},
            {"type": "auth", "token": "topsecret"},
            {"type": "smb_shares", "ip": "h", "login": "l", "domain": "", "password": "topsecret"},
        ):
            self.assertNotIn("topsecret", repr(parse(json.dumps(fields).encode())))


class AnyMessageTests(SynchronousTestCase):
    @given(st.binary(max_size=200))
    def test_bytes(self, data: bytes) -> None:
        """Whatever bytes come, there is a request or a sentence."""
        try:
            parse(data)
        except BadRequest as bad:
            self.assertTrue(bad.render("ru").startswith("Ошибка парсинга запроса"))
            self.assertTrue(bad.render("en").startswith("Request error"))

    @given(
        st.dictionaries(
            st.sampled_from(["type", "code", "id", "locale", "ip", "path", "stream", "request"])
            | st.text(max_size=5),
            st.recursive(
                st.none() | st.booleans() | st.integers() | st.text(max_size=8),
                lambda inner: (
                    st.lists(inner, max_size=3)
                    | st.dictionaries(st.text(max_size=3), inner, max_size=3)
                ),
                max_leaves=8,
            )
            | st.sampled_from([m.__struct_config__.tag for m in messages.REQUESTS]),
            max_size=8,
        )
    )
    def test_objects(self, fields: dict[str, object]) -> None:
        """Whatever fields an object has, there is a request or a sentence."""
        try:
            parse(json.dumps(fields).encode())
        except BadRequest as bad:
            self.assertTrue(bad.render("ru").startswith("Ошибка парсинга запроса"))
            messages.encode(messages.with_id(bad.shape.failed(bad.render("ru")), bad.id))

    @given(
        st.dictionaries(
            st.sampled_from(["code", "x", 'q"', "b\\", "é"]),
            st.text(max_size=10) | st.lists(st.text(alphabet='[]{}"\\,:', max_size=5), max_size=3),
            max_size=4,
        ),
        st.integers(min_value=0, max_value=2),
    )
    def test_keys_are_found(self, fields: dict[str, object], indent: int) -> None:
        """The scan for repeated keys sees exactly the keys of the top level."""
        text = json.dumps(fields, indent=indent or None).encode()
        json_limits.check(text, json_limits.Keys.of(["code", "x"]))
        if "code" in fields:
            twice = text.rstrip()[:-1] + b', "code": 1}'
            keys = json_limits.Keys.of(["code"])
            self.assertRaises(json_limits.RepeatedKey, json_limits.check, twice, keys)
