"""Messages above the limit: an upload is read as any is, the rest is refused.

Server reference, 4.2, 5.1 and 7.3.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from datacode.server.api import json_limits, messages
from datacode.server.api.messages import Request, UploadFile
from datacode.server.api.parse import BadRequest, parse

TEXTS = st.text(st.sampled_from('a"\\n/é\U0001f600\ud83d\ude00u0:,{}\x00'), max_size=60)
VALUES = st.none() | st.integers() | TEXTS | st.lists(TEXTS, max_size=2)
LIMIT = 1 << 23


def outcome(data: bytes, limit: int) -> Any:
    """The request, or all that the answer to a wrong one tells."""
    try:
        request = parse(data, limit)
        if isinstance(request, UploadFile):
            content = request.utf8()
            return request.filename, content, request.id and bytes(request.id), request.locale
    except BadRequest as bad:
        return bad.render("en"), bad.shape, bad.id and bytes(bad.id), bad.locale
    except (msgspec.DecodeError, UnicodeDecodeError):
        return parse_error()
    return request


def parse_error() -> Any:
    """What is told of a text that is no JSON."""
    return outcome(b"", 0)


def upload(content: str, **more: object) -> dict[str, object]:
    return {"type": "upload_file", "filename": "f", "content": content, **more}


class UploadTests(SynchronousTestCase):
    def setUp(self) -> None:
        """Cut the content everywhere."""
        self.patch(json_limits, "_STEP", 12)  # no less than a pair of surrogates takes
        self.patch(json_limits, "_BACKSLASHES", b"\\" * 12)

    @settings(deadline=None)
    @given(
        st.dictionaries(st.sampled_from(["id", "locale", "x", 'content"', "code"]), VALUES),
        TEXTS,
        st.permutations(["type", "filename", "content", "id", "locale", "x", 'content"', "code"]),
        st.booleans(),
        st.none() | st.integers(min_value=0, max_value=3),
    )
    def test_same(
        self,
        more: dict[str, Any],
        text: str,
        order: list[str],
        ascii_only: bool,
        indent: int | None,
    ) -> None:
        """A large upload says what it would as a small one, whatever is around its content."""
        fields = upload(text, **more)
        fields = {name: fields[name] for name in order if name in fields}
        fields["content"] = text + "\\" * 3 + "long text" * 200 + text
        data = json.dumps(fields, ensure_ascii=False, indent=indent).encode("utf-8", "replace")
        if ascii_only:
            data = json.dumps(fields, indent=indent).encode()
        if len(data) < 2 * (len(data) - len(json.dumps(more, indent=indent).encode())):
            limit = len(data) // 2
            found, expected = outcome(data, limit), outcome(data, 0)
            if expected == parse_error():  # what is no JSON may be wrong in another way, too
                self.assertTrue(found[0].startswith("Request error"))
            else:
                self.assertEqual(found, expected, data)

    def test_wrong(self) -> None:
        """Another field that is wrong is told as ever."""
        content = 'a"b\\' * 3_000_000
        for fields in (
            {"type": "upload_file", "content": content, "id": 7, "locale": "en"},
            upload(content) | {"filename": 5},
            upload(content, id={}),
            upload(content) | {"type": "uplaod"},
            upload(content, x=["[" * 600]) | {"type": []},
        ):
            data = json.dumps(fields).encode()
            self.assertEqual(outcome(data, LIMIT), outcome(data, 0))
        data = json.dumps(upload(content)).encode()
        for wrong in (data[:-1], data + b"}", data + data, b"x" + data):
            self.assertEqual(outcome(wrong, LIMIT), parse_error())
        self.assertTrue(outcome(data[:-2], LIMIT)[0].startswith("Request error"))
        twice = data[:-1] + b', "content": ""}'
        self.assertIn("the field 'content' appears twice", outcome(twice, LIMIT)[0])

    def test_end_of_the_content(self) -> None:
        """It is found where nothing but backslashes stand before it."""
        for count in range(LIMIT, LIMIT + 3):
            content = '"' + "\\" * count
            request = parse(json.dumps(upload(content)).encode(), LIMIT)
            assert isinstance(request, UploadFile)
            self.assertEqual(len(json_limits.decoded(request.written)), count + 1)  # type: ignore[attr-defined]


class RefusedTests(SynchronousTestCase):
    def refused(self, data: bytes) -> BadRequest:
        """A message is too large."""
        bad = self.assertRaises(BadRequest, parse, data, LIMIT)
        self.assertEqual(bad.render("en"), "Request error: only upload_file may exceed 8 MiB")
        return bad

    def test_no_upload(self) -> None:
        """A program is told so in the answer to its own request."""
        code = {"type": "execute", "id": 7, "code": 'print("a")\n' * 1_000_000, "locale": "en"}
        bad = self.refused(json.dumps(code).encode())
        self.assertEqual((bytes(bad.id), bad.locale, bad.shape), (b"7", "en", messages.Executed))
        shape = self.refused(json.dumps(upload("x" * LIMIT) | {"type": "reset"}).encode()).shape
        self.assertIs(shape, messages.Done)

    def test_much_beside(self) -> None:
        """An upload with much beside its content is none of the kind."""
        for more in ("x" * 9_000_000, [1] * 4_000_000):
            self.refused(json.dumps(upload("x" * 100, x=more)).encode())
            self.refused(json.dumps({"x": more} | upload("x" * 100)).encode())
        self.refused(json.dumps({"x": "a" * (1 << 20)} | upload("x" * LIMIT)).encode())
        self.refused(b" " * LIMIT + json.dumps(upload("x")).encode())

    def test_exact(self) -> None:
        """The limit itself is not beyond it, and 0 is none."""
        data = json.dumps({"code": "x" * (LIMIT - 12)}).encode()
        self.assertEqual(len(data), LIMIT)
        request: Request = parse(data, LIMIT)
        self.assertIsInstance(request, messages.Execute)
        self.refused(data + b" ")
        self.assertEqual(parse(data + b" ", 0), request)
