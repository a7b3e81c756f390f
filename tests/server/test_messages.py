"""Answers to JSON, and the schema: server reference, 5.2 to 5.6."""

from __future__ import annotations

import json
import re
from pathlib import Path

from msgspec import Raw
from twisted.trial.unittest import SynchronousTestCase

from datacode.server.api import messages, schema
from datacode.server.api.messages import Content, Done, Executed, Listing, Output, encode, with_id


class AnswerTests(SynchronousTestCase):
    def test_execute(self) -> None:
        """Compact, the documented keys in their order, letters as they are."""
        self.assertEqual(
            encode(Executed(output="Привет\n")).decode(),
            '{"success":true,"output":"Привет\\n","error":null}',
        )
        self.assertEqual(
            encode(Executed.failed("нет")).decode(), '{"success":false,"output":"","error":"нет"}'
        )

    def test_shapes_of_failure(self) -> None:
        """Each shape fails with its own empty value."""
        for shape, expected in (
            (Done, '{"success":false,"message":"","error":"e"}'),
            (Listing, '{"success":false,"files":[],"error":"e"}'),
            (Content, '{"success":false,"content":null,"error":"e"}'),
        ):
            self.assertEqual(encode(shape.failed("e")).decode(), expected)

    def test_id_is_last(self) -> None:
        """An id follows everything else, as it was written."""
        answer = with_id(Executed(tables=[], sqlite_db="x"), Raw(b"1e2"))
        self.assertEqual(
            encode(answer).decode(),
            '{"success":true,"output":"","error":null,"tables":[],"sqlite_db":"x","id":1e2}',
        )

    def test_control_characters(self) -> None:
        """Below U+0020 they are escaped."""
        text = encode(Executed(output="".join(map(chr, range(32)))))
        self.assertNotIn(b"\x00", text)
        self.assertFalse(any(byte < 32 for byte in text))
        self.assertEqual(json.loads(text)["output"], "".join(map(chr, range(32))))

    def test_surrogates(self) -> None:
        """A lone surrogate becomes U+FFFD, a pair its character; everything else stays."""
        answer = with_id(
            Executed(output="a\ud800b\ud83d\ude00c", tables=[{"\udc00": [1]}]), Raw(b"7")
        )
        self.assertEqual(
            json.loads(encode(answer)),
            {
                "success": True,
                "output": "a\ufffdb😀c",
                "error": None,
                "tables": [{"\ufffd": [1]}],
                "id": 7,
            },
        )

    def test_output_message(self) -> None:
        """A piece of output says what it is, and its number."""
        self.assertEqual(
            encode(Output(text="x\n", seq=1)).decode(), '{"type":"output","text":"x\\n","seq":1}'
        )


class SchemaTests(SynchronousTestCase):
    def test_file_is_current(self) -> None:
        """The schema in the package is what the classes say now."""
        self.assertEqual(
            schema.FILE.read_text("utf-8"),
            schema.written(),
            "run `python -m datacode.server.api.schema`",
        )

    def test_every_message_is_described(self) -> None:
        """The schema names every type of request."""
        definitions = schema.schema()["$defs"]
        for request in messages.REQUESTS:
            self.assertEqual(
                definitions[request.__name__]["properties"]["type"]["enum"],
                [request.__struct_config__.tag],
            )


class NumberTests(SynchronousTestCase):
    """Requests that are answered in their turn can be numbered."""

    def test_answers(self) -> None:
        """Their answers have the number, just before ``id``; the schema knows it."""
        definitions = schema.schema()["$defs"]
        for request in messages.REQUESTS:
            if not request.immediate:
                self.assertEqual(request.answer.__struct_fields__[-2:], ("seq", "id"))
                known = definitions[request.__name__]["properties"]
                self.assertLessEqual({"seq", "seen"}, set(known))


class DocumentationTests(SynchronousTestCase):
    text = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text("utf-8")

    def test_every_request_is_documented(self) -> None:
        """docs/protocol.md has an example of every type of request."""
        for request in messages.REQUESTS:
            self.assertIn(f'"type": "{request.__struct_config__.tag}"', self.text)

    def test_every_field_is_documented(self) -> None:
        """And names every field."""
        for request in messages.REQUESTS:
            for name in request.__struct_fields__:
                found = re.search(rf'["`]{name}["`]', self.text)
                self.assertTrue(found, f"{name} of {request.__name__}")

    def test_examples_are_json(self) -> None:
        """What stands in a block of JSON is one message."""
        blocks = re.findall(r"```json\n(.*?)```", self.text, re.DOTALL)
        self.assertGreater(len(blocks), 20)
        for block in blocks:
            json.loads(block)
